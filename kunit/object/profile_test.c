// SPDX-License-Identifier: GPL-2.0
/*
 * The heap profile: when samples are taken, what they add up to, and that
 * objects keep theirs for as long as they live.
 */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/sampling.h"
#include "lib/fixture.h"
#include "object/profile.h"

static unsigned long rate_before;

/* Live and allocated bytes of a heap, by its profile. */
static void sum(struct spanheap *heap, u64 *live, u64 *all, unsigned int *stacks)
{
	struct sh_bucket *bucket;
	unsigned long stack;

	*live = 0;
	*all = 0;
	*stacks = 0;
	xa_for_each(&heap->profile.buckets, stack, bucket) {
		*live += atomic64_read(&bucket->live_bytes);
		*all += atomic64_read(&bucket->all_bytes);
		++*stacks;
	}
}

static u64 live_bytes(struct spanheap *heap)
{
	unsigned int stacks;
	u64 live, all;

	sum(heap, &live, &all, &stacks);
	return live;
}

static void expect_exact(struct kunit *test, struct spanheap *heap)
{
	struct spanheap_stats s = sh_fixture_stats(heap);

	KUNIT_EXPECT_EQ(test, live_bytes(heap), s.object_bytes);
	KUNIT_EXPECT_EQ(test, s.profile_samples, s.objects);
	KUNIT_EXPECT_EQ(test, s.profile_lost, 0);
	sh_fixture_check(test, heap);
}

/* Within parts per thousand. */
#define EXPECT_NEAR(test, is, should, permille)				\
	do {								\
		s64 __is = is, __should = should;			\
									\
		KUNIT_EXPECT_LE(test, abs(__is - __should) * 1000,	\
				__should * (permille));			\
	} while (0)

static void profile_test_logarithm(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sh_sampling_minus_ln(U32_MAX), 0);
	/* ln(2), ln(4), ln(2^32), by 2^26. */
	EXPECT_NEAR(test, sh_sampling_minus_ln(BIT(31) - 1), 46516320, 1);
	EXPECT_NEAR(test, sh_sampling_minus_ln(BIT(30) - 1), 93032640, 1);
	EXPECT_NEAR(test, sh_sampling_minus_ln(0), 1488522235, 1);
	/* ln(10 / 7). */
	EXPECT_NEAR(test, sh_sampling_minus_ln(3006477107U), 23935956, 1);
}

static void profile_test_chance(struct kunit *test)
{
	u64 one = 1ULL << 32;

	KUNIT_EXPECT_EQ(test, sh_sampling_chance(8, 1), one);
	KUNIT_EXPECT_EQ(test, sh_sampling_chance(SZ_1G, SZ_512K), one);
	/* 1 - exp(-1), 1 - exp(-1/2), about 1/65536, 1/64. */
	EXPECT_NEAR(test, sh_sampling_chance(SZ_512K, SZ_512K), 2714937127LL, 1);
	EXPECT_NEAR(test, sh_sampling_chance(SZ_256K, SZ_512K), 1689942876LL, 1);
	EXPECT_NEAR(test, sh_sampling_chance(8, SZ_512K), one >> 16, 1);
	EXPECT_NEAR(test, sh_sampling_chance(SZ_8K, SZ_512K), 66588638, 1);
	KUNIT_EXPECT_GT(test, sh_sampling_chance(8, SH_RATE_MAX), 0);
}

/* Mean and share below the mean of what is drawn. */
static void profile_test_intervals_are_exponential(struct kunit *test)
{
	unsigned long nr = 200000 / SH_FIXTURE_SLOW, i, below = 0;
	u64 total = 0, drawn;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(100000), 0);
	for (i = 0; i < nr; i++) {
		drawn = sh_sampling_draw_bytes();
		total += drawn;
		below += drawn < 100000;
	}
	EXPECT_NEAR(test, total, nr * 100000, 25);
	EXPECT_NEAR(test, below * 1000, nr * 632, 20);
}

