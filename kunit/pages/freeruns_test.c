// SPDX-License-Identifier: GPL-2.0
/*
 * The set of free runs, with runs of made-up addresses: nothing looks behind
 * these.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "lib/random.h"
#include "pages/freeruns.h"

#define NR_RUNS		300
#define BASE		0x100000000UL
/* Far enough apart for any run here. */
#define STRIDE		(1024 * SH_PAGE_SIZE)

/**
 * struct runs - a set under test and its model
 * @fr: the set
 * @run: runs, in address order, whether in the set or not
 * @in: which of them are in it
 * @seq: when they were added, ascending
 * @clock: for @seq
 */
struct runs {
	struct sh_freeruns fr;
	struct sh_span run[NR_RUNS];
	bool in[NR_RUNS];
	unsigned long seq[NR_RUNS];
	unsigned long clock;
};

static int freeruns_test_init(struct kunit *test)
{
	struct runs *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	sh_freeruns_init(&r->fr);
	test->priv = r;
	return 0;
}

static struct sh_span *add(struct runs *r, unsigned int i, u32 nr_pages,
			   u32 released)
{
	struct sh_span *run = &r->run[i];

	run->key = BASE + i * STRIDE;
	run->nr_pages = nr_pages;
	run->released = released;
	run->state = SH_SPAN_FREE;
	sh_freeruns_add(&r->fr, run);
	r->in[i] = true;
	r->seq[i] = ++r->clock;
	return run;
}

static void del(struct runs *r, unsigned int i)
{
	sh_freeruns_del(&r->fr, &r->run[i]);
	r->in[i] = false;
}

static void verify(struct kunit *test, struct runs *r)
{
	unsigned long nr = 0, want = 0, last = 0, listed = 0;
	const char *wrong = sh_freeruns_check(&r->fr, &nr);
	struct sh_span *run;
	unsigned int i;

	KUNIT_ASSERT_NULL_MSG(test, wrong, "%s", wrong);
	for (i = 0; i < NR_RUNS; i++) {
		want += r->in[i];
		listed += r->in[i] && r->run[i].released < r->run[i].nr_pages;
	}
	KUNIT_ASSERT_EQ(test, nr, want);
	list_for_each_entry(run, &r->fr.lru, lru) {
		i = run - r->run;
		KUNIT_ASSERT_TRUE(test, r->in[i]);
		KUNIT_ASSERT_GT_MSG(test, r->seq[i], last, "not by age");
		last = r->seq[i];
		listed--;
	}
	KUNIT_ASSERT_EQ(test, listed, 0);
}

static void freeruns_test_nothing_fits_in_an_empty_set(struct kunit *test)
{
	struct runs *r = test->priv;

	KUNIT_EXPECT_NULL(test, sh_freeruns_best(&r->fr, 1, 1));
	KUNIT_EXPECT_NULL(test, sh_freeruns_best(&r->fr, SH_SHORT_RUN - 1, 1));
	KUNIT_EXPECT_NULL(test, sh_freeruns_best(&r->fr, SH_SHORT_RUN, 1));
	KUNIT_EXPECT_NULL(test, sh_freeruns_best(&r->fr, ULONG_MAX, 1));
	verify(test, r);
}

static void freeruns_test_best_fit_is_the_shortest(struct kunit *test)
{
	static const u32 len[] = { 9, 3, 500, 5, 127, 200, 128, 1 };
	struct runs *r = test->priv;
	struct sh_span *best;
	unsigned int i, j;
	u32 want;

	for (i = 0; i < ARRAY_SIZE(len); i++)
		add(r, i, len[i], 0);
	for (i = 1; i <= 501; i++) {
		for (j = 0, want = U32_MAX; j < ARRAY_SIZE(len); j++)
			if (len[j] >= i)
				want = min(want, len[j]);
		best = sh_freeruns_best(&r->fr, i, 1);
		if (want == U32_MAX)
			KUNIT_EXPECT_NULL(test, best);
		else
			KUNIT_EXPECT_EQ(test, best ? best->nr_pages : 0, want);
	}
	verify(test, r);
}

