// SPDX-License-Identifier: GPL-2.0
/*
 * Questions about addresses: right for every byte of every live object, "none"
 * for all others, whatever they are.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "lib/fixture.h"
#include "span/pagemap.h"

/* Whether all three questions about @addr have the answers for an object. */
static bool is_in(const void *addr, struct spanheap *heap, void *start,
		  size_t size)
{
	struct spanheap_object obj = { };

	return spanheap_find(addr, &obj) && spanheap_owns(addr) &&
	       obj.heap == heap && obj.start == start && obj.size == size &&
	       spanheap_size(addr) == (addr == start ? size : 0);
}

static bool is_nothing(const void *addr)
{
	struct spanheap_object obj;

	return !spanheap_find(addr, &obj) && !spanheap_owns(addr) &&
	       !spanheap_size(addr);
}

static void query_test_roundup_is_what_an_allocation_gets(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t size;
	void *obj;

	for (size = 1; size <= SZ_128K; size += 1 + size / 7) {
		obj = spanheap_alloc(heap, size, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, spanheap_size(obj),
				spanheap_size_roundup(size));
		spanheap_free(obj);
	}
}

static void query_test_roundup_of_extremes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, spanheap_size_roundup(0), 0);
	KUNIT_EXPECT_EQ(test, spanheap_size_roundup(1), 8);
	KUNIT_EXPECT_EQ(test, spanheap_size_roundup(32768), 32768);
	KUNIT_EXPECT_EQ(test, spanheap_size_roundup(32769), 40960);
	KUNIT_EXPECT_EQ(test, spanheap_size_roundup(SIZE_MAX), SIZE_MAX);
	KUNIT_EXPECT_EQ(test, spanheap_size_roundup(SIZE_MAX - 1), SIZE_MAX - 1);
	KUNIT_EXPECT_EQ(test, spanheap_size_roundup(SIZE_MAX - SH_PAGE_SIZE),
			SIZE_MAX - SH_PAGE_SIZE + 1);
	KUNIT_EXPECT_EQ(test, spanheap_size_roundup(SIZE_MAX - 2 * SH_PAGE_SIZE + 1),
			SIZE_MAX - 2 * SH_PAGE_SIZE + 1);
}

