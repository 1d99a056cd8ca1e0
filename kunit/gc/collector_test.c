// SPDX-License-Identifier: GPL-2.0
/*
 * The collector: what it keeps and what it frees, roots, pins and sections, with heaps
 * whose sections may sleep and such whose may not; and what is refused.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/params.h"
#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/managed.h"
#include "lib/ear.h"
#include "lib/fixture.h"

#define MAGIC	0x6d616e61676564UL

struct vertex {
	struct vertex *left;
	unsigned long magic;
	struct vertex *right;
};

SPANHEAP_TYPE(vertex, struct vertex, left, right);

static const struct spanheap_type blob = { .name = "blob", .size = 24 };
static const struct spanheap_type words = {
	.name = "words", .size = 8, .flags = SPANHEAP_CONSERVATIVE,
};

/* Of test->priv, in a section or not. */
static struct spanheap_layout *layout_of(struct kunit *test, const struct spanheap_type *type)
{
	struct spanheap_layout *layout;

	layout = spanheap_type_register(test->priv, type, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, layout);
	return layout;
}

/* Memory for what is allocated in sections, where nothing waits for some. */
static void reserve(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, spanheap_reserve(test->priv, SZ_1M, GFP_KERNEL), 0);
}

/* In a section of the caller's. */
static void *new_elements(struct kunit *test, const struct spanheap_type *type, size_t n)
{
	void *obj = spanheap_new(layout_of(test, type), n, GFP_ATOMIC);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	return obj;
}

static struct vertex *new_vertex(struct kunit *test, struct vertex *left, struct vertex *right)
{
	struct vertex *new = new_elements(test, &vertex, 1);

	new->magic = MAGIC;
	spanheap_store(test->priv, new->left, left);
	spanheap_store(test->priv, new->right, right);
	return new;
}

static void collect(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, spanheap_collect(test->priv), 0);
	KUNIT_EXPECT_EQ(test, sh_gc_verify(test->priv), 0);
}

static u64 live(struct kunit *test)
{
	return sh_fixture_stats(test->priv).objects;
}

/* Roots of a case; on its stack they would be too many for some. */
static struct vertex *roots[200];

static void add_roots(struct kunit *test, unsigned int n)
{
	memset(roots, 0, sizeof(roots));
	KUNIT_ASSERT_EQ(test, spanheap_add_roots(test->priv, roots, n, GFP_KERNEL), 0);
}

static void remove_roots(struct kunit *test, unsigned int n)
{
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(test->priv, roots, n), 0);
}

static void collector_test_frees_what_nothing_refers_to(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct vertex *second;
	int idx, i;

	add_roots(test, 1);
	idx = spanheap_enter(heap);
	for (i = 0; i < 1000; i++)
		new_vertex(test, NULL, NULL);
	second = new_vertex(test, NULL, NULL);
	spanheap_store(heap, roots[0], new_vertex(test, NULL, second));
	spanheap_leave(heap, idx);
	KUNIT_EXPECT_EQ(test, live(test), 1002);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 2);
	KUNIT_EXPECT_EQ(test, roots[0]->magic, MAGIC);
	KUNIT_EXPECT_EQ(test, roots[0]->right->magic, MAGIC);
	idx = spanheap_enter(heap);
	spanheap_store(heap, roots[0]->right, NULL);
	spanheap_leave(heap, idx);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 1);
	remove_roots(test, 1);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 0);
}

/* No count of references frees these. */
static void collector_test_frees_circles(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int idx = spanheap_enter(heap), i;
	struct vertex *first, *last;

	first = new_vertex(test, NULL, NULL);
	last = first;
	for (i = 1; i < 500; i++)
		last = new_vertex(test, last, first);
	spanheap_store(heap, first->left, last);
	KUNIT_ASSERT_EQ(test, spanheap_pin(first, GFP_ATOMIC), 0);
	spanheap_leave(heap, idx);
	collect(test);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 500);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(first), 0);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 0);
}

/* Longer than any stack. */
static void collector_test_follows_long_chains(struct kunit *test)
{
	unsigned long length = sh_fixture_ops(200000), nr = 0;
	struct spanheap *heap = test->priv;
	struct vertex *at;
	unsigned long i;
	int idx;

	add_roots(test, 1);
	for (i = 0; i < length; i++) {
		if (i % 1024 == 0)
			reserve(test);
		idx = spanheap_enter(heap);
		at = spanheap_load(heap, roots[0]);
		spanheap_store(heap, roots[0], new_vertex(test, NULL, at));
		spanheap_leave(heap, idx);
	}
	collect(test);
	for (at = roots[0]; at && at->magic == MAGIC; at = at->right)
		nr++;
	KUNIT_EXPECT_EQ(test, nr, length);
	KUNIT_EXPECT_EQ(test, live(test), length);
	remove_roots(test, 1);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 0);
}

