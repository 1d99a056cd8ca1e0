/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changing a span that is in use, in place. See inplace.c.
 */
#ifndef SPANHEAP_INPLACE_H
#define SPANHEAP_INPLACE_H

#include "pages/pages.h"

bool sh_pageheap_extend(struct sh_pageheap *ph, struct sh_span *span,
			u32 nr_pages, gfp_t gfp, int node);
void sh_pageheap_relabel(struct sh_pageheap *ph, struct sh_span *span,
			 enum sh_span_state state);
bool sh_pageheap_settle(struct sh_pageheap *ph, struct sh_span *span, gfp_t gfp,
			int node);

#endif /* SPANHEAP_INPLACE_H */
