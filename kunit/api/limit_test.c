// SPDX-License-Identifier: GPL-2.0
/*
 * Limits: what counts, what is refused, and what is given back before that.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "lib/fixture.h"
#include "pages/quota.h"

#define QUIET		(GFP_KERNEL | __GFP_NOWARN)
#define QUIET_ATOMIC	(GFP_ATOMIC | __GFP_NOWARN)

static long idle_arena_bytes(struct spanheap *heap)
{
	return atomic_long_read(&heap->meta.arenas) -
	       atomic_long_read(&heap->meta.arenas_used);
}

/*
 * Everything that a limit bounds: not what is kept about idle arenas. These come and
 * go with a worker; the figures are of one moment if none did meanwhile.
 */
static u64 total(struct spanheap *heap)
{
	struct spanheap_stats s;
	long idle;

	do {
		idle = idle_arena_bytes(heap);
		s = sh_fixture_stats(heap);
	} while (idle_arena_bytes(heap) != idle);
	return s.resident + s.span_meta + s.cache_meta + s.other_meta - idle;
}

/* Kept out of line: each copy of all figures takes place on the stack. */
static noinline_for_stack u64 resident(struct spanheap *heap)
{
	return sh_fixture_stats(heap).resident;
}

static u64 given_back(struct spanheap *heap)
{
	return heap->scavenger.bytes[SH_SCAVENGE_LIMIT];
}

/* Set a limit and leave it at that. */
static void set_limit_only(struct spanheap *heap, u64 bytes)
{
	heap->ph.limit = bytes >> SH_PAGE_SHIFT;
}

static void limit_test_bounds_resident_memory(struct kunit *test)
{
	/* The last takes many more spans of the same memory than what was before. */
	static const size_t sizes[] = { 4000, SZ_16K, 56000, SZ_512K, 8000 };
	struct spanheap *heap = test->priv;
	void **objs = kunit_kcalloc(test, 2048, sizeof(*objs), GFP_KERNEL);
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_EXPECT_EQ(test, spanheap_set_limit(heap, SZ_4M), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).limit, SZ_4M);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		nr = sh_fixture_fill_up(heap, sizes[i], objs, 2048);
		KUNIT_EXPECT_LT(test, nr * sizes[i], SZ_4M);
		/* An arena may be what does not fit. */
		KUNIT_EXPECT_GT(test, nr * sizes[i], SZ_2M);
		KUNIT_EXPECT_LE(test, total(heap), SZ_4M);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, i + 1);
		sh_fixture_expect_intact(test, sizes[i], objs, nr);
		spanheap_free_bulk(nr, objs);
		sh_fixture_check(test, heap);
		/* Who failed has disturbed others, which may be done ten times a second. */
		msleep(200);
	}
}

/**
 * struct linked - an object that leads to the one before
 * @next: that one
 */
struct linked {
	struct linked *next;
};

static void ignore(void *ptr, size_t size, void *arg)
{
}

/* Give all of them finalizers, as far as that goes. Returns how many have none. */
static unsigned int finalize_all(struct linked *objs)
{
	unsigned int refused = 0;

	for (; objs; objs = objs->next) {
		refused += spanheap_set_finalizer(objs, ignore, NULL) == -ENOMEM;
		cond_resched();
	}
	return refused;
}

/* What is kept about small objects may be much more than they are. */
static void limit_test_bounds_what_is_kept_about_objects(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct linked *objs = NULL, *obj;
	unsigned int nr = 0;

	KUNIT_EXPECT_EQ(test, spanheap_set_limit(heap, SPANHEAP_LIMIT_MIN), 0);
	while ((obj = spanheap_alloc(heap, sizeof(*obj), QUIET))) {
		obj->next = objs;
		objs = obj;
		nr++;
		cond_resched();
	}
	KUNIT_EXPECT_GT(test, finalize_all(objs), nr / 2);
	KUNIT_EXPECT_LE(test, total(heap) + sh_fixture_stats(heap).special_meta,
			SPANHEAP_LIMIT_MIN);
	sh_fixture_check(test, heap);
	while ((obj = objs)) {
		objs = obj->next;
		spanheap_clear_finalizer(obj);
		spanheap_free(obj);
		cond_resched();
	}
}

