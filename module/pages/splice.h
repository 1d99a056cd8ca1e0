/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cutting and merging spans. See splice.c.
 */
#ifndef SPANHEAP_SPLICE_H
#define SPANHEAP_SPLICE_H

#include "pages/pages.h"

struct sh_span *sh_record_new(struct sh_pageheap *ph, unsigned int kind,
			      gfp_t gfp);
void sh_record_free(struct sh_pageheap *ph, struct sh_span *span);

void sh_map_ends(struct sh_span *span);
void sh_map_forget(struct sh_span *span);
void sh_map_idle(struct sh_span *span);
void sh_map_inner(struct sh_span *span, struct sh_span *to);

struct sh_span *sh_free_neighbour(const struct sh_span *run,
				  unsigned long addr);
struct sh_span *sh_merge(struct sh_pageheap *ph, struct sh_span *low,
			 struct sh_span *high);
unsigned int sh_merge_among(struct sh_pageheap *ph, struct sh_span **spans,
			    unsigned int nr);
struct sh_span *sh_detach(struct sh_pageheap *ph, struct sh_span *run,
			  u32 nr_pages, struct sh_span *record);
struct sh_span *sh_cut(struct sh_pageheap *ph, struct sh_span *span,
		       u32 nr_pages, unsigned int kind, gfp_t gfp);

#endif /* SPANHEAP_SPLICE_H */
