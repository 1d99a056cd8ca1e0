// SPDX-License-Identifier: GPL-2.0
/*
 * The objects of a span. Everything known about an object is in the span's
 * record, out of reach of overflows and of writes after free; nothing is ever
 * written into the object.
 *
 * A free object is found as in the Go runtime: a bitmap, the number of the word
 * that may have the next one, that word in a register, and count trailing
 * zeroes. Beside the bitmap there is a byte an object that says whether it is
 * live, so that a free can tell, with one compare-and-exchange and no lock,
 * whether it is the free of a live object. A byte and not a bit because
 * allocating then is a plain store: a live bit would need a locked instruction
 * to set, next to the one that clears it.
 *
 * Invariants of a span of small objects: bit set if and only if the state is
 * SH_OBJ_FREE; nalloc counts the others; the state after the last object is
 * SH_OBJ_FREE for ever, since a tail address divides to it.
 *
 * Invariants of a record, whatever it was and is used for: the states end and the
 * bitmap begins where the size of the record says, not the class, and each class
 * that may be in a record of that size has room for its states before that. So
 * who comes with an index of what the record was before (see free.c) always finds
 * a state. A state that is no object's now is SH_OBJ_FREE.
 *
 * Locks: bitmap, nalloc and hint under the lock of the central list. A state
 * moves from free to cached and back under that lock, from cached to live by
 * the one who holds the entry, from live to cached by compare-and-exchange.
 *
 * Contexts: any.
 */
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/string.h>

#include "base/compat.h"
#include "span/span.h"

/* Fitted to the object counts that the size classes have. */
const u16 sh_span_kind_size[SH_NR_SPAN_KINDS] = {
	128, 192, 256, 384, 512, 704, 1280,
};
EXPORT_SYMBOL_IF_KUNIT(sh_span_kind_size);

/* Bytes of states in a record of each size; the rest is the bitmap. */
const u16 sh_span_kind_states[SH_NR_SPAN_KINDS] = {
	32, 88, 144, 264, 376, 544, 1048,
};
EXPORT_SYMBOL_IF_KUNIT(sh_span_kind_states);

static bool kind_fits(unsigned int nelems, unsigned int kind)
{
	size_t states = sh_span_kind_states[kind];

	return nelems < states &&
	       BITS_TO_LONGS(nelems) * sizeof(long) <=
	       sh_span_kind_size[kind] - sizeof(struct sh_span) - states;
}

/**
 * sh_span_kind() - the size of record that a span needs
 * @nelems: objects in the span, at most SH_MAX_ELEMS
 *
 * Return: index into sh_span_kind_size.
 */
unsigned int sh_span_kind(unsigned int nelems)
{
	unsigned int kind = 0;

	while (!kind_fits(nelems, kind))
		kind++;
	return kind;
}
EXPORT_SYMBOL_IF_KUNIT(sh_span_kind);

/**
 * sh_span_init_objects() - lay a held span out for a size class
 * @span: the span, with a record of the kind the class needs
 * @class: the size class
 * @user: to what its objects go
 */
void sh_span_init_objects(struct sh_span *span, unsigned int class,
			  union sh_span_user user)
{
	unsigned int nelems = sh_classes[class].elems;

	span->cache = user.cache;
	span->nelems = nelems;
	span->nalloc = 0;
	span->hint = 0;
	span->bucket = SH_NO_BUCKET;
	/* A bad free may be reading this; the key tells it that there is no object. */
	data_race(memset(span->obj, SH_OBJ_FREE, ALIGN(nelems + 1, 8)));
	bitmap_zero(sh_span_bitmap(span), round_up(nelems, BITS_PER_LONG));
	bitmap_set(sh_span_bitmap(span), 0, nelems);
	/* From here on a reader without locks may take it for such a span. */
	smp_store_release(&span->key, sh_key(sh_span_base(span), class));
	/* A walk must not see the state without the class. */
	smp_store_release(&span->state, SH_SPAN_SMALL);
}
EXPORT_SYMBOL_IF_KUNIT(sh_span_init_objects);

