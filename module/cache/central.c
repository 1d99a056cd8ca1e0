// SPDX-License-Identifier: GPL-2.0
/*
 * Central lists: one for each size class of a heap. Objects go between here and
 * the CPUs' caches a batch at a time, spans between here and the run caches.
 *
 * Spans with free objects are in buckets by how full they are, and objects are
 * taken from the fullest. Sparse spans are thus left to drain, and one that is
 * empty goes back at once (TCMalloc's central free lists are
 * ordered this way; SLUB takes the partial slab that comes first).
 *
 * Invariants: a span is in a bucket if and only if it has a free object, and in
 * the one bucket_of() says; nr_out is the sum of the spans' nalloc. No span
 * stays here empty.
 *
 * Locks: central->lock. Run caches are called without it.
 *
 * Contexts: sh_central_alloc() that of its gfp, sh_central_free() any but NMI.
 */
#include "base/compat.h"
#include "cache/central.h"
#include "pages/runcache.h"
#include "span/pagemap.h"
#include "watch/shadow.h"

/**
 * sh_central_init() - make an empty central list
 * @central: the list
 * @class: its size class
 */
void sh_central_init(struct sh_central *central, unsigned int class)
{
	int i;

	spin_lock_init(&central->lock);
	central->class = class;
	for (i = 0; i < SH_BUCKETS; i++)
		INIT_LIST_HEAD(&central->bucket[i]);
}
EXPORT_SYMBOL_IF_KUNIT(sh_central_init);

/* In quarters, rounded down, without a division. */
static unsigned int bucket_of(const struct sh_span *span)
{
	unsigned int nelems = span->nelems, quarters = span->nalloc * SH_BUCKETS;

	BUILD_BUG_ON(SH_BUCKETS != 4);
	if (span->nalloc == nelems)
		return SH_NO_BUCKET;
	return (quarters >= nelems) + (quarters >= 2 * nelems) +
	       (quarters >= 3 * nelems);
}

/* Out of line, so that rebucket() has nothing to save when there is no need. */
static noinline void move_to_bucket(struct sh_central *central,
				    struct sh_span *span, unsigned int to)
{
	if (span->bucket == SH_NO_BUCKET)
		central->nr_partial++;
	else
		list_del(&span->link);
	if (to == SH_NO_BUCKET)
		central->nr_partial--;
	else
		list_add(&span->link, &central->bucket[to]);
	span->bucket = to;
}

/* Put a span where it belongs after its nalloc has changed: most stay. */
static void rebucket(struct sh_central *central, struct sh_span *span)
{
	unsigned int to = bucket_of(span);

	lockdep_assert_held(&central->lock);
	if (to != span->bucket)
		move_to_bucket(central, span, to);
}

static struct sh_span *fullest(struct sh_central *central)
{
	int i;

	for (i = SH_BUCKETS - 1; i >= 0; i--)
		if (!list_empty(&central->bucket[i]))
			return list_first_entry(&central->bucket[i],
						struct sh_span, link);
	return NULL;
}

/* Take objects from the spans that have some, the fullest first. */
static unsigned int take_entries(struct sh_central *central, struct sh_entry *entries,
				 unsigned int nr)
{
	unsigned int got = 0;
	struct sh_span *span;
	unsigned long flags;

	if (!READ_ONCE(central->nr_partial))
		return 0;
	spin_lock_irqsave(&central->lock, flags);
	while (got < nr && (span = fullest(central))) {
		got += sh_span_take(span, entries + got, nr - got);
		rebucket(central, span);
	}
	central->nr_out += got;
	central->refills += !!got;
	spin_unlock_irqrestore(&central->lock, flags);
	return got;
}

/*
 * Let others see spans, and take objects from them: not before, for the checker
 * finds spans by address, and a record changes under the lock only.
 */
static unsigned int publish_span(struct sh_central *central, struct list_head *spans,
				 struct sh_entry *entries, unsigned int nr)
{
	struct sh_span *span, *next;
	unsigned int got = 0;
	unsigned long flags;

	spin_lock_irqsave(&central->lock, flags);
	list_for_each_entry_safe(span, next, spans, link) {
		central->nr_spans++;
		got += sh_span_take(span, entries + got, nr - got);
		rebucket(central, span);
	}
	central->nr_out += got;
	central->refills++;
	spin_unlock_irqrestore(&central->lock, flags);
	return got;
}

/* Alignment of a span in heap pages: that of an object that has it to itself. */
static unsigned long span_align(const struct sh_class *class)
{
	return class->elems == 1 ? class->pages : 1;
}

/**
 * sh_central_alloc() - take objects
 * @central: the list
 * @rcs: where to get more spans from
 * @user: to what the objects of these spans go
 * @entries: where to put the objects; they are SH_OBJ_CACHED
 * @nr: how many are wanted
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 *
 * Takes what the spans have. Only when that is nothing it gets more spans: the
 * first as @gfp says, others as long as there is memory at hand.
 *
 * Context: that of @gfp.
 * Return: how many there are in @entries; 0 when there is no memory.
 */
