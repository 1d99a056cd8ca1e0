// SPDX-License-Identifier: GPL-2.0
/*
 * Debug heaps: every write beside objects or after they were freed is seen, and
 * said once.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kasan.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "debug/quarantine.h"
#include "lib/ear.h"
#include "lib/fixture.h"
#include "show/check.h"

/* Write where nothing may be written, as a bug would. */
static void scribble(void *ptr, long off, size_t len)
{
	kasan_disable_current();
	memset(ptr + off, 'A', len);
	kasan_enable_current();
}

static void expect_corruption(struct kunit *test, const char *what, long offset,
			      const char *when)
{
	char text[64];

	sh_ear_expect(test, "spanheap: corruption: ");
	sh_ear_expect(test, what);
	snprintf(text, sizeof(text), ", heap kunit-debug, offset %ld: 41", offset);
	sh_ear_expect(test, text);
	sh_ear_expect(test, when);
	sh_ear_expect(test, "spanheap: allocated ");
}

static void damage_test_sees_writes_beside_objects(struct kunit *test)
{
	static const size_t sizes[] = {
		1, 9, 100, 1024, 4096, 16384, 40000, 262144,
	};
	static const size_t lengths[] = { 1, 8, 64 };
	struct spanheap *heap = test->priv;
	unsigned int found = 0;
	size_t i, k, size;
	void *ptr;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (k = 0; k < ARRAY_SIZE(lengths); k++) {
			size = sizes[i] + k * 16;
			ptr = spanheap_alloc(heap, size, GFP_KERNEL);
			scribble(ptr, size, lengths[k]);
			sh_ear_listen();
			spanheap_free(ptr);
			expect_corruption(test, "overflow past the end: object",
					  size, "found when it was freed");
			ptr = spanheap_alloc(heap, size, GFP_KERNEL);
			scribble(ptr, -(long)lengths[k], lengths[k]);
			sh_ear_listen();
			spanheap_free(ptr);
			expect_corruption(test, "underflow before the start: object",
					  -(long)lengths[k], "found when it was freed");
			found += 2;
			KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).corruptions, found);
		}
	}
	/* Nearly as much as may be reported in a second. */
	msleep(1100);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	sh_fixture_check(test, heap);
}

static void damage_test_sees_writes_after_free(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *ptr = spanheap_alloc(heap, 100, GFP_KERNEL);

	spanheap_free(ptr);
	scribble(ptr, 17, 1);
	sh_ear_listen();
	sh_quarantine_drain(heap);
	expect_corruption(test, "write after free: object", 17, "found when it left quarantine");
	sh_ear_expect(test, "(1 bytes wrong)");
	sh_ear_expect(test, "spanheap: freed ");
	sh_ear_expect(test, "damage_test_sees_writes_after_free");
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).corruptions, 1);
}

static void damage_test_sees_writes_before_reuse(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *keep = spanheap_alloc(heap, 100, GFP_KERNEL), *objs[64], *ptr;
	int i;

	ptr = spanheap_alloc(heap, 100, GFP_KERNEL);
	spanheap_free(ptr);
	sh_quarantine_drain(heap);
	/* Its memory is free now, and may be allocated next. */
	scribble(ptr, 0, 100);
	sh_ear_listen();
	for (i = 0; i < 64; i++) {
		objs[i] = spanheap_alloc(heap, 100, GFP_KERNEL);
		KUNIT_EXPECT_PTR_NE(test, objs[i], ptr);
	}
	expect_corruption(test, "write after free: object", 0,
			  "found when its memory was used again");
	spanheap_free_bulk(64, objs);
	spanheap_free(keep);
	sh_quarantine_drain(heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).corruptions, 1);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
}

static void damage_test_sees_writes_before_pages_go(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *keep = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *ptr = spanheap_alloc(heap, 100, GFP_KERNEL);

	spanheap_free(ptr);
	sh_quarantine_drain(heap);
	scribble(ptr, 50, 8);
	spanheap_free(keep);
	sh_ear_listen();
	sh_quarantine_drain(heap);
	expect_corruption(test, "write after free: object", 50, "found when its pages went back");
}

