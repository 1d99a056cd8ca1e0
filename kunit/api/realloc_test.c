// SPDX-License-Identifier: GPL-2.0
/*
 * Objects given another size: contents are kept, in place where that can be, the
 * old object stays on failure. And copies, and objects freed without a trace.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/kasan.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/fixture.h"
#include "lib/random.h"
#include "object/claim.h"

#define QUIET	(GFP_KERNEL | __GFP_NOWARN)

/* Every byte of the first page counts, and one in 509 of the others. */
static size_t next_off(size_t off)
{
	return off < SZ_4K ? off + 1 : off + 509;
}

static u8 byte_at(u32 tag, size_t off)
{
	return (tag + off) * 0x9e3779b1u >> 24;
}

static void fill(u8 *obj, size_t size, u32 tag)
{
	size_t off;

	for (off = 0; off < size; off = next_off(off))
		obj[off] = byte_at(tag, off);
}

static bool intact(const u8 *obj, size_t size, u32 tag)
{
	size_t off;

	for (off = 0; off < size; off = next_off(off))
		if (obj[off] != byte_at(tag, off))
			return false;
	return true;
}

static void realloc_test_of_nothing_allocates(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_realloc(heap, NULL, 100, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, spanheap_size(obj), spanheap_size_roundup(100));
	spanheap_free(obj);
	obj = spanheap_realloc(heap, ZERO_SIZE_PTR, SZ_64K, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, spanheap_size(obj), SZ_64K);
	spanheap_free(obj);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_realloc(heap, NULL, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
}

static void realloc_test_to_nothing_frees(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 1, 5000, 32768, SZ_1M };
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_PTR_EQ(test,
				    spanheap_realloc(heap, obj, 0, GFP_KERNEL),
				    ZERO_SIZE_PTR);
		KUNIT_EXPECT_FALSE(test, spanheap_owns(obj));
	}
}

/* Up through all classes and beyond, and down again. */
static void realloc_test_keeps_contents(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t size, last = 1;
	u8 *obj = spanheap_alloc(heap, 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	fill(obj, 1, 1);
	for (size = 2; size < SZ_2M; size += size / 3 + 1) {
		obj = spanheap_realloc(heap, obj, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_GE(test, spanheap_size(obj), size);
		KUNIT_EXPECT_TRUE(test, intact(obj, last, last));
		fill(obj, size, size);
		last = size;
	}
	fill(obj, last, 7);
	for (; size; size /= 2) {
		obj = spanheap_realloc(heap, obj, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_TRUE(test, intact(obj, min(size, last), 7));
	}
	spanheap_free(obj);
}

static void realloc_test_stays_in_its_class(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int class;
	size_t size;
	void *obj;

	for (class = 1; class < SH_NR_CLASSES; class++) {
		size = sh_classes[class].size;
		obj = spanheap_alloc(heap, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_PTR_EQ(test, obj,
				    spanheap_realloc(heap, obj, 1, GFP_KERNEL));
		KUNIT_EXPECT_PTR_EQ(test, obj,
				    spanheap_realloc(heap, obj, size,
						     GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), size);
		spanheap_free(obj);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, SH_NR_CLASSES - 1);
}

static void realloc_test_shrinks_large_objects_in_place(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = {
		SZ_2M - SH_PAGE_SIZE, SZ_1M + 1, SZ_1M, 100000, 40960, 100, 1,
	};
	u8 *obj = spanheap_alloc(heap, SZ_2M, GFP_KERNEL);
	struct spanheap_stats s;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	fill(obj, SZ_2M, 3);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_ASSERT_PTR_EQ(test, (void *)obj,
				    spanheap_realloc(heap, obj, sizes[i],
						     GFP_KERNEL));
		KUNIT_EXPECT_TRUE(test, intact(obj, sizes[i], 3));
		s = sh_fixture_stats(heap);
		KUNIT_EXPECT_EQ(test, s.in_use, round_up(sizes[i], SH_PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, s.object_bytes, s.in_use);
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), s.in_use);
		KUNIT_EXPECT_FALSE(test, spanheap_owns(obj + s.in_use));
		sh_fixture_check(test, heap);
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, 1);
	spanheap_free(obj);
}

/* In a new heap the rest of what it grew by is free behind the first object. */
static void realloc_test_grows_large_objects_in_place(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	u8 *obj = spanheap_alloc(heap, SZ_128K, GFP_KERNEL), *more;
	size_t size, last = SZ_128K;
	int moved = 0;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	fill(obj, SZ_128K, 5);
	for (size = SZ_128K + 1; size <= SZ_1M; size += 50000) {
		more = spanheap_realloc(heap, obj, size, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, more);
		moved += more != obj;
		obj = more;
		KUNIT_EXPECT_TRUE(test, intact(obj, SZ_128K, 5));
		KUNIT_EXPECT_NULL(test, memchr_inv(obj + SZ_128K, 0,
						   spanheap_size(obj) - SZ_128K));
		KUNIT_EXPECT_TRUE(test, spanheap_owns(obj + size - 1));
		KUNIT_EXPECT_GE(test, spanheap_size(obj), last);
		last = spanheap_size(obj);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).object_bytes, last);
		sh_fixture_check(test, heap);
	}
	KUNIT_EXPECT_LE(test, moved, 1);
	spanheap_free(obj);
}

