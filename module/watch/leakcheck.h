/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemleak: what it is told about memory that users have. On kernels without it
 * all of this is nothing.
 *
 * To kmemleak an object of a heap is what a block of kmalloc() is: listed when
 * nothing points to it any more, and looked through for pointers to others. It
 * knows of live objects, of either half of a split one, of manual spans, and of
 * chunks of persistent memory, which are looked through and never listed. An
 * object is made known before its user gets it, and forgotten after it was
 * claimed to be freed and before somebody else can have its memory: kmemleak
 * gives up when two objects overlap.
 *
 * Our own records must not point to objects where kmemleak looks, or nothing
 * would ever leak: most are in pages it knows nothing of, arrays of the caches
 * and records of debug heaps are kept from it where they are allocated. What
 * cannot be kept from it is the kernel's record of an arena's addresses, so an
 * object at the very start of an arena is never listed.
 *
 * Locks: none of ours is held in calls that have a gfp. Contexts: calls with a
 * gfp those of the gfp, the rest any but NMI.
 */
#ifndef SPANHEAP_LEAKCHECK_H
#define SPANHEAP_LEAKCHECK_H

#include <linux/kmemleak.h>

#include "base/gfp.h"

/**
 * sh_leakcheck_add() - tell kmemleak of an object
 * @obj: the object
 * @size: its usable bytes
 * @gfp: how to get memory for kmemleak's record
 */
static __always_inline void sh_leakcheck_add(const void *obj, size_t size,
					     gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kmemleak_alloc(obj, size, 1, sh_gfp_meta(gfp));
}

/**
 * sh_leakcheck_add_root() - tell kmemleak of memory that it is to look through
 * @ptr: the memory; it never counts as a leak
 * @size: bytes
 * @gfp: how to get memory for kmemleak's record
 */
static inline void sh_leakcheck_add_root(const void *ptr, size_t size, gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kmemleak_alloc(ptr, size, 0, sh_gfp_meta(gfp));
}

/**
 * sh_leakcheck_del() - have kmemleak forget an object or a root
 * @ptr: its first address
 */
static __always_inline void sh_leakcheck_del(const void *ptr)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kmemleak_free(ptr);
}

/**
 * sh_leakcheck_resize() - tell kmemleak that an object has another size
 * @obj: the object, claimed, or else its user's alone
 * @size: its usable bytes
 * @gfp: how to get memory for kmemleak's record
 */
static inline void sh_leakcheck_resize(const void *obj, size_t size, gfp_t gfp)
{
	/* kmemleak_free_part() may sleep. */
	sh_leakcheck_del(obj);
	sh_leakcheck_add(obj, size, gfp);
}

#endif /* SPANHEAP_LEAKCHECK_H */
