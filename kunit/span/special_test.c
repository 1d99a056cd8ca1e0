// SPDX-License-Identifier: GPL-2.0
/*
 * Special records: their order, one of a kind an object, and what an object's
 * state says of them.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "lib/fixture.h"
#include "object/claim.h"
#include "span/pagemap.h"
#include "span/special.h"

/* A span that is in no heap: enough for its list. */
static struct sh_span *make_span(struct kunit *test)
{
	struct sh_span *span = kunit_kzalloc(test, 1280, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, span);
	memset(span->obj, SH_OBJ_SPECIAL_BUSY, 64);
	return span;
}

static struct sh_special *make(struct kunit *test, unsigned int idx,
			       enum sh_special_kind kind)
{
	struct sh_special *special;

	special = kunit_kzalloc(test, sizeof(*special), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, special);
	special->idx = idx;
	special->kind = kind;
	return special;
}

static void special_test_keeps_order(struct kunit *test)
{
	static const u8 idx[] = { 9, 3, 63, 0, 4, 62 };
	struct sh_span *span = make_span(test);
	struct hlist_bl_node *node;
	struct sh_special *special;
	unsigned int i, nr = 0;
	int last = -1;

	for (i = 0; i < ARRAY_SIZE(idx); i++) {
		special = make(test, idx[i], SH_SPECIAL_PROFILE);
		KUNIT_EXPECT_EQ(test, sh_special_add(span, special), 0);
		special = make(test, idx[i], SH_SPECIAL_FINALIZER);
		KUNIT_EXPECT_EQ(test, sh_special_add(span, special), 0);
		KUNIT_EXPECT_NULL(test, sh_special_check(span, 64));
	}
	hlist_bl_for_each_entry(special, node, &span->specials, node) {
		KUNIT_EXPECT_GT(test, special->idx * 2 + special->kind, last);
		last = special->idx * 2 + special->kind;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, 2 * ARRAY_SIZE(idx));
}

static void special_test_refuses_a_second_of_a_kind(struct kunit *test)
{
	struct sh_span *span = make_span(test);
	struct sh_special *first = make(test, 5, SH_SPECIAL_FINALIZER);

	KUNIT_EXPECT_EQ(test, sh_special_add(span, first), 0);
	KUNIT_EXPECT_EQ(test, sh_special_add(span, make(test, 5, SH_SPECIAL_FINALIZER)),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, sh_special_add(span, make(test, 5, SH_SPECIAL_PROFILE)), 0);
	KUNIT_EXPECT_EQ(test, sh_special_add(span, make(test, 6, SH_SPECIAL_FINALIZER)), 0);
	KUNIT_EXPECT_PTR_EQ(test, sh_special_find(span, 5, SH_SPECIAL_FINALIZER), first);
}

static void special_test_removes_what_is_there(struct kunit *test)
{
	struct sh_span *span = make_span(test);
	struct sh_special *a = make(test, 5, SH_SPECIAL_FINALIZER);
	struct sh_special *b = make(test, 5, SH_SPECIAL_PROFILE);

	KUNIT_EXPECT_NULL(test, sh_special_remove(span, 5, SH_SPECIAL_FINALIZER));
	sh_special_add(span, a);
	KUNIT_EXPECT_NULL(test, sh_special_remove(span, 5, SH_SPECIAL_PROFILE));
	KUNIT_EXPECT_NULL(test, sh_special_remove(span, 4, SH_SPECIAL_FINALIZER));
	KUNIT_EXPECT_NULL(test, sh_special_remove(span, 6, SH_SPECIAL_FINALIZER));
	sh_special_add(span, b);
	KUNIT_EXPECT_PTR_EQ(test, sh_special_remove(span, 5, SH_SPECIAL_FINALIZER), a);
	KUNIT_EXPECT_TRUE(test, sh_special_any(span, 5));
	KUNIT_EXPECT_FALSE(test, sh_special_any(span, 4));
	KUNIT_EXPECT_PTR_EQ(test, sh_special_remove(span, 5, SH_SPECIAL_PROFILE), b);
	KUNIT_EXPECT_FALSE(test, sh_special_any(span, 5));
	KUNIT_EXPECT_TRUE(test, hlist_bl_empty(&span->specials));
}

