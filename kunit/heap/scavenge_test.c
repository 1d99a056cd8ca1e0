// SPDX-License-Identifier: GPL-2.0
/*
 * When and how much a heap gives back: of its own accord, on request and under
 * pressure, and what it counts of that. Passes are made by hand, so that nothing
 * here depends on time, except where it says so.
 *
 * Objects of a few MiB are so long that no CPU keeps their runs.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "heap/pressure.h"
#include "lib/fixture.h"
#include "pages/pageheap.h"

#define LONG_PAGES	640UL
#define LONG_BYTES	(LONG_PAGES << SH_PAGE_SHIFT)

/* How long a pass may pace, a hundredth of the second until the next. */
#define PASS_NS		(10 * NSEC_PER_MSEC)

static struct spanheap *heap_of(struct kunit *test)
{
	return test->priv;
}

static struct sh_pageheap_stats pages_of(struct spanheap *heap)
{
	struct sh_pageheap_stats stats;

	sh_pageheap_stats(&heap->ph, &stats);
	return stats;
}

/* Resident heap pages, those of cached runs included. */
static unsigned long resident(struct spanheap *heap)
{
	return pages_of(heap).sys - pages_of(heap).released;
}

static u64 given_back(struct spanheap *heap, enum sh_scavenge_reason reason)
{
	return heap->scavenger.bytes[reason];
}

/* Allocate and free objects of that many heap pages, all at the same time. */
static void use_pages(struct kunit *test, unsigned long nr_pages, unsigned int nr)
{
	void *obj[4];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		obj[i] = spanheap_alloc(heap_of(test), nr_pages << SH_PAGE_SHIFT,
					GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj[i]);
	}
	spanheap_free_bulk(nr, obj);
}

/* Make all that is idle look as if it were for longer. */
static void let_age(struct spanheap *heap, unsigned int seconds)
{
	struct sh_span *run;

	spin_lock_irq(&heap->ph.lock);
	list_for_each_entry(run, &heap->ph.free.lru, lru)
		run->idle_since -= seconds * HZ;
	spin_unlock_irq(&heap->ph.lock);
}

/* No pass finds more than recent use needs. */
static void stop_pacing(struct spanheap *heap)
{
	heap->scavenger.recent = 1UL << 24;
}

static void expect_one_pass(struct kunit *test, struct spanheap *heap, u64 got)
{
	struct spanheap_stats stats = sh_fixture_stats(heap);

	KUNIT_EXPECT_EQ(test, stats.scavenges, 1);
	KUNIT_EXPECT_EQ(test, stats.scavenged_bytes, got);
	KUNIT_EXPECT_EQ(test, given_back(heap, SH_SCAVENGE_REQUEST), got);
}

static void scavenge_test_a_request_returns_bytes(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	u64 resident, got;

	use_pages(test, LONG_PAGES, 3);
	resident = sh_fixture_stats(heap).resident;
	got = spanheap_scavenge(heap);
	KUNIT_EXPECT_GE(test, got, 3 * LONG_BYTES);
	KUNIT_EXPECT_EQ(test, got, resident - sh_fixture_stats(heap).resident);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).resident, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_arenas(heap), 1);
	KUNIT_EXPECT_EQ(test, heap->scavenger.shootdowns > 0, SH_ARENA_SPARSE);
	expect_one_pass(test, heap, got);
	/* There is no more then, and a pass for nothing is none. */
	KUNIT_EXPECT_EQ(test, spanheap_scavenge(heap), 0);
	expect_one_pass(test, heap, got);
}

/* A clock that counts jiffies has not moved after each pass. */
static void scavenge_test_passes_are_timed(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	int round;

	for (round = 0; round < 10000 && !heap->scavenger.busy_ns; round++) {
		use_pages(test, LONG_PAGES, 1);
		spanheap_scavenge(heap);
	}
	KUNIT_EXPECT_GT(test, heap->scavenger.busy_ns, 0);
}

/* Kept out of line: each copy of all figures takes place on the stack. */
static noinline_for_stack void expect_nothing_kept(struct kunit *test,
						   struct spanheap *heap)
{
	struct spanheap_stats stats = sh_fixture_stats(heap);

	KUNIT_EXPECT_EQ(test, stats.cached_objects, 0);
	KUNIT_EXPECT_EQ(test, stats.in_use, 0);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, stats.resident, 0);
}

