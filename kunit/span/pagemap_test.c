// SPDX-License-Identifier: GPL-2.0
/*
 * The pagemap. The cases map made-up spans in the middle of vmalloc space,
 * where no kernel gets to, so the spans of live heaps are not disturbed.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "lib/random.h"
#include "span/pagemap.h"
#include "span/span.h"

#define NR_SPANS	40
/* Three leaves, so that ranges cross from one to the next. */
#define WINDOW		(3 * SH_LEAF_NR)
#define LEAF_BYTES	(SH_LEAF_NR << SH_PAGE_SHIFT)

struct window {
	unsigned long base;
	struct sh_span span[NR_SPANS];
	u8 model[WINDOW];
};

static int pagemap_test_init(struct kunit *test)
{
	struct window *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	if (!w)
		return -ENOMEM;
	w->base = sh_pagemap.start + (sh_pagemap.nr / 2 << SH_PAGE_SHIFT);
	w->base = ALIGN(w->base, LEAF_BYTES);
	test->priv = w;
	return sh_pagemap_reserve(w->base, WINDOW, GFP_KERNEL);
}

static void pagemap_test_exit(struct kunit *test)
{
	struct window *w = test->priv;

	if (w)
		sh_pagemap_set(w->base, WINDOW, NULL);
}

static unsigned long page(const struct window *w, unsigned long nr)
{
	return w->base + (nr << SH_PAGE_SHIFT);
}

static void pagemap_test_maps_nothing_at_first(struct kunit *test)
{
	struct window *w = test->priv;
	unsigned long i;

	for (i = 0; i < WINDOW; i++)
		KUNIT_ASSERT_NULL(test, sh_pagemap_get(page(w, i)));
}

static void pagemap_test_maps_every_byte_of_a_page(struct kunit *test)
{
	struct window *w = test->priv;
	struct sh_span *span = &w->span[0];

	sh_pagemap_set(page(w, 5), 1, span);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_get(page(w, 5)), span);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_get(page(w, 5) + 1), span);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_get(page(w, 6) - 1), span);
	KUNIT_EXPECT_NULL(test, sh_pagemap_get(page(w, 6)));
	KUNIT_EXPECT_NULL(test, sh_pagemap_get(page(w, 5) - 1));
	sh_pagemap_set(page(w, 5), 1, NULL);
	KUNIT_EXPECT_NULL(test, sh_pagemap_get(page(w, 5)));
}

static void pagemap_test_maps_across_leaves(struct kunit *test)
{
	unsigned long first = SH_LEAF_NR - 3, nr = SH_LEAF_NR + 6, i;
	struct window *w = test->priv;
	struct sh_span *span = &w->span[0];

	sh_pagemap_set(page(w, first), nr, span);
	for (i = 0; i < WINDOW; i++)
		KUNIT_ASSERT_PTR_EQ(test, sh_pagemap_get(page(w, i)),
				    i >= first && i < first + nr ? span : NULL);
}

static void pagemap_test_setting_no_page_changes_none(struct kunit *test)
{
	struct window *w = test->priv;

	sh_pagemap_set(page(w, 7), 0, &w->span[0]);
	KUNIT_EXPECT_NULL(test, sh_pagemap_get(page(w, 7)));
}

static void pagemap_test_maps_the_ends_of_vmalloc_space(struct kunit *test)
{
	unsigned long last = sh_pagemap.start +
			     ((sh_pagemap.nr - 1) << SH_PAGE_SHIFT);

	KUNIT_EXPECT_LE(test, sh_pagemap.start, VMALLOC_START);
	KUNIT_EXPECT_LT(test, VMALLOC_END - last, 2 * SH_PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(last, 1, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(sh_pagemap.start, 1,
						 GFP_KERNEL), 0);
	KUNIT_EXPECT_NULL(test, sh_pagemap_get(last));
}

static void pagemap_test_reserves_nothing_outside(struct kunit *test)
{
	unsigned long end = sh_pagemap.start + (sh_pagemap.nr << SH_PAGE_SHIFT);
	size_t bytes = sh_pagemap_bytes();
	struct window *w = test->priv;

	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(0, 1, GFP_KERNEL), -ERANGE);
	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(sh_pagemap.start -
						 SH_PAGE_SIZE, 1, GFP_KERNEL),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(end, 1, GFP_KERNEL), -ERANGE);
	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(end - SH_PAGE_SIZE, 2,
						 GFP_KERNEL), -ERANGE);
	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(-SH_PAGE_SIZE, 1, GFP_KERNEL),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(w->base, ULONG_MAX,
						 GFP_KERNEL), -ERANGE);
	KUNIT_EXPECT_EQ(test, sh_pagemap_reserve(w->base, sh_pagemap.nr,
						 GFP_KERNEL), -ERANGE);
	KUNIT_EXPECT_EQ(test, sh_pagemap_bytes(), bytes);
}

