// SPDX-License-Identifier: GPL-2.0
/*
 * Marking: from grey objects to those that they refer to, until there are none.
 *
 * White are objects that nobody has come to yet; grey those that were come to and not
 * looked into; black the others. The colour is part of the state that each object has
 * in its span's record, so marking takes no memory: a span with grey objects is in a
 * list, by a link in its record, and whoever takes it out of there looks through the
 * states for the grey ones.
 *
 * To shade an object is to make it grey if it is white. Both sides do: the collector
 * for what it finds, users for what their stores overwrite and store (barrier). A state
 * changes from white to grey by compare-and-exchange, so one of them puts the span into
 * the list, or finds it there: whether it is, is written before the states are looked
 * at, and read after a state was changed, with full barriers in both.
 *
 * Any address may be shaded. A record may be another span's by the time a state is
 * changed: then that is a live white object of this heap as well, since records stay in
 * their heap, and it is kept a cycle longer than it need be. What its span is, is looked
 * at after the change, when the object keeps it from going away.
 *
 * Addresses one past the end of an object do not count.
 *
 * Locks: none. Contexts: shading any but NMI, with preemption off or in an RCU read-side
 * section; marking task, may sleep.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "base/compat.h"
#include "gc/layout.h"
#include "gc/managed.h"
#include "gc/phase.h"
#include "span/pagemap.h"

/* Bytes of an object that are looked into before others get their turn. */
#define PIECE	SZ_64K

/**
 * sh_state_at() - the state of the object that an address lies in
 * @heap: the heap
 * @span: the span of the address, of whatever heap
 * @addr: the address
 *
 * Context: any, in an RCU read-side section since the look-up.
 * Return: the state, of what need not be live, or NULL where there is no object.
 */
u8 *sh_state_at(struct spanheap *heap, struct sh_span *span, unsigned long addr)
{
	unsigned long key, off;
	unsigned int class;
	u32 idx;

	if (sh_span_heap(span) != heap)
		return NULL;
	key = READ_ONCE(span->key);
	class = sh_key_class(key);
	off = addr - sh_key_base(key);
	if (class)
		return sh_class_index(&sh_classes[class], off, &idx) ?
		       &span->obj[idx] : NULL;
	/* The record is that of a large object only once the state says so. */
	if (smp_load_acquire(&span->state) != SH_SPAN_LARGE ||
	    off >= (unsigned long)READ_ONCE(span->nr_pages) << SH_PAGE_SHIFT)
		return NULL;
	return &span->obj[0];
}

/* Change the colour of a live object. Returns whether it had the one it was to have. */
static bool recolour(u8 *state, u8 from, u8 to)
{
	u8 was = READ_ONCE(*state);

	do {
		if ((was & (SH_OBJ_COLOUR | SH_OBJ_LIVE)) != (from | SH_OBJ_LIVE))
			return false;
	} while (!try_cmpxchg(state, &was, (was & ~SH_OBJ_COLOUR) | to));
	return true;
}

static size_t object_bytes(const struct sh_span *span)
{
	unsigned int class = sh_span_class(span);

	return class ? sh_classes[class].size : sh_span_bytes(span);
}

static void queue_span(struct sh_mark *mark, struct sh_span *span)
{
	/* recolour() is a full barrier: see take_span(). */
	if (!READ_ONCE(span->queued) && !cmpxchg(&span->queued, 0, 1))
		llist_add(&span->work, &mark->grey);
}

static void shade(struct spanheap *heap, unsigned long addr, unsigned long word)
{
	struct sh_span *span = sh_pagemap_get(addr);
	u8 *state;

	state = span ? sh_state_at(heap, span, addr) : NULL;
	if (!state || !recolour(state, sh_word_white(word), SH_OBJ_GREY))
		return;
	if (!span->bin->noscan) {
		queue_span(&heap->gc->mark, span);
		return;
	}
	recolour(state, SH_OBJ_GREY, sh_word_black(word));
	atomic_long_add(object_bytes(span), &heap->gc->mark.others);
}

/**
 * sh_shade() - make an object grey if it is white
 * @heap: the heap
 * @ptr: an address in it, or any other
 * @word: the heap's word, read since preemption is off
 *
 * Context: any but NMI, preemption off.
 */
void sh_shade(struct spanheap *heap, const void *ptr, unsigned long word)
{
	if (ptr)
		shade(heap, (unsigned long)ptr, word);
}

static void follow(struct sh_gc *gc, void *const *slot, unsigned long word)
{
	unsigned long addr = (unsigned long)READ_ONCE(*slot);

	if (addr)
		shade(gc->heap, addr, word);
}

