// SPDX-License-Identifier: GPL-2.0
/*
 * Objects with contents: given another size, or copied from elsewhere.
 *
 * An object changes its size in place where its span allows that: a small one
 * within its class; a large one by giving the pages at its end back, or by
 * taking the pages after it if these are free. Otherwise it moves.
 *
 * Locks: none. Contexts: those of an allocation with the same flags.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "compat.h"
#include "debug.h"
#include "gfp.h"
#include "slack.h"
#include "whole.h"

/* Whether the object has room for @size now. */
static bool resize(struct spanheap *heap, const struct spanheap_object *obj,
		   size_t size, gfp_t gfp)
{
	struct sh_span *span;
	bool done;

	if (obj->heap->debug)
		return sh_debug_resize(obj->start, size);
	span = sh_whole_claim(obj->start, SH_SPAN_LARGE, SH_OBJ_BUSY);
	if (!span)
		return size <= obj->size;
	done = sh_large_resize(span, heap, size, gfp);
	sh_whole_release(span);
	return done;
}

static void *move(struct spanheap *heap, const struct spanheap_object *obj,
		  size_t size, gfp_t gfp)
{
	void *to = spanheap_alloc(heap, size, gfp);

	if (!to)
		return NULL;
	memcpy(to, obj->start, min(size, obj->size));
	if (sh_finalizer_move(obj->start, to)) {
		spanheap_free(to);
		return sh_count_failure(heap);
	}
	spanheap_free(obj->start);
	return to;
}

/**
 * spanheap_realloc() - change the size of an object
 * @heap: heap that new memory comes from, NULL for the default heap
 * @ptr: the object, of any heap; NULL and ZERO_SIZE_PTR for a new one
 * @size: bytes; 0 frees the object
 * @gfp: as for spanheap_alloc()
 *
 * The contents are kept up to the lesser of the sizes. With __GFP_ZERO all that
 * the object has beyond its old usable size, or beyond @size if that is less,
 * is zeroed: as with krealloc(), an object whose every size was asked for with
 * __GFP_ZERO has zeroes wherever its user wrote nothing.
 *
 * An object that fits stays where it is, also one of another heap. An object of
 * another heap that does not fit moves to @heap. A large object (over
 * SPANHEAP_MAX_SMALL) that is made smaller gives the pages back it does not
 * need. Making an object smaller does not fail, but for flags that are refused.
 *
 * An address that is no live object of ours changes nothing and is reported and
 * counted as a bad free is.
 *
 * Context: that of spanheap_alloc() with @gfp.
 * Return: the object, which may have moved; ZERO_SIZE_PTR for size 0; NULL when
 * there is no memory or @ptr is no object, and then @ptr is as it was.
 */
void *spanheap_realloc(struct spanheap *heap, const void *ptr, size_t size,
		       gfp_t gfp)
{
	struct spanheap_object obj;

	heap = sh_heap_or_default(heap);
	if (ZERO_OR_NULL_PTR(ptr))
		return spanheap_alloc(heap, size, gfp);
	if (!spanheap_find(ptr, &obj) || obj.start != ptr) {
		sh_report_misuse(SH_CALL_REALLOC, ptr);
		return NULL;
	}
	if (!size) {
		spanheap_free(ptr);
		return ZERO_SIZE_PTR;
	}
	if (gfp & SH_GFP_BAD)
		return sh_refuse_gfp(heap, gfp);
	/* All of it is kept, whatever was asked for at first. */
	sh_slack_open(ptr);
	if (!resize(heap, &obj, size, gfp))
		return move(heap, &obj, size, gfp);
	/* What was added is zeroed already; what is left over is not. */
	if (want_init_on_alloc(gfp) && size < obj.size)
		memset(obj.start + size, 0,
		       min(obj.size, spanheap_size(ptr)) - size);
	return sh_slack_close(obj.start, size);
}
EXPORT_SYMBOL_GPL(spanheap_realloc);

/**
 * spanheap_memdup() - allocate a copy
 * @heap: heap to allocate from, NULL for the default heap
 * @src: what to copy
 * @len: bytes
 * @gfp: as for spanheap_alloc()
 *
 * Context: that of spanheap_alloc().
 * Return: as spanheap_alloc(), with @len bytes of @src.
 */
void *spanheap_memdup(struct spanheap *heap, const void *src, size_t len,
		      gfp_t gfp)
{
	void *copy = spanheap_alloc(heap, len, gfp);

	if (!ZERO_OR_NULL_PTR(copy))
		memcpy(copy, src, len);
	return copy;
}
EXPORT_SYMBOL_GPL(spanheap_memdup);

/**
 * spanheap_strdup() - allocate a copy of a string
 * @heap: heap to allocate from, NULL for the default heap
 * @s: the string, or NULL
 * @gfp: as for spanheap_alloc()
 *
 * Context: that of spanheap_alloc().
 * Return: the copy; NULL when there is no memory or no string.
 */
char *spanheap_strdup(struct spanheap *heap, const char *s, gfp_t gfp)
{
	size_t len;
	char *copy;

	if (!s)
		return NULL;
	len = strlen(s);
	copy = spanheap_memdup(heap, s, len + 1, gfp);
	/* Whatever somebody else writes to @s meanwhile, this ends. */
	if (copy)
		copy[len] = '\0';
	return copy;
}
EXPORT_SYMBOL_GPL(spanheap_strdup);
