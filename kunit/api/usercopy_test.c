// SPDX-License-Identifier: GPL-2.0
/*
 * Copies to and from user space: what lies within one object goes through, from
 * any part of it; what does not is refused as a whole, said and counted.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "lib/ear.h"
#include "lib/fixture.h"

/* User memory of a case; a case that gets none is skipped. */
static char __user *user_memory(struct kunit *test)
{
	unsigned long at = kunit_vm_mmap(test, NULL, 0, SZ_256K,
					 PROT_READ | PROT_WRITE,
					 MAP_ANONYMOUS | MAP_PRIVATE, 0);

	if (IS_ERR_VALUE(at) || !at)
		kunit_skip(test, "no user memory");
	return (char __user *)at;
}

/* A copy of @nr bytes at @ptr is refused both ways, and nothing is touched. */
static void expect_refused(struct kunit *test, struct spanheap *heap, void *ptr,
			   size_t nr)
{
	u64 before = sh_fixture_stats(heap).bad_copies;

	/* An access to this address would fault, and copy nothing as well. */
	KUNIT_EXPECT_EQ(test, spanheap_copy_to_user(NULL, ptr, nr), nr);
	KUNIT_EXPECT_EQ(test, spanheap_copy_from_user(ptr, NULL, nr), nr);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_copies, before + 2);
	sh_fixture_check(test, heap);
}

/* Of each size class, and of large objects: all, a part, the last byte. */
static void usercopy_test_copies_within_objects(struct kunit *test)
{
	char __user *user = user_memory(test);
	struct spanheap *heap = test->priv;
	size_t size, off;
	char *obj, *back;

	for (size = 8; size <= SZ_128K; size = spanheap_size_roundup(size + size / 2 + 1)) {
		obj = spanheap_alloc(heap, size, GFP_KERNEL);
		back = spanheap_zalloc(heap, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_ASSERT_NOT_NULL(test, back);
		sh_fixture_fill(obj, size, size);
		for (off = 0; off < size; off += max(size / 5, 1UL)) {
			KUNIT_EXPECT_EQ(test, 0, spanheap_copy_to_user(user + off, obj + off,
								       size - off));
			KUNIT_EXPECT_EQ(test, 0, spanheap_copy_from_user(back + off, user + off,
									 size - off));
			KUNIT_EXPECT_EQ(test, memcmp(obj + off, back + off, size - off), 0);
		}
		KUNIT_EXPECT_EQ(test, 0, spanheap_copy_to_user(user, obj + size - 1, 1));
		spanheap_free(obj);
		spanheap_free(back);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_copies, 0);
}

static void usercopy_test_says_what_is_wrong(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, 256, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	/* For the limit on reports to be that of no other case. */
	msleep(1100);
	sh_ear_listen();
	expect_refused(test, heap, obj + 8, 8192);
	sh_ear_expect(test, "spanheap: bad copy_to_user: 8192 bytes at offset 8 of 256 bytes: ");
	sh_ear_expect(test, "spanheap: bad copy_from_user: 8192 bytes at offset 8 of 256 bytes: ");
	sh_ear_expect(test, ", heap kunit; nothing was copied");
	spanheap_free(obj);
	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, 8, spanheap_copy_to_user(NULL, obj, 8));
	sh_ear_expect(test, "spanheap: bad copy_to_user: 8 bytes where there is no live object: ");
	/* The same once more is not. */
	sh_ear_listen();
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, 8, spanheap_copy_to_user(NULL, obj, 8));
	KUNIT_EXPECT_EQ(test, sh_ear_count("bad copy_to_user"), 1);
}

static void usercopy_test_refuses_the_neighbours(struct kunit *test)
{
	static const size_t sizes[] = { 8, 256, 4096, 9216, SZ_32K, SZ_64K };
	struct spanheap *heap = test->priv;
	void *obj[3];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(obj); j++)
			obj[j] = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		for (j = 0; j < ARRAY_SIZE(obj); j++) {
			KUNIT_ASSERT_NOT_NULL(test, obj[j]);
			expect_refused(test, heap, obj[j], sizes[i] + 1);
			expect_refused(test, heap, obj[j], 32 * sizes[i]);
			expect_refused(test, heap, obj[j] + sizes[i] / 2,
				       sizes[i] / 2 + 1);
			expect_refused(test, heap, obj[j] + sizes[i] - 1, 2);
		}
		spanheap_free_bulk(ARRAY_SIZE(obj), obj);
	}
}

/* Lengths that would come round to an address within the object. */
static void usercopy_test_refuses_lengths_that_wrap(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, 256, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	expect_refused(test, heap, obj, SIZE_MAX);
	expect_refused(test, heap, obj + 8, SIZE_MAX - 7);
	expect_refused(test, heap, obj + 255, -(unsigned long)obj);
	expect_refused(test, heap, obj, SIZE_MAX / 2 + 1);
	spanheap_free(obj);
}

