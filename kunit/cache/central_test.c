// SPDX-License-Identifier: GPL-2.0
/*
 * Central lists: objects out of the fullest spans, empty spans back at once.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "lib/fixture.h"
#include "span/pagemap.h"

#define SIZE	512
#define ELEMS	16	/* objects in a span, of a page */
#define MOST	400

/* Objects of one class that were taken out. */
struct taken {
	struct spanheap *heap;
	struct sh_central *central;
	unsigned int nr;
	struct sh_entry entry[MOST];
};

static int central_test_init(struct kunit *test)
{
	struct taken *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->heap = sh_fixture_create(test, "kunit", 0);
	t->central = &t->heap->central[sh_size_class(SIZE)];
	test->priv = t;
	return 0;
}

/* Take @nr more objects. Returns how many there were. */
static unsigned int take(struct taken *t, unsigned int nr)
{
	unsigned int got;

	got = sh_central_alloc(t->central, &t->heap->rcs, t->heap->caches.cpu,
			       t->entry + t->nr, min(nr, MOST - t->nr), GFP_KERNEL,
			       NUMA_NO_NODE);
	t->nr += got;
	return got;
}

/* Put @nr objects back, from number @from on. */
static void put(struct taken *t, unsigned int from, unsigned int nr)
{
	sh_central_free(t->central, &t->heap->rcs, t->entry + from, nr);
	t->nr -= nr;
	memmove(t->entry + from, t->entry + from + nr,
		(t->nr - from) * sizeof(t->entry[0]));
}

static struct sh_span *span_of(struct taken *t, unsigned int i)
{
	return sh_pagemap_get((unsigned long)t->entry[i].obj);
}

static void expect_sound(struct kunit *test)
{
	struct taken *t = test->priv;
	struct sh_central_stats stats;

	spin_lock_irq(&t->central->lock);
	KUNIT_EXPECT_NULL(test, sh_central_check(t->central));
	spin_unlock_irq(&t->central->lock);
	sh_central_stats(t->central, &stats);
	KUNIT_EXPECT_EQ(test, stats.nr_out, t->nr);
}

static void central_test_exit(struct kunit *test)
{
	struct taken *t = test->priv;
	struct sh_central_stats stats;

	expect_sound(test);
	if (t->nr)
		put(t, 0, t->nr);
	sh_central_stats(t->central, &stats);
	KUNIT_EXPECT_EQ(test, stats.nr_spans, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(t->heap).in_use, 0);
	sh_fixture_destroy(test, t->heap);
}

static void central_test_gives_free_objects_of_the_class(struct kunit *test)
{
	struct taken *t = test->priv;
	unsigned int i, j;

	while (t->nr < 100)
		KUNIT_ASSERT_GT(test, take(t, 32), 0);
	for (i = 0; i < t->nr; i++) {
		KUNIT_EXPECT_EQ(test, *t->entry[i].state, SH_OBJ_CACHED);
		KUNIT_EXPECT_EQ(test, sh_span_class(span_of(t, i)),
				sh_size_class(SIZE));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE(test, t->entry[i].obj, t->entry[j].obj);
	}
	expect_sound(test);
}

static void central_test_gives_no_more_than_asked(struct kunit *test)
{
	struct taken *t = test->priv;
	unsigned int nr;

	for (nr = 1; nr <= 20; nr++) {
		unsigned int got = take(t, nr);

		KUNIT_EXPECT_GE(test, got, 1);
		KUNIT_EXPECT_LE(test, got, nr);
		expect_sound(test);
	}
}

static void central_test_gives_empty_spans_back_at_once(struct kunit *test)
{
	struct taken *t = test->priv;
	struct sh_central_stats stats;

	while (t->nr < ELEMS)
		take(t, ELEMS - t->nr);
	sh_central_stats(t->central, &stats);
	KUNIT_EXPECT_EQ(test, stats.nr_spans, 1);
	put(t, 0, ELEMS - 1);
	expect_sound(test);
	sh_central_stats(t->central, &stats);
	KUNIT_EXPECT_EQ(test, stats.nr_spans, 1);
	put(t, 0, 1);
	sh_central_stats(t->central, &stats);
	KUNIT_EXPECT_EQ(test, stats.nr_spans, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(t->heap).in_use, 0);
}

