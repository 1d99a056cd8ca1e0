// SPDX-License-Identifier: GPL-2.0
/*
 * Cutting and merging: what the parts keep, and what the pagemap says of every
 * page afterwards.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>

#include "lib/pages.h"
#include "lib/random.h"
#include "pages/pageheap.h"
#include "pages/quota.h"
#include "pages/splice.h"
#include "span/pagemap.h"

static struct sh_pageheap *heap_of(struct kunit *test)
{
	return test->priv;
}

static struct sh_span *at(const struct sh_span *span, u32 page)
{
	return sh_pagemap_get(sh_span_base(span) + page * SH_PAGE_SIZE);
}

/* How many of @nr_pages from page @first of a span on map to @to. */
static u32 count_mapped(const struct sh_span *span, u32 first, u32 nr_pages,
			const struct sh_span *to)
{
	u32 nr = 0;

	for (; nr_pages; nr_pages--, first++)
		nr += at(span, first) == to;
	return nr;
}

static bool all_mapped(const struct sh_span *span)
{
	return count_mapped(span, 0, span->nr_pages, span) == span->nr_pages;
}

/* Make the pagemap say of a held span what it would of a free one. */
static void set_map(struct sh_span *span, enum sh_span_map map)
{
	if (map == SH_MAP_ENDS)
		sh_map_inner(span, NULL);
	span->map = map;
}

static void splice_test_maps_ends_and_inner_pages(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span;
	u32 nr;

	for (nr = 1; nr <= 5; nr++) {
		span = sh_pages_alloc(test, ph, nr);
		sh_map_inner(span, NULL);
		KUNIT_EXPECT_EQ(test, count_mapped(span, 0, nr, NULL), nr > 2 ? nr - 2 : 0);
		KUNIT_EXPECT_PTR_EQ(test, at(span, 0), span);
		KUNIT_EXPECT_PTR_EQ(test, at(span, nr - 1), span);
		sh_map_inner(span, span);
		KUNIT_EXPECT_TRUE(test, all_mapped(span));
		sh_map_forget(span);
		KUNIT_EXPECT_EQ(test, count_mapped(span, 0, nr, NULL), nr);
		sh_map_ends(span);
		KUNIT_EXPECT_PTR_EQ(test, at(span, 0), span);
		KUNIT_EXPECT_PTR_EQ(test, at(span, nr - 1), span);
		span->map = SH_MAP_ENDS;
		sh_map_forget(span);
		KUNIT_EXPECT_EQ(test, count_mapped(span, 0, nr, NULL), nr);
		sh_map_ends(span);
		sh_pages_free(ph, span);
		sh_pages_verify(test, ph);
	}
}

static void splice_test_counts_released_pages(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span = sh_pages_alloc(test, ph, 12);
	u32 nr;

	for (nr = 0; nr <= 12; nr++)
		KUNIT_EXPECT_EQ(test, sh_count_released(span, nr), 0);
	if (!SH_ARENA_SPARSE)
		return;
	sh_pages_release(span, 3, 2);
	sh_pages_release(span, 11, 1);
	for (nr = 0; nr <= 12; nr++)
		KUNIT_EXPECT_EQ(test, sh_count_released(span, nr),
				clamp(nr, 3U, 5U) - 3 + (nr == 12));
	sh_pages_release(span, 0, 12);
	for (nr = 0; nr <= 12; nr++)
		KUNIT_EXPECT_EQ(test, sh_count_released(span, nr), nr);
}

