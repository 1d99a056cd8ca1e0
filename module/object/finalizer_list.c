// SPDX-License-Identifier: GPL-2.0
/*
 * The finalizers of a heap as records: of an object while they are set, in a queue
 * once that was freed. finalizer.c sets and clears them, finalizer_run.c calls them.
 *
 * Locks: sh_finalizers.lock for the lists.
 *
 * Contexts: any but NMI, except where a function says otherwise.
 */
#include <linux/build_bug.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "base/fault.h"
#include "heap/heap.h"
#include "object/claim.h"
#include "object/finalizer_list.h"
#include "span/special.h"
#include "watch/leakcheck.h"

static struct workqueue_struct *finalizer_wq;

/**
 * sh_finalizer_free() - free a finalizer that is in no list any more
 * @heap: the heap
 * @f: the finalizer
 */
void sh_finalizer_free(struct spanheap *heap, struct sh_finalizer *f)
{
	sh_leakcheck_del(&f->arg);
	sh_fixalloc_free(&heap->specials, f);
}

/**
 * sh_finalizer_take() - take the finalizer of an object from it
 * @obj: the object, claimed
 *
 * Return: the finalizer, in the heap's list of those set; NULL when there is none.
 */
struct sh_finalizer *sh_finalizer_take(struct sh_object *obj)
{
	struct sh_finalizers *fs = &sh_span_heap(obj->span)->finalizers;

	/* That of this object, if it has one, was counted before it was claimed. */
	if (!READ_ONCE(fs->nr_set))
		return NULL;
	return sh_finalizer_of(sh_special_remove(obj->span, obj->idx,
						 SH_SPECIAL_FINALIZER));
}

/* Have a finalizer called that was taken from its object, which is its own then. */
static void enqueue(struct sh_finalizers *fs, struct sh_finalizer *f)
{
	unsigned long flags;

	spin_lock_irqsave(&fs->lock, flags);
	list_move_tail(&f->link, &fs->queue);
	WRITE_ONCE(fs->nr_set, fs->nr_set - 1);
	spin_unlock_irqrestore(&fs->lock, flags);
	/*
	 * Not only for the first: whoever queued that may not have come as far as
	 * this, and who frees and then flushes has to wait for this one. With
	 * interrupts off the caller may hold what waking a worker takes.
	 */
	if (irqs_disabled())
		irq_work_queue(&fs->kick);
	else
		queue_work(finalizer_wq, &fs->work);
}

/**
 * sh_finalizer_start() - have the finalizer of an object called
 * @obj: the object, claimed to be freed
 *
 * Return: whether there is one; then the object is not the caller's any more.
 */
bool sh_finalizer_start(struct sh_object *obj)
{
	struct sh_finalizers *fs = &sh_span_heap(obj->span)->finalizers;
	struct sh_finalizer *f = sh_finalizer_take(obj);

	if (f)
		enqueue(fs, f);
	return f;
}

static void kick_worker(struct irq_work *kick)
{
	queue_work(finalizer_wq,
		   &container_of(kick, struct sh_finalizers, kick)->work);
}

#ifdef CONFIG_LOCKDEP
/* A class for each heap: finalizers of one may wait for those of another. */
static void init_class(struct sh_finalizers *fs)
{
	lockdep_register_key(&fs->key);
	lockdep_init_map(&fs->work.lockdep_map, "spanheap_finalizers", &fs->key,
			 0);
}
#else
static void init_class(struct sh_finalizers *fs)
{
}
#endif

/**
 * sh_finalizers_init() - start without any finalizer
 * @fs: the finalizers of a heap
 * @run: calls those that are queued
 *
 * Context: task, may sleep.
 */
void sh_finalizers_init(struct sh_finalizers *fs, work_func_t run)
{
	spin_lock_init(&fs->lock);
	INIT_LIST_HEAD(&fs->set);
	INIT_LIST_HEAD(&fs->queue);
	INIT_WORK(&fs->work, run);
	init_irq_work(&fs->kick, kick_worker);
	init_class(fs);
}

/**
 * sh_finalizers_exit() - undo sh_finalizers_init()
 * @fs: the finalizers of a heap; none is left
 *
 * Context: task, may sleep.
 */
void sh_finalizers_exit(struct sh_finalizers *fs)
{
	lockdep_unregister_key(&fs->key);
}

/**
 * sh_finalizer_init() - prepare for finalizers
 *
 * Return: 0 or -ENOMEM.
 */
int sh_finalizer_init(void)
{
	BUILD_BUG_ON(sizeof(struct sh_finalizer) > SH_SPECIAL_BYTES);
	finalizer_wq = sh_fault(SH_FAULT_META) ? NULL :
		       alloc_workqueue("spanheap_final", WQ_UNBOUND, 0);
	return finalizer_wq ? 0 : -ENOMEM;
}

/**
 * sh_finalizer_exit() - undo sh_finalizer_init()
 */
void sh_finalizer_exit(void)
{
	destroy_workqueue(finalizer_wq);
}
