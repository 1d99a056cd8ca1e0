// SPDX-License-Identifier: GPL-2.0
/*
 * Charges: what the kernel's memory allocation profiling counts for a call site,
 * for every way to allocate and to free, whether it is switched on or off
 * meanwhile.
 */
/* Here the functions are called as they are: the tests say who calls. */
#define SPANHEAP_MODULE

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "base/sampling.h"
#include "lib/fixture.h"

#ifdef SPANHEAP_ALLOC_TAGS

#include "base/fault.h"
#include "object/profile.h"

static bool was_on;

/* The call site that these tests allocate from, and another. */
static struct alloc_tag *here(void)
{
	DEFINE_ALLOC_TAG(tag);

	return &tag;
}

static struct alloc_tag *there(void)
{
	DEFINE_ALLOC_TAG(tag);

	return &tag;
}

#define AT(tag, call)	alloc_hooks_tag(tag, call)
#define HERE(call)	AT(here(), call)

/* Without jump labels a kernel warns of a key that two change at a time. */
static DEFINE_MUTEX(switching);

static void switch_on(void)
{
	mutex_lock(&switching);
	static_branch_enable(&mem_alloc_profiling_key);
	mutex_unlock(&switching);
}

static void switch_off(void)
{
	mutex_lock(&switching);
	static_branch_disable(&mem_alloc_profiling_key);
	mutex_unlock(&switching);
}

static void expect_tag(struct kunit *test, struct alloc_tag *tag, s64 bytes,
		       s64 calls)
{
	struct alloc_tag_counters is = alloc_tag_read(tag);

	KUNIT_EXPECT_EQ(test, (s64)is.bytes, bytes);
	KUNIT_EXPECT_EQ(test, (s64)is.calls, calls);
}

#define EXPECT_HERE(bytes, calls)	expect_tag(test, here(), bytes, calls)

static void charge_test_every_size(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 100, 1024, 9000, SZ_32K, 70000, SZ_1M };
	struct spanheap *heap = test->priv;
	void *objs[ARRAY_SIZE(sizes)];
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		objs[i] = HERE(spanheap_alloc(heap, sizes[i], i % 2 ? GFP_ATOMIC :
					      GFP_KERNEL | __GFP_ZERO));
		bytes += spanheap_size(objs[i]);
		EXPECT_HERE(bytes, i + 1);
	}
	sh_fixture_check(test, heap);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bytes -= spanheap_size(objs[i]);
		spanheap_free(objs[i]);
		EXPECT_HERE(bytes, ARRAY_SIZE(sizes) - i - 1);
	}
}

static void charge_test_every_call(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[45] = { };
	unsigned int i, nr = 5;
	size_t bytes = 0;

	objs[0] = HERE(spanheap_alloc_aligned(heap, 100, SZ_4K, GFP_KERNEL));
	objs[1] = HERE(spanheap_alloc_aligned(heap, 100, SZ_64K, GFP_KERNEL));
	objs[2] = HERE(spanheap_alloc_node(heap, 5000, GFP_KERNEL,
					   first_online_node));
	objs[3] = HERE(spanheap_memdup(heap, "memdup", 7, GFP_KERNEL));
	objs[4] = HERE(spanheap_strdup(heap, "strdup", GFP_KERNEL));
	nr += HERE(spanheap_alloc_bulk(heap, 48, GFP_KERNEL, 40, objs + nr));
	KUNIT_EXPECT_EQ(test, nr, ARRAY_SIZE(objs));
	for (i = 0; i < nr; i++)
		bytes += spanheap_size(objs[i]);
	EXPECT_HERE(bytes, nr);
	spanheap_free_bulk(nr, objs);
	EXPECT_HERE(0, 0);
}

static void charge_test_nothing_for_nothing(struct kunit *test)
{
	struct spanheap *heap = test->priv;

	HERE(spanheap_alloc(heap, 0, GFP_KERNEL));
	HERE(spanheap_alloc_pages(heap, 0, GFP_KERNEL));
	HERE(spanheap_alloc_persistent(heap, 0, 8, GFP_KERNEL));
	HERE(spanheap_alloc(heap, SIZE_MAX / 2, GFP_KERNEL | __GFP_NOWARN));
	HERE(spanheap_strdup(heap, NULL, GFP_KERNEL));
	EXPECT_HERE(0, 0);
}

/* By its address a function is called without a tag. */
static void charge_test_nobody_without_tag(struct kunit *test)
{
	void *(*alloc)(struct spanheap *heap, size_t size, gfp_t gfp) =
		spanheap_alloc;
	void *obj;

	obj = AT(NULL, alloc(test->priv, 64, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&((struct spanheap *)test->priv)->charges), 0);
}

