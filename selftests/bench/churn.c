// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "churn": a live set in which random objects are replaced by new
 * ones of other sizes
 *
 * Nine in ten objects have at most 512 bytes, more than 99 in 100 at most
 * 32 KiB, as in programs that have been measured; the rest go up to 64 KiB.
 * "plain" measures the allocator alone; "written" also writes the first word
 * of each new object, as its owner would, and so pays for the cache miss. The
 * objects there are to begin with are written before: a page that nobody has
 * touched yet costs a virtual machine's host a fault. "settled" and
 * "settled_written" are the same once more, when the heap does not grow any
 * more.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sizes.h>

#include "alloc.h"
#include "liveset.h"

#define NR_SIZES	65536	/* precomputed sizes, a power of two */
#define CHUNK		4096	/* replacements between two looks at memory */
#define MAX_OPS		2000000

/* Of 1000 objects, those below @permille and not in a row above. */
static const struct {
	u32 permille;
	u32 max;
} distribution[] = {
	{ 80, 16 }, { 200, 32 }, { 420, 64 }, { 540, 96 }, { 660, 128 },
	{ 760, 192 }, { 830, 256 }, { 900, 512 }, { 940, SZ_1K },
	{ 965, SZ_2K }, { 980, SZ_4K }, { 988, SZ_8K }, { 994, SZ_32K },
	{ 1000, SZ_64K },
};

struct slot {
	void *obj;
	u32 size;
};

struct churn {
	unsigned long nr;	/* slots */
	unsigned long ops;	/* replacements to do */
	struct slot *slots;
	u32 *sizes;
	u64 seed;
	u64 live;		/* bytes asked for and not freed yet */
	u64 base;		/* memory held before the first allocation */
	u64 peak_live;
	u64 peak_bytes;
};

enum metric {
	PLAIN_NS, WRITTEN_NS, SETTLED_NS, SETTLED_WRITTEN_NS,
	PEAK_BYTES, PEAK_LIVE, NR_METRICS
};

static u32 random_size(u64 *seed)
{
	u32 dice = bench_below(bench_rand(seed), 1000);
	u32 i = 0, min;

	while (dice >= distribution[i].permille)
		i++;
	min = i ? distribution[i - 1].max : 7;
	return min + 1 + bench_below(bench_rand(seed),
				     distribution[i].max - min);
}

static u32 mean_size(const u32 *sizes)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < NR_SIZES; i++)
		sum += sizes[i];
	return div_u64(sum, NR_SIZES);
}

/* Timed: @sample->n replacements. */
static __always_inline int replace(const enum bench_kind kind,
				   const struct bench_subject *s,
				   struct churn *churn, const bool write,
				   struct bench_sample *sample)
{
	struct slot *slots = churn->slots;
	const u32 *sizes = churn->sizes;
	u64 seed = churn->seed, live = churn->live;
	unsigned long i;
	u64 start = ktime_get_ns();

	for (i = 0; i < sample->n; i++) {
		u64 random = bench_rand(&seed);
		struct slot *slot = &slots[bench_below(random, churn->nr)];
		u32 size = sizes[random % NR_SIZES];

		bench_free(kind, s, slot->obj);
		live += size;
		live -= slot->size;
		slot->size = size;
		slot->obj = bench_alloc(kind, s, size);
		if (unlikely(!slot->obj))
			return -ENOMEM;
		if (write)
			WRITE_ONCE(*(u64 *)slot->obj, random);
	}

	sample->ns += ktime_get_ns() - start;
	sample->ops += sample->n;
	churn->seed = seed;
	churn->live = live;
	return 0;
}

static __always_inline int replace_plain(const enum bench_kind kind,
					 const struct bench_subject s,
					 void *arg,
					 struct bench_sample *sample)
{
	return replace(kind, &s, arg, false, sample);
}

static __always_inline int replace_written(const enum bench_kind kind,
					   const struct bench_subject s,
					   void *arg,
					   struct bench_sample *sample)
{
	return replace(kind, &s, arg, true, sample);
}

/* The first objects, in a loop of its own: freeing nothing takes no time. */
static __always_inline int populate(const enum bench_kind kind,
				    const struct bench_subject s, void *arg,
				    struct bench_sample *sample)
{
	struct churn *churn = arg;
	unsigned long i;

	for (i = 0; i < churn->nr; i++) {
		struct slot *slot = &churn->slots[i];

		slot->size = churn->sizes[bench_rand(&churn->seed) % NR_SIZES];
		slot->obj = bench_alloc(kind, &s, slot->size);
		if (!slot->obj)
			return -ENOMEM;
		WRITE_ONCE(*(u64 *)slot->obj, i);
		churn->live += slot->size;
		if (i % CHUNK == 0 && bench_breathe())
			return -EINTR;
	}
	return 0;
}

static __always_inline int depopulate(const enum bench_kind kind,
				      const struct bench_subject s, void *arg,
				      struct bench_sample *sample)
{
	struct churn *churn = arg;
	unsigned long i;