/* What is behind the object was in use, then is free: taken as it is, or zeroed. */
static void realloc_test_grows_into_what_was_freed(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	size_t size = SZ_4M + SZ_1M;
	u8 *obj = spanheap_alloc(heap, 2 * size, GFP_KERNEL);
	void *at = obj;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	fill(obj, 2 * size, 9);
	/* The half is more than a run cache keeps. */
	obj = spanheap_realloc(heap, obj, size, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, (void *)obj, at);
	obj = spanheap_realloc(heap, obj, 2 * size - 5, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_PTR_EQ(test, (void *)obj, at);
	KUNIT_EXPECT_TRUE(test, intact(obj, size, 9));
	KUNIT_EXPECT_EQ(test, spanheap_size(obj), 2 * size);
	KUNIT_EXPECT_NULL(test, memchr_inv(obj + size, 0, size));
	spanheap_free(obj);
}

static void realloc_test_moves_when_the_neighbour_is_in_use(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	u8 *a = spanheap_alloc(heap, SZ_128K, GFP_KERNEL);
	u8 *b = spanheap_alloc(heap, SZ_128K, GFP_KERNEL), *low, *moved;

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	low = min(a, b);
	KUNIT_ASSERT_PTR_EQ(test, low + SZ_128K, max(a, b));
	fill(low, SZ_128K, 11);
	moved = spanheap_realloc(heap, low, SZ_256K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, moved, low);
	KUNIT_EXPECT_TRUE(test, intact(moved, SZ_128K, 11));
	KUNIT_EXPECT_FALSE(test, spanheap_owns(low));
	spanheap_free(moved);
	spanheap_free(low == a ? b : a);
}

/* Zeroes wherever nothing was written, if every size was asked for with them. */
static void realloc_test_zeroes_as_krealloc(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = {
		100, 30, 112, 5, 3000, 10, 8000, 40000, 100, 200000, 33000,
		120000,
	};
	const gfp_t gfp = GFP_KERNEL | __GFP_ZERO;
	size_t kept = 0;
	u8 *obj = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_realloc(heap, obj, sizes[i], gfp);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		kept = min(kept, sizes[i]);
		KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0xa5, kept));
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(obj + kept, 0,
						       sizes[i] - kept),
				      "size %zu", sizes[i]);
		memset(obj, 0xa5, sizes[i]);
		kept = sizes[i];
	}
	spanheap_free(obj);
}

static void expect_stays(struct kunit *test, struct spanheap *heap, void *obj,
			 size_t size, size_t want, gfp_t gfp)
{
	struct spanheap_stats before = sh_fixture_stats(heap), after;

	KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, obj, want, gfp));
	after = sh_fixture_stats(heap);
	KUNIT_EXPECT_EQ(test, after.alloc_failures, before.alloc_failures + 1);
	KUNIT_EXPECT_EQ(test, after.objects, before.objects);
	KUNIT_EXPECT_EQ(test, after.bad_frees, before.bad_frees);
	KUNIT_EXPECT_EQ(test, spanheap_size(obj), spanheap_size_roundup(size));
	KUNIT_EXPECT_TRUE(test, intact(obj, size, 13));
	sh_fixture_check(test, heap);
}

static void realloc_test_failure_keeps_the_object(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-limit", SZ_4M);
	static const size_t sizes[] = { 50, 32768, SZ_128K, SZ_2M };
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		fill(obj, sizes[i], 13);
		expect_stays(test, heap, obj, sizes[i], SIZE_MAX, QUIET);
		expect_stays(test, heap, obj, sizes[i], SIZE_MAX / 2, QUIET);
		expect_stays(test, heap, obj, sizes[i], 1UL << 44, QUIET);
		expect_stays(test, heap, obj, sizes[i], SZ_4M + SZ_2M, QUIET);
		expect_stays(test, heap, obj, sizes[i], SZ_8M,
			     GFP_NOWAIT | __GFP_NOWARN);
		expect_stays(test, heap, obj, sizes[i], 10, QUIET | __GFP_COMP);
		spanheap_free(obj);
	}
	sh_fixture_destroy(test, heap);
}

