// SPDX-License-Identifier: GPL-2.0
/*
 * What KASAN lets one access: of a live object the bytes that were asked for, of
 * everything else of an arena nothing. Here its shadow is read; that wrong
 * accesses are reported is for test_kasan.sh to show.
 */
#include <kunit/test.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "lib/fixture.h"
#include "span/pagemap.h"
#include "watch/shadow.h"

static int shadow_test_init(struct kunit *test)
{
	if (!SH_SHADOW)
		kunit_skip(test, "this kernel has no KASAN for vmalloc space");
	return sh_fixture_init(test);
}

/* How many of @bytes from @ptr on may be accessed. */
static size_t open_of(const void *ptr, size_t bytes)
{
	return sh_shadow_accessible(ptr, bytes);
}

/* The first @size bytes of an object may be accessed, the others not. */
static void expect_open(struct kunit *test, const void *obj, size_t size)
{
	struct spanheap_object found;

	KUNIT_ASSERT_TRUE(test, spanheap_find(obj, &found));
	KUNIT_EXPECT_EQ(test, open_of(obj, size), size);
	KUNIT_EXPECT_EQ(test, open_of(obj, found.size), size);
}

static void expect_closed(struct kunit *test, const void *ptr, size_t bytes)
{
	KUNIT_EXPECT_EQ(test, open_of(ptr, bytes), 0);
}

static void *alloc(struct kunit *test, size_t size)
{
	void *obj = spanheap_alloc(test->priv, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

static const size_t sizes[] = {
	1, 7, 8, 9, 50, 64, 100, 1000, 4097, 32761, 32768, 32769, 50001, SZ_1M,
	SZ_1M + 3,
};

static void shadow_test_objects_are_open_as_far_as_asked_for(struct kunit *test)
{
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = alloc(test, sizes[i]);
		expect_open(test, obj, sizes[i]);
		spanheap_free(obj);
		obj = spanheap_zalloc(test->priv, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		expect_open(test, obj, sizes[i]);
		spanheap_free(obj);
	}
}

static void shadow_test_other_ways_to_allocate(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[4];

	objs[0] = spanheap_alloc_aligned(heap, 100, 64, GFP_KERNEL);
	objs[1] = spanheap_alloc_aligned(heap, 100, SZ_64K, GFP_KERNEL);
	objs[2] = spanheap_alloc_node(heap, 100, GFP_KERNEL, numa_mem_id());
	objs[3] = spanheap_memdup(heap, sizes, 100, GFP_KERNEL);
	expect_open(test, objs[0], 100);
	expect_open(test, objs[1], 100);
	expect_open(test, objs[2], 100);
	expect_open(test, objs[3], 100);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	expect_closed(test, objs[0], 128);
	expect_closed(test, objs[1], SH_PAGE_SIZE);
}

/* More than a CPU's cache has, and what it has. */
static void shadow_test_bulk(struct kunit *test)
{
	static void *objs[300];
	int round, i;

	for (round = 0; round < 3; round++) {
		KUNIT_ASSERT_EQ(test, spanheap_alloc_bulk(test->priv, 90, GFP_KERNEL,
							  ARRAY_SIZE(objs), objs),
				ARRAY_SIZE(objs));
		for (i = 0; i < ARRAY_SIZE(objs); i++)
			KUNIT_EXPECT_EQ(test, open_of(objs[i], 96), 90);
		spanheap_free_bulk(ARRAY_SIZE(objs), objs);
		for (i = 0; i < ARRAY_SIZE(objs); i++)
			KUNIT_EXPECT_EQ(test, open_of(objs[i], 96), 0);
	}
}

static void shadow_test_all_is_open_once_asked_how_much(struct kunit *test)
{
	size_t usable;
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = alloc(test, sizes[i]);
		usable = spanheap_size(obj);
		expect_open(test, obj, usable);
		memset(obj, 1, usable);
		spanheap_free(obj);
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), 0);
		expect_closed(test, obj, usable);
	}
}

