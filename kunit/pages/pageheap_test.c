// SPDX-License-Identifier: GPL-2.0
/*
 * The page heap: fit, trimming, coalescing, alignment, zeroing. After each
 * case all invariants are verified. See pageheap_model.c for random ones.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "lib/pages.h"
#include "pages/pageheap.h"
#include "pages/walk.h"
#include "span/pagemap.h"

/* An arena of 16 MiB; without sparse arenas they come in smaller sizes. */
#define ARENA_PAGES	(SZ_16M >> SH_PAGE_SHIFT)

/* Spans in use that lie next to each other, for holes to be made in. */
#define NR_SPANS	8

struct row {
	struct sh_pageheap *ph;
	struct sh_span *span[NR_SPANS];
	unsigned long base[NR_SPANS];
};

static int pageheap_test_init(struct kunit *test)
{
	struct row *row = kunit_kzalloc(test, sizeof(*row), GFP_KERNEL);

	if (!row)
		return -ENOMEM;
	row->ph = sh_pages_create(test, ARENA_PAGES);
	test->priv = row;
	return 0;
}

static struct sh_pageheap *heap_of(struct kunit *test)
{
	return ((struct row *)test->priv)->ph;
}

/* Allocate spans of these lengths, adjacent, in this order. */
static struct row *make_row(struct kunit *test, const u32 *lengths,
			    unsigned int nr)
{
	struct row *row = test->priv;
	struct sh_span *whole;
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		sum += lengths[i];
	whole = sh_pages_alloc(test, row->ph, sum);
	for (i = 0; i < nr; i++) {
		row->span[i] = whole;
		row->base[i] = sh_span_base(whole);
		if (i == nr - 1)
			break;
		whole = sh_pages_cut(test, row->ph, whole, lengths[i]);
	}
	return row;
}

/* The free run that holds a page, or NULL. */
static struct sh_span *run_at(unsigned long addr)
{
	struct sh_span *span = sh_pagemap_get(addr);

	return span && span->state == SH_SPAN_FREE ? span : NULL;
}

static void pageheap_test_starts_with_no_memory(struct kunit *test)
{
	struct sh_pageheap_stats s = sh_pages_stats(heap_of(test));

	KUNIT_EXPECT_EQ(test, s.sys, 0);
	KUNIT_EXPECT_EQ(test, s.idle, 0);
	KUNIT_EXPECT_EQ(test, s.arenas, 1);
	KUNIT_EXPECT_EQ(test, s.grows, 0);
	KUNIT_EXPECT_EQ(test, s.span_bytes, 0);
	KUNIT_EXPECT_GT(test, s.arena_bytes, 0);
	sh_pages_verify(test, heap_of(test));
}

static void pageheap_test_spans_are_mapped_and_resident(struct kunit *test)
{
	static const u32 lengths[] = { 1, 2, 3, 127, 128, 129, 500 };
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span[ARRAY_SIZE(lengths)];
	unsigned long addr;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		span[i] = sh_pages_alloc(test, ph, lengths[i]);
		KUNIT_EXPECT_EQ(test, span[i]->state, SH_SPAN_HELD);
		KUNIT_EXPECT_EQ(test, span[i]->released, 0);
		addr = sh_span_base(span[i]);
		for (; addr < sh_span_end(span[i]); addr += SH_PAGE_SIZE) {
			KUNIT_ASSERT_PTR_EQ(test, sh_pagemap_get(addr),
					    span[i]);
			KUNIT_ASSERT_TRUE(test, is_vmalloc_addr((void *)addr));
		}
		sh_pages_fill(sh_span_base(span[i]), lengths[i], i);
	}
	sh_pages_verify(test, ph);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(span[i]),
							lengths[i], i));
		sh_pages_free(ph, span[i]);
		sh_pages_verify(test, ph);
	}
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).idle, sh_pages_stats(ph).sys);
}

static void pageheap_test_takes_the_best_fit(struct kunit *test)
{
	static const u32 lengths[] = { 8, 1, 5, 1, 9, 1, 3, 1 };
	struct row *row = make_row(test, lengths, NR_SPANS);
	struct sh_span *a, *b;

	sh_pages_free(row->ph, row->span[0]);
	sh_pages_free(row->ph, row->span[2]);
	sh_pages_free(row->ph, row->span[4]);
	sh_pages_free(row->ph, row->span[6]);
	a = sh_pages_alloc(test, row->ph, 4);
	KUNIT_EXPECT_EQ(test, sh_span_base(a), row->base[2]);
	b = sh_pages_alloc(test, row->ph, 4);
	KUNIT_EXPECT_EQ(test, sh_span_base(b), row->base[0]);
	sh_pages_verify(test, row->ph);
}

