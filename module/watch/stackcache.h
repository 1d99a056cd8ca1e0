/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks known again without a walk. See stackcache.c.
 */
#ifndef SPANHEAP_STACKCACHE_H
#define SPANHEAP_STACKCACHE_H

#include <linux/types.h>

/* Most frames of a stack that is remembered. */
#define SH_STACKCACHE_FRAMES	32

int sh_stackcache_init(void);
void sh_stackcache_exit(void);
u32 sh_stackcache_find(const unsigned long *frame);
void sh_stackcache_add(const unsigned long *frame, const unsigned long *addrs,
		       unsigned int nr, unsigned int nr_own, u32 stack);

#endif /* SPANHEAP_STACKCACHE_H */
