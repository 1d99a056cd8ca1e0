// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches: where nearly every allocation and free ends. A stack of free
 * objects for each size class; capacity.c says how many each may hold.
 *
 * Only the CPU itself touches its cache, with preemption off. An interrupt can
 * still arrive inside, so a busy mark is set around every use; who finds it set
 * goes to the central list instead. No lock is taken and interrupts stay on. On
 * PREEMPT_RT the same holds: nothing inside sleeps, and the central lists, whose
 * locks do sleep there, are called outside.
 *
 * Objects in a slot, and in a batch on its way, are SH_OBJ_CACHED. Objects freed
 * here came from any CPU. When a slot is full a batch goes back to the spans, or
 * waits for the CPU that wants it, see transfer.c.
 *
 * Invariants: base <= top <= end for each slot; capacity is the sum of
 * (end - base) * size; entries are cached objects of the slot's class; drawn less
 * left is what was allocated from a slot.
 *
 * Locks: none of its own; that of transfer.c with the cache entered.
 *
 * Contexts: refill that of its gfp; the rest any but NMI.
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "base/sampling.h"
#include "cache/bin.h"
#include "cache/cache.h"
#include "cache/capacity.h"
#include "cache/countdown.h"
#include "span/pagemap.h"
#include "watch/shadow.h"
#include "watch/trace.h"

/**
 * sh_caches_init() - set up the caches of a heap, all empty
 * @caches: the caches
 * @central: the central lists below them
 * @rcs: the run caches below these
 * @max_bytes: most bytes of objects a CPU may hold, 0 to cache nothing
 *
 * Context: task, may sleep.
 * Return: 0 or -ENOMEM.
 */
int sh_caches_init(struct sh_caches *caches, struct sh_central *central,
		   struct sh_runcaches *rcs, unsigned int max_bytes)
{
	unsigned int class;
	int cpu;

	for (class = 0; class < SH_NR_CLASSES; class++)
		sh_transfer_init(&caches->transfer[class]);
	spin_lock_init(&caches->bins_lock);
	INIT_LIST_HEAD(&caches->bins);
	caches->central = central;
	caches->rcs = rcs;
	caches->name = rcs->ph->name;
	caches->meta = rcs->ph->meta;
	caches->max_bytes = max_bytes;
	caches->most_bytes = max_bytes;
	caches->cpu = sh_fault(SH_FAULT_META) ? NULL :
		      alloc_percpu(struct sh_cache);
	if (!caches->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		seqcount_init(&per_cpu_ptr(caches->cpu, cpu)->changes);
		sh_caches_redraw(caches, cpu);
	}
	atomic_long_add((sizeof(struct sh_cache) + sizeof(struct sh_runcache)) *
			num_possible_cpus(), &caches->meta->caches);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_init);

/**
 * sh_caches_exit() - free the caches; the objects in them go with the spans
 * @caches: the caches; nobody uses them any more
 */
void sh_caches_exit(struct sh_caches *caches)
{
	unsigned int class;
	int cpu;

	if (!caches->cpu)
		return;
	sh_bins_exit(caches);
	for_each_possible_cpu(cpu)
		for (class = 1; class < SH_NR_CLASSES; class++)
			kfree(per_cpu_ptr(caches->cpu, cpu)->slot[class].base);
	for (class = 1; class < SH_NR_CLASSES; class++)
		sh_transfer_exit(&caches->transfer[class]);
	free_percpu(caches->cpu);
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_exit);

/*
 * Objects to move to or from a slot at a time. No more than half of what it may
 * hold: full, or empty but for one, it would take as few calls of the other kind
 * until it is the other way round and objects have to be moved back.
 */
static unsigned int slot_batch(const struct sh_slot *slot)
{
	return clamp_t(unsigned int, sh_slot_capacity(slot) / 2, 1, SH_BATCH_MAX);
}

/*
 * Put as many entries as fit into this CPU's slot, and count what its user got
 * past it. Returns how many did.
 */
static unsigned int stash(struct sh_caches *caches, unsigned int class,
			  const struct sh_entry *entries, unsigned int nr,
			  unsigned int allocated)
{
	struct sh_cache *cache = sh_cache_get(caches);
	struct sh_slot *slot;

	if (!cache) {
		sh_central_count_direct(&caches->central[class], allocated);
		return 0;
	}
	slot = &cache->slot[class];
	cache->drawn[class] += allocated;
	cache->misses++;
	nr = min_t(unsigned int, nr, slot->end - slot->top);
	sh_entries_copy(slot->top, entries, nr);
	slot->top += nr;
	sh_cache_put(cache);
	return nr;
}

