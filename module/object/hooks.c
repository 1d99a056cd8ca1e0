// SPDX-License-Identifier: GPL-2.0
/*
 * Events of allocations and frees: what is told of an object of any kind, and of
 * any address that somebody frees.
 *
 * Locks: none; an event must not be made under a lock of ours. Contexts: any that
 * the call which is told of may be made in.
 */
#include "base/compat.h"
#include "heap/heap.h"
#include "object/find.h"
#include "object/hooks.h"
#include "watch/trace.h"

/**
 * sh_trace_alloc() - tell who listens of an allocation
 * @heap: the heap, NULL for the default heap
 * @obj: the object; when it is none, nothing is told
 * @size: bytes asked for
 * @gfp: the flags
 * @call_site: who asked
 */
void sh_trace_alloc(struct spanheap *heap, const void *obj, size_t size,
		    gfp_t gfp, unsigned long call_site)
{
	if (ZERO_OR_NULL_PTR(obj))
		return;
	sh_trace(alloc, call_site, sh_heap_or_default(heap)->name, obj, size,
		 sh_find_size(obj), gfp);
}

/**
 * sh_trace_free() - tell who listens of a free that is about to happen
 * @ptr: what is to be freed; when it is no live object, nothing is told
 * @call_site: who frees it
 */
void sh_trace_free(const void *ptr, unsigned long call_site)
{
	struct spanheap_object obj;

	if (sh_find_object(ptr, &obj) && obj.start == ptr)
		sh_trace(free, call_site, obj.heap->name, ptr, obj.size);
}