/* The same, @shift heap pages after an address that is aligned to all. */
static struct sh_span *add_shifted(struct runs *r, unsigned int i, u32 nr_pages,
				   unsigned long shift)
{
	struct sh_span *run = &r->run[i];

	add(r, i, nr_pages, 0);
	sh_freeruns_del(&r->fr, run);
	run->key += shift << SH_PAGE_SHIFT;
	sh_freeruns_add(&r->fr, run);
	return run;
}

/*
 * A run of just the length is good enough for an aligned request, if its address
 * is; the longer one that is sure to do is for when it is not.
 */
static void freeruns_test_tight_runs_serve_aligned_requests(struct kunit *test)
{
	static const u32 len[] = { 2, 4, 8, 64, 128, 256 };
	struct runs *r = test->priv;
	struct sh_span *odd, *even, *sure;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		odd = add_shifted(r, 0, len[i], 1);
		KUNIT_EXPECT_NULL(test, sh_freeruns_best(&r->fr, len[i], len[i]));
		sure = add_shifted(r, 2, 2 * len[i] - 1, 1);
		KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, len[i], len[i]),
				    sure);
		even = add(r, 1, len[i], 0);
		KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, len[i], len[i]),
				    even);
		KUNIT_EXPECT_EQ(test, sh_run_skip(even, len[i]), 0);
		KUNIT_EXPECT_EQ(test, sh_run_skip(odd, len[i]), len[i] - 1);
		KUNIT_EXPECT_EQ(test, sh_run_skip(odd, 1), 0);
		del(r, 0);
		del(r, 1);
		del(r, 2);
	}
	verify(test, r);
}

/* However many there are of the right length at wrong addresses. */
static void freeruns_test_an_aligned_request_ends_its_search(struct kunit *test)
{
	struct runs *r = test->priv;
	struct sh_span *sure;
	unsigned int i;

	for (i = 1; i < NR_RUNS; i++)
		add_shifted(r, i, i % 2 ? 8 : 200, 1);
	KUNIT_EXPECT_NULL(test, sh_freeruns_best(&r->fr, 193, 256));
	sure = add_shifted(r, 0, 448, 1);
	KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, 193, 256), sure);
	KUNIT_EXPECT_NULL(test, sh_freeruns_exact(&r->fr, 8, 8));
	KUNIT_EXPECT_NULL(test, sh_freeruns_exact(&r->fr, 7, 1));
	KUNIT_EXPECT_EQ(test, sh_freeruns_exact(&r->fr, 8, 1)->nr_pages, 8);
	verify(test, r);
}

static void freeruns_test_long_ties_go_to_the_lowest(struct kunit *test)
{
	static const unsigned int order[] = { 5, 2, 7, 1, 4 };
	struct runs *r = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		add(r, order[i], 300, 0);
	add(r, 0, 301, 0);
	KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, 300, 1), &r->run[1]);
	KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, 5, 1), &r->run[1]);
	del(r, 1);
	KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, 300, 1), &r->run[2]);
	verify(test, r);
}

static void freeruns_test_prefers_resident_short_runs(struct kunit *test)
{
	struct runs *r = test->priv;

	add(r, 0, 4, 4);
	add(r, 1, 4, 0);
	add(r, 2, 4, 1);
	KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, 4, 1), &r->run[1]);
	verify(test, r);
}

static void freeruns_test_wholly_released_runs_have_no_age(struct kunit *test)
{
	struct runs *r = test->priv;

	add(r, 0, 4, 4);
	add(r, 1, 300, 300);
	KUNIT_EXPECT_TRUE(test, list_empty(&r->fr.lru));
	add(r, 2, 4, 3);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&r->fr.lru));
	verify(test, r);
}

static void freeruns_test_add_stamps_the_time(struct kunit *test)
{
	struct runs *r = test->priv;
	unsigned long before = jiffies;
	struct sh_span *run = add(r, 0, 4, 0);

	KUNIT_EXPECT_TRUE(test, time_in_range(run->idle_since, before,
					      jiffies));
}

