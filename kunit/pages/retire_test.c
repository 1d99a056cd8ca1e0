// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas that go back as a whole, and that reclaim may ask for that: it must not
 * wait for a grace period, and those who still look at a record must find it.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>

#include "lib/fixture.h"
#include "lib/pages.h"
#include "pages/grow.h"
#include "pages/pageheap.h"
#include "pages/release.h"
#include "span/pagemap.h"

static struct sh_pageheap *heap_of(struct kunit *test)
{
	return test->priv;
}

/* Spans that fill an arena each; an arena is at least that long. */
static void make_arenas(struct kunit *test, struct sh_span **span, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		span[i] = sh_pages_alloc(test, heap_of(test), SH_PAGES_ARENA);
	KUNIT_ASSERT_EQ(test, sh_pages_stats(heap_of(test)).arenas, nr);
}

static bool is_mapped(unsigned long base, u32 nr_pages)
{
	for (; nr_pages; nr_pages--, base += SH_PAGE_SIZE)
		if (sh_pagemap_get(base))
			return true;
	return false;
}

static void retire_test_takes_idle_arenas(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_pageheap_stats before;
	unsigned long base[4];
	struct sh_span *s[4];
	size_t meta;
	int i;

	make_arenas(test, s, 4);
	before = sh_pages_stats(ph);
	meta = sh_arena_meta_bytes(s[1]->arena) + sh_arena_meta_bytes(s[3]->arena);
	for (i = 0; i < 4; i++) {
		base[i] = s[i]->arena->base;
		sh_pages_fill(sh_span_base(s[i]), SH_PAGES_ARENA, i);
	}
	sh_pages_free(ph, s[3]);
	sh_pages_free(ph, s[1]);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, 0), 2 * SH_PAGES_ARENA);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 2);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).sys, before.sys - 2 * SH_PAGES_ARENA);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).idle, before.idle);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arena_bytes, before.arena_bytes - meta);
	KUNIT_EXPECT_FALSE(test, is_mapped(base[1], SH_PAGES_ARENA));
	KUNIT_EXPECT_FALSE(test, is_mapped(base[3], SH_PAGES_ARENA));
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(s[0]), SH_PAGES_ARENA, 0));
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(s[2]), SH_PAGES_ARENA, 2));
	sh_pages_verify(test, ph);
	/* And it grows again. */
	s[1] = sh_pages_alloc(test, ph, SH_PAGES_ARENA);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 3);
	sh_pages_verify(test, ph);
}

static void retire_test_keeps_the_oldest_arena(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_arena *first;
	struct sh_span *s[3];
	int i;

	make_arenas(test, s, 3);
	first = s[0]->arena;
	for (i = 0; i < 3; i++)
		sh_pages_free(ph, s[i]);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, 0), 2 * SH_PAGES_ARENA);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 1);
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&ph->arenas, struct sh_arena, link),
			    first);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, 0), 0);
	sh_pages_verify(test, ph);
	s[0] = sh_pages_alloc(test, ph, SH_PAGES_ARENA);
	KUNIT_EXPECT_PTR_EQ(test, s[0]->arena, first);
	sh_pages_verify(test, ph);
}

static void retire_test_keeps_arenas_in_use(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *s[3], *last;

	make_arenas(test, s, 3);
	last = sh_pages_cut(test, ph, s[2], SH_PAGES_ARENA - 1);
	sh_pages_fill(sh_span_base(last), 1, 4);
	sh_pages_free(ph, s[0]);
	sh_pages_free(ph, s[2]);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, 0), 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 3);
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(last), 1, 4));
	sh_pages_verify(test, ph);
	sh_pages_free(ph, last);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, 0), SH_PAGES_ARENA);
	sh_pages_verify(test, ph);
}

