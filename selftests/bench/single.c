// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "single": one object, allocated and freed at once
 *
 * The best case of every allocator: it hands out the object it was given
 * back last.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sizes.h>

#include "alloc.h"

static const size_t small_sizes[] = {
	8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768,
	SZ_1K, 1536, SZ_2K, 3072, SZ_4K, 6144, SZ_8K, 12288, SZ_16K,
	24576, SZ_32K,
};

static const size_t large_sizes[] = {
	SZ_16K, SZ_32K, SZ_64K, SZ_128K, SZ_256K, SZ_512K, SZ_1M, SZ_2M,
	SZ_4M, SZ_8M, SZ_16M, SZ_32M, SZ_64M,
};

static __always_inline int single_loop(const enum bench_kind kind,
				       const struct bench_subject s, void *arg,
				       struct bench_sample *sample)
{
	size_t size = *(size_t *)arg;
	unsigned long i, n = sample->n;
	u64 start = ktime_get_ns();

	for (i = 0; i < n; i++) {
		void *obj = bench_alloc(kind, &s, size);

		if (unlikely(!obj))
			return -ENOMEM;
		bench_free(kind, &s, obj);
	}

	sample->ns = ktime_get_ns() - start;
	sample->ops = n;
	return 0;
}

static int single_sample(const struct bench_subject *s, void *arg,
			 struct bench_sample *sample)
{
	return bench_dispatch(single_loop, s, arg, sample);
}

static int single_sizes(struct bench *b, const char *variant,
			unsigned long kinds, const size_t *sizes,
			unsigned int nr)
{
	struct bench_point point = {
		.variant = variant,
		.cpus = 1,
		.metric = "time",
		.unit = "ns",
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		size_t size = sizes[i];

		if (!bench_wants(b, size) || size > b->options.mem)
			continue;
		point.size = size;
		ret = bench_compare(b, &point, kinds, single_sample, &size);
	}
	return ret;
}

int bench_single(struct bench *b)
{
	int ret;

	ret = single_sizes(b, "small", BENCH_KINDS_SMALL, small_sizes,
			   ARRAY_SIZE(small_sizes));
	if (ret)
		return ret;
	return single_sizes(b, "large", BENCH_KINDS_LARGE, large_sizes,
			    ARRAY_SIZE(large_sizes));
}
