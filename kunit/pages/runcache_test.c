// SPDX-License-Identifier: GPL-2.0
/*
 * Run caches: which run is handed out again, how many are kept, and which way
 * the others go.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/percpu.h>

#include "lib/fixture.h"
#include "lib/pages.h"
#include "pages/release.h"
#include "pages/runcache.h"
#include "pages/splice.h"
#include "span/pagemap.h"

/* The caches of this case, below it a page heap; it runs on one CPU. */
static struct sh_runcaches *caches_of(struct kunit *test)
{
	return test->priv;
}

static struct sh_runcache *this_cache(struct kunit *test)
{
	return per_cpu_ptr(caches_of(test)->cpu, raw_smp_processor_id());
}

static struct sh_runcache_stats stats_of(struct kunit *test)
{
	struct sh_runcache_stats stats;

	sh_runcaches_stats(caches_of(test), &stats);
	return stats;
}

static struct sh_span *alloc_kind(struct kunit *test, unsigned long nr_pages,
				  unsigned int kind)
{
	struct sh_span *span;

	span = sh_run_alloc(caches_of(test), nr_pages, 1, kind, GFP_KERNEL,
			    NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_ASSERT_EQ(test, span->nr_pages, nr_pages);
	KUNIT_ASSERT_EQ(test, span->state, SH_SPAN_HELD);
	KUNIT_ASSERT_EQ(test, span->released, 0);
	KUNIT_ASSERT_GE(test, span->kind, kind);
	return span;
}

static struct sh_span *alloc_run(struct kunit *test, unsigned long nr_pages)
{
	return alloc_kind(test, nr_pages, 0);
}

/*
 * Spans in use that no two of are adjacent, from the page heap: nothing is
 * fetched ahead for them.
 */
static void alloc_apart(struct kunit *test, struct sh_span **spans,
			unsigned int nr, unsigned long nr_pages)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		spans[i] = sh_pages_alloc(test, caches_of(test)->ph, nr_pages + 1);
		sh_pages_cut(test, caches_of(test)->ph, spans[i], nr_pages);
	}
}

/* Whether a span that was freed is still in a cache, not in the page heap. */
static bool is_cached(const struct sh_span *span)
{
	return span->state == SH_SPAN_HELD;
}

static void verify(struct kunit *test)
{
	struct sh_runcache_stats stats = stats_of(test);
	struct sh_runcache *rc = this_cache(test);
	unsigned int pages = 0, released = 0, i;

	KUNIT_ASSERT_LE(test, rc->nr, SH_RUNCACHE_RUNS);
	KUNIT_ASSERT_LE(test, rc->pages, SH_RUNCACHE_PAGES);
	for (i = 0; i < rc->nr; i++) {
		struct sh_span *span = rc->run[i].span;

		KUNIT_ASSERT_EQ(test, rc->run[i].nr_pages, span->nr_pages);
		KUNIT_ASSERT_EQ(test, rc->run[i].kind, span->kind);
		KUNIT_ASSERT_EQ(test, span->state, SH_SPAN_HELD);
		pages += span->nr_pages;
		released += span->released;
	}
	KUNIT_ASSERT_EQ(test, rc->pages, pages);
	KUNIT_ASSERT_EQ(test, rc->released, released);
	KUNIT_ASSERT_EQ(test, stats.runs, rc->nr);
	KUNIT_ASSERT_EQ(test, stats.pages, pages);
	KUNIT_ASSERT_EQ(test, stats.released, released);
	KUNIT_ASSERT_EQ(test, rc->busy, 0);
	sh_pages_verify(test, caches_of(test)->ph);
}

static void runcache_test_serves_what_was_freed_last(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_runcache *rc = this_cache(test);
	struct sh_span *a = alloc_run(test, 13), *b = alloc_run(test, 13);
	struct sh_span *c = alloc_run(test, 15);
	unsigned long hits = rc->hits, misses = rc->misses;

	sh_run_free(rcs, a);
	sh_run_free(rcs, b);
	sh_run_free(rcs, c);
	verify(test);
	KUNIT_EXPECT_EQ(test, rc->nr, 3);
	KUNIT_EXPECT_PTR_EQ(test, alloc_run(test, 13), b);
	KUNIT_EXPECT_PTR_EQ(test, alloc_run(test, 13), a);
	KUNIT_EXPECT_EQ(test, rc->hits, hits + 2);
	KUNIT_EXPECT_EQ(test, rc->misses, misses);
	/* Neither more nor fewer pages will do. */
	KUNIT_EXPECT_PTR_NE(test, alloc_run(test, 14), c);
	KUNIT_EXPECT_EQ(test, rc->misses, misses + 1);
	KUNIT_EXPECT_PTR_EQ(test, alloc_run(test, 15), c);
	KUNIT_EXPECT_EQ(test, rc->nr, 0);
	verify(test);
}

