/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page heap: spans out of free runs of pages. See pageheap.c.
 */
#ifndef SPANHEAP_PAGEHEAP_H
#define SPANHEAP_PAGEHEAP_H

#include "pages/pages.h"

/**
 * struct sh_pageheap_stats - figures of a page heap
 * @limit: most resident heap pages, 0 for no limit
 * @sys: heap pages taken into use
 * @idle: heap pages of these in free runs, or on their way back to the system
 * @released: heap pages of these without memory behind them
 * @arenas: arenas
 * @grows: times the page heap grew
 * @span_bytes: bytes of span records
 * @arena_bytes: bytes of arena records and page tables
 */
struct sh_pageheap_stats {
	unsigned long limit;
	unsigned long sys;
	unsigned long idle;
	unsigned long released;
	unsigned long arenas;
	unsigned long grows;
	unsigned long span_bytes;
	unsigned long arena_bytes;
};

int sh_pageheap_init(struct sh_pageheap *ph, struct spanheap *heap,
		     const char *name, struct sh_meta *meta,
		     unsigned long arena_pages, int node);
void sh_pageheap_stop(struct sh_pageheap *ph);
void sh_pageheap_close(struct sh_pageheap *ph);
void sh_pageheap_free_records(struct sh_pageheap *ph);
void sh_pageheap_exit(struct sh_pageheap *ph);

struct sh_span *sh_pageheap_alloc(struct sh_pageheap *ph,
				  unsigned long nr_pages, unsigned long align,
				  unsigned int kind, gfp_t gfp, int node);
unsigned int sh_pageheap_take(struct sh_pageheap *ph, u32 nr_pages,
			      unsigned long align, unsigned int kind,
			      struct sh_span **spans, unsigned int nr);
bool sh_pageheap_possible(unsigned long nr_pages, unsigned long align);
bool sh_pageheap_populate(struct sh_pageheap *ph, struct sh_span *span,
			  gfp_t gfp, int node);
void sh_pageheap_disown(struct sh_span *span);
void sh_pageheap_free(struct sh_pageheap *ph, struct sh_span **spans,
		      unsigned int nr);
void sh_pageheap_zero(struct sh_span *span, gfp_t gfp);
void sh_pageheap_stats(struct sh_pageheap *ph, struct sh_pageheap_stats *stats);

#endif /* SPANHEAP_PAGEHEAP_H */
