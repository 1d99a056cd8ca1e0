// SPDX-License-Identifier: GPL-2.0
/*
 * Changing a span that is in use, in place: making it longer, making it a span
 * of another kind, moving the memory behind it to another NUMA node. (Making it
 * shorter is sh_cut().)
 *
 * A walk holds the lock and trusts three things of a span: that its first page
 * maps to it, that the span after it begins where it ends, and that class and
 * state belong together. Whatever breaks one of these for a moment is done under
 * the lock; the rest, which takes time in proportion to the length, is not.
 *
 * Locks: ph->lock, as pageheap.c has it.
 *
 * Contexts: that of the gfp; relabelling any but NMI.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "pages/inplace.h"
#include "pages/pageheap.h"
#include "pages/runs.h"
#include "pages/splice.h"
#include "span/pagemap.h"
#include "watch/shadow.h"

/* As take_mapped() in pageheap.c, of the run that follows @span. */
static struct sh_span *take_next(struct sh_pageheap *ph, struct sh_span *span,
				 u32 nr_pages, struct sh_span **record)
{
	struct sh_span *run, *next = ERR_PTR(-ENOMEM);
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&ph->lock, flags);
	run = sh_free_neighbour(span, sh_span_end(span));
	if (run && run->nr_pages >= nr_pages)
		next = sh_pageheap_take_front(ph, run, nr_pages, 0, 0,
					      record);
	spin_unlock_irqrestore(&ph->lock, flags);
	if (!IS_ERR(next) && nr_pages >= SH_SHORT_RUN)
		sh_map_inner(next, next);
	rcu_read_unlock();
	return next;
}

/* Make one span of @span and the held one that follows it. */
static void join(struct sh_pageheap *ph, struct sh_span *span,
		 struct sh_span *next)
{
	unsigned long flags, base = sh_span_base(next);
	u32 nr_pages = next->nr_pages;

	/* A walk goes on to @next, whose first page still maps to it. */
	sh_pagemap_set(base + SH_PAGE_SIZE, nr_pages - 1, span);
	spin_lock_irqsave(&ph->lock, flags);
	sh_pagemap_set(base, 1, span);
	WRITE_ONCE(span->nr_pages, span->nr_pages + nr_pages);
	span->charged |= next->charged;
	spin_unlock_irqrestore(&ph->lock, flags);
	sh_record_free(ph, next);
}

/**
 * sh_pageheap_extend() - make a span longer, if the pages after it are free
 * @ph: the page heap
 * @span: the caller's span, all of it resident
 * @nr_pages: heap pages more
 * @gfp: how to get memory for them; a failure is not reported
 * @node: NUMA node of new pages
 *
 * The pages that are added are zeroed where @gfp asks for it. The heap does not
 * grow for this.
 *
 * Context: that of @gfp.
 * Return: whether the span has them now; if not, nothing has changed.
 */
bool sh_pageheap_extend(struct sh_pageheap *ph, struct sh_span *span,
			u32 nr_pages, gfp_t gfp, int node)
{
	struct sh_span *next, *record = NULL;

	gfp |= __GFP_NOWARN;
	next = take_next(ph, span, nr_pages, &record);
	if (next == ERR_PTR(-EAGAIN)) {
		record = sh_record_new(ph, 0, gfp);
		if (record)
			next = take_next(ph, span, nr_pages, &record);
	}
	/* Not needed after all: what was free there changed meanwhile. */
	if (record)
		sh_record_free(ph, record);
	if (IS_ERR(next))
		return false;
	if (!sh_pageheap_populate(ph, next, gfp, node)) {
		sh_pageheap_free(ph, &next, 1);
		return false;
	}
	sh_shadow_open((void *)sh_span_base(next), sh_span_bytes(next));
	if (want_init_on_alloc(gfp))
		sh_pageheap_zero(next, gfp);
	join(ph, span, next);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_extend);

/**
 * sh_pageheap_relabel() - make a span one of class 0
 * @ph: the page heap
 * @span: the caller's span
 * @state: what it is from now on
 *
 * Context: any but NMI.
 */
void sh_pageheap_relabel(struct sh_pageheap *ph, struct sh_span *span,
			 enum sh_span_state state)
{
	unsigned long flags;

	spin_lock_irqsave(&ph->lock, flags);
	WRITE_ONCE(span->key, sh_span_base(span));
	/* The class is gone before the new state can be seen. */
	smp_store_release(&span->state, state);
	spin_unlock_irqrestore(&ph->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_relabel);

/**
 * sh_pageheap_settle() - have all memory of a span on one NUMA node
 * @ph: the page heap
 * @span: a held span, all of it resident
 * @gfp: how to get memory; a failure is reported unless __GFP_NOWARN
 * @node: the node
 *
 * Pages of other nodes are given back and others taken instead, as far as the
 * node has any. That takes a TLB shootdown, so where @gfp does not allow to
 * block, and where arenas keep their memory, they stay. Contents are lost.
 *
 * Context: that of @gfp.
 * Return: whether all of the span is resident, on whatever node.
 */
bool sh_pageheap_settle(struct sh_pageheap *ph, struct sh_span *span, gfp_t gfp,
			int node)
{
	unsigned long addr, got = 0;
	LIST_HEAD(pages);

	if (!SH_ARENA_SPARSE || !gfpflags_allow_blocking(gfp))
		return true;
	for (addr = sh_span_base(span); addr < sh_span_end(span);
	     addr += SH_PAGE_SIZE) {
		if (!sh_arena_on_node(span->arena, addr, node))
			got += sh_arena_unmap(span->arena, addr, 1, &pages);
		cond_resched();
	}
	span->released += got;
	atomic_long_sub(got, &ph->resident);
	sh_arena_free_unmapped(&pages);
	return sh_pageheap_populate(ph, span, gfp, node);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_settle);
