/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From an address to what it lies in. See find.c.
 */
#ifndef SPANHEAP_FIND_H
#define SPANHEAP_FIND_H

#include <linux/types.h>

#include "span/special.h"

struct spanheap;
struct spanheap_object;

bool sh_find_object(const void *addr, struct spanheap_object *obj);
bool sh_find_manual(const void *addr, struct spanheap_object *obj);
size_t sh_find_size(const void *ptr);
bool sh_find_busy(const void *ptr);
bool sh_special_copy(const struct spanheap *heap, const void *ptr,
		     enum sh_special_kind kind, void *to, size_t bytes);

#endif /* SPANHEAP_FIND_H */
