// SPDX-License-Identifier: GPL-2.0
/*
 * Limits and giving back on request: the public calls, and what an allocation
 * does before it fails.
 *
 * What can never fit is refused without disturbing anybody: more than the limit
 * with all that only the heap's users can give back. The page heap asks the same
 * before it reserves any address for a request.
 *
 * Locks: none. Contexts: task, may sleep; sh_reclaim() that of its gfp.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/limits.h>

#include "compat.h"
#include "debug.h"
#include "heap.h"

/* Whether anything is idle that could go back: memory, or objects in caches. */
static bool anything_idle(struct spanheap *heap)
{
	struct sh_runcache_stats runs;
	struct sh_pageheap_stats ph;
	int cpu;

	sh_pageheap_stats(&heap->ph, &ph);
	if (ph.idle > ph.released || sh_quarantine_bytes(heap))
		return true;
	sh_runcaches_stats(&heap->rcs, &runs);
	if (runs.runs)
		return true;
	for_each_possible_cpu(cpu)
		if (READ_ONCE(per_cpu_ptr(heap->caches.cpu, cpu)->capacity))
			return true;
	return false;
}

/*
 * Bytes of what is allocated whole, which goes only when its users free it: not
 * when that waits for readers or in a quarantine.
 */
static size_t bytes_kept(struct spanheap *heap)
{
	if (heap->debug || atomic_long_read(&heap->rcu_frees))
		return 0;
	return atomic_long_read(&heap->large_bytes) +
	       atomic_long_read(&heap->manual_bytes) +
	       atomic_long_read(&heap->persistent.bytes);
}

static bool can_fit(struct spanheap *heap, size_t size)
{
	size_t limit = READ_ONCE(heap->ph.limit) << SH_PAGE_SHIFT;

	return size < limit && bytes_kept(heap) < limit - size;
}

/* Since the limit was lowered: what is idle goes then, whether it helps or not. */
static bool is_over(struct spanheap *heap)
{
	return atomic_long_read(&heap->ph.resident) > READ_ONCE(heap->ph.limit);
}

/**
 * sh_reclaim() - try to make room in a heap whose limit is reached
 * @heap: the heap
 * @size: bytes that are missing
 * @gfp: the flags of the allocation that failed
 *
 * With __GFP_NORETRY only what is near is given back, and nobody is waited for.
 *
 * Context: that of @gfp.
 * Return: whether it is worth to try again.
 */
bool sh_reclaim(struct spanheap *heap, size_t size, gfp_t gfp)
{
	if (!READ_ONCE(heap->ph.limit) || !gfpflags_allow_blocking(gfp) ||
	    !(can_fit(heap, size) || is_over(heap)) || !anything_idle(heap))
		return false;
	sh_quarantine_drain(heap);
	if (gfp & __GFP_NORETRY)
		sh_scavenge_near(&heap->scavenger, ULONG_MAX, SH_SCAVENGE_LIMIT);
	else
		sh_scavenge(&heap->scavenger, SH_SCAVENGE_LIMIT);
	return true;
}

/**
 * spanheap_scavenge() - give all memory back that a heap does not use
 * @heap: the heap, NULL for the default heap
 *
 * Empties the per-CPU caches and the quarantine of a debug heap, releases the
 * pages of free spans and retires idle arenas.
 *
 * Context: task, may sleep.
 * Return: bytes given back.
 */
size_t spanheap_scavenge(struct spanheap *heap)
{
	heap = sh_heap_or_default(heap);
	sh_quarantine_drain(heap);
	return sh_scavenge(&heap->scavenger, SH_SCAVENGE_REQUEST);
}
EXPORT_SYMBOL_GPL(spanheap_scavenge);

/**
 * spanheap_set_limit() - bound the memory of a heap
 * @heap: the heap, NULL for the default heap
 * @bytes: most resident bytes, metadata included, 0 for no limit
 *
 * A limit below what is in use is allowed: what is idle goes back now, and the
 * heap does not grow until enough has been freed.
 *
 * Context: task, may sleep.
 * Return: 0.
 */
int spanheap_set_limit(struct spanheap *heap, size_t bytes)
{
	heap = sh_heap_or_default(heap);
	sh_pageheap_set_limit(&heap->ph, bytes);
	if (!bytes)
		return 0;
	sh_quarantine_drain(heap);
	sh_scavenge(&heap->scavenger, SH_SCAVENGE_LIMIT);
	return 0;
}
EXPORT_SYMBOL_GPL(spanheap_set_limit);
