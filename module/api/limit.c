// SPDX-License-Identifier: GPL-2.0
/*
 * Limits and giving back on request: the public calls.
 *
 * A limit bounds what a heap holds in memory and in metadata. quota.c says what
 * counts and asks before anything is made for a request; room.c makes room for one
 * that is refused. What is cached serves those who come back for the same, but can
 * not be had by others at once: so in a heap with a limit all CPUs that are online
 * then may cache an eighth of it in objects together, leave as much as one of them
 * may to one another, and keep an eighth in runs. With less than SPANHEAP_LIMIT_MIN
 * a heap could not work: half of that is enough for what it keeps about itself.
 *
 * Locks: the page heap's. Contexts: task, may sleep.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/minmax.h>

#include "api/limit.h"
#include "base/compat.h"
#include "base/params.h"
#include "gc/gc.h"
#include "heap/heap.h"
#include "heap/reclaim.h"

/* Share of a limit that all CPUs together may cache. */
#define CACHE_SHARE	8

/**
 * sh_limit_is_valid() - whether a heap can work with a limit
 * @bytes: the limit, 0 for none
 *
 * Return: whether it can.
 */
bool sh_limit_is_valid(size_t bytes)
{
	return !bytes || bytes >= SPANHEAP_LIMIT_MIN;
}

/**
 * sh_limit_set() - bound a heap, and what its CPUs may cache
 * @heap: the heap
 * @bytes: most resident bytes, metadata included, 0 for no limit; rounded down to
 *	a multiple of 8 KiB
 */
void sh_limit_set(struct spanheap *heap, size_t bytes)
{
	size_t share = bytes ? bytes / CACHE_SHARE / num_online_cpus() : SIZE_MAX;
	size_t objects = heap->debug || heap->gc ? 0 : (size_t)sh_cache_kb << 10;
	unsigned long flags;

	/* All of one call, or all of another. */
	spin_lock_irqsave(&heap->ph.lock, flags);
	WRITE_ONCE(heap->ph.limit, bytes >> SH_PAGE_SHIFT);
	WRITE_ONCE(heap->caches.max_bytes, min(objects, share));
	WRITE_ONCE(heap->rcs.max_pages,
		   min_t(size_t, SH_RUNCACHE_PAGES, share >> SH_PAGE_SHIFT));
	spin_unlock_irqrestore(&heap->ph.lock, flags);
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
	return sh_reclaim(heap, SH_SCAVENGE_REQUEST);
}
EXPORT_SYMBOL_GPL(spanheap_scavenge);

/**
 * spanheap_set_limit() - bound the memory of a heap
 * @heap: the heap, NULL for the default heap
 * @bytes: most resident bytes, metadata included, 0 for no limit; rounded down to
 *	a multiple of 8 KiB
 *
 * A limit below what is in use is allowed: what is idle goes back now, and the
 * heap does not grow until enough has been freed. What is freed until then goes
 * back, ten times a second at most, when somebody who may block allocates what no
 * cache has; that it is allocated again before is possible.
 *
 * Context: task, may sleep.
 * Return: 0, or -EINVAL when @bytes is less than SPANHEAP_LIMIT_MIN and not 0.
 */
int spanheap_set_limit(struct spanheap *heap, size_t bytes)
{
	heap = sh_heap_or_default(heap);
	if (!sh_limit_is_valid(bytes))
		return -EINVAL;
	sh_limit_set(heap, bytes);
	sh_gc_limit_changed(heap);
	if (bytes)
		sh_reclaim(heap, SH_SCAVENGE_LIMIT);
	return 0;
}
EXPORT_SYMBOL_GPL(spanheap_set_limit);
