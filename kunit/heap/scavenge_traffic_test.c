// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that goes back, in every way there is, while other CPUs allocate and free:
 * no object is damaged, and what is to be zeroed is.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "lib/fixture.h"
#include "show/check.h"

/**
 * struct stress - threads that allocate while one gives back
 * @heap: the heap
 * @until: jiffies at which to end
 * @seed: differs by CPU
 * @errors: objects that were damaged or not zeroed
 * @ops: allocations
 * @rounds: times everything was given back
 */
struct stress {
	struct spanheap *heap;
	unsigned long until;
	u32 seed;
	atomic_long_t errors;
	atomic_long_t ops;
	unsigned long rounds;
};

static void stress_give_back(struct stress *stress)
{
	struct spanheap *heap = stress->heap;

	while (time_before(jiffies, stress->until)) {
		switch (stress->rounds++ % 5) {
		case 0:
			spanheap_scavenge(heap);
			break;
		case 1:
			sh_scavenge_pressure(&heap->scavenger, stress->rounds % 99);
			break;
		case 2:
			sh_drain_all(heap->drains);
			break;
		case 3:
			sh_fixture_scavenge_pass(heap);
			break;
		case 4:
			if (sh_check_heap(heap, NULL))
				atomic_long_inc(&stress->errors);
			break;
		}
		cond_resched();
	}
}

static size_t stress_size(struct rnd_state *rnd)
{
	u32 kind = sh_test_random(rnd, 64);

	return 1 + sh_test_random(rnd, kind ? 32 << (kind % 12) : SZ_1M);
}

static void stress_step(struct stress *stress, struct rnd_state *rnd,
			void **obj, unsigned long tag)
{
	bool zero = !sh_test_random(rnd, 4);
	size_t size = stress_size(rnd);

	if (*obj && !sh_fixture_intact(*obj, spanheap_size(*obj), tag))
		atomic_long_inc(&stress->errors);
	spanheap_free(*obj);
	*obj = spanheap_alloc(stress->heap, size, zero ? GFP_KERNEL | __GFP_ZERO :
			      GFP_KERNEL);
	atomic_long_inc(&stress->ops);
	if (!*obj || (zero && memchr_inv(*obj, 0, min(size, SZ_4K))))
		atomic_long_inc(&stress->errors);
	if (*obj)
		sh_fixture_fill(*obj, spanheap_size(*obj), tag);
}

static void stress_allocate(struct stress *stress)
{
	unsigned long cpu = raw_smp_processor_id(), i;
	struct rnd_state rnd;
	void *obj[64] = {};

	prandom_seed_state(&rnd, stress->seed + cpu);
	while (time_before(jiffies, stress->until)) {
		i = sh_test_random(&rnd, ARRAY_SIZE(obj));
		stress_step(stress, &rnd, &obj[i], cpu << 8 | i);
		cond_resched();
	}
	for (i = 0; i < ARRAY_SIZE(obj); i++) {
		if (obj[i] && !sh_fixture_intact(obj[i], spanheap_size(obj[i]), cpu << 8 | i))
			atomic_long_inc(&stress->errors);
		spanheap_free(obj[i]);
	}
}

static void stress_thread(void *arg)
{
	if (raw_smp_processor_id() == cpumask_first(cpu_online_mask))
		stress_give_back(arg);
	else
		stress_allocate(arg);
}

static void scavenge_traffic_test_keeps_contents(struct kunit *test)
{
	struct stress stress = { .heap = test->priv };
	struct rnd_state rnd;

	sh_fixture_other_cpu(test);
	sh_test_seed(test, &rnd);
	stress.seed = prandom_u32_state(&rnd);
	stress.until = jiffies + msecs_to_jiffies(sh_test_ops(1500));
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(stress_thread, &stress), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&stress.errors), 0);
	kunit_info(test, "%ld allocations, %lu times given back, %llu bytes\n",
		   atomic_long_read(&stress.ops), stress.rounds,
		   sh_fixture_stats(stress.heap).scavenged_bytes);
	spanheap_scavenge(stress.heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(stress.heap).in_use, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(stress.heap).bad_frees, 0);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(stress.heap).resident, 0);
}

static struct kunit_case scavenge_traffic_test_cases[] = {
	KUNIT_CASE_SLOW(scavenge_traffic_test_keeps_contents),
	{ }
};

static struct kunit_suite scavenge_traffic_test_suite = {
	.name = "spanheap_scavenge_traffic",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = scavenge_traffic_test_cases,
};

kunit_test_suite(scavenge_traffic_test_suite);
