/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Freed pages that somebody else has a reference to. See shared.c.
 */
#ifndef SPANHEAP_SHARED_H
#define SPANHEAP_SHARED_H

#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/workqueue.h>

struct sh_span;

/**
 * struct sh_shared - a heap's freed spans whose pages are to be exchanged
 * @spans: the spans
 * @work: does it
 * @kick: queues that from where interrupts are off
 */
struct sh_shared {
	struct llist_head spans;
	struct work_struct work;
	struct irq_work kick;
};

void sh_shared_init(struct sh_shared *shared);
bool sh_shared_take(struct sh_span *span);
void sh_shared_flush(struct sh_shared *shared);

#endif /* SPANHEAP_SHARED_H */
