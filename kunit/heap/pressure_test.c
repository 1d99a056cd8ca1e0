// SPDX-License-Identifier: GPL-2.0
/*
 * What the system gets when it is short of memory, from all heaps: what it is
 * told there is, and that this becomes free memory, on any architecture.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/swap.h>

#include "base/compat.h"
#include "heap/pressure.h"
#include "heap/registry.h"
#include "lib/fixture.h"

/* So long that no CPU keeps their runs. */
#define LONG_BYTES	(5UL << 20)
#define NR_LONG		(SH_FIXTURE_EMULATED ? 8 : 32)
#define LONG_PAGES	(NR_LONG * LONG_BYTES >> SH_PAGE_SHIFT)

static struct spanheap *heap_of(struct kunit *test)
{
	return test->priv;
}

static unsigned long free_bytes(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return info.freeram * PAGE_SIZE;
}

/* Nobody has anything idle. */
static void start_from_nothing(struct spanheap *heap)
{
	spanheap_scavenge(NULL);
	spanheap_scavenge(heap);
	/* The worker leaves it to us. */
	heap->scavenger.recent = 1UL << 24;
	heap->scavenger.idle_ms = 3600 * 1000;
}

static void use(struct kunit *test, void **objs, unsigned int nr, size_t size)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = spanheap_alloc(heap_of(test), size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		sh_fixture_fill(objs[i], size, i);
	}
}

/*
 * All that was freed is counted, and goes. Much of it is still in the lists that
 * the page allocator keeps for each CPU when it is looked at.
 */
static void pressure_test_idle_memory_becomes_free(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	unsigned long before, none;
	void *objs[NR_LONG];

	start_from_nothing(heap);
	none = sh_pressure_count();
	use(test, objs, NR_LONG, LONG_BYTES);
	KUNIT_EXPECT_LT(test, sh_pressure_count(), none + LONG_PAGES / 2);
	spanheap_free_bulk(NR_LONG, objs);
	KUNIT_EXPECT_GE(test, sh_pressure_count(), LONG_PAGES);
	before = free_bytes();
	KUNIT_EXPECT_GE(test, sh_pressure_release(LONG_PAGES), LONG_PAGES);
	KUNIT_EXPECT_LE(test, spanheap_resident(heap), NR_LONG * LONG_BYTES / 2);
	/* Where there is not much, these may keep all of it. */
	if (!SH_FIXTURE_EMULATED)
		KUNIT_EXPECT_GE(test, free_bytes(), before + NR_LONG * LONG_BYTES / 4);
	KUNIT_EXPECT_LT(test, sh_pressure_count(), LONG_PAGES / 2);
	sh_fixture_check(test, heap);
}

/* Reclaim is told: one that sees no progress kills. */
static void pressure_test_counts_as_progress(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	struct reclaim_state progress = { };
	void *objs[NR_LONG];
	unsigned long got;

	start_from_nothing(heap);
	use(test, objs, NR_LONG, LONG_BYTES);
	spanheap_free_bulk(NR_LONG, objs);
	KUNIT_ASSERT_NULL(test, current->reclaim_state);
	current->reclaim_state = &progress;
	got = sh_pressure_release(LONG_PAGES);
	current->reclaim_state = NULL;
	/* What slabs gave back meanwhile counts as well, but that is little. */
	KUNIT_EXPECT_LE(test, *sh_reclaimed(&progress),
			(got << SH_PAGE_SHIFT >> PAGE_SHIFT) + 64);
	KUNIT_EXPECT_GE(test, *sh_reclaimed(&progress), NR_LONG * LONG_BYTES / PAGE_SIZE);
}

/* Nor much more than that: the rest of an arena, where these go as a whole. */
static void pressure_test_gives_no_more_than_wanted(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	void *objs[NR_LONG];
	unsigned long got;

	start_from_nothing(heap);
	use(test, objs, NR_LONG, LONG_BYTES);
	spanheap_free_bulk(NR_LONG, objs);
	got = sh_pressure_release(100);
	KUNIT_EXPECT_GE(test, got, 100);
	KUNIT_EXPECT_LE(test, got, LONG_PAGES / 2);
	KUNIT_EXPECT_GE(test, sh_pressure_count(), LONG_PAGES - got);
	sh_fixture_check(test, heap);
}