static void pagemap_test_reserves_once(struct kunit *test)
{
	size_t bytes = sh_pagemap_bytes();
	struct window *w = test->priv;

	sh_pagemap_set(page(w, 9), 1, &w->span[3]);
	KUNIT_EXPECT_EQ(test, 0, sh_pagemap_reserve(w->base, WINDOW,
						    GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, sh_pagemap_bytes(), bytes);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_get(page(w, 9)), &w->span[3]);
}

/*
 * A look-up of an address that is not mapped may find a span, but none that
 * would hold the address. Made-up spans all hold their page here.
 */
static bool is_none(unsigned long addr)
{
	struct sh_span *span;
	bool none;

	rcu_read_lock();
	span = sh_pagemap_get(addr);
	none = !span || addr - sh_span_base(span) >= sh_span_bytes(span);
	rcu_read_unlock();
	return none;
}

static void pagemap_test_foreign_addresses_are_none(struct kunit *test)
{
	void *slab = kunit_kmalloc(test, 100, GFP_KERNEL), *area;
	unsigned long stack;

	KUNIT_EXPECT_TRUE(test, is_none(0));
	KUNIT_EXPECT_TRUE(test, is_none(1));
	KUNIT_EXPECT_TRUE(test, is_none((unsigned long)ZERO_SIZE_PTR));
	KUNIT_EXPECT_TRUE(test, is_none(0x400000));
	KUNIT_EXPECT_TRUE(test, is_none(ULONG_MAX));
	KUNIT_EXPECT_TRUE(test, is_none(-MAX_ERRNO));
	KUNIT_EXPECT_TRUE(test, is_none(1UL << 63));
	KUNIT_EXPECT_TRUE(test, is_none(0x8000dead00000000UL));
	KUNIT_EXPECT_TRUE(test, is_none((unsigned long)&stack));
	KUNIT_EXPECT_TRUE(test, is_none((unsigned long)slab));
	KUNIT_EXPECT_TRUE(test, is_none((unsigned long)is_none));
	KUNIT_EXPECT_TRUE(test, is_none((unsigned long)&sh_pagemap));
	KUNIT_EXPECT_TRUE(test, is_none(sh_pagemap.start - 1));
	KUNIT_EXPECT_TRUE(test, is_none(VMALLOC_END));
	area = vmalloc(PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, is_none((unsigned long)area));
	vfree(area);
}

/* Addresses that share the lower bits of mapped ones, and any others. */
static void pagemap_test_no_address_faults(struct kunit *test)
{
	unsigned long ops = sh_test_ops(50000), n, addr;
	struct window *w = test->priv;
	struct rnd_state rnd;

	sh_test_seed(test, &rnd);
	w->span[0].key = page(w, 5);
	w->span[0].nr_pages = 1;
	sh_pagemap_set(page(w, 5), 1, &w->span[0]);
	for (n = 0; n < ops; n++) {
		addr = (u64)prandom_u32_state(&rnd) << 32 |
		       prandom_u32_state(&rnd);
		if (n & 1)
			addr = (page(w, 5) & GENMASK(38, 0)) |
			       (addr & ~GENMASK(38, 0));
		if (addr >= VMALLOC_START && addr < VMALLOC_END)
			continue;
		KUNIT_ASSERT_TRUE_MSG(test, is_none(addr), "%lx", addr);
	}
}

static void pagemap_test_random_against_an_array(struct kunit *test)
{
	unsigned long ops = sh_test_ops(60000), n, i;
	struct window *w = test->priv;
	struct rnd_state rnd;

	sh_test_seed(test, &rnd);
	for (n = 0; n < ops; n++) {
		unsigned long first = sh_test_random(&rnd, WINDOW);
		unsigned long len = 1 + sh_test_random(&rnd, n % 100 ? 64 :
						       WINDOW);
		u8 who = sh_test_random(&rnd, NR_SPANS);

		if (n % 4 == 0) {
			len = min(len, WINDOW - first);
			memset(w->model + first, who, len);
			sh_pagemap_set(page(w, first), len,
				       who ? &w->span[who] : NULL);
		}
		i = sh_test_random(&rnd, WINDOW);
		who = w->model[i];
		KUNIT_ASSERT_PTR_EQ(test,
				    sh_pagemap_get(page(w, i) +
						   sh_test_random(&rnd,
								  SH_PAGE_SIZE)),
				    who ? &w->span[who] : NULL);
	}
	for (i = 0; i < WINDOW; i++)
		KUNIT_ASSERT_PTR_EQ(test, sh_pagemap_get(page(w, i)),
				    w->model[i] ? &w->span[w->model[i]] : NULL);
}

