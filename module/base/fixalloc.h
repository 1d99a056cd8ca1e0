/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixed-size records for the heap's own use. See fixalloc.c.
 */
#ifndef SPANHEAP_FIXALLOC_H
#define SPANHEAP_FIXALLOC_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/spinlock.h>

/* Smallest record, and the alignment of all of them, bytes. */
#define SH_FIXALLOC_MIN		32

/* A record of whole lines of the CPU's cache, as most have them, lies in these. */
#define SH_FIXALLOC_LINE	64

/**
 * struct sh_fixalloc - an allocator of records of one size
 * @lock: protects all below but @bytes; taken inside any other lock of ours
 * @size: bytes of a record
 * @per_block: records in a block
 * @node: NUMA node of the blocks
 * @partial: blocks with free records
 * @spare: a block all of whose records are free, or NULL
 * @first: called on a record the first time it is handed out, may be NULL
 * @inuse: records handed out
 * @closed: no more are, see sh_fixalloc_close()
 * @bytes: bytes of all blocks, shared by the allocators that are counted
 *	together
 */
struct sh_fixalloc {
	spinlock_t lock;	/* see above */
	unsigned int size;
	unsigned int per_block;
	int node;
	struct list_head partial;
	struct sh_fixblock *spare;
	void (*first)(void *record);
	unsigned long inuse;
	bool closed;
	atomic_long_t *bytes;
};

void sh_fixalloc_init(struct sh_fixalloc *fa, unsigned int size, int node,
		      void (*first)(void *record), atomic_long_t *bytes);
void sh_fixalloc_close(struct sh_fixalloc *fa);
void sh_fixalloc_exit(struct sh_fixalloc *fa);
void *sh_fixalloc_alloc(struct sh_fixalloc *fa, gfp_t gfp);
void sh_fixalloc_free(struct sh_fixalloc *fa, void *record);

#endif /* SPANHEAP_FIXALLOC_H */
