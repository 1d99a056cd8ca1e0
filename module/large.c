// SPDX-License-Identifier: GPL-2.0
/*
 * Large objects: a span each, straight from the run caches and the page heap. The span has one
 * object with one state, as small ones have, and is of size class 0.
 *
 * Locks: none of its own. Contexts: allocation that of its gfp, free any but NMI.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "compat.h"
#include "heap.h"

/**
 * sh_large_alloc() - allocate a large object
 * @heap: the heap
 * @size: bytes
 * @align: bytes, a power of two
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 *
 * Context: that of @gfp.
 * Return: the object or NULL.
 */
void *sh_large_alloc(struct spanheap *heap, size_t size, size_t align,
		     gfp_t gfp, int node)
{
	unsigned long nr_pages, align_pages;
	struct sh_span *span;

	nr_pages = (size >> SH_PAGE_SHIFT) + !!(size & ~SH_PAGE_MASK);
	align_pages = max_t(unsigned long, align >> SH_PAGE_SHIFT, 1);
	span = sh_run_alloc(&heap->rcs, nr_pages, align_pages, 0, gfp, node);
	if (!span)
		return NULL;
	if (want_init_on_alloc(gfp))
		sh_pageheap_zero(span);
	span->cache = heap->caches.cpu;
	span->nelems = 1;
	span->nalloc = 1;
	span->obj[1] = SH_OBJ_FREE;
	WRITE_ONCE(span->obj[0], SH_OBJ_LIVE);
	atomic_long_inc(&heap->large_mallocs);
	atomic_long_add(sh_span_bytes(span), &heap->large_bytes);
	/* Who sees the state sees the record that goes with it. */
	smp_store_release(&span->state, SH_SPAN_LARGE);
	return (void *)sh_span_base(span);
}

/**
 * sh_large_free() - free a large object
 * @span: the span its address maps to, seen to be SH_SPAN_LARGE
 * @ptr: the address
 *
 * Context: any but NMI, in an RCU read-side section.
 * Return: whether @ptr was a live large object, which now is free.
 */
bool sh_large_free(struct sh_span *span, const void *ptr)
{
	unsigned long key = READ_ONCE(span->key);
	struct spanheap *heap;

	if (key != (unsigned long)ptr)
		return false;
	if (cmpxchg(&span->obj[0], SH_OBJ_LIVE, SH_OBJ_CACHED) != SH_OBJ_LIVE)
		return false;
	/* As in spanheap_free(): has it become a span of small objects? */
	if (READ_ONCE(span->key) != key) {
		WRITE_ONCE(span->obj[0], SH_OBJ_LIVE);
		return false;
	}
	heap = sh_span_heap(span);
	if (want_init_on_free())
		memset((void *)ptr, 0, sh_span_bytes(span));
	atomic_long_inc(&heap->large_frees);
	atomic_long_sub(sh_span_bytes(span), &heap->large_bytes);
	WRITE_ONCE(span->obj[0], SH_OBJ_FREE);
	sh_run_free(&heap->rcs, span);
	return true;
}