/* What is left over is as old as before, in its place among the others. */
static void freeruns_test_shrink_keeps_the_age(struct kunit *test)
{
	struct runs *r = test->priv;
	struct sh_span *run;

	add(r, 0, 10, 0);
	run = add(r, 1, 200, 0);
	add(r, 2, 10, 0);
	run->idle_since = 12345;
	sh_freeruns_shrink(&r->fr, run, 60, 0);
	KUNIT_EXPECT_EQ(test, run->idle_since, 12345);
	KUNIT_EXPECT_EQ(test, run->nr_pages, 140);
	KUNIT_EXPECT_EQ(test, sh_span_base(run),
			BASE + STRIDE + 60 * SH_PAGE_SIZE);
	verify(test, r);
	sh_freeruns_shrink(&r->fr, run, 100, 0);
	KUNIT_EXPECT_EQ(test, run->idle_since, 12345);
	KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, 11, 1), run);
	verify(test, r);
}

static void freeruns_test_shrink_moves_between_lists(struct kunit *test)
{
	struct runs *r = test->priv;
	struct sh_span *run = add(r, 0, SH_SHORT_RUN + 1, 0);

	sh_freeruns_shrink(&r->fr, run, 1, 0);
	KUNIT_EXPECT_FALSE(test, RB_EMPTY_ROOT(&r->fr.longs));
	verify(test, r);
	sh_freeruns_shrink(&r->fr, run, 1, 0);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&r->fr.longs));
	KUNIT_EXPECT_TRUE(test, test_bit(SH_SHORT_RUN - 1, r->fr.lengths));
	verify(test, r);
	sh_freeruns_shrink(&r->fr, run, SH_SHORT_RUN - 2, 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(r->fr.lengths, SH_SHORT_RUN), 1);
	KUNIT_EXPECT_PTR_EQ(test, sh_freeruns_best(&r->fr, 1, 1), run);
	del(r, 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(r->fr.lengths, SH_SHORT_RUN));
	verify(test, r);
}

/* When the resident pages are cut off, there is nothing left to release. */
static void freeruns_test_shrink_to_released_loses_age(struct kunit *test)
{
	struct runs *r = test->priv;
	struct sh_span *run = add(r, 0, 200, 150);

	sh_freeruns_shrink(&r->fr, run, 20, 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&r->fr.lru));
	KUNIT_EXPECT_EQ(test, run->released, 150);
	sh_freeruns_shrink(&r->fr, run, 60, 30);
	KUNIT_EXPECT_EQ(test, run->released, 120);
	KUNIT_EXPECT_TRUE(test, list_empty(&r->fr.lru));
	verify(test, r);
}

/* The check must see what it is there to see. */
static void freeruns_test_check_finds_damage(struct kunit *test)
{
	struct runs *r = test->priv;
	struct sh_span *run = add(r, 0, 10, 0), *tree;
	unsigned long nr;

	add(r, 1, 200, 0);
	tree = add(r, 2, 300, 0);

	run->nr_pages = 11;
	KUNIT_EXPECT_NOT_NULL(test, sh_freeruns_check(&r->fr, &nr));
	run->nr_pages = 10;
	run->state = SH_SPAN_HELD;
	KUNIT_EXPECT_NOT_NULL(test, sh_freeruns_check(&r->fr, &nr));
	run->state = SH_SPAN_FREE;
	run->released = 10;
	KUNIT_EXPECT_NOT_NULL(test, sh_freeruns_check(&r->fr, &nr));
	run->released = 11;
	KUNIT_EXPECT_NOT_NULL(test, sh_freeruns_check(&r->fr, &nr));
	run->released = 0;
	tree->nr_pages = 199;
	KUNIT_EXPECT_NOT_NULL(test, sh_freeruns_check(&r->fr, &nr));
	tree->nr_pages = 300;
	change_bit(10, r->fr.lengths);
	KUNIT_EXPECT_NOT_NULL(test, sh_freeruns_check(&r->fr, &nr));
	change_bit(10, r->fr.lengths);
	verify(test, r);
}

/* The best fit in the model; of long runs the lowest. */
static struct sh_span *model_best(struct runs *r, u32 nr_pages)
{
	struct sh_span *best = NULL;
	unsigned int i;

