// SPDX-License-Identifier: GPL-2.0
/*
 * Persistent allocations: one after the other out of chunks, until the heap
 * goes.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/fixture.h"
#include "lib/random.h"

#define QUIET	(GFP_KERNEL | __GFP_NOWARN)

static void persistent_test_packs_what_it_gives(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	u8 *last = spanheap_alloc_persistent(heap, 7, 1, GFP_KERNEL), *next;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, last);
	for (i = 0; i < 1000; i++) {
		next = spanheap_alloc_persistent(heap, 7, 1, GFP_KERNEL);
		KUNIT_ASSERT_PTR_EQ(test, next, last + 7);
		last = next;
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).persistent_bytes, SZ_64K);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, SZ_64K);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, 0);
}

static void persistent_test_aligns(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 1, 100, 5000, 16384, 16385, SZ_256K };
	size_t align;
	void *got;
	int i;

	for (align = 1; align <= PAGE_SIZE; align *= 2) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			got = spanheap_alloc_persistent(heap, sizes[i], align,
							GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, got);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)got,
							   align));
			memset(got, 0x33, sizes[i]);
		}
	}
	sh_fixture_check(test, heap);
}

static void persistent_test_refuses(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-limit", SZ_4M);
	static const size_t aligns[] = {
		0, 3, 24, PAGE_SIZE + 1, 2 * PAGE_SIZE, SIZE_MAX, 1UL << 63,
	};
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 63, 1UL << 45, SZ_8M };
	u64 failures = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++, failures++)
		KUNIT_EXPECT_NULL(test,
				  spanheap_alloc_persistent(heap, 8, aligns[i],
							    QUIET));
	for (i = 0; i < ARRAY_SIZE(sizes); i++, failures++)
		KUNIT_EXPECT_NULL(test,
				  spanheap_alloc_persistent(heap, sizes[i], 64,
							    QUIET));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_persistent(heap, 8, 8, QUIET |
							  __GFP_COMP));
	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc_persistent(heap, 0, 8, QUIET),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures,
			failures + 1);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).persistent_bytes, 0);
	sh_fixture_destroy(test, heap);
}

/* It cannot be freed, found or changed, by any call. */
static void persistent_test_stays(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 100, SZ_128K };
	struct spanheap_stats before, after;
	void *got;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		got = spanheap_alloc_persistent(heap, sizes[i], 8, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, got);
		memset(got, 0x44, sizes[i]);
		before = sh_fixture_still_stats(heap);
		spanheap_free(got);
		spanheap_free(got + 1);
		spanheap_free_sensitive(got);
		spanheap_free_pages(got);
		KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, got, 8, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, spanheap_split(got), -EINVAL);
		after = sh_fixture_stats(heap);
		KUNIT_EXPECT_EQ(test, after.bad_frees, before.bad_frees + 5);
		after.bad_frees = before.bad_frees;
		KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
		KUNIT_EXPECT_FALSE(test, spanheap_owns(got));
		KUNIT_EXPECT_EQ(test, spanheap_size(got), 0);
		KUNIT_EXPECT_NULL(test, memchr_inv(got, 0x44, sizes[i]));
		sh_fixture_check(test, heap);
	}
}

static void persistent_test_zeroes_when_asked(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, SZ_1M, GFP_KERNEL), *got;
	size_t size;

	/* So that chunks are of memory that was used. */
	KUNIT_ASSERT_NOT_NULL(test, obj);
	memset(obj, 0xff, SZ_1M);
	spanheap_free(obj);
	for (size = 1; size < SZ_64K; size += size / 2 + 1) {
		got = spanheap_alloc_persistent(heap, size, 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, got);
		memset(got, 0xff, size);
		got = spanheap_alloc_persistent(heap, size, 4, GFP_KERNEL |
						__GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, got);
		KUNIT_EXPECT_NULL(test, memchr_inv(got, 0, size));
		memset(got, 0xff, size);
	}
}

static void persistent_test_serves_atomic_context(struct kunit *test)
{
	unsigned long flags;
	void *got;

	local_irq_save(flags);
	got = spanheap_alloc_persistent(test->priv, 100, 64, GFP_ATOMIC);
	local_irq_restore(flags);
	KUNIT_EXPECT_NOT_NULL(test, got);
}

#define PER_CPU	500

struct shared {
	struct spanheap *heap;
	atomic_t next;
	u32 *got[64 * PER_CPU];
};

static void allocate_many(void *arg)
{
	struct shared *shared = arg;
	int i, nr;

	for (i = 0; i < PER_CPU; i++) {
		nr = atomic_inc_return(&shared->next) - 1;
		if (nr >= ARRAY_SIZE(shared->got))
			return;
		shared->got[nr] = spanheap_alloc_persistent(shared->heap, 400, 4,
							    GFP_KERNEL);
		if (shared->got[nr])
			memset32(shared->got[nr], nr, 100);
	}
}

/* Nobody gets what another has. */
static void persistent_test_serves_all_cpus(struct kunit *test)
{
	struct shared *shared = kvzalloc(sizeof(*shared), GFP_KERNEL);
	int nr, i, wrong = 0;

	KUNIT_ASSERT_NOT_NULL(test, shared);
	shared->heap = test->priv;
	KUNIT_EXPECT_EQ(test, sh_fixture_on_each_cpu(allocate_many, shared), 0);
	nr = min_t(int, atomic_read(&shared->next), ARRAY_SIZE(shared->got));
	for (i = 0; i < nr; i++)
		wrong += !shared->got[i] || shared->got[i][0] != i ||
			 shared->got[i][99] != i;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	kvfree(shared);
}

static struct kunit_case persistent_test_cases[] = {
	KUNIT_CASE(persistent_test_packs_what_it_gives),
	KUNIT_CASE(persistent_test_aligns),
	KUNIT_CASE(persistent_test_refuses),
	KUNIT_CASE(persistent_test_stays),
	KUNIT_CASE(persistent_test_zeroes_when_asked),
	KUNIT_CASE(persistent_test_serves_atomic_context),
	KUNIT_CASE(persistent_test_serves_all_cpus),
	{ }
};

static struct kunit_suite persistent_test_suite = {
	.name = "spanheap_persistent",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = persistent_test_cases,
};

kunit_test_suite(persistent_test_suite);
