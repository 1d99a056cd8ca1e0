// SPDX-License-Identifier: GPL-2.0
/*
 * Large objects: a run of pages each, found, freed and used again as a whole.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "heap/shared.h"
#include "lib/fixture.h"

static void large_test_takes_whole_pages(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = {
		SPANHEAP_MAX_SMALL + 1, 40960, 40961, SZ_64K, 100000, SZ_1M - 1,
		SZ_1M, SZ_1M + 1, SZ_4M,
	};
	size_t got;
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		got = round_up(sizes[i], SH_PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), got);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj, SH_PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, got);
		memset(obj, i, got);
		KUNIT_EXPECT_NULL(test, memchr_inv(obj, i, got));
		spanheap_free(obj);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
	}
}

static void large_test_counts_objects_and_bytes(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats s;
	void *objs[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	s = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, s.large_mallocs, 3);
	KUNIT_EXPECT_EQ(test, s.mallocs, 3);
	KUNIT_EXPECT_EQ(test, s.objects, 3);
	KUNIT_EXPECT_EQ(test, s.object_bytes, 3 * SZ_64K);
	spanheap_free(objs[1]);
	s = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, s.large_frees, 1);
	KUNIT_EXPECT_EQ(test, s.frees, 1);
	KUNIT_EXPECT_EQ(test, s.objects, 2);
	KUNIT_EXPECT_EQ(test, s.object_bytes, 2 * SZ_64K);
	spanheap_free(objs[0]);
	spanheap_free(objs[2]);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).object_bytes, 0);
}

static void large_test_uses_freed_pages_again(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	u64 sys = 0;
	void *obj;
	int i;

	/* What another CPU keeps for itself is not there for this one. */
	sh_fixture_pin();
	for (i = 0; i < 50; i++) {
		obj = spanheap_alloc(heap, SZ_2M, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		spanheap_free(obj);
		if (!sys)
			sys = sh_fixture_stats(heap).sys;
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).sys, sys);
}

/* Longer than what is cached, and shorter than the arena there is then. */
#define APART	(SZ_4M + SZ_64K)

/* Three in a row, freed in every order, make room for one of their length. */
static void large_test_neighbours_coalesce(struct kunit *test)
{
	static const u8 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
		{ 2, 1, 0 },
	};
	struct spanheap *heap = test->priv;
	void *objs[3], *obj;
	u64 sys;
	int i, j;

	obj = spanheap_alloc(heap, 3 * APART, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	sys = sh_fixture_stats(heap).sys;
	spanheap_free(obj);
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (j = 0; j < ARRAY_SIZE(objs); j++) {
			objs[j] = spanheap_alloc(heap, APART, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objs[j]);
		}
		for (j = 0; j < ARRAY_SIZE(objs); j++) {
			spanheap_free(objs[orders[i][j]]);
			sh_fixture_check(test, heap);
		}
		obj = spanheap_alloc(heap, 3 * APART, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).sys, sys);
		spanheap_free(obj);
	}
}

static void large_test_goes_beyond_an_arena(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t size = heap->ph.arena_pages * SH_PAGE_SIZE + SZ_1M;
	void *obj;

	if (size > SZ_128M)
		kunit_skip(test, "arenas are too large for this machine");
	obj = spanheap_alloc(heap, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, spanheap_size(obj), size);
	sh_fixture_fill(obj, size, 3);
	KUNIT_EXPECT_TRUE(test, sh_fixture_intact(obj, size, 3));
	/* Its own, beside the first, which nobody has used. */
	KUNIT_EXPECT_EQ(test, sh_fixture_arenas(heap), SH_ARENA_SPARSE ? 1 : 2);
	sh_fixture_check(test, heap);
	spanheap_free(obj);
}

/*
 * No arena can be made here; the heap goes on working with what it has. (Asked
 * again it may succeed: a worker makes the arena meanwhile.)
 */
static void large_test_fails_where_it_can_not_sleep(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t size = heap->ph.arena_pages * SH_PAGE_SIZE + 1;
	void *obj;

	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, size, GFP_NOWAIT |
					       __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 1);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
	sh_fixture_check(test, heap);
	obj = spanheap_alloc(heap, SZ_256K, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
}

static void large_test_gives_the_rest_of_an_aligned_run_back(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj, *first;
	size_t align;

	/* Something in the way, so that a run does not begin aligned. */
	first = spanheap_alloc(heap, 5 * SH_PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, first);
	for (align = SZ_16K; align <= SPANHEAP_MAX_ALIGN; align *= 2) {
		obj = spanheap_alloc_aligned(heap, SZ_128K + 1, align, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj, align));
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), SZ_128K + SH_PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use,
				SZ_128K + 6 * SH_PAGE_SIZE);
		sh_fixture_check(test, heap);
		spanheap_free(obj);
	}
	spanheap_free(first);
}

