// SPDX-License-Identifier: GPL-2.0
/*
 * What an allocation does at the limit before it fails: what it takes, whom it
 * disturbs, and who is never refused.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "lib/fixture.h"
#include "pages/release.h"

#define QUIET		(GFP_KERNEL | __GFP_NOWARN)
#define QUIET_ATOMIC	(GFP_ATOMIC | __GFP_NOWARN)

/* As many pages go as are missing: others may want what is idle. */
static void room_test_releases_what_is_missing(struct kunit *test)
{
	struct sh_scavenger *sc;
	struct spanheap *heap;
	void *objs[64], *obj;
	unsigned int nr, i;
	u64 before;

	sh_fixture_need_sparse_arenas(test);
	heap = sh_fixture_create(test, "kunit-missing", SZ_4M);
	sc = &heap->scavenger;
	nr = sh_fixture_fill_up(heap, SZ_64K, objs, ARRAY_SIZE(objs));
	/* Not next to each other, and more than CPUs may cache. */
	for (i = 0; i < nr; i += 2) {
		spanheap_free(objs[i]);
		objs[i] = NULL;
	}
	before = sc->bytes[SH_SCAVENGE_LIMIT];
	obj = spanheap_alloc(heap, SZ_256K, QUIET);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_GT(test, sc->bytes[SH_SCAVENGE_LIMIT], before);
	KUNIT_EXPECT_LE(test, sc->bytes[SH_SCAVENGE_LIMIT] - before, SZ_256K + SZ_64K);
	spanheap_free(obj);
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

static void use_and_free(void *heap)
{
	void *objs[16];
	unsigned int nr;

	nr = sh_fixture_fill_up(heap, SZ_16K, objs, ARRAY_SIZE(objs));
	spanheap_free_bulk(nr, objs);
	spanheap_free(spanheap_alloc(heap, SZ_64K, QUIET));
}

/* What another CPU has cached is had without it having to run anything. */
static void room_test_takes_what_other_cpus_cache(struct kunit *test)
{
	struct sh_runcache *rc;
	struct spanheap *heap;
	int cpu, calls = 0;
	unsigned int nr;
	void **objs;

	objs = kunit_kcalloc(test, 512, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	sh_fixture_pin();
	cpu = sh_fixture_other_cpu(test);
	heap = sh_fixture_create(test, "kunit-far", SZ_4M);
	rc = per_cpu_ptr(heap->rcs.cpu, cpu);
	while (!rc->nr && calls++ < 10)
		KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(cpu, use_and_free, heap), 0);
	KUNIT_EXPECT_GT(test, rc->nr, 0);
	nr = sh_fixture_fill_up(heap, SZ_8K, objs, 512);
	KUNIT_EXPECT_LT(test, nr, 512);
	KUNIT_EXPECT_EQ(test, rc->nr, 0);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(heap->caches.cpu, cpu)->capacity, 0);
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

/*
 * Who fails all the time disturbs nobody all the time: neither TLBs nor other
 * CPUs' caches, whatever is freed and taken in between.
 */
static void room_test_failures_are_calm(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-calm", SZ_8M);
	static const size_t sizes[] = { SZ_64K, SZ_4K };
	unsigned long end, rounds, shootdowns;
	void **objs, *more, *longer[32];
	unsigned int i, nr, nr_longer, filled;

	objs = kunit_kcalloc(test, 2048, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	sh_fixture_stop_scavenger(heap);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		nr = sh_fixture_fill_up(heap, sizes[i], objs, 2048);
		/* Where it was records of small spans that found no room. */
		nr_longer = sh_fixture_fill_up(heap, SZ_256K, longer,
					       ARRAY_SIZE(longer));
		filled = nr_longer;
		spanheap_free(objs[--nr]);
		shootdowns = heap->scavenger.shootdowns;
		end = jiffies + HZ;
		for (rounds = 0; time_before(jiffies, end); rounds++) {
			spanheap_free(spanheap_alloc(heap, sizes[i], QUIET));
			more = spanheap_alloc(heap, SZ_256K, QUIET);
			/* What was freed may have left a record for more: full only now. */
			if (more && nr_longer < ARRAY_SIZE(longer))
				longer[nr_longer++] = more;
			else
				KUNIT_ASSERT_NULL(test, more);
			cond_resched();
		}
		KUNIT_EXPECT_GT(test, rounds, 10 + nr_longer - filled);
		KUNIT_EXPECT_LE(test, heap->scavenger.shootdowns - shootdowns, 12);
		sh_fixture_expect_intact(test, sizes[i], objs, nr);
		spanheap_free_bulk(nr, objs);
		spanheap_free_bulk(nr_longer, longer);
	}
	sh_fixture_destroy(test, heap);
}

/**
 * struct tenant - a thread that uses a heap
 * @heap: the heap
 * @size: what it allocates and frees, bytes; 0 to give memory back
 * @refused: how often it got nothing
 * @task: the thread
 */
struct tenant {
	struct spanheap *heap;
	size_t size;
	unsigned long refused;
	struct task_struct *task;
};

static int use_or_release(void *arg)
{
	unsigned long shootdowns = 0;
	struct tenant *user = arg;
	void *obj;

	while (!kthread_should_stop()) {
		if (user->size) {
			obj = spanheap_alloc(user->heap, user->size, QUIET);
			user->refused += !obj;
			spanheap_free(obj);
		} else {
			sh_pageheap_release(&user->heap->ph, SZ_512K >> SH_PAGE_SHIFT,
					    0, &shootdowns);
			msleep(20);
		}
		cond_resched();
	}
	return 0;
}

static void expect_none_refused(struct kunit *test, struct tenant *users, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		users[i].task = kthread_run(use_or_release, &users[i], "room");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, users[i].task);
	}
	msleep(1000);
	for (i = 0; i < nr; i++) {
		kthread_stop(users[i].task);
		KUNIT_EXPECT_EQ(test, users[i].refused, 0);
	}
}

