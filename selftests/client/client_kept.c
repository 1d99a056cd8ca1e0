// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - pages that somebody has a reference to when they are freed:
 * they are nobody else's, as those of vmalloc() are not
 *
 * What is referred to are the second page, one in the middle and the last, so
 * that a struct rcu_head may be in the first.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "client.h"

#define FIRST	0xa1	/* what the first owner wrote */
#define NEXT	0x5a	/* what those who come after him do */

/* Elsewhere a page stays in its arena. */
#define CAN_KEEP	(IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_UML))

#define NR_KEPT		3

struct kept {
	struct page *page[NR_KEPT];
};

/* Fill what its owner has from @at on, and refer to pages of it. */
static void keep(struct kept *kept, char *at, size_t size)
{
	size_t nr = size / PAGE_SIZE;
	size_t which[NR_KEPT] = { 1, nr / 2, nr - 1 };
	int i;

	memset(at, FIRST, size);
	for (i = 0; i < NR_KEPT; i++) {
		kept->page[i] = vmalloc_to_page(at + which[i] * PAGE_SIZE);
		get_page(kept->page[i]);
	}
}

#define NR_NEXT		20

/* Have all the heap has free of that size, and more, and write to it. */
static void take_again(struct spanheap *heap, size_t size, void **objs)
{
	int i;

	for (i = 0; i < NR_NEXT; i++) {
		objs[i] = spanheap_alloc(heap, size, GFP_KERNEL);
		if (EXPECT(objs[i]))
			memset(objs[i], NEXT, size);
	}
}

static void use_again(struct spanheap *heap, size_t size)
{
	void *objs[NR_NEXT];

	take_again(heap, size, objs);
	spanheap_free_bulk(NR_NEXT, objs);
}

/* The heap gives up its reference, be it later. */
static bool given_up(struct page *page)
{
	int i;

	for (i = 0; i < 500 && page_count(page) != 1; i++)
		msleep(20);
	return page_count(page) == 1;
}

/* They have what they had, and are whose the references are. */
static void expect_kept(struct kept *kept)
{
	int i;

	for (i = 0; i < NR_KEPT; i++) {
		EXPECT(!memchr_inv(page_address(kept->page[i]), FIRST,
				   PAGE_SIZE));
		EXPECT(given_up(kept->page[i]));
		put_page(kept->page[i]);
	}
}

static void test_freed(struct spanheap *heap, size_t size, void *ptr,
		       void (*free)(void *ptr))
{
	struct kept kept;

	if (!CAN_KEEP || !EXPECT(ptr))
		return;
	keep(&kept, ptr, size);
	free(ptr);
	use_again(heap, size);
	expect_kept(&kept);
}

static void free_pages_of(void *ptr)
{
	spanheap_free_pages(ptr);
}

static void pages(struct spanheap *heap)
{
	struct spanheap_stats s;
	void *ptr;

	ptr = spanheap_alloc_pages(heap, SZ_64K, GFP_KERNEL);
	test_freed(heap, SZ_64K, ptr, free_pages_of);
	spanheap_get_stats(heap, &s);
	EXPECT(s.manual_spans == 0);
}

static void free_object(void *ptr)
{
	spanheap_free(ptr);
}

/* Of any length, those too that no CPU keeps for itself. */
static void object(struct spanheap *heap)
{
	static const size_t sizes[] = { SZ_32K + SZ_8K, SZ_64K, SZ_1M, SZ_8M };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		test_freed(heap, sizes[i],
			   spanheap_alloc(heap, sizes[i], GFP_KERNEL),
			   free_object);
}

/* Small, and has pages of its own all the same. */
static void object_aligned(struct spanheap *heap)
{
	void *ptr = spanheap_alloc_aligned(heap, SZ_16K, SZ_64K, GFP_KERNEL);

	test_freed(heap, SZ_16K, ptr, free_object);
}

static void free_as_bulk(void *ptr)
{
	spanheap_free_bulk(1, &ptr);
}

static void object_in_bulk(struct spanheap *heap)
{
	test_freed(heap, SZ_64K, spanheap_alloc(heap, SZ_64K, GFP_KERNEL),
		   free_as_bulk);
}

static void free_in_irq(void *ptr)
{
	client_in_hardirq(raw_smp_processor_id(), free_object, ptr);
}

static void object_in_irq(struct spanheap *heap)
{
	test_freed(heap, SZ_64K, spanheap_alloc(heap, SZ_64K, GFP_KERNEL),
		   free_in_irq);
}

static void free_after_grace_period(void *ptr)
{
	struct { struct rcu_head rcu; } *obj = ptr;

	spanheap_free_rcu(obj, rcu);
	rcu_barrier();
}

