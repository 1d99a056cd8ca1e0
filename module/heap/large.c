// SPDX-License-Identifier: GPL-2.0
/*
 * Large objects: a span each, straight from the run caches and the page heap.
 * An object that need not be a large one by its size is one when its alignment
 * or its NUMA node asks for pages of its own.
 *
 * Locks: none of its own. Contexts: allocation and growth that of the gfp, the
 * rest any but NMI.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "heap/large.h"
#include "heap/whole.h"
#include "pages/inplace.h"
#include "pages/pageheap.h"
#include "watch/leakcheck.h"

/**
 * sh_large_publish() - make a large object of a span
 * @heap: the heap
 * @span: from sh_whole_take()
 * @user: as for sh_whole_publish()
 * @as: the same
 *
 * Context: any but NMI.
 * Return: the object.
 */
void *sh_large_publish(struct spanheap *heap, struct sh_span *span,
		       union sh_span_user user, u8 as)
{
	atomic_long_inc(&heap->large_mallocs);
	atomic_long_add(sh_span_bytes(span), &heap->large_bytes);
	sh_whole_publish(span, user, SH_SPAN_LARGE, as);
	return (void *)sh_span_base(span);
}

/**
 * sh_large_alloc() - allocate a large object
 * @heap: the heap
 * @size: bytes
 * @align: bytes, a power of two
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 * @as: SH_OBJ_LIVE, or SH_OBJ_GUARDED for a slot of the debug layer
 *
 * Context: that of @gfp.
 * Return: the object or NULL.
 */
void *sh_large_alloc(struct spanheap *heap, size_t size, size_t align,
		     gfp_t gfp, int node, enum sh_obj_state as)
{
	struct sh_span *span = sh_whole_take(heap, size, align, gfp, node);

	return span ? sh_large_publish(heap, span, heap->caches.cpu, as) : NULL;
}

/**
 * sh_large_alloc_on_node() - allocate a large object on a NUMA node
 * @heap: the heap
 * @size: bytes
 * @align: bytes, a power of two
 * @gfp: how to get memory
 * @node: the node, of pages that are resident already as well, if @gfp allows
 *	to block
 * @as: as for sh_large_alloc()
 *
 * Context: that of @gfp.
 * Return: the object or NULL.
 */
void *sh_large_alloc_on_node(struct spanheap *heap, size_t size, size_t align,
			     gfp_t gfp, int node, enum sh_obj_state as)
{
	struct sh_span *span;

	/* To be zeroed when the pages are those that stay. */
	span = sh_whole_take(heap, size, align, gfp & ~__GFP_ZERO, node);
	if (!span)
		return NULL;
	/* Fails when the node is out of memory after it had pages just now. */
	if (!sh_pageheap_settle(&heap->ph, span, gfp, node)) {
		sh_run_free(&heap->rcs, span);
		return NULL;
	}
	if (want_init_on_alloc(gfp))
		sh_pageheap_zero(span, gfp);
	return sh_large_publish(heap, span, heap->caches.cpu, as);
}

/**
 * sh_large_free_claimed() - free a large object that was claimed for that
 * @span: its span
 *
 * Context: any but NMI.
 */
void sh_large_free_claimed(struct sh_span *span)
{
	struct spanheap *heap = sh_span_heap(span);

	atomic_long_inc(&heap->large_frees);
	atomic_long_sub(sh_span_bytes(span), &heap->large_bytes);
	sh_whole_free(span);
}

/**
 * sh_large_free() - free a large object that has no special records
 * @ptr: the address
 *
 * Context: any but NMI.
 * Return: whether @ptr was such a live large object, which now is free.
 */
bool sh_large_free(const void *ptr)
{
	struct sh_span *span;

	span = sh_whole_claim(ptr, SH_SPAN_LARGE, SH_OBJ_CACHED);
	if (!span)
		return false;
	sh_leakcheck_del(ptr);
	sh_large_free_claimed(span);
	return true;
}

/* The object of a claimed span has all of the span. */
static void has_whole(struct sh_span *span, gfp_t gfp)
{
	sh_leakcheck_resize((void *)sh_span_base(span), sh_span_bytes(span),
			    gfp);
}

static void shrink_large(struct spanheap *heap, struct sh_span *span, u32 nr_pages,
			 gfp_t gfp)
{
	struct sh_span *rest = sh_whole_cut(span, nr_pages);

	/* Without a record for it, the rest stays: that is no failure. */
	if (!rest)
		return;
	has_whole(span, gfp);
	atomic_long_sub(sh_span_bytes(rest), &heap->large_bytes);
	sh_whole_free(rest);
}

static bool grow_large(struct spanheap *heap, struct sh_span *span, u32 more,
		       gfp_t gfp)
{
	if (!sh_pageheap_extend(&heap->ph, span, more, gfp, heap->node))
		return false;
	has_whole(span, gfp);
	atomic_long_add((long)more << SH_PAGE_SHIFT, &heap->large_bytes);
	return true;
}

/**
 * sh_large_resize() - change the size of a large object in place
 * @span: its span, claimed to be changed
 * @heap: the heap that new memory is to come from
 * @size: bytes
 * @gfp: how to get memory
 *
 * Context: that of @gfp.
 * Return: whether the object has @size bytes now; if not, nothing has changed.
 */
bool sh_large_resize(struct sh_span *span, struct spanheap *heap, size_t size,
		     gfp_t gfp)
{
	unsigned long nr_pages = sh_whole_pages(size);

	if (nr_pages < span->nr_pages)
		shrink_large(sh_span_heap(span), span, nr_pages, gfp);
	if (nr_pages <= span->nr_pages)
		return true;
	return nr_pages <= SH_MAX_RUN && heap == sh_span_heap(span) &&
	       grow_large(heap, span, nr_pages - span->nr_pages, gfp);
}

/**
 * sh_large_split() - make two large objects of one
 * @span: its span, claimed to be changed
 * @nr_pages: heap pages of the first of the two
 *
 * Context: any but NMI.
 * Return: the span of the other, claimed, for sh_whole_release(); NULL when there
 * is no memory for its record, then nothing has changed.
 */
struct sh_span *sh_large_split(struct sh_span *span, u32 nr_pages)
{
	struct spanheap *heap = sh_span_heap(span);
	struct sh_span *rest = sh_whole_cut(span, nr_pages);

	if (!rest)
		return NULL;
	has_whole(span, SH_GFP_CHANGE);
	sh_leakcheck_add((void *)sh_span_base(rest), sh_span_bytes(rest),
			 SH_GFP_CHANGE);
	atomic_long_inc(&heap->large_mallocs);
	/* Somebody may free it by mistake, and must not before it has its records. */
	sh_whole_publish(rest, heap->caches.cpu, SH_SPAN_LARGE, SH_OBJ_BUSY);
	return rest;
}

/**
 * sh_large_adopt() - make a large object of one that has a small span of its own
 * @span: the span, its object claimed to be changed
 *
 * The object counts as one that was allocated large.
 *
 * Context: any but NMI.
 */
void sh_large_adopt(struct sh_span *span)
{
	struct spanheap *heap = sh_span_heap(span);

	has_whole(span, SH_GFP_CHANGE);
	sh_central_forget(&heap->central[sh_span_class(span)]);
	atomic_long_inc(&heap->large_mallocs);
	atomic_long_add(sh_span_bytes(span), &heap->large_bytes);
	sh_pageheap_relabel(&heap->ph, span, SH_SPAN_LARGE);
}
