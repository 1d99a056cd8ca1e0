// SPDX-License-Identifier: GPL-2.0
/*
 * How a page heap grows: steps, arenas, and what is left of a failure.
 */
#include <kunit/test.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "lib/pages.h"
#include "lib/random.h"
#include "pages/grow.h"
#include "pages/pageheap.h"
#include "pages/walk.h"
#include "span/pagemap.h"

static struct sh_arena *last_arena(struct sh_pageheap *ph)
{
	return list_last_entry(&ph->arenas, struct sh_arena, link);
}

static struct sh_span *alloc_atomic(struct sh_pageheap *ph,
				    unsigned long nr_pages)
{
	return sh_pageheap_alloc(ph, nr_pages, 1, 0, QUIET_ATOMIC,
				 NUMA_NO_NODE);
}

static void grow_test_first_step_is_a_mebibyte(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 1024);

	sh_pages_alloc(test, ph, 1);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys, SZ_1M >> SH_PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).grows, 1);
	sh_pages_alloc(test, ph, SH_GROW_STEP - 1);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).grows, 1);
	sh_pages_verify(test, ph);
}

/* More than a step is rounded up to 64 KiB. */
static void grow_test_larger_steps_are_rounded_up(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 1024);
	unsigned long sys;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here are used up at once");
	sh_pages_alloc(test, ph, SH_GROW_STEP);
	sh_pages_alloc(test, ph, SH_GROW_STEP + 1);
	sys = 2 * SH_GROW_STEP + SH_GROW_UNIT;
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys, sys);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 1);
	sh_pages_verify(test, ph);
}

/* When a whole step does not fit any more, what is needed may still. */
static void grow_test_uses_an_arena_to_its_end(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 200);

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here are used up at once");
	sh_pages_alloc(test, ph, 128);
	sh_pages_alloc(test, ph, 60);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys, 200);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 1);
	sh_pages_alloc(test, ph, 20);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 2);
	sh_pages_verify(test, ph);
}

/* New pages join the free run at the end of those there are. */
static void grow_test_new_pages_join_the_last_run(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 1024);
	struct sh_span *a, *b;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here are used up at once");
	a = sh_pages_alloc(test, ph, 100);
	b = sh_pages_alloc(test, ph, 120);
	KUNIT_EXPECT_EQ(test, sh_span_base(b), sh_span_end(a));
	sh_pages_verify(test, ph);
}

static void grow_test_arenas_are_of_the_size_set(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 256);
	unsigned int i;

	for (i = 0; i < 40; i++)
		sh_pages_alloc(test, ph, 32);
	KUNIT_EXPECT_LE(test, last_arena(ph)->nr_pages, 256);
	if (SH_ARENA_SPARSE)
		KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 5);
	sh_pages_verify(test, ph);
}

static void grow_test_large_requests_get_their_own_arena(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 128);
	struct sh_span *span = sh_pages_alloc(test, ph, 1001);

	KUNIT_EXPECT_PTR_EQ(test, span->arena, last_arena(ph));
	KUNIT_EXPECT_EQ(test, span->arena->nr_pages, 1008);
	sh_pages_fill(sh_span_base(span), 1001, 9);
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(span), 1001, 9));
	sh_pages_verify(test, ph);
}

/* Adjacent or not: runs of two arenas are never one. */
static void grow_test_runs_end_with_their_arena(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 128);
	struct sh_span *span[8], *at;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(span); i++)
		span[i] = sh_pages_alloc(test, ph, 128);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, ARRAY_SIZE(span));
	for (i = 0; i < ARRAY_SIZE(span); i++)
		sh_pages_free(ph, span[i]);
	sh_pages_verify(test, ph);
	at = sh_pagemap_get(last_arena(ph)->base);
	KUNIT_ASSERT_NOT_NULL(test, at);
	KUNIT_EXPECT_EQ(test, at->nr_pages, 128);
}

/* The first allocation of a heap may be one that cannot sleep. */
static void grow_test_grows_in_atomic_context(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 256);
	struct sh_span *span;
	unsigned long flags;
	spinlock_t lock;	/* so as to be atomic */

	spin_lock_init(&lock);
	spin_lock_irqsave(&lock, flags);
	span = alloc_atomic(ph, SH_GROW_STEP);
	spin_unlock_irqrestore(&lock, flags);
	KUNIT_EXPECT_NOT_NULL(test, span);
	sh_pages_verify(test, ph);
}

