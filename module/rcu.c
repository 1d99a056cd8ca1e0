// SPDX-License-Identifier: GPL-2.0
/*
 * Freeing after a grace period. The rcu_head is within the object, so that the
 * object is found from it like from any address, and nothing has to be kept.
 *
 * From the call on the object is SH_OBJ_BUSY: readers still find it, and whoever
 * frees it once more is refused instead of queueing the same rcu_head again.
 *
 * Locks: none. Contexts: those of call_rcu().
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "compat.h"
#include "pagemap.h"
#include "whole.h"

static bool claim(const void *ptr)
{
	struct sh_span *span;
	bool done;

	rcu_read_lock();
	span = sh_pagemap_get((unsigned long)ptr);
	done = span && sh_span_claim(span, (unsigned long)ptr);
	rcu_read_unlock();
	return done || sh_whole_claim(ptr, SH_SPAN_LARGE, SH_OBJ_BUSY);
}

static void free_claimed(struct rcu_head *head)
{
	/* The object is ours, so its span stays as it is. */
	struct sh_span *span = sh_pagemap_get((unsigned long)head);
	unsigned long off = (unsigned long)head - sh_span_base(span);
	unsigned int class = sh_span_class(span), idx = 0;

	if (class)
		idx = off / sh_classes[class].size;
	WRITE_ONCE(span->obj[idx], SH_OBJ_LIVE);
	spanheap_free((void *)(sh_span_base(span) +
			       (size_t)idx * sh_classes[class].size));
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
	if (ZERO_OR_NULL_PTR(ptr))
		return;
	if (claim(ptr))
		call_rcu(ptr + offset, free_claimed);
	else
		sh_report_misuse(SH_CALL_FREE_RCU, ptr);
}
EXPORT_SYMBOL_GPL(__spanheap_free_rcu);