/* An object that is looked into a piece at a time, the last of which is shorter. */
static void collector_test_follows_large_arrays(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct vertex *array;
	int idx, i;

	idx = spanheap_enter(heap);
	array = new_elements(test, &vertex, 10000);
	for (i = 0; i < 10000; i += 100)
		spanheap_store(heap, array[i].left, new_vertex(test, NULL, NULL));
	spanheap_store(heap, array[9999].right, new_vertex(test, NULL, NULL));
	KUNIT_ASSERT_EQ(test, spanheap_pin(&array[77], GFP_ATOMIC), 0);
	spanheap_leave(heap, idx);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 102);
	KUNIT_EXPECT_EQ(test, array[9999].right->magic, MAGIC);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(array), 0);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).large_frees, 1);
}

/* Into the middle counts, one past the end does not, nor what belongs to others. */
static void collector_test_any_address_may_be_stored(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct vertex *node;
	int idx;

	add_roots(test, 4);
	idx = spanheap_enter(heap);
	node = new_vertex(test, NULL, NULL);
	spanheap_store(heap, roots[0], (struct vertex *)((char *)node + 23));
	spanheap_store(heap, roots[1], (struct vertex *)test);
	spanheap_store(heap, roots[2], (struct vertex *)ZERO_SIZE_PTR);
	spanheap_store(heap, roots[3], (struct vertex *)-8UL);
	spanheap_leave(heap, idx);
	collect(test);
	KUNIT_EXPECT_EQ(test, node->magic, MAGIC);
	KUNIT_EXPECT_EQ(test, live(test), 1);
	idx = spanheap_enter(heap);
	spanheap_store(heap, roots[0], node + 1);
	spanheap_leave(heap, idx);
	KUNIT_ASSERT_EQ(test, spanheap_collect(heap), 0);
	KUNIT_EXPECT_EQ(test, live(test), 0);
	remove_roots(test, 4);
}

static void collector_test_types_say_what_refers(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct vertex *kept, **any, **none;
	int idx;

	add_roots(test, 2);
	idx = spanheap_enter(heap);
	any = new_elements(test, &words, 10);
	none = new_elements(test, &blob, 1);
	kept = new_vertex(test, NULL, NULL);
	spanheap_store(heap, any[9], kept);
	none[0] = new_vertex(test, NULL, NULL);
	kept->magic = (unsigned long)new_vertex(test, NULL, NULL);
	spanheap_store(heap, roots[0], (struct vertex *)any);
	spanheap_store(heap, roots[1], (struct vertex *)none);
	spanheap_leave(heap, idx);
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 3);
	KUNIT_EXPECT_PTR_EQ(test, any[9], kept);
	remove_roots(test, 2);
}

static void collector_test_pins_are_counted(struct kunit *test)
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

static void collector_test_what_is_no_root_is_refused(struct kunit *test)
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

static void collector_test_is_for_managed_heaps(struct kunit *test)
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

static void collector_test_waits_nowhere_it_must_not(struct kunit *test)
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

static void collector_test_new_is_for_sections(struct kunit *test)
{
	struct spanheap_layout *layout = layout_of(test, &vertex);

	if (!IS_ENABLED(CONFIG_PROVE_RCU))
		kunit_skip(test, "the kernel does not know of sections");
	sh_ear_listen();
	spanheap_new(layout, 1, GFP_ATOMIC);
	sh_ear_expect(test, "bad new: heap kunit-managed: not between spanheap_enter()");
}

/**
 * struct holder - a section that is open for a while
 * @heap: the heap
 * @layout: what an object in it is to be
 * @open: told once the section is
 * @go: told to end it
 * @done: told once it has ended
 * @told: told once it was told to
 * @kept: whether the object was as it should be by then
 */
struct holder {
	struct spanheap *heap;
	struct spanheap_layout *layout;
	struct completion open;
	struct completion go;
	struct completion done;
	struct completion told;
	bool kept;
};

static int hold(void *arg)
{
	struct holder *holder = arg;
	int idx = spanheap_enter(holder->heap);
	struct vertex *node = spanheap_new(holder->layout, 1, GFP_ATOMIC);

	if (node)
		node->magic = MAGIC;
	complete(&holder->open);
	/* Where one must not sleep it is spun. */
	if (sh_gc_sleeps(holder->heap))
		wait_for_completion(&holder->go);
	else
		mdelay(30);
	holder->kept = node && node->magic == MAGIC && spanheap_owns(node);
	spanheap_leave(holder->heap, idx);
	kthread_complete_and_exit(&holder->done, 0);
}