static void cut_at(struct kunit *test, u32 nr_pages, u32 first)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *low = sh_pages_alloc(test, ph, nr_pages), *high;
	unsigned long base = sh_span_base(low);

	sh_pages_fill(base, nr_pages, nr_pages);
	high = sh_cut(ph, low, first, first % SH_NR_SPAN_KINDS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, high);
	KUNIT_EXPECT_EQ(test, sh_span_base(low), base);
	KUNIT_EXPECT_EQ(test, low->nr_pages, first);
	KUNIT_EXPECT_EQ(test, sh_span_base(high), sh_span_end(low));
	KUNIT_EXPECT_EQ(test, high->nr_pages, nr_pages - first);
	KUNIT_EXPECT_EQ(test, high->state, SH_SPAN_HELD);
	KUNIT_EXPECT_EQ(test, high->map, SH_MAP_ALL);
	KUNIT_EXPECT_EQ(test, high->kind, first % SH_NR_SPAN_KINDS);
	KUNIT_EXPECT_PTR_EQ(test, high->arena, low->arena);
	KUNIT_EXPECT_TRUE(test, all_mapped(low));
	KUNIT_EXPECT_TRUE(test, all_mapped(high));
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(base, nr_pages, nr_pages));
	sh_pages_verify(test, ph);
	sh_pages_free(ph, low);
	sh_pages_verify(test, ph);
	sh_pages_free(ph, high);
	sh_pages_verify(test, ph);
}

static void splice_test_cuts_anywhere(struct kunit *test)
{
	static const u32 lengths[] = { 2, 3, 10, 127, 128, 300 };
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		cut_at(test, lengths[i], 1);
		cut_at(test, lengths[i], lengths[i] / 2);
		cut_at(test, lengths[i], lengths[i] - 1);
	}
}

static void splice_test_both_parts_know_if_they_are_dirty(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *clean, *dirty;

	clean = sh_pages_alloc(test, ph, 8);
	dirty = sh_pages_alloc(test, ph, 8);
	sh_pageheap_zero(clean, GFP_KERNEL);
	dirty->dirty = true;
	KUNIT_EXPECT_FALSE(test, sh_pages_cut(test, ph, clean, 3)->dirty);
	KUNIT_EXPECT_FALSE(test, clean->dirty);
	KUNIT_EXPECT_TRUE(test, sh_pages_cut(test, ph, dirty, 3)->dirty);
	KUNIT_EXPECT_TRUE(test, dirty->dirty);
}

static void splice_test_both_parts_know_their_released_pages(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *low, *high;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here keep their memory");
	low = sh_pages_alloc(test, ph, 10);
	sh_pages_release(low, 3, 2);
	sh_pages_release(low, 8, 2);
	high = sh_pages_cut(test, ph, low, 4);
	KUNIT_EXPECT_EQ(test, low->released, 1);
	KUNIT_EXPECT_EQ(test, high->released, 3);
	sh_pages_verify(test, ph);
	low = sh_merge(ph, low, high);
	KUNIT_EXPECT_EQ(test, low->released, 4);
	sh_pages_free(ph, low);
	sh_pages_verify(test, ph);
}

/* There is no record of that kind yet, and without flags no memory for one. */
static void splice_test_a_cut_that_fails_changes_nothing(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span = sh_pages_alloc(test, ph, 9), before = *span;

	KUNIT_EXPECT_NULL(test, sh_cut(ph, span, 4, SH_NR_SPAN_KINDS - 1, 0));
	KUNIT_EXPECT_MEMEQ(test, span, &before, sizeof(before));
	KUNIT_EXPECT_TRUE(test, all_mapped(span));
	sh_pages_verify(test, ph);
}

/* Two of each length, mapped in each way: what the pagemap says then. */
static void merge_two(struct kunit *test, u32 nr_low, enum sh_span_map map_low,
		      u32 nr_high, enum sh_span_map map_high)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *low = sh_pages_alloc(test, ph, nr_low + nr_high);
	struct sh_span *high = sh_pages_cut(test, ph, low, nr_low);
	bool keeps_low = nr_low >= nr_high;
	struct sh_span *winner = keeps_low ? low : high, *span;
	u32 nr = nr_low + nr_high, longer = max(nr_low, nr_high), mapped;
	enum sh_span_map map = keeps_low ? map_low : map_high, then;
	unsigned long base = sh_span_base(low);

	set_map(low, map_low);
	set_map(high, map_high);
	span = sh_merge(ph, low, high);
	KUNIT_ASSERT_PTR_EQ(test, span, winner);
	KUNIT_EXPECT_EQ(test, span->key, base);
	KUNIT_EXPECT_EQ(test, span->nr_pages, nr);
	then = map == SH_MAP_ENDS || nr >= SH_SHORT_RUN ? SH_MAP_ENDS : SH_MAP_MIXED;
	KUNIT_EXPECT_EQ(test, span->map, then);
	KUNIT_EXPECT_PTR_EQ(test, at(span, 0), span);
	KUNIT_EXPECT_PTR_EQ(test, at(span, nr - 1), span);
	/* All of a winner that was mapped wholly, unless it is long now: the ends. */
	mapped = then == SH_MAP_ENDS ? 2 : longer + 1;
	KUNIT_EXPECT_EQ(test, count_mapped(span, 0, nr, span), mapped);
	KUNIT_EXPECT_EQ(test, count_mapped(span, 0, nr, NULL), nr - mapped);
	sh_pages_free(ph, span);
	sh_pages_verify(test, ph);
}