	for (i = 0; i < NR_RUNS; i++) {
		struct sh_span *run = &r->run[i];

		if (r->in[i] && run->nr_pages >= nr_pages &&
		    (!best || run->nr_pages < best->nr_pages))
			best = run;
	}
	return best;
}

static bool any_resident(struct runs *r, u32 nr_pages)
{
	unsigned int i;

	for (i = 0; i < NR_RUNS; i++)
		if (r->in[i] && r->run[i].nr_pages == nr_pages &&
		    !r->run[i].released)
			return true;
	return false;
}

static void verify_best(struct kunit *test, struct runs *r, u32 nr_pages)
{
	struct sh_span *best = sh_freeruns_best(&r->fr, nr_pages, 1);
	struct sh_span *want = model_best(r, nr_pages);

	if (!want || want->nr_pages >= SH_SHORT_RUN) {
		KUNIT_ASSERT_PTR_EQ(test, best, want);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, best);
	KUNIT_ASSERT_EQ(test, best->nr_pages, want->nr_pages);
	if (best->released)
		KUNIT_ASSERT_FALSE(test, any_resident(r, best->nr_pages));
}

static u32 random_length(struct rnd_state *rnd)
{
	if (sh_test_random(rnd, 2))
		return 1 + sh_test_random(rnd, 20);
	return 1 + sh_test_random(rnd, 400);
}

static void random_shrink(struct runs *r, unsigned int i,
			  struct rnd_state *rnd)
{
	struct sh_span *run = &r->run[i];
	u32 cut = 1 + sh_test_random(rnd, run->nr_pages - 1), least, most;

	/* As many released as both parts allow. */
	most = min(cut, run->released);
	least = run->released > run->nr_pages - cut ?
		run->released - (run->nr_pages - cut) : 0;
	sh_freeruns_shrink(&r->fr, run, cut,
			   least + sh_test_random(rnd, most - least + 1));
}

static void freeruns_test_random_against_an_array(struct kunit *test)
{
	unsigned long ops = sh_test_ops(80000), n;
	struct runs *r = test->priv;
	struct rnd_state rnd;

	sh_test_seed(test, &rnd);
	for (n = 0; n < ops; n++) {
		unsigned int i = sh_test_random(&rnd, NR_RUNS);
		u32 len = random_length(&rnd);

		if (!r->in[i])
			add(r, i, len, sh_test_random(&rnd, 3) ? 0 :
			    sh_test_random(&rnd, len + 1));
		else if (r->run[i].nr_pages > 1 && sh_test_random(&rnd, 2))
			random_shrink(r, i, &rnd);
		else
			del(r, i);
		if (n % 4 == 0)
			verify_best(test, r, random_length(&rnd));
		if (n % 100 == 0)
			verify(test, r);
	}
	verify(test, r);
}

static struct kunit_case freeruns_cases[] = {
	KUNIT_CASE(freeruns_test_nothing_fits_in_an_empty_set),
	KUNIT_CASE(freeruns_test_best_fit_is_the_shortest),
	KUNIT_CASE(freeruns_test_tight_runs_serve_aligned_requests),
	KUNIT_CASE(freeruns_test_an_aligned_request_ends_its_search),
	KUNIT_CASE(freeruns_test_long_ties_go_to_the_lowest),
	KUNIT_CASE(freeruns_test_prefers_resident_short_runs),
	KUNIT_CASE(freeruns_test_wholly_released_runs_have_no_age),
	KUNIT_CASE(freeruns_test_add_stamps_the_time),
	KUNIT_CASE(freeruns_test_shrink_keeps_the_age),
	KUNIT_CASE(freeruns_test_shrink_moves_between_lists),
	KUNIT_CASE(freeruns_test_shrink_to_released_loses_age),
	KUNIT_CASE(freeruns_test_check_finds_damage),
	KUNIT_CASE(freeruns_test_random_against_an_array),
	{}
};

static struct kunit_suite freeruns_suite = {
	.name = "spanheap_freeruns",
	.init = freeruns_test_init,
	.test_cases = freeruns_cases,
};

kunit_test_suite(freeruns_suite);
