/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finalizers. See finalizer.c and finalizer_run.c.
 */
#ifndef SPANHEAP_FINALIZER_H
#define SPANHEAP_FINALIZER_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "object/claim.h"
#include "span/special.h"

struct module;
struct task_struct;

/**
 * enum sh_finalizer_caller - who calls finalizers of a heap
 * @SH_FINALIZER_WORKER: the worker, when objects were freed
 * @SH_FINALIZER_DESTROY: spanheap_destroy(), when they were not
 * @SH_NR_FINALIZER_CALLERS: how many these are
 */
enum sh_finalizer_caller {
	SH_FINALIZER_WORKER,
	SH_FINALIZER_DESTROY,
	SH_NR_FINALIZER_CALLERS,
};

/**
 * struct sh_finalizer_call - a finalizer that is being called
 * @fn: the function, NULL when none is
 * @task: who calls it
 */
struct sh_finalizer_call {
	void (*fn)(void *ptr, size_t size, void *arg);
	struct task_struct *task;
};

/**
 * struct sh_finalizers - the finalizers of a heap
 * @lock: protects @set, @nr_set and @queue; @by is set under it
 * @set: those set, in that order
 * @nr_set: how many
 * @queue: those whose object was freed, in that order
 * @by: those that are being called
 * @nr_run: how many have run
 * @work: runs those in @queue
 * @kick: queues @work for those who must not wake anybody
 * @key: lockdep's class of @work
 */
struct sh_finalizers {
	spinlock_t lock;	/* see above */
	struct list_head set;
	unsigned long nr_set;
	struct list_head queue;
	struct sh_finalizer_call by[SH_NR_FINALIZER_CALLERS];
	atomic_long_t nr_run;
	struct work_struct work;
	struct irq_work kick;
	struct lock_class_key key;
};

/**
 * struct sh_finalizer - the finalizer of an object
 * @special: in the span's list while it is set
 * @link: in the heap's list of those set, or of those whose object was freed
 * @ptr: the object, as its user knows it
 * @fn: what to call; NULL marks a place in a list and is no finalizer
 * @arg: what for
 */
struct sh_finalizer {
	struct sh_special special;
	struct list_head link;
	void *ptr;
	void (*fn)(void *ptr, size_t size, void *arg);
	void *arg;
};

/* finalizer.c */
struct sh_finalizer *sh_finalizer_take(struct sh_object *obj);
void sh_finalizer_free(struct spanheap *heap, struct sh_finalizer *f);
bool sh_finalizer_start(struct sh_object *obj);
int sh_finalizer_move(const void *from, const void *to);

/* finalizer_run.c */
int sh_finalizer_init(void);
void sh_finalizer_exit(void);
void sh_finalizers_init(struct sh_finalizers *fs);
void sh_finalizers_exit(struct sh_finalizers *fs);
void sh_finalizers_run_all(struct spanheap *heap);
unsigned long sh_finalizers_drop(struct sh_finalizers *fs,
				 const struct module *mod);
bool sh_finalizers_run_code_of(const struct sh_finalizers *fs,
			       const struct module *mod);
void sh_finalizer_enqueue(struct sh_finalizers *fs, struct sh_finalizer *f);

#endif /* SPANHEAP_FINALIZER_H */