unsigned int sh_central_alloc(struct sh_central *central,
			      struct sh_runcaches *rcs,
			      union sh_span_user user,
			      struct sh_entry *entries, unsigned int nr,
			      gfp_t gfp, int node)
{
	const struct sh_class *class = &sh_classes[central->class];
	unsigned int got = take_entries(central, entries, nr), room = 0;
	struct sh_span *span;
	LIST_HEAD(fresh);

	if (got)
		return got;
	while (room < nr) {
		span = sh_run_alloc(rcs, class->pages, span_align(class),
				    sh_span_kind(class->elems), gfp, node);
		if (!span)
			break;
		sh_shadow_unused((void *)sh_span_base(span), sh_span_bytes(span));
		sh_span_init_objects(span, central->class, user);
		list_add_tail(&span->link, &fresh);
		room += span->nelems;
		gfp = (gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL)) |
		      __GFP_NOWARN;
	}
	return room ? publish_span(central, &fresh, entries, nr) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_central_alloc);

static struct sh_span *span_of(const struct sh_entry *entry)
{
	return sh_pagemap_get_any((unsigned long)entry->obj);
}

static bool is_in(const struct sh_span *span, const struct sh_entry *entry)
{
	return (unsigned long)(entry->state - span->obj) < span->nelems;
}

/* Put objects back into their spans. Those that are empty then go to @empty. */
static void put_entries(struct sh_central *central, const struct sh_entry *entries,
			unsigned int nr, struct list_head *empty)
{
	const struct sh_entry *entry = entries, *end = entries + nr;
	struct sh_span *span;

	lockdep_assert_held(&central->lock);
	while (entry < end) {
		span = span_of(entry);
		do {
			sh_span_put(span, entry->state);
		} while (++entry < end && is_in(span, entry));
		rebucket(central, span);
		if (!span->nalloc) {
			list_move(&span->link, empty);
			span->bucket = SH_NO_BUCKET;
			central->nr_partial--;
			central->nr_spans--;
		}
	}
	central->nr_out -= nr;
}

/**
 * sh_central_free() - put objects back
 * @central: the list
 * @rcs: where spans go that become empty
 * @entries: the objects, SH_OBJ_CACHED, of this list's class
 * @nr: how many
 *
 * Context: any but NMI.
 */
void sh_central_free(struct sh_central *central, struct sh_runcaches *rcs,
		     const struct sh_entry *entries, unsigned int nr)
{
	struct sh_span *span, *next;
	unsigned long flags;
	LIST_HEAD(empty);

	spin_lock_irqsave(&central->lock, flags);
	put_entries(central, entries, nr, &empty);
	central->flushes++;
	spin_unlock_irqrestore(&central->lock, flags);
	list_for_each_entry_safe(span, next, &empty, link) {
		if (unlikely(rcs->leaves))
			rcs->leaves(span);
		sh_run_free(rcs, span);
	}
}
EXPORT_SYMBOL_IF_KUNIT(sh_central_free);

/**
 * sh_central_count_direct() - count objects that went past the caches
 * @central: the list they came from
 * @nr: how many
 *
 * Context: any but NMI.
 */
void sh_central_count_direct(struct sh_central *central, unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&central->lock, flags);
	central->direct_allocs += nr;
	spin_unlock_irqrestore(&central->lock, flags);
}

/**
 * sh_central_forget() - let go of a span with one object, which is live
 * @central: the list
 *
 * The span is in no bucket. Its object counts as one that never came from here.
 *
 * Context: any but NMI.
 */
void sh_central_forget(struct sh_central *central)
{
	unsigned long flags;

	spin_lock_irqsave(&central->lock, flags);
	central->nr_spans--;
	central->nr_out--;
	central->direct_allocs--;
	spin_unlock_irqrestore(&central->lock, flags);
}

/**
 * sh_central_stats() - read the figures
 * @central: the list
 * @stats: where to put them, all of the same moment
 *
 * Context: any but NMI.
 */
void sh_central_stats(struct sh_central *central,
		      struct sh_central_stats *stats)
{
	unsigned long flags;

	spin_lock_irqsave(&central->lock, flags);
	stats->nr_spans = central->nr_spans;
	stats->nr_out = central->nr_out;
	stats->direct_allocs = central->direct_allocs;
	stats->refills = central->refills;
	stats->flushes = central->flushes;
	stats->nr_partial = central->nr_partial;
	spin_unlock_irqrestore(&central->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(sh_central_stats);

/**
 * sh_central_check() - verify the invariants of the buckets
 * @central: the list, locked
 *
 * Return: NULL, or what is wrong.
 */
const char *sh_central_check(struct sh_central *central)
{
	unsigned long nr = 0;
	struct sh_span *span;
	int i;

	lockdep_assert_held(&central->lock);
	for (i = 0; i < SH_BUCKETS; i++) {
		list_for_each_entry(span, &central->bucket[i], link) {
			if (span->state != SH_SPAN_SMALL)
				return "a span in a central list is not small";
			if (sh_span_class(span) != central->class)
				return "a span is in the list of another class";
			if (!span->nalloc)
				return "an empty span was not given back";
			if (span->bucket != i || bucket_of(span) != i)
				return "a span is in the wrong bucket";
			nr++;
		}
	}
	return nr == central->nr_partial ? NULL :
	       "a central list miscounts its spans";
}
EXPORT_SYMBOL_IF_KUNIT(sh_central_check);