static void pageheap_test_takes_the_lowest_of_long_runs(struct kunit *test)
{
	static const u32 lengths[] = { 150, 1, 140, 1, 140, 1, 140, 1 };
	struct row *row = make_row(test, lengths, NR_SPANS);
	struct sh_span *span;

	sh_pages_free(row->ph, row->span[4]);
	sh_pages_free(row->ph, row->span[0]);
	sh_pages_free(row->ph, row->span[6]);
	sh_pages_free(row->ph, row->span[2]);
	span = sh_pages_alloc(test, row->ph, 130);
	KUNIT_EXPECT_EQ(test, sh_span_base(span), row->base[2]);
	span = sh_pages_alloc(test, row->ph, 135);
	KUNIT_EXPECT_EQ(test, sh_span_base(span), row->base[4]);
	sh_pages_verify(test, row->ph);
}

/* Free the middle of three after its @low and @high neighbours, if these. */
static void coalesce(struct kunit *test, bool low, bool high)
{
	static const u32 lengths[] = { 1, 6, 7, 8, 1 };
	struct row *row = make_row(test, lengths, ARRAY_SIZE(lengths));
	unsigned long first = low ? row->base[1] : row->base[2];
	u32 want = 7 + (low ? 6 : 0) + (high ? 8 : 0);
	struct sh_span *run;

	if (low)
		sh_pages_free(row->ph, row->span[1]);
	if (high)
		sh_pages_free(row->ph, row->span[3]);
	sh_pages_verify(test, row->ph);
	sh_pages_free(row->ph, row->span[2]);
	run = run_at(first);
	KUNIT_ASSERT_NOT_NULL(test, run);
	KUNIT_EXPECT_EQ(test, sh_span_base(run), first);
	KUNIT_EXPECT_EQ(test, run->nr_pages, want);
	sh_pages_verify(test, row->ph);
}

static void pageheap_test_coalesces_no_neighbour(struct kunit *test)
{
	coalesce(test, false, false);
}

static void pageheap_test_coalesces_the_lower_neighbour(struct kunit *test)
{
	coalesce(test, true, false);
}

static void pageheap_test_coalesces_the_upper_neighbour(struct kunit *test)
{
	coalesce(test, false, true);
}

static void pageheap_test_coalesces_both_neighbours(struct kunit *test)
{
	coalesce(test, true, true);
}

/*
 * Long runs are mapped at their ends only, and merging makes inner pages of
 * ends: whichever record wins and loses, none may stay behind in the pagemap.
 */
static void pageheap_test_merged_ends_are_unmapped(struct kunit *test)
{
	static const u32 lengths[] = { 130, 140, 300, 1, 300, 140, 130, 1 };
	static const u8 orders[][NR_SPANS - 2] = {
		{ 0, 1, 2, 6, 5, 4 }, { 1, 0, 2, 5, 6, 4 },
		{ 2, 0, 1, 4, 6, 5 }, { 0, 2, 1, 6, 4, 5 },
	};
	struct row *row;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		row = make_row(test, lengths, NR_SPANS);
		for (j = 0; j < NR_SPANS - 2; j++) {
			sh_pages_free(row->ph, row->span[orders[i][j]]);
			sh_pages_verify(test, row->ph);
		}
		sh_pages_free(row->ph, row->span[3]);
		sh_pages_free(row->ph, row->span[7]);
		sh_pages_verify(test, row->ph);
	}
}

static void pageheap_test_frees_several_at_once(struct kunit *test)
{
	static const u32 lengths[] = { 3, 130, 4, 1, 200, 5, 6, 1 };
	struct row *row = make_row(test, lengths, NR_SPANS);
	struct sh_span *some[] = {
		row->span[4], row->span[0], row->span[2], row->span[1],
		row->span[6],
	};
	struct sh_span *run;

	sh_pageheap_free(row->ph, some, 0);
	sh_pages_verify(test, row->ph);
	sh_pageheap_free(row->ph, some, ARRAY_SIZE(some));
	sh_pages_verify(test, row->ph);
	run = run_at(row->base[0]);
	KUNIT_ASSERT_NOT_NULL(test, run);
	KUNIT_EXPECT_EQ(test, run->nr_pages, 137);
}