static void splice_test_merges_whatever_is_mapped(struct kunit *test)
{
	static const enum sh_span_map maps[] = { SH_MAP_ENDS, SH_MAP_ALL };
	u32 low, high;
	int i;

	for (low = 1; low <= 5; low++)
		for (high = 1; high <= 5; high++)
			for (i = 0; i < 4; i++)
				merge_two(test, low, maps[i / 2], high, maps[i % 2]);
}

/* However long the parts were, and however they were mapped. */
static void splice_test_a_long_run_has_no_inner_pages_mapped(struct kunit *test)
{
	static const u32 lengths[] = { 1, 64, SH_SHORT_RUN - 1 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (j = 0; j < ARRAY_SIZE(lengths); j++) {
			merge_two(test, lengths[i], SH_MAP_ALL, lengths[j], SH_MAP_ALL);
			merge_two(test, lengths[i], SH_MAP_ENDS, lengths[j], SH_MAP_ALL);
		}
		merge_two(test, 2 * SH_SHORT_RUN, SH_MAP_ENDS, lengths[i], SH_MAP_ALL);
		merge_two(test, lengths[i], SH_MAP_ALL, SH_SHORT_RUN, SH_MAP_ENDS);
	}
}

static void splice_test_merging_adds_up(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *low, *high;
	int i;

	for (i = 0; i < 4; i++) {
		low = sh_pages_alloc(test, ph, 9);
		high = sh_pages_cut(test, ph, low, i < 2 ? 3 : 6);
		low->dirty = i & 1;
		high->dirty = false;
		if (SH_ARENA_SPARSE) {
			sh_pages_release(low, 0, 2);
			sh_pages_release(high, 1, 1);
		}
		low = sh_merge(ph, low, high);
		KUNIT_EXPECT_EQ(test, low->dirty, i & 1);
		KUNIT_EXPECT_EQ(test, low->released, SH_ARENA_SPARSE ? 3 : 0);
		sh_pages_free(ph, low);
	}
	sh_pages_verify(test, ph);
}

static void splice_test_merges_the_adjacent_ones(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *s[8], *mixed[6];
	unsigned long base;
	int i;

	s[0] = sh_pages_alloc(test, ph, 8);
	base = sh_span_base(s[0]);
	for (i = 1; i < 8; i++)
		s[i] = sh_pages_cut(test, ph, s[i - 1], 1);
	/* 0 1 2, 4 and 6 7, in no order. */
	mixed[0] = s[7];
	mixed[1] = s[1];
	mixed[2] = s[4];
	mixed[3] = s[0];
	mixed[4] = s[6];
	mixed[5] = s[2];
	KUNIT_ASSERT_EQ(test, sh_merge_among(ph, mixed, 6), 3);
	KUNIT_EXPECT_EQ(test, sh_span_base(mixed[0]), base);
	KUNIT_EXPECT_EQ(test, mixed[0]->nr_pages, 3);
	KUNIT_EXPECT_PTR_EQ(test, mixed[1], s[4]);
	KUNIT_EXPECT_EQ(test, mixed[1]->nr_pages, 1);
	KUNIT_EXPECT_EQ(test, sh_span_base(mixed[2]), base + 6 * SH_PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, mixed[2]->nr_pages, 2);
	KUNIT_EXPECT_EQ(test, sh_merge_among(ph, mixed + 1, 1), 1);
	KUNIT_EXPECT_PTR_EQ(test, mixed[1], s[4]);
	sh_pageheap_free(ph, mixed, 3);
	sh_pages_verify(test, ph);
}

