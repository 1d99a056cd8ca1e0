// SPDX-License-Identifier: GPL-2.0
/*
 * Records of several pages: what they take, what they hold, and where they come
 * from when memory is in pieces.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "base/longmem.h"

/* Whether the block a record was cut from has no page more than the record. */
static bool is_cut(void *record, size_t bytes)
{
	unsigned long i, nr = PFN_UP(bytes);
	struct page *page;

	if (is_vmalloc_addr(record))
		return true;
	page = virt_to_page(record);
	for (i = 0; i < nr; i++)
		if (page_count(page + i) != 1)
			return false;
	return !page_count(page + nr);
}

static void longmem_test_records_are_zeroed_and_whole(struct kunit *test)
{
	static const size_t sizes[] = {
		1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE,
		5 * PAGE_SIZE - 100, 8 * PAGE_SIZE, 9 * PAGE_SIZE,
	};
	unsigned int i;
	size_t bytes;
	char *record;

	/* The second time of what the first one wrote to. */
	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		bytes = sizes[i / 2];
		record = sh_long_record_alloc(bytes, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, record);
		KUNIT_EXPECT_NULL(test, memchr_inv(record, 0, bytes));
		memset(record, 0xa5, bytes);
		sh_long_record_free(record, bytes);
	}
}

/* What a power of two would have more is somebody else's to have. */
static void longmem_test_records_take_their_pages_only(struct kunit *test)
{
	const size_t bytes = 4 * PAGE_SIZE + 1;
	unsigned int i, cut = 0;
	void *record;

	for (i = 0; i < 16; i++) {
		record = sh_long_record_alloc(bytes, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, record);
		cut += is_cut(record, bytes);
		sh_long_record_free(record, bytes);
	}
	/* Others may have taken what was cut off meanwhile. */
	KUNIT_EXPECT_GE(test, cut, 8);
}

/* No block of that size: the pages need not be adjacent. */
static void longmem_test_records_come_in_pieces_too(struct kunit *test)
{
	const size_t bytes = (PAGE_SIZE << MAX_PAGE_ORDER) + 1;
	char *record = sh_long_record_alloc(bytes, NUMA_NO_NODE);

	KUNIT_ASSERT_NOT_NULL(test, record);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(record));
	KUNIT_EXPECT_NULL(test, memchr_inv(record, 0, bytes));
	sh_long_record_free(record, bytes);
}

static struct kunit_case longmem_cases[] = {
	KUNIT_CASE(longmem_test_records_are_zeroed_and_whole),
	KUNIT_CASE(longmem_test_records_take_their_pages_only),
	KUNIT_CASE(longmem_test_records_come_in_pieces_too),
	{}
};

static struct kunit_suite longmem_suite = {
	.name = "spanheap_longmem",
	.test_cases = longmem_cases,
};

kunit_test_suite(longmem_suite);
