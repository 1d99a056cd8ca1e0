// SPDX-License-Identifier: GPL-2.0
/*
 * Free: every address that is no live object is refused, counted and changes
 * nothing; every live one is freed, from wherever.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "lib/fixture.h"
#include "span/pagemap.h"

static u64 bad_frees(struct spanheap *heap)
{
	return sh_fixture_stats(heap).bad_frees;
}

/* Free @ptr, which must be refused as a bad free of @heap. */
static void expect_refused(struct kunit *test, struct spanheap *heap,
			   const void *ptr)
{
	struct spanheap_stats before, after;

	before = sh_fixture_still_stats(heap);
	spanheap_free(ptr);
	after = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, after.bad_frees, before.bad_frees + 1);
	after.bad_frees = before.bad_frees;
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
	sh_fixture_check(test, heap);
}

static void free_test_ignores_nothing(struct kunit *test)
{
	struct spanheap_stats before = sh_fixture_still_stats(sh_default_heap), after;
	void *objs[] = { NULL, ZERO_SIZE_PTR, NULL };

	spanheap_free(NULL);
	spanheap_free(ZERO_SIZE_PTR);
	spanheap_free_bulk(0, NULL);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	after = sh_fixture_stats(NULL);
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
}

static void free_test_frees_every_class(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int class, i;
	void *obj;

	for (class = 1; class < SH_NR_CLASSES; class++) {
		for (i = 0; i < 3; i++) {
			obj = spanheap_alloc(heap, sh_classes[class].size,
					     GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, obj);
			spanheap_free(obj);
			KUNIT_EXPECT_FALSE(test, spanheap_owns(obj));
		}
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees,
			3 * (SH_NR_CLASSES - 1));
	KUNIT_EXPECT_EQ(test, bad_frees(heap), 0);
}

static void free_test_reports_a_double_free(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 1, 48, 1024, 8192, 32768, 32769, SZ_1M };
	void *obj, *kept;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		kept = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_ASSERT_NOT_NULL(test, kept);
		spanheap_free(obj);
		expect_refused(test, heap, obj);
		expect_refused(test, heap, obj);
		spanheap_free(kept);
	}
}

static void free_one(void *obj)
{
	spanheap_free(obj);
}

static void free_test_reports_a_double_free_from_another_cpu(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, 100, GFP_KERNEL);
	int cpu = sh_fixture_other_cpu(test);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	spanheap_free(obj);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(cpu, free_one, obj), 0);
	KUNIT_EXPECT_EQ(test, bad_frees(heap), 1);
	/* The other way round: freed there, then here. */
	obj = spanheap_alloc(heap, 200, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(cpu, free_one, obj), 0);
	KUNIT_EXPECT_EQ(test, bad_frees(heap), 1);
	expect_refused(test, heap, obj);
}

/* Without caches a free goes to the span at once, and an empty span goes home. */
static void free_test_reports_a_double_free_of_a_free_page(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj, *kept;

	heap->caches.max_bytes = 0;
	kept = spanheap_alloc(heap, 512, GFP_KERNEL);
	obj = spanheap_alloc(heap, 512, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	spanheap_free(obj);
	expect_refused(test, heap, obj);
	spanheap_free(kept);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
	expect_refused(test, heap, obj);
	expect_refused(test, heap, kept);
}

/* The same page now holds objects of another class, or a large one. */
static void free_test_reports_a_double_free_after_reuse(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *first, *obj, *other;

	heap->caches.max_bytes = 0;
	first = spanheap_alloc(heap, 48, GFP_KERNEL);
	obj = spanheap_alloc(heap, 48, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, obj, first + 48);
	spanheap_free(obj);
	spanheap_free(first);

	other = spanheap_alloc(heap, 512, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, other, first);
	sh_fixture_fill(other, 512, 1);
	expect_refused(test, heap, obj);
	KUNIT_EXPECT_TRUE(test, sh_fixture_intact(other, 512, 1));
	spanheap_free(other);

	/* A class of nine pages a span, then a large object of nine. */
	first = spanheap_alloc(heap, 13312, GFP_KERNEL);
	obj = spanheap_alloc(heap, 13312, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, obj, first + 13312);
	spanheap_free(obj);
	spanheap_free(first);
	other = spanheap_alloc(heap, 9 * SH_PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, other, first);
	expect_refused(test, heap, obj);
	KUNIT_EXPECT_EQ(test, spanheap_size(other), 9 * SH_PAGE_SIZE);
	spanheap_free(other);
}

static void free_test_reports_interior_pointers(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int class;
	size_t size;
	void *obj;

	for (class = 1; class < SH_NR_CLASSES; class += SH_FIXTURE_SLOW) {
		size = sh_classes[class].size;
		obj = spanheap_alloc(heap, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		sh_fixture_fill(obj, size, class);
		expect_refused(test, heap, obj + 1);
		expect_refused(test, heap, obj + size / 2);
		expect_refused(test, heap, obj + size - 1);
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), size);
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(obj, size, class));
		spanheap_free(obj);
	}
}

