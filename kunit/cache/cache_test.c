// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches: what they hold, how much, and that an interrupt which finds
 * one in use goes past it.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/sizes.h>

#include "base/sampling.h"
#include "cache/cache.h"
#include "lib/fixture.h"
#include "object/profile.h"
#include "show/stats.h"

static struct sh_slot_stats slot_stats(struct spanheap *heap, int cpu,
				       unsigned int class)
{
	struct sh_slot_stats stats = { };

	sh_caches_stats(&heap->caches, cpu, class, &stats);
	return stats;
}

/* Bytes that a CPU's cache may hold, and does hold. */
static unsigned int capacity(struct spanheap *heap, int cpu)
{
	return per_cpu_ptr(heap->caches.cpu, cpu)->capacity;
}

static size_t held(struct spanheap *heap, int cpu)
{
	unsigned int class;
	size_t bytes = 0;

	for (class = 1; class < SH_NR_CLASSES; class++)
		bytes += slot_stats(heap, cpu, class).objects *
			 sh_classes[class].size;
	return bytes;
}

static void cache_test_serves_what_was_freed_last(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *a, *b;

	sh_fixture_pin();
	a = spanheap_alloc(heap, 64, GFP_KERNEL);
	b = spanheap_alloc(heap, 64, GFP_KERNEL);
	spanheap_free(a);
	spanheap_free(b);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc(heap, 64, GFP_KERNEL), b);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc(heap, 60, GFP_KERNEL), a);
	spanheap_free(a);
	spanheap_free(b);
}

/* After the first refill nothing but this CPU's slot is touched. */
static void cache_test_hits_touch_no_span(struct kunit *test)
{
	unsigned int class = sh_size_class(64);
	struct spanheap *heap = test->priv;
	struct sh_central_stats before, after;
	int i;

	sh_fixture_pin();
	spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
	sh_central_stats(&heap->central[class], &before);
	for (i = 0; i < 1000; i++)
		spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
	sh_central_stats(&heap->central[class], &after);
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
}

static void cache_test_keeps_objects_freed_elsewhere(struct kunit *test)
{
	unsigned int class = sh_size_class(128);
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin(), i;
	int other = sh_fixture_other_cpu(test);
	void *objs[10];

	KUNIT_ASSERT_EQ(test, spanheap_alloc_bulk(heap, 128, GFP_KERNEL, 10, objs), 10);
	sh_drain_cpu(&heap->caches, -1);
	for (i = 0; i < 10; i++)
		sh_fixture_on_cpu(other, (void (*)(void *))spanheap_free, objs[i]);
	KUNIT_EXPECT_EQ(test, slot_stats(heap, other, class).objects, 10);
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).objects, 0);
}

/*
 * With the mark set by hand this is an interrupt in the middle of a use. Other
 * than that nobody uses the cache of this heap.
 */
static void cache_test_a_busy_cache_is_left_alone(struct kunit *test)
{
	static const size_t sizes[] = { 8, 64, 1000, 8192, 32768 };
	struct spanheap *heap = test->priv;
	struct sh_central_stats central;
	struct sh_cache *cache;
	struct sh_slot *before;
	void *objs[8];
	int i, j;

	cache = per_cpu_ptr(heap->caches.cpu, sh_fixture_pin());
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		spanheap_free(spanheap_alloc(heap, sizes[i], GFP_KERNEL));
	before = kunit_kmalloc(test, sizeof(cache->slot), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	memcpy(before, cache->slot, sizeof(cache->slot));
	cache->busy = 1;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(objs); j++) {
			objs[j] = spanheap_alloc(heap, sizes[i], GFP_ATOMIC);
			KUNIT_EXPECT_EQ(test, spanheap_size(objs[j]),
					spanheap_size_roundup(sizes[i]));
		}
		sh_central_stats(&heap->central[sh_size_class(sizes[i])], &central);
		KUNIT_EXPECT_EQ(test, central.direct_allocs, ARRAY_SIZE(objs));
		spanheap_free_bulk(ARRAY_SIZE(objs), objs);
		KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(heap, sizes[i], GFP_ATOMIC,
							  ARRAY_SIZE(objs), objs),
				ARRAY_SIZE(objs));
		spanheap_free_bulk(ARRAY_SIZE(objs), objs);
		spanheap_free(objs[0]);
		sh_fixture_check(test, heap);
	}
	KUNIT_EXPECT_MEMEQ(test, before, cache->slot, sizeof(cache->slot));
	KUNIT_EXPECT_EQ(test, cache->busy, 1);
	cache->busy = 0;
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, ARRAY_SIZE(sizes));
}

