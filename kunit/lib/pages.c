// SPDX-License-Identifier: GPL-2.0
/*
 * A page heap for a case, and what there is to verify about it. Nothing here
 * relies on the module's own checker.
 */
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "lib/pages.h"
#include "pages/pageheap.h"
#include "pages/release.h"
#include "pages/splice.h"
#include "pages/walk.h"
#include "span/pagemap.h"

static void destroy(void *ph)
{
	sh_pageheap_exit(ph);
}

/* For who calls sh_pageheap_exit() himself. */
struct sh_pageheap *sh_pages_bare(struct kunit *test, unsigned long arena_pages)
{
	struct sh_pageheap *ph = kunit_kzalloc(test, sizeof(*ph), GFP_KERNEL);
	struct sh_meta *meta = kunit_kzalloc(test, sizeof(*meta), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ph);
	KUNIT_ASSERT_NOT_NULL(test, meta);
	KUNIT_ASSERT_EQ(test, 0, sh_pageheap_init(ph, NULL, "test", meta,
						  arena_pages, NUMA_NO_NODE));
	return ph;
}

struct sh_pageheap *sh_pages_create(struct kunit *test,
				    unsigned long arena_pages)
{
	struct sh_pageheap *ph = sh_pages_bare(test, arena_pages);

	/* No arena but those that are asked for: cases count them. */
	ph->ahead = 0;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy, ph));
	return ph;
}

int sh_pages_init(struct kunit *test)
{
	test->priv = sh_pages_create(test, SH_PAGES_ARENA);
	return 0;
}

unsigned long sh_pages_give_back(struct sh_pageheap *ph, unsigned long goal,
				 unsigned long age)
{
	unsigned long shootdowns = 0;

	return sh_pageheap_release(ph, goal, age, &shootdowns);
}

