// SPDX-License-Identifier: GPL-2.0
/*
 * All that a heap does not use, given back because somebody asked for it.
 *
 * Locks: none of its own. Contexts: task, may sleep.
 */
#include <linux/cpumask.h>

#include "cache/steal.h"
#include "heap/heap.h"
#include "heap/reclaim.h"

/* Times to come back to a CPU that uses its cache. */
#define TRIES		10

/*
 * Take what CPUs have cached, whatever runs there: none has to do anything for it,
 * and none is asked that holds nothing.
 */
static void empty_caches(struct spanheap *heap)
{
	int cpu, tries;

	for_each_online_cpu(cpu)
		for (tries = TRIES; tries; tries--)
			if (!sh_steal(&heap->caches, cpu))
				break;
}

/**
 * sh_reclaim() - give all memory back that a heap does not use
 * @heap: the heap
 * @reason: why
 *
 * Empties the per-CPU caches and what somebody holds back, releases the pages of
 * free spans and retires idle arenas.
 *
 * Context: task, may sleep.
 * Return: bytes given back.
 */
size_t sh_reclaim(struct spanheap *heap, enum sh_scavenge_reason reason)
{
	empty_caches(heap);
	sh_held_drain(heap);
	return sh_scavenge(&heap->scavenger, reason);
}