static void runcache_test_records_are_large_enough(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_span *small = alloc_kind(test, 12, 1);
	struct sh_span *large = alloc_kind(test, 12, 4), *span;

	sh_run_free(rcs, large);
	sh_run_free(rcs, small);
	span = alloc_kind(test, 12, 3);
	KUNIT_EXPECT_PTR_EQ(test, span, large);
	span = alloc_kind(test, 12, 2);
	KUNIT_EXPECT_PTR_NE(test, span, small);
	KUNIT_EXPECT_EQ(test, this_cache(test)->nr, 1);
	KUNIT_EXPECT_PTR_EQ(test, alloc_kind(test, 12, 0), small);
	verify(test);
}

/* A run of @nr_pages at an address that is a multiple of @align, or is not. */
static struct sh_span *alloc_where(struct kunit *test, u32 nr_pages,
				   unsigned long align, bool aligned)
{
	struct sh_span *span;

	do {
		span = sh_pages_alloc(test, caches_of(test)->ph, 1);
		span = sh_pages_alloc(test, caches_of(test)->ph, nr_pages);
	} while (!sh_run_skip(span, align) != aligned);
	return span;
}

static void runcache_test_aligned_requests_pass_others_by(struct kunit *test)
{
	struct sh_span *wrong = alloc_where(test, 8, 8, false), *right, *span;
	struct sh_runcaches *rcs = caches_of(test);
	unsigned long align;

	sh_run_free(rcs, wrong);
	for (align = 8; align <= 64; align *= 2) {
		span = sh_run_alloc(rcs, 8, align, 0, GFP_KERNEL, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, span);
		KUNIT_EXPECT_EQ(test, span->nr_pages, 8);
		KUNIT_EXPECT_EQ(test, sh_run_skip(span, align), 0);
	}
	right = alloc_where(test, 8, 8, true);
	sh_run_free(rcs, right);
	span = alloc_where(test, 8, 8, false);
	sh_run_free(rcs, span);
	KUNIT_EXPECT_EQ(test, this_cache(test)->nr, 3);
	KUNIT_EXPECT_PTR_EQ(test, sh_run_alloc(rcs, 8, 8, 0, GFP_KERNEL,
					       NUMA_NO_NODE), right);
	KUNIT_EXPECT_PTR_EQ(test, alloc_run(test, 8), span);
	KUNIT_EXPECT_PTR_EQ(test, alloc_run(test, 8), wrong);
	verify(test);
}

/* Those that are fetched ahead are as aligned as the one that is asked for. */
static void runcache_test_fetches_aligned_runs(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_span *span;
	unsigned int i;

	/* So that the free run to cut them from begins at an odd page. */
	span = alloc_where(test, 1, 2, true);
	sh_pages_free(rcs->ph, sh_pages_alloc(test, rcs->ph, 40));
	for (i = 0; i < 2 * SH_RUNCACHE_BATCH; i++) {
		span = sh_run_alloc(rcs, 2, 2, 0, GFP_KERNEL, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, span);
		KUNIT_EXPECT_EQ(test, span->nr_pages, 2);
		KUNIT_EXPECT_EQ(test, sh_run_skip(span, 2), 0);
	}
	KUNIT_EXPECT_GE(test, this_cache(test)->hits, SH_RUNCACHE_BATCH - 1);
	verify(test);
}

static void runcache_test_the_oldest_of_too_many_go(struct kunit *test)
{
	struct sh_span *spans[SH_RUNCACHE_RUNS + 1];
	struct sh_runcaches *rcs = caches_of(test);
	unsigned int i;

	alloc_apart(test, spans, ARRAY_SIZE(spans), 11);
	for (i = 0; i < SH_RUNCACHE_RUNS; i++)
		sh_run_free(rcs, spans[i]);
	KUNIT_EXPECT_EQ(test, this_cache(test)->nr, SH_RUNCACHE_RUNS);
	KUNIT_EXPECT_EQ(test, stats_of(test).pages, 11 * SH_RUNCACHE_RUNS);
	verify(test);
	/* One more than there is room for moves a batch. */
	sh_run_free(rcs, spans[i]);
	for (i = 0; i < ARRAY_SIZE(spans); i++)
		KUNIT_EXPECT_EQ(test, is_cached(spans[i]), i >= SH_RUNCACHE_BATCH);
	verify(test);
}

