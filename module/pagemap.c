// SPDX-License-Identifier: GPL-2.0
/*
 * The pagemap: a three-level radix tree over the vmalloc range, from the number
 * of a heap page to the span that holds it. One tree serves all heaps, since an
 * address that is freed does not say which heap it came from. Three levels
 * because vmalloc space is 32 TiB or, with five-level page tables, 12,800 TiB;
 * the root is sized by what the kernel has (TCMalloc's page map has the same
 * shape for the same reason).
 *
 * Nodes are made when an arena is reserved and stay until the module goes:
 * vmalloc hands the same addresses out again, and a reader then needs nothing
 * but loads. An entry of a page no span holds is NULL.
 *
 * Invariants, kept by the page heap: every page of a span in use maps to the
 * span; the first and last page of a free span map to it, the pages between
 * map to it or to nothing; no entry maps to a record that was freed.
 *
 * Locks: none. Entries are written by whoever owns the pages. Nodes are put in
 * place with cmpxchg.
 *
 * Contexts: look-up and set anywhere. sh_pagemap_reserve() may sleep.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "pagemap.h"

struct sh_pagemap sh_pagemap __read_mostly;
SH_EXPORT_FOR_KUNIT(sh_pagemap);

static unsigned long root_nr;
static atomic_long_t node_bytes;

/**
 * sh_pagemap_init() - set up the tree for this kernel's vmalloc range
 *
 * Return: 0 or -ENOMEM.
 */
int sh_pagemap_init(void)
{
	unsigned long first = VMALLOC_START & SH_PAGE_MASK;

	sh_pagemap.start = first;
	sh_pagemap.nr = (VMALLOC_END - first) >> SH_PAGE_SHIFT;
	root_nr = (sh_pagemap.nr >> (SH_LEAF_SHIFT + SH_MID_SHIFT)) + 1;
	sh_pagemap.mid = kvcalloc(root_nr, sizeof(*sh_pagemap.mid), GFP_KERNEL);
	if (!sh_pagemap.mid)
		return -ENOMEM;
	atomic_long_set(&node_bytes, root_nr * sizeof(*sh_pagemap.mid));
	return 0;
}

/**
 * sh_pagemap_exit() - free the tree
 *
 * No heap is left and nobody looks anything up.
 */
void sh_pagemap_exit(void)
{
	unsigned long i, j;

	for (i = 0; i < root_nr; i++) {
		struct sh_pagemap_mid *mid = sh_pagemap.mid[i];

		if (!mid)
			continue;
		for (j = 0; j < SH_MID_NR; j++)
			kvfree(mid->leaf[j]);
		kvfree(mid);
	}
	kvfree(sh_pagemap.mid);
}

/* The node at @slot, made now if there is none. */
static void *node_get(void **slot, size_t bytes, gfp_t gfp)
{
	void *node = READ_ONCE(*slot), *old;

	if (node)
		return node;
	node = kvzalloc(bytes, gfp);
	if (!node)
		return NULL;
	old = cmpxchg(slot, NULL, node);
	if (old) {
		kvfree(node);
		return old;
	}
	atomic_long_add(bytes, &node_bytes);
	return node;
}

/**
 * sh_pagemap_reserve() - make the nodes that a range needs
 * @addr: first address, a multiple of the heap page
 * @nr_pages: heap pages
 * @gfp: GFP_KERNEL or less
 *
 * Context: task, may sleep.
 * Return: 0, -ENOMEM, or -ERANGE when the range is outside vmalloc space.
 */
int sh_pagemap_reserve(unsigned long addr, unsigned long nr_pages, gfp_t gfp)
{
	unsigned long nr = (addr - sh_pagemap.start) >> SH_PAGE_SHIFT;
	unsigned long leaf, last = (nr + nr_pages - 1) >> SH_LEAF_SHIFT;
	struct sh_pagemap_mid *mid;

	if (nr >= sh_pagemap.nr || nr_pages > sh_pagemap.nr - nr)
		return -ERANGE;
	for (leaf = nr >> SH_LEAF_SHIFT; leaf <= last; leaf++) {
		mid = node_get((void **)&sh_pagemap.mid[leaf >> SH_MID_SHIFT],
			       sizeof(*mid), gfp);
		if (!mid)
			return -ENOMEM;
		if (!node_get((void **)&mid->leaf[leaf & (SH_MID_NR - 1)],
			      sizeof(struct sh_pagemap_leaf), gfp))
			return -ENOMEM;
	}
	return 0;
}
SH_EXPORT_FOR_KUNIT(sh_pagemap_reserve);

/**
 * sh_pagemap_set() - map pages to a span
 * @addr: first address, a multiple of the heap page, in a reserved range
 * @nr_pages: heap pages
 * @span: the span, or NULL
 *
 * Context: any; the caller owns the pages.
 */
void sh_pagemap_set(unsigned long addr, unsigned long nr_pages,
		    struct sh_span *span)
{
	unsigned long nr = (addr - sh_pagemap.start) >> SH_PAGE_SHIFT;
	unsigned long run, i, at;

	for (; nr_pages; nr += run, nr_pages -= run) {
		struct sh_pagemap_leaf *leaf;

		at = nr & (SH_LEAF_NR - 1);
		run = min(nr_pages, SH_LEAF_NR - at);
		leaf = sh_pagemap.mid[nr >> (SH_LEAF_SHIFT + SH_MID_SHIFT)]->
			leaf[(nr >> SH_LEAF_SHIFT) & (SH_MID_NR - 1)];
		for (i = at; i < at + run; i++)
			WRITE_ONCE(leaf->span[i], span);
	}
}
SH_EXPORT_FOR_KUNIT(sh_pagemap_set);

/**
 * sh_pagemap_bytes() - memory the tree takes
 *
 * Return: bytes of all nodes, for all heaps together.
 */
size_t sh_pagemap_bytes(void)
{
	return atomic_long_read(&node_bytes);
}
