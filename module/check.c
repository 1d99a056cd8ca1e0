// SPDX-License-Identifier: GPL-2.0
/*
 * The heap checker: walks every structure of a heap and verifies the invariants
 * that the files state.
 *
 * What lies under one lock is verified in any case. What must agree between
 * layers, and the contents of other CPUs' caches, can be verified only while
 * nobody allocates: the figures are read before and after, and where something
 * has moved the report says so instead of guessing.
 *
 * Locks: ph->lock over the spans of an arena, a central list's inside it.
 *
 * Contexts: task. Interrupts are off for as long as the spans of an arena take.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/seq_file.h>
#include <linux/string.h>

#include "compat.h"
#include "heap.h"
#include "pagemap.h"
#include "stats.h"

/**
 * struct checker - what a check has seen
 * @heap: the heap
 * @m: where to report, or NULL for the log
 * @errors: how many were found
 * @arena: the arena that is being walked
 * @last_free: the span before the current one is free
 * @sys: heap pages in spans
 * @idle: heap pages in free spans
 * @released: heap pages of these that are not resident
 * @free_runs: free spans
 * @held: heap pages in held spans
 * @held_released: heap pages of these that are not resident
 * @nalloc: objects live or cached, by size class
 * @cached: objects cached
 */
struct checker {
	struct spanheap *heap;
	struct seq_file *m;
	unsigned int errors;
	struct sh_arena *arena;
	bool last_free;
	unsigned long sys;
	unsigned long idle;
	unsigned long released;
	unsigned long free_runs;
	unsigned long held;
	unsigned long held_released;
	unsigned long nalloc[SH_NR_CLASSES];
	unsigned int cached;
};

/* Enough errors to understand one; a broken heap has no end of them. */
#define MAX_ERRORS	20

static void error(struct checker *c, const char *what, unsigned long addr)
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
	c->last_free = false;
	if (arena->heap != c->heap)
		error(c, "an arena belongs to another heap", arena->base);
	if (arena->used > arena->nr_pages)
		error(c, "an arena is used beyond its end", arena->base);
	return 0;
}

static void check_map(struct checker *c, struct sh_span *span)
{
	unsigned long addr = sh_span_base(span), last;
	struct sh_span *at;

	last = sh_span_end(span) - SH_PAGE_SIZE;
	for (; addr <= last; addr += SH_PAGE_SIZE) {
		at = sh_pagemap_get(addr);
		if (at == span)
			continue;
		if (at || addr == sh_span_base(span) || addr == last ||
		    span->state != SH_SPAN_FREE)
			error(c, "a page maps to the wrong span", addr);
	}
}

static void check_free(struct checker *c, struct sh_span *span)
{
	unsigned long addr = sh_span_base(span), released = 0;

	if (c->last_free)
		error(c, "two free runs are adjacent", addr);
	if (sh_span_class(span))
		error(c, "a free run has a size class", addr);
	for (; addr < sh_span_end(span); addr += SH_PAGE_SIZE)
		released += !sh_arena_resident(span->arena, addr);
	if (released != span->released)
		error(c, "a free run miscounts its released pages",
		      sh_span_base(span));
	c->idle += span->nr_pages;
	c->released += released;
	c->free_runs++;
}

static void check_small(struct checker *c, struct sh_span *span)
{
	unsigned int class = sh_span_class(span);
	const char *wrong = "a span of small objects has no size class";
	struct sh_central *central;

	if (class && class < SH_NR_CLASSES) {
		central = &c->heap->central[class];
		spin_lock(&central->lock);
		wrong = sh_span_check_objects(span, &c->cached);
		c->nalloc[class] += span->nalloc;
		spin_unlock(&central->lock);
	}
	if (!wrong && span->nr_pages != sh_classes[class].pages)
		wrong = "a span has the wrong length for its class";
	if (!wrong && span->cache != c->heap->caches.cpu)
		wrong = "a span belongs to the caches of another heap";
	if (wrong)
		error(c, wrong, sh_span_base(span));
}

