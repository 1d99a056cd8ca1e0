// SPDX-License-Identifier: GPL-2.0
/*
 * Free: from an address to its span through the pagemap, to the object's state
 * through a division, to this CPU's cache.
 *
 * A free must be right about every address, live or not, while other CPUs go on:
 *
 * - Preemption is off from the look-up on. Records are type-stable until a
 *   grace period has passed, so a stale record can be looked at.
 * - The record's key gives base and class of the same moment. The offset is
 *   checked against the class, so the state that is then looked at lies within
 *   the record even when that has become another span's meanwhile.
 * - The compare-and-exchange of the state from live to cached succeeds for one
 *   caller. From then on the object is this caller's and its span cannot go
 *   away; a second look at the key proves it is the span that was meant. If it
 *   is not, the object belongs to somebody else and is made live again.
 *
 * Objects freed together are often of one span. So the span of the last one is
 * tried first, as long as preemption is off: its key says whether the next one is
 * in it. If it is, and live, then so it was when the last one was freed, and it
 * keeps the span from going away. If it is not live, then which record says so
 * makes no difference.
 *
 * Anything that fails on the way is looked at again, without haste, by
 * free_slow().
 *
 * Between the exchange and its undoing, a few instructions, somebody else's live
 * object says that it is cached. That takes a free of an address whose span was
 * given back and whose record is made another span's between the two looks at the
 * key, with a live object at the same index. If the owner frees the object within
 * those instructions, undo.c sees to it that this counts. The index is always that
 * of a state, see span.c. So no object is ever freed twice or handed out twice, and
 * none stays allocated that was freed here. spanheap_free_sensitive() and
 * spanheap_free_rcu() have something to do before the object is free, which nobody
 * else does for them: they wait for a moment, and if whoever has the object is not
 * done by then, because he was interrupted, they report it and it leaks.
 *
 * Locks: none. Contexts: any that kfree() may be called in.
 */
#include <linux/debug_locks.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "base/compat.h"
#include "cache/cache.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "object/claim.h"
#include "object/finish.h"
#include "object/hooks.h"
#include "object/slack.h"
#include "show/misuse.h"
#include "span/pagemap.h"
#include "span/undo.h"
#include "watch/leakcheck.h"
#include "watch/shadow.h"
#include "watch/trace.h"

/* A large object, one with special records or of a debug heap, or none. */
static noinline void free_slow(const void *ptr)
{
	enum sh_late late;

	if (ZERO_OR_NULL_PTR(ptr) || sh_refused_in_nmi("free"))
		return;
	do {
		if (sh_large_free(ptr) || sh_object_free_special(ptr))
			return;
		late = sh_claim_free_late(ptr, false);
	} while (late == SH_LATE_AGAIN);
	if (late == SH_LATE_NO)
		sh_report_misuse(SH_CALL_FREE, ptr);
}

/*
 * The claim was of an object that was not meant. Called with preemption off, which
 * it turns on: not only a free for somebody else cannot do with it off.
 */
static noinline void undo_slow(const void *ptr, struct sh_span *span, u8 *state)
{
	bool undone = sh_claim_undone(state);

	preempt_enable();
	if (!undone)
		sh_claim_finish(span, state);
	free_slow(ptr);
}

/* Where in a span of small objects an address lies, if it does. */
static __always_inline bool locate_object(const void *ptr, const struct sh_span *span,
					  unsigned long *key, unsigned long *class,
					  unsigned long *off)
{
	*key = READ_ONCE(span->key);
	*class = *key & ~SH_PAGE_MASK;
	*off = (unsigned long)ptr - *key + *class;
	return *off < sh_class_at(*class)->bytes;
}

/**
 * claim_object() - turn a live object into a cached one
 * @ptr: the address
 * @spanp: its span as the pagemap has it, or with @guess one that was looked up
 *	since preemption is off; set to its span
 * @guess: look @ptr up if it is not in that span
 * @class: set to its size class, as an offset
 * @statep: set to where its state is, or to NULL
 *
 * Context: preemption off.
 * Return: whether @ptr was a live small object. If not and there is a state, some
 * other object was claimed: the caller undoes that.
 */