/* What a class freed is of use to another at the limit. */
static void limit_test_makes_room_at_the_limit(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void **objs = kunit_kcalloc(test, 2048, sizeof(*objs), GFP_KERNEL);
	unsigned int i, nr;
	void *obj;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	spanheap_set_limit(heap, SZ_4M);
	for (i = 0; i < 6; i++) {
		nr = sh_fixture_fill_up(heap, 2048 << i, objs, 2048);
		spanheap_free_bulk(nr, objs);
		obj = spanheap_alloc(heap, SZ_1M, QUIET);
		KUNIT_EXPECT_NOT_NULL(test, obj);
		KUNIT_EXPECT_LE(test, total(heap), SZ_4M);
		spanheap_free(obj);
	}
}

static void limit_test_zero_is_none(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj;

	spanheap_set_limit(heap, SZ_1M);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_2M, QUIET));
	spanheap_set_limit(heap, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).limit, 0);
	obj = spanheap_alloc(heap, SZ_2M, QUIET);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
}

/* Objects stay, however low the limit; what is idle goes now. */
static void limit_test_may_be_lowered_below_use(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int nr = 64;
	void *objs[64];
	u64 before;

	KUNIT_ASSERT_EQ(test, sh_fixture_fill_up(heap, SZ_64K, objs, nr), nr);
	KUNIT_EXPECT_EQ(test, spanheap_set_limit(heap, SZ_512K), 0);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_1M, QUIET));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, nr);
	sh_fixture_expect_intact(test, SZ_64K, objs, nr);
	spanheap_free_bulk(nr / 2, objs + nr / 2);
	before = resident(heap);
	spanheap_set_limit(heap, SPANHEAP_LIMIT_MIN);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, resident(heap), nr / 2 * SZ_64K);
	KUNIT_EXPECT_EQ(test, given_back(heap), before - resident(heap));
	KUNIT_EXPECT_GT(test, given_back(heap), 0);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_1M, QUIET));
	sh_fixture_expect_intact(test, SZ_64K, objs, nr / 2);
	/* Once enough is freed there is room again. */
	spanheap_set_limit(heap, SZ_2M);
	spanheap_free_bulk(nr / 2, objs);
	objs[0] = spanheap_alloc(heap, SZ_512K, QUIET);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	spanheap_free(objs[0]);
}

/* Page tables of arenas with nothing in use do not count; of others they do. */
static void limit_test_idle_arenas_do_not_count(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned long before = sh_pageheap_meta(&heap->ph);
	void *obj;

	obj = spanheap_alloc(heap, SZ_64M, QUIET);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	flush_work(&heap->ph.reserve);
	KUNIT_EXPECT_GE(test, sh_pageheap_meta(&heap->ph), before + SZ_64M / 512);
	spanheap_free(obj);
	KUNIT_EXPECT_LT(test, sh_pageheap_meta(&heap->ph), before + SZ_32K);
}

/* Arenas are in proportion to the limit, the first one as well. */
static void limit_test_bounds_arenas(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-arenas", SZ_1M);
	struct sh_arena *arena;

	list_for_each_entry(arena, &heap->ph.arenas, link)
		KUNIT_EXPECT_LE(test, arena->nr_pages, SZ_1M >> SH_PAGE_SHIFT);
	sh_fixture_destroy(test, heap);
}

/* A limit that nothing would fit in is none, and both calls round the same way. */
static void limit_test_the_least_and_its_rounding(struct kunit *test)
{
	const size_t least = SPANHEAP_LIMIT_MIN;
	struct spanheap *other = sh_fixture_create(test, "kunit-least", least + 8191);
	struct spanheap *heap = test->priv;

	KUNIT_EXPECT_EQ(test, sh_fixture_stats(other).limit, least);
	sh_fixture_destroy(test, other);
	KUNIT_EXPECT_EQ(test, spanheap_set_limit(heap, SZ_1M), 0);
	KUNIT_EXPECT_EQ(test, spanheap_set_limit(heap, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_set_limit(heap, least - 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).limit, SZ_1M);
	KUNIT_EXPECT_EQ(test, spanheap_set_limit(heap, least + 8191), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).limit, least);
}