static int check_span(struct sh_span *span, void *arg)
{
	unsigned long addr = sh_span_base(span);
	struct checker *c = arg;

	if (span->arena != c->arena || !span->nr_pages ||
	    sh_span_end(span) > c->arena->base +
				(c->arena->used << SH_PAGE_SHIFT)) {
		error(c, "a span is not within its arena", addr);
		return -EUCLEAN;
	}
	c->sys += span->nr_pages;
	switch (span->state) {
	case SH_SPAN_FREE:
		check_map(c, span);
		check_free(c, span);
		break;
	case SH_SPAN_SMALL:
		check_map(c, span);
		check_small(c, span);
		break;
	case SH_SPAN_LARGE:
		check_map(c, span);
		if (sh_span_class(span) || span->obj[1] != SH_OBJ_FREE)
			error(c, "the record of a large object is wrong", addr);
		break;
	case SH_SPAN_HELD:
		if (sh_span_class(span))
			error(c, "a held span has a size class", addr);
		c->held += span->nr_pages;
		c->held_released += span->released;
		break;
	default:
		error(c, "a span is in no known state", addr);
	}
	c->last_free = span->state == SH_SPAN_FREE;
	return 0;
}

static void check_lists(struct checker *c, unsigned long *free_runs)
{
	struct sh_pageheap *ph = &c->heap->ph;
	const char *wrong;
	unsigned int i;

	spin_lock_irq(&ph->lock);
	wrong = sh_freeruns_check(&ph->free, free_runs);
	spin_unlock_irq(&ph->lock);
	if (wrong)
		error(c, wrong, 0);
	for (i = 1; i < SH_NR_CLASSES; i++) {
		spin_lock_irq(&c->heap->central[i].lock);
		wrong = sh_central_check(&c->heap->central[i]);
		spin_unlock_irq(&c->heap->central[i].lock);
		if (wrong)
			error(c, wrong, 0);
	}
}

/* What must agree when nothing moved between @stats and now. */
static void check_sums(struct checker *c, const struct spanheap_stats *stats,
		       unsigned long free_runs)
{
	const char *wrong = sh_caches_check(&c->heap->caches);
	struct sh_central_stats central;
	struct sh_runcache_stats runs;
	struct sh_pageheap_stats ph;
	unsigned int i;

	if (wrong)
		error(c, wrong, 0);
	sh_pageheap_stats(&c->heap->ph, &ph);
	sh_runcaches_stats(&c->heap->rcs, &runs);
	if (c->sys != ph.sys || c->idle != ph.idle ||
	    c->released != ph.released)
		error(c, "the page heap's figures differ from its spans", 0);
	if (c->held != runs.pages || c->held_released != runs.released)
		error(c, "held spans are in no run cache", 0);
	if (c->free_runs != free_runs)
		error(c, "free runs are missing from the lists", 0);
	if (c->cached != stats->cached_objects)
		error(c, "cached objects are in no cache", 0);
	if (stats->objects != stats->mallocs - stats->frees)
		error(c, "objects are not mallocs less frees", 0);
	for (i = 1; i < SH_NR_CLASSES; i++) {
		sh_central_stats(&c->heap->central[i], &central);
		if (central.nr_out != c->nalloc[i])
			error(c, "a central list miscounts its objects", 0);
	}
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
	struct spanheap_stats before, after;
	unsigned long free_runs;
	struct checker *c;
	int ret;

	c = kvzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	c->heap = sh_heap_or_default(heap);
	c->m = m;
	spanheap_get_stats(c->heap, &before);
	if (sh_pageheap_walk(&c->heap->ph, check_arena, check_span, c))
		error(c, "the pagemap lost a span", 0);
	check_lists(c, &free_runs);
	spanheap_get_stats(c->heap, &after);
	if (!memcmp(&before, &after, sizeof(before)))
		check_sums(c, &after, free_runs);
	else if (m)
		seq_puts(m, "busy: sums between layers were not checked\n");
	if (m && !c->errors)
		seq_puts(m, "ok\n");
	ret = c->errors ? -EUCLEAN : 0;
	kvfree(c);
	return ret;
}
SH_EXPORT_FOR_KUNIT(sh_check_heap);
