/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Per-CPU caches of free objects. See cache.c.
 */
#ifndef SPANHEAP_CACHE_H
#define SPANHEAP_CACHE_H

#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <asm/barrier.h>

#include "cache/central.h"
#include "cache/transfer.h"
#include "pages/runcache.h"
#include "span/span.h"
#include "watch/shadow.h"

/*
 * Most objects moved between a CPU's cache and the spans at a time: a KiB of
 * entries, on the stack.
 */
#define SH_BATCH_MAX		64

/*
 * Objects moved between a CPU's cache and what waits for another CPU at a time:
 * as many bytes as a batch of large ones has, but not more than this, and no less
 * than a batch.
 */
#define SH_TRANSFER_MAX		128
#define SH_TRANSFER_BYTES	65536

/**
 * struct sh_slot - the cached objects of one size class, a stack
 * @top: one past the object that comes next
 * @base: the array
 * @end: one past the last object there may be
 * @left: objects to allocate before one is to be sampled, less than 0 when one
 *	was asked for meanwhile; of slot 0, bytes of objects that come from no slot
 */
struct sh_slot {
	struct sh_entry *top;
	struct sh_entry *base;
	struct sh_entry *end;
	long left;
} __aligned(SH_CLASS_BYTES);

/**
 * struct sh_cache - the objects cached on one CPU for one heap
 * @busy: 1 while this CPU is inside; an interrupt that finds it so goes to the
 *	central lists
 * @capacity: bytes of objects that all slots may hold
 * @victim: slot that gives up capacity next
 * @misses: times a slot was empty
 * @overflows: times a slot was full
 * @changes: times @drawn and @left of a slot changed together, or its array and
 *	@top, twice
 * @slot: by size class; slot 0 is always empty
 * @drawn: by size class, objects allocated and objects left to allocate
 */
struct sh_cache {
	unsigned long busy;
	unsigned int capacity;
	unsigned int victim;
	unsigned long misses;
	unsigned long overflows;
	unsigned int changes;
	struct sh_slot slot[SH_NR_CLASSES];
	unsigned long drawn[SH_NR_CLASSES];
};

/**
 * struct sh_caches - the caches of a heap and what is below them
 * @cpu: a cache for each CPU
 * @central: the central lists, by size class
 * @rcs: the run caches
 * @max_bytes: most bytes of objects a CPU may hold
 * @most_bytes: the same when that was most: it may be lowered before CPUs hold less
 * @transfer_bytes: most bytes of objects that may wait for other CPUs, in what
 *	there is room for; at most @max_bytes
 * @meta_bytes: bytes of caches and arrays
 * @transfer: objects that wait for another CPU, by size class
 * @stolen: objects that were taken from a CPU and are not back yet, by size class
 */
struct sh_caches {
	struct sh_cache __percpu *cpu;
	struct sh_central *central;
	struct sh_runcaches *rcs;
	unsigned int max_bytes;
	unsigned int most_bytes;
	atomic_long_t transfer_bytes;
	atomic_long_t meta_bytes;
	struct sh_transfer transfer[SH_NR_CLASSES];
	atomic_long_t stolen[SH_NR_CLASSES];
};

/**
 * struct sh_slot_stats - figures of slots
 * @objects: free objects in them
 * @allocs: objects ever allocated from them
 */
struct sh_slot_stats {
	unsigned long objects;
	unsigned long allocs;
};

int sh_caches_init(struct sh_caches *caches, struct sh_central *central,
		   struct sh_runcaches *rcs, unsigned int max_bytes);
void sh_caches_exit(struct sh_caches *caches);
void *sh_caches_refill(struct sh_caches *caches, unsigned int class, gfp_t gfp,
		       int node);
bool sh_caches_hit_bulk(struct sh_caches *caches, unsigned int class,
			unsigned int nr, void **objs);
unsigned int sh_caches_alloc_bulk(struct sh_caches *caches, unsigned int class,
				  gfp_t gfp, int node, unsigned int nr,
				  void **objs);
void sh_caches_flush(struct sh_caches *caches, unsigned int class,
		     struct sh_entry entry);
void sh_caches_put(struct sh_caches *caches, unsigned int class,
		   struct sh_entry entry);
void sh_caches_stats(struct sh_caches *caches, int cpu, unsigned int class,
		     struct sh_slot_stats *stats);
unsigned int sh_caches_due_first(struct sh_caches *caches, unsigned int class,
				 unsigned int nr);
bool sh_caches_due_bytes(struct sh_caches *caches, size_t size);
void *sh_caches_pop(struct sh_caches *caches, unsigned int class);
void sh_caches_redraw(struct sh_caches *caches, int dead_cpu);

/* capacity.c, for cache.c and drain.c */
void sh_slot_grow(struct sh_caches *caches, unsigned int class);
void sh_transfer_grow(struct sh_caches *caches, unsigned int class);
void sh_caches_free_array(struct sh_caches *caches, struct sh_entry *array);

/* Whether a CPU has runs, objects or room for some, as seen from afar. */
static inline bool sh_caches_hold_any(struct sh_caches *caches, int cpu)
{
	return sh_peek(per_cpu_ptr(caches->cpu, cpu)->capacity) ||
	       sh_peek(per_cpu_ptr(caches->rcs->cpu, cpu)->nr);
}

/* Whether an object that sh_cache_pop() did not give is to be sampled. */
static inline bool sh_caches_due(struct sh_caches *caches, unsigned int class)
{
	return !sh_caches_due_first(caches, class, 1);
}

