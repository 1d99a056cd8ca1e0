/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When an object is to be sampled. See countdown.c.
 */
#ifndef SPANHEAP_COUNTDOWN_H
#define SPANHEAP_COUNTDOWN_H

#include "cache/percpu.h"

unsigned int sh_caches_due_first(struct sh_caches *caches, unsigned int class,
				 unsigned int nr);
bool sh_caches_due_bytes(struct sh_caches *caches, size_t size);
void sh_caches_redraw(struct sh_caches *caches, int dead_cpu);

/* Whether an object that sh_cache_pop() did not give is to be sampled. */
static inline bool sh_caches_due(struct sh_caches *caches, unsigned int class)
{
	return !sh_caches_due_first(caches, class, 1);
}

#endif /* SPANHEAP_COUNTDOWN_H */
