// SPDX-License-Identifier: GPL-2.0
/*
 * Finalizers: a function for an object, called in task context when the object
 * is freed, wherever that was, and before its memory is used again.
 *
 * The free of an object that has one claims the object, puts the finalizer in a
 * queue and goes. From then on the object is busy: still found, still counted,
 * not to be freed again. finalizer_run.c has what happens then.
 *
 * Locks: sh_finalizers.lock for the list of those set.
 *
 * Contexts: any but NMI.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/rcupdate.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "cache/drain.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "object/claim.h"
#include "object/finalizer.h"
#include "object/finalizer_list.h"
#include "object/find.h"
#include "span/special.h"
#include "watch/leakcheck.h"

/* What @arg points to may have no other pointer to it. */
static struct sh_finalizer *new_finalizer(struct spanheap *heap, gfp_t gfp)
{
	struct sh_finalizer *f;

	f = sh_special_new(heap, gfp);
	/* What this CPU has cached counts as in use. */
	if (!f && READ_ONCE(heap->ph.limit) && gfpflags_allow_blocking(gfp)) {
		sh_drain_near(heap->drains);
		f = sh_special_new(heap, gfp);
	}
	while (!f && sh_gfp_insist(gfp))
		f = sh_special_new(heap, gfp);
	if (f)
		sh_leakcheck_add_root(&f->arg, sizeof(f->arg), gfp);
	return f;
}

/* Forget one that was taken. */
static void unset(struct sh_finalizers *fs, struct sh_finalizer *f)
{
	unsigned long flags;

	spin_lock_irqsave(&fs->lock, flags);
	list_del(&f->link);
	WRITE_ONCE(fs->nr_set, fs->nr_set - 1);
	spin_unlock_irqrestore(&fs->lock, flags);
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

/* The same, with what is to be called. An error frees the finalizer. */
static int set(struct sh_object *obj, struct sh_finalizer *f,
	       void (*fn)(void *ptr, size_t size, void *arg), void *arg)
{
	int err;

	f->ptr = sh_object_start(obj);
	f->fn = fn;
	f->arg = arg;
	err = add(obj, f);
	if (err)
		sh_finalizer_free(sh_span_heap(obj->span), f);
	return err;
}

/* Why an address could not be claimed. */
static int why_not(const void *ptr)
{
	return sh_find_size(ptr) ? -EBUSY : -EINVAL;
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
 * in the same heap as well, but not @ptr. It may destroy another heap, but neither
 * this one nor one whose finalizers wait for it.
 *
 * The finalizers of a heap are called one after the other, in the order in which
 * their objects were freed. spanheap_flush_finalizers() waits for them, and so
 * does spanheap_destroy(), which then calls those of objects that were not freed,
 * in the order in which they were set. A module that sets finalizers in a heap
 * that is not its own has to wait for them before it is unloaded: those that have
 * not run by then are not called, which is reported in the log.
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
	int err = -ENOMEM;

	if (!fn || ZERO_OR_NULL_PTR(ptr) || sh_refused_in_nmi("set_finalizer"))
		return -EINVAL;
	if (!sh_object_claim(ptr, &obj))
		return why_not(ptr);
	f = new_finalizer(sh_span_heap(obj.span), SH_GFP_CHANGE);
	if (f)
		err = set(&obj, f, fn, arg);
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

	if (ZERO_OR_NULL_PTR(ptr) || sh_refused_in_nmi("clear_finalizer"))
		return -EINVAL;
	if (!sh_object_claim(ptr, &obj))
		return why_not(ptr);
	f = sh_finalizer_take(&obj);
	if (f) {
		struct spanheap *heap = sh_span_heap(obj.span);

		unset(&heap->finalizers, f);
		sh_object_unset_special(&obj);
		sh_finalizer_free(heap, f);
	}
	sh_object_release(&obj);
	return f ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(spanheap_clear_finalizer);

/* Whether a claimed object has a finalizer, and which. */
static bool look(struct sh_object *obj,
		 void (**fn)(void *ptr, size_t size, void *arg), void **arg)
{
	struct sh_finalizer *f = sh_finalizer_of(sh_special_find(obj->span, obj->idx,
							      SH_SPECIAL_FINALIZER));

	if (f) {
		*fn = READ_ONCE(f->fn);
		*arg = f->arg;
	}
	return f;
}

/* Give an object that nobody else knows of the finalizer that @from has. */
static int copy_finalizer(const void *from, struct sh_object *to, struct sh_finalizer *f)
{
	void (*fn)(void *ptr, size_t size, void *arg);
	struct sh_object obj;
	void *arg;
	bool has;
	int err;

	/* Somebody else frees it meanwhile, by mistake. */
	if (!sh_object_claim(from, &obj)) {
		sh_finalizer_free(sh_span_heap(to->span), f);
		return why_not(from);
	}
	/* sh_finalizers_drop() waits for who has a function and no list has it. */
	rcu_read_lock();
	has = look(&obj, &fn, &arg);
	sh_object_release(&obj);
	if (has)
		err = set(to, f, fn, arg);
	else
		err = -ENOENT;
	rcu_read_unlock();
	if (!has)
		sh_finalizer_free(sh_span_heap(to->span), f);
	return err;
}

/**
 * sh_finalizer_move() - give an object the finalizer of another, if it has one
 * @from: the one
 * @to: the other, live, without a finalizer, of any heap; nobody else knows of it
 * @gfp: how to get memory
 *
 * Context: that of @gfp.
 * Return: 0, or an error as of spanheap_set_finalizer(); then nothing has changed.
 */
int sh_finalizer_move(const void *from, const void *to, gfp_t gfp)
{
	struct sh_finalizer *f;
	struct sh_object obj;
	int err = -ENOMEM;
	bool has;

	if (!sh_object_claim(from, &obj))
		return why_not(from);
	has = sh_special_find(obj.span, obj.idx, SH_SPECIAL_FINALIZER);
	sh_object_release(&obj);
	if (!has)
		return 0;
	if (!sh_object_claim(to, &obj))
		return why_not(to);
	f = new_finalizer(sh_span_heap(obj.span), gfp | __GFP_NOWARN);
	if (f)
		err = copy_finalizer(from, &obj, f);
	sh_object_release(&obj);
	return err == -ENOENT ? 0 : err ?: spanheap_clear_finalizer(from);
}
