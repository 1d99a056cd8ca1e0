// SPDX-License-Identifier: GPL-2.0
/*
 * Manual spans, which have no objects inside, and splitting.
 */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/fixture.h"

static void manual_test_gives_whole_pages(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 1, 8192, 8193, 32768, 100000, SZ_1M };
	struct spanheap_stats s;
	size_t got;
	void *ptr;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		got = round_up(sizes[i], SH_PAGE_SIZE);
		ptr = spanheap_alloc_pages(heap, sizes[i], GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, ptr);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)ptr,
						   SH_PAGE_SIZE));
		KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0, got));
		memset(ptr, 0xa5, got);
		s = sh_fixture_stats(heap);
		KUNIT_EXPECT_EQ(test, s.in_use, got);
		KUNIT_EXPECT_EQ(test, s.manual_spans, 1);
		KUNIT_EXPECT_EQ(test, s.manual_bytes, got);
		KUNIT_EXPECT_EQ(test, s.objects, 0);
		KUNIT_EXPECT_EQ(test, s.mallocs, 0);
		sh_fixture_check(test, heap);
		spanheap_free_pages(ptr);
		s = sh_fixture_stats(heap);
		KUNIT_EXPECT_EQ(test, s.in_use, 0);
		KUNIT_EXPECT_EQ(test, s.manual_spans, 0);
		KUNIT_EXPECT_EQ(test, s.manual_bytes, 0);
		sh_fixture_check(test, heap);
	}
	KUNIT_EXPECT_EQ(test, s.bad_frees, 0);
}

static void manual_test_has_no_objects(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *ptr = spanheap_alloc_pages(heap, SZ_64K, GFP_KERNEL);
	struct spanheap_object obj;

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, spanheap_size(ptr), 0);
	KUNIT_EXPECT_FALSE(test, spanheap_owns(ptr));
	KUNIT_EXPECT_FALSE(test, spanheap_owns(ptr + 100));
	KUNIT_EXPECT_FALSE(test, spanheap_find(ptr, &obj));
	spanheap_free_pages(ptr);
}

static void manual_test_refuses(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-limit", SZ_4M);
	const gfp_t quiet = GFP_KERNEL | __GFP_NOWARN;

	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc_pages(heap, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_NULL(test, spanheap_alloc_pages(heap, SIZE_MAX, quiet));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_pages(heap, SIZE_MAX - 8000, quiet));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_pages(heap, SIZE_MAX / 4, quiet));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_pages(heap, SZ_8M, quiet));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_pages(heap, 100, quiet |
						     __GFP_COMP));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 5);
	sh_fixture_destroy(test, heap);
}

typedef void (*free_fn)(void *ptr);

/* @ptr is not for @fn: counted, nothing else. */
static void expect_refused(struct kunit *test, free_fn fn, void *ptr)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats before = sh_fixture_still_stats(heap), after;

	fn(ptr);
	after = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, after.bad_frees, before.bad_frees + 1);
	after.bad_frees = before.bad_frees;
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
	sh_fixture_check(test, heap);
}

static void free_object(void *ptr)
{
	spanheap_free(ptr);
}

static void free_sensitive(void *ptr)
{
	spanheap_free_sensitive(ptr);
}

static void resize(void *ptr)
{
	/* Reported, so counted, by the heap it is in, not by the default heap. */
	if (spanheap_realloc(NULL, ptr, 100, GFP_KERNEL))
		pr_err("an object where there is none\n");
}

static void manual_test_is_not_freed_as_an_object(struct kunit *test)
{
	u8 *ptr = spanheap_alloc_pages(test->priv, SZ_64K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	memset(ptr, 0x77, SZ_64K);
	expect_refused(test, free_object, ptr);
	expect_refused(test, free_object, ptr + 8);
	expect_refused(test, free_object, ptr + SZ_32K);
	expect_refused(test, free_sensitive, ptr);
	expect_refused(test, resize, ptr);
	expect_refused(test, spanheap_free_pages, ptr + 8);
	expect_refused(test, spanheap_free_pages, ptr + SH_PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0x77, SZ_64K));
	spanheap_free_pages(ptr);
	expect_refused(test, spanheap_free_pages, ptr);
	expect_refused(test, free_object, ptr);
}

