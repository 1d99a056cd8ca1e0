// SPDX-License-Identifier: GPL-2.0
/*
 * How memory goes back: which pages of which runs, in which order, how many,
 * and that all others keep their contents. Where arenas keep their memory there
 * is only retiring, see retire_test.c.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "lib/fixture.h"
#include "lib/pages.h"
#include "pages/pageheap.h"
#include "pages/release.h"
#include "span/pagemap.h"

static struct sh_pageheap *heap_of(struct kunit *test)
{
	return test->priv;
}

static unsigned long count_resident(const struct sh_arena *arena,
				    unsigned long base, u32 nr_pages)
{
	unsigned long nr = 0;

	for (; nr_pages; nr_pages--, base += SH_PAGE_SIZE)
		nr += sh_arena_resident(arena, base);
	return nr;
}

/**
 * struct rows - runs of free pages, each between two pages in use
 * @ph: the page heap
 * @arena: where they lie
 * @nr: how many
 * @base: their first addresses
 * @length: their lengths
 * @wall: the page in front of each, and one behind the last
 */
struct rows {
	struct sh_pageheap *ph;
	struct sh_arena *arena;
	unsigned int nr;
	unsigned long base[4];
	u32 length[4];
	struct sh_span *wall[5];
};

/*
 * All of one span at first, so that they follow each other. The walls have
 * contents, as the runs had.
 */
static struct rows make_rows(struct kunit *test, const u32 *length,
			     unsigned int nr)
{
	struct rows rows = { .ph = heap_of(test), .nr = nr };
	struct sh_span *run[4], *rest;
	u32 total = nr + 1;
	unsigned int i;

	for (i = 0; i < nr; i++)
		total += length[i];
	rest = sh_pages_alloc(test, rows.ph, total);
	sh_pages_fill(sh_span_base(rest), total, 7);
	rows.arena = rest->arena;
	for (i = 0; i < nr; i++) {
		rows.wall[i] = rest;
		run[i] = sh_pages_cut(test, rows.ph, rest, 1);
		rest = sh_pages_cut(test, rows.ph, run[i], length[i]);
		rows.base[i] = sh_span_base(run[i]);
		rows.length[i] = length[i];
	}
	rows.wall[nr] = rest;
	for (i = 0; i < nr; i++)
		sh_pages_free(rows.ph, run[i]);
	return rows;
}

static struct sh_span *row(const struct rows *rows, unsigned int i)
{
	return sh_pagemap_get(rows->base[i]);
}

static unsigned long row_resident(const struct rows *rows, unsigned int i)
{
	return count_resident(rows->arena, rows->base[i], rows->length[i]);
}

/* Move a run to where it would be had it been idle for so long. */
static void age_row(const struct rows *rows, unsigned int i, unsigned long age)
{
	struct sh_span *run = row(rows, i);

	spin_lock_irq(&rows->ph->lock);
	run->idle_since = jiffies - age;
	list_move(&run->lru, &rows->ph->free.lru);
	spin_unlock_irq(&rows->ph->lock);
}

static void expect_walls(struct kunit *test, const struct rows *rows)
{
	unsigned int i;

	for (i = 0; i <= rows->nr; i++) {
		KUNIT_EXPECT_EQ(test, rows->wall[i]->released, 0);
		KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(rows->wall[i]), 1, 7));
	}
	sh_pages_verify(test, rows->ph);
}

static void release_test_keeps_what_arenas_keep(struct kunit *test)
{
	static const u32 lengths[] = { 10, 20 };
	struct rows rows = make_rows(test, lengths, 2);
	unsigned long shootdowns = 0;

	if (SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here do not keep their memory");
	KUNIT_EXPECT_EQ(test, 0, sh_pageheap_release(rows.ph, ULONG_MAX, 0, &shootdowns));
	KUNIT_EXPECT_EQ(test, shootdowns, 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(rows.ph).released, 0);
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(rows.base[1], 20, 7));
	expect_walls(test, &rows);
}

