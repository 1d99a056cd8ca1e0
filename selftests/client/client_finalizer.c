// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - finalizers as their users see them
 */
#include <linux/slab.h>
#include <linux/smp.h>

#include "client.h"

#define NR	64

static struct {
	atomic_t calls;
	atomic_t wrong;
} seen;

/* The object is as its user left it: filled with what @arg says. */
static void expect_filled(void *ptr, size_t size, void *arg)
{
	atomic_inc(&seen.calls);
	if (!in_task() || !client_filled(ptr, size, (unsigned long)arg))
		atomic_inc(&seen.wrong);
}

static void start(void)
{
	atomic_set(&seen.calls, 0);
	atomic_set(&seen.wrong, 0);
}

static void expect_calls(int nr)
{
	EXPECT(atomic_read(&seen.calls) == nr);
	EXPECT(!atomic_read(&seen.wrong));
}

static void *make(struct spanheap *heap, size_t size, unsigned long tag)
{
	void *obj = spanheap_alloc(heap, size, GFP_KERNEL);

	if (!EXPECT(obj))
		return NULL;
	client_fill(obj, spanheap_size(obj), tag);
	EXPECT(!spanheap_set_finalizer(obj, expect_filled, (void *)tag));
	return obj;
}

static void sizes(struct spanheap *heap)
{
	static const size_t all[] = { 1, 16, 100, 5000, 32768, 40000, 1000000 };
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(all); i++)
		spanheap_free(make(heap, all[i], i));
	spanheap_flush_finalizers(heap);
	expect_calls(ARRAY_SIZE(all));
}

/* All ways to free an object lead there; memory is not used again before. */
static void ways(struct spanheap *heap)
{
	void *objs[NR];
	int i;

	start();
	for (i = 0; i < NR; i++)
		objs[i] = make(heap, 200, i);
	spanheap_free_bulk(NR / 2, objs);
	for (i = NR / 2; i < NR; i++)
		EXPECT(spanheap_realloc(heap, objs[i], 0, GFP_KERNEL) ==
		       ZERO_SIZE_PTR);
	for (i = 0; i < NR; i++) {
		objs[i] = spanheap_alloc(heap, 200, GFP_KERNEL);
		client_fill(objs[i], 200, 1000);
	}
	spanheap_flush_finalizers(heap);
	expect_calls(NR);
	spanheap_free_bulk(NR, objs);
}

static void free_all(void *objs)
{
	spanheap_free_bulk(NR, objs);
}

static void hardirq(struct spanheap *heap)
{
	void *objs[NR];
	int i;

	start();
	for (i = 0; i < NR; i++)
		objs[i] = make(heap, i % 8 ? 128 : 50000, i);
	client_in_hardirq(raw_smp_processor_id(), free_all, objs);
	spanheap_flush_finalizers(heap);
	expect_calls(NR);
}

static void errors(struct spanheap *heap)
{
	struct client_foreigners f;
	void *obj, *pages;
	int i;

	start();
	EXPECT(spanheap_set_finalizer(NULL, expect_filled, NULL) == -EINVAL);
	EXPECT(spanheap_set_finalizer(ZERO_SIZE_PTR, expect_filled, NULL) == -EINVAL);
	EXPECT(spanheap_clear_finalizer(NULL) == -EINVAL);
	if (!EXPECT(client_foreigners_get(&f)))
		return;
	for (i = 0; i < NR_FOREIGN; i++) {
		EXPECT(spanheap_set_finalizer(f.at[i].addr, expect_filled, NULL) ==
		       -EINVAL);
		EXPECT(spanheap_clear_finalizer(f.at[i].addr) == -EINVAL);
	}
	client_foreigners_put(&f);
	pages = spanheap_alloc_pages(heap, SZ_64K, GFP_KERNEL);
	EXPECT(spanheap_set_finalizer(pages, expect_filled, NULL) == -EINVAL);
	spanheap_free_pages(pages);

	obj = make(heap, 64, 1);
	EXPECT(spanheap_set_finalizer(obj, expect_filled, NULL) == -EEXIST);
	EXPECT(spanheap_set_finalizer(obj + 8, expect_filled, NULL) == -EINVAL);
	EXPECT(spanheap_clear_finalizer(obj + 8) == -EINVAL);
	EXPECT(!spanheap_clear_finalizer(obj));
	EXPECT(spanheap_clear_finalizer(obj) == -ENOENT);
	EXPECT(spanheap_set_finalizer(obj, NULL, NULL) == -EINVAL);
	spanheap_free(obj);
	EXPECT(spanheap_set_finalizer(obj, expect_filled, NULL) == -EINVAL);
	spanheap_flush_finalizers(heap);
	expect_calls(0);
	EXPECT(client_bad_frees(heap) == 0);
}

static void refuse_second(struct spanheap *heap)
{
	void *obj = make(heap, 64, 1);

	start();
	rcu_read_lock();
	spanheap_free(obj);
	spanheap_free(obj);
	rcu_read_unlock();
	spanheap_flush_finalizers(heap);
	expect_calls(1);
	EXPECT(client_bad_frees(heap) == 1);
}

static void destroy(struct spanheap *unused)
{
	struct spanheap *heap = spanheap_create("client-finalizer", NULL);
	int i;

	if (!EXPECT(!IS_ERR(heap)))
		return;
	start();
	for (i = 0; i < NR; i++)
		spanheap_free(make(heap, 100 + i, i));
	for (i = 0; i < NR; i++)
		make(heap, 100 + i, i);
	spanheap_destroy(heap);
	expect_calls(2 * NR);
}

const struct client_test client_finalizer_tests[] = {
	{ "finalizer_sizes", sizes },
	{ "finalizer_ways", ways },
	{ "finalizer_hardirq", hardirq },
	{ "finalizer_errors", errors },
	{ "finalizer_refuse_second", refuse_second, "bad free: .*heap client" },
	{ "finalizer_destroy", destroy, "client-finalizer: destroyed with 64 objects" },
	{}
};