static void special_test_check_finds_damage(struct kunit *test)
{
	struct sh_span *span = make_span(test);
	struct sh_special *a = make(test, 5, SH_SPECIAL_FINALIZER);
	struct sh_special *b = make(test, 7, SH_SPECIAL_FINALIZER);

	sh_special_add(span, a);
	sh_special_add(span, b);
	KUNIT_EXPECT_NULL(test, sh_special_check(span, 64));
	KUNIT_EXPECT_NOT_NULL(test, sh_special_check(span, 7));
	a->idx = 8;
	KUNIT_EXPECT_NOT_NULL(test, sh_special_check(span, 64));
	a->idx = 5;
	span->obj[5] = SH_OBJ_CACHED;
	KUNIT_EXPECT_NOT_NULL(test, sh_special_check(span, 64));
	span->obj[5] = SH_OBJ_SPECIAL;
	span->obj[7] = SH_OBJ_SPECIAL;
	KUNIT_EXPECT_NULL(test, sh_special_check(span, 64));
	span->obj[6] = SH_OBJ_SPECIAL;
	KUNIT_EXPECT_NOT_NULL(test, sh_special_check(span, 64));
	span->obj[6] = SH_OBJ_BUSY;
	span->obj[63] = SH_OBJ_SPECIAL;
	KUNIT_EXPECT_NOT_NULL(test, sh_special_check(span, 64));
}

static void nothing(void *ptr, size_t size, void *arg)
{
}

static u8 state_of(const void *obj)
{
	struct sh_object o;

	sh_object_claimed(obj, &o);
	return o.span->obj[o.idx];
}

static void special_test_is_a_state_of_objects(struct kunit *test)
{
	static const size_t sizes[] = { 8, 64, 1024, 32768, 100000 };
	unsigned int i;
	void *obj;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(test->priv, sizes[i], GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, state_of(obj), SH_OBJ_LIVE);
		KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, nothing, NULL), 0);
		KUNIT_EXPECT_EQ(test, state_of(obj), SH_OBJ_SPECIAL);
		KUNIT_EXPECT_TRUE(test, spanheap_owns(obj + 1));
		KUNIT_EXPECT_GE(test, spanheap_size(obj), sizes[i]);
		sh_fixture_check(test, test->priv);
		KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), 0);
		KUNIT_EXPECT_EQ(test, state_of(obj), SH_OBJ_LIVE);
		spanheap_free(obj);
	}
}

static void special_test_claims_are_exclusive(struct kunit *test)
{
	void *obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);
	struct sh_object a, b;

	spanheap_set_finalizer(obj, nothing, NULL);
	KUNIT_ASSERT_TRUE(test, sh_object_claim(obj, &a));
	KUNIT_EXPECT_EQ(test, state_of(obj), SH_OBJ_SPECIAL_BUSY);
	KUNIT_EXPECT_FALSE(test, sh_object_claim(obj, &b));
	KUNIT_EXPECT_FALSE(test, sh_object_claim(obj + 8, &b));
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, nothing, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), -EBUSY);
	spanheap_free(obj);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).bad_frees, 1);
	KUNIT_EXPECT_TRUE(test, spanheap_owns(obj));
	sh_object_release(&a);
	KUNIT_EXPECT_EQ(test, state_of(obj), SH_OBJ_SPECIAL);
	spanheap_clear_finalizer(obj);
	spanheap_free(obj);
}

static struct kunit_case special_test_cases[] = {
	KUNIT_CASE(special_test_keeps_order),
	KUNIT_CASE(special_test_refuses_a_second_of_a_kind),
	KUNIT_CASE(special_test_removes_what_is_there),
	KUNIT_CASE(special_test_check_finds_damage),
	KUNIT_CASE(special_test_is_a_state_of_objects),
	KUNIT_CASE(special_test_claims_are_exclusive),
	{}
};

static struct kunit_suite special_test_suite = {
	.name = "spanheap_special",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = special_test_cases,
};

kunit_test_suite(special_test_suite);
