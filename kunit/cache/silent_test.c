// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that a real-time thread keeps: nobody waits for them to empty their caches
 * but who has to, and who asks for memory has what they hold all the same.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "base/sampling.h"
#include "cache/steal.h"
#include "lib/ear.h"
#include "lib/fixture.h"
#include "object/profile.h"

/**
 * struct hog - a thread that lets no other run on its CPU
 * @heap: what it has used before
 * @runs: it has begun
 * @stop: it is to end
 * @seconds: when it ends if nobody tells it to
 * @gave_up: it ended because nobody told it to
 */
struct hog {
	struct spanheap *heap;
	bool runs;
	bool stop;
	unsigned int seconds;
	bool gave_up;
};

static void hog_cpu(void *arg)
{
	struct hog *hog = arg;
	unsigned long end = jiffies + hog->seconds * HZ;

	sh_fixture_use_caches(hog->heap);
	sched_set_fifo(current);
	preempt_disable();
	WRITE_ONCE(hog->runs, true);
	while (!READ_ONCE(hog->stop) && time_before(jiffies, end))
		cpu_relax();
	hog->gave_up = !READ_ONCE(hog->stop);
	preempt_enable();
}

static int hog_thread(void *arg)
{
	hog_cpu(arg);
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static struct task_struct *start_hog(struct kunit *test, struct hog *hog, int cpu)
{
	struct task_struct *task = kthread_create(hog_thread, hog, "hog");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	while (!READ_ONCE(hog->runs))
		msleep(20);
	return task;
}

static void scavenge(struct spanheap *heap)
{
	spanheap_scavenge(heap);
}

static void bound(struct spanheap *heap)
{
	spanheap_set_limit(heap, SZ_64M);
	spanheap_set_limit(heap, 0);
}

/* What a CPU holds that does not answer is had when it does. */
static void silent_test_cpus_are_not_waited_for(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int other = sh_fixture_other_cpu(test);
	struct hog hog = { .heap = heap, .seconds = 15 };
	struct task_struct *task;
	int i;

	sh_fixture_use_caches(heap);
	task = start_hog(test, &hog, other);
	KUNIT_EXPECT_FALSE(test, sh_drain_all(heap->drains));
	KUNIT_EXPECT_FALSE(test, sh_fixture_is_empty(heap, other));
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, raw_smp_processor_id()));
	WRITE_ONCE(hog.stop, true);
	kthread_stop(task);
	KUNIT_EXPECT_FALSE(test, hog.gave_up);
	sh_fixture_wait_for_drains(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	/* From then on it is waited for again. */
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, sh_fixture_use_caches, heap), 0);
	/* On a busy machine it may take longer than it is waited for, once or twice. */
	for (i = 0; i < 20 && !sh_drain_all(heap->drains); i++)
		sh_fixture_wait_for_drains(heap);
	KUNIT_EXPECT_LT(test, i, 20);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
}

/* Who asks for it has what such a CPU holds, by an interrupt there. */
static void silent_test_cpus_can_be_emptied(struct kunit *test)
{
	void (*const calls[])(struct spanheap *heap) = { scavenge, bound };
	struct spanheap *heap = test->priv;
	int other = sh_fixture_other_cpu(test), i;
	struct task_struct *task;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		struct hog hog = { .heap = heap, .seconds = 15 };

		task = start_hog(test, &hog, other);
		calls[i](heap);
		KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, other));
		WRITE_ONCE(hog.stop, true);
		kthread_stop(task);
		KUNIT_EXPECT_FALSE(test, hog.gave_up);
	}
}

/*
 * Who has to wait for such a CPU, to destroy a heap, says so after ten seconds, and
 * goes on waiting. (A grace period would wait for this hog as well, so no heap is
 * destroyed here.)
 */
static void silent_test_who_has_to_wait_says_so(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int other = sh_fixture_other_cpu(test);
	struct hog hog = { .heap = heap, .seconds = 13 };
	struct task_struct *task;

	sh_ear_listen();
	task = start_hog(test, &hog, other);
	sh_drain_last(heap->drains);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	kthread_stop(task);
	KUNIT_EXPECT_TRUE(test, hog.gave_up);
	sh_ear_expect(test, ": to destroy it, waiting for CPU");
	KUNIT_EXPECT_EQ(test, sh_ear_count("waiting for CPU"), 1);
	/* One that answers is no news. */
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, sh_fixture_use_caches, heap), 0);
	sh_ear_listen();
	sh_drain_last(heap->drains);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	SH_EXPECT_SILENCE(test);
}