/* One object free here, all but one there: the first span is used up first. */
static void central_test_fills_the_fullest_span(struct kunit *test)
{
	struct taken *t = test->priv;
	struct sh_span *sparse;
	unsigned int i;

	while (t->nr < 3 * ELEMS)
		KUNIT_ASSERT_GT(test, take(t, 3 * ELEMS - t->nr), 0);
	sparse = span_of(t, 0);
	/* Of the first span all but one, of each other the last one. */
	for (i = t->nr; i-- > 1;)
		if (span_of(t, i) == sparse)
			put(t, i, 1);
	for (i = t->nr; i-- > 1;)
		if (span_of(t, i) != sparse && span_of(t, i)->nalloc == ELEMS)
			put(t, i, 1);
	expect_sound(test);
	KUNIT_EXPECT_EQ(test, sparse->nalloc, 1);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, take(t, 1), 1);
		KUNIT_EXPECT_PTR_NE(test, span_of(t, t->nr - 1), sparse);
	}
	KUNIT_ASSERT_EQ(test, take(t, 1), 1);
	KUNIT_EXPECT_PTR_EQ(test, span_of(t, t->nr - 1), sparse);
}

static void central_test_takes_no_span_while_there_are_objects(struct kunit *test)
{
	struct taken *t = test->priv;
	struct sh_central_stats stats;

	KUNIT_ASSERT_EQ(test, take(t, 1), 1);
	while (t->nr < ELEMS)
		KUNIT_ASSERT_GT(test, take(t, ELEMS - t->nr), 0);
	sh_central_stats(t->central, &stats);
	KUNIT_EXPECT_EQ(test, stats.nr_spans, 1);
	KUNIT_ASSERT_EQ(test, take(t, 1), 1);
	sh_central_stats(t->central, &stats);
	KUNIT_EXPECT_EQ(test, stats.nr_spans, 2);
}

static void central_test_out_of_memory_loses_nothing(struct kunit *test)
{
	struct taken *t = test->priv;
	unsigned int got = 1;

	take(t, ELEMS);
	t->heap->ph.limit = 1;
	while (got && t->nr < MOST)
		got = take(t, 32);
	/* Where all of an arena is resident, there is no end to it here. */
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, got, 0);
	expect_sound(test);
	t->heap->ph.limit = 0;
	put(t, 0, t->nr);
	KUNIT_EXPECT_GT(test, take(t, 8), 0);
}

static void central_test_random(struct kunit *test)
{
	unsigned long op, ops = sh_fixture_ops(100000);
	struct taken *t = test->priv;
	struct rnd_state rnd;
	unsigned int from, nr;

	sh_test_seed(test, &rnd);
	for (op = 0; op < ops; op++) {
		nr = 1 + sh_test_random(&rnd, SH_BATCH_MAX);
		if (t->nr < MOST && sh_test_random(&rnd, MOST) >= t->nr) {
			KUNIT_ASSERT_GT(test, take(t, nr), 0);
		} else {
			nr = min(nr, t->nr);
			from = sh_test_random(&rnd, t->nr - nr + 1);
			put(t, from, nr);
		}
		if (op % 64 == 0)
			expect_sound(test);
	}
}

static struct kunit_case central_test_cases[] = {
	KUNIT_CASE(central_test_gives_free_objects_of_the_class),
	KUNIT_CASE(central_test_gives_no_more_than_asked),
	KUNIT_CASE(central_test_gives_empty_spans_back_at_once),
	KUNIT_CASE(central_test_fills_the_fullest_span),
	KUNIT_CASE(central_test_takes_no_span_while_there_are_objects),
	KUNIT_CASE(central_test_out_of_memory_loses_nothing),
	KUNIT_CASE(central_test_random),
	{ }
};

static struct kunit_suite central_test_suite = {
	.name = "spanheap_central",
	.init = central_test_init,
	.exit = central_test_exit,
	.test_cases = central_test_cases,
};

kunit_test_suite(central_test_suite);