/* Runs as they are: those of the length first, then cut out of a longer one. */
static void pageheap_test_takes_several_at_once(struct kunit *test)
{
	static const u32 lengths[] = { 4, 1, 4, 1, 4, 1, 11, 1 };
	struct row *row = make_row(test, lengths, NR_SPANS);
	struct sh_span *got[8] = {};
	unsigned int i, nr, sys;

	for (i = 0; i < NR_SPANS; i += 2)
		sh_pages_free(row->ph, row->span[i]);
	/* Without a record at hand there would be none to get. */
	got[0] = sh_pageheap_alloc(row->ph, 4, 1, 2, GFP_KERNEL, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, got[0]);
	sh_pages_free(row->ph, got[0]);
	sys = sh_pages_stats(row->ph).sys;
	nr = sh_pageheap_take(row->ph, 4, 1, 2, got, 5);
	KUNIT_ASSERT_EQ(test, nr, 3);
	nr += sh_pageheap_take(row->ph, 4, 1, 2, got + nr, 2);
	KUNIT_ASSERT_EQ(test, nr, 5);
	KUNIT_EXPECT_NULL(test, got[5]);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(row->ph).sys, sys);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, got[i]->nr_pages, 4);
		KUNIT_EXPECT_EQ(test, got[i]->state, SH_SPAN_HELD);
		KUNIT_EXPECT_GE(test, got[i]->kind, 2);
	}
	sh_pages_verify(test, row->ph);
	sh_pageheap_free(row->ph, got, nr);
	sh_pages_verify(test, row->ph);
}

/* The heap does not grow for it, and what it does not get it does not touch. */
static void pageheap_test_takes_only_what_is_there(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *got[2] = {};

	KUNIT_EXPECT_EQ(test, sh_pageheap_take(ph, 1, 1, 0, got, 2), 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys, 0);
	KUNIT_EXPECT_NULL(test, got[0]);
	sh_pages_verify(test, ph);
}

static void pageheap_test_trimming_keeps_the_age(struct kunit *test)
{
	static const u32 lengths[] = { 1, 20, 1 };
	struct row *row = make_row(test, lengths, ARRAY_SIZE(lengths));
	unsigned long then = jiffies - 1000 * HZ;
	struct sh_span *run, *span;

	sh_pages_free(row->ph, row->span[1]);
	run = run_at(row->base[1]);
	KUNIT_ASSERT_NOT_NULL(test, run);
	run->idle_since = then;
	span = sh_pages_alloc(test, row->ph, 15);
	KUNIT_EXPECT_EQ(test, sh_span_base(span), row->base[1]);
	KUNIT_EXPECT_PTR_EQ(test, run_at(sh_span_end(span)), run);
	KUNIT_EXPECT_EQ(test, run->idle_since, then);
	/* And coalescing begins a new one. */
	sh_pages_free(row->ph, span);
	run = run_at(row->base[1]);
	KUNIT_ASSERT_NOT_NULL(test, run);
	KUNIT_EXPECT_EQ(test, run->nr_pages, 20);
	KUNIT_EXPECT_TRUE(test, time_after(run->idle_since, then));
	sh_pages_verify(test, row->ph);
}

static void pageheap_test_aligns_to_all_powers_of_two(struct kunit *test)
{
	static const u32 lengths[] = { 1, 5, 130 };
	struct sh_pageheap *ph = heap_of(test);
	unsigned long align, used = 0;
	struct sh_span *span;
	unsigned int i;

	for (align = 1; align <= SPANHEAP_MAX_ALIGN >> SH_PAGE_SHIFT;
	     align *= 2) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			span = sh_pageheap_alloc(ph, lengths[i], align, 0,
						 GFP_KERNEL, NUMA_NO_NODE);
			KUNIT_ASSERT_NOT_NULL(test, span);
			KUNIT_EXPECT_EQ(test, span->nr_pages, lengths[i]);
			KUNIT_EXPECT_TRUE(test,
					  IS_ALIGNED(sh_span_base(span),
						     align << SH_PAGE_SHIFT));
			sh_pages_fill(sh_span_base(span), lengths[i], align);
			used += lengths[i];
			sh_pages_verify(test, ph);
		}
	}
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys - sh_pages_stats(ph).idle,
			used);
}

