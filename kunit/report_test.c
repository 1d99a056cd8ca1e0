// SPDX-License-Identifier: GPL-2.0
/*
 * Reports: what the log says of each mistake. A console of our own listens.
 */
#include <kunit/test.h>
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fixture.h"

/* What was printed since listen(), as far as there is room. */
static char heard[32768];
static size_t nr_heard;
static int loglevel;

static void hear(struct console *con, const char *text, unsigned int len)
{
	len = min_t(size_t, len, sizeof(heard) - 1 - nr_heard);
	memcpy(heard + nr_heard, text, len);
	nr_heard += len;
	heard[nr_heard] = 0;
}

static struct console ear = {
	.name = "spanheap_ear",
	.write = hear,
	.flags = CON_ENABLED | CON_ANYTIME,
	.index = -1,
};

static void flush(void)
{
	console_lock();
	console_unlock();
}

static void listen(void)
{
	flush();
	console_lock();
	nr_heard = 0;
	heard[0] = 0;
	console_unlock();
}

static int report_test_suite_init(struct kunit_suite *suite)
{
	loglevel = console_loglevel;
	console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;
	register_console(&ear);
	/* Other cases may have used up what may be reported in a second. */
	msleep(1100);
	return 0;
}

static void report_test_suite_exit(struct kunit_suite *suite)
{
	unregister_console(&ear);
	console_loglevel = loglevel;
}

static void expect_heard(struct kunit *test, const char *what)
{
	flush();
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(heard, what),
				  "\"%s\" is not in the log: %s", what, heard);
}

static void expect_bad_free(struct kunit *test, const void *ptr,
			    const char *what, const char *where)
{
	listen();
	spanheap_free(ptr);
	expect_heard(test, "spanheap: bad free: ");
	expect_heard(test, what);
	expect_heard(test, where);
}

static void report_test_says_what_was_freed(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *small = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *large = spanheap_alloc(heap, 100000, GFP_KERNEL);
	int stack;

	expect_bad_free(test, &stack, "not a spanheap address", "see who frees");
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

	listen();
	spanheap_free(&stack);
	expect_heard(test, "report_test_shows_who_freed");
}

static void report_test_limits_its_rate(struct kunit *test)
{
	int stack, i, reports = 0;
	const char *at = heard;

	listen();
	for (i = 0; i < 100; i++)
		spanheap_free(&stack);
	flush();
	while ((at = strstr(at, "bad free: "))) {
		reports++;
		at++;
	}
	KUNIT_EXPECT_LE(test, reports, 50);
}

static void report_test_lists_leaks(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-leaks", 0);
	int i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, 100, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, 4096, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, spanheap_alloc(heap, SZ_64K, GFP_KERNEL));
	listen();
	spanheap_destroy(heap);
	expect_heard(test, "heap kunit-leaks: destroyed with 5 objects of 69968 bytes");
	expect_heard(test, "3 of size class 112");
	expect_heard(test, "1 of size class 4096");
	expect_heard(test, "1 large, of 65536 bytes");
}

static void report_test_is_silent_when_all_is_well(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-clean", 0);

	listen();
	spanheap_free(spanheap_alloc(heap, 100, GFP_KERNEL));
	spanheap_free(spanheap_alloc(heap, 100000, GFP_KERNEL));
	spanheap_free(NULL);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, SIZE_MAX, GFP_KERNEL |
					       __GFP_NOWARN));
	sh_fixture_destroy(test, heap);
	flush();
	KUNIT_EXPECT_NULL(test, strstr(heard, "spanheap: "));
}

static struct kunit_case report_test_cases[] = {
	KUNIT_CASE_SLOW(report_test_says_what_was_freed),
	KUNIT_CASE(report_test_knows_what_was_released),
	KUNIT_CASE(report_test_shows_who_freed),
	KUNIT_CASE(report_test_limits_its_rate),
	KUNIT_CASE(report_test_lists_leaks),
	KUNIT_CASE(report_test_is_silent_when_all_is_well),
	{ }
};

static struct kunit_suite report_test_suite = {
	.name = "spanheap_report",
	.suite_init = report_test_suite_init,
	.suite_exit = report_test_suite_exit,
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = report_test_cases,
};

kunit_test_suite(report_test_suite);
