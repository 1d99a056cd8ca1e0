// SPDX-License-Identifier: GPL-2.0
/*
 * Debug heaps: a layer between the public calls and the caches that gives each
 * object red zones, keeps a record of it, and holds it back for a while once it
 * is free.
 *
 * An object lies inside a slot, which is what the heap without this layer would
 * call an object. The slot begins @left bytes before it, 64 or its alignment if
 * that is more, so that it is as aligned as the object has to be; what the slot
 * has beyond the object is the right red zone, 64 bytes at least. Debug heaps
 * have no per-CPU caches, so an allocation always comes here, and the state of
 * a slot that is out is SH_OBJ_GUARDED and never SH_OBJ_LIVE: a free of whatever
 * address fails on the fast path and comes here as well.
 *
 * The record says what is allowed: only an address that is the start of an
 * object whose state is live can be freed or changed, and who does it changes
 * the state under the lock first. Records are in an xarray by slot, and stay
 * there until the slot's memory has another use: so a second free is known for
 * what it is, with both stacks, for a long time.
 *
 * Invariants: for each record, slot <= start - left and start + size + right
 * does not exceed the slot; GONE ones are in spans of small objects only; those
 * in quarantine are FREED; surplus is what was not a live object of the slots
 * that are out, negated, and the second parts of split ones added.
 *
 * Locks: the xarray's, inside no other of ours and around none. Memory is looked
 * at under it only by checks.
 *
 * Contexts: allocation that of its gfp, the rest any but NMI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "base/params.h"
#include "debug/debug.h"
#include "debug/quarantine.h"
#include "debug/slot.h"
#include "debug/table.h"
#include "heap/heap.h"
#include "heap/whole.h"
#include "span/pagemap.h"
#include "watch/leakcheck.h"

/**
 * sh_debug_add() - make a heap a debug heap
 * @heap: the heap, with nothing in it yet
 *
 * Context: task, may sleep.
 * Return: 0 or -ENOMEM.
 */
int sh_debug_add(struct spanheap *heap)
{
	struct sh_debug *debug = sh_fault(SH_FAULT_META) ? NULL :
				 kvzalloc(sizeof(*debug), GFP_KERNEL);

	if (!debug)
		return -ENOMEM;
	if (sh_stacks_init()) {
		/* The depot's table; made at boot on kernels with KASAN. */
		kvfree(debug);
		return -ENOMEM;
	}
	xa_init_flags(&debug->slots, XA_FLAGS_LOCK_IRQ);
	INIT_LIST_HEAD(&debug->quarantine);
	debug->heap = heap;
	debug->bound = (size_t)sh_quarantine_kb << 10;
	heap->debug = debug;
	heap->rcs.leaves = sh_quarantine_forget;
	heap->held = (struct sh_held){
		.bytes = sh_quarantine_bytes,
		.drain = sh_quarantine_drain,
		.extra = 2 * SH_RED_MIN,
	};
	return 0;
}

/**
 * sh_debug_remove() - free what sh_debug_add() made, and all records
 * @heap: the heap, nobody uses it or its memory any more; any heap
 */
void sh_debug_remove(struct spanheap *heap)
{
	struct sh_debug *debug = heap->debug;
	struct sh_guard *guard;
	unsigned long index;

	if (!debug)
		return;
	xa_for_each(&debug->slots, index, guard) {
		sh_debug_free_records(debug, guard);
		cond_resched();
	}
	xa_destroy(&debug->slots);
	kvfree(debug);
}

/* Record an object, in place of what was in its slot before. */
static bool publish_guard(struct sh_debug *debug, struct sh_guard *guard, gfp_t gfp)
{
	unsigned long index = sh_debug_index(guard->slot), flags;
	void *old;

	if (sh_fault(SH_FAULT_META))
		return false;
	gfp = sh_gfp_meta(gfp);
	if (gfpflags_allow_blocking(gfp)) {
		old = xa_store_irq(&debug->slots, index, guard, gfp);
	} else {
		xa_lock_irqsave(&debug->slots, flags);
		old = __xa_store(&debug->slots, index, guard, gfp);
		xa_unlock_irqrestore(&debug->slots, flags);
	}
	if (xa_is_err(old))
		return false;
	sh_debug_free_records(debug, old);
	return true;
}

/* Where an object goes in its slot. Returns how long that has to be. */
static size_t lay_out(struct sh_guard *guard, size_t size, size_t align)
{
	size_t left = max_t(size_t, SH_RED_MIN, align);

	guard->size = size;
	guard->left = min_t(size_t, left, SH_RED_MAX);
	guard->start = left;
	/* Nothing of such a size can be had: it needs no red zones. */
	return size > SIZE_MAX / 2 ? size : left + size + SH_RED_MIN;
}