/* Who looks at all CPUs' caches says which of them he could not look at. */
static void silent_test_a_check_leaves_cpus_out(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int other = sh_fixture_other_cpu(test);
	struct hog hog = { .heap = heap, .seconds = 15 };
	static struct cpumask silent;
	struct task_struct *task;

	task = start_hog(test, &hog, other);
	KUNIT_EXPECT_NULL(test, sh_drain_check(heap->drains, &silent));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&silent, cpumask_of(other)));
	WRITE_ONCE(hog.stop, true);
	kthread_stop(task);
	KUNIT_EXPECT_FALSE(test, hog.gave_up);
	/* Until it has answered: from then on it is waited for again. */
	flush_work(&per_cpu_ptr(heap->drains, other)->check.work);
	KUNIT_EXPECT_NULL(test, sh_drain_check(heap->drains, &silent));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&silent));
}

struct kept {
	struct spanheap *heap;
	void *obj;
};

static void keep_one(void *arg)
{
	struct kept *kept = arg;

	kept->obj = spanheap_alloc(kept->heap, 64, GFP_KERNEL);
}

/* Whether what is allocated on a CPU is sampled, within some time. */
static bool is_sampled_soon(struct kunit *test, struct spanheap *heap, int cpu)
{
	unsigned long end = jiffies + 15 * HZ;
	struct kept kept = { .heap = heap };
	bool sampled;

	do {
		KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(cpu, keep_one, &kept), 0);
		sampled = atomic_long_read(&heap->profile.samples);
		spanheap_free(kept.obj);
		msleep(20);
	} while (!sampled && time_before(jiffies, end));
	return sampled;
}

/* A CPU that does not answer takes samples at the new rate once it does. */
static void silent_test_the_rate_is_changed(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int other = sh_fixture_other_cpu(test);
	struct hog hog = { .heap = heap, .seconds = 15 };
	unsigned long rate = sh_profile_rate;
	struct task_struct *task;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(0), 0);
	task = start_hog(test, &hog, other);
	KUNIT_EXPECT_EQ(test, sh_profile_set_rate(1), 0);
	WRITE_ONCE(hog.stop, true);
	kthread_stop(task);
	KUNIT_EXPECT_FALSE(test, hog.gave_up);
	KUNIT_EXPECT_TRUE(test, is_sampled_soon(test, heap, other));
	KUNIT_EXPECT_EQ(test, sh_profile_set_rate(rate), 0);
}

/* What is to be freed after a grace period. */
struct late {
	struct rcu_head rcu;
};

/*
 * Who asks for more than the limit leaves beside what is allocated whole is refused
 * at once, whatever else waits for a grace period. Others wait, for a second.
 */
static void silent_test_the_impossible_waits_for_nobody(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct hog hog = { .heap = heap, .seconds = 15 };
	int other = sh_fixture_other_cpu(test), i;
	struct task_struct *task;
	struct late *late;
	void *large;

	spanheap_set_limit(heap, SZ_8M);
	large = spanheap_alloc(heap, SZ_4M, GFP_KERNEL);
	late = spanheap_alloc(heap, SZ_1M, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, large && late);
	task = start_hog(test, &hog, other);
	spanheap_free_rcu(late, rcu);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_4M,
						       GFP_KERNEL | __GFP_NOWARN));
	WRITE_ONCE(hog.stop, true);
	kthread_stop(task);
	KUNIT_EXPECT_FALSE(test, hog.gave_up);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&heap->rcu_pages), 0);
	/* Once that is free there is room. */
	late = spanheap_alloc(heap, SZ_2M, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, late);
	spanheap_free(late);
	spanheap_free(large);
	spanheap_set_limit(heap, 0);
}

static int steal_often(void *arg)
{
	struct spanheap *heap = arg;
	int cpu;

	while (!kthread_should_stop()) {
		for_each_online_cpu(cpu)
			sh_steal(&heap->caches, cpu);
		cond_resched();
	}
	return 0;
}

/* What is taken from a CPU is nobody's meanwhile: to figures it is cached. */
static void silent_test_what_is_taken_is_not_live(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned long end = jiffies + msecs_to_jiffies(500), live = 0;
	struct task_struct *task;

	task = kthread_run(steal_often, heap, "steal");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	while (time_before(jiffies, end)) {
		sh_fixture_use_caches(heap);
		live += sh_fixture_stats(heap).objects;
		cond_resched();
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, live, 0);
}

static struct kunit_case silent_test_cases[] = {
	KUNIT_CASE(silent_test_what_is_taken_is_not_live),
	KUNIT_CASE(silent_test_cpus_are_not_waited_for),
	KUNIT_CASE(silent_test_cpus_can_be_emptied),
	KUNIT_CASE(silent_test_a_check_leaves_cpus_out),
	KUNIT_CASE(silent_test_the_rate_is_changed),
	KUNIT_CASE(silent_test_the_impossible_waits_for_nobody),
	KUNIT_CASE_SLOW(silent_test_who_has_to_wait_says_so),
	{ }
};

static struct kunit_suite silent_test_suite = {
	.name = "spanheap_silent",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = sh_fixture_still_init,
	.exit = sh_fixture_exit,
	.test_cases = silent_test_cases,
};

kunit_test_suite(silent_test_suite);
