// SPDX-License-Identifier: GPL-2.0
/*
 * Walks: every arena and every span once, in order, whatever happens between
 * two arenas.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "lib/fixture.h"
#include "lib/pages.h"
#include "pages/pageheap.h"
#include "pages/release.h"
#include "pages/splice.h"
#include "pages/walk.h"
#include "span/pagemap.h"

#define STOP		17

static struct sh_pageheap *heap_of(struct kunit *test)
{
	return test->priv;
}

/**
 * struct seen - what a walk has called for
 * @ph: the page heap
 * @arenas: arenas
 * @spans: spans
 * @pages: heap pages in these
 * @arena: the last arena
 * @end: where the last span ended
 * @stop_at: return STOP at that call
 * @out_of_order: calls in the wrong order
 * @unlocked: calls without the lock
 */
struct seen {
	struct sh_pageheap *ph;
	unsigned int arenas;
	unsigned int spans;
	unsigned long pages;
	struct sh_arena *arena;
	unsigned long end;
	unsigned int stop_at;
	unsigned int out_of_order;
	unsigned int unlocked;
};

static int count_call(struct seen *seen)
{
	if (spin_trylock(&seen->ph->lock)) {
		spin_unlock(&seen->ph->lock);
		seen->unlocked += IS_ENABLED(CONFIG_SMP);
	}
	return seen->arenas + seen->spans == seen->stop_at ? STOP : 0;
}

static int see_arena(struct sh_arena *arena, void *arg)
{
	struct seen *seen = arg;

	if (seen->arena && seen->arena->id >= arena->id)
		seen->out_of_order++;
	if (seen->arena && seen->spans && seen->end != seen->arena->base +
	    (seen->arena->used << SH_PAGE_SHIFT))
		seen->out_of_order++;
	seen->arena = arena;
	seen->end = arena->base;
	seen->arenas++;
	return count_call(seen);
}

static int see_span(struct sh_span *span, void *arg)
{
	/* Who holds it may cut it. */
	u32 nr_pages = READ_ONCE(span->nr_pages);
	struct seen *seen = arg;

	if (seen->arena && (span->arena != seen->arena ||
			    sh_span_base(span) != seen->end))
		seen->out_of_order++;
	seen->end = sh_span_base(span) + ((unsigned long)nr_pages << SH_PAGE_SHIFT);
	seen->spans++;
	seen->pages += nr_pages;
	return count_call(seen);
}

/* Arenas of which each has a span of 100 pages, one of 8 and a free run. */
static void make_arenas(struct kunit *test, unsigned int nr)
{
	struct sh_span *span;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		span = sh_pages_alloc(test, heap_of(test), SH_PAGES_ARENA);
		sh_pages_free(heap_of(test), sh_pages_cut(test, heap_of(test), span, 108));
		sh_pages_cut(test, heap_of(test), span, 100);
	}
	KUNIT_ASSERT_EQ(test, sh_pages_stats(heap_of(test)).arenas, nr);
}

static void walk_test_sees_everything_in_order(struct kunit *test)
{
	struct seen seen = { .ph = heap_of(test) };

	make_arenas(test, 4);
	KUNIT_EXPECT_EQ(test, 0, sh_pageheap_walk(seen.ph, see_arena, see_span, &seen));
	KUNIT_EXPECT_EQ(test, seen.arenas, 4);
	KUNIT_EXPECT_EQ(test, seen.spans, 12);
	KUNIT_EXPECT_EQ(test, seen.pages, 4 * SH_PAGES_ARENA);
	KUNIT_EXPECT_EQ(test, seen.out_of_order, 0);
	KUNIT_EXPECT_EQ(test, seen.unlocked, 0);
}

