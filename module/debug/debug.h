/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Debug heaps. This folder promises: objects of any size with red zones and poison,
 * whose misuse is found when they are freed, resized or leave the quarantine, and who
 * allocated and freed them. See debug.c, change.c, damage.c, quarantine.c, objects.c.
 */
#ifndef SPANHEAP_DEBUG_H
#define SPANHEAP_DEBUG_H

#include <linux/gfp.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "base/sizeclass.h"
#include "debug/guard.h"

struct seq_file;
struct sh_object;
struct sh_span;
struct spanheap;
struct spanheap_object;
struct spanheap_stats;

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
int sh_debug_add(struct spanheap *heap);
void sh_debug_remove(struct spanheap *heap);

void *sh_debug_alloc(struct spanheap *heap, size_t size, size_t align,
		     gfp_t gfp, int node, bool on_node);
struct sh_guard *sh_debug_claim(const void *ptr, struct sh_debug **debugp);
struct sh_guard *sh_debug_claimed(const void *addr);
void sh_debug_release(struct sh_debug *debug, struct sh_guard *guard);
void sh_debug_note_free(struct sh_debug *debug, struct sh_guard *guard);
void sh_debug_free(struct sh_debug *debug, struct sh_guard *guard);
bool sh_debug_find(const void *addr, struct spanheap_object *obj);
bool sh_debug_look(const void *addr, struct sh_guard *copy);

void sh_debug_stats(struct spanheap *heap, struct spanheap_stats *stats);
long sh_debug_surplus(struct spanheap *heap, unsigned int class);
long sh_debug_surplus_bytes(struct spanheap *heap);

/* change.c */
bool sh_debug_resize(struct sh_debug *debug, struct sh_guard *guard, size_t size);
int sh_debug_split(const void *ptr);

/* damage.c */
unsigned int sh_debug_check(struct sh_debug *debug);
void sh_debug_note_damage(struct sh_debug *debug, struct sh_guard *guard,
			  const struct sh_damage *damage, const char *when);

/* quarantine.c */
void sh_quarantine_add(struct sh_debug *debug, struct sh_guard *guard);
void sh_quarantine_bury(struct sh_debug *debug, struct sh_guard *guard,
			const struct sh_damage *damage, const char *when);
bool sh_quarantine_reuse(struct sh_debug *debug, unsigned long slot);
void sh_quarantine_forget(struct sh_span *span);
void sh_quarantine_drain(struct spanheap *heap);
size_t sh_quarantine_bytes(struct spanheap *heap);

/* slot.c */
bool sh_debug_take_slot(struct sh_debug *debug, struct sh_guard *guard,
			size_t total, size_t align, gfp_t gfp, int node,
			bool on_node);
void sh_debug_untake_slot(struct sh_debug *debug, const struct sh_guard *guard);
void sh_debug_put_slot(struct sh_debug *debug, unsigned long slot,
		       unsigned int class);
void sh_debug_discount(struct sh_debug *debug, const struct sh_guard *guard);

/* Between debug.c and the others. */
struct sh_guard *sh_debug_new_record(struct sh_debug *debug, gfp_t gfp);
void sh_debug_free_records(struct sh_debug *debug, struct sh_guard *guard);

/* objects.c */
extern const struct file_operations sh_objects_fops;
bool sh_objects_next(struct sh_debug *debug, unsigned long *index);
bool sh_objects_live(struct sh_debug *debug, unsigned long index,
		     unsigned int n, struct sh_guard *copy);

static inline unsigned long sh_debug_index(unsigned long slot)
{
	return slot >> 3;
}

#endif /* SPANHEAP_DEBUG_H */