static void profile_test_exact_with_rate_1(struct kunit *test)
{
	static const size_t sizes[] = { 8, 100, 1024, 9000, 32768, 70000, 700000 };
	struct spanheap *heap = test->priv;
	void *objs[ARRAY_SIZE(sizes)][4], *bulk[50];
	unsigned int i, j;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < 4; j++)
			objs[i][j] = spanheap_alloc(heap, sizes[i],
						    j % 2 ? GFP_KERNEL : GFP_ATOMIC);
	expect_exact(test, heap);
	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(heap, 64, GFP_KERNEL, 50, bulk), 50);
	expect_exact(test, heap);
	spanheap_free_bulk(50, bulk);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		spanheap_free(objs[i][1]);
	expect_exact(test, heap);
	/* Resized, moved, split, freed after a grace period or by a finalizer. */
	objs[0][0] = spanheap_realloc(heap, objs[0][0], 500, GFP_KERNEL);
	objs[5][0] = spanheap_realloc(heap, objs[5][0], 150000, GFP_KERNEL);
	objs[6][0] = spanheap_realloc(heap, objs[6][0], 300000, GFP_KERNEL);
	expect_exact(test, heap);
	KUNIT_EXPECT_EQ(test, spanheap_split(objs[4][0]), 0);
	expect_exact(test, heap);
	spanheap_free(objs[4][0] + 16384);
	bulk[0] = spanheap_alloc(heap, SZ_128K, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, spanheap_split(bulk[0]), 0);
	expect_exact(test, heap);
	spanheap_free(bulk[0]);
	expect_exact(test, heap);
	spanheap_free(bulk[0] + SZ_64K);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < 4; j++)
			if (j != 1)
				spanheap_free(objs[i][j]);
	expect_exact(test, heap);
	KUNIT_EXPECT_EQ(test, live_bytes(heap), 0);
}

/* There it is the bytes asked for, those of when the object was allocated. */
static void profile_test_has_what_debug_heaps_were_asked_for(struct kunit *test)
{
	static const size_t sizes[] = { 8, 100, 5000, 32768, 70000 };
	void *objs[ARRAY_SIZE(sizes)];
	struct spanheap *heap = sh_fixture_create_debug(test, "kunit-debug");
	u64 bytes = 0;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		objs[i] = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		bytes += sizes[i];
		KUNIT_EXPECT_EQ(test, live_bytes(heap), bytes);
	}
	objs[1] = spanheap_realloc(heap, objs[1], 60, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, live_bytes(heap), bytes);
	objs[2] = spanheap_realloc(heap, objs[2], 9000, GFP_KERNEL);
	bytes += 4000;
	KUNIT_EXPECT_EQ(test, live_bytes(heap), bytes);
	KUNIT_EXPECT_EQ(test, spanheap_split(objs[3]), 0);
	spanheap_free(objs[3] + 16384);
	KUNIT_EXPECT_EQ(test, live_bytes(heap), bytes);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).profile_samples, ARRAY_SIZE(sizes));
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	KUNIT_EXPECT_EQ(test, live_bytes(heap), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).profile_lost, 0);
	sh_fixture_check(test, heap);
	sh_fixture_destroy(test, heap);
}

/* Objects and samples that are left when a heap is destroyed go with it. */
static void profile_test_goes_with_its_heap(struct kunit *test)
{
	struct spanheap *heap;
	int i;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	for (i = 0; i < 3; i++) {
		heap = sh_fixture_create(test, "kunit-leaky", 0);
		KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, 64, GFP_KERNEL));
		KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, 700, GFP_KERNEL));
		KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, SZ_64K, GFP_KERNEL));
		expect_exact(test, heap);
		spanheap_destroy(heap);
	}
}

static void nothing(void *ptr, size_t size, void *arg)
{
}

static void profile_test_goes_with_finalizers(struct kunit *test)
{
	void *obj;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, nothing, NULL), 0);
	expect_exact(test, test->priv);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), 0);
	expect_exact(test, test->priv);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, nothing, NULL), 0);
	spanheap_free(obj);
	spanheap_flush_finalizers(test->priv);
	expect_exact(test, test->priv);
}

static void profile_test_off_takes_none(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int i, stacks;
	u64 live, all;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(0), 0);
	for (i = 0; i < 100; i++) {
		spanheap_free(spanheap_alloc(heap, SZ_1M, GFP_KERNEL));
		spanheap_free(spanheap_alloc(heap, 8192, GFP_KERNEL));
	}
	sum(heap, &live, &all, &stacks);
	KUNIT_EXPECT_EQ(test, all, 0);
	KUNIT_EXPECT_EQ(test, stacks, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, 200);
}

static void profile_test_rate_changes_at_once(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[3];

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(0), 0);
	spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
	objs[0] = spanheap_alloc(heap, 64, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	objs[1] = spanheap_alloc(heap, 64, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, live_bytes(heap), 64);
	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(0), 0);
	objs[2] = spanheap_alloc(heap, 64, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, live_bytes(heap), 64);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, 4);
	spanheap_free_bulk(3, objs);
	KUNIT_EXPECT_EQ(test, live_bytes(heap), 0);
	KUNIT_EXPECT_EQ(test, sh_profile_set_rate(SH_RATE_MAX + 1), -EINVAL);
}