/* Half of the smallest limit is there for small objects, also the first time. */
static void limit_test_half_of_the_least_can_be_used(struct kunit *test)
{
	static const size_t sizes[] = { 64, 1000, 4000, SZ_8K, SZ_16K };
	unsigned int most = SPANHEAP_LIMIT_MIN / 64, nr;
	void **objs = kvcalloc(most, sizeof(*objs), GFP_KERNEL);
	struct spanheap *heap;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		heap = sh_fixture_create(test, "kunit-least", SPANHEAP_LIMIT_MIN);
		nr = sh_fixture_fill_up(heap, sizes[i], objs, most);
		KUNIT_EXPECT_GE_MSG(test, nr * sizes[i], SPANHEAP_LIMIT_MIN / 2,
				    "%zu bytes", sizes[i]);
		sh_fixture_expect_intact(test, sizes[i], objs, nr);
		spanheap_free_bulk(nr, objs);
		sh_fixture_destroy(test, heap);
	}
	kvfree(objs);
}

/* Of what all CPUs cache together there is room for in an eighth of the limit. */
static void limit_test_bounds_what_is_cached(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-cached", SZ_16M);
	size_t share = SZ_16M / 8 / num_online_cpus();

	KUNIT_EXPECT_LE(test, heap->caches.max_bytes, share);
	KUNIT_EXPECT_LE(test, heap->rcs.max_pages, share >> SH_PAGE_SHIFT);
	spanheap_set_limit(heap, SZ_2M);
	KUNIT_EXPECT_LE(test, heap->caches.max_bytes, share / 8);
	KUNIT_EXPECT_LE(test, heap->rcs.max_pages, share / 8 >> SH_PAGE_SHIFT);
	spanheap_set_limit(heap, 0);
	KUNIT_EXPECT_EQ(test, heap->rcs.max_pages, SH_RUNCACHE_PAGES);
	sh_fixture_destroy(test, heap);
}

/*
 * A heap at its limit with 4 MiB of it idle, in this CPU's run cache and in
 * arenas of which each is idle as a whole, if they have memory of their own.
 */
static void make_idle(struct kunit *test, void **keep)
{
	struct spanheap *heap = test->priv;
	void *objs[12];

	sh_fixture_pin();
	KUNIT_ASSERT_EQ(test, sh_fixture_fill_up(heap, SZ_512K, objs, 12), 12);
	memcpy(keep, objs, 4 * sizeof(*keep));
	spanheap_free_bulk(8, objs + 4);
	set_limit_only(heap, total(heap) + SZ_256K);
}

static void limit_test_idle_memory_goes_before_an_allocation_fails(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *keep[4], *obj;

	make_idle(test, keep);
	obj = spanheap_alloc(heap, SZ_2M, QUIET);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	/* Adjacent as they are, runs are used as they are. */
	if (!SH_ARENA_SPARSE)
		KUNIT_EXPECT_GE(test, given_back(heap), SZ_1M);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 0);
	KUNIT_EXPECT_LE(test, total(heap), sh_fixture_stats(heap).limit);
	sh_fixture_expect_intact(test, SZ_512K, keep, 4);
	spanheap_free(obj);
	spanheap_free_bulk(4, keep);
}

/* A bulk goes on with what a pass over idle memory brings. */
static void limit_test_idle_memory_goes_before_a_bulk_ends(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int nr = SZ_2M / SZ_16K;
	void *keep[4], **objs;

	objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	make_idle(test, keep);
	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(heap, SZ_16K, QUIET, nr, objs), nr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 0);
	sh_fixture_expect_intact(test, SZ_512K, keep, 4);
	spanheap_free_bulk(nr, objs);
	spanheap_free_bulk(4, keep);
}

/* What is near needs no sleep; nothing else is done for who may not. */
static void limit_test_atomic_allocations_wait_for_nothing(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *keep[4], *obj;
	unsigned long flags;
	spinlock_t lock;	/* so as to be atomic */
	u64 busy_ns;

	make_idle(test, keep);
	busy_ns = heap->scavenger.busy_ns;
	spin_lock_init(&lock);
	spin_lock_irqsave(&lock, flags);
	obj = spanheap_alloc(heap, SZ_2M, QUIET_ATOMIC);
	spin_unlock_irqrestore(&lock, flags);
	/* All that was freed is one run, unless arenas are smaller. */
	KUNIT_EXPECT_EQ(test, !!obj, SH_ARENA_SPARSE);
	spanheap_free(obj);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_8M, GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, given_back(heap), 0);
	KUNIT_EXPECT_EQ(test, heap->scavenger.busy_ns, busy_ns);
	/* What is there already needs nothing back. */
	obj = spanheap_alloc(heap, SZ_512K, QUIET_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	spanheap_free_bulk(4, keep);
}

