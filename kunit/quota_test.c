// SPDX-License-Identifier: GPL-2.0
/*
 * How much memory a page heap may hold, and which run it takes when there may be
 * no more.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "pages.h"

static void quota_test_limit_refuses_more(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, SZ_16M >> SH_PAGE_SHIFT);
	struct sh_span *span;
	unsigned long got = 0;

	ph->limit = 600;
	sh_pages_refused(test, ph, 601, 1, QUIET);
	while ((span = sh_pageheap_alloc(ph, 10, 1, 0, QUIET, NUMA_NO_NODE)))
		got += 10;
	KUNIT_EXPECT_LT(test, got, ph->limit);
	/* Metadata counts as well, but is no more than the rest. */
	KUNIT_EXPECT_GE(test, got, ph->limit / 2);
	sh_pages_refused(test, ph, 10, 1, QUIET);
	sh_pages_refused(test, ph, 10, 1, GFP_KERNEL);
	ph->limit = 0;
	sh_pages_alloc(test, ph, 600);
	sh_pages_verify(test, ph);
}

/* At the limit, what was freed can be had again. */
static void quota_test_limit_allows_reuse(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, SZ_16M >> SH_PAGE_SHIFT);
	struct sh_span *span, *last = NULL;
	unsigned int i;

	ph->limit = 400;
	while ((span = sh_pageheap_alloc(ph, 8, 1, 0, QUIET, NUMA_NO_NODE)))
		last = span;
	KUNIT_ASSERT_NOT_NULL(test, last);
	for (i = 0; i < 100; i++) {
		sh_pages_free(ph, last);
		last = sh_pages_alloc(test, ph, 8);
	}
	sh_pages_verify(test, ph);
}

/**
 * struct runs - two free runs in a page heap that may have no more memory
 * @ph: the page heap
 * @gone: the shorter one, none of which is resident
 * @partly: the longer one, of which some is
 */
struct runs {
	struct sh_pageheap *ph;
	struct sh_span *gone, *partly;
};

/* So many that aligned ones are among them wherever it begins. */
#define GONE_PAGES	15
#define PARTLY_PAGES	20

/* The longer one without memory behind @nr pages from its @first on. */
static struct runs make_runs(struct kunit *test, u32 first, u32 nr)
{
	struct sh_pageheap *ph = sh_pages_create(test, SH_GROW_STEP);
	struct sh_span *gone = sh_pages_alloc(test, ph, SH_GROW_STEP);
	struct sh_span *between = sh_pages_cut(test, ph, gone, GONE_PAGES);
	struct sh_span *partly = sh_pages_cut(test, ph, between, 1);
	unsigned long idle;

	sh_pages_cut(test, ph, partly, PARTLY_PAGES);
	sh_pages_release(gone, 0, GONE_PAGES);
	sh_pages_release(partly, first, nr);
	sh_pages_free(ph, gone);
	sh_pages_free(ph, partly);
	/* Whatever is over a limit of one page is what there is, less that page. */
	ph->limit = 1;
	ph->limit = sh_pageheap_excess(ph, 0, &idle) + 1;
	return (struct runs){ ph, gone, partly };
}

static struct sh_span *take(struct runs *runs, unsigned long nr_pages,
			    unsigned long align)
{
	return sh_pageheap_alloc(runs->ph, nr_pages, align, 0, QUIET_ATOMIC,
				 NUMA_NO_NODE);
}

static void need_sparse_arenas(struct kunit *test)
{
	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "all runs are resident here");
}

/* What lies behind the pages that are taken may be without memory. */
static void quota_test_takes_a_resident_front(struct kunit *test)
{
	struct runs runs;
	struct sh_span *span;

	need_sparse_arenas(test);
	runs = make_runs(test, 15, 5);
	span = take(&runs, 6, 1);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_EXPECT_EQ(test, span->nr_pages, 6);
	KUNIT_EXPECT_EQ(test, span->released, 0);
	sh_pages_verify(test, runs.ph);
	span = take(&runs, 9, 1);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_EXPECT_EQ(test, span->released, 0);
	sh_pages_refused(test, runs.ph, 1, 1, QUIET_ATOMIC);
}

static void quota_test_takes_aligned_pages_of_a_resident_front(struct kunit *test)
{
	struct runs runs;
	struct sh_span *span;

	need_sparse_arenas(test);
	runs = make_runs(test, 17, 3);
	span = take(&runs, 8, 8);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(sh_span_base(span), 8 * SH_PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, span->released, 0);
	sh_pages_verify(test, runs.ph);
}

/* A page too many, or one that is not at the end, is over the limit. */
static void quota_test_refuses_a_front_with_gaps(struct kunit *test)
{
	struct runs runs;

	need_sparse_arenas(test);
	runs = make_runs(test, 15, 5);
	sh_pages_refused(test, runs.ph, 16, 1, QUIET_ATOMIC);
	runs = make_runs(test, 3, 1);
	sh_pages_refused(test, runs.ph, 4, 1, QUIET_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, take(&runs, 3, 1));
	sh_pages_verify(test, runs.ph);
}

static struct kunit_case quota_cases[] = {
	KUNIT_CASE(quota_test_limit_refuses_more),
	KUNIT_CASE(quota_test_limit_allows_reuse),
	KUNIT_CASE(quota_test_takes_a_resident_front),
	KUNIT_CASE(quota_test_takes_aligned_pages_of_a_resident_front),
	KUNIT_CASE(quota_test_refuses_a_front_with_gaps),
	{}
};

static struct kunit_suite quota_suite = {
	.name = "spanheap_quota",
	.test_cases = quota_cases,
};

kunit_test_suite(quota_suite);
