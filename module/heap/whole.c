// SPDX-License-Identifier: GPL-2.0
/*
 * Spans that are handed out whole: large objects and manual spans. Such a span
 * is of size class 0 and has one state, as an object of a small span has, which
 * says whether somebody has it.
 *
 * Who frees, resizes or splits one claims it first, by a compare-and-exchange of
 * that state from SH_OBJ_LIVE. From then on the span is the claimer's, whatever
 * other frees of the same address do. Records are type-stable and may become
 * another span's, so a claim looks again at what it has got, as free.c does, and
 * is undone as undo.c has it.
 *
 * Locks: none of its own. Contexts: taking that of its gfp, the rest any but
 * NMI.
 */
#include <linux/debug_locks.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "heap/room.h"
#include "heap/shared.h"
#include "heap/whole.h"
#include "pages/pageheap.h"
#include "pages/splice.h"
#include "span/pagemap.h"
#include "span/undo.h"
#include "watch/shadow.h"

/* Heap pages that a span of @nr_pages is aligned to without asking. */
static unsigned long natural_align(unsigned long nr_pages)
{
	return is_power_of_2(nr_pages) &&
	       nr_pages <= SPANHEAP_NATURAL_ALIGN >> SH_PAGE_SHIFT ? nr_pages : 1;
}

/**
 * sh_whole_take() - take a span to hand out whole
 * @heap: the heap
 * @size: bytes
 * @align: bytes, a power of two
 * @gfp: how to get memory; whether to zero it
 * @node: NUMA node of new pages
 *
 * Context: that of @gfp.
 * Return: a held span, to be published, or NULL.
 */
struct sh_span *sh_whole_take(struct spanheap *heap, size_t size, size_t align,
			      gfp_t gfp, int node)
{
	unsigned long nr_pages = sh_whole_pages(size);
	struct sh_span *span;

	align = max(align >> SH_PAGE_SHIFT, natural_align(nr_pages));
	span = sh_run_alloc(&heap->rcs, nr_pages, align, 0, gfp, node);
	if (span && want_init_on_alloc(gfp))
		sh_pageheap_zero(span, gfp);
	return span;
}

/**
 * sh_whole_take_reclaim() - take a span, making room in a heap with a limit
 * @heap: the heap
 * @size: bytes
 * @align: bytes, a power of two
 * @gfp: how to get memory; whether to zero it
 * @node: NUMA node of new pages
 *
 * For those who have not been through spanheap_alloc(), which does the same.
 *
 * Context: that of @gfp.
 * Return: as sh_whole_take().
 */
struct sh_span *sh_whole_take_reclaim(struct spanheap *heap, size_t size,
				      size_t align, gfp_t gfp, int node)
{
	struct sh_span *span;
	struct sh_room room;

	if (sh_fault_gfp(SH_FAULT_ALLOC, gfp))
		return NULL;
	/* Whole pages, however few. */
	sh_room_begin(&room, heap, size, SPANHEAP_MAX_ALIGN, gfp);
	do {
		span = sh_whole_take(heap, size, align, room.gfp, node);
	} while (sh_room_again(&room, heap, span));
	return span;
}

/**
 * sh_whole_publish() - let a span be found and freed
 * @span: the caller's span, held
 * @user: the heap's per-CPU caches, or a bin
 * @state: what it is from now on
 * @as: SH_OBJ_LIVE, SH_OBJ_GUARDED for a slot of the debug layer, or SH_OBJ_BUSY
 *	for one that the caller is not done with and gives to its user by
 *	sh_whole_release(); in a managed heap SH_OBJ_LIVE and a colour
 */
void sh_whole_publish(struct sh_span *span, union sh_span_user user,
		      enum sh_span_state state, u8 as)
{
	span->cache = user.cache;
	span->nelems = 1;
	span->nalloc = 1;
	span->obj[1] = SH_OBJ_FREE;
	WRITE_ONCE(span->obj[0], as);
	/* Pairs with the acquire in object/find.c: record before state. */
	smp_store_release(&span->state, state);
}

