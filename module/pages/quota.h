/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much memory a heap may have. See quota.c.
 */
#ifndef SPANHEAP_QUOTA_H
#define SPANHEAP_QUOTA_H

#include "pages/pages.h"

unsigned long sh_pageheap_meta(struct sh_pageheap *ph);
bool sh_pageheap_within_limit(struct sh_pageheap *ph,
			      const struct sh_arena *arena, unsigned long nr);
bool sh_pageheap_may_record(struct sh_pageheap *ph, gfp_t gfp);
bool sh_pageheap_may_keep(struct sh_pageheap *ph, gfp_t gfp);
unsigned long sh_pageheap_room(struct sh_pageheap *ph);
bool sh_pageheap_too_much(struct sh_pageheap *ph, unsigned long nr);
bool sh_pageheap_may_fit(struct sh_pageheap *ph, unsigned long nr);
unsigned long sh_pageheap_excess(struct sh_pageheap *ph, unsigned long nr,
				 unsigned long *idle);
unsigned long sh_pageheap_arena_cost(struct sh_pageheap *ph);
void sh_pageheap_count_idle(struct sh_pageheap *ph, const struct sh_span *run);
void sh_pageheap_count_taken(struct sh_pageheap *ph, const struct sh_span *run);
void sh_pageheap_count_arena(struct sh_pageheap *ph, struct sh_arena *arena,
			     bool made);
void sh_pageheap_count_over(struct sh_pageheap *ph);
void sh_pageheap_report(struct sh_pageheap *ph, unsigned long nr_pages, int err,
			gfp_t gfp);

#endif /* SPANHEAP_QUOTA_H */
