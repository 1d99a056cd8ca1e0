/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a heap keeps about itself, in bytes: each layer counts its own.
 */
#ifndef SPANHEAP_META_H
#define SPANHEAP_META_H

#include <linux/atomic.h>

/**
 * struct sh_meta - bytes of metadata
 * @spans: span records
 * @arenas: arena records and page tables
 * @arenas_used: of these, those of arenas that have something in use
 * @caches: caches and their arrays
 * @specials: special records of objects
 * @profile: the profile beside these
 * @other: the heap itself, and what its debug layer keeps
 */
struct sh_meta {
	atomic_long_t spans;
	atomic_long_t arenas;
	atomic_long_t arenas_used;
	atomic_long_t caches;
	atomic_long_t specials;
	atomic_long_t profile;
	atomic_long_t other;
};

/**
 * sh_meta_bytes() - all that counts towards a limit
 * @meta: the counts
 *
 * Return: bytes; those of arenas that nobody uses are left out.
 */
static inline unsigned long sh_meta_bytes(const struct sh_meta *meta)
{
	return atomic_long_read(&meta->spans) +
	       atomic_long_read(&meta->arenas_used) +
	       atomic_long_read(&meta->caches) +
	       atomic_long_read(&meta->specials) +
	       atomic_long_read(&meta->profile) +
	       atomic_long_read(&meta->other);
}

#endif /* SPANHEAP_META_H */