/* Never less than asked, never less for more, and the same when repeated. */
static void query_test_roundup_is_monotonic(struct kunit *test)
{
	size_t size, up, last = 0, wrong = 0;

	for (size = 1; size <= SZ_64K; size++) {
		up = spanheap_size_roundup(size);
		wrong += up < size || up < last ||
			 spanheap_size_roundup(up) != up;
		last = up;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void query_test_finds_every_byte(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int class, wrong;
	size_t size, off;
	void *objs[3];
	int i;

	for (class = 1; class < SH_NR_CLASSES; class++) {
		size = sh_classes[class].size;
		KUNIT_ASSERT_EQ(test, spanheap_alloc_bulk(heap, size, GFP_KERNEL,
							  3, objs), 3);
		wrong = 0;
		for (i = 0; i < ARRAY_SIZE(objs); i++) {
			for (off = 0; off < size; off += size < 2048 / SH_FIXTURE_SLOW ? 1 : 97)
				wrong += !is_in(objs[i] + off, heap, objs[i], size);
			wrong += !is_in(objs[i] + size - 1, heap, objs[i], size);
		}
		KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "size %zu", size);
		spanheap_free_bulk(3, objs);
	}
}

static void query_test_finds_all_of_a_large_object(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t size = SZ_2M + 3 * SH_PAGE_SIZE, off;
	void *obj = spanheap_alloc(heap, size, GFP_KERNEL);
	unsigned int wrong = 0;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	for (off = 0; off < size; off += 1021 * SH_FIXTURE_SLOW)
		wrong += !is_in(obj + off, heap, obj, size);
	wrong += !is_in(obj + size - 1, heap, obj, size);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_TRUE(test, is_nothing(obj + size));
	KUNIT_EXPECT_TRUE(test, is_nothing(obj - 1));
	spanheap_free(obj);
	for (off = 0; off < size; off += SH_PAGE_SIZE)
		wrong += !is_nothing(obj + off);
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void query_test_free_objects_are_nothing(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int class;
	void *obj;

	for (class = 1; class < SH_NR_CLASSES; class++) {
		obj = spanheap_alloc(heap, sh_classes[class].size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		spanheap_free(obj);
		KUNIT_EXPECT_TRUE(test, is_nothing(obj));
		KUNIT_EXPECT_TRUE(test, is_nothing(obj + 1));
	}
}

/* Objects that were never handed out, and the tail of the span. */
static void query_test_the_rest_of_a_span_is_nothing(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned long base, addr;
	unsigned int class, bytes, wrong;
	void *obj;

	for (class = 1; class < SH_NR_CLASSES; class++) {
		obj = spanheap_alloc(heap, sh_classes[class].size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		base = sh_span_base(sh_pagemap_get((unsigned long)obj));
		bytes = sh_classes[class].pages * SH_PAGE_SIZE;
		wrong = 0;
		for (addr = base; addr < base + bytes; addr += 61 * SH_FIXTURE_SLOW)
			if ((void *)addr < obj ||
			    (void *)addr >= obj + sh_classes[class].size)
				wrong += !is_nothing((void *)addr);
		wrong += obj + sh_classes[class].size < (void *)base + bytes &&
			 !is_nothing((void *)base + bytes - 1);
		KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "class %u", class);
		spanheap_free(obj);
	}
}

static int module_data;

static void query_test_foreign_addresses_are_nothing(struct kunit *test)
{
	void *slab = kmalloc(64, GFP_KERNEL), *area = vmalloc(PAGE_SIZE);
	int stack, i;
	void *foreign[] = {
		NULL, ZERO_SIZE_PTR, (void *)1, (void *)0x1000, &stack, slab,
		area, area + PAGE_SIZE - 1, &module_data, vfree,
		query_test_foreign_addresses_are_nothing,
		(void *)(TASK_SIZE - PAGE_SIZE), ERR_PTR(-EIO), (void *)-1L,
		(void *)0x8000000000000000, (void *)0x0000800000000000,
		(void *)VMALLOC_START, (void *)(VMALLOC_START - 1),
		(void *)(VMALLOC_END - 1), (void *)VMALLOC_END,
	};

	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		KUNIT_EXPECT_TRUE_MSG(test, is_nothing(foreign[i]), "number %d", i);
	vfree(area);
	kfree(slab);
}

static void query_test_tells_heaps_apart(struct kunit *test)
{
	struct spanheap *heap = test->priv, *other;
	void *a, *b, *c;

	other = sh_fixture_create(test, "kunit-other", 0);
	a = spanheap_alloc(heap, 100, GFP_KERNEL);
	b = spanheap_alloc(other, 100, GFP_KERNEL);
	c = spanheap_alloc(other, SZ_64K, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, is_in(a + 5, heap, a, 112));
	KUNIT_EXPECT_TRUE(test, is_in(b + 5, other, b, 112));
	KUNIT_EXPECT_TRUE(test, is_in(c + 50000, other, c, SZ_64K));
	spanheap_free(a);
	spanheap_free(b);
	spanheap_free(c);
	sh_fixture_destroy(test, other);
	KUNIT_EXPECT_TRUE(test, is_nothing(b));
	KUNIT_EXPECT_TRUE(test, is_nothing(c + 50000));
}

/* Random addresses of an arena against the list of live objects. */
static bool answer_is_right(struct spanheap *heap, const void *addr,
			    void **objs, int nr)
{
	struct spanheap_object found;
	int i;

	for (i = 0; i < nr; i++) {
		size_t size = spanheap_size(objs[i]);

		if (objs[i] && addr >= objs[i] && addr < objs[i] + size)
			return is_in(addr, heap, objs[i], size);
	}
	return !spanheap_find(addr, &found);
}

static void query_test_random_addresses(struct kunit *test)
{
	unsigned long i, ops = sh_fixture_ops(40000), wrong = 0;
	struct spanheap *heap = test->priv;
	struct sh_arena *arena;
	struct rnd_state rnd;
	void *objs[32] = { };
	int at;

	sh_test_seed(test, &rnd);
	arena = list_first_entry(&heap->ph.arenas, struct sh_arena, link);
	for (i = 0; i < ops; i++) {
		if (i % 16 == 0) {
			at = sh_test_random(&rnd, ARRAY_SIZE(objs));
			spanheap_free(objs[at]);
			objs[at] = NULL;
			if (i & 16)
				objs[at] = spanheap_alloc(heap, 1 + sh_test_random(&rnd, 20000),
							  GFP_KERNEL);
		}
		wrong += !answer_is_right(heap, (void *)arena->base +
				sh_test_random(&rnd, arena->used << SH_PAGE_SHIFT),
				objs, ARRAY_SIZE(objs));
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
}

static struct kunit_case query_test_cases[] = {
	KUNIT_CASE(query_test_roundup_is_what_an_allocation_gets),
	KUNIT_CASE(query_test_roundup_of_extremes),
	KUNIT_CASE(query_test_roundup_is_monotonic),
	KUNIT_CASE(query_test_finds_every_byte),
	KUNIT_CASE(query_test_finds_all_of_a_large_object),
	KUNIT_CASE(query_test_free_objects_are_nothing),
	KUNIT_CASE(query_test_the_rest_of_a_span_is_nothing),
	KUNIT_CASE(query_test_foreign_addresses_are_nothing),
	KUNIT_CASE(query_test_tells_heaps_apart),
	KUNIT_CASE(query_test_random_addresses),
	{ }
};

static struct kunit_suite query_test_suite = {
	.name = "spanheap_query",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = query_test_cases,
};

kunit_test_suite(query_test_suite);
