// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - freeing what is free already
 *
 * Where the object is by then makes the difference: in a CPU's cache, in its
 * span, in a span that is another's, in memory that went back, in no heap.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "hostile.h"

/* At once: it is in this CPU's cache. */
static void double_free(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	spanheap_free(p);
	hostile_free(h, p);
}

static void double_free_large(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	spanheap_free(p);
	hostile_free(h, p);
}

/* It is in this CPU's cache; the second free is made on another. */
static void double_free_other_cpu(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	spanheap_free(p);
	hostile_do_on(h, hostile_other_cpu(), hostile_free_now, p);
}

/* It is in another CPU's cache. */
static void double_free_in_other_cache(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	hostile_do_on(h, hostile_other_cpu(), hostile_free_now, p);
	hostile_free(h, p);
}

/* The caches are empty and the object is in its span, which others use. */
static void double_free_in_span(struct hostile *h)
{
	void *keep = spanheap_alloc(h->heap, 96, GFP_KERNEL);
	void *p = spanheap_alloc(h->heap, 96, GFP_KERNEL);

	spanheap_free(p);
	spanheap_scavenge(h->heap);
	hostile_free(h, p);
	spanheap_free(keep);
}

/* Its span is no span of objects any more, and the memory is gone. */
static void double_free_released(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 2048, GFP_KERNEL);

	spanheap_free(p);
	spanheap_scavenge(h->heap);
	hostile_free(h, p);
}

static void double_free_large_released(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, SZ_1M, GFP_KERNEL);

	spanheap_free(p);
	spanheap_scavenge(h->heap);
	hostile_free(h, p);
}

/*
 * Allocate @size bytes, over and over, until @addr is in use again, or for so many
 * MiB: a debug heap may have used its span for another size. Returns what was
 * allocated, a list, last one first.
 */
static void **take_address(struct hostile *h, const void *addr, size_t size)
{
	void **last = NULL, **obj;
	size_t left;

	for (left = SZ_16M; left && !spanheap_owns(addr); left -= size) {
		obj = spanheap_alloc(h->heap, size, GFP_KERNEL);
		if (!EXPECT(obj))
			break;
		*obj = last;
		last = obj;
	}
	return last;
}

static void give_back(void **last)
{
	void **obj;

	while (last) {
		obj = last;
		last = *obj;
		spanheap_free(obj);
	}
}

/*
 * An object of a span that is free: one that is not near the start of a page, so
 * that it lies within whatever larger object comes to be there. Its span is one of
 * many that lay side by side, so that there is room for one without taking hundreds
 * of MiB first.
 */
static void *freed_in_span(struct hostile *h)
{
	enum { NR = 1024 };
	void **objs = kcalloc(NR, sizeof(*objs), GFP_KERNEL), *p = NULL;
	int i;

	if (!EXPECT(objs))
		return NULL;
	for (i = 0; i < NR; i++) {
		objs[i] = spanheap_alloc(h->heap, 448, GFP_KERNEL);
		if (offset_in_page(objs[i]) >= 448)
			p = objs[i];
	}
	spanheap_free_bulk(NR, objs);
	kfree(objs);
	spanheap_scavenge(h->heap);
	return p;
}

/* Its span holds objects of another size. */
static void double_free_reused_by_class(struct hostile *h)
{
	void *p = freed_in_span(h);
	void **others = take_address(h, p, SZ_8K);

	hostile_free(h, p);
	give_back(others);
}

/* Its span is part of a large object. */
static void double_free_reused_by_large(struct hostile *h)
{
	void *p = freed_in_span(h);
	void **others = take_address(h, p, SZ_64K);

	hostile_free(h, p);
	give_back(others);
}

/* Its span is part of a manual span. */
static void double_free_reused_by_pages(struct hostile *h)
{
	void *p = freed_in_span(h);
	void *pages[64], *others = NULL;
	unsigned int nr = 0;

	while (nr < ARRAY_SIZE(pages) && !others) {
		pages[nr] = spanheap_alloc_pages(h->heap, SZ_64K, GFP_KERNEL);
		if (!EXPECT(pages[nr]))
			break;
		if (p >= pages[nr] && p < pages[nr] + SZ_64K)
			others = pages[nr];
		nr++;
	}
	hostile_free(h, p);
	while (nr)
		spanheap_free_pages(pages[--nr]);
}

/*
 * Somebody else has the very same address now. An ordinary heap frees it and
 * refuses the rightful free; a debug heap does not hand it out so soon.
 */
static void double_free_reused_by_same(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 640, GFP_KERNEL), *q;

	spanheap_free(p);
	q = spanheap_alloc(h->heap, 640, GFP_KERNEL);
	EXPECT((p == q) == !h->debug);
	hostile_free(h, p);
	spanheap_free(q);
}

/* The heap it came from is gone. */
static void double_free_destroyed(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_gone");
	void *p = spanheap_alloc(heap, 64, GFP_KERNEL);

	spanheap_free(p);
	spanheap_destroy(heap);
	hostile_free(h, p);
}

