// SPDX-License-Identifier: GPL-2.0
/*
 * The verifying mode: the heap is closed to sections, all that can be reached from its
 * roots and pins is looked at, with marks of its own and without any barrier, and each
 * object found must be live and have the colour of those that stay. What was lost by
 * the collector is found so, and named by the reference that leads to it.
 *
 * While a heap is closed who begins a section waits, or is refused where he must not:
 * this is for tests, and for who looks for a mistake.
 *
 * Locks: gc->cycle. Contexts: task, may sleep, outside of sections.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/managed.h"
#include "gc/marks.h"
#include "gc/phase.h"
#include "heap/contexts.h"
#include "object/find.h"
#include "show/stats.h"
#include "span/pagemap.h"

/* Enough to understand one. */
#define MOST_REPORTED	10

/* References from roots and pins that are gathered before they are looked at. */
#define GATHERED	512

/**
 * struct verify - a verification
 * @gc: the collector
 * @marks: what was reached
 * @wrong: references that lead to what is no object, or to one that is not to stay
 * @from: the object that is looked into, NULL for roots and pins
 * @field: where in it
 * @guess: any word of that counts
 * @err: why it ended early, or 0
 */
struct verify {
	struct sh_gc *gc;
	struct sh_marks marks;
	unsigned long wrong;
	const void *from;
	size_t field;
	bool guess;
	int err;
};

static struct spanheap_layout *layout_of(const void *obj)
{
	return sh_pagemap_get((unsigned long)obj)->bin->layout;
}

static void found(struct verify *v, const void *ptr, const char *what)
{
	const char *heap = v->gc->heap->name;

	/* Any word may look like a reference to what is free. */
	if (v->guess)
		return;
	if (++v->wrong > MOST_REPORTED)
		return;
	if (v->from)
		pr_err("heap %s: verify: %p, of type %s, refers at offset %zu to %p, %s\n",
		       heap, v->from, layout_of(v->from)->name, v->field, ptr, what);
	else
		pr_err("heap %s: verify: a root or a pin refers to %p, %s\n", heap, ptr,
		       what);
}

/*
 * The object that an address lies in. Returns NULL, and has said so, if it should be one
 * and is none that stays. The heap is closed: nothing changes but caches.
 */
static void *object_at(struct verify *v, void *ptr)
{
	struct spanheap *heap = v->gc->heap;
	unsigned long addr = (unsigned long)ptr;
	struct sh_span *span = sh_pagemap_get(addr);
	unsigned int class;
	u8 *state;

	/* Not ours, or a page that is nobody's business. */
	if (!span || sh_span_heap(span) != heap || span->state == SH_SPAN_MANUAL ||
	    span->state == SH_SPAN_PERSISTENT ||
	    addr - sh_span_base(span) >= sh_span_bytes(span))
		return NULL;
	state = sh_state_at(heap, span, addr);
	if (!state || !sh_obj_is_live(READ_ONCE(*state))) {
		found(v, ptr, "which is free");
		return NULL;
	}
	if ((READ_ONCE(*state) & SH_OBJ_COLOUR) != sh_word_white(sh_word(heap))) {
		found(v, ptr, "which was not marked");
		return NULL;
	}
	class = sh_span_class(span);
	return (void *)sh_span_base(span) +
	       sh_class_offset(&sh_classes[class], state - span->obj);
}

static void reach(struct verify *v, void *ptr)
{
	void *obj;

	if (!ptr || v->err)
		return;
	rcu_read_lock();
	obj = object_at(v, ptr);
	rcu_read_unlock();
	if (obj)
		v->err = sh_marks_reach(&v->marks, obj);
}

static void reach_words(struct verify *v, void *const *obj, size_t bytes)
{
	v->guess = true;
	for (v->field = 0; v->field < bytes && !v->err; v->field += sizeof(void *))
		reach(v, obj[v->field / sizeof(void *)]);
	v->guess = false;
}

