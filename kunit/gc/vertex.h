/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the collector make graphs of: vertices with two references, and roots
 * for them. test->priv is a managed heap.
 */
#ifndef SPANHEAP_KUNIT_VERTEX_H
#define SPANHEAP_KUNIT_VERTEX_H

#include <kunit/test.h>
#include <linux/sizes.h>

#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/managed.h"
#include "lib/fixture.h"

#define MAGIC	0x6d616e61676564UL

struct vertex {
	struct vertex *left;
	unsigned long magic;
	struct vertex *right;
};

SPANHEAP_TYPE(vertex, struct vertex, left, right);

static const struct spanheap_type __maybe_unused blob = { .name = "blob", .size = 24 };
static const struct spanheap_type __maybe_unused words = {
	.name = "words", .size = 8, .flags = SPANHEAP_CONSERVATIVE,
};

/* Of test->priv, in a section or not. */
static inline struct spanheap_layout *layout_of(struct kunit *test,
						const struct spanheap_type *type)
{
	struct spanheap_layout *layout;

	layout = spanheap_type_register(test->priv, type, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, layout);
	return layout;
}

/* Memory for what is allocated in sections, where nothing waits for some. */
static inline void reserve(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, spanheap_reserve(test->priv, SZ_1M, GFP_KERNEL), 0);
}

/* In a section of the caller's. */
static inline void *new_elements(struct kunit *test, const struct spanheap_type *type,
				 size_t n)
{
	void *obj = spanheap_new(layout_of(test, type), n, GFP_ATOMIC);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

static inline struct vertex *new_vertex(struct kunit *test, struct vertex *left,
					struct vertex *right)
{
	struct vertex *new = new_elements(test, &vertex, 1);

	new->magic = MAGIC;
	spanheap_store(test->priv, new->left, left);
	spanheap_store(test->priv, new->right, right);
	return new;
}

static inline void collect(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, spanheap_collect(test->priv), 0);
	KUNIT_EXPECT_EQ(test, sh_gc_verify(test->priv), 0);
}

static inline u64 live(struct kunit *test)
{
	return sh_fixture_stats(test->priv).objects;
}

/* Roots of a case; on its stack they would be too many for some. */
static struct vertex *roots[200];

static inline void add_roots(struct kunit *test, unsigned int n)
{
	memset(roots, 0, sizeof(roots));
	KUNIT_ASSERT_EQ(test, spanheap_add_roots(test->priv, roots, n, GFP_KERNEL), 0);
}

static inline void remove_roots(struct kunit *test, unsigned int n)
{
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(test->priv, roots, n), 0);
}

/* Inits of suites, with heaps of either kind. */
static inline int ready(struct kunit *test, int err)
{
	return err ?: spanheap_reserve(test->priv, SZ_1M, GFP_KERNEL);
}

static inline int vertex_init(struct kunit *test)
{
	return ready(test, sh_fixture_managed_init(test));
}

static inline int vertex_sleep_init(struct kunit *test)
{
	return ready(test, sh_fixture_managed_sleep_init(test));
}

#endif /* SPANHEAP_KUNIT_VERTEX_H */