static void scavenge_test_a_request_empties_caches(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	void *objs[64];
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = spanheap_alloc(heap, 1 + i * 1000, GFP_KERNEL);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).cached_objects, 0);
	spanheap_scavenge(heap);
	expect_nothing_kept(test, heap);
}

static void scavenge_test_what_is_in_use_stays(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	void *objs[64];
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		sh_fixture_fill(objs[i], SZ_64K, i);
	}
	for (i = 0; i < ARRAY_SIZE(objs); i += 2)
		spanheap_free(objs[i]);
	spanheap_scavenge(heap);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).resident, 32 * SZ_64K);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 32 * SZ_64K);
	sh_fixture_check(test, heap);
	/* What comes instead does not get at them either. */
	for (i = 0; i < ARRAY_SIZE(objs); i += 2) {
		objs[i] = spanheap_zalloc(heap, SZ_64K, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		KUNIT_EXPECT_NULL(test, memchr_inv(objs[i], 0, SZ_64K));
		sh_fixture_fill(objs[i], SZ_64K, i);
	}
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(objs[i], SZ_64K, i));
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
}

static void scavenge_test_the_default_heap_is_meant_by_null(struct kunit *test)
{
	u64 before = sh_fixture_stats(NULL).scavenged_bytes;
	size_t got;

	spanheap_free(spanheap_alloc(NULL, LONG_BYTES, GFP_KERNEL));
	got = spanheap_scavenge(NULL);
	KUNIT_EXPECT_GE(test, sh_fixture_stats(NULL).scavenged_bytes, before + got);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_GE(test, got, LONG_BYTES);
	sh_fixture_check(test, NULL);
}

static void scavenge_test_the_age_limit_can_be_set(struct kunit *test)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;

	KUNIT_EXPECT_GT(test, heap_of(test)->scavenger.idle_ms, 0);
	config.scavenge_idle_ms = 123456;
	heap = spanheap_create("kunit-age", &config);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	KUNIT_EXPECT_EQ(test, heap->scavenger.idle_ms, 123456);
	sh_fixture_destroy(test, heap);
}

static void scavenge_test_old_runs_go_back(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	void *old, *wall, *young;

	sh_fixture_need_sparse_arenas(test);
	heap->scavenger.idle_ms = 300000;
	stop_pacing(heap);
	old = spanheap_alloc(heap, 600 << SH_PAGE_SHIFT, GFP_KERNEL);
	wall = spanheap_alloc(heap, 8 << SH_PAGE_SHIFT, GFP_KERNEL);
	young = spanheap_alloc(heap, 100 << SH_PAGE_SHIFT, GFP_KERNEL);
	spanheap_free(old);
	sh_fixture_scavenge_pass(heap);
	let_age(heap, 280);
	sh_fixture_scavenge_pass(heap);
	KUNIT_EXPECT_EQ(test, resident(heap), 708);
	spanheap_free(young);
	sh_fixture_drain(heap);
	let_age(heap, 20);
	sh_fixture_scavenge_pass(heap);
	KUNIT_EXPECT_EQ(test, given_back(heap, SH_SCAVENGE_AGE), 600 << SH_PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, given_back(heap, SH_SCAVENGE_PACING), 0);
	KUNIT_EXPECT_EQ(test, resident(heap), 108);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).scavenges, 1);
	spanheap_free(wall);
}

static void scavenge_test_old_arenas_go_back(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);

	heap->scavenger.idle_ms = 300000;
	stop_pacing(heap);
	use_pages(test, LONG_PAGES, 3);
	KUNIT_EXPECT_GE(test, sh_fixture_arenas(heap), 3);
	sh_fixture_scavenge_pass(heap);
	KUNIT_EXPECT_GE(test, sh_fixture_arenas(heap), 3);
	let_age(heap, 301);
	sh_fixture_scavenge_pass(heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_arenas(heap), 1);
	KUNIT_EXPECT_GE(test, given_back(heap, SH_SCAVENGE_AGE), 3 * LONG_BYTES);
	sh_fixture_check(test, heap);
}

/* Nor do they stay when their memory went before its time. */
static void scavenge_test_arenas_go_without_memory(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	unsigned long end = jiffies + 15 * HZ;

	heap->scavenger.idle_ms = 1000;
	use_pages(test, LONG_PAGES, 3);
	sh_pressure_release(ULONG_MAX);
	while (sh_fixture_arenas(heap) > 1 && time_before(jiffies, end))
		msleep(50);
	KUNIT_EXPECT_EQ(test, sh_fixture_arenas(heap), 1);
	sh_fixture_check(test, heap);
}

