// SPDX-License-Identifier: GPL-2.0
/*
 * Claims of objects that were not meant: who frees what is none any more may find
 * the record of its span when that is another's. The object that it hits is its
 * owner's all the same, also one that the owner frees just then. The claims here
 * are made by hand; nothing else can make one at a moment of its choice.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "lib/fixture.h"
#include "object/claim.h"
#include "object/finish.h"
#include "span/pagemap.h"
#include "span/undo.h"

/* A small object, a large one, and a manual span: by size. */
static const size_t sizes[] = { 8, 100, 32768, SZ_128K };

static struct sh_span *span_of(const void *ptr)
{
	return sh_pagemap_get((unsigned long)ptr);
}

static u8 *state_of(const void *ptr)
{
	struct sh_span *span = span_of(ptr);
	unsigned int class = sh_span_class(span);
	unsigned long off = (unsigned long)ptr - sh_span_base(span);

	return &span->obj[class ? off / sh_classes[class].size : 0];
}

static u64 bad_frees(struct spanheap *heap)
{
	return sh_fixture_stats(heap).bad_frees;
}

/* Nobody frees it: it is as it was. */
static void undo_test_gives_the_object_back(struct kunit *test)
{
	static const u8 states[][2] = {
		{ SH_OBJ_LIVE, SH_OBJ_CACHED },
		{ SH_OBJ_LIVE, SH_OBJ_BUSY },
		{ SH_OBJ_SPECIAL, SH_OBJ_SPECIAL_BUSY },
	};
	u8 state;
	int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		state = states[i][1];
		KUNIT_EXPECT_TRUE(test, sh_claim_undone(&state));
		KUNIT_EXPECT_EQ(test, state, states[i][0]);
	}
}

static void undo_test_frees_what_its_owner_has_freed(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const u8 claims[] = { SH_OBJ_CACHED, SH_OBJ_BUSY };
	struct sh_span *span;
	void *obj;
	u8 *state;
	int i;

	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i / 2], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		span = span_of(obj);
		state = state_of(obj);
		WRITE_ONCE(*state, claims[i % 2]);
		/* This is too long a time for it not to be reported. */
		spanheap_free(obj);
		KUNIT_EXPECT_EQ(test, bad_frees(heap), i + 1);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 1);
		KUNIT_ASSERT_FALSE(test, sh_claim_undone(state));
		sh_claim_finish(span, state);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
		sh_fixture_check(test, heap);
	}
}

static void undo_test_frees_pages_as_pages(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *pages = spanheap_alloc_pages(heap, SZ_64K, GFP_KERNEL);
	struct sh_span *span = span_of(pages);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	WRITE_ONCE(span->obj[0], SH_OBJ_BUSY);
	/* Not by that. */
	spanheap_free(pages);
	KUNIT_EXPECT_EQ(test, span->obj[0], SH_OBJ_BUSY);
	spanheap_free_pages(pages);
	KUNIT_ASSERT_FALSE(test, sh_claim_undone(&span->obj[0]));
	sh_claim_finish(span, &span->obj[0]);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).manual_spans, 0);
	KUNIT_EXPECT_EQ(test, bad_frees(heap), 2);
}

/* Whoever has an object rightly is not disturbed by who frees it as well. */
static void undo_test_second_free_changes_nothing(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct sh_object claimed;
	void *obj, *again;
	int i;

	sh_fixture_pin();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_ASSERT_TRUE(test, sh_object_claim(obj, &claimed));
		spanheap_free(obj);
		sh_fixture_check(test, heap);
		sh_object_release(&claimed);
		KUNIT_EXPECT_EQ(test, *state_of(obj), SH_OBJ_LIVE);
		spanheap_free(obj);
		spanheap_free(obj);
		KUNIT_EXPECT_EQ(test, bad_frees(heap), 2 * (i + 1));
		sh_fixture_check(test, heap);
		again = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, again);
		KUNIT_EXPECT_EQ(test, *state_of(again), SH_OBJ_LIVE);
		spanheap_free(again);
	}
}

/**
 * struct wrong - a thread that claims what is not its own
 * @state: state of the object that is there now, or NULL
 * @span: its span
 * @seen: the last @state that the thread is done with
 * @hits: claims made
 */
struct wrong {
	u8 *state;
	struct sh_span *span;
	u8 *seen;
	unsigned long hits;
};

static int claim_wrongly(void *arg)
{
	struct wrong *w = arg;
	u8 *state, live;

	while (!kthread_should_stop()) {
		cond_resched();
		/* With preemption off, as free.c does it. */
		preempt_disable();
		/* The span that goes with it is seen as well. */
		state = smp_load_acquire(&w->state);
		live = SH_OBJ_LIVE;
		if (state && try_cmpxchg(state, &live, SH_OBJ_CACHED)) {
			w->hits++;
			sh_claim_undo(w->span, state);
		}
		/* What was done with it is done. */
		smp_store_release(&w->seen, state);
		preempt_enable();
	}
	return 0;
}

/* The thread does not look at what was the object before. */
static void wait_seen(struct wrong *w, u8 *state)
{
	/* Orders all that the thread did before. */
	while (smp_load_acquire(&w->seen) != state)
		cond_resched();
}

static void undo_test_loses_no_free(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned long nr = sh_fixture_ops(20000), i;
	struct task_struct *task;
	struct wrong w = { };
	void *obj;

	task = kthread_run(claim_wrongly, &w, "sh-wrong");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < nr; i++) {
		obj = spanheap_alloc(heap, 100, GFP_KERNEL);
		if (!obj)
			break;
		w.span = span_of(obj);
		/* After the span. */
		smp_store_release(&w.state, state_of(obj));
		wait_seen(&w, state_of(obj));
		spanheap_free(obj);
		/* After the free. */
		smp_store_release(&w.state, NULL);
		wait_seen(&w, NULL);
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, i, nr);
	kunit_info(test, "%lu frees, %lu wrong claims, %llu reports", nr, w.hits,
		   bad_frees(heap));
	KUNIT_EXPECT_GT(test, w.hits, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, nr);
}

static struct kunit_case undo_test_cases[] = {
	KUNIT_CASE(undo_test_gives_the_object_back),
	KUNIT_CASE(undo_test_frees_what_its_owner_has_freed),
	KUNIT_CASE(undo_test_frees_pages_as_pages),
	KUNIT_CASE(undo_test_second_free_changes_nothing),
	KUNIT_CASE(undo_test_loses_no_free),
	{ }
};

static struct kunit_suite undo_test_suite = {
	.name = "spanheap_undo",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = undo_test_cases,
};

kunit_test_suite(undo_test_suite);
