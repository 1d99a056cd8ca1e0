// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - sizes, alignments and flags that cannot be served, and the
 * limits of those that can
 */
#include <linux/log2.h>

#include "client.h"

/* Keeps the compiler from seeing a size it would warn about. */
static size_t hidden(size_t size)
{
	OPTIMIZER_HIDE_VAR(size);
	return size;
}

static u64 mallocs(struct spanheap *heap)
{
	struct spanheap_stats stats;

	spanheap_get_stats(heap, &stats);
	return stats.mallocs;
}

static void size_zero(struct spanheap *heap)
{
	u64 before = mallocs(heap);

	EXPECT(spanheap_alloc(heap, hidden(0), GFP_KERNEL) == ZERO_SIZE_PTR);
	EXPECT(spanheap_zalloc(heap, hidden(0), GFP_KERNEL) == ZERO_SIZE_PTR);
	EXPECT(spanheap_alloc_array(heap, hidden(0), 8, GFP_KERNEL) ==
	       ZERO_SIZE_PTR);
	EXPECT(spanheap_calloc(heap, 8, hidden(0), GFP_KERNEL) == ZERO_SIZE_PTR);
	EXPECT(spanheap_alloc_aligned(heap, hidden(0), 64, GFP_KERNEL) ==
	       ZERO_SIZE_PTR);
	EXPECT(mallocs(heap) == before);
	spanheap_free(ZERO_SIZE_PTR);
}

static void size_one(struct spanheap *heap)
{
	char *p = spanheap_alloc(heap, hidden(1), GFP_KERNEL);
	char *q = spanheap_alloc(heap, hidden(1), GFP_KERNEL);

	if (EXPECT(p) && EXPECT(q)) {
		EXPECT(p != q);
		EXPECT(spanheap_size(p) == 8);
		*p = 1;
		*q = 2;
		EXPECT(*p == 1);
	}
	spanheap_free(p);
	spanheap_free(q);
}

static void refused(struct spanheap *heap, size_t size)
{
	struct spanheap_stats before, after;

	spanheap_get_stats(heap, &before);
	EXPECT(!spanheap_alloc(heap, hidden(size), GFP_KERNEL | __GFP_NOWARN));
	EXPECT(!spanheap_zalloc(heap, hidden(size), GFP_KERNEL | __GFP_NOWARN));
	EXPECT(!spanheap_alloc(heap, hidden(size), GFP_NOWAIT | __GFP_NOWARN));
	EXPECT(!spanheap_alloc_aligned(heap, hidden(size), 4096,
				       GFP_KERNEL | __GFP_NOWARN));
	spanheap_get_stats(heap, &after);
	EXPECT(after.alloc_failures == before.alloc_failures + 4);
	EXPECT(after.mallocs == before.mallocs);
	EXPECT(after.sys == before.sys);
}

static void size_max(struct spanheap *heap)
{
	refused(heap, SIZE_MAX);
	refused(heap, SIZE_MAX - 1);
	refused(heap, SIZE_MAX - PAGE_SIZE);
	refused(heap, SIZE_MAX - SZ_8K + 1);
	refused(heap, SIZE_MAX - SZ_2M);
	refused(heap, SIZE_MAX / 2 + 1);
	refused(heap, SIZE_MAX / 2);
}

/* More than the vmalloc range of any 64-bit machine of today, and than memory. */
static void size_vmalloc(struct spanheap *heap)
{
	if (BITS_PER_LONG == 64)
		refused(heap, 1UL << (BITS_PER_LONG - 8));
	refused(heap, SIZE_MAX >> 4);
}

static void size_memory(struct spanheap *heap)
{
	refused(heap, (totalram_pages() + 1) << PAGE_SHIFT);
	refused(heap, 4 * totalram_pages() << PAGE_SHIFT);
}

static void size_warns(struct spanheap *heap)
{
	EXPECT(!spanheap_alloc(heap, hidden(SIZE_MAX / 2), GFP_KERNEL));
}

