// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "growth": what an allocation costs in a heap that holds much
 *
 * What lives are manual spans of 8 KiB; objects of 8 KiB would share spans. One
 * in ten is freed again, at random, and so are long runs, so that there are free
 * runs of all lengths to search. Measured are objects that need a span of their own: a window of
 * them is allocated and freed in another order, too many at once for caches
 * to answer.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sizes.h>

#include "alloc.h"
#include "liveset.h"

#define LIVE_SIZE	SZ_8K
#define WINDOW		256
#define MAX_LARGE_HOLES	256

struct window {
	size_t size;
	unsigned int nr;
	u64 seed;
	void *objs[WINDOW];
};

struct liveset {
	struct bench_subject subject;
	unsigned long nr;		/* entries of @objs filled, with holes */
	void **objs;
	void *large[MAX_LARGE_HOLES];
	u64 seed;
};

static __always_inline int window_loop(const enum bench_kind kind,
				       const struct bench_subject s, void *arg,
				       struct bench_sample *sample)
{
	struct window *window = arg;
	unsigned int i, nr = window->nr;
	unsigned long round;
	u64 start;

	for (round = 0; round < sample->n; round++) {
		start = ktime_get_ns();
		for (i = 0; i < nr; i++) {
			window->objs[i] = bench_alloc(kind, &s, window->size);
			if (unlikely(!window->objs[i]))
				break;
		}
		sample->ns += ktime_get_ns() - start;
		if (i < nr) {
			bench_drain(&s, window->objs, i);
			return -ENOMEM;
		}

		bench_shuffle(window->objs, nr, &window->seed);

		start = ktime_get_ns();
		for (i = 0; i < nr; i++)
			bench_free(kind, &s, window->objs[i]);
		sample->ns += ktime_get_ns() - start;
		cond_resched();
	}
	sample->ops = sample->n * nr;
	return 0;
}

static int window_sample(const struct bench_subject *s, void *arg,
			 struct bench_sample *sample)
{
	sample->ns = 0;
	return bench_dispatch(window_loop, s, arg, sample);
}

static int measure_windows(struct bench *b, const struct liveset *set,
			   unsigned long live)
{
	static const struct {
		const char *name;
		size_t size;
		unsigned int nr;
	} kinds[] = {
		{ "span", SZ_8K, WINDOW },
		{ "large", 40 * SZ_1K, WINDOW / 4 },
		{ "huge", SZ_1M, WINDOW / 32 },
	};
	struct bench_point point = {
		.count = live,
		.cpus = 1,
		.metric = "time",
		.unit = "ns",
	};
	struct window *window;
	unsigned int i;
	int ret = 0;

	window = kzalloc(sizeof(*window), GFP_KERNEL);
	if (!window)
		return -ENOMEM;
	window->seed = 1;

	for (i = 0; i < ARRAY_SIZE(kinds) && !ret; i++) {
		window->size = kinds[i].size;
		window->nr = kinds[i].nr;
		point.variant = kinds[i].name;
		point.size = kinds[i].size;
		ret = bench_compare_subjects(b, &point, &set->subject, 1,
					     window_sample, window);
	}
	kfree(window);
	return ret;
}

static void *live_alloc(const struct bench_subject *s)
{
	if (s->kind == BENCH_SPANHEAP)
		return spanheap_alloc_pages(s->heap, LIVE_SIZE, BENCH_GFP);
	return kvmalloc(LIVE_SIZE, BENCH_GFP);
}

static void live_free(const struct bench_subject *s, void *obj)
{
	if (s->kind == BENCH_SPANHEAP)
		spanheap_free_pages(obj);
	else
		kvfree(obj);
}

/* Have @nr live entries, holes included, of which there were set->nr before. */
static int fill_live(struct liveset *set, unsigned long nr)
{
	unsigned long i;

	for (i = set->nr; i < nr; i++) {
		set->objs[i] = live_alloc(&set->subject);
		if (!set->objs[i])
			return -ENOMEM;
		if (i % 1024 == 0 && bench_breathe())
			return -EINTR;
	}
	return 0;
}

/* Free one in @of of the live entries from number @from on. */
static void thin_live(struct liveset *set, unsigned long from, unsigned long to,
		      unsigned int of)
{
	unsigned long i;

	for (i = from; i < to; i++) {
		if (!set->objs[i] || bench_below(bench_rand(&set->seed), of))
			continue;
		live_free(&set->subject, set->objs[i]);
		set->objs[i] = NULL;
		if (i % 1024 == 0)
			cond_resched();
	}
}

/* Long free runs between the live objects, one for each 1024 of these. */
static int make_large_holes(struct liveset *set, unsigned long nr)
{
	unsigned long want = min(nr / 1024, (unsigned long)MAX_LARGE_HOLES);
	unsigned long have = min(set->nr / 1024,
				 (unsigned long)MAX_LARGE_HOLES);

	if (want <= have)
		return 0;
	return bench_fill(&set->subject, set->large + have, want - have,
			  SZ_1M + have * SZ_8K);
}

static int grow_to(struct liveset *set, unsigned long live)
{
	unsigned long nr = live / 9 * 10;
	int ret;

	ret = make_large_holes(set, nr);
	if (!ret)
		ret = fill_live(set, nr);
	if (ret)
		return ret;

	bench_drain(&set->subject, set->large, MAX_LARGE_HOLES);
	thin_live(set, set->nr, nr, 10);
	set->nr = nr;
	return 0;
}

static int grow_kind(struct bench *b, enum bench_kind kind, unsigned long max)
{
	struct liveset *set;
	unsigned long live;
	int ret;

	set = kzalloc(sizeof(*set), GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	set->seed = 1;
	set->objs = bench_objs_create(max / 9 * 10);
	ret = set->objs ? bench_subject_init(&set->subject, kind, 0) : -ENOMEM;
	if (ret)
		goto out;

	for (live = 100; live <= max && !ret; live *= 10) {
		ret = grow_to(set, live);
		if (!ret)
			ret = measure_windows(b, set, live);
	}
	bench_drain(&set->subject, set->large, MAX_LARGE_HOLES);
	thin_live(set, 0, max / 9 * 10, 1);
	bench_subject_exit(&set->subject);
out:
	bench_objs_destroy(set->objs);
	kfree(set);
	return ret;
}

int bench_growth(struct bench *b)
{
	unsigned long max = min(b->options.count ?: 100000,
				b->options.mem / (LIVE_SIZE + SZ_2K));
	int ret;

	ret = grow_kind(b, BENCH_SPANHEAP, max);
	if (ret)
		return ret;
	return grow_kind(b, BENCH_KVMALLOC, max);
}
