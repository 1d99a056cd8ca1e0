// SPDX-License-Identifier: GPL-2.0
/*
 * Giving back against a model: spans come and go at random, memory is given
 * back in between. Of each span the model knows the contents, of all of them how
 * many pages must have memory behind them.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>

#include "lib/fixture.h"
#include "lib/pages.h"
#include "pages/pageheap.h"
#include "pages/release.h"

#define NR_LIVE		120
#define MOST_PAGES	3000	/* in use at a time */
#define ARENA_PAGES	SH_GROW_STEP

struct live {
	struct sh_span *span;
	unsigned long base;
	u32 nr_pages;
	u64 tag;
};

/**
 * struct model - what there must be
 * @ph: the page heap
 * @rnd: decides what to do next
 * @pages: heap pages in use
 * @tag: of the last span
 * @live: the spans in use
 * @given: heap pages given back
 * @retired: heap pages that went with their arena
 */
struct model {
	struct sh_pageheap *ph;
	struct rnd_state rnd;
	unsigned long pages;
	u64 tag;
	struct live live[NR_LIVE];
	unsigned long given;
	unsigned long retired;
};

static unsigned long idle_resident(struct model *m)
{
	struct sh_pageheap_stats s = sh_pages_stats(m->ph);

	return s.idle - s.released;
}

/* Idle resident pages in runs that are old enough. */
static unsigned long count_old(struct model *m, unsigned long age)
{
	unsigned long pages = 0;
	struct sh_span *run;

	spin_lock_irq(&m->ph->lock);
	list_for_each_entry(run, &m->ph->free.lru, lru)
		if (time_after_eq(jiffies, run->idle_since + age))
			pages += run->nr_pages - run->released;
	spin_unlock_irq(&m->ph->lock);
	return pages;
}

/* Time passes for all that is idle. */
static void let_age(struct model *m, unsigned long age)
{
	struct sh_span *run;

	spin_lock_irq(&m->ph->lock);
	list_for_each_entry(run, &m->ph->free.lru, lru)
		run->idle_since -= age;
	spin_unlock_irq(&m->ph->lock);
}

static void expect_contents(struct kunit *test, const struct live *l)
{
	KUNIT_ASSERT_EQ(test, sh_span_base(l->span), l->base);
	KUNIT_ASSERT_EQ(test, l->span->nr_pages, l->nr_pages);
	KUNIT_ASSERT_EQ(test, l->span->released, 0);
	KUNIT_ASSERT_TRUE_MSG(test, sh_pages_intact(l->base, l->nr_pages, l->tag),
			      "contents were not kept");
}

static void step_free(struct kunit *test, struct model *m, struct live *l)
{
	expect_contents(test, l);
	sh_pages_free(m->ph, l->span);
	m->pages -= l->nr_pages;
	l->span = NULL;
}

static u32 random_length(struct model *m)
{
	static const u32 most[] = { 4, 4, 16, 16, 16, 100, 200, 400 };

	return 1 + sh_test_random(&m->rnd,
				  most[sh_test_random(&m->rnd, ARRAY_SIZE(most))]);
}

static void step_alloc(struct kunit *test, struct model *m, struct live *l)
{
	bool zero = sh_test_random(&m->rnd, 2);

	l->nr_pages = random_length(m);
	l->span = sh_pageheap_alloc(m->ph, l->nr_pages, 1, 0,
				    zero ? GFP_KERNEL | __GFP_ZERO : GFP_KERNEL,
				    NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, l->span);
	l->base = sh_span_base(l->span);
	l->tag = ++m->tag;
	m->pages += l->nr_pages;
	/* Whoever wants zeroes gets them, whatever was there before. */
	if (zero)
		sh_pageheap_zero(l->span, GFP_KERNEL);
	if (zero || !l->span->dirty)
		KUNIT_ASSERT_TRUE_MSG(test, sh_pages_zero(l->base, l->nr_pages),
				      "memory is not zeroed");
	sh_pages_fill(l->base, l->nr_pages, l->tag);
}

static void step_release(struct kunit *test, struct model *m)
{
	unsigned long goal = 1 + sh_test_random(&m->rnd, 300), shootdowns = 0, got;
	unsigned long age = sh_test_random(&m->rnd, 3) * 100 * HZ;
	unsigned long want = min(goal, count_old(m, age));
	unsigned long before = idle_resident(m);

	got = sh_pageheap_release(m->ph, goal, age, &shootdowns);
	if (!SH_ARENA_SPARSE)
		want = 0;
	KUNIT_ASSERT_EQ(test, got, want);
	KUNIT_ASSERT_EQ(test, shootdowns > 0, got > 0);
	KUNIT_ASSERT_EQ(test, idle_resident(m), before - got);
	m->given += got;
}

static void step_retire(struct kunit *test, struct model *m)
{
	struct sh_pageheap_stats before = sh_pages_stats(m->ph), after;
	unsigned long resident = idle_resident(m), got;

	got = sh_pageheap_retire(m->ph, ULONG_MAX, sh_test_random(&m->rnd, 2) * 100 * HZ);
	after = sh_pages_stats(m->ph);
	KUNIT_ASSERT_GE(test, after.arenas, 1);
	KUNIT_ASSERT_EQ(test, idle_resident(m), resident - got);
	KUNIT_ASSERT_EQ(test, after.sys - after.idle, before.sys - before.idle);
	KUNIT_ASSERT_EQ(test, after.sys < before.sys, after.arenas < before.arenas);
	m->retired += before.sys - after.sys;
}

static void step(struct kunit *test, struct model *m)
{
	struct live *l = &m->live[sh_test_random(&m->rnd, NR_LIVE)];

	switch (sh_test_random(&m->rnd, 50)) {
	case 0 ... 1:
		step_release(test, m);
		break;
	case 2:
		step_retire(test, m);
		break;
	case 3:
		let_age(m, 50 * HZ);
		break;
	default:
		if (l->span)
			step_free(test, m, l);
		else if (m->pages < MOST_PAGES)
			step_alloc(test, m, l);
	}
}

static void free_all(struct kunit *test, struct model *m)
{
	int i;

	for (i = 0; i < NR_LIVE; i++)
		if (m->live[i].span)
			step_free(test, m, &m->live[i]);
}

static void release_model_random(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned long ops = sh_fixture_ops(SH_ARENA_SPARSE ? 40000 : 8000), n;

	KUNIT_ASSERT_NOT_NULL(test, m);
	sh_test_seed(test, &m->rnd);
	m->ph = sh_pages_create(test, ARENA_PAGES);
	for (n = 0; n < ops; n++) {
		step(test, m);
		/* Now and then next to nothing is in use: arenas are idle then. */
		if (n % 2000 == 1999)
			free_all(test, m);
		if (n % 500 == 0)
			sh_pages_verify(test, m->ph);
	}
	free_all(test, m);
	sh_pages_verify(test, m->ph);
	step_retire(test, m);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(m->ph).idle, sh_pages_stats(m->ph).sys);
	kunit_info(test, "%lu pages given back, %lu retired\n", m->given, m->retired);
}

static struct kunit_case release_model_cases[] = {
	KUNIT_CASE(release_model_random),
	{}
};

static struct kunit_suite release_model_suite = {
	.name = "spanheap_release_model",
	.test_cases = release_model_cases,
};

kunit_test_suite(release_model_suite);
