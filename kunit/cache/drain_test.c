// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying caches: everything goes back, nothing that is in use is touched, and
 * the figures stay right; CPUs that are idle, and CPUs that are gone.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/sizes.h>

#include "cache/cache.h"
#include "lib/fixture.h"
#include "show/stats.h"

#define NR_OBJS		64

static struct sh_drain __percpu *drains_of(struct spanheap *heap)
{
	return heap->drains;
}

static struct sh_cache *cache_of(struct spanheap *heap, int cpu)
{
	return per_cpu_ptr(heap->caches.cpu, cpu);
}

static struct sh_runcache *runs_of(struct spanheap *heap, int cpu)
{
	return per_cpu_ptr(heap->rcs.cpu, cpu);
}

static void drain_this_cpu(struct spanheap *heap)
{
	sh_drain_cpu(&heap->caches, -1);
}

static void drain_test_empties_all_cpus(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats fresh = sh_fixture_stats(heap), used, s;
	int cpu;

	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(sh_fixture_use_caches, heap), 0);
	used = sh_fixture_stats(heap);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_FALSE(test, sh_fixture_is_empty(heap, cpu));
	KUNIT_EXPECT_GT(test, used.cached_objects, 0);
	KUNIT_EXPECT_GT(test, used.cache_meta, fresh.cache_meta);
	sh_fixture_drain(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	s = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, s.cached_objects, 0);
	KUNIT_EXPECT_EQ(test, s.cached_bytes, 0);
	KUNIT_EXPECT_EQ(test, s.in_use, 0);
	/* The arrays are gone as well. */
	KUNIT_EXPECT_EQ(test, s.cache_meta, fresh.cache_meta);
	/* What was counted stays counted. */
	KUNIT_EXPECT_EQ(test, s.mallocs, used.mallocs);
	KUNIT_EXPECT_EQ(test, s.frees, used.frees);
	KUNIT_EXPECT_EQ(test, s.large_frees, used.large_frees);
	KUNIT_EXPECT_EQ(test, s.sys, used.sys);
	sh_fixture_check(test, heap);
}

static void drain_test_live_objects_stay(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static struct spanheap_stats before, after;
	void *objs[NR_OBJS];
	int i;

	for (i = 0; i < NR_OBJS; i++) {
		objs[i] = spanheap_alloc(heap, 8 + i * i * 9, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		sh_fixture_fill(objs[i], spanheap_size(objs[i]), i);
	}
	sh_fixture_use_caches(heap);
	before = sh_fixture_stats(heap);
	sh_fixture_drain(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	after = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, after.objects, NR_OBJS);
	KUNIT_EXPECT_EQ(test, after.object_bytes, before.object_bytes);
	sh_fixture_check(test, heap);
	for (i = 0; i < NR_OBJS; i++) {
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(objs[i], spanheap_size(objs[i]), i));
		spanheap_free(objs[i]);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 0);
}

/* More than a batch takes several rounds; the array goes with the last. */
static void drain_test_full_slots_are_emptied(struct kunit *test)
{
	const unsigned int nr = 1000, class = sh_size_class(16);
	struct spanheap *heap = test->priv;
	void **objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	struct sh_cache *cache = cache_of(heap, sh_fixture_pin());
	struct sh_slot *slot = &cache->slot[class];
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (round = 0; round < 10; round++) {
		for (i = 0; i < nr; i++)
			objs[i] = spanheap_alloc(heap, 16, GFP_KERNEL);
		spanheap_free_bulk(nr, objs);
	}
	KUNIT_EXPECT_GT(test, slot->top - slot->base, 3 * SH_BATCH_MAX);
	drain_this_cpu(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	sh_fixture_check(test, heap);
}

static void drain_test_drained_caches_fill_again(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin(), i;
	struct sh_slot *slot = &cache_of(heap, cpu)->slot[sh_size_class(64)];

	for (i = 0; i < 3; i++) {
		spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
		KUNIT_EXPECT_GT(test, slot->top - slot->base, 0);
		drain_this_cpu(heap);
		KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, cpu));
		/* Frees alone do as well. */
		spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
		drain_this_cpu(heap);
		sh_fixture_check(test, heap);
	}
}