/* Age takes a batch at a time, and then rests seven times as long. */
static void scavenge_test_much_that_is_old_goes_in_steps(struct kunit *test)
{
	const unsigned long pages = 3 * SH_RELEASE_BATCH;
	struct spanheap *heap = heap_of(test);
	unsigned int steps = 0;

	sh_fixture_need_sparse_arenas(test);
	heap->scavenger.idle_ms = 300000;
	stop_pacing(heap);
	use_pages(test, pages, 1);
	let_age(heap, 301);
	do {
		sh_scavenger_kick(&heap->scavenger);
		flush_delayed_work(&heap->scavenger.work);
		steps++;
	} while (heap->scavenger.aging);
	KUNIT_EXPECT_GE(test, steps, 1);
	KUNIT_EXPECT_LE(test, steps, 4);
	KUNIT_EXPECT_EQ(test, heap->scavenger.shootdowns, 3);
	KUNIT_EXPECT_EQ(test, given_back(heap, SH_SCAVENGE_AGE), pages << SH_PAGE_SHIFT);
	sh_fixture_check(test, heap);
}

/* Recent use is the most of late, less an eighth for each pass since. */
static void scavenge_test_pacing_keeps_recent_use_and_a_tenth(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	unsigned long recent = 1000, keep, left = 1000;
	u64 busy;
	int i;

	sh_fixture_need_sparse_arenas(test);
	use_pages(test, 1000, 1);
	for (i = 0; i < 12 || (i < 100 && left >= 300); i++) {
		busy = heap->scavenger.busy_ns;
		sh_fixture_scavenge_pass(heap);
		busy = heap->scavenger.busy_ns - busy;
		keep = min(recent + recent / 10, 1000UL);
		left = resident(heap);
		KUNIT_ASSERT_EQ(test, heap->scavenger.recent, recent);
		KUNIT_ASSERT_GE(test, left, keep);
		/* More is left only when the time was up, on a busy machine. */
		KUNIT_ASSERT_TRUE(test, left == keep || busy >= PASS_NS);
		KUNIT_ASSERT_EQ(test, given_back(heap, SH_SCAVENGE_PACING),
				(1000 - left) << SH_PAGE_SHIFT);
		recent -= recent / 8;
		sh_fixture_check(test, heap);
	}
	KUNIT_EXPECT_LT(test, left, 300);
	/* The most that was used at a time between passes counts, then as now. */
	use_pages(test, 900, 1);
	use_pages(test, 500, 1);
	sh_fixture_scavenge_pass(heap);
	KUNIT_EXPECT_EQ(test, heap->scavenger.recent, 900);
	KUNIT_EXPECT_EQ(test, resident(heap), 900);
	KUNIT_EXPECT_EQ(test, given_back(heap, SH_SCAVENGE_AGE), 0);
}

/* What is in use is never too much, however long ago anybody allocated. */
static void scavenge_test_pacing_leaves_what_is_in_use(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	void *obj = spanheap_alloc(heap, LONG_BYTES, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	sh_fixture_fill(obj, LONG_BYTES, 5);
	use_pages(test, 2, 2);
	for (i = 0; i < 20; i++)
		sh_fixture_scavenge_pass(heap);
	KUNIT_EXPECT_GE(test, heap->scavenger.recent, LONG_PAGES);
	KUNIT_EXPECT_GE(test, resident(heap), LONG_PAGES);
	KUNIT_EXPECT_TRUE(test, sh_fixture_intact(obj, LONG_BYTES, 5));
	spanheap_free(obj);
}

static void scavenge_test_passes_empty_idle_caches(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);

	sh_fixture_pin();
	spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
	spanheap_free(spanheap_alloc(heap, 100000, GFP_KERNEL));
	sh_fixture_scavenge_pass(heap);
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).cached_objects, 0);
	sh_fixture_scavenge_pass(heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).cached_objects, 0);
	KUNIT_EXPECT_EQ(test, pages_of(heap).idle, pages_of(heap).sys);
}

