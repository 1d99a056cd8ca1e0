// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that change their size where they are, and who counts them by that: the
 * profile and the kernel's memory allocation profiling.
 *
 * Locks: none of its own. Contexts: as each function says.
 */
#include "base/compat.h"
#include "debug/debug.h"
#include "heap/large.h"
#include "heap/whole.h"
#include "object/charge.h"
#include "object/profile.h"
#include "object/resize.h"

static void recount(struct sh_span *span)
{
	sh_profile_resized(span);
	sh_charge_resized((void *)sh_span_base(span));
}

static bool resize_large(struct spanheap *heap, struct sh_span *span, size_t size,
			 gfp_t gfp)
{
	u32 before = span->nr_pages;
	bool done = sh_large_resize(span, heap, size, gfp);

	if (span->nr_pages != before)
		recount(span);
	return done;
}

/**
 * sh_object_resize() - change the size of an object in place
 * @heap: the heap that new memory is to come from
 * @obj: the object, claimed to be changed
 * @size: bytes, not 0
 * @gfp: how to get memory
 *
 * Context: that of @gfp.
 * Return: whether the object has @size bytes now; if not, nothing has changed.
 */
bool sh_object_resize(struct spanheap *heap, struct sh_object *obj, size_t size,
		      gfp_t gfp)
{
	if (!obj->guard && sh_span_class(obj->span))
		return size <= sh_object_size(obj);
	if (!obj->guard)
		return resize_large(heap, obj->span, size, gfp);
	if (!sh_debug_resize(sh_span_heap(obj->span)->debug, obj->guard, size))
		return false;
	sh_charge_resized(sh_object_start(obj));
	return true;
}

/**
 * sh_object_halve() - make two large objects of one
 * @span: its span, claimed to be changed, of an even number of heap pages
 *
 * Context: any but NMI.
 * Return: 0, or -ENOMEM, then nothing has changed.
 */
int sh_object_halve(struct sh_span *span)
{
	struct sh_span *rest = sh_large_split(span, span->nr_pages / 2);

	if (!rest)
		return -ENOMEM;
	sh_profile_halved(span, rest);
	sh_charge_halved(span, rest);
	sh_whole_release(rest);
	return 0;
}

/**
 * sh_object_adopt() - make a large object of one that has a small span of its own
 * @span: the span, its object claimed to be changed
 *
 * Context: any but NMI.
 */
void sh_object_adopt(struct sh_span *span)
{
	sh_large_adopt(span);
	recount(span);
}
