// SPDX-License-Identifier: GPL-2.0
/*
 * The file "map" of a heap, for who has it open for longer than to read it once.
 */
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "lib/fixture.h"
#include "show/map.h"

#define TEXT_BYTES	SZ_64K

/**
 * struct reader - somebody who has the file open
 * @file: the file
 * @inode: its inode
 * @text: what was read last
 */
struct reader {
	struct file file;
	struct inode inode;
	char text[TEXT_BYTES];
};

/* Read the file from @pos on. Returns how many bytes that is. */
static size_t read_from(struct kunit *test, struct reader *r, loff_t pos)
{
	struct kiocb iocb = { .ki_filp = &r->file, .ki_pos = pos };
	struct iov_iter iter;
	struct kvec vec;
	size_t len = 0;
	ssize_t got;

	do {
		vec.iov_base = r->text + len;
		vec.iov_len = TEXT_BYTES - 1 - len;
		iov_iter_kvec(&iter, ITER_DEST, &vec, 1, vec.iov_len);
		got = seq_read_iter(&iocb, &iter);
		KUNIT_EXPECT_GE(test, got, 0);
		len += max_t(ssize_t, got, 0);
	} while (got > 0);
	r->text[len] = '\0';
	return len;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int nr = 0;

	while ((text = strstr(text, what))) {
		text++;
		nr++;
	}
	return nr;
}

static struct reader *open_map(struct kunit *test, struct spanheap *heap)
{
	struct reader *r = kvzalloc(sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->inode.i_private = heap;
	KUNIT_ASSERT_EQ(test, sh_map_fops.open(&r->inode, &r->file), 0);
	return r;
}

static void close_map(struct reader *r)
{
	sh_map_fops.release(&r->inode, &r->file);
	kvfree(r);
}

/* Who reads it again from the start sees the heap as it is then. */
static void map_test_is_read_again(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct reader *r = open_map(test, heap);
	void *objs[100];
	int i, nr = 0;

	read_from(test, r, 0);
	KUNIT_EXPECT_EQ(test, count(r->text, " large\n"), 0);
	/* Fewer lines than are taken down at a time, and more. */
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
		if (!objs[i])
			break;
		nr++;
		if (i % 33)
			continue;
		read_from(test, r, 0);
		KUNIT_EXPECT_EQ(test, count(r->text, " large\n"), nr);
		KUNIT_EXPECT_EQ(test, count(r->text, "# arena"), 1);
	}
	KUNIT_EXPECT_EQ(test, nr, ARRAY_SIZE(objs));
	spanheap_free_bulk(nr, objs);
	close_map(r);
}

/* Who goes on somewhere within sees the rest. */
static void map_test_is_read_from_within(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct reader *r = open_map(test, heap);
	size_t all, at;
	void *objs[100];
	int i;

	/* Nothing else changes the heap meanwhile. */
	heap->ph.ahead = 0;
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	flush_work(&heap->ph.reserve);
	all = read_from(test, r, 0);
	for (at = 1; at < all; at += all / 7)
		KUNIT_EXPECT_EQ(test, read_from(test, r, at), all - at);
	KUNIT_EXPECT_EQ(test, read_from(test, r, all), 0);
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
	close_map(r);
}

static struct kunit_case map_test_cases[] = {
	KUNIT_CASE(map_test_is_read_again),
	KUNIT_CASE(map_test_is_read_from_within),
	{ }
};

static struct kunit_suite map_test_suite = {
	.name = "spanheap_map",
	.init = sh_fixture_still_init,
	.exit = sh_fixture_exit,
	.test_cases = map_test_cases,
};

kunit_test_suite(map_test_suite);
