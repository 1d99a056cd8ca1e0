// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - whole pages, splitting, and persistent allocations: what
 * each is for, and every call they are not for
 */
#include <linux/err.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "client.h"

static size_t hidden(size_t size)
{
	OPTIMIZER_HIDE_VAR(size);
	return size;
}

static void pages(struct spanheap *heap)
{
	static const size_t sizes[] = { 1, SZ_8K, SZ_8K + 1, 100000, SZ_2M };
	struct spanheap_stats s;
	size_t got;
	void *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		got = ALIGN(sizes[i], SZ_8K);
		p = spanheap_alloc_pages(heap, hidden(sizes[i]),
					 GFP_KERNEL | __GFP_ZERO);
		if (!EXPECT(p))
			return;
		EXPECT(IS_ALIGNED((unsigned long)p, SZ_8K));
		EXPECT(client_zeroed(p, got));
		client_fill(p, got, i);
		EXPECT(!spanheap_owns(p) && !spanheap_size(p));
		spanheap_get_stats(heap, &s);
		EXPECT(s.manual_spans == 1 && s.manual_bytes == got);
		EXPECT(s.in_use == got && s.objects == 0);
		EXPECT(client_filled(p, got, i));
		spanheap_free_pages(p);
	}
	spanheap_free_pages(NULL);
	spanheap_free_pages(ZERO_SIZE_PTR);
	EXPECT(spanheap_alloc_pages(heap, hidden(0), GFP_KERNEL) ==
	       ZERO_SIZE_PTR);
	EXPECT(!spanheap_alloc_pages(heap, hidden(SIZE_MAX),
				     GFP_KERNEL | __GFP_NOWARN));
	EXPECT(client_bad_frees(heap) == 0);
}

static void free_one(void *p)
{
	spanheap_free(p);
}

static void free_zeroed(void *p)
{
	spanheap_free_sensitive(p);
}

static void resize(void *p)
{
	EXPECT(!spanheap_realloc(NULL, p, 100, GFP_KERNEL));
}

/* Whether two readings are the same, but for what a worker reserves ahead. */
static bool same(const struct spanheap_stats *before,
		 const struct spanheap_stats *after)
{
	struct spanheap_stats s = *after;

	s.arenas = before->arenas;
	s.other_meta = before->other_meta;
	return !memcmp(before, &s, sizeof(s));
}

/* @fn is not for @p: counted, nothing else. */
static void expect_misuse(struct spanheap *heap, void (*fn)(void *p), void *p)
{
	struct spanheap_stats before, after;

	spanheap_get_stats(heap, &before);
	fn(p);
	spanheap_get_stats(heap, &after);
	EXPECT(after.bad_frees == before.bad_frees + 1);
	after.bad_frees = before.bad_frees;
	EXPECT(same(&before, &after));
}

static void pages_freed_as_object(struct spanheap *heap)
{
	u8 *p = spanheap_alloc_pages(heap, SZ_64K, GFP_KERNEL);

	if (!EXPECT(p))
		return;
	client_fill(p, SZ_64K, 1);
	expect_misuse(heap, free_one, p);
	expect_misuse(heap, free_one, p + SZ_8K);
	expect_misuse(heap, free_zeroed, p);
	expect_misuse(heap, resize, p);
	EXPECT(client_filled(p, SZ_64K, 1));
	spanheap_free_pages(p);
}

static void object_freed_as_pages(struct spanheap *heap)
{
	static const size_t sizes[] = { 8, SZ_8K, SZ_32K, SZ_128K };
	u8 *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		if (!EXPECT(p))
			return;
		client_fill(p, sizes[i], 2);
		expect_misuse(heap, spanheap_free_pages, p);
		EXPECT(client_filled(p, sizes[i], 2));
		EXPECT(spanheap_size(p) == sizes[i]);
		spanheap_free(p);
	}
}