static void walk_test_either_function_may_be_missing(struct kunit *test)
{
	struct seen arenas = { .ph = heap_of(test) }, spans = arenas;

	make_arenas(test, 3);
	KUNIT_EXPECT_EQ(test, 0, sh_pageheap_walk(arenas.ph, see_arena, NULL, &arenas));
	KUNIT_EXPECT_EQ(test, arenas.arenas, 3);
	KUNIT_EXPECT_EQ(test, arenas.spans, 0);
	KUNIT_EXPECT_EQ(test, 0, sh_pageheap_walk(spans.ph, NULL, see_span, &spans));
	KUNIT_EXPECT_EQ(test, spans.arenas, 0);
	KUNIT_EXPECT_EQ(test, spans.spans, 9);
	KUNIT_EXPECT_EQ(test, 0, sh_pageheap_walk(spans.ph, NULL, NULL, NULL));
}

/* At any call, and the lock is not left behind. */
static void walk_test_ends_when_told(struct kunit *test)
{
	unsigned int at;

	make_arenas(test, 3);
	for (at = 1; at <= 12; at++) {
		struct seen seen = { .ph = heap_of(test), .stop_at = at };

		KUNIT_EXPECT_EQ(test, STOP,
				sh_pageheap_walk(seen.ph, see_arena, see_span, &seen));
		KUNIT_EXPECT_EQ(test, seen.arenas + seen.spans, at);
		KUNIT_EXPECT_EQ(test, seen.out_of_order, 0);
		sh_pages_verify(test, seen.ph);
	}
}

/* Nothing of an arena is in use yet. */
static void walk_test_arenas_may_have_no_spans(struct kunit *test)
{
	struct seen seen = { .ph = heap_of(test) };

	KUNIT_EXPECT_EQ(test, 0, sh_pageheap_walk(seen.ph, see_arena, see_span, &seen));
	KUNIT_EXPECT_EQ(test, seen.arenas, 1);
	KUNIT_EXPECT_EQ(test, seen.spans, 0);
}

/* Arenas that are gone leave gaps in the numbers. */
static void walk_test_goes_on_after_a_gap(struct kunit *test)
{
	struct seen seen = { .ph = heap_of(test) };
	struct sh_span *span[6];
	int i;

	for (i = 0; i < 6; i++)
		span[i] = sh_pages_alloc(test, seen.ph, SH_PAGES_ARENA);
	sh_pages_free(seen.ph, span[1]);
	sh_pages_free(seen.ph, span[2]);
	sh_pages_free(seen.ph, span[4]);
	sh_pageheap_retire(seen.ph, ULONG_MAX, 0);
	KUNIT_EXPECT_EQ(test, 0, sh_pageheap_walk(seen.ph, see_arena, see_span, &seen));
	KUNIT_EXPECT_EQ(test, seen.arenas, 3);
	KUNIT_EXPECT_EQ(test, seen.spans, 3);
	KUNIT_EXPECT_EQ(test, seen.out_of_order, 0);
	KUNIT_EXPECT_PTR_EQ(test, seen.arena, span[5]->arena);
}

/* A span each of so many pages, one after the other. */
static void make_spans(struct kunit *test, struct sh_span **span, int nr,
		       u32 nr_pages)
{
	int i;

	span[0] = sh_pages_alloc(test, heap_of(test), nr * nr_pages);
	for (i = 1; i < nr; i++)
		span[i] = sh_pages_cut(test, heap_of(test), span[i - 1], nr_pages);
}

/* Whoever waits for the lock gets it after a few spans. */
static void walk_test_lets_others_in(struct kunit *test)
{
	struct seen seen = { .ph = heap_of(test) };
	struct sh_span *span[60];
	unsigned int before, steps = 0;
	struct sh_walk walk;

	make_spans(test, span, ARRAY_SIZE(span), 2);
	sh_walk_begin(&walk);
	do {
		before = seen.arenas + seen.spans;
		KUNIT_ASSERT_EQ(test, 0, sh_walk_some(seen.ph, &walk, see_arena,
						      see_span, &seen));
		KUNIT_EXPECT_LE(test, seen.arenas + seen.spans - before, SH_WALK_STEPS);
		KUNIT_ASSERT_LT(test, steps++, 100);
	} while (!walk.done);
	KUNIT_EXPECT_GE(test, seen.spans, ARRAY_SIZE(span));
	KUNIT_EXPECT_EQ(test, seen.pages, sh_pages_stats(seen.ph).sys);
	KUNIT_EXPECT_EQ(test, seen.out_of_order, 0);
}

