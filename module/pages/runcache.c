// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches of free runs. Spans come and go in few lengths, so a run that
 * was freed a moment ago is likely to be what is wanted next: it is taken from
 * here as it is, resident and mapped, without the page heap's lock. Runs go back
 * to the page heap, where they coalesce and age, oldest first and several at a
 * time. (The Go runtime's per-P page cache serves the same end with a bitmap of
 * 64 pages; whole runs keep their records and their pagemap entries.)
 *
 * To the page heap a cached run is allocated; statistics count it as idle. Runs
 * fetched ahead may not be resident: they are populated when they are used. A run
 * has the alignment its address has; who asks for more passes others by.
 *
 * The busy mark is that of base/busy.h, the rules are those of cache.c.
 *
 * Invariants: nr and pages are right, at most SH_RUNCACHE_RUNS and, once there was
 * reason to look, max_pages; cached spans are SH_SPAN_HELD, with no size class in
 * their key, and all of their pages map to them; none that is charged to a memory
 * cgroup has more than FETCH_AHEAD_PAGES.
 *
 * Locks: none of its own.
 *
 * Contexts: sh_run_alloc() that of its gfp; sh_run_free() any but NMI.
 */
#include <linux/cpumask.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "base/busy.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "pages/idle.h"
#include "pages/pageheap.h"
#include "pages/runcache.h"
#include "watch/shadow.h"

/*
 * Longest run worth fetching several of. What is fetched of longer ones is too
 * much memory for what a CPU may come to need, and drives out what it freed.
 */
#define FETCH_AHEAD_PAGES	2

/**
 * sh_runcaches_init() - set up the run caches of a heap, all empty
 * @rcs: the caches
 * @ph: the page heap below them
 *
 * Context: task, may sleep.
 * Return: 0 or -ENOMEM.
 */