static void cache_test_no_bytes_means_no_cache(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct spanheap_stats stats;
	void *objs[100];
	int i;

	heap->caches.max_bytes = 0;
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = spanheap_alloc(heap, 1 + 300 * i, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).cached_objects, 0);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	spanheap_get_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.cached_objects, 0);
	KUNIT_EXPECT_EQ(test, stats.in_use, 0);
	KUNIT_EXPECT_EQ(test, stats.mallocs, 100);
}

/* Allocate and free many of a size, so that its slot wants to grow. */
static void work_out(struct kunit *test, size_t size, unsigned int nr)
{
	struct spanheap *heap = test->priv;
	void **objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	int round, cpu = raw_smp_processor_id();

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (round = 0; round < 20; round++) {
		unsigned int i;

		for (i = 0; i < nr; i++)
			objs[i] = spanheap_alloc(heap, size, GFP_KERNEL);
		spanheap_free_bulk(nr, objs);
		KUNIT_ASSERT_LE(test, capacity(heap, cpu), heap->caches.max_bytes);
		KUNIT_ASSERT_LE(test, held(heap, cpu), heap->caches.max_bytes);
	}
}

static void cache_test_slots_grow_with_use(struct kunit *test)
{
	unsigned int class = sh_size_class(64);
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_pin();
	u64 meta = sh_fixture_stats(heap).cache_meta;

	work_out(test, 64, 500);
	KUNIT_EXPECT_GE(test, slot_stats(heap, cpu, class).objects, 500);
	KUNIT_EXPECT_GE(test, sh_fixture_stats(heap).cache_meta,
			meta + 500 * sizeof(struct sh_entry));
}

static void cache_test_stays_within_its_bytes(struct kunit *test)
{
	static const unsigned int bounds[] = { 100, 4096, 20000, 200000 };
	static const size_t sizes[] = { 8, 100, 2048, 32768, 64, 5000 };
	struct spanheap *heap = test->priv;
	int i, j;

	sh_fixture_pin();
	for (i = 0; i < ARRAY_SIZE(bounds); i++) {
		heap->caches.max_bytes = bounds[i];
		for (j = 0; j < ARRAY_SIZE(sizes); j++)
			work_out(test, sizes[j], 200);
		sh_fixture_check(test, heap);
	}
}

/* A class that is in use takes capacity from those that are not. */
static void cache_test_busy_classes_take_from_idle_ones(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct sh_cache *cache = per_cpu_ptr(heap->caches.cpu, sh_fixture_pin());
	static const size_t sizes[] = { 1024, 512, 256, 2048, 768 };
	struct sh_slot *slot;
	int i;

	heap->caches.max_bytes = SZ_64K;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		work_out(test, sizes[i], 300);
	KUNIT_EXPECT_GT(test, cache->capacity, SZ_32K);
	slot = &cache->slot[sh_size_class(128)];
	KUNIT_EXPECT_EQ(test, slot->end - slot->base, 0);
	work_out(test, 128, 300);
	KUNIT_EXPECT_GE(test, slot->end - slot->base, 64);
	sh_fixture_check(test, heap);
}

/* Allocate until that is a miss, and free until that is an overflow. */
static unsigned long until_miss(struct spanheap *heap, struct sh_cache *cache,
				void **objs, unsigned int *nr)
{
	unsigned long misses = cache->misses;

	while (cache->misses == misses)
		objs[(*nr)++] = spanheap_alloc(heap, 4096, GFP_KERNEL);
	return cache->overflows;
}

static unsigned long until_overflow(struct sh_cache *cache, void **objs,
				    unsigned int *nr)
{
	unsigned long overflows = cache->overflows;

	while (cache->overflows == overflows)
		spanheap_free(objs[--*nr]);
	return cache->misses;
}