/* The same from and to what waits for another CPU. */
static unsigned int slot_transfer_batch(const struct sh_slot *slot,
					unsigned int class)
{
	return min(sh_slot_capacity(slot) / 2, sh_transfer_batch(class));
}

/* Fill this CPU's slot with what waits for it. Returns one of these objects. */
static void *refill_from_transfer(struct sh_caches *caches, unsigned int class)
{
	struct sh_transfer *transfer = &caches->transfer[class];
	struct sh_cache *cache;
	struct sh_slot *slot;
	unsigned int nr, room;
	void *obj = NULL;

	sh_transfer_note(transfer);
	if (!READ_ONCE(transfer->nr))
		return NULL;
	cache = sh_cache_get(caches);
	if (!cache)
		return NULL;
	slot = &cache->slot[class];
	room = slot->end - slot->top;
	nr = sh_transfer_get(transfer, slot->top,
			     min(room, slot_transfer_batch(slot, class)));
	slot->top += nr;
	if (nr) {
		obj = (--slot->top)->obj;
		WRITE_ONCE(*slot->top->state, SH_OBJ_LIVE);
		cache->drawn[class]++;
		cache->misses++;
	}
	sh_cache_put(cache);
	if (!obj)
		return NULL;
	sh_trace(refill, caches->name, sh_classes[class].size, nr);
	sh_shadow_open(obj, sh_classes[class].size);
	return obj;
}

/**
 * sh_caches_refill() - allocate an object past an empty slot, and fill it
 * @caches: the caches
 * @class: the object's size class
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 *
 * Context: that of @gfp.
 * Return: a live object or NULL.
 */
void *sh_caches_refill(struct sh_caches *caches, unsigned int class, gfp_t gfp,
		       int node)
{
	struct sh_central *central = &caches->central[class];
	struct sh_entry batch[SH_BATCH_MAX];
	unsigned int nr, got, kept;
	void *obj;

	sh_slot_grow(caches, class);
	obj = refill_from_transfer(caches, class);
	if (obj)
		return obj;
	/* Another CPU's, maybe: then some more or less do no harm. */
	nr = data_race(slot_batch(&raw_cpu_ptr(caches->cpu)->slot[class]));
	got = sh_central_alloc(central, caches->rcs, caches->cpu, batch, nr, gfp,
			       node);
	if (!got)
		return NULL;
	sh_trace(refill, caches->name, sh_classes[class].size, got);
	WRITE_ONCE(*batch[0].state, SH_OBJ_LIVE);
	kept = stash(caches, class, batch + 1, got - 1, 1);
	if (kept < got - 1)
		sh_central_free(central, caches->rcs, batch + 1 + kept,
				got - 1 - kept);
	sh_shadow_open(batch[0].obj, sh_classes[class].size);
	return batch[0].obj;
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_refill);

/* Make the last @nr objects before @end live ones. */
static void hand_out(const struct sh_entry *end, unsigned int nr, void **objs)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		end--;
		objs[i] = end->obj;
		WRITE_ONCE(*end->state, SH_OBJ_LIVE);
	}
}

/* Allocate objects from a slot of this CPU's cache, entered, that has them. */
static void pop_from(struct sh_slot *slot, unsigned int nr, void **objs)
{
	hand_out(slot->top, nr, objs);
	slot->top -= nr;
}

static void open_all(unsigned int class, unsigned int nr, void **objs)
{
	unsigned int i;

	for (i = 0; SH_SHADOW && i < nr; i++)
		sh_shadow_open(objs[i], sh_classes[class].size);
}

/**
 * sh_caches_hit_bulk() - allocate objects as sh_cache_pop() does
 * @caches: the caches
 * @class: their size class
 * @nr: how many
 * @objs: where to put them
 *
 * Context: any but NMI.
 * Return: false, and none was allocated, when they are not all in this CPU's
 * cache or one of them is to be sampled.
 */
bool sh_caches_hit_bulk(struct sh_caches *caches, unsigned int class,
			unsigned int nr, void **objs)
{
	struct sh_cache *cache = sh_cache_get(caches);
	struct sh_slot *slot;
	bool hit;

	if (!cache)
		return false;
	slot = &cache->slot[class];
	hit = sh_slot_count(slot) >= nr && slot->left >= (long)nr;
	if (hit) {
		slot->left -= nr;
		pop_from(slot, nr, objs);
	}
	sh_cache_put(cache);
	if (hit)
		open_all(class, nr, objs);
	return hit;
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_hit_bulk);

