// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation from a managed heap where this CPU has no object of the type.
 *
 * An object is zeroed before it has the state of a live one, and gets that in the section
 * of its caller, and with preemption off since the phase was read: who changes the phase
 * waits for a grace period, and then knows what states new objects have.
 *
 * Locks: none of its own. Contexts: those of the gfp.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "cache/bin.h"
#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/phase.h"
#include "heap/large.h"
#include "heap/room.h"
#include "heap/users.h"
#include "heap/whole.h"
#include "show/misuse.h"
#include "watch/leakcheck.h"
#include "watch/shadow.h"

/* Spans that an allocation sweeps before it takes new pages, and before it fails. */
#define MOST_SPANS		4
#define MOST_SPANS_FAILED	64

static void *give_life(const struct spanheap *heap, const struct sh_entry *entry,
		       size_t bytes)
{
	sh_shadow_open(entry->obj, bytes);
	memset(entry->obj, 0, bytes);
	preempt_disable();
	/* Zeroes, then the state. */
	smp_store_release(entry->state, sh_word_birth(sh_word(heap)));
	preempt_enable();
	return entry->obj;
}

static void *new_small(struct sh_bin *bin, struct spanheap *heap, gfp_t gfp)
{
	unsigned int i, got;
	struct sh_gc *gc = heap->gc;
	struct sh_entry entry;

	sh_pace_sweep(gc);
	/* Rather what is known to be dead than more pages. */
	for (i = 0; i < MOST_SPANS && !READ_ONCE(bin->central.nr_partial) &&
	     sh_sweep_one(gc, false); i++)
		;
	got = sh_bin_refill(bin, gfp, heap->node, &entry);
	if (!got)
		return NULL;
	sh_pace_count(gc, got * sh_classes[bin->central.class].size);
	return give_life(heap, &entry, sh_classes[bin->central.class].size);
}

static void *new_large(struct sh_bin *bin, struct spanheap *heap, size_t bytes, gfp_t gfp)
{
	struct sh_span *span;
	void *obj;

	sh_pace_sweep(heap->gc);
	span = sh_whole_take(heap, bytes, 1, gfp | __GFP_ZERO, heap->node);
	if (!span)
		return NULL;
	sh_pace_count(heap->gc, sh_span_bytes(span));
	atomic_long_inc(&bin->large);
	atomic_long_inc(&bin->large_allocs);
	atomic_long_add(sh_span_bytes(span), &bin->large_bytes);
	preempt_disable();
	obj = sh_large_publish(heap, span, bin, sh_word_birth(sh_word(heap)));
	preempt_enable();
	return obj;
}

static void *new_once(struct spanheap_layout *layout, size_t bytes, gfp_t gfp)
{
	unsigned int class = bytes > SPANHEAP_MAX_SMALL ? 0 : sh_size_class(bytes);
	struct sh_bin *bin = sh_layout_bin(layout, class, gfp);

	if (!bin)
		return NULL;
	return class ? new_small(bin, layout->heap, gfp) :
		       new_large(bin, layout->heap, bytes, gfp);
}

/* At a limit what is known to be dead goes first; then what may be is looked for. */
static void *new_swept(struct spanheap_layout *layout, size_t bytes, gfp_t gfp)
{
	bool blocks = gfpflags_allow_blocking(gfp);
	unsigned int most = blocks ? MOST_SPANS_FAILED : MOST_SPANS, spans = 0;
	struct sh_gc *gc = layout->heap->gc;
	void *obj = new_once(layout, bytes, gfp);

	while (!obj && spans < most && sh_sweep_one(gc, blocks)) {
		if (blocks)
			cond_resched();
		if (!(++spans % MOST_SPANS))
			obj = new_once(layout, bytes, gfp);
	}
	if (!obj && spans)
		obj = new_once(layout, bytes, gfp);
	if (!obj)
		sh_gc_want(gc);
	return obj;
}

static void *new_open(struct spanheap_layout *layout, size_t bytes, gfp_t gfp)
{
	struct spanheap *heap = layout->heap;
	struct sh_room room;
	void *obj;

	if (unlikely(gfp & SH_GFP_BAD))
		return sh_refuse_gfp(heap, gfp);
	/* To sleep in it may end a section of RCU. */
	if (gfpflags_allow_blocking(gfp) && !sh_gc_sleeps(heap)) {
		pr_warn_once("heap %s: gfp flags %pGg refused: in a section of this heap one must not sleep; pass GFP_NOWAIT or GFP_ATOMIC, or make it with SPANHEAP_MANAGED_SLEEP\n",
			     heap->name, &gfp);
		return sh_count_failure(heap);
	}
	might_alloc(gfp);
	if (sh_fault_gfp(SH_FAULT_ALLOC, gfp))
		return sh_count_failure(heap);
	sh_room_begin(&room, heap, bytes, 1, gfp);
	do {
		obj = new_swept(layout, bytes, room.gfp);
	} while (sh_room_again(&room, heap, obj));
	return obj ?: sh_count_failure(heap);
}

/**
 * sh_gc_new() - allocate an object that this CPU has not got
 * @layout: what it is to be
 * @bytes: its size, not 0
 * @gfp: how to get memory
 *
 * Context: that of @gfp.
 * Return: a live object, zeroed to the end of what it occupies, or NULL.
 */
void *sh_gc_new(struct spanheap_layout *layout, size_t bytes, gfp_t gfp)
{
	void *obj;

	if (!sh_users_enter(layout->heap))
		return sh_count_failure(layout->heap);
	obj = new_open(layout, bytes, gfp);
	sh_users_leave(layout->heap);
	return obj;
}

/**
 * sh_gc_reserve() - have pages ready
 * @heap: the heap
 * @bytes: how much, not 0
 * @gfp: how to get them
 *
 * Context: that of @gfp.
 * Return: whether there are.
 */
bool sh_gc_reserve(struct spanheap *heap, size_t bytes, gfp_t gfp)
{
	struct sh_span *span;
	bool got;

	if (gfp & SH_GFP_BAD)
		return sh_refuse_gfp(heap, gfp);
	if (!sh_users_enter(heap))
		return false;
	span = sh_whole_take_reclaim(heap, bytes, 1, gfp & ~__GFP_ZERO, heap->node);
	got = span;
	/* Not to this CPU's run cache, which would keep it as long as it is. */
	if (span) {
		sh_shadow_freed((void *)sh_span_base(span), sh_span_bytes(span));
		sh_pageheap_free(&heap->ph, &span, 1);
	}
	sh_users_leave(heap);
	return got;
}
