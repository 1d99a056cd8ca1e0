// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeping: objects that a cycle has not come to are freed.
 *
 * When a cycle ends the colours are exchanged: what was black is now what white is, and
 * an object that still has the colour that was white is dead. So nothing has to be
 * undone before the next cycle, and new objects may be had from a span that was not
 * swept yet: those have the other colour.
 *
 * Spans are taken on one by one, in order of address, by whoever sweeps: the worker,
 * and allocations that come to a span. Each is taken on once. It may have become
 * another span by the time its states are looked at, but of the same heap, and there
 * dead objects are dead as well. One is freed by a compare-and-exchange of its state,
 * from then on it keeps its span.
 *
 * A cycle begins when the sweep of the last is over: then no object has the colour that
 * is white next.
 *
 * Locks: sweep->lock to find the next span, ph->lock inside it. Contexts: any but NMI;
 * sh_sweep_finish() task, may sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "base/compat.h"
#include "cache/bin.h"
#include "gc/managed.h"
#include "heap/large.h"
#include "watch/leakcheck.h"
#include "watch/shadow.h"

/**
 * struct batch - objects to be freed together
 * @bin: their bin
 * @nr: how many
 * @entry: the objects
 */
struct batch {
	struct sh_bin *bin;
	unsigned int nr;
	struct sh_entry entry[SH_BATCH_MAX];
};

static void flush(struct sh_gc *gc, struct batch *batch)
{
	unsigned int size;

	if (!batch->nr)
		return;
	size = sh_classes[batch->bin->central.class].size;
	atomic_long_add(batch->nr, &gc->sweep.objects);
	atomic_long_add((long)batch->nr * size, &gc->sweep.bytes);
	sh_central_free(&batch->bin->central, &gc->heap->rcs, batch->entry, batch->nr);
	batch->nr = 0;
}

/* Whether an object was dead, and is the caller's to free. */
static bool claim_dead(u8 *state, u8 dead)
{
	u8 was = READ_ONCE(*state);

	return (was & (SH_OBJ_COLOUR | SH_OBJ_LIVE)) == (dead | SH_OBJ_LIVE) &&
	       try_cmpxchg(state, &was, SH_OBJ_CACHED);
}

/* An object of a span, which its claim keeps. */
static void free_small(struct sh_gc *gc, struct sh_span *span, unsigned int idx,
		       struct batch *batch)
{
	const struct sh_class *info = &sh_classes[sh_span_class(span)];
	void *obj = (void *)sh_span_base(span) + sh_class_offset(info, idx);

	sh_leakcheck_del(obj);
	if (want_init_on_free()) {
		sh_shadow_open(obj, info->size);
		memset(obj, 0, info->size);
	}
	sh_shadow_freed(obj, info->size);
	batch->bin = span->bin;
	batch->entry[batch->nr++] = (struct sh_entry){ obj, &span->obj[idx] };
	if (batch->nr == SH_BATCH_MAX)
		flush(gc, batch);
}

static void free_large(struct sh_gc *gc, struct sh_span *span)
{
	size_t bytes = sh_span_bytes(span);

	sh_leakcheck_del((void *)sh_span_base(span));
	atomic_long_inc(&gc->sweep.objects);
	atomic_long_add(bytes, &gc->sweep.bytes);
	atomic_long_dec(&span->bin->large);
	atomic_long_sub(bytes, &span->bin->large_bytes);
	sh_large_free_claimed(span);
}

static void sweep_span(struct sh_gc *gc, struct sh_span *span)
{
	unsigned int class = sh_key_class(READ_ONCE(span->key)), idx;
	u8 dead = gc->sweep.dead;
	struct batch batch;

	batch.nr = 0;
	if (!class) {
		/* The record is that of a large object only once the state says so. */
		if (smp_load_acquire(&span->state) == SH_SPAN_LARGE &&
		    claim_dead(&span->obj[0], dead))
			free_large(gc, span);
		return;
	}
	/* The record has that many states whatever it is by now. */
	for (idx = 0; idx < sh_classes[class].elems; idx++)
		if (claim_dead(&span->obj[idx], dead))
			free_small(gc, span, idx, &batch);
	flush(gc, &batch);
}

