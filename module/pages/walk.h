/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walking the spans of a heap. See walk.c.
 */
#ifndef SPANHEAP_WALK_H
#define SPANHEAP_WALK_H

#include "pages/pages.h"

typedef int (*sh_arena_fn)(struct sh_arena *arena, void *arg);
typedef int (*sh_span_fn)(struct sh_span *span, void *arg);

/* Most arenas and spans that a walk looks at with the lock held. */
#define SH_WALK_STEPS		8

/**
 * struct sh_walk - how far a walk over the spans of a page heap has come
 * @id: number of the arena it is in
 * @base: first address of that, 0 before the first
 * @addr: where the next span begins
 * @resumed: that may have changed since the lock was held last
 * @done: there is no more
 */
struct sh_walk {
	unsigned long id;
	unsigned long base;
	unsigned long addr;
	bool resumed;
	bool done;
};

void sh_walk_begin(struct sh_walk *walk);
struct sh_arena *sh_walk_arena(struct sh_pageheap *ph,
			       const struct sh_walk *walk);
int sh_walk_some(struct sh_pageheap *ph, struct sh_walk *walk,
		 sh_arena_fn arena_fn, sh_span_fn span_fn, void *arg);
int sh_pageheap_walk(struct sh_pageheap *ph, sh_arena_fn arena_fn,
		     sh_span_fn span_fn, void *arg);
void sh_pageheap_each_span(struct sh_pageheap *ph,
			   void (*fn)(struct sh_span *span, void *arg), void *arg);

#endif /* SPANHEAP_WALK_H */