int sh_runcaches_init(struct sh_runcaches *rcs, struct sh_pageheap *ph)
{
	rcs->ph = ph;
	rcs->max_pages = SH_RUNCACHE_PAGES;
	rcs->cpu = sh_fault(SH_FAULT_META) ? NULL :
		   alloc_percpu(struct sh_runcache);
	return rcs->cpu ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(sh_runcaches_init);

/**
 * sh_runcaches_exit() - free the caches; the runs go with their arenas
 * @rcs: the caches; nobody uses them any more
 */
void sh_runcaches_exit(struct sh_runcaches *rcs)
{
	free_percpu(rcs->cpu);
}
EXPORT_SYMBOL_IF_KUNIT(sh_runcaches_exit);

/*
 * Turn preemption off and enter this CPU's cache. NULL, with preemption as it was,
 * when this context interrupted a user of it.
 */
static inline struct sh_runcache *get_runcache(struct sh_runcaches *rcs)
{
	struct sh_runcache *rc;

	preempt_disable();
	rc = this_cpu_ptr(rcs->cpu);
	if (sh_busy_enter(&rc->busy))
		return rc;
	preempt_enable();
	return NULL;
}

static inline void put_runcache(struct sh_runcache *rc)
{
	sh_busy_leave(&rc->busy);
	preempt_enable();
}

/*
 * Whether a run may wait in a cache. A memory cgroup that is charged for it does
 * not want to wait for its longest ones.
 */
static bool may_keep(const struct sh_runcaches *rcs, const struct sh_span *span)
{
	u32 most = READ_ONCE(rcs->max_pages);

	if (span->charged)
		most = min_t(u32, most, FETCH_AHEAD_PAGES);
	return span->nr_pages <= most;
}

/* Take @nr runs out, from the i-th on. */
static void take_out(struct sh_runcache *rc, unsigned int i, unsigned int nr,
		     struct sh_span **out)
{
	unsigned int k;

	for (k = 0; k < nr; k++) {
		out[k] = rc->run[i + k].span;
		rc->pages -= out[k]->nr_pages;
		rc->released -= out[k]->released;
	}
	rc->nr -= nr;
	memmove(&rc->run[i], &rc->run[i + nr],
		(rc->nr - i) * sizeof(rc->run[0]));
}

static void append(struct sh_runcache *rc, struct sh_span *span)
{
	rc->run[rc->nr].nr_pages = span->nr_pages;
	rc->run[rc->nr].kind = span->kind;
	rc->run[rc->nr].span = span;
	rc->nr++;
	rc->pages += span->nr_pages;
	rc->released += span->released;
}

/* The newest run of a length, aligned, with a record of at least @kind, or NULL. */
static struct sh_span *pop(struct sh_runcache *rc, u32 nr_pages,
			   unsigned long align, unsigned int kind)
{
	struct sh_span *span;
	unsigned int i;

	for (i = rc->nr; i-- > 0;) {
		if (rc->run[i].nr_pages != nr_pages || rc->run[i].kind < kind)
			continue;
		if (align > 1 && sh_run_skip(rc->run[i].span, align))
			continue;
		rc->hits++;
		take_out(rc, i, 1, &span);
		return span;
	}
	rc->misses++;
	return NULL;
}

/*
 * Make room for a run of @nr_pages: move the oldest runs to @out. Once it has
 * come to that, move a batch.
 */
static unsigned int make_room(struct sh_runcache *rc, u32 nr_pages,
			      u32 max_pages, struct sh_span **out)
{
	u32 pages = rc->pages + nr_pages;
	unsigned int nr = 0;

	if (rc->nr < SH_RUNCACHE_RUNS && pages <= max_pages)
		return 0;
	while (nr < rc->nr &&
	       (nr < SH_RUNCACHE_BATCH || pages > max_pages))
		pages -= rc->run[nr++].nr_pages;
	take_out(rc, 0, nr, out);
	return nr;
}

static struct sh_span *pop_this_cpu(struct sh_runcaches *rcs, u32 nr_pages,
				    unsigned long align, unsigned int kind)
{
	struct sh_runcache *rc = get_runcache(rcs);
	struct sh_span *span;

	if (!rc)
		return NULL;
	span = pop(rc, nr_pages, align, kind);
	put_runcache(rc);
	return span;
}

/* Put a span into this CPU's cache. Returns the number of spans in @out then. */
static unsigned int push_this_cpu(struct sh_runcaches *rcs, struct sh_span *span,
				  struct sh_span **out)
{
	struct sh_runcache *rc = get_runcache(rcs);
	unsigned int nr;

	if (!rc) {
		out[0] = span;
		return 1;
	}
	nr = make_room(rc, span->nr_pages, READ_ONCE(rcs->max_pages), out);
	append(rc, span);
	put_runcache(rc);
	return nr;
}

/* Fetch several runs of a short length; all but the first go into the cache. */
static struct sh_span *fetch(struct sh_runcaches *rcs, u32 nr_pages,
			     unsigned long align, unsigned int kind)
{
	struct sh_span *spans[SH_RUNCACHE_BATCH], *out[SH_RUNCACHE_RUNS];
	unsigned int nr, nr_out, i;

	nr = min(READ_ONCE(rcs->max_pages) / nr_pages, SH_RUNCACHE_BATCH);
	nr = nr ? sh_pageheap_take(rcs->ph, nr_pages, align, kind, spans, nr) : 0;
	for (i = 1; i < nr; i++) {
		nr_out = push_this_cpu(rcs, spans[i], out);
		sh_pageheap_free(rcs->ph, out, nr_out);
	}
	return nr ? spans[0] : NULL;
}

/**
 * sh_run_alloc() - allocate a span
 * @rcs: the run caches
 * @nr_pages: heap pages, at least 1
 * @align: alignment in heap pages, a power of two
 * @kind: size of record the owner needs; 0 if @align is not 1
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 *
 * Context: that of @gfp.
 * Return: as sh_pageheap_alloc().
 */
struct sh_span *sh_run_alloc(struct sh_runcaches *rcs, unsigned long nr_pages,
			     unsigned long align, unsigned int kind, gfp_t gfp,
			     int node)
{
	struct sh_span *span = NULL;

	if (nr_pages <= READ_ONCE(rcs->max_pages)) {
		span = pop_this_cpu(rcs, nr_pages, align, kind);
		/* Of those that are cut from one block each is aligned, or none. */
		if (!span && nr_pages <= FETCH_AHEAD_PAGES && !(nr_pages % align))
			span = fetch(rcs, nr_pages, align, kind);
	}
	if (!span)
		return sh_pageheap_alloc(rcs->ph, nr_pages, align, kind, gfp,
					 node);
	if (span->released && !sh_pageheap_populate(rcs->ph, span, gfp, node)) {
		sh_pageheap_free(rcs->ph, &span, 1);
		return NULL;
	}
	sh_shadow_open((void *)sh_span_base(span), sh_span_bytes(span));
	return span;
}
EXPORT_SYMBOL_IF_KUNIT(sh_run_alloc);

/**
 * sh_run_free() - free a span
 * @rcs: the run caches
 * @span: the span, the caller's; whatever it held is gone
 *
 * Context: any but NMI.
 */
void sh_run_free(struct sh_runcaches *rcs, struct sh_span *span)
{
	struct sh_span *out[SH_RUNCACHE_RUNS];
	unsigned int nr = 1;

	sh_inflight_begin(rcs);
	sh_shadow_freed((void *)sh_span_base(span), sh_span_bytes(span));
	sh_pageheap_disown(span);
	if (may_keep(rcs, span))
		nr = push_this_cpu(rcs, span, out);
	else
		out[0] = span;
	sh_pageheap_note_idle(rcs->ph);
	sh_pageheap_free(rcs->ph, out, nr);
	sh_inflight_end(rcs);
}
EXPORT_SYMBOL_IF_KUNIT(sh_run_free);

/* Take all runs out, unless a user was interrupted. Returns how many. */
static unsigned int take_all(struct sh_runcache *rc, struct sh_span **out)
{
	unsigned int nr;

	if (!sh_busy_enter(&rc->busy))
		return 0;
	nr = rc->nr;
	take_out(rc, 0, nr, out);
	sh_busy_leave(&rc->busy);
	return nr;
}

/**
 * sh_runcaches_drain() - give a CPU's runs back to the page heap
 * @rcs: the run caches
 * @dead_cpu: a CPU that is offline, or -1 for this one
 *
 * Context: any but NMI; does nothing where it interrupted a user.
 */
void sh_runcaches_drain(struct sh_runcaches *rcs, int dead_cpu)
{
	struct sh_span *out[SH_RUNCACHE_RUNS];
	unsigned int nr;

	sh_inflight_begin(rcs);
	preempt_disable();
	nr = take_all(dead_cpu >= 0 ? per_cpu_ptr(rcs->cpu, dead_cpu) :
				      this_cpu_ptr(rcs->cpu), out);
	preempt_enable();
	sh_pageheap_free(rcs->ph, out, nr);
	sh_inflight_end(rcs);
}
EXPORT_SYMBOL_IF_KUNIT(sh_runcaches_drain);

/* What sh_runcaches_steal() wants and gets. */
struct loot {
	struct sh_runcaches *rcs;
	struct sh_span *run[SH_RUNCACHE_RUNS];
	unsigned int nr;
};

/* On the CPU, in an interrupt, or with interrupts off. */
static void take_here(void *arg)
{
	struct loot *loot = arg;

	loot->nr = take_all(this_cpu_ptr(loot->rcs->cpu), loot->run);
}

/**
 * sh_runcaches_steal() - give the runs of any CPU back to the page heap
 * @rcs: the run caches
 * @cpu: the CPU, which may be this one or offline
 *
 * By an interrupt there, which takes no lock. It does nothing where it
 * interrupted a user.
 *
 * Context: task, may sleep.
 */
void sh_runcaches_steal(struct sh_runcaches *rcs, int cpu)
{
	struct loot loot = { .rcs = rcs };

	sh_inflight_begin(rcs);
	smp_call_function_single(cpu, take_here, &loot, true);
	sh_pageheap_free(rcs->ph, loot.run, loot.nr);
	sh_inflight_end(rcs);
}
EXPORT_SYMBOL_IF_KUNIT(sh_runcaches_steal);

/**
 * sh_inflight_any() - whether anybody has runs or objects in hand
 * @rcs: the run caches
 *
 * Context: any.
 * Return: false only if all had ended that had begun before the call.
 */
bool sh_inflight_any(struct sh_runcaches *rcs)
{
	long begun = 0, ended = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		ended += atomic_long_read(&per_cpu_ptr(rcs->cpu, cpu)->ended);
	/* Nobody is seen to end who is not seen to have begun. */
	smp_mb();
	for_each_possible_cpu(cpu)
		begun += atomic_long_read(&per_cpu_ptr(rcs->cpu, cpu)->begun);
	return begun != ended;
}
EXPORT_SYMBOL_IF_KUNIT(sh_inflight_any);

/**
 * sh_runcaches_stats() - add up what all CPUs hold
 * @rcs: the run caches
 * @stats: where to put it
 *
 * Context: any. Other CPUs go on meanwhile; nothing of theirs is followed.
 */
void sh_runcaches_stats(struct sh_runcaches *rcs,
			struct sh_runcache_stats *stats)
{
	int cpu;

	memset(stats, 0, sizeof(*stats));
	for_each_possible_cpu(cpu) {
		struct sh_runcache *rc = per_cpu_ptr(rcs->cpu, cpu);

		stats->runs += sh_peek(rc->nr);
		stats->pages += sh_peek(rc->pages);
		stats->released += sh_peek(rc->released);
	}
}
EXPORT_SYMBOL_IF_KUNIT(sh_runcaches_stats);
