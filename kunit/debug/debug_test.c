// SPDX-License-Identifier: GPL-2.0
/*
 * Debug heaps: objects are what was asked for, wherever they are used. That what
 * is written beside them is seen, is in damage_test.c.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/params.h"
#include "debug/quarantine.h"
#include "debug/table.h"
#include "lib/ear.h"
#include "lib/fixture.h"

static const size_t sizes[] = {
	1, 7, 8, 9, 16, 64, 100, 128, 1000, 1024, 2048, 4000, 4096, 5000, 8192,
	16384, 30000, 32768, 40000, 65536, 100000, 262144,
};

static void debug_test_gives_the_size_asked_for(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct spanheap_object obj;
	size_t i, align;
	void *ptr;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ptr = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ptr);
		align = is_power_of_2(sizes[i]) &&
			sizes[i] <= SPANHEAP_NATURAL_ALIGN ? sizes[i] : 8;
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)ptr, align));
		KUNIT_EXPECT_EQ(test, spanheap_size(ptr), sizes[i]);
		KUNIT_EXPECT_TRUE(test, spanheap_find(ptr + sizes[i] - 1, &obj));
		KUNIT_EXPECT_PTR_EQ(test, obj.start, ptr);
		KUNIT_EXPECT_PTR_EQ(test, obj.heap, heap);
		KUNIT_EXPECT_FALSE(test, spanheap_owns(ptr + sizes[i]));
		KUNIT_EXPECT_FALSE(test, spanheap_owns(ptr - 1));
		sh_fixture_fill(ptr, sizes[i], i);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 1);
		spanheap_free(ptr);
		KUNIT_EXPECT_FALSE(test, spanheap_owns(ptr));
		KUNIT_EXPECT_EQ(test, spanheap_size(ptr), 0);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, ARRAY_SIZE(sizes));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, ARRAY_SIZE(sizes));
	sh_fixture_check(test, heap);
}

static void debug_test_aligns(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t align, i;
	void *ptr;

	for (align = 8; align <= SZ_2M; align *= 4) {
		for (i = 0; i < 3; i++) {
			ptr = spanheap_alloc_aligned(heap, 24 + i * 1000, align,
						     GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, ptr);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)ptr, align));
			KUNIT_EXPECT_EQ(test, spanheap_size(ptr), 24 + i * 1000);
			spanheap_free(ptr);
		}
	}
}

static void debug_test_zeroes(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[3];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		objs[0] = spanheap_zalloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[0]);
		KUNIT_EXPECT_NULL(test, memchr_inv(objs[0], 0, sizes[i]));
		memset(objs[0], 0xff, sizes[i]);
		spanheap_free(objs[0]);
		KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(heap, sizes[i], GFP_KERNEL |
							  __GFP_ZERO, 3, objs), 3);
		for (k = 0; k < 3; k++)
			KUNIT_EXPECT_NULL(test, memchr_inv(objs[k], 0, sizes[i]));
		spanheap_free_bulk(3, objs);
	}
}

static void expect_bad_free(struct kunit *test, const void *ptr, const char *what,
			    const char *where)
{
	sh_ear_listen();
	spanheap_free(ptr);
	sh_ear_expect(test, "spanheap: bad free: ");
	sh_ear_expect(test, what);
	sh_ear_expect(test, where);
	sh_ear_expect(test, ", heap kunit-debug, ");
}

static void debug_test_refuses_bad_frees(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *small = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *large = spanheap_alloc(heap, 100000, GFP_KERNEL);

	expect_bad_free(test, small + 8, "interior pointer",
			"that is at offset 8 of the object at");
	expect_bad_free(test, small - 64, "address in a red zone",
			"that is at offset -64 of the object at");
	expect_bad_free(test, small + 100, "address in a red zone", "of 100 bytes");
	expect_bad_free(test, large - 64, "address in a red zone", "of 100000 bytes");
	expect_bad_free(test, large + 4096, "interior pointer", "that is at offset 4096");
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 2);
	spanheap_free(small);
	spanheap_free(large);
	expect_bad_free(test, small, "double free", "size class");
	sh_ear_expect(test, "spanheap: allocated ");
	sh_ear_expect(test, "spanheap: freed ");
	expect_bad_free(test, large, "double free", "large object");
	sh_ear_expect(test, "spanheap: freed ");
	sh_quarantine_drain(heap);
	expect_bad_free(test, small - 64, "double free", "");
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 8);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, 2);
}

static void debug_test_reallocs(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t i, next;
	void *ptr, *to;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ptr = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		sh_fixture_fill(ptr, sizes[i], i);
		next = sizes[i] / 2 + 1;
		to = spanheap_realloc(heap, ptr, next, GFP_KERNEL);
		KUNIT_EXPECT_PTR_EQ(test, to, ptr);
		KUNIT_EXPECT_EQ(test, spanheap_size(to), next);
		sh_fixture_fill(to, next, i);
		to = spanheap_realloc(heap, ptr, next + 1, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, to);
		KUNIT_EXPECT_PTR_NE(test, to, ptr);
		KUNIT_EXPECT_EQ(test, spanheap_size(to), next + 1);
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(to, next, i));
		KUNIT_EXPECT_EQ(test, ((u8 *)to)[next], 0);
		KUNIT_EXPECT_FALSE(test, spanheap_owns(ptr));
		KUNIT_EXPECT_PTR_EQ(test, spanheap_realloc(heap, to, 0, GFP_KERNEL),
				    ZERO_SIZE_PTR);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).corruptions, 0);
}

static void debug_test_splits(struct kunit *test)
{
	static const size_t splittable[] = { SZ_16K, SZ_32K, SZ_64K, SZ_256K };
	struct spanheap *heap = test->priv;
	size_t i, half;
	u64 mallocs = 0;
	void *ptr;
	int first;

	for (i = 0; i < 2 * ARRAY_SIZE(splittable); i++) {
		half = splittable[i / 2] / 2;
		first = i % 2;
		ptr = spanheap_alloc(heap, 2 * half, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, spanheap_split(ptr), 0);
		KUNIT_EXPECT_EQ(test, spanheap_size(ptr), half);
		KUNIT_EXPECT_EQ(test, spanheap_size(ptr + half), half);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 2);
		sh_fixture_fill(ptr, half, 1);
		sh_fixture_fill(ptr + half, half, 2);
		sh_fixture_check(test, heap);
		spanheap_free(first ? ptr : ptr + half);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 1);
		sh_quarantine_drain(heap);
		sh_fixture_check(test, heap);
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(first ? ptr + half : ptr, half,
							  first ? 2 : 1));
		spanheap_free(first ? ptr + half : ptr);
		mallocs += 2;
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, mallocs);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).object_bytes, 0);
		sh_quarantine_drain(heap);
		sh_fixture_check(test, heap);
	}
}

static void debug_test_splits_nothing_odd(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *ptr;

	ptr = spanheap_alloc(heap, 8192, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, spanheap_split(ptr), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_size(ptr), 8192);
	spanheap_free(ptr);
	ptr = spanheap_alloc(heap, SZ_64K - 8, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, spanheap_split(ptr), -EINVAL);
	spanheap_free(ptr);
	KUNIT_EXPECT_EQ(test, spanheap_split(ptr), -EINVAL);
}

struct rcu_object {
	u64 before;
	struct rcu_head rcu;
};

static void debug_test_frees_after_a_grace_period(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct rcu_object *obj = spanheap_alloc_obj(heap, struct rcu_object, GFP_KERNEL);

	sh_ear_listen();
	rcu_read_lock();
	spanheap_free_rcu(obj, rcu);
	KUNIT_EXPECT_TRUE(test, spanheap_owns(obj));
	spanheap_free(obj);
	rcu_read_unlock();
	sh_ear_expect(test, "bad free: object that is being freed");
	rcu_barrier();
	KUNIT_EXPECT_FALSE(test, spanheap_owns(obj));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	expect_bad_free(test, obj, "double free", "that is at offset 0");
	/* Who asked for it, not who did it. */
	sh_ear_expect(test, "debug_test_frees_after_a_grace_period");
}