static __always_inline bool claim_object(const void *ptr, struct sh_span **spanp,
					 const bool guess, unsigned long *class,
					 u8 **statep)
{
	struct sh_span *span = *spanp;
	const struct sh_class *info;
	unsigned long key, off;
	u8 live = SH_OBJ_LIVE;
	u64 product;
	u8 *state;

	*statep = NULL;
	if (unlikely(!locate_object(ptr, span, &key, class, &off))) {
		if (!guess)
			return false;
		span = sh_pagemap_get_any((unsigned long)ptr);
		if (!locate_object(ptr, span, &key, class, &off))
			return false;
	}
	info = sh_class_at(*class);
	product = off * info->magic;
	if (unlikely((u32)product >= (u32)info->magic))
		return false;	/* no multiple of the size */
	state = span->obj + (product >> 32);
	if (unlikely(!try_cmpxchg(state, &live, SH_OBJ_CACHED)))
		return false;
	*spanp = span;
	*statep = state;
	/*
	 * try_cmpxchg() is a barrier: this is another load, after it. That they
	 * differ is the race of the top of this file, which tests cannot force.
	 */
	return likely(data_race(span->key) == key);
}

/*
 * The cache of this CPU is full, or in use by whom this context interrupted.
 * Called with preemption off, which it turns on.
 */
static noinline void flush_slow(struct sh_span *span, const void *ptr, u8 *state)
{
	struct sh_entry entry = { (void *)ptr, state };

	if (unlikely(in_nmi())) {
		/* It stays allocated. */
		WRITE_ONCE(*state, SH_OBJ_LIVE);
		preempt_enable();
		sh_report_nmi("free");
		return;
	}
	/* The object is ours, so its span stays as it is. */
	sh_caches_flush(&sh_span_heap(span)->caches, sh_span_class(span), entry);
}

/*
 * Which CPU this is takes a call in User-Mode Linux: made first, when there is
 * little to keep across it, that is a tenth of the time of a free.
 */
#define OFFSET_FIRST	IS_ENABLED(CONFIG_UML)

static __always_inline struct sh_cache *cache_of(struct sh_span *span,
						 unsigned long offset)
{
	if (OFFSET_FIRST)
		return SHIFT_PERCPU_PTR(span->cache, offset);
	return this_cpu_ptr(span->cache);
}

static __always_inline unsigned long first_offset(void)
{
	return OFFSET_FIRST ? my_cpu_offset : 0;
}

/*
 * Called with preemption off, what first_offset() says and a span as for claim_object().
 * Returns whether preemption still is off; then that is the object's span.
 */
static __always_inline bool free_here(const void *ptr, struct sh_span **spanp,
				      const bool guess, bool zero,
				      unsigned long offset)
{
	unsigned long class;
	u8 *state;

	if (unlikely(!claim_object(ptr, spanp, guess, &class, &state))) {
		if (state) {
			undo_slow(ptr, *spanp, state);
			return false;
		}
		preempt_enable();
		free_slow(ptr);
		return false;
	}
	sh_leakcheck_del(ptr);
	debug_check_no_locks_freed(ptr, sh_class_at(class)->size);
	if (zero) {
		sh_shadow_open(ptr, sh_class_at(class)->size);
		memset((void *)ptr, 0, sh_class_at(class)->size);
	}
	if (unlikely(!sh_cache_push(cache_of(*spanp, offset), class, ptr,
				    state))) {
		flush_slow(*spanp, ptr, state);
		return false;
	}
	return true;
}

static __always_inline void do_free(const void *ptr, bool zero)
{
	unsigned long offset;
	struct sh_span *span;

	if (sh_debug_refused_in_nmi("free"))
		return;
	preempt_disable();
	offset = first_offset();
	span = sh_pagemap_get_any((unsigned long)ptr);
	if (likely(free_here(ptr, &span, false, zero, offset)))
		preempt_enable();
}