/**
 * sh_cache_enter() - start using this CPU's cache
 * @cache: the cache
 *
 * Context: any but NMI, preemption off until sh_cache_leave().
 * Return: false when this context interrupted a user of the cache.
 */
static __always_inline bool sh_cache_enter(struct sh_cache *cache)
{
	/*
	 * Interrupts that come in between leave it as it was. A look and a store
	 * take less time than an instruction that does both.
	 */
	if (unlikely(data_race(cache->busy)))
		return false;
	WRITE_ONCE(cache->busy, 1);
	barrier();
	return true;
}

static __always_inline void sh_cache_leave(struct sh_cache *cache)
{
	barrier();
	/* Interrupts still see it set or no more. */
	data_race(cache->busy = 0);
}

/**
 * sh_cache_change() - start to change what sh_caches_stats() must see all of
 * @cache: this CPU's cache, entered, or that of a dead CPU
 *
 * Interrupts are off until sh_cache_changed(), or one could wait for a change that
 * it interrupted.
 *
 * Return: the flags.
 */
static inline unsigned long sh_cache_change(struct sh_cache *cache)
{
	unsigned long flags;

	local_irq_save(flags);
	WRITE_ONCE(cache->changes, cache->changes + 1);
	smp_wmb();	/* odd before the change */
	return flags;
}

/**
 * sh_cache_changed() - end a change
 * @cache: the cache
 * @flags: what sh_cache_change() returned
 */
static inline void sh_cache_changed(struct sh_cache *cache, unsigned long flags)
{
	smp_wmb();	/* the change before even */
	WRITE_ONCE(cache->changes, cache->changes + 1);
	local_irq_restore(flags);
}

/**
 * sh_slot_set_array() - give a slot another array
 * @cache: this CPU's cache, entered, or that of a dead CPU
 * @slot: one of its slots
 * @array: the array, with the slot's objects at its front; NULL for none
 * @count: how many these are
 * @nr: entries in the array
 */
static inline void sh_slot_set_array(struct sh_cache *cache,
				     struct sh_slot *slot,
				     struct sh_entry *array,
				     unsigned int count, unsigned int nr)
{
	unsigned long flags = sh_cache_change(cache);

	WRITE_ONCE(slot->base, array);
	WRITE_ONCE(slot->top, array + count);
	slot->end = array + nr;
	sh_cache_changed(cache, flags);
}

/* Objects a slot may hold. */
static inline unsigned int sh_slot_capacity(const struct sh_slot *slot)
{
	return slot->end - slot->base;
}

/* Objects in it. */
static inline unsigned int sh_slot_count(const struct sh_slot *slot)
{
	return slot->top - slot->base;
}

/* Objects of a class to leave for another CPU, or to take, at a time. */
static inline unsigned int sh_transfer_batch(unsigned int class)
{
	unsigned int nr = SH_TRANSFER_BYTES / sh_classes[class].size;

	return clamp_t(unsigned int, nr, sh_classes[class].batch, SH_TRANSFER_MAX);
}

/* The countdown of a slot, in which attempts at its end do not count. */
static inline long sh_slot_left(const struct sh_slot *slot)
{
	long left = sh_peek(slot->left);

	return max(left, 0L);
}

/* The slot of the class that an offset means. */
static __always_inline struct sh_slot *sh_slot_at(struct sh_cache *cache,
						  unsigned long offset)
{
	BUILD_BUG_ON(sizeof(struct sh_slot) != SH_CLASS_BYTES);
	return (void *)cache->slot + offset;
}

/**
 * sh_cache_pop() - allocate an object from this CPU's cache
 * @cache: the cache
 * @class: its size class, as an offset
 * @obj: set to a live object
 *
 * Context: any but NMI, preemption off.
 * Return: false when there is none in this cache.
 */
static __always_inline bool sh_cache_pop(struct sh_cache *cache,
					 unsigned long class, void **obj)
{
	struct sh_slot *slot = sh_slot_at(cache, class);
	struct sh_entry *entry;

	if (!sh_cache_enter(cache))
		return false;
	entry = slot->top;
	if (unlikely(entry == slot->base)) {
		sh_cache_leave(cache);
		return false;
	}
	/* The next one is to be sampled, which takes longer. */
	if (unlikely(--slot->left < 0)) {
		sh_cache_leave(cache);
		return false;
	}
	slot->top = --entry;
	*obj = entry->obj;
	WRITE_ONCE(*entry->state, SH_OBJ_LIVE);
	sh_cache_leave(cache);
	sh_shadow_open(*obj, sh_class_at(class)->size);
	return true;
}

/**
 * sh_cache_push() - put an object into this CPU's cache
 * @cache: the cache
 * @class: its size class, as an offset
 * @obj: the object
 * @state: its state in the span, SH_OBJ_CACHED
 *
 * Context: any but NMI, preemption off.
 * Return: false when there is no room.
 */
static __always_inline bool sh_cache_push(struct sh_cache *cache,
					  unsigned long class, const void *obj,
					  u8 *state)
{
	struct sh_slot *slot = sh_slot_at(cache, class);
	struct sh_entry *entry;

	sh_shadow_freed(obj, sh_class_at(class)->size);
	if (!sh_cache_enter(cache))
		return false;
	entry = slot->top;
	if (unlikely(entry == slot->end)) {
		sh_cache_leave(cache);
		return false;
	}
	entry->obj = (void *)obj;
	entry->state = state;
	slot->top = entry + 1;
	sh_cache_leave(cache);
	return true;
}

#endif /* SPANHEAP_CACHE_H */