static void pageheap_test_cuts_a_span_in_two(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *low = sh_pages_alloc(test, ph, 300), *high;
	unsigned long base = sh_span_base(low);

	sh_pages_fill(base, 300, 1);
	high = sh_pages_cut(test, ph, low, 150);
	KUNIT_EXPECT_EQ(test, low->nr_pages, 150);
	KUNIT_EXPECT_EQ(test, high->nr_pages, 150);
	KUNIT_EXPECT_EQ(test, sh_span_base(high), sh_span_end(low));
	KUNIT_EXPECT_EQ(test, high->state, SH_SPAN_HELD);
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(base, 300, 1));
	sh_pages_verify(test, ph);
	sh_pages_free(ph, low);
	sh_pages_verify(test, ph);
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(high), 150, 1));
	sh_pages_free(ph, high);
	KUNIT_ASSERT_NOT_NULL(test, run_at(base));
	KUNIT_EXPECT_GE(test, run_at(base)->nr_pages, 300);
	sh_pages_verify(test, ph);
}

static void pageheap_test_records_are_large_enough(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span;
	unsigned int kind, i;

	/* Twice: from a longer run, then a whole one with a small record. */
	for (i = 0; i < 2; i++) {
		for (kind = 0; kind < SH_NR_SPAN_KINDS; kind++) {
			span = sh_pageheap_alloc(ph, 4 + kind, 1, kind,
						 GFP_KERNEL, NUMA_NO_NODE);
			KUNIT_ASSERT_NOT_NULL(test, span);
			KUNIT_EXPECT_GE(test, span->kind, kind);
			memset(span->obj, 0xff, sh_span_kind_size[kind] -
			       offsetof(struct sh_span, obj));
			sh_pages_verify(test, ph);
			if (i)
				sh_pages_alloc(test, ph, 1);
			sh_pages_free(ph, span);
			sh_pages_alloc(test, ph, 4 + kind);
		}
	}
	sh_pages_verify(test, ph);
}

static void pageheap_test_fresh_zeroed_memory_is_not_dirty(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span;

	span = sh_pageheap_alloc(ph, 10, 1, 0, GFP_KERNEL | __GFP_ZERO,
				 NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, span);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_FALSE(test, span->dirty);
	sh_pageheap_zero(span, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, sh_pages_zero(sh_span_base(span), 10));
}

static void pageheap_test_used_memory_is_zeroed_when_asked(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span = sh_pages_alloc(test, ph, 10);
	unsigned long base = sh_span_base(span);
	unsigned int half;

	/* Wholly resident, partly, not at all. */
	for (half = 0; half <= 10; half += 5) {
		sh_pages_fill(base, 10, 99);
		sh_pages_release(span, 0, half);
		sh_pages_free(ph, span);
		sh_pages_verify(test, ph);
		span = sh_pageheap_alloc(ph, 10, 1, 0, GFP_KERNEL | __GFP_ZERO,
					 NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, span);
		KUNIT_ASSERT_EQ(test, sh_span_base(span), base);
		sh_pageheap_zero(span, GFP_KERNEL);
		KUNIT_EXPECT_NULL(test, memchr_inv((void *)base, 0,
						   10 * SH_PAGE_SIZE));
	}
}

static void pageheap_test_counts_released_pages(struct kunit *test)
{
	static const u32 lengths[] = { 10, 10, 10, 1 };
	struct row *row = make_row(test, lengths, ARRAY_SIZE(lengths));
	unsigned long before = sh_pages_stats(row->ph).released;
	struct sh_span *run;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here have all of their memory");
	sh_pages_release(row->span[0], 2, 3);
	sh_pages_release(row->span[1], 0, 10);
	sh_pages_free(row->ph, row->span[0]);
	sh_pages_free(row->ph, row->span[2]);
	sh_pages_free(row->ph, row->span[1]);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(row->ph).released, before + 13);
	run = run_at(row->base[0]);
	KUNIT_ASSERT_NOT_NULL(test, run);
	KUNIT_EXPECT_EQ(test, run->released, 13);
	sh_pages_verify(test, row->ph);
	sh_pages_alloc(test, row->ph, 4);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(row->ph).released, before + 11);
	sh_pages_verify(test, row->ph);
}

static void refused(struct kunit *test, unsigned long nr_pages,
		    unsigned long align, gfp_t gfp)
{
	sh_pages_refused(test, heap_of(test), nr_pages, align, gfp);
}

