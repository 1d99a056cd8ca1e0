// SPDX-License-Identifier: GPL-2.0
/*
 * Finalizers: a function for an object, called in task context when the object
 * is freed, wherever that was, and before its memory is used again.
 *
 * The free of an object that has one claims the object, puts the finalizer in a
 * queue and goes. From then on the object is busy: still found, still counted,
 * not to be freed again. A worker calls the functions of a heap one after the
 * other, in the order of the frees, and frees each object after its call.
 *
 * When a heap is destroyed, those whose object was freed are waited for, then
 * those whose object was not are called, in the order in which they were set;
 * what they free meanwhile is waited for as well. Their objects stay allocated,
 * and are reported as leaked and freed with the heap.
 *
 * Locks: sh_finalizers.lock for the list of those set. Nothing is called under
 * it.
 *
 * Contexts: setting, clearing and freeing any but NMI. Calls are made from a
 * worker, or from spanheap_destroy().
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "fault.h"
#include "finalizer.h"
#include "heap.h"
#include "leakcheck.h"
#include "special.h"

static struct workqueue_struct *finalizer_wq;

/**
 * struct sh_finalizer - the finalizer of an object
 * @special: in the span's list while it is set
 * @link: in the heap's list while it is set
 * @queued: in the heap's queue after the object was freed
 * @ptr: the object, as its user knows it
 * @fn: what to call
 * @arg: what for
 */
struct sh_finalizer {
	struct sh_special special;
	union {
		struct list_head link;
		struct llist_node queued;
	};
	void *ptr;
	void (*fn)(void *ptr, size_t size, void *arg);
	void *arg;
};

static struct sh_finalizer *finalizer_of(struct sh_special *special)
{
	return special ? container_of(special, struct sh_finalizer, special) :
			 NULL;
}

/* What @arg points to may have no other pointer to it. */
static struct sh_finalizer *new_finalizer(struct spanheap *heap)
{
	struct sh_finalizer *f;

	f = sh_fixalloc_alloc(&heap->specials, GFP_ATOMIC | __GFP_NOWARN);
	if (f)
		sh_leakcheck_add_root(&f->arg, sizeof(f->arg), GFP_ATOMIC);
	return f;
}

static void free_finalizer(struct spanheap *heap, struct sh_finalizer *f)
{
	sh_leakcheck_del(&f->arg);
	sh_fixalloc_free(&heap->specials, f);
}

/* Take the finalizer of a claimed object from it. NULL when it has none. */
static struct sh_finalizer *take(struct sh_object *obj)
{
	struct sh_finalizers *fs = &sh_span_heap(obj->span)->finalizers;
	struct sh_finalizer *f;
	unsigned long flags;

	/* That of this object, if it has one, was counted before it was claimed. */
	if (!READ_ONCE(fs->nr_set))
		return NULL;
	f = finalizer_of(sh_special_remove(obj->span, obj->idx,
					   SH_SPECIAL_FINALIZER));
	if (!f)
		return NULL;
	spin_lock_irqsave(&fs->lock, flags);
	list_del(&f->link);
	WRITE_ONCE(fs->nr_set, fs->nr_set - 1);
	spin_unlock_irqrestore(&fs->lock, flags);
	return f;
}

/* Give a claimed object a finalizer. */
static int add(struct sh_object *obj, struct sh_finalizer *f)
{
	struct sh_finalizers *fs = &sh_span_heap(obj->span)->finalizers;
	unsigned long flags;
	int err;

	if (obj->idx == SH_NO_SPECIALS)
		return -EINVAL;
	f->special.idx = obj->idx;
	f->special.kind = SH_SPECIAL_FINALIZER;
	err = sh_special_add(obj->span, &f->special);
	if (err)
		return err;
	spin_lock_irqsave(&fs->lock, flags);
	list_add_tail(&f->link, &fs->set);
	WRITE_ONCE(fs->nr_set, fs->nr_set + 1);
	spin_unlock_irqrestore(&fs->lock, flags);
	sh_object_set_special(obj);
	return 0;
}

/* Why an address could not be claimed. */
static int why_not(const void *ptr)
{
	return spanheap_size(ptr) ? -EBUSY : -EINVAL;
}

/**
 * spanheap_set_finalizer() - have a function called when an object is freed
 * @ptr: the object, from any heap
 * @fn: the function
 * @arg: what to call it with
 *
 * Once the object is freed, from whatever context, @fn is called once with the
 * object, its usable size and @arg, in task context from a worker, where it may
 * sleep. The object is as it was when it was freed (spanheap_free_sensitive()
 * and init_on_free leave zeroes) and its memory is not used again before @fn
 * has returned. It counts as allocated until then. @fn may allocate and free,
 * in the same heap as well, but not @ptr, and must not destroy the heap.
 *
 * The finalizers of a heap are called one after the other, in the order in which
 * their objects were freed. spanheap_flush_finalizers() waits for them, and so
 * does spanheap_destroy(), which then calls those of objects that were not freed,
 * in the order in which they were set. A module that sets finalizers in a heap
 * that is not its own has to wait for them before it is unloaded.
 *
 * An object that moves in spanheap_realloc() takes its finalizer along; of one
 * that is split the first half keeps it.
 *
 * Context: any but NMI.
 * Return: 0; -EINVAL when @fn is NULL, @ptr is not the start of a live object or,
 * in a debug heap, it is the second half of one that was split;
 * -EEXIST when it has a finalizer; -EBUSY when it is just being freed, resized,
 * split, or given to a call like this one, or its finalizer runs; -ENOMEM.
 */
