// SPDX-License-Identifier: GPL-2.0
/*
 * Making a page heap, and giving all of it back at once: spans in use as well,
 * whatever they hold.
 *
 * Locks: none; nobody else uses the page heap yet, or any more.
 *
 * Contexts: task, may sleep.
 */
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "pages/grow.h"
#include "pages/idle.h"
#include "pages/memcg.h"
#include "pages/pageheap.h"
#include "pages/splice.h"
#include "pages/uncharge.h"
#include "span/pagemap.h"

/* Pages unmapped between two preemption points. */
#define UNMAP_BATCH	4096UL

/**
 * sh_pageheap_init() - set up a page heap, with its first arena
 * @ph: the page heap, zeroed but for its limit and the owner of its pages
 * @heap: the heap it is for
 * @name: its name, for messages; must stay
 * @meta: where to count metadata; must stay
 * @arena_pages: most heap pages of an arena, but for one request
 * @node: NUMA node of records, or NUMA_NO_NODE
 *
 * Context: task, may sleep.
 * Return: 0 or -ENOMEM.
 */
int sh_pageheap_init(struct sh_pageheap *ph, struct spanheap *heap,
		     const char *name, struct sh_meta *meta,
		     unsigned long arena_pages, int node)
{
	int kind;

	spin_lock_init(&ph->lock);
	sh_freeruns_init(&ph->free);
	INIT_LIST_HEAD(&ph->arenas);
	INIT_WORK(&ph->reserve, sh_pageheap_reserve_work);
	sh_uncharge_init(ph);
	init_irq_work(&ph->kick, sh_pageheap_kick);
	ph->heap = heap;
	ph->name = name;
	ph->meta = meta;
	ph->arena_pages = arena_pages;
	ph->ahead = SH_AHEAD_MAX;
	ph->node = node;
	for (kind = 0; kind < SH_NR_SPAN_KINDS; kind++)
		sh_fixalloc_init(&ph->records[kind], sh_span_kind_size[kind],
				 node, NULL, &meta->spans);
	/* The first allocation may not be able to sleep. */
	return sh_pageheap_reserve_arena(ph, SH_GROW_UNIT, GFP_KERNEL);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_init);

/**
 * sh_pageheap_stop() - let no worker change a page heap any more
 * @ph: the page heap; nobody uses it any more
 *
 * Context: task, may sleep.
 */
void sh_pageheap_stop(struct sh_pageheap *ph)
{
	irq_work_sync(&ph->kick);
	cancel_work_sync(&ph->reserve);
	sh_uncharge_exit(ph);
}

/* Leave no page mapped to a span of any length. */
static void unmap(struct sh_span *span)
{
	unsigned long addr = sh_span_base(span), end = sh_span_end(span), nr;

	for (; addr < end; addr += nr << SH_PAGE_SHIFT) {
		nr = min((end - addr) >> SH_PAGE_SHIFT, UNMAP_BATCH);
		sh_pagemap_set(addr, nr, NULL);
		cond_resched();
	}
}

/* Free the records of all spans of an arena, and unmap them. */
static void drop_spans(struct sh_pageheap *ph, struct sh_arena *arena)
{
	unsigned long addr = arena->base;
	unsigned long end = addr + (arena->used << SH_PAGE_SHIFT);

	while (addr < end) {
		struct sh_span *span = sh_pagemap_get(addr);

		addr = sh_span_end(span);
		WRITE_ONCE(span->key, sh_span_base(span));
		span->state = SH_SPAN_HELD;
		unmap(span);
		sh_record_free(ph, span);
	}
}

/**
 * sh_pageheap_close() - give all memory and addresses back
 * @ph: the page heap; nobody uses it any more
 *
 * Spans in use as well. Their records stay until sh_pageheap_free_records().
 *
 * Context: task, may sleep.
 */
void sh_pageheap_close(struct sh_pageheap *ph)
{
	struct sh_arena *arena, *next;
	int kind;

	sh_pageheap_stop(ph);
	sh_pageheap_hide(ph);
	for (kind = 0; kind < SH_NR_SPAN_KINDS; kind++)
		sh_fixalloc_close(&ph->records[kind]);
	list_for_each_entry_safe(arena, next, &ph->arenas, link) {
		drop_spans(ph, arena);
		sh_pageheap_drop_arena(ph, arena);
	}
	INIT_LIST_HEAD(&ph->arenas);
}

/**
 * sh_pageheap_free_records() - free what sh_pageheap_close() has left
 * @ph: the page heap; a grace period has passed since then
 *
 * For until then a free of a wrong address may be looking at a record.
 *
 * Context: task, may sleep.
 */
void sh_pageheap_free_records(struct sh_pageheap *ph)
{
	int kind;

	for (kind = 0; kind < SH_NR_SPAN_KINDS; kind++)
		sh_fixalloc_exit(&ph->records[kind]);
	sh_memcg_disown(&ph->memcg);
}

/**
 * sh_pageheap_exit() - give everything back, for those who have time to wait
 * @ph: the page heap; nobody uses it any more
 *
 * Context: task, may sleep, for a grace period.
 */
void sh_pageheap_exit(struct sh_pageheap *ph)
{
	sh_pageheap_close(ph);
	synchronize_rcu();
	sh_pageheap_free_records(ph);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_exit);
