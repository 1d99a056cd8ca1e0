// SPDX-License-Identifier: GPL-2.0
/*
 * Freeing after a grace period. The rcu_head is within the object, so that the
 * object is found from it like from any address, and nothing has to be kept.
 *
 * From the call until it is free the object is claimed: readers still find it,
 * and whoever frees it once more is refused instead of queueing the same
 * rcu_head again.
 *
 * Locks: none. Contexts: those of call_rcu().
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "object/claim.h"
#include "object/finish.h"
#include "object/hooks.h"
#include "show/misuse.h"
#include "watch/trace.h"

/* Heap pages that come free with an object. */
static u32 large_pages(const struct sh_object *obj)
{
	return obj->span->state == SH_SPAN_LARGE ? obj->span->nr_pages : 0;
}

static void free_claimed(struct rcu_head *head)
{
	struct spanheap *heap;
	struct sh_object obj;
	u32 pages;

	sh_object_claimed(head, &obj);
	heap = sh_span_heap(obj.span);
	pages = large_pages(&obj);
	if (trace_free_enabled())
		sh_trace_free(sh_object_start(&obj), _RET_IP_);
	sh_object_finish(&obj);
	/*
	 * What it did is visible once its end is. The heap does not go before
	 * we do: a callback is a reader as well.
	 */
	smp_mb__before_atomic();
	atomic_long_sub(pages, &heap->rcu_pages);
	atomic_long_dec(&heap->rcu_frees);
}

/**
 * __spanheap_free_rcu() - free an object after a grace period
 * @ptr: the object; NULL and ZERO_SIZE_PTR are fine
 * @offset: where in it is a struct rcu_head, bytes
 *
 * For spanheap_free_rcu().
 */
void __spanheap_free_rcu(void *ptr, size_t offset)
{
	struct spanheap *heap;
	struct sh_object obj;

	if (ZERO_OR_NULL_PTR(ptr) || sh_refused_in_nmi("free_rcu"))
		return;
	if (!sh_object_claim(ptr, &obj)) {
		sh_report_misuse(SH_CALL_FREE_RCU, ptr);
		return;
	}
	sh_object_note_free(&obj);
	heap = sh_span_heap(obj.span);
	atomic_long_inc(&heap->rcu_frees);
	atomic_long_add(large_pages(&obj), &heap->rcu_pages);
	call_rcu(ptr + offset, free_claimed);
}
EXPORT_SYMBOL_GPL(__spanheap_free_rcu);