static void damage_test_check_finds_damage_once(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *ptr = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *freed = spanheap_alloc(heap, 5000, GFP_KERNEL);

	sh_fixture_check(test, heap);
	scribble(ptr, 100, 1);
	spanheap_free(freed);
	scribble(freed, 3000, 4);
	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, sh_check_heap(heap, NULL), -EUCLEAN);
	expect_corruption(test, "overflow past the end", 100, "found when the heap was checked");
	expect_corruption(test, "write after free", 3000, "found when the heap was checked");
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).corruptions, 2);
	sh_fixture_check(test, heap);
	sh_ear_listen();
	spanheap_free(ptr);
	sh_quarantine_drain(heap);
	SH_EXPECT_SILENCE(test);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).corruptions, 2);
}

/* Writes past the new end are seen. */
static void damage_test_guards_what_was_shrunk(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *ptr = spanheap_alloc(heap, 200, GFP_KERNEL);

	ptr = spanheap_realloc(heap, ptr, 100, GFP_KERNEL);
	scribble(ptr, 150, 8);
	sh_ear_listen();
	spanheap_free(ptr);
	expect_corruption(test, "overflow past the end", 150, "found when it was freed");
}

/* Damage that is there already is reported, and left as it is. */
static void damage_test_is_seen_before_a_resize(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	char *ptr = spanheap_alloc(heap, 200, GFP_KERNEL);

	scribble(ptr, 200, 8);
	sh_ear_listen();
	KUNIT_EXPECT_PTR_EQ(test, spanheap_realloc(heap, ptr, 100, GFP_KERNEL), ptr);
	expect_corruption(test, "overflow past the end", 200, "found when it was resized");
	kasan_disable_current();
	KUNIT_EXPECT_EQ(test, ptr[200], 'A');
	kasan_enable_current();
	spanheap_free(ptr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
}

/* The same mistake over and over does not fill the log. */
static void damage_test_is_reported_a_few_times(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int i;

	/* What may be reported in a second is to be there, and there again. */
	msleep(1100);
	sh_ear_listen();
	for (i = 0; i < 100; i++) {
		void *ptr = spanheap_alloc(heap, 100, GFP_KERNEL);

		scribble(ptr, 100, 1);
		spanheap_free(ptr);
	}
	KUNIT_EXPECT_GE(test, sh_ear_count("spanheap: corruption: "), 1);
	KUNIT_EXPECT_LE(test, sh_ear_count("spanheap: corruption: "), 32);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).corruptions, 100);
	msleep(1100);
}

struct irq_arg {
	struct kunit *test;
	void *ptr;
};

static void irq_alloc(void *data)
{
	struct irq_arg *arg = data;

	arg->ptr = spanheap_alloc(arg->test->priv, 200, GFP_ATOMIC);
}

static void irq_free(void *data)
{
	struct irq_arg *arg = data;

	spanheap_free(arg->ptr);
}

static void damage_test_is_seen_in_interrupts(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct irq_arg arg = { .test = test };
	void *ptr = spanheap_alloc(heap, 200, GFP_KERNEL);
	int cpu = raw_smp_processor_id();

	sh_fixture_in_hardirq(cpu, irq_alloc, &arg);
	KUNIT_ASSERT_NOT_NULL(test, arg.ptr);
	KUNIT_EXPECT_EQ(test, spanheap_size(arg.ptr), 200);
	scribble(arg.ptr, 200, 8);
	sh_ear_listen();
	sh_fixture_in_hardirq(cpu, irq_free, &arg);
	expect_corruption(test, "overflow past the end", 200, "found when it was freed");
	sh_ear_expect(test, "irq_alloc");
	spanheap_free(ptr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
}

static struct kunit_case damage_test_cases[] = {
	KUNIT_CASE_SLOW(damage_test_sees_writes_beside_objects),
	KUNIT_CASE(damage_test_sees_writes_after_free),
	KUNIT_CASE(damage_test_sees_writes_before_reuse),
	KUNIT_CASE(damage_test_sees_writes_before_pages_go),
	KUNIT_CASE(damage_test_check_finds_damage_once),
	KUNIT_CASE(damage_test_guards_what_was_shrunk),
	KUNIT_CASE(damage_test_is_seen_before_a_resize),
	KUNIT_CASE(damage_test_is_seen_in_interrupts),
	KUNIT_CASE_SLOW(damage_test_is_reported_a_few_times),
	{ }
};

static struct kunit_suite damage_test_suite = {
	.name = "spanheap_damage",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = sh_fixture_debug_init,
	.exit = sh_fixture_exit,
	.test_cases = damage_test_cases,
};

kunit_test_suite(damage_test_suite);