static void runcache_test_the_oldest_of_too_long_ones_go(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_span *few[10], *rest[4];
	unsigned int i;

	alloc_apart(test, few, ARRAY_SIZE(few), 10);
	alloc_apart(test, rest, 4, SH_RUNCACHE_PAGES / 4);
	for (i = 0; i < 10; i++)
		sh_run_free(rcs, few[i]);
	for (i = 0; i < 3; i++)
		sh_run_free(rcs, rest[i]);
	KUNIT_EXPECT_EQ(test, this_cache(test)->nr, 13);
	verify(test);
	/* More than a batch, if that does not make enough room. */
	sh_run_free(rcs, rest[3]);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_FALSE(test, is_cached(few[i]));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, is_cached(rest[i]));
	verify(test);
}

/* A run as long as the bound leaves nothing else in, a longer one stays out. */
static void runcache_test_a_very_long_run_may_be_the_only_one(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_span *all = alloc_run(test, SH_RUNCACHE_PAGES);
	struct sh_span *more = alloc_run(test, SH_RUNCACHE_PAGES + 1);
	struct sh_span *spans[12];
	unsigned int i;

	alloc_apart(test, spans, ARRAY_SIZE(spans), 12);
	for (i = 0; i < ARRAY_SIZE(spans); i++)
		sh_run_free(rcs, spans[i]);
	sh_run_free(rcs, more);
	KUNIT_EXPECT_EQ(test, this_cache(test)->nr, 12);
	sh_run_free(rcs, all);
	KUNIT_EXPECT_EQ(test, this_cache(test)->nr, 1);
	verify(test);
	KUNIT_EXPECT_PTR_EQ(test, alloc_run(test, SH_RUNCACHE_PAGES), all);
	verify(test);
}

/* With the mark set by hand this is an interrupt in the middle of a use. */
static void runcache_test_a_busy_cache_is_left_alone(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_runcache *rc = this_cache(test), before;
	struct sh_span *spans[4], *span;
	unsigned int i;

	alloc_apart(test, spans, 4, 3);
	sh_run_free(rcs, spans[0]);
	sh_run_free(rcs, spans[1]);
	rc->busy = 1;
	before = *rc;
	for (i = 0; i < 3; i++) {
		span = alloc_run(test, 3);
		KUNIT_EXPECT_PTR_NE(test, span, spans[0]);
		KUNIT_EXPECT_PTR_NE(test, span, spans[1]);
	}
	sh_run_free(rcs, spans[2]);
	KUNIT_EXPECT_FALSE(test, is_cached(spans[2]));
	sh_runcaches_drain(rcs, -1);
	/* The calls count themselves all the same. */
	before.begun = rc->begun;
	before.ended = rc->ended;
	KUNIT_EXPECT_MEMEQ(test, rc, &before, sizeof(before));
	KUNIT_EXPECT_FALSE(test, sh_inflight_any(rcs));
	rc->busy = 0;
	verify(test);
	KUNIT_EXPECT_PTR_EQ(test, alloc_run(test, 3), spans[1]);
	verify(test);
}

/* Fetching makes do with the records there are: let there be one. */
static void make_record(struct kunit *test)
{
	struct sh_pageheap *ph = caches_of(test)->ph;
	struct sh_span *record = sh_record_new(ph, 0, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, record);
	sh_record_free(ph, record);
}

static void runcache_test_fetches_short_runs_ahead(struct kunit *test)
{
	struct sh_runcache *rc = this_cache(test);
	u32 nr;

	/* The first finds an empty heap, so there is nothing to fetch. */
	alloc_run(test, 1);
	KUNIT_EXPECT_EQ(test, rc->nr, 0);
	for (nr = 1; nr <= 2; nr++) {
		make_record(test);
		alloc_run(test, nr);
		KUNIT_EXPECT_EQ(test, rc->nr, SH_RUNCACHE_BATCH - 1);
		KUNIT_EXPECT_EQ(test, rc->pages, nr * (SH_RUNCACHE_BATCH - 1));
		verify(test);
		while (rc->nr)
			alloc_run(test, nr);
		verify(test);
	}
	alloc_run(test, 3);
	KUNIT_EXPECT_EQ(test, rc->nr, 0);
	verify(test);
}