/* A small size with a large alignment is a large object too. */
static void large_test_aligns_small_sizes(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc_aligned(heap, 1, SZ_64K, GFP_KERNEL);

	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj, SZ_64K));
	KUNIT_EXPECT_EQ(test, spanheap_size(obj), SH_PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).large_mallocs, 1);
	spanheap_free(obj);
}

static void large_test_stops_at_the_limit(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-limit", SZ_8M);
	struct spanheap_stats s;
	void *objs[16];
	int nr, round;

	for (round = 0; round < 3; round++) {
		for (nr = 0; nr < ARRAY_SIZE(objs); nr++) {
			objs[nr] = spanheap_alloc(heap, SZ_1M, GFP_KERNEL);
			if (!objs[nr])
				break;
		}
		s = sh_fixture_stats(heap);
		KUNIT_EXPECT_GE(test, nr, 4);
		KUNIT_EXPECT_LT(test, nr, 8);
		KUNIT_EXPECT_LE(test, s.resident, SZ_8M);
		KUNIT_EXPECT_EQ(test, s.limit, SZ_8M);
		KUNIT_EXPECT_EQ(test, s.alloc_failures, round + 1);
		sh_fixture_check(test, heap);
		spanheap_free_bulk(nr, objs);
	}
	sh_fixture_destroy(test, heap);
}

/* As a page of vmalloc() would be, the last as well as the first. */
static void large_test_leaves_a_page_that_is_kept(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t offs[] = { 0, SZ_64K - PAGE_SIZE };
	struct page *page;
	void *obj;
	int i;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "pages stay where they are");
	for (i = 0; i < ARRAY_SIZE(offs); i++) {
		obj = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		memset(obj, 0xa1, SZ_64K);
		page = vmalloc_to_page(obj + offs[i]);
		get_page(page);
		spanheap_free(obj);
		sh_shared_flush(&heap->shared);
		KUNIT_EXPECT_EQ(test, page_count(page), 1);
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), 0xa1,
						   PAGE_SIZE));
		put_page(page);
		sh_fixture_check(test, heap);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
}

struct large {
	void *obj;
	size_t size;
	u64 tag;
};

static void random_op(struct kunit *test, struct rnd_state *rnd,
		      struct large *l, u64 tag)
{
	size_t align = SH_PAGE_SIZE << sh_test_random(rnd, 8);

	if (l->obj) {
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(l->obj, l->size, l->tag));
		KUNIT_EXPECT_GE(test, spanheap_size(l->obj), l->size);
		spanheap_free(l->obj);
		l->obj = NULL;
		return;
	}
	l->size = SPANHEAP_MAX_SMALL + 1 + sh_test_random(rnd, SZ_512K);
	if (sh_test_random(rnd, 4))
		align = 1;
	l->obj = spanheap_alloc_aligned(test->priv, l->size, align, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, l->obj);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)l->obj, align));
	l->tag = tag;
	sh_fixture_fill(l->obj, l->size, tag);
}

static void large_test_random(struct kunit *test)
{
	unsigned long op, ops = sh_fixture_ops(20000);
	struct large *objs;
	struct rnd_state rnd;
	int i, nr = 64;

	sh_test_seed(test, &rnd);
	objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (op = 0; op < ops; op++) {
		random_op(test, &rnd, &objs[sh_test_random(&rnd, nr)], op);
		if (op % 4096 == 0)
			sh_fixture_check(test, test->priv);
	}
	sh_fixture_check(test, test->priv);
	for (i = 0; i < nr; i++)
		spanheap_free(objs[i].obj);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).in_use, 0);
}

static struct kunit_case large_test_cases[] = {
	KUNIT_CASE(large_test_takes_whole_pages),
	KUNIT_CASE(large_test_counts_objects_and_bytes),
	KUNIT_CASE(large_test_uses_freed_pages_again),
	KUNIT_CASE(large_test_neighbours_coalesce),
	KUNIT_CASE(large_test_goes_beyond_an_arena),
	KUNIT_CASE(large_test_fails_where_it_can_not_sleep),
	KUNIT_CASE(large_test_gives_the_rest_of_an_aligned_run_back),
	KUNIT_CASE(large_test_aligns_small_sizes),
	KUNIT_CASE(large_test_leaves_a_page_that_is_kept),
	KUNIT_CASE(large_test_stops_at_the_limit),
	KUNIT_CASE(large_test_random),
	{ }
};

static struct kunit_suite large_test_suite = {
	.name = "spanheap_large",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = large_test_cases,
};

kunit_test_suite(large_test_suite);