static void manual_test_objects_are_not_freed_as_pages(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 8, 8192, 32768, SZ_128K };
	u64 bad_frees;
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		expect_refused(test, spanheap_free_pages, obj);
		expect_refused(test, spanheap_free_pages, obj + 4);
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), sizes[i]);
		spanheap_free(obj);
	}
	bad_frees = sh_fixture_stats(NULL).bad_frees;
	spanheap_free_pages(NULL);
	spanheap_free_pages(ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(NULL).bad_frees, bad_frees);
	spanheap_free_pages(&i);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(NULL).bad_frees, bad_frees + 1);
}

/* What is left is reported when the heap goes; see the log. */
static void manual_test_goes_with_the_heap(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-leaks", 0);
	void *ptr = spanheap_alloc_pages(heap, SZ_1M, GFP_KERNEL);
	u64 bad_frees = sh_fixture_stats(NULL).bad_frees;

	KUNIT_EXPECT_NOT_NULL(test, ptr);
	spanheap_destroy(heap);
	spanheap_free_pages(ptr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(NULL).bad_frees, bad_frees + 1);
}

/* Both halves of an object of @size are objects, sound, and freed alone. */
static void split_object(struct kunit *test, size_t size, bool second_first)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats before, after;
	size_t got, half;
	void *a, *b;

	a = spanheap_alloc(heap, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	got = round_up(spanheap_size(a), SH_PAGE_SIZE);
	half = got / 2;
	b = a + half;
	sh_fixture_fill(a, half, 1);
	sh_fixture_fill(b, size - half, 2);
	before = sh_fixture_stats(heap);
	KUNIT_ASSERT_EQ(test, spanheap_split(a), 0);
	sh_fixture_check(test, heap);
	KUNIT_EXPECT_TRUE(test, sh_fixture_intact(a, half, 1));
	KUNIT_EXPECT_TRUE(test, sh_fixture_intact(b, size - half, 2));
	KUNIT_EXPECT_EQ(test, spanheap_size(a), half);
	KUNIT_EXPECT_EQ(test, spanheap_size(b), half);
	KUNIT_EXPECT_TRUE(test, spanheap_owns(b - 1));
	after = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, after.objects, before.objects + 1);
	KUNIT_EXPECT_EQ(test, after.mallocs, before.mallocs + 1);
	KUNIT_EXPECT_EQ(test, after.frees, before.frees);
	KUNIT_EXPECT_EQ(test, after.in_use, before.in_use);
	if (second_first)
		swap(a, b);
	spanheap_free(a);
	KUNIT_EXPECT_FALSE(test, spanheap_owns(a));
	KUNIT_EXPECT_EQ(test, spanheap_size(b), half);
	sh_fixture_check(test, heap);
	spanheap_free(b);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 0);
	sh_fixture_check(test, heap);
}

static void manual_test_splits_objects(struct kunit *test)
{
	static const size_t sizes[] = {
		15200, 16384, 32000, 32768, 32769 + 8192, 65536, SZ_1M,
		SZ_1M + 3 * SH_PAGE_SIZE / 2, SZ_4M,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		split_object(test, sizes[i], false);
		split_object(test, sizes[i], true);
	}
}

/* Every class, with another object alive: those that can be split, and others. */
static void manual_test_splits_classes_that_have_spans_alone(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	const struct sh_class *class;
	void *obj, *other;
	int i, err, split = 0;

	for (i = 1; i < SH_NR_CLASSES; i++) {
		class = &sh_classes[i];
		other = spanheap_alloc(heap, class->size, GFP_KERNEL);
		obj = spanheap_alloc(heap, class->size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, other);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		err = spanheap_split(obj);
		KUNIT_EXPECT_EQ(test, err, class->elems == 1 &&
				class->pages % 2 == 0 ? 0 : -EINVAL);
		sh_fixture_check(test, heap);
		if (!err) {
			spanheap_free(obj + class->pages * SH_PAGE_SIZE / 2);
			split++;
		}
		spanheap_free(obj);
		spanheap_free(other);
		sh_fixture_check(test, heap);
	}
	KUNIT_EXPECT_EQ(test, split, 2);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 0);
}