static void count_call(void *ptr, size_t size, void *arg)
{
	*(size_t *)arg += size;
}

static void debug_test_runs_finalizers(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *small = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *large = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	size_t sum = 0;

	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(small, count_call, &sum), 0);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(large, count_call, &sum), 0);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(small + 8, count_call, &sum), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(small, count_call, &sum), -EEXIST);
	/* Of the halves only the first can have one. */
	KUNIT_EXPECT_EQ(test, spanheap_split(large), 0);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(large + SZ_32K, count_call, &sum),
			-EINVAL);
	spanheap_free(large + SZ_32K);
	spanheap_free(small);
	spanheap_flush_finalizers(heap);
	KUNIT_EXPECT_EQ(test, sum, 100);
	spanheap_free(large);
	spanheap_flush_finalizers(heap);
	KUNIT_EXPECT_EQ(test, sum, 100 + SZ_32K);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).finalizers_run, 2);
	expect_bad_free(test, small, "double free", "offset 0");
	sh_ear_expect(test, "debug_test_runs_finalizers");
}

static void debug_test_copies(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	char *copy = spanheap_strdup(heap, "twelve bytes", GFP_KERNEL);

	KUNIT_EXPECT_STREQ(test, copy, "twelve bytes");
	KUNIT_EXPECT_EQ(test, spanheap_size(copy), 13);
	spanheap_free_sensitive(copy);
	copy = spanheap_alloc_node(heap, 300, GFP_KERNEL, numa_mem_id());
	KUNIT_EXPECT_EQ(test, spanheap_size(copy), 300);
	spanheap_free(copy);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
}