static void scavenge_test_pressure_gives_back_what_is_wanted(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	struct sh_scavenger *sc = &heap->scavenger;

	sh_fixture_need_sparse_arenas(test);
	use_pages(test, LONG_PAGES, 1);
	KUNIT_EXPECT_EQ(test, sh_scavenge_pressure(sc, 100), 100);
	KUNIT_EXPECT_EQ(test, resident(heap), LONG_PAGES - 100);
	KUNIT_EXPECT_EQ(test, given_back(heap, SH_SCAVENGE_PRESSURE),
			100 << SH_PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, sh_scavenge_pressure(sc, LONG_PAGES), LONG_PAGES - 100);
	KUNIT_EXPECT_EQ(test, resident(heap), 0);
	KUNIT_EXPECT_EQ(test, sh_scavenge_pressure(sc, 1), 0);
	KUNIT_EXPECT_EQ(test, given_back(heap, SH_SCAVENGE_PRESSURE), LONG_BYTES);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).scavenged_bytes, LONG_BYTES);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).scavenges, 2);
}

static void use_a_little(void *heap)
{
	spanheap_free(spanheap_alloc(heap, SZ_64K, GFP_KERNEL));
	spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
}

/* Reclaim takes what is near, and does not wait for other CPUs: theirs it finds the next time. */
static void scavenge_test_pressure_empties_caches_for_the_next_time(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	struct sh_scavenger *sc = &heap->scavenger;
	int other = sh_fixture_other_cpu(test);
	unsigned long got;

	sh_fixture_pin();
	use_a_little(heap);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, use_a_little, heap), 0);
	stop_pacing(heap);
	got = sh_scavenge_pressure(sc, 1000);
	KUNIT_EXPECT_LT(test, got, 1000);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_GE(test, got, SZ_64K >> SH_PAGE_SHIFT);
	sh_fixture_wait_for_drains(heap);
	flush_delayed_work(&sc->work);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).cached_objects, 0);
	KUNIT_EXPECT_EQ(test, pages_of(heap).idle, pages_of(heap).sys);
	if (!SH_ARENA_SPARSE)
		return;
	KUNIT_EXPECT_GE(test, sh_scavenge_pressure(sc, 1000), SZ_64K >> SH_PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, resident(heap), 0);
}

/* Within seconds: an interrupt that is to wake it may have to wait for a tick. */
static bool soon(struct spanheap *heap, bool pending)
{
	unsigned long end = jiffies + 10 * HZ;

	while (time_before(jiffies, end)) {
		if (delayed_work_pending(&heap->scavenger.work) == pending &&
		    heap->ph.asleep == !pending)
			return true;
		msleep(20);
	}
	return false;
}

/* A heap that nobody uses, and one that has given everything back, make no passes. */
static void scavenge_test_nothing_idle_means_no_passes(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);

	KUNIT_EXPECT_TRUE(test, heap->ph.asleep);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&heap->scavenger.work));
	use_pages(test, LONG_PAGES, 2);
	use_a_little(heap);
	KUNIT_EXPECT_TRUE(test, soon(heap, true));
	heap->scavenger.idle_ms = 40;
	sh_scavenger_kick(&heap->scavenger);
	KUNIT_EXPECT_TRUE(test, soon(heap, false));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).cached_objects, 0);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, resident(heap), 0);
}

static void make_idle_somehow(struct kunit *test, int how)
{
	switch (how % 3) {
	case 0:
		use_pages(test, LONG_PAGES, 2);
		break;
	case 1:
		spanheap_free(spanheap_alloc(heap_of(test), SZ_64K, GFP_KERNEL));
		break;
	case 2:
		spanheap_free(spanheap_alloc(heap_of(test), 64, GFP_KERNEL));
		break;
	}
}

/* A pass is due a second later, not half an age limit. */
static void scavenge_test_what_gets_idle_wakes_it(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	int how;

	for (how = 0; how < 3; how++) {
		KUNIT_ASSERT_TRUE(test, soon(heap, false));
		make_idle_somehow(test, how);
		KUNIT_EXPECT_TRUE(test, soon(heap, true));
		KUNIT_EXPECT_TRUE(test, time_before(heap->scavenger.work.timer.expires,
						    jiffies + 2 * HZ));
		spanheap_scavenge(heap);
		heap->scavenger.idle_ms = 40;
		sh_scavenger_kick(&heap->scavenger);
		KUNIT_ASSERT_TRUE(test, soon(heap, false));
		heap->scavenger.idle_ms = 300000;
	}
}