/* No memory for what the debug layer itself needs. */
static void *fail_alloc(struct spanheap *heap, size_t size, gfp_t gfp)
{
	if (!(gfp & __GFP_NOWARN))
		pr_warn_ratelimited("heap %s: no memory for the record of an object of %zu bytes\n",
				    heap->name, size);
	return NULL;
}

/**
 * sh_debug_alloc() - allocate an object of a debug heap
 * @heap: the heap
 * @size: bytes, not 0
 * @align: bytes, a power of two; a power-of-two size is an alignment anyway
 * @gfp: how to get memory; whether to zero the object
 * @node: NUMA node of new pages
 * @on_node: have all of its pages there
 *
 * Context: that of @gfp.
 * Return: the object or NULL.
 */
void *sh_debug_alloc(struct spanheap *heap, size_t size, size_t align,
		     gfp_t gfp, int node, bool on_node)
{
	struct sh_debug *debug = heap->debug;
	struct sh_guard *guard;
	size_t total, end;
	void *obj;

	if (is_power_of_2(size) && size <= SPANHEAP_NATURAL_ALIGN)
		align = max(align, size);
	guard = sh_debug_new_record(debug, gfp);
	if (!guard)
		return fail_alloc(heap, size, gfp);
	total = lay_out(guard, size, align);
	if (!sh_quarantine_take_slot(debug, guard, total, align, gfp, node, on_node)) {
		sh_debug_free_records(debug, guard);
		return NULL;
	}
	guard->start += guard->slot;
	end = guard->slot + guard->bytes;
	guard->right = min_t(size_t, end - guard->start - size, SH_RED_MAX);
	sh_guard_paint_new(guard, want_init_on_alloc(gfp));
	sh_track_take(&guard->alloc, gfp);
	obj = (void *)guard->start;
	/* From here on somebody else may free it, if only by mistake. */
	if (publish_guard(debug, guard, gfp))
		return obj;
	sh_debug_untake_slot(debug, guard);
	sh_debug_free_records(debug, guard);
	return fail_alloc(heap, size, gfp);
}

/*
 * The debug layer of the heap that an address lies in, and the slot. Called in
 * an RCU read-side section. NULL when there is none.
 */
static struct sh_debug *locate_slot(unsigned long addr, unsigned long *slot)
{
	struct sh_span *span = sh_pagemap_get(addr);
	const struct sh_class *info;
	struct sh_debug *debug;
	unsigned long key, off;
	u32 idx;

	if (!span)
		return NULL;
	debug = sh_span_heap(span)->debug;
	if (!debug)
		return NULL;
	key = READ_ONCE(span->key);
	*slot = key & SH_PAGE_MASK;
	off = addr - *slot;
	info = sh_class_at(key & ~SH_PAGE_MASK);
	if (!info->bytes)
		return off < sh_span_bytes(span) ? debug : NULL;
	if (!sh_class_index(info, off, &idx))
		return NULL;
	*slot += sh_class_offset(info, idx);
	return debug;
}

/* The object at an address in a slot, or else the first that was there. */
static struct sh_guard *lookup_guard(struct sh_debug *debug, unsigned long slot,
				     unsigned long addr)
{
	struct sh_guard *first = xa_load(&debug->slots, sh_debug_index(slot));
	struct sh_guard *guard;

	for (guard = first; guard; guard = guard->next)
		if (addr - guard->start < guard->size)
			return guard;
	return first;
}

/**
 * sh_debug_claim() - claim an object of a debug heap
 * @ptr: any address
 * @debugp: set to the debug layer the object is of
 *
 * Context: any but NMI.
 * Return: the object, or NULL when @ptr is not the start of a live object of a
 * debug heap that nobody else has claimed.
 */
struct sh_guard *sh_debug_claim(const void *ptr, struct sh_debug **debugp)
{
	unsigned long addr = (unsigned long)ptr, slot, flags;
	struct sh_guard *guard = NULL;
	struct sh_debug *debug;

	rcu_read_lock();
	debug = locate_slot(addr, &slot);
	if (debug) {
		xa_lock_irqsave(&debug->slots, flags);
		guard = lookup_guard(debug, slot, addr);
		if (guard && guard->start == addr &&
		    guard->state == SH_GUARD_LIVE)
			guard->state = SH_GUARD_BUSY;
		else
			guard = NULL;
		xa_unlock_irqrestore(&debug->slots, flags);
	}
	rcu_read_unlock();
	*debugp = debug;
	return guard;
}

/**
 * sh_debug_claimed() - find an object that is known to be claimed
 * @addr: an address within
 *
 * Return: the object, or NULL when it is none of a debug heap.
 */
struct sh_guard *sh_debug_claimed(const void *addr)
{
	struct sh_guard *guard = NULL;
	unsigned long slot, flags;
	struct sh_debug *debug;

	rcu_read_lock();
	debug = locate_slot((unsigned long)addr, &slot);
	rcu_read_unlock();
	if (debug) {
		xa_lock_irqsave(&debug->slots, flags);
		guard = lookup_guard(debug, slot, (unsigned long)addr);
		xa_unlock_irqrestore(&debug->slots, flags);
	}
	return guard;
}

