// SPDX-License-Identifier: GPL-2.0
/*
 * KASAN's shadow of a heap's memory: a byte for each eight of memory, which the
 * compiler's instrumentation reads before every access. So KASAN reports a wrong
 * access at the instruction that makes it, also a read.
 *
 * What may be accessed, from the bottom up:
 *
 * - of a new arena nothing (grow.c);
 * - a run that the run caches and the page heap hand out, all of it; one that is
 *   given back, nothing (runcache.c, pageheap.c, inplace.c);
 * - of a span that is laid out for objects nothing (central.c); an object that
 *   the caches hand out, all of it; one that they get back, nothing (cache.c);
 * - of the object that a user gets, the bytes asked for (slack.c).
 *
 * Objects of debug heaps have red zones and poison of their own, and these must
 * be written and read: memory that such a heap has for objects may be accessed.
 * The heap's records are elsewhere and none of this.
 *
 * Before vunmap() nothing has to be undone: the kernel makes the addresses
 * inaccessible itself, whatever is in their shadow.
 *
 * A kernel module may not call what KASAN has for this, but the shadow is memory
 * as any other: this file, which is not instrumented itself, writes it. Objects
 * and runs are multiples of eight bytes, so nobody else's byte is touched, and no
 * lock is needed by who owns the memory.
 *
 * Contexts: any.
 */
#include <linux/bits.h>
#include <linux/kasan.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "base/compat.h"
#include "watch/shadow.h"

#define GRANULE		BIT(KASAN_SHADOW_SCALE_SHIFT)

/*
 * KASAN's own values, by what the report calls the access. They are in no public
 * header, and have not changed since 4.0: KASAN_VMALLOC_INVALID and
 * KASAN_PAGE_FREE.
 */
#define OUT_OF_BOUNDS	0xf8	/* vmalloc-out-of-bounds */
#define USE_AFTER_FREE	0xff	/* use-after-free */

static void fill_shadow(const void *ptr, size_t bytes, u8 value)
{
	memset(kasan_mem_to_shadow(ptr), value, bytes / GRANULE);
}

/**
 * sh_shadow_open() - allow all accesses
 * @ptr: the caller's memory, a multiple of 8
 * @bytes: how much, a multiple of 8
 */
void sh_shadow_open(const void *ptr, size_t bytes)
{
	fill_shadow(ptr, bytes, 0);
}

/**
 * sh_shadow_trim() - allow accesses to the front only
 * @ptr: the caller's memory, a multiple of 8
 * @size: bytes that may be accessed, any number up to @bytes
 * @bytes: how much there is, a multiple of 8
 */
void sh_shadow_trim(const void *ptr, size_t size, size_t bytes)
{
	size_t whole = size & ~(GRANULE - 1);

	if (size != whole) {
		*(u8 *)kasan_mem_to_shadow(ptr + whole) = size - whole;
		whole += GRANULE;
	}
	fill_shadow(ptr + whole, bytes - whole, OUT_OF_BOUNDS);
}

/**
 * sh_shadow_freed() - allow no access to what was freed
 * @ptr: the caller's memory, a multiple of 8
 * @bytes: how much, a multiple of 8
 */
void sh_shadow_freed(const void *ptr, size_t bytes)
{
	fill_shadow(ptr, bytes, USE_AFTER_FREE);
}

/**
 * sh_shadow_unused() - allow no access to what nobody was given yet
 * @ptr: the caller's memory, a multiple of 8
 * @bytes: how much, a multiple of 8
 */
void sh_shadow_unused(const void *ptr, size_t bytes)
{
	fill_shadow(ptr, bytes, OUT_OF_BOUNDS);
}

/**
 * sh_shadow_accessible() - how much of some memory may be accessed
 * @ptr: a multiple of 8, in an arena
 * @bytes: how much to look at
 *
 * Return: bytes, not necessarily in a row.
 */
size_t sh_shadow_accessible(const void *ptr, size_t bytes)
{
	const s8 *shadow = kasan_mem_to_shadow(ptr);
	size_t nr = 0, left;

	for (left = bytes; left; left -= min(left, GRANULE), shadow++)
		if (*shadow >= 0)
			nr += min(left, *shadow ? (size_t)*shadow : GRANULE);
	return nr;
}
EXPORT_SYMBOL_IF_KUNIT(sh_shadow_accessible);