/* Whoever just looks for an address changes nothing. */
static void shadow_test_finding_opens_nothing(struct kunit *test)
{
	struct spanheap_object found;
	void *obj = alloc(test, 100);

	KUNIT_EXPECT_TRUE(test, spanheap_owns(obj));
	KUNIT_EXPECT_TRUE(test, spanheap_find(obj + 50, &found));
	KUNIT_EXPECT_EQ(test, spanheap_size(obj + 50), 0);
	expect_open(test, obj, 100);
	spanheap_free(obj);
}

static void shadow_test_freed_objects_are_closed(struct kunit *test)
{
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = alloc(test, sizes[i]);
		spanheap_free(obj);
		expect_closed(test, obj, spanheap_size_roundup(sizes[i]));
		obj = alloc(test, sizes[i]);
		spanheap_free_sensitive(obj);
		expect_closed(test, obj, spanheap_size_roundup(sizes[i]));
	}
}

/* Until the grace period has passed somebody may be reading. */
static void shadow_test_freed_after_a_grace_period(struct kunit *test)
{
	void *obj = alloc(test, 100);

	__spanheap_free_rcu(obj, 0);
	rcu_barrier();
	expect_closed(test, obj, 112);
}

static void finalize(void *ptr, size_t size, void *arg)
{
	size_t *seen = arg;

	*seen = open_of(ptr, size);
	memset(ptr, 0, size);
}

static void shadow_test_finalizers_see_all_of_an_object(struct kunit *test)
{
	void *obj = alloc(test, 100);
	size_t seen = 0;

	KUNIT_ASSERT_EQ(test, spanheap_set_finalizer(obj, finalize, &seen), 0);
	spanheap_free(obj);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, seen, 112);
	expect_closed(test, obj, 112);
}

/* The other objects of a span that nobody has, and what is left over at its end. */
static void shadow_test_the_rest_of_a_span_is_closed(struct kunit *test)
{
	struct sh_span *span;
	void *obj;

	obj = alloc(test, 170);
	span = sh_pagemap_get((unsigned long)obj);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_EXPECT_EQ(test, open_of((void *)sh_span_base(span),
				      sh_span_bytes(span)), 170);
	spanheap_free(obj);
	expect_closed(test, (void *)sh_span_base(span), sh_span_bytes(span));
}

/* Behind what is in use, as far as the arena goes. */
static void shadow_test_unused_pages_are_closed(struct kunit *test)
{
	void *obj = alloc(test, SZ_64K);
	struct sh_arena *arena;

	arena = sh_pagemap_get((unsigned long)obj)->arena;
	KUNIT_EXPECT_EQ(test, open_of((void *)arena->base,
				      sh_arena_end(arena) - arena->base), SZ_64K);
	spanheap_free(obj);
	expect_closed(test, (void *)arena->base,
		      sh_arena_end(arena) - arena->base);
}

static void shadow_test_manual_spans(struct kunit *test)
{
	void *ptr = spanheap_alloc_pages(test->priv, SZ_16K + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, open_of(ptr, SZ_16K + SZ_8K), SZ_16K + SZ_8K);
	KUNIT_EXPECT_EQ(test, open_of(ptr, SZ_64K), SZ_16K + SZ_8K);
	spanheap_free_pages(ptr);
	expect_closed(test, ptr, SZ_64K);
}

static void shadow_test_persistent_memory_stays_open(struct kunit *test)
{
	void *ptr = spanheap_alloc_persistent(test->priv, 100, 8, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, open_of(ptr, 100), 100);
	spanheap_scavenge(test->priv);
	KUNIT_EXPECT_EQ(test, open_of(ptr, 100), 100);
}