static void charge_test_follows_its_object(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = HERE(spanheap_alloc(heap, 64, GFP_KERNEL));

	/* It fits: nothing changes. It moves: the new place is charged. */
	obj = AT(there(), spanheap_realloc(heap, obj, 50, GFP_KERNEL));
	EXPECT_HERE(64, 1);
	obj = AT(there(), spanheap_realloc(heap, obj, SZ_8M, GFP_KERNEL));
	EXPECT_HERE(0, 0);
	expect_tag(test, there(), SZ_8M, 1);
	/* In place again, by more than a run cache keeps. */
	obj = HERE(spanheap_realloc(heap, obj, SZ_2M, GFP_KERNEL));
	expect_tag(test, there(), SZ_2M, 1);
	obj = HERE(spanheap_realloc(heap, obj, SZ_8M, GFP_KERNEL));
	expect_tag(test, there(), SZ_8M, 1);
	KUNIT_EXPECT_EQ(test, spanheap_split(obj), 0);
	expect_tag(test, there(), SZ_8M, 2);
	EXPECT_HERE(0, 0);
	sh_fixture_check(test, heap);
	spanheap_free(obj);
	expect_tag(test, there(), SZ_4M, 1);
	spanheap_free(obj + SZ_4M);
	expect_tag(test, there(), 0, 0);
}

/* One that has a small span to itself. */
static void charge_test_split_of_a_small_one(struct kunit *test)
{
	void *obj = HERE(spanheap_alloc(test->priv, SZ_32K, GFP_KERNEL));

	KUNIT_EXPECT_EQ(test, spanheap_split(obj), 0);
	EXPECT_HERE(SZ_32K, 2);
	spanheap_free(obj + SZ_16K);
	EXPECT_HERE(SZ_16K, 1);
	spanheap_free(obj);
	EXPECT_HERE(0, 0);
}

static void charge_test_manual_spans(struct kunit *test)
{
	void *pages = HERE(spanheap_alloc_pages(test->priv, SZ_64K - 1, GFP_KERNEL));

	EXPECT_HERE(SZ_64K, 1);
	KUNIT_EXPECT_EQ(test, spanheap_split(pages), 0);
	EXPECT_HERE(SZ_64K, 2);
	sh_fixture_check(test, test->priv);
	spanheap_free_pages(pages);
	EXPECT_HERE(SZ_32K, 1);
	spanheap_free_pages(pages + SZ_32K);
	EXPECT_HERE(0, 0);
}

/* What is left in a heap that goes: objects of all kinds, with other records. */
static void leave_some(struct kunit *test, struct spanheap *heap)
{
	size_t bytes = 300;
	void *obj;
	int i;

	for (i = 0; i < 4; i++) {
		obj = HERE(spanheap_alloc(heap, 64 << (4 * i), GFP_KERNEL));
		bytes += spanheap_size(obj);
	}
	HERE(spanheap_alloc_pages(heap, SZ_8K, GFP_KERNEL));
	for (i = 0; i < 3; i++)
		HERE(spanheap_alloc_persistent(heap, 100, 8, GFP_KERNEL));
	EXPECT_HERE(bytes + SZ_8K, 8);
}

static void charge_test_goes_with_the_heap(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-charge", 0);

	leave_some(test, heap);
	spanheap_destroy(heap);
	EXPECT_HERE(0, 0);

	heap = sh_fixture_create(test, "kunit-charge", 0);
	leave_some(test, heap);
	switch_off();
	spanheap_destroy(heap);
	EXPECT_HERE(0, 0);
}

static void charge_test_outlives_the_switch(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *before, *obj;

	switch_off();
	before = HERE(spanheap_alloc(heap, SZ_256K, GFP_KERNEL));
	EXPECT_HERE(0, 0);
	switch_on();
	obj = HERE(spanheap_alloc(heap, 64, GFP_KERNEL));
	EXPECT_HERE(64, 1);
	/* Not charged before, not charged for the rest. */
	before = HERE(spanheap_realloc(heap, before, SZ_128K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, spanheap_split(before), 0);
	EXPECT_HERE(64, 1);
	spanheap_free(before);
	spanheap_free(before + SZ_64K);
	EXPECT_HERE(64, 1);
	switch_off();
	spanheap_free(obj);
	EXPECT_HERE(0, 0);
}

static void nothing(void *ptr, size_t size, void *arg)
{
}

static void charge_test_beside_other_records(struct kunit *test)
{
	unsigned long rate = sh_profile_rate;
	struct spanheap *heap = test->priv;
	void *obj;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	obj = HERE(spanheap_alloc(heap, 64, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, nothing, NULL), 0);
	sh_fixture_check(test, heap);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), 0);
	EXPECT_HERE(64, 1);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, nothing, NULL), 0);
	spanheap_free(obj);
	spanheap_flush_finalizers(heap);
	EXPECT_HERE(0, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).profile_samples, 0);
	sh_profile_set_rate(rate);
}

struct late {
	struct rcu_head rcu;
};

static void alloc_here(void *arg)
{
	struct late **late = arg;

	late[1] = HERE(spanheap_alloc((void *)late[0], sizeof(**late), GFP_ATOMIC));
}

