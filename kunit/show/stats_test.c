// SPDX-License-Identifier: GPL-2.0
/*
 * Figures: each means what the header says, and they add up.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "lib/fixture.h"
#include "pages/walk.h"
#include "show/stats.h"

static void expect_sums(struct kunit *test, struct spanheap *heap)
{
	struct spanheap_stats s = sh_fixture_stats(heap);

	KUNIT_EXPECT_EQ(test, s.sys, s.in_use + s.idle);
	KUNIT_EXPECT_EQ(test, s.resident, s.sys - s.released);
	KUNIT_EXPECT_LE(test, s.released, s.idle);
	KUNIT_EXPECT_EQ(test, s.objects, s.mallocs - s.frees);
	KUNIT_EXPECT_LE(test, s.object_bytes + s.cached_bytes, s.in_use);
	KUNIT_EXPECT_EQ(test, s.resident,
			s.object_bytes + s.cached_bytes + s.free_bytes +
			s.manual_bytes + s.persistent_bytes + s.idle_bytes);
	KUNIT_EXPECT_EQ(test, s.reserved, s.resident + s.released);
}

/* What spans of small objects have free, by their own records. */
static int add_free(struct sh_span *span, void *bytes)
{
	if (span->state == SH_SPAN_SMALL)
		*(u64 *)bytes += sh_span_bytes(span) - span->nalloc *
				 sh_classes[sh_span_class(span)].size;
	return 0;
}

static void stats_test_free_bytes_are_those_of_spans(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	u64 bytes = 0;
	void *objs[6];
	int i;

	for (i = 0; i < 5; i++)
		objs[i] = spanheap_alloc(heap, 48 << (2 * i), GFP_KERNEL);
	objs[5] = spanheap_alloc(heap, 100000, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, sh_pageheap_walk(&heap->ph, NULL, add_free, &bytes), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).free_bytes, bytes);
	KUNIT_EXPECT_GT(test, bytes, 0);
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).fragmentation_permille, 0);
	expect_sums(test, heap);
	spanheap_free_bulk(6, objs);
	expect_sums(test, heap);
}

static void expect_resident(struct kunit *test, struct spanheap *heap)
{
	KUNIT_EXPECT_EQ(test, spanheap_resident(heap), sh_fixture_stats(heap).resident);
}

/* Whatever happens to memory: it is the figure of spanheap_get_stats(). */
static void stats_test_resident_is_counted_as_memory_comes_and_goes(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[6];
	int i;

	expect_resident(test, heap);
	for (i = 0; i < 6; i++) {
		objs[i] = spanheap_alloc(heap, 3000 << (2 * i), GFP_KERNEL);
		KUNIT_EXPECT_GE(test, spanheap_resident(heap), 3000 << (2 * i));
		expect_resident(test, heap);
	}
	objs[5] = spanheap_realloc(heap, objs[5], SZ_8M, GFP_KERNEL);
	expect_resident(test, heap);
	objs[4] = spanheap_realloc(heap, objs[4], SZ_64K, GFP_KERNEL);
	spanheap_free_bulk(3, objs);
	expect_resident(test, heap);
	spanheap_trim(heap, SZ_64K);
	expect_resident(test, heap);
	spanheap_scavenge(heap);
	expect_resident(test, heap);
	spanheap_free_bulk(3, objs + 3);
	spanheap_scavenge(heap);
	expect_resident(test, heap);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, spanheap_resident(heap), 0);
	spanheap_set_limit(heap, SZ_2M);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_16M, GFP_KERNEL | __GFP_NOWARN));
	expect_resident(test, heap);
}

/* Files in debugfs, and what the kernel allocates for these, are not in it. */
static void stats_test_an_empty_heap_is_small(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-empty", 0);
	struct spanheap_stats s = sh_fixture_stats(heap);
	void *obj;

	KUNIT_EXPECT_LE(test, s.other_meta, SZ_32K + SZ_16K);
	KUNIT_EXPECT_LE(test, s.cache_meta, num_possible_cpus() * SZ_4K);
	/* Who cannot sleep is served all the same. */
	obj = spanheap_alloc(heap, 3000, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	sh_fixture_destroy(test, heap);
}

/* However much a heap had, once all of it is idle and gone it is as if new. */
static void stats_test_a_heap_gets_small_again(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-again", 0);
	u64 first = sh_fixture_stats(heap).other_meta;
	void *objs[24];

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(objs),
			spanheap_alloc_bulk(heap, SZ_2M, GFP_KERNEL, ARRAY_SIZE(objs),
					    objs));
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).arenas, 1);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	spanheap_scavenge(heap);
	/* A worker may have been about to make an arena. */
	flush_work(&heap->ph.reserve);
	spanheap_scavenge(heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).arenas, 1);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).other_meta, first);
	sh_fixture_destroy(test, heap);
}

