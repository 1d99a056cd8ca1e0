// SPDX-License-Identifier: GPL-2.0
/*
 * Walking all spans of a heap, for statistics, checking and sweeping. There is
 * no list of spans: the pagemap has them, in order of address, and a span says
 * where the next one begins.
 *
 * A walk takes a few spans at a time. What changes in between may be seen as it
 * was or as it is, and what is cut or merged where the walk has come to in part or
 * not at all.
 *
 * Locks: ph->lock, for a few spans. Contexts: task, may sleep.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "base/compat.h"
#include "pages/walk.h"
#include "span/pagemap.h"

/* Pages passed over at a time that map to no span. */
#define PAGES_AT_A_TIME		512

/* The first arena from number @id on, or NULL. Called with the lock held. */
static struct sh_arena *arena_from(struct sh_pageheap *ph, unsigned long id)
{
	struct sh_arena *arena;

	lockdep_assert_held(&ph->lock);
	list_for_each_entry(arena, &ph->arenas, link)
		if (arena->id >= id)
			return arena;
	return NULL;
}

/**
 * sh_walk_arena() - the arena that a walk has come to
 * @ph: the page heap, locked
 * @walk: the walk
 *
 * Its first page says which, without a search.
 *
 * Return: the arena, or NULL when it is gone or has no pages in use.
 */
struct sh_arena *sh_walk_arena(struct sh_pageheap *ph,
			       const struct sh_walk *walk)
{
	struct sh_arena *arena = NULL;
	struct sh_span *span;

	lockdep_assert_held(&ph->lock);
	if (!walk->base)
		return NULL;
	/* That of another heap may be about to go. */
	rcu_read_lock();
	span = sh_pagemap_get(walk->base);
	if (span && span->arena->heap == ph->heap &&
	    span->arena->id == walk->id)
		arena = span->arena;
	rcu_read_unlock();
	return arena;
}

/* Go on to an arena, or to the end when there is none. */
static int enter(struct sh_walk *walk, struct sh_arena *arena, sh_arena_fn fn,
		 void *arg)
{
	walk->done = !arena;
	if (!arena)
		return 0;
	walk->id = arena->id;
	walk->base = arena->base;
	walk->addr = arena->base;
	walk->resumed = false;
	return fn ? fn(arena, arg) : 0;
}

static struct sh_arena *next_arena(struct sh_pageheap *ph,
				   struct sh_arena *arena)
{
	return list_is_last(&arena->link, &ph->arenas) ? NULL :
	       list_next_entry(arena, link);
}

/*
 * Find where the next span begins after the lock was not held. What began before
 * that is passed over, and so are pages that map to none, which are within a free
 * run or what was one just now.
 */
static void find_place(struct sh_walk *walk, unsigned long end)
{
	unsigned int pages = PAGES_AT_A_TIME;
	struct sh_span *span;
	unsigned long bytes;

	for (; walk->addr < end && pages--; walk->addr += SH_PAGE_SIZE) {
		span = sh_pagemap_get(walk->addr);
		if (!span)
			continue;
		/* Once: it may be cut short meanwhile, and a walk does not go back. */
		bytes = (unsigned long)READ_ONCE(span->nr_pages) << SH_PAGE_SHIFT;
		if (walk->addr - sh_span_base(span) >= bytes)
			continue;
		if (sh_span_base(span) != walk->addr)
			walk->addr = sh_span_base(span) + bytes;
		walk->resumed = false;
		return;
	}
}

/* Call the function for the next span. */
static int visit(struct sh_walk *walk, sh_span_fn fn, void *arg)
{
	struct sh_span *span = sh_pagemap_get(walk->addr);

	if (!span || sh_span_base(span) != walk->addr || !span->nr_pages)
		return -EUCLEAN;
	/* A span that is being cut is whole, or its rest is mapped. */
	walk->addr += (unsigned long)smp_load_acquire(&span->nr_pages) <<
		      SH_PAGE_SHIFT;
	return fn(span, arg);
}

