/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects over SPANHEAP_MAX_SMALL, or that need pages of their own. See large.c.
 */
#ifndef SPANHEAP_LARGE_H
#define SPANHEAP_LARGE_H

#include <linux/gfp.h>
#include <linux/types.h>

#include "span/span.h"

struct spanheap;

void *sh_large_publish(struct spanheap *heap, struct sh_span *span,
		       union sh_span_user user, u8 as);
void *sh_large_alloc(struct spanheap *heap, size_t size, size_t align,
		     gfp_t gfp, int node, enum sh_obj_state as);
void *sh_large_alloc_on_node(struct spanheap *heap, size_t size, size_t align,
			     gfp_t gfp, int node, enum sh_obj_state as);
bool sh_large_free(const void *ptr);
void sh_large_free_claimed(struct sh_span *span);
bool sh_large_resize(struct sh_span *span, struct spanheap *heap, size_t size,
		     gfp_t gfp);
struct sh_span *sh_large_split(struct sh_span *span, u32 nr_pages);
void sh_large_adopt(struct sh_span *span);

#endif /* SPANHEAP_LARGE_H */
