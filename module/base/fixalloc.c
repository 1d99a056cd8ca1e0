// SPDX-License-Identifier: GPL-2.0
/*
 * Fixed-size records: span records and other things a heap keeps about itself.
 * What FixAlloc is in the Go runtime, with blocks that go back to the system.
 *
 * A block is a page: a header with a bitmap of free records, then the records.
 * Nothing is written into a free record. Together with the grace period before
 * a block's page is freed this makes records type-stable under RCU: whoever
 * finds a record in an RCU read-side section may look at it until the end of
 * the section, even when it has been freed or handed out again meanwhile.
 *
 * Invariants: a block is on the partial list if and only if it has both free
 * records and records in use; at most one block, the spare, has no record in
 * use. Once it is closed blocks without records in use are on the list as well.
 *
 * Locks: fa->lock, an inner lock that is taken inside any other lock of the
 * heap. It is not held over the page allocator.
 *
 * Contexts: sh_fixalloc_free() anywhere but in NMI. sh_fixalloc_alloc() with a
 * gfp that may sleep where that is allowed, with gfp 0 (no new block, just what
 * is there) anywhere but in NMI.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/fixalloc.h"
#include "base/gfp.h"
#include "base/longmem.h"

#define SH_FIXBLOCK_MAX		(PAGE_SIZE / SH_FIXALLOC_MIN)

struct sh_fixblock {
	struct list_head link;
	struct rcu_head rcu;
	unsigned int inuse;
	unsigned int touched;	/* records ever handed out */
	DECLARE_BITMAP(free, SH_FIXBLOCK_MAX);
};

#define SH_FIXBLOCK_HDR		ALIGN(sizeof(struct sh_fixblock), SH_FIXALLOC_LINE)

static struct sh_fixblock *block_of(const void *record)
{
	return (struct sh_fixblock *)((unsigned long)record & PAGE_MASK);
}

static void *block_record(struct sh_fixblock *b, unsigned int size,
			  unsigned int idx)
{
	return (char *)b + SH_FIXBLOCK_HDR + idx * size;
}

static struct sh_fixblock *block_new(struct sh_fixalloc *fa, gfp_t gfp)
{
	struct sh_fixblock *b;
	struct page *page;

	if (sh_fault(SH_FAULT_META))
		return NULL;
	page = alloc_pages_node(fa->node, sh_gfp_meta(gfp) | __GFP_ZERO, 0);
	if (!page)
		return NULL;
	b = page_address(page);
	INIT_LIST_HEAD(&b->link);
	bitmap_set(b->free, 0, fa->per_block);
	atomic_long_add(PAGE_SIZE, fa->bytes);
	return b;
}

static void block_free_rcu(struct rcu_head *rcu)
{
	free_page((unsigned long)container_of(rcu, struct sh_fixblock, rcu));
}

static void block_release(struct sh_fixalloc *fa, struct sh_fixblock *b)
{
	atomic_long_sub(PAGE_SIZE, fa->bytes);
	call_rcu(&b->rcu, block_free_rcu);
}

/* Take a record out of a block that has one. Called with the lock held. */
static void *block_take(struct sh_fixalloc *fa, struct sh_fixblock *b,
			bool *untouched)
{
	unsigned int idx = find_first_bit(b->free, SH_FIXBLOCK_MAX);

	lockdep_assert_held(&fa->lock);
	__clear_bit(idx, b->free);
	b->inuse++;
	fa->inuse++;
	if (b->inuse == fa->per_block)
		list_del_init(&b->link);
	*untouched = idx >= b->touched;
	if (*untouched)
		b->touched = idx + 1;
	return block_record(b, fa->size, idx);
}

/**
 * sh_fixalloc_init() - set up an allocator of records
 * @fa: the allocator
 * @size: bytes of a record, rounded up to SH_FIXALLOC_MIN
 * @node: NUMA node for the blocks, or NUMA_NO_NODE
 * @first: called, outside the lock, on each record when it is handed out for
 *	the first time; such a record is zeroed. May be NULL.
 * @bytes: counter that the bytes of the blocks are added to
 */
