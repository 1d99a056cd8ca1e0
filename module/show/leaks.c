// SPDX-License-Identifier: GPL-2.0
/*
 * What is still allocated when a heap is destroyed, or left behind by its module:
 * totals, and what it is, most bytes first, MOST_LINES lines of it. Of a debug
 * heap it is known where each object was allocated, and objects of the same size
 * and stack make a line; of any other, those of the same size class.
 *
 *   spanheap: heap NAME: destroyed with N objects of BYTES bytes still allocated; freed them
 *   spanheap: heap NAME:   N of size class BYTES
 *   spanheap: heap NAME:   N large, of BYTES bytes together
 *   spanheap: heap NAME:   N of BYTES bytes, allocated at:
 *    ... the stack ...
 *   spanheap: heap NAME:   and N more
 *
 * The first line is left out where it is said otherwise what happens.
 *
 * Bytes are those that were asked for in a debug heap, else what the objects
 * occupy.
 *
 * Contexts: task; nobody uses the heap any more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include "base/compat.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "show/leaks.h"
#include "show/stats.h"
#include "watch/trace.h"

#define MOST_LINES	20

static size_t bytes_of(const struct sh_leak *leak)
{
	return leak->large ? leak->size : leak->nr * leak->size;
}

static int by_kind(const void *a, const void *b)
{
	const struct sh_leak *x = a, *y = b;

	/* There may be millions to sort. */
	cond_resched();
	if (x->large != y->large)
		return x->large - y->large;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->stack < y->stack ? -1 : x->stack > y->stack;
}

static int by_bytes(const void *a, const void *b)
{
	size_t x = bytes_of(a), y = bytes_of(b);

	return x > y ? -1 : x < y;
}

/* Make one of each kind of leak. Returns how many there are. */
static size_t fold(struct sh_leak *leaks, size_t nr)
{
	size_t kinds = 0, i;

	sort(leaks, nr, sizeof(*leaks), by_kind, NULL);
	for (i = 0; i < nr; i++) {
		if (kinds && !by_kind(&leaks[kinds - 1], &leaks[i]))
			leaks[kinds - 1].nr += leaks[i].nr;
		else
			leaks[kinds++] = leaks[i];
	}
	return kinds;
}

/* The live objects of a debug heap, @most of them. Returns how many. */
static size_t collect_objects(struct sh_debug *debug, struct sh_leak *leaks,
			      size_t most)
{
	unsigned long index = 0;
	struct sh_guard object;
	unsigned int n;
	size_t nr = 0;

	for (; sh_objects_next(debug, &index); index++) {
		for (n = 0; nr < most &&
		     sh_objects_live(debug, index, n, &object); n++) {
			leaks[nr++] = (struct sh_leak) {
				.nr = 1,
				.size = object.size,
				.stack = object.alloc.stack,
			};
		}
		cond_resched();
	}
	return nr;
}

static size_t collect_classes(struct spanheap *heap, struct sh_leak *leaks)
{
	unsigned long large = atomic_long_read(&heap->large_mallocs) -
			      atomic_long_read(&heap->large_frees);
	struct sh_class_stats stats;
	unsigned int class;
	size_t nr = 0;

	for (class = 1; class < SH_NR_CLASSES; class++) {
		sh_stats_class(heap, class, &stats);
		if (stats.objects)
			leaks[nr++] = (struct sh_leak) {
				.nr = stats.objects,
				.size = sh_classes[class].size,
				.class = true,
			};
	}
	if (large)
		leaks[nr++] = (struct sh_leak) {
			.nr = large,
			.size = atomic_long_read(&heap->large_bytes),
			.large = true,
		};
	return nr;
}

static void print_leak(struct spanheap *heap, const struct sh_leak *leak)
{
	if (leak->large)
		pr_warn("heap %s:   %lu large, of %zu bytes together\n",
			heap->name, leak->nr, leak->size);
	else if (leak->class)
		pr_warn("heap %s:   %lu of size class %zu\n", heap->name,
			leak->nr, leak->size);
	else
		pr_warn("heap %s:   %lu of %zu bytes%s\n", heap->name, leak->nr,
			leak->size, leak->stack ? ", allocated at:" : "");
	sh_stack_print(leak->stack);
}

/**
 * sh_leaks_print() - say what some objects are, most bytes first
 * @heap: their heap
 * @leaks: an entry for each of them or, of size classes and large ones, for all of
 *	a kind; put in another order
 * @nr: entries
 *
 * Context: task, may sleep.
 */
void sh_leaks_print(struct spanheap *heap, struct sh_leak *leaks, size_t nr)
{
	unsigned long left = 0;
	size_t kinds, i;

	for (i = 0; i < nr; i++)
		left += leaks[i].nr;
	kinds = fold(leaks, nr);
	sort(leaks, kinds, sizeof(*leaks), by_bytes, NULL);
	for (i = 0; i < kinds && i < MOST_LINES; i++) {
		print_leak(heap, &leaks[i]);
		left -= leaks[i].nr;
	}
	if (left)
		pr_warn("heap %s:   and %lu more\n", heap->name, left);
}

static void print_total(struct spanheap *heap, const struct sh_leak *leaks, size_t nr)
{
	unsigned long left = 0;
	size_t bytes = 0, i;

	for (i = 0; i < nr; i++) {
		bytes += bytes_of(&leaks[i]);
		left += leaks[i].nr;
	}
	pr_warn("heap %s: destroyed with %lu objects of %zu bytes still allocated; freed them\n",
		heap->name, left, bytes);
}

/* Say what @stats counts. */
static void list_leaks(struct spanheap *heap, const struct spanheap_stats *stats,
		       bool destroyed)
{
	struct sh_leak *leaks;
	size_t nr;

	nr = heap->debug ? stats->objects : SH_NR_CLASSES;
	leaks = kvmalloc_array(nr, sizeof(*leaks),
			       GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!leaks) {
		pr_warn("heap %s: %llu objects of %llu bytes still allocated; no memory to say what they are\n",
			heap->name, stats->objects, stats->object_bytes);
		return;
	}
	nr = heap->debug ? collect_objects(heap->debug, leaks, nr) :
			   collect_classes(heap, leaks);
	if (destroyed)
		print_total(heap, leaks, nr);
	sh_leaks_print(heap, leaks, nr);
	kvfree(leaks);
}

/**
 * sh_report_leaks() - report what is still allocated from a heap
 * @heap: a heap that is about to be freed, with all in it
 *
 * Context: task, may sleep; nobody uses the heap any more.
 */
void sh_report_leaks(struct spanheap *heap)
{
	struct spanheap_stats stats;

	spanheap_get_stats(heap, &stats);
	sh_trace(heap_destroy, heap->name, stats.objects, stats.object_bytes);
	if (stats.manual_spans)
		pr_warn("heap %s: destroyed with %llu manual spans of %llu bytes still allocated; freed them\n",
			heap->name, stats.manual_spans, stats.manual_bytes);
	/* Of a managed heap it is nobody's fault. */
	if (stats.objects && !heap->gc)
		list_leaks(heap, &stats, true);
}

/**
 * sh_list_leaks() - say what is allocated from a heap that nobody has any more
 * @heap: the heap, which stays
 *
 * Context: task, may sleep.
 */
void sh_list_leaks(struct spanheap *heap)
{
	struct spanheap_stats stats;

	spanheap_get_stats(heap, &stats);
	if (stats.objects)
		list_leaks(heap, &stats, false);
}
