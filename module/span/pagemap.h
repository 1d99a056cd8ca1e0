/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pagemap: from any address to the span that holds it. See pagemap.c.
 */
#ifndef SPANHEAP_PAGEMAP_H
#define SPANHEAP_PAGEMAP_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/rcupdate.h>

#include "span/span.h"

/* A leaf maps 32 MiB, a middle node 512 GiB. */
#define SH_LEAF_SHIFT	12
#define SH_MID_SHIFT	14
#define SH_LEAF_NR	BIT(SH_LEAF_SHIFT)
#define SH_MID_NR	BIT(SH_MID_SHIFT)

struct sh_pagemap_leaf {
	struct sh_span *span[SH_LEAF_NR];
};

struct sh_pagemap_mid {
	struct sh_pagemap_leaf *leaf[SH_MID_NR];
};

/**
 * struct sh_pagemap - the tree
 * @mask: the root has this many entries and one more
 * @mid: root of the tree, indexed by the upper bits of the address
 * @start: first address that can be mapped
 * @nr: heap pages that can be mapped
 */
struct sh_pagemap {
	unsigned long mask;
	struct sh_pagemap_mid **mid;
	unsigned long start;
	unsigned long nr;
};

extern struct sh_pagemap sh_pagemap;
extern struct sh_span sh_span_none;

#define SH_MID_ADDR_SHIFT	(SH_PAGE_SHIFT + SH_LEAF_SHIFT)
#define SH_ROOT_ADDR_SHIFT	(SH_MID_ADDR_SHIFT + SH_MID_SHIFT)

/**
 * sh_pagemap_get_any() - the span an address belongs to, or one that has none
 * @addr: any address
 *
 * Context: any. The caller is in an RCU read-side section or has preemption
 * off, or holds something that keeps the span from being freed.
 * Return: a span, &sh_span_none when the address is in none of ours. The answer
 * is what was last set for a page, and an address outside of the vmalloc range
 * may get that of a page within: look at the span to know whether it holds it.
 */
static __always_inline struct sh_span *sh_pagemap_get_any(unsigned long addr)
{
	struct sh_pagemap_leaf *leaf;
	struct sh_pagemap_mid *mid;

	/* data_race: nodes change from empty to another once, any load is right. */
	mid = data_race(sh_pagemap.mid[(addr >> SH_ROOT_ADDR_SHIFT) &
				       sh_pagemap.mask]);
	/* data_race: the same. */
	leaf = data_race(mid->leaf[(addr >> SH_MID_ADDR_SHIFT) &
				   (SH_MID_NR - 1)]);
	return READ_ONCE(leaf->span[(addr >> SH_PAGE_SHIFT) &
				    (SH_LEAF_NR - 1)]);
}

/**
 * sh_pagemap_get() - the span an address belongs to
 * @addr: any address
 *
 * Context: that of sh_pagemap_get_any().
 * Return: as that, but NULL when the address is in none of ours.
 */
static inline struct sh_span *sh_pagemap_get(unsigned long addr)
{
	struct sh_span *span = sh_pagemap_get_any(addr);

	return span == &sh_span_none ? NULL : span;
}

int sh_pagemap_init(void);
void sh_pagemap_exit(void);
int sh_pagemap_reserve(unsigned long addr, unsigned long nr_pages, gfp_t gfp);
void sh_pagemap_set(unsigned long addr, unsigned long nr_pages,
		    struct sh_span *span);
struct sh_span *sh_pagemap_floor(unsigned long addr);
size_t sh_pagemap_bytes(void);

#endif /* SPANHEAP_PAGEMAP_H */