static void debug_test_quarantine_is_bounded(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t bound = (size_t)sh_quarantine_kb << 10;
	unsigned int i;
	void *first, *ptr;

	first = spanheap_alloc(heap, 3000, GFP_KERNEL);
	spanheap_free(first);
	for (i = 0; i < bound / 4096; i++) {
		ptr = spanheap_alloc(heap, 3000, GFP_KERNEL);
		KUNIT_EXPECT_PTR_NE(test, ptr, first);
		spanheap_free(ptr);
		KUNIT_EXPECT_LE(test, sh_fixture_stats(heap).quarantined_bytes, bound);
	}
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).quarantined_bytes, bound / 2);
	spanheap_scavenge(heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).quarantined_bytes, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).quarantined_objects, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
}

/* What is held back is not what an allocation fails for. */
static void debug_test_quarantine_yields_to_the_limit(struct kunit *test)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;
	unsigned int i;
	void *ptr;

	config.flags = SPANHEAP_DEBUG;
	config.limit = SZ_2M;
	heap = sh_fixture_create_raw("kunit-debug-limit", &config);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	for (i = 0; i < 200; i++) {
		ptr = spanheap_alloc(heap, SZ_64K + i * 8, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, ptr);
		spanheap_free(ptr);
	}
	sh_fixture_destroy(test, heap);
}

static void debug_test_reports_leaks_by_stack(struct kunit *test)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;
	int i;

	config.flags = SPANHEAP_DEBUG;
	heap = sh_fixture_create_raw("kunit-leaky", &config);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, 100, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, 70000, GFP_KERNEL));
	for (i = 1; i <= 30; i++)
		KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, i, GFP_KERNEL));
	sh_ear_listen();
	spanheap_destroy(heap);
	sh_ear_expect(test, "heap kunit-leaky: destroyed with 34 objects of 70765 bytes");
	sh_ear_expect(test, "heap kunit-leaky:   1 of 70000 bytes, allocated at:");
	sh_ear_expect(test, "heap kunit-leaky:   3 of 100 bytes, allocated at:");
	sh_ear_expect(test, "debug_test_reports_leaks_by_stack");
	sh_ear_expect(test, "heap kunit-leaky:   and 12 more");
	KUNIT_EXPECT_EQ(test, sh_ear_count(" bytes, allocated at:"), 20);
}

#define NR_LIVE		64

static void churn(void *arg)
{
	struct kunit *test = arg;
	struct spanheap *heap = test->priv;
	size_t size[NR_LIVE] = { };
	void *live[NR_LIVE] = { };
	struct rnd_state rnd;
	unsigned long i;
	unsigned int at;

	prandom_seed_state(&rnd, raw_smp_processor_id() + 1);
	for (i = 0; i < sh_fixture_ops_each(100000); i++) {
		at = prandom_u32_state(&rnd) % NR_LIVE;
		if (live[at] && !sh_fixture_intact(live[at], size[at], at))
			KUNIT_FAIL(test, "an object of %zu bytes was written to", size[at]);
		spanheap_free(live[at]);
		size[at] = 1 + prandom_u32_state(&rnd) % (i % 16 ? 500 : 50000);
		live[at] = spanheap_alloc(heap, size[at], GFP_KERNEL);
		if (live[at])
			sh_fixture_fill(live[at], size[at], at);
		if (i % 1000 == 999)
			spanheap_scavenge(heap);
	}
	spanheap_free_bulk(NR_LIVE, live);
}