/* They have no memory until they are used, and are not counted as if they had. */
static void runcache_test_fetched_runs_are_populated_on_use(struct kunit *test)
{
	struct sh_runcache *rc = this_cache(test);
	struct sh_span *span;
	unsigned int left;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here have all of their memory");
	alloc_run(test, 1);
	make_record(test);
	alloc_run(test, 2);
	KUNIT_ASSERT_EQ(test, rc->nr, SH_RUNCACHE_BATCH - 1);
	for (left = rc->nr; left; left--) {
		KUNIT_EXPECT_EQ(test, stats_of(test).released, 2 * left);
		span = alloc_run(test, 2);
		KUNIT_EXPECT_EQ(test, rc->nr, left - 1);
		sh_pages_fill(sh_span_base(span), 2, left);
		KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(span), 2, left));
		verify(test);
	}
}

/* Nor does a freed one that lost some of its memory count as resident. */
static void runcache_test_counts_released_pages(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_span *span[2];

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here keep their memory");
	alloc_apart(test, span, 2, 12);
	sh_pages_release(span[0], 2, 3);
	sh_pages_release(span[1], 0, 12);
	sh_run_free(rcs, span[0]);
	sh_run_free(rcs, span[1]);
	KUNIT_EXPECT_EQ(test, stats_of(test).released, 15);
	verify(test);
	alloc_run(test, 12);
	KUNIT_EXPECT_EQ(test, stats_of(test).released, 3);
	alloc_run(test, 12);
	KUNIT_EXPECT_EQ(test, stats_of(test).released, 0);
	verify(test);
}

static void runcache_test_freed_runs_are_nobodys(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_span *span = alloc_run(test, 12);

	span->key |= 9;
	span->state = SH_SPAN_SMALL;
	span->dirty = false;
	sh_run_free(rcs, span);
	KUNIT_EXPECT_EQ(test, span->state, SH_SPAN_HELD);
	KUNIT_EXPECT_EQ(test, sh_span_class(span), 0);
	/* Whatever it held, its owner may have written to it. */
	KUNIT_EXPECT_TRUE(test, span->dirty);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_get(sh_span_base(span) + SH_PAGE_SIZE), span);
	verify(test);
}

static void runcache_test_draining_gives_all_back(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_span *spans[9];
	unsigned int i;

	alloc_apart(test, spans, ARRAY_SIZE(spans), 10);
	for (i = 0; i < ARRAY_SIZE(spans); i++)
		sh_run_free(rcs, spans[i]);
	sh_runcaches_drain(rcs, -1);
	for (i = 0; i < ARRAY_SIZE(spans); i++)
		KUNIT_EXPECT_FALSE(test, is_cached(spans[i]));
	KUNIT_EXPECT_EQ(test, stats_of(test).runs, 0);
	verify(test);
	sh_runcaches_drain(rcs, -1);
	verify(test);
}

/* A CPU that nobody uses meanwhile, as if it were offline. */
static void runcache_test_drains_other_cpus(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);
	int cpu = raw_smp_processor_id(), other;
	struct sh_runcache *own = this_cache(test), *rc;
	struct sh_span *spans[2];

	for_each_possible_cpu(other)
		if (other != cpu)
			break;
	if (other >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	rc = per_cpu_ptr(rcs->cpu, other);
	alloc_apart(test, spans, 2, 10);
	sh_run_free(rcs, spans[0]);
	*rc = *own;
	memset(own, 0, sizeof(*own));
	sh_run_free(rcs, spans[1]);
	KUNIT_EXPECT_EQ(test, stats_of(test).runs, 2);
	KUNIT_EXPECT_EQ(test, stats_of(test).pages, 20);
	sh_runcaches_drain(rcs, other);
	KUNIT_EXPECT_FALSE(test, is_cached(spans[0]));
	KUNIT_EXPECT_TRUE(test, is_cached(spans[1]));
	KUNIT_EXPECT_EQ(test, rc->nr, 0);
	verify(test);
}

/* When there is no memory for a run it is in none of the caches. */
static void runcache_test_refuses_what_is_over_the_limit(struct kunit *test)
{
	struct sh_runcaches *rcs = caches_of(test);

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here have all of their memory");
	alloc_run(test, 12);
	rcs->ph->limit = 1;
	KUNIT_EXPECT_NULL(test, sh_run_alloc(rcs, 12, 1, 0, QUIET, NUMA_NO_NODE));
	KUNIT_EXPECT_NULL(test, sh_run_alloc(rcs, 2, 1, 0, QUIET, NUMA_NO_NODE));
	KUNIT_EXPECT_EQ(test, this_cache(test)->nr, 0);
	verify(test);
	rcs->ph->limit = 0;
	alloc_run(test, 2);
	verify(test);
}