static void array_overflow(struct spanheap *heap)
{
	static const size_t sizes[][2] = {
		{ SIZE_MAX, SIZE_MAX },
		{ SIZE_MAX, 2 },
		{ 2, SIZE_MAX },
		{ SIZE_MAX / 16 + 1, 16 },		/* n * size is 0 */
		{ SIZE_MAX / 16 + 2, 16 },		/* 16 */
		{ 1UL << (BITS_PER_LONG / 2), 1UL << (BITS_PER_LONG / 2) },
		{ (1UL << (BITS_PER_LONG / 2)) + 1, 1UL << (BITS_PER_LONG / 2) },
	};
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t n = hidden(sizes[i][0]), size = hidden(sizes[i][1]);

		EXPECT(!spanheap_alloc_array(heap, n, size, gfp));
		EXPECT(!spanheap_calloc(heap, n, size, gfp));
	}
}

static void align_bad(struct spanheap *heap)
{
	static const size_t aligns[] = {
		0, 3, 5, 24, 100, 4095, 4097, 12288,
		SPANHEAP_MAX_ALIGN + 1, 2 * SPANHEAP_MAX_ALIGN, SZ_1G,
		SIZE_MAX / 2 + 1, SIZE_MAX,
	};
	static const size_t sizes[] = { 1, 64, 4096, SZ_1M };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(aligns); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++)
			EXPECT(!spanheap_alloc_aligned(heap, sizes[j],
						       hidden(aligns[i]),
						       GFP_KERNEL | __GFP_NOWARN));
	}
}

static void align_one(struct spanheap *heap, size_t size, size_t align)
{
	u8 *p, *q;

	p = spanheap_alloc_aligned(heap, size, align, GFP_KERNEL);
	q = spanheap_alloc_aligned(heap, size, align, GFP_KERNEL | __GFP_ZERO);
	if (EXPECT(p) && EXPECT(q)) {
		EXPECT(!((unsigned long)p & (align - 1)));
		EXPECT(!((unsigned long)q & (align - 1)));
		EXPECT(spanheap_size(p) >= size);
		EXPECT(client_zeroed(q, size));
		client_fill(p, size, 1);
		client_fill(q, size, 2);
		EXPECT(client_filled(p, size, 1));
	}
	spanheap_free(p);
	spanheap_free(q);
}

static void align_good(struct spanheap *heap)
{
	size_t align;

	for (align = 1; align <= SPANHEAP_MAX_ALIGN; align *= 2) {
		align_one(heap, 1, align);
		align_one(heap, 100, align);
		align_one(heap, 5000, align);
		align_one(heap, align, align);
		align_one(heap, align + 1, align);
		if (align <= SZ_64K)
			align_one(heap, 3 * align, align);
	}
}

/* Rounding up to the alignment must not wrap around. */
static void align_overflow(struct spanheap *heap)
{
	size_t align;

	for (align = 8; align <= SPANHEAP_MAX_ALIGN; align *= 2) {
		EXPECT(!spanheap_alloc_aligned(heap, hidden(SIZE_MAX), align,
					       GFP_KERNEL | __GFP_NOWARN));
		EXPECT(!spanheap_alloc_aligned(heap, hidden(SIZE_MAX - align),
					       align,
					       GFP_KERNEL | __GFP_NOWARN));
	}
}

/* The shell side looks that all of these together log once. */
static void gfp_bad(struct spanheap *heap)
{
	static const gfp_t flags[] = {
		__GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM, __GFP_COMP,
	};
	void *objs[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		gfp_t gfp = GFP_KERNEL | flags[i];

		EXPECT(!spanheap_alloc(heap, 64, gfp));
		EXPECT(!spanheap_alloc(heap, SZ_1M, gfp));
		EXPECT(!spanheap_zalloc(heap, 64, gfp));
		EXPECT(!spanheap_alloc_aligned(heap, 64, 64, gfp));
		EXPECT(!spanheap_alloc_bulk(heap, 64, gfp, 2, objs));
	}
}

const struct client_test client_input_tests[] = {
	{ "input_size_zero", size_zero },
	{ "input_size_one", size_one },
	{ "input_size_max", size_max },
	{ "input_size_vmalloc", size_vmalloc },
	{ "input_size_memory", size_memory },
	{ "input_size_warns", size_warns, "heap client: out of memory" },
	{ "input_array_overflow", array_overflow },
	{ "input_align_bad", align_bad },
	{ "input_align_good", align_good },
	{ "input_align_overflow", align_overflow },
	{ "input_gfp_bad", gfp_bad, "gfp" },
	{ }
};
