// SPDX-License-Identifier: GPL-2.0
/*
 * The pagemap: a three-level radix tree over the vmalloc range, from a heap page
 * to the span that holds it. One tree serves all heaps, since an address that is
 * freed does not say which heap it came from. Three levels because vmalloc space
 * is 32 TiB or, with five-level page tables, 12,800 TiB; the root is sized by
 * what the kernel has (TCMalloc's page map has the same shape for the same
 * reason).
 *
 * A look-up is three loads and no branch: the root is indexed by the upper bits
 * of the address, masked, and where there is no node there is one that maps
 * nothing. The root has as many entries as the vmalloc range needs, so that no
 * two addresses within share one. Addresses outside do share theirs; the
 * caller, who looks at the span's own address in any case, tells them apart.
 *
 * Nodes are made when an arena is reserved and stay until the module goes:
 * vmalloc hands the same addresses out again. An entry of a page no span holds
 * is that of sh_span_none, of size class 0, at no address: who looks for an
 * object of a size class finds none there, without having to ask.
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
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "base/compat.h"
#include "base/fault.h"
#include "span/pagemap.h"

struct sh_pagemap sh_pagemap __read_mostly;
EXPORT_SYMBOL_IF_KUNIT(sh_pagemap);

struct sh_span sh_span_none;
EXPORT_SYMBOL_IF_KUNIT(sh_span_none);

/* What stands where no node was made. */
static struct sh_pagemap_leaf *empty_leaf;
static struct sh_pagemap_mid *empty_mid;

static atomic_long_t node_bytes;

static struct sh_pagemap_mid *new_mid(gfp_t gfp)
{
	struct sh_pagemap_mid *mid = sh_fault(SH_FAULT_META) ? NULL :
				     kvmalloc(sizeof(*mid), gfp);
	unsigned long i;

	for (i = 0; mid && i < SH_MID_NR; i++)
		mid->leaf[i] = empty_leaf;
	return mid;
}

static struct sh_pagemap_leaf *new_leaf(gfp_t gfp)
{
	struct sh_pagemap_leaf *leaf = sh_fault(SH_FAULT_META) ? NULL :
				       kvmalloc(sizeof(*leaf), gfp);
	unsigned long i;

	for (i = 0; leaf && i < SH_LEAF_NR; i++)
		leaf->span[i] = &sh_span_none;
	return leaf;
}

/**
 * sh_pagemap_init() - set up the tree for this kernel's vmalloc range
 *
 * Return: 0 or -ENOMEM.
 */
int sh_pagemap_init(void)
{
	unsigned long first = VMALLOC_START & SH_PAGE_MASK;
	unsigned long bytes = VMALLOC_END - first, nr, i;

	nr = roundup_pow_of_two((bytes >> SH_ROOT_ADDR_SHIFT) + 2);
	sh_pagemap.start = first;
	sh_pagemap.nr = bytes >> SH_PAGE_SHIFT;
	sh_pagemap.mask = nr - 1;
	empty_leaf = new_leaf(GFP_KERNEL);
	empty_mid = new_mid(GFP_KERNEL);
	sh_pagemap.mid = sh_fault(SH_FAULT_META) ? NULL :
		kvmalloc_array(nr, sizeof(*sh_pagemap.mid), GFP_KERNEL);
	if (!empty_leaf || !empty_mid || !sh_pagemap.mid) {
		kvfree(empty_leaf);
		kvfree(empty_mid);
		kvfree(sh_pagemap.mid);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++)
		sh_pagemap.mid[i] = empty_mid;
	atomic_long_set(&node_bytes, nr * sizeof(*sh_pagemap.mid) +
			sizeof(*empty_leaf) + sizeof(*empty_mid));
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

	for (i = 0; i <= sh_pagemap.mask; i++) {
		struct sh_pagemap_mid *mid = sh_pagemap.mid[i];

		if (mid == empty_mid)
			continue;
		for (j = 0; j < SH_MID_NR; j++)
			if (mid->leaf[j] != empty_leaf)
				kvfree(mid->leaf[j]);
		kvfree(mid);
		cond_resched();
	}
	kvfree(sh_pagemap.mid);
	kvfree(empty_mid);
	kvfree(empty_leaf);
}