/* Ends the walk at the first span that may have objects. */
static int note_span(struct sh_span *span, void *arg)
{
	/* The record is laid out once the state can be seen. */
	enum sh_span_state state = smp_load_acquire(&span->state);
	struct sh_span **found = arg;

	if (state != SH_SPAN_SMALL && state != SH_SPAN_LARGE)
		return 0;
	*found = span;
	return 1;
}

/*
 * The next span, for the caller alone; NULL when there is none among the next few, or it
 * is one of a large object, which only those take on who are not in a hurry.
 */
static struct sh_span *take_next(struct sh_gc *gc, bool large, bool *done)
{
	struct sh_sweep *sweep = &gc->sweep;
	struct sh_span *span = NULL;
	struct sh_walk walk;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&sweep->lock, flags);
	walk = sweep->walk;
	if (!sweep->done) {
		err = sh_walk_some(&gc->heap->ph, &sweep->walk, NULL, note_span, &span);
		WRITE_ONCE(sweep->done, sweep->walk.done || err < 0);
	}
	if (span && !large && READ_ONCE(span->state) == SH_SPAN_LARGE) {
		sweep->walk = walk;
		span = NULL;
	}
	*done = sweep->done;
	spin_unlock_irqrestore(&sweep->lock, flags);
	if (err < 0)
		pr_err_ratelimited("heap %s: a sweep ended early, for the heap is damaged: read its file \"check\"\n",
				   gc->heap->name);
	return span;
}

/**
 * sh_sweep_one() - sweep a span, or see that there is none for a while
 * @gc: the collector
 * @large: that of a large object, too, which takes time in proportion to its length
 *
 * Context: any but NMI.
 * Return: whether there may be more to sweep.
 */
bool sh_sweep_one(struct sh_gc *gc, bool large)
{
	struct sh_span *span;
	u32 pages;
	bool done;

	if (READ_ONCE(gc->sweep.done))
		return false;
	atomic_inc(&gc->sweep.active);
	/* Whoever sees that it is done, and none of these, sees all that they did. */
	smp_mb__after_atomic();
	rcu_read_lock();
	span = take_next(gc, large, &done);
	if (span) {
		/* As it was taken on: it may go. */
		pages = READ_ONCE(span->nr_pages);
		sweep_span(gc, span);
		atomic_long_add(pages, &gc->sweep.pages);
	}
	rcu_read_unlock();
	smp_mb__before_atomic();	/* the same */
	atomic_dec(&gc->sweep.active);
	return !done;
}

/**
 * sh_sweep_is_done() - whether all was swept
 * @gc: the collector
 *
 * Context: any.
 * Return: whether nobody is at it any more.
 */
bool sh_sweep_is_done(struct sh_gc *gc)
{
	if (!READ_ONCE(gc->sweep.done))
		return false;
	smp_mb();	/* see sh_sweep_one() */
	return !atomic_read(&gc->sweep.active);
}

/**
 * sh_sweep_begin() - free what has a colour
 * @gc: the collector; the caller holds its cycle
 * @dead: the colour
 *
 * Context: task.
 */
void sh_sweep_begin(struct sh_gc *gc, u8 dead)
{
	struct sh_sweep *sweep = &gc->sweep;

	spin_lock_irq(&sweep->lock);
	sweep->dead = dead;
	atomic_long_set(&sweep->pages, 0);
	sh_walk_begin(&sweep->walk);
	WRITE_ONCE(sweep->done, false);
	spin_unlock_irq(&sweep->lock);
}

/**
 * sh_sweep_finish() - sweep all that is left
 * @gc: the collector; the caller holds its cycle
 *
 * Context: task, may sleep.
 */
void sh_sweep_finish(struct sh_gc *gc)
{
	while (sh_sweep_one(gc, true))
		cond_resched();
	/* Allocations on other CPUs, which take a span each. */
	while (!sh_sweep_is_done(gc))
		usleep_range(50, 200);
}
