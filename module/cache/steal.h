/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taking what a CPU has cached, at once. See steal.c.
 */
#ifndef SPANHEAP_STEAL_H
#define SPANHEAP_STEAL_H

#include <linux/types.h>

struct sh_caches;

bool sh_steal_objects(struct sh_caches *caches, int cpu);
bool sh_steal(struct sh_caches *caches, int cpu);

#endif /* SPANHEAP_STEAL_H */
