// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: what probes are told, and probes that use the heap themselves.
 */
#include <kunit/test.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "lib/fixture.h"
#include "watch/trace.h"

#ifdef CONFIG_TRACEPOINTS

/* What the probes have seen of the heap of the case. */
static struct seen {
	const char *heap;
	unsigned int allocs, frees, refills, flushes;
	const void *ptr;
	size_t bytes_req, bytes_alloc, bytes_freed;
	unsigned long call_site;
	bool live;
} seen;

static bool is_ours(const char *heap)
{
	return seen.heap && !strcmp(heap, seen.heap);
}

static void on_alloc(void *data, unsigned long call_site, const char *heap,
		     const void *ptr, size_t bytes_req, size_t bytes_alloc,
		     gfp_t gfp)
{
	if (!is_ours(heap))
		return;
	seen.allocs++;
	seen.ptr = ptr;
	seen.bytes_req = bytes_req;
	seen.bytes_alloc = bytes_alloc;
	seen.call_site = call_site;
}

static void on_free(void *data, unsigned long call_site, const char *heap,
		    const void *ptr, size_t bytes)
{
	if (!is_ours(heap))
		return;
	seen.frees++;
	seen.ptr = ptr;
	seen.bytes_freed = bytes;
	seen.live = spanheap_owns(ptr);
}

/* A probe that does what it is told about. */
static void on_alloc_alloc(void *data, unsigned long call_site, const char *heap,
			   const void *ptr, size_t bytes_req,
			   size_t bytes_alloc, gfp_t gfp)
{
	if (!is_ours(heap))
		return;
	seen.allocs++;
	spanheap_free(spanheap_alloc(data, bytes_req, GFP_ATOMIC));
}

static void on_free_alloc(void *data, unsigned long call_site, const char *heap,
			  const void *ptr, size_t bytes)
{
	if (!is_ours(heap))
		return;
	seen.frees++;
	spanheap_free(spanheap_alloc(data, bytes, GFP_ATOMIC));
}

static void on_refill(void *data, const char *heap, size_t size,
		      unsigned int nr)
{
	if (!is_ours(heap))
		return;
	seen.refills++;
	spanheap_free(spanheap_alloc(data, size, GFP_ATOMIC));
}

static void on_flush(void *data, const char *heap, size_t size, unsigned int nr)
{
	if (!is_ours(heap))
		return;
	seen.flushes++;
	spanheap_free(spanheap_alloc(data, size, GFP_ATOMIC));
}

static void trace_test_says_what_was_allocated(struct kunit *test)
{
	void *obj;

	KUNIT_ASSERT_EQ(test, register_trace_alloc(on_alloc, NULL), 0);
	obj = spanheap_alloc(test->priv, 100, GFP_KERNEL);
	unregister_trace_alloc(on_alloc, NULL);
	KUNIT_EXPECT_EQ(test, seen.allocs, 1);
	KUNIT_EXPECT_PTR_EQ(test, seen.ptr, (const void *)obj);
	KUNIT_EXPECT_EQ(test, seen.bytes_req, 100);
	KUNIT_EXPECT_EQ(test, seen.bytes_alloc, 112);
	KUNIT_EXPECT_TRUE(test, within_module_core(seen.call_site, THIS_MODULE));
	spanheap_free(obj);
	KUNIT_EXPECT_EQ(test, seen.allocs, 1);
}

static void trace_test_says_what_is_freed_while_it_lives(struct kunit *test)
{
	void *obj = spanheap_alloc(test->priv, 5000, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, register_trace_free(on_free, NULL), 0);
	spanheap_free(obj);
	unregister_trace_free(on_free, NULL);
	KUNIT_EXPECT_EQ(test, seen.frees, 1);
	KUNIT_EXPECT_PTR_EQ(test, seen.ptr, (const void *)obj);
	KUNIT_EXPECT_GE(test, seen.bytes_freed, 5000);
	KUNIT_EXPECT_TRUE(test, seen.live);
}