static bool try_claim(u8 *state, enum sh_obj_state to)
{
	if (to == SH_OBJ_BUSY)
		return sh_obj_claim(state);
	return cmpxchg(state, SH_OBJ_LIVE, to) == SH_OBJ_LIVE;
}

static __always_inline bool claim_span(struct sh_span *span, unsigned long addr,
				       enum sh_span_state state,
				       enum sh_obj_state to)
{
	if (READ_ONCE(span->key) != addr || READ_ONCE(span->state) != state)
		return false;
	if (!try_claim(&span->obj[0], to))
		return false;
	/* It is ours, whatever it is. Is it what we meant? */
	if (READ_ONCE(span->key) == addr && READ_ONCE(span->state) == state)
		return true;
	/* Its record became another's in between: a race that tests cannot force. */
	sh_claim_undo(span, &span->obj[0]);
	return false;
}

/**
 * sh_whole_claim_span() - become the owner of a span that was looked up
 * @span: the span of @addr
 * @addr: any address
 * @state: what it should be
 * @to: as for sh_whole_claim()
 *
 * Context: an RCU read-side section since the look-up.
 * Return: whether @addr is the start of such a span, and nobody else has claimed it.
 */
bool sh_whole_claim_span(struct sh_span *span, unsigned long addr,
			 enum sh_span_state state, enum sh_obj_state to)
{
	return claim_span(span, addr, state, to);
}

/**
 * sh_whole_claim() - become the owner of what somebody has
 * @ptr: first address of the span
 * @state: what it should be
 * @to: SH_OBJ_CACHED to free it, if it has no special records; SH_OBJ_BUSY to
 *	change it
 *
 * Context: any but NMI.
 * Return: the span, or NULL when @ptr is not the start of such a span, or
 * somebody else has claimed it.
 */
struct sh_span *sh_whole_claim(const void *ptr, enum sh_span_state state,
			       enum sh_obj_state to)
{
	struct sh_span *span;

	rcu_read_lock();
	span = sh_pagemap_get((unsigned long)ptr);
	if (span && !claim_span(span, (unsigned long)ptr, state, to))
		span = NULL;
	rcu_read_unlock();
	return span;
}

/**
 * sh_whole_release() - give what was claimed to be changed back to its user
 * @span: the span, busy
 */
void sh_whole_release(struct sh_span *span)
{
	sh_obj_unclaim(&span->obj[0]);
}

/**
 * sh_whole_free() - give a span back
 * @span: a span claimed to be freed, or one just cut off
 *
 * Pages that somebody else has references to are left to them. To see that takes
 * time in proportion to the length.
 *
 * Context: any but NMI.
 */
void sh_whole_free(struct sh_span *span)
{
	debug_check_no_locks_freed((void *)sh_span_base(span),
				   sh_span_bytes(span));
	/* Before anything is written: they keep what they have. */
	if (sh_shared_take(span))
		return;
	if (want_init_on_free()) {
		sh_shadow_open((void *)sh_span_base(span), sh_span_bytes(span));
		memset((void *)sh_span_base(span), 0, sh_span_bytes(span));
	}
	WRITE_ONCE(span->obj[0], SH_OBJ_FREE);
	sh_run_free(&sh_span_heap(span)->rcs, span);
}

/**
 * sh_whole_cut() - cut a span that somebody has in two
 * @span: a span claimed to be changed; it keeps its first @nr_pages
 * @nr_pages: heap pages, fewer than it has
 *
 * Context: any but NMI.
 * Return: the other pages, held, to be published or freed; NULL when there is
 * no memory for the record, then nothing has changed.
 */
struct sh_span *sh_whole_cut(struct sh_span *span, u32 nr_pages)
{
	return sh_cut(&sh_span_heap(span)->ph, span, nr_pages, 0, SH_GFP_CHANGE);
}
