// SPDX-License-Identifier: GPL-2.0
/*
 * Types and objects of managed heaps: what they are when they are new, that those of
 * different types are apart, and what is refused.
 */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault.h"
#include "cache/bin.h"
#include "cache/steal.h"
#include "gc/layout.h"
#include "lib/ear.h"
#include "lib/fixture.h"
#include "lib/random.h"
#include "span/pagemap.h"

struct pair {
	struct pair *first;
	unsigned long number;
	struct pair *second;
};

struct leaf {
	u8 bytes[40];
};

SPANHEAP_TYPE(pair, struct pair, first, second);
SPANHEAP_TYPE(leaf, struct leaf);

static struct spanheap_layout *layout_of(struct kunit *test, const struct spanheap_type *type)
{
	struct spanheap_layout *layout;

	layout = spanheap_type_register(test->priv, type, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, layout);
	return layout;
}

static struct spanheap_layout *layout_at(const void *obj)
{
	struct spanheap_layout *layout;

	rcu_read_lock();
	layout = sh_pagemap_get((unsigned long)obj)->bin->layout;
	rcu_read_unlock();
	return layout;
}

/* In a section, as it has to be; nothing collects it after that. */
static void *new_object(struct spanheap_layout *layout, size_t n, gfp_t gfp)
{
	int idx = spanheap_enter(layout->heap);
	void *obj = spanheap_new(layout, n, gfp);

	spanheap_leave(layout->heap, idx);
	return obj;
}

static bool is_zero(const void *obj)
{
	return !memchr_inv(obj, 0, spanheap_size(obj));
}

static void types_test_a_type_says_where_references_are(struct kunit *test)
{
	struct spanheap_layout *pairs = layout_of(test, &pair);
	struct spanheap_layout *leaves = layout_of(test, &leaf);

	KUNIT_EXPECT_EQ(test, pairs->nr_refs, 2);
	KUNIT_EXPECT_EQ(test, pairs->refs[0], offsetof(struct pair, first));
	KUNIT_EXPECT_EQ(test, pairs->refs[1], offsetof(struct pair, second));
	KUNIT_EXPECT_EQ(test, pairs->flags, 0);
	KUNIT_EXPECT_EQ(test, leaves->nr_refs, 0);
	KUNIT_EXPECT_EQ(test, leaves->flags, SPANHEAP_NOSCAN);
	KUNIT_EXPECT_PTR_EQ(test, layout_of(test, &pair), pairs);
}

/* To the end of what it occupies, also where an object was that is not there any more. */
static void types_test_new_objects_are_zeroed(struct kunit *test)
{
	static const size_t counts[] = { 1, 2, 7, 40, 341, 1365, 1366, 20000 };
	struct spanheap_layout *layout = layout_of(test, &pair);
	unsigned int i, round;
	void *obj;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(counts); i++) {
			obj = new_object(layout, counts[i], GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, obj);
			KUNIT_EXPECT_GE(test, spanheap_size(obj), counts[i] * sizeof(struct pair));
			KUNIT_EXPECT_TRUE(test, is_zero(obj));
			KUNIT_EXPECT_PTR_EQ(test, layout_at(obj), layout);
			memset(obj, 0xff, counts[i] * sizeof(struct pair));
		}
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).objects, 3 * ARRAY_SIZE(counts));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).large_mallocs, 6);
}

static void types_test_objects_are_found_by_any_address(struct kunit *test)
{
	struct spanheap_object found = { };
	char *small = new_object(layout_of(test, &pair), 1, GFP_KERNEL);
	char *large = new_object(layout_of(test, &pair), 5000, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, large);
	KUNIT_EXPECT_TRUE(test, spanheap_find(small + 9, &found));
	KUNIT_EXPECT_PTR_EQ(test, found.start, (void *)small);
	KUNIT_EXPECT_TRUE(test, spanheap_find(large + 100000, &found));
	KUNIT_EXPECT_PTR_EQ(test, found.start, (void *)large);
	KUNIT_EXPECT_PTR_EQ(test, found.heap, (struct spanheap *)test->priv);
}

static const struct spanheap_type kinds[] = {
	{ .name = "eight", .size = 8 },
	{ .name = "other eight", .size = 8 },
	{ .name = "any", .size = 24, .flags = SPANHEAP_CONSERVATIVE },
	{ .name = "page", .size = 4096 },
	{ .name = "huge", .size = 100000 },
};