static void free_test_reports_pointers_into_large_objects(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t offsets[] = {
		1, 8, 4096, SH_PAGE_SIZE, SH_PAGE_SIZE + 1, 99999, 106495,
	};
	void *obj = spanheap_alloc(heap, 100000, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_EQ(test, spanheap_size(obj), 106496);
	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		expect_refused(test, heap, obj + offsets[i]);
	KUNIT_EXPECT_EQ(test, spanheap_size(obj), 106496);
	spanheap_free(obj);
}

/* The tail of a span is too short for an object. */
static void free_test_reports_the_tail_of_a_span(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int class, objects, bytes;
	void *obj, *span;

	for (class = 3; class < SH_NR_CLASSES; class += SH_FIXTURE_SLOW) {
		objects = sh_classes[class].elems * sh_classes[class].size;
		bytes = sh_classes[class].pages * SH_PAGE_SIZE;
		if (objects == bytes)
			continue;
		obj = spanheap_alloc(heap, sh_classes[class].size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		span = (void *)sh_span_base(sh_pagemap_get((unsigned long)obj));
		expect_refused(test, heap, span + objects);
		expect_refused(test, heap, span + objects + 1);
		expect_refused(test, heap, span + bytes - 1);
		spanheap_free(obj);
	}
}

static int module_data;

static void free_test_reports_foreign_addresses(struct kunit *test)
{
	void *slab = kmalloc(64, GFP_KERNEL), *area = vmalloc(PAGE_SIZE);
	unsigned long page = __get_free_page(GFP_KERNEL);
	int stack = 0, i;
	void *foreign[] = {
		&stack, slab, slab + 1, area, area + 8, (void *)page,
		&module_data, free_test_reports_foreign_addresses, vfree,
		(void *)17, (void *)0x1000, (void *)0x400000,
		(void *)(TASK_SIZE - PAGE_SIZE), ERR_PTR(-ENOMEM), (void *)-1L,
		(void *)0x8000000000000000, (void *)0x0000800000000000,
		(void *)0xdead000000000100, (void *)VMALLOC_START,
		(void *)(VMALLOC_END - 1), (void *)(VMALLOC_START - 1),
		(void *)VMALLOC_END, (void *)(VMALLOC_END + SH_PAGE_SIZE),
	};

	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		expect_refused(test, sh_default_heap, foreign[i]);
	free_page(page);
	vfree(area);
	kfree(slab);
}

/* Addresses that differ from a live object's in their upper bits. */
static void free_test_reports_aliases_of_objects(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 64, SZ_64K };
	unsigned long obj;
	int bit, i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = (unsigned long)spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NE(test, obj, 0);
		for (bit = 36; bit < 64; bit += SH_FIXTURE_EMULATED ? 3 : 1) {
			expect_refused(test, sh_default_heap,
				       (void *)(obj ^ (1UL << bit)));
			KUNIT_EXPECT_FALSE(test, spanheap_owns((void *)
						 (obj ^ (1UL << bit))));
		}
		KUNIT_EXPECT_EQ(test, spanheap_size((void *)obj), sizes[i]);
		spanheap_free((void *)obj);
	}
}

/* Addresses of an arena that no span was ever made of, and just outside it. */
static void free_test_reports_the_rest_of_an_arena(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, 64, GFP_KERNEL);
	struct sh_arena *arena;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	arena = list_first_entry(&heap->ph.arenas, struct sh_arena, link);
	if (arena->used < arena->nr_pages)
		expect_refused(test, sh_default_heap,
			       (void *)(sh_arena_end(arena) - SH_PAGE_SIZE));
	expect_refused(test, heap, (void *)arena->base +
		       ((arena->used - 1) << SH_PAGE_SHIFT));
	spanheap_free(obj);
}

static void free_test_reports_objects_of_a_destroyed_heap(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-gone", 0);
	void *small = spanheap_alloc(heap, 64, GFP_KERNEL);
	void *large = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, large);
	spanheap_free(small);
	spanheap_free(large);
	sh_fixture_destroy(test, heap);
	expect_refused(test, sh_default_heap, small);
	expect_refused(test, sh_default_heap, large);
}

static void free_test_frees_with_interrupts_off(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 8, 4096, 32768, SZ_256K, SZ_2M };
	void *objs[ARRAY_SIZE(sizes)];
	unsigned long flags;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		objs[i] = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	local_irq_save(flags);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		spanheap_free(objs[i]);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, bad_frees(heap), 0);
}

