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

#include "object/charge.h"
#include "object/find.h"
#include "object/slack.h"
#include "watch/leakcheck.h"
#include "watch/trace.h"

void sh_trace_alloc(struct spanheap *heap, const void *obj, size_t size,
		    gfp_t gfp, unsigned long call_site);
void sh_trace_free(const void *ptr, unsigned long call_site);

/* Whether there is somebody who is told of each object: static branches. */
static __always_inline bool sh_is_watched(void)
{
	return trace_alloc_enabled() || sh_charges_on();
}

/**
 * sh_post_alloc() - tell everybody of what an allocation gave
 * @heap: the heap, NULL for the default heap
 * @obj: the object, ZERO_SIZE_PTR or NULL
 * @size: bytes asked for
 * @gfp: the flags
 * @call_site: who asked
 *
 * All but kmemleak, which has to know before anybody else sees the object; then what
 * is beyond @size is closed.
 *
 * Return: @obj.
 */
static inline void *sh_post_alloc(struct spanheap *heap, void *obj, size_t size,
				  gfp_t gfp, unsigned long call_site)
{
	sh_charge(obj, gfp);
	if (trace_alloc_enabled())
		sh_trace_alloc(heap, obj, size, gfp, call_site);
	return sh_slack_close(obj, size);
}

/**
 * sh_leakcheck_add_any() - tell kmemleak of what an allocation gave
 * @obj: an object of any kind, ZERO_SIZE_PTR or NULL
 * @gfp: how to get memory for kmemleak's record
 */
static inline void sh_leakcheck_add_any(const void *obj, gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && !ZERO_OR_NULL_PTR(obj))
		sh_leakcheck_add(obj, sh_find_size(obj), gfp);
}

#ifdef CONFIG_DEBUG_KMEMLEAK
void sh_leakcheck_drop(struct spanheap *heap);
#else
static inline void sh_leakcheck_drop(struct spanheap *heap) { }
#endif

#endif /* SPANHEAP_HOOKS_H */
