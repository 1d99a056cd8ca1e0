// SPDX-License-Identifier: GPL-2.0
/*
 * What the heap checker asks about CPUs' caches and about what waits between
 * them, amid traffic as well.
 *
 * Only a CPU itself can look into its cache: elsewhere the array of a slot may be
 * freed from under who reads it. So an errand does it there, with the cache
 * entered, some entries at a time. A CPU that is offline has nothing in its cache;
 * one that does not answer is left out. What waits is looked at with its lock held,
 * again some entries at a time; others go by way of the spans meanwhile.
 *
 * Locks: that of transfer.c, with no other held.
 *
 * Contexts: task, may sleep.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "cache/bin.h"
#include "cache/drain.h"
#include "cache/percpu.h"
#include "span/pagemap.h"

/* Entries to look at before others get their turn. */
#define CHUNK	256

/* How long to wait for all CPUs together, seconds. */
#define ANSWER_S	2

/**
 * sh_entry_is_cached() - whether an entry is what one in a cache has to be
 * @entry: the entry
 * @class: its size class
 *
 * Context: whoever may take the entry is kept from it.
 * Return: whether it is a cached object of the class, and the state that object's.
 */
bool sh_entry_is_cached(const struct sh_entry *entry, unsigned int class)
{
	struct sh_span *span = sh_pagemap_get((unsigned long)entry->obj);
	size_t idx;

	if (!span || sh_span_class(span) != class)
		return false;
	idx = entry->state - span->obj;
	return idx < span->nelems &&
	       sh_obj_plain(READ_ONCE(*entry->state)) == SH_OBJ_CACHED &&
	       (unsigned long)entry->obj == sh_span_base(span) +
					    idx * sh_classes[class].size;
}

/* Whether @entries from @from on are, of @nr; up to a chunk of them. */
static bool are_cached(const struct sh_entry *entries, unsigned int from,
		       unsigned int nr, unsigned int class)
{
	unsigned int i;

	for (i = from; i < min(nr, from + CHUNK); i++)
		if (!sh_entry_is_cached(&entries[i], class))
			return false;
	return true;
}

/* All but the entries of an entered cache. Returns what is wrong. */
static const char *check_slots(const struct sh_cache *cache,
			       unsigned int max_bytes)
{
	unsigned int class, capacity = 0;

	for (class = 0; class < SH_NR_CLASSES; class++) {
		const struct sh_slot *slot = &cache->slot[class];

		if (slot->top < slot->base || slot->top > slot->end)
			return "the top of a slot is outside its array";
		if (!class && slot->end)
			return "slot 0 of a cache is in use";
		capacity += sh_slot_capacity(slot) * sh_classes[class].size;
	}
	if (capacity != cache->capacity)
		return "the capacity of a cache does not add up";
	if (capacity > max_bytes)
		return "the capacity of a cache is over its bound";
	return NULL;
}

/*
 * A chunk of a slot of this CPU. Each time after all that is not entries: where
 * the bounds of a slot are wrong, nothing is looked at behind them. Returns what
 * is wrong.
 */
static const char *check_chunk(struct sh_caches *caches, unsigned int class,
			       unsigned int from, bool *more)
{
	struct sh_cache *cache = sh_cache_get(caches);
	const char *wrong;
	unsigned int nr;

	*more = false;
	if (!cache)
		return NULL;
	wrong = check_slots(cache, READ_ONCE(caches->most_bytes));
	nr = sh_slot_count(&cache->slot[class]);
	if (!wrong && !are_cached(cache->slot[class].base, from, nr, class))
		wrong = "a cached entry is no free object of its class";
	*more = !wrong && nr > from + CHUNK;
	sh_cache_put(cache);
	return wrong;
}

static const char *check_this_cpu(struct sh_caches *caches)
{
	const char *wrong = NULL;
	unsigned int class, from;
	bool more;

	for (class = 1; class < SH_NR_CLASSES && !wrong; class++) {
		from = 0;
		do {
			wrong = check_chunk(caches, class, from, &more);
			from += CHUNK;
		} while (more);
	}
	return wrong ?: sh_bins_check_cpu(caches);
}

static const char *check_transfer(struct sh_transfer *transfer,
				  unsigned int class)
{
	const char *wrong = NULL;
	unsigned int nr, from;

	for (from = 0; !wrong; from += CHUNK) {
		sh_transfer_lock(transfer);
		nr = transfer->nr;
		if (nr > transfer->max)
			wrong = "more objects wait for a CPU than there is room for";
		else if (!are_cached(transfer->entry, from, nr, class))
			wrong = "what waits for a CPU is no free object of its class";
		sh_transfer_unlock(transfer);
		if (nr <= from + CHUNK)
			break;
	}
	return wrong;
}

/**
 * sh_drain_check_work() - look at the cache of the CPU this runs on
 * @work: the errand of a struct sh_drain
 */
void sh_drain_check_work(struct work_struct *work)
{
	struct sh_drain *drain = container_of(work, struct sh_drain, check.work);
	int request = sh_errand_begin(&drain->check);

	WRITE_ONCE(drain->wrong, check_this_cpu(drain->caches));
	sh_errand_end(&drain->check, request);
}

/* The caches of all CPUs but those that do not answer soon. */
static const char *check_cpus(struct sh_drain __percpu *drains,
			      struct cpumask *silent)
{
	unsigned long end = jiffies + ANSWER_S * HZ;
	const char *wrong = NULL;
	int cpu;

	/* On one that goes offline meanwhile the work looks at another's. */
	for_each_online_cpu(cpu)
		sh_errand_send(&per_cpu_ptr(drains, cpu)->check, cpu);
	for_each_online_cpu(cpu) {
		struct sh_drain *drain = per_cpu_ptr(drains, cpu);

		if (sh_errand_wait(&drain->check, end))
			wrong = wrong ?: READ_ONCE(drain->wrong);
		else if (silent)
			cpumask_set_cpu(cpu, silent);
	}
	return wrong;
}

/**
 * sh_drain_check() - verify the invariants of the slots, and what waits
 * @drains: from sh_drains_init(); the caches may be in use
 * @silent: set to the CPUs that did not answer and whose caches were not looked at,
 *	or NULL
 *
 * Context: task, may sleep.
 * Return: NULL, or what is wrong.
 */
const char *sh_drain_check(struct sh_drain __percpu *drains, struct cpumask *silent)
{
	struct sh_caches *caches = raw_cpu_ptr(drains)->caches;
	const char *wrong;
	unsigned int class;

	if (silent)
		cpumask_clear(silent);
	wrong = check_cpus(drains, silent);
	for (class = 1; class < SH_NR_CLASSES && !wrong; class++)
		wrong = check_transfer(&caches->transfer[class], class);
	return wrong;
}
EXPORT_SYMBOL_IF_KUNIT(sh_drain_check);
