/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One allocation and one free, by any allocator
 *
 * A loop under test is an __always_inline function that takes the kind as its
 * first argument. bench_dispatch() calls it with a constant, so that each
 * allocator gets its own copy of the loop with direct calls in it. Sizes are
 * variables in all of them: kmalloc() cannot pick its cache at build time.
 */
#ifndef SPANHEAP_BENCH_ALLOC_H
#define SPANHEAP_BENCH_ALLOC_H

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spanheap.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define BENCH_GFP	(GFP_KERNEL | __GFP_NOWARN)

typedef int (*bench_loop)(const enum bench_kind kind,
			  const struct bench_subject s, void *arg,
			  struct bench_sample *sample);

static __always_inline void *bench_alloc(const enum bench_kind kind,
					 const struct bench_subject *s,
					 size_t size)
{
	switch (kind) {
	case BENCH_SPANHEAP:
		return spanheap_alloc(s->heap, size, BENCH_GFP);
	case BENCH_KMALLOC:
		return kmalloc(size, BENCH_GFP);
	case BENCH_KMEM_CACHE:
		return kmem_cache_alloc(s->cache, BENCH_GFP);
	case BENCH_KVMALLOC:
		return kvmalloc(size, BENCH_GFP);
	case BENCH_VMALLOC:
		return vmalloc(size);
	case BENCH_PAGE:
		return (void *)__get_free_page(BENCH_GFP);
	}
	return NULL;
}

static __always_inline void bench_free(const enum bench_kind kind,
				       const struct bench_subject *s,
				       void *obj)
{
	switch (kind) {
	case BENCH_SPANHEAP:
		spanheap_free(obj);
		break;
	case BENCH_KMALLOC:
		kfree(obj);
		break;
	case BENCH_KMEM_CACHE:
		kmem_cache_free(s->cache, obj);
		break;
	case BENCH_KVMALLOC:
		kvfree(obj);
		break;
	case BENCH_VMALLOC:
		vfree(obj);
		break;
	case BENCH_PAGE:
		free_page((unsigned long)obj);
		break;
	}
}

/* The subject goes by value, so that its members can live in registers. */
static __always_inline int bench_dispatch(bench_loop loop,
					  const struct bench_subject *s,
					  void *arg,
					  struct bench_sample *sample)
{
	switch (s->kind) {
	case BENCH_SPANHEAP:
		return loop(BENCH_SPANHEAP, *s, arg, sample);
	case BENCH_KMALLOC:
		return loop(BENCH_KMALLOC, *s, arg, sample);
	case BENCH_KMEM_CACHE:
		return loop(BENCH_KMEM_CACHE, *s, arg, sample);
	case BENCH_KVMALLOC:
		return loop(BENCH_KVMALLOC, *s, arg, sample);
	case BENCH_VMALLOC:
		return loop(BENCH_VMALLOC, *s, arg, sample);
	case BENCH_PAGE:
		return loop(BENCH_PAGE, *s, arg, sample);
	}
	return -EINVAL;
}

#endif /* SPANHEAP_BENCH_ALLOC_H */
