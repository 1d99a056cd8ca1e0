/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects that change their size where they are. See resize.c.
 */
#ifndef SPANHEAP_RESIZE_H
#define SPANHEAP_RESIZE_H

#include "heap/heap.h"
#include "object/claim.h"

bool sh_object_resize(struct spanheap *heap, struct sh_object *obj, size_t size,
		      gfp_t gfp);
int sh_object_halve(struct sh_span *span);
void sh_object_adopt(struct sh_span *span);

#endif /* SPANHEAP_RESIZE_H */
