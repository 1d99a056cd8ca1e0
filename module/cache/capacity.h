/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much a CPU may hold of each size class. See capacity.c.
 */
#ifndef SPANHEAP_CAPACITY_H
#define SPANHEAP_CAPACITY_H

#include "cache/percpu.h"

void sh_slot_grow(struct sh_caches *caches, unsigned int class);
void sh_transfer_grow(struct sh_caches *caches, unsigned int class);
void sh_caches_free_array(struct sh_caches *caches, struct sh_entry *array);

#endif /* SPANHEAP_CAPACITY_H */