static void object_after_grace_period(struct spanheap *heap)
{
	test_freed(heap, SZ_64K, spanheap_alloc(heap, SZ_64K, GFP_KERNEL),
		   free_after_grace_period);
}

/* What is cut off is freed. */
static void tail(struct spanheap *heap)
{
	char *ptr = spanheap_alloc(heap, SZ_128K, GFP_KERNEL);
	struct kept kept;

	if (!CAN_KEEP || !EXPECT(ptr))
		return;
	memset(ptr, FIRST, SZ_64K);
	keep(&kept, ptr + SZ_64K, SZ_64K);
	EXPECT(spanheap_realloc(heap, ptr, SZ_64K, GFP_KERNEL) == ptr);
	use_again(heap, SZ_64K);
	expect_kept(&kept);
	EXPECT(!memchr_inv(ptr, FIRST, SZ_64K));
	spanheap_free(ptr);
}

/* What an object is moved away from, here to the default heap, is freed, too. */
static void moved(struct spanheap *heap)
{
	char *ptr = spanheap_alloc(heap, SZ_64K, GFP_KERNEL), *to;
	struct kept kept;

	if (!CAN_KEEP || !EXPECT(ptr))
		return;
	keep(&kept, ptr, SZ_64K);
	to = spanheap_realloc(NULL, ptr, SZ_128K, GFP_KERNEL);
	EXPECT(to && to != ptr && !memchr_inv(to, FIRST, SZ_64K));
	spanheap_free(to);
	use_again(heap, SZ_64K);
	expect_kept(&kept);
}

static void half(struct spanheap *heap)
{
	char *ptr = spanheap_alloc(heap, SZ_128K, GFP_KERNEL);
	struct kept kept;

	if (!CAN_KEEP || !EXPECT(ptr) || !EXPECT(!spanheap_split(ptr)))
		return;
	memset(ptr, FIRST, SZ_64K);
	keep(&kept, ptr + SZ_64K, SZ_64K);
	spanheap_free(ptr + SZ_64K);
	use_again(heap, SZ_64K);
	expect_kept(&kept);
	EXPECT(!memchr_inv(ptr, FIRST, SZ_64K));
	spanheap_free(ptr);
}

/* Destroying a heap waits until they are out of it. */
static void destroyed(struct spanheap *heap)
{
	struct spanheap *other = spanheap_create("kept", NULL);
	struct kept kept[2];
	void *a, *b;

	if (!CAN_KEEP || !EXPECT(!IS_ERR(other)))
		return;
	a = spanheap_alloc(other, SZ_64K, GFP_KERNEL);
	b = spanheap_alloc_pages(other, SZ_64K, GFP_KERNEL);
	if (EXPECT(a && b)) {
		keep(&kept[0], a, SZ_64K);
		keep(&kept[1], b, SZ_64K);
	}
	spanheap_free(a);
	spanheap_free_pages(b);
	spanheap_destroy(other);
	if (a && b) {
		use_again(heap, SZ_64K);
		expect_kept(&kept[0]);
		expect_kept(&kept[1]);
	}
}

/* Those of a debug heap leave it when the object leaves quarantine. */
static void debugged(struct spanheap *unused)
{
	/* No more than an eighth of the limit waits there. */
	struct spanheap_config config = {
		.flags = SPANHEAP_DEBUG,
		.limit = SZ_16M,
	};
	struct spanheap *heap = spanheap_create("kept", &config);
	void *ptr, *objs[NR_NEXT];
	struct kept kept;
	int i;

	if (!CAN_KEEP || !EXPECT(!IS_ERR(heap)))
		return;
	ptr = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	if (EXPECT(ptr)) {
		keep(&kept, ptr, SZ_64K);
		spanheap_free(ptr);
		for (i = 0; i < 5; i++)
			use_again(heap, SZ_64K);
	}
	/* What the heap has is in use or in quarantine, so none goes back. */
	take_again(heap, SZ_64K, objs);
	for (i = 0; ptr && i < NR_KEPT; i++) {
		EXPECT(!memchr_inv(page_address(kept.page[i]), POISON_FREE,
				   PAGE_SIZE));
		EXPECT(given_up(kept.page[i]));
		put_page(kept.page[i]);
	}
	spanheap_free_bulk(NR_NEXT, objs);
	spanheap_destroy(heap);
}

const struct client_test client_kept_tests[] = {
	{ "kept_pages", pages },
	{ "kept_object", object },
	{ "kept_object_aligned", object_aligned },
	{ "kept_object_in_bulk", object_in_bulk },
	{ "kept_object_in_irq", object_in_irq },
	{ "kept_object_after_grace_period", object_after_grace_period },
	{ "kept_tail", tail },
	{ "kept_moved", moved },
	{ "kept_half", half },
	{ "kept_destroyed", destroyed },
	{ "kept_debug", debugged },
	{ }
};
