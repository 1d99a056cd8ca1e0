// SPDX-License-Identifier: GPL-2.0
/*
 * Guarded objects: the patterns around and in an object of a debug heap, and
 * what the log says when one is not as it was left.
 *
 * An object lies between two red zones of 64 bytes at least, whose bytes are
 * 0xcc. What its user gets to see first is zeroes, where these were asked for,
 * or else 0x5a; once it is free it is filled with 0x6b. Of red zones longer than
 * 4 KiB, as a large alignment or the rounding of large sizes leaves them, the
 * 4 KiB next to the object are watched.
 *
 * A wrong byte is reported, the first on one line, as
 *
 *   spanheap: corruption: KIND: object %p of N bytes, heap NAME, offset OFF:
 *   XX XX ... (NR bytes wrong); found when WHEN
 *   spanheap: allocated MS ms ago by pid PID on CPU N:
 *    ... the stack ...
 *   spanheap: freed MS ms ago by pid PID on CPU N:
 *    ... the stack, if it has been freed ...
 *
 * KIND is "overflow past the end", "underflow before the start" or "write after
 * free"; OFF is that of the first wrong byte from the start of the object,
 * negative before it; XX are up to 16 bytes from there; NR counts wrong bytes
 * in a row. WHEN is "it was freed", "it was resized", "it left quarantine", "its
 * memory was used again", "its pages went back" or "the heap was checked".
 *
 * Locks: none. Contexts: any but NMI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jhash.h>
#include <linux/kasan.h>
#include <linux/minmax.h>
#include <linux/poison.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "base/compat.h"
#include "debug/guard.h"
#include "heap/heap.h"
#include "watch/places.h"

#define RED_BYTE	SLUB_RED_ACTIVE
#define NEW_BYTE	POISON_INUSE
#define FREED_BYTE	POISON_FREE

/**
 * sh_guard_paint_zones() - fill the red zones
 * @guard: the object, the caller's
 */
void sh_guard_paint_zones(const struct sh_guard *guard)
{
	memset((void *)(guard->start - guard->left), RED_BYTE, guard->left);
	memset((void *)(guard->start + guard->size), RED_BYTE, guard->right);
}
EXPORT_SYMBOL_IF_KUNIT(sh_guard_paint_zones);

/**
 * sh_guard_paint_new() - fill a new object and its red zones
 * @guard: the object, the caller's
 * @zero: fill the object with zeroes
 */
void sh_guard_paint_new(const struct sh_guard *guard, bool zero)
{
	sh_guard_paint_zones(guard);
	memset((void *)guard->start, zero ? 0 : NEW_BYTE, guard->size);
}
EXPORT_SYMBOL_IF_KUNIT(sh_guard_paint_new);

/**
 * sh_guard_paint_freed() - fill an object that was freed
 * @guard: the object, the caller's
 */
void sh_guard_paint_freed(const struct sh_guard *guard)
{
	memset((void *)guard->start, FREED_BYTE, guard->size);
}
EXPORT_SYMBOL_IF_KUNIT(sh_guard_paint_freed);

/* Whether one of @len bytes from @at on is not @byte. */
static bool differs(const struct sh_guard *guard, unsigned long at, size_t len,
		    u8 byte, struct sh_damage *damage)
{
	const u8 *bad = memchr_inv((void *)at, byte, len);
	const u8 *end = (u8 *)at + len;

	if (!bad)
		return false;
	damage->offset = (long)((unsigned long)bad - guard->start);
	memcpy(damage->byte, bad, min_t(size_t, end - bad, SH_DAMAGE_BYTES));
	for (damage->nr = 0; bad < end && *bad != byte; bad++)
		damage->nr++;
	return true;
}

static const char *find_damage(const struct sh_guard *guard, bool freed,
			       struct sh_damage *damage)
{
	unsigned long start = guard->start;

	if (differs(guard, start - guard->left, guard->left, RED_BYTE, damage))
		return "underflow before the start";
	if (differs(guard, start + guard->size, guard->right, RED_BYTE, damage))
		return "overflow past the end";
	if (freed && differs(guard, start, guard->size, FREED_BYTE, damage))
		return "write after free";
	return NULL;
}

/**
 * sh_guard_damaged() - whether something was written where nothing may be
 * @guard: the object, whose memory does not go away meanwhile
 * @freed: it is free: it must be filled with poison
 * @damage: set to what is wrong, if something is
 *
 * Context: any; tools that watch memory accesses are told to look away.
 * Return: whether something is wrong.
 */
bool sh_guard_damaged(const struct sh_guard *guard, bool freed,
		      struct sh_damage *damage)
{
	kasan_disable_current();
	damage->what = find_damage(guard, freed, damage);
	kasan_enable_current();
	return damage->what;
}
EXPORT_SYMBOL_IF_KUNIT(sh_guard_damaged);

/* The place is where the object comes from: who wrote is not known. */
static u32 place_of(struct spanheap *heap, const struct sh_guard *guard,
		    const struct sh_damage *damage)
{
	u32 words[] = { heap->id, guard->alloc.stack };

	return jhash2(words, ARRAY_SIZE(words),
		      jhash(damage->what, strlen(damage->what), 0));
}

/**
 * sh_guard_report() - report damage to an object
 * @heap: its heap
 * @guard: the object, or a copy of its record
 * @damage: what is wrong
 * @when: when it was found
 *
 * Context: any but NMI, no locks of ours held.
 */
void sh_guard_report(struct spanheap *heap, const struct sh_guard *guard,
		     const struct sh_damage *damage, const char *when)
{
	int shown = min_t(size_t, damage->nr, SH_DAMAGE_BYTES);
	unsigned long missed;

	if (!sh_place_report(place_of(heap, guard, damage), guard->start,
			     &missed))
		return;
	pr_err("corruption: %s: object %p of %zu bytes, heap %s, offset %ld: %*ph (%zu bytes wrong); found when %s\n",
	       damage->what, (void *)guard->start, guard->size, heap->name,
	       damage->offset, shown, damage->byte, damage->nr, when);
	if (missed)
		pr_err("%lu more like this were not reported\n", missed);
	sh_track_print(&guard->alloc, "allocated");
	sh_track_print(&guard->free, "freed");
}
