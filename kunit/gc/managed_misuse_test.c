// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong use of managed heaps: what is no root, no pin and no managed heap, who waits where
 * he must not, and what is left behind.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/params.h"
#include "gc/vertex.h"
#include "lib/ear.h"

static void managed_misuse_test_pins_are_counted(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct vertex *node;
	int idx;

	idx = spanheap_enter(heap);
	node = new_vertex(test, NULL, NULL);
	KUNIT_EXPECT_EQ(test, spanheap_pin(node, GFP_ATOMIC), 0);
	KUNIT_EXPECT_EQ(test, spanheap_pin(&node->right, GFP_ATOMIC), 0);
	spanheap_leave(heap, idx);
	collect(test);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(node), 0);
	collect(test);
	KUNIT_EXPECT_EQ(test, node->magic, MAGIC);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(&node->right), 0);
	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, spanheap_unpin(node), -ENOENT);
	sh_ear_expect(test, "bad unpin: heap kunit-managed: this is not pinned");
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 0);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(node), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_pin(node, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_pin(NULL, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_pin(test, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(NULL), -EINVAL);
}

static void managed_misuse_test_what_is_no_root_is_refused(struct kunit *test)
{
	struct spanheap *heap = test->priv;

	add_roots(test, 100);
	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots, 1, GFP_KERNEL), -EEXIST);
	sh_ear_expect(test, "bad add_roots: heap kunit-managed: these are roots already");
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots + 99, 10, GFP_KERNEL), -EEXIST);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots + 100, 10, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, NULL, 1, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots, 0, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots, SIZE_MAX, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, (char *)roots + 1, 1, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(NULL, roots, 1, GFP_KERNEL), -EINVAL);
	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(heap, roots, 99), -ENOENT);
	sh_ear_expect(test, "bad remove_roots: heap kunit-managed: these are no roots");
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(heap, roots + 1, 99), -ENOENT);
	remove_roots(test, 100);
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(heap, roots, 100), -ENOENT);
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(heap, roots + 100, 10), 0);
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(NULL, roots, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, ((struct spanheap *)heap)->gc->roots.nr, 0);
}

static void managed_misuse_test_is_for_managed_heaps(struct kunit *test)
{
	struct spanheap *plain = sh_fixture_create(test, "kunit-plain", 0);
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	void *obj = spanheap_alloc(plain, 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, spanheap_collect(plain), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_collect(NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(plain, roots, 1, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_set_gc_percent(plain, 50), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_reserve(plain, 50, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_pin(obj, GFP_KERNEL), -EINVAL);
	spanheap_free(obj);
	sh_fixture_destroy(test, plain);
	config.gc_percent = 50;
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("kunit-bad", &config)), -EINVAL);
	config.gc_percent = 0;
	config.flags = SPANHEAP_MANAGED_SLEEP & ~SPANHEAP_MANAGED;
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("kunit-bad", &config)), -EINVAL);
}

static void managed_misuse_test_waits_nowhere_it_must_not(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "the kernel does not know of sections");
	sh_ear_listen();
	preempt_disable();
	KUNIT_EXPECT_EQ(test, spanheap_collect(test->priv), -EDEADLK);
	preempt_enable();
	/* That is said once of a place. */
	if (!sh_gc_sleeps(test->priv))
		sh_ear_expect(test, "bad collect: it waits, which an interrupt");
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, sh_gc_verify(test->priv), -EDEADLK);
	rcu_read_unlock();
	if (IS_ENABLED(CONFIG_PROVE_RCU)) {
		int idx = spanheap_enter(test->priv);

		KUNIT_EXPECT_EQ(test, spanheap_collect(test->priv), -EDEADLK);
		spanheap_leave(test->priv, idx);
	}
}