/* Walk as far as it goes with the lock held once. */
static void walk_a_bit(struct kunit *test, struct seen *seen, struct sh_walk *walk)
{
	KUNIT_ASSERT_EQ(test, 0, sh_walk_some(seen->ph, walk, see_arena, see_span, seen));
}

static void walk_on(struct kunit *test, struct seen *seen, struct sh_walk *walk)
{
	int steps = 0;

	do {
		walk_a_bit(test, seen, walk);
		KUNIT_ASSERT_LT(test, steps++, 100);
	} while (!walk->done);
}

/* Where it goes on a span may begin earlier by then, or be none any more. */
static void walk_test_goes_on_amid_what_was_merged(struct kunit *test)
{
	struct seen seen = { .ph = heap_of(test) };
	struct sh_span *span[40];
	struct sh_walk walk;
	unsigned int at, i;

	make_spans(test, span, ARRAY_SIZE(span), 3);
	sh_walk_begin(&walk);
	walk_a_bit(test, &seen, &walk);
	at = seen.spans;
	KUNIT_ASSERT_LT(test, at, ARRAY_SIZE(span) - 8);
	/* Those before the place and after it become one run. */
	for (i = at - 2; i < at + 5; i++)
		sh_pages_free(seen.ph, span[i]);
	walk_on(test, &seen, &walk);
	KUNIT_EXPECT_EQ(test, seen.pages, sh_pages_stats(seen.ph).sys - 5 * 3);
	sh_pages_verify(test, seen.ph);
}

static void walk_test_goes_on_after_the_arena_went(struct kunit *test)
{
	struct seen seen = { .ph = heap_of(test) };
	struct sh_span *span[3], *part[20];
	struct sh_arena *gone, *last;
	unsigned long arenas;
	struct sh_walk walk;
	int i;

	for (i = 0; i < 3; i++)
		span[i] = sh_pages_alloc(test, seen.ph, SH_PAGES_ARENA);
	part[0] = span[1];
	for (i = 1; i < ARRAY_SIZE(part); i++)
		part[i] = sh_pages_cut(test, seen.ph, part[i - 1], 2);
	gone = span[1]->arena;
	last = span[2]->arena;
	sh_walk_begin(&walk);
	do {
		walk_a_bit(test, &seen, &walk);
		KUNIT_ASSERT_FALSE(test, walk.done);
	} while (seen.arena != gone);
	arenas = sh_pages_stats(seen.ph).arenas;
	for (i = 0; i < ARRAY_SIZE(part); i++)
		sh_pages_free(seen.ph, part[i]);
	sh_pageheap_retire(seen.ph, ULONG_MAX, 0);
	KUNIT_ASSERT_LT(test, sh_pages_stats(seen.ph).arenas, arenas);
	walk_on(test, &seen, &walk);
	KUNIT_EXPECT_PTR_EQ(test, seen.arena, last);
}

static int stop_at_span(struct sh_span *span, void *arg)
{
	struct sh_span *wanted = *(struct sh_span **)arg;

	return span == wanted ? -EINVAL : 0;
}