/* Allocate up to @nr objects from this CPU's slot. */
static unsigned int pop_bulk(struct sh_caches *caches, unsigned int class,
			     unsigned int nr, void **objs)
{
	struct sh_cache *cache = sh_cache_get(caches);
	struct sh_slot *slot;

	if (!cache)
		return 0;
	slot = &cache->slot[class];
	nr = min_t(unsigned int, nr, sh_slot_count(slot));
	pop_from(slot, nr, objs);
	cache->drawn[class] += nr;
	sh_cache_put(cache);
	open_all(class, nr, objs);
	return nr;
}

/**
 * sh_caches_pop() - allocate an object from this CPU's cache, sampled or not
 * @caches: the caches
 * @class: its size class
 *
 * Context: any but NMI.
 * Return: a live object, or NULL when there is none in this cache.
 */
void *sh_caches_pop(struct sh_caches *caches, unsigned int class)
{
	void *obj;

	return pop_bulk(caches, class, 1, &obj) ? obj : NULL;
}

/*
 * Allocate objects past an empty slot, a batch at most, and fill it with the rest
 * of a batch. Returns how many.
 */
static unsigned int refill_bulk(struct sh_caches *caches, unsigned int class,
				gfp_t gfp, int node, unsigned int nr,
				void **objs)
{
	/* Another CPU's, maybe: then some more or less do no harm. */
	unsigned int want = data_race(slot_batch(&raw_cpu_ptr(caches->cpu)->slot[class]));
	struct sh_transfer *transfer = &caches->transfer[class];
	struct sh_central *central = &caches->central[class];
	struct sh_entry batch[SH_BATCH_MAX], *end;
	unsigned int got, kept;

	want = clamp_t(unsigned int, nr, want, SH_BATCH_MAX);
	sh_transfer_note(transfer);
	got = sh_transfer_get(transfer, batch, want) ?:
	      sh_central_alloc(central, caches->rcs, caches->cpu, batch, want, gfp,
			       node);
	if (!got)
		return 0;
	sh_trace(refill, caches->name, sh_classes[class].size, got);
	nr = min(nr, got);
	end = batch + got;
	hand_out(end, nr, objs);
	open_all(class, nr, objs);
	got -= nr;
	kept = stash(caches, class, batch, got, nr);
	if (kept < got)
		sh_central_free(central, caches->rcs, batch + kept, got - kept);
	return nr;
}

/**
 * sh_caches_alloc_bulk() - allocate objects of one class
 * @caches: the caches
 * @class: the size class
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 * @nr: how many
 * @objs: where to put them
 *
 * As long as calls find the slot short of what they want it grows, and is filled,
 * as by those that want one object: the next ones find what they want there.
 *
 * Context: that of @gfp.
 * Return: how many there are in @objs, fewer than @nr if memory ran out.
 */
unsigned int sh_caches_alloc_bulk(struct sh_caches *caches, unsigned int class,
				  gfp_t gfp, int node, unsigned int nr,
				  void **objs)
{
	unsigned int done = pop_bulk(caches, class, nr, objs), got;

	if (done < nr)
		sh_slot_grow(caches, class);
	while (done < nr) {
		got = refill_bulk(caches, class, gfp, node, nr - done,
				  objs + done);
		if (!got)
			break;
		done += got;
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	}
	return done;
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_alloc_bulk);

/*
 * Leave objects of a full slot for the CPU that came for some last, if that is
 * another. Returns how many.
 */
static unsigned int hand_over(struct sh_caches *caches, struct sh_slot *slot,
			      unsigned int class)
{
	struct sh_transfer *transfer = &caches->transfer[class];
	unsigned int nr;

	if (!sh_transfer_wanted(transfer))
		return 0;
	nr = sh_transfer_put(transfer, slot->top, slot_transfer_batch(slot, class));
	slot->top -= nr;
	return nr;
}

/*
 * Take a batch off a full slot and put @entry in. Returns the batch's length; 0
 * also when there was room, or was made by leaving @left objects to another CPU.
 */
