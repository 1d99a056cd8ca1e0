// SPDX-License-Identifier: GPL-2.0
/*
 * What is charged to a memory cgroup does not stay idle, and what is not charged
 * does. The thread of a case is in the root cgroup, which is never charged: cases
 * say of a span that it is. test_memcg.sh has cgroups.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>

#include "lib/fixture.h"
#include "lib/pages.h"
#include "pages/memcg.h"
#include "pages/pageheap.h"
#include "pages/release.h"
#include "pages/runcache.h"

/* As long as the first step of a heap, wherever memory comes from. */
#define ARENA_PAGES	SH_GROW_STEP

static struct sh_pageheap *heap_of(struct kunit *test)
{
	return test->priv;
}

static unsigned long given(struct sh_pageheap *ph)
{
	return READ_ONCE(ph->memcg.given);
}

/* Wait until as many pages were given back, but not for ever. */
static unsigned long wait_for(struct sh_pageheap *ph, unsigned long pages)
{
	unsigned long end = jiffies + 20 * HZ;

	while (given(ph) < pages && time_before(jiffies, end))
		msleep(20);
	return given(ph);
}

static struct sh_span *alloc_charged(struct kunit *test, u32 nr_pages)
{
	struct sh_span *span = sh_pages_alloc(test, heap_of(test), nr_pages);

	span->charged = true;
	return span;
}

/* In one arena, the first is charged and the second is not; a page between. */
static void memcg_test_charged_runs_leave(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *charged, *other;

	sh_fixture_need_sparse_arenas(test);
	charged = alloc_charged(test, SH_CHARGED_MAX);
	sh_pages_alloc(test, ph, 1);
	other = sh_pages_alloc(test, ph, 600);
	sh_pages_alloc(test, ph, 1);
	sh_pages_free(ph, other);
	sh_pages_free(ph, charged);
	KUNIT_EXPECT_EQ(test, wait_for(ph, SH_CHARGED_MAX), SH_CHARGED_MAX);
	KUNIT_EXPECT_FALSE(test, charged->charged);
	KUNIT_EXPECT_EQ(test, charged->released, SH_CHARGED_MAX);
	KUNIT_EXPECT_GE(test, sh_pageheap_spare(ph), 600);
	sh_pages_verify(test, ph);
}

/* What is little may be wanted again soon. */
static void memcg_test_little_leaves_a_little_later(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	unsigned long start = jiffies;

	sh_fixture_need_sparse_arenas(test);
	sh_pages_free(ph, alloc_charged(test, 20));
	sh_pages_verify(test, ph);
	KUNIT_EXPECT_GE(test, wait_for(ph, 20), 20);
	KUNIT_EXPECT_GE(test, jiffies - start, msecs_to_jiffies(SH_CHARGED_MS));
	KUNIT_EXPECT_EQ(test, ph->free.charged_pages, 0);
	sh_pages_verify(test, ph);
}

/* Whoever asks for memory under pressure gets what is charged as well. */
static void memcg_test_others_may_give_it_back(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *charged, *other;
	unsigned long shootdowns = 0;

	sh_fixture_need_sparse_arenas(test);
	charged = alloc_charged(test, 20);
	sh_pages_alloc(test, ph, 1);
	other = sh_pages_alloc(test, ph, 20);
	sh_pages_alloc(test, ph, 1);
	sh_pages_free(ph, charged);
	sh_pages_free(ph, other);
	sh_pageheap_release(ph, ULONG_MAX, 0, &shootdowns);
	KUNIT_EXPECT_EQ(test, ph->free.charged_pages, 0);
	KUNIT_EXPECT_EQ(test, sh_pageheap_spare(ph), 0);
	sh_pages_verify(test, ph);
}

static void set_due(struct sh_pageheap *ph, enum sh_charged_due due)
{
	spin_lock_irq(&ph->lock);
	ph->memcg.due = due;
	spin_unlock_irq(&ph->lock);
}

/* Nothing was there when the worker looked: somebody else had it in hand. */
static void memcg_test_what_others_leave_of_a_run_leaves(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	unsigned long shootdowns = 0;
	struct sh_span *charged;

	sh_fixture_need_sparse_arenas(test);
	charged = alloc_charged(test, 40);
	sh_pages_alloc(test, ph, 1);
	/* The worker is about to come, and does not: nobody starts it again. */
	set_due(ph, SH_CHARGED_NOW);
	sh_pages_free(ph, charged);
	set_due(ph, SH_CHARGED_NOT);
	KUNIT_EXPECT_EQ(test, sh_pageheap_release(ph, 10, 0, &shootdowns), 10);
	KUNIT_EXPECT_EQ(test, wait_for(ph, 30), 30);
	KUNIT_EXPECT_EQ(test, sh_pageheap_spare(ph), 0);
	sh_pages_verify(test, ph);
}

