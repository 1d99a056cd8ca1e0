/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Limits of heaps. See limit.c.
 */
#ifndef SPANHEAP_LIMIT_H
#define SPANHEAP_LIMIT_H

#include <linux/types.h>

struct spanheap;

bool sh_limit_is_valid(size_t bytes);
void sh_limit_set(struct spanheap *heap, size_t bytes);

#endif /* SPANHEAP_LIMIT_H */
