// SPDX-License-Identifier: GPL-2.0
/*
 * Alignment: what a size has by itself, and what is asked for, whatever lies
 * around in caches and free runs.
 */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "lib/fixture.h"

static bool is_natural(const void *obj, size_t size)
{
	return IS_ALIGNED((unsigned long)obj, size <= SPANHEAP_NATURAL_ALIGN ?
						size : SZ_8K);
}

/* Allocates a page that goes between this and the next, for the case to free. */
static void *odd_page(struct kunit *test)
{
	void *page = spanheap_alloc_pages(test->priv, SH_PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

/* At all addresses that a span may get: between others of one page. */
static void align_test_powers_of_two_to_themselves(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[20], *pages[20];
	size_t size;
	int i;

	for (size = 1; size <= SZ_256K; size *= 2) {
		for (i = 0; i < ARRAY_SIZE(objs); i++) {
			objs[i] = spanheap_alloc(heap, size, GFP_KERNEL);
			pages[i] = odd_page(test);
			KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			KUNIT_EXPECT_TRUE_MSG(test, is_natural(objs[i], size),
					      "size %zu", size);
		}
		for (i = 0; i < ARRAY_SIZE(objs); i += 2) {
			spanheap_free(objs[i]);
			spanheap_free_pages(pages[i]);
		}
		for (i = 0; i < ARRAY_SIZE(objs); i += 2) {
			objs[i] = spanheap_alloc(heap, size, GFP_ATOMIC);
			KUNIT_EXPECT_TRUE(test, is_natural(objs[i], size));
			pages[i] = odd_page(test);
		}
		spanheap_free_bulk(ARRAY_SIZE(objs), objs);
		for (i = 0; i < ARRAY_SIZE(pages); i++)
			spanheap_free_pages(pages[i]);
	}
}

/* What other lengths leave behind in the run caches is not taken for them. */
static void align_test_whatever_runs_are_cached(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[16], *odd;
	size_t size;
	int i;

	odd = odd_page(test);
	for (size = SZ_16K; size <= SPANHEAP_NATURAL_ALIGN; size *= 2) {
		/* Halves of a span of another length, each freed by itself. */
		for (i = 0; i < ARRAY_SIZE(objs); i++) {
			objs[i] = spanheap_alloc(heap, 3 * size, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			objs[i] = spanheap_realloc(heap, objs[i],
						   2 * size + SH_PAGE_SIZE, GFP_KERNEL);
		}
		spanheap_free_bulk(ARRAY_SIZE(objs), objs);
		for (i = 0; i < ARRAY_SIZE(objs); i++) {
			objs[i] = spanheap_alloc(heap, size, GFP_KERNEL);
			KUNIT_EXPECT_TRUE_MSG(test, is_natural(objs[i], size),
					      "size %zu", size);
		}
		spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	}
	spanheap_free_pages(odd);
}

/* Halves are aligned to themselves, as what was whole was. */
static void align_test_halves_stay_aligned(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj, *odd = odd_page(test);
	size_t size;

	for (size = SZ_16K; size <= SPANHEAP_NATURAL_ALIGN; size *= 2) {
		obj = spanheap_alloc(heap, size, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, spanheap_split(obj), 0);
		KUNIT_EXPECT_TRUE(test, is_natural(obj + size / 2, size / 2));
		spanheap_free(obj);
		spanheap_free(obj + size / 2);
		obj = spanheap_alloc_pages(heap, size, GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, is_natural(obj, size));
		spanheap_free_pages(obj);
	}
	spanheap_free_pages(odd);
}

/* A realloc that moves gives what an allocation of that size gives. */
static void align_test_realloc_that_moves_aligns(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj, *to, *odd[2];
	size_t size;

	for (size = 16; size <= SPANHEAP_NATURAL_ALIGN; size *= 2) {
		odd[0] = odd_page(test);
		obj = spanheap_alloc(heap, size / 2 - 1, GFP_KERNEL);
		odd[1] = odd_page(test);
		to = spanheap_realloc(heap, obj, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, to);
		KUNIT_EXPECT_TRUE(test, to == obj || is_natural(to, size));
		spanheap_free(to);
		spanheap_free_pages(odd[0]);
		spanheap_free_pages(odd[1]);
	}
}

/*
 * Alignments up to the largest class cost what the size costs: objects come out
 * of the CPU's cache and are no large ones.
 */
static void align_test_aligned_classes_are_cached(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj, *other;
	size_t align;

	for (align = 16; align <= SPANHEAP_MAX_SMALL; align *= 2) {
		obj = spanheap_alloc_aligned(heap, align, align, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), align);
		spanheap_free(obj);
		other = spanheap_alloc_aligned(heap, align / 2 + 1, align, GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)other, align));
		spanheap_free(other);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).large_mallocs, 0);
}

static void align_test_bulks_honour_alignments(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 1, 24, 100, 4097, 30000, 32768, 100000 };
	void *objs[9];
	size_t align;
	int i, j;

	for (align = 1; align <= SZ_512K; align *= 2) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			KUNIT_ASSERT_EQ(test, ARRAY_SIZE(objs),
					spanheap_alloc_bulk_aligned(heap, sizes[i], align,
								    GFP_KERNEL | __GFP_ZERO,
								    ARRAY_SIZE(objs), objs));
			for (j = 0; j < ARRAY_SIZE(objs); j++) {
				KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)objs[j], align));
				KUNIT_EXPECT_GE(test, spanheap_size(objs[j]), sizes[i]);
				KUNIT_EXPECT_NULL(test, memchr_inv(objs[j], 0, sizes[i]));
				memset(objs[j], 0xa5, sizes[i]);
			}
			spanheap_free_bulk(ARRAY_SIZE(objs), objs);
		}
	}
	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk_aligned(heap, 0, 64, GFP_KERNEL, 2,
							  objs), 2);
	KUNIT_EXPECT_PTR_EQ(test, objs[1], ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk_aligned(heap, 64, 64, GFP_KERNEL, 0,
							  objs), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 0);
}

static void align_test_honours_alignments(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = {
		1, 24, 100, 1000, 4097, 9000, 30000, 32768, 32769, 100000,
	};
	size_t align;
	void *obj[3];
	int i, j;

	for (align = 1; align <= SPANHEAP_MAX_ALIGN; align *= 2) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			for (j = 0; j < ARRAY_SIZE(obj); j++) {
				obj[j] = spanheap_alloc_aligned(heap, sizes[i],
								align, GFP_KERNEL);
				KUNIT_ASSERT_NOT_NULL(test, obj[j]);
				KUNIT_EXPECT_TRUE(test,
						  IS_ALIGNED((unsigned long)obj[j],
							     align));
				KUNIT_EXPECT_GE(test, spanheap_size(obj[j]),
						sizes[i]);
			}
			spanheap_free_bulk(ARRAY_SIZE(obj), obj);
		}
	}
}

static struct kunit_case align_test_cases[] = {
	KUNIT_CASE(align_test_powers_of_two_to_themselves),
	KUNIT_CASE(align_test_whatever_runs_are_cached),
	KUNIT_CASE(align_test_halves_stay_aligned),
	KUNIT_CASE(align_test_realloc_that_moves_aligns),
	KUNIT_CASE(align_test_aligned_classes_are_cached),
	KUNIT_CASE(align_test_bulks_honour_alignments),
	KUNIT_CASE(align_test_honours_alignments),
	{ }
};

static struct kunit_suite align_test_suite = {
	.name = "spanheap_align",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = align_test_cases,
};

kunit_test_suite(align_test_suite);