static void pages_twice(struct spanheap *heap)
{
	u8 *p = spanheap_alloc_pages(heap, SZ_64K, GFP_KERNEL);

	if (!EXPECT(p))
		return;
	spanheap_free_pages(p);
	expect_misuse(heap, spanheap_free_pages, p);
}

static void pages_inside(struct spanheap *heap)
{
	u8 *p = spanheap_alloc_pages(heap, SZ_64K, GFP_KERNEL);

	if (!EXPECT(p))
		return;
	expect_misuse(heap, spanheap_free_pages, p + 1);
	expect_misuse(heap, spanheap_free_pages, p + SZ_32K);
	spanheap_free_pages(p);
}

static void pages_foreign(struct spanheap *heap)
{
	u64 before = client_bad_frees(NULL);
	struct client_foreigners f;
	int i;

	if (!EXPECT(client_foreigners_get(&f)))
		return;
	for (i = 0; i < NR_FOREIGN; i++)
		spanheap_free_pages(f.at[i].addr);
	EXPECT(client_bad_frees(NULL) == before + NR_FOREIGN);
	client_foreigners_put(&f);
}

static void pages_leaked(struct spanheap *heap)
{
	struct spanheap *leaky = spanheap_create("leaky", NULL);

	if (!EXPECT(!IS_ERR(leaky)))
		return;
	EXPECT(spanheap_alloc_pages(leaky, SZ_1M, GFP_KERNEL));
	EXPECT(spanheap_alloc_persistent(leaky, SZ_1M, 8, GFP_KERNEL));
	spanheap_destroy(leaky);
}

static void split_one(struct spanheap *heap, size_t size, bool manual)
{
	size_t half = size / 2;
	u8 *p;

	p = manual ? spanheap_alloc_pages(heap, size, GFP_KERNEL) :
		     spanheap_alloc(heap, size, GFP_KERNEL);
	if (!EXPECT(p))
		return;
	client_fill(p, half, 1);
	client_fill(p + half, half, 2);
	EXPECT(!spanheap_split(p));
	EXPECT(client_filled(p, half, 1));
	if (manual) {
		spanheap_free_pages(p);
	} else {
		EXPECT(spanheap_size(p) == half);
		EXPECT(spanheap_size(p + half) == half);
		spanheap_free(p);
	}
	EXPECT(client_filled(p + half, half, 2));
	if (manual)
		spanheap_free_pages(p + half);
	else
		spanheap_free(p + half);
	EXPECT(client_bad_frees(heap) == 0);
}

static void split(struct spanheap *heap)
{
	size_t size;

	for (size = SZ_16K; size <= SZ_4M; size *= 2) {
		split_one(heap, size, false);
		split_one(heap, size, true);
	}
	split_one(heap, 6 * SZ_8K, false);
}

static void expect_unsplit(struct spanheap *heap, void *p)
{
	struct spanheap_stats before, after;

	spanheap_get_stats(heap, &before);
	EXPECT(spanheap_split(p) == -EINVAL);
	spanheap_get_stats(heap, &after);
	EXPECT(same(&before, &after));
}

static void split_bad(struct spanheap *heap)
{
	static const size_t sizes[] = {
		8, 100, SZ_4K, SZ_8K, 9000, 12000, 3 * SZ_8K, 27000, 5 * SZ_8K,
		SZ_1M + 1,
	};
	struct client_foreigners f;
	u8 *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		if (!EXPECT(p))
			return;
		expect_unsplit(heap, p);
		expect_unsplit(heap, p + 1);
		EXPECT(spanheap_size(p) >= sizes[i]);
		spanheap_free(p);
		expect_unsplit(heap, p);
	}
	p = spanheap_alloc_pages(heap, SZ_8K, GFP_KERNEL);
	expect_unsplit(heap, p);
	spanheap_free_pages(p);
	expect_unsplit(heap, p);
	expect_unsplit(heap, NULL);
	expect_unsplit(heap, ZERO_SIZE_PTR);
	if (!EXPECT(client_foreigners_get(&f)))
		return;
	for (i = 0; i < NR_FOREIGN; i++)
		expect_unsplit(heap, f.at[i].addr);
	client_foreigners_put(&f);
	EXPECT(client_bad_frees(heap) == 0);
}