int spanheap_set_finalizer(const void *ptr,
			   void (*fn)(void *ptr, size_t size, void *arg),
			   void *arg)
{
	struct sh_finalizer *f;
	struct sh_object obj;
	struct spanheap *heap;
	int err = -ENOMEM;

	if (!fn || ZERO_OR_NULL_PTR(ptr))
		return -EINVAL;
	if (!sh_object_claim(ptr, &obj))
		return why_not(ptr);
	heap = sh_span_heap(obj.span);
	f = new_finalizer(heap);
	if (f) {
		f->ptr = (void *)ptr;
		f->fn = fn;
		f->arg = arg;
		err = add(&obj, f);
		if (err)
			free_finalizer(heap, f);
	}
	sh_object_release(&obj);
	return err;
}
EXPORT_SYMBOL_GPL(spanheap_set_finalizer);

/**
 * spanheap_clear_finalizer() - take back spanheap_set_finalizer()
 * @ptr: the object
 *
 * Context: any but NMI.
 * Return: 0, then the function is not called; -EINVAL when @ptr is not the start
 * of a live object; -ENOENT when it has no finalizer; -EBUSY when it is just being
 * freed, resized, split, or given to a call like this one, or its finalizer runs.
 */
int spanheap_clear_finalizer(const void *ptr)
{
	struct sh_finalizer *f;
	struct sh_object obj;

	if (ZERO_OR_NULL_PTR(ptr))
		return -EINVAL;
	if (!sh_object_claim(ptr, &obj))
		return why_not(ptr);
	f = take(&obj);
	if (f) {
		sh_object_unset_special(&obj);
		free_finalizer(sh_span_heap(obj.span), f);
	}
	sh_object_release(&obj);
	return f ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(spanheap_clear_finalizer);

/**
 * sh_finalizer_move() - give an object the finalizer of another, if it has one
 * @from: the one
 * @to: the other, live, without a finalizer, of any heap
 *
 * Return: 0, or an error as of spanheap_set_finalizer(); then nothing has changed.
 */
int sh_finalizer_move(const void *from, const void *to)
{
	struct sh_finalizer *f, copy;
	struct sh_object obj;
	int err;

	/* Somebody else frees it meanwhile, by mistake. */
	if (!sh_object_claim(from, &obj))
		return why_not(from);
	f = finalizer_of(sh_special_find(obj.span, obj.idx,
					 SH_SPECIAL_FINALIZER));
	if (f)
		copy = *f;
	sh_object_release(&obj);
	if (!f)
		return 0;
	err = spanheap_set_finalizer(to, copy.fn, copy.arg);
	return err ?: spanheap_clear_finalizer(from);
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
	struct sh_finalizer *f = take(obj);

	if (!f)
		return false;
	llist_add(&f->queued, &fs->queue);
	/*
	 * Not only for the first: whoever queued that may not have come as far as
	 * this, and who frees and then flushes has to wait for this one. With
	 * interrupts off the caller may hold what waking a worker takes.
	 */
	if (irqs_disabled())
		irq_work_queue(&fs->kick);
	else
		queue_work(finalizer_wq, &fs->work);
	return true;
}

static void kick(struct irq_work *kick)
{
	queue_work(finalizer_wq,
		   &container_of(kick, struct sh_finalizers, kick)->work);
}

static void call(struct sh_finalizer *f)
{
	f->fn(f->ptr, spanheap_size(f->ptr), f->arg);
}

/* The worker: call what is in the queue and free the objects. */
static void run_queued(struct work_struct *work)
{
	struct sh_finalizers *fs = container_of(work, struct sh_finalizers,
						work);
	struct spanheap *heap = container_of(fs, struct spanheap, finalizers);
	struct sh_finalizer *f, *next;
	struct llist_node *queued;
	struct sh_object obj;

	queued = llist_reverse_order(llist_del_all(&fs->queue));
	llist_for_each_entry_safe(f, next, queued, queued) {
		call(f);
		atomic_long_inc(&fs->nr_run);
		sh_object_claimed(f->ptr, &obj);
		free_finalizer(heap, f);
		sh_object_free(&obj);
		cond_resched();
	}
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
 * Context: task, may sleep; not from a finalizer of the same heap.
 */
void spanheap_flush_finalizers(struct spanheap *heap)
{
	settle(&sh_heap_or_default(heap)->finalizers);
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
	f = list_first_entry_or_null(&fs->set, struct sh_finalizer, link);
	if (f)
		ptr = f->ptr;
	spin_unlock_irq(&fs->lock);
	/* What waits for a grace period is as good as freed. */
	if (!f || !sh_object_claim(ptr, &obj))
		return false;
	/* Unless a finalizer has freed it meanwhile, and has its address again. */
	f = take(&obj);
	if (f) {
		sh_object_unset_special(&obj);
		call(f);
		atomic_long_inc(&fs->nr_run);
		free_finalizer(heap, f);
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
		rcu_barrier();
		settle(fs);
		while (run_first(heap))
			settle(fs);
	} while (!list_empty(&fs->set) || atomic_long_read(&fs->nr_run) != ran);
}

/**
 * sh_finalizers_init() - start without any finalizer
 * @fs: the finalizers of a heap
 */
void sh_finalizers_init(struct sh_finalizers *fs)
{
	spin_lock_init(&fs->lock);
	INIT_LIST_HEAD(&fs->set);
	init_llist_head(&fs->queue);
	INIT_WORK(&fs->work, run_queued);
	init_irq_work(&fs->kick, kick);
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