/* What a shrinker calls: no other CPU has anything to do with it. */
static void scavenge_test_trim_gives_back_what_is_near(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	void *objs[64], *keep;
	size_t got;
	int i;

	sh_fixture_need_sparse_arenas(test);
	sh_fixture_pin();
	keep = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, keep);
	sh_fixture_fill(keep, SZ_64K, 3);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = spanheap_alloc(heap, SZ_16K, GFP_KERNEL);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	KUNIT_EXPECT_EQ(test, spanheap_trim(heap, 0), 0);
	got = spanheap_trim(heap, SZ_128K + 1);
	KUNIT_EXPECT_EQ(test, got, SZ_128K + SH_PAGE_SIZE);
	got += spanheap_trim(heap, SZ_64M);
	KUNIT_EXPECT_GE(test, got, 64 * SZ_16K);
	KUNIT_EXPECT_EQ(test, spanheap_resident(heap), SZ_64K);
	KUNIT_EXPECT_EQ(test, spanheap_trim(heap, SIZE_MAX), 0);
	KUNIT_EXPECT_TRUE(test, sh_fixture_intact(keep, SZ_64K, 3));
	KUNIT_EXPECT_EQ(test, given_back(heap, SH_SCAVENGE_REQUEST), got);
	spanheap_free(keep);
}

/* However much is wanted, there is no more than there is. */
static void scavenge_test_trim_gives_back_all(struct kunit *test)
{
	static const size_t wanted[] = {
		SIZE_MAX, SIZE_MAX - SH_PAGE_SIZE, SIZE_MAX / 2 + 1,
	};
	struct spanheap *heap = heap_of(test);
	void *keep, *obj;
	int i;

	/* Of the first arena, which may have to stay. */
	keep = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, keep);
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		obj = spanheap_alloc(heap, SZ_16M, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		spanheap_free(obj);
		KUNIT_EXPECT_GE(test, spanheap_trim(heap, wanted[i]), SZ_16M);
	}
	spanheap_free(keep);
}

/* The heap does this while nobody calls it: the one case that takes time. */
static void scavenge_test_works_by_itself(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	unsigned long end = jiffies + 120 * HZ;	/* for a busy machine */
	struct spanheap_stats s;

	use_pages(test, LONG_PAGES, 3);
	spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
	heap->scavenger.idle_ms = 100;
	do {
		msleep(20);
		s = sh_fixture_stats(heap);
	} while (time_before(jiffies, end) &&
		 (sh_fixture_arenas(heap) > 1 || s.cached_objects ||
		  (SH_ARENA_SPARSE && s.resident)));
	KUNIT_EXPECT_EQ(test, sh_fixture_arenas(heap), 1);
	KUNIT_EXPECT_EQ(test, s.cached_objects, 0);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, s.resident, 0);
	/* A pass counts what it gave back when it ends. */
	s = sh_fixture_still_stats(heap);
	KUNIT_EXPECT_EQ(test, s.scavenged_bytes, given_back(heap, SH_SCAVENGE_AGE) +
			given_back(heap, SH_SCAVENGE_PACING));
}

static struct kunit_case scavenge_test_cases[] = {
	KUNIT_CASE(scavenge_test_a_request_returns_bytes),
	KUNIT_CASE(scavenge_test_passes_are_timed),
	KUNIT_CASE(scavenge_test_a_request_empties_caches),
	KUNIT_CASE(scavenge_test_what_is_in_use_stays),
	KUNIT_CASE(scavenge_test_the_default_heap_is_meant_by_null),
	KUNIT_CASE(scavenge_test_the_age_limit_can_be_set),
	KUNIT_CASE(scavenge_test_old_runs_go_back),
	KUNIT_CASE(scavenge_test_old_arenas_go_back),
	KUNIT_CASE(scavenge_test_arenas_go_without_memory),
	KUNIT_CASE(scavenge_test_much_that_is_old_goes_in_steps),
	KUNIT_CASE(scavenge_test_pacing_keeps_recent_use_and_a_tenth),
	KUNIT_CASE(scavenge_test_pacing_leaves_what_is_in_use),
	KUNIT_CASE(scavenge_test_passes_empty_idle_caches),
	KUNIT_CASE(scavenge_test_pressure_gives_back_what_is_wanted),
	KUNIT_CASE(scavenge_test_pressure_empties_caches_for_the_next_time),
	KUNIT_CASE(scavenge_test_nothing_idle_means_no_passes),
	KUNIT_CASE(scavenge_test_what_gets_idle_wakes_it),
	KUNIT_CASE(scavenge_test_trim_gives_back_what_is_near),
	KUNIT_CASE(scavenge_test_trim_gives_back_all),
	KUNIT_CASE(scavenge_test_works_by_itself),
	{ }
};

static struct kunit_suite scavenge_test_suite = {
	.name = "spanheap_scavenge",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = scavenge_test_cases,
};

kunit_test_suite(scavenge_test_suite);
