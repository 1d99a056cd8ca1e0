/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is told of idle memory. See idle.c.
 */
#ifndef SPANHEAP_IDLE_H
#define SPANHEAP_IDLE_H

#include "pages/pages.h"

void sh_pageheap_wake(struct sh_pageheap *ph);
void sh_pageheap_show(struct sh_pageheap *ph);
void sh_pageheap_hide(struct sh_pageheap *ph);

/**
 * sh_pageheap_note_idle() - say that something has got idle
 * @ph: the page heap
 *
 * Memory, or room in a cache that objects will lie idle in.
 *
 * Context: any.
 */
static inline void sh_pageheap_note_idle(struct sh_pageheap *ph)
{
	if (unlikely(READ_ONCE(ph->asleep)))
		sh_pageheap_wake(ph);
}

#endif /* SPANHEAP_IDLE_H */