static void charge_test_in_interrupts(struct kunit *test)
{
	struct late *late[2] = { test->priv };

	sh_fixture_in_hardirq(raw_smp_processor_id(), alloc_here, late);
	KUNIT_ASSERT_NOT_NULL(test, late[1]);
	EXPECT_HERE(spanheap_size(late[1]), 1);
	spanheap_free_rcu(late[1], rcu);
	rcu_barrier();
	EXPECT_HERE(0, 0);
}

static void churn(void *heap)
{
	unsigned long i, nr = sh_fixture_ops_each(100000);
	void *objs[16] = { };

	for (i = 0; i < nr; i++) {
		spanheap_free(objs[i % 16]);
		objs[i % 16] = HERE(spanheap_alloc(heap, 8 << i % 12, GFP_KERNEL));
		if (i % 1000 == 500)
			switch_off();
		else if (i % 1000 == 0)
			switch_on();
	}
	spanheap_free_bulk(16, objs);
}

static void charge_test_adds_up_on_all_cpus(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sh_fixture_on_each_cpu(churn, test->priv), 0);
	EXPECT_HERE(0, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&((struct spanheap *)test->priv)->charges), 0);
}

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS

static struct alloc_tag *unlucky(void)
{
	DEFINE_ALLOC_TAG(tag);

	return &tag;
}

/* The object is there, is not charged, and its call site says so. */
static void charge_test_no_memory(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj;

	/* In the cache of this CPU: nothing but the record takes memory. */
	sh_fixture_pin();
	spanheap_free(AT(NULL, spanheap_alloc(heap, 64, GFP_KERNEL)));
	WRITE_ONCE(sh_fault_points, SH_FAULT_META);
	WRITE_ONCE(current->fail_nth, 1);
	obj = AT(unlucky(), spanheap_alloc(heap, 64, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, READ_ONCE(current->fail_nth), 0);
	WRITE_ONCE(current->fail_nth, 0);
	WRITE_ONCE(sh_fault_points, 0);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	expect_tag(test, unlucky(), 0, 0);
#ifdef CODETAG_FLAG_INACCURATE
	KUNIT_EXPECT_TRUE(test, alloc_tag_is_inaccurate(unlucky()));
	KUNIT_EXPECT_FALSE(test, alloc_tag_is_inaccurate(here()));
#endif
	spanheap_free(obj);
	expect_tag(test, unlucky(), 0, 0);
}

#endif /* CONFIG_FAULT_INJECTION_DEBUG_FS */

static void charge_test_debug_heap(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_debug(test, "kunit-charge");
	void *obj;

	obj = HERE(spanheap_alloc(heap, 100, GFP_KERNEL));
	EXPECT_HERE(100, 1);
	obj = HERE(spanheap_realloc(heap, obj, 70, GFP_KERNEL));
	EXPECT_HERE(70, 1);
	spanheap_free(obj);
	EXPECT_HERE(0, 0);
	/* Two in one place: the first stands for both. */
	obj = HERE(spanheap_alloc(heap, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, spanheap_split(obj), 0);
	EXPECT_HERE(SZ_64K, 1);
	spanheap_free(obj + SZ_32K);
	EXPECT_HERE(SZ_64K, 1);
	spanheap_free(obj);
	EXPECT_HERE(0, 0);
	HERE(spanheap_alloc(heap, 500, GFP_KERNEL));
	EXPECT_HERE(500, 1);
	spanheap_destroy(heap);
	EXPECT_HERE(0, 0);
}

static int charge_test_init(struct kunit *test)
{
	/* A kernel that was told never to has no counters for modules. */
	if (!here()->counters)
		kunit_skip(test, "not with sysctl.vm.mem_profiling=never");
	was_on = mem_alloc_profiling_enabled();
	switch_on();
	return sh_fixture_init(test);
}

static void charge_test_exit(struct kunit *test)
{
	sh_fixture_exit(test);
	if (was_on)
		switch_on();
	else
		switch_off();
}

static struct kunit_case charge_test_cases[] = {
	KUNIT_CASE(charge_test_every_size),
	KUNIT_CASE(charge_test_every_call),
	KUNIT_CASE(charge_test_nothing_for_nothing),
	KUNIT_CASE(charge_test_nobody_without_tag),
	KUNIT_CASE(charge_test_follows_its_object),
	KUNIT_CASE(charge_test_split_of_a_small_one),
	KUNIT_CASE(charge_test_manual_spans),
	KUNIT_CASE(charge_test_goes_with_the_heap),
	KUNIT_CASE(charge_test_outlives_the_switch),
	KUNIT_CASE(charge_test_beside_other_records),
	KUNIT_CASE(charge_test_in_interrupts),
	KUNIT_CASE(charge_test_adds_up_on_all_cpus),
#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
	KUNIT_CASE(charge_test_no_memory),
#endif
	KUNIT_CASE(charge_test_debug_heap),
	{}
};

static struct kunit_suite charge_test_suite = {
	.name = "spanheap_charge",
	.init = charge_test_init,
	.exit = charge_test_exit,
	.test_cases = charge_test_cases,
};

kunit_test_suite(charge_test_suite);

#endif /* SPANHEAP_ALLOC_TAGS */