/**
 * sh_span_take() - take free objects out of a span
 * @span: the span
 * @entries: where to put them, now SH_OBJ_CACHED
 * @nr: how many at most
 *
 * Return: how many.
 */
unsigned int sh_span_take(struct sh_span *span, struct sh_entry *entries,
			  unsigned int nr)
{
	unsigned int size = sh_classes[sh_span_class(span)].size;
	unsigned long base = sh_span_base(span);
	unsigned long *bits = sh_span_bitmap(span);
	unsigned int words = BITS_TO_LONGS(span->nelems);
	unsigned int got = 0, w, idx;
	unsigned long free;

	for (w = span->hint; w < words; w++) {
		free = bits[w];
		while (free && got < nr) {
			idx = w * BITS_PER_LONG + __ffs(free);
			free &= free - 1;
			entries[got].obj = (void *)(base + (size_t)idx * size);
			entries[got].state = &span->obj[idx];
			WRITE_ONCE(span->obj[idx], SH_OBJ_CACHED);
			got++;
		}
		bits[w] = free;
		if (free)
			break;
	}
	span->hint = w;
	span->nalloc += got;
	return got;
}
EXPORT_SYMBOL_IF_KUNIT(sh_span_take);

/**
 * sh_obj_claim() - claim an allocated object
 * @state: its state
 *
 * Context: any but NMI.
 * Return: whether it was allocated and nobody else has claimed it.
 */
bool sh_obj_claim(u8 *state)
{
	u8 was = READ_ONCE(*state);

	do {
		if (sh_obj_plain(was) != SH_OBJ_LIVE)
			return false;
	} while (!try_cmpxchg(state, &was, was | SH_OBJ_BUSY_BIT));
	return true;
}

/**
 * sh_obj_unclaim() - give a claimed object back to its user
 * @state: its state
 */
void sh_obj_unclaim(u8 *state)
{
	/* A bad free may be setting the late bit, which means nothing here. */
	u8 was = READ_ONCE(*state);

	/* All changes are complete before it can be claimed or checked again. */
	smp_store_release(state, was & ~(SH_OBJ_BUSY_BIT | SH_OBJ_LATE_BIT));
}

/**
 * sh_span_check_objects() - verify the invariants of a span's objects
 * @span: a span of small objects, its central list locked
 * @cached: increased by the number of objects that are SH_OBJ_CACHED
 *
 * Return: NULL, or what is wrong.
 */
const char *sh_span_check_objects(struct sh_span *span, unsigned int *cached)
{
	unsigned long *bits = sh_span_bitmap(span);
	unsigned int idx, nalloc = 0;

	if (span->nelems != sh_classes[sh_span_class(span)].elems)
		return "wrong number of objects for its class";
	if (span->kind < sh_span_kind(span->nelems))
		return "record too small for its class";
	for (idx = 0; idx < span->nelems; idx++) {
		u8 state = READ_ONCE(span->obj[idx]) & ~SH_OBJ_LATE_BIT;

		if (sh_obj_is_live(state))
			state &= ~SH_OBJ_COLOUR;
		if (state > SH_OBJ_SPECIAL_BUSY ||
		    (state > SH_OBJ_GUARDED && !sh_obj_is_live(state)))
			return "object in no known state";
		if (test_bit(idx, bits) == !!state)
			return "bitmap and object states differ";
		if (test_bit(idx, bits) && idx / BITS_PER_LONG < span->hint)
			return "free object before the hint";
		nalloc += state != SH_OBJ_FREE;
		*cached += state == SH_OBJ_CACHED;
	}
	if (span->obj[span->nelems] != SH_OBJ_FREE)
		return "the state after the last object is not free";
	if (nalloc != span->nalloc)
		return "wrong count of allocated objects";
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(sh_span_check_objects);
