/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is told of an object that is allocated or freed, and of a heap that goes. See
 * hooks.c and drop.c.
 */
#ifndef SPANHEAP_HOOKS_H
#define SPANHEAP_HOOKS_H

#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/spanheap.h>

#include "watch/leakcheck.h"

void sh_trace_alloc(struct spanheap *heap, const void *obj, size_t size,
		    gfp_t gfp, unsigned long call_site);
void sh_trace_free(const void *ptr, unsigned long call_site);

/**
 * sh_leakcheck_add_any() - tell kmemleak of what an allocation gave
 * @obj: an object of any kind, ZERO_SIZE_PTR or NULL
 * @gfp: how to get memory for kmemleak's record
 */
static inline void sh_leakcheck_add_any(const void *obj, gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && !ZERO_OR_NULL_PTR(obj))
		sh_leakcheck_add(obj, spanheap_size(obj), gfp);
}

#ifdef CONFIG_DEBUG_KMEMLEAK
void sh_leakcheck_drop(struct spanheap *heap);
#else
static inline void sh_leakcheck_drop(struct spanheap *heap) { }
#endif

#endif /* SPANHEAP_HOOKS_H */