/* Random objects of random types: no span has two types, and the figures are right. */
static void types_test_types_are_apart(struct kunit *test)
{
	unsigned long ops = sh_fixture_ops(20000), nr[ARRAY_SIZE(kinds)] = { };
	struct spanheap_layout *layouts[ARRAY_SIZE(kinds)];
	struct spanheap *heap = test->priv;
	struct rnd_state rnd;
	unsigned int kind;
	void *obj;

	sh_test_seed(test, &rnd);
	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++)
		layouts[kind] = layout_of(test, &kinds[kind]);
	while (ops--) {
		/* Fewer of the large ones. */
		kind = sh_test_random(&rnd, 100) ? sh_test_random(&rnd, 3) :
						   sh_test_random(&rnd, ARRAY_SIZE(kinds));
		obj = new_object(layouts[kind], 1 + sh_test_random(&rnd, 3), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_ASSERT_PTR_EQ(test, layout_at(obj), layouts[kind]);
		KUNIT_ASSERT_PTR_EQ(test, layout_at(obj + spanheap_size(obj) - 1),
				    layouts[kind]);
		nr[kind]++;
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects,
			nr[0] + nr[1] + nr[2] + nr[3] + nr[4]);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, 0);
}

/**
 * struct swarm - threads that allocate from one layout
 * @layout: the layout
 * @each: objects for each
 * @nr: objects that there are
 * @wrong: of these, not zero when they were new
 */
struct swarm {
	struct spanheap_layout *layout;
	unsigned long each;
	atomic_long_t nr;
	atomic_long_t wrong;
};

static void allocate(struct swarm *swarm, gfp_t gfp)
{
	struct pair *obj = new_object(swarm->layout, 1, gfp);

	if (!obj)
		return;
	atomic_long_inc(&swarm->nr);
	if (obj->first || obj->second || obj->number)
		atomic_long_inc(&swarm->wrong);
	obj->number = (unsigned long)obj;
}

static void allocate_in_irq(void *arg)
{
	allocate(arg, GFP_ATOMIC | __GFP_NOWARN);
}

static void allocate_some(void *arg)
{
	struct swarm *swarm = arg;
	unsigned long i;

	for (i = 0; i < swarm->each; i++) {
		allocate(swarm, GFP_KERNEL);
		if (i % 256 == 0)
			sh_fixture_in_hardirq(raw_smp_processor_id(), allocate_in_irq, swarm);
	}
}

static void types_test_all_cpus_and_interrupts_allocate(struct kunit *test)
{
	struct swarm swarm = {
		.layout = layout_of(test, &pair),
		.each = sh_fixture_ops_each(20000),
	};

	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(allocate_some, &swarm), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&swarm.wrong), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).objects,
			atomic_long_read(&swarm.nr));
}

static void types_test_caches_can_be_emptied(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats stats;

	KUNIT_ASSERT_NOT_NULL(test, new_object(layout_of(test, &pair), 1, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).cached_objects, 0);
	sh_fixture_drain(heap);
	stats = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, stats.cached_objects, 0);
	KUNIT_EXPECT_EQ(test, stats.objects, 1);
	KUNIT_EXPECT_TRUE(test, sh_fixture_all_empty(heap));
}

static void use_bins(void *layout)
{
	new_object(layout, 1, GFP_KERNEL);
	new_object(layout, 5, GFP_KERNEL);
}

static void types_test_what_another_cpu_has_can_be_taken(struct kunit *test)
{
	struct spanheap_layout *layout = layout_of(test, &pair);
	struct spanheap *heap = test->priv;
	int other = sh_fixture_other_cpu(test);

	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(other, use_bins, layout), 0);
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).cached_objects, 0);
	KUNIT_EXPECT_TRUE(test, sh_steal(&heap->caches, other));
	KUNIT_EXPECT_TRUE(test, sh_fixture_is_empty(heap, other));
	KUNIT_EXPECT_FALSE(test, sh_steal(&heap->caches, other));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).cached_objects, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 2);
}

