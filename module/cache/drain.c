// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying per-CPU caches: on request, under pressure, when a CPU has not used
 * its caches for a while, and when a CPU went offline.
 *
 * Nobody can empty another CPU's cache without locks, so a work item does it
 * there. It empties the caches of the CPU it finds itself on, whichever that is:
 * a CPU that goes offline in between is emptied by the hotplug callback. Work is
 * queued only where a look from afar says that there is something: a CPU that
 * is kept free of others, by isolation or by a real-time thread, and does not use
 * the heap is left alone.
 *
 * A CPU that a real-time thread keeps may not get to it, see errand.c. Who wants
 * memory waits for other CPUs a moment at most; allocations and reclaim do not wait.
 * Whoever takes a heap away has to wait, and says so in the end.
 *
 * Locks: none of its own.
 *
 * Contexts: task, may sleep, except where a function says otherwise.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/params.h"
#include "cache/bin.h"
#include "cache/capacity.h"
#include "cache/drain.h"
#include "cache/percpu.h"

/* How long who wants memory waits for all other CPUs together, milliseconds. */
#define ANSWER_MS	100

/*
 * Take a batch out of a slot. When nothing is left, its array goes to @array,
 * for the caller to free.
 */
static unsigned int take_batch(struct sh_caches *caches, int dead_cpu,
			       unsigned int class, struct sh_entry *batch,
			       struct sh_entry **array)
{
	struct sh_cache *cache = sh_cache_get_on(caches, dead_cpu);
	struct sh_slot *slot;
	unsigned int nr;

	*array = NULL;
	if (!cache)
		return 0;
	slot = &cache->slot[class];
	nr = min_t(unsigned int, sh_slot_count(slot), SH_BATCH_MAX);
	sh_stolen_add(caches, class, nr);
	slot->top -= nr;
	sh_entries_copy(batch, slot->top, nr);
	if (slot->top == slot->base) {
		*array = slot->base;
		cache->capacity -= sh_slot_capacity(slot) * sh_classes[class].size;
		sh_slot_set_array(cache, slot, NULL, 0, 0);
	}
	sh_cache_put(cache);
	return nr;
}

/* Objects that count as stolen. Not all at once: interrupts are off meanwhile. */
static void give_back(struct sh_caches *caches, unsigned int class,
		      const struct sh_entry *entries, unsigned int nr)
{
	unsigned int batch;

	for (; nr; nr -= batch, entries += batch) {
		batch = min_t(unsigned int, nr, SH_BATCH_MAX);
		sh_central_free(&caches->central[class], caches->rcs, entries,
				batch);
		sh_stolen_sub(caches, class, batch);
	}
}

static void drain_slot(struct sh_caches *caches, int dead_cpu,
		       unsigned int class)
{
	struct sh_entry batch[SH_BATCH_MAX], *array;
	unsigned int nr;

	do {
		nr = take_batch(caches, dead_cpu, class, batch, &array);
		give_back(caches, class, batch, nr);
		sh_caches_free_array(caches, array);
	} while (nr && !array);
}

/**
 * sh_drain_transfers() - put what waits for CPUs back into its spans
 * @caches: the caches
 * @only_idle: only of size classes where nobody came or went since the last call
 *
 * Context: task.
 */
void sh_drain_transfers(struct sh_caches *caches, bool only_idle)
{
	unsigned int class, nr, max;
	struct sh_entry *array;

	sh_inflight_begin(caches->rcs);
	for (class = 1; class < SH_NR_CLASSES; class++) {
		array = sh_transfer_empty(&caches->transfer[class], only_idle,
					  &nr, &max, &caches->stolen[class]);
		if (!array)
			continue;
		give_back(caches, class, array, nr);
		atomic_long_sub((long)max * sh_classes[class].size,
				&caches->transfer_bytes);
		sh_caches_free_array(caches, array);
		cond_resched();
	}
	sh_inflight_end(caches->rcs);
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_transfers);

/**
 * sh_drain_cpu() - empty the caches of a CPU
 * @caches: the caches
 * @dead_cpu: a CPU that is offline, or -1 for the one this runs on
 *
 * Context: task. Runs are given to the page heap as well.
 */
void sh_drain_cpu(struct sh_caches *caches, int dead_cpu)
{
	unsigned int class;

	sh_inflight_begin(caches->rcs);
	for (class = 1; class < SH_NR_CLASSES; class++) {
		drain_slot(caches, dead_cpu, class);
		cond_resched();
	}
	sh_bins_drain(caches, dead_cpu);
	sh_inflight_end(caches->rcs);
	sh_runcaches_drain(caches->rcs, dead_cpu);
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_cpu);

