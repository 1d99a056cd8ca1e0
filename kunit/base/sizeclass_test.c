// SPDX-License-Identifier: GPL-2.0
/*
 * Size classes: the bounds on waste, and that the tables say what they should
 * for every size and for every offset in a span. Exhaustive, so nothing random.
 */
#include <kunit/test.h>

#include "base/sizeclass.h"
#include "cache/percpu.h"

/* From this size on at most an eighth of an object is lost to rounding. */
#define BOUNDED_FROM	128

static void sizeclass_test_has_67_classes_of_8_to_32768(struct kunit *test)
{
	unsigned int c;

	KUNIT_EXPECT_EQ(test, SH_NR_CLASSES - 1, 67);
	KUNIT_EXPECT_EQ(test, sh_classes[1].size, 8);
	KUNIT_EXPECT_EQ(test, sh_classes[SH_NR_CLASSES - 1].size,
			SPANHEAP_MAX_SMALL);
	for (c = 2; c < SH_NR_CLASSES; c++)
		KUNIT_EXPECT_GT(test, sh_classes[c].size,
				sh_classes[c - 1].size);
}

static void sizeclass_test_has_every_power_of_two(struct kunit *test)
{
	unsigned int size;

	for (size = 8; size <= SPANHEAP_MAX_SMALL; size *= 2)
		KUNIT_EXPECT_EQ(test, sh_classes[sh_size_class(size)].size,
				size);
}

static void sizeclass_test_class_0_holds_nothing(struct kunit *test)
{
	const struct sh_class *c = &sh_classes[0];

	KUNIT_EXPECT_EQ(test, sh_size_class(0), 0);
	KUNIT_EXPECT_EQ(test, c->size, 0);
	KUNIT_EXPECT_EQ(test, c->bytes, 0);
	KUNIT_EXPECT_EQ(test, c->elems, 0);
	KUNIT_EXPECT_EQ(test, c->pages, 0);
}

static void sizeclass_test_every_size_gets_the_smallest_fit(struct kunit *test)
{
	unsigned int size, want = 1;

	for (size = 1; size <= SPANHEAP_MAX_SMALL; size++) {
		if (size > sh_classes[want].size)
			want++;
		KUNIT_ASSERT_EQ_MSG(test, sh_size_class(size), want,
				    "size %u", size);
	}
	KUNIT_EXPECT_EQ(test, want, SH_NR_CLASSES - 1);
}

static void sizeclass_test_rounding_wastes_at_most_an_eighth(struct kunit *test)
{
	unsigned int size, got, worst = 0;

	for (size = BOUNDED_FROM; size <= SPANHEAP_MAX_SMALL; size++) {
		got = sh_classes[sh_size_class(size)].size;
		worst = max(worst, (got - size) * 10000 / got);
		KUNIT_ASSERT_LE_MSG(test, (got - size) * 8, got, "size %u",
				    size);
	}
	kunit_info(test, "worst rounding from %d bytes: %u.%02u %%\n",
		   BOUNDED_FROM, worst / 100, worst % 100);
}

/* Below that the step is the alignment, and no more. */
static void sizeclass_test_small_sizes_go_up_by_8_and_16(struct kunit *test)
{
	unsigned int size, got;

	for (size = 1; size < BOUNDED_FROM; size++) {
		got = sh_classes[sh_size_class(size)].size;
		KUNIT_EXPECT_EQ_MSG(test, got, ALIGN(size, size > 32 ? 16 : 8),
				    "size %u", size);
	}
}

static void sizeclass_test_tails_waste_at_most_an_eighth(struct kunit *test)
{
	unsigned int c, bytes, tail, worst = 0;

	for (c = 1; c < SH_NR_CLASSES; c++) {
		bytes = sh_classes[c].bytes;
		tail = bytes - sh_classes[c].elems * sh_classes[c].size;
		worst = max(worst, tail * 10000 / bytes);
		KUNIT_EXPECT_LE_MSG(test, tail * 8, bytes, "class %u", c);
		KUNIT_EXPECT_LT_MSG(test, tail, sh_classes[c].size,
				    "another object fits: class %u", c);
	}
	kunit_info(test, "worst span tail: %u.%02u %%\n", worst / 100,
		   worst % 100);
}

static void sizeclass_test_layouts_are_consistent(struct kunit *test)
{
	unsigned int c;

	for (c = 1; c < SH_NR_CLASSES; c++) {
		const struct sh_class *k = &sh_classes[c];

		KUNIT_EXPECT_EQ_MSG(test, k->bytes, k->pages * SH_PAGE_SIZE,
				    "class %u", c);
		KUNIT_EXPECT_EQ_MSG(test, k->elems, k->bytes / k->size,
				    "class %u", c);
		KUNIT_EXPECT_LE_MSG(test, k->elems, SH_MAX_ELEMS, "class %u",
				    c);
		KUNIT_EXPECT_GE_MSG(test, k->batch, 2, "class %u", c);
		KUNIT_EXPECT_LE_MSG(test, k->batch, SH_BATCH_MAX, "class %u",
				    c);
		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED(k->size, 8), "class %u",
				      c);
	}
}

/*
 * Every offset of every class: the tail divides to the number after the last
 * object, which the checks of a free rely on.
 */
static void sizeclass_test_magic_divides_every_offset(struct kunit *test)
{
	u32 size, magic, bytes, off, idx, first, wrong;
	unsigned int c;

	for (c = 1; c < SH_NR_CLASSES; c++) {
		size = sh_classes[c].size;
		magic = sh_classes[c].magic;
		bytes = sh_classes[c].bytes;
		wrong = 0;
		for (off = idx = first = 0; off < bytes; off++) {
			if (off - first == size) {
				first = off;
				idx++;
			}
			wrong += ((u64)off * magic) >> 32 != idx;
		}
		KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "size %u", size);
		KUNIT_EXPECT_LE(test, idx, sh_classes[c].elems);
	}
}

static struct kunit_case sizeclass_cases[] = {
	KUNIT_CASE(sizeclass_test_has_67_classes_of_8_to_32768),
	KUNIT_CASE(sizeclass_test_has_every_power_of_two),
	KUNIT_CASE(sizeclass_test_class_0_holds_nothing),
	KUNIT_CASE(sizeclass_test_every_size_gets_the_smallest_fit),
	KUNIT_CASE(sizeclass_test_rounding_wastes_at_most_an_eighth),
	KUNIT_CASE(sizeclass_test_small_sizes_go_up_by_8_and_16),
	KUNIT_CASE(sizeclass_test_tails_waste_at_most_an_eighth),
	KUNIT_CASE(sizeclass_test_layouts_are_consistent),
	KUNIT_CASE(sizeclass_test_magic_divides_every_offset),
	{}
};

static struct kunit_suite sizeclass_suite = {
	.name = "spanheap_sizeclass",
	.test_cases = sizeclass_cases,
};

kunit_test_suite(sizeclass_suite);
