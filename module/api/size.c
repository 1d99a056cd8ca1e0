// SPDX-License-Identifier: GPL-2.0
/*
 * Questions about addresses. They may be asked of any address, from any
 * context, while other CPUs allocate and free; the answer is of the moment.
 *
 * Locks: none; an RCU read-side section keeps what is looked at readable.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>

#include "base/compat.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "object/slack.h"
#include "span/pagemap.h"

/* The live object that holds @addr, in a span of small objects. */
static bool find_small(struct sh_span *span, unsigned long key,
		       unsigned long addr, struct spanheap_object *obj)
{
	const struct sh_class *info = &sh_classes[sh_key_class(key)];
	unsigned long base = sh_key_base(key), off = addr - base;
	u32 idx;

	if (off >= info->bytes)
		return false;
	idx = ((u64)off * info->magic) >> 32;
	if (!sh_obj_is_live(READ_ONCE(span->obj[idx])))
		return false;
	obj->start = (void *)(base + (unsigned long)idx * info->size);
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
 * spanheap_find() - find the live object that holds an address
 * @addr: any address
 * @obj: set to the object's heap, start and size, if there is one
 *
 * The answer can be relied on as long as the object is known to stay allocated.
 *
 * Context: any.
 * Return: whether @addr lies in a live object of any heap.
 */
bool spanheap_find(const void *addr, struct spanheap_object *obj)
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
EXPORT_SYMBOL_GPL(spanheap_find);

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
 * spanheap_owns() - whether an address lies in a live object of any heap
 * @addr: any address
 *
 * Context: any.
 * Return: whether it does.
 */
bool spanheap_owns(const void *addr)
{
	struct spanheap_object obj;

	return spanheap_find(addr, &obj);
}
EXPORT_SYMBOL_GPL(spanheap_owns);

/**
 * spanheap_size() - what an object takes up
 * @ptr: the object's first byte
 *
 * For statistics, as ksize(). What an object has beyond the size that was asked for
 * is not the caller's to use: the compiler knows that size, and with
 * CONFIG_FORTIFY_SOURCE memset(ptr, 0, spanheap_size(ptr)) may be a panic. Who
 * wants all of it asks spanheap_size_roundup() before, and allocates as much.
 *
 * Context: any.
 * Return: bytes, at least what was asked for; 0 when @ptr is not the start of a
 * live object.
 */
size_t spanheap_size(const void *ptr)
{
	struct spanheap_object obj;

	if (!spanheap_find(ptr, &obj) || obj.start != ptr)
		return 0;
	sh_slack_open(ptr);
	return obj.size;
}
EXPORT_SYMBOL_GPL(spanheap_size);

/**
 * spanheap_size_roundup() - what an allocation would get
 * @size: bytes
 *
 * To use all of it, allocate as much: it costs the same.
 *
 * Context: any.
 * Return: spanheap_size() of an object allocated with @size; 0 for 0; @size
 * itself when it is too large to be rounded up.
 */
size_t spanheap_size_roundup(size_t size)
{
	if (size <= SPANHEAP_MAX_SMALL)
		return sh_classes[sh_size_class(size)].size;
	if (size > SIZE_MAX - SH_PAGE_SIZE)
		return size;
	return ALIGN(size, SH_PAGE_SIZE);
}
EXPORT_SYMBOL_GPL(spanheap_size_roundup);