static void retire_test_takes_arenas_old_enough(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *s[3], *run;
	unsigned long base;

	make_arenas(test, s, 3);
	base = s[1]->arena->base;
	sh_pages_free(ph, s[2]);
	sh_pages_free(ph, s[1]);
	run = sh_pagemap_get(base);
	KUNIT_ASSERT_NOT_NULL(test, run);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, SH_PAGES_LONG_AGO), 0);
	run->idle_since -= SH_PAGES_LONG_AGO;
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, SH_PAGES_LONG_AGO), SH_PAGES_ARENA);
	KUNIT_EXPECT_PTR_EQ(test, sh_pagemap_get(base), NULL);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 2);
	sh_pages_verify(test, ph);
}

/* Only what was resident counts; what was released went back before. */
static void retire_test_released_arenas_have_nothing_left(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *s[3];
	unsigned long got;

	make_arenas(test, s, 3);
	sh_pages_free(ph, s[1]);
	got = sh_pages_give_back(ph, ULONG_MAX, 0);
	KUNIT_EXPECT_EQ(test, got + sh_pageheap_retire(ph, ULONG_MAX, 0), SH_PAGES_ARENA);
	KUNIT_EXPECT_EQ(test, got, SH_ARENA_SPARSE ? SH_PAGES_ARENA : 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 2);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).released, 0);
	sh_pages_verify(test, ph);
}

/* To give its pages back does not make it young. */
static void retire_test_released_arenas_keep_their_age(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_span *s[2], *run;
	unsigned long base;

	make_arenas(test, s, 2);
	base = s[1]->arena->base;
	sh_pages_free(ph, s[1]);
	run = sh_pagemap_get(base);
	KUNIT_ASSERT_NOT_NULL(test, run);
	run->idle_since -= SH_PAGES_LONG_AGO;
	sh_pages_give_back(ph, ULONG_MAX, SH_PAGES_LONG_AGO);
	sh_pageheap_retire(ph, ULONG_MAX, SH_PAGES_LONG_AGO);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 1);
	sh_pages_verify(test, ph);
}

/* Arenas are taken until that is enough, the oldest first. */
static void retire_test_takes_no_more_than_wanted(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct sh_arena *third;
	struct sh_span *s[4];
	int i;

	make_arenas(test, s, 4);
	third = s[3]->arena;
	for (i = 1; i < 4; i++)
		sh_pages_free(ph, s[i]);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, SH_PAGES_ARENA + 1, 0),
			2 * SH_PAGES_ARENA);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 2);
	KUNIT_EXPECT_PTR_EQ(test, list_last_entry(&ph->arenas, struct sh_arena, link),
			    third);
	sh_pages_verify(test, ph);
}

/* Where memory is there from the start, it is there when nothing is in use yet. */
static void retire_test_takes_arenas_that_were_reserved(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	unsigned long pages;
	struct sh_span *s;

	make_arenas(test, &s, 1);
	KUNIT_ASSERT_EQ(test, sh_pageheap_reserve_arena(ph, 1, GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, sh_pages_stats(ph).arenas, 2);
	pages = list_last_entry(&ph->arenas, struct sh_arena, link)->nr_pages;
	if (SH_ARENA_SPARSE)
		pages = 0;
	KUNIT_EXPECT_EQ(test, sh_pageheap_spare(ph), pages);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, 1), 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 2);
	KUNIT_EXPECT_EQ(test, sh_pageheap_retire(ph, ULONG_MAX, 0), pages);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, pages ? 1 : 2);
	KUNIT_EXPECT_EQ(test, sh_pageheap_spare(ph), 0);
	sh_pages_verify(test, ph);
	/* When nothing is in use any more, nobody needs what is ahead. */
	sh_pages_free(ph, s);
	sh_pageheap_retire(ph, ULONG_MAX, 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 1);
	sh_pages_verify(test, ph);
}

