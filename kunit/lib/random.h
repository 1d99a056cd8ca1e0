/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Randomised cases: where their seed comes from and how many operations they
 * make, both module parameters.
 */
#ifndef SPANHEAP_KUNIT_RANDOM_H
#define SPANHEAP_KUNIT_RANDOM_H

#include <kunit/test.h>
#include <linux/prandom.h>

/* Operations of one randomised case, scaled by the parameter "ops_percent". */
unsigned long sh_test_ops(unsigned long nr);

/* The parameter "ops". */
unsigned long sh_torture_ops(void);

/*
 * Start a generator for this case from the parameter "seed", or from a random
 * one, and print it, so that a failure can be repeated.
 */
void sh_test_seed(struct kunit *test, struct rnd_state *rnd);

/* A number from 0 to @below - 1. */
static inline u32 sh_test_random(struct rnd_state *rnd, u32 below)
{
	return ((u64)prandom_u32_state(rnd) * below) >> 32;
}

#endif /* SPANHEAP_KUNIT_RANDOM_H */
