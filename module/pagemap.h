/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pagemap: from any address to the span that holds it. See pagemap.c.
 */
#ifndef SPANHEAP_PAGEMAP_H
#define SPANHEAP_PAGEMAP_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/rcupdate.h>

#include "sizeclass.h"

struct sh_span;

/* A leaf maps 32 MiB, a middle node 512 GiB. */
#define SH_LEAF_SHIFT	12
#define SH_MID_SHIFT	14
#define SH_LEAF_NR	(1UL << SH_LEAF_SHIFT)
#define SH_MID_NR	(1UL << SH_MID_SHIFT)

struct sh_pagemap_leaf {
	struct sh_span *span[SH_LEAF_NR];
};

struct sh_pagemap_mid {
	struct sh_pagemap_leaf *leaf[SH_MID_NR];
};

/**
 * struct sh_pagemap - the tree
 * @start: first address mapped
 * @nr: heap pages mapped
 * @mid: root of the tree, indexed by the upper bits of the page number
 */
struct sh_pagemap {
	unsigned long start;
	unsigned long nr;
	struct sh_pagemap_mid **mid;
};

extern struct sh_pagemap sh_pagemap;

/**
 * sh_pagemap_get() - the span an address belongs to
 * @addr: any address
 *
 * Context: any. The caller is in an RCU read-side section or has preemption
 * off, or holds something that keeps the span from being freed.
 * Return: the span, or NULL when the address is in none of ours. The answer is
 * what was last set for the page; a reader without locks has to look at the
 * span to know whether it still holds the address.
 */
static __always_inline struct sh_span *sh_pagemap_get(unsigned long addr)
{
	unsigned long nr = (addr - sh_pagemap.start) >> SH_PAGE_SHIFT;
	struct sh_pagemap_leaf *leaf;
	struct sh_pagemap_mid *mid;

	if (unlikely(nr >= sh_pagemap.nr))
		return NULL;
	mid = READ_ONCE(sh_pagemap.mid[nr >> (SH_LEAF_SHIFT + SH_MID_SHIFT)]);
	if (unlikely(!mid))
		return NULL;
	leaf = READ_ONCE(mid->leaf[(nr >> SH_LEAF_SHIFT) & (SH_MID_NR - 1)]);
	if (unlikely(!leaf))
		return NULL;
	return READ_ONCE(leaf->span[nr & (SH_LEAF_NR - 1)]);
}

int sh_pagemap_init(void);
void sh_pagemap_exit(void);
int sh_pagemap_reserve(unsigned long addr, unsigned long nr_pages, gfp_t gfp);
void sh_pagemap_set(unsigned long addr, unsigned long nr_pages,
		    struct sh_span *span);
size_t sh_pagemap_bytes(void);

#endif /* SPANHEAP_PAGEMAP_H */
