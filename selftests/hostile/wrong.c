// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - the wrong call for something that is allocated, and calls
 * with arguments that make no sense
 */
#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "hostile.h"

static void free_of_pages(struct hostile *h)
{
	void *p = spanheap_alloc_pages(h->heap, SZ_64K, GFP_KERNEL);

	hostile_free(h, p);
	spanheap_free_pages(p);
}

static void free_pages_of_object(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	hostile_free_pages(h, p);
	spanheap_free(p);
}

static void free_pages_of_large(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	hostile_free_pages(h, p);
	spanheap_free(p);
}

static void free_pages_interior(struct hostile *h)
{
	char *p = spanheap_alloc_pages(h->heap, SZ_64K, GFP_KERNEL);

	hostile_free_pages(h, p + SZ_16K);
	spanheap_free_pages(p);
}

static void free_pages_of_stack(struct hostile *h)
{
	hostile_free_pages(h, h);
}

static void free_persistent(struct hostile *h)
{
	hostile_free(h, spanheap_alloc_persistent(h->heap, 64, 8, GFP_KERNEL));
}

static void free_pages_of_persistent(struct hostile *h)
{
	hostile_free_pages(h, spanheap_alloc_persistent(h->heap, 64, 8,
							GFP_KERNEL));
}

static void free_rcu_pages_now(void *ptr)
{
	struct rcu_head *head = ptr;

	__spanheap_free_rcu(head, 0);
}

static void free_rcu_of_pages(struct hostile *h)
{
	void *p = spanheap_alloc_pages(h->heap, SZ_8K, GFP_KERNEL);

	hostile_do(h, free_rcu_pages_now, p);
	spanheap_free_pages(p);
}

static void free_rcu_interior(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	hostile_do(h, free_rcu_pages_now, p + 16);
	spanheap_free(p);
}

/* A call that is refused must not return anything. */
static void realloc_now(void *ptr)
{
	EXPECT(!spanheap_realloc(NULL, ptr, 128, GFP_ATOMIC));
}

static void realloc_freed(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	spanheap_free(p);
	hostile_do(h, realloc_now, p);
}

static void realloc_freed_large(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	spanheap_free(p);
	hostile_do(h, realloc_now, p);
}

static void realloc_interior(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	hostile_do(h, realloc_now, p + 8);
	spanheap_free(p);
}

static void realloc_pages(struct hostile *h)
{
	void *p = spanheap_alloc_pages(h->heap, SZ_8K, GFP_KERNEL);

	hostile_do(h, realloc_now, p);
	spanheap_free_pages(p);
}

static void realloc_kmalloc(struct hostile *h)
{
	void *p = kmalloc(64, GFP_KERNEL);

	hostile_do(h, realloc_now, p);
	kfree(p);
}

static void split_refused_now(void *ptr)
{
	EXPECT(spanheap_split(ptr) == -EINVAL);
}

static void split_small(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	hostile_do(h, split_refused_now, p);
	spanheap_free(p);
}

static void split_freed(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	spanheap_free(p);
	hostile_do(h, split_refused_now, p);
}

static void split_interior(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	hostile_do(h, split_refused_now, p + SZ_16K);
	spanheap_free(p);
}

static void split_kmalloc(struct hostile *h)
{
	void *p = kmalloc(SZ_64K, GFP_KERNEL);

	hostile_do(h, split_refused_now, p);
	kfree(p);
}

static void size_of_freed_now(void *ptr)
{
	EXPECT(spanheap_size(ptr) == 0);
	EXPECT(!spanheap_owns(ptr));
}

static void size_of_freed(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	spanheap_free(p);
	hostile_do(h, size_of_freed_now, p);
}

/* The objects after this one go out to user space. */
static void copy_out_neighbours(struct hostile *h)
{
	char *p = spanheap_zalloc(h->heap, 256, GFP_KERNEL);

	EXPECT(spanheap_copy_to_user(NULL, p, 8192) == 8192);
	spanheap_free(p);
}

