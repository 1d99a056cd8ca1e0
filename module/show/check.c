// SPDX-License-Identifier: GPL-2.0
/*
 * The heap checker: walks every structure of a heap and verifies the invariants
 * that the files state.
 *
 * What lies under one lock is verified in any case, and so are the contents of
 * CPUs' caches (cachecheck.c). What must agree between layers can be verified only
 * while nobody allocates: the figures are read before and after, and where something
 * has moved the report says so instead of guessing. Where nothing has and the
 * sums are still wrong, somebody may be held up half-way: look again, a few
 * times, before that counts as an error.
 *
 * Locks: ph->lock over a few spans or one free run, a central list's inside it;
 * each over its lists.
 *
 * Contexts: task. Interrupts are off for as long as the longest of these takes:
 * a check is for looking for mistakes, not for every day.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "base/compat.h"
#include "cache/bin.h"
#include "debug/damage.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "pages/pageheap.h"
#include "pages/splice.h"
#include "pages/walk.h"
#include "show/check.h"
#include "show/stats.h"
#include "span/pagemap.h"
#include "span/special.h"

/**
 * struct checker - what a check has seen
 * @heap: the heap
 * @m: where to report, or NULL for the log
 * @errors: how many were found
 * @arena: the arena that is being walked
 * @lost: its addresses are not ours any more
 * @sys: heap pages in spans
 * @idle: heap pages in free spans
 * @released: heap pages of these that are not resident
 * @free_runs: free spans
 * @held: heap pages in held spans
 * @held_classes: held spans with a size class, as when changing hands
 * @held_released: heap pages of these that are not resident
 * @nalloc: objects live or cached, by size class
 * @spans: spans, by size class
 * @partial: spans of these with free objects
 * @cached: objects cached
 * @large: large objects
 * @large_bytes: bytes in these
 * @manual: manual spans
 * @manual_bytes: bytes in these
 * @persistent_bytes: bytes in chunks for persistent allocations
 * @silent: CPUs that did not answer
 */
struct checker {
	struct spanheap *heap;
	struct seq_file *m;
	unsigned int errors;
	struct sh_arena *arena;
	bool lost;
	unsigned long sys;
	unsigned long idle;
	unsigned long released;
	unsigned long free_runs;
	unsigned long held;
	unsigned long held_classes;
	unsigned long held_released;
	unsigned long nalloc[SH_NR_CLASSES];
	unsigned long spans[SH_NR_CLASSES];
	unsigned long partial[SH_NR_CLASSES];
	unsigned int cached;
	unsigned long large;
	unsigned long large_bytes;
	unsigned long manual;
	unsigned long manual_bytes;
	unsigned long persistent_bytes;
	struct cpumask silent;
};

/* Enough errors to understand one; a broken heap has no end of them. */
#define MAX_ERRORS	20

/*
 * How often to look at sums that do not add up, and when to do so again first,
 * after that twice as late each time.
 */
#define TRIES		5
#define TRY_AGAIN_MS	20

static void found(struct checker *c, const char *what, unsigned long addr)
{
	if (++c->errors > MAX_ERRORS)
		return;
	if (c->m)
		seq_printf(c->m, "error: %s (%p)\n", what, (void *)addr);
	pr_err("heap %s: check: %s (%p)\n", c->heap->name, what, (void *)addr);
}

static int check_arena(struct sh_arena *arena, void *arg)
{
	struct checker *c = arg;

	c->arena = arena;
	if (arena->heap != c->heap)
		found(c, "an arena belongs to another heap", arena->base);
	if (arena->used > arena->nr_pages)
		found(c, "an arena is used beyond its end", arena->base);
	c->lost = !sh_arena_intact(arena);
	if (c->lost)
		found(c,
		      "an arena is gone: somebody called vfree() or kvfree() on an address of this heap",
		      arena->base);
	return 0;
}

/*
 * Owners resize, split and give back their spans without the lock: then it says
 * nothing what a page maps to.
 */