static unsigned int swap_for_batch(struct sh_caches *caches, unsigned int class,
				   struct sh_entry entry, struct sh_entry *batch,
				   unsigned int *left)
{
	struct sh_cache *cache = sh_cache_get(caches);
	struct sh_slot *slot;
	unsigned int nr = 0;

	*left = 0;
	if (!cache) {
		batch[0] = entry;
		return 1;
	}
	slot = &cache->slot[class];
	if (slot->top == slot->end) {
		cache->overflows++;
		*left = hand_over(caches, slot, class);
	}
	if (slot->top == slot->end) {
		nr = min(sh_slot_count(slot), slot_batch(slot));
		slot->top -= nr;
		sh_entries_copy(batch, slot->top, nr);
	}
	if (slot->top == slot->end)
		batch[nr++] = entry;
	else
		*slot->top++ = entry;
	sh_cache_put(cache);
	return nr;
}

/*
 * Make room for a class of which this CPU frees more than it allocates. A CPU
 * that only ever frees has no misses to grow by. What other CPUs want is handed
 * over in larger batches, and they are at it at the same time: all is a guess.
 */
static void grow_for_frees(struct sh_caches *caches, unsigned int class)
{
	struct sh_slot *slot = &raw_cpu_ptr(caches->cpu)->slot[class];
	/* It may be another CPU's by now. */
	unsigned int capacity = data_race(sh_slot_capacity(slot));
	struct sh_transfer *transfer = &caches->transfer[class];
	unsigned int batch = sh_transfer_batch(class);
	bool wanted = sh_transfer_wanted(transfer);

	if (!capacity || (wanted && capacity < 2 * batch))
		sh_slot_grow(caches, class);
	if (wanted && READ_ONCE(transfer->max) - READ_ONCE(transfer->nr) < batch)
		sh_transfer_grow(caches, class);
}

/**
 * sh_caches_flush() - free an object past a full slot, and make room in it
 * @caches: the caches
 * @class: the object's size class
 * @entry: the object, SH_OBJ_CACHED
 *
 * Context: any but NMI, preemption off since the object has that state. It is on
 * when this returns.
 */
void sh_caches_flush(struct sh_caches *caches, unsigned int class,
		     struct sh_entry entry)
{
	struct sh_entry batch[SH_BATCH_MAX];
	unsigned int nr, left;

	/* The checker waits for who has preemption off, and sees the others. */
	sh_inflight_begin(caches->rcs);
	preempt_enable();
	sh_shadow_freed(entry.obj, sh_classes[class].size);
	grow_for_frees(caches, class);
	nr = swap_for_batch(caches, class, entry, batch, &left);
	if (nr)
		sh_central_free(&caches->central[class], caches->rcs, batch, nr);
	sh_inflight_end(caches->rcs);
	if (nr + left)
		sh_trace(flush, caches->name, sh_classes[class].size,
			 nr + left);
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_flush);

/**
 * sh_caches_put() - free an object
 * @caches: the caches
 * @class: the object's size class
 * @entry: the object, which is the caller's; SH_OBJ_CACHED from here on
 *
 * Context: any but NMI.
 */
void sh_caches_put(struct sh_caches *caches, unsigned int class,
		   struct sh_entry entry)
{
	preempt_disable();
	WRITE_ONCE(*entry.state, SH_OBJ_CACHED);
	if (sh_cache_push(this_cpu_ptr(caches->cpu), class << SH_CLASS_SHIFT,
			  entry.obj, entry.state))
		preempt_enable();
	else
		sh_caches_flush(caches, class, entry);
}

/**
 * sh_caches_stats() - add what a slot holds to a sum
 * @caches: the caches
 * @cpu: the CPU, any possible one
 * @class: the size class
 * @stats: added to
 *
 * Context: any. Other CPUs go on meanwhile.
 */
void sh_caches_stats(struct sh_caches *caches, int cpu, unsigned int class,
		     struct sh_slot_stats *stats)
{
	struct sh_cache *cache = per_cpu_ptr(caches->cpu, cpu);
	struct sh_slot *slot = &cache->slot[class];
	unsigned long allocs, objects;
	unsigned int seq;

	/*
	 * A base and a top of two arrays would make nonsense of the count, and the
	 * one of a countdown with the other of the next as well.
	 */
	do {
		seq = read_seqcount_begin(&cache->changes);
		objects = sh_peek(slot->top) - READ_ONCE(slot->base);
		allocs = sh_peek(cache->drawn[class]) - sh_slot_left(slot);
	} while (read_seqcount_retry(&cache->changes, seq));
	stats->objects += objects;
	stats->allocs += allocs;
}
EXPORT_SYMBOL_IF_KUNIT(sh_caches_stats);