/*
 * An arena cannot be made there, but a worker makes one when room gets short,
 * so that a user who comes back later is served.
 */
static void grow_test_a_worker_reserves_ahead(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 256);
	unsigned int round;

	for (round = 0; round < 4; round++) {
		while (alloc_atomic(ph, SH_GROW_STEP))
			;
		flush_work(&ph->reserve);
		sh_pages_verify(test, ph);
		KUNIT_EXPECT_NOT_NULL(test, alloc_atomic(ph, SH_GROW_STEP));
	}
	sh_pages_verify(test, ph);
}

/* Once a large atomic request failed for want of room, the next one fits. */
static void grow_test_a_worker_reserves_enough(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 512);

	KUNIT_EXPECT_NOT_NULL(test, alloc_atomic(ph, SH_GROW_STEP));
	KUNIT_EXPECT_NULL(test, alloc_atomic(ph, 400));
	flush_work(&ph->reserve);
	KUNIT_EXPECT_NOT_NULL(test, alloc_atomic(ph, 400));
	sh_pages_verify(test, ph);
}

/* A burst of those who cannot sleep finds room, and after a moment another does. */
static void grow_test_there_is_room_for_a_burst(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 16 * SH_GROW_STEP);
	unsigned int burst, i;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "no memory is kept ahead here");
	ph->ahead = SH_AHEAD_MAX;
	KUNIT_EXPECT_EQ(test, 0, sh_pageheap_reserve_arena(ph, 1, GFP_KERNEL));
	for (burst = 0; burst < 8; burst++) {
		for (i = 0; i < 4; i++)
			KUNIT_EXPECT_NOT_NULL(test, alloc_atomic(ph, SH_GROW_STEP));
		flush_work(&ph->reserve);
	}
	sh_pages_verify(test, ph);
}

static void grow_test_an_arena_too_many_goes_back(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 256);
	struct sh_pageheap_stats before = sh_pages_stats(ph);

	KUNIT_EXPECT_EQ(test, sh_pageheap_reserve_arena(ph, 8, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, before.arenas);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arena_bytes,
			before.arena_bytes);
	sh_pages_verify(test, ph);
}

static void grow_test_fails_beyond_vmalloc_space(struct kunit *test)
{
	unsigned long all = (VMALLOC_END - VMALLOC_START) >> SH_PAGE_SHIFT;
	struct sh_pageheap *ph = sh_pages_create(test, 256);
	struct sh_pageheap_stats before, after;

	sh_pages_alloc(test, ph, 256);
	before = sh_pages_stats(ph);
	all = min(all, SH_MAX_RUN);
	KUNIT_EXPECT_EQ(test, sh_pageheap_grow(ph, all, QUIET), -ENOMEM);
	KUNIT_EXPECT_EQ(test, sh_pageheap_grow(ph, SH_MAX_RUN, QUIET), -ENOMEM);
	KUNIT_EXPECT_EQ(test, sh_pageheap_grow(ph, all, QUIET_ATOMIC), -ENOMEM);
	flush_work(&ph->reserve);
	after = sh_pages_stats(ph);
	KUNIT_EXPECT_EQ(test, after.sys, before.sys);
	KUNIT_EXPECT_EQ(test, after.arenas, before.arenas);
	KUNIT_EXPECT_EQ(test, after.arena_bytes, before.arena_bytes);
	sh_pages_alloc(test, ph, 10);
	sh_pages_verify(test, ph);
}

/*
 * When there is address space but no memory, what was got so far stays with
 * the heap, which goes on working. Nobody else should have to allocate while
 * that is so, hence no messages, and the end as soon as may be.
 */