static void *resize(struct kunit *test, void *obj, size_t size)
{
	obj = spanheap_realloc(test->priv, obj, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

static void shadow_test_realloc_in_place(struct kunit *test)
{
	/* More than a run cache keeps. */
	const size_t half = SZ_4M + SZ_1M;
	void *obj = alloc(test, 100);

	KUNIT_EXPECT_PTR_EQ(test, resize(test, obj, 60), obj);
	expect_open(test, obj, 60);
	KUNIT_EXPECT_PTR_EQ(test, resize(test, obj, 111), obj);
	expect_open(test, obj, 111);
	spanheap_free(obj);
	expect_closed(test, obj, 112);

	obj = alloc(test, 2 * half);
	KUNIT_ASSERT_PTR_EQ(test, resize(test, obj, half - 5), obj);
	expect_open(test, obj, half - 5);
	expect_closed(test, obj + half, half);
	KUNIT_ASSERT_PTR_EQ(test, resize(test, obj, 2 * half - 13), obj);
	expect_open(test, obj, 2 * half - 13);
	spanheap_free(obj);
	expect_closed(test, obj, 2 * half);
}

static void shadow_test_realloc_that_moves(struct kunit *test)
{
	void *obj = alloc(test, 100), *moved;

	moved = resize(test, obj, 1001);
	expect_closed(test, obj, 112);
	expect_open(test, moved, 1001);
	obj = resize(test, moved, SZ_64K + 1);
	expect_closed(test, moved, 1024);
	expect_open(test, obj, SZ_64K + 1);
	spanheap_free(obj);
}

/* One that fails leaves the object as large as it ever was. */
static void shadow_test_realloc_that_fails(struct kunit *test)
{
	void *obj = alloc(test, 100);

	KUNIT_EXPECT_NULL(test, spanheap_realloc(test->priv, obj, SIZE_MAX / 2,
						 GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, open_of(obj, 100), 100);
	spanheap_free(obj);
	expect_closed(test, obj, 112);
}

static void shadow_test_both_halves_of_a_split(struct kunit *test)
{
	static const size_t whole[] = { 16000, SZ_32K, SZ_128K - 7 };
	size_t half;
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(whole); i++) {
		obj = alloc(test, whole[i]);
		half = spanheap_size_roundup(whole[i]) / 2;
		KUNIT_ASSERT_EQ(test, spanheap_split(obj), 0);
		KUNIT_EXPECT_EQ(test, open_of(obj, 2 * half), 2 * half);
		spanheap_free(obj);
		expect_closed(test, obj, half);
		KUNIT_EXPECT_EQ(test, open_of(obj + half, half), half);
		spanheap_free(obj + half);
		expect_closed(test, obj, 2 * half);
	}
}

static void shadow_test_memory_that_was_given_back(struct kunit *test)
{
	void *small = alloc(test, 1000), *large = alloc(test, SZ_256K), *again;

	spanheap_free(small);
	spanheap_free(large);
	KUNIT_EXPECT_GT(test, spanheap_scavenge(test->priv), 0);
	expect_closed(test, small, 1024);
	expect_closed(test, large, SZ_256K);
	again = alloc(test, SZ_256K);
	expect_open(test, again, SZ_256K);
	memset(again, 1, SZ_256K);
	spanheap_free(again);
}

/* The addresses of arenas that are gone may be anybody's; others' are as before. */
static void shadow_test_arenas_come_and_go(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *kept = alloc(test, 100), *large[3];
	int round, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(large); i++) {
			large[i] = alloc(test, 6 * SZ_1M - 3);
			expect_open(test, large[i], 6 * SZ_1M - 3);
		}
		KUNIT_EXPECT_GT(test, sh_fixture_arenas(heap), 1);
		for (i = 0; i < ARRAY_SIZE(large); i++)
			spanheap_free(large[i]);
		spanheap_scavenge(heap);
		KUNIT_EXPECT_EQ(test, sh_fixture_arenas(heap), 1);
		expect_open(test, kept, 100);
	}
	spanheap_free(kept);
}

/* Red zones and poison have to be written and read. */
static void shadow_test_debug_heaps_are_open(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_debug(test, "kunit_shadow");
	void *obj;

	obj = spanheap_alloc(heap, 100, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, open_of(obj - 64, 64 + 104 + 56), 64 + 104 + 56);
	spanheap_free(obj);
	KUNIT_EXPECT_EQ(test, open_of(obj - 64, 64 + 104 + 56), 64 + 104 + 56);
	spanheap_destroy(heap);
}

