// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - questions about addresses: right about ours, quiet and
 * harmless about all others
 */
#include "client.h"

static void expect_unknown(const void *addr, const char *what)
{
	struct spanheap_object obj;
	bool ok = EXPECT(!spanheap_owns(addr));

	ok &= EXPECT(!spanheap_find(addr, &obj));
	ok &= EXPECT(!spanheap_size(addr));
	if (!ok)
		pr_err("spanheap_client: that was: %s\n", what);
}

static void foreign(struct spanheap *heap)
{
	struct client_foreigners f;
	int i;

	expect_unknown(NULL, "NULL");
	expect_unknown(ZERO_SIZE_PTR, "ZERO_SIZE_PTR");
	if (!EXPECT(client_foreigners_get(&f)))
		return;
	for (i = 0; i < NR_FOREIGN; i++)
		expect_unknown(f.at[i].addr, f.at[i].name);
	client_foreigners_put(&f);
	EXPECT(client_bad_frees(heap) == 0);
}

/* One address in each of 2^12 stretches of the whole address space. */
static void everywhere(struct spanheap *heap)
{
	unsigned long i;

	for (i = 0; i < 4096; i++)
		expect_unknown((void *)(i << (BITS_PER_LONG - 12)), "sweep");
	for (i = 3; i < BITS_PER_LONG; i++) {
		expect_unknown((void *)(1UL << i), "a bit");
		expect_unknown((void *)-(1UL << i), "minus a bit");
	}
}

static void expect_object(struct spanheap *heap, char *p, char *addr)
{
	struct spanheap_object obj = {};

	EXPECT(spanheap_owns(addr));
	if (!EXPECT(spanheap_find(addr, &obj)))
		return;
	EXPECT(obj.heap == heap);
	EXPECT(obj.start == p);
	EXPECT(obj.size == spanheap_size(p));
}

static void interior_of(struct spanheap *heap, size_t size)
{
	struct spanheap_object obj;
	char *p = spanheap_alloc(heap, size, GFP_KERNEL);
	size_t step, at;

	if (!EXPECT(p))
		return;
	size = spanheap_size(p);
	step = size / 64 ?: 1;
	for (at = 0; at < size; at += step) {
		expect_object(heap, p, p + at);
		EXPECT(!at == !!spanheap_size(p + at));
	}
	expect_object(heap, p, p + size - 1);

	/* What is before and after is another's or nobody's. */
	EXPECT(!spanheap_find(p + size, &obj) || obj.start != p);
	EXPECT(!spanheap_find(p - 1, &obj) || obj.start != p);

	spanheap_free(p);
	for (at = 0; at < size; at += step)
		expect_unknown(p + at, "freed");
}

static void interior(struct spanheap *heap)
{
	size_t size;

	for (size = 8; size <= SPANHEAP_MAX_SMALL; size += size / 3 + 8)
		interior_of(heap, size);
	interior_of(heap, SPANHEAP_MAX_SMALL);
	interior_of(heap, SPANHEAP_MAX_SMALL + 1);
	interior_of(heap, SZ_1M);
	interior_of(heap, 3 * SZ_1M + 5);
}

/* The default heap is found under its own name, not as NULL. */
static void default_heap(struct spanheap *heap)
{
	void *p = spanheap_alloc(NULL, 64, GFP_KERNEL);
	void *q = spanheap_alloc(NULL, SZ_64K, GFP_KERNEL);
	struct spanheap_object a = {}, b = {};

	if (EXPECT(p) && EXPECT(q)) {
		EXPECT(spanheap_find(p, &a));
		EXPECT(spanheap_find(q, &b));
		EXPECT(a.heap && a.heap == b.heap && a.heap != heap);
	}
	spanheap_free(p);
	spanheap_free(q);
}

/* Between the objects of a heap and after them, never a fault. */
static void nearby(struct spanheap *heap)
{
	char *p = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	struct spanheap_object obj;
	long i;

	if (!EXPECT(p))
		return;
	for (i = -20000; i <= 20000; i++) {
		char *addr = p + i * 8192 + 100;

		if (spanheap_find(addr, &obj))
			EXPECT(addr >= (char *)obj.start &&
			       addr < (char *)obj.start + obj.size);
		EXPECT(!spanheap_size(addr));
	}
	spanheap_free(p);
}

/* From a slot to the end of a chain, and what is lost when that is cut. */
static void lost(struct spanheap *heap)
{
	void **first = spanheap_zalloc(heap, 64, GFP_KERNEL);
	void **second = spanheap_zalloc(heap, SZ_64K, GFP_KERNEL);
	void **third = spanheap_zalloc(heap, 64, GFP_KERNEL);
	void *roots[] = { &first };

	if (EXPECT(first) && EXPECT(second) && EXPECT(third)) {
		first[7] = second;
		second[SZ_64K / sizeof(*second) - 1] = third;
		EXPECT(spanheap_report_unreachable(heap, roots, 1) == 0);
		EXPECT(spanheap_report_unreachable(heap, NULL, 0) == 1);
		first[7] = NULL;
		EXPECT(spanheap_report_unreachable(heap, roots, 1) == 2);
		EXPECT(spanheap_report_unreachable(heap, NULL, 1) == -EINVAL);
	}
	spanheap_free(first);
	spanheap_free(second);
	spanheap_free(third);
}

const struct client_test client_query_tests[] = {
	{ "query_foreign", foreign },
	{ "query_everywhere", everywhere },
	{ "query_interior", interior },
	{ "query_default_heap", default_heap },
	{ "query_nearby", nearby },
	{ "query_unreachable", lost, "1 objects of 65536 bytes that nothing refers to" },
	{ }
};