static void stats_test_of_an_empty_heap(struct kunit *test)
{
	struct spanheap_stats s = sh_fixture_stats(test->priv);

	KUNIT_EXPECT_EQ(test, s.limit, 0);
	KUNIT_EXPECT_EQ(test, s.in_use, 0);
	KUNIT_EXPECT_EQ(test, s.objects, 0);
	KUNIT_EXPECT_EQ(test, s.object_bytes, 0);
	KUNIT_EXPECT_EQ(test, s.mallocs, 0);
	KUNIT_EXPECT_EQ(test, s.frees, 0);
	KUNIT_EXPECT_EQ(test, s.large_mallocs, 0);
	KUNIT_EXPECT_EQ(test, s.large_frees, 0);
	KUNIT_EXPECT_EQ(test, s.cached_objects, 0);
	KUNIT_EXPECT_EQ(test, s.cached_bytes, 0);
	KUNIT_EXPECT_EQ(test, s.bad_frees, 0);
	KUNIT_EXPECT_EQ(test, s.alloc_failures, 0);
	KUNIT_EXPECT_EQ(test, s.arenas, 1);
	KUNIT_EXPECT_GE(test, s.other_meta, sizeof(struct spanheap));
	KUNIT_EXPECT_GE(test, s.cache_meta,
			num_possible_cpus() * sizeof(struct sh_cache));
	expect_sums(test, test->priv);
}

static void stats_test_count_objects(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats s;
	void *small, *large;

	small = spanheap_alloc(heap, 100, GFP_KERNEL);
	large = spanheap_alloc(heap, 100000, GFP_KERNEL);
	s = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, s.objects, 2);
	KUNIT_EXPECT_EQ(test, s.object_bytes, 112 + 106496);
	KUNIT_EXPECT_EQ(test, s.mallocs, 2);
	KUNIT_EXPECT_EQ(test, s.large_mallocs, 1);
	KUNIT_EXPECT_GE(test, s.in_use, s.object_bytes);
	KUNIT_EXPECT_GT(test, s.span_meta, 0);
	KUNIT_EXPECT_GE(test, s.grows, 1);
	expect_sums(test, heap);
	spanheap_free(small);
	spanheap_free(large);
	s = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, s.mallocs, 2);
	KUNIT_EXPECT_EQ(test, s.frees, 2);
	KUNIT_EXPECT_EQ(test, s.large_frees, 1);
	expect_sums(test, heap);
}

static void stats_test_count_cached_objects(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats s;
	void *objs[5];

	KUNIT_ASSERT_EQ(test, spanheap_alloc_bulk(heap, 256, GFP_KERNEL, 5, objs), 5);
	spanheap_free_bulk(5, objs);
	s = sh_fixture_stats(heap);
	KUNIT_EXPECT_GE(test, s.cached_objects, 1);
	KUNIT_EXPECT_EQ(test, s.cached_bytes, s.cached_objects * 256);
	KUNIT_EXPECT_EQ(test, s.objects, 0);
	KUNIT_EXPECT_GE(test, s.in_use, s.cached_bytes);
}

static void stats_test_of_a_class(struct kunit *test)
{
	unsigned int class = sh_size_class(512), other = sh_size_class(64);
	struct spanheap *heap = test->priv;
	struct sh_class_stats s;
	void *objs[40];

	KUNIT_ASSERT_EQ(test, spanheap_alloc_bulk(heap, 512, GFP_KERNEL, 40, objs), 40);
	sh_stats_class(heap, class, &s);
	KUNIT_EXPECT_EQ(test, s.objects, 40);
	KUNIT_EXPECT_EQ(test, s.mallocs, 40);
	KUNIT_EXPECT_EQ(test, s.frees, 0);
	KUNIT_EXPECT_GE(test, s.spans, 3);
	KUNIT_EXPECT_GE(test, s.refills, 1);
	spanheap_free_bulk(40, objs);
	sh_stats_class(heap, class, &s);
	KUNIT_EXPECT_EQ(test, s.objects, 0);
	KUNIT_EXPECT_EQ(test, s.mallocs, 40);
	KUNIT_EXPECT_EQ(test, s.frees, 40);
	sh_stats_class(heap, other, &s);
	KUNIT_EXPECT_EQ(test, s.mallocs, 0);
	KUNIT_EXPECT_EQ(test, s.spans, 0);
}