static void splice_test_arenas_are_not_merged(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *low = sh_pages_alloc(test, ph, 4);
	struct sh_span *both[] = { sh_pages_cut(test, ph, low, 2), low };
	struct sh_arena *arena = low->arena, other = *arena;

	/* An arena that happens to begin where this one ends. */
	both[0]->arena = &other;
	KUNIT_EXPECT_EQ(test, sh_merge_among(ph, both, 2), 2);
	KUNIT_EXPECT_PTR_EQ(test, both[0], low);
	KUNIT_EXPECT_EQ(test, low->nr_pages, 2);
	both[1]->arena = arena;
	KUNIT_EXPECT_EQ(test, sh_merge_among(ph, both, 2), 1);
	sh_pageheap_free(ph, both, 1);
	sh_pages_verify(test, ph);
}

/* Cut into random pieces, some of which come back in random order. */
static unsigned int cut_and_pick(struct kunit *test, struct rnd_state *rnd,
				 struct sh_span **picked, struct sh_span **kept,
				 unsigned int *nr_kept)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span = sh_pages_alloc(test, ph, 60), *rest;
	unsigned int nr = 0, i;

	*nr_kept = 0;
	for (; span; span = rest) {
		rest = NULL;
		if (span->nr_pages > 12)
			rest = sh_pages_cut(test, ph, span, 1 + sh_test_random(rnd, 12));
		if (sh_test_random(rnd, 4) == 0) {
			kept[(*nr_kept)++] = span;
			continue;
		}
		i = sh_test_random(rnd, ++nr);
		picked[nr - 1] = picked[i];
		picked[i] = span;
	}
	return nr;
}

static void splice_test_merges_at_random(struct kunit *test)
{
	unsigned long n, ops = sh_test_ops(500);
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *picked[64], *kept[64];
	unsigned int nr, nr_kept, left, i;
	struct rnd_state rnd;
	u32 pages, after;

	sh_test_seed(test, &rnd);
	for (n = 0; n < ops; n++) {
		nr = cut_and_pick(test, &rnd, picked, kept, &nr_kept);
		for (i = 0, pages = 0; i < nr; i++)
			pages += picked[i]->nr_pages;
		left = nr ? sh_merge_among(ph, picked, nr) : 0;
		for (i = 0, after = 0; i < left; i++) {
			after += picked[i]->nr_pages;
			KUNIT_ASSERT_TRUE(test, !i || sh_span_base(picked[i]) >
					  sh_span_end(picked[i - 1]));
		}
		KUNIT_ASSERT_EQ(test, after, pages);
		sh_pageheap_free(ph, picked, left);
		if (n % 16 == 0)
			sh_pages_verify(test, ph);
		sh_pageheap_free(ph, kept, nr_kept);
		KUNIT_ASSERT_EQ(test, sh_pages_stats(ph).idle, sh_pages_stats(ph).sys);
	}
	sh_pages_verify(test, ph);
}

/* A free run of that many pages that nothing merges with, and its age. */
static struct sh_span *make_run(struct kunit *test, u32 nr_pages,
				unsigned long idle_since)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *run = sh_pages_alloc(test, ph, nr_pages + 2), *last;

	run = sh_pages_cut(test, ph, run, 1);
	last = sh_pages_cut(test, ph, run, nr_pages);
	KUNIT_ASSERT_EQ(test, last->nr_pages, 1);
	if (SH_ARENA_SPARSE)
		sh_pages_release(run, 1, 1);
	sh_pages_free(ph, run);
	KUNIT_ASSERT_EQ(test, run->state, SH_SPAN_FREE);
	run->idle_since = idle_since;
	return run;
}

/* As the page heap does it. */
static struct sh_span *detach(struct sh_pageheap *ph, struct sh_span *run,
			      u32 nr_pages, struct sh_span *record)
{
	struct sh_span *span;

	spin_lock_irq(&ph->lock);
	span = sh_detach(ph, run, nr_pages, record);
	span->state = SH_SPAN_HELD;
	sh_pageheap_count_taken(ph, span);
	sh_pagemap_set(sh_span_base(span), nr_pages, span);
	span->map = SH_MAP_ALL;
	spin_unlock_irq(&ph->lock);
	return span;
}

