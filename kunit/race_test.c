// SPDX-License-Identifier: GPL-2.0
/*
 * Frees of the same objects on all CPUs at once: of all who free an object one
 * succeeds, the others are reported, whatever goes on beside. And a free of what is
 * given another size at the same time.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "lib/fixture.h"

/**
 * struct race - frees of the same objects on all CPUs at once
 * @heap: the heap
 * @size: bytes of each
 * @traffic: allocate and free others at the same time
 * @until: jiffies at which to end
 * @nr_cpus: CPUs that take part
 * @met: times a CPU has waited for the others
 * @stop: it is the end
 * @obj: what to free, RACE_OBJECTS of them
 * @rounds: how often that was done
 * @errors: rounds after which the figures were wrong, and damaged objects
 */
struct race {
	struct spanheap *heap;
	size_t size;
	bool traffic;
	unsigned long until;
	int nr_cpus;
	atomic_t met;
	bool stop;
	void **obj;
	unsigned long rounds;
	atomic_long_t errors;
};

#define RACE_OBJECTS	200

static void meet(struct race *race)
{
	int target = roundup(atomic_inc_return(&race->met), race->nr_cpus);

	int spins = 0;

	while (atomic_read(&race->met) < target) {
		cpu_relax();
		if (++spins % 1024 == 0)
			cond_resched();
	}
}

/*
 * Objects no address of which is the start of one of the other traffic's, even
 * when that gets their pages: so a second free is a bad one at any time.
 */
static void race_prepare(struct race *race)
{
	unsigned int nr = 0, skipped = 0;
	void *obj, *skip[RACE_OBJECTS / 8];

	/* Once at least: a busy machine may be late. */
	race->stop = race->rounds && time_after(jiffies, race->until);
	while (!race->stop && nr < RACE_OBJECTS) {
		obj = spanheap_alloc(race->heap, race->size, GFP_KERNEL);
		if (!obj)
			atomic_long_inc(&race->errors);
		else if (race->traffic && IS_ALIGNED((unsigned long)obj, SZ_1K))
			skip[skipped++] = obj;
		else
			race->obj[nr++] = obj;
		race->stop |= !obj || skipped == ARRAY_SIZE(skip);
	}
	spanheap_free_bulk(skipped, skip);
}

/* The other traffic: sizes of whole KiB. */
static void race_traffic(struct race *race, void **own, u64 tag)
{
	size_t size = SZ_1K << (tag % 8);

	if (*own && !sh_fixture_intact(*own, spanheap_size(*own), (unsigned long)own))
		atomic_long_inc(&race->errors);
	spanheap_free(*own);
	*own = spanheap_alloc(race->heap, size, GFP_KERNEL);
	if (*own)
		sh_fixture_fill(*own, spanheap_size(*own), (unsigned long)own);
}

static void race_round(struct race *race, void **own, int nr_own)
{
	unsigned int i;

	for (i = 0; i < RACE_OBJECTS; i++) {
		/* All at the same moment, or they would not meet again. */
		meet(race);
		spanheap_free(race->obj[i]);
		spanheap_free(race->obj[i] + 8);
		if (race->traffic)
			race_traffic(race, &own[i % nr_own], i / 3);
	}
}

/* The pages between the ends of a free run are no heap's. */
static u64 bad_frees(struct race *race)
{
	return sh_fixture_stats(race->heap).bad_frees +
	       sh_fixture_stats(NULL).bad_frees;
}

static void race_thread(void *arg)
{
	bool leader = raw_smp_processor_id() == cpumask_first(cpu_online_mask);
	struct race *race = arg;
	void *own[16] = { };
	u64 bad;

	for (;;) {
		if (leader) {
			bad = bad_frees(race);
			race_prepare(race);
		}
		meet(race);
		if (race->stop)
			break;
		race_round(race, own, ARRAY_SIZE(own));
		meet(race);
		if (!leader)
			continue;
		race->rounds++;
		bad = bad_frees(race) - bad;
		if (bad != (2 * race->nr_cpus - 1) * RACE_OBJECTS)
			atomic_long_inc(&race->errors);
	}
	spanheap_free_bulk(ARRAY_SIZE(own), own);
}

/* Of all who free an object one succeeds, and nothing else is touched. */
static void run_race(struct kunit *test, size_t size, bool traffic)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);

	sh_fixture_other_cpu(test);
	KUNIT_ASSERT_NOT_NULL(test, race);
	race->obj = kunit_kcalloc(test, RACE_OBJECTS, sizeof(*race->obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race->obj);
	race->heap = test->priv;
	race->size = size;
	race->traffic = traffic;
	/* So that pages go from class to class all the time. */
	race->heap->caches.max_bytes = 0;
	race->nr_cpus = num_online_cpus();
	race->until = jiffies + msecs_to_jiffies(sh_test_ops(1000));
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(race_thread, race), 0);
	kunit_info(test, "%lu rounds of %d objects\n", race->rounds, RACE_OBJECTS);
	KUNIT_EXPECT_GT(test, race->rounds, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&race->errors), 0);
}

static void race_test_frees_meet_bad_frees(struct kunit *test)
{
	run_race(test, 48, true);
}

/* Their addresses are those of any span: nothing else may go on meanwhile. */
static void race_test_large_frees_meet(struct kunit *test)
{
	run_race(test, 5 * SH_PAGE_SIZE, false);
}

struct wrong_frees {
	void *obj;
	unsigned long rounds;
};

static int free_wrongly(void *arg)
{
	struct wrong_frees *w = arg;

	while (!kthread_should_stop()) {
		spanheap_free(READ_ONCE(w->obj));
		/* What is freed next was looked up after this was said. */
		smp_store_mb(w->rounds, w->rounds + 1);
		cond_resched();
	}
	return 0;
}

/*
 * Where there is kmemleak, wait until the thread has let go of the object. Who
 * frees an object in the very moment in which somebody else gets it does so before
 * kmemleak knows of it, which then takes it for allocated for ever.
 */
static void wait_for_free(struct wrong_frees *w)
{
	unsigned long rounds;

	/* The thread's next look is after this. */
	smp_store_mb(w->obj, NULL);
	rounds = READ_ONCE(w->rounds);
	while (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && READ_ONCE(w->rounds) == rounds)
		cond_resched();
}

/* Of two that end an object one is told, and no memory of others is written. */
static void race_test_realloc_bears_a_free(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	/* With kmemleak each has to wait for the thread. */
	bool waits = IS_ENABLED(CONFIG_DEBUG_KMEMLEAK);
	unsigned long nr = sh_fixture_ops(waits ? 40000 : 100000), i;
	struct wrong_frees wrong = { };
	struct task_struct *task;
	void *obj;

	task = kthread_run(free_wrongly, &wrong, "sh-freer");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < nr; i++) {
		obj = spanheap_alloc(heap, 64, GFP_KERNEL);
		WRITE_ONCE(wrong.obj, obj);
		obj = spanheap_realloc(heap, obj, 32, GFP_KERNEL | __GFP_ZERO);
		wait_for_free(&wrong);
		/* The thread may have it, or free it as the next one's. */
		spanheap_free(obj);
		if (i % 256 == 0)
			cond_resched();
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
}

static struct kunit_case race_test_cases[] = {
	KUNIT_CASE_SLOW(race_test_frees_meet_bad_frees),
	KUNIT_CASE_SLOW(race_test_large_frees_meet),
	KUNIT_CASE(race_test_realloc_bears_a_free),
	{ }
};

static struct kunit_suite race_test_suite = {
	.name = "spanheap_race",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = race_test_cases,
};

kunit_test_suite(race_test_suite);