/* With the marks set by hand this is an interrupt in the middle of a use. */
static void drain_test_busy_caches_are_left_alone(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin();
	struct sh_cache *cache = cache_of(heap, cpu);
	struct sh_runcache *rc = runs_of(heap, cpu);
	struct sh_slot *before;

	sh_fixture_use_caches(heap);
	before = kunit_kmalloc(test, sizeof(cache->slot), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	memcpy(before, cache->slot, sizeof(cache->slot));
	cache->busy = 1;
	rc->busy = 1;
	drain_this_cpu(heap);
	cache->busy = 0;
	rc->busy = 0;
	KUNIT_EXPECT_MEMEQ(test, before, cache->slot, sizeof(cache->slot));
	KUNIT_EXPECT_GT(test, rc->nr, 0);
	drain_this_cpu(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, cpu));
}

/* Nobody runs on that CPU with this heap meanwhile, as if it were offline. */
static void drain_test_empties_a_cpu_from_another(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin(), other = sh_fixture_other_cpu(test);

	sh_fixture_use_caches(heap);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, sh_fixture_use_caches, heap), 0);
	sh_drain_cpu(&heap->caches, other);
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, other));
	KUNIT_EXPECT_FALSE(test, sh_fixture_is_empty(heap, cpu));
	sh_fixture_check(test, heap);
}

#ifdef CONFIG_HOTPLUG_CPU
/* All heaps are told. */
static void drain_test_cpus_that_go_offline_are_emptied(struct kunit *test)
{
	struct spanheap *heap = test->priv, *second;
	int other = cpumask_last(cpu_online_mask);
	u64 mallocs;

	if (!other)
		kunit_skip(test, "needs two CPUs");
	second = sh_fixture_create(test, "kunit-second", 0);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, sh_fixture_use_caches, heap), 0);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, sh_fixture_use_caches, second), 0);
	mallocs = sh_fixture_stats(heap).mallocs;
	KUNIT_ASSERT_EQ(test, remove_cpu(other), 0);
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, other));
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(second, other));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, mallocs);
	/* Nobody is waited for that is not there. */
	sh_fixture_use_caches(heap);
	sh_fixture_drain(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	KUNIT_ASSERT_EQ(test, add_cpu(other), 0);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, sh_fixture_use_caches, heap), 0);
	KUNIT_EXPECT_FALSE(test, sh_fixture_is_empty(heap, other));
	sh_fixture_drain(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	sh_fixture_destroy(test, second);
}
#else
static void drain_test_cpus_that_go_offline_are_emptied(struct kunit *test)
{
	kunit_skip(test, "CPUs do not go offline here");
}
#endif

static void drain_test_starts_and_does_not_wait(struct kunit *test)
{
	struct spanheap *heap = test->priv;

	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(sh_fixture_use_caches, heap), 0);
	sh_drain_start(drains_of(heap));
	sh_fixture_wait_for_drains(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
	/* Work that is queued when a heap is destroyed is no trouble. */
	sh_drain_start(drains_of(heap));
}

/* How often a CPU was asked to empty its caches. */
static int requests_of(struct spanheap *heap, int cpu)
{
	return atomic_read(&per_cpu_ptr(drains_of(heap), cpu)->empty.requests);
}

/* So a CPU that is kept for something else is not disturbed. */
static void drain_test_cpus_that_hold_nothing_are_left_alone(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int other = sh_fixture_other_cpu(test);

	sh_fixture_pin();
	sh_fixture_use_caches(heap);
	sh_fixture_drain(heap);
	sh_fixture_use_caches(heap);
	spanheap_scavenge(heap);
	sh_fixture_use_caches(heap);
	spanheap_set_limit(heap, SZ_64M);
	spanheap_set_limit(heap, 0);
	KUNIT_EXPECT_EQ(test, requests_of(heap, other), 0);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, sh_fixture_use_caches, heap), 0);
	sh_fixture_drain(heap);
	KUNIT_EXPECT_EQ(test, requests_of(heap, other), 1);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
}

/* Look, and let what that starts end. Returns whether any CPU held anything. */
static bool look_for_idle(struct spanheap *heap)
{
	bool any = sh_drain_idle(drains_of(heap));

	sh_fixture_wait_for_drains(heap);
	return any;
}