struct live {
	struct sh_span *span;
	unsigned long base;
	u32 nr_pages;
};

static void random_step(struct kunit *test, struct rnd_state *rnd,
			struct live *live)
{
	static const u32 lengths[] = { 1, 1, 2, 4, 12, 12, 40, 200 };
	struct sh_runcaches *rcs = caches_of(test);

	if (live->span) {
		KUNIT_ASSERT_EQ(test, sh_span_base(live->span), live->base);
		KUNIT_ASSERT_TRUE(test, sh_pages_intact(live->base, live->nr_pages,
							live->nr_pages));
		sh_run_free(rcs, live->span);
		live->span = NULL;
		return;
	}
	live->nr_pages = lengths[sh_test_random(rnd, ARRAY_SIZE(lengths))];
	live->span = alloc_kind(test, live->nr_pages, sh_test_random(rnd, 3));
	live->base = sh_span_base(live->span);
	sh_pages_fill(live->base, live->nr_pages, live->nr_pages);
}

static void runcache_test_random(struct kunit *test)
{
	unsigned long n, ops = sh_fixture_ops(40000), unused;
	struct sh_runcaches *rcs = caches_of(test);
	struct sh_runcache *rc = this_cache(test);
	struct live live[40] = {};
	struct rnd_state rnd;

	sh_test_seed(test, &rnd);
	for (n = 0; n < ops; n++) {
		rc->busy = !sh_test_random(&rnd, 16);
		random_step(test, &rnd, &live[sh_test_random(&rnd, ARRAY_SIZE(live))]);
		rc->busy = 0;
		if (n % 500 == 0)
			verify(test);
		if (!sh_test_random(&rnd, 100))
			sh_runcaches_drain(rcs, -1);
		if (!sh_test_random(&rnd, 100))
			sh_pageheap_release(rcs->ph, ULONG_MAX, 0, &unused);
	}
	for (n = 0; n < ARRAY_SIZE(live); n++)
		if (live[n].span)
			random_step(test, &rnd, &live[n]);
	sh_runcaches_drain(rcs, -1);
	verify(test);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(rcs->ph).idle, sh_pages_stats(rcs->ph).sys);
	kunit_info(test, "%lu hits, %lu misses\n", rc->hits, rc->misses);
}

static void destroy_caches(void *rcs)
{
	sh_runcaches_exit(rcs);
}

static int runcache_test_init(struct kunit *test)
{
	struct sh_runcaches *rcs = kunit_kzalloc(test, sizeof(*rcs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rcs);
	KUNIT_ASSERT_EQ(test, 0, sh_runcaches_init(rcs, sh_pages_create(test, 1024)));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_caches, rcs));
	test->priv = rcs;
	sh_fixture_pin();
	return 0;
}

static struct kunit_case runcache_test_cases[] = {
	KUNIT_CASE(runcache_test_serves_what_was_freed_last),
	KUNIT_CASE(runcache_test_records_are_large_enough),
	KUNIT_CASE(runcache_test_aligned_requests_pass_others_by),
	KUNIT_CASE(runcache_test_fetches_aligned_runs),
	KUNIT_CASE(runcache_test_the_oldest_of_too_many_go),
	KUNIT_CASE(runcache_test_the_oldest_of_too_long_ones_go),
	KUNIT_CASE(runcache_test_a_very_long_run_may_be_the_only_one),
	KUNIT_CASE(runcache_test_a_busy_cache_is_left_alone),
	KUNIT_CASE(runcache_test_fetches_short_runs_ahead),
	KUNIT_CASE(runcache_test_fetched_runs_are_populated_on_use),
	KUNIT_CASE(runcache_test_counts_released_pages),
	KUNIT_CASE(runcache_test_freed_runs_are_nobodys),
	KUNIT_CASE(runcache_test_draining_gives_all_back),
	KUNIT_CASE(runcache_test_drains_other_cpus),
	KUNIT_CASE(runcache_test_refuses_what_is_over_the_limit),
	KUNIT_CASE(runcache_test_random),
	{}
};

static struct kunit_suite runcache_test_suite = {
	.name = "spanheap_runcache",
	.init = runcache_test_init,
	.test_cases = runcache_test_cases,
};

kunit_test_suite(runcache_test_suite);