static void managed_misuse_test_new_is_for_sections(struct kunit *test)
{
	struct spanheap_layout *layout = layout_of(test, &vertex);

	if (!IS_ENABLED(CONFIG_PROVE_RCU))
		kunit_skip(test, "the kernel does not know of sections");
	sh_ear_listen();
	spanheap_new(layout, 1, GFP_ATOMIC);
	sh_ear_expect(test, "bad new: heap kunit-managed: not between spanheap_enter()");
}

static void managed_misuse_test_pins_left_are_reported(struct kunit *test)
{
	struct spanheap_layout *layout;
	struct spanheap *heap;
	int idx;

	WRITE_ONCE(sh_gc_verify_cycles, true);
	heap = sh_fixture_create_managed(test, "kunit-pinned", 0);
	WRITE_ONCE(sh_gc_verify_cycles, false);
	layout = spanheap_type_register(heap, &vertex, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, layout);
	idx = spanheap_enter(heap);
	KUNIT_EXPECT_EQ(test, spanheap_pin(spanheap_new(layout, 1, GFP_KERNEL), GFP_KERNEL), 0);
	spanheap_leave(heap, idx);
	sh_ear_listen();
	spanheap_destroy(heap);
	sh_ear_expect(test, "heap kunit-pinned: destroyed with 1 objects that are pinned");
	sh_ear_expect(test, "1 times, first at:");
	sh_ear_expect(test, "managed_misuse_test_pins_left_are_reported");
}

/* A module goes whose data has roots of somebody's heap. */
static void managed_misuse_test_roots_go_with_their_module(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static struct vertex *elsewhere;
	int idx;

	add_roots(test, 100);
	KUNIT_ASSERT_EQ(test, spanheap_add_roots(heap, &elsewhere, 1, GFP_KERNEL), 0);
	idx = spanheap_enter(heap);
	spanheap_store(heap, roots[50], new_vertex(test, NULL, NULL));
	spanheap_leave(heap, idx);
	KUNIT_EXPECT_EQ(test, sh_gc_forget_roots(heap, THIS_MODULE), 2);
	KUNIT_EXPECT_EQ(test, sh_gc_forget_roots(heap, THIS_MODULE), 0);
	KUNIT_EXPECT_EQ(test, heap->gc->roots.nr, 0);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 0);
}

static void managed_misuse_test_flags_that_sleep_are_refused(struct kunit *test)
{
	static const struct spanheap_type fresh = { .name = "fresh", .size = 600 };
	struct spanheap_layout *layout;
	void *obj;
	int idx;

	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		kunit_skip(test, "the kernel says so itself");
	layout = layout_of(test, &fresh);
	idx = spanheap_enter(test->priv);
	obj = spanheap_new(layout, 1, GFP_KERNEL);
	spanheap_leave(test->priv, idx);
	KUNIT_EXPECT_EQ(test, !!obj, sh_gc_sleeps(test->priv));
}

static struct kunit_case managed_misuse_test_cases[] = {
	KUNIT_CASE(managed_misuse_test_pins_are_counted),
	KUNIT_CASE(managed_misuse_test_what_is_no_root_is_refused),
	KUNIT_CASE(managed_misuse_test_is_for_managed_heaps),
	KUNIT_CASE(managed_misuse_test_waits_nowhere_it_must_not),
	KUNIT_CASE(managed_misuse_test_new_is_for_sections),
	KUNIT_CASE(managed_misuse_test_pins_left_are_reported),
	KUNIT_CASE(managed_misuse_test_roots_go_with_their_module),
	KUNIT_CASE(managed_misuse_test_flags_that_sleep_are_refused),
	{ }
};

static struct kunit_suite managed_misuse_suite = {
	.name = "spanheap_managed_misuse",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = vertex_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = managed_misuse_test_cases,
};

static struct kunit_suite managed_misuse_sleep_suite = {
	.name = "spanheap_managed_misuse_sleep",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = vertex_sleep_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = managed_misuse_test_cases,
};

kunit_test_suites(&managed_misuse_suite, &managed_misuse_sleep_suite);
