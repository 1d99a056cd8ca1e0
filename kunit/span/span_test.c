// SPDX-License-Identifier: GPL-2.0
/*
 * The objects of a span. The spans here have records but, in most cases, no
 * memory: a span's code must never look at an object.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "base/fixalloc.h"
#include "lib/random.h"
#include "span/span.h"

/* Not mapped in any configuration. */
#define NOWHERE		(0x40UL << SH_PAGE_SHIFT)

struct model {
	struct sh_span *span;
	struct sh_entry entries[SH_MAX_ELEMS];
	DECLARE_BITMAP(taken, SH_MAX_ELEMS);
};

static int span_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct model), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/* A span of @class, in a record of just the size it has in the heap. */
static struct sh_span *new_span(struct kunit *test, unsigned int class,
				unsigned long base)
{
	unsigned int kind = sh_span_kind(sh_classes[class].elems);
	struct sh_span *span;

	span = kunit_kmalloc(test, sh_span_kind_size[kind], GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, span);
	memset(span, 0xa5, sh_span_kind_size[kind]);
	span->key = base;
	span->kind = kind;
	span->nr_pages = sh_classes[class].pages;
	sh_span_init_objects(span, class, NULL);
	return span;
}

static void verify(struct kunit *test, struct sh_span *span,
		   unsigned int nalloc)
{
	unsigned int cached = 0;
	const char *wrong = sh_span_check_objects(span, &cached);

	KUNIT_ASSERT_NULL_MSG(test, wrong, "class %u: %s",
			      sh_span_class(span), wrong);
	KUNIT_ASSERT_EQ(test, span->nalloc, nalloc);
	KUNIT_ASSERT_EQ(test, cached, nalloc);
}

static void span_test_kinds_are_sizes_of_records(struct kunit *test)
{
	unsigned int kind;

	for (kind = 0; kind < SH_NR_SPAN_KINDS; kind++) {
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(sh_span_kind_size[kind],
						   SH_FIXALLOC_LINE));
		if (kind)
			KUNIT_EXPECT_GT(test, sh_span_kind_size[kind],
					sh_span_kind_size[kind - 1]);
	}
	/* A large object's state, and the one after it. */
	KUNIT_EXPECT_GE(test, sh_span_kind_size[0],
			sizeof(struct sh_span) + 2);
}

static void span_test_kind_is_the_smallest_that_fits(struct kunit *test)
{
	unsigned int nelems, kind;
	size_t need;

	for (nelems = 1; nelems <= SH_MAX_ELEMS; nelems++) {
		need = offsetof(struct sh_span, obj) + ALIGN(nelems + 1, 8) +
		       DIV_ROUND_UP(nelems, BITS_PER_LONG) * sizeof(long);
		kind = sh_span_kind(nelems);
		KUNIT_ASSERT_LT(test, kind, SH_NR_SPAN_KINDS);
		KUNIT_ASSERT_GE(test, sh_span_kind_size[kind], need);
		if (kind)
			KUNIT_ASSERT_LT(test, sh_span_kind_size[kind - 1],
					need);
	}
}

/*
 * A record may have been that of a span of any class that fits, and somebody comes
 * with an index of then: what is there now must be a state, and no bitmap, and if
 * it is of no object, free. All numbers of free objects make all bytes of bitmaps.
 */
static void span_test_old_indices_find_states_only(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int class, old, nr, idx, kind;
	struct sh_span *span;

	for (class = 1; class < SH_NR_CLASSES; class++) {
		span = new_span(test, class, NOWHERE);
		kind = span->kind;
		/* As of a record that was made by the page allocator. */
		memset(span->obj, 0, sh_span_kind_size[kind] - sizeof(*span));
		sh_span_init_objects(span, class, NULL);
		for (nr = 0; nr < min(span->nelems, 70); nr++) {
			for (old = 1; old < SH_NR_CLASSES; old++) {
				idx = sh_classes[old].elems;
				if (sh_span_kind(idx) > kind ||
				    idx < span->nelems)
					continue;
				KUNIT_ASSERT_NULL(test, memchr_inv(span->obj + nr,
								   SH_OBJ_FREE,
								   idx + 1 - nr));
			}
			sh_span_take(span, m->entries, 1);
		}
	}
}

static void span_test_starts_with_all_objects_free(struct kunit *test)
{
	struct sh_span *span;
	unsigned int c;

	for (c = 1; c < SH_NR_CLASSES; c++) {
		span = new_span(test, c, NOWHERE);
		KUNIT_EXPECT_EQ(test, sh_span_class(span), c);
		KUNIT_EXPECT_EQ(test, sh_span_base(span), NOWHERE);
		KUNIT_EXPECT_EQ(test, span->state, SH_SPAN_SMALL);
		KUNIT_EXPECT_EQ(test, span->nelems, sh_classes[c].elems);
		KUNIT_EXPECT_EQ(test, span->bucket, SH_NO_BUCKET);
		KUNIT_EXPECT_NULL(test, memchr_inv(span->obj, SH_OBJ_FREE,
						   span->nelems + 1));
		KUNIT_EXPECT_EQ(test, bitmap_weight(sh_span_bitmap(span),
						    span->nelems),
				span->nelems);
		verify(test, span, 0);
	}
}