	for (i = 0; i < churn->nr; i++) {
		if (churn->slots[i].obj)
			bench_free(kind, &s, churn->slots[i].obj);
		churn->slots[i].obj = NULL;
		if (i % CHUNK == 0)
			cond_resched();
	}
	return 0;
}

static void note_peak(const struct bench_subject *s, struct churn *churn)
{
	u64 bytes = bench_subject_bytes(s);

	bytes = bytes > churn->base ? bytes - churn->base : 0;
	churn->peak_bytes = max(churn->peak_bytes, bytes);
	churn->peak_live = max(churn->peak_live, churn->live);
}

static int churn_phase(const struct bench_subject *s, struct churn *churn,
		       bool write, u64 *value)
{
	struct bench_sample sample = { .n = CHUNK };
	int ret = 0;

	while (sample.ops < churn->ops && !ret) {
		if (write)
			ret = bench_dispatch(replace_written, s, churn,
					     &sample);
		else
			ret = bench_dispatch(replace_plain, s, churn, &sample);
		if (!ret)
			ret = bench_breathe();
		note_peak(s, churn);
	}
	if (!ret)
		*value = div64_u64(sample.ns * BENCH_SCALE, sample.ops);
	return ret;
}

/* One life of a live set: built, churned, taken down. */
static int churn_once(enum bench_kind kind, struct churn *churn, u64 *values,
		      unsigned int stride)
{
	/* In the order of enum metric. */
	static const bool writes[] = { false, true, false, true };
	struct bench_subject s;
	unsigned int i;
	int ret;

	ret = bench_subject_init(&s, kind, 0);
	if (ret)
		return ret;

	churn->seed = 1;
	churn->live = 0;
	churn->peak_live = 0;
	churn->peak_bytes = 0;
	churn->base = bench_subject_base(&s);

	ret = bench_dispatch(populate, &s, churn, NULL);
	for (i = 0; i < ARRAY_SIZE(writes) && !ret; i++)
		ret = churn_phase(&s, churn, writes[i],
				  &values[(PLAIN_NS + i) * stride]);
	values[PEAK_BYTES * stride] = churn->peak_bytes * BENCH_SCALE;
	values[PEAK_LIVE * stride] = churn->peak_live * BENCH_SCALE;

	bench_dispatch(depopulate, &s, churn, NULL);
	bench_subject_exit(&s);
	return ret;
}

static int report_kind(struct bench *b, const struct churn *churn,
		       enum bench_kind kind, u64 *values, unsigned int runs)
{
	static const struct {
		const char *variant, *metric, *unit;
	} metrics[NR_METRICS] = {
		[PLAIN_NS] = { "plain", "time", "ns" },
		[WRITTEN_NS] = { "written", "time", "ns" },
		[SETTLED_NS] = { "settled", "time", "ns" },
		[SETTLED_WRITTEN_NS] = { "settled_written", "time", "ns" },
		[PEAK_BYTES] = { "plain", "peak_resident", "bytes" },
		[PEAK_LIVE] = { "plain", "peak_live", "bytes" },
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < NR_METRICS && !ret; i++) {
		struct bench_point point = {
			.variant = metrics[i].variant,
			.count = churn->nr,
			.cpus = 1,
			.metric = metrics[i].metric,
			.unit = metrics[i].unit,
		};

		ret = bench_report(b, &point, kind, &values[i * runs], runs);
	}
	return ret;
}

static int churn_live_set(struct bench *b, struct churn *churn)
{
	static const enum bench_kind kinds[] = {
		BENCH_SPANHEAP, BENCH_KMALLOC,
	};
	u64 values[ARRAY_SIZE(kinds)][NR_METRICS * BENCH_LONG_RUNS];
	unsigned int runs = min(b->options.runs, BENCH_LONG_RUNS);
	unsigned int run, i;
	int ret = 0;

	churn->ops = clamp_t(unsigned long, 20 * churn->nr, CHUNK, MAX_OPS);
	churn->slots = kvcalloc(churn->nr, sizeof(*churn->slots), GFP_KERNEL);
	if (!churn->slots)
		return -ENOMEM;

	for (run = 0; run < runs && !ret; run++)
		for (i = 0; i < ARRAY_SIZE(kinds) && !ret; i++)
			ret = churn_once(kinds[i], churn, &values[i][run],
					 runs);

	for (i = 0; i < ARRAY_SIZE(kinds) && !ret; i++)
		ret = report_kind(b, churn, kinds[i], values[i], runs);
	kvfree(churn->slots);
	return ret;
}

int bench_churn(struct bench *b)
{
	struct churn churn = { .nr = b->options.count ?: 10000 };
	u64 seed = 1;
	u32 i;
	int ret;

	churn.sizes = kvmalloc_array(NR_SIZES, sizeof(u32), GFP_KERNEL);
	if (!churn.sizes)
		return -ENOMEM;
	for (i = 0; i < NR_SIZES; i++)
		churn.sizes[i] = random_size(&seed);

	if ((u64)churn.nr * mean_size(churn.sizes) > b->options.mem)
		ret = -E2BIG;
	else
		ret = churn_live_set(b, &churn);
	kvfree(churn.sizes);
	return ret;
}