static void walk_test_tells_of_a_span_that_is_lost(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *low = sh_pages_alloc(test, ph, 20);
	struct sh_span *high = sh_pages_cut(test, ph, low, 10), *none = NULL;
	unsigned long base = sh_span_base(high);

	KUNIT_EXPECT_EQ(test, -EINVAL, sh_pageheap_walk(ph, NULL, stop_at_span, &high));
	sh_pagemap_set(base, 1, NULL);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, sh_pageheap_walk(ph, NULL, stop_at_span, &high));
	sh_pagemap_set(base, 1, low);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, sh_pageheap_walk(ph, NULL, stop_at_span, &high));
	sh_pagemap_set(base, 1, high);
	high->nr_pages = 0;
	KUNIT_EXPECT_EQ(test, -EUCLEAN, sh_pageheap_walk(ph, NULL, stop_at_span, &none));
	high->nr_pages = 10;
	sh_pages_verify(test, ph);
}

/**
 * struct moving - a page heap that changes while it is walked
 * @ph: the page heap
 * @stop: the walks are done
 * @lost: walks that lost a span or saw spans out of order
 * @walks: walks
 */
struct moving {
	struct sh_pageheap *ph;
	bool stop;
	unsigned int lost;
	unsigned int walks;
};

static void walk_often(struct moving *m)
{
	unsigned long n, ops = sh_fixture_ops_each(20000);

	for (n = 0; n < ops; n++) {
		struct seen seen = { .ph = m->ph };

		if (sh_pageheap_walk(m->ph, see_arena, see_span, &seen))
			m->lost++;
		m->lost += !seen.arenas;
		m->walks++;
		cond_resched();
	}
	WRITE_ONCE(m->stop, true);
}

/* Spans come and go, are cut and merged, and arenas with them. */
static void change_often(struct moving *m)
{
	struct sh_span *span[12] = {}, *rest;
	unsigned int i = 0;

	while (!READ_ONCE(m->stop)) {
		i = (i + 5) % ARRAY_SIZE(span);
		if (span[i])
			sh_pages_free(m->ph, span[i]);
		span[i] = sh_pageheap_alloc(m->ph, 1 + 11 * i, 1, 0, GFP_KERNEL,
					    NUMA_NO_NODE);
		rest = NULL;
		if (span[i] && span[i]->nr_pages > 2)
			rest = sh_cut(m->ph, span[i], 2, 0, GFP_KERNEL);
		if (rest)
			sh_pages_free(m->ph, rest);
		if (i == 3)
			sh_pageheap_retire(m->ph, ULONG_MAX, 0);
		cond_resched();
	}
	for (i = 0; i < ARRAY_SIZE(span); i++)
		if (span[i])
			sh_pages_free(m->ph, span[i]);
}

static void moving_thread(void *arg)
{
	if (raw_smp_processor_id() == cpumask_first(cpu_online_mask))
		walk_often(arg);
	else
		change_often(arg);
}

static void walk_test_amid_changes(struct kunit *test)
{
	struct moving m = { .ph = heap_of(test) };

	sh_fixture_other_cpu(test);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(moving_thread, &m), 0);
	KUNIT_EXPECT_EQ(test, m.lost, 0);
	KUNIT_EXPECT_GT(test, m.walks, 0);
	sh_pages_verify(test, m.ph);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(m.ph).idle, sh_pages_stats(m.ph).sys);
}

static struct kunit_case walk_test_cases[] = {
	KUNIT_CASE(walk_test_sees_everything_in_order),
	KUNIT_CASE(walk_test_either_function_may_be_missing),
	KUNIT_CASE(walk_test_ends_when_told),
	KUNIT_CASE(walk_test_arenas_may_have_no_spans),
	KUNIT_CASE(walk_test_goes_on_after_a_gap),
	KUNIT_CASE(walk_test_tells_of_a_span_that_is_lost),
	KUNIT_CASE(walk_test_lets_others_in),
	KUNIT_CASE(walk_test_goes_on_amid_what_was_merged),
	KUNIT_CASE(walk_test_goes_on_after_the_arena_went),
	KUNIT_CASE(walk_test_amid_changes),
	{ }
};

static struct kunit_suite walk_test_suite = {
	.name = "spanheap_walk",
	.init = sh_pages_init,
	.test_cases = walk_test_cases,
};

kunit_test_suite(walk_test_suite);