static void span_test_hands_out_each_object_once(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int c, i, nr;

	for (c = 1; c < SH_NR_CLASSES; c++) {
		struct sh_span *span = new_span(test, c, NOWHERE);
		size_t size = sh_classes[c].size;

		nr = sh_span_take(span, m->entries, SH_MAX_ELEMS);
		KUNIT_ASSERT_EQ(test, nr, sh_classes[c].elems);
		for (i = 0; i < nr; i++) {
			KUNIT_ASSERT_EQ(test, (unsigned long)m->entries[i].obj,
					NOWHERE + i * size);
			KUNIT_ASSERT_PTR_EQ(test, m->entries[i].state,
					    &span->obj[i]);
			KUNIT_ASSERT_EQ(test, span->obj[i], SH_OBJ_CACHED);
		}
		KUNIT_EXPECT_LE(test, NOWHERE + nr * size, sh_span_end(span));
		verify(test, span, nr);
		KUNIT_EXPECT_EQ(test, sh_span_take(span, m->entries, 1), 0);
		while (nr)
			sh_span_put(span, m->entries[--nr].state);
		verify(test, span, 0);
	}
}

static void span_test_takes_no_more_than_asked(struct kunit *test)
{
	struct sh_span *span = new_span(test, sh_size_class(8), NOWHERE);
	struct sh_entry e[4] = {};

	KUNIT_EXPECT_EQ(test, sh_span_take(span, e, 0), 0);
	verify(test, span, 0);
	KUNIT_EXPECT_EQ(test, sh_span_take(span, e, 3), 3);
	KUNIT_EXPECT_NULL(test, e[3].obj);
	verify(test, span, 3);
}

static void span_test_gives_what_is_left_at_the_end(struct kunit *test)
{
	struct sh_span *span = new_span(test, sh_size_class(96), NOWHERE);
	struct model *m = test->priv;
	unsigned int all = span->nelems;

	KUNIT_EXPECT_EQ(test, sh_span_take(span, m->entries, all - 2), all - 2);
	KUNIT_EXPECT_EQ(test, sh_span_take(span, m->entries, 32), 2);
	KUNIT_EXPECT_EQ(test, sh_span_take(span, m->entries, 32), 0);
	verify(test, span, all);
}

/* Low objects first, so that the objects in use are close together. */
static void span_test_takes_the_lowest_first(struct kunit *test)
{
	struct sh_span *span = new_span(test, sh_size_class(16), NOWHERE);
	struct model *m = test->priv;
	struct sh_entry e[3];

	sh_span_take(span, m->entries, 400);
	sh_span_put(span, m->entries[333].state);
	sh_span_put(span, m->entries[70].state);
	KUNIT_ASSERT_EQ(test, sh_span_take(span, e, 3), 3);
	KUNIT_EXPECT_PTR_EQ(test, e[0].state, &span->obj[70]);
	KUNIT_EXPECT_PTR_EQ(test, e[1].state, &span->obj[333]);
	KUNIT_EXPECT_PTR_EQ(test, e[2].state, &span->obj[400]);
	verify(test, span, 401);
}

/* Live and cached differ for the check only; either is not free. */
static void span_test_check_counts_cached_objects(struct kunit *test)
{
	struct sh_span *span = new_span(test, sh_size_class(64), NOWHERE);
	unsigned int cached = 7;
	struct sh_entry e[5];

	sh_span_take(span, e, 5);
	*e[0].state = SH_OBJ_LIVE;
	*e[3].state = SH_OBJ_LIVE;
	KUNIT_EXPECT_NULL(test, sh_span_check_objects(span, &cached));
	KUNIT_EXPECT_EQ(test, cached, 7 + 3);
	KUNIT_EXPECT_EQ(test, span->nalloc, 5);
}

/* With @value at @at, within the record, the check must fail. */
static void expect_damage(struct kunit *test, struct sh_span *span, void *at,
			  unsigned int value, size_t size)
{
	unsigned int cached = 0, was = 0;

	memcpy(&was, at, size);
	memcpy(at, &value, size);
	KUNIT_EXPECT_NOT_NULL(test, sh_span_check_objects(span, &cached));
	memcpy(at, &was, size);
	KUNIT_EXPECT_NULL(test, sh_span_check_objects(span, &cached));
}

