/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Claims of objects that were not meant. See undo.c.
 */
#ifndef SPANHEAP_UNDO_H
#define SPANHEAP_UNDO_H

#include "span/span.h"

/**
 * enum sh_late - what became of a free that was refused
 * @SH_LATE_NO: it stays refused
 * @SH_LATE_DONE: whoever had the object has freed it
 * @SH_LATE_AGAIN: nobody has the object any more, it can be tried again
 */
enum sh_late {
	SH_LATE_NO,
	SH_LATE_DONE,
	SH_LATE_AGAIN,
};

void sh_undo_init(void (*finish)(struct sh_span *span, u8 *state));
u8 *sh_span_claim(struct sh_span *span, unsigned long addr);
bool sh_claim_undone(u8 *state);
void sh_claim_undo(struct sh_span *span, u8 *state);
bool sh_claim_wait(const void *ptr);
enum sh_late sh_claim_free_late(const void *ptr, bool manual);

#endif /* SPANHEAP_UNDO_H */
