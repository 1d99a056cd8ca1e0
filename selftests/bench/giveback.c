// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "giveback": what it costs to give idle memory back and to take it
 * again, each page, beside the page allocator; and what two CPUs that allocate
 * notice of it
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/spanheap.h>

#include "alloc.h"
#include "liveset.h"
#include "threads.h"

#define RUN_PAGES	(SZ_32M >> PAGE_SHIFT)	/* one batch of a release */
#define IDLE_OBJECT	SZ_64M
#define MAX_IDLE	16
#define WINDOW		64	/* live objects of a thread */
#define OBJECT		256UL

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

static int measure_pages(struct bench *b)
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

/**
 * struct traffic - threads that allocate while memory goes back
 * @heap: the heap
 * @ns: how long they go on
 * @nr: threads
 * @ops: what each did
 * @ran: nanoseconds that each had a CPU: the one that gives back is a thread
 *	too, and takes its share of them
 */
struct traffic {
	struct spanheap *heap;
	u64 ns;
	unsigned int nr;
	u64 ops[2];
	u64 ran[2];
};

static int traffic_thread(void *arg, unsigned int index)
{
	struct traffic *t = arg;
	u64 end = ktime_get_ns() + t->ns, ops = 0;
	u64 ran = current->se.sum_exec_runtime;
	void *objs[WINDOW];
	unsigned int i, nr;

	do {
		nr = 0;
		while (nr < WINDOW) {
			objs[nr] = spanheap_alloc(t->heap, OBJECT, BENCH_GFP);
			if (!objs[nr])
				break;
			nr++;
		}
		for (i = 0; i < nr; i++)
			spanheap_free(objs[i]);
		if (nr < WINDOW)
			return -ENOMEM;
		ops += nr;
		cond_resched();
	} while (ktime_get_ns() < end);
	t->ops[index] = ops;
	t->ran[index] = current->se.sum_exec_runtime - ran;
	return 0;
}

/* Idle memory of @bytes, in runs that an arena each can go with. */
static int make_idle(struct spanheap *heap, size_t bytes)
{
	void *objs[MAX_IDLE];
	unsigned int nr = 0;
	int ret = 0;

	while (nr < MAX_IDLE && (u64)nr * IDLE_OBJECT < bytes && !ret) {
		objs[nr] = spanheap_alloc(heap, IDLE_OBJECT, BENCH_GFP);
		if (objs[nr])
			nr++;
		else
			ret = -ENOMEM;
	}
	while (nr)
		spanheap_free(objs[--nr]);
	return ret;
}

static int scavenge_thread(void *heap)
{
	/* Not before the others are at work. */
	schedule_timeout_uninterruptible(HZ / 50);
	spanheap_scavenge(heap);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Time of an object over all CPUs, in thousandths, while @idle bytes go back. */
static int traffic_run(struct traffic *t, size_t idle, u64 *value)
{
	struct task_struct *task = NULL;
	u64 ops = 0, ran = 0;
	unsigned int i;
	int ret;

	ret = idle ? make_idle(t->heap, idle) : 0;
	if (ret)
		return ret;
	if (idle) {
		task = kthread_run(scavenge_thread, t->heap,
				   "spanheap_bench/scavenge");
		if (IS_ERR(task))
			return PTR_ERR(task);
	}
	ret = bench_threads_run(t->nr, traffic_thread, t);
	if (task)
		kthread_stop(task);
	for (i = 0; i < t->nr; i++) {
		ops += t->ops[i];
		ran += t->ran[i];
	}
	if (!ret)
		*value = div64_u64(ran / t->nr * BENCH_SCALE, max(ops, 1ULL));
	return ret;
}

static int measure_traffic(struct bench *b)
{
	struct bench_point quiet = {
		.variant = "quiet",
		.size = OBJECT,
		.metric = "time",
		.unit = "ns",
	}, busy = quiet;
	u64 values[2][BENCH_MAX_RUNS];
	struct bench_subject s;
	struct traffic *t;
	unsigned int run;
	size_t idle;
	int ret;

	idle = min_t(u64, b->options.mem / 2, (u64)MAX_IDLE * IDLE_OBJECT);
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	ret = bench_subject_init(&s, BENCH_SPANHEAP, 0);
	if (!t || ret) {
		ret = ret ?: -ENOMEM;
		goto out;
	}
	t->heap = s.heap;
	t->nr = min_t(unsigned int, num_online_cpus(), 2);
	t->ns = 1000ULL * b->options.us * NSEC_PER_USEC;
	quiet.cpus = t->nr;
	quiet.count = idle >> 20;
	busy = quiet;
	busy.variant = "scavenging";
	for (run = 0; run < b->options.runs && !ret; run++) {
		ret = traffic_run(t, 0, &values[0][run]) ?:
		      traffic_run(t, idle, &values[1][run]) ?: bench_breathe();
	}
	if (!ret)
		ret = bench_report(b, &quiet, BENCH_SPANHEAP, values[0], run);
	if (!ret)
		ret = bench_report(b, &busy, BENCH_SPANHEAP, values[1], run);
out:
	bench_subject_exit(&s);
	kfree(t);
	return ret;
}

int bench_giveback(struct bench *b)
{
	int ret = measure_pages(b);

	/* On one CPU there is no meanwhile. */
	if (ret || num_online_cpus() < 2)
		return ret;
	return measure_traffic(b);
}