static void types_test_counts_are_checked(struct kunit *test)
{
	struct spanheap_layout *layout = layout_of(test, &pair);
	u64 failures = sh_fixture_stats(test->priv).alloc_failures;

	KUNIT_EXPECT_PTR_EQ(test, new_object(layout, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_NULL(test, new_object(layout, SIZE_MAX / 8, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, new_object(layout, SIZE_MAX / 24, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, new_object(layout, 1, GFP_KERNEL | __GFP_DMA));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).alloc_failures, failures + 3);
}

/* Each with its reason in the log, which takes ten of a kind, and the heap as before. */
static void types_test_types_that_make_no_sense_are_refused(struct kunit *test)
{
	static const u16 odd[] = { 4 }, far[] = { 16, 24 }, good[] = { 0 };
	static const struct {
		struct spanheap_type type;
		const char *why;
	} bad[] = {
		{ { .size = 8 }, "it has no name" },
		{ { .name = "t" }, "a size that nothing has" },
		{ { .name = "t", .size = 8, .flags = BIT(7) }, "flags that there are not" },
		{ { .name = "t", .size = 8, .flags = 3 }, "flags that exclude each other" },
		{ { .name = "t", .size = 8, .flags = 1, .refs = good, .nr_refs = 1 },
		  "references as well as flags" },
		{ { .name = "t", .size = 24, .refs = odd, .nr_refs = 1 }, "not aligned" },
		{ { .name = "t", .size = 24, .refs = far, .nr_refs = 2 }, "beyond its size" },
		{ { .name = "t", .size = 20, .refs = good, .nr_refs = 1 }, "no multiple" },
		{ { .name = "t", .size = 24, .nr_refs = 1 }, "than there is room for" },
		{ { .name = "t", .size = 24, .refs = good, .nr_refs = UINT_MAX },
		  "than there is room for" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		sh_ear_listen();
		KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_type_register(test->priv, &bad[i].type,
								     GFP_KERNEL)), -EINVAL);
		sh_ear_expect(test, bad[i].why);
	}
}

static void types_test_only_managed_heaps_have_types(struct kunit *test)
{
	struct spanheap *plain = sh_fixture_create(test, "kunit-plain", 0);
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;

	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_type_register(plain, &pair, GFP_KERNEL)), -EINVAL);
	sh_ear_expect(test, "types are for managed heaps");
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_type_register(NULL, &pair, GFP_KERNEL)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_type_register(ERR_PTR(-ENOMEM), &pair,
							     GFP_KERNEL)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_type_register(test->priv, NULL, GFP_KERNEL)),
			-EINVAL);
	sh_fixture_destroy(test, plain);
	config.flags = SPANHEAP_MANAGED | SPANHEAP_DEBUG;
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("kunit-both", &config)), -EINVAL);
}

static void types_test_untyped_memory_is_refused(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[2];

	sh_ear_listen();
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, 64, GFP_KERNEL));
	sh_ear_expect(test, "bad alloc: heap kunit-managed is a managed heap: spanheap_new()");
	KUNIT_EXPECT_NULL(test, spanheap_zalloc(heap, 64, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_1M, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_aligned(heap, 64, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_node(heap, 64, GFP_KERNEL, numa_mem_id()));
	KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, NULL, 64, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(heap, 64, GFP_KERNEL, 2, objs), 0);
	KUNIT_EXPECT_EQ(test, spanheap_report_unreachable(heap, NULL, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 7);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
}

/* Pages and persistent memory have no type, and are freed by hand or never. */
static void types_test_pages_are_there(struct kunit *test)
{
	void *pages = spanheap_alloc_pages(test->priv, SZ_64K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc_persistent(test->priv, 100, 8, GFP_KERNEL));
	sh_fixture_check(test, test->priv);
	spanheap_free_pages(pages);
}

struct with_rcu {
	struct rcu_head rcu;
};

static void nothing(void *ptr, size_t size, void *arg)
{
}

/* Whatever frees or changes objects of other heaps: reported, and the object stays. */
static void refuse_all(struct kunit *test, void *obj)
{
	struct spanheap *heap = test->priv;
	u64 bad = sh_fixture_stats(heap).bad_frees;
	struct with_rcu *with_rcu = obj;
	size_t size = spanheap_size(obj);
	void *objs[] = { obj };

	sh_ear_listen();
	spanheap_free(obj);
	sh_ear_expect(test, "bad free: managed object, which goes once nothing refers to it");
	spanheap_free_bulk(1, objs);
	spanheap_free_sensitive(obj);
	spanheap_free_pages(obj);
	spanheap_free_rcu(with_rcu, rcu);
	rcu_barrier();
	KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, obj, 2 * size, GFP_KERNEL));
	KUNIT_EXPECT_LT(test, spanheap_set_finalizer(obj, nothing, NULL), 0);
	KUNIT_EXPECT_LT(test, spanheap_split(obj), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, bad + 6);
	KUNIT_EXPECT_EQ(test, spanheap_size(obj), size);
}