static void copy_in_one_too_many(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 256, GFP_KERNEL);

	EXPECT(spanheap_copy_from_user(p + 128, NULL, 129) == 129);
	spanheap_free(p);
}

static void copy_out_of_freed(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 256, GFP_KERNEL);

	spanheap_free(p);
	EXPECT(spanheap_copy_to_user(NULL, p, 256) == 256);
}

static void copy_in_to_kmalloc(struct hostile *h)
{
	void *p = kmalloc(256, GFP_KERNEL);

	EXPECT(spanheap_copy_from_user(p, NULL, 256) == 256);
	kfree(p);
}

/* Memory for a device. */
static void alloc_gfp_dma(struct hostile *h)
{
	EXPECT(!spanheap_alloc(h->heap, 64, GFP_KERNEL | GFP_DMA));
}

static void alloc_gfp_highmem(struct hostile *h)
{
	EXPECT(!spanheap_alloc_pages(h->heap, SZ_8K, GFP_HIGHUSER));
}

/* Of who cannot wait nobody can promise that. */
static void alloc_gfp_nofail(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, SZ_64K, GFP_ATOMIC | __GFP_NOFAIL);

	spanheap_free(p);
}

static void realloc_gfp_comp(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	EXPECT(!spanheap_realloc(h->heap, p, 256, GFP_KERNEL | __GFP_COMP));
	spanheap_free(p);
}

static void alloc_alignment(struct hostile *h)
{
	EXPECT(!spanheap_alloc_aligned(h->heap, 64, 48, GFP_KERNEL));
}

static void alloc_array_overflow(struct hostile *h)
{
	size_t nr = SIZE_MAX / 8;

	OPTIMIZER_HIDE_VAR(nr);
	EXPECT(!spanheap_alloc_array(h->heap, nr, 24, GFP_KERNEL));
}

/* A length that went below zero. */
static void alloc_negative(struct hostile *h)
{
	long len = -8;

	OPTIMIZER_HIDE_VAR(len);
	EXPECT(!spanheap_alloc(h->heap, len, GFP_KERNEL));
}

const struct hostile_bug hostile_wrong_bugs[] = {
	{ "free_of_pages", free_of_pages, 1 },
	{ "free_pages_of_object", free_pages_of_object, 1 },
	{ "free_pages_of_large", free_pages_of_large, 1 },
	{ "free_pages_interior", free_pages_interior, 1 },
	{ "free_pages_of_stack", free_pages_of_stack, 1 },
	{ "free_persistent", free_persistent, 1 },
	{ "free_pages_of_persistent", free_pages_of_persistent, 1 },
	{ "free_rcu_of_pages", free_rcu_of_pages, 1 },
	{ "free_rcu_interior", free_rcu_interior, 1 },
	{ "realloc_freed", realloc_freed, 1 },
	{ "realloc_freed_large", realloc_freed_large, 1 },
	{ "realloc_interior", realloc_interior, 1 },
	{ "realloc_pages", realloc_pages, 1 },
	{ "realloc_kmalloc", realloc_kmalloc, 1 },
	{ "split_small", split_small },
	{ "split_freed", split_freed },
	{ "split_interior", split_interior },
	{ "split_kmalloc", split_kmalloc },
	{ "size_of_freed", size_of_freed },
	{ "copy_out_neighbours", copy_out_neighbours, 0, true },
	{ "copy_in_one_too_many", copy_in_one_too_many, 0, true },
	{ "copy_out_of_freed", copy_out_of_freed, 0, true },
	{ "copy_in_to_kmalloc", copy_in_to_kmalloc, 0, true },
	{ "alloc_gfp_dma", alloc_gfp_dma, 0, true },
	{ "alloc_gfp_highmem", alloc_gfp_highmem, 0, true },
	{ "alloc_gfp_nofail", alloc_gfp_nofail, 0, true },
	{ "realloc_gfp_comp", realloc_gfp_comp, 0, true },
	{ "alloc_alignment", alloc_alignment, 0, true },
	{ "alloc_array_overflow", alloc_array_overflow, 0, true },
	{ "alloc_negative", alloc_negative, 0, true },
	{ }
};