static bool is_changing(const struct sh_span *span, enum sh_span_state state,
			u32 nr_pages)
{
	/* Orders what a page maps to before what the owner did around it. */
	smp_rmb();
	return READ_ONCE(span->state) != state ||
	       READ_ONCE(span->nr_pages) != nr_pages ||
	       sh_obj_plain(READ_ONCE(span->obj[0])) == SH_OBJ_BUSY;
}

static void check_map(struct checker *c, struct sh_span *span,
		      enum sh_span_state state)
{
	unsigned long addr = sh_span_base(span), last;
	u32 nr_pages = READ_ONCE(span->nr_pages);
	struct sh_span *at;

	last = addr + ((size_t)(nr_pages - 1) << SH_PAGE_SHIFT);
	for (; addr <= last; addr += SH_PAGE_SIZE) {
		at = sh_pagemap_get(addr);
		if (at == span)
			continue;
		if (is_changing(span, state, nr_pages))
			return;
		if (at || addr == sh_span_base(span) || addr == last ||
		    state != SH_SPAN_FREE)
			found(c, "a page maps to the wrong span", addr);
	}
}

static void check_free(struct checker *c, struct sh_span *span)
{
	unsigned long addr = sh_span_base(span), released = 0;

	if (sh_free_neighbour(span, addr - SH_PAGE_SIZE))
		found(c, "two free runs are adjacent", addr);
	if (sh_span_class(span))
		found(c, "a free run has a size class", addr);
	for (; addr < sh_span_end(span); addr += SH_PAGE_SIZE)
		released += !sh_arena_resident(span->arena, addr);
	if (released != span->released && !c->lost)
		found(c, "a free run miscounts its released pages",
		      sh_span_base(span));
	c->idle += span->nr_pages;
	c->released += released;
	c->free_runs++;
}

/*
 * Whether a span is one of small objects that are in use, with its central list
 * locked: then it stays that. One without any, in no bucket, is on its way: before
 * anybody has taken objects from it or after the last came back.
 */
static bool stays_small(const struct sh_span *span, unsigned long key)
{
	/* The record is laid out once the state can be seen. */
	return smp_load_acquire(&span->state) == SH_SPAN_SMALL &&
	       READ_ONCE(span->key) == key &&
	       (READ_ONCE(span->nalloc) ||
		READ_ONCE(span->bucket) != SH_NO_BUCKET);
}

static void check_small(struct checker *c, struct sh_span *span)
{
	const char *wrong = "a span of small objects has no size class";
	/* The record is laid out once the class can be seen. */
	unsigned long key = smp_load_acquire(&span->key);
	unsigned int class = sh_key_class(key);
	struct sh_bin *bin = sh_bins_find(&c->heap->caches, span);
	struct sh_central *central;

	if (class && class < SH_NR_CLASSES) {
		central = bin ? &bin->central : &c->heap->central[class];
		wrong = NULL;
		spin_lock(&central->lock);
		if (stays_small(span, key) && (!bin || READ_ONCE(span->bin) == bin)) {
			wrong = sh_span_check_objects(span, &c->cached) ?:
				sh_special_check(span, span->nelems);
			c->nalloc[class] += span->nalloc;
			c->spans[class]++;
			c->partial[class] += span->nalloc < span->nelems;
		}
		spin_unlock(&central->lock);
	}
	if (!wrong && span->nr_pages != sh_classes[class].pages)
		wrong = "a span has the wrong length for its class";
	if (!wrong && !bin && span->cache != c->heap->caches.cpu)
		wrong = "a span belongs to the caches of another heap";
	/* It may have been given back meanwhile: then it is no such span. */
	if (wrong && READ_ONCE(span->key) == key &&
	    READ_ONCE(span->state) == SH_SPAN_SMALL)
		found(c, wrong, sh_span_base(span));
}

static void check_whole(struct checker *c, struct sh_span *span,
			enum sh_span_state state)
{
	u32 nr_pages = READ_ONCE(span->nr_pages);

