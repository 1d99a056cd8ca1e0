// SPDX-License-Identifier: GPL-2.0
/*
 * Calling finalizers. A worker calls those of a heap whose objects were freed, one
 * after the other, in the order of the frees, and frees each object after its call.
 *
 * When a heap is destroyed, these are waited for, then those whose object was not
 * freed are called, in the order in which they were set; what they free meanwhile
 * is waited for as well. Their objects stay allocated, and are reported as leaked
 * and freed with the heap.
 *
 * When a module goes, its functions are not called any more, whatever heap they
 * are in, and one that runs is waited for: what it would use is gone already, and
 * the function is about to be.
 *
 * Invariants: a finalizer is in the list of those set or of those queued from the
 * moment it is set until its function is in sh_finalizers.by, so that whoever has
 * the lock finds all functions that may yet be called.
 *
 * Locks: sh_finalizers.lock for the lists and for who calls what. Nothing is
 * called under it.
 *
 * Contexts: queueing any but NMI. Calls are made from a worker, or from
 * spanheap_destroy().
 */
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "object/claim.h"
#include "object/finalizer.h"
#include "object/finalizer_list.h"
#include "object/find.h"
#include "object/finish.h"
#include "object/slack.h"

/* Finalizers to look at in one go, with interrupts off. */
#define LOOK_BATCH	128

/* What is called instead of a function that is gone. */
static void gone(void *ptr, size_t size, void *arg)
{
}

/* The first in a list of those that are to be called. Called with the lock held. */
static struct sh_finalizer *first_of(struct sh_finalizers *fs,
				     struct list_head *list)
{
	struct sh_finalizer *f;

	lockdep_assert_held(&fs->lock);
	list_for_each_entry(f, list, link)
		if (f->fn)
			return f;
	return NULL;
}

/* The last, likewise. */
static struct sh_finalizer *last_of(struct sh_finalizers *fs,
				    struct list_head *list)
{
	struct sh_finalizer *f;

	lockdep_assert_held(&fs->lock);
	list_for_each_entry_reverse(f, list, link)
		if (f->fn)
			return f;
	return NULL;
}

/* Call one that is in a list, in that of those set if @set. */
static void call(struct sh_finalizers *fs, struct sh_finalizer *f,
		 enum sh_finalizer_caller caller, bool set)
{
	struct sh_finalizer_call *by = &fs->by[caller];

	spin_lock_irq(&fs->lock);
	list_del(&f->link);
	if (set)
		WRITE_ONCE(fs->nr_set, fs->nr_set - 1);
	WRITE_ONCE(by->task, current);
	WRITE_ONCE(by->fn, f->fn);
	spin_unlock_irq(&fs->lock);
	if (f->fn != gone) {
		sh_slack_open(f->ptr);
		f->fn(f->ptr, sh_find_size(f->ptr), f->arg);
		atomic_long_inc(&fs->nr_run);
	}
	WRITE_ONCE(by->task, NULL);
	/* Its code may be freed once this is seen: it has returned. */
	smp_store_release(&by->fn, NULL);
}

/* Call what is in the queue up to @last, and free the objects. */
static void run_until(struct spanheap *heap, struct sh_finalizer *last)
{
	struct sh_finalizers *fs = &heap->finalizers;
	struct sh_finalizer *f = NULL;
	struct sh_object obj;
	bool done = !last;

	while (!done) {
		spin_lock_irq(&fs->lock);
		f = first_of(fs, &fs->queue);
		spin_unlock_irq(&fs->lock);
		done = f == last;
		call(fs, f, SH_FINALIZER_WORKER, false);
		sh_object_claimed(f->ptr, &obj);
		sh_finalizer_free(heap, f);
		sh_object_free(&obj);
		cond_resched();
	}
}

/**
 * sh_finalizers_run_queued() - call what is queued
 * @work: the work item of the finalizers of a heap; what is queued from now on starts it
 *	again
 *
 * Context: a worker.
 */
void sh_finalizers_run_queued(struct work_struct *work)
{
	struct sh_finalizers *fs = container_of(work, struct sh_finalizers,
						work);
	struct sh_finalizer *last;

	spin_lock_irq(&fs->lock);
	last = last_of(fs, &fs->queue);
	spin_unlock_irq(&fs->lock);
	run_until(container_of(fs, struct spanheap, finalizers), last);
}

/* Wait until the worker has been through the queue as it is now. */
static void settle(struct sh_finalizers *fs)
{
	irq_work_sync(&fs->kick);
	flush_work(&fs->work);
}