static void types_test_nobody_frees_an_object(struct kunit *test)
{
	void *small = new_object(layout_of(test, &leaf), 1, GFP_KERNEL);
	void *large = new_object(layout_of(test, &leaf), 2000, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, large);
	refuse_all(test, small);
	refuse_all(test, large);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).objects, 2);
}

static void types_test_a_limit_holds(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_managed(test, "kunit-limited", SZ_2M);
	struct spanheap_layout *layout = spanheap_type_register(heap, &leaf, GFP_KERNEL);
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	unsigned long nr = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, layout);
	while (nr < SZ_2M / 40 && new_object(layout, 1, gfp))
		nr++;
	KUNIT_EXPECT_GT(test, nr, SZ_1M / 48);
	KUNIT_EXPECT_LT(test, nr, SZ_2M / 48);
	KUNIT_EXPECT_NULL(test, new_object(layout, 100000, gfp));
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).alloc_failures, 1);
	KUNIT_EXPECT_LE(test, sh_fixture_stats(heap).resident, SZ_2M);
	sh_fixture_check(test, heap);
	spanheap_destroy(heap);
}

/* What is left goes with the heap, and that is no leak. */
static void types_test_objects_go_with_the_heap(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_managed(test, "kunit-gone", 0);
	struct spanheap_layout *layout = spanheap_type_register(heap, &pair, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, layout);
	KUNIT_EXPECT_NOT_NULL(test, new_object(layout, 1, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, new_object(layout, 10000, GFP_KERNEL));
	sh_ear_listen();
	spanheap_destroy(heap);
	SH_EXPECT_SILENCE(test);
}

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
/* What needs memory first fails, then the next thing, until nothing does. */
static void types_test_without_memory(struct kunit *test)
{
	unsigned long points = sh_fault_points;
	struct spanheap_layout *layout;
	unsigned int refused = 0, nth;
	struct spanheap *heap;
	void *obj = NULL;

	WRITE_ONCE(sh_fault_points, SH_FAULT_ALL & ~SH_FAULT_HYPERVISOR);
	for (nth = 1; nth < 100 && !obj; nth++) {
		heap = sh_fixture_create_managed(test, "kunit-nth", 0);
		current->fail_nth = nth;
		layout = spanheap_type_register(heap, &pair, GFP_KERNEL | __GFP_NOWARN);
		if (!IS_ERR(layout))
			obj = new_object(layout, 1, GFP_KERNEL | __GFP_NOWARN);
		else
			KUNIT_EXPECT_EQ(test, PTR_ERR(layout), -ENOMEM);
		/* The n-th did not come. */
		if (obj && current->fail_nth)
			nth = 100;
		else
			obj = NULL;
		current->fail_nth = 0;
		refused++;
		sh_fixture_check(test, heap);
		spanheap_destroy(heap);
	}
	WRITE_ONCE(sh_fault_points, points);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_GE(test, refused, 4);
}
#endif

static struct kunit_case types_test_cases[] = {
	KUNIT_CASE(types_test_a_type_says_where_references_are),
	KUNIT_CASE(types_test_new_objects_are_zeroed),
	KUNIT_CASE(types_test_objects_are_found_by_any_address),
	KUNIT_CASE(types_test_types_are_apart),
	KUNIT_CASE(types_test_all_cpus_and_interrupts_allocate),
	KUNIT_CASE(types_test_caches_can_be_emptied),
	KUNIT_CASE(types_test_what_another_cpu_has_can_be_taken),
	KUNIT_CASE(types_test_counts_are_checked),
	KUNIT_CASE(types_test_types_that_make_no_sense_are_refused),
	KUNIT_CASE(types_test_only_managed_heaps_have_types),
	KUNIT_CASE(types_test_untyped_memory_is_refused),
	KUNIT_CASE(types_test_pages_are_there),
	KUNIT_CASE(types_test_nobody_frees_an_object),
	KUNIT_CASE(types_test_a_limit_holds),
	KUNIT_CASE(types_test_objects_go_with_the_heap),
#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
	KUNIT_CASE(types_test_without_memory),
#endif
	{ }
};

static struct kunit_suite types_test_suite = {
	.name = "spanheap_types",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = sh_fixture_managed_sleep_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = types_test_cases,
};

kunit_test_suites(&types_test_suite);
