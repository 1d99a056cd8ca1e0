// SPDX-License-Identifier: GPL-2.0
/*
 * Objects with contents: given another size, or copied from elsewhere.
 *
 * An object changes its size in place where its span allows that: a small one
 * within its class; a large one by giving the pages at its end back, or by
 * taking the pages after it if these are free. Otherwise it moves.
 *
 * Its size is asked for, and its contents are touched, only while it is claimed:
 * whoever frees it by mistake meanwhile is refused, and does no harm.
 *
 * Locks: none. Contexts: those of an allocation with the same flags.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "base/longmem.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "object/claim.h"
#include "object/finalizer.h"
#include "object/resize.h"
#include "object/slack.h"
#include "show/misuse.h"

/* Whether the claimed object has room for @size now. */
static bool resize(struct spanheap *heap, struct sh_object *obj, size_t size,
		   gfp_t gfp)
{
	char *start = sh_object_start(obj);
	size_t kept = sh_object_size(obj);

	/* All of it is kept, whatever was asked for at first. */
	sh_slack_open(start);
	if (!sh_object_resize(heap, obj, size, gfp))
		return false;
	/* What was added is zeroed already; what is left over is not. */
	kept = min(kept, sh_object_size(obj));
	if (want_init_on_alloc(gfp) && size < kept)
		sh_long_zero(start + size, kept - size, gfp);
	sh_slack_close(start, size);
	return true;
}

/* Whether the object is there still, and was copied to a new one. */
static bool copy_object(void *to, const void *ptr, size_t size, gfp_t gfp)
{
	struct sh_object obj;

	if (!sh_object_claim(ptr, &obj)) {
		sh_report_misuse(SH_CALL_REALLOC, ptr);
		return false;
	}
	sh_long_copy(to, ptr, min(size, sh_object_size(&obj)), gfp);
	sh_object_release(&obj);
	return true;
}

/*
 * Getting memory may take a while, and make others free theirs: the object is not
 * claimed meanwhile, so that who frees this one too gets a report of what it is.
 */
static void *move(struct spanheap *heap, const void *ptr, size_t size, gfp_t gfp)
{
	void *to = spanheap_alloc(heap, size, gfp);

	if (!to)
		return NULL;
	if (!copy_object(to, ptr, size, gfp)) {
		spanheap_free(to);
		return NULL;
	}
	if (sh_finalizer_move(ptr, to, gfp)) {
		spanheap_free(to);
		return sh_count_failure(heap);
	}
	spanheap_free(ptr);
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
 * need, as spanheap_free() does. Making an object smaller does not fail, but for
 * flags that are refused.
 *
 * An object that moves is as aligned as spanheap_alloc() makes it, whatever
 * alignment it was allocated with; one that stays keeps its address.
 *
 * An address that is no live object of ours, or one that somebody else is just
 * freeing or changing, changes nothing and is reported and counted as a bad free
 * is.
 *
 * Context: that of spanheap_alloc() with @gfp.
 * Return: the object, which may have moved; ZERO_SIZE_PTR for size 0; NULL when
 * there is no memory or @ptr is no object, and then @ptr is as it was.
 */
void *spanheap_realloc(struct spanheap *heap, const void *ptr, size_t size,
		       gfp_t gfp)
{
	struct sh_object obj;
	bool resized;

	heap = sh_heap_or_default(heap);
	if (ZERO_OR_NULL_PTR(ptr))
		return spanheap_alloc(heap, size, gfp);
	if (sh_refused_in_nmi("realloc"))
		return sh_count_failure(heap);
	if (!sh_object_claim(ptr, &obj)) {
		sh_report_misuse(SH_CALL_REALLOC, ptr);
		return NULL;
	}
	resized = size && !(gfp & SH_GFP_BAD) && resize(heap, &obj, size, gfp);
	sh_object_release(&obj);
	if (resized)
		return (void *)ptr;
	if (size)
		return gfp & SH_GFP_BAD ? sh_refuse_gfp(heap, gfp) :
					  move(heap, ptr, size, gfp);
	spanheap_free(ptr);
	return ZERO_SIZE_PTR;
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
		sh_long_copy(copy, src, len, gfp);
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