static void pageheap_test_refuses_the_impossible(struct kunit *test)
{
	refused(test, ULONG_MAX, 1, QUIET);
	refused(test, ULONG_MAX, 2, QUIET);
	refused(test, ULONG_MAX - 255, 256, QUIET);
	refused(test, SH_MAX_RUN + 1, 1, QUIET);
	refused(test, SH_MAX_RUN, 1, QUIET);
	refused(test, SH_MAX_RUN, 256, QUIET_ATOMIC);
	refused(test, SIZE_MAX >> SH_PAGE_SHIFT, 1, QUIET);
	refused(test, (VMALLOC_END - VMALLOC_START) >> SH_PAGE_SHIFT, 1,
		QUIET);
	refused(test, totalram_pages() + 1, 1, QUIET);
	sh_pages_free(heap_of(test), sh_pages_alloc(test, heap_of(test), 7));
}

/* The report of a failure is text only: it must not trip over odd figures. */
static void pageheap_test_reports_a_failure(struct kunit *test)
{
	refused(test, ULONG_MAX, 1, GFP_KERNEL);
}

static int stop_at_third(struct sh_span *span, void *arg)
{
	return ++*(int *)arg == 3 ? 42 : 0;
}

static int count_arena(struct sh_arena *arena, void *arg)
{
	++*(int *)arg;
	return 0;
}

static void pageheap_test_walk_ends_when_told(struct kunit *test)
{
	static const u32 lengths[] = { 3, 1, 4, 1, 5 };
	struct row *row = make_row(test, lengths, ARRAY_SIZE(lengths));
	int nr = 0;

	KUNIT_EXPECT_EQ(test, sh_pageheap_walk(row->ph, NULL, stop_at_third,
					       &nr), 42);
	KUNIT_EXPECT_EQ(test, nr, 3);
	nr = 0;
	KUNIT_EXPECT_EQ(test, sh_pageheap_walk(row->ph, count_arena, NULL,
					       &nr), 0);
	KUNIT_EXPECT_EQ(test, nr, row->ph->nr_arenas);
}

/* Nothing of a heap stays in the pagemap, spans in use or not. */
static void pageheap_test_exit_unmaps_everything(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_bare(test, ARENA_PAGES);
	struct sh_span *span;
	unsigned long base;
	unsigned int i;

	span = sh_pages_alloc(test, ph, 400);
	base = sh_span_base(span);
	sh_pages_free(ph, span);
	span = sh_pages_alloc(test, ph, 200);
	KUNIT_EXPECT_EQ(test, sh_span_base(span), base);
	sh_pageheap_exit(ph);
	for (i = 0; i < 400; i++)
		KUNIT_ASSERT_NULL(test,
				  sh_pagemap_get(base + i * SH_PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&ph->meta->spans), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&ph->meta->arenas), 0);
}

static struct kunit_case pageheap_cases[] = {
	KUNIT_CASE(pageheap_test_starts_with_no_memory),
	KUNIT_CASE(pageheap_test_spans_are_mapped_and_resident),
	KUNIT_CASE(pageheap_test_takes_the_best_fit),
	KUNIT_CASE(pageheap_test_takes_the_lowest_of_long_runs),
	KUNIT_CASE(pageheap_test_coalesces_no_neighbour),
	KUNIT_CASE(pageheap_test_coalesces_the_lower_neighbour),
	KUNIT_CASE(pageheap_test_coalesces_the_upper_neighbour),
	KUNIT_CASE(pageheap_test_coalesces_both_neighbours),
	KUNIT_CASE(pageheap_test_merged_ends_are_unmapped),
	KUNIT_CASE(pageheap_test_frees_several_at_once),
	KUNIT_CASE(pageheap_test_takes_several_at_once),
	KUNIT_CASE(pageheap_test_takes_only_what_is_there),
	KUNIT_CASE(pageheap_test_trimming_keeps_the_age),
	KUNIT_CASE(pageheap_test_aligns_to_all_powers_of_two),
	KUNIT_CASE(pageheap_test_cuts_a_span_in_two),
	KUNIT_CASE(pageheap_test_records_are_large_enough),
	KUNIT_CASE(pageheap_test_fresh_zeroed_memory_is_not_dirty),
	KUNIT_CASE(pageheap_test_used_memory_is_zeroed_when_asked),
	KUNIT_CASE(pageheap_test_counts_released_pages),
	KUNIT_CASE(pageheap_test_refuses_the_impossible),
	KUNIT_CASE(pageheap_test_reports_a_failure),
	KUNIT_CASE(pageheap_test_walk_ends_when_told),
	KUNIT_CASE(pageheap_test_exit_unmaps_everything),
	{}
};

static struct kunit_suite pageheap_suite = {
	.name = "spanheap_pageheap",
	.init = pageheap_test_init,
	.test_cases = pageheap_cases,
};

kunit_test_suite(pageheap_suite);
