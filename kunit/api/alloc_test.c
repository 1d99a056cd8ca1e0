// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation: sizes, alignments, zeroes and flags, the allowed and the others,
 * through every entry point.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/gfp.h"
#include "lib/fixture.h"

static u64 failures(struct spanheap *heap)
{
	return sh_fixture_stats(heap).alloc_failures;
}

static u64 failures_seen;

static int alloc_test_init(struct kunit *test)
{
	failures_seen = 0;
	return sh_fixture_init(test);
}

/* @obj came from a call that must fail, be counted, and change nothing. */
static void expect_failed(struct kunit *test, const void *obj)
{
	KUNIT_EXPECT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, failures(test->priv), failures_seen + 1);
	failures_seen = failures(test->priv);
	sh_fixture_check(test, test->priv);
}

/* The same of a bulk of two. */
static void expect_bulk_fails(struct kunit *test, size_t size, gfp_t gfp)
{
	void *objs[2];

	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(test->priv, size, gfp, 2, objs),
			0);
	expect_failed(test, NULL);
}

static void alloc_test_size_zero_gives_zero_size_ptr(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[3] = { };

	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc(heap, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_zalloc(heap, 0, GFP_ATOMIC),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc_array(heap, 0, 8, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_calloc(heap, SIZE_MAX, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc_aligned(heap, 0, 64, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc_aligned(heap, 0, SZ_2M, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(heap, 0, GFP_KERNEL, 3, objs), 3);
	KUNIT_EXPECT_PTR_EQ(test, objs[2], ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, 0);
	KUNIT_EXPECT_EQ(test, failures(heap), 0);
}

/* Every size up to two pages beyond the classes, and what is promised of it. */
static void alloc_test_serves_every_size(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t size, got, wrong = 0;
	void *obj;

	for (size = 1; size <= SPANHEAP_MAX_SMALL + 2 * SH_PAGE_SIZE;
	     size += size < 4096 / SH_FIXTURE_SLOW ? 1 : 61) {
		obj = spanheap_alloc(heap, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		got = spanheap_size(obj);
		wrong += got < size || got != spanheap_size_roundup(size);
		wrong += !IS_ALIGNED((unsigned long)obj, 8);
		wrong += !is_vmalloc_addr(obj);
		sh_fixture_fill(obj, got, size);
		wrong += !sh_fixture_intact(obj, got, size);
		spanheap_free(obj);
		KUNIT_ASSERT_EQ_MSG(test, wrong, 0, "size %zu", size);
	}
}

/* Two zeroed objects, of which the first is looked at here. */
static void *second_of_bulk(struct kunit *test, size_t size)
{
	void *objs[2] = { };

	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(test->priv, size, GFP_KERNEL |
						  __GFP_ZERO, 2, objs), 2);
	KUNIT_EXPECT_NULL(test, memchr_inv(objs[0], 0, spanheap_size(objs[0])));
	spanheap_free(objs[0]);
	return objs[1];
}

/* Objects that were used before come back zeroed, whatever asked for it. */
static void alloc_test_zeroes_when_asked(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t size, got;
	void *obj;
	int i;

	for (size = 8; size <= SZ_1M; size *= 2) {
		for (i = 0; i < 4; i++) {
			obj = spanheap_alloc(heap, size, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, obj);
			got = spanheap_size(obj);
			memset(obj, 0xa5, got);
			spanheap_free(obj);
			switch (i) {
			case 0:
				obj = spanheap_zalloc(heap, size, GFP_KERNEL);
				break;
			case 1:
				obj = spanheap_calloc(heap, size / 8, 8, GFP_ATOMIC);
				break;
			case 2:
				obj = spanheap_alloc_aligned(heap, size, 64, GFP_KERNEL |
							     __GFP_ZERO);
				break;
			case 3:
				obj = second_of_bulk(test, size);
			}
			KUNIT_ASSERT_NOT_NULL(test, obj);
			KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, got));
			spanheap_free(obj);
		}
	}
}

static void alloc_test_refuses_sizes_nobody_has(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = {
		SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 7, SIZE_MAX - SH_PAGE_SIZE,
		SIZE_MAX / 2, SIZE_MAX / 2 + 1, 1UL << 60, 1UL << 47,
		(SH_MAX_RUN + 1) << SH_PAGE_SHIFT, SH_MAX_RUN << SH_PAGE_SHIFT,
		1UL << 43, 1UL << 40,
	};
	size_t space = VMALLOC_END - VMALLOC_START;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_failed(test, spanheap_alloc(heap, sizes[i], GFP_KERNEL));
		expect_failed(test,
			      spanheap_zalloc(heap, sizes[i], GFP_ATOMIC));
		expect_failed(test,
			      spanheap_alloc_aligned(heap, sizes[i], 64, GFP_KERNEL));
		expect_failed(test,
			      spanheap_alloc_aligned(heap, sizes[i], SZ_2M, GFP_KERNEL));
		expect_bulk_fails(test, sizes[i], GFP_KERNEL);
	}
	expect_failed(test, spanheap_alloc(heap, space, GFP_KERNEL));
	expect_failed(test, spanheap_alloc(heap, space + 1, GFP_KERNEL));
}

/* More than the machine has fails at once and kills nobody. */
static void alloc_test_refuses_more_than_all_memory(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t all = totalram_pages() << PAGE_SHIFT;

	expect_failed(test, spanheap_alloc(heap, all + 1, GFP_KERNEL));
	expect_failed(test, spanheap_alloc(heap, 4 * all, GFP_KERNEL));
	expect_failed(test, spanheap_alloc(heap, 64 * all, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
}

static void alloc_test_refuses_overflowing_arrays(struct kunit *test)
{
	struct spanheap *heap = test->priv;

	expect_failed(test,
		      spanheap_alloc_array(heap, SIZE_MAX, 2, GFP_KERNEL));
	expect_failed(test,
		      spanheap_alloc_array(heap, 2, SIZE_MAX, GFP_KERNEL));
	expect_failed(test,
		      spanheap_calloc(heap, SIZE_MAX / 2 + 1, 2, GFP_KERNEL));
	expect_failed(test,
		      spanheap_calloc(heap, 1UL << 32, 1UL << 32, GFP_KERNEL));
	expect_failed(test,
		      spanheap_calloc(heap, SIZE_MAX, SIZE_MAX, GFP_ATOMIC));
}

static void alloc_test_serves_arrays(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc_array(heap, 100, 33, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, spanheap_size(obj), spanheap_size_roundup(3300));
	spanheap_free(obj);
	obj = spanheap_calloc(heap, 1000, 1000, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, spanheap_size(obj), spanheap_size_roundup(1000000));
	spanheap_free(obj);
}

static void alloc_test_refuses_alignments(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t aligns[] = {
		0, 3, 24, 4095, SPANHEAP_MAX_ALIGN + 1, 2 * SPANHEAP_MAX_ALIGN,
		SIZE_MAX, 1UL << 63,
	};
	void *none = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++) {
		expect_failed(test,
			      spanheap_alloc_aligned(heap, 100, aligns[i], GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, 0, spanheap_alloc_bulk_aligned(heap, 100, aligns[i],
								     GFP_KERNEL, 1, &none));
		expect_failed(test, none);
		expect_failed(test,
			      spanheap_alloc_aligned(heap, 0, aligns[i],
						     GFP_NOWAIT | __GFP_NOWARN));
	}
	expect_failed(test,
		      spanheap_alloc_aligned(heap, SIZE_MAX, 16, GFP_KERNEL));
	expect_failed(test,
		      spanheap_alloc_aligned(heap, SIZE_MAX - 15, 16, GFP_KERNEL));
}

static void alloc_test_refuses_flags(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const gfp_t flags[] = {
		__GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM, __GFP_COMP,
		__GFP_DMA | __GFP_ZERO, __GFP_COMP | __GFP_NOWARN,
	};
	gfp_t gfp;
	void *obj;
	int i;

	/* The caches have objects: that must not make a difference. */
	obj = spanheap_alloc(heap, 64, GFP_KERNEL);
	spanheap_free(obj);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		/* Where there is no such zone there is no such flag to refuse. */
		if (!(flags[i] & SH_GFP_BAD))
			continue;
		gfp = GFP_KERNEL | flags[i];
		expect_failed(test, spanheap_alloc(heap, 64, gfp));
		expect_failed(test, spanheap_zalloc(heap, 0, gfp));
		expect_failed(test, spanheap_alloc(heap, SZ_64K, gfp));
		expect_failed(test, spanheap_alloc_aligned(heap, 64, 64, gfp));
		expect_failed(test,
			      spanheap_alloc_aligned(heap, 64, SZ_64K, gfp));
		expect_failed(test, spanheap_calloc(heap, 4, 4, gfp));
		expect_bulk_fails(test, 64, gfp);
	}
}

static void alloc_test_serves_atomic_context(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 8, 100, 4096, 32768, SZ_128K };
	void *objs[ARRAY_SIZE(sizes)];
	unsigned long flags;
	int i;

	local_irq_save(flags);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		objs[i] = spanheap_alloc(heap, sizes[i],
					 i & 1 ? GFP_NOWAIT : GFP_ATOMIC);
	local_irq_restore(flags);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_GE(test, spanheap_size(objs[i]), sizes[i]);
	spanheap_free_bulk(ARRAY_SIZE(sizes), objs);
}

/* Flags without any right to reclaim are allowed too. */
static void alloc_test_serves_without_any_flag(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *small = spanheap_alloc(heap, 64, 0);
	void *large = spanheap_alloc(heap, SZ_64K, 0);

	KUNIT_EXPECT_NOT_NULL(test, small);
	KUNIT_EXPECT_NOT_NULL(test, large);
	spanheap_free(large);
	spanheap_free(small);
}

struct aligned_type {
	char c[96];
} __aligned(64);

struct plain_type {
	u64 a;
	char b;
};

static void alloc_test_gives_typed_objects(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct aligned_type *a[4];
	struct plain_type *p;
	int i;

	p = spanheap_alloc_obj(heap, struct plain_type, GFP_KERNEL);
	KUNIT_EXPECT_GE(test, spanheap_size(p), sizeof(*p));
	spanheap_free(p);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		a[i] = spanheap_alloc_obj(heap, struct aligned_type, GFP_KERNEL);
		KUNIT_EXPECT_GE(test, spanheap_size(a[i]), sizeof(*a[i]));
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)a[i], 64));
	}
	spanheap_free_bulk(ARRAY_SIZE(a), (void **)a);
}

