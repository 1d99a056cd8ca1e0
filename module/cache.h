/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Per-CPU caches of free objects. See cache.c.
 */
#ifndef SPANHEAP_CACHE_H
#define SPANHEAP_CACHE_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "central.h"
#include "pageheap.h"
#include "span.h"

/* Most objects moved at a time; sh_class.batch is no larger. */
#define SH_BATCH_MAX		32

/**
 * struct sh_slot - the cached objects of one size class, a stack
 * @top: one past the object that comes next
 * @base: the array
 * @end: one past the last object there may be
 * @allocs: objects allocated from this slot
 */
struct sh_slot {
	struct sh_entry *top;
	struct sh_entry *base;
	struct sh_entry *end;
	unsigned long allocs;
};

/**
 * struct sh_cache - the objects cached on one CPU for one heap
 * @busy: set while this CPU is inside; an interrupt that finds it set goes to
 *	the central lists
 * @capacity: bytes of objects that all slots may hold
 * @victim: slot that gives up capacity next
 * @misses: times a slot was empty
 * @overflows: times a slot was full
 * @slot: by size class; slot 0 is always empty
 */
struct sh_cache {
	unsigned int busy;
	unsigned int capacity;
	unsigned int victim;
	unsigned long misses;
	unsigned long overflows;
	struct sh_slot slot[SH_NR_CLASSES];
};

/**
 * struct sh_caches - the caches of a heap and what is below them
 * @cpu: a cache for each CPU
 * @central: the central lists, by size class
 * @ph: the page heap
 * @max_bytes: most bytes of objects a CPU may hold
 * @meta_bytes: bytes of caches and arrays
 */
struct sh_caches {
	struct sh_cache __percpu *cpu;
	struct sh_central *central;
	struct sh_pageheap *ph;
	unsigned int max_bytes;
	atomic_long_t meta_bytes;
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
		   struct sh_pageheap *ph, unsigned int max_bytes);
void sh_caches_exit(struct sh_caches *caches);
void *sh_caches_refill(struct sh_caches *caches, unsigned int class, gfp_t gfp,
		       int node);
unsigned int sh_caches_alloc_bulk(struct sh_caches *caches, unsigned int class,
				  gfp_t gfp, int node, unsigned int nr,
				  void **objs);
void sh_caches_flush(struct sh_caches *caches, unsigned int class,
		     struct sh_entry entry);
void sh_caches_stats(struct sh_caches *caches, int cpu, unsigned int class,
		     struct sh_slot_stats *stats);
const char *sh_caches_check(struct sh_caches *caches);

/**
 * sh_cache_enter() - start using this CPU's cache
 * @cpu: the caches
 *
 * Context: any but NMI, preemption off until sh_cache_leave().
 * Return: the cache, or NULL when this context interrupted a user of it.
 */
static __always_inline struct sh_cache *
sh_cache_enter(struct sh_cache __percpu *cpu)
{
	struct sh_cache *cache = this_cpu_ptr(cpu);

	if (unlikely(READ_ONCE(cache->busy)))
		return NULL;
	WRITE_ONCE(cache->busy, 1);
	barrier();
	return cache;
}

static __always_inline void sh_cache_leave(struct sh_cache *cache)
{
	barrier();
	WRITE_ONCE(cache->busy, 0);
}

/**
 * sh_cache_pop() - allocate an object from this CPU's cache
 * @cpu: the caches
 * @class: its size class
 *
 * Context: any but NMI.
 * Return: a live object, or NULL when there is none in this cache.
 */
static __always_inline void *sh_cache_pop(struct sh_cache __percpu *cpu,
					  unsigned int class)
{
	struct sh_cache *cache;
	struct sh_slot *slot;
	void *obj = NULL;

	preempt_disable();
	cache = sh_cache_enter(cpu);
	if (likely(cache)) {
		slot = &cache->slot[class];
		if (likely(slot->top != slot->base)) {
			struct sh_entry *entry = --slot->top;

			slot->allocs++;
			obj = entry->obj;
			WRITE_ONCE(*entry->state, SH_OBJ_LIVE);
		}
		sh_cache_leave(cache);
	}
	preempt_enable();
	return obj;
}

/**
 * sh_cache_push() - put an object into this CPU's cache
 * @cpu: the caches
 * @class: its size class
 * @obj: the object
 * @state: its state in the span, SH_OBJ_CACHED
 *
 * Context: any but NMI, preemption off.
 * Return: false when there is no room.
 */
static __always_inline bool sh_cache_push(struct sh_cache __percpu *cpu,
					  unsigned int class, const void *obj,
					  u8 *state)
{
	struct sh_cache *cache = sh_cache_enter(cpu);
	struct sh_slot *slot;
	bool room;

	if (unlikely(!cache))
		return false;
	slot = &cache->slot[class];
	room = slot->top != slot->end;
	if (likely(room)) {
		slot->top->obj = (void *)obj;
		slot->top->state = state;
		slot->top++;
	}
	sh_cache_leave(cache);
	return room;
}

#endif /* SPANHEAP_CACHE_H */
