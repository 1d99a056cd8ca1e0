// SPDX-License-Identifier: GPL-2.0
/*
 * Walking all spans of a heap, for statistics, checking and sweeping. There is
 * no list of spans: the pagemap has them, in order of address, and a span says
 * where the next one begins.
 *
 * Locks: ph->lock, dropped between arenas. Contexts: any but NMI.
 */
#include "compat.h"
#include "pageheap.h"
#include "pagemap.h"

/* The first arena from number @id on, or NULL. Called with the lock held. */
static struct sh_arena *arena_from(struct sh_pageheap *ph, unsigned long id)
{
	struct sh_arena *arena;

	list_for_each_entry(arena, &ph->arenas, link)
		if (arena->id >= id)
			return arena;
	return NULL;
}

static int walk_arena(struct sh_arena *arena, sh_span_fn fn, void *arg)
{
	unsigned long addr = arena->base;
	unsigned long end = addr + (arena->used << SH_PAGE_SHIFT);
	struct sh_span *span;
	int ret = 0;

	while (!ret && addr < end) {
		span = sh_pagemap_get(addr);
		if (!span || sh_span_base(span) != addr || !span->nr_pages)
			return -EUCLEAN;
		/* A span that is being cut is whole, or its rest is mapped. */
		addr += (unsigned long)smp_load_acquire(&span->nr_pages) <<
			SH_PAGE_SHIFT;
		ret = fn(span, arg);
	}
	return ret;
}

/**
 * sh_pageheap_walk() - call functions for every arena and every span
 * @ph: the page heap
 * @arena_fn: called for each arena, oldest first, before its spans; may be NULL
 * @span_fn: called for each span, in order of address; may be NULL
 * @arg: passed to both
 *
 * Both are called with the lock held, which is dropped between arenas. The walk
 * ends when one returns other than 0.
 *
 * Context: any but NMI.
 * Return: what the last call returned; -EUCLEAN when the pagemap lost a span.
 */
int sh_pageheap_walk(struct sh_pageheap *ph, sh_arena_fn arena_fn,
		     sh_span_fn span_fn, void *arg)
{
	struct sh_arena *arena;
	unsigned long flags, id = 0;
	int ret = 0;

	do {
		spin_lock_irqsave(&ph->lock, flags);
		arena = arena_from(ph, id);
		if (arena) {
			id = arena->id + 1;
			if (arena_fn)
				ret = arena_fn(arena, arg);
			if (span_fn && !ret)
				ret = walk_arena(arena, span_fn, arg);
		}
		spin_unlock_irqrestore(&ph->lock, flags);
	} while (arena && !ret);
	return ret;
}
EXPORT_SYMBOL_FOR_KUNIT(sh_pageheap_walk);