void sh_fixalloc_init(struct sh_fixalloc *fa, unsigned int size, int node,
		      void (*first)(void *record), atomic_long_t *bytes)
{
	spin_lock_init(&fa->lock);
	fa->size = ALIGN(size, SH_FIXALLOC_MIN);
	fa->per_block = (PAGE_SIZE - SH_FIXBLOCK_HDR) / fa->size;
	fa->node = node;
	INIT_LIST_HEAD(&fa->partial);
	fa->spare = NULL;
	fa->first = first;
	fa->inuse = 0;
	fa->closed = false;
	fa->bytes = bytes;
}
EXPORT_SYMBOL_IF_KUNIT(sh_fixalloc_init);

/**
 * sh_fixalloc_close() - hand out no more records
 * @fa: the allocator
 *
 * What is freed from now on stays until sh_fixalloc_exit(), which is a better
 * place for it than RCU's callbacks if that is much.
 */
void sh_fixalloc_close(struct sh_fixalloc *fa)
{
	fa->closed = true;
}
EXPORT_SYMBOL_IF_KUNIT(sh_fixalloc_close);

/**
 * sh_fixalloc_exit() - give all memory of an allocator back
 * @fa: the allocator; nobody uses it or its records any more, readers included
 *
 * Frees blocks whether their records were freed or not. Blocks that are full are
 * on no list: their records must have been freed.
 *
 * Context: task, may sleep.
 */
void sh_fixalloc_exit(struct sh_fixalloc *fa)
{
	struct sh_fixblock *b, *next;
	unsigned long nr = 0;

	if (fa->spare)
		list_add(&fa->spare->link, &fa->partial);
	fa->spare = NULL;
	list_for_each_entry_safe(b, next, &fa->partial, link) {
		atomic_long_sub(PAGE_SIZE, fa->bytes);
		sh_free_page_of_many(virt_to_page(b), nr++);
	}
	INIT_LIST_HEAD(&fa->partial);
}
EXPORT_SYMBOL_IF_KUNIT(sh_fixalloc_exit);

/* A record from the blocks there are; @b, if any, joins them first. */
static void *take_record(struct sh_fixalloc *fa, struct sh_fixblock *b,
			 bool *untouched)
{
	void *record = NULL;
	unsigned long flags;

	spin_lock_irqsave(&fa->lock, flags);
	if (!b && list_empty(&fa->partial)) {
		b = fa->spare;
		fa->spare = NULL;
	}
	if (b)
		list_add(&b->link, &fa->partial);
	b = list_first_entry_or_null(&fa->partial, struct sh_fixblock, link);
	if (b)
		record = block_take(fa, b, untouched);
	spin_unlock_irqrestore(&fa->lock, flags);
	return record;
}

/**
 * sh_fixalloc_alloc() - get a record
 * @fa: the allocator
 * @gfp: how to get another block when there is no free record, 0 not to try
 *
 * Context: that of @gfp; under any lock of ours with @gfp 0.
 * Return: the record or NULL. Its contents are what its last user left, or
 *	zeroes.
 */
void *sh_fixalloc_alloc(struct sh_fixalloc *fa, gfp_t gfp)
{
	struct sh_fixblock *b;
	bool untouched;
	void *record;

	record = take_record(fa, NULL, &untouched);
	if (!record && gfp) {
		b = block_new(fa, gfp);
		if (b)
			record = take_record(fa, b, &untouched);
	}
	if (record && untouched && fa->first)
		fa->first(record);
	return record;
}
EXPORT_SYMBOL_IF_KUNIT(sh_fixalloc_alloc);

/**
 * sh_fixalloc_free() - give a record back
 * @fa: the allocator it came from
 * @record: the record
 *
 * Context: any but NMI, under any lock of ours.
 */
void sh_fixalloc_free(struct sh_fixalloc *fa, void *record)
{
	struct sh_fixblock *b = block_of(record), *release = NULL;
	unsigned long flags;
	unsigned int idx;

	idx = ((char *)record - (char *)b - SH_FIXBLOCK_HDR) / fa->size;
	spin_lock_irqsave(&fa->lock, flags);
	if (b->inuse == fa->per_block)
		list_add(&b->link, &fa->partial);
	__set_bit(idx, b->free);
	b->inuse--;
	fa->inuse--;
	if (!b->inuse && !fa->closed) {
		list_del_init(&b->link);
		release = fa->spare;
		fa->spare = b;
	}
	spin_unlock_irqrestore(&fa->lock, flags);
	if (release)
		block_release(fa, release);
}
EXPORT_SYMBOL_IF_KUNIT(sh_fixalloc_free);
