// SPDX-License-Identifier: GPL-2.0
/*
 * Reports: what the log says of each mistake.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/ear.h"
#include "lib/fixture.h"

static void expect_bad_free(struct kunit *test, const void *ptr,
			    const char *what, const char *where)
{
	sh_ear_listen();
	spanheap_free(ptr);
	sh_ear_expect(test, "spanheap: bad free: ");
	sh_ear_expect(test, what);
	sh_ear_expect(test, where);
}

static void report_test_says_what_was_freed(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *small = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *large = spanheap_alloc(heap, 100000, GFP_KERNEL);
	int stack;

	expect_bad_free(test, &stack, "not a spanheap address", "called from:");
	expect_bad_free(test, small + 8, "interior pointer", "heap kunit, size class 112");
	expect_bad_free(test, (void *)ALIGN((unsigned long)small + 1, SH_PAGE_SIZE) - 1,
			"past the last object of a span", "size class 112");
	expect_bad_free(test, large + 8, "interior pointer", "heap kunit, large");
	spanheap_free(small);
	spanheap_free(large);
	expect_bad_free(test, small, "double free", "heap kunit, size class 112");
	expect_bad_free(test, large, "double free", "heap kunit");
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 5);
}

/* Whatever the memory of an object has become since. */
static void report_test_knows_what_was_released(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *keep = spanheap_alloc(heap, 1000, GFP_KERNEL);	/* the arena */
	void *small = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *large = spanheap_alloc(heap, SZ_256K, GFP_KERNEL);

	spanheap_free(small);
	spanheap_free(large);
	spanheap_scavenge(heap);
	expect_bad_free(test, small, "double free", "heap kunit, free pages");
	expect_bad_free(test, large, "double free", "heap kunit, free pages");
	/* In the middle of a free span. */
	expect_bad_free(test, large + SZ_128K, "double free", "heap kunit, free pages");
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 3);
	spanheap_free(keep);
}

/* The stack that follows leads to who freed. */
static void report_test_shows_who_freed(struct kunit *test)
{
	int stack;

	sh_ear_listen();
	spanheap_free(&stack);
	sh_ear_expect(test, "report_test_shows_who_freed");
}

/* One mistake a thousand times is said once, and hides no other. */
static void report_test_tells_a_place_once(struct kunit *test)
{
	int stack, i;

	sh_ear_listen();
	for (i = 0; i < 1000; i++)
		spanheap_free(&stack);
	KUNIT_EXPECT_EQ(test, sh_ear_count("bad free: "), 1);
	spanheap_free(&stack);
	KUNIT_EXPECT_EQ(test, sh_ear_count("bad free: "), 2);
}

/* One mistake with a thousand addresses is not said a thousand times either. */
static void report_test_tells_a_place_now_and_then(struct kunit *test)
{
	char stack[256];
	int i, nr;

	msleep(1100);
	sh_ear_listen();
	for (i = 0; i < 256; i++)
		spanheap_free(&stack[i]);
	nr = sh_ear_count("bad free: ");
	KUNIT_EXPECT_GT(test, nr, 0);
	KUNIT_EXPECT_LE(test, nr, 32);
	/* So that what all places may have in a second is not used up. */
	msleep(1100);
	sh_ear_listen();
	spanheap_free(&stack);
	KUNIT_EXPECT_EQ(test, sh_ear_count("bad free: "), 1);
}

/* The same place, but another heap. */
static void report_test_tells_heaps_apart(struct kunit *test)
{
	struct spanheap *heaps[2];
	void *ptr;
	int i;

	msleep(1100);
	sh_ear_listen();
	for (i = 0; i < 2; i++) {
		heaps[i] = sh_fixture_create(test, "kunit-place", 0);
		ptr = spanheap_alloc(heaps[i], 64, GFP_KERNEL);
		spanheap_free(ptr + 8);
		spanheap_free(ptr);
		sh_fixture_destroy(test, heaps[i]);
	}
	KUNIT_EXPECT_EQ(test, sh_ear_count("interior pointer"), 2);
}

static void report_test_says_where_inside(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *small = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *large = spanheap_alloc(heap, 100000, GFP_KERNEL);

	expect_bad_free(test, small + 40, "interior pointer",
			"that is at offset 40 of the object at ");
	expect_bad_free(test, large + 70000, "interior pointer",
			"that is at offset 70000 of the object at ");
	spanheap_free(small);
	expect_bad_free(test, small, "double free", "that is at offset 0 of the object at ");
	spanheap_free(large);
}

static void report_test_lists_leaks(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-leaks", 0);
	int i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, 100, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, 4096, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, SZ_64K, GFP_KERNEL));
	sh_ear_listen();
	spanheap_destroy(heap);
	sh_ear_expect(test, "heap kunit-leaks: destroyed with 5 objects of 69968 bytes");
	sh_ear_expect(test, "3 of size class 112");
	sh_ear_expect(test, "1 of size class 4096");
	sh_ear_expect(test, "1 large, of 65536 bytes");
}

static void report_test_is_silent_when_all_is_well(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-clean", 0);

	sh_ear_listen();
	spanheap_free(spanheap_alloc(heap, 100, GFP_KERNEL));
	spanheap_free(spanheap_alloc(heap, 100000, GFP_KERNEL));
	spanheap_free(NULL);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SIZE_MAX, GFP_KERNEL |
					       __GFP_NOWARN));
	sh_fixture_destroy(test, heap);
	SH_EXPECT_SILENCE(test);
}

/* An address that is no heap, destroyed over and over, does not fill the log. */
static void report_test_tells_of_no_heap_a_few_times(struct kunit *test)
{
	unsigned long begin, seconds;
	int i;

	msleep(1100);
	sh_ear_listen();
	begin = jiffies;
	for (i = 0; i < 50; i++)
		spanheap_destroy((struct spanheap *)test);
	seconds = (jiffies - begin) / HZ;
	KUNIT_EXPECT_GE(test, sh_ear_count("spanheap: bad destroy: not a heap"), 1);
	/* Five in a second, of which the first and the last were not whole. */
	KUNIT_EXPECT_LE(test, sh_ear_count("spanheap: bad destroy: not a heap"),
			5 * (seconds + 2));
}

static struct kunit_case report_test_cases[] = {
	KUNIT_CASE_SLOW(report_test_says_what_was_freed),
	KUNIT_CASE(report_test_knows_what_was_released),
	KUNIT_CASE(report_test_shows_who_freed),
	KUNIT_CASE(report_test_tells_a_place_once),
	KUNIT_CASE_SLOW(report_test_tells_a_place_now_and_then),
	KUNIT_CASE(report_test_tells_heaps_apart),
	KUNIT_CASE(report_test_says_where_inside),
	KUNIT_CASE(report_test_lists_leaks),
	KUNIT_CASE(report_test_tells_of_no_heap_a_few_times),
	KUNIT_CASE(report_test_is_silent_when_all_is_well),
	{ }
};

static struct kunit_suite report_test_suite = {
	.name = "spanheap_report",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = report_test_cases,
};

kunit_test_suite(report_test_suite);
