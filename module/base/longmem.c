// SPDX-License-Identifier: GPL-2.0
/*
 * Getting, zeroing, copying and freeing memory in any amount, for those who may have
 * hundreds of MiB: others get the CPU in between, where the caller's flags allow
 * to block. Where they do not, it takes as long as it takes. And large records that
 * take no more than their pages.
 *
 * Locks: none. Contexts: that of the gfp; freeing task, may sleep.
 */
#include <linux/kmemleak.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "base/compat.h"
#include "base/longmem.h"

/* Bytes between two preemption points. */
#define PIECE	SZ_64K

/* Pages freed between two. */
#define PAGES	32

/**
 * sh_get_pages() - get pages, in bulk as far as that goes
 * @gfp: how to get them
 * @node: NUMA node of them
 * @nr: how many; the caller lets others run between some hundreds
 * @pages: where to put them, all NULL
 *
 * Of those that must not fail the bulk may, so that the others come one by one.
 *
 * Context: that of @gfp.
 * Return: as many of them as there are.
 */
unsigned long sh_get_pages(gfp_t gfp, int node, unsigned long nr,
			   struct page **pages)
{
	unsigned long got;

	got = sh_alloc_pages_bulk_node(gfp & ~__GFP_NOFAIL, node, nr, pages);
	for (; got < nr; got++) {
		pages[got] = alloc_pages_node(node, gfp, 0);
		if (!pages[got])
			break;
	}
	return got;
}

/**
 * sh_long_zero() - fill memory with zeroes
 * @at: where
 * @bytes: how much
 * @gfp: whether others may run meanwhile
 */
void sh_long_zero(void *at, size_t bytes, gfp_t gfp)
{
	size_t piece;

	for (; bytes; at += piece, bytes -= piece) {
		piece = min_t(size_t, bytes, PIECE);
		memset(at, 0, piece);
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	}
}

/**
 * sh_long_copy() - copy memory
 * @to: where to
 * @from: from where, nowhere in @to
 * @bytes: how much
 * @gfp: whether others may run meanwhile
 */
void sh_long_copy(void *to, const void *from, size_t bytes, gfp_t gfp)
{
	size_t piece;

	for (; bytes; to += piece, from += piece, bytes -= piece) {
		piece = min_t(size_t, bytes, PIECE);
		memcpy(to, from, piece);
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	}
}

/**
 * sh_free_page_of_many() - free a page, one of any number
 * @page: the page
 * @nr: how many of them were freed before
 *
 * The longer pages are only freed, the more of them the page allocator takes
 * from the CPU's list at a time, thousands in the end, with interrupts off. An
 * allocation now and then has it begin anew.
 *
 * Context: task, may sleep.
 */
void sh_free_page_of_many(struct page *page, unsigned long nr)
{
	__free_page(page);
	if (++nr % PAGES)
		return;
	page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
	if (page)
		__free_page(page);
	cond_resched();
}

/**
 * sh_long_record_alloc() - allocate a record of several pages
 * @bytes: its size
 * @node: NUMA node, or NUMA_NO_NODE
 *
 * kmalloc() would round it up to a power of two, and alloc_pages_exact() takes no
 * node. In one piece if there is one: that takes no entries of the TLB of its own.
 *
 * Context: task, may sleep.
 * Return: zeroed memory for sh_long_record_free(), or NULL.
 */
void *sh_long_record_alloc(size_t bytes, int node)
{
	unsigned int order = get_order(bytes);
	struct page *page = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO |
					     __GFP_NORETRY | __GFP_NOWARN, order);
	unsigned long i;

	if (!page)
		return vzalloc_node(bytes, node);
	split_page(page, order);
	for (i = PFN_UP(bytes); i < 1UL << order; i++)
		__free_page(page + i);
	kmemleak_alloc(page_address(page), bytes, 1, GFP_KERNEL);
	return page_address(page);
}
EXPORT_SYMBOL_IF_KUNIT(sh_long_record_alloc);

/**
 * sh_long_record_free() - free what sh_long_record_alloc() gave
 * @record: the record
 * @bytes: as it was allocated
 *
 * Context: task, may sleep.
 */
void sh_long_record_free(void *record, size_t bytes)
{
	if (is_vmalloc_addr(record)) {
		vfree(record);
		return;
	}
	kmemleak_free(record);
	free_pages_exact(record, bytes);
}
EXPORT_SYMBOL_IF_KUNIT(sh_long_record_free);