	check_map(c, span, state);
	/* It may have been freed, and have become something else. */
	if ((sh_key_class(READ_ONCE(span->key)) ||
	     READ_ONCE(span->obj[1]) != SH_OBJ_FREE) &&
	    !is_changing(span, state, nr_pages))
		found(c, state == SH_SPAN_LARGE ?
		      "the record of a large object is wrong" :
		      "the record of a manual span or a chunk is wrong",
		      sh_span_base(span));
	switch (state) {
	case SH_SPAN_LARGE:
		c->large++;
		c->large_bytes += sh_span_bytes(span);
		break;
	case SH_SPAN_MANUAL:
		c->manual++;
		c->manual_bytes += sh_span_bytes(span);
		break;
	default:
		c->persistent_bytes += sh_span_bytes(span);
	}
}

static int check_span(struct sh_span *span, void *arg)
{
	/* The record is laid out once the state can be seen. */
	enum sh_span_state state = smp_load_acquire(&span->state);
	unsigned long addr = sh_key_base(READ_ONCE(span->key));
	/* Its owner may cut it. */
	unsigned long nr_pages = READ_ONCE(span->nr_pages);
	struct checker *c = arg;

	if (span->arena != c->arena || !nr_pages ||
	    addr + (nr_pages << SH_PAGE_SHIFT) >
	    c->arena->base + (c->arena->used << SH_PAGE_SHIFT)) {
		found(c, "a span is not within its arena", addr);
		return -EUCLEAN;
	}
	if (READ_ONCE(span->key) % SH_CLASS_BYTES)
		found(c, "the key of a span is no address and class", addr);
	c->sys += nr_pages;
	switch (state) {
	case SH_SPAN_FREE:
		check_map(c, span, state);
		check_free(c, span);
		break;
	case SH_SPAN_SMALL:
		check_map(c, span, state);
		check_small(c, span);
		break;
	case SH_SPAN_LARGE:
	case SH_SPAN_MANUAL:
	case SH_SPAN_PERSISTENT:
		check_whole(c, span, state);
		break;
	case SH_SPAN_HELD:
		c->held += span->nr_pages;
		c->held_classes += !!sh_span_class(span);
		c->held_released += span->released;
		break;
	default:
		found(c, "a span is in no known state", addr);
	}
	return 0;
}

static void check_list(struct checker *c, struct sh_central *central)
{
	const char *wrong;

	spin_lock_irq(&central->lock);
	wrong = sh_central_check(central);
	spin_unlock_irq(&central->lock);
	if (wrong)
		found(c, wrong, 0);
}

static void check_lists(struct checker *c, unsigned long *free_runs)
{
	struct sh_pageheap *ph = &c->heap->ph;
	const char *wrong;
	struct sh_bin *bin;
	unsigned int i;

	spin_lock_irq(&ph->lock);
	wrong = sh_freeruns_check(&ph->free, free_runs);
	spin_unlock_irq(&ph->lock);
	if (wrong)
		found(c, wrong, 0);
	for (i = 1; i < SH_NR_CLASSES; i++)
		check_list(c, &c->heap->central[i]);
	sh_for_each_bin(bin, &c->heap->caches)
		check_list(c, &bin->central);
}

/* What a central list counts against what was seen. Returns what is wrong. */
static const char *check_central(struct checker *c, unsigned int class)
{
	struct sh_central_stats stats;

	sh_central_stats(&c->heap->central[class], &stats);
	sh_bins_central_stats(&c->heap->caches, class, &stats);
	if (stats.nr_out != c->nalloc[class])
		return "a central list miscounts its objects";
	if (stats.nr_spans != c->spans[class])
		return "a central list miscounts its spans";
	if (stats.nr_partial != c->partial[class])
		return "a span with free objects is in no central list";
	return NULL;
}