static void usercopy_test_refuses_freed_objects(struct kunit *test)
{
	static const size_t sizes[] = { 64, 5000, SZ_32K, SZ_128K };
	struct spanheap *heap = test->priv;
	u64 bad;
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		spanheap_free(obj);
		bad = sh_fixture_stats(NULL).bad_copies;
		KUNIT_EXPECT_EQ(test, 1, spanheap_copy_to_user(NULL, obj, 1));
		KUNIT_EXPECT_EQ(test, sizes[i], spanheap_copy_from_user(obj, NULL, sizes[i]));
		/* Nobody's: the default heap counts it, as it does bad frees. */
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(NULL).bad_copies, bad + 2);
	}
}

static void usercopy_test_refuses_what_is_no_heaps(struct kunit *test)
{
	void *slab = kmalloc(64, GFP_KERNEL);
	char stack[16];
	void *foreign[] = {
		NULL, ZERO_SIZE_PTR, (void *)1, slab, stack,
		usercopy_test_refuses_what_is_no_heaps, ERR_PTR(-EIO),
		(void *)-1L, (void *)VMALLOC_START, (void *)(VMALLOC_END - 1),
	};
	u64 bad = sh_fixture_stats(NULL).bad_copies;
	int i;

	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		KUNIT_EXPECT_EQ(test, 8, spanheap_copy_to_user(NULL, foreign[i], 8));
		KUNIT_EXPECT_EQ(test, 8, spanheap_copy_from_user(foreign[i], NULL, 8));
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(NULL).bad_copies, bad + 2 * i);
	kfree(slab);
}

/* Nothing is copied of whatever, and nobody minds. */
static void usercopy_test_zero_bytes_are_fine(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, 64, GFP_KERNEL);

	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_to_user(NULL, obj, 0));
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_to_user(NULL, obj + 64, 0));
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_to_user(NULL, NULL, 0));
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_from_user(ZERO_SIZE_PTR, NULL, 0));
	SH_EXPECT_SILENCE(test);
	spanheap_free(obj);
}

static void usercopy_test_knows_manual_spans(struct kunit *test)
{
	char __user *user = user_memory(test);
	struct spanheap *heap = test->priv;
	char *pages = spanheap_alloc_pages(heap, SZ_32K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	memset(pages, 0x5a, SZ_32K);
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_to_user(user, pages, SZ_32K));
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_from_user(pages + 1, user, SZ_32K - 1));
	expect_refused(test, heap, pages, SZ_32K + 1);
	expect_refused(test, heap, pages + SZ_16K, SZ_16K + 1);
	KUNIT_EXPECT_EQ(test, spanheap_split(pages), 0);
	expect_refused(test, heap, pages, SZ_16K + 1);
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_to_user(user, pages + SZ_16K, SZ_16K));
	spanheap_free_pages(pages);
	spanheap_free_pages(pages + SZ_16K);
}

/* What is no user's is no mistake of the object's, and so not said. */
static void usercopy_test_faults_are_as_ever(struct kunit *test)
{
	char __user *user = user_memory(test);
	struct spanheap *heap = test->priv;
	char *obj = spanheap_alloc(heap, 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, 64, spanheap_copy_to_user((void __user *)TASK_SIZE, obj, 64));
	memset(obj, 0x5a, 64);
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_from_user(obj, user, 32));
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, 32));
	KUNIT_EXPECT_EQ(test, obj[32], 0x5a);
	SH_EXPECT_SILENCE(test);
	spanheap_free(obj);
}

/* There an object ends where it was asked to. */
static void usercopy_test_debug_heaps_count_bytes(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_debug(test, "kunit-copies");
	char __user *user = user_memory(test);
	char *obj = spanheap_alloc(heap, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	memset(obj, 1, 100);
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_to_user(user, obj, 100));
	KUNIT_EXPECT_EQ(test, 0, spanheap_copy_from_user(obj + 99, user, 1));
	expect_refused(test, heap, obj, 101);
	expect_refused(test, heap, obj + 99, 2);
	spanheap_free(obj);
	sh_fixture_destroy(test, heap);
}

static struct kunit_case usercopy_test_cases[] = {
	KUNIT_CASE(usercopy_test_copies_within_objects),
	KUNIT_CASE(usercopy_test_says_what_is_wrong),
	KUNIT_CASE(usercopy_test_refuses_the_neighbours),
	KUNIT_CASE(usercopy_test_refuses_lengths_that_wrap),
	KUNIT_CASE(usercopy_test_refuses_freed_objects),
	KUNIT_CASE(usercopy_test_refuses_what_is_no_heaps),
	KUNIT_CASE(usercopy_test_zero_bytes_are_fine),
	KUNIT_CASE(usercopy_test_knows_manual_spans),
	KUNIT_CASE(usercopy_test_faults_are_as_ever),
	KUNIT_CASE(usercopy_test_debug_heaps_count_bytes),
	{ }
};

static struct kunit_suite usercopy_test_suite = {
	.name = "spanheap_usercopy",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = usercopy_test_cases,
};

kunit_test_suite(usercopy_test_suite);