/* At either end of a small slot, a step back is none over the other end. */
static void cache_test_moves_half_of_a_small_slot(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct sh_cache *cache;
	unsigned long before;
	unsigned int nr = 0, round;
	void *objs[64];

	heap->caches.max_bytes = SZ_64K;
	cache = per_cpu_ptr(heap->caches.cpu, sh_fixture_pin());
	while (nr < 32)
		objs[nr++] = spanheap_alloc(heap, 4096, GFP_KERNEL);
	for (round = 0; round < 10; round++) {
		before = until_overflow(cache, objs, &nr);
		objs[nr++] = spanheap_alloc(heap, 4096, GFP_KERNEL);
		objs[nr++] = spanheap_alloc(heap, 4096, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, cache->misses, before);
		before = until_miss(heap, cache, objs, &nr);
		spanheap_free(objs[--nr]);
		spanheap_free(objs[--nr]);
		KUNIT_EXPECT_EQ(test, cache->overflows, before);
	}
	spanheap_free_bulk(nr, objs);
}

/* A CPU that only ever frees does not hoard, nor go past its cache each time. */
static void cache_test_remote_frees_come_back_in_batches(struct kunit *test)
{
	unsigned int class = sh_size_class(2048), nr = 2000, i;
	struct spanheap *heap = test->priv;
	struct sh_class_stats s;
	void **objs;

	objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_EQ(test, spanheap_alloc_bulk(heap, 2048, GFP_KERNEL, nr, objs), nr);
	sh_fixture_pin();
	for (i = 0; i < nr; i++)
		spanheap_free(objs[i]);
	sh_stats_class(heap, class, &s);
	KUNIT_EXPECT_LE(test, s.cached * 2048, heap->caches.max_bytes);
	KUNIT_EXPECT_LE(test, s.flushes, nr / sh_classes[class].batch + 1);
	KUNIT_EXPECT_EQ(test, s.objects, 0);
}

static void cache_test_bulk_takes_from_the_slot_first(struct kunit *test)
{
	unsigned int class = sh_size_class(64), i;
	struct spanheap *heap = test->priv;
	struct sh_central_stats central;
	struct sh_slot_stats slot;
	int cpu = sh_fixture_pin();
	void *last[2], *objs[100];

	for (i = 0; i < 2; i++)
		last[i] = spanheap_alloc(heap, 64, GFP_KERNEL);
	spanheap_free_bulk(2, last);
	slot = slot_stats(heap, cpu, class);
	KUNIT_ASSERT_EQ(test, 100, spanheap_alloc_bulk(heap, 64, GFP_KERNEL, 100, objs));
	KUNIT_EXPECT_PTR_EQ(test, objs[0], last[1]);
	KUNIT_EXPECT_PTR_EQ(test, objs[1], last[0]);
	/* What did not come from there counts as if it had. */
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).allocs, slot.allocs + 100);
	sh_central_stats(&heap->central[class], &central);
	KUNIT_EXPECT_EQ(test, central.direct_allocs, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 100);
	sh_fixture_check(test, heap);
	spanheap_free_bulk(100, objs);
}

/* As one does that is for one object: the next ones find what they want there. */
static void cache_test_bulk_that_misses_fills_the_slot(struct kunit *test)
{
	static const unsigned int counts[] = { 1, 4, 8, 100 };
	struct spanheap *heap = test->priv;
	struct sh_central_stats before, after;
	const unsigned int nr = 1000;
	unsigned int class, i, got;
	void **objs;

	objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	sh_fixture_pin();
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		class = sh_size_class(64 << i);
		sh_central_stats(&heap->central[class], &before);
		for (got = 0; got + counts[i] <= nr; got += counts[i])
			KUNIT_ASSERT_EQ(test, counts[i],
					spanheap_alloc_bulk(heap, 64 << i, GFP_KERNEL,
							    counts[i], objs + got));
		sh_central_stats(&heap->central[class], &after);
		/* A batch at a time, but for the first ones, and for ends of spans. */
		KUNIT_EXPECT_LE(test, after.refills - before.refills,
				2 * nr / SH_BATCH_MAX + 6);
		sh_fixture_check(test, heap);
		spanheap_free_bulk(got, objs);
	}
}

