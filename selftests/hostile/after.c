// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - using an object after its free: at once, and when somebody
 * else has it
 */
#include "hostile.h"

static void write_after_free(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	spanheap_free(p);
	hostile_write(p + 8, 8);
}

static void write_after_free_large(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	spanheap_free(p);
	hostile_write(p + SZ_4K, 8);
}

static void read_after_free(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	spanheap_free(p);
	hostile_read(p + 8, 8);
}

static void read_after_free_large(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	spanheap_free(p);
	hostile_read(p + SZ_4K, 8);
}

/* The next one to allocate has it, unless the heap keeps it back. */
static void *free_and_reuse(struct hostile *h, void **other)
{
	void *p = spanheap_alloc(h->heap, 896, GFP_KERNEL);

	spanheap_free(p);
	*other = spanheap_alloc(h->heap, 896, GFP_KERNEL);
	EXPECT((*other == p) == !h->debug);
	return p;
}

static void write_after_reuse(struct hostile *h)
{
	void *other, *p = free_and_reuse(h, &other);

	hostile_write(p + 8, 8);
	spanheap_free(other);
}

static void read_after_reuse(struct hostile *h)
{
	void *other, *p = free_and_reuse(h, &other);

	hostile_read(p + 8, 8);
	spanheap_free(other);
}

/* The old pointer after an object has moved. */
static void write_after_realloc(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);
	char *q = spanheap_realloc(h->heap, p, 4000, GFP_KERNEL);

	EXPECT(q && q != p);
	hostile_write(p + 8, 8);
	spanheap_free(q);
}

/* Pages that were freed and wait to be used again. */
static void write_after_free_pages(struct hostile *h)
{
	char *p = spanheap_alloc_pages(h->heap, SZ_64K, GFP_KERNEL);

	spanheap_free_pages(p);
	hostile_write(p + SZ_4K, 8);
}

const struct hostile_bug hostile_after_bugs[] = {
	{ "write_after_free", write_after_free, 0, true },
	{ "write_after_free_large", write_after_free_large, 0, true },
	{ "write_after_reuse", write_after_reuse, 0, true },
	{ "write_after_realloc", write_after_realloc, 0, true },
	{ "write_after_free_pages", write_after_free_pages, 0, true },
	{ "read_after_free", read_after_free, 0, true },
	{ "read_after_free_large", read_after_free_large, 0, true },
	{ "read_after_reuse", read_after_reuse, 0, true },
	{ }
};
