// SPDX-License-Identifier: GPL-2.0
/*
 * The figures of a heap, put together from what each layer counts. Nothing is
 * counted twice: of each sum that must hold, one term is worked out from the
 * others.
 *
 * Locks: each layer's own, one after the other. Contexts: any but NMI.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "base/compat.h"
#include "cache/bin.h"
#include "cache/cache.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "pages/pageheap.h"
#include "show/stats.h"

/**
 * sh_stats_class() - the figures of a size class
 * @heap: the heap
 * @class: the size class
 * @stats: where to put them
 */
void sh_stats_class(struct spanheap *heap, unsigned int class,
		    struct sh_class_stats *stats)
{
	struct sh_transfer *transfer = &heap->caches.transfer[class];
	struct sh_slot_stats slots = { };
	struct sh_central_stats central;
	unsigned int waiting;
	long stolen;
	int cpu;

	for_each_possible_cpu(cpu)
		sh_caches_stats(&heap->caches, cpu, class, &slots);
	sh_bins_slot_stats(&heap->caches, class, &slots);
	waiting = READ_ONCE(transfer->nr);
	/*
	 * What is stolen goes from there by way of this to the central list: counted
	 * twice, maybe, but never missing from all of them.
	 */
	smp_rmb();	/* as sh_stolen_add() writes */
	stolen = atomic_long_read(&heap->caches.stolen[class]);
	smp_rmb();	/* as sh_stolen_sub() writes */
	sh_central_stats(&heap->central[class], &central);
	sh_bins_central_stats(&heap->caches, class, &central);
	stats->spans = central.nr_spans;
	stats->refills = central.refills + sh_peek(transfer->refills);
	stats->flushes = central.flushes + sh_peek(transfer->flushes);
	stats->cached = slots.objects + stolen + waiting;
	stats->mallocs = slots.allocs + central.direct_allocs;
	/* Objects on their way to or from a cache may be missing from either. */
	stats->objects = max_t(long, central.nr_out - stats->cached +
			       sh_debug_surplus(heap, class), 0);
	stats->frees = stats->mallocs - min(stats->objects, stats->mallocs);
}
EXPORT_SYMBOL_IF_KUNIT(sh_stats_class);

static void add_class_figures(struct spanheap *heap, struct spanheap_stats *stats)
{
	struct sh_class_stats class;
	unsigned int i;

	for (i = 1; i < SH_NR_CLASSES; i++) {
		sh_stats_class(heap, i, &class);
		stats->objects += class.objects;
		stats->object_bytes += class.objects * sh_classes[i].size;
		stats->mallocs += class.mallocs;
		stats->frees += class.frees;
		stats->cached_objects += class.cached;
		stats->cached_bytes += class.cached * sh_classes[i].size;
	}
}

static void add_large_figures(struct spanheap *heap, struct spanheap_stats *stats)
{
	stats->large_frees = atomic_long_read(&heap->large_frees);
	stats->large_mallocs = atomic_long_read(&heap->large_mallocs);
	stats->mallocs += stats->large_mallocs;
	stats->frees += stats->large_frees;
	stats->objects += stats->large_mallocs - stats->large_frees;
	stats->object_bytes += atomic_long_read(&heap->large_bytes);
}

static void add_span_figures(struct spanheap *heap, struct spanheap_stats *stats)
{
	stats->manual_spans = atomic_long_read(&heap->manual_spans);
	stats->manual_bytes = atomic_long_read(&heap->manual_bytes);
	stats->persistent_bytes = atomic_long_read(&heap->persistent.bytes);
}

static void add_page_figures(struct spanheap *heap, struct spanheap_stats *stats)
{
	struct sh_runcache_stats runs;
	struct sh_pageheap_stats ph;

	sh_pageheap_stats(&heap->ph, &ph);
	sh_runcaches_stats(&heap->rcs, &runs);
	stats->limit = (u64)ph.limit << SH_PAGE_SHIFT;
	stats->sys = (u64)ph.sys << SH_PAGE_SHIFT;
	/* What a CPU keeps for its next span is allocated to the page heap only. */
	stats->idle = (u64)(ph.idle + runs.pages) << SH_PAGE_SHIFT;
	stats->released = (u64)(ph.released + runs.released) << SH_PAGE_SHIFT;
	stats->in_use = stats->sys - stats->idle;
	stats->resident = stats->sys - stats->released;
	stats->arenas = ph.arenas;
	stats->grows = ph.grows;
	stats->span_meta = ph.span_bytes;
	stats->other_meta = ph.arena_bytes +
			    atomic_long_read(&heap->meta.other);
}

/**
 * spanheap_resident() - how much memory a heap holds for its objects
 * @heap: the heap, NULL for the default heap
 *
 * In use or idle; what the heap keeps about itself is not in it. It is what
 * spanheap_get_stats() calls resident, and costs no more than to read a counter.
 * Where arenas have their memory from the start, what of it was never in use is
 * not in it either.
 *
 * Context: any.
 * Return: bytes.
 */
size_t spanheap_resident(struct spanheap *heap)
{
	heap = sh_heap_or_default(heap);
	return (size_t)atomic_long_read(&heap->ph.resident) << SH_PAGE_SHIFT;
}
EXPORT_SYMBOL_GPL(spanheap_resident);

/**
 * spanheap_get_stats() - read the figures of a heap
 * @heap: the heap, NULL for the default heap
 * @stats: where to put them
 *
 * Context: any but NMI.
 */
void spanheap_get_stats(struct spanheap *heap, struct spanheap_stats *stats)
{
	u64 used;

	heap = sh_heap_or_default(heap);
	memset(stats, 0, sizeof(*stats));
	add_class_figures(heap, stats);
	add_large_figures(heap, stats);
	add_span_figures(heap, stats);
	add_page_figures(heap, stats);
	sh_scavenger_stats(&heap->scavenger, stats);
	sh_debug_stats(heap, stats);
	stats->cache_meta = atomic_long_read(&heap->meta.caches);
	stats->special_meta = atomic_long_read(&heap->meta.specials);
	stats->reserved = stats->sys;
	stats->idle_bytes = stats->idle - min(stats->released, stats->idle);
	used = stats->object_bytes + stats->cached_bytes + stats->manual_bytes +
	       stats->persistent_bytes;
	/* Others may have allocated since the one was counted, or the other. */
	stats->free_bytes = stats->in_use - min(used, stats->in_use);
	used = min(used - stats->cached_bytes, stats->resident);
	if (stats->resident)
		stats->fragmentation_permille =
			div64_u64((stats->resident - used) * 1000,
				  stats->resident);
	stats->profile_meta = atomic_long_read(&heap->meta.profile);
	stats->profile_samples = atomic_long_read(&heap->profile.samples);
	stats->profile_lost = atomic_long_read(&heap->profile.lost);
	stats->finalizers = READ_ONCE(heap->finalizers.nr_set);
	stats->finalizers_run = atomic_long_read(&heap->finalizers.nr_run);
	stats->bad_frees = atomic_long_read(&heap->bad_frees);
	stats->bad_copies = atomic_long_read(&heap->bad_copies);
	stats->alloc_failures = atomic_long_read(&heap->alloc_failures);
	stats->over_limit = atomic_long_read(&heap->ph.over_limit);
}
EXPORT_SYMBOL_GPL(spanheap_get_stats);
