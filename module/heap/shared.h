/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Freed pages that somebody else has a reference to. See shared.c.
 */
#ifndef SPANHEAP_SHARED_H
#define SPANHEAP_SHARED_H

#include "heap/heap.h"

void sh_shared_init(struct sh_shared *shared);
bool sh_shared_take(struct sh_span *span);
void sh_shared_flush(struct sh_shared *shared);

#endif /* SPANHEAP_SHARED_H */