/* A slot that cannot hold as many as are wanted each time grows until it can. */
static void cache_test_slots_grow_with_bulks(struct kunit *test)
{
	unsigned int class = sh_size_class(64), i;
	struct spanheap *heap = test->priv;
	struct sh_central_stats before, after;
	const unsigned int nr = 500;
	void **objs;

	objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	sh_fixture_pin();
	for (i = 0; i < 8; i++) {
		sh_central_stats(&heap->central[class], &before);
		KUNIT_ASSERT_EQ(test, nr, spanheap_alloc_bulk(heap, 64, GFP_KERNEL, nr,
							      objs));
		spanheap_free_bulk(nr, objs);
		sh_central_stats(&heap->central[class], &after);
	}
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
}

/* With nothing in any other layer touched. */
static void cache_test_bulk_hits_for_all_or_for_none(struct kunit *test)
{
	unsigned int class = sh_size_class(64), nr;
	struct spanheap *heap = test->priv;
	struct sh_central_stats before, after;
	struct sh_slot_stats slot;
	int cpu = sh_fixture_pin();
	void *objs[SH_BATCH_MAX + 1];

	spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
	slot = slot_stats(heap, cpu, class);
	nr = slot.objects;
	KUNIT_ASSERT_GT(test, nr, 1);
	KUNIT_ASSERT_LE(test, nr, SH_BATCH_MAX);
	sh_central_stats(&heap->central[class], &before);

	KUNIT_EXPECT_FALSE(test, sh_caches_hit_bulk(&heap->caches, class, nr + 1, objs));
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).objects, nr);
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).allocs, slot.allocs);

	KUNIT_ASSERT_TRUE(test, sh_caches_hit_bulk(&heap->caches, class, nr, objs));
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).objects, 0);
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).allocs, slot.allocs + nr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, nr);
	sh_fixture_check(test, heap);
	spanheap_free_bulk(nr, objs);
	sh_central_stats(&heap->central[class], &after);
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
}

/* Who does that takes longer. */
static void cache_test_bulk_does_not_hit_what_is_to_be_sampled(struct kunit *test)
{
	unsigned int class = sh_size_class(64);
	struct spanheap *heap = test->priv;
	struct sh_cache *cache;
	void *objs[4];
	long left;

	cache = per_cpu_ptr(heap->caches.cpu, sh_fixture_pin());
	spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
	left = cache->slot[class].left;
	cache->slot[class].left = 3;
	KUNIT_EXPECT_FALSE(test, sh_caches_hit_bulk(&heap->caches, class, 4, objs));
	KUNIT_ASSERT_TRUE(test, sh_caches_hit_bulk(&heap->caches, class, 3, objs));
	KUNIT_EXPECT_EQ(test, cache->slot[class].left, 0);
	KUNIT_EXPECT_FALSE(test, sh_caches_hit_bulk(&heap->caches, class, 1, objs + 3));
	cache->slot[class].left = left - 3;
	spanheap_free_bulk(3, objs);
}

/* That one bulk takes longer must not make all later ones do so. */
static void hit_after_a_sample(struct kunit *test)
{
	unsigned int class = sh_size_class(64);
	struct spanheap *heap = test->priv;
	struct sh_slot_stats slot;
	struct sh_cache *cache;
	int cpu = sh_fixture_pin();
	void *objs[4];

	cache = per_cpu_ptr(heap->caches.cpu, cpu);
	spanheap_free(spanheap_alloc(heap, 64, GFP_KERNEL));
	slot = slot_stats(heap, cpu, class);
	/* Near the end of a countdown, with as many objects allocated. */
	cache->drawn[class] -= cache->slot[class].left - 3;
	cache->slot[class].left = 3;
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).allocs, slot.allocs);
	KUNIT_ASSERT_EQ(test, spanheap_alloc_bulk(heap, 64, GFP_KERNEL, 4, objs), 4);
	spanheap_free_bulk(4, objs);
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).allocs, slot.allocs + 4);
	KUNIT_ASSERT_TRUE(test, sh_caches_hit_bulk(&heap->caches, class, 4, objs));
	KUNIT_EXPECT_EQ(test, slot_stats(heap, cpu, class).allocs, slot.allocs + 8);
	spanheap_free_bulk(4, objs);
}

static void cache_test_bulk_hits_again_after_a_sample(struct kunit *test)
{
	unsigned long rate = sh_profile_rate;

	/* So high that the next one is far away. */
	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(SH_RATE_MAX), 0);
	hit_after_a_sample(test);
	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(0), 0);
	hit_after_a_sample(test);
	sh_profile_set_rate(rate);
}

