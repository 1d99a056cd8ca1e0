// SPDX-License-Identifier: GPL-2.0
/*
 * Manual spans: whole pages for users who manage what is in them themselves. To
 * the heap there are no objects inside: they are not found, not counted as
 * objects and not freed by spanheap_free(). And splitting: of a manual span, or
 * of an object that has a span to itself, into two that are freed one by one.
 *
 * Locks: none. Contexts: allocation that of its gfp, the rest any but NMI.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "debug/debug.h"
#include "heap/contexts.h"
#include "heap/users.h"
#include "heap/whole.h"
#include "object/charge.h"
#include "object/claim.h"
#include "object/finish.h"
#include "object/resize.h"
#include "show/misuse.h"
#include "span/pagemap.h"
#include "span/undo.h"
#include "watch/leakcheck.h"
#include "watch/shadow.h"

static struct sh_span *take_manual(struct spanheap *heap, size_t bytes,
				   gfp_t gfp)
{
	struct sh_span *span;

	span = sh_whole_take_reclaim(heap, bytes, 1, gfp, heap->node);
	if (!span)
		return NULL;
	atomic_long_inc(&heap->manual_spans);
	atomic_long_add(sh_span_bytes(span), &heap->manual_bytes);
	sh_whole_publish(span, heap->caches.cpu, SH_SPAN_MANUAL, SH_OBJ_LIVE);
	return span;
}

/**
 * spanheap_alloc_pages() - allocate pages to manage by hand
 * @heap: heap to allocate from, NULL for the default heap
 * @bytes: how much; a multiple of 8 KiB is taken, but no more than @bytes may be
 *	used, as with spanheap_size()
 * @gfp: as for spanheap_alloc()
 *
 * The pages follow each other at an address that is a multiple of 8 KiB, or, if
 * they are 16, 32 or 64 KiB together, of that. There are no objects in
 * them: spanheap_size(), spanheap_find() and spanheap_owns() know nothing of these
 * addresses. They go back with spanheap_free_pages() only, or with the heap.
 *
 * Context: that of spanheap_alloc().
 * Return: the first address; ZERO_SIZE_PTR for 0 bytes; NULL when there is no
 * memory, the heap's limit is reached or the flags are refused.
 */
void *spanheap_alloc_pages(struct spanheap *heap, size_t bytes, gfp_t gfp)
{
	struct sh_span *span = NULL;

	heap = sh_heap_or_default(heap);
	if (gfp & SH_GFP_BAD)
		return sh_refuse_gfp(heap, gfp);
	if (!bytes)
		return ZERO_SIZE_PTR;
	might_alloc(gfp);
	if (sh_users_enter(heap)) {
		span = take_manual(heap, bytes, gfp);
		sh_users_leave(heap);
	}
	if (!span)
		return sh_count_failure(heap);
	sh_leakcheck_add((void *)sh_span_base(span), sh_span_bytes(span), gfp);
	sh_charge_pages((void *)sh_span_base(span), gfp);
	return (void *)sh_span_base(span);
}
EXPORT_SYMBOL_GPL(spanheap_alloc_pages);

/**
 * spanheap_free_pages() - free pages
 * @ptr: what spanheap_alloc_pages() or a split of that gave, from any heap; NULL
 *	and ZERO_SIZE_PTR are fine
 *
 * Anything else, an object as well, changes nothing and is reported and counted
 * as a bad free is.
 *
 * On x86-64 a page that somebody else has a reference to stays theirs, as one of
 * vmalloc() does: the heap gives up its own.
 *
 * Context: that of spanheap_free().
 */
void spanheap_free_pages(void *ptr)
{
	struct sh_span *span;
	enum sh_late late;

	if (ZERO_OR_NULL_PTR(ptr) || sh_refused_in_nmi("free_pages"))
		return;
	do {
		span = sh_whole_claim(ptr, SH_SPAN_MANUAL, SH_OBJ_BUSY);
		if (span) {
			sh_manual_free_claimed(span);
			return;
		}
		late = sh_claim_free_late(ptr, true);
	} while (late == SH_LATE_AGAIN);
	if (late == SH_LATE_NO)
		sh_report_misuse(SH_CALL_FREE_PAGES, ptr);
}
EXPORT_SYMBOL_GPL(spanheap_free_pages);