static void release_test_gives_all_idle_pages_back(struct kunit *test)
{
	static const u32 lengths[] = { 1, 20, 3, 150 };
	struct rows rows = make_rows(test, lengths, 4);
	unsigned long shootdowns = 5;
	unsigned int i;

	sh_fixture_need_sparse_arenas(test);
	KUNIT_EXPECT_EQ(test, 174,
			sh_pageheap_release(rows.ph, ULONG_MAX, 0, &shootdowns));
	KUNIT_EXPECT_EQ(test, shootdowns, 6);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(rows.ph).released,
			sh_pages_stats(rows.ph).idle);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, row_resident(&rows, i), 0);
	expect_walls(test, &rows);
	/* And there is no more then. */
	KUNIT_EXPECT_EQ(test, 0,
			sh_pageheap_release(rows.ph, ULONG_MAX, 0, &shootdowns));
	KUNIT_EXPECT_EQ(test, shootdowns, 6);
}

static void release_test_wants_runs_that_are_old_enough(struct kunit *test)
{
	static const u32 lengths[] = { 10, 20, 30 };
	struct rows rows = make_rows(test, lengths, 3);

	sh_fixture_need_sparse_arenas(test);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, ULONG_MAX, SH_PAGES_LONG_AGO), 0);
	age_row(&rows, 1, SH_PAGES_LONG_AGO - 100 * HZ);
	age_row(&rows, 2, SH_PAGES_LONG_AGO);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, ULONG_MAX, SH_PAGES_LONG_AGO + 100 * HZ),
			0);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, ULONG_MAX, SH_PAGES_LONG_AGO), 30);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 0), 10);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 1), 20);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 2), 0);
	expect_walls(test, &rows);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, ULONG_MAX, SH_PAGES_LONG_AGO - 100 * HZ),
			20);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 0), 10);
	expect_walls(test, &rows);
}

static void release_test_the_longest_idle_go_first(struct kunit *test)
{
	static const u32 lengths[] = { 10, 20, 30, 5 };
	struct rows rows = make_rows(test, lengths, 4);

	sh_fixture_need_sparse_arenas(test);
	age_row(&rows, 1, 20 * HZ);
	age_row(&rows, 3, 30 * HZ);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 5, 0), 5);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 3), 0);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 20, 0), 20);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 1), 0);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 10, 0), 10);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 0), 0);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 2), 30);
	expect_walls(test, &rows);
}

/* What is allocated next comes from the front: that is kept. */
static void release_test_gives_no_more_than_asked_for(struct kunit *test)
{
	static const u32 lengths[] = { 4, 20 };
	struct rows rows = make_rows(test, lengths, 2);

	sh_fixture_need_sparse_arenas(test);
	age_row(&rows, 0, 20 * HZ);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 9, 0), 9);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 0), 0);
	KUNIT_EXPECT_EQ(test, count_resident(rows.arena, rows.base[1], 15), 15);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 1), 15);
	KUNIT_EXPECT_EQ(test, row(&rows, 1)->nr_pages, 20);
	expect_walls(test, &rows);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, count_resident(rows.arena, rows.base[1], 14), 14);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 1), 14);
	expect_walls(test, &rows);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 1000, 0), 14);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 1), 0);
	expect_walls(test, &rows);
}

/* Long runs, which are mapped at their ends only, are cut like short ones. */
static void release_test_cuts_runs_of_any_length(struct kunit *test)
{
	static const u32 lengths[] = { 2, 127, 128, 300 };
	struct rows rows = make_rows(test, lengths, 4);
	unsigned long left = 2 + 127 + 128 + 300, goal, resident;
	unsigned int i;

	sh_fixture_need_sparse_arenas(test);
	for (goal = 1; left; goal = min(goal + 7, left)) {
		KUNIT_ASSERT_EQ(test, sh_pages_give_back(rows.ph, goal, 0), goal);
		left -= goal;
		for (i = 0, resident = 0; i < 4; i++)
			resident += row_resident(&rows, i);
		KUNIT_ASSERT_EQ(test, resident, left);
		expect_walls(test, &rows);
	}
	KUNIT_EXPECT_EQ(test, sh_pages_stats(rows.ph).released,
			sh_pages_stats(rows.ph).idle);
}

