/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of the slots of a debug heap. See table.c.
 */
#ifndef SPANHEAP_DEBUG_TABLE_H
#define SPANHEAP_DEBUG_TABLE_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "base/sizeclass.h"
#include "debug/guard.h"

struct spanheap;

/**
 * struct sh_debug - what makes a heap a debug heap
 * @slots: the first object of each slot, by address / 8; its lock protects all
 *	below, and the records of objects
 * @heap: the heap
 * @quarantine: freed objects, the oldest first
 * @quarantined: how many
 * @quarantined_bytes: bytes of them
 * @bound: most of these
 * @surplus: live objects less slots that are out, by size class; 0 for large
 * @surplus_bytes: bytes of live large objects less bytes of their slots
 * @corruptions: damaged objects found
 */
struct sh_debug {
	struct xarray slots;
	struct spanheap *heap;
	struct list_head quarantine;
	unsigned long quarantined;
	size_t quarantined_bytes;
	size_t bound;
	long surplus[SH_NR_CLASSES];
	long surplus_bytes;
	unsigned long corruptions;
};

int sh_debug_init(void);
void sh_debug_exit(void);
struct sh_guard *sh_debug_new_record(struct sh_debug *debug, gfp_t gfp);
void sh_debug_free_records(struct sh_debug *debug, struct sh_guard *guard);

/* Where a slot is in the xarray. */
static inline unsigned long sh_debug_index(unsigned long slot)
{
	return slot >> 3;
}

#endif /* SPANHEAP_DEBUG_TABLE_H */
