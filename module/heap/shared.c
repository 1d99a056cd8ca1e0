// SPDX-License-Identifier: GPL-2.0
/*
 * Freed pages that somebody else has a reference to.
 *
 * Whoever has whole pages may have mapped them to user space with vm_insert_page(),
 * sent them without a copy, or taken a reference after vmalloc_to_page(). When the
 * pages of vmalloc() are freed, such a reference keeps the page, and nobody else
 * gets it. So it is here: of a large object or manual span that is freed, or of the
 * end that is cut off one, the pages that have more references than ours leave the
 * arena, and the last to drop one frees them. Others take their place when the span
 * is next in use.
 *
 * That takes a TLB shootdown, and a free may come from anywhere: the span is left
 * to a worker, and to sums is in hand meanwhile (see runcache.h). The look itself
 * is made at once, wherever the free comes from, since the span is next in use a
 * moment later. Where arenas keep their memory, and for pages that small objects
 * share, there is nothing of it.
 *
 * Locks: none. Contexts: sh_shared_take() any but NMI, sh_shared_flush() task.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "base/compat.h"
#include "heap/heap.h"
#include "heap/shared.h"
#include "pages/pageheap.h"
#include "watch/shadow.h"

/* The span is nobody's but ours; its other pages are as after any free. */
static void exchange_pages(struct sh_span *span, struct list_head *pages)
{
	struct sh_pageheap *ph = &sh_span_heap(span)->ph;
	unsigned long addr, got;

	for (addr = sh_span_base(span); addr < sh_span_end(span);
	     addr += SH_PAGE_SIZE) {
		if (sh_arena_shared(span->arena, addr, 1)) {
			got = sh_arena_unmap(span->arena, addr, 1, pages);
			span->released += got;
			atomic_long_sub(got, &ph->resident);
		} else if (want_init_on_free()) {
			sh_shadow_open((void *)addr, SH_PAGE_SIZE);
			memset((void *)addr, 0, SH_PAGE_SIZE);
		}
		cond_resched();
	}
}

static void exchange_all(struct work_struct *work)
{
	struct sh_shared *shared = container_of(work, struct sh_shared, work);
	struct llist_node *spans = llist_del_all(&shared->spans);
	struct sh_span *span, *next;
	struct sh_runcaches *rcs;
	LIST_HEAD(pages);

	llist_for_each_entry(span, spans, shared)
		exchange_pages(span, &pages);
	sh_arena_free_unmapped(&pages);
	llist_for_each_entry_safe(span, next, spans, shared) {
		rcs = &sh_span_heap(span)->rcs;
		sh_run_free(rcs, span);
		sh_inflight_end(rcs);
		cond_resched();
	}
}

static void kick_exchange(struct irq_work *kick)
{
	queue_work(sh_unbound_wq,
		   &container_of(kick, struct sh_shared, kick)->work);
}

/**
 * sh_shared_init() - nothing is to be exchanged yet
 * @shared: a heap's
 */
void sh_shared_init(struct sh_shared *shared)
{
	init_llist_head(&shared->spans);
	INIT_WORK(&shared->work, exchange_all);
	init_irq_work(&shared->kick, kick_exchange);
}

/**
 * sh_shared_take() - free a span if somebody has references to its pages
 * @span: a span claimed to be freed, or one just cut off; all of it is resident
 *
 * Context: any but NMI.
 * Return: whether somebody has; then it is not the caller's any more.
 */
bool sh_shared_take(struct sh_span *span)
{
	struct spanheap *heap = sh_span_heap(span);

	if (likely(!sh_arena_shared(span->arena, sh_span_base(span),
				    span->nr_pages)))
		return false;
	sh_inflight_begin(&heap->rcs);
	WRITE_ONCE(span->obj[0], SH_OBJ_FREE);
	sh_pageheap_disown(span);
	llist_add(&span->shared, &heap->shared.spans);
	/* As for a finalizer: the caller may hold what waking a worker takes. */
	if (irqs_disabled())
		irq_work_queue(&heap->shared.kick);
	else
		queue_work(sh_unbound_wq, &heap->shared.work);
	return true;
}

/**
 * sh_shared_flush() - wait until what was freed is exchanged
 * @shared: a heap's
 *
 * Context: task, may sleep.
 */
void sh_shared_flush(struct sh_shared *shared)
{
	irq_work_sync(&shared->kick);
	flush_work(&shared->work);
}
EXPORT_SYMBOL_IF_KUNIT(sh_shared_flush);
