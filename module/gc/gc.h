/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can be reached in a heap. This folder promises: to find, in an ordinary heap at
 * rest, the live objects that nothing refers to any more. See find_unreachable.c.
 */
#ifndef SPANHEAP_GC_H
#define SPANHEAP_GC_H

#include <linux/types.h>

struct spanheap;

long sh_gc_report_unreachable(struct spanheap *heap, void *const *roots, size_t nr);
void sh_gc_debugfs_add(struct spanheap *heap);

#endif /* SPANHEAP_GC_H */
