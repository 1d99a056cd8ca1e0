// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "giveback": what it costs to give idle memory back and to take it
 * again, each page, beside the page allocator
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/spanheap.h>

#include "alloc.h"
#include "liveset.h"

#define RUN_PAGES	(SZ_32M >> PAGE_SHIFT)	/* one batch of a release */

/**
 * struct pages - memory taken and given back, page by page
 * @nr: pages
 * @page: the pages, of the page allocator
 * @take: whether to time the taking, or the giving back
 */
struct pages {
	unsigned long nr;
	void **page;
	bool take;
};

static int page_round(const struct bench_subject *s, struct pages *p,
		      u64 *took, u64 *gave)
{
	u64 start = ktime_get_ns(), middle;
	unsigned long i;

	for (i = 0; i < p->nr; i++) {
		p->page[i] = bench_alloc(BENCH_PAGE, s, PAGE_SIZE);
		if (!p->page[i]) {
			bench_drain(s, p->page, i);
			return -ENOMEM;
		}
	}
	middle = ktime_get_ns();
	for (i = 0; i < p->nr; i++)
		bench_free(BENCH_PAGE, s, p->page[i]);
	*took += middle - start;
	*gave += ktime_get_ns() - middle;
	return 0;
}

/* One large object: all of its pages come at once, and go at once. */
static int heap_round(const struct bench_subject *s, struct pages *p,
		      u64 *took, u64 *gave)
{
	u64 start = ktime_get_ns();
	void *obj;

	obj = spanheap_alloc(s->heap, p->nr << PAGE_SHIFT, BENCH_GFP);
	if (!obj)
		return -ENOMEM;
	*took += ktime_get_ns() - start;
	spanheap_free(obj);
	start = ktime_get_ns();
	spanheap_scavenge(s->heap);
	*gave += ktime_get_ns() - start;
	return 0;
}

static int pages_sample(const struct bench_subject *s, void *arg,
			struct bench_sample *sample)
{
	struct pages *p = arg;
	u64 took = 0, gave = 0;
	unsigned long i;
	int ret = 0;

	for (i = 0; i < sample->n && !ret; i++) {
		if (s->kind == BENCH_SPANHEAP)
			ret = heap_round(s, p, &took, &gave);
		else
			ret = page_round(s, p, &took, &gave);
		cond_resched();
	}
	sample->ns = p->take ? took : gave;
	sample->ops = sample->n * p->nr;
	return ret;
}

int bench_giveback(struct bench *b)
{
	struct bench_point point = {
		.size = PAGE_SIZE,
		.cpus = 1,
		.metric = "time",
		.unit = "ns",
	};
	struct pages p = { };
	int ret = 0, i;

	p.nr = min(b->options.count ?: RUN_PAGES,
		   b->options.mem / 2 >> PAGE_SHIFT);
	p.page = bench_objs_create(p.nr);
	if (!p.page)
		return -ENOMEM;
	point.count = p.nr;
	for (i = 0; i < 2 && !ret; i++) {
		p.take = i;
		point.variant = i ? "populate" : "release";
		ret = bench_compare(b, &point, BENCH_KINDS_PAGES, pages_sample,
				    &p);
	}
	bench_objs_destroy(p.page);
	return ret;
}