/* On its own, so that the usual case need not keep registers across memset(). */
static noinline void free_zeroing(const void *ptr)
{
	do_free(ptr, true);
}

/* While somebody listens: before anybody else can have the object. */
static noinline void free_traced(const void *ptr, unsigned long call_site)
{
	sh_trace_free(ptr, call_site);
	if (want_init_on_free())
		free_zeroing(ptr);
	else
		do_free(ptr, false);
}

/**
 * spanheap_free() - free an object
 * @ptr: the object, from any heap; NULL and ZERO_SIZE_PTR are fine
 *
 * An address that is no live object of ours changes nothing. It is reported in
 * the log, with what it is, and counted as a bad free of the heap it lies in,
 * or of the default heap.
 *
 * On x86-64 a page of a large object (over SPANHEAP_MAX_SMALL) that somebody else
 * has a reference to stays theirs, as one of vmalloc() does. To see that takes time
 * in proportion to the length of the object, some nanoseconds a page, wherever this
 * is called.
 *
 * Context: any that kfree() may be called in.
 */
void spanheap_free(const void *ptr)
{
	if (trace_free_enabled())
		free_traced(ptr, _RET_IP_);
	else if (want_init_on_free())
		free_zeroing(ptr);
	else
		do_free(ptr, false);
}
EXPORT_SYMBOL_GPL(spanheap_free);

/* One after the other, and the CPU for others now and then. */
static void free_all(unsigned int nr, void **objs)
{
	unsigned int i = 0, end;
	struct sh_span *span;
	unsigned long offset;
	bool off;

	if (sh_debug_refused_in_nmi("free_bulk"))
		return;
	while (i < nr) {
		end = i + min_t(unsigned int, nr - i, SH_BATCH_MAX);
		preempt_disable();
		offset = first_offset();
		span = sh_pagemap_get_any((unsigned long)objs[i]);
		do {
			off = free_here(objs[i++], &span, true, false, offset);
		} while (off && i < end);
		if (off)
			preempt_enable();
	}
}

/**
 * spanheap_free_bulk() - free objects
 * @nr: how many
 * @objs: the objects, of any heaps and sizes; NULL and ZERO_SIZE_PTR are fine
 *
 * There is no preemption point in it, as there is none in kmem_cache_free_bulk():
 * who has many thousands and may sleep passes some hundreds at a time.
 *
 * Context: that of spanheap_free().
 */
void spanheap_free_bulk(unsigned int nr, void **objs)
{
	unsigned int i;

	if (trace_free_enabled() || want_init_on_free())
		for (i = 0; i < nr; i++)
			spanheap_free(objs[i]);
	else
		free_all(nr, objs);
}
EXPORT_SYMBOL_GPL(spanheap_free_bulk);

/**
 * spanheap_free_sensitive() - free an object after zeroing all of it
 * @ptr: as for spanheap_free()
 *
 * Nothing is zeroed that is not freed. A finalizer finds zeroes.
 *
 * Context: that of spanheap_free().
 */
void spanheap_free_sensitive(const void *ptr)
{
	struct sh_object obj;

	if (ZERO_OR_NULL_PTR(ptr) || sh_refused_in_nmi("free_sensitive"))
		return;
	/* Claimed first: or it may be somebody else's by the time it is zeroed. */
	if (!sh_object_claim(ptr, &obj)) {
		sh_report_misuse(SH_CALL_FREE, ptr);
		return;
	}
	if (trace_free_enabled())
		sh_trace_free(ptr, _RET_IP_);
	sh_slack_open(ptr);
	memzero_explicit((void *)ptr, sh_object_size(&obj));
	sh_object_note_free(&obj);
	sh_object_finish(&obj);
}
EXPORT_SYMBOL_GPL(spanheap_free_sensitive);