static void alloc_test_null_is_the_default_heap(struct kunit *test)
{
	u64 mallocs = sh_fixture_stats(NULL).mallocs;
	struct spanheap_object found;
	void *obj = spanheap_alloc(NULL, 1000, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, spanheap_find(obj, &found));
	KUNIT_EXPECT_PTR_EQ(test, found.heap, sh_default_heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(NULL).mallocs, mallocs + 1);
	spanheap_free(obj);
	sh_fixture_check(test, NULL);
}

static bool all_different(void **objs, unsigned int nr, size_t size)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		sh_fixture_fill(objs[i], size, i);
	for (i = 0; i < nr; i++)
		if (!sh_fixture_intact(objs[i], size, i))
			return false;
	return true;
}

static void alloc_test_bulk_gives_as_many_as_asked(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 1, 64, 1000, 8192, 32768, 40000 };
	static const unsigned int counts[] = { 0, 1, 31, 32, 33, 300 };
	unsigned int nr;
	void **objs;
	int i, j;

	objs = kunit_kcalloc(test, 300, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(counts); j++) {
			nr = spanheap_alloc_bulk(heap, sizes[i], GFP_KERNEL,
						 counts[j], objs);
			KUNIT_ASSERT_EQ(test, nr, counts[j]);
			KUNIT_EXPECT_TRUE(test, all_different(objs, nr, sizes[i]));
			spanheap_free_bulk(nr, objs);
		}
		sh_fixture_check(test, heap);
	}
}

