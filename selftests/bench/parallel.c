// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "parallel": every CPU allocates and frees its own objects, all in
 * one heap ("shared") or each in a heap of its own ("own")
 *
 * The time is that of one object over all CPUs: with twice the CPUs it should
 * be half.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sizes.h>

#include "alloc.h"
#include "liveset.h"
#include "threads.h"

#define WINDOW		256	/* live objects of a thread */
#define CLOCK_EVERY	4	/* windows between two looks at the clock */

struct worker {
	struct bench_subject own;
	u64 ns;
	u64 ops;
	void *objs[WINDOW];
} ____cacheline_aligned_in_smp;

struct parallel {
	const struct bench_subject *shared;
	bool use_own;
	size_t size;
	u64 ns;			/* how long to go on */
	unsigned int nr;
	struct worker *workers;
};

struct parallel_job {
	struct worker *worker;
	size_t size;
	u64 ns;
};

static __always_inline int window_once(const enum bench_kind kind,
				       const struct bench_subject *s,
				       size_t size, void **objs)
{
	unsigned int i;

	for (i = 0; i < WINDOW; i++) {
		objs[i] = bench_alloc(kind, s, size);
		if (unlikely(!objs[i])) {
			bench_drain(s, objs, i);
			return -ENOMEM;
		}
	}
	for (i = 0; i < WINDOW; i++)
		bench_free(kind, s, objs[i]);
	return 0;
}

static __always_inline int parallel_loop(const enum bench_kind kind,
					 const struct bench_subject s,
					 void *arg,
					 struct bench_sample *unused)
{
	struct parallel_job *job = arg;
	struct worker *worker = job->worker;
	u64 start = ktime_get_ns();
	unsigned int i;

	worker->ops = 0;
	do {
		for (i = 0; i < CLOCK_EVERY; i++)
			if (window_once(kind, &s, job->size, worker->objs))
				return -ENOMEM;
		worker->ops += CLOCK_EVERY * WINDOW;
		worker->ns = ktime_get_ns() - start;
		cond_resched();
	} while (worker->ns < job->ns);
	return 0;
}

static int parallel_thread(void *arg, unsigned int index)
{
	struct parallel *parallel = arg;
	struct worker *worker = &parallel->workers[index];
	struct parallel_job job = {
		.worker = worker,
		.size = parallel->size,
		.ns = parallel->ns,
	};

	return bench_dispatch(parallel_loop, parallel->use_own ?
			      &worker->own : parallel->shared, &job, NULL);
}

static int make_own(struct parallel *parallel, enum bench_kind kind)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < parallel->nr; i++) {
		int err = bench_subject_init(&parallel->workers[i].own, kind,
					     parallel->size);

		ret = ret ?: err;
	}
	return ret;
}

static void destroy_own(struct parallel *parallel)
{
	unsigned int i;

	for (i = 0; i < parallel->nr; i++)
		bench_subject_exit(&parallel->workers[i].own);
}

static int parallel_sample(const struct bench_subject *s, void *arg,
			   struct bench_sample *sample)
{
	struct parallel *parallel = arg;
	unsigned int i;
	int ret = 0;

	parallel->shared = s;
	if (parallel->use_own)
		ret = make_own(parallel, s->kind);
	if (!ret)
		ret = bench_threads_run(parallel->nr, parallel_thread,
					parallel);
	if (parallel->use_own)
		destroy_own(parallel);
	if (ret)
		return ret;

	sample->ns = 0;
	sample->ops = 0;
	for (i = 0; i < parallel->nr; i++) {
		sample->ns += parallel->workers[i].ns;
		sample->ops += parallel->workers[i].ops;
	}
	/* Every thread ran for about the same time: take the average. */
	sample->ns /= parallel->nr;
	return 0;
}

static int parallel_cpus(struct bench *b, struct parallel *parallel)
{
	static const char * const variants[] = { "shared", "own" };
	static const size_t sizes[] = { 64, SZ_1K };
	struct bench_point point = {
		.count = WINDOW,
		.cpus = parallel->nr,
		.metric = "time",
		.unit = "ns",
	};
	unsigned int i, j;
	int ret;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		parallel->use_own = i;
		point.variant = variants[i];
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			if (!bench_wants(b, sizes[j]))
				continue;
			parallel->size = sizes[j];
			point.size = sizes[j];
			ret = bench_compare(b, &point, BENCH_KINDS_SMALL,
					    parallel_sample, parallel);
			if (ret)
				return ret;
		}
	}
	return 0;
}

int bench_parallel(struct bench *b)
{
	unsigned int cpus = num_online_cpus();
	struct parallel parallel = { };
	int ret = 0;

	parallel.workers = kvcalloc(cpus, sizeof(*parallel.workers),
				    GFP_KERNEL);
	if (!parallel.workers)
		return -ENOMEM;

	/* Long enough that starting and stopping the threads does not show. */
	parallel.ns = 10ULL * b->options.us * NSEC_PER_USEC;
	for (parallel.nr = 1; !ret; parallel.nr = min(parallel.nr * 2, cpus)) {
		ret = parallel_cpus(b, &parallel);
		if (parallel.nr == cpus)
			break;
	}
	kvfree(parallel.workers);
	return ret;
}
