/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving back all that a heap does not use. See reclaim.c.
 */
#ifndef SPANHEAP_RECLAIM_H
#define SPANHEAP_RECLAIM_H

#include <linux/types.h>

#include "heap/scavenge.h"

struct spanheap;

size_t sh_reclaim(struct spanheap *heap, enum sh_scavenge_reason reason);

#endif /* SPANHEAP_RECLAIM_H */