static void stats_test_count_what_fails(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, 64, GFP_KERNEL);
	struct spanheap_stats s;

	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SIZE_MAX, GFP_NOWAIT |
					       __GFP_NOWARN));
	spanheap_free(obj + 1);
	s = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, s.alloc_failures, 1);
	KUNIT_EXPECT_EQ(test, s.bad_frees, 1);
	KUNIT_EXPECT_EQ(test, s.mallocs, 1);
	KUNIT_EXPECT_EQ(test, s.objects, 1);
	spanheap_free(obj);
}

static void stats_test_of_the_default_heap(struct kunit *test)
{
	struct spanheap_stats a = sh_fixture_still_stats(sh_default_heap);
	struct spanheap_stats b = sh_fixture_stats(NULL);

	sh_fixture_start_scavenger(sh_default_heap);
	KUNIT_EXPECT_MEMEQ(test, &a, &b, sizeof(a));
	expect_sums(test, NULL);
}

/* Some of all sizes, allocated on one CPU and freed on another. */
struct load {
	struct spanheap *heap;
	int nr;
	void **objs;
};

static void load_allocate(void *arg)
{
	struct load *load = arg;
	int i;

	for (i = 0; i < load->nr; i++)
		load->objs[i] = spanheap_alloc(load->heap, 64 + 40 * i, GFP_KERNEL);
}

static void load_free(void *arg)
{
	struct load *load = arg;
	int i;

	for (i = 0; i < load->nr; i++)
		spanheap_free(load->objs[i]);
}

/* The heap about itself: it does not pile up, wherever it is used. */
static void stats_test_metadata_stays_bounded(struct kunit *test)
{
	struct load load = { .heap = test->priv, .nr = 400 / SH_FIXTURE_SLOW };
	int round, cpu, before = cpumask_last(cpu_online_mask);
	struct spanheap_stats first, last;

	load.objs = kunit_kcalloc(test, load.nr, sizeof(*load.objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, load.objs);
	for (round = 0; round < 24; round++) {
		for_each_online_cpu(cpu) {
			KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(cpu, load_allocate, &load), 0);
			KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(before, load_free, &load), 0);
			before = cpu;
		}
		if (round == 11)
			first = sh_fixture_stats(load.heap);
	}
	last = sh_fixture_stats(load.heap);
	KUNIT_EXPECT_LE(test, last.span_meta, first.span_meta + 4 * PAGE_SIZE);
	KUNIT_EXPECT_LE(test, last.cache_meta, 2 * first.cache_meta);
	KUNIT_EXPECT_LE(test, last.other_meta, 2 * first.other_meta);
	/* Where the holes are is different each time. */
	KUNIT_EXPECT_LE(test, last.sys, first.sys + (SH_GROW_STEP << SH_PAGE_SHIFT));
}

static void stats_test_random_sums(struct kunit *test)
{
	unsigned long op, ops = sh_fixture_ops(40000);
	struct spanheap *heap = test->priv;
	struct rnd_state rnd;
	void *objs[64] = { };
	u64 mallocs = 0, bytes = 0;
	unsigned int i;

	sh_test_seed(test, &rnd);
	for (op = 0; op < ops; op++) {
		i = sh_test_random(&rnd, ARRAY_SIZE(objs));
		bytes -= spanheap_size(objs[i]);
		spanheap_free(objs[i]);
		objs[i] = spanheap_alloc(heap, 1 + sh_test_random(&rnd, 50000),
					 GFP_KERNEL);
		bytes += spanheap_size(objs[i]);
		mallocs++;
		if (op % 1000 == 0) {
			expect_sums(test, heap);
			KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, mallocs);
			KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).object_bytes, bytes);
		}
	}
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, mallocs);
}

static struct kunit_case stats_test_cases[] = {
	KUNIT_CASE(stats_test_resident_is_counted_as_memory_comes_and_goes),
	KUNIT_CASE(stats_test_an_empty_heap_is_small),
	KUNIT_CASE(stats_test_a_heap_gets_small_again),
	KUNIT_CASE(stats_test_of_an_empty_heap),
	KUNIT_CASE(stats_test_count_objects),
	KUNIT_CASE(stats_test_free_bytes_are_those_of_spans),
	KUNIT_CASE(stats_test_count_cached_objects),
	KUNIT_CASE(stats_test_of_a_class),
	KUNIT_CASE(stats_test_count_what_fails),
	KUNIT_CASE(stats_test_of_the_default_heap),
	KUNIT_CASE(stats_test_metadata_stays_bounded),
	KUNIT_CASE(stats_test_random_sums),
	{ }
};

static struct kunit_suite stats_test_suite = {
	.name = "spanheap_stats",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = stats_test_cases,
};

kunit_test_suite(stats_test_suite);
