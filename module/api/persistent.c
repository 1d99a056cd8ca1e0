// SPDX-License-Identifier: GPL-2.0
/*
 * Persistent allocations: cut one after the other off chunks that stay until
 * the heap goes. They cost no record, no size class and no rounding but their
 * alignment, and cannot be freed. (The Go runtime's persistentalloc does the
 * same for its own structures.)
 *
 * A chunk is a span of the page heap, SH_SPAN_PERSISTENT. Large requests get one
 * of their own, so that what is left of the current one is not lost to them.
 *
 * Locks: sh_persistent.lock, for as long as it takes to cut. Contexts: that of
 * the gfp.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "api/persistent.h"
#include "base/compat.h"
#include "base/gfp.h"
#include "heap/users.h"
#include "heap/whole.h"
#include "object/charge.h"
#include "show/misuse.h"
#include "watch/leakcheck.h"

#define CHUNK_BYTES	(64UL << 10)

/* Requests over this have a chunk of their own: a quarter is the most to lose. */
#define CHUNK_SHARE	(CHUNK_BYTES / 4)

/**
 * sh_persistent_init() - start without any chunk
 * @pa: zeroed
 */
void sh_persistent_init(struct sh_persistent *pa)
{
	spin_lock_init(&pa->lock);
}

/* Cut off the current chunk. NULL when there is not enough left of it. */
static void *cut(struct sh_persistent *pa, size_t size, size_t align)
{
	unsigned long flags, at;
	void *got = NULL;

	spin_lock_irqsave(&pa->lock, flags);
	at = ALIGN(pa->at, align);
	if (at < pa->end && size <= pa->end - at) {
		pa->at = at + size;
		got = (void *)at;
	}
	spin_unlock_irqrestore(&pa->lock, flags);
	return got;
}

static void *new_chunk(struct spanheap *heap, size_t size, size_t align,
		       gfp_t gfp)
{
	struct sh_span *span;

	span = sh_whole_take_reclaim(heap, size, align, gfp, heap->node);
	if (!span)
		return NULL;
	atomic_long_add(sh_span_bytes(span), &heap->persistent.bytes);
	sh_whole_publish(span, heap->caches.cpu, SH_SPAN_PERSISTENT, SH_OBJ_LIVE);
	sh_leakcheck_add_root((void *)sh_span_base(span), sh_span_bytes(span),
			      gfp);
	return (void *)sh_span_base(span);
}

/*
 * Make a chunk of @bytes the current one, all but its first @used bytes, if more
 * is left of it: somebody else may have been faster.
 */
static void install_block(struct sh_persistent *pa, void *chunk, size_t bytes,
			  size_t used)
{
	unsigned long start = (unsigned long)chunk, flags;

	spin_lock_irqsave(&pa->lock, flags);
	if (bytes - used > pa->end - pa->at) {
		pa->at = start + used;
		pa->end = start + bytes;
	}
	spin_unlock_irqrestore(&pa->lock, flags);
}

static void *alloc(struct spanheap *heap, size_t size, size_t align, gfp_t gfp)
{
	struct sh_persistent *pa = &heap->persistent;
	void *got;

	if (size > CHUNK_SHARE)
		return new_chunk(heap, size, align, gfp);
	got = cut(pa, size, align);
	if (got) {
		if (want_init_on_alloc(gfp))
			memset(got, 0, size);
		return got;
	}
	got = new_chunk(heap, CHUNK_BYTES, align, gfp);
	if (got)
		install_block(pa, got, CHUNK_BYTES, size);
	return got;
}

/**
 * spanheap_alloc_persistent() - allocate for as long as the heap exists
 * @heap: heap to allocate from, NULL for the default heap
 * @size: bytes
 * @align: bytes, a power of two up to PAGE_SIZE
 * @gfp: as for spanheap_alloc()
 *
 * What is allocated so cannot be freed or found; it goes when the heap is
 * destroyed and is no leak then. It takes no more memory than its size and its
 * alignment, out of chunks of 64 KiB.
 *
 * Context: that of spanheap_alloc().
 * Return: the address; ZERO_SIZE_PTR for size 0; NULL when there is no memory,
 * the heap's limit is reached, or the flags or the alignment are refused.
 */
void *spanheap_alloc_persistent(struct spanheap *heap, size_t size,
				size_t align, gfp_t gfp)
{
	void *got = NULL;

	heap = sh_heap_or_default(heap);
	if (!is_power_of_2(align) || align > PAGE_SIZE) {
		if (!(gfp & __GFP_NOWARN))
			pr_warn_ratelimited("heap %s: no persistent allocation with an alignment of %zu: powers of two up to %lu are allowed\n",
					    heap->name, align, PAGE_SIZE);
		return sh_count_failure(heap);
	}
	if (gfp & SH_GFP_BAD)
		return sh_refuse_gfp(heap, gfp);
	if (!size)
		return ZERO_SIZE_PTR;
	might_alloc(gfp);
	if (sh_users_enter(heap)) {
		got = alloc(heap, size, align, gfp);
		if (got)
			sh_charge_persistent(heap, size, gfp);
		sh_users_leave(heap);
	}
	return got ?: sh_count_failure(heap);
}
EXPORT_SYMBOL_GPL(spanheap_alloc_persistent);
