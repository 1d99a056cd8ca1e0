// SPDX-License-Identifier: GPL-2.0
/*
 * The page heap against an array of pages: random spans are allocated, cut,
 * released and freed, and a bitmap of the pages in use says where each must
 * and must not lie.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "lib/pages.h"
#include "lib/random.h"
#include "pages/pageheap.h"
#include "pages/walk.h"
#include "span/pagemap.h"

#define MAX_ARENAS	128
#define MAX_PAGES	1024	/* of an arena */
#define MAX_LIVE	300
#define MOST_PAGES	3000	/* in use at a time */

struct model_arena {
	struct sh_arena *arena;
	unsigned long used;
	DECLARE_BITMAP(busy, MAX_PAGES);
};

struct model_span {
	struct sh_span *span;
	unsigned long base;
	u32 nr_pages;
	u64 tag;
};

/* A free run of the model; none when @nr_pages is 0. */
struct model_run {
	struct model_arena *in;
	unsigned long first;
	unsigned long nr_pages;
};

struct model {
	struct sh_pageheap *ph;
	struct rnd_state rnd;
	unsigned int nr_arenas;
	unsigned int nr_live;
	unsigned long pages;
	u64 tag;
	struct model_arena arena[MAX_ARENAS];
	struct model_span live[MAX_LIVE];
};

static int learn_arena(struct sh_arena *arena, void *arg)
{
	struct model *m = arg;
	struct model_arena *a;
	unsigned int i;

	for (i = 0; i < m->nr_arenas && m->arena[i].arena != arena; i++)
		;
	if (i == MAX_ARENAS || arena->nr_pages > MAX_PAGES)
		return -E2BIG;
	a = &m->arena[i];
	a->arena = arena;
	a->used = arena->used;
	m->nr_arenas = max(m->nr_arenas, i + 1);
	return 0;
}

static void learn_arenas(struct kunit *test, struct model *m)
{
	KUNIT_ASSERT_EQ(test, 0, sh_pageheap_walk(m->ph, learn_arena, NULL,
						  m));
}

static bool is_better(const struct model_run *a, const struct model_run *b)
{
	if (a->nr_pages != b->nr_pages)
		return a->nr_pages < b->nr_pages;
	return a->in->arena->base + (a->first << SH_PAGE_SHIFT) <
	       b->in->arena->base + (b->first << SH_PAGE_SHIFT);
}

/* The shortest free run of @nr_pages or more, the lowest of these. */
static struct model_run best_run(struct model *m, unsigned long nr_pages)
{
	struct model_run best = {}, run;
	unsigned long first, end;
	unsigned int i;

	for (i = 0; i < m->nr_arenas; i++) {
		struct model_arena *a = &m->arena[i];

		run.in = a;
		for (first = 0; first < a->used; first = end) {
			first = find_next_zero_bit(a->busy, a->used, first);
			end = find_next_bit(a->busy, a->used, first);
			if (end - first < nr_pages)
				continue;
			run.first = first;
			run.nr_pages = end - first;
			if (!best.nr_pages || is_better(&run, &best))
				best = run;
		}
	}
	return best;
}

static struct model_arena *arena_of(struct model *m, const struct sh_span *span)
{
	unsigned int i;

	for (i = 0; i < m->nr_arenas; i++)
		if (m->arena[i].arena == span->arena)
			return &m->arena[i];
	return NULL;
}

/* The pages of the span become busy; none of them may be. */
static void occupy(struct kunit *test, struct model *m, struct sh_span *span)
{
	struct model_arena *a = arena_of(m, span);
	unsigned long first;

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_GE(test, sh_span_base(span), a->arena->base);
	first = (sh_span_base(span) - a->arena->base) >> SH_PAGE_SHIFT;
	KUNIT_ASSERT_LE(test, first + span->nr_pages, a->used);
	KUNIT_ASSERT_GE_MSG(test, find_next_bit(a->busy, a->used, first),
			    min(first + span->nr_pages, a->used),
			    "a span overlaps another");
	bitmap_set(a->busy, first, span->nr_pages);
	m->pages += span->nr_pages;
}

