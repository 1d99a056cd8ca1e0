/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guarded objects: with red zones on both sides, and poison in them once they
 * are free. See guard.c.
 */
#ifndef SPANHEAP_GUARD_H
#define SPANHEAP_GUARD_H

#include <linux/list.h>
#include <linux/types.h>

#include "watch/stacks.h"

struct spanheap;

/* Least red zone on either side, and the most of one that is watched: bytes. */
#define SH_RED_MIN	64UL
#define SH_RED_MAX	4096UL

/**
 * enum sh_guard_state - what a guarded object is
 * @SH_GUARD_LIVE: allocated
 * @SH_GUARD_BUSY: allocated, and being changed or waiting for a grace period
 * @SH_GUARD_HANDLED: being freed, or made into another object
 * @SH_GUARD_FREED: free, in quarantine or on its way out of it
 * @SH_GUARD_GONE: free, its slot back in the span, to be used again
 * @SH_GUARD_BROKEN: free, but was written to where nothing is to be written:
 *	never used again
 */
enum sh_guard_state {
	SH_GUARD_LIVE,
	SH_GUARD_BUSY,
	SH_GUARD_HANDLED,
	SH_GUARD_FREED,
	SH_GUARD_GONE,
	SH_GUARD_BROKEN,
};

/**
 * struct sh_guard - the record of a guarded object
 * @next: the next object in the same slot, after a split
 * @link: in quarantine, or on the way out of it
 * @slot: where the memory begins that it has from the heap
 * @start: what its user got
 * @size: bytes that its user asked for
 * @left: bytes of red zone before it that are watched
 * @right: bytes of red zone after it that are watched
 * @bytes: bytes of the slot that count as its
 * @class: size class of the slot, 0 for a span of its own
 * @state: enum sh_guard_state
 * @reported: damage to it was reported
 * @second: it is not the first in its slot
 * @alloc: who allocated it
 * @free: who freed it
 */
struct sh_guard {
	struct sh_guard *next;
	struct list_head link;
	unsigned long slot;
	unsigned long start;
	size_t size;
	size_t left;
	size_t right;
	size_t bytes;
	u8 class;
	u8 state;
	bool reported;
	bool second;
	struct sh_track alloc;
	struct sh_track free;
};

/* As many of the wrong bytes are printed. */
#define SH_DAMAGE_BYTES	16

/**
 * struct sh_damage - what is wrong with a guarded object
 * @what: the mistake that leads to it
 * @offset: from the start of the object to the first wrong byte
 * @nr: wrong bytes from there on, at most as many as were looked at
 * @byte: the first of these
 */
struct sh_damage {
	const char *what;
	long offset;
	size_t nr;
	u8 byte[SH_DAMAGE_BYTES];
};

void sh_guard_paint_zones(const struct sh_guard *guard);
void sh_guard_paint_new(const struct sh_guard *guard, bool zero);
void sh_guard_paint_freed(const struct sh_guard *guard);
bool sh_guard_damaged(const struct sh_guard *guard, bool freed,
		      struct sh_damage *damage);
void sh_guard_report(struct spanheap *heap, const struct sh_guard *guard,
		     const struct sh_damage *damage, const char *when);

#endif /* SPANHEAP_GUARD_H */