static void limit_test_too_much_fails_all_the_same(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *keep[4];

	make_idle(test, keep);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_16M, QUIET));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 1);
	sh_fixture_expect_intact(test, SZ_512K, keep, 4);
	spanheap_free_bulk(4, keep);
}

/* An allocation that cannot be helped does not stop CPUs for nothing. */
static void limit_test_nothing_idle_means_no_pass(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj;
	u64 busy_ns;

	obj = spanheap_alloc(heap, SZ_1M, QUIET);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	spanheap_set_limit(heap, SZ_1M);
	busy_ns = heap->scavenger.busy_ns;
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_2M, QUIET));
	KUNIT_EXPECT_EQ(test, heap->scavenger.busy_ns, busy_ns);
	spanheap_free(obj);
}

static void limit_test_no_limit_means_no_pass(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	u64 busy_ns = heap->scavenger.busy_ns;

	spanheap_free(spanheap_alloc(heap, 100, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SIZE_MAX / 4, QUIET));
	KUNIT_EXPECT_EQ(test, heap->scavenger.busy_ns, busy_ns);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 1);
}

/*
 * What can never fit leaves nothing behind that counts, whoever asked for it: no
 * arena, no page tables. So it is refused alone, and nobody is drained for it.
 */
static void limit_test_a_refusal_is_no_harm_to_others(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-refusal", SZ_4M);
	static const gfp_t flags[] = { QUIET, QUIET_ATOMIC };
	struct spanheap_stats before, after;
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		flush_work(&heap->ph.reserve);
		before = sh_fixture_stats(heap);
		KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_512M, flags[i]));
		KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_4M, flags[i]));
		flush_work(&heap->ph.reserve);
		after = sh_fixture_stats(heap);
		KUNIT_EXPECT_EQ(test, after.arenas, before.arenas);
		KUNIT_EXPECT_EQ(test, after.other_meta, before.other_meta);
		obj = spanheap_alloc(heap, 20000, QUIET_ATOMIC);
		KUNIT_EXPECT_NOT_NULL(test, obj);
		spanheap_free(obj);
	}
	sh_fixture_destroy(test, heap);
}

/* A heap full of what only its users can free is not searched for more each time. */
static void limit_test_users_objects_are_not_looked_for(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-full", SZ_8M);
	void *objs[128], *obj;
	unsigned int nr, i;
	u64 before;

	nr = sh_fixture_fill_up(heap, SZ_64K, objs, ARRAY_SIZE(objs));
	KUNIT_ASSERT_GT(test, nr, 32);
	spanheap_free(objs[--nr]);
	before = given_back(heap);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SZ_4M, QUIET));
	KUNIT_EXPECT_EQ(test, given_back(heap), before);
	obj = spanheap_alloc(heap, SZ_64K, QUIET);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	sh_fixture_expect_intact(test, SZ_64K, objs, nr);
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

static struct kunit_case limit_test_cases[] = {
	KUNIT_CASE(limit_test_bounds_resident_memory),
	KUNIT_CASE(limit_test_bounds_what_is_kept_about_objects),
	KUNIT_CASE(limit_test_makes_room_at_the_limit),
	KUNIT_CASE(limit_test_zero_is_none),
	KUNIT_CASE(limit_test_may_be_lowered_below_use),
	KUNIT_CASE(limit_test_idle_arenas_do_not_count),
	KUNIT_CASE(limit_test_bounds_arenas),
	KUNIT_CASE(limit_test_the_least_and_its_rounding),
	KUNIT_CASE(limit_test_half_of_the_least_can_be_used),
	KUNIT_CASE(limit_test_bounds_what_is_cached),
	KUNIT_CASE(limit_test_idle_memory_goes_before_an_allocation_fails),
	KUNIT_CASE(limit_test_idle_memory_goes_before_a_bulk_ends),
	KUNIT_CASE(limit_test_atomic_allocations_wait_for_nothing),
	KUNIT_CASE(limit_test_too_much_fails_all_the_same),
	KUNIT_CASE(limit_test_nothing_idle_means_no_pass),
	KUNIT_CASE(limit_test_no_limit_means_no_pass),
	KUNIT_CASE(limit_test_a_refusal_is_no_harm_to_others),
	KUNIT_CASE(limit_test_users_objects_are_not_looked_for),
	{ }
};

static struct kunit_suite limit_test_suite = {
	.name = "spanheap_limit",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = limit_test_cases,
};

kunit_test_suite(limit_test_suite);