/* @ptr is refused by realloc: counted, nothing else. */
static void expect_refused(struct kunit *test, struct spanheap *heap,
			   const void *ptr)
{
	static const size_t sizes[] = { 0, 1, 40, 100000 };
	struct spanheap_stats before, after;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		before = sh_fixture_still_stats(heap);
		KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, ptr, sizes[i],
							 GFP_KERNEL));
		after = sh_fixture_stats(heap);
		KUNIT_EXPECT_EQ(test, after.bad_frees, before.bad_frees + 1);
		after.bad_frees = before.bad_frees;
		KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
		sh_fixture_check(test, heap);
	}
}

static void realloc_test_refuses_what_is_no_object(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 48, 8192, 32768, SZ_128K };
	void *foreign = kmalloc(64, GFP_KERNEL), *obj;
	int i;

	/* Of another heap, or of none: counted by the default heap. */
	KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, foreign, 8, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, test, 0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, ERR_PTR(-EIO), 8,
						 GFP_KERNEL));
	kfree(foreign);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		expect_refused(test, heap, obj + 1);
		expect_refused(test, heap, obj + sizes[i] / 2);
		spanheap_free(obj);
		expect_refused(test, heap, obj);
	}
}

static void realloc_test_knows_whose_object_it_is(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct spanheap *other = sh_fixture_create(test, "kunit-other", 0);
	static const size_t sizes[] = { 100, SZ_128K };
	struct spanheap_object found;
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(other, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		fill(obj, sizes[i], 17);
		KUNIT_EXPECT_PTR_EQ(test, obj,
				    spanheap_realloc(heap, obj, sizes[i] - 10,
						     GFP_KERNEL));
		obj = spanheap_realloc(heap, obj, 2 * sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_TRUE(test, spanheap_find(obj, &found));
		KUNIT_EXPECT_PTR_EQ(test, found.heap, heap);
		KUNIT_EXPECT_TRUE(test, intact(obj, sizes[i] - 10, 17));
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(other).objects, 0);
		spanheap_free(obj);
	}
	sh_fixture_destroy(test, other);
}

static void realloc_test_works_where_nothing_sleeps(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned long flags;
	void *obj = NULL;
	size_t size;

	local_irq_save(flags);
	for (size = 1; size <= SZ_256K; size *= 2)
		obj = spanheap_realloc(heap, obj, size, GFP_ATOMIC) ?: obj;
	for (; size; size /= 4)
		obj = spanheap_realloc(heap, obj, size, GFP_NOWAIT) ?: obj;
	local_irq_restore(flags);
	KUNIT_EXPECT_GT(test, spanheap_size(obj), 0);
	spanheap_free(obj);
}

/* What the model knows of one object. */
struct model {
	u8 *obj;
	size_t size;
	u32 tag;
};

static size_t random_size(struct rnd_state *rnd)
{
	switch (sh_test_random(rnd, 8)) {
	case 0:
		return sh_test_random(rnd, 17);
	case 1:
	case 2:
		return sh_test_random(rnd, SZ_1M) + 1;
	case 3:
		return (sh_test_random(rnd, 64) + 1) * SH_PAGE_SIZE;
	default:
		return sh_test_random(rnd, 50000) + 1;
	}
}

/* One step on one object. Returns what is wrong, or NULL. */
static const char *step(struct spanheap *heap, struct model *m,
			struct rnd_state *rnd)
{
	size_t size = random_size(rnd);
	gfp_t gfp = sh_test_random(rnd, 4) ? GFP_KERNEL : GFP_KERNEL | __GFP_ZERO;
	u8 *obj;

	obj = spanheap_realloc(heap, m->obj, size, gfp | __GFP_NOWARN);
	if (!obj)
		return intact(m->obj, m->size, m->tag) ? NULL : "lost on failure";
	if (!size) {
		m->obj = NULL;
		m->size = 0;
		return obj == ZERO_SIZE_PTR ? NULL : "no ZERO_SIZE_PTR";
	}
	if (spanheap_size(obj) < size)
		return "too small";
	if (!intact(obj, min(size, m->size), m->tag))
		return "contents changed";
	m->obj = obj;
	m->size = size;
	m->tag = prandom_u32_state(rnd);
	fill(obj, size, m->tag);
	return NULL;
}