static int look_into(void *obj, void *arg)
{
	struct spanheap_layout *layout = layout_of(obj);
	struct spanheap_object o;
	struct verify *v = arg;
	unsigned int i;
	size_t at;

	v->from = obj;
	if (!sh_find_object(obj, &o))
		return 0;
	if (layout->flags & SPANHEAP_CONSERVATIVE)
		reach_words(v, obj, o.size);
	for (at = 0; at + layout->size <= o.size && layout->nr_refs; at += layout->size) {
		for (i = 0; i < layout->nr_refs && !v->err; i++) {
			v->field = at + layout->refs[i];
			reach(v, READ_ONCE(*(void **)(obj + v->field)));
		}
	}
	v->from = NULL;
	cond_resched();
	return v->err ?: fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * struct gathered - what roots and pins refer to
 * @nr: how many there are
 * @skip: of these, to be passed over
 * @ref: the next ones
 */
struct gathered {
	unsigned long nr;
	unsigned long skip;
	void *ref[GATHERED];
};

/* Called with a lock held: what takes memory comes later. */
static void gather(void *ptr, void *arg)
{
	struct gathered *g = arg;
	unsigned long at = g->nr++ - g->skip;

	if (at < GATHERED)
		g->ref[at] = ptr;
}

static void reach_roots(struct verify *v)
{
	struct gathered *g = kmalloc(sizeof(*g), GFP_KERNEL | __GFP_NOWARN);
	unsigned long i;

	if (!g) {
		v->err = -ENOMEM;
		return;
	}
	for (g->skip = 0; ; g->skip += GATHERED) {
		g->nr = 0;
		/* Wraps to a number that is too large, for those that are passed over. */
		sh_roots_each(v->gc, gather, g);
		for (i = g->skip; i < min(g->nr, g->skip + GATHERED); i++)
			reach(v, g->ref[i - g->skip]);
		if (g->nr <= g->skip + GATHERED)
			break;
	}
	kfree(g);
}

static void count_floating(struct verify *v)
{
	struct sh_cycle_stats *stats = &v->gc->stats;
	struct spanheap_stats figures;

	spanheap_get_stats(v->gc->heap, &figures);
	stats->verified++;
	stats->wrong += v->wrong;
	stats->reached = v->marks.nr;
	stats->floating = figures.objects - min_t(u64, figures.objects, v->marks.nr);
}

/**
 * sh_verify() - look at all that can be reached in a managed heap
 * @gc: the collector; the caller holds its cycle
 *
 * Context: task, may sleep, outside of sections.
 * Return: how many references were found to be wrong, which was reported, or -ENOMEM,
 * -EINTR, or -EBUSY when a section did not end for some seconds.
 */
long sh_verify(struct sh_gc *gc)
{
	struct verify v = { .gc = gc };

	lockdep_assert_held(&gc->cycle);
	if (!sh_sections_close(gc))
		return -EBUSY;
	sh_marks_init(&v.marks);
	reach_roots(&v);
	if (!v.err)
		v.err = sh_marks_work(&v.marks, look_into, &v);
	if (!v.err)
		count_floating(&v);
	sh_sections_open(gc);
	sh_marks_exit(&v.marks);
	return v.err ?: v.wrong;
}

/**
 * sh_gc_verify() - verify a heap
 * @heap: a managed heap
 *
 * Context: task, may sleep, outside of sections.
 * Return: as sh_verify(); -EDEADLK where it may not sleep, -ESHUTDOWN for a heap that its
 * module has left behind.
 */
long sh_gc_verify(struct spanheap *heap)
{
	struct sh_gc *gc = heap->gc;
	long wrong;

	if (!sh_may_wait("verify") || sh_section_is_open(heap, "verify"))
		return -EDEADLK;
	if (mutex_lock_killable(&gc->cycle))
		return -EINTR;
	wrong = READ_ONCE(gc->stopped) ? -ESHUTDOWN : sh_verify(gc);
	mutex_unlock(&gc->cycle);
	return wrong;
}
EXPORT_SYMBOL_IF_KUNIT(sh_gc_verify);