/* Holes that are there already are neither counted nor in the way. */
static void release_test_counts_resident_pages_only(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *wall, *span;
	struct sh_arena *arena;
	unsigned long base;

	sh_fixture_need_sparse_arenas(test);
	span = sh_pages_alloc(test, ph, 21);
	wall = sh_pages_cut(test, ph, span, 20);
	base = sh_span_base(span);
	arena = span->arena;
	sh_pages_release(span, 0, 3);
	sh_pages_release(span, 8, 4);
	sh_pages_free(ph, span);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(ph, 6, 0), 6);
	KUNIT_EXPECT_EQ(test, count_resident(arena, base, 20), 7);
	KUNIT_EXPECT_EQ(test, count_resident(arena, base + 3 * SH_PAGE_SIZE, 5), 5);
	KUNIT_EXPECT_EQ(test, count_resident(arena, base + 12 * SH_PAGE_SIZE, 2), 2);
	sh_pages_verify(test, ph);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(ph, ULONG_MAX, 0), 7);
	sh_pages_verify(test, ph);
	sh_pages_free(ph, wall);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(ph, ULONG_MAX, 0), 1);
	sh_pages_verify(test, ph);
}

static void release_test_what_is_left_keeps_its_age(struct kunit *test)
{
	static const u32 lengths[] = { 20, 10 };
	struct rows rows = make_rows(test, lengths, 2);

	sh_fixture_need_sparse_arenas(test);
	age_row(&rows, 0, SH_PAGES_LONG_AGO);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 5, 0), 5);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 0), 15);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, 5, SH_PAGES_LONG_AGO), 5);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 0), 10);
	KUNIT_EXPECT_EQ(test, sh_pages_give_back(rows.ph, ULONG_MAX, SH_PAGES_LONG_AGO), 10);
	KUNIT_EXPECT_EQ(test, row_resident(&rows, 1), 10);
	expect_walls(test, &rows);
}

/* A span of @nr_pages that was filled, freed and released. */
static void use_and_release(struct kunit *test, u32 nr_pages)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span = sh_pages_alloc(test, ph, nr_pages);

	sh_pages_fill(sh_span_base(span), nr_pages, 3);
	sh_pages_free(ph, span);
	sh_pages_give_back(ph, ULONG_MAX, 0);
}

static void release_test_memory_comes_back_zeroed_when_asked(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span;
	u32 nr;

	for (nr = 1; nr < 200; nr += 60) {
		use_and_release(test, nr);
		span = sh_pageheap_alloc(ph, nr, 1, 0, GFP_KERNEL | __GFP_ZERO,
					 NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, span);
		KUNIT_EXPECT_EQ(test, span->released, 0);
		/* Fresh pages need no zeroing a second time. */
		KUNIT_EXPECT_EQ(test, span->dirty, !SH_ARENA_SPARSE);
		sh_pageheap_zero(span, GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, sh_pages_zero(sh_span_base(span), nr));
		sh_pages_free(ph, span);
		use_and_release(test, nr);
		span = sh_pages_alloc(test, ph, nr);
		KUNIT_EXPECT_EQ(test, span->dirty,
				!SH_ARENA_SPARSE || !want_init_on_alloc(GFP_KERNEL));
		sh_pageheap_zero(span, GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, sh_pages_zero(sh_span_base(span), nr));
		sh_pages_free(ph, span);
		sh_pages_verify(test, ph);
	}
}

