// SPDX-License-Identifier: GPL-2.0
/*
 * Cutting and merging spans, and what the pagemap says of them meanwhile.
 *
 * A span that is cut keeps its record for one part, so only the other part is
 * mapped anew. Of two spans that are merged the longer keeps its record: what
 * has to be unmapped is then the shorter.
 *
 * A free run of SH_SHORT_RUN pages or more has its ends mapped and nothing else,
 * so that it takes no time in proportion to its length to merge or to allocate
 * it; what does is done without the lock.
 *
 * The one rule: before a record is freed, every page that maps to it is mapped
 * to something else. A reader without locks may still be looking at the record;
 * that is what the grace period in fixalloc.c is for.
 *
 * Locks: the page heap's where a free run is touched. Spans that are held are
 * their holder's.
 *
 * Contexts: any but NMI; getting a record that of its gfp.
 */
#include <linux/string.h>

#include "base/compat.h"
#include "pages/quota.h"
#include "pages/splice.h"
#include "span/pagemap.h"

/**
 * sh_record_new() - get a span record
 * @ph: the page heap
 * @kind: size of record
 * @gfp: how to get memory for it, 0 for what is there
 *
 * Context: that of @gfp; under the lock with @gfp 0.
 * Return: a record, or NULL: no memory, or none within the limit.
 */
struct sh_span *sh_record_new(struct sh_pageheap *ph, unsigned int kind,
			      gfp_t gfp)
{
	struct sh_span *span = sh_fixalloc_alloc(&ph->records[kind], 0);

	if (!span && gfp && sh_pageheap_may_record(ph, gfp))
		span = sh_fixalloc_alloc(&ph->records[kind], gfp);
	if (span)
		span->kind = kind;
	return span;
}
EXPORT_SYMBOL_IF_KUNIT(sh_record_new);

/**
 * sh_record_free() - free a span record
 * @ph: the page heap
 * @span: a record nothing maps to
 *
 * Context: any but NMI, under the lock or not.
 */
void sh_record_free(struct sh_pageheap *ph, struct sh_span *span)
{
	sh_fixalloc_free(&ph->records[span->kind], span);
}
EXPORT_SYMBOL_IF_KUNIT(sh_record_free);

/**
 * sh_map_ends() - map the first and the last page of a span to it
 * @span: the span
 */
void sh_map_ends(struct sh_span *span)
{
	sh_pagemap_set(sh_span_base(span), 1, span);
	sh_pagemap_set(sh_span_end(span) - SH_PAGE_SIZE, 1, span);
}
EXPORT_SYMBOL_IF_KUNIT(sh_map_ends);

/**
 * sh_map_forget() - leave no page mapped to a span
 * @span: the span
 */
void sh_map_forget(struct sh_span *span)
{
	unsigned long base = sh_span_base(span);

	if (span->map != SH_MAP_ENDS) {
		sh_pagemap_set(base, span->nr_pages, NULL);
		return;
	}
	sh_pagemap_set(base, 1, NULL);
	sh_pagemap_set(sh_span_end(span) - SH_PAGE_SIZE, 1, NULL);
}
EXPORT_SYMBOL_IF_KUNIT(sh_map_forget);

/**
 * sh_map_inner() - map the pages between the first and the last
 * @span: the span
 * @to: what to, the span itself or NULL
 */
void sh_map_inner(struct sh_span *span, struct sh_span *to)
{
	if (span->nr_pages > 2)
		sh_pagemap_set(sh_span_base(span) + SH_PAGE_SIZE,
			       span->nr_pages - 2, to);
}
EXPORT_SYMBOL_IF_KUNIT(sh_map_inner);

/**
 * sh_map_idle() - leave mapped what a free span may have mapped
 * @span: a held span that is about to be free
 *
 * Only the ends of a long one, so that whoever merges it or allocates it with
 * the lock held has little to do.
 */
void sh_map_idle(struct sh_span *span)
{
	if (span->nr_pages < SH_SHORT_RUN || span->map == SH_MAP_ENDS)
		return;
	sh_map_inner(span, NULL);
	span->map = SH_MAP_ENDS;
}

/**
 * sh_free_neighbour() - the free run before or after a span
 * @run: the span
 * @addr: an address in the heap page just before it or just after it
 *
 * Context: ph->lock held.
 * Return: the run, or NULL when there is none, or none in the same arena.
 */
struct sh_span *sh_free_neighbour(const struct sh_span *run,
				  unsigned long addr)
{
	struct sh_arena *arena = run->arena;
	struct sh_span *other;

	if (addr < arena->base ||
	    addr >= arena->base + (arena->used << SH_PAGE_SHIFT))
		return NULL;
	other = sh_pagemap_get(addr);
	if (!other || other->state != SH_SPAN_FREE || other->arena != arena)
		return NULL;
	if (sh_span_end(other) != sh_span_base(run) &&
	    sh_span_base(other) != sh_span_end(run))
		return NULL;
	return other;
}

/*
 * Of a span that is about to be one of @nr_pages, leave mapped what may be: not
 * its end at @end, which will be an inner page, and none if that is a long one.
 */
static void forget_inner(struct sh_span *span, unsigned long end, u32 nr_pages)
{
	if (span->map == SH_MAP_ENDS) {
		sh_pagemap_set(end, 1, NULL);
	} else if (nr_pages >= SH_SHORT_RUN) {
		sh_map_forget(span);
		span->map = SH_MAP_ENDS;
	}
}