/* What somebody else is giving back was idle: it is no reason to refuse. */
static void room_test_what_is_going_is_idle(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-going", SZ_8M);
	struct tenant users[] = {
		{ .heap = heap, .size = SZ_1M + SZ_64K },
		{ .heap = heap, .size = SZ_256K + SZ_8K },
		{ .heap = heap },
	};

	spanheap_free(spanheap_alloc(heap, 6 * SZ_1M, QUIET));
	expect_none_refused(test, users, ARRAY_SIZE(users));
	sh_fixture_destroy(test, heap);
}

/*
 * How often a request sleeps, a jiffy each time, while somebody is giving memory back
 * for long: on a busy machine that says more than how long it took.
 */
static unsigned long sleep_in_vain(struct kunit *test, struct spanheap *heap, gfp_t gfp)
{
	unsigned long before = current->nvcsw;

	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_16K, gfp));
	return current->nvcsw - before;
}

/* Who does is waited for a moment, once, and not by everybody. */
static void room_test_waits_once(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-once", SZ_8M);
	const unsigned long moment = max(HZ / 10, 1);
	unsigned long sleeps;
	unsigned int nr;
	void **objs;

	objs = kunit_kcalloc(test, 512, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	sh_fixture_stop_scavenger(heap);
	nr = sh_fixture_fill_up(heap, SZ_16K, objs, 512);
	/* As if 2 MiB were held by somebody who never comes back. */
	spin_lock_irq(&heap->ph.lock);
	WRITE_ONCE(heap->ph.idle, heap->ph.idle + 256);
	WRITE_ONCE(heap->ph.going, heap->ph.going + 256);
	spin_unlock_irq(&heap->ph.lock);
	sleeps = sleep_in_vain(test, heap, QUIET);
	KUNIT_EXPECT_GT(test, sleeps, 0);
	KUNIT_EXPECT_LT(test, sleeps, 2 * moment);
	KUNIT_EXPECT_EQ(test, sleep_in_vain(test, heap, QUIET | __GFP_NORETRY), 0);
	spin_lock_irq(&heap->ph.lock);
	WRITE_ONCE(heap->ph.idle, heap->ph.idle - 256);
	WRITE_ONCE(heap->ph.going, heap->ph.going - 256);
	spin_unlock_irq(&heap->ph.lock);
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

/* Those who want five eighths of a limit together make room for one another. */
static void room_test_neighbours_are_not_refused(struct kunit *test)
{
	struct tenant users[] = {
		{ .size = SZ_2M }, { .size = SZ_2M + SZ_64K }, { .size = SZ_256K + SZ_8K },
	};
	struct spanheap *heap;
	unsigned int i;

	sh_fixture_need_sparse_arenas(test);
	heap = sh_fixture_create(test, "kunit-three", SZ_8M);
	for (i = 0; i < ARRAY_SIZE(users); i++)
		users[i].heap = heap;
	expect_none_refused(test, users, ARRAY_SIZE(users));
	sh_fixture_destroy(test, heap);
}

/* What was freed of one length is taken for another as it is: no shootdown. */
static void room_test_takes_resident_runs_first(struct kunit *test)
{
	unsigned long shootdowns;
	struct spanheap *heap;
	void *objs[64], *obj;
	unsigned int nr;

	sh_fixture_need_sparse_arenas(test);
	heap = sh_fixture_create(test, "kunit-near", SZ_4M);
	sh_fixture_stop_scavenger(heap);
	sh_fixture_pin();
	nr = sh_fixture_fill_up(heap, SZ_64K, objs, ARRAY_SIZE(objs));
	KUNIT_ASSERT_GT(test, nr, 4);
	shootdowns = heap->scavenger.shootdowns;
	spanheap_free(objs[--nr]);
	obj = spanheap_alloc(heap, SZ_64K - SZ_8K, QUIET);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, heap->scavenger.shootdowns, shootdowns);
	spanheap_free(obj);
	/* Who may not sleep has it as well. */
	obj = spanheap_alloc(heap, SZ_64K - 2 * SZ_8K, QUIET_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	sh_fixture_expect_intact(test, SZ_64K, objs, nr);
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

struct evicted {
	struct rcu_head rcu;
};

/* Who evicts with spanheap_free_rcu() and tries again gets what was evicted. */
static void room_test_waits_for_what_readers_may_see(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-rcu", SZ_2M);
	static const size_t sizes[] = { SZ_4K, SZ_64K };
	void **objs = kunit_kcalloc(test, 1024, sizeof(*objs), GFP_KERNEL);
	unsigned int i, nr, round, late = 0;
	struct evicted *evicted;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		nr = sh_fixture_fill_up(heap, sizes[i], objs, 1024);
		for (round = 0; round < 8; round++) {
			evicted = objs[round];
			spanheap_free_rcu(evicted, rcu);
			objs[round] = spanheap_alloc(heap, sizes[i], QUIET);
			if (!objs[round]) {
				late++;
				rcu_barrier();
				objs[round] = spanheap_alloc(heap, sizes[i], QUIET);
			}
			KUNIT_ASSERT_NOT_NULL(test, objs[round]);
		}
		spanheap_free_bulk(nr, objs);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&heap->rcu_frees), 0);
	}
	/* On a busy machine RCU may take longer than anybody waits. */
	KUNIT_EXPECT_LE(test, late, 2);
	/* Not those who may not wait. */
	nr = sh_fixture_fill_up(heap, SZ_64K, objs, 1024);
	rcu_read_lock();
	evicted = objs[0];
	spanheap_free_rcu(evicted, rcu);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_64K, QUIET_ATOMIC));
	rcu_read_unlock();
	rcu_barrier();
	spanheap_free_bulk(nr - 1, objs + 1);
	sh_fixture_destroy(test, heap);
}

