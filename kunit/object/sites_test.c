// SPDX-License-Identifier: GPL-2.0
/*
 * The heap profile by stack: ten functions that allocate, and what the profile
 * says of each.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/sort.h>

#include "base/sampling.h"
#include "lib/fixture.h"
#include "object/profile.h"
#include "watch/stacks.h"

#define SITES	10

/* More code than one of the functions below is. */
#define SITE_CODE	512

/* Each different from the others, or the compiler makes one function of them. */
#define DEFINE_SITE(n)							\
static noinline void *site_##n(struct spanheap *heap, size_t size)	\
{									\
	void *obj = spanheap_alloc(heap, size, GFP_KERNEL);		\
									\
	asm volatile("" : : "i" (n) : "memory");			\
	return obj;							\
}

DEFINE_SITE(0)
DEFINE_SITE(1)
DEFINE_SITE(2)
DEFINE_SITE(3)
DEFINE_SITE(4)
DEFINE_SITE(5)
DEFINE_SITE(6)
DEFINE_SITE(7)
DEFINE_SITE(8)
DEFINE_SITE(9)

static void *(*const sites[SITES])(struct spanheap *heap, size_t size) = {
	site_0, site_1, site_2, site_3, site_4,
	site_5, site_6, site_7, site_8, site_9,
};

static const u16 sizes[SITES] = {
	24, 8000, 64, 1500, 20000, 512, 100, 4096, 320, 2000,
};

static unsigned long rate_before;

/* Which of them a return address is in; SITES when it is in none. */
static unsigned int site_at(unsigned long addr)
{
	unsigned int i, best = SITES;
	unsigned long off, least = SITE_CODE;

	for (i = 0; i < SITES; i++) {
		off = addr - (unsigned long)dereference_function_descriptor(sites[i]);
		if (off && off < least) {
			least = off;
			best = i;
		}
	}
	return best;
}

static unsigned int site_of(u32 stack)
{
	unsigned long *frames;
	unsigned int nr = sh_stack_fetch(stack, &frames), i, site = SITES;

	for (i = 0; i < nr && site == SITES; i++)
		site = site_at(frames[i]);
	return site;
}

/* Bytes ever allocated by each, and by others, as the profile has it. */
static void read_profile(struct spanheap *heap, u64 *bytes)
{
	struct sh_bucket *bucket;
	unsigned long stack;

	memset(bytes, 0, (SITES + 1) * sizeof(*bytes));
	xa_for_each(&heap->profile.buckets, stack, bucket)
		bytes[site_of(stack)] += atomic64_read(&bucket->all_bytes);
}

/* As deep in the stack as asked for, with frames of two sizes. */
static noinline void allocate_below(struct spanheap *heap, unsigned int site,
				    unsigned int depth, u64 *truth)
{
	void *obj;

	if (depth) {
		allocate_below(heap, site, depth - 1, truth);
	} else {
		obj = sites[site](heap, sizes[site]);
		truth[site] += spanheap_size(obj);
		spanheap_free(obj);
	}
	barrier();
}

static noinline void allocate_padded(struct spanheap *heap, unsigned int site,
				     unsigned int depth, u64 *truth)
{
	u8 pad[72];

	OPTIMIZER_HIDE_VAR(truth);
	asm volatile("" : : "r" (pad) : "memory");
	allocate_below(heap, site, depth, truth);
	barrier();
}

/* Stacks are known again by the hundred, and no object counts for another. */
static void sites_test_exact_with_rate_1(struct kunit *test)
{
	u64 truth[SITES] = { }, bytes[SITES + 1];
	struct rnd_state rnd;
	unsigned int i;
	u32 dice;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	prandom_seed_state(&rnd, 5);
	for (i = 0; i < 3000; i++) {
		dice = prandom_u32_state(&rnd);
		if (dice & 1)
			allocate_below(test->priv, dice / 2 % SITES, dice >> 30,
				       truth);
		else
			allocate_padded(test->priv, dice / 2 % SITES, dice >> 30,
					truth);
	}
	read_profile(test->priv, bytes);
	for (i = 0; i < SITES; i++)
		KUNIT_EXPECT_EQ(test, bytes[i], truth[i]);
	KUNIT_EXPECT_EQ(test, bytes[SITES], 0);
}

/*
 * Site i has i + 1 of 55 parts of all bytes. In 1 GiB with a sample each 512 KiB,
 * one with 3/55 has 112 samples and so a standard error of 9.5 %. Where a GiB
 * takes too long, fewer bytes with more samples: 447, and 4.7 %.
 */
#if SH_FIXTURE_EMULATED
#define RUNS	5
#define BYTES	((u64)SZ_8M)
#define RATE	SZ_1K
#else
#define RUNS	20
#define BYTES	((u64)SZ_1G)
#define RATE	SZ_512K
#endif

/* Always the one that is furthest behind its share. */
static void run_sites(struct spanheap *heap, u64 *truth)
{
	unsigned int i, behind, round;
	u64 total = 0;
	void *obj;

	memset(truth, 0, SITES * sizeof(*truth));
	while (total < BYTES) {
		behind = 0;
		for (i = 1; i < SITES; i++)
			if (truth[i] * (behind + 1) < truth[behind] * (i + 1))
				behind = i;
		for (round = 0; round < 32; round++) {
			obj = sites[behind](heap, sizes[behind]);
			truth[behind] += spanheap_size(obj);
			total += spanheap_size(obj);
			spanheap_free(obj);
		}
		cond_resched();
	}
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void sites_test_estimates_every_site(struct kunit *test)
{
	u64 before[SITES + 1] = { }, after[SITES + 1], truth[SITES];
	static int error[SITES][RUNS];
	int run, i;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(RATE), 0);
	for (run = 0; run < RUNS; run++) {
		run_sites(test->priv, truth);
		read_profile(test->priv, after);
		for (i = 0; i < SITES; i++)
			error[i][run] = abs((s64)(after[i] - before[i] - truth[i])) *
					1000 / (s64)truth[i];
		memcpy(before, after, sizeof(before));
	}
	KUNIT_EXPECT_EQ(test, after[SITES], 0);
	for (i = 0; i < SITES; i++) {
		sort(error[i], RUNS, sizeof(int), by_value, NULL);
		kunit_info(test, "site of %d/55: median error %d per mille, worst %d\n",
			   i + 1, error[i][RUNS / 2], error[i][RUNS - 1]);
		/* Those of more than 5 % of all bytes. */
		if (i + 1 >= 3)
			KUNIT_EXPECT_LE(test, error[i][RUNS / 2], 150);
	}
}

static int sites_test_init(struct kunit *test)
{
	int err;

	rate_before = sh_profile_rate;
	err = sh_fixture_init(test);
	if (!IS_ENABLED(CONFIG_STACKDEPOT) || !IS_ENABLED(CONFIG_STACKTRACE))
		kunit_skip(test, "no stacks in this kernel");
	return err;
}

static void sites_test_exit(struct kunit *test)
{
	sh_fixture_exit(test);
	sh_profile_set_rate(rate_before);
}

static struct kunit_case sites_test_cases[] = {
	KUNIT_CASE(sites_test_exact_with_rate_1),
	KUNIT_CASE_SLOW(sites_test_estimates_every_site),
	{}
};

static struct kunit_suite sites_test_suite = {
	.name = "spanheap_sites",
	.init = sites_test_init,
	.exit = sites_test_exit,
	.test_cases = sites_test_cases,
};

kunit_test_suite(sites_test_suite);
