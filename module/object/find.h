/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From an address to what it lies in. See find.c.
 */
#ifndef SPANHEAP_FIND_H
#define SPANHEAP_FIND_H

#include <linux/types.h>

struct spanheap_object;

bool sh_find_object(const void *addr, struct spanheap_object *obj);
bool sh_find_manual(const void *addr, struct spanheap_object *obj);
size_t sh_find_size(const void *ptr);

#endif /* SPANHEAP_FIND_H */
