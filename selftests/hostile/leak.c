// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - forgetting to free
 */
#include "hostile.h"

/* In a heap of its own, which then goes. */
static void leak(struct hostile *h, const size_t *sizes, unsigned int nr)
{
	struct spanheap *heap = hostile_heap(h, "hostile_leaky");
	unsigned int i;

	for (i = 0; i < nr; i++)
		EXPECT(spanheap_alloc(heap, sizes[i], GFP_KERNEL));
	spanheap_destroy(heap);
}

static void leak_small(struct hostile *h)
{
	static const size_t sizes[] = { 64, 64, 64 };

	leak(h, sizes, ARRAY_SIZE(sizes));
}

static void leak_large(struct hostile *h)
{
	static const size_t sizes[] = { SZ_64K, SZ_1M };

	leak(h, sizes, ARRAY_SIZE(sizes));
}

static void leak_many_sizes(struct hostile *h)
{
	static const size_t sizes[] = { 8, 64, 64, 512, SZ_8K, SZ_64K };

	leak(h, sizes, ARRAY_SIZE(sizes));
}

static void leak_pages(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_leaky");

	EXPECT(spanheap_alloc_pages(heap, SZ_16K, GFP_KERNEL));
	spanheap_destroy(heap);
}

/* krealloc()'s trap: the only pointer is overwritten by the failure. */
static void leak_by_realloc(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_leaky");
	void *p = spanheap_alloc(heap, 64, GFP_KERNEL);
	size_t huge = SIZE_MAX / 2;

	OPTIMIZER_HIDE_VAR(huge);
	p = spanheap_realloc(heap, p, huge, GFP_KERNEL | __GFP_NOWARN);
	EXPECT(!p);
	spanheap_destroy(heap);
}

const struct hostile_bug hostile_leak_bugs[] = {
	{ "leak_small", leak_small, 0, true },
	{ "leak_large", leak_large, 0, true },
	{ "leak_many_sizes", leak_many_sizes, 0, true },
	{ "leak_pages", leak_pages, 0, true },
	{ "leak_by_realloc", leak_by_realloc, 0, true },
	{ }
};
