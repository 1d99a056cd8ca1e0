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

#include "base/sizeclass.h"
#include "debug/guard.h"

struct seq_file;
struct sh_debug;
struct sh_object;
struct sh_span;
struct spanheap;
struct spanheap_object;
struct spanheap_stats;

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

/* objects.c */
extern const struct file_operations sh_objects_fops;
bool sh_objects_next(struct sh_debug *debug, unsigned long *index);
bool sh_objects_live(struct sh_debug *debug, unsigned long index,
		     unsigned int n, struct sh_guard *copy);

#endif /* SPANHEAP_DEBUG_H */