static void debug_test_survives_everybody_at_once(struct kunit *test)
{
	struct spanheap *heap = test->priv;

	KUNIT_EXPECT_EQ(test, sh_fixture_on_each_cpu(churn, test), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).corruptions, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	sh_fixture_check(test, heap);
}

static void debug_test_refuses_unknown_flags(struct kunit *test)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	int bit;

	for (bit = 16; bit < 32; bit++) {
		config.flags = SPANHEAP_DEBUG | BIT(bit);
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(spanheap_create("kunit-flags", &config)),
				-EINVAL);
	}
}

/**
 * struct aim - a thread that frees what is no object
 * @slot: the address
 * @nr: how often it has
 */
struct aim {
	void *slot;
	unsigned long nr;
};

static int free_wrongly(void *arg)
{
	struct aim *aim = arg;
	void *slot;

	while (!kthread_should_stop()) {
		slot = READ_ONCE(aim->slot);
		if (slot) {
			spanheap_free(slot);
			aim->nr++;
		}
		cond_resched();
	}
	return 0;
}

/*
 * An object does not begin where its slot does, and that is nothing that can be
 * freed, not even while the slot is being taken.
 */
static void no_slot_is_freed(struct kunit *test, size_t size)
{
	struct spanheap *heap = test->priv;
	unsigned long nr = sh_fixture_ops(100000), i;
	void *keep = spanheap_alloc(heap, size, GFP_KERNEL), *obj;
	struct task_struct *task;
	struct aim aim = { };

	KUNIT_ASSERT_NOT_NULL(test, keep);
	/* The next object has the slot of the last. */
	heap->debug->bound = 0;
	task = kthread_run(free_wrongly, &aim, "sh-wrong");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < nr; i++) {
		obj = spanheap_alloc(heap, size, GFP_KERNEL);
		if (!obj)
			break;
		WRITE_ONCE(aim.slot, obj - SH_RED_MIN);
		spanheap_free(obj);
	}
	kthread_stop(task);
	spanheap_free(keep);
	KUNIT_EXPECT_EQ(test, i, nr);
	kunit_info(test, "%lu objects, %lu frees of a slot", nr, aim.nr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, aim.nr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	sh_fixture_check(test, heap);
}

static void debug_test_no_slot_is_freed(struct kunit *test)
{
	no_slot_is_freed(test, 100);
}

static void debug_test_no_large_slot_is_freed(struct kunit *test)
{
	no_slot_is_freed(test, 40000);
}

static struct kunit_case debug_test_cases[] = {
	KUNIT_CASE(debug_test_gives_the_size_asked_for),
	KUNIT_CASE(debug_test_aligns),
	KUNIT_CASE(debug_test_zeroes),
	KUNIT_CASE(debug_test_refuses_bad_frees),
	KUNIT_CASE(debug_test_reallocs),
	KUNIT_CASE(debug_test_splits),
	KUNIT_CASE(debug_test_splits_nothing_odd),
	KUNIT_CASE(debug_test_frees_after_a_grace_period),
	KUNIT_CASE(debug_test_runs_finalizers),
	KUNIT_CASE(debug_test_copies),
	KUNIT_CASE_SLOW(debug_test_quarantine_is_bounded),
	KUNIT_CASE(debug_test_quarantine_yields_to_the_limit),
	KUNIT_CASE(debug_test_reports_leaks_by_stack),
	KUNIT_CASE_SLOW(debug_test_survives_everybody_at_once),
	KUNIT_CASE_SLOW(debug_test_no_slot_is_freed),
	KUNIT_CASE_SLOW(debug_test_no_large_slot_is_freed),
	KUNIT_CASE(debug_test_refuses_unknown_flags),
	{ }
};

static struct kunit_suite debug_test_suite = {
	.name = "spanheap_debug",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = sh_fixture_debug_init,
	.exit = sh_fixture_exit,
	.test_cases = debug_test_cases,
};

kunit_test_suite(debug_test_suite);
