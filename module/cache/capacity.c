// SPDX-License-Identifier: GPL-2.0
/*
 * How much each size class may hold of a CPU's cache, and how much of it may wait
 * for another CPU. A slot gets an array when it is first used and a larger one as
 * it runs empty, within a bound in bytes for the CPU; once that is reached, the
 * classes take turns in giving up half of what they have. All that waits in a
 * heap is within the same bound.
 *
 * Invariant: the capacity of a cache is the sum over its slots, in bytes, and at
 * most the bound, unless that was lowered since.
 *
 * Locks: none; slots change with the cache entered, as in cache.c.
 *
 * Contexts: any but NMI.
 */
#include <linux/kmemleak.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "cache/capacity.h"
#include "cache/percpu.h"
#include "pages/idle.h"
#include "pages/quota.h"

/* Batches of a class that may wait for another CPU, to begin with. */
#define TRANSFER_BATCHES	2

/* Most objects in a slot, and its most bytes as a share of the CPU's bound. */
#define SLOT_MAX_OBJECTS	2048
#define SLOT_MAX_SHARE		4

/* Most objects a slot may come to hold. */
static unsigned int slot_limit(const struct sh_caches *caches,
			       unsigned int class)
{
	unsigned int nr = READ_ONCE(caches->max_bytes) / SLOT_MAX_SHARE /
			  sh_classes[class].size;

	return min_t(unsigned int, nr, SLOT_MAX_OBJECTS);
}

/* The capacity a slot should grow to from @now. */
static unsigned int next_capacity(const struct sh_caches *caches,
				  unsigned int class, unsigned int now)
{
	unsigned int nr = now ? 2 * now : 2 * sh_classes[class].batch;

	return min(nr, slot_limit(caches, class));
}

/*
 * Halve the capacity of the next slot but @class that has any. What it holds
 * beyond that is moved to @out. Returns the victim's class, 0 for none; @nr is
 * set to the number of objects in @out, of which there is room for
 * SH_BATCH_MAX: a slot that holds more has to wait until it holds less.
 */
static unsigned int shrink_one(struct sh_cache *cache, unsigned int class,
			       struct sh_entry *out, unsigned int *nr)
{
	unsigned int i, keep, count;
	struct sh_slot *slot;

	*nr = 0;
	for (i = 1; i < SH_NR_CLASSES; i++) {
		cache->victim = cache->victim % (SH_NR_CLASSES - 1) + 1;
		slot = &cache->slot[cache->victim];
		if (cache->victim == class || !sh_slot_capacity(slot))
			continue;
		count = sh_slot_count(slot);
		keep = max(sh_slot_capacity(slot) / 2,
			   count - min_t(unsigned int, count, SH_BATCH_MAX));
		if (count > keep) {
			*nr = count - keep;
			sh_entries_copy(out, slot->base + keep, *nr);
			slot->top -= *nr;
		}
		cache->capacity -= (sh_slot_capacity(slot) - keep) *
				   sh_classes[cache->victim].size;
		slot->end = slot->base + keep;
		return cache->victim;
	}
	return 0;
}

/* Make room in the CPU's bound by taking from another class. */
static void steal_capacity(struct sh_caches *caches, unsigned int class)
{
	struct sh_entry out[SH_BATCH_MAX];
	unsigned int victim, nr;
	struct sh_cache *cache;

	cache = sh_cache_get(caches);
	if (!cache)
		return;
	victim = shrink_one(cache, class, out, &nr);
	sh_cache_put(cache);
	if (nr)
		sh_central_free(&caches->central[victim], caches->rcs, out, nr);
}

/*
 * Give a slot of this CPU @nr entries, in @array. Returns the array that is not
 * needed any more, which may be @array itself.
 */
static struct sh_entry *install_array(struct sh_caches *caches, struct sh_cache *cache,
				      unsigned int class, struct sh_entry *array,
				      unsigned int nr)
{
	unsigned int size = sh_classes[class].size;
	struct sh_slot *slot = &cache->slot[class];
	unsigned int now = sh_slot_capacity(slot), count = sh_slot_count(slot);
	struct sh_entry *old = slot->base;

	if (nr <= now || cache->capacity + (nr - now) * size >
			 READ_ONCE(caches->max_bytes))
		return array;
	if (count)
		memcpy(array, old, count * sizeof(*array));
	sh_slot_set_array(cache, slot, array, count, nr);
	cache->capacity += (nr - now) * size;
	return old;
}

