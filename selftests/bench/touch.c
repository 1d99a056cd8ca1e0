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
#include <linux/sizes.h>

#include "alloc.h"
#include "liveset.h"

struct touch {
	unsigned long nr;
	void *heads[BENCH_NR_KINDS];
};

static noinline int touch_sample(const struct bench_subject *s, void *arg,
				 struct bench_sample *sample)
{
	struct touch *touch = arg;
	void *at = touch->heads[s->kind];
	unsigned long i;
	u64 start = ktime_get_ns();

	for (i = 0; i < sample->n; i++)
		at = READ_ONCE(*(void **)at);

	sample->ns = ktime_get_ns() - start;
	sample->ops = sample->n;
	touch->heads[s->kind] = at;
	return 0;
}

static void link_randomly(void **objs, unsigned long nr)
{
	unsigned long i;
	u64 seed = 1;

	bench_shuffle(objs, nr, &seed);
	for (i = 0; i < nr; i++)
		*(void **)objs[i] = objs[(i + 1) % nr];
}

static int touch_point(struct bench *b, const struct bench_point *point)
{
	struct bench_subject subjects[] = {
		{ .kind = BENCH_SPANHEAP }, { .kind = BENCH_KMALLOC },
	};
	struct touch touch = { .nr = point->count };
	void **objs[ARRAY_SIZE(subjects)] = { };
	unsigned int ready = 0, i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(subjects) && !ret; i++) {
		ret = bench_subject_init(&subjects[i], subjects[i].kind, 0);
		if (ret)
			break;
		ready++;
		objs[i] = bench_objs_create(touch.nr);
		if (!objs[i])
			ret = -ENOMEM;
		if (!ret)
			ret = bench_fill(&subjects[i], objs[i], touch.nr,
					 point->size);
		if (ret)
			break;
		link_randomly(objs[i], touch.nr);
		touch.heads[subjects[i].kind] = objs[i][0];
	}

	if (!ret)
		ret = bench_compare_subjects(b, point, subjects, ready,
					     touch_sample, &touch);

	for (i = 0; i < ready; i++) {
		if (objs[i])
			bench_drain(&subjects[i], objs[i], touch.nr);
		bench_objs_destroy(objs[i]);
		bench_subject_exit(&subjects[i]);
	}
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
