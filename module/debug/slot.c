// SPDX-License-Identifier: GPL-2.0
/*
 * Slots: the memory that the objects of debug heaps lie in, from a size class
 * without a cache in between, or from the page heap. A slot that is out is
 * SH_OBJ_GUARDED, so that no call that does not know of debug heaps takes it for
 * an object. It is never SH_OBJ_LIVE, not even while it is taken: a wrong free may
 * come at any time.
 *
 * Locks: those of debug.c. Contexts: that of the gfp, or any but NMI.
 */
#include <linux/xarray.h>

#include "base/compat.h"
#include "cache/percpu.h"
#include "debug/slot.h"
#include "debug/table.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "heap/whole.h"
#include "span/pagemap.h"
#include "watch/shadow.h"

/* The state that the span of a slot that is out has for it. */
static u8 *state_of(struct sh_span *span, unsigned long slot)
{
	unsigned int class = sh_span_class(span);
	u32 idx = 0;

	if (class)
		sh_class_index(&sh_classes[class], slot - sh_span_base(span), &idx);
	return &span->obj[idx];
}

/* The smallest slot for an object: a size class, or 0 for @total bytes. */
static unsigned int slot_class(size_t total, size_t align)
{
	unsigned int class;

	if (total > SPANHEAP_MAX_SMALL || align > SH_PAGE_SIZE)
		return 0;
	for (class = sh_size_class(total); class < SH_NR_CLASSES; class++)
		if (sh_classes[class].size % align == 0)
			return class;
	return 0;
}

static void *take_small(struct spanheap *heap, unsigned int class, gfp_t gfp,
			int node)
{
	struct sh_central *central = &heap->central[class];
	struct sh_entry entry;

	if (!sh_central_alloc(central, &heap->rcs, heap->caches.cpu, &entry, 1, gfp,
			      node))
		return NULL;
	WRITE_ONCE(*entry.state, SH_OBJ_GUARDED);
	sh_central_count_direct(central, 1);
	sh_shadow_open(entry.obj, sh_classes[class].size);
	return entry.obj;
}

/**
 * sh_debug_take_slot() - take memory from the heap
 * @debug: the debug layer
 * @guard: set to the slot, its class and its length
 * @total: bytes needed
 * @align: bytes, a power of two
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 * @on_node: have all of its pages there
 *
 * Context: that of @gfp.
 * Return: whether there is any.
 */
bool sh_debug_take_slot(struct sh_debug *debug, struct sh_guard *guard,
			size_t total, size_t align, gfp_t gfp, int node,
			bool on_node)
{
	struct spanheap *heap = debug->heap;
	void *slot;

	guard->class = on_node ? 0 : slot_class(total, align);
	gfp &= ~__GFP_ZERO;
	if (guard->class)
		slot = take_small(heap, guard->class, gfp, node);
	else if (on_node)
		slot = sh_large_alloc_on_node(heap, total, align, gfp, node,
					      SH_OBJ_GUARDED);
	else
		slot = sh_large_alloc(heap, total, align, gfp, node,
				      SH_OBJ_GUARDED);
	guard->slot = (unsigned long)slot;
	if (!slot)
		return false;
	guard->bytes = guard->class ? sh_classes[guard->class].size :
		       sh_span_bytes(sh_pagemap_get((unsigned long)slot));
	return true;
}

/**
 * sh_debug_put_slot() - give memory back to the heap
 * @debug: the debug layer
 * @slot: the slot; there is no object in it but one that is GONE
 * @class: its size class
 *
 * Context: any but NMI.
 */
void sh_debug_put_slot(struct sh_debug *debug, unsigned long slot,
		       unsigned int class)
{
	struct spanheap *heap = debug->heap;
	struct sh_span *span = sh_pagemap_get(slot);
	struct sh_entry entry = { (void *)slot, state_of(span, slot) };

	if (!class) {
		sh_whole_free(span);
		return;
	}
	WRITE_ONCE(*entry.state, SH_OBJ_CACHED);
	sh_central_free(&heap->central[class], &heap->rcs, &entry, 1);
}

/**
 * sh_debug_discount() - count an object that is one no more, or will be none
 * @debug: the debug layer
 * @guard: the object; its slot stays out
 *
 * Context: any but NMI, the lock of the slots held.
 */
void sh_debug_discount(struct sh_debug *debug, const struct sh_guard *guard)
{
	struct spanheap *heap = debug->heap;

	lockdep_assert_held(&debug->slots.xa_lock);
	debug->surplus[guard->class]--;
	if (guard->class)
		return;
	debug->surplus_bytes -= guard->bytes;
	atomic_long_sub(guard->bytes, &heap->large_bytes);
	atomic_long_inc(&heap->large_frees);
}

/**
 * sh_debug_untake_slot() - give a slot back that was taken for nothing
 * @debug: the debug layer
 * @guard: with the slot, no object yet
 *
 * What was in the slot before is forgotten: it is written over.
 *
 * Context: any but NMI.
 */
void sh_debug_untake_slot(struct sh_debug *debug, const struct sh_guard *guard)
{
	unsigned long index = sh_debug_index(guard->slot), flags;
	struct sh_guard *old;

	xa_lock_irqsave(&debug->slots, flags);
	old = __xa_erase(&debug->slots, index);
	xa_unlock_irqrestore(&debug->slots, flags);
	sh_debug_free_records(debug, old);
	if (!guard->class) {
		atomic_long_sub(guard->bytes, &debug->heap->large_bytes);
		atomic_long_inc(&debug->heap->large_frees);
	}
	sh_debug_put_slot(debug, guard->slot, guard->class);
}