/* Follow the references in some elements of an object. */
static void follow_elements(struct sh_gc *gc, const struct spanheap_layout *layout,
			    const void *from, const void *end, unsigned long word)
{
	unsigned int i;

	for (; (size_t)(end - from) >= layout->size; from += layout->size)
		for (i = 0; i < layout->nr_refs; i++)
			follow(gc, from + layout->refs[i], word);
}

static void follow_words(struct sh_gc *gc, void *const *from, const void *end,
			 unsigned long word)
{
	for (; end - (const void *)from >= (long)sizeof(*from); from++)
		follow(gc, from, word);
}

/* Bytes of an object that are looked into at a time: whole elements. */
static size_t piece_of(const struct spanheap_layout *layout)
{
	return max_t(size_t, PIECE / layout->size, 1) * layout->size;
}

static void look_into(struct sh_gc *gc, const struct spanheap_layout *layout,
		      const void *obj, size_t bytes, unsigned long word)
{
	size_t piece = layout->flags & SPANHEAP_CONSERVATIVE ? PIECE : piece_of(layout);
	const void *end = obj + bytes, *to;

	for (; obj < end; obj = to) {
		to = obj + min_t(size_t, piece, end - obj);
		rcu_read_lock();
		if (layout->flags & SPANHEAP_CONSERVATIVE)
			follow_words(gc, obj, to, word);
		else
			follow_elements(gc, layout, obj, to, word);
		rcu_read_unlock();
		if (to < end)
			cond_resched();
	}
}

/* Make an object black if it is grey, and look into it. */
static void blacken(struct sh_gc *gc, struct sh_span *span, unsigned int idx,
		    unsigned long word)
{
	size_t bytes = object_bytes(span);

	if (!recolour(&span->obj[idx], SH_OBJ_GREY, sh_word_black(word)))
		return;
	gc->mark.bytes += bytes;
	look_into(gc, span->bin->layout, (void *)sh_span_base(span) + idx * bytes, bytes,
		  word);
}

/* Which of eight states are grey: a bit in each byte. */
static u64 grey_bytes(const u8 *states)
{
	u64 eight = READ_ONCE(*(const u64 *)states);

	static_assert((SH_OBJ_COLOUR_A | SH_OBJ_COLOUR_B) == SH_OBJ_GREY);
	static_assert(SH_OBJ_COLOUR_A << 1 == SH_OBJ_COLOUR_B);
	static_assert(SH_OBJ_LIVE << 4 == SH_OBJ_COLOUR_A);
	return eight & (eight >> 1) & (eight << 4) &
	       (SH_OBJ_COLOUR_A * 0x0101010101010101ULL);
}

static unsigned int first_byte(u64 bytes)
{
	return IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) ? (63 - __fls(bytes)) / 8 :
						   __ffs(bytes) / 8;
}

/* Look into the grey objects of a span, in order of address. */
static void mark_span(struct sh_gc *gc, struct sh_span *span, unsigned long word)
{
	unsigned int idx, at;
	u64 grey;

	for (idx = 0; idx < span->nelems; idx += 8) {
		/* Those that become grey meanwhile as well. */
		while ((grey = grey_bytes(&span->obj[idx]))) {
			at = idx + first_byte(grey);
			if (at >= span->nelems)
				break;
			blacken(gc, span, at, word);
		}
	}
}

/* Take a span that was in the list out of it. */
static void take_span(struct sh_span *span)
{
	WRITE_ONCE(span->queued, 0);
	/* Who finds it queued has changed a state that is seen from here on. */
	smp_mb();
}

/**
 * sh_mark_begin() - be about to mark
 * @gc: the collector
 */
void sh_mark_begin(struct sh_gc *gc)
{
	gc->mark.bytes = 0;
	atomic_long_set(&gc->mark.others, 0);
}

/**
 * sh_mark_bytes() - what was marked
 * @gc: the collector
 *
 * Return: bytes of all objects that were.
 */
unsigned long sh_mark_bytes(struct sh_gc *gc)
{
	return gc->mark.bytes + atomic_long_read(&gc->mark.others);
}

/**
 * sh_mark_has_work() - whether there are grey objects
 * @gc: the collector
 *
 * Return: whether there were any just now.
 */
bool sh_mark_has_work(struct sh_gc *gc)
{
	return !llist_empty(&gc->mark.grey);
}

/**
 * sh_mark_all() - look into grey objects until there are none
 * @gc: the collector; the caller holds its cycle
 *
 * Context: task, may sleep.
 */
void sh_mark_all(struct sh_gc *gc)
{
	unsigned long word = sh_word(gc->heap);
	struct llist_node *some;
	struct sh_span *span, *next;

	while ((some = llist_del_all(&gc->mark.grey))) {
		llist_for_each_entry_safe(span, next, some, work) {
			take_span(span);
			mark_span(gc, span, word);
			cond_resched();
		}
	}
}
