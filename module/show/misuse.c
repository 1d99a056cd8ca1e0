// SPDX-License-Identifier: GPL-2.0
/*
 * What the log says of callers' mistakes: a report that names the mistake, where
 * it was and what to do; one for each place, heap and address in a while
 * (places.c), the others are counted.
 *
 *   spanheap: bad CALL: KIND: ADDR, heap NAME, CLASS; ignored, called from:
 *   spanheap: that is at offset N of the object at START
 *    ... this stack ...
 *
 * The second line is there where there is or was an object. In a debug heap it
 * ends with " of N bytes", and after the stack there is
 *
 *   spanheap: allocated MS ms ago by pid PID on CPU N:
 *    ... the stack ...
 *   spanheap: freed MS ms ago by pid PID on CPU N:
 *    ... the stack, if it is free ...
 *
 * CALL is "free", "free_pages", "free_rcu" or "realloc". KIND is one of "double
 * free", "use after free" (of a realloc), "interior pointer", "address in a red
 * zone" (of a debug heap), "address past the last object of a span", "address
 * within a manual span", "not a spanheap address" (without heap and what
 * follows), "object freed at the same time", "object that is being freed,
 * resized or split", "object, spanheap_free() frees it", "manual span,
 * spanheap_free_pages() frees it", "manual span freed at the same time", "manual
 * span that is being split", "managed object, which goes once nothing refers to it"
 * and "persistent allocation, it goes with the heap".
 * CLASS is "size class N", "large object", "whole pages" or "free pages".
 * Addresses are printed with %p. N may be negative in a debug heap.
 *
 * What was written where nothing may be is in guard.c, leaks are in leaks.c.
 *
 * Contexts: any but NMI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/debug.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/params.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "show/misuse.h"
#include "span/pagemap.h"
#include "watch/places.h"
#include "watch/trace.h"

static const char * const call_names[] = {
	[SH_CALL_FREE] = "free",
	[SH_CALL_FREE_PAGES] = "free_pages",
	[SH_CALL_FREE_RCU] = "free_rcu",
	[SH_CALL_REALLOC] = "realloc",
};

/*
 * Others change the span meanwhile, for what is looked at here was no live object:
 * what is said of it may be of before or after.
 */
static unsigned long base_of(const struct sh_span *span)
{
	return sh_key_base(READ_ONCE(span->key));
}

static unsigned int class_of(const struct sh_span *span)
{
	return sh_key_class(READ_ONCE(span->key));
}

static size_t bytes_of(const struct sh_span *span)
{
	return (size_t)READ_ONCE(span->nr_pages) << SH_PAGE_SHIFT;
}

static const char *describe_dead(enum sh_call call)
{
	return call == SH_CALL_REALLOC ? "use after free" : "double free";
}

/* What was allocated once and is what @call is for, but that it failed. */
static const char *describe_object(enum sh_call call, u8 state)
{
	if (sh_obj_is_live(state) && (state & SH_OBJ_COLOUR))
		return "managed object, which goes once nothing refers to it";
	switch (sh_obj_plain(state)) {
	case SH_OBJ_LIVE:
		return call == SH_CALL_FREE_PAGES ?
		       "object, spanheap_free() frees it" :
		       "object freed at the same time";
	case SH_OBJ_BUSY:
		return "object that is being freed, resized or split";
	default:
		return describe_dead(call);
	}
}

static const char *describe_manual(enum sh_call call, enum sh_obj_state state)
{
	switch (sh_obj_plain(state)) {
	case SH_OBJ_LIVE:
		return call == SH_CALL_FREE_PAGES ?
		       "manual span freed at the same time" :
		       "manual span, spanheap_free_pages() frees it";
	case SH_OBJ_BUSY:
		return "manual span that is being split";
	default:
		return describe_dead(call);
	}
}

/* An address in a span of class 0. */
static const char *describe_whole(struct sh_span *span, unsigned long addr,
				  enum sh_call call)
{
	u8 state = READ_ONCE(span->obj[0]);
	bool manual = false;