static void realloc_test_agrees_with_a_model(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-random", SZ_32M);
	unsigned long i, nr = sh_test_ops(20000);
	struct rnd_state rnd;
	const char *wrong;
	struct model *m;

	m = kunit_kcalloc(test, 64, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	sh_test_seed(test, &rnd);
	for (i = 0; i < nr; i++) {
		wrong = step(heap, &m[sh_test_random(&rnd, 64)], &rnd);
		KUNIT_ASSERT_NULL_MSG(test, wrong, "operation %lu: %s", i, wrong);
		if (i % 1024 == 0)
			sh_fixture_check(test, heap);
	}
	for (i = 0; i < 64; i++) {
		KUNIT_EXPECT_TRUE(test, intact(m[i].obj, m[i].size, m[i].tag));
		spanheap_free(m[i].obj);
	}
	sh_fixture_destroy(test, heap);
}

static void realloc_test_copies(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const char text[] = "what was written";
	char *copy = spanheap_memdup(heap, text, 4, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_MEMEQ(test, copy, text, 4);
	spanheap_free(copy);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_memdup(heap, text, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	copy = spanheap_strdup(heap, text, GFP_ATOMIC);
	KUNIT_EXPECT_STREQ(test, copy, text);
	spanheap_free(copy);
	copy = spanheap_strdup(heap, "", GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, copy, "");
	spanheap_free(copy);
	KUNIT_EXPECT_NULL(test, spanheap_strdup(heap, NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_memdup(heap, text, SIZE_MAX, QUIET));
}

static void realloc_test_frees_without_a_trace(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 8, 100, 4096, 32768, SZ_128K };
	u8 *obj;
	int i;

	sh_fixture_pin();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		memset(obj, 0x5a, spanheap_size(obj));
		spanheap_free_sensitive(obj);
		/*
		 * It is still mapped: nothing else has used the heap. To KASAN
		 * it is a use after free all the same.
		 */
		kasan_disable_current();
		KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, sizes[i]));
		kasan_enable_current();
	}
	spanheap_free_sensitive(NULL);
	spanheap_free_sensitive(ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 0);
	spanheap_free_sensitive(obj);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 1);
}

/* Who does not own it any more finds it claimed: it is not touched. */
static void realloc_test_touches_nothing_that_others_have(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 64, 32768, SZ_128K };
	struct sh_object claimed;
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		fill(obj, sizes[i], 23);
		KUNIT_ASSERT_TRUE(test, sh_object_claim(obj, &claimed));
		KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, obj, 8, GFP_KERNEL |
							 __GFP_ZERO));
		KUNIT_EXPECT_NULL(test, spanheap_realloc(heap, obj, SZ_1M,
							 GFP_KERNEL));
		spanheap_free_sensitive(obj);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees,
				3 * (i + 1));
		KUNIT_EXPECT_EQ(test, spanheap_size(obj), sizes[i]);
		KUNIT_EXPECT_TRUE(test, intact(obj, sizes[i], 23));
		sh_object_release(&claimed);
		spanheap_free(obj);
	}
}

static struct kunit_case realloc_test_cases[] = {
	KUNIT_CASE(realloc_test_of_nothing_allocates),
	KUNIT_CASE(realloc_test_to_nothing_frees),
	KUNIT_CASE(realloc_test_keeps_contents),
	KUNIT_CASE(realloc_test_stays_in_its_class),
	KUNIT_CASE(realloc_test_shrinks_large_objects_in_place),
	KUNIT_CASE(realloc_test_grows_large_objects_in_place),
	KUNIT_CASE(realloc_test_grows_into_what_was_freed),
	KUNIT_CASE(realloc_test_moves_when_the_neighbour_is_in_use),
	KUNIT_CASE(realloc_test_zeroes_as_krealloc),
	KUNIT_CASE(realloc_test_failure_keeps_the_object),
	KUNIT_CASE(realloc_test_refuses_what_is_no_object),
	KUNIT_CASE(realloc_test_knows_whose_object_it_is),
	KUNIT_CASE(realloc_test_works_where_nothing_sleeps),
	KUNIT_CASE(realloc_test_agrees_with_a_model),
	KUNIT_CASE(realloc_test_touches_nothing_that_others_have),
	KUNIT_CASE(realloc_test_copies),
	KUNIT_CASE(realloc_test_frees_without_a_trace),
	{ }
};

static struct kunit_suite realloc_test_suite = {
	.name = "spanheap_realloc",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = realloc_test_cases,
};

kunit_test_suite(realloc_test_suite);
