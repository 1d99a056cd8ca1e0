// SPDX-License-Identifier: GPL-2.0
/*
 * Taking what a CPU has cached, at once. An allocation that has come to its
 * heap's limit cannot wait until a thread had its turn on another CPU, and need
 * not: an interrupt there takes the arrays and runs out of the caches and hands
 * them over, and whoever sent it gives back what is in them. The interrupt takes
 * no lock and no longer than it takes to look at each size class once.
 *
 * Like any interrupt it may find the cache in use by whom it interrupted; then it
 * leaves it alone.
 *
 * Locks: none; those of the central lists and the page heap to give back.
 *
 * Contexts: task, may sleep.
 */
#include <linux/smp.h>

#include "base/compat.h"
#include "cache/bin.h"
#include "cache/capacity.h"
#include "cache/percpu.h"
#include "cache/steal.h"

/**
 * struct loot - what was taken from a CPU
 * @caches: the caches it was taken from
 * @busy: they were in use
 * @array: by size class, objects, or NULL
 * @nr: how many of each
 */
struct loot {
	struct sh_caches *caches;
	bool busy;
	struct sh_entry *array[SH_NR_CLASSES];
	u16 nr[SH_NR_CLASSES];
};

static void take_slot(struct sh_cache *cache, unsigned int class,
		      struct loot *loot)
{
	struct sh_slot *slot = &cache->slot[class];

	loot->array[class] = slot->base;
	loot->nr[class] = sh_slot_count(slot);
	if (!slot->base)
		return;
	sh_stolen_add(loot->caches, class, loot->nr[class]);
	cache->capacity -= sh_slot_capacity(slot) * sh_classes[class].size;
	sh_slot_set_array(cache, slot, NULL, 0, 0);
}

/* On the CPU, in an interrupt, or with interrupts off. */
static void take_objects(void *arg)
{
	struct loot *loot = arg;
	struct sh_cache *cache = this_cpu_ptr(loot->caches->cpu);
	unsigned int class;

	loot->busy = !sh_cache_enter(cache);
	if (loot->busy)
		return;
	for (class = 1; class < SH_NR_CLASSES; class++)
		take_slot(cache, class, loot);
	sh_cache_leave(cache);
}

/* Not all of a class at once: interrupts are off meanwhile. */
static void give_back(struct loot *loot, unsigned int class)
{
	struct sh_entry *entry = loot->array[class];
	unsigned int left = loot->nr[class], batch;

	for (; left; left -= batch, entry += batch) {
		batch = min_t(unsigned int, left, SH_BATCH_MAX);
		sh_central_free(&loot->caches->central[class],
				loot->caches->rcs, entry, batch);
		sh_stolen_sub(loot->caches, class, batch);
	}
	sh_caches_free_array(loot->caches, loot->array[class]);
}

/**
 * sh_steal_objects() - give the objects back that a CPU has cached
 * @caches: the caches
 * @cpu: the CPU, which may be this one or offline
 *
 * Spans that become empty are in this CPU's run cache then.
 *
 * Return: whether the caches are empty now; not if they were in use just then. Of an
 * offline CPU nothing is taken: what it had it gave back when it went.
 */
bool sh_steal_objects(struct sh_caches *caches, int cpu)
{
	struct loot loot = { .caches = caches };
	unsigned int class;

	sh_inflight_begin(caches->rcs);
	smp_call_function_single(cpu, take_objects, &loot, true);
	for (class = 1; class < SH_NR_CLASSES; class++)
		give_back(&loot, class);
	sh_inflight_end(caches->rcs);
	return !loot.busy;
}
EXPORT_SYMBOL_IF_KUNIT(sh_steal_objects);

/**
 * sh_steal() - give back all that a CPU has cached
 * @caches: the caches
 * @cpu: the CPU, which may be this one or offline
 *
 * Return: whether there was anything.
 */
bool sh_steal(struct sh_caches *caches, int cpu)
{
	bool objects = sh_peek(per_cpu_ptr(caches->cpu, cpu)->capacity);
	bool runs = sh_peek(per_cpu_ptr(caches->rcs->cpu, cpu)->nr);
	bool bins = sh_bins_hold_any(caches, cpu);

	if (objects)
		sh_steal_objects(caches, cpu);
	if (bins) {
		sh_inflight_begin(caches->rcs);
		sh_bins_steal(caches, cpu);
		sh_inflight_end(caches->rcs);
	}
	if (runs)
		sh_runcaches_steal(caches->rcs, cpu);
	return objects || bins || runs;
}
EXPORT_SYMBOL_IF_KUNIT(sh_steal);
