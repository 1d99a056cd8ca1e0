// SPDX-License-Identifier: GPL-2.0
/*
 * What is known of the slots of a debug heap: a record for each object, in an xarray by
 * the slot it lies in. debug.c says what the records mean.
 *
 * Locks: none; who takes records out of the xarray has its lock. Contexts: that of the
 * gfp, or any but NMI.
 */
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "debug/table.h"
#include "heap/heap.h"

static struct kmem_cache *guards;

/**
 * sh_debug_init() - prepare for debug heaps
 *
 * Return: 0 or -ENOMEM.
 */
int sh_debug_init(void)
{
	/* They point to objects, which are no less leaked for that. */
	guards = kmem_cache_create("spanheap_guard", sizeof(struct sh_guard), 0,
				   SLAB_NOLEAKTRACE, NULL);
	return guards ? 0 : -ENOMEM;
}

/**
 * sh_debug_exit() - undo sh_debug_init()
 */
void sh_debug_exit(void)
{
	kmem_cache_destroy(guards);
}

/**
 * sh_debug_new_record() - make a record
 * @debug: the debug layer
 * @gfp: how to get memory
 *
 * Return: a zeroed record, for sh_debug_free_records(), or NULL.
 */
struct sh_guard *sh_debug_new_record(struct sh_debug *debug, gfp_t gfp)
{
	struct sh_guard *guard;

	if (sh_fault(SH_FAULT_META))
		return NULL;
	guard = kmem_cache_zalloc(guards, sh_gfp_meta(gfp));
	if (guard)
		atomic_long_add(sizeof(*guard), &debug->heap->meta.other);
	return guard;
}

/**
 * sh_debug_free_records() - free the records of a slot
 * @debug: the debug layer
 * @guard: the first of them, in the xarray no more; may be NULL
 */
void sh_debug_free_records(struct sh_debug *debug, struct sh_guard *guard)
{
	struct sh_guard *next;

	for (; guard; guard = next) {
		next = guard->next;
		kmem_cache_free(guards, guard);
		atomic_long_sub(sizeof(*guard), &debug->heap->meta.other);
	}
}
