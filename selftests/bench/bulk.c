// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "bulk": several objects in one call, freed in one call
 *
 * The peer is a kmem_cache; kmalloc() has no such call. The time is that of
 * one object.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sizes.h>

#include "alloc.h"

#define MAX_BULK	64

struct bulk {
	size_t size;
	unsigned int nr;
	void *objs[MAX_BULK];
};

static __always_inline unsigned int alloc_bulk(const enum bench_kind kind,
					       const struct bench_subject *s,
					       struct bulk *bulk)
{
	if (kind == BENCH_SPANHEAP)
		return spanheap_alloc_bulk(s->heap, bulk->size, BENCH_GFP,
					   bulk->nr, bulk->objs);
	/* All or nothing; what a success returns differs between kernels. */
	if (kind == BENCH_KMEM_CACHE &&
	    kmem_cache_alloc_bulk(s->cache, BENCH_GFP, bulk->nr, bulk->objs))
		return bulk->nr;
	return 0;
}

static __always_inline void free_bulk(const enum bench_kind kind,
				      const struct bench_subject *s,
				      unsigned int nr, void **objs)
{
	if (kind == BENCH_SPANHEAP)
		spanheap_free_bulk(nr, objs);
	if (kind == BENCH_KMEM_CACHE)
		kmem_cache_free_bulk(s->cache, nr, objs);
}

static __always_inline int bulk_loop(const enum bench_kind kind,
				     const struct bench_subject s, void *arg,
				     struct bench_sample *sample)
{
	struct bulk *bulk = arg;
	unsigned int got, nr = bulk->nr;
	unsigned long i, n = sample->n;
	u64 start = ktime_get_ns();

	for (i = 0; i < n; i++) {
		got = alloc_bulk(kind, &s, bulk);
		if (likely(got))
			free_bulk(kind, &s, got, bulk->objs);
		if (unlikely(got != nr))
			return -ENOMEM;
	}

	sample->ns = ktime_get_ns() - start;
	sample->ops = n * nr;
	return 0;
}

static int bulk_sample(const struct bench_subject *s, void *arg,
		       struct bench_sample *sample)
{
	return bench_dispatch(bulk_loop, s, arg, sample);
}

int bench_bulk(struct bench *b)
{
	static const size_t sizes[] = { 16, 64, 256, SZ_1K, SZ_4K };
	static const unsigned int counts[] = { 16, MAX_BULK };
	struct bench_point point = {
		.variant = "bulk",
		.cpus = 1,
		.metric = "time",
		.unit = "ns",
	};
	unsigned int i, j;
	struct bulk bulk;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(counts) && !ret; i++) {
		bulk.nr = counts[i];
		point.count = counts[i];
		for (j = 0; j < ARRAY_SIZE(sizes) && !ret; j++) {
			if (!bench_wants(b, sizes[j]))
				continue;
			bulk.size = sizes[j];
			point.size = sizes[j];
			ret = bench_compare(b, &point, BIT(BENCH_SPANHEAP) |
					    BIT(BENCH_KMEM_CACHE), bulk_sample,
					    &bulk);
		}
	}
	return ret;
}
