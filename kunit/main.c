// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suites for spanheap, by what they test. They run when this module is
 * loaded.
 *
 *   seed=N           for randomised cases; 0, the default, takes a random one
 *   ops_percent=N    how many operations these make, 100 by default
 *   ops=N            how many the suite spanheap_torture makes, 0 by default:
 *                    none, it is skipped
 *   migrate=1        cases change their CPU all the time (lib/migrate.c)
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/random.h>

#include "base/compat.h"
#include "base/sampling.h"
#include "lib/random.h"
#include "object/profile.h"

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "seed of randomised cases, 0 for a random one");

static ulong ops_percent = 100;
module_param(ops_percent, ulong, 0444);
MODULE_PARM_DESC(ops_percent, "operations of randomised cases, in percent");

static ulong ops;
module_param(ops, ulong, 0444);
MODULE_PARM_DESC(ops, "operations of the suite spanheap_torture, 0 to skip it");

unsigned long sh_torture_ops(void)
{
	return ops;
}

unsigned long sh_test_ops(unsigned long nr)
{
	return nr * ops_percent / 100;
}

void sh_test_seed(struct kunit *test, struct rnd_state *rnd)
{
	u64 s = seed ?: get_random_u32() | 1;

	kunit_info(test, "seed %llu\n", s);
	prandom_seed_state(rnd, s);
}

/* Suites run after this. They count exactly: samples are for those that ask. */
static unsigned long rate_before;

static int __init tests_init(void)
{
	rate_before = sh_profile_rate;
	return sh_profile_set_rate(0);
}
module_init(tests_init);

static void __exit tests_exit(void)
{
	sh_profile_set_rate(rate_before);
}
module_exit(tests_exit);

MODULE_IMPORT_NS(SH_NAMESPACE(EXPORTED_FOR_KUNIT_TESTING));
MODULE_DESCRIPTION("KUnit suites for spanheap");
MODULE_LICENSE("GPL");