static void pressure_test_what_is_in_use_stays(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	void *objs[NR_LONG];
	int i;

	start_from_nothing(heap);
	use(test, objs, NR_LONG, LONG_BYTES);
	for (i = 0; i < NR_LONG; i += 2)
		spanheap_free(objs[i]);
	sh_pressure_release(ULONG_MAX);
	for (i = 1; i < NR_LONG; i += 2) {
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(objs[i], LONG_BYTES, i));
		spanheap_free(objs[i]);
	}
	sh_fixture_check(test, heap);
}

/* A heap all of whose free memory is in caches has something to give, too. */
static void pressure_test_caches_are_counted_and_emptied(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	unsigned long none;
	void *objs[16];

	start_from_nothing(heap);
	sh_fixture_pin();
	none = sh_pressure_count();
	use(test, objs, ARRAY_SIZE(objs), SZ_64K);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	use(test, objs, ARRAY_SIZE(objs), 100);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	KUNIT_EXPECT_GE(test, sh_drain_bytes(heap->drains), SZ_1M);
	KUNIT_EXPECT_GE(test, sh_pressure_count(), none + (SZ_1M >> SH_PAGE_SHIFT));
	sh_pressure_release(ULONG_MAX);
	sh_fixture_wait_for_drains(heap);
	KUNIT_EXPECT_EQ(test, sh_drain_bytes(heap->drains), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).cached_objects, 0);
	sh_pressure_release(ULONG_MAX);
	KUNIT_EXPECT_LE(test, sh_fixture_stats(heap).resident, SZ_1M);
}

/* What a debug heap holds back is not worth killing for. */
static void pressure_test_quarantine_is_counted_and_emptied(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_debug(test, "kunit-held-back");
	unsigned long none;
	int i;

	start_from_nothing(heap);
	none = sh_pressure_count();
	for (i = 0; i < 16; i++)
		spanheap_free(spanheap_alloc(heap, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).quarantined_bytes, SZ_64K);
	KUNIT_EXPECT_GT(test, sh_pressure_count(), none + (SZ_64K >> SH_PAGE_SHIFT));
	sh_pressure_release(ULONG_MAX);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).quarantined_bytes, 0);
	sh_fixture_wait_for_drains(heap);
	sh_pressure_release(ULONG_MAX);
	KUNIT_EXPECT_LE(test, sh_fixture_stats(heap).resident, SZ_1M);
	sh_fixture_destroy(test, heap);
}

/**
 * struct reader - who keeps a grace period from ending
 * @reads: it has begun
 * @stop: it is to end
 * @gave_up: it ended because nobody told it to
 */
struct reader {
	bool reads;
	bool stop;
	bool gave_up;
};

static int read_long(void *arg)
{
	unsigned long end = jiffies + 15 * HZ;
	struct reader *reader = arg;

	rcu_read_lock();
	WRITE_ONCE(reader->reads, true);
	while (!READ_ONCE(reader->stop) && time_before(jiffies, end))
		cpu_relax();
	reader->gave_up = !READ_ONCE(reader->stop);
	rcu_read_unlock();
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static int scavenge_thread(void *heap)
{
	spanheap_scavenge(heap);
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

/*
 * One heap gives arenas back meanwhile, which a reader may have to be waited for.
 * Reclaim neither waits for that nor leaves the heap out.
 */
static void pressure_test_waits_for_no_grace_period(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	int other = sh_fixture_other_cpu(test);
	struct task_struct *readers, *scavenger;
	struct reader reader = { };
	void *objs[NR_LONG];

	start_from_nothing(heap);
	sh_fixture_pin();
	readers = kthread_create(read_long, &reader, "reader");
	scavenger = kthread_create(scavenge_thread, heap, "scavenger");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, readers);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, scavenger);
	use(test, objs, NR_LONG, LONG_BYTES);
	kthread_bind(readers, other);
	kthread_bind(scavenger, raw_smp_processor_id());
	wake_up_process(readers);
	while (!READ_ONCE(reader.reads))
		msleep(20);
	spanheap_free_bulk(NR_LONG / 2, objs);
	wake_up_process(scavenger);
	msleep(50);
	spanheap_free_bulk(NR_LONG - NR_LONG / 2, objs + NR_LONG / 2);
	KUNIT_EXPECT_GE(test, sh_pressure_release(ULONG_MAX), LONG_PAGES / 4);
	WRITE_ONCE(reader.stop, true);
	kthread_stop(readers);
	kthread_stop(scavenger);
	KUNIT_EXPECT_FALSE(test, reader.gave_up);
	sh_fixture_check(test, heap);
}