static void drain_test_idle_cpus_are_emptied(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin();

	KUNIT_EXPECT_FALSE(test, look_for_idle(heap));
	sh_fixture_use_caches(heap);
	/* Used since the last look, then not. */
	KUNIT_EXPECT_TRUE(test, look_for_idle(heap));
	KUNIT_EXPECT_FALSE(test, sh_fixture_is_empty(heap, cpu));
	KUNIT_EXPECT_TRUE(test, look_for_idle(heap));
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, cpu));
	KUNIT_EXPECT_FALSE(test, look_for_idle(heap));
	sh_fixture_check(test, heap);
}

/* Each of these is a use: whoever does just that is not idle. */
static void use_somehow(struct spanheap *heap, int how, void **obj)
{
	switch (how % 4) {
	case 0:
		*obj = spanheap_alloc(heap, 64, GFP_KERNEL);
		break;
	case 1:
		spanheap_free(*obj);
		break;
	case 2:
		*obj = spanheap_alloc(heap, 100000, GFP_KERNEL);
		break;
	case 3:
		spanheap_free(*obj);
		break;
	}
}

static void drain_test_cpus_in_use_are_left_alone(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin(), i;
	void *obj = NULL;

	sh_fixture_use_caches(heap);
	look_for_idle(heap);
	for (i = 0; i < 12; i++) {
		use_somehow(heap, i, &obj);
		KUNIT_EXPECT_TRUE(test, look_for_idle(heap));
		KUNIT_EXPECT_FALSE(test, sh_fixture_is_empty(heap, cpu));
	}
	look_for_idle(heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, cpu));
}

/* An alloc and a free of the same object leave everything where it was. */
static void drain_test_a_pair_counts_as_use(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin(), i;

	sh_fixture_use_caches(heap);
	look_for_idle(heap);
	for (i = 0; i < 4; i++) {
		spanheap_free(spanheap_alloc(heap, i < 2 ? 64 : 100000, GFP_KERNEL));
		look_for_idle(heap);
		KUNIT_EXPECT_FALSE(test, sh_fixture_is_empty(heap, cpu));
	}
}

/* Free until as many are cached as before: past a full slot, that is. */
static void free_until_as_before(const struct sh_slot *slot, void **objs,
				 unsigned int *nr)
{
	const struct sh_entry *top = slot->top;

	while (*nr) {
		spanheap_free(objs[--*nr]);
		if (slot->top == top)
			break;
	}
}

/* What comes from elsewhere goes through the cache, at an even pace maybe. */
static void drain_test_frees_alone_count_as_use(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct sh_cache *cache = cache_of(heap, sh_fixture_pin());
	struct sh_slot *slot = &cache->slot[sh_size_class(4096)];
	unsigned int nr = 0, round;
	void *objs[200];

	heap->caches.max_bytes = SZ_64K;
	while (nr < ARRAY_SIZE(objs))
		objs[nr++] = spanheap_alloc(heap, 4096, GFP_KERNEL);
	while (!cache->overflows)
		spanheap_free(objs[--nr]);
	look_for_idle(heap);
	for (round = 0; round < 3; round++) {
		free_until_as_before(slot, objs, &nr);
		KUNIT_ASSERT_GT(test, nr, 0);
		look_for_idle(heap);
		KUNIT_EXPECT_NOT_NULL(test, slot->base);
	}
	look_for_idle(heap);
	KUNIT_EXPECT_NULL(test, slot->base);
	spanheap_free_bulk(nr, objs);
}

static void drain_test_only_idle_cpus_are_emptied(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin(), other = sh_fixture_other_cpu(test);

	sh_fixture_use_caches(heap);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, sh_fixture_use_caches, heap), 0);
	look_for_idle(heap);
	sh_fixture_use_caches(heap);
	look_for_idle(heap);
	KUNIT_EXPECT_FALSE(test, sh_fixture_is_empty(heap, cpu));
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, other));
	sh_fixture_check(test, heap);
}

/* Slots come and go on one CPU while another reads how many objects they hold. */
struct reader {
	struct spanheap *heap;
	int cpu;
	unsigned long until;
	unsigned long most;
};

static void read_often(void *arg)
{
	unsigned int class = sh_size_class(64), i;
	struct reader *r = arg;

	while (time_before(jiffies, r->until)) {
		if (raw_smp_processor_id() == r->cpu) {
			spanheap_free(spanheap_alloc(r->heap, 64, GFP_KERNEL));
			drain_this_cpu(r->heap);
		}
		for (i = 0; i < 100 && raw_smp_processor_id() != r->cpu; i++) {
			struct sh_slot_stats stats = { };

			sh_caches_stats(&r->heap->caches, r->cpu, class, &stats);
			r->most = max(r->most, stats.objects);
		}
		cond_resched();
	}
}

