// SPDX-License-Identifier: GPL-2.0
/*
 * The collector: what it keeps and what it frees, roots, pins and sections, with heaps
 * whose sections may sleep and such whose may not.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/params.h"
#include "gc/vertex.h"
#include "lib/ear.h"

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
	unsigned long end = jiffies + 60 * HZ;
	struct holder *holder = arg;

	/* Once it was said that it takes long, whenever that is on a busy machine. */
	while (!READ_ONCE(holder->heap->gc->stats.late) && sh_gc_sleeps(holder->heap) &&
	       time_before(jiffies, end))
		msleep(20);
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
			most = max_t(u64, most, spanheap_resident(heap));
			/* On a busy machine the worker may need a while. */
			if (spanheap_resident(heap) > SZ_8M)
				msleep(20);
			cond_resched();
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
	KUNIT_CASE(collector_test_sections_keep_what_they_have),
	KUNIT_CASE(collector_test_collects_by_itself),
	KUNIT_CASE(collector_test_a_limit_is_no_end),
	KUNIT_CASE(collector_test_memory_goes_back),
	KUNIT_CASE(collector_test_verifying_finds_lost_objects),
	KUNIT_CASE(collector_test_verifying_gives_up),
	KUNIT_CASE(collector_test_little_is_collected_as_well),
	{ }
};

static struct kunit_suite collector_test_suite = {
	.name = "spanheap_collector",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = vertex_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = collector_test_cases,
};

static struct kunit_suite collector_sleep_suite = {
	.name = "spanheap_collector_sleep",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = vertex_sleep_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = collector_test_cases,
};

kunit_test_suites(&collector_test_suite, &collector_sleep_suite);