static void trace_test_says_nothing_of_what_fails(struct kunit *test)
{
	void *obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, register_trace_alloc(on_alloc, NULL), 0);
	KUNIT_ASSERT_EQ(test, register_trace_free(on_free, NULL), 0);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(test->priv, SIZE_MAX / 2,
					       GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_PTR_EQ(test, spanheap_alloc(test->priv, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	spanheap_free(NULL);
	spanheap_free(ZERO_SIZE_PTR);
	spanheap_free(obj + 8);
	unregister_trace_alloc(on_alloc, NULL);
	unregister_trace_free(on_free, NULL);
	KUNIT_EXPECT_EQ(test, seen.allocs, 0);
	KUNIT_EXPECT_EQ(test, seen.frees, 0);
	spanheap_free(obj);
}

static void trace_test_sees_every_way_to_allocate(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *objs[7];

	KUNIT_ASSERT_EQ(test, register_trace_alloc(on_alloc, NULL), 0);
	KUNIT_ASSERT_EQ(test, register_trace_free(on_free, NULL), 0);
	objs[0] = spanheap_zalloc(heap, 64, GFP_KERNEL);
	objs[1] = spanheap_alloc(heap, 100000, GFP_KERNEL);
	objs[2] = spanheap_alloc_aligned(heap, 64, 4096, GFP_KERNEL);
	objs[3] = spanheap_alloc_aligned(heap, 64, 65536, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(heap, 64, GFP_KERNEL, 3, objs + 4), 3);
	KUNIT_EXPECT_EQ(test, seen.allocs, 7);
	spanheap_free_bulk(7, objs);
	KUNIT_EXPECT_EQ(test, seen.frees, 7);
	unregister_trace_alloc(on_alloc, NULL);
	unregister_trace_free(on_free, NULL);
}

static void use_heap(void *heap)
{
	void *objs[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = spanheap_alloc(heap, 512, GFP_ATOMIC);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		spanheap_free(objs[i]);
}

static void use_with_probes(struct kunit *test)
{
	void *heap = test->priv;
	int i;

	KUNIT_ASSERT_EQ(test, register_trace_alloc(on_alloc_alloc, heap), 0);
	KUNIT_ASSERT_EQ(test, register_trace_free(on_free_alloc, heap), 0);
	KUNIT_ASSERT_EQ(test, register_trace_refill(on_refill, heap), 0);
	KUNIT_ASSERT_EQ(test, register_trace_flush(on_flush, heap), 0);
	for (i = 0; i < 10; i++)
		use_heap(heap);
	sh_fixture_in_hardirq(raw_smp_processor_id(), use_heap, heap);
	unregister_trace_alloc(on_alloc_alloc, heap);
	unregister_trace_free(on_free_alloc, heap);
	unregister_trace_refill(on_refill, heap);
	unregister_trace_flush(on_flush, heap);
	tracepoint_synchronize_unregister();
}

static void trace_test_probes_may_use_the_heap(struct kunit *test)
{
	sh_fixture_pin();
	use_with_probes(test);
	/* Once for each object of ours, never for one of a probe's. */
	KUNIT_EXPECT_EQ(test, seen.allocs, 11 * 64);
	KUNIT_EXPECT_EQ(test, seen.frees, 11 * 64);
	KUNIT_EXPECT_GT(test, seen.refills, 0);
	/* Each of these made two objects that the heap counts. */
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).mallocs,
			11 * 64 * 3 + seen.refills + seen.flushes);
}

static void trace_test_tells_contexts_apart(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, sh_trace_enter());
	KUNIT_EXPECT_FALSE(test, sh_trace_enter());
	sh_trace_leave();
	KUNIT_EXPECT_TRUE(test, sh_trace_enter());
	sh_trace_leave();
}

static int trace_test_init(struct kunit *test)
{
	int err = sh_fixture_init(test);

	memset(&seen, 0, sizeof(seen));
	if (!err)
		seen.heap = ((struct spanheap *)test->priv)->name;
	return err;
}

static void trace_test_exit(struct kunit *test)
{
	tracepoint_synchronize_unregister();
	seen.heap = NULL;
	sh_fixture_exit(test);
}

static struct kunit_case trace_test_cases[] = {
	KUNIT_CASE(trace_test_says_what_was_allocated),
	KUNIT_CASE(trace_test_says_what_is_freed_while_it_lives),
	KUNIT_CASE(trace_test_says_nothing_of_what_fails),
	KUNIT_CASE(trace_test_sees_every_way_to_allocate),
	KUNIT_CASE(trace_test_probes_may_use_the_heap),
	KUNIT_CASE(trace_test_tells_contexts_apart),
	{}
};

static struct kunit_suite trace_test_suite = {
	.name = "spanheap_trace",
	.init = trace_test_init,
	.exit = trace_test_exit,
	.test_cases = trace_test_cases,
};

kunit_test_suite(trace_test_suite);

#endif /* CONFIG_TRACEPOINTS */
