// SPDX-License-Identifier: GPL-2.0
/*
 * kmemleak, when a heap goes: whatever is left in it has to be forgotten before
 * its memory is somebody else's. Built where the kernel has kmemleak; the rest,
 * and what it is for, is in leakcheck.h.
 *
 * Locks: none. Contexts: task.
 */
#include <linux/xarray.h>

#include "base/compat.h"
#include "debug/table.h"
#include "heap/heap.h"
#include "object/hooks.h"
#include "pages/walk.h"

static void drop_span(struct sh_span *span, void *unused)
{
	unsigned long base = sh_span_base(span);
	unsigned int class = sh_span_class(span);
	unsigned int idx;

	switch (span->state) {
	case SH_SPAN_SMALL:
		for (idx = 0; idx < span->nelems; idx++)
			if (sh_obj_is_live(span->obj[idx]))
				sh_leakcheck_del((void *)base +
						 idx * sh_classes[class].size);
		break;
	case SH_SPAN_LARGE:
	case SH_SPAN_MANUAL:
	case SH_SPAN_PERSISTENT:
		if (sh_obj_is_live(span->obj[0]))
			sh_leakcheck_del((void *)base);
		break;
	default:
		break;
	}
}

static void drop_guarded(struct sh_debug *debug)
{
	struct sh_guard *guard;
	unsigned long index;

	xa_for_each(&debug->slots, index, guard) {
		for (; guard; guard = guard->next)
			if (guard->state == SH_GUARD_LIVE ||
			    guard->state == SH_GUARD_BUSY)
				sh_leakcheck_del((void *)guard->start);
		cond_resched();
	}
}

/**
 * sh_leakcheck_drop() - have kmemleak forget all that is allocated from a heap
 * @heap: a heap that is about to be freed, with all in it
 *
 * Context: task; nobody uses the heap any more.
 */
void sh_leakcheck_drop(struct spanheap *heap)
{
	if (heap->debug)
		drop_guarded(heap->debug);
	sh_pageheap_each_span(&heap->ph, drop_span, NULL);
}