	switch (READ_ONCE(span->state)) {
	case SH_SPAN_PERSISTENT:
		return "persistent allocation, it goes with the heap";
	case SH_SPAN_MANUAL:
		manual = true;
		fallthrough;
	case SH_SPAN_LARGE:
		if (addr != base_of(span) &&
		    sh_obj_is_live(state))
			return manual ? "address within a manual span" :
					"interior pointer";
		return manual ? describe_manual(call, state) :
				describe_object(call, state);
	default:
		return describe_dead(call);
	}
}

static const char *describe_small(struct sh_span *span, unsigned long addr,
				  enum sh_call call)
{
	const struct sh_class *info = &sh_classes[class_of(span)];
	unsigned long off = addr - base_of(span);
	u32 idx;

	if (!sh_class_index(info, off, &idx))
		return "address past the last object of a span";
	if (off != sh_class_offset(info, idx))
		return "interior pointer";
	return describe_object(call, READ_ONCE(span->obj[idx]));
}

/* An address in the slot of an object of a debug heap. */
static const char *describe_guarded(const struct sh_guard *guard,
				    unsigned long addr, enum sh_call call)
{
	unsigned long off = addr - guard->start;

	if (off)
		return off < guard->size ? "interior pointer" :
					   "address in a red zone";
	switch (guard->state) {
	case SH_GUARD_LIVE:
		return describe_object(call, SH_OBJ_LIVE);
	case SH_GUARD_BUSY:
	case SH_GUARD_HANDLED:
		return describe_object(call, SH_OBJ_BUSY);
	default:
		return describe_dead(call);
	}
}

/**
 * struct misuse - what is known of a call that was refused
 * @heap: the heap that it is counted in
 * @what: what is wrong
 * @place: where in a heap it was; room for a heap's name and a little more
 * @start: where the object begins, 0 when there is none
 * @guard: record of the object, when that is one of a debug heap
 * @is_guarded: whether it is
 */
struct misuse {
	struct spanheap *heap;
	const char *what;
	char place[SPANHEAP_NAME_MAX + 48];
	unsigned long start;
	struct sh_guard guard;
	bool is_guarded;
};

static const char *describe_span(const struct sh_span *span)
{
	switch (READ_ONCE(span->state)) {
	case SH_SPAN_LARGE:
		return "large object";
	case SH_SPAN_MANUAL:
	case SH_SPAN_PERSISTENT:
		return "whole pages";
	default:
		return "free pages";
	}
}

/* The heap and the class, and how far inside which object it is. */
static void describe_place(struct misuse *m, struct sh_span *span,
			   unsigned long addr)
{
	unsigned int class = class_of(span), size = sh_classes[class].size;
	unsigned long off = addr - base_of(span);

	if (class)
		snprintf(m->place, sizeof(m->place), ", heap %s, size class %u",
			 m->heap->name, size);
	else
		snprintf(m->place, sizeof(m->place), ", heap %s, %s",
			 m->heap->name, describe_span(span));
	if (m->is_guarded)
		m->start = m->guard.start;
	else if (class && off < (unsigned long)sh_classes[class].elems * size)
		m->start = addr - off % size;
	else if (!class && READ_ONCE(span->state) == SH_SPAN_LARGE)
		m->start = addr - off;
}

static void describe(struct misuse *m, enum sh_call call, unsigned long addr)
{
	struct sh_span *span = sh_pagemap_floor(addr);

	m->heap = sh_default_heap;
	m->what = "not a spanheap address";
	m->place[0] = '\0';
	m->start = 0;
	m->is_guarded = false;
	if (!span || addr - base_of(span) >= bytes_of(span))
		return;
	m->heap = sh_span_heap(span);
	m->is_guarded = sh_debug_look((void *)addr, &m->guard);
	if (m->is_guarded)
		m->what = describe_guarded(&m->guard, addr, call);
	else
		m->what = class_of(span) ?
			  describe_small(span, addr, call) :
			  describe_whole(span, addr, call);
	describe_place(m, span, addr);
}

/* How far inside which object the address is. */
static void report_object(const struct misuse *m, unsigned long addr)
{
	if (m->is_guarded)
		pr_err("that is at offset %ld of the object at %p of %zu bytes\n",
		       (long)(addr - m->start), (void *)m->start, m->guard.size);
	else if (m->start)
		pr_err("that is at offset %lu of the object at %p\n",
		       addr - m->start, (void *)m->start);
}

