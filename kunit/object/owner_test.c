// SPDX-License-Identifier: GPL-2.0
/*
 * Who made a heap, and what is left behind when that module goes. Here it is this
 * one that is said to go.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>

#include "api/unload.h"
#include "lib/ear.h"
#include "lib/fixture.h"

static atomic_t calls;

static void count(void *ptr, size_t size, void *arg)
{
	atomic_inc(&calls);
}

static void owner_test_notes_who_makes_a_heap(struct kunit *test)
{
	struct spanheap *heap = test->priv;

	KUNIT_EXPECT_STREQ(test, heap->owner.name, "spanheap_kunit");
	KUNIT_EXPECT_STREQ(test, heap->owner.comm, current->comm);
	KUNIT_EXPECT_EQ(test, heap->owner.pid, current->pid);
	KUNIT_EXPECT_LE(test, heap->owner.made, ktime_get_boottime_ns());
	KUNIT_EXPECT_GT(test, heap->owner.made, sh_default_heap->owner.made);
	KUNIT_EXPECT_STREQ(test, sh_default_heap->owner.name, "spanheap");
}

static void owner_test_knows_no_module(struct kunit *test)
{
	struct spanheap *heap = __spanheap_create("owner-none", NULL, NULL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	KUNIT_EXPECT_STREQ(test, heap->owner.name, "kernel");
	sh_unload_module(THIS_MODULE);
	KUNIT_EXPECT_FALSE(test, heap->owner.gone);
	KUNIT_EXPECT_EQ(test, sh_ear_count("owner-none"), 0);
	sh_fixture_destroy(test, heap);
}

static void owner_test_says_whose_a_name_is(struct kunit *test)
{
	char process[64];

	snprintf(process, sizeof(process), "in process %s, pid %d, ",
		 current->comm, current->pid);
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("kunit", NULL)), -EEXIST);
	sh_ear_expect(test, "heap kunit exists already: module spanheap_kunit made it");
	sh_ear_expect(test, process);
	sh_ear_expect(test, "s after boot; choose another name");
}

static void owner_test_reports_what_is_left_behind(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "owner-left", 0);
	void *objs[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = spanheap_alloc(heap, 64, GFP_KERNEL);
	sh_unload_module(THIS_MODULE);
	sh_ear_expect(test, "module spanheap_kunit leaves heap owner-left behind");
	sh_ear_expect(test, "heap owner-left behind (3 objects, 192 bytes)");
	sh_ear_expect(test, "heap owner-left:   3 of size class 64");
	KUNIT_EXPECT_TRUE(test, heap->owner.gone);

	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("owner-left", NULL)), -EEXIST);
	sh_ear_expect(test, "module spanheap_kunit made it and left it behind");

	/* It is said once, and who still has the heap may use it. */
	sh_ear_listen();
	sh_unload_module(THIS_MODULE);
	SH_EXPECT_SILENCE(test);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		spanheap_free(objs[i]);
	sh_fixture_destroy(test, heap);
}

/* That of a debug heap with the stacks, while they can be printed. */
static void owner_test_shows_who_allocated(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_debug(test, "owner-debug");
	void *obj = spanheap_alloc(heap, 100, GFP_KERNEL);

	sh_unload_module(THIS_MODULE);
	sh_ear_expect(test, "heap owner-debug:   1 of 100 bytes, allocated at:");
	if (IS_ENABLED(CONFIG_STACKDEPOT))
		sh_ear_expect(test, "owner_test_shows_who_allocated");
	spanheap_free(obj);
	sh_fixture_destroy(test, heap);
}

/* Set or queued, in whatever heap, more than are looked at in one go. */
static void owner_test_drops_finalizers(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "owner-finalizers", 0);
	enum { NR = 1000 };
	void **objs = kunit_kmalloc_array(test, NR, sizeof(*objs), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	heap->owner.module = NULL;	/* somebody else's */
	for (i = 0; i < NR; i++) {
		objs[i] = spanheap_alloc(heap, 64, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, spanheap_set_finalizer(objs[i], count, NULL), 0);
	}
	sh_unload_module(THIS_MODULE);
	sh_ear_expect(test, "leaves 1000 finalizers behind in heap owner-finalizers");
	KUNIT_EXPECT_EQ(test, sh_ear_count("leaves heap owner-finalizers"), 0);
	for (i = 0; i < NR / 2; i++)
		spanheap_free(objs[i]);
	spanheap_flush_finalizers(heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, NR / 2);
	spanheap_destroy(heap);
	KUNIT_EXPECT_EQ(test, atomic_read(&calls), 0);
}

struct gate {
	struct completion reached;
	struct completion open;
	atomic_t left;
};

static void pass_gate(void *ptr, size_t size, void *arg)
{
	struct gate *gate = arg;

	complete(&gate->reached);
	wait_for_completion(&gate->open);
	atomic_set(&gate->left, 1);
}

static int go_thread(void *unused)
{
	sh_unload_module(THIS_MODULE);
	return 0;
}

/* The code of a finalizer stays until it has returned; what waits does not run. */
static void owner_test_waits_for_a_finalizer(struct kunit *test)
{
	struct task_struct *task;
	struct gate gate = { };
	void *objs[2];

	init_completion(&gate.reached);
	init_completion(&gate.open);
	objs[0] = spanheap_alloc(test->priv, 64, GFP_KERNEL);
	objs[1] = spanheap_alloc(test->priv, 64, GFP_KERNEL);
	spanheap_set_finalizer(objs[0], pass_gate, &gate);
	spanheap_set_finalizer(objs[1], count, NULL);
	spanheap_free(objs[0]);
	wait_for_completion(&gate.reached);
	spanheap_free(objs[1]);
	task = kthread_create(go_thread, NULL, "spanheap-goes");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	while (sh_ear_count("leaves 1 finalizers behind") < 1)
		msleep(20);
	msleep(50);
	/* Still there. */
	KUNIT_EXPECT_FALSE(test, task->exit_state);
	complete(&gate.open);
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, atomic_read(&gate.left), 1);
	put_task_struct(task);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, atomic_read(&calls), 0);
}

static int owner_test_init(struct kunit *test)
{
	atomic_set(&calls, 0);
	sh_ear_listen();
	return sh_fixture_init(test);
}

static struct kunit_case owner_test_cases[] = {
	KUNIT_CASE(owner_test_notes_who_makes_a_heap),
	KUNIT_CASE(owner_test_knows_no_module),
	KUNIT_CASE(owner_test_says_whose_a_name_is),
	KUNIT_CASE(owner_test_reports_what_is_left_behind),
	KUNIT_CASE(owner_test_shows_who_allocated),
	KUNIT_CASE(owner_test_drops_finalizers),
	KUNIT_CASE(owner_test_waits_for_a_finalizer),
	{}
};

static struct kunit_suite owner_test_suite = {
	.name = "spanheap_owner",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = owner_test_init,
	.exit = sh_fixture_exit,
	.test_cases = owner_test_cases,
};

kunit_test_suite(owner_test_suite);
