/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving memory back. See release.c.
 */
#ifndef SPANHEAP_RELEASE_H
#define SPANHEAP_RELEASE_H

#include "pages/pages.h"

unsigned long sh_pageheap_release(struct sh_pageheap *ph, unsigned long goal,
				  unsigned long age, unsigned long *shootdowns);
unsigned long sh_pageheap_retire(struct sh_pageheap *ph, unsigned long goal,
				 unsigned long age);
unsigned long sh_pageheap_uncharge(struct sh_pageheap *ph, unsigned long age);
void sh_pageheap_depopulate(struct sh_pageheap *ph, struct sh_span *span);
unsigned long sh_pageheap_peak(struct sh_pageheap *ph);
unsigned long sh_pageheap_spare(struct sh_pageheap *ph);
bool sh_pageheap_may_retire(struct sh_pageheap *ph);
unsigned long sh_pageheap_give_up(struct sh_pageheap *ph, unsigned long goal,
				  unsigned long *shootdowns);

#endif /* SPANHEAP_RELEASE_H */