/* Kept out of line: each copy of all figures takes place on the stack. */
static noinline_for_stack u64 over_limit(struct spanheap *heap)
{
	return sh_fixture_stats(heap).over_limit;
}

/* What must not fail goes over the limit, and is counted; the rest does not. */
static void room_test_what_must_not_fail_does_not(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-nofail", SZ_1M);
	static const size_t sizes[] = { 64, 5000, SZ_16K, SZ_64K, SZ_2M };
	void **objs = kunit_kcalloc(test, 1024, sizeof(*objs), GFP_KERNEL);
	void *sure[ARRAY_SIZE(sizes)];
	unsigned int i, nr;
	u64 over;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	nr = sh_fixture_fill_up(heap, SZ_8K, objs, 1024);
	KUNIT_EXPECT_EQ(test, over_limit(heap), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		sure[i] = spanheap_alloc(heap, sizes[i], GFP_KERNEL | __GFP_NOFAIL);
		KUNIT_ASSERT_NOT_NULL(test, sure[i]);
		sh_fixture_fill(sure[i], sizes[i], i);
	}
	KUNIT_EXPECT_GT(test, over_limit(heap), 3);
	/* What others get is what is there by now. */
	over = over_limit(heap);
	spanheap_free(spanheap_alloc(heap, SZ_64K, QUIET));
	KUNIT_EXPECT_EQ(test, over_limit(heap), over);
	sh_fixture_expect_intact(test, SZ_8K, objs, nr);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(sure[i], sizes[i], i));
	spanheap_free_bulk(ARRAY_SIZE(sizes), sure);
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