static int split_manual(struct sh_span *span, u32 nr_pages)
{
	struct spanheap *heap = sh_span_heap(span);
	struct sh_span *rest = sh_whole_cut(span, nr_pages);

	if (!rest)
		return -ENOMEM;
	sh_leakcheck_resize((void *)sh_span_base(span), sh_span_bytes(span),
			    SH_GFP_CHANGE);
	sh_leakcheck_add((void *)sh_span_base(rest), sh_span_bytes(rest),
			 SH_GFP_CHANGE);
	atomic_long_inc(&heap->manual_spans);
	/* Somebody may free it by mistake, and must not before it has its record. */
	sh_whole_publish(rest, heap->caches.cpu, SH_SPAN_MANUAL, SH_OBJ_BUSY);
	sh_charge_halved(span, rest);
	sh_whole_release(rest);
	return 0;
}

/* Whether a span has one object only and can be halved. */
static bool is_single(struct sh_span *span)
{
	const struct sh_class *class = &sh_classes[sh_span_class(span)];

	return class->elems == 1 && class->pages % 2 == 0;
}

/* Claim an object that has a small span to itself and make a large one of it. */
static struct sh_span *adopt_single(const void *ptr)
{
	struct sh_span *span;
	u8 *state = NULL;

	rcu_read_lock();
	span = sh_pagemap_get((unsigned long)ptr);
	if (span)
		state = sh_span_claim(span, (unsigned long)ptr);
	rcu_read_unlock();
	if (!state)
		return NULL;
	if (!is_single(span)) {
		sh_obj_unclaim(state);
		return NULL;
	}
	sh_object_adopt(span);
	return span;
}

/**
 * spanheap_split() - make two halves of something, each to be freed alone
 * @ptr: an object over SPANHEAP_MAX_SMALL, or a smaller one that has an even
 *	number of pages for itself, or a manual span; from any heap
 *
 * The second half begins at @ptr + half of the usable size. Objects become two
 * objects, for spanheap_free(), and manual spans two manual spans, for
 * spanheap_free_pages(). Contents stay. A split counts as an allocation. Of the
 * smaller objects those of 16 KiB and 32 KiB can be split, and those a little
 * smaller that occupy as much.
 *
 * In a debug heap an object can be split whose size, as it was asked for, is a
 * multiple of 16 and is rounded up to a multiple of 16 KiB elsewhere.
 *
 * While the call lasts, nobody may free @ptr, and spanheap_find() may not know
 * the second half.
 *
 * Context: that of spanheap_free().
 * Return: 0; -EINVAL when @ptr is not the start of such an object or manual span,
 * or that has an odd number of 8 KiB pages; -ENOMEM when there is no memory for
 * the heap's record of the second half. After an error @ptr is as it was, except
 * that spanheap_size() of an object under 32 KiB may have been rounded up.
 */
int spanheap_split(void *ptr)
{
	bool manual = false;
	struct sh_span *span;
	int err = -EINVAL;

	if (ZERO_OR_NULL_PTR(ptr) || sh_refused_in_nmi("split"))
		return -EINVAL;
	span = sh_whole_claim(ptr, SH_SPAN_LARGE, SH_OBJ_BUSY);
	if (!span) {
		span = sh_whole_claim(ptr, SH_SPAN_MANUAL, SH_OBJ_BUSY);
		manual = span;
	}
	if (!span)
		span = adopt_single(ptr);
	if (!span)
		return sh_debug_split(ptr);
	/* The caller knows how large it is: all of it may be used. */
	sh_shadow_open(ptr, sh_span_bytes(span));
	if (span->nr_pages % 2 == 0)
		err = manual ? split_manual(span, span->nr_pages / 2) :
			       sh_object_halve(span);
	sh_whole_release(span);
	return err;
}
EXPORT_SYMBOL_GPL(spanheap_split);