static int need_mid(struct sh_pagemap_mid **slot, gfp_t gfp)
{
	struct sh_pagemap_mid *mid;

	if (READ_ONCE(*slot) != empty_mid)
		return 0;
	mid = new_mid(gfp);
	if (!mid)
		return -ENOMEM;
	if (cmpxchg(slot, empty_mid, mid) == empty_mid)
		atomic_long_add(sizeof(*mid), &node_bytes);
	else
		kvfree(mid);	/* somebody else was faster */
	return 0;
}

static int need_leaf(struct sh_pagemap_leaf **slot, gfp_t gfp)
{
	struct sh_pagemap_leaf *leaf;

	if (READ_ONCE(*slot) != empty_leaf)
		return 0;
	leaf = new_leaf(gfp);
	if (!leaf)
		return -ENOMEM;
	if (cmpxchg(slot, empty_leaf, leaf) == empty_leaf)
		atomic_long_add(sizeof(*leaf), &node_bytes);
	else
		kvfree(leaf);	/* somebody else was faster */
	return 0;
}

static struct sh_pagemap_mid **mid_slot(unsigned long addr)
{
	return &sh_pagemap.mid[(addr >> SH_ROOT_ADDR_SHIFT) & sh_pagemap.mask];
}

static struct sh_pagemap_leaf **leaf_slot(unsigned long addr)
{
	return &(*mid_slot(addr))->leaf[(addr >> SH_MID_ADDR_SHIFT) &
					(SH_MID_NR - 1)];
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
	unsigned long end = addr + (nr_pages << SH_PAGE_SHIFT);
	int err;

	if (nr >= sh_pagemap.nr || nr_pages > sh_pagemap.nr - nr)
		return -ERANGE;
	addr &= ~((1UL << SH_MID_ADDR_SHIFT) - 1);
	for (; addr < end; addr += 1UL << SH_MID_ADDR_SHIFT) {
		err = need_mid(mid_slot(addr), gfp);
		if (!err)
			err = need_leaf(leaf_slot(addr), gfp);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pagemap_reserve);

/**
 * sh_pagemap_set() - map pages to a span
 * @addr: first address, a multiple of the heap page, in a reserved range
 * @nr_pages: heap pages
 * @span: the span, or NULL
 *
 * Whoever finds the span by it sees its record as it is now.
 *
 * Context: any; the caller owns the pages.
 */
void sh_pagemap_set(unsigned long addr, unsigned long nr_pages,
		    struct sh_span *span)
{
	unsigned long run, i, at;
	struct sh_span **entry;

	span = span ?: &sh_span_none;
	/* Readers follow the pointer. */
	smp_wmb();
	for (; nr_pages; addr += run << SH_PAGE_SHIFT, nr_pages -= run) {
		at = (addr >> SH_PAGE_SHIFT) & (SH_LEAF_NR - 1);
		run = min(nr_pages, SH_LEAF_NR - at);
		entry = &(*leaf_slot(addr))->span[at];
		for (i = 0; i < run; i++)
			WRITE_ONCE(entry[i], span);
	}
}
EXPORT_SYMBOL_IF_KUNIT(sh_pagemap_set);

/**
 * sh_pagemap_floor() - the last span that begins at or before an address
 * @addr: any address
 *
 * The pages within a free span may map to nothing: for who has to know about
 * these as well, and has time. Takes a step for each page between.
 *
 * Context: that of sh_pagemap_get().
 * Return: a span, or NULL when there is none near. It may end before @addr.
 */
struct sh_span *sh_pagemap_floor(unsigned long addr)
{
	struct sh_span *span = NULL;

	/* Where there is no leaf there is no arena either. */
	while (!span && addr - sh_pagemap.start <
			sh_pagemap.nr << SH_PAGE_SHIFT &&
	       READ_ONCE(*leaf_slot(addr)) != empty_leaf) {
		span = sh_pagemap_get(addr);
		addr -= SH_PAGE_SIZE;
	}
	return span;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pagemap_floor);

/**
 * sh_pagemap_bytes() - memory the tree takes
 *
 * Return: bytes of all nodes, for all heaps together.
 */
size_t sh_pagemap_bytes(void)
{
	return atomic_long_read(&node_bytes);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pagemap_bytes);
