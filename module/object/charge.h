/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Charges: what the kernel's memory allocation profiling counts of ours. See
 * charge.c. On kernels without it all of this is nothing.
 */
#ifndef SPANHEAP_CHARGE_H
#define SPANHEAP_CHARGE_H

#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/spanheap.h>

#include "base/compat.h"

struct sh_object;
struct sh_span;
struct sh_special;

#ifdef SPANHEAP_ALLOC_TAGS

/* Whether allocations are to be charged: a static branch. */
static __always_inline bool sh_charges_on(void)
{
	return mem_alloc_profiling_enabled();
}

void __sh_charge(const void *ptr, gfp_t gfp);
void __sh_charge_pages(const void *ptr, gfp_t gfp);
void __sh_charge_persistent(struct spanheap *heap, size_t size, gfp_t gfp);
void sh_charge_resized(const void *ptr);
void sh_charge_halved(struct sh_span *span, struct sh_span *rest);
void sh_charge_forget(struct sh_object *obj);
void sh_charge_drop(struct sh_special *special);
void sh_charges_drop_persistent(struct spanheap *heap);

#else

static inline bool sh_charges_on(void) { return false; }
static inline void __sh_charge(const void *ptr, gfp_t gfp) { }
static inline void __sh_charge_pages(const void *ptr, gfp_t gfp) { }
static inline void __sh_charge_persistent(struct spanheap *heap, size_t size,
					  gfp_t gfp) { }
static inline void sh_charge_resized(const void *ptr) { }
static inline void sh_charge_halved(struct sh_span *span,
				    struct sh_span *rest) { }
static inline void sh_charge_forget(struct sh_object *obj) { }
static inline void sh_charge_drop(struct sh_special *special) { }
static inline void sh_charges_drop_persistent(struct spanheap *heap) { }

#endif

/**
 * sh_charge() - charge an object to the call site that allocates it
 * @ptr: what an allocation gave: an object, ZERO_SIZE_PTR or NULL
 * @gfp: how to get memory for the record
 */
static inline void sh_charge(const void *ptr, gfp_t gfp)
{
	if (sh_charges_on() && !ZERO_OR_NULL_PTR(ptr))
		__sh_charge(ptr, gfp);
}

/**
 * sh_charge_pages() - charge a manual span to the call site that allocates it
 * @ptr: its first address
 * @gfp: how to get memory for the record
 */
static inline void sh_charge_pages(const void *ptr, gfp_t gfp)
{
	if (sh_charges_on())
		__sh_charge_pages(ptr, gfp);
}

/**
 * sh_charge_persistent() - charge a persistent allocation to its call site
 * @heap: the heap
 * @size: bytes
 * @gfp: how to get memory for the record
 */
static inline void sh_charge_persistent(struct spanheap *heap, size_t size,
					gfp_t gfp)
{
	if (sh_charges_on())
		__sh_charge_persistent(heap, size, gfp);
}

#endif /* SPANHEAP_CHARGE_H */