static void memcg_test_idle_arenas_leave(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *s[3];
	int i;

	if (SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here give back page by page");
	for (i = 0; i < 3; i++)
		s[i] = sh_pages_alloc(test, ph, ARENA_PAGES);
	KUNIT_ASSERT_EQ(test, sh_pages_stats(ph).arenas, 3);
	s[1]->charged = true;
	sh_pages_free(ph, s[2]);
	sh_pages_free(ph, s[1]);
	KUNIT_EXPECT_EQ(test, wait_for(ph, ARENA_PAGES), ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 2);
	KUNIT_EXPECT_EQ(test, sh_pageheap_spare(ph), ARENA_PAGES);
	sh_pages_verify(test, ph);
}

static void memcg_test_both_parts_are_charged(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *span = alloc_charged(test, 20), *rest;

	rest = sh_pages_cut(test, ph, span, 5);
	KUNIT_EXPECT_TRUE(test, rest->charged);
	KUNIT_EXPECT_TRUE(test, span->charged);
	KUNIT_EXPECT_FALSE(test, sh_pages_alloc(test, ph, 3)->charged);
	sh_pages_verify(test, ph);
}

/* In a CPU's cache nobody finds them. */
static void memcg_test_long_runs_are_not_cached(struct kunit *test)
{
	struct sh_runcache_stats stats;
	struct sh_runcaches rcs = { };
	struct sh_span *span;

	KUNIT_ASSERT_EQ(test, sh_runcaches_init(&rcs, heap_of(test)), 0);
	span = sh_run_alloc(&rcs, 30, 1, 0, GFP_KERNEL, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, span);
	span->charged = true;
	sh_run_free(&rcs, span);
	sh_runcaches_stats(&rcs, &stats);
	KUNIT_EXPECT_EQ(test, stats.runs, 0);
	sh_runcaches_exit(&rcs);
}

/* The page heap may go at any time. */
static void memcg_test_the_worker_is_waited_for(struct kunit *test)
{
	struct sh_pageheap *ph;
	struct sh_span *span;
	int i;

	for (i = 0; i < 20; i++) {
		ph = sh_pages_bare(test, 1024);
		span = sh_pages_alloc(test, ph, i % 2 ? SH_CHARGED_MAX : 10);
		span->charged = true;
		sh_pages_free(ph, span);
		sh_pageheap_exit(ph);
		kunit_kfree(test, ph);
	}
}

static void memcg_test_a_heap_can_have_an_owner(struct kunit *test)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	unsigned int flags[] = { SPANHEAP_ACCOUNT, SPANHEAP_ACCOUNT | SPANHEAP_DEBUG };
	struct spanheap *heap;
	int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		config.flags = flags[i];
		heap = spanheap_create("kunit-owned", &config);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
		spanheap_free(spanheap_alloc(heap, 100, GFP_KERNEL));
		spanheap_free(spanheap_alloc(heap, 100000, GFP_ATOMIC));
		spanheap_free(spanheap_alloc(heap, 3000000, GFP_KERNEL_ACCOUNT));
		sh_fixture_check(test, heap);
		sh_fixture_destroy(test, heap);
	}
}

static int memcg_test_init(struct kunit *test)
{
	test->priv = sh_pages_create(test, 2048);
	return 0;
}

static struct kunit_case memcg_test_cases[] = {
	KUNIT_CASE(memcg_test_charged_runs_leave),
	KUNIT_CASE(memcg_test_little_leaves_a_little_later),
	KUNIT_CASE(memcg_test_others_may_give_it_back),
	KUNIT_CASE(memcg_test_what_others_leave_of_a_run_leaves),
	KUNIT_CASE(memcg_test_idle_arenas_leave),
	KUNIT_CASE(memcg_test_both_parts_are_charged),
	KUNIT_CASE(memcg_test_long_runs_are_not_cached),
	KUNIT_CASE(memcg_test_the_worker_is_waited_for),
	KUNIT_CASE(memcg_test_a_heap_can_have_an_owner),
	{ }
};

static struct kunit_suite memcg_test_suite = {
	.name = "spanheap_memcg",
	.init = memcg_test_init,
	.test_cases = memcg_test_cases,
};

kunit_test_suite(memcg_test_suite);
