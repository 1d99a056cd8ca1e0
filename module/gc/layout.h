/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layouts: what the objects of a type are in one managed heap. See layout.c.
 */
#ifndef SPANHEAP_LAYOUT_H
#define SPANHEAP_LAYOUT_H

#include <linux/list.h>
#include <linux/spanheap.h>

#include "cache/bin.h"
#include "gc/managed.h"

struct seq_file;

/* Longest name of a type that is kept, bytes with the NUL. */
#define SH_TYPE_NAME_MAX	32

/**
 * struct spanheap_layout - a type in a heap
 * @heap: the heap
 * @size: bytes of one element
 * @bins: where objects come from, by size class; NULL for those never asked for
 * @link: in the heap's list
 * @name: its name
 * @flags: its flags; SPANHEAP_NOSCAN also when it has no references
 * @nr_refs: references in an element
 * @refs: where these are, bytes
 */
struct spanheap_layout {
	struct spanheap *heap;
	size_t size;
	struct sh_bin *bins[SH_NR_CLASSES];
	struct list_head link;
	char name[SH_TYPE_NAME_MAX];
	unsigned int flags;
	unsigned int nr_refs;
	u16 refs[];
};

/* Layouts are added, and stay as long as the heap. */
#define sh_for_each_layout(layout, gc) \
	list_for_each_entry_rcu(layout, &(gc)->layouts, link, true)

struct sh_bin *sh_layout_bin(struct spanheap_layout *layout, unsigned int class,
			     gfp_t gfp);
int sh_layouts_show(struct spanheap *heap, struct seq_file *m);

#endif /* SPANHEAP_LAYOUT_H */
