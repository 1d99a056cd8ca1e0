// SPDX-License-Identifier: GPL-2.0
/*
 * Questions about addresses. They may be asked of any address, from any
 * context, while other CPUs allocate and free; the answer is of the moment.
 *
 * Locks: none.
 */
#include <linux/export.h>

#include "base/sizeclass.h"
#include "object/find.h"
#include "object/slack.h"

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
	return sh_find_object(addr, obj);
}
EXPORT_SYMBOL_GPL(spanheap_find);

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
	return sh_size_roundup(size);
}
EXPORT_SYMBOL_GPL(spanheap_size_roundup);
