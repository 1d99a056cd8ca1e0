/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SPANHEAP_BENCH_LIVESET_H
#define SPANHEAP_BENCH_LIVESET_H

#include "bench.h"

void **bench_objs_create(unsigned long nr);
void bench_objs_destroy(void **objs);
int bench_fill(const struct bench_subject *s, void **objs, unsigned long nr,
	       size_t size);
void bench_drain(const struct bench_subject *s, void **objs, unsigned long nr);
void bench_shuffle(void **objs, unsigned long nr, u64 *seed);

#endif /* SPANHEAP_BENCH_LIVESET_H */