/* Room for @nr entries, which counts as what the caches take. */
static struct sh_entry *new_array(struct sh_caches *caches, unsigned int nr)
{
	struct sh_entry *array;

	if (!sh_pageheap_within_limit(caches->rcs->ph, NULL, 1) ||
	    sh_fault(SH_FAULT_META))
		return NULL;
	array = kmalloc_array(nr, sizeof(*array), SH_GFP_FREE);
	if (!array)
		return NULL;
	/* What was taken stays in it, and would look as if it was pointed to. */
	kmemleak_no_scan(array);
	atomic_long_add(ksize(array), &caches->meta->caches);
	sh_pageheap_note_idle(caches->rcs->ph);
	return array;
}

/**
 * sh_caches_free_array() - free the entries of a slot, or of what waits
 * @caches: the caches
 * @array: the entries, in use no more; may be NULL
 *
 * Context: any but NMI.
 */
void sh_caches_free_array(struct sh_caches *caches, struct sh_entry *array)
{
	if (array)
		atomic_long_sub(ksize(array), &caches->meta->caches);
	kfree(array);
}

/**
 * sh_slot_grow() - let a slot of this CPU hold more
 * @caches: the caches
 * @class: the slot's size class
 *
 * If the bound allows; else take from another class, so that the next time it
 * does. Called where a slot was found too small; what it finds on this CPU may be
 * another CPU's by then, which does no harm.
 *
 * Context: any but NMI.
 */
void sh_slot_grow(struct sh_caches *caches, unsigned int class)
{
	unsigned int size = sh_classes[class].size;
	struct sh_cache *cache = raw_cpu_ptr(caches->cpu);
	/* A guess, since nothing keeps this CPU or its interrupts out. */
	unsigned int now = data_race(sh_slot_capacity(&cache->slot[class]));
	unsigned int nr = next_capacity(caches, class, now);
	struct sh_entry *array;

	if (nr <= now || sh_fault_on(SH_FAULT_ALLOC))
		return;
	if (sh_peek(cache->capacity) + (nr - now) * size >
	    READ_ONCE(caches->max_bytes)) {
		steal_capacity(caches, class);
		return;
	}
	array = new_array(caches, nr);
	if (!array)
		return;
	cache = sh_cache_get(caches);
	if (cache) {
		array = install_array(caches, cache, class, array, nr);
		sh_cache_put(cache);
	}
	sh_caches_free_array(caches, array);
}

/**
 * sh_transfer_grow() - let more objects of a class wait for another CPU
 * @caches: the caches
 * @class: the size class
 *
 * If those that waited so far were taken, and the bound allows it.
 *
 * Context: any but NMI.
 */
void sh_transfer_grow(struct sh_caches *caches, unsigned int class)
{
	struct sh_transfer *transfer = &caches->transfer[class];
	unsigned int now = READ_ONCE(transfer->max);
	unsigned int nr = min(now ? 2 * now :
			      TRANSFER_BATCHES * sh_transfer_batch(class),
			      slot_limit(caches, class));
	struct sh_entry *array = NULL, *old;
	long bytes;

	if (nr <= now || sh_fault_on(SH_FAULT_ALLOC))
		return;
	/* Before or after somebody takes some: there is a next time. */
	if (now && !data_race(transfer->taken))
		return;
	bytes = (long)(nr - now) * sh_classes[class].size;
	if (atomic_long_add_return(bytes, &caches->transfer_bytes) <=
	    READ_ONCE(caches->max_bytes))
		array = new_array(caches, nr);
	old = array ? sh_transfer_enlarge(transfer, array, now, nr) : NULL;
	if (old == array)
		atomic_long_sub(bytes, &caches->transfer_bytes);
	sh_caches_free_array(caches, old);
}