/* The same of whatever else can be allocated. */
static void room_test_no_call_fails_that_must_not(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-nofail", SZ_1M);
	void **objs = kunit_kcalloc(test, 1024, sizeof(*objs), GFP_KERNEL);
	const gfp_t sure = GFP_KERNEL | __GFP_NOFAIL;
	void *pages, *forever, *bulk[40];
	unsigned int nr;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	nr = sh_fixture_fill_up(heap, SZ_8K, objs, 1024);
	pages = spanheap_alloc_pages(heap, SZ_64K, sure);
	KUNIT_EXPECT_NOT_NULL(test, pages);
	forever = spanheap_alloc_persistent(heap, SZ_32K, 8, sure);
	KUNIT_EXPECT_NOT_NULL(test, forever);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(bulk),
			spanheap_alloc_bulk(heap, SZ_8K, sure, ARRAY_SIZE(bulk), bulk));
	KUNIT_EXPECT_GT(test, over_limit(heap), 2);
	spanheap_free_bulk(ARRAY_SIZE(bulk), bulk);
	spanheap_free_pages(pages);
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

/* Nobody can keep such a promise: NULL, and a warning, but no endless loop. */
static void room_test_what_can_not_be_fails(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	spinlock_t lock;	/* so as to be atomic */
	unsigned long flags;
	void *obj;

	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SIZE_MAX / 4, QUIET | __GFP_NOFAIL));
	spanheap_set_limit(heap, SZ_1M);
	spin_lock_init(&lock);
	spin_lock_irqsave(&lock, flags);
	obj = spanheap_alloc(heap, SZ_2M, QUIET_ATOMIC | __GFP_NOFAIL);
	spin_unlock_irqrestore(&lock, flags);
	KUNIT_EXPECT_NULL(test, obj);
}

static struct kunit_case room_test_cases[] = {
	KUNIT_CASE(room_test_releases_what_is_missing),
	KUNIT_CASE(room_test_takes_what_other_cpus_cache),
	KUNIT_CASE(room_test_failures_are_calm),
	KUNIT_CASE(room_test_what_is_going_is_idle),
	KUNIT_CASE(room_test_waits_once),
	KUNIT_CASE(room_test_neighbours_are_not_refused),
	KUNIT_CASE(room_test_takes_resident_runs_first),
	KUNIT_CASE(room_test_waits_for_what_readers_may_see),
	KUNIT_CASE(room_test_what_must_not_fail_does_not),
	KUNIT_CASE(room_test_no_call_fails_that_must_not),
	KUNIT_CASE(room_test_what_can_not_be_fails),
	{ }
};

static struct kunit_suite room_test_suite = {
	.name = "spanheap_room",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = room_test_cases,
};

kunit_test_suite(room_test_suite);
