// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - using heaps that are going or gone
 */
#include <linux/err.h>

#include "hostile.h"

/* An object outlives its heap and is freed after it. */
static void free_after_destroy(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_gone");
	void *p = spanheap_alloc(heap, 64, GFP_KERNEL);

	spanheap_destroy(heap);
	hostile_free(h, p);
}

static void free_large_after_destroy(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_gone");
	void *p = spanheap_alloc(heap, SZ_1M, GFP_KERNEL);

	spanheap_destroy(heap);
	hostile_free(h, p);
}

static void destroy_default(struct hostile *h)
{
	struct spanheap_object obj;
	void *p = spanheap_alloc(NULL, 64, GFP_KERNEL);

	if (EXPECT(spanheap_find(p, &obj)))
		spanheap_destroy(obj.heap);
	EXPECT(spanheap_owns(p));
	spanheap_free(p);
}

const struct hostile_bug hostile_lifetime_bugs[] = {
	{ "free_after_destroy", free_after_destroy, 1 },
	{ "free_large_after_destroy", free_large_after_destroy, 1 },
	{ "destroy_default", destroy_default, 0, true },
	{ }
};
