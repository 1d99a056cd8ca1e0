// SPDX-License-Identifier: GPL-2.0
/*
 * Between spans and free runs: a run that becomes free coalesces with both of its
 * neighbours in the arena, found through the pagemap; one that is taken gives its
 * front. What counts them, what the kernel is told of them, and who is charged for
 * them follows.
 *
 * Invariants: no two free runs of an arena are adjacent.
 *
 * Locks: ph->lock is held.
 *
 * Contexts: any but NMI.
 */
#include <linux/err.h>
#include <linux/jiffies.h>

#include "base/compat.h"
#include "pages/idle.h"
#include "pages/memcg.h"
#include "pages/quota.h"
#include "pages/runs.h"
#include "pages/splice.h"
#include "span/pagemap.h"

/* Make a run free and merge it with its neighbours, for the caller to list. */
static struct sh_span *merge_run(struct sh_pageheap *ph, struct sh_span *run)
{
	struct sh_span *other;

	lockdep_assert_held(&ph->lock);
	other = sh_free_neighbour(run, sh_span_base(run) - SH_PAGE_SIZE);
	if (other) {
		sh_freeruns_del(&ph->free, other);
		run = sh_merge(ph, other, run);
	}
	other = sh_free_neighbour(run, sh_span_end(run));
	if (other) {
		sh_freeruns_del(&ph->free, other);
		run = sh_merge(ph, run, other);
	}
	run->state = SH_SPAN_FREE;
	return run;
}

/**
 * sh_pageheap_add_run() - make a run free and merge it with its neighbours
 * @ph: the page heap, locked
 * @run: a run in no list, its ends mapped; the record may be freed
 *
 * Return: the free run that it is or has become part of.
 */
struct sh_span *sh_pageheap_add_run(struct sh_pageheap *ph, struct sh_span *run)
{
	lockdep_assert_held(&ph->lock);
	if (run->released < run->nr_pages)
		sh_pageheap_note_idle(ph);
	sh_pageheap_count_idle(ph, run);
	run = merge_run(ph, run);
	sh_freeruns_add(&ph->free, run);
	sh_pageheap_show(ph);
	return run;
}

/* The later of @since and the time at which the neighbour at @addr got idle. */
static unsigned long later(const struct sh_span *run, unsigned long addr,
			   unsigned long since)
{
	struct sh_span *other = sh_free_neighbour(run, addr);

	if (!other || other->released == other->nr_pages ||
	    time_before(other->idle_since, since))
		return since;
	return other->idle_since;
}

/**
 * sh_pageheap_return_run() - make a run free that was free before
 * @ph: the page heap, locked
 * @run: as for sh_pageheap_add_run(), its idle_since as it was
 *
 * It does not get younger by that, unless what it is merged with is. It has been
 * counted as idle all the time.
 */
void sh_pageheap_return_run(struct sh_pageheap *ph, struct sh_span *run)
{
	unsigned long since = run->idle_since;

	lockdep_assert_held(&ph->lock);
	since = later(run, sh_span_base(run) - SH_PAGE_SIZE, since);
	since = later(run, sh_span_end(run), since);
	run = merge_run(ph, run);
	sh_freeruns_add_since(&ph->free, run, since);
	/* The worker that uncharges may have looked while it was in no list. */
	if (run->charged)
		sh_memcg_note_idle(ph, run);
	sh_pageheap_show(ph);
}

/**
 * sh_pageheap_take_front() - allocate the front of a free run
 * @ph: the page heap, locked
 * @run: the run
 * @nr_pages: heap pages, no more than it has
 * @slack: how many of these go back before they get memory
 * @kind: size of record the owner needs
 * @record: a record of that size or NULL; NULL on return if it was used
 *
 * Of a long span only the ends are mapped: the caller maps the rest, in the RCU
 * read-side section that it holds across this, since the pages may still map to
 * a record that can be freed once the lock is dropped.
 *
 * Return: a held span, or an error: -EAGAIN when it takes a record, -EDQUOT when
 * the memory would exceed the limit.
 */
struct sh_span *sh_pageheap_take_front(struct sh_pageheap *ph,
				       struct sh_span *run, u32 nr_pages,
				       u32 slack, unsigned int kind,
				       struct sh_span **record)
{
	struct sh_span *span, *fresh = NULL;
	u32 released = sh_count_released(run, nr_pages);

	lockdep_assert_held(&ph->lock);
	if (!sh_pageheap_may_fit(ph, nr_pages - slack) ||
	    !sh_pageheap_within_limit(ph, run->arena,
				      min(released, nr_pages - slack)))
		return ERR_PTR(-EDQUOT);
	if (run->nr_pages > nr_pages || run->kind < kind) {
		fresh = *record ?: sh_record_new(ph, kind, 0);
		*record = NULL;
		if (!fresh)
			return ERR_PTR(-EAGAIN);
	}
	span = sh_detach(ph, run, nr_pages, fresh);
	span->state = SH_SPAN_HELD;
	sh_pageheap_count_taken(ph, span);
	ph->peak = max(ph->peak, sh_pageheap_in_use(ph));
	sh_pageheap_show(ph);
	if (nr_pages >= SH_SHORT_RUN)
		sh_map_ends(span);
	else if (span->map != SH_MAP_ALL || span == fresh)
		sh_pagemap_set(sh_span_base(span), nr_pages, span);
	span->map = SH_MAP_ALL;
	return span;
}