static void free_test_frees_in_a_hard_interrupt_elsewhere(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int cpu = sh_fixture_other_cpu(test), i;
	static const size_t sizes[] = { 8, 100, 8192, 32768, SZ_256K };
	void *obj;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		sh_fixture_in_hardirq(cpu, free_one, obj);
		KUNIT_EXPECT_FALSE(test, spanheap_owns(obj));
		expect_refused(test, heap, obj);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, ARRAY_SIZE(sizes));
}

/*
 * One CPU frees an object again and again while others take its span, and the
 * record of it, for objects of another size; none of these begins where the old
 * one did.
 */
struct stale {
	struct spanheap *heap;
	spinlock_t lock;	/* for ptr, and held while that is freed */
	void *ptr;		/* what is freed all the time, or NULL */
	bool done;
	unsigned long rounds;
	unsigned long bad;	/* wrong frees made */
	unsigned long again;	/* right ones that had to be repeated */
	unsigned long failed;
	int owner_cpu;
};

#define STALE_OLD	448
#define STALE_NEW	512
#define STALE_NR	16
#define STALE_IDX	5

static void stale_free_right(struct stale *st, void *obj)
{
	spanheap_free(obj);
	/* Taken for cached for a moment: see free.c. */
	if (spanheap_owns(obj)) {
		st->again++;
		spanheap_free(obj);
	}
	st->failed += spanheap_owns(obj);
}

static void stale_set(struct stale *st, void *ptr)
{
	spin_lock(&st->lock);
	st->ptr = ptr;
	spin_unlock(&st->lock);
}

static void stale_free_wrong(struct stale *st)
{
	spin_lock(&st->lock);
	if (st->ptr) {
		st->bad++;
		spanheap_free(st->ptr);
	}
	spin_unlock(&st->lock);
}

static void stale_round(struct stale *st, void **objs)
{
	int i;

	for (i = 0; i < STALE_NR; i++)
		objs[i] = spanheap_alloc(st->heap, STALE_OLD, GFP_KERNEL);
	spanheap_free(objs[STALE_IDX]);
	stale_set(st, objs[STALE_IDX]);
	for (i = 0; i < STALE_NR; i++)
		if (i != STALE_IDX)
			spanheap_free(objs[i]);
	for (i = 0; i < STALE_NR; i++) {
		objs[i] = spanheap_alloc(st->heap, STALE_NEW, GFP_KERNEL);
		st->failed += !objs[i];
	}
	for (i = 0; i < STALE_NR; i++)
		stale_free_right(st, objs[i]);
	stale_set(st, NULL);
}

static void stale_thread(void *arg)
{
	struct stale *st = arg;
	void *objs[STALE_NR];

	if (raw_smp_processor_id() == st->owner_cpu) {
		while (st->rounds--) {
			stale_round(st, objs);
			cond_resched();
		}
		WRITE_ONCE(st->done, true);
		return;
	}
	while (!READ_ONCE(st->done)) {
		stale_free_wrong(st);
		cond_resched();
	}
}

static void free_test_stale_frees_beside_reuse(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct stale *st = kunit_kzalloc(test, sizeof(*st), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, st);
	sh_fixture_other_cpu(test);
	/* Without caches a span is given back with its last object. */
	heap->caches.max_bytes = 0;
	spin_lock_init(&st->lock);
	st->heap = heap;
	st->rounds = sh_fixture_ops(2500);
	st->owner_cpu = cpumask_first(cpu_online_mask);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(stale_thread, st), 0);
	KUNIT_EXPECT_EQ(test, st->failed, 0);
	KUNIT_EXPECT_EQ(test, bad_frees(heap), st->bad + st->again);
	KUNIT_EXPECT_GT(test, st->bad, 0);
	sh_fixture_check(test, heap);
}

static void free_test_bulk_goes_on_after_a_bad_one(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[8];

	objs[0] = spanheap_alloc(heap, 64, GFP_KERNEL);
	objs[1] = NULL;
	objs[2] = spanheap_alloc(heap, 5000, GFP_KERNEL);
	objs[3] = objs[0];
	objs[4] = objs[2] + 8;
	objs[5] = ZERO_SIZE_PTR;
	objs[6] = spanheap_alloc(heap, SZ_128K, GFP_KERNEL);
	objs[7] = spanheap_alloc(heap, 8, GFP_KERNEL);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	KUNIT_EXPECT_EQ(test, bad_frees(heap), 2);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, 4);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
}

