/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory in any amount. See longmem.c.
 */
#ifndef SPANHEAP_LONGMEM_H
#define SPANHEAP_LONGMEM_H

#include <linux/gfp.h>
#include <linux/types.h>

struct page;

unsigned long sh_get_pages(gfp_t gfp, int node, unsigned long nr,
			   struct page **pages);
void sh_long_zero(void *at, size_t bytes, gfp_t gfp);
void sh_free_page_of_many(struct page *page, unsigned long nr);
void sh_long_copy(void *to, const void *from, size_t bytes, gfp_t gfp);
void *sh_long_record_alloc(size_t bytes, int node);
void sh_long_record_free(void *record, size_t bytes);

#endif /* SPANHEAP_LONGMEM_H */
