/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The free objects that each CPU has, and how it gets at them: what all files here
 * work on, and the fast paths. See cache.c.
 */
#ifndef SPANHEAP_PERCPU_H
#define SPANHEAP_PERCPU_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>

#include "base/busy.h"
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
 * @busy: set while this CPU is inside, see base/busy.h; an interrupt that finds it
 *	so goes to the central lists
 * @capacity: bytes of objects that all slots may hold
 * @victim: slot that gives up capacity next
 * @misses: times a slot was empty
 * @overflows: times a slot was full
 * @changes: of @drawn and @left of a slot together, or of its array and @top
 * @slot: by size class; slot 0 is always empty
 * @drawn: by size class, objects allocated and objects left to allocate
 */
struct sh_cache {
	unsigned long busy;
	unsigned int capacity;
	unsigned int victim;
	unsigned long misses;
	unsigned long overflows;
	seqcount_t changes;
	struct sh_slot slot[SH_NR_CLASSES];
	unsigned long drawn[SH_NR_CLASSES];
};

/**
 * struct sh_caches - the caches of a heap and what is below them
 * @cpu: a cache for each CPU
 * @central: the central lists, by size class
 * @rcs: the run caches
 * @name: the heap's, for events and messages
 * @meta: where to count caches and arrays
 * @max_bytes: most bytes of objects a CPU may hold
 * @most_bytes: the same when that was most: it may be lowered before CPUs hold less
 * @transfer_bytes: most bytes of objects that may wait for other CPUs, in what
 *	there is room for; at most @max_bytes
 * @transfer: objects that wait for another CPU, by size class
 * @stolen: objects that somebody takes back to their spans, by size class: in no
 *	cache any more, and not free yet
 * @bins_lock: for who adds to @bins
 * @bins: of a managed heap, which has all its objects in these; see bin.c
 */
struct sh_caches {
	struct sh_cache __percpu *cpu;
	struct sh_central *central;
	struct sh_runcaches *rcs;
	const char *name;
	struct sh_meta *meta;
	unsigned int max_bytes;
	unsigned int most_bytes;
	atomic_long_t transfer_bytes;
	struct sh_transfer transfer[SH_NR_CLASSES];
	atomic_long_t stolen[SH_NR_CLASSES];
	spinlock_t bins_lock;	/* see above */
	struct list_head bins;
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

bool sh_bins_hold_any(struct sh_caches *caches, int cpu);

/* Whether a CPU has runs, objects or room for some, as seen from afar. */
static inline bool sh_caches_hold_any(struct sh_caches *caches, int cpu)
{
	return sh_peek(per_cpu_ptr(caches->cpu, cpu)->capacity) ||
	       sh_peek(per_cpu_ptr(caches->rcs->cpu, cpu)->nr) ||
	       sh_bins_hold_any(caches, cpu);
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
	return sh_busy_enter(&cache->busy);
}

static __always_inline void sh_cache_leave(struct sh_cache *cache)
{
	sh_busy_leave(&cache->busy);
}

/**
 * sh_cache_get_on() - turn preemption off and enter a cache
 * @caches: the caches
 * @dead_cpu: a CPU that nobody uses the cache of, or -1 for this one
 *
 * Context: any but NMI.
 * Return: the cache, for sh_cache_put(); NULL, with preemption as it was, when this
 * context interrupted a user of it.
 */
static inline struct sh_cache *sh_cache_get_on(struct sh_caches *caches,
					       int dead_cpu)
{
	struct sh_cache *cache;

	preempt_disable();
	cache = dead_cpu >= 0 ? per_cpu_ptr(caches->cpu, dead_cpu) :
				this_cpu_ptr(caches->cpu);
	if (likely(sh_cache_enter(cache)))
		return cache;
	preempt_enable();
	return NULL;
}

/* The same of this CPU's. */
static inline struct sh_cache *sh_cache_get(struct sh_caches *caches)
{
	return sh_cache_get_on(caches, -1);
}

/**
 * sh_cache_put() - leave a cache and turn preemption on
 * @cache: as sh_cache_get() returned it
 */
static inline void sh_cache_put(struct sh_cache *cache)
{
	sh_cache_leave(cache);
	preempt_enable();
}

/**
 * sh_stolen_add() - be about to take objects out of where they are counted as cached
 * @caches: the caches
 * @class: their size class
 * @nr: how many
 *
 * From here to sh_stolen_sub() sh_stats_class() may see them twice, but never as live.
 */
static inline void sh_stolen_add(struct sh_caches *caches, unsigned int class,
				 unsigned int nr)
{
	atomic_long_add(nr, &caches->stolen[class]);
	/* Before they are gone from there: sh_stats_class() looks in this order. */
	smp_mb__after_atomic();
}

/**
 * sh_stolen_sub() - have given objects back to their spans
 * @caches: the caches
 * @class: their size class
 * @nr: how many
 */
static inline void sh_stolen_sub(struct sh_caches *caches, unsigned int class,
				 unsigned int nr)
{
	smp_mb__before_atomic();	/* as sh_stats_class() reads */
	atomic_long_sub(nr, &caches->stolen[class]);
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
	write_seqcount_begin(&cache->changes);
	return flags;
}

/**
 * sh_cache_changed() - end a change
 * @cache: the cache
 * @flags: what sh_cache_change() returned
 */
static inline void sh_cache_changed(struct sh_cache *cache, unsigned long flags)
{
	write_seqcount_end(&cache->changes);
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

#endif /* SPANHEAP_PERCPU_H */