/*
 * The span must come out of a run as good as the best of the model; an aligned one
 * may have found a shorter run whose address suits it.
 */
static void verify_fit(struct kunit *test, struct model *m,
		       struct model_run best, struct sh_span *span,
		       unsigned long align)
{
	struct model_arena *a = arena_of(m, span);
	unsigned long at, first, end;

	KUNIT_ASSERT_NOT_NULL(test, a);
	at = (sh_span_base(span) - a->arena->base) >> SH_PAGE_SHIFT;
	first = find_last_bit(a->busy, at);
	first = first < at ? first + 1 : 0;
	end = find_next_bit(a->busy, a->used, at);
	KUNIT_ASSERT_LT(test, at, first + align);
	if (align > 1 && end - first < span->nr_pages + align - 1)
		return;
	KUNIT_ASSERT_EQ_MSG(test, end - first, best.nr_pages, "no best fit");
	if (best.nr_pages < SH_SHORT_RUN)
		return;
	KUNIT_ASSERT_PTR_EQ(test, a, best.in);
	KUNIT_ASSERT_EQ_MSG(test, first, best.first, "not the lowest fit");
}

static u32 random_length(struct model *m)
{
	switch (sh_test_random(&m->rnd, 20)) {
	case 0:
		return 1 + sh_test_random(&m->rnd, 600);
	case 1 ... 4:
		return 1 + sh_test_random(&m->rnd, 200);
	default:
		return 1 + sh_test_random(&m->rnd, 16);
	}
}

static void new_live(struct kunit *test, struct model *m, struct sh_span *span)
{
	struct model_span *l = &m->live[m->nr_live++];

	l->span = span;
	l->base = sh_span_base(span);
	l->nr_pages = span->nr_pages;
	l->tag = ++m->tag;
	if (!span->dirty)
		KUNIT_ASSERT_TRUE_MSG(test, sh_pages_zero(l->base,
							  l->nr_pages),
				      "a span that is not dirty has contents");
	if (!sh_test_random(&m->rnd, 8)) {
		sh_pageheap_zero(span, GFP_KERNEL);
		KUNIT_ASSERT_TRUE(test, sh_pages_zero(l->base, l->nr_pages));
	}
	sh_pages_fill(l->base, l->nr_pages, l->tag);
}

static void step_alloc(struct kunit *test, struct model *m)
{
	unsigned long align = 1, grows = sh_pages_stats(m->ph).grows;
	unsigned int kind = sh_test_random(&m->rnd, SH_NR_SPAN_KINDS);
	gfp_t gfp = sh_test_random(&m->rnd, 4) ? QUIET : QUIET_ATOMIC;
	u32 nr_pages = random_length(m);
	struct model_run best;
	struct sh_span *span;

	if (!sh_test_random(&m->rnd, 6)) {
		align = 1UL << sh_test_random(&m->rnd, 7);
		kind = align > 1 ? 0 : kind;
	}
	gfp |= sh_test_random(&m->rnd, 2) ? __GFP_ZERO : 0;
	best = best_run(m, nr_pages + align - 1);
	span = sh_pageheap_alloc(m->ph, nr_pages, align, kind, gfp,
				 NUMA_NO_NODE);
	if (!span) {
		KUNIT_ASSERT_FALSE(test, gfpflags_allow_blocking(gfp));
		KUNIT_ASSERT_EQ(test, best.nr_pages, 0);
		return;
	}
	KUNIT_ASSERT_EQ(test, span->nr_pages, nr_pages);
	KUNIT_ASSERT_EQ(test, span->released, 0);
	KUNIT_ASSERT_GE(test, span->kind, kind);
	KUNIT_ASSERT_EQ(test, sh_span_base(span) % (align << SH_PAGE_SHIFT),
			0);
	if (best.nr_pages)
		KUNIT_ASSERT_EQ(test, sh_pages_stats(m->ph).grows, grows);
	else if (align == 1)
		KUNIT_ASSERT_GT(test, sh_pages_stats(m->ph).grows, grows);
	learn_arenas(test, m);
	if (best.nr_pages)
		verify_fit(test, m, best, span, align);
	occupy(test, m, span);
	new_live(test, m, span);
}