static void persistent(struct spanheap *heap)
{
	struct spanheap_stats s;
	size_t align;
	u8 *p, *q;

	for (align = 1; align <= PAGE_SIZE; align *= 2) {
		p = spanheap_alloc_persistent(heap, 100, align, GFP_KERNEL);
		q = spanheap_alloc_persistent(heap, 20000, align,
					      GFP_KERNEL | __GFP_ZERO);
		if (!EXPECT(p) || !EXPECT(q))
			return;
		EXPECT(IS_ALIGNED((unsigned long)p, align));
		EXPECT(IS_ALIGNED((unsigned long)q, align));
		EXPECT(client_zeroed(q, 20000));
		client_fill(p, 100, align);
		client_fill(q, 20000, align);
		EXPECT(client_filled(p, 100, align));
	}
	spanheap_get_stats(heap, &s);
	EXPECT(s.persistent_bytes && s.persistent_bytes == s.in_use);
	EXPECT(spanheap_alloc_persistent(heap, hidden(0), 8, GFP_KERNEL) ==
	       ZERO_SIZE_PTR);
}

static void persistent_align(struct spanheap *heap)
{
	static const size_t aligns[] = {
		0, 3, 48, PAGE_SIZE + 1, 2 * PAGE_SIZE, SIZE_MAX,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++)
		EXPECT(!spanheap_alloc_persistent(heap, 100, hidden(aligns[i]),
						  GFP_KERNEL));
	EXPECT(!spanheap_alloc_persistent(heap, hidden(SIZE_MAX), 8,
					  GFP_KERNEL | __GFP_NOWARN));
	EXPECT(!spanheap_alloc_persistent(heap, hidden(SIZE_MAX - 4000), PAGE_SIZE,
					  GFP_KERNEL | __GFP_NOWARN));
}

static void persistent_freed(struct spanheap *heap)
{
	u8 *p = spanheap_alloc_persistent(heap, 100, 8, GFP_KERNEL);
	u8 *q = spanheap_alloc_persistent(heap, SZ_1M, 8, GFP_KERNEL);

	if (!EXPECT(p) || !EXPECT(q))
		return;
	client_fill(p, 100, 3);
	client_fill(q, SZ_1M, 4);
	expect_misuse(heap, free_one, p);
	expect_misuse(heap, free_one, q);
	expect_misuse(heap, free_zeroed, q);
	expect_misuse(heap, spanheap_free_pages, q);
	expect_misuse(heap, resize, p);
	expect_unsplit(heap, q);
	EXPECT(!spanheap_owns(p) && !spanheap_size(q));
	EXPECT(client_filled(p, 100, 3));
	EXPECT(client_filled(q, SZ_1M, 4));
}

const struct client_test client_manual_tests[] = {
	{ "manual_pages", pages },
	{ "manual_freed_as_object", pages_freed_as_object,
	  "bad free: manual span, spanheap_free_pages\\(\\) frees it" },
	{ "manual_object_freed_as_pages", object_freed_as_pages,
	  "bad free_pages: object, spanheap_free\\(\\) frees it" },
	{ "manual_twice", pages_twice, "bad free_pages: double free" },
	{ "manual_inside", pages_inside, "bad free_pages: address within" },
	{ "manual_foreign", pages_foreign, "bad free_pages: not a spanheap" },
	{ "manual_leaked", pages_leaked, "heap leaky: .* 1 manual span" },
	{ "split_halves", split },
	{ "split_bad", split_bad },
	{ "persistent_good", persistent },
	{ "persistent_align", persistent_align,
	  "no persistent allocation with an alignment of 3" },
	{ "persistent_freed", persistent_freed,
	  "bad free: persistent allocation" },
	{ }
};
