/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ending objects that were claimed. See finish.c.
 */
#ifndef SPANHEAP_FINISH_H
#define SPANHEAP_FINISH_H

#include "object/claim.h"

void sh_object_free(struct sh_object *obj);
void sh_object_finish(struct sh_object *obj);
bool sh_object_free_special(const void *ptr);
void sh_manual_free_claimed(struct sh_span *span);
void sh_claim_finish(struct sh_span *span, u8 *state);

#endif /* SPANHEAP_FINISH_H */