/**
 * spanheap_flush_finalizers() - wait for finalizers
 * @heap: the heap, NULL for the default heap
 *
 * Returns when all finalizers of objects that were freed before the call have
 * run and the objects are free.
 *
 * A finalizer may wait for those of another heap, but neither for those of its
 * own nor for any that wait for it in turn: that would never end, so the call is
 * refused, with a report in the log, and returns at once. The same where it may not
 * sleep, and in reclaim.
 *
 * Context: task, may sleep, not in reclaim.
 */
void spanheap_flush_finalizers(struct spanheap *heap)
{
	struct sh_wait wait;

	heap = sh_heap_or_default(heap);
	if (!sh_may_wait("flush_finalizers") ||
	    !sh_wait_begin(&wait, heap, "flush_finalizers"))
		return;
	settle(&heap->finalizers);
	sh_wait_end(&wait);
}
EXPORT_SYMBOL_GPL(spanheap_flush_finalizers);

/* Call the first finalizer whose object was not freed. */
static bool run_first(struct spanheap *heap)
{
	struct sh_finalizers *fs = &heap->finalizers;
	struct sh_finalizer *f;
	struct sh_object obj;
	void *ptr = NULL;

	spin_lock_irq(&fs->lock);
	f = first_of(fs, &fs->set);
	if (f)
		ptr = f->ptr;
	spin_unlock_irq(&fs->lock);
	/* What waits for a grace period is as good as freed. */
	if (!f || !sh_object_claim(ptr, &obj))
		return false;
	/* Unless a finalizer has freed it meanwhile, and has its address again. */
	f = sh_finalizer_take(&obj);
	if (f) {
		sh_object_unset_special(&obj);
		call(fs, f, SH_FINALIZER_DESTROY, true);
		sh_finalizer_free(heap, f);
	}
	sh_object_release(&obj);
	return true;
}

/**
 * sh_finalizers_run_all() - call every finalizer there is
 * @heap: a heap that nobody uses any more but its finalizers
 *
 * What spanheap_free_rcu() was called for is waited for as well.
 *
 * Context: task, may sleep.
 */
void sh_finalizers_run_all(struct spanheap *heap)
{
	struct sh_finalizers *fs = &heap->finalizers;
	long ran;

	/* What runs may set more, and free, after a grace period as well. */
	do {
		ran = atomic_long_read(&fs->nr_run);
		if (atomic_long_read_acquire(&heap->rcu_frees))
			rcu_barrier();
		settle(fs);
		while (run_first(heap))
			settle(fs);
	} while (READ_ONCE(fs->nr_set) || atomic_long_read(&fs->nr_run) != ran);
}

/* Functions of @mod in a list: they are not called. Returns how many. */
static unsigned long drop(struct sh_finalizers *fs, struct list_head *list,
			  const struct module *mod)
{
	struct sh_finalizer place = { }, *f;
	unsigned long nr = 0;
	unsigned int seen = 0;

	spin_lock_irq(&fs->lock);
	list_add(&place.link, list);
	while (!list_is_last(&place.link, list)) {
		f = list_next_entry(&place, link);
		if (within_module((unsigned long)f->fn, mod)) {
			WRITE_ONCE(f->fn, gone);
			nr++;
		}
		list_move(&place.link, &f->link);
		if (++seen % LOOK_BATCH)
			continue;
		spin_unlock_irq(&fs->lock);
		cond_resched();
		spin_lock_irq(&fs->lock);
	}
	list_del(&place.link);
	spin_unlock_irq(&fs->lock);
	return nr;
}

/**
 * sh_finalizers_drop() - call no function of a module any more
 * @fs: the finalizers of a heap
 * @mod: the module, which is about to go; one call at a time
 *
 * A function of its that sh_finalizer_move() has in hand is not seen: call this
 * once more after a grace period.
 *
 * Context: task, may sleep.
 * Return: how many there were that would have been called.
 */
unsigned long sh_finalizers_drop(struct sh_finalizers *fs,
				 const struct module *mod)
{
	/* In the order in which they go from one to the other. */
	return drop(fs, &fs->set, mod) + drop(fs, &fs->queue, mod);
}

/**
 * sh_finalizers_run_code_of() - whether a function of a module is being called
 * @fs: the finalizers of a heap
 * @mod: the module
 *
 * Return: whether one has not returned yet.
 */
bool sh_finalizers_run_code_of(const struct sh_finalizers *fs,
			       const struct module *mod)
{
	unsigned long addr;
	int i;

	for (i = 0; i < ARRAY_SIZE(fs->by); i++) {
		/* One that has returned has not a load of its code under way. */
		addr = (unsigned long)smp_load_acquire(&fs->by[i].fn);
		if (within_module(addr, mod))
			return true;
	}
	return false;
}