/**
 * sh_debug_release() - give a claimed object back to its user
 * @debug: the debug layer
 * @guard: the object
 */
void sh_debug_release(struct sh_debug *debug, struct sh_guard *guard)
{
	unsigned long flags;

	xa_lock_irqsave(&debug->slots, flags);
	guard->state = SH_GUARD_LIVE;
	xa_unlock_irqrestore(&debug->slots, flags);
}

/**
 * sh_debug_note_free() - remember the caller as who freed an object
 * @debug: the debug layer
 * @guard: the object, claimed; the first who is noted stays
 *
 * Context: any but NMI.
 */
void sh_debug_note_free(struct sh_debug *debug, struct sh_guard *guard)
{
	struct sh_track track;
	unsigned long flags;

	if (guard->free.known)
		return;
	sh_track_take(&track, SH_GFP_FREE);
	xa_lock_irqsave(&debug->slots, flags);
	guard->free = track;
	xa_unlock_irqrestore(&debug->slots, flags);
}

/**
 * sh_debug_free() - free a claimed object
 * @debug: the debug layer
 * @guard: the object
 *
 * Context: any but NMI.
 */
void sh_debug_free(struct sh_debug *debug, struct sh_guard *guard)
{
	struct sh_damage damage;
	unsigned long flags;

	sh_leakcheck_del((void *)guard->start);
	xa_lock_irqsave(&debug->slots, flags);
	guard->state = SH_GUARD_HANDLED;
	sh_debug_discount(debug, guard);
	xa_unlock_irqrestore(&debug->slots, flags);
	if (sh_guard_damaged(guard, false, &damage)) {
		sh_quarantine_bury(debug, guard, &damage, "it was freed");
		return;
	}
	sh_guard_paint_freed(guard);
	sh_quarantine_add(debug, guard);
}

/**
 * sh_debug_look() - read the record of the object at an address
 * @addr: any address
 * @copy: set to a copy of the record
 *
 * Context: any but NMI.
 * Return: whether there is or was an object of a debug heap, or its red zones.
 */
bool sh_debug_look(const void *addr, struct sh_guard *copy)
{
	struct sh_guard *guard = NULL;
	unsigned long slot, flags;
	struct sh_debug *debug;

	rcu_read_lock();
	debug = locate_slot((unsigned long)addr, &slot);
	if (debug) {
		xa_lock_irqsave(&debug->slots, flags);
		guard = lookup_guard(debug, slot, (unsigned long)addr);
		if (guard)
			*copy = *guard;
		xa_unlock_irqrestore(&debug->slots, flags);
	}
	rcu_read_unlock();
	return guard;
}

/**
 * sh_debug_find() - find the live object of a debug heap that holds an address
 * @addr: any address
 * @obj: set to the object's heap, start and size, if there is one
 *
 * Context: any; finds nothing in NMI.
 * Return: whether there is one.
 */
bool sh_debug_find(const void *addr, struct spanheap_object *obj)
{
	struct sh_guard copy;

	if (in_nmi() || !sh_debug_look(addr, &copy))
		return false;
	if (copy.state != SH_GUARD_LIVE && copy.state != SH_GUARD_BUSY)
		return false;
	obj->start = (void *)copy.start;
	obj->size = copy.size;
	return (unsigned long)addr - copy.start < copy.size;
}

/**
 * sh_debug_stats() - add what a debug layer counts to a heap's figures
 * @heap: the heap, any
 * @stats: the figures
 *
 * Context: any but NMI.
 */
void sh_debug_stats(struct spanheap *heap, struct spanheap_stats *stats)
{
	struct sh_debug *debug = heap->debug;
	unsigned long flags;

	if (!debug)
		return;
	xa_lock_irqsave(&debug->slots, flags);
	stats->corruptions = debug->corruptions;
	stats->quarantined_objects = debug->quarantined;
	stats->quarantined_bytes = debug->quarantined_bytes;
	xa_unlock_irqrestore(&debug->slots, flags);
}

/**
 * sh_debug_surplus() - how many more objects than slots there are
 * @heap: the heap, any
 * @class: the size class of the slots; 0 for large ones
 *
 * Return: live objects less slots that are out: negative for what is held back.
 */
long sh_debug_surplus(struct spanheap *heap, unsigned int class)
{
	return heap->debug ? READ_ONCE(heap->debug->surplus[class]) : 0;
}

/**
 * sh_debug_surplus_bytes() - bytes of large objects less bytes of their spans
 * @heap: the heap, any
 *
 * Return: bytes, negative for what is held back.
 */
long sh_debug_surplus_bytes(struct spanheap *heap)
{
	return heap->debug ? READ_ONCE(heap->debug->surplus_bytes) : 0;
}
