// SPDX-License-Identifier: GPL-2.0
/*
 * What the rest of the system asks of all heaps: memory under pressure, through
 * a shrinker, and the caches of a CPU that goes offline, through a hotplug state.
 *
 * Locks: none; heaps are visited. Any number of tasks may be at it here: reclaim
 * that gave up whenever another is would find no memory and kill.
 *
 * Contexts: reclaim, which may sleep; the control CPU of a hotplug operation.
 */
#include <linux/atomic.h>
#include <linux/cpuhotplug.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/swap.h>

#include "base/compat.h"
#include "base/fault.h"
#include "cache/countdown.h"
#include "heap/heap.h"
#include "heap/pressure.h"
#include "heap/registry.h"
#include "pages/release.h"

/* Heap pages to give back at a time, for each time costs a shootdown: 2 MiB. */
#define LEAST_GOAL	((2UL << 20) >> SH_PAGE_SHIFT)

static struct shrinker *shrinker;
static enum cpuhp_state hotplug_state;

/* The kernel counts its own pages, which may be larger. */
static unsigned long kernel_pages(unsigned long heap_pages)
{
	return heap_pages << SH_PAGE_SHIFT >> PAGE_SHIFT;
}

/* Free objects need not be all of their pages: this is the most there may be. */
static unsigned long idle_resident(struct spanheap *heap)
{
	size_t held = sh_held_bytes(heap) +
		      sh_drain_bytes(heap->drains);

	return sh_pageheap_spare(&heap->ph) + (held >> SH_PAGE_SHIFT);
}

/* Whether there is anything to give back: others are not to be disturbed. */
static bool has_idle(struct spanheap *heap)
{
	return sh_pageheap_spare(&heap->ph) || sh_held_bytes(heap) ||
	       sh_drain_holds(heap->drains);
}

/*
 * What a shrinker returns is not for that: reclaim that is told of nothing more sees
 * no progress, and kills, while the pages are in the lists of some CPU.
 */
static void count_progress(unsigned long pages)
{
	if (current->reclaim_state)
		*sh_reclaimed(current->reclaim_state) += pages;
}

/**
 * sh_pressure_count() - how much all heaps may give back
 *
 * Context: reclaim.
 * Return: heap pages.
 */
unsigned long sh_pressure_count(void)
{
	struct spanheap *heap;
	unsigned long pages = 0;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap))
		pages += idle_resident(heap);
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pressure_count);

/**
 * sh_pressure_release() - give memory back
 * @goal: heap pages wanted
 *
 * Context: reclaim.
 * Return: heap pages given back.
 */
unsigned long sh_pressure_release(unsigned long goal)
{
	struct spanheap *heap;
	unsigned long done = 0;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap)) {
		if (!has_idle(heap))
			continue;
		sh_held_drain(heap);
		done += sh_scavenge_pressure(&heap->scavenger, goal - done);
		if (done < goal)
			continue;
		sh_heap_leave(heap);
		break;
	}
	count_progress(kernel_pages(done));
	return done;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pressure_release);

static unsigned long count_idle(struct shrinker *unused,
				struct shrink_control *sc)
{
	return kernel_pages(sh_pressure_count()) ?: SHRINK_EMPTY;
}

static unsigned long release_idle(struct shrinker *unused,
				  struct shrink_control *sc)
{
	unsigned long goal = DIV_ROUND_UP(sc->nr_to_scan << PAGE_SHIFT, SH_PAGE_SIZE);
	unsigned long done = sh_pressure_release(max(goal, LEAST_GOAL));

	if (!done)
		return SHRINK_STOP;
	sc->nr_scanned = kernel_pages(done);
	return sc->nr_scanned;
}

static int cpu_is_dead(unsigned int cpu)
{
	struct spanheap *heap;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap)) {
		sh_drain_cpu(&heap->caches, cpu);
		/* In case it left while the rate was changed. */
		sh_caches_redraw(&heap->caches, cpu);
	}
	return 0;
}

/**
 * sh_pressure_init() - let the system ask
 *
 * Return: 0 or an error.
 */
int sh_pressure_init(void)
{
	int state;

	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "spanheap:dead",
					  NULL, cpu_is_dead);
	if (state < 0)
		return state;
	hotplug_state = state;
	shrinker = sh_fault(SH_FAULT_META) ? ERR_PTR(-ENOMEM) :
		   sh_shrinker_register("spanheap", count_idle, release_idle);
	if (!IS_ERR(shrinker))
		return 0;
	cpuhp_remove_state_nocalls(hotplug_state);
	return PTR_ERR(shrinker);
}

/**
 * sh_pressure_exit() - undo sh_pressure_init()
 */
void sh_pressure_exit(void)
{
	sh_shrinker_unregister(shrinker);
	cpuhp_remove_state_nocalls(hotplug_state);
}
