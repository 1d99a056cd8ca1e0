// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks known again: only when every return address is where it was. The stacks
 * are made up, in arrays on the stack of the test.
 */
#include <kunit/test.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "base/sampling.h"
#include "lib/fixture.h"
#include "watch/stackcache.h"

#define WORDS	24
#define NR	4

/* Return addresses, the first of them in our module; others for each case. */
static unsigned long addrs[NR + 1];

/* Where they are on the stack; what is in between is of no interest. */
static const unsigned int at[NR] = { 1, 4, 9, 15 };

static void make_stack(unsigned long *words)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		words[i] = i;
	for (i = 0; i < NR; i++)
		words[at[i]] = addrs[i];
}

/* The last is the outermost function's caller, which is not compared. */
static void add(const unsigned long *words, u32 stack)
{
	sh_stackcache_add(words, addrs, NR + 1, 1, stack);
}

static void stackcache_test_knows_what_it_saw(struct kunit *test)
{
	unsigned long words[WORDS];
	u32 before, after;

	make_stack(words);
	preempt_disable();
	before = sh_stackcache_find(words);
	add(words, 17);
	after = sh_stackcache_find(words);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, before, 0);
	KUNIT_EXPECT_EQ(test, after, 17);
}

static void stackcache_test_compares_all_places(struct kunit *test)
{
	unsigned long words[WORDS];
	unsigned int i, found = 0;
	bool same;

	make_stack(words);
	preempt_disable();
	add(words, 18);
	for (i = 0; i < WORDS; i++) {
		words[i]++;
		same = sh_stackcache_find(words) == 18;
		words[i]--;
		found += same;
		/* Only words that hold no return address may change. */
		if (same == (i == at[0] || i == at[1] || i == at[2] || i == at[3]))
			break;
	}
	preempt_enable();
	KUNIT_EXPECT_EQ(test, i, WORDS);
	KUNIT_EXPECT_EQ(test, found, WORDS - NR);
}

static void stackcache_test_goes_by_distance(struct kunit *test)
{
	unsigned long words[WORDS + 2];
	u32 up, off;

	make_stack(words);
	preempt_disable();
	add(words, 19);
	memmove(words + 2, words, WORDS * sizeof(*words));
	up = sh_stackcache_find(words + 2);
	off = sh_stackcache_find(words + 1);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, up, 19);
	KUNIT_EXPECT_EQ(test, off, 0);
}

static void stackcache_test_tells_callers_apart(struct kunit *test)
{
	unsigned long one[WORDS], other[WORDS], others[NR + 1];
	u32 first, second;

	make_stack(one);
	make_stack(other);
	memcpy(others, addrs, sizeof(others));
	other[at[1]] = others[1] = addrs[0] - 9000;
	preempt_disable();
	add(one, 20);
	sh_stackcache_add(other, others, NR + 1, 1, 21);
	first = sh_stackcache_find(one);
	second = sh_stackcache_find(other);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, first, 20);
	KUNIT_EXPECT_EQ(test, second, 21);
}

/* Any of two places with the same address may be the one that counts. */
static void stackcache_test_leftovers_count(struct kunit *test)
{
	unsigned long words[WORDS];
	u32 with, without;

	make_stack(words);
	words[12] = addrs[1];
	preempt_disable();
	add(words, 22);
	with = sh_stackcache_find(words);
	words[12] = 0;
	without = sh_stackcache_find(words);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, with, 22);
	KUNIT_EXPECT_EQ(test, without, 0);
}

static void stackcache_test_forgets_what_it_can_not_find(struct kunit *test)
{
	unsigned long words[WORDS];
	u32 missing, swapped;

	/* As where a tracer has put its own address in place of one. */
	make_stack(words);
	words[at[2]] = 5;
	preempt_disable();
	add(words, 23);
	missing = sh_stackcache_find(words);
	make_stack(words);
	words[at[1]] = addrs[2];
	words[at[2]] = addrs[1];
	add(words, 24);
	swapped = sh_stackcache_find(words);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, missing, 0);
	KUNIT_EXPECT_EQ(test, swapped, 0);
}

static void stackcache_test_bounds_places(struct kunit *test)
{
	unsigned long words[WORDS + 2 * SH_STACKCACHE_FRAMES];
	unsigned int i;
	u32 stack;

	make_stack(words);
	for (i = WORDS; i < ARRAY_SIZE(words); i++)
		words[i] = addrs[3];
	preempt_disable();
	add(words, 25);
	stack = sh_stackcache_find(words);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, stack, 0);
}

static void stackcache_test_refuses_other_memory(struct kunit *test)
{
	static unsigned long words[WORDS];
	u32 stack;

	make_stack(words);
	preempt_disable();
	add(words, 26);
	stack = sh_stackcache_find(words);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, stack, 0);
}

struct in_interrupt {
	unsigned long words[WORDS];
	u32 stack;
};

static void look(void *arg)
{
	struct in_interrupt *in = arg;

	in->stack = sh_stackcache_find(in->words);
}

static void stackcache_test_knows_nothing_in_interrupts(struct kunit *test)
{
	struct in_interrupt in = { .stack = 1 };

	make_stack(in.words);
	migrate_disable();
	add(in.words, 27);
	sh_fixture_in_hardirq(raw_smp_processor_id(), look, &in);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, in.stack, 0);
}

static int stackcache_test_init(struct kunit *test)
{
	static const u16 offsets[NR + 1] = { 100, 3000, 20, 500, 7 };
	static unsigned long top = ULONG_MAX;
	unsigned int i;

	for (i = 0; i <= NR; i++)
		addrs[i] = top - offsets[i];
	top -= 10000;
	return sh_stackcache_init();
}

static struct kunit_case stackcache_test_cases[] = {
	KUNIT_CASE(stackcache_test_knows_what_it_saw),
	KUNIT_CASE(stackcache_test_compares_all_places),
	KUNIT_CASE(stackcache_test_goes_by_distance),
	KUNIT_CASE(stackcache_test_tells_callers_apart),
	KUNIT_CASE(stackcache_test_leftovers_count),
	KUNIT_CASE(stackcache_test_forgets_what_it_can_not_find),
	KUNIT_CASE(stackcache_test_bounds_places),
	KUNIT_CASE(stackcache_test_refuses_other_memory),
	KUNIT_CASE(stackcache_test_knows_nothing_in_interrupts),
	{}
};

static struct kunit_suite stackcache_test_suite = {
	.name = "spanheap_stackcache",
	.init = stackcache_test_init,
	.test_cases = stackcache_test_cases,
};

kunit_test_suite(stackcache_test_suite);
