/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finalizers. See finalizer.c.
 */
#ifndef SPANHEAP_FINALIZER_H
#define SPANHEAP_FINALIZER_H

#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "claim.h"

/**
 * struct sh_finalizers - the finalizers of a heap
 * @lock: protects @set and @nr_set
 * @set: those set, in that order
 * @nr_set: how many
 * @queue: those whose object was freed, the last first
 * @nr_run: how many have run
 * @work: runs those in @queue
 * @kick: queues @work for those who must not wake anybody
 */
struct sh_finalizers {
	spinlock_t lock;	/* see above */
	struct list_head set;
	unsigned long nr_set;
	struct llist_head queue;
	atomic_long_t nr_run;
	struct work_struct work;
	struct irq_work kick;
};

int sh_finalizer_init(void);
void sh_finalizer_exit(void);
void sh_finalizers_init(struct sh_finalizers *fs);
void sh_finalizers_run_all(struct spanheap *heap);
bool sh_finalizer_start(struct sh_object *obj);
int sh_finalizer_move(const void *from, const void *to);

#endif /* SPANHEAP_FINALIZER_H */