static void grow_test_out_of_memory_loses_nothing(struct kunit *test)
{
	unsigned long nr = totalram_pages() * PAGE_SIZE / SH_PAGE_SIZE - 64;
	struct sh_pageheap *ph = sh_pages_create(test, 256);
	struct sh_span *kept = sh_pages_alloc(test, ph, 10), *failed, *next;
	gfp_t gfp = QUIET | __GFP_NORETRY;

	sh_pages_fill(sh_span_base(kept), 10, 4);
	failed = sh_pageheap_alloc(ph, nr, 1, 0, gfp, NUMA_NO_NODE);
	next = sh_pageheap_alloc(ph, 10, 1, 0, gfp, NUMA_NO_NODE);
	if (next)
		sh_pages_fill(sh_span_base(next), 10, 5);
	sh_pages_verify(test, ph);
	KUNIT_EXPECT_NULL(test, failed);
	KUNIT_EXPECT_NOT_NULL(test, next);
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(kept), 10, 4));
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys - sh_pages_stats(ph).idle,
			20);
}

static int sum_arena(struct sh_arena *arena, void *arg)
{
	unsigned long *used = arg;

	*used += arena->used;
	return arena->used % SH_GROW_UNIT && arena->used != arena->nr_pages;
}

/* Any mix of sizes and contexts, nothing freed but all at once. */
static void random_growth(struct kunit *test, struct rnd_state *rnd)
{
	unsigned long arena_pages = 128 + sh_test_random(rnd, 400);
	struct sh_pageheap *ph;
	unsigned long used = 0, got = 0;
	struct sh_span *span;
	unsigned int n;
	u32 nr_pages;

	ph = sh_pages_bare(test, arena_pages);
	for (n = 0; n < 100; n++) {
		nr_pages = 1 + sh_test_random(rnd, n % 10 ? 20 : 300);
		if (sh_test_random(rnd, 2))
			span = alloc_atomic(ph, nr_pages);
		else
			span = sh_pages_alloc(test, ph, nr_pages);
		got += span ? nr_pages : 0;
	}
	KUNIT_EXPECT_EQ(test, sh_pageheap_walk(ph, sum_arena, NULL, &used), 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys, used);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys - sh_pages_stats(ph).idle,
			got);
	sh_pages_verify(test, ph);
	sh_pageheap_exit(ph);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&ph->meta->arenas), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&ph->meta->spans), 0);
	kunit_kfree(test, ph);
}

static void grow_test_random(struct kunit *test)
{
	unsigned long rounds = sh_test_ops(1000) / 100, i;
	struct rnd_state rnd;

	sh_test_seed(test, &rnd);
	for (i = 0; i < rounds; i++)
		random_growth(test, &rnd);
}

/* An arena made ahead of need is no way around the limit. */
static void grow_test_what_is_reserved_is_within_the_limit(struct kunit *test)
{
	struct sh_pageheap *ph = sh_pages_create(test, 1024);
	unsigned long sys;

	sh_pages_alloc(test, ph, SH_GROW_STEP);
	sys = sh_pages_stats(ph).sys;
	KUNIT_ASSERT_EQ(test, 0, sh_pageheap_reserve_arena(ph, 1024, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, sh_pages_stats(ph).arenas, 2);
	ph->limit = sys + 512;
	/* Elsewhere address space is no memory, and there is no end to it. */
	if (!SH_ARENA_SPARSE) {
		KUNIT_EXPECT_EQ(test, sh_pageheap_grow(ph, 1024, GFP_KERNEL),
				-EDQUOT);
		KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys, sys);
	}
	KUNIT_EXPECT_EQ(test, sh_pageheap_grow(ph, 8, GFP_KERNEL), 0);
	if (!SH_ARENA_SPARSE)
		KUNIT_EXPECT_LT(test, sh_pages_stats(ph).sys, ph->limit);
	ph->limit = 0;
	sh_pages_verify(test, ph);
}

/**
 * struct hog - somebody who has nearly all memory, until others would be killed
 * @nb: told of that
 * @pages: the memory
 * @kills: times somebody would have been killed
 */
struct hog {
	struct notifier_block nb;
	struct list_head pages;
	unsigned int kills;
};

static unsigned long hog_free(struct hog *hog, unsigned long most)
{
	struct page *page, *next;
	unsigned long nr = 0;

	list_for_each_entry_safe(page, next, &hog->pages, lru) {
		if (nr++ == most)
			break;
		list_del(&page->lru);
		__free_page(page);
	}
	return nr;
}

static int hog_gives_in(struct notifier_block *nb, unsigned long unused,
			void *freed)
{
	struct hog *hog = container_of(nb, struct hog, nb);

	hog->kills++;
	*(unsigned long *)freed += hog_free(hog, SZ_64M / PAGE_SIZE);
	return NOTIFY_OK;
}

