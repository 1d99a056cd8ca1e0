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
#include "liveset.h"

/* Objects that "held" has at most, about. */
#define HELD	1024

struct bulk {
	size_t size;
	unsigned int nr;
	void **objs;
};

static __always_inline unsigned int alloc_bulk(const enum bench_kind kind,
					       const struct bench_subject *s,
					       const struct bulk *bulk,
					       void **objs)
{
	if (kind == BENCH_SPANHEAP)
		return spanheap_alloc_bulk(s->heap, bulk->size, BENCH_GFP,
					   bulk->nr, objs);
	/* All or nothing; what a success returns differs between kernels. */
	if (kind == BENCH_KMEM_CACHE &&
	    kmem_cache_alloc_bulk(s->cache, BENCH_GFP, bulk->nr, objs))
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
		got = alloc_bulk(kind, &s, bulk, bulk->objs);
		if (likely(got))
			free_bulk(kind, &s, got, bulk->objs);
		if (unlikely(got != nr))
			return -ENOMEM;
	}

	sample->ns = ktime_get_ns() - start;
	sample->ops = n * nr;
	return 0;
}

/* The same, but no call is for objects that the last one has just freed. */
static __always_inline int held_loop(const enum bench_kind kind,
				     const struct bench_subject s, void *arg,
				     struct bench_sample *sample)
{
	struct bulk *bulk = arg;
	unsigned int got = bulk->nr, nr = bulk->nr, held, end = HELD / nr * nr;
	unsigned long i, n = sample->n;
	u64 start = ktime_get_ns();

	for (i = 0; i < n && got == nr; i++) {
		for (held = 0; held < end && got == nr; held += got)
			got = alloc_bulk(kind, &s, bulk, bulk->objs + held);
		for (; held >= nr; held -= nr)
			free_bulk(kind, &s, nr, bulk->objs + held - nr);
		free_bulk(kind, &s, held, bulk->objs);
	}

	sample->ns = ktime_get_ns() - start;
	sample->ops = n * end;
	return got == nr ? 0 : -ENOMEM;
}

static int bulk_sample(const struct bench_subject *s, void *arg,
		       struct bench_sample *sample)
{
	return bench_dispatch(bulk_loop, s, arg, sample);
}

static int held_sample(const struct bench_subject *s, void *arg,
		       struct bench_sample *sample)
{
	return bench_dispatch(held_loop, s, arg, sample);
}

/* Each number of objects in each size that was asked for. */
static int bulk_variant(struct bench *b, struct bulk *bulk, const char *variant,
			bench_fn fn)
{
	static const size_t sizes[] = { 16, 64, 256, SZ_1K, SZ_4K };
	static const unsigned int counts[] = { 1, 2, 4, 8, 16, 64, 250 };
	struct bench_point point = {
		.variant = variant,
		.cpus = 1,
		.metric = "time",
		.unit = "ns",
	};
	unsigned int i, j;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(counts) && !ret; i++) {
		bulk->nr = counts[i];
		point.count = counts[i];
		for (j = 0; j < ARRAY_SIZE(sizes) && !ret; j++) {
			if (!bench_wants(b, sizes[j]))
				continue;
			bulk->size = sizes[j];
			point.size = sizes[j];
			ret = bench_compare(b, &point, BIT(BENCH_SPANHEAP) |
					    BIT(BENCH_KMEM_CACHE), fn, bulk);
		}
	}
	return ret;
}

int bench_bulk(struct bench *b)
{
	struct bulk bulk = { .objs = bench_objs_create(HELD) };
	int ret;

	if (!bulk.objs)
		return -ENOMEM;
	ret = bulk_variant(b, &bulk, "bulk", bulk_sample);
	if (!ret)
		ret = bulk_variant(b, &bulk, "held", held_sample);
	bench_objs_destroy(bulk.objs);
	return ret;
}