/* What must agree when nothing moved between @stats and now. Returns the same. */
static const char *check_sums(struct checker *c,
			      const struct spanheap_stats *stats,
			      unsigned long free_runs)
{
	struct spanheap *heap = c->heap;
	struct sh_runcache_stats runs;
	struct sh_pageheap_stats ph;
	const char *wrong = NULL;
	unsigned int i;

	sh_pageheap_stats(&heap->ph, &ph);
	sh_runcaches_stats(&heap->rcs, &runs);
	if (c->sys != ph.sys || c->idle != ph.idle ||
	    c->released != ph.released)
		return "the page heap's figures differ from its spans";
	if (c->held != runs.pages || c->held_released != runs.released)
		return "held spans are in no run cache";
	if (c->held_classes)
		return "a held span has a size class";
	if (c->free_runs != free_runs)
		return "free runs are missing from the lists";
	if (c->cached > stats->cached_objects)
		return "cached objects are in no cache";
	if (c->cached < stats->cached_objects)
		return "caches hold objects that are not cached";
	if (stats->objects != stats->mallocs - stats->frees)
		return "objects are not mallocs less frees";
	if (c->large + sh_debug_surplus(heap, 0) !=
	    stats->large_mallocs - stats->large_frees ||
	    c->large_bytes + sh_debug_surplus_bytes(heap) !=
	    atomic_long_read(&heap->large_bytes))
		return "large objects are miscounted";
	if (stats->resident != spanheap_resident(heap))
		return "resident pages are miscounted";
	if (c->manual != stats->manual_spans ||
	    c->manual_bytes != stats->manual_bytes ||
	    c->persistent_bytes != stats->persistent_bytes)
		return "manual spans or persistent chunks are miscounted";
	for (i = 1; i < SH_NR_CLASSES && !wrong; i++)
		wrong = check_central(c, i);
	return wrong;
}

/*
 * Look at all of the heap once. Returns what is wrong with the sums and caches,
 * after what else is wrong was reported.
 */
static const char *check_once(struct checker *c, bool *busy)
{
	struct spanheap_stats before, after;
	unsigned long free_runs;
	const char *wrong;

	*busy = atomic_read(&c->heap->ph.releasing) ||
		sh_inflight_any(&c->heap->rcs);
	spanheap_get_stats(c->heap, &before);
	if (sh_pageheap_walk(&c->heap->ph, check_arena, check_span, c))
		found(c, "the pagemap lost a span", 0);
	check_lists(c, &free_runs);
	/* Calls on their fast path, with preemption off, end and are counted. */
	synchronize_rcu_expedited();
	spanheap_get_stats(c->heap, &after);
	*busy |= memcmp(&before, &after, sizeof(before)) ||
		 atomic_read(&c->heap->ph.releasing) ||
		 sh_inflight_any(&c->heap->rcs);
	wrong = *busy ? NULL : check_sums(c, &after, free_runs);
	return wrong ?: sh_drain_check(c->heap->drains, &c->silent);
}

/* Damage that was reported before is only mentioned. */
static void check_objects(struct checker *c)
{
	unsigned int damaged = sh_debug_check(c->heap->debug);
	struct spanheap_stats stats;

	if (damaged)
		found(c, "objects were written past or after they were freed, see the log",
		      0);
	spanheap_get_stats(c->heap, &stats);
	if (c->m && stats.corruptions > damaged)
		seq_printf(c->m, "damaged objects known before: %llu\n",
			   stats.corruptions - damaged);
}

/**
 * sh_check_heap() - verify every invariant of a heap
 * @heap: the heap, NULL for the default heap
 * @m: where to report to besides the log, may be NULL
 *
 * Context: task, may sleep.
 * Return: 0 when all is well, -EUCLEAN when not.
 */
int sh_check_heap(struct spanheap *heap, struct seq_file *m)
{
	const char *wrong;
	struct checker *c;
	int ret, tries;
	bool busy;

	c = kvmalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	for (tries = 0; ; tries++) {
		memset(c, 0, sizeof(*c));
		c->heap = sh_heap_or_default(heap);
		c->m = m;
		wrong = check_once(c, &busy);
		if (!wrong || c->errors || tries == TRIES - 1)
			break;
		msleep(TRY_AGAIN_MS << tries);
	}
	if (wrong && !c->errors)
		found(c, wrong, 0);
	if (c->heap->debug)
		check_objects(c);
	if (m && !cpumask_empty(&c->silent))
		seq_printf(m, "CPUs %*pbl do not answer: their caches were not checked\n",
			   cpumask_pr_args(&c->silent));
	if (m && busy)
		seq_puts(m, "busy: sums between layers were not checked\n");
	if (m && !c->errors)
		seq_puts(m, "ok\n");
	ret = c->errors ? -EUCLEAN : 0;
	kvfree(c);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(sh_check_heap);