/* What is counted is what can be had: all of it, and no more. */
static void retire_test_counts_what_can_be_given_up(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	unsigned long shootdowns = 0, spare;
	struct sh_span *s[4], *rest;

	make_arenas(test, s, 4);
	KUNIT_EXPECT_EQ(test, sh_pageheap_spare(ph), 0);
	rest = sh_pages_cut(test, ph, s[2], SH_PAGES_ARENA / 2);
	sh_pages_fill(sh_span_base(rest), SH_PAGES_ARENA / 2, 7);
	sh_pages_free(ph, s[1]);
	sh_pages_free(ph, s[2]);
	spare = SH_PAGES_ARENA + (SH_ARENA_SPARSE ? SH_PAGES_ARENA / 2 : 0);
	KUNIT_EXPECT_EQ(test, sh_pageheap_spare(ph), spare);
	KUNIT_EXPECT_EQ(test, sh_pageheap_give_up(ph, 0, &shootdowns), 0);
	KUNIT_EXPECT_EQ(test, sh_pageheap_give_up(ph, ULONG_MAX, &shootdowns), spare);
	KUNIT_EXPECT_EQ(test, sh_pageheap_spare(ph), 0);
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(sh_span_base(rest), SH_PAGES_ARENA / 2, 7));
	sh_pages_verify(test, ph);
}

/**
 * struct onlooker - a CPU that looks at an arena in an RCU read-side section
 * @test: the case
 * @arena: what it looks at
 * @inside: it is in the section
 * @retired: the other CPU has given the arena back
 * @patient: it saw that before its patience was at an end
 * @looks: how often it looked
 */
struct onlooker {
	struct kunit *test;
	struct sh_arena *arena;
	bool inside;
	bool retired;
	bool patient;
	unsigned long looks;
};

static void look_on(struct onlooker *o)
{
	unsigned long end = jiffies + 5 * HZ;

	rcu_read_lock();
	WRITE_ONCE(o->inside, true);
	while (!READ_ONCE(o->retired) && time_before(jiffies, end)) {
		o->looks += !READ_ONCE(o->arena->heap);
		cpu_relax();
	}
	o->patient = READ_ONCE(o->retired);
	o->looks += !READ_ONCE(o->arena->heap);
	rcu_read_unlock();
}

static void retire_meanwhile(struct onlooker *o)
{
	unsigned long got;

	while (!READ_ONCE(o->inside))
		cpu_relax();
	got = sh_pageheap_retire(heap_of(o->test), ULONG_MAX, 0);
	WRITE_ONCE(o->retired, true);
	KUNIT_EXPECT_EQ(o->test, got, SH_PAGES_ARENA);
}

static void look_on_or_retire(void *arg)
{
	int first = cpumask_first(cpu_online_mask);

	if (raw_smp_processor_id() == first)
		look_on(arg);
	else if (raw_smp_processor_id() == cpumask_next(first, cpu_online_mask))
		retire_meanwhile(arg);
}

/* The memory is back while somebody is in a section, and finds the record. */
static void retire_test_waits_for_no_grace_period(struct kunit *test)
{
	struct sh_pageheap *ph = heap_of(test);
	struct onlooker o = { .test = test };
	struct sh_span *s[2];

	sh_fixture_other_cpu(test);
	make_arenas(test, s, 2);
	o.arena = s[1]->arena;
	sh_pages_free(ph, s[1]);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(look_on_or_retire, &o), 0);
	KUNIT_EXPECT_TRUE(test, o.patient);
	KUNIT_EXPECT_GT(test, o.looks, 0);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(ph).arenas, 1);
	sh_pages_verify(test, ph);
}

static struct kunit_case retire_test_cases[] = {
	KUNIT_CASE(retire_test_takes_idle_arenas),
	KUNIT_CASE(retire_test_keeps_the_oldest_arena),
	KUNIT_CASE(retire_test_keeps_arenas_in_use),
	KUNIT_CASE(retire_test_takes_arenas_old_enough),
	KUNIT_CASE(retire_test_released_arenas_have_nothing_left),
	KUNIT_CASE(retire_test_released_arenas_keep_their_age),
	KUNIT_CASE(retire_test_takes_no_more_than_wanted),
	KUNIT_CASE(retire_test_takes_arenas_that_were_reserved),
	KUNIT_CASE(retire_test_counts_what_can_be_given_up),
	KUNIT_CASE(retire_test_waits_for_no_grace_period),
	{ }
};

static struct kunit_suite retire_test_suite = {
	.name = "spanheap_retire",
	.init = sh_pages_init,
	.test_cases = retire_test_cases,
};

kunit_test_suite(retire_test_suite);