static void manual_test_splits_manual_spans(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *ptr = spanheap_alloc_pages(heap, SZ_128K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, spanheap_split(ptr), 0);
	KUNIT_EXPECT_EQ(test, spanheap_split(ptr + SZ_64K), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).manual_spans, 3);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).manual_bytes, SZ_128K);
	sh_fixture_check(test, heap);
	expect_refused(test, free_object, ptr + SZ_64K);
	spanheap_free_pages(ptr + SZ_64K);
	spanheap_free_pages(ptr);
	spanheap_free_pages(ptr + SZ_64K + SZ_32K);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).manual_spans, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
}

static void expect_unsplit(struct kunit *test, void *ptr)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats before = sh_fixture_still_stats(heap), after;

	KUNIT_EXPECT_EQ(test, spanheap_split(ptr), -EINVAL);
	after = sh_fixture_stats(heap);
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
	sh_fixture_check(test, heap);
}

static void manual_test_splits_nothing_else(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t odd[] = { 40960, SZ_64K + 8192, SZ_1M + 1 };
	void *obj = spanheap_alloc(heap, SZ_128K, GFP_KERNEL);
	void *kmalloced = kmalloc(SZ_8K, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	expect_unsplit(test, NULL);
	expect_unsplit(test, ZERO_SIZE_PTR);
	expect_unsplit(test, test);
	expect_unsplit(test, ERR_PTR(-EIO));
	expect_unsplit(test, kmalloced);
	expect_unsplit(test, obj + 1);
	expect_unsplit(test, obj + SZ_64K);
	spanheap_free(obj);
	expect_unsplit(test, obj);
	kfree(kmalloced);
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		obj = spanheap_alloc(heap, odd[i], GFP_KERNEL);
		expect_unsplit(test, obj);
		spanheap_free(obj);
	}
	obj = spanheap_alloc_pages(heap, SH_PAGE_SIZE, GFP_KERNEL);
	expect_unsplit(test, obj);
	spanheap_free_pages(obj);
	obj = spanheap_alloc_persistent(heap, SZ_128K, 8, GFP_KERNEL);
	expect_unsplit(test, obj);
}

/* Down to single pages, which are then resized, freed in any order. */
static void manual_test_splits_down_to_pages(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, SZ_256K, GFP_KERNEL);
	size_t size, off;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	for (size = SZ_256K; size > SH_PAGE_SIZE; size /= 2)
		for (off = 0; off < SZ_256K; off += size)
			KUNIT_EXPECT_EQ(test, spanheap_split(obj + off), 0);
	KUNIT_EXPECT_EQ(test, spanheap_split(obj), -EINVAL);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 32);
	sh_fixture_check(test, heap);
	for (i = 0; i < 32; i++)
		spanheap_free(obj + i * 11 % 32 * SH_PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 0);
}

static struct kunit_case manual_test_cases[] = {
	KUNIT_CASE(manual_test_gives_whole_pages),
	KUNIT_CASE(manual_test_has_no_objects),
	KUNIT_CASE(manual_test_refuses),
	KUNIT_CASE(manual_test_is_not_freed_as_an_object),
	KUNIT_CASE(manual_test_objects_are_not_freed_as_pages),
	KUNIT_CASE(manual_test_goes_with_the_heap),
	KUNIT_CASE(manual_test_splits_objects),
	KUNIT_CASE(manual_test_splits_classes_that_have_spans_alone),
	KUNIT_CASE(manual_test_splits_manual_spans),
	KUNIT_CASE(manual_test_splits_nothing_else),
	KUNIT_CASE(manual_test_splits_down_to_pages),
	{ }
};

static struct kunit_suite manual_test_suite = {
	.name = "spanheap_manual",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = manual_test_cases,
};

kunit_test_suite(manual_test_suite);