static void span_test_check_finds_damage(struct kunit *test)
{
	struct sh_span *span = new_span(test, sh_size_class(64), NOWHERE);
	unsigned long *bits = sh_span_bitmap(span);
	struct sh_entry e[70];

	KUNIT_ASSERT_EQ(test, sh_span_take(span, e, 70), 70);
	expect_damage(test, span, &span->obj[5], 99, 1);
	expect_damage(test, span, &span->obj[5], SH_OBJ_FREE, 1);
	expect_damage(test, span, &span->obj[100], SH_OBJ_LIVE, 1);
	expect_damage(test, span, &span->obj[span->nelems], SH_OBJ_LIVE, 1);
	expect_damage(test, span, &bits[0], 1, 1);
	expect_damage(test, span, &span->nalloc, 69, sizeof(span->nalloc));
	expect_damage(test, span, &span->hint, 2, sizeof(span->hint));
	expect_damage(test, span, &span->nelems, 127, sizeof(span->nelems));
	expect_damage(test, span, &span->kind, span->kind - 1, 1);
}

/* Whatever is taken and put back, the memory of the objects is not touched. */
static void span_test_writes_nothing_into_objects(struct kunit *test)
{
	unsigned int class = sh_size_class(24), nr, i;
	struct model *m = test->priv;
	struct sh_span *span;
	size_t bytes;
	void *mem;

	bytes = sh_classes[class].bytes;
	mem = vmalloc(bytes + SH_PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, mem);
	memset(mem, 0x5a, bytes + SH_PAGE_SIZE);
	span = new_span(test, class, ALIGN((unsigned long)mem, SH_PAGE_SIZE));
	nr = sh_span_take(span, m->entries, SH_MAX_ELEMS);
	for (i = 0; i < nr; i += 3)
		sh_span_put(span, m->entries[i].state);
	sh_span_take(span, m->entries, SH_MAX_ELEMS);
	KUNIT_EXPECT_NULL(test, memchr_inv(mem, 0x5a, bytes + SH_PAGE_SIZE));
	vfree(mem);
}

/* Take some; they must be the lowest that the model has free. */
static void random_take(struct kunit *test, struct model *m,
			struct rnd_state *rnd)
{
	unsigned int want = sh_test_random(rnd, 40), elems = m->span->nelems;
	struct sh_entry e[40];
	unsigned int i, got, idx;

	got = sh_span_take(m->span, e, want);
	KUNIT_ASSERT_EQ(test, got,
			min(want, elems - bitmap_weight(m->taken, elems)));
	for (i = 0; i < got; i++) {
		idx = find_first_zero_bit(m->taken, elems);
		KUNIT_ASSERT_PTR_EQ(test, e[i].state, &m->span->obj[idx]);
		m->entries[idx] = e[i];
		__set_bit(idx, m->taken);
	}
}

static void random_put(struct model *m, struct rnd_state *rnd)
{
	unsigned int elems = m->span->nelems, nr = sh_test_random(rnd, 40);
	unsigned int idx;

	for (; nr; nr--) {
		idx = find_next_bit(m->taken, elems,
				    sh_test_random(rnd, elems));
		if (idx >= elems)
			continue;
		sh_span_put(m->span, m->entries[idx].state);
		__clear_bit(idx, m->taken);
	}
}

/* A step of either kind moves 20 objects on average. */
static void span_test_random_against_a_bitmap(struct kunit *test)
{
	unsigned long steps = sh_test_ops(150000) / SH_NR_CLASSES / 20, n;
	struct model *m = test->priv;
	struct rnd_state rnd;
	unsigned int c;

	sh_test_seed(test, &rnd);
	for (c = 1; c < SH_NR_CLASSES; c++) {
		m->span = new_span(test, c, NOWHERE);
		bitmap_zero(m->taken, SH_MAX_ELEMS);
		for (n = 0; n < steps; n++) {
			if (sh_test_random(&rnd, 2))
				random_take(test, m, &rnd);
			else
				random_put(m, &rnd);
			if (n % 8 == 0)
				verify(test, m->span,
				       bitmap_weight(m->taken, SH_MAX_ELEMS));
		}
		verify(test, m->span, bitmap_weight(m->taken, SH_MAX_ELEMS));
	}
}

static struct kunit_case span_cases[] = {
	KUNIT_CASE(span_test_kinds_are_sizes_of_records),
	KUNIT_CASE(span_test_kind_is_the_smallest_that_fits),
	KUNIT_CASE(span_test_old_indices_find_states_only),
	KUNIT_CASE(span_test_starts_with_all_objects_free),
	KUNIT_CASE(span_test_hands_out_each_object_once),
	KUNIT_CASE(span_test_takes_no_more_than_asked),
	KUNIT_CASE(span_test_gives_what_is_left_at_the_end),
	KUNIT_CASE(span_test_takes_the_lowest_first),
	KUNIT_CASE(span_test_check_counts_cached_objects),
	KUNIT_CASE(span_test_check_finds_damage),
	KUNIT_CASE(span_test_writes_nothing_into_objects),
	KUNIT_CASE(span_test_random_against_a_bitmap),
	{}
};

static struct kunit_suite span_suite = {
	.name = "spanheap_span",
	.init = span_test_init,
	.test_cases = span_cases,
};

kunit_test_suite(span_suite);
