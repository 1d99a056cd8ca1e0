/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which allocations the heap profile takes samples of. See sampling.c.
 */
#ifndef SPANHEAP_SAMPLING_H
#define SPANHEAP_SAMPLING_H

#include <linux/bits.h>
#include <linux/types.h>

/* Largest mean interval between samples, bytes. */
#define SH_RATE_MAX	BIT(27)

/* The same unless told otherwise. */
#define SH_RATE_DEFAULT	BIT(21)

/* What a countdown holds that is never to end: years of allocations. */
#define SH_NEVER	((long)BIT(60))

extern unsigned long sh_profile_rate;

u64 sh_sampling_minus_ln(u32 random);
u64 sh_sampling_chance(u64 size, unsigned long rate);
long sh_sampling_draw(u64 size);
long sh_sampling_draw_bytes(void);

#endif /* SPANHEAP_SAMPLING_H */
