// SPDX-License-Identifier: GPL-2.0
/*
 * Frees wake nobody: not kswapd, for records they have a use for, and no worker
 * where interrupts are off. An object may be freed under the locks that a wake-up
 * takes. Nor do calls without flags, and those whose flags say so.
 */
#include <kunit/test.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kallsyms.h>
#include <linux/sizes.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>

#include "lib/fixture.h"

#define NR_OBJS		512
#define DEPTH		24

/**
 * struct listener - what is allocated by a task
 * @task: the task
 * @nr: allocations
 * @loud: those of them that may wake somebody
 * @where: the stack of the first of these
 */
static struct listener {
	struct task_struct *task;
	unsigned int nr;
	unsigned int loud;
	unsigned long where[DEPTH];
} listener;

/* KASAN remembers who frees, and the stack depot wants a page for that now and then. */
static bool is_stack_depot(const unsigned long *entry, unsigned int nr)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		sprint_symbol_no_offset(name, entry[i]);
		if (strstarts(name, "stack_depot"))
			return true;
	}
	return false;
}

static void note(gfp_t gfp)
{
	unsigned long entry[DEPTH] = { };
	unsigned int nr;

	listener.nr++;
	if (!(gfp & __GFP_RECLAIM))
		return;
	nr = stack_trace_save(entry, DEPTH, 0);
	if (!is_stack_depot(entry, nr) && !listener.loud++)
		memcpy(listener.where, entry, sizeof(entry));
}

static void expect_quiet(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_GT(test, listener.nr, 0);
	KUNIT_EXPECT_EQ(test, listener.loud, 0);
	for (i = 0; listener.loud && i < DEPTH; i++)
		kunit_info(test, "%pS\n", (void *)listener.where[i]);
}

static void hear_kmalloc(void *unused, unsigned long call_site, const void *ptr,
			 size_t bytes_req, size_t bytes_alloc, gfp_t gfp, int node)
{
	if (current != READ_ONCE(listener.task) || in_interrupt())
		return;
	note(gfp);
}

static void quiet_test_frees_wake_no_kswapd(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	size_t size;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	sh_fixture_pin();
	if (register_trace_kmalloc(hear_kmalloc, NULL))
		kunit_skip(test, "no tracepoints here");
	for (size = 16; size <= SZ_4K; size *= 4) {
		for (i = 0; i < NR_OBJS; i++)
			objs[i] = spanheap_alloc(heap, size, GFP_KERNEL);
		/* What is freed next finds no room. */
		sh_drain_near(heap->drains);
		WRITE_ONCE(listener.task, current);
		for (i = 0; i < NR_OBJS; i++)
			spanheap_free(objs[i]);
		WRITE_ONCE(listener.task, NULL);
	}
	unregister_trace_kmalloc(hear_kmalloc, NULL);
	tracepoint_synchronize_unregister();
	expect_quiet(test);
}

static __maybe_unused void hear_page(void *unused, struct page *page,
				     unsigned int order, gfp_t gfp,
				     int migratetype)
{
	if (current != READ_ONCE(listener.task) || in_interrupt())
		return;
	note(gfp);
}

#ifdef CONFIG_TRACEPOINTS
static struct tracepoint *page_alloc;

static void match_page_alloc(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "mm_page_alloc"))
		page_alloc = tp;
}

/* Modules do not have it by name. */
static bool listen_to_pages(void)
{
	for_each_kernel_tracepoint(match_page_alloc, NULL);
	return page_alloc && !tracepoint_probe_register(page_alloc, hear_page, NULL);
}

static void listen_no_more(void)
{
	tracepoint_probe_unregister(page_alloc, hear_page, NULL);
	tracepoint_synchronize_unregister();
}
#else
static bool listen_to_pages(void)
{
	return false;
}

static void listen_no_more(void) { }
#endif

static void ignore(void *ptr, size_t size, void *arg)
{
}

/* Each takes records, and what is allocated takes pages. */
static void change_all(struct kunit *test, struct spanheap *heap, void **objs)
{
	int i;

	for (i = 0; i < NR_OBJS; i += 2) {
		KUNIT_EXPECT_EQ(test, spanheap_split(objs[i]), 0);
		KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(objs[i], ignore, NULL), 0);
		objs[i + 1] = spanheap_realloc(heap, objs[i + 1], 40000, 0);
	}
	for (i = 0; i < NR_OBJS; i++)
		spanheap_free(spanheap_alloc(heap, 16 + i * 64, __GFP_NOWARN));
}

static void quiet_test_calls_without_flags_wake_no_kswapd(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void **objs = kunit_kcalloc(test, NR_OBJS, sizeof(*objs), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	if (!listen_to_pages())
		kunit_skip(test, "no tracepoints here");
	for (i = 0; i < NR_OBJS; i++)
		objs[i] = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	listener.nr = 0;
	listener.loud = 0;
	WRITE_ONCE(listener.task, current);
	change_all(test, heap, objs);
	WRITE_ONCE(listener.task, NULL);
	listen_no_more();
	KUNIT_EXPECT_GT(test, listener.nr, 0);
	KUNIT_EXPECT_EQ(test, listener.loud, 0);
	for (i = 0; i < NR_OBJS; i++) {
		/* The other half of it. */
		if (i % 2 == 0)
			spanheap_free(objs[i] + SZ_32K);
		spanheap_free(objs[i]);
	}
	spanheap_flush_finalizers(heap);
}

static void count_call(void *ptr, size_t size, void *arg)
{
	atomic_inc(arg);
}

static void quiet_test_finalizers_wait_for_interrupts(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj = spanheap_alloc(heap, 100, GFP_KERNEL);
	atomic_t calls = ATOMIC_INIT(0);
	unsigned long flags;
	bool woken;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_ASSERT_EQ(test, spanheap_set_finalizer(obj, count_call, &calls), 0);
	local_irq_save(flags);
	spanheap_free(obj);
	woken = work_pending(&heap->finalizers.work);
	local_irq_restore(flags);
	KUNIT_EXPECT_FALSE(test, woken);
	/* They are waited for all the same. */
	spanheap_flush_finalizers(heap);
	KUNIT_EXPECT_EQ(test, atomic_read(&calls), 1);
}

static struct kunit_case quiet_test_cases[] = {
	KUNIT_CASE(quiet_test_frees_wake_no_kswapd),
	KUNIT_CASE(quiet_test_calls_without_flags_wake_no_kswapd),
	KUNIT_CASE(quiet_test_finalizers_wait_for_interrupts),
	{ }
};

static struct kunit_suite quiet_test_suite = {
	.name = "spanheap_quiet",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = quiet_test_cases,
};

kunit_test_suite(quiet_test_suite);