/* The heap is gone, and one of the same name has perhaps the same addresses. */
static void double_free_recreated(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_again");
	void *p = spanheap_alloc(heap, 64, GFP_KERNEL);

	spanheap_free(p);
	spanheap_destroy(heap);
	heap = hostile_heap(h, "hostile_again");
	hostile_free(h, p);
	spanheap_destroy(heap);
}

/* The same pointer twice in one array. */
static void double_free_bulk(struct hostile *h)
{
	void *objs[3];

	objs[0] = spanheap_alloc(h->heap, 80, GFP_KERNEL);
	objs[1] = spanheap_alloc(h->heap, 80, GFP_KERNEL);
	objs[2] = objs[0];
	spanheap_free_bulk(3, objs);
}

static void free_sensitive_now(void *p)
{
	spanheap_free_sensitive(p);
}

static void double_free_sensitive(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	spanheap_free_sensitive(p);
	hostile_do(h, free_sensitive_now, p);
}

static void double_free_pages(struct hostile *h)
{
	void *p = spanheap_alloc_pages(h->heap, SZ_64K, GFP_KERNEL);

	spanheap_free_pages(p);
	hostile_free_pages(h, p);
}

struct race {
	struct work_struct work;
	atomic_t arrived;
	void *ptr;
};

static void race_free(struct race *race)
{
	atomic_inc(&race->arrived);
	/* The other may have to run here: this task is not bound to its CPU. */
	while (atomic_read(&race->arrived) < 2)
		cond_resched();
	spanheap_free(race->ptr);
}

static void race_work(struct work_struct *work)
{
	race_free(container_of(work, struct race, work));
}

/* Two owners free at the same moment; one of them is right. */
static void double_free_race(struct hostile *h)
{
	int cpu = hostile_other_cpu(), i;
	struct race race;

	for (i = 0; i < 16; i++) {
		race.ptr = spanheap_alloc(h->heap, 64, GFP_KERNEL);
		/* With one CPU there is nobody to wait for. */
		atomic_set(&race.arrived, num_online_cpus() == 1);
		INIT_WORK_ONSTACK(&race.work, race_work);
		queue_work_on(cpu, system_highpri_wq, &race.work);
		race_free(&race);
		flush_work(&race.work);
		destroy_work_on_stack(&race.work);
	}
}

struct hostile_rcu {
	struct rcu_head rcu;
	long data[6];
};

static void free_rcu_now(void *ptr)
{
	struct hostile_rcu *p = ptr;

	spanheap_free_rcu(p, rcu);
}

static void free_rcu_twice(struct hostile *h)
{
	struct hostile_rcu *p = spanheap_alloc_obj(h->heap, struct hostile_rcu,
						   GFP_KERNEL);

	rcu_read_lock();	/* so that the first one is not done yet */
	spanheap_free_rcu(p, rcu);
	free_rcu_now(p);
	rcu_read_unlock();
	rcu_barrier();
}

static void free_after_free_rcu(struct hostile *h)
{
	struct hostile_rcu *p = spanheap_alloc_obj(h->heap, struct hostile_rcu,
						   GFP_KERNEL);

	rcu_read_lock();
	spanheap_free_rcu(p, rcu);
	spanheap_free(p);
	rcu_read_unlock();
	rcu_barrier();
}

static void free_rcu_after_free(struct hostile *h)
{
	struct hostile_rcu *p = spanheap_alloc_obj(h->heap, struct hostile_rcu,
						   GFP_KERNEL);

	spanheap_free(p);
	hostile_do(h, free_rcu_now, p);
}

const struct hostile_bug hostile_double_bugs[] = {
	{ "double_free", double_free, 1 },
	{ "double_free_large", double_free_large, 1 },
	{ "double_free_other_cpu", double_free_other_cpu, 1 },
	{ "double_free_in_other_cache", double_free_in_other_cache, 1 },
	{ "double_free_in_span", double_free_in_span, 1 },
	{ "double_free_released", double_free_released, 1 },
	{ "double_free_large_released", double_free_large_released, 1 },
	{ "double_free_reused_by_class", double_free_reused_by_class, 1 },
	{ "double_free_reused_by_large", double_free_reused_by_large, 1 },
	{ "double_free_reused_by_pages", double_free_reused_by_pages, 1 },
	{ "double_free_reused_by_same", double_free_reused_by_same, 1 },
	{ "double_free_destroyed", double_free_destroyed, 1 },
	{ "double_free_recreated", double_free_recreated, 1 },
	{ "double_free_bulk", double_free_bulk, 1, true },
	{ "double_free_sensitive", double_free_sensitive, 1 },
	{ "double_free_pages", double_free_pages, 1 },
	{ "double_free_race", double_free_race, 16, true },
	{ "free_rcu_twice", free_rcu_twice, 1, true },
	{ "free_after_free_rcu", free_after_free_rcu, 1, true },
	{ "free_rcu_after_free", free_rcu_after_free, 1 },
	{ }
};
