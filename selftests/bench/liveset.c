// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of live objects: filled, mixed and emptied, all of it untimed
 */
#include <linux/kernel.h>
#include <linux/mm.h>

#include "alloc.h"
#include "liveset.h"

#define BREATHE_EVERY	1024

void **bench_objs_create(unsigned long nr)
{
	return kvcalloc(nr, sizeof(void *), GFP_KERNEL);
}

void bench_objs_destroy(void **objs)
{
	kvfree(objs);
}

static __always_inline int free_one(const enum bench_kind kind,
				    const struct bench_subject s, void *arg,
				    struct bench_sample *sample)
{
	bench_free(kind, &s, arg);
	return 0;
}

/**
 * bench_drain() - free every object of an array
 * @s: allocator they came from
 * @objs: pointers; set to NULL
 * @nr: their number
 */
void bench_drain(const struct bench_subject *s, void **objs, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		if (!objs[i])
			continue;
		bench_dispatch(free_one, s, objs[i], NULL);
		objs[i] = NULL;
		if (i % BREATHE_EVERY == 0)
			cond_resched();
	}
}

struct request {
	size_t size;
	void *obj;
};

static __always_inline int alloc_one(const enum bench_kind kind,
				     const struct bench_subject s, void *arg,
				     struct bench_sample *sample)
{
	struct request *request = arg;

	request->obj = bench_alloc(kind, &s, request->size);
	return request->obj ? 0 : -ENOMEM;
}

/**
 * bench_fill() - allocate an object for every entry of an array
 * @s: allocator
 * @objs: where the pointers go
 * @nr: number of objects
 * @size: bytes of each
 *
 * Return: 0 or a negative errno; then none is allocated.
 */
int bench_fill(const struct bench_subject *s, void **objs, unsigned long nr,
	       size_t size)
{
	struct request request = { .size = size };
	unsigned long i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		ret = bench_dispatch(alloc_one, s, &request, NULL);
		objs[i] = request.obj;
		if (!ret && i % BREATHE_EVERY == 0)
			ret = bench_breathe();
	}
	if (ret)
		bench_drain(s, objs, i);
	return ret;
}

/**
 * bench_shuffle() - put pointers into random order
 * @objs: pointers
 * @nr: their number
 * @seed: state of the random sequence
 */
void bench_shuffle(void **objs, unsigned long nr, u64 *seed)
{
	unsigned long i, other;

	for (i = nr; i > 1; i--) {
		other = bench_below(bench_rand(seed), i);
		swap(objs[i - 1], objs[other]);
	}
}
