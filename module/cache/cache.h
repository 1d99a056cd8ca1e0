/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free objects by size class. This folder promises: an object of a class from this
 * CPU's cache, from what waits for it, or from a span, without a lock in most cases;
 * free from any CPU and any context; and that all of it can be had back. See cache.c.
 */
#ifndef SPANHEAP_CACHE_H
#define SPANHEAP_CACHE_H

#include "cache/percpu.h"

int sh_caches_init(struct sh_caches *caches, struct sh_central *central,
		   struct sh_runcaches *rcs, unsigned int max_bytes);
void sh_caches_exit(struct sh_caches *caches);
void *sh_caches_refill(struct sh_caches *caches, unsigned int class, gfp_t gfp,
		       int node);
bool sh_caches_hit_bulk(struct sh_caches *caches, unsigned int class,
			unsigned int nr, void **objs);
unsigned int sh_caches_alloc_bulk(struct sh_caches *caches, unsigned int class,
				  gfp_t gfp, int node, unsigned int nr,
				  void **objs);
void *sh_caches_pop(struct sh_caches *caches, unsigned int class);
void sh_caches_flush(struct sh_caches *caches, unsigned int class,
		     struct sh_entry entry);
void sh_caches_put(struct sh_caches *caches, unsigned int class,
		   struct sh_entry entry);
void sh_caches_stats(struct sh_caches *caches, int cpu, unsigned int class,
		     struct sh_slot_stats *stats);

#endif /* SPANHEAP_CACHE_H */
