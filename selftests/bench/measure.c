// SPDX-License-Identifier: GPL-2.0
/*
 * From samples to figures: length of a sample, interleaving, median, spread
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "bench.h"
#include "results.h"

#define MAX_REPEATS	BIT(24)

/**
 * bench_breathe() - let others run between two pieces of work
 *
 * Return: 0, or -EINTR when the user wants to stop.
 */
int bench_breathe(void)
{
	cond_resched();
	return signal_pending(current) ? -EINTR : 0;
}

/**
 * bench_wants() - whether the user asked for this object size
 * @b: the benchmark
 * @size: bytes
 */
bool bench_wants(const struct bench *b, size_t size)
{
	return size >= b->options.min && size <= b->options.max;
}

static int take_sample(const struct bench_subject *subject, bench_fn fn,
		       void *arg, struct bench_sample *sample)
{
	int ret = bench_breathe();

	if (ret)
		return ret;
	ret = fn(subject, arg, sample);
	if (ret)
		return ret;
	return sample->ops ? 0 : -EIO;
}

/**
 * bench_calibrate() - find out how often to repeat an operation
 * @b: the benchmark
 * @subject: allocator
 * @fn: the operation
 * @arg: its argument
 * @n: result, so that a sample lasts about as long as the options say
 *
 * The runs made here also warm up the allocator.
 *
 * Return: 0 or a negative errno.
 */
int bench_calibrate(struct bench *b, const struct bench_subject *subject,
		    bench_fn fn, void *arg, unsigned long *n)
{
	u64 target = (u64)b->options.us * NSEC_PER_USEC;
	struct bench_sample sample = { .n = 1 };
	int ret;

	/* The first one may have to get memory, and is no measure. */
	ret = take_sample(subject, fn, arg, &sample);
	if (ret)
		return ret;

	for (;;) {
		ret = take_sample(subject, fn, arg, &sample);
		if (ret)
			return ret;
		if (sample.ns >= target / 4 || sample.n >= MAX_REPEATS)
			break;
		sample.n *= 4;
	}

	*n = clamp_t(u64, div64_u64(sample.n * target, max(sample.ns, 1ULL)),
		     1, MAX_REPEATS);
	return 0;
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/**
 * bench_report() - record one figure
 * @b: the benchmark
 * @point: what it is about
 * @kind: the allocator
 * @values: the samples, in thousandths of the unit; sorted on return
 * @nr: their number
 *
 * Return: 0 or -ENOMEM.
 */
int bench_report(struct bench *b, const struct bench_point *point,
		 enum bench_kind kind, u64 *values, unsigned int nr)
{
	u64 median, range;

	sort(values, nr, sizeof(*values), compare_u64, NULL);
	median = values[nr / 2];
	if (nr % 2 == 0)
		median = (median + values[nr / 2 - 1]) / 2;
	range = values[nr - 1 - nr / 4] - values[nr / 4];

	return bench_results_add(b, &(struct bench_result){
		.point = *point,
		.allocator = bench_kind_name(kind),
		.median = median,
		.spread = median ? div64_u64(range * BENCH_SCALE, median) : 0,
		.runs = nr,
	});
}

/**
 * bench_compare_subjects() - measure a point with allocators already set up
 * @b: the benchmark
 * @point: what is measured
 * @subjects: the allocators
 * @nr: their number
 * @fn: work of a sample
 * @arg: its argument
 *
 * The samples are interleaved: one of each allocator, then the next of each.
 * A disturbance from outside then hits all of them alike.
 *
 * Return: 0 or a negative errno.
 */
int bench_compare_subjects(struct bench *b, const struct bench_point *point,
			   const struct bench_subject *subjects,
			   unsigned int nr, bench_fn fn, void *arg)
{
	unsigned int runs = b->options.runs, run, i;
	unsigned long repeats[BENCH_NR_KINDS];
	struct bench_sample sample;
	u64 *values;
	int ret = 0;

	values = kcalloc(nr * runs, sizeof(*values), GFP_KERNEL);
	if (!values)
		return -ENOMEM;

	for (i = 0; i < nr && !ret; i++)
		ret = bench_calibrate(b, &subjects[i], fn, arg, &repeats[i]);

	for (run = 0; run < runs && !ret; run++) {
		for (i = 0; i < nr && !ret; i++) {
			sample = (struct bench_sample){ .n = repeats[i] };
			ret = take_sample(&subjects[i], fn, arg, &sample);
			if (!ret)
				values[i * runs + run] =
					div64_u64(sample.ns * BENCH_SCALE,
						  sample.ops);
		}
	}

	for (i = 0; i < nr && !ret; i++)
		ret = bench_report(b, point, subjects[i].kind,
				   &values[i * runs], runs);
	kfree(values);
	return ret;
}

/**
 * bench_compare() - measure a point
 * @b: the benchmark
 * @point: what is measured
 * @kinds: bit set of the allocators that take part
 * @fn: work of a sample
 * @arg: its argument
 *
 * Return: 0 or a negative errno.
 */
int bench_compare(struct bench *b, const struct bench_point *point,
		  unsigned long kinds, bench_fn fn, void *arg)
{
	struct bench_subject subjects[BENCH_NR_KINDS];
	unsigned int nr = 0, kind;
	int ret = 0;

	for (kind = 0; kind < BENCH_NR_KINDS && !ret; kind++) {
		if (!(kinds & BIT(kind)))
			continue;
		ret = bench_subject_init(&subjects[nr], kind, point->size);
		nr++;
	}
	if (!ret)
		ret = bench_compare_subjects(b, point, subjects, nr, fn, arg);

	while (nr)
		bench_subject_exit(&subjects[--nr]);
	return ret;
}