static void alloc_here(void *heap)
{
	spanheap_free(spanheap_alloc(heap, 64, GFP_ATOMIC));
}

static void profile_test_samples_in_interrupts(struct kunit *test)
{
	unsigned int stacks;
	u64 live, all;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	sh_fixture_in_hardirq(raw_smp_processor_id(), alloc_here, test->priv);
	sum(test->priv, &live, &all, &stacks);
	KUNIT_EXPECT_EQ(test, all, 64);
	expect_exact(test, test->priv);
}

static void profile_test_counts_what_is_sampled(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(4096), 0);
	for (i = 0; i < 1000; i++)
		spanheap_free(spanheap_alloc(heap, 256 + i, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, 1000);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, 1000);
	KUNIT_EXPECT_EQ(test, live_bytes(heap), 0);
}

/* Allocate objects of all kinds of sizes. Returns their bytes. */
static u64 run_sizes(struct spanheap *heap, u64 bytes)
{
	static const u16 sizes[] = {
		24, 8000, 64, 1500, 200, 512, 100, 4096, 48, 320,
	};
	unsigned int nr = 0;
	u64 done = 0;
	void *obj;

	while (done < bytes) {
		obj = spanheap_alloc(heap, sizes[nr++ % ARRAY_SIZE(sizes)],
				     GFP_KERNEL);
		done += spanheap_size(obj);
		spanheap_free(obj);
	}
	return done;
}

/* Estimates are near what @run says that it allocated, and freed. */
static void expect_unbiased(struct kunit *test,
			    u64 (*run)(struct spanheap *heap, u64 bytes))
{
	u64 bytes = SZ_64M / SH_FIXTURE_SLOW, done, live, all;
	unsigned int stacks;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(SZ_8K), 0);
	done = run(test->priv, bytes);
	sum(test->priv, &live, &all, &stacks);
	/* 8192 samples deviate by about 1 %, 1024 by 3 %. */
	EXPECT_NEAR(test, all, done, SH_FIXTURE_SLOW > 1 ? 150 : 60);
	KUNIT_EXPECT_EQ(test, live, 0);
}

static void profile_test_estimates_are_unbiased(struct kunit *test)
{
	expect_unbiased(test, run_sizes);
}

/* The same in bulks of one to a batch, of which most come from a CPU's cache. */
static u64 run_bulks(struct spanheap *heap, u64 bytes)
{
	static const u16 sizes[] = { 24, 2000, 64, 700, 200, 512, 100, 320 };
	void *objs[SH_BATCH_MAX];
	unsigned int nr = 0, got;
	u64 done = 0;

	while (done < bytes) {
		got = spanheap_alloc_bulk(heap, sizes[nr % ARRAY_SIZE(sizes)],
					  GFP_KERNEL, 1 + nr % ARRAY_SIZE(objs), objs);
		done += got * spanheap_size(objs[0]);
		spanheap_free_bulk(got, objs);
		nr++;
	}
	return done;
}

static void profile_test_estimates_of_bulks_are_unbiased(struct kunit *test)
{
	expect_unbiased(test, run_bulks);
}

static int profile_test_init(struct kunit *test)
{
	rate_before = sh_profile_rate;
	return sh_fixture_init(test);
}

static void profile_test_exit(struct kunit *test)
{
	sh_fixture_exit(test);
	sh_profile_set_rate(rate_before);
}

static struct kunit_case profile_test_cases[] = {
	KUNIT_CASE(profile_test_logarithm),
	KUNIT_CASE(profile_test_chance),
	KUNIT_CASE(profile_test_intervals_are_exponential),
	KUNIT_CASE(profile_test_exact_with_rate_1),
	KUNIT_CASE(profile_test_has_what_debug_heaps_were_asked_for),
	KUNIT_CASE(profile_test_goes_with_its_heap),
	KUNIT_CASE(profile_test_goes_with_finalizers),
	KUNIT_CASE(profile_test_off_takes_none),
	KUNIT_CASE(profile_test_rate_changes_at_once),
	KUNIT_CASE(profile_test_samples_in_interrupts),
	KUNIT_CASE(profile_test_counts_what_is_sampled),
	KUNIT_CASE(profile_test_estimates_are_unbiased),
	KUNIT_CASE(profile_test_estimates_of_bulks_are_unbiased),
	{}
};

static struct kunit_suite profile_test_suite = {
	.name = "spanheap_profile",
	.init = profile_test_init,
	.exit = profile_test_exit,
	.test_cases = profile_test_cases,
};

kunit_test_suite(profile_test_suite);