static void drain_work(struct work_struct *work)
{
	struct sh_drain *drain = container_of(work, struct sh_drain, empty.work);
	int request = sh_errand_begin(&drain->empty);

	sh_drain_cpu(drain->caches, -1);
	sh_errand_end(&drain->empty, request);
}

/**
 * sh_drains_init() - prepare for emptying the caches of a heap
 * @caches: the caches
 *
 * Return: what the other functions take, or NULL.
 */
struct sh_drain __percpu *sh_drains_init(struct sh_caches *caches)
{
	struct sh_drain __percpu *drains;
	int cpu;

	if (sh_fault(SH_FAULT_META))
		return NULL;
	drains = alloc_percpu(struct sh_drain);
	if (!drains)
		return NULL;
	for_each_possible_cpu(cpu) {
		struct sh_drain *drain = per_cpu_ptr(drains, cpu);

		sh_errand_init(&drain->empty, drain_work);
		sh_errand_init(&drain->check, sh_drain_check_work);
		drain->caches = caches;
	}
	return drains;
}
EXPORT_SYMBOL_IF_KUNIT(sh_drains_init);

static void say_what_lasts(struct sh_drain *drain, int cpu)
{
	pr_warn("heap %s: to destroy it, waiting for CPU %d, for %d s so far: some real-time thread lets no other run there\n",
		drain->caches->name, cpu, SH_SILENCE_S);
}

/* Wait for a CPU, however long it takes. */
static void wait_for_cpu(struct sh_drain *drain, int cpu)
{
	if (sh_errand_wait_for(&drain->empty, SH_SILENCE_S * HZ))
		return;
	say_what_lasts(drain, cpu);
	sh_errand_wait_for(&drain->empty, MAX_SCHEDULE_TIMEOUT);
}

static void recall_errand(struct sh_drain *drain, struct sh_errand *errand, int cpu)
{
	if (sh_errand_recall(errand, SH_SILENCE_S * HZ))
		return;
	say_what_lasts(drain, cpu);
	sh_errand_recall(errand, MAX_SCHEDULE_TIMEOUT);
}

/**
 * sh_drains_exit() - wait for what is under way and free it
 * @drains: from sh_drains_init(), or NULL; nobody starts any more
 */
void sh_drains_exit(struct sh_drain __percpu *drains)
{
	int cpu;

	if (!drains)
		return;
	for_each_possible_cpu(cpu) {
		struct sh_drain *drain = per_cpu_ptr(drains, cpu);

		recall_errand(drain, &drain->empty, cpu);
		recall_errand(drain, &drain->check, cpu);
	}
	free_percpu(drains);
}
EXPORT_SYMBOL_IF_KUNIT(sh_drains_exit);

static struct sh_caches *caches_of(struct sh_drain __percpu *drains)
{
	return raw_cpu_ptr(drains)->caches;
}

/**
 * sh_drain_near() - empty what can be emptied from here
 * @drains: from sh_drains_init()
 *
 * That is the caches of this CPU, and what waits for any. Nothing is waited for.
 *
 * Context: task, reclaim as well.
 */
void sh_drain_near(struct sh_drain __percpu *drains)
{
	struct sh_caches *caches = caches_of(drains);

	/* First: pages that become free thereby are in the caches of this CPU. */
	sh_drain_transfers(caches, false);
	sh_drain_cpu(caches, -1);
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_near);

/**
 * sh_drain_start() - have the caches of all CPUs emptied, soon
 * @drains: from sh_drains_init()
 *
 * What is near is emptied at once. A CPU whose caches are empty is left alone.
 *
 * Context: task, reclaim as well.
 */
void sh_drain_start(struct sh_drain __percpu *drains)
{
	struct sh_caches *caches = caches_of(drains);
	int cpu;

	sh_drain_near(drains);
	/* This CPU as well: it may be another than a moment ago. */
	for_each_online_cpu(cpu)
		if (sh_caches_hold_any(caches, cpu))
			sh_errand_send(&per_cpu_ptr(drains, cpu)->empty, cpu);
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_start);

/**
 * sh_drain_all() - empty the caches of all CPUs that answer soon
 * @drains: from sh_drains_init()
 *
 * Others do it later.
 *
 * Context: task, may sleep, for ANSWER_MS at most.
 * Return: whether all did.
 */