/* The same mistake in the same heap through the same functions is one place. */
static u32 place_of(const struct misuse *m, enum sh_call call)
{
	u32 words[] = { sh_stack_hash(), m->heap->id, call };

	return jhash2(words, ARRAY_SIZE(words),
		      jhash(m->what, strlen(m->what), 0));
}

/**
 * sh_report_misuse() - report and count a call that was refused
 * @call: which call
 * @ptr: what it was to free or change
 *
 * Context: any but NMI.
 */
noinline void sh_report_misuse(enum sh_call call, const void *ptr)
{
	unsigned long missed;
	struct misuse m;
	u32 place;

	rcu_read_lock();
	describe(&m, call, (unsigned long)ptr);
	atomic_long_inc(&m.heap->bad_frees);
	/* The heap is there for as long as this lasts. */
	sh_trace(bad_free, m.heap->name, ptr, call_names[call], m.what);
	place = place_of(&m, call);
	rcu_read_unlock();
	/* No test survives this one. */
	if (sh_panic_on_bad_free)
		panic("spanheap: bad %s: %s: %p%s", call_names[call], m.what,
		      ptr, m.place);
	if (!sh_place_report(place, (unsigned long)ptr, &missed))
		return;
	pr_err("bad %s: %s: %p%s; ignored, called from:\n",
	       call_names[call], m.what, ptr, m.place);
	report_object(&m, (unsigned long)ptr);
	if (missed)
		pr_err("%lu more like this were not reported\n", missed);
	dump_stack();
	if (!m.is_guarded)
		return;
	sh_track_print(&m.guard.alloc, "allocated");
	sh_track_print(&m.guard.free, "freed");
}

/**
 * sh_report_no_heap() - report and count that what is no heap was to be destroyed
 * @heap: its address
 * @dying: it still is one, but somebody else destroys it
 */
void sh_report_no_heap(const struct spanheap *heap, bool dying)
{
	unsigned long missed;

	atomic_long_inc(&sh_default_heap->bad_frees);
	if (!sh_place_report(sh_stack_hash(), (unsigned long)heap, &missed))
		return;
	pr_err("bad destroy: not a heap: %p, %s; ignored, called from:\n",
	       heap, dying ? "being destroyed by somebody else" :
			     "already destroyed, or never created");
	dump_stack();
}

/**
 * sh_report_arena_lost() - report and count that somebody has taken an arena away
 * @arena: the arena
 *
 * By now nobody can tell who did it. Not in places.c: once for an arena.
 *
 * Context: any but NMI.
 */
void sh_report_arena_lost(const struct sh_arena *arena)
{
	struct spanheap *heap = arena->heap;

	if (heap)
		atomic_long_inc(&heap->bad_frees);
	pr_err("heap %s: %zu KiB of its addresses are gone, with all that was there: somebody called vfree(), kvfree() or vunmap() on an address of this heap; what is in it cannot be used any more, find that call\n",
	       heap ? heap->name : "?",
	       (size_t)arena->nr_pages << SH_PAGE_SHIFT >> 10);
}

/**
 * sh_refuse_managed() - refuse an allocation of untyped memory from a managed heap
 * @heap: the heap
 *
 * Return: NULL; reported and counted as other misuse is.
 */
void *sh_refuse_managed(struct spanheap *heap)
{
	unsigned long missed;

	atomic_long_inc(&heap->bad_frees);
	if (sh_place_report(sh_stack_hash(), heap->id, &missed)) {
		pr_err("bad alloc: heap %s is a managed heap: spanheap_new() allocates from it; refused, called from:\n",
		       heap->name);
		dump_stack();
	}
	return sh_count_failure(heap);
}

/**
 * sh_refuse_gfp() - say once that flags are refused
 * @heap: the heap that refuses them
 * @gfp: the flags
 *
 * Return: NULL; counted as a failure.
 */
void *sh_refuse_gfp(struct spanheap *heap, gfp_t gfp)
{
	pr_warn_once("gfp flags %pGg refused: no zones and no compound pages here; memory for DMA comes from the DMA API\n",
		     &gfp);
	return sh_count_failure(heap);
}