/* More than a slot holds, of two classes in turn, with some that are bad. */
static void free_test_bulk_of_many(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	const unsigned int nr = 10000;
	unsigned int i, bad = 0;
	void **objs;

	objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < nr; i++) {
		objs[i] = spanheap_alloc(heap, i % 2 ? 64 : 16, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	/* At the borders of batches as well. */
	for (i = SH_BATCH_MAX - 1; i < nr; i += SH_BATCH_MAX - 1, bad++) {
		spanheap_free(objs[i]);
		objs[i] = i % 2 ? objs[i - 1] : objs[i] + 4;
	}
	spanheap_free_bulk(nr, objs);
	KUNIT_EXPECT_EQ(test, bad_frees(heap), bad);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, nr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	sh_fixture_check(test, heap);
}

struct mixture {
	struct spanheap *heap[3];
	struct rnd_state rnd;
	void *objs[40];
	u64 freed;
	u64 bad;
};

/* Mostly objects of few spans, some of others, and what is no object or was one. */
static void *mixed(struct mixture *m, unsigned int at)
{
	unsigned int what = sh_test_random(&m->rnd, 16);
	void *last = at ? m->objs[at - 1] : NULL;

	if (what < 2 && last) {
		m->bad++;
		/* None begins there, in whichever span it is. */
		if (what)
			return PTR_ALIGN_DOWN(last, 8) + 4;
		return m->objs[sh_test_random(&m->rnd, at)];
	}
	m->freed++;
	return spanheap_alloc(m->heap[what < 5 ? what % 3 : 0],
			      1 + sh_test_random(&m->rnd, at % 8 ? 64 : 40000),
			      GFP_KERNEL);
}

/* One after the other in a call: where one was is no more than a hint for the next. */
static void free_test_bulk_tells_spans_apart(struct kunit *test)
{
	unsigned long ops = sh_fixture_ops(2000), op;
	u64 freed = 0, bad = 0;
	struct mixture *m;
	unsigned int i;

	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	sh_test_seed(test, &m->rnd);
	m->heap[0] = test->priv;
	m->heap[1] = sh_fixture_create(test, "kunit-other", 0);
	m->heap[2] = sh_fixture_create_debug(test, "kunit-debug");
	for (op = 0; op < ops; op++) {
		for (i = 0; i < ARRAY_SIZE(m->objs); i++)
			m->objs[i] = mixed(m, i);
		spanheap_free_bulk(ARRAY_SIZE(m->objs), m->objs);
	}
	for (i = 0; i < ARRAY_SIZE(m->heap); i++) {
		freed += sh_fixture_stats(m->heap[i]).frees;
		bad += bad_frees(m->heap[i]);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(m->heap[i]).objects, 0);
		sh_fixture_check(test, m->heap[i]);
	}
	KUNIT_EXPECT_EQ(test, freed, m->freed);
	KUNIT_EXPECT_EQ(test, bad, m->bad);
	sh_fixture_destroy(test, m->heap[2]);
	sh_fixture_destroy(test, m->heap[1]);
}

static struct kunit_case free_test_cases[] = {
	KUNIT_CASE(free_test_ignores_nothing),
	KUNIT_CASE(free_test_frees_every_class),
	KUNIT_CASE(free_test_reports_a_double_free),
	KUNIT_CASE(free_test_reports_a_double_free_from_another_cpu),
	KUNIT_CASE(free_test_reports_a_double_free_of_a_free_page),
	KUNIT_CASE(free_test_reports_a_double_free_after_reuse),
	KUNIT_CASE(free_test_reports_interior_pointers),
	KUNIT_CASE(free_test_reports_pointers_into_large_objects),
	KUNIT_CASE(free_test_reports_the_tail_of_a_span),
	KUNIT_CASE(free_test_reports_foreign_addresses),
	KUNIT_CASE(free_test_reports_aliases_of_objects),
	KUNIT_CASE(free_test_reports_the_rest_of_an_arena),
	KUNIT_CASE(free_test_reports_objects_of_a_destroyed_heap),
	KUNIT_CASE(free_test_frees_with_interrupts_off),
	KUNIT_CASE(free_test_frees_in_a_hard_interrupt_elsewhere),
	KUNIT_CASE(free_test_stale_frees_beside_reuse),
	KUNIT_CASE(free_test_bulk_goes_on_after_a_bad_one),
	KUNIT_CASE(free_test_bulk_of_many),
	KUNIT_CASE(free_test_bulk_tells_spans_apart),
	{ }
};

/* Cases may have stopped that of the default heap. */
static void free_test_exit(struct kunit *test)
{
	sh_fixture_start_scavenger(sh_default_heap);
	sh_fixture_exit(test);
}

static struct kunit_suite free_test_suite = {
	.name = "spanheap_free",
	.init = sh_fixture_init,
	.exit = free_test_exit,
	.test_cases = free_test_cases,
};

kunit_test_suite(free_test_suite);
