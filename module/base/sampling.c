// SPDX-License-Identifier: GPL-2.0
/*
 * When to take a sample for the heap profile. Samples are points on the line of
 * all bytes ever allocated, at intervals with an exponential distribution whose
 * mean is the module parameter profile_rate: an object is sampled when a point
 * lies in it, which has a chance of 1 - exp(-size / rate) whatever came before.
 * (The Go runtime and TCMalloc sample this way.)
 *
 * The distribution has no memory, so every CPU and every size class can have an
 * interval of its own; all of them together are as good as one. An interval
 * between objects of one size is counted in objects.
 *
 * The kernel has no floating point. Logarithm and exponential are computed to
 * 5 and 9 digits, with integers; the first a bit at a time as Knuth describes
 * (The Art of Computer Programming, 1.2.2, exercise 25 and what it is about).
 *
 * Locks: none. Contexts: any but NMI.
 */
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/random.h>

#include "base/compat.h"
#include "base/sampling.h"

/* Rare enough to be on for everybody: at most 1 % of what churn and replay take. */
unsigned long sh_profile_rate = SH_RATE_DEFAULT;
EXPORT_SYMBOL_IF_KUNIT(sh_profile_rate);

/* Bits after the binary point of logarithms. */
#define LN_BITS		26

/* Bits of a binary logarithm after the point that are computed. */
#define LOG2_BITS	16

/* ln(2) and exp(-1), 32 bits after the point. */
#define LN2		0xb17217f8ULL
#define EXP_MINUS_1	0x5e2d58d9ULL

#define ONE		BIT_ULL(32)

/**
 * sh_sampling_minus_ln() - the negative natural logarithm of a fraction
 * @random: the fraction is (@random + 1) / 2^32
 *
 * Return: -ln of it, with 26 bits after the binary point.
 */
u64 sh_sampling_minus_ln(u32 random)
{
	u64 x = (u64)random + 1, log2;
	int whole = fls64(x) - 1, bit;

	if (whole == 32)
		return 0;
	/* x in [1, 2), 31 bits after the point. Squaring doubles its logarithm. */
	x <<= 31 - whole;
	log2 = (u64)whole << LN_BITS;
	for (bit = LN_BITS - 1; bit >= LN_BITS - LOG2_BITS; bit--) {
		x = (x * x) >> 31;
		if (x >> 32) {
			x >>= 1;
			log2 |= 1ULL << bit;
		}
	}
	return (((32ULL << LN_BITS) - log2) * LN2) >> 32;
}
EXPORT_SYMBOL_IF_KUNIT(sh_sampling_minus_ln);

/* exp(-x), both with 32 bits after the point. */
static u64 exp_minus(u64 x)
{
	u64 part = x & (ONE - 1), term = ONE, sum = ONE;
	unsigned int i;

	if (x >> 32 >= 32)
		return 0;
	/* The series for the part below 1; its signs alternate. */
	for (i = 1; term && i < 16; i++) {
		term = ((term * part) >> 32) / i;
		sum = i % 2 ? sum - term : sum + term;
	}
	for (i = x >> 32; i; i--)
		sum = (sum * EXP_MINUS_1) >> 32;
	return sum;
}

/**
 * sh_sampling_chance() - how likely an object is to be sampled
 * @size: its bytes
 * @rate: mean interval, bytes, not 0
 *
 * Return: the chance with 32 bits after the binary point; at least 1 of these.
 */
u64 sh_sampling_chance(u64 size, unsigned long rate)
{
	/* Every one: the exponential would leave some out. */
	if (rate == 1 || size / rate >= 32)
		return ONE;
	return max(ONE - exp_minus(div64_ul(size << 32, rate)), 1ULL);
}
EXPORT_SYMBOL_IF_KUNIT(sh_sampling_chance);

/**
 * sh_sampling_draw_bytes() - draw an interval
 *
 * Return: bytes until the next sample.
 */
long sh_sampling_draw_bytes(void)
{
	unsigned long rate = READ_ONCE(sh_profile_rate);

	if (!rate)
		return SH_NEVER;
	if (rate == 1)
		return 0;
	return (sh_sampling_minus_ln(get_random_u32()) * rate) >> LN_BITS;
}
EXPORT_SYMBOL_IF_KUNIT(sh_sampling_draw_bytes);

/**
 * sh_sampling_draw() - draw an interval between objects of one size
 * @size: their bytes
 *
 * Return: how many objects to leave out before the next sample.
 */
long sh_sampling_draw(u64 size)
{
	long bytes = sh_sampling_draw_bytes();

	return bytes == SH_NEVER ? bytes : bytes / (long)size;
}
EXPORT_SYMBOL_IF_KUNIT(sh_sampling_draw);