/**
 * struct live - an object of the randomised case
 * @obj: the object, NULL for none
 * @open: bytes that may be accessed
 */
struct live {
	void *obj;
	size_t open;
};

enum { NR_LIVE = 48 };

static size_t random_size(struct rnd_state *rnd)
{
	static const u32 below[] = { 64, 512, 4096, SZ_32K, SZ_256K };

	return 1 + sh_test_random(rnd, below[sh_test_random(rnd,
							    ARRAY_SIZE(below))]);
}

static void step_free(struct kunit *test, struct live *live)
{
	struct spanheap_object found;

	KUNIT_ASSERT_TRUE(test, spanheap_find(live->obj, &found));
	spanheap_free(live->obj);
	expect_closed(test, found.start, found.size);
	live->obj = NULL;
}

static void step(struct kunit *test, struct rnd_state *rnd, struct live *live)
{
	if (!live->obj) {
		live->open = random_size(rnd);
		live->obj = alloc(test, live->open);
		return;
	}
	switch (sh_test_random(rnd, 4)) {
	case 0:
		live->open = spanheap_size(live->obj);
		break;
	case 1:
		live->open = random_size(rnd);
		live->obj = resize(test, live->obj, live->open);
		break;
	default:
		step_free(test, live);
	}
}

static void shadow_test_random(struct kunit *test)
{
	struct live *live = kunit_kcalloc(test, NR_LIVE, sizeof(*live),
					  GFP_KERNEL);
	unsigned long i, nr = sh_fixture_ops(50000);
	struct rnd_state rnd;
	unsigned int k;

	KUNIT_ASSERT_NOT_NULL(test, live);
	sh_test_seed(test, &rnd);
	for (i = 0; i < nr; i++) {
		step(test, &rnd, &live[sh_test_random(&rnd, NR_LIVE)]);
		if (i % 512 == 0)
			spanheap_scavenge(test->priv);
		for (k = 0; i % 8 == 0 && k < NR_LIVE; k++)
			if (live[k].obj)
				expect_open(test, live[k].obj, live[k].open);
	}
	for (k = 0; k < NR_LIVE; k++)
		if (live[k].obj)
			step_free(test, &live[k]);
}

static struct kunit_case shadow_test_cases[] = {
	KUNIT_CASE(shadow_test_objects_are_open_as_far_as_asked_for),
	KUNIT_CASE(shadow_test_other_ways_to_allocate),
	KUNIT_CASE(shadow_test_bulk),
	KUNIT_CASE(shadow_test_all_is_open_once_asked_how_much),
	KUNIT_CASE(shadow_test_finding_opens_nothing),
	KUNIT_CASE(shadow_test_freed_objects_are_closed),
	KUNIT_CASE(shadow_test_freed_after_a_grace_period),
	KUNIT_CASE(shadow_test_finalizers_see_all_of_an_object),
	KUNIT_CASE(shadow_test_the_rest_of_a_span_is_closed),
	KUNIT_CASE(shadow_test_unused_pages_are_closed),
	KUNIT_CASE(shadow_test_manual_spans),
	KUNIT_CASE(shadow_test_persistent_memory_stays_open),
	KUNIT_CASE(shadow_test_realloc_in_place),
	KUNIT_CASE(shadow_test_realloc_that_moves),
	KUNIT_CASE(shadow_test_realloc_that_fails),
	KUNIT_CASE(shadow_test_both_halves_of_a_split),
	KUNIT_CASE(shadow_test_memory_that_was_given_back),
	KUNIT_CASE(shadow_test_arenas_come_and_go),
	KUNIT_CASE(shadow_test_debug_heaps_are_open),
	KUNIT_CASE(shadow_test_random),
	{ }
};

static struct kunit_suite shadow_test_suite = {
	.name = "spanheap_shadow",
	.init = shadow_test_init,
	.exit = sh_fixture_exit,
	.test_cases = shadow_test_cases,
};

kunit_test_suite(shadow_test_suite);