/* Random sizes and bounds, and now and then the mark set as by an interrupt. */
static void cache_test_random(struct kunit *test)
{
	unsigned long op, ops = sh_fixture_ops(150000);
	struct spanheap *heap = test->priv;
	struct sh_cache *cache;
	struct rnd_state rnd;
	void *objs[200] = { };
	unsigned int at, wrong = 0;

	sh_test_seed(test, &rnd);
	cache = per_cpu_ptr(heap->caches.cpu, sh_fixture_pin());
	heap->caches.max_bytes = SZ_64K;
	for (op = 0; op < ops; op++) {
		at = sh_test_random(&rnd, ARRAY_SIZE(objs));
		cache->busy = sh_test_random(&rnd, 16) == 0;
		if (objs[at]) {
			wrong += !sh_fixture_intact(objs[at], spanheap_size(objs[at]), at);
			spanheap_free(objs[at]);
			objs[at] = NULL;
		} else {
			objs[at] = spanheap_alloc(heap, 1 + sh_test_random(&rnd, 8 << (at % 9)),
						  GFP_KERNEL);
			sh_fixture_fill(objs[at], spanheap_size(objs[at]), at);
		}
		cache->busy = 0;
		wrong += cache->capacity > SZ_64K;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	sh_fixture_check(test, heap);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
}

/* What all CPUs do to the caches while they have them verified. */
struct traffic {
	struct spanheap *heap;
	const char *wrong;
};

static void use_and_verify(void *arg)
{
	unsigned long op, ops = sh_fixture_ops_each(20000);
	struct traffic *t = arg;
	struct rnd_state rnd;
	const char *wrong;
	void *objs[100];
	size_t size;

	prandom_seed_state(&rnd, raw_smp_processor_id() + 1);
	for (op = 0; op < ops; op++) {
		size = 8 << sh_test_random(&rnd, 8);
		spanheap_free_bulk(spanheap_alloc_bulk(t->heap, size, GFP_KERNEL,
						       ARRAY_SIZE(objs), objs), objs);
		if (op % 4 == 0)
			sh_drain_cpu(&t->heap->caches, -1);
		if (op % 16 == 0) {
			sh_drain_transfers(&t->heap->caches, false);
			wrong = sh_drain_check(t->heap->drains, NULL);
			if (wrong)
				WRITE_ONCE(t->wrong, wrong);
		}
	}
}

static void cache_test_is_verified_amid_traffic(struct kunit *test)
{
	struct traffic t = { .heap = test->priv };

	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(use_and_verify, &t), 0);
	KUNIT_EXPECT_STREQ(test, t.wrong ?: "", "");
	sh_fixture_check(test, t.heap);
}

static struct kunit_case cache_test_cases[] = {
	KUNIT_CASE(cache_test_serves_what_was_freed_last),
	KUNIT_CASE(cache_test_hits_touch_no_span),
	KUNIT_CASE(cache_test_keeps_objects_freed_elsewhere),
	KUNIT_CASE(cache_test_a_busy_cache_is_left_alone),
	KUNIT_CASE(cache_test_no_bytes_means_no_cache),
	KUNIT_CASE(cache_test_slots_grow_with_use),
	KUNIT_CASE(cache_test_stays_within_its_bytes),
	KUNIT_CASE(cache_test_busy_classes_take_from_idle_ones),
	KUNIT_CASE(cache_test_moves_half_of_a_small_slot),
	KUNIT_CASE(cache_test_remote_frees_come_back_in_batches),
	KUNIT_CASE(cache_test_bulk_takes_from_the_slot_first),
	KUNIT_CASE(cache_test_bulk_that_misses_fills_the_slot),
	KUNIT_CASE(cache_test_slots_grow_with_bulks),
	KUNIT_CASE(cache_test_bulk_hits_for_all_or_for_none),
	KUNIT_CASE(cache_test_bulk_does_not_hit_what_is_to_be_sampled),
	KUNIT_CASE(cache_test_bulk_hits_again_after_a_sample),
	KUNIT_CASE(cache_test_is_verified_amid_traffic),
	KUNIT_CASE(cache_test_random),
	{ }
};

static struct kunit_suite cache_test_suite = {
	.name = "spanheap_cache",
	.init = sh_fixture_still_init,
	.exit = sh_fixture_exit,
	.test_cases = cache_test_cases,
};

kunit_test_suite(cache_test_suite);