/* Half of it has old contents, half of it none. */
static void release_test_a_merged_run_may_need_zeroing(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *low, *high, *span;
	unsigned long base;

	low = sh_pages_alloc(test, ph, 16);
	base = sh_span_base(low);
	high = sh_pages_cut(test, ph, low, 8);
	sh_pages_fill(base, 16, 3);
	sh_pages_free(ph, high);
	sh_pages_give_back(ph, ULONG_MAX, 0);
	sh_pages_free(ph, low);
	sh_pages_verify(test, ph);
	span = sh_pageheap_alloc(ph, 16, 1, 0, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_EXPECT_EQ(test, sh_span_base(span), base);
	KUNIT_EXPECT_TRUE(test, span->dirty);
	sh_pageheap_zero(span, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, sh_pages_zero(base, 16));
}

static void release_test_many_runs_take_several_shootdowns(struct kunit *test)
{
	const unsigned int nr = 600;
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span **spans = kunit_kcalloc(test, 2 * nr, sizeof(*spans), GFP_KERNEL);
	unsigned long shootdowns = 0;
	unsigned int i;

	sh_fixture_need_sparse_arenas(test);
	KUNIT_ASSERT_NOT_NULL(test, spans);
	spans[0] = sh_pages_alloc(test, ph, 2 * nr);
	for (i = 1; i < 2 * nr; i++)
		spans[i] = sh_pages_cut(test, ph, spans[i - 1], 1);
	for (i = 0; i < 2 * nr; i += 2)
		sh_pages_free(ph, spans[i]);
	KUNIT_EXPECT_EQ(test, nr, sh_pageheap_release(ph, ULONG_MAX, 0, &shootdowns));
	KUNIT_EXPECT_GE(test, shootdowns, 2);
	KUNIT_EXPECT_LE(test, shootdowns, nr / 100);
	sh_pages_verify(test, ph);
	shootdowns = 0;
	for (i = 1; i < 2 * nr; i += 2)
		sh_pages_free(ph, spans[i]);
	KUNIT_EXPECT_EQ(test, nr, sh_pageheap_release(ph, ULONG_MAX, 0, &shootdowns));
	KUNIT_EXPECT_EQ(test, shootdowns, 1);
	sh_pages_verify(test, ph);
}

/* Longer than a batch, and the last batch of it no whole one. */
static void release_test_a_long_run_takes_several_shootdowns(struct kunit *test)
{
	const unsigned long nr_pages = 2 * SH_RELEASE_BATCH + 100;
	struct sh_pageheap *ph = heap_of(test);
	unsigned long shootdowns = 0;

	sh_fixture_need_sparse_arenas(test);
	sh_pages_free(ph, sh_pages_alloc(test, ph, nr_pages));
	KUNIT_EXPECT_EQ(test, nr_pages,
			sh_pageheap_release(ph, ULONG_MAX, 0, &shootdowns));
	KUNIT_EXPECT_EQ(test, shootdowns, 3);
	sh_pages_verify(test, ph);
}

/* Uses a page and has it given back, all the time. */
static int use_and_give_back(void *arg)
{
	struct sh_pageheap *ph = arg;
	struct sh_span *span;

	while (!kthread_should_stop()) {
		span = sh_pageheap_alloc(ph, 1, 1, 0, QUIET, NUMA_NO_NODE);
		if (span)
			sh_pages_free(ph, span);
		sh_pages_give_back(ph, ULONG_MAX, 0);
		cond_resched();
	}
	return 0;
}

/* What is on its way back is neither in use nor, where it was not, resident. */
static void release_test_figures_are_right_meanwhile(struct kunit *test)
{
	unsigned long end, in_use = 0, resident = 0;
	struct sh_pageheap *ph = heap_of(test);
	struct sh_pageheap_stats s;
	struct task_struct *task;

	sh_fixture_need_sparse_arenas(test);
	sh_pages_free(ph, sh_pages_alloc(test, ph, SH_GROW_STEP));
	sh_pages_give_back(ph, ULONG_MAX, 0);
	task = kthread_run(use_and_give_back, ph, "give_back");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	for (end = jiffies + HZ; time_before(jiffies, end); cond_resched()) {
		s = sh_pages_stats(ph);
		in_use = max(in_use, s.sys - s.idle);
		resident = max(resident, s.sys - s.released);
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, in_use, 1);
	KUNIT_EXPECT_EQ(test, resident, 1);
	sh_pages_verify(test, ph);
}

static struct kunit_case release_test_cases[] = {
	KUNIT_CASE(release_test_keeps_what_arenas_keep),
	KUNIT_CASE(release_test_gives_all_idle_pages_back),
	KUNIT_CASE(release_test_wants_runs_that_are_old_enough),
	KUNIT_CASE(release_test_the_longest_idle_go_first),
	KUNIT_CASE(release_test_gives_no_more_than_asked_for),
	KUNIT_CASE(release_test_cuts_runs_of_any_length),
	KUNIT_CASE(release_test_counts_resident_pages_only),
	KUNIT_CASE(release_test_what_is_left_keeps_its_age),
	KUNIT_CASE(release_test_memory_comes_back_zeroed_when_asked),
	KUNIT_CASE(release_test_a_merged_run_may_need_zeroing),
	KUNIT_CASE(release_test_many_runs_take_several_shootdowns),
	KUNIT_CASE(release_test_a_long_run_takes_several_shootdowns),
	KUNIT_CASE(release_test_figures_are_right_meanwhile),
	{}
};

static struct kunit_suite release_test_suite = {
	.name = "spanheap_release",
	.init = sh_pages_init,
	.test_cases = release_test_cases,
};

kunit_test_suite(release_test_suite);
