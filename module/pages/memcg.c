// SPDX-License-Identifier: GPL-2.0
/*
 * Memory cgroups: who is charged for pages, and for how long.
 *
 * With __GFP_ACCOUNT new pages are charged to the caller's cgroup. A heap that was
 * created with SPANHEAP_ACCOUNT has an owner instead, who is charged for all of
 * its pages, whoever makes it grow, in whatever context.
 *
 * A charge ends when the page is given back, and a cgroup that is short of memory
 * cannot ask for that: the kernel calls its shrinkers for a cgroup only where
 * list_lru told it to. So what is charged is not kept idle. A worker gives it back:
 * SH_CHARGED_MAX or more, and idle arenas where these keep their memory, at once;
 * less after a tenth of a second, so that what comes and goes does not cost a TLB
 * shootdown each time. A run goes as a whole, even if one of its pages is charged and
 * many are not: to keep runs apart by that would make free memory fall to pieces in
 * every heap, for the sake of those that mix the two. The worker is started by an
 * irq_work, since objects are freed where nobody may be woken; what it does is in
 * uncharge.c.
 *
 * What CPUs keep in their caches stays charged until these are emptied. Runs of
 * more than a few pages do not go there when they are charged, see runcache.c.
 *
 * Locks: ph->lock for @due.
 *
 * Contexts: as each function says.
 */
#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "base/compat.h"
#include "pages/memcg.h"

/* Pages looked at between two points at which others may run. */
#define LOOK_BATCH	1024

/**
 * sh_memcg_note_idle() - have a run given back soon
 * @ph: the page heap, locked
 * @run: a free run, charged
 *
 * Context: any but NMI.
 */
void sh_memcg_note_idle(struct sh_pageheap *ph, const struct sh_span *run)
{
	enum sh_charged_due due = SH_CHARGED_SOON;

	lockdep_assert_held(&ph->lock);
	if (SH_ARENA_SPARSE && ph->free.charged_pages >= SH_CHARGED_MAX)
		due = SH_CHARGED_NOW;
	/* Of no use before all of the arena is free. */
	if (!SH_ARENA_SPARSE)
		due = run->nr_pages == run->arena->used ? SH_CHARGED_NOW :
							  SH_CHARGED_NOT;
	if (due <= ph->memcg.due)
		return;
	ph->memcg.due = due;
	irq_work_queue(&ph->memcg.kick);
}

/**
 * sh_memcg_own() - charge all pages to the cgroup of the caller
 * @mc: that of a page heap without pages
 *
 * A kernel thread is in the root cgroup, which is never charged.
 *
 * Context: task.
 */
void sh_memcg_own(struct sh_memcg *mc)
{
	mc->owner = get_mem_cgroup_from_mm(current->mm);
}

/**
 * sh_memcg_disown() - undo sh_memcg_own(), if it was called
 * @mc: that of a page heap without pages
 */
void sh_memcg_disown(struct sh_memcg *mc)
{
	if (mc->owner)
		mem_cgroup_put(mc->owner);
	mc->owner = NULL;
}

/**
 * sh_memcg_enter() - be about to get pages
 * @mc: that of the page heap they are for
 * @gfp: how to get them
 * @old: for sh_memcg_leave()
 *
 * Context: any but NMI, and the same until sh_memcg_leave().
 * Return: flags by which the right one is charged.
 */
gfp_t sh_memcg_enter(struct sh_memcg *mc, gfp_t gfp, struct mem_cgroup **old)
{
	*old = NULL;
	if (!mc->owner)
		return gfp;
	*old = set_active_memcg(mc->owner);
	return gfp | __GFP_ACCOUNT;
}

/**
 * sh_memcg_leave() - have got pages, or not
 * @mc: as for sh_memcg_enter()
 * @old: what that gave
 */
void sh_memcg_leave(struct sh_memcg *mc, struct mem_cgroup *old)
{
	if (mc->owner)
		set_active_memcg(old);
}

/*
 * Whether any page of a span is charged: tasks in the root cgroup are not, so that
 * all of them are looked at.
 */
static bool any_charged(const struct sh_span *span, gfp_t gfp)
{
	unsigned long addr = sh_span_base(span), end = sh_span_end(span);
	unsigned int nr = 0;

	for (; addr < end; addr += SH_PAGE_SIZE) {
		if (sh_arena_resident(span->arena, addr) &&
		    sh_arena_charged(span->arena, addr))
			return true;
		if (++nr % LOOK_BATCH == 0 && gfpflags_allow_blocking(gfp))
			cond_resched();
	}
	return false;
}

/**
 * sh_memcg_populate() - put memory behind all pages of a span
 * @mc: that of its page heap
 * @span: a held span
 * @gfp: how to get memory
 * @node: NUMA node of the pages
 *
 * Context: that of @gfp.
 * Return: heap pages made resident, see sh_arena_populate().
 */
unsigned long sh_memcg_populate(struct sh_memcg *mc, struct sh_span *span,
				gfp_t gfp, int node)
{
	struct mem_cgroup *old;
	unsigned long got;

	gfp = sh_memcg_enter(mc, gfp, &old);
	got = sh_arena_populate(span->arena, sh_span_base(span), span->nr_pages,
				gfp, node);
	sh_memcg_leave(mc, old);
	if (got && (gfp & __GFP_ACCOUNT) && !span->charged)
		span->charged = any_charged(span, gfp);
	return got;
}
