// SPDX-License-Identifier: GPL-2.0
/*
 * Countdowns: after how many objects of a slot one is to be sampled for the heap
 * profile. The fast path only counts down; what it does not see, objects that
 * come from no slot, counts in bytes in slot 0.
 *
 * The countdown is the count of allocations as well: what was drawn less what is
 * left. So it takes the fast path one instruction for both.
 *
 * Invariant: for each slot, drawn less left is the number of objects allocated.
 *
 * Locks: none; only the CPU itself changes its countdowns, with its cache entered.
 *
 * Contexts: any but NMI, except where a function says otherwise.
 */
#include <linux/minmax.h>

#include "base/compat.h"
#include "base/sampling.h"
#include "cache/countdown.h"
#include "cache/percpu.h"

/*
 * Start a countdown anew without a change to how many objects were allocated,
 * which is the difference; sh_caches_stats() looks again when it sees one half
 * of it.
 */
static void set_left(struct sh_cache *cache, unsigned int class, long left)
{
	struct sh_slot *slot = &cache->slot[class];
	unsigned long flags = sh_cache_change(cache);

	WRITE_ONCE(cache->drawn[class], cache->drawn[class] + left - sh_slot_left(slot));
	WRITE_ONCE(slot->left, left);
	sh_cache_changed(cache, flags);
}

/* Count objects of a slot of this CPU's cache, entered: see below. */
static unsigned int count_down(struct sh_cache *cache, unsigned int class,
			       unsigned int nr)
{
	struct sh_slot *slot = &cache->slot[class];
	long left = sh_slot_left(slot);

	if (left < (long)nr) {
		set_left(cache, class, sh_sampling_draw(sh_classes[class].size));
		return left;
	}
	/* They are counted where they come from: not here. */
	cache->drawn[class] -= nr;
	WRITE_ONCE(slot->left, left - (long)nr);
	return nr;
}

/**
 * sh_caches_due_first() - count small objects that sh_cache_pop() did not give
 * @caches: the caches
 * @class: their size class
 * @nr: how many
 *
 * Context: any but NMI.
 * Return: the first of them that is to be sampled, @nr for none. Those after it
 * were not counted.
 */
unsigned int sh_caches_due_first(struct sh_caches *caches, unsigned int class,
				 unsigned int nr)
{
	struct sh_cache *cache;
	long first;

	/* Nothing is to be sampled; but a slot at its end would stay there. */
	if (!READ_ONCE(sh_profile_rate) &&
	    sh_peek(raw_cpu_ptr(caches->cpu)->slot[class].left) >= (long)nr)
		return nr;
	cache = sh_cache_get(caches);
	if (cache) {
		first = count_down(cache, class, nr);
		sh_cache_put(cache);
	} else {
		/*
		 * In an interrupt within this cache, and whatever the countdown
		 * says: it has no memory.
		 */
		first = sh_sampling_draw(sh_classes[class].size);
	}
	return READ_ONCE(sh_profile_rate) ? min_t(long, first, nr) : nr;
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_due_first);

/**
 * sh_caches_due_bytes() - count an object that comes from no slot
 * @caches: the caches
 * @size: its bytes
 *
 * Context: any but NMI.
 * Return: whether it is to be sampled.
 */
bool sh_caches_due_bytes(struct sh_caches *caches, size_t size)
{
	struct sh_cache *cache = sh_cache_get(caches);
	struct sh_slot *slot;
	long left;

	if (!cache)
		return sh_sampling_draw_bytes() < (long)size;
	slot = &cache->slot[0];
	left = sh_slot_left(slot);
	/* Slot 0 has no objects of which this would be a part. */
	WRITE_ONCE(slot->left, left < (long)size ?
		   sh_sampling_draw_bytes() : left - (long)size);
	sh_cache_put(cache);
	return left < (long)size;
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_due_bytes);

/**
 * sh_caches_redraw() - start all countdowns anew, since the rate has changed
 * @caches: the caches
 * @dead_cpu: a CPU that nobody uses the cache of, or -1 for the one this runs on
 *
 * Context: task.
 */
void sh_caches_redraw(struct sh_caches *caches, int dead_cpu)
{
	struct sh_cache *cache = sh_cache_get_on(caches, dead_cpu);
	unsigned int class;

	if (!cache)
		return;
	set_left(cache, 0, sh_sampling_draw_bytes());
	for (class = 1; class < SH_NR_CLASSES; class++)
		set_left(cache, class, sh_sampling_draw(sh_classes[class].size));
	sh_cache_put(cache);
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_redraw);
