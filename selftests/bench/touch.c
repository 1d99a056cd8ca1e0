// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "touch": what it costs to use the memory
 *
 * The objects hold a cyclic list in random order; following it costs a cache
 * miss, and where the object's page is not in the TLB a page walk, for every
 * step. spanheap's memory is mapped by small pages, kmalloc's by large ones
 * where the architecture's linear map has them.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sizes.h>

#include "alloc.h"
#include "liveset.h"

#define STEPS		200000

/* One allocator's list. */
struct chain {
	struct bench_subject subject;
	void **objs;
	unsigned long nr;
};

static noinline u64 follow(void *at)
{
	u64 start = ktime_get_ns();
	unsigned int i;

	for (i = 0; i < STEPS; i++)
		at = READ_ONCE(*(void **)at);
	/* Where the last step led has to be known before the clock is read. */
	OPTIMIZER_HIDE_VAR(at);
	return ktime_get_ns() - start;
}

static void link_randomly(void **objs, unsigned long nr)
{
	unsigned long i;
	u64 seed = 1;

	bench_shuffle(objs, nr, &seed);
	for (i = 0; i < nr; i++)
		*(void **)objs[i] = objs[(i + 1) % nr];
}

static int chain_init(struct chain *chain, enum bench_kind kind,
		      unsigned long nr, size_t size)
{
	int ret = bench_subject_init(&chain->subject, kind, size);

	if (ret)
		return ret;
	chain->nr = nr;
	chain->objs = bench_objs_create(nr);
	ret = chain->objs ? bench_fill(&chain->subject, chain->objs, nr, size) :
			    -ENOMEM;
	if (!ret) {
		link_randomly(chain->objs, nr);
		return 0;
	}
	bench_objs_destroy(chain->objs);
	bench_subject_exit(&chain->subject);
	return ret;
}

static void chain_exit(struct chain *chain)
{
	bench_drain(&chain->subject, chain->objs, chain->nr);
	bench_objs_destroy(chain->objs);
	bench_subject_exit(&chain->subject);
}

static const enum bench_kind kinds[] = { BENCH_SPANHEAP, BENCH_KMALLOC };

/*
 * The lists are made anew for every sample, and each allocator takes its turn
 * as the first: where in memory a list happens to lie matters more than who
 * made it.
 */
static int touch_once(const struct bench_point *point, unsigned int run,
		      u64 *values, unsigned int stride)
{
	struct chain chains[ARRAY_SIZE(kinds)];
	unsigned int i, ready, which;
	int ret = 0;

	for (ready = 0; ready < ARRAY_SIZE(kinds); ready++) {
		which = (ready + run) % ARRAY_SIZE(kinds);
		ret = chain_init(&chains[ready], kinds[which], point->count,
				 point->size);
		if (ret)
			break;
	}

	for (i = 0; i < ready && !ret; i++) {
		which = (i + run) % ARRAY_SIZE(kinds);
		values[which * stride + run] =
			div_u64(follow(chains[i].objs[0]) * BENCH_SCALE, STEPS);
		ret = bench_breathe();
	}

	while (ready)
		chain_exit(&chains[--ready]);
	return ret;
}

static int touch_point(struct bench *b, const struct bench_point *point)
{
	u64 values[ARRAY_SIZE(kinds) * BENCH_LONG_RUNS];
	unsigned int runs = min(b->options.runs, BENCH_LONG_RUNS);
	unsigned int run, i;
	int ret = 0;

	for (run = 0; run < runs && !ret; run++)
		ret = touch_once(point, run, values, runs);
	for (i = 0; i < ARRAY_SIZE(kinds) && !ret; i++)
		ret = bench_report(b, point, kinds[i], &values[i * runs], runs);
	return ret;
}

int bench_touch(struct bench *b)
{
	static const size_t sizes[] = { 64, 256, SZ_1K, SZ_4K };
	static const struct {
		const char *name;
		size_t bytes;
	} footprints[] = {
		{ "256K", SZ_256K }, { "8M", SZ_8M }, { "64M", SZ_64M },
	};
	struct bench_point point = {
		.cpus = 1,
		.metric = "time",
		.unit = "ns",
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(footprints) * ARRAY_SIZE(sizes); i++) {
		size_t bytes = footprints[i / ARRAY_SIZE(sizes)].bytes;

		point.variant = footprints[i / ARRAY_SIZE(sizes)].name;
		point.size = sizes[i % ARRAY_SIZE(sizes)];
		point.count = bytes / point.size;
		/* Two live sets, and the arrays of pointers to them. */
		if (!bench_wants(b, point.size) || 3 * bytes > b->options.mem)
			continue;
		ret = touch_point(b, &point);
		if (ret)
			break;
	}
	return ret;
}