bool sh_drain_all(struct sh_drain __percpu *drains)
{
	unsigned long end = jiffies + msecs_to_jiffies(ANSWER_MS);
	bool all = true;
	int cpu;

	sh_drain_start(drains);
	for_each_possible_cpu(cpu)
		all &= sh_errand_wait(&per_cpu_ptr(drains, cpu)->empty, end);
	return all;
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_all);

/**
 * sh_drain_last() - empty the caches of all CPUs, however long it takes
 * @drains: from sh_drains_init(), of a heap that is being destroyed
 *
 * Context: task, may sleep.
 */
void sh_drain_last(struct sh_drain __percpu *drains)
{
	int cpu;

	sh_drain_start(drains);
	for_each_possible_cpu(cpu)
		wait_for_cpu(per_cpu_ptr(drains, cpu), cpu);
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_last);

/**
 * sh_drain_bytes() - how much emptying all caches may give back
 * @drains: from sh_drains_init()
 *
 * Context: any.
 * Return: bytes that there is room for in what CPUs hold and what waits for them,
 * and of runs.
 */
size_t sh_drain_bytes(struct sh_drain __percpu *drains)
{
	struct sh_caches *caches = caches_of(drains);
	size_t bytes = atomic_long_read(&caches->transfer_bytes);
	int cpu;

	for_each_possible_cpu(cpu) {
		struct sh_cache *cache = per_cpu_ptr(caches->cpu, cpu);
		struct sh_runcache *rc = per_cpu_ptr(caches->rcs->cpu, cpu);

		bytes += sh_peek(cache->capacity);
		bytes += (size_t)sh_peek(rc->pages) << SH_PAGE_SHIFT;
		bytes += sh_bins_bytes(caches, cpu);
	}
	return bytes;
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_bytes);

/**
 * sh_drain_holds() - whether emptying all caches may give anything back
 * @drains: from sh_drains_init()
 *
 * Context: any.
 * Return: whether a CPU holds something, or something waits for CPUs.
 */
bool sh_drain_holds(struct sh_drain __percpu *drains)
{
	struct sh_caches *caches = caches_of(drains);
	int cpu;

	if (atomic_long_read(&caches->transfer_bytes))
		return true;
	for_each_possible_cpu(cpu)
		if (sh_caches_hold_any(caches, cpu))
			return true;
	return false;
}

/*
 * Changes whenever a CPU allocates from its caches or frees to them. What an
 * allocation adds weighs more than what it takes out of a cache, and what goes
 * past a full slot more than what then leaves it.
 */
static unsigned long signature(struct sh_caches *caches, int cpu, bool *holds)
{
	struct sh_cache *cache = per_cpu_ptr(caches->cpu, cpu);
	struct sh_runcache *rc = per_cpu_ptr(caches->rcs->cpu, cpu);
	unsigned long calls = sh_peek(rc->hits) + sh_peek(rc->misses) +
			      sh_peek(cache->overflows);
	unsigned long held = sh_peek(rc->nr);
	unsigned int class;

	held += sh_bins_signature(caches, cpu, &calls);
	*holds = held;
	for (class = 1; class < SH_NR_CLASSES; class++) {
		struct sh_slot *slot = &cache->slot[class];

		*holds |= !!sh_peek(slot->base);
		calls -= sh_peek(slot->left);
		held += (unsigned long)sh_peek(slot->top);
	}
	return (calls << 16) + held;
}

/**
 * sh_drain_idle() - empty the caches of CPUs that have not used them lately, and
 * what waited for others all the time
 * @drains: from sh_drains_init()
 *
 * Of late is since the last call. Does not wait for it.
 *
 * Context: task.
 * Return: whether any CPU's caches hold something, or something may wait.
 */
bool sh_drain_idle(struct sh_drain __percpu *drains)
{
	struct sh_caches *caches = caches_of(drains);
	unsigned long now;
	bool any, holds;
	int cpu;

	sh_drain_transfers(caches, true);
	any = atomic_long_read(&caches->transfer_bytes);
	for_each_online_cpu(cpu) {
		struct sh_drain *drain = per_cpu_ptr(drains, cpu);

		now = signature(caches, cpu, &holds);
		if (holds && now == drain->signature)
			sh_errand_send(&drain->empty, cpu);
		drain->signature = now;
		any |= holds;
	}
	return any;
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_idle);
