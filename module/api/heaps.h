/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heaps that come and go. See heaps.c.
 */
#ifndef SPANHEAP_HEAPS_H
#define SPANHEAP_HEAPS_H

#include <linux/types.h>

int sh_heaps_init(void);
void sh_heaps_exit(void);
bool sh_node_is_valid(int node);

#endif /* SPANHEAP_HEAPS_H */
