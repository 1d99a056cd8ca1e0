/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that last as long as their heap. See persistent.c.
 */
#ifndef SPANHEAP_PERSISTENT_H
#define SPANHEAP_PERSISTENT_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/spinlock.h>

/**
 * struct sh_persistent - where a heap's persistent allocations come from
 * @lock: protects @at and @end
 * @at: first address of the current chunk that is not taken
 * @end: end of that chunk
 * @bytes: bytes in all chunks
 * @charges: see charge.c
 */
struct sh_persistent {
	spinlock_t lock;	/* for what is left of the chunk */
	unsigned long at;
	unsigned long end;
	atomic_long_t bytes;
	struct llist_head charges;
};

void sh_persistent_init(struct sh_persistent *pa);

#endif /* SPANHEAP_PERSISTENT_H */