/* Take memory until there is as much left. */
static void hog_take(struct hog *hog, unsigned long leave)
{
	struct sysinfo info;
	struct page *page;

	INIT_LIST_HEAD(&hog->pages);
	for (si_meminfo(&info); info.freeram * PAGE_SIZE > leave;
	     si_meminfo(&info)) {
		page = alloc_page(QUIET | __GFP_NORETRY);
		if (!page)
			break;
		list_add(&page->lru, &hog->pages);
	}
}

/* A page heap all of which is in use, and so large that it grows by 32 MiB. */
static struct sh_pageheap *large_pageheap(struct kunit *test)
{
	const unsigned long step = SZ_32M >> SH_PAGE_SHIFT;
	struct sh_pageheap *ph = sh_pages_create(test, step);

	sh_pages_alloc(test, ph, SH_GROW_STEP);
	sh_pages_alloc(test, ph, 8 * step);
	return ph;
}

/* There is no memory for all that would be asked for, but for what is needed. */
static void grow_test_nobody_is_killed_for_what_is_ahead(struct kunit *test)
{
	struct hog hog = { .nb.notifier_call = hog_gives_in };
	struct sh_pageheap *ph;
	struct sh_span *span;

	if (SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here take no memory");
	ph = large_pageheap(test);
	hog_take(&hog, SZ_16M);
	register_oom_notifier(&hog.nb);
	span = sh_pageheap_alloc(ph, 1, 1, 0, QUIET, NUMA_NO_NODE);
	unregister_oom_notifier(&hog.nb);
	hog_free(&hog, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, hog.kills, 0);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_EXPECT_EQ(test, span->arena->nr_pages, SH_GROW_UNIT);
	sh_pages_verify(test, ph);
}

/* Whoever is charged for an arena is not charged for what others may use of it. */
static void grow_test_who_is_charged_gets_a_step(struct kunit *test)
{
	struct sh_pageheap *ph;
	struct sh_span *span;

	if (SH_ARENA_SPARSE)
		kunit_skip(test, "pages here are charged one by one");
	ph = large_pageheap(test);
	span = sh_pageheap_alloc(ph, 1, 1, 0, QUIET | __GFP_ACCOUNT, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_EXPECT_EQ(test, span->arena->nr_pages, SH_GROW_STEP);
	/* It takes all of that; who is not charged gets more. */
	sh_pages_alloc(test, ph, SH_GROW_STEP - 1);
	span = sh_pages_alloc(test, ph, 1);
	KUNIT_EXPECT_EQ(test, span->arena->nr_pages, SZ_32M >> SH_PAGE_SHIFT);
	sh_pages_verify(test, ph);
}

static struct kunit_case grow_cases[] = {
	KUNIT_CASE(grow_test_first_step_is_a_mebibyte),
	KUNIT_CASE(grow_test_larger_steps_are_rounded_up),
	KUNIT_CASE(grow_test_uses_an_arena_to_its_end),
	KUNIT_CASE(grow_test_new_pages_join_the_last_run),
	KUNIT_CASE(grow_test_arenas_are_of_the_size_set),
	KUNIT_CASE(grow_test_large_requests_get_their_own_arena),
	KUNIT_CASE(grow_test_runs_end_with_their_arena),
	KUNIT_CASE(grow_test_grows_in_atomic_context),
	KUNIT_CASE(grow_test_a_worker_reserves_ahead),
	KUNIT_CASE(grow_test_a_worker_reserves_enough),
	KUNIT_CASE(grow_test_there_is_room_for_a_burst),
	KUNIT_CASE(grow_test_an_arena_too_many_goes_back),
	KUNIT_CASE(grow_test_fails_beyond_vmalloc_space),
	KUNIT_CASE(grow_test_out_of_memory_loses_nothing),
	KUNIT_CASE(grow_test_what_is_reserved_is_within_the_limit),
	KUNIT_CASE(grow_test_nobody_is_killed_for_what_is_ahead),
	KUNIT_CASE(grow_test_who_is_charged_gets_a_step),
	KUNIT_CASE(grow_test_random),
	{}
};

static struct kunit_suite grow_suite = {
	.name = "spanheap_grow",
	.test_cases = grow_cases,
};

kunit_test_suite(grow_suite);