struct sh_span *sh_pages_alloc(struct kunit *test, struct sh_pageheap *ph,
			       unsigned long nr_pages)
{
	struct sh_span *span;

	span = sh_pageheap_alloc(ph, nr_pages, 1, 0, GFP_KERNEL, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_ASSERT_EQ(test, span->nr_pages, nr_pages);
	return span;
}

struct sh_span *sh_pages_cut(struct kunit *test, struct sh_pageheap *ph,
			     struct sh_span *span, u32 nr_pages)
{
	struct sh_span *rest;

	rest = sh_cut(ph, span, nr_pages, 0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	return rest;
}

void sh_pages_refused(struct kunit *test, struct sh_pageheap *ph,
		      unsigned long nr_pages, unsigned long align, gfp_t gfp)
{
	struct sh_pageheap_stats before = sh_pages_stats(ph), after;

	KUNIT_EXPECT_NULL(test, sh_pageheap_alloc(ph, nr_pages, align, 0, gfp,
						  NUMA_NO_NODE));
	after = sh_pages_stats(ph);
	KUNIT_EXPECT_EQ(test, after.sys - after.idle,
			before.sys - before.idle);
	KUNIT_EXPECT_EQ(test, after.arenas, before.arenas);
	KUNIT_EXPECT_EQ(test, after.arena_bytes, before.arena_bytes);
	sh_pages_verify(test, ph);
}

void sh_pages_free(struct sh_pageheap *ph, struct sh_span *span)
{
	sh_pageheap_disown(span);
	sh_pageheap_free(ph, &span, 1);
}

void sh_pages_release(struct sh_span *span, u32 first, u32 nr_pages)
{
	unsigned long addr = sh_span_base(span);
	LIST_HEAD(pages);

	span->released += sh_arena_unmap(span->arena,
					 addr + first * SH_PAGE_SIZE, nr_pages,
					 &pages);
	sh_arena_free_unmapped(&pages);
}

/* The first and last word of each stand for a page. */
static u64 *word(unsigned long addr, bool last)
{
	return (u64 *)(addr + (last ? SH_PAGE_SIZE : sizeof(u64))) - 1;
}

void sh_pages_fill(unsigned long addr, u32 nr_pages, u64 tag)
{
	for (; nr_pages; nr_pages--, addr += SH_PAGE_SIZE) {
		*word(addr, false) = tag ^ addr;
		*word(addr, true) = tag ^ ~addr;
	}
}

bool sh_pages_intact(unsigned long addr, u32 nr_pages, u64 tag)
{
	for (; nr_pages; nr_pages--, addr += SH_PAGE_SIZE)
		if (*word(addr, false) != (tag ^ addr) ||
		    *word(addr, true) != (tag ^ ~addr))
			return false;
	return true;
}

bool sh_pages_zero(unsigned long addr, u32 nr_pages)
{
	for (; nr_pages; nr_pages--, addr += SH_PAGE_SIZE)
		if (*word(addr, false) || *word(addr, true))
			return false;
	return true;
}

struct sh_pageheap_stats sh_pages_stats(struct sh_pageheap *ph)
{
	struct sh_pageheap_stats stats;

	sh_pageheap_stats(ph, &stats);
	return stats;
}

/* What a walk has seen; @wrong is the first thing that was. */
struct walk {
	struct sh_pageheap *ph;
	struct sh_arena *arena;
	bool last_free;
	unsigned long arenas;
	unsigned long sys;
	unsigned long idle;
	unsigned long released;
	unsigned long runs;
	unsigned long used;
	unsigned long arena_idle;
	unsigned long used_bytes;
	const char *wrong;
};

static void must(struct walk *w, bool holds, const char *what)
{
	if (!holds && !w->wrong)
		w->wrong = what;
}

static int see_arena(struct sh_arena *arena, void *arg)
{
	struct walk *w = arg;

	must(w, !w->arena || w->arena->id < arena->id, "arena ids ascend");
	must(w, arena->used <= arena->nr_pages, "used pages exist");
	must(w, IS_ALIGNED(arena->base, SH_PAGE_SIZE), "arenas are aligned");
	must(w, arena->heap == w->ph->heap, "arenas know their heap");
	must(w, arena->spare == (arena->idle == arena->used),
	     "arenas know whether anything in them is in use");
	w->arena = arena;
	w->last_free = false;
	w->arenas++;
	w->used += arena->used;
	w->arena_idle += arena->idle;
	w->used_bytes += arena->spare ? 0 : sh_arena_meta_bytes(arena);
	return 0;
}

/* All pages of a span in use map to it, and at least the ends of a free one. */
static void see_map(struct walk *w, struct sh_span *span)
{
	unsigned long addr = sh_span_base(span), end = sh_span_end(span);
	bool ends_only = span->state == SH_SPAN_FREE &&
			 span->map == SH_MAP_ENDS;
	struct sh_span *at;

	must(w, sh_pagemap_get(addr) == span, "the first page maps");
	must(w, sh_pagemap_get(end - SH_PAGE_SIZE) == span,
	     "the last page maps");
	for (addr += SH_PAGE_SIZE; addr + SH_PAGE_SIZE < end;
	     addr += SH_PAGE_SIZE) {
		at = sh_pagemap_get(addr);
		must(w, at == span || span->state == SH_SPAN_FREE,
		     "all pages of a span in use map to it");
		must(w, at == span || !at,
		     "no inner page of a free span maps to another");
		must(w, !at || !ends_only,
		     "of a span mapped at its ends no other page maps");
		must(w, at || span->map != SH_MAP_ALL,
		     "of a span mapped wholly all pages map");
	}
}

static unsigned long count_holes(struct sh_span *span)
{
	unsigned long addr, nr = 0;

	for (addr = sh_span_base(span); addr < sh_span_end(span);
	     addr += SH_PAGE_SIZE)
		nr += !sh_arena_resident(span->arena, addr);
	return nr;
}

static int see_span(struct sh_span *span, void *arg)
{
	bool free = span->state == SH_SPAN_FREE;
	unsigned long holes = count_holes(span);
	struct walk *w = arg;

	must(w, span->arena == w->arena, "spans know their arena");
	must(w, sh_span_end(span) <= w->arena->base +
	     (w->arena->used << SH_PAGE_SHIFT), "spans end in their arena");
	must(w, !sh_span_class(span), "no span has a class");
	must(w, free || span->state == SH_SPAN_HELD, "the state is known");
	must(w, span->kind < SH_NR_SPAN_KINDS, "the kind is known");
	must(w, span->released == holes, "released pages are counted");
	must(w, !free || !w->last_free, "free runs are not adjacent");
	see_map(w, span);
	w->last_free = free;
	w->sys += span->nr_pages;
	w->idle += free ? span->nr_pages : 0;
	w->released += free ? holes : 0;
	w->runs += free;
	return 0;
}

/* The list by age: longest idle first. */
static void see_ages(struct walk *w)
{
	struct sh_span *run, *last = NULL;

	list_for_each_entry(run, &w->ph->free.lru, lru) {
		must(w, !last || !time_before(run->idle_since,
					      last->idle_since),
		     "the list by age is in order");
		last = run;
	}
}

static void see_free(struct walk *w)
{
	const char *wrong;
	unsigned long nr;

	spin_lock_irq(&w->ph->lock);
	wrong = sh_freeruns_check(&w->ph->free, &nr);
	see_ages(w);
	spin_unlock_irq(&w->ph->lock);
	must(w, !wrong, wrong);
	must(w, nr == w->runs, "all free runs can be found");
}

void sh_pages_verify(struct kunit *test, struct sh_pageheap *ph)
{
	struct walk w = { .ph = ph };
	struct sh_pageheap_stats s;
	int ret;

	/* An arena made ahead would come between the walk and the figures. */
	flush_work(&ph->reserve);
	ret = sh_pageheap_walk(ph, see_arena, see_span, &w);
	must(&w, !ret, "the walk finds each span");
	see_free(&w);
	KUNIT_ASSERT_NULL_MSG(test, w.wrong, "does not hold: %s", w.wrong);
	sh_pageheap_stats(ph, &s);
	KUNIT_ASSERT_EQ(test, s.arenas, w.arenas);
	KUNIT_ASSERT_EQ(test, s.sys, w.sys);
	KUNIT_ASSERT_EQ(test, s.sys, w.used);
	KUNIT_ASSERT_EQ(test, s.idle, w.idle);
	KUNIT_ASSERT_EQ(test, s.idle, w.arena_idle);
	KUNIT_ASSERT_EQ(test, atomic_long_read(&ph->meta->arenas_used), w.used_bytes);
	KUNIT_ASSERT_EQ(test, ph->going, 0);
	KUNIT_ASSERT_EQ(test, s.released, w.released);
}
