// SPDX-License-Identifier: GPL-2.0
/*
 * How much memory a page heap may hold, and which run it takes when there may be
 * no more.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "lib/fixture.h"
#include "lib/pages.h"
#include "pages/pageheap.h"
#include "pages/quota.h"

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

/* So many that aligned ones are among them wherever it begins. */
#define GONE_PAGES	15
#define PARTLY_PAGES	20

/*
 * A page heap that may have no more memory, with two free runs: of the shorter one
 * no page is resident, of the longer one all but @nr pages from its @first on.
 */
static struct sh_pageheap *full_pageheap(struct kunit *test, u32 first, u32 nr)
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
	return ph;
}

static void expect_resident(struct kunit *test, struct sh_pageheap *ph,
			    unsigned long nr_pages, unsigned long align)
{
	struct sh_span *span;

	span = sh_pageheap_alloc(ph, nr_pages, align, 0, QUIET_ATOMIC, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_EXPECT_EQ(test, span->nr_pages, nr_pages);
	KUNIT_EXPECT_EQ(test, span->released, 0);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(sh_span_base(span), align * SH_PAGE_SIZE));
	sh_pages_verify(test, ph);
}

/* What lies behind the pages that are taken may be without memory. */
static void quota_test_takes_a_resident_front(struct kunit *test)
{
	struct sh_pageheap *ph;

	sh_fixture_need_sparse_arenas(test);
	ph = full_pageheap(test, 15, 5);
	expect_resident(test, ph, 6, 1);
	expect_resident(test, ph, 9, 1);
	sh_pages_refused(test, ph, 1, 1, QUIET_ATOMIC);
}

static void quota_test_takes_aligned_pages_of_a_resident_front(struct kunit *test)
{
	sh_fixture_need_sparse_arenas(test);
	expect_resident(test, full_pageheap(test, 17, 3), 8, 8);
}

/* A page too many, or one that is not at the end, is over the limit. */
static void quota_test_refuses_a_front_with_gaps(struct kunit *test)
{
	struct sh_pageheap *ph;

	sh_fixture_need_sparse_arenas(test);
	sh_pages_refused(test, full_pageheap(test, 15, 5), 16, 1, QUIET_ATOMIC);
	ph = full_pageheap(test, 3, 1);
	sh_pages_refused(test, ph, 4, 1, QUIET_ATOMIC);
	expect_resident(test, ph, 3, 1);
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