static void drain_test_figures_are_right_meanwhile(struct kunit *test)
{
	struct reader r = { .heap = test->priv };

	sh_fixture_other_cpu(test);
	r.cpu = cpumask_first(cpu_online_mask);
	r.until = jiffies + msecs_to_jiffies(sh_test_ops(500));
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(read_often, &r), 0);
	KUNIT_EXPECT_LE(test, r.most, sh_classes[sh_size_class(64)].batch);
	sh_fixture_check(test, test->priv);
}

/**
 * struct watch - one CPU empties its caches while another looks at the figures
 * @heap: the heap, without a live object
 * @cpu: the CPU that does
 * @turn: odd while it is at it
 * @until: jiffies until which
 * @most: most objects that were said to be live meanwhile
 */
struct watch {
	struct spanheap *heap;
	int cpu;
	unsigned long turn;
	unsigned long until;
	u64 most;
};

static void empty_once(struct watch *w)
{
	/* With this many there are several batches. */
	void *objs[200];
	unsigned int nr = spanheap_alloc_bulk(w->heap, 64, GFP_KERNEL, ARRAY_SIZE(objs), objs);

	spanheap_free_bulk(nr, objs);
	/* All are free by now, and all are back after it. */
	smp_store_release(&w->turn, w->turn + 1);
	drain_this_cpu(w->heap);
	smp_store_release(&w->turn, w->turn + 1);	/* the same */
}

static void look_once(struct watch *w)
{
	/* Pairs with the release above. */
	unsigned long turn = smp_load_acquire(&w->turn);
	struct sh_class_stats stats;

	sh_stats_class(w->heap, sh_size_class(64), &stats);
	smp_rmb();	/* the figures, then whether it was the same turn */
	if ((turn & 1) && READ_ONCE(w->turn) == turn)
		w->most = max_t(u64, w->most, stats.objects);
}

static void empty_or_look(void *arg)
{
	struct watch *w = arg;

	while (time_before(jiffies, w->until)) {
		if (raw_smp_processor_id() == w->cpu)
			empty_once(w);
		else
			look_once(w);
		cond_resched();
	}
}

/* What is on its way back to its span is nobody's. */
static void drain_test_nothing_is_live_meanwhile(struct kunit *test)
{
	struct watch w = { .heap = test->priv };

	sh_fixture_other_cpu(test);
	w.cpu = cpumask_first(cpu_online_mask);
	w.until = jiffies + msecs_to_jiffies(sh_test_ops(1000));
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(empty_or_look, &w), 0);
	KUNIT_EXPECT_GT(test, w.turn, 2);
	KUNIT_EXPECT_EQ(test, w.most, 0);
}

static struct kunit_case drain_test_cases[] = {
	KUNIT_CASE(drain_test_empties_all_cpus),
	KUNIT_CASE(drain_test_live_objects_stay),
	KUNIT_CASE(drain_test_full_slots_are_emptied),
	KUNIT_CASE(drain_test_drained_caches_fill_again),
	KUNIT_CASE(drain_test_busy_caches_are_left_alone),
	KUNIT_CASE(drain_test_empties_a_cpu_from_another),
	KUNIT_CASE(drain_test_cpus_that_go_offline_are_emptied),
	KUNIT_CASE(drain_test_starts_and_does_not_wait),
	KUNIT_CASE(drain_test_cpus_that_hold_nothing_are_left_alone),
	KUNIT_CASE(drain_test_idle_cpus_are_emptied),
	KUNIT_CASE(drain_test_cpus_in_use_are_left_alone),
	KUNIT_CASE(drain_test_a_pair_counts_as_use),
	KUNIT_CASE(drain_test_frees_alone_count_as_use),
	KUNIT_CASE(drain_test_only_idle_cpus_are_emptied),
	KUNIT_CASE(drain_test_figures_are_right_meanwhile),
	KUNIT_CASE(drain_test_nothing_is_live_meanwhile),
	{ }
};

static struct kunit_suite drain_test_suite = {
	.name = "spanheap_drain",
	.init = sh_fixture_still_init,
	.exit = sh_fixture_exit,
	.test_cases = drain_test_cases,
};

kunit_test_suite(drain_test_suite);
