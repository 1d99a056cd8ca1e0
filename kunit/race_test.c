// SPDX-License-Identifier: GPL-2.0
/*
 * Frees of the same objects on all CPUs at once: of all who free an object one
 * succeeds, the others are reported, whatever goes on beside.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "fixture.h"

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

static struct kunit_case race_test_cases[] = {
	KUNIT_CASE_SLOW(race_test_frees_meet_bad_frees),
	KUNIT_CASE_SLOW(race_test_large_frees_meet),
	{ }
};

static struct kunit_suite race_test_suite = {
	.name = "spanheap_race",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = race_test_cases,
};

kunit_test_suite(race_test_suite);