/* Any of the spans; it leaves the list. */
static struct model_span take_live(struct kunit *test, struct model *m)
{
	unsigned int i = sh_test_random(&m->rnd, m->nr_live);
	struct model_span l = m->live[i];

	m->live[i] = m->live[--m->nr_live];
	KUNIT_ASSERT_EQ(test, sh_span_base(l.span), l.base);
	KUNIT_ASSERT_EQ(test, l.span->nr_pages, l.nr_pages);
	KUNIT_ASSERT_TRUE_MSG(test, sh_pages_intact(l.base, l.nr_pages, l.tag),
			      "contents were not kept");
	return l;
}

static void vacate(struct model *m, const struct model_span *l)
{
	struct model_arena *a = arena_of(m, l->span);

	bitmap_clear(a->busy, (l->base - a->arena->base) >> SH_PAGE_SHIFT,
		     l->nr_pages);
	m->pages -= l->nr_pages;
}

static void step_free(struct kunit *test, struct model *m)
{
	struct model_span l = take_live(test, m);
	u32 first;

	if (SH_ARENA_SPARSE && !sh_test_random(&m->rnd, 8)) {
		first = sh_test_random(&m->rnd, l.nr_pages);
		sh_pages_release(l.span, first, 1 +
				 sh_test_random(&m->rnd, l.nr_pages - first));
	}
	vacate(m, &l);
	sh_pages_free(m->ph, l.span);
}

static void step_free_several(struct kunit *test, struct model *m)
{
	struct sh_span *spans[8];
	struct model_span l;
	unsigned int nr;

	for (nr = 0; nr < ARRAY_SIZE(spans) && m->nr_live; nr++) {
		l = take_live(test, m);
		vacate(m, &l);
		sh_pageheap_disown(l.span);
		spans[nr] = l.span;
	}
	sh_pageheap_free(m->ph, spans, nr);
}

static void step_cut(struct kunit *test, struct model *m)
{
	struct model_span low = take_live(test, m), high;

	if (low.nr_pages > 1) {
		high = low;
		low.nr_pages = 1 + sh_test_random(&m->rnd, low.nr_pages - 1);
		high.span = sh_pages_cut(test, m->ph, low.span, low.nr_pages);
		high.base += (unsigned long)low.nr_pages << SH_PAGE_SHIFT;
		high.nr_pages -= low.nr_pages;
		m->live[m->nr_live++] = high;
	}
	m->live[m->nr_live++] = low;
}

static void step(struct kunit *test, struct model *m)
{
	unsigned int what = sh_test_random(&m->rnd, 100);

	if (m->pages > MOST_PAGES || m->nr_live > MAX_LIVE - 2)
		what = 95;
	if (what < 50 || !m->nr_live)
		step_alloc(test, m);
	else if (what < 55)
		step_cut(test, m);
	else if (what < 90)
		step_free(test, m);
	else
		step_free_several(test, m);
}

static void pageheap_model_random(struct kunit *test)
{
	unsigned long ops = sh_test_ops(40000), n;
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	sh_test_seed(test, &m->rnd);
	m->ph = sh_pages_create(test, 512);
	learn_arenas(test, m);
	for (n = 0; n < ops; n++) {
		step(test, m);
		if (n % 1000 == 0)
			sh_pages_verify(test, m->ph);
	}
	while (m->nr_live)
		step_free(test, m);
	sh_pages_verify(test, m->ph);
	KUNIT_EXPECT_EQ(test, sh_pages_stats(m->ph).idle,
			sh_pages_stats(m->ph).sys);
	kunit_info(test, "%u arenas\n", m->nr_arenas);
}

static struct kunit_case pageheap_model_cases[] = {
	KUNIT_CASE(pageheap_model_random),
	{}
};

static struct kunit_suite pageheap_model_suite = {
	.name = "spanheap_pageheap_model",
	.test_cases = pageheap_model_cases,
};

kunit_test_suite(pageheap_model_suite);