/**
 * sh_merge() - make one span of two adjacent ones
 * @ph: the page heap, for the record that is not needed any more
 * @low: a span in no list
 * @high: the span that follows it in the arena, in no list
 *
 * Return: the one that has the pages of both now.
 */
struct sh_span *sh_merge(struct sh_pageheap *ph, struct sh_span *low,
			 struct sh_span *high)
{
	struct sh_span *winner = low->nr_pages >= high->nr_pages ? low : high;
	struct sh_span *loser = winner == low ? high : low;

	sh_map_forget(loser);
	forget_inner(winner, winner == low ? sh_span_end(low) - SH_PAGE_SIZE :
					     sh_span_base(high),
		     low->nr_pages + high->nr_pages);
	winner->key = sh_span_base(low);
	winner->nr_pages += loser->nr_pages;
	winner->released += loser->released;
	winner->dirty |= loser->dirty;
	winner->charged |= loser->charged;
	if (winner->map == SH_MAP_ALL)
		winner->map = SH_MAP_MIXED;
	sh_map_ends(winner);
	sh_record_free(ph, loser);
	return winner;
}
EXPORT_SYMBOL_IF_KUNIT(sh_merge);

/* Cut the first @nr_pages off a free run and make @span of them. */
static void carve(struct sh_pageheap *ph, struct sh_span *run,
		  struct sh_span *span, u32 nr_pages)
{
	span->key = sh_span_base(run);
	span->arena = run->arena;
	span->nr_pages = nr_pages;
	span->released = sh_count_released(run, nr_pages);
	span->dirty = run->dirty;
	span->charged = run->charged;
	span->map = SH_MAP_ALL;
	sh_freeruns_shrink(&ph->free, run, nr_pages, span->released);
	sh_pagemap_set(sh_span_base(run), 1, run);
}

/**
 * sh_detach() - make a span of the front of a free run
 * @ph: the page heap, locked
 * @run: a free run; what is left stays free
 * @nr_pages: heap pages of the span
 * @record: for the span; NULL if it is the whole run and may keep the run's own
 *
 * Return: the span, still to be mapped.
 */
struct sh_span *sh_detach(struct sh_pageheap *ph, struct sh_span *run,
			  u32 nr_pages, struct sh_span *record)
{
	unsigned int kind;

	lockdep_assert_held(&ph->lock);
	if (run->nr_pages > nr_pages) {
		carve(ph, run, record, nr_pages);
		return record;
	}
	sh_freeruns_del(&ph->free, run);
	if (!record)
		return run;
	kind = record->kind;
	memcpy(record, run, sizeof(*record));
	record->kind = kind;
	sh_pagemap_set(sh_span_base(record), nr_pages, record);
	sh_record_free(ph, run);
	return record;
}
EXPORT_SYMBOL_IF_KUNIT(sh_detach);

/**
 * sh_cut() - cut a span in two
 * @ph: the page heap
 * @span: a held span; it keeps its first @nr_pages
 * @nr_pages: heap pages, fewer than it has
 * @kind: size of record for the other span
 * @gfp: how to get memory for it
 *
 * Context: that of @gfp.
 * Return: a held span of the other pages, or NULL when there is no memory; then
 * nothing has changed.
 */
struct sh_span *sh_cut(struct sh_pageheap *ph, struct sh_span *span,
		       u32 nr_pages, unsigned int kind, gfp_t gfp)
{
	struct sh_span *rest = sh_record_new(ph, kind, gfp);

	if (!rest)
		return NULL;
	rest->key = sh_span_base(span) + ((size_t)nr_pages << SH_PAGE_SHIFT);
	rest->arena = span->arena;
	rest->nr_pages = span->nr_pages - nr_pages;
	rest->released = span->released - sh_count_released(span, nr_pages);
	rest->dirty = span->dirty;
	rest->charged = span->charged;
	rest->state = SH_SPAN_HELD;
	rest->map = SH_MAP_ALL;
	sh_pagemap_set(sh_span_base(rest), rest->nr_pages, rest);
	span->released -= rest->released;
	/* A walk sees the span whole, or the rest mapped and complete. */
	smp_store_release(&span->nr_pages, nr_pages);
	return rest;
}
EXPORT_SYMBOL_IF_KUNIT(sh_cut);

/**
 * sh_merge_among() - merge those of several spans that are adjacent
 * @ph: the page heap
 * @spans: held spans, sorted by address on return
 * @nr: how many, at least 1 and not so many that sorting them takes long
 *
 * So the page heap's structures are touched once for all of them.
 *
 * Return: how many are left.
 */
unsigned int sh_merge_among(struct sh_pageheap *ph, struct sh_span **spans,
			    unsigned int nr)
{
	unsigned int i, j, left = 0;
	struct sh_span *span;

	for (i = 1; i < nr; i++) {
		span = spans[i];
		for (j = i; j && spans[j - 1]->key > span->key; j--)
			spans[j] = spans[j - 1];
		spans[j] = span;
	}
	for (i = 1; i < nr; i++) {
		if (spans[i]->arena == spans[left]->arena &&
		    sh_span_base(spans[i]) == sh_span_end(spans[left]))
			spans[left] = sh_merge(ph, spans[left], spans[i]);
		else
			spans[++left] = spans[i];
	}
	return left + 1;
}
EXPORT_SYMBOL_IF_KUNIT(sh_merge_among);
