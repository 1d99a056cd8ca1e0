/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can be reached in a heap. This folder promises: objects of managed heaps, of which
 * it is known where the references are (layout.c, new.c), and which are freed once
 * nothing refers to them (cycle.c); and to find, in an ordinary heap at rest, the live
 * objects that nothing refers to any more (find_unreachable.c).
 */
#ifndef SPANHEAP_GC_H
#define SPANHEAP_GC_H

#include <linux/gfp.h>
#include <linux/types.h>

struct module;
struct spanheap;
struct spanheap_layout;
struct spanheap_type;

int sh_gc_add(struct spanheap *heap, unsigned int percent);
void sh_gc_stop(struct spanheap *heap);
void sh_gc_remove(struct spanheap *heap);
struct spanheap_layout *sh_gc_register(struct spanheap *heap,
				       const struct spanheap_type *type, gfp_t gfp);
unsigned long sh_gc_forget_roots(struct spanheap *heap, const struct module *mod);
void sh_gc_halt(struct spanheap *heap);
void sh_gc_limit_changed(struct spanheap *heap);
int sh_gc_init(void);
void sh_gc_exit(void);
void *sh_gc_new(struct spanheap_layout *layout, size_t bytes, gfp_t gfp);
bool sh_gc_reserve(struct spanheap *heap, size_t bytes, gfp_t gfp);
int sh_gc_collect(struct spanheap *heap);
void sh_gc_set_percent(struct spanheap *heap, unsigned int percent);
long sh_gc_verify(struct spanheap *heap);

long sh_gc_report_unreachable(struct spanheap *heap, void *const *roots, size_t nr);
void sh_gc_debugfs_add(struct spanheap *heap);

#endif /* SPANHEAP_GC_H */