struct racer {
	struct work_struct work;
	unsigned long addr;
	int err;
};

static void work_reserve(struct work_struct *work)
{
	struct racer *r = container_of(work, struct racer, work);
	unsigned int i;

	for (i = 0; i < 32 && !r->err; i++)
		r->err = sh_pagemap_reserve(r->addr + i * LEAF_BYTES, 1,
					    GFP_KERNEL);
}

/* Whoever comes first makes the node, and it is counted once. */
static void pagemap_test_reserves_in_parallel(struct kunit *test)
{
	struct window *w = test->priv;
	size_t bytes = sh_pagemap_bytes(), made;
	struct racer *r;
	unsigned int i;

	r = kunit_kcalloc(test, 4, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < 4; i++) {
		r[i].addr = w->base + 8 * LEAF_BYTES;
		INIT_WORK(&r[i].work, work_reserve);
		schedule_work_on(cpumask_nth(i % num_online_cpus(),
					     cpu_online_mask), &r[i].work);
	}
	for (i = 0; i < 4; i++) {
		flush_work(&r[i].work);
		KUNIT_EXPECT_EQ(test, r[i].err, 0);
	}
	made = sh_pagemap_bytes() - bytes;
	KUNIT_EXPECT_LE(test, made, 32 * sizeof(struct sh_pagemap_leaf) +
			sizeof(struct sh_pagemap_mid));
	KUNIT_EXPECT_EQ(test, made % sizeof(struct sh_pagemap_leaf), 0);
}

static void pagemap_test_floor_is_the_span_before(struct kunit *test)
{
	struct window *w = test->priv;
	struct sh_span *low = &w->span[0], *high = &w->span[1];

	/* The ends of a free span, with a border between leaves inside. */
	sh_pagemap_set(page(w, 5), 1, low);
	sh_pagemap_set(page(w, SH_LEAF_NR + 7), 1, low);
	sh_pagemap_set(page(w, SH_LEAF_NR + 8), 1, high);
	KUNIT_EXPECT_NULL(test, sh_pagemap_floor(page(w, 5) - 1));
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_floor(page(w, 5)), low);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_floor(page(w, 6)), low);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_floor(page(w, SH_LEAF_NR) + 9), low);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_floor(page(w, SH_LEAF_NR + 8)), high);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_floor(page(w, WINDOW) - 1), high);
}

static void pagemap_test_no_floor_outside(struct kunit *test)
{
	struct window *w = test->priv;

	sh_pagemap_set(page(w, 0), 1, &w->span[0]);
	KUNIT_EXPECT_NULL(test, sh_pagemap_floor(0));
	KUNIT_EXPECT_NULL(test, sh_pagemap_floor(ULONG_MAX));
	KUNIT_EXPECT_NULL(test, sh_pagemap_floor(sh_pagemap.start - 1));
	KUNIT_EXPECT_NULL(test, sh_pagemap_floor(sh_pagemap.start +
				(sh_pagemap.nr << SH_PAGE_SHIFT)));
	/* These share the page's entries. */
	KUNIT_EXPECT_NULL(test, sh_pagemap_floor(page(w, 0) +
				((sh_pagemap.mask + 1) << SH_ROOT_ADDR_SHIFT)));
}

static struct kunit_case pagemap_cases[] = {
	KUNIT_CASE(pagemap_test_maps_nothing_at_first),
	KUNIT_CASE(pagemap_test_maps_every_byte_of_a_page),
	KUNIT_CASE(pagemap_test_maps_across_leaves),
	KUNIT_CASE(pagemap_test_setting_no_page_changes_none),
	KUNIT_CASE(pagemap_test_maps_the_ends_of_vmalloc_space),
	KUNIT_CASE(pagemap_test_reserves_nothing_outside),
	KUNIT_CASE(pagemap_test_reserves_once),
	KUNIT_CASE(pagemap_test_foreign_addresses_are_none),
	KUNIT_CASE(pagemap_test_no_address_faults),
	KUNIT_CASE(pagemap_test_floor_is_the_span_before),
	KUNIT_CASE(pagemap_test_no_floor_outside),
	KUNIT_CASE(pagemap_test_random_against_an_array),
	KUNIT_CASE(pagemap_test_reserves_in_parallel),
	{}
};

static struct kunit_suite pagemap_suite = {
	.name = "spanheap_pagemap",
	.init = pagemap_test_init,
	.exit = pagemap_test_exit,
	.test_cases = pagemap_cases,
};

kunit_test_suite(pagemap_suite);
