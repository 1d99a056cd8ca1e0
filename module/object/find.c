// SPDX-License-Identifier: GPL-2.0
/*
 * From an address to the object or manual span that it lies in.
 *
 * Records are type-stable and may become another span's at any time: what was read
 * counts if the record's key is still the same after it.
 *
 * Locks: none; RCU keeps records. Contexts: any.
 */
#include <linux/rcupdate.h>
#include <linux/spanheap.h>

#include "base/compat.h"
#include "base/sizeclass.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "object/find.h"
#include "span/pagemap.h"

/* The live object that holds @addr, in a span of small objects. */
static bool find_small(struct sh_span *span, unsigned long key,
		       unsigned long addr, struct spanheap_object *obj)
{
	const struct sh_class *info = &sh_classes[sh_key_class(key)];
	unsigned long base = sh_key_base(key), off = addr - base;
	u32 idx;

	if (!sh_class_index(info, off, &idx) ||
	    !sh_obj_is_live(READ_ONCE(span->obj[idx])))
		return false;
	obj->start = (void *)(base + sh_class_offset(info, idx));
	obj->size = info->size;
	return true;
}

static bool find_large(struct sh_span *span, unsigned long base,
		       unsigned long addr, struct spanheap_object *obj)
{
	/* The record is that of a large object only once the state says so. */
	if (smp_load_acquire(&span->state) != SH_SPAN_LARGE ||
	    !sh_obj_is_live(READ_ONCE(span->obj[0])))
		return false;
	obj->start = (void *)base;
	obj->size = sh_span_bytes(span);
	return addr - base < obj->size;
}

/**
 * sh_find_object() - find the live object that holds an address
 * @addr: any address
 * @obj: set to the object's heap, start and size, if there is one
 *
 * The answer can be relied on as long as the object is known to stay allocated.
 *
 * Context: any.
 * Return: whether @addr lies in a live object of any heap.
 */
bool sh_find_object(const void *addr, struct spanheap_object *obj)
{
	unsigned long key, at = (unsigned long)addr;
	struct sh_span *span;
	bool found = false;

	rcu_read_lock();
	span = sh_pagemap_get(at);
	if (span) {
		key = READ_ONCE(span->key);
		found = sh_key_class(key) ? find_small(span, key, at, obj) :
					      find_large(span, key, at, obj);
		/* The record may have become another span's meanwhile. */
		smp_rmb();	/* the object first, then once more the key */
		found = found && READ_ONCE(span->key) == key;
		if (!found && sh_span_heap(span)->debug)
			found = sh_debug_find(addr, obj);
		if (found)
			obj->heap = sh_span_heap(span);
	}
	rcu_read_unlock();
	return found;
}

/**
 * sh_find_manual() - find the manual span that holds an address
 * @addr: any address
 * @obj: set to its heap, start and size, if there is one
 *
 * Context: any.
 * Return: whether @addr lies in a manual span of any heap.
 */
bool sh_find_manual(const void *addr, struct spanheap_object *obj)
{
	struct sh_span *span;
	bool found = false;

	rcu_read_lock();
	span = sh_pagemap_get((unsigned long)addr);
	/* The record is that of a manual span only once the state says so. */
	if (span && smp_load_acquire(&span->state) == SH_SPAN_MANUAL &&
	    sh_obj_is_live(READ_ONCE(span->obj[0]))) {
		obj->start = (void *)sh_key_base(READ_ONCE(span->key));
		obj->size = (size_t)READ_ONCE(span->nr_pages) << SH_PAGE_SHIFT;
		found = addr - obj->start < obj->size;
	}
	if (found)
		obj->heap = sh_span_heap(span);
	rcu_read_unlock();
	return found;
}

/**
 * sh_find_size() - what an object takes up
 * @ptr: any address
 *
 * Context: any.
 * Return: bytes; 0 when @ptr is not the start of a live object.
 */
size_t sh_find_size(const void *ptr)
{
	struct spanheap_object obj;

	return sh_find_object(ptr, &obj) && obj.start == ptr ? obj.size : 0;
}

/*
 * The state of the object that an address lies in, in a span that was looked up, and the
 * object's index. What the record was a moment ago is looked at: the index is always
 * that of a state.
 */
static u8 state_at(const struct sh_span *span, unsigned long addr, u32 *idx)
{
	unsigned long key = READ_ONCE(span->key);
	const struct sh_class *info = &sh_classes[sh_key_class(key)];

	*idx = 0;
	if (sh_key_class(key) && !sh_class_index(info, addr - sh_key_base(key), idx))
		return SH_OBJ_FREE;
	return READ_ONCE(span->obj[*idx]);
}

/**
 * sh_find_busy() - whether an object is being freed or changed
 * @ptr: its first byte; of no debug heap
 *
 * Also for as long as its free waits for a grace period or its finalizer.
 *
 * Context: any.
 * Return: whether it was, a moment ago.
 */
bool sh_find_busy(const void *ptr)
{
	struct sh_span *span;
	u8 state = SH_OBJ_FREE;
	u32 idx;

	rcu_read_lock();
	span = sh_pagemap_get((unsigned long)ptr);
	if (span)
		state = state_at(span, (unsigned long)ptr, &idx);
	rcu_read_unlock();
	/* One that is cached has that bit as well. */
	return sh_obj_is_live(state) && (state & SH_OBJ_BUSY_BIT);
}

/**
 * sh_special_copy() - copy a special record of an object that may be freed meanwhile
 * @heap: the heap of the object, which stays
 * @ptr: its first byte
 * @kind: what record
 * @to: where to
 * @bytes: of the record
 *
 * Nobody is kept from freeing the object: the record is that of an object of the heap,
 * if not of this one. What it points to has to stay for another reason.
 *
 * Context: any but NMI.
 * Return: whether there was one.
 */
bool sh_special_copy(const struct spanheap *heap, const void *ptr,
		     enum sh_special_kind kind, void *to, size_t bytes)
{
	unsigned long addr = (unsigned long)ptr;
	struct sh_span *span;
	bool found = false;
	u32 idx;

	/* Those of a debug heap may have records as well. */
	static_assert(SH_OBJ_GUARDED & SH_OBJ_SPECIAL_BIT);
	rcu_read_lock();
	span = sh_pagemap_get(addr);
	/* A record is of one heap for good. */
	if (span && sh_span_heap(span) == heap &&
	    (state_at(span, addr, &idx) & SH_OBJ_SPECIAL_BIT))
		found = sh_special_read(span, idx, kind, to, bytes);
	rcu_read_unlock();
	return found;
}
