/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spans that are handed out whole. See whole.c.
 */
#ifndef SPANHEAP_WHOLE_H
#define SPANHEAP_WHOLE_H

#include "heap/heap.h"

struct sh_span *sh_whole_take(struct spanheap *heap, size_t size, size_t align,
			      gfp_t gfp, int node);
struct sh_span *sh_whole_take_reclaim(struct spanheap *heap, size_t size,
				      size_t align, gfp_t gfp, int node);
void sh_whole_publish(struct sh_span *span, union sh_span_user user,
		      enum sh_span_state state, u8 as);
bool sh_whole_claim_span(struct sh_span *span, unsigned long addr,
			 enum sh_span_state state, enum sh_obj_state to);
struct sh_span *sh_whole_claim(const void *ptr, enum sh_span_state state,
			       enum sh_obj_state to);
void sh_whole_release(struct sh_span *span);
void sh_whole_free(struct sh_span *span);
struct sh_span *sh_whole_cut(struct sh_span *span, u32 nr_pages);

#endif /* SPANHEAP_WHOLE_H */