static int walk_locked(struct sh_pageheap *ph, struct sh_walk *walk,
		       sh_arena_fn arena_fn, sh_span_fn span_fn, void *arg)
{
	struct sh_arena *arena = sh_walk_arena(ph, walk);
	unsigned int left = SH_WALK_STEPS;
	unsigned long end;
	int ret = 0;

	walk->resumed = true;
	if (!arena) {
		arena = arena_from(ph, walk->id + !!walk->base);
		ret = enter(walk, arena, arena_fn, arg);
	}
	while (arena && !ret && --left) {
		end = arena->base + (arena->used << SH_PAGE_SHIFT);
		if (!span_fn || walk->addr >= end) {
			arena = next_arena(ph, arena);
			ret = enter(walk, arena, arena_fn, arg);
		} else if (walk->resumed) {
			find_place(walk, end);
		} else {
			ret = visit(walk, span_fn, arg);
		}
	}
	return ret;
}

/**
 * sh_walk_begin() - be about to walk
 * @walk: set to where a walk begins
 */
void sh_walk_begin(struct sh_walk *walk)
{
	memset(walk, 0, sizeof(*walk));
}
EXPORT_SYMBOL_IF_KUNIT(sh_walk_begin);

/**
 * sh_walk_some() - go on with a walk for a few arenas or spans
 * @ph: the page heap
 * @walk: how far it has come; says when it is done
 * @arena_fn: as for sh_pageheap_walk()
 * @span_fn: the same
 * @arg: passed to both
 *
 * Calls them SH_WALK_STEPS times at most. When one returns other than 0, the walk
 * may go on after that.
 *
 * Context: any but NMI.
 * Return: as sh_pageheap_walk().
 */
int sh_walk_some(struct sh_pageheap *ph, struct sh_walk *walk,
		 sh_arena_fn arena_fn, sh_span_fn span_fn, void *arg)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&ph->lock, flags);
	ret = walk_locked(ph, walk, arena_fn, span_fn, arg);
	spin_unlock_irqrestore(&ph->lock, flags);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(sh_walk_some);

/**
 * sh_pageheap_walk() - call functions for every arena and every span
 * @ph: the page heap
 * @arena_fn: called for each arena, oldest first, before its spans; may be NULL
 * @span_fn: called for each span, in order of address; may be NULL
 * @arg: passed to both
 *
 * Both are called with the lock held, which is dropped after every few calls. The
 * walk ends when one returns other than 0.
 *
 * Context: task, may sleep.
 * Return: what the last call returned; -EUCLEAN when the pagemap lost a span.
 */
int sh_pageheap_walk(struct sh_pageheap *ph, sh_arena_fn arena_fn,
		     sh_span_fn span_fn, void *arg)
{
	struct sh_walk walk;
	int ret;

	sh_walk_begin(&walk);
	do {
		ret = sh_walk_some(ph, &walk, arena_fn, span_fn, arg);
		cond_resched();
	} while (!ret && !walk.done);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_walk);

/**
 * struct few - spans that a walk has come to
 * @span: the spans
 * @nr: how many
 */
struct few {
	struct sh_span *span[SH_WALK_STEPS];
	unsigned int nr;
};

static int note_span(struct sh_span *span, void *arg)
{
	struct few *few = arg;

	few->span[few->nr++] = span;
	return 0;
}

/**
 * sh_pageheap_each_span() - call a function for every span of a heap at rest
 * @ph: the page heap, which nobody uses any more, nor its workers
 * @fn: called for each span, without the lock
 * @arg: passed to it
 *
 * For what takes time in proportion to the objects of a span.
 *
 * Context: task, may sleep.
 */
void sh_pageheap_each_span(struct sh_pageheap *ph,
			   void (*fn)(struct sh_span *span, void *arg), void *arg)
{
	struct sh_walk walk;
	unsigned int i;
	struct few few;
	int err;

	sh_walk_begin(&walk);
	do {
		few.nr = 0;
		err = sh_walk_some(ph, &walk, NULL, note_span, &few);
		for (i = 0; i < few.nr; i++) {
			fn(few.span[i], arg);
			cond_resched();
		}
	} while (!err && !walk.done);
}