static int let_go(void *arg)
{
	struct holder *holder = arg;

	msleep(1200);
	complete(&holder->go);
	kthread_complete_and_exit(&holder->told, 0);
}

/* What a section has it keeps, and the collector waits, and says so after a second. */
static void collector_test_sections_keep_what_they_have(struct kunit *test)
{
	struct holder holder = { .heap = test->priv, .layout = layout_of(test, &vertex) };
	struct task_struct *other;

	init_completion(&holder.open);
	init_completion(&holder.go);
	init_completion(&holder.done);
	init_completion(&holder.told);
	sh_ear_listen();
	other = kthread_run(hold, &holder, "spanheap-hold");
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	wait_for_completion(&holder.open);
	other = kthread_run(let_go, &holder, "spanheap-let-go");
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	collect(test);
	wait_for_completion(&holder.done);
	wait_for_completion(&holder.told);
	KUNIT_EXPECT_TRUE(test, holder.kept);
	if (sh_gc_sleeps(test->priv))
		sh_ear_expect(test, "a section is open for more than 1000 ms");
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 0);
}

static void collector_test_collects_by_itself(struct kunit *test)
{
	unsigned long nr = sh_fixture_ops(2000000), i;
	struct spanheap *heap = test->priv;
	u64 most = 0;
	int idx;

	KUNIT_EXPECT_EQ(test, spanheap_set_gc_percent(heap, 10), 0);
	for (i = 0; i < nr; i++) {
		idx = spanheap_enter(heap);
		new_vertex(test, NULL, NULL);
		spanheap_leave(heap, idx);
		if (i % 1024 == 0) {
			reserve(test);
			cond_resched();
			most = max_t(u64, most, spanheap_resident(heap));
		}
	}
	KUNIT_EXPECT_GE(test, READ_ONCE(heap->gc->stats.cycles), 1);
	KUNIT_EXPECT_LT(test, most, SZ_16M);
	KUNIT_EXPECT_EQ(test, spanheap_set_gc_percent(heap, SPANHEAP_GC_OFF), 0);
}

/* At a limit who fails leaves his section, and has it tried again. */
static void collector_test_a_limit_is_no_end(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_managed(test, "kunit-limited", SZ_2M);
	struct spanheap_layout *layout = spanheap_type_register(heap, &vertex, GFP_KERNEL);
	unsigned long nr = sh_fixture_ops(500000), failed = 0, i = 0;
	struct vertex *node;
	int idx;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, layout);
	spanheap_set_gc_percent(heap, 100);
	while (i < nr && failed < 1000) {
		idx = spanheap_enter(heap);
		node = spanheap_new(layout, 1, GFP_ATOMIC | __GFP_NOWARN);
		spanheap_leave(heap, idx);
		if (node) {
			i++;
			continue;
		}
		failed++;
		KUNIT_EXPECT_EQ(test, spanheap_collect(heap), 0);
	}
	KUNIT_EXPECT_EQ(test, i, nr);
	KUNIT_EXPECT_LE(test, spanheap_resident(heap), SZ_2M);
	spanheap_set_gc_percent(heap, SPANHEAP_GC_OFF);
	sh_fixture_check(test, heap);
	spanheap_destroy(heap);
}

static void collector_test_memory_goes_back(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int idx, i;

	for (i = 0; i < 20000; i++) {
		idx = spanheap_enter(heap);
		new_vertex(test, NULL, NULL);
		spanheap_leave(heap, idx);
	}
	collect(test);
	KUNIT_EXPECT_EQ(test, live(test), 0);
	sh_fixture_drain(heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).in_use, 0);
}

static void collector_test_pins_left_are_reported(struct kunit *test)
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
	sh_ear_expect(test, "collector_test_pins_left_are_reported");
}

/* The verifying mode finds what is wrong: here by the hand of the test. */
static void collector_test_verifying_finds_lost_objects(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct vertex *node, *lost;
	int idx;

	add_roots(test, 1);
	idx = spanheap_enter(heap);
	lost = new_vertex(test, NULL, NULL);
	node = new_vertex(test, NULL, NULL);
	spanheap_store(heap, roots[0], node);
	spanheap_leave(heap, idx);
	collect(test);
	/* Without the barrier, of what is free. */
	node->right = lost;
	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, sh_gc_verify(heap), 1);
	sh_ear_expect(test, "of type vertex, refers at offset 16 to");
	sh_ear_expect(test, "which is free");
	node->right = NULL;
	KUNIT_EXPECT_EQ(test, sh_gc_verify(heap), 0);
	remove_roots(test, 1);
}

