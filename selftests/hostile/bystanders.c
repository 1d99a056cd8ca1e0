// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - objects of somebody who does everything right, in the same
 * heap: their contents and their frees are what no mistake of others may spoil
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "hostile.h"

static const u32 sizes[] = {
	16, 64, 64, 200, 1024, SZ_4K, 9000, SZ_32K, 40000,
};

struct hostile_bystanders {
	u8 *objs[ARRAY_SIZE(sizes)];
	u8 *pages;
};

/* The ends are what a neighbour reaches: they differ byte by byte. */
#define END_BYTES	16

static void fill(u8 *p, size_t bytes, u8 seed)
{
	size_t i;

	memset(p, seed, bytes);
	for (i = 0; i < min_t(size_t, END_BYTES, bytes / 2); i++) {
		p[i] = seed + i;
		p[bytes - 1 - i] = seed - i;
	}
}

static bool filled(const u8 *p, size_t bytes, u8 seed)
{
	size_t i;

	for (i = 0; i < min_t(size_t, END_BYTES, bytes / 2); i++)
		if (p[i] != (u8)(seed + i) || p[bytes - 1 - i] != (u8)(seed - i))
			return false;
	return bytes <= 2 * END_BYTES ||
	       !memchr_inv(p + END_BYTES, seed, bytes - 2 * END_BYTES);
}

/**
 * hostile_bystanders_get() - allocate and fill them
 * @heap: where
 *
 * Return: they, or NULL.
 */
struct hostile_bystanders *hostile_bystanders_get(struct spanheap *heap)
{
	struct hostile_bystanders *b = kzalloc(sizeof(*b), GFP_KERNEL);
	size_t i;

	if (!EXPECT(b))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		b->objs[i] = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		if (EXPECT(b->objs[i]))
			fill(b->objs[i], sizes[i], i);
	}
	b->pages = spanheap_alloc_pages(heap, SZ_16K, GFP_KERNEL);
	if (EXPECT(b->pages))
		fill(b->pages, SZ_16K, 99);
	return b;
}

/**
 * hostile_bystanders_put() - look whether they are as they were, and free them
 * @b: from hostile_bystanders_get()
 */
void hostile_bystanders_put(struct hostile_bystanders *b)
{
	size_t i;

	if (!b)
		return;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT(filled(b->objs[i], sizes[i], i));
		EXPECT(spanheap_owns(b->objs[i]));
		spanheap_free(b->objs[i]);
	}
	EXPECT(filled(b->pages, SZ_16K, 99));
	spanheap_free_pages(b->pages);
	kfree(b);
}

/**
 * hostile_work() - use a heap for a while, as somebody who does it right would
 * @heap: the heap
 */
void hostile_work(struct spanheap *heap)
{
	enum { NR = 64, ROUNDS = 192 };
	u8 **objs = kcalloc(NR, sizeof(*objs), GFP_KERNEL);
	u32 i, at, size;

	if (!EXPECT(objs))
		return;
	for (i = 0; i < ROUNDS + NR; i++) {
		at = i % NR;
		if (i >= NR) {
			size = 8 + (i - NR) * 37 % 2000;
			EXPECT(filled(objs[at], size, i - NR));
			spanheap_free(objs[at]);
			objs[at] = NULL;
		}
		if (i >= ROUNDS)
			continue;
		size = 8 + i * 37 % 2000;
		objs[at] = spanheap_alloc(heap, size, GFP_KERNEL);
		if (!EXPECT(objs[at]))
			break;
		fill(objs[at], size, i);
	}
	kfree(objs);
}
