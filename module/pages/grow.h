/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arenas: more of them. See grow.c.
 */
#ifndef SPANHEAP_GROW_H
#define SPANHEAP_GROW_H

#include "pages/pages.h"

int sh_pageheap_grow(struct sh_pageheap *ph, unsigned long nr_pages, gfp_t gfp);
int sh_pageheap_reserve_arena(struct sh_pageheap *ph, unsigned long nr_pages,
			      gfp_t gfp);
void sh_pageheap_reserve_work(struct work_struct *work);
void sh_pageheap_kick(struct irq_work *work);
void sh_pageheap_drop_arena(struct sh_pageheap *ph, struct sh_arena *arena);

#endif /* SPANHEAP_GROW_H */