static void alloc_test_bulk_stops_at_the_limit(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-limit", SZ_4M);
	unsigned int nr, max = 2000;
	void **objs;

	objs = kunit_kcalloc(test, max, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	nr = spanheap_alloc_bulk(heap, 4096, GFP_KERNEL, max, objs);
	KUNIT_EXPECT_GT(test, nr, 500);
	KUNIT_EXPECT_LT(test, nr, SZ_4M / 4096);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, nr);
	KUNIT_EXPECT_EQ(test, failures(heap), 1);
	KUNIT_EXPECT_TRUE(test, all_different(objs, nr, 4096));
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

static struct kunit_case alloc_test_cases[] = {
	KUNIT_CASE(alloc_test_size_zero_gives_zero_size_ptr),
	KUNIT_CASE(alloc_test_serves_every_size),
	KUNIT_CASE(alloc_test_zeroes_when_asked),
	KUNIT_CASE(alloc_test_refuses_sizes_nobody_has),
	KUNIT_CASE(alloc_test_refuses_more_than_all_memory),
	KUNIT_CASE(alloc_test_refuses_overflowing_arrays),
	KUNIT_CASE(alloc_test_serves_arrays),
	KUNIT_CASE(alloc_test_refuses_alignments),
	KUNIT_CASE(alloc_test_refuses_flags),
	KUNIT_CASE(alloc_test_serves_atomic_context),
	KUNIT_CASE(alloc_test_serves_without_any_flag),
	KUNIT_CASE(alloc_test_gives_typed_objects),
	KUNIT_CASE(alloc_test_null_is_the_default_heap),
	KUNIT_CASE(alloc_test_bulk_gives_as_many_as_asked),
	KUNIT_CASE(alloc_test_bulk_stops_at_the_limit),
	{ }
};

static struct kunit_suite alloc_test_suite = {
	.name = "spanheap_alloc",
	.init = alloc_test_init,
	.exit = sh_fixture_exit,
	.test_cases = alloc_test_cases,
};

kunit_test_suite(alloc_test_suite);