static int destroy_thread(void *heap)
{
	spanheap_destroy(heap);
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static bool end_has_begun(struct spanheap *heap)
{
	unsigned long end = jiffies + 15 * HZ;

	/* It has let no more visits begin. */
	while (atomic_read(&heap->visits) > 1 && time_before(jiffies, end))
		msleep(20);
	return atomic_read(&heap->visits) == 1;
}

static struct spanheap *visit(struct spanheap *wanted)
{
	struct spanheap *heap;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap))
		if (heap == wanted)
			break;
	return heap;
}

/*
 * While somebody is at a heap for long, and another waits to destroy it, reclaim
 * gets what the others have; it leads on to the next, and the heap stays until then.
 */
static void pressure_test_waits_for_no_other_heap(struct kunit *test)
{
	struct spanheap *heap = heap_of(test), *visited;
	struct spanheap *gone = sh_fixture_create(test, "kunit-visited", 0);
	struct spanheap *last = sh_fixture_create(test, "kunit-last", 0);
	struct task_struct *destroyer;
	void *objs[NR_LONG];

	start_from_nothing(heap);
	use(test, objs, NR_LONG, LONG_BYTES);
	spanheap_free_bulk(NR_LONG, objs);
	destroyer = kthread_create(destroy_thread, gone, "destroyer");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, destroyer);
	visited = visit(gone);
	KUNIT_ASSERT_PTR_EQ(test, visited, gone);
	wake_up_process(destroyer);
	KUNIT_EXPECT_TRUE(test, end_has_begun(gone));
	KUNIT_EXPECT_NULL(test, visit(gone));
	KUNIT_EXPECT_GE(test, sh_pressure_count(), LONG_PAGES);
	KUNIT_EXPECT_GE(test, sh_pressure_release(LONG_PAGES), LONG_PAGES);
	KUNIT_EXPECT_STREQ(test, gone->name, "kunit-visited");
	visited = sh_heaps_visit(gone);
	KUNIT_EXPECT_PTR_EQ(test, visited, last);
	if (visited)
		sh_heap_leave(visited);
	kthread_stop(destroyer);
	sh_fixture_destroy(test, last);
}

/* No pass is due, nor the one after which none is. */
static bool rests(struct spanheap *heap)
{
	return READ_ONCE(heap->ph.asleep) &&
	       !work_busy(&heap->scavenger.work.work);
}

/* A heap that has nothing to give is not worked on either. */
static void pressure_test_disturbs_nobody_for_nothing(struct kunit *test)
{
	struct spanheap *heap = heap_of(test);
	unsigned long end = jiffies + 15 * HZ;
	void *objs[NR_LONG];

	start_from_nothing(heap);
	while (!rests(heap) && time_before(jiffies, end))
		msleep(20);
	KUNIT_ASSERT_TRUE(test, rests(heap));
	sh_pressure_release(ULONG_MAX);
	KUNIT_EXPECT_TRUE(test, rests(heap));
	use(test, objs, NR_LONG, LONG_BYTES);
	spanheap_free_bulk(NR_LONG, objs);
	KUNIT_EXPECT_GE(test, sh_pressure_release(ULONG_MAX), LONG_PAGES / 2);
}

static struct kunit_case pressure_test_cases[] = {
	KUNIT_CASE(pressure_test_idle_memory_becomes_free),
	KUNIT_CASE(pressure_test_counts_as_progress),
	KUNIT_CASE(pressure_test_gives_no_more_than_wanted),
	KUNIT_CASE(pressure_test_what_is_in_use_stays),
	KUNIT_CASE(pressure_test_caches_are_counted_and_emptied),
	KUNIT_CASE(pressure_test_quarantine_is_counted_and_emptied),
	KUNIT_CASE(pressure_test_waits_for_no_grace_period),
	KUNIT_CASE(pressure_test_waits_for_no_other_heap),
	KUNIT_CASE(pressure_test_disturbs_nobody_for_nothing),
	{ }
};

static struct kunit_suite pressure_test_suite = {
	.name = "spanheap_pressure",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = pressure_test_cases,
};

kunit_test_suite(pressure_test_suite);
