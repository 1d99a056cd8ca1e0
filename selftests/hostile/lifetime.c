// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - using heaps that are going or gone
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "hostile.h"

/* An object outlives its heap and is freed after it. */
static void free_after_destroy(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_gone");
	void *p = spanheap_alloc(heap, 64, GFP_KERNEL);

	spanheap_destroy(heap);
	hostile_free(h, p);
}

static void free_large_after_destroy(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_gone");
	void *p = spanheap_alloc(heap, SZ_1M, GFP_KERNEL);

	spanheap_destroy(heap);
	hostile_free(h, p);
}

static void destroy_default(struct hostile *h)
{
	struct spanheap_object obj;
	void *p = spanheap_alloc(NULL, 64, GFP_KERNEL);

	if (EXPECT(spanheap_find(p, &obj)))
		spanheap_destroy(obj.heap);
	EXPECT(spanheap_owns(p));
	spanheap_free(p);
}

/* Two owners, each of whom thinks it is the last. */
static void destroy_twice(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_gone");

	spanheap_destroy(heap);
	spanheap_destroy(heap);
}

/* The pointer to a heap was never set. */
static void destroy_garbage(struct hostile *h)
{
	void *p = kzalloc(64, GFP_KERNEL);

	spanheap_destroy(p);
	kfree(p);
}

/* Does not know that the heap is going; what it got is lost. */
static int go_on_allocating(void *heap)
{
	while (spanheap_alloc(heap, 64, GFP_KERNEL)) {
		udelay(5);
		cond_resched();
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void destroy_while_allocating(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_busy");
	struct task_struct *task = kthread_create(go_on_allocating, heap,
						  "spanheap-user");

	if (!EXPECT(!IS_ERR(task)))
		return;
	kthread_bind(task, hostile_other_cpu());
	wake_up_process(task);
	msleep(20);
	spanheap_destroy(heap);
	kthread_stop(task);
}

static void destroy_it(void *ptr, size_t size, void *heap)
{
	spanheap_destroy(heap);
}

static void flush_it(void *ptr, size_t size, void *heap)
{
	spanheap_flush_finalizers(heap);
}

static void call_in_finalizer(struct hostile *h,
			      void (*fn)(void *ptr, size_t size, void *heap))
{
	struct spanheap *heap = hostile_heap(h, "hostile_going");
	void *p = spanheap_alloc(heap, 64, GFP_KERNEL);

	EXPECT(!spanheap_set_finalizer(p, fn, heap));
	spanheap_free(p);
	spanheap_flush_finalizers(heap);
	EXPECT(!spanheap_owns(p));
	spanheap_destroy(heap);
}

/* The heap goes with the last of its objects, but these are still about. */
static void destroy_in_finalizer(struct hostile *h)
{
	call_in_finalizer(h, destroy_it);
}

static void flush_in_finalizer(struct hostile *h)
{
	call_in_finalizer(h, flush_it);
}

/* A shrinker that gives up all it has, on behalf of whoever allocates. */
static void destroy_in_reclaim(struct hostile *h)
{
	struct spanheap *heap = hostile_heap(h, "hostile_going");
	unsigned int scope = memalloc_noreclaim_save();
	struct reclaim_state state = {};

	current->reclaim_state = &state;
	spanheap_destroy(heap);
	current->reclaim_state = NULL;
	memalloc_noreclaim_restore(scope);
	spanheap_destroy(heap);
}

const struct hostile_bug hostile_lifetime_bugs[] = {
	{ "free_after_destroy", free_after_destroy, 1 },
	{ "free_large_after_destroy", free_large_after_destroy, 1 },
	{ "destroy_default", destroy_default, 0, true },
	{ "destroy_twice", destroy_twice, 1, true },
	{ "destroy_garbage", destroy_garbage, 1, true },
	{ "destroy_while_allocating", destroy_while_allocating, 0, true },
	{ "destroy_in_finalizer", destroy_in_finalizer, 0, true },
	{ "flush_in_finalizer", flush_in_finalizer, 0, true },
	{ "destroy_in_reclaim", destroy_in_reclaim, 0, true },
	{ }
};
