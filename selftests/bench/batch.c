// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "batch": many objects, then all of them freed, in the order of
 * their allocation, in reverse and in random order
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sizes.h>

#include "alloc.h"
#include "liveset.h"

enum order { ORDER_SAME, ORDER_REVERSE, ORDER_RANDOM };

static const char * const order_names[] = { "same", "reverse", "random" };

struct batch {
	size_t size;
	unsigned long nr;
	enum order order;
	u64 seed;
	void **objs;
};

static noinline void batch_arrange(struct batch *batch)
{
	unsigned long i;

	switch (batch->order) {
	case ORDER_SAME:
		break;
	case ORDER_REVERSE:
		for (i = 0; i < batch->nr / 2; i++)
			swap(batch->objs[i], batch->objs[batch->nr - 1 - i]);
		break;
	case ORDER_RANDOM:
		bench_shuffle(batch->objs, batch->nr, &batch->seed);
		break;
	}
}

/* Only the two loops are timed, not the sorting of the pointers in between. */
static __always_inline int batch_loop(const enum bench_kind kind,
				      const struct bench_subject s, void *arg,
				      struct bench_sample *sample)
{
	struct batch *batch = arg;
	unsigned long i, round, nr = batch->nr;
	size_t size = batch->size;
	void **objs = batch->objs;
	u64 start;

	for (round = 0; round < sample->n; round++) {
		start = ktime_get_ns();
		for (i = 0; i < nr; i++) {
			objs[i] = bench_alloc(kind, &s, size);
			if (unlikely(!objs[i]))
				break;
		}
		sample->ns += ktime_get_ns() - start;
		if (i < nr) {
			bench_drain(&s, objs, i);
			return -ENOMEM;
		}

		batch_arrange(batch);

		start = ktime_get_ns();
		for (i = 0; i < nr; i++)
			bench_free(kind, &s, objs[i]);
		sample->ns += ktime_get_ns() - start;
		cond_resched();
	}

	sample->ops = sample->n * nr;
	return 0;
}

static int batch_sample(const struct bench_subject *s, void *arg,
			struct bench_sample *sample)
{
	sample->ns = 0;
	return bench_dispatch(batch_loop, s, arg, sample);
}

static int batch_sizes(struct bench *b, unsigned long count,
		       const size_t *sizes, unsigned int nr)
{
	struct bench_point point = {
		.count = count,
		.cpus = 1,
		.metric = "time",
		.unit = "ns",
	};
	struct batch batch = { .nr = count, .seed = 1 };
	unsigned int i, order;
	int ret = 0;

	batch.objs = bench_objs_create(count);
	if (!batch.objs)
		return -ENOMEM;

	for (i = 0; i < nr * ARRAY_SIZE(order_names) && !ret; i++) {
		batch.size = sizes[i / ARRAY_SIZE(order_names)];
		if (!bench_wants(b, batch.size) ||
		    batch.size * count > b->options.mem)
			continue;
		order = i % ARRAY_SIZE(order_names);
		batch.order = order;
		point.variant = order_names[order];
		point.size = batch.size;
		ret = bench_compare(b, &point, BENCH_KINDS_SMALL,
				    batch_sample, &batch);
	}
	bench_objs_destroy(batch.objs);
	return ret;
}

int bench_batch(struct bench *b)
{
	static const size_t sizes[] = {
		8, 16, 32, 64, 128, 256, 512, SZ_1K, SZ_2K, SZ_4K, SZ_8K,
	};

	return batch_sizes(b, b->options.count ?: 1024, sizes,
			   ARRAY_SIZE(sizes));
}
