/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All heaps there are, oldest first.
 */
#ifndef SPANHEAP_REGISTRY_H
#define SPANHEAP_REGISTRY_H

#include <linux/types.h>

struct rw_semaphore;
struct spanheap;

/* For who makes a heap or ends one; visits need it not. */
extern struct rw_semaphore sh_heaps_lock;

struct spanheap *sh_heaps_find(const char *name);
bool sh_heaps_have(const struct spanheap *heap);
void sh_heaps_add(struct spanheap *heap);
void sh_heaps_remove(struct spanheap *heap);

struct spanheap *sh_heaps_visit(struct spanheap *last);
void sh_heap_leave(struct spanheap *heap);

#endif /* SPANHEAP_REGISTRY_H */
