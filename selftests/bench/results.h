/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SPANHEAP_BENCH_RESULTS_H
#define SPANHEAP_BENCH_RESULTS_H

#include "bench.h"

struct seq_file;

/**
 * struct bench_result - one figure
 * @list: in &bench.results
 * @point: what it is about; @variant points to @name
 * @name: copy of the variant's name
 * @allocator: whose figure it is
 * @median: of the samples, in thousandths of the unit
 * @spread: interquartile range over median, in thousandths
 * @runs: number of samples
 */
struct bench_result {
	struct list_head list;
	struct bench_point point;
	char name[24];
	const char *allocator;
	u64 median;
	u64 spread;
	unsigned int runs;
};

int bench_results_add(struct bench *b, const struct bench_result *result);
void bench_results_clear(struct bench *b);
void bench_results_show(struct bench *b, struct seq_file *m);

#endif /* SPANHEAP_BENCH_RESULTS_H */