static void splice_test_detaches_the_front_of_a_run(struct kunit *test)
{
	static const u32 lengths[] = { 20, 126, 128, 200, 300 };
	struct sh_pageheap *ph = heap_of(test);
	unsigned long then = jiffies - 10 * HZ, base;
	struct sh_span *run, *span, *record;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		run = make_run(test, lengths[i], then);
		base = sh_span_base(run);
		record = sh_record_new(ph, 3, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, record);
		span = detach(ph, run, 15, record);
		KUNIT_ASSERT_PTR_EQ(test, span, record);
		KUNIT_EXPECT_EQ(test, span->key, base);
		KUNIT_EXPECT_EQ(test, span->nr_pages, 15);
		KUNIT_EXPECT_EQ(test, span->released, SH_ARENA_SPARSE);
		KUNIT_EXPECT_EQ(test, span->kind, 3);
		KUNIT_EXPECT_TRUE(test, span->dirty);
		KUNIT_EXPECT_EQ(test, sh_span_base(run), sh_span_end(span));
		KUNIT_EXPECT_EQ(test, run->nr_pages, lengths[i] - 15);
		KUNIT_EXPECT_EQ(test, run->released, 0);
		KUNIT_EXPECT_EQ(test, run->idle_since, then);
		KUNIT_EXPECT_EQ(test, run->state, SH_SPAN_FREE);
		KUNIT_EXPECT_PTR_EQ(test, at(run, 0), run);
		run->idle_since = jiffies;
		sh_pages_verify(test, ph);
	}
}

static void splice_test_detaches_a_whole_run(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *run, *span, *record;
	unsigned long base;

	run = make_run(test, 20, jiffies);
	KUNIT_EXPECT_PTR_EQ(test, detach(ph, run, 20, NULL), run);
	sh_pages_verify(test, ph);
	run = make_run(test, 21, jiffies);
	base = sh_span_base(run);
	record = sh_record_new(ph, 5, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, record);
	span = detach(ph, run, 21, record);
	KUNIT_ASSERT_PTR_EQ(test, span, record);
	KUNIT_EXPECT_EQ(test, span->kind, 5);
	KUNIT_EXPECT_EQ(test, span->key, base);
	KUNIT_EXPECT_EQ(test, span->nr_pages, 21);
	KUNIT_EXPECT_EQ(test, span->released, SH_ARENA_SPARSE);
	KUNIT_EXPECT_TRUE(test, all_mapped(span));
	sh_pages_verify(test, ph);
}

static int splice_test_init(struct kunit *test)
{
	test->priv = sh_pages_create(test, 1024);
	return 0;
}

static struct kunit_case splice_test_cases[] = {
	KUNIT_CASE(splice_test_maps_ends_and_inner_pages),
	KUNIT_CASE(splice_test_counts_released_pages),
	KUNIT_CASE(splice_test_cuts_anywhere),
	KUNIT_CASE(splice_test_both_parts_know_if_they_are_dirty),
	KUNIT_CASE(splice_test_both_parts_know_their_released_pages),
	KUNIT_CASE(splice_test_a_cut_that_fails_changes_nothing),
	KUNIT_CASE(splice_test_merges_whatever_is_mapped),
	KUNIT_CASE(splice_test_a_long_run_has_no_inner_pages_mapped),
	KUNIT_CASE(splice_test_merging_adds_up),
	KUNIT_CASE(splice_test_merges_the_adjacent_ones),
	KUNIT_CASE(splice_test_arenas_are_not_merged),
	KUNIT_CASE(splice_test_merges_at_random),
	KUNIT_CASE(splice_test_detaches_the_front_of_a_run),
	KUNIT_CASE(splice_test_detaches_a_whole_run),
	{}
};

static struct kunit_suite splice_test_suite = {
	.name = "spanheap_splice",
	.init = splice_test_init,
	.test_cases = splice_test_cases,
};

kunit_test_suite(splice_test_suite);