static int ready(struct kunit *test, int err)
{
	return err ?: spanheap_reserve(test->priv, SZ_1M, GFP_KERNEL);
}

static int collector_test_init(struct kunit *test)
{
	return ready(test, sh_fixture_managed_init(test));
}

static int collector_sleep_init(struct kunit *test)
{
	return ready(test, sh_fixture_managed_sleep_init(test));
}

/* A module goes whose data has roots of somebody's heap. */
static void collector_test_roots_go_with_their_module(struct kunit *test)
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

static void collector_test_flags_that_sleep_are_refused(struct kunit *test)
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

/* Or who waits in a section for somebody who would begin one would wait for ever. */
static void collector_test_verifying_gives_up(struct kunit *test)
{
	struct holder holder = { .heap = test->priv, .layout = layout_of(test, &vertex) };
	struct task_struct *task;
	int idx;

	if (!sh_gc_sleeps(test->priv))
		kunit_skip(test, "sections do not sleep");
	init_completion(&holder.open);
	init_completion(&holder.go);
	init_completion(&holder.done);
	task = kthread_run(hold, &holder, "spanheap-hold");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&holder.open);
	KUNIT_EXPECT_EQ(test, sh_gc_verify(test->priv), -EBUSY);
	idx = spanheap_enter(test->priv);
	KUNIT_EXPECT_GE(test, idx, 0);
	spanheap_leave(test->priv, idx);
	complete(&holder.go);
	wait_for_completion(&holder.done);
	KUNIT_EXPECT_EQ(test, sh_gc_verify(test->priv), 0);
}

/* What was allocated goes after a while even if that was little: not waited for here. */
static void collector_test_little_is_collected_as_well(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int idx;

	KUNIT_EXPECT_EQ(test, spanheap_set_gc_percent(heap, 100), 0);
	idx = spanheap_enter(heap);
	new_vertex(test, NULL, NULL);
	spanheap_leave(heap, idx);
	irq_work_sync(&heap->gc->kick);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&heap->gc->work));
	heap->gc->last = jiffies - 1000 * HZ;
	mod_delayed_work(sh_gc_wq, &heap->gc->work, 0);
	flush_delayed_work(&heap->gc->work);
	KUNIT_EXPECT_EQ(test, heap->gc->stats.cycles, 1);
	KUNIT_EXPECT_EQ(test, live(test), 0);
	/* Nothing was allocated since: nothing is to come. */
	irq_work_sync(&heap->gc->kick);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&heap->gc->work));
	KUNIT_EXPECT_EQ(test, spanheap_set_gc_percent(heap, SPANHEAP_GC_OFF), 0);
}

static struct kunit_case collector_test_cases[] = {
	KUNIT_CASE(collector_test_frees_what_nothing_refers_to),
	KUNIT_CASE(collector_test_frees_circles),
	KUNIT_CASE(collector_test_follows_long_chains),
	KUNIT_CASE(collector_test_follows_large_arrays),
	KUNIT_CASE(collector_test_any_address_may_be_stored),
	KUNIT_CASE(collector_test_types_say_what_refers),
	KUNIT_CASE(collector_test_pins_are_counted),
	KUNIT_CASE(collector_test_what_is_no_root_is_refused),
	KUNIT_CASE(collector_test_is_for_managed_heaps),
	KUNIT_CASE(collector_test_waits_nowhere_it_must_not),
	KUNIT_CASE(collector_test_new_is_for_sections),
	KUNIT_CASE(collector_test_sections_keep_what_they_have),
	KUNIT_CASE(collector_test_collects_by_itself),
	KUNIT_CASE(collector_test_a_limit_is_no_end),
	KUNIT_CASE(collector_test_memory_goes_back),
	KUNIT_CASE(collector_test_pins_left_are_reported),
	KUNIT_CASE(collector_test_verifying_finds_lost_objects),
	KUNIT_CASE(collector_test_roots_go_with_their_module),
	KUNIT_CASE(collector_test_flags_that_sleep_are_refused),
	KUNIT_CASE(collector_test_verifying_gives_up),
	KUNIT_CASE(collector_test_little_is_collected_as_well),
	{ }
};

static struct kunit_suite collector_test_suite = {
	.name = "spanheap_collector",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = collector_test_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = collector_test_cases,
};

static struct kunit_suite collector_sleep_suite = {
	.name = "spanheap_collector_sleep",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = collector_sleep_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = collector_test_cases,
};

kunit_test_suites(&collector_test_suite, &collector_sleep_suite);
