/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that last as long as their heap. See persistent.c.
 */
#ifndef SPANHEAP_PERSISTENT_H
#define SPANHEAP_PERSISTENT_H

struct sh_persistent;

void sh_persistent_init(struct sh_persistent *pa);

#endif /* SPANHEAP_PERSISTENT_H */
