// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - frees of what is no live object change nothing, are
 * counted and reported
 *
 * What belongs to a heap is counted there; what belongs to none, in the
 * default heap.
 */
#include <linux/cpu.h>
#include <linux/jhash.h>

#include "client.h"

#define TWICE	"bad free:.*double free"
#define INSIDE	"bad free:.*interior pointer"
#define FOREIGN	"bad free:.*not a spanheap address"

/* What a bad free must leave as it is. */
struct before {
	struct spanheap_stats heap;
	struct spanheap_stats def;
};

static void remember(struct spanheap *heap, struct before *b)
{
	spanheap_get_stats(heap, &b->heap);
	spanheap_get_stats(NULL, &b->def);
}

static void expect_same(const struct spanheap_stats *a,
			const struct spanheap_stats *b)
{
	EXPECT(a->objects == b->objects);
	EXPECT(a->object_bytes == b->object_bytes);
	EXPECT(a->mallocs == b->mallocs);
	EXPECT(a->frees == b->frees);
	EXPECT(a->in_use == b->in_use);
	EXPECT(a->sys == b->sys);
	EXPECT(a->cached_objects == b->cached_objects);
}

static void expect_counted(struct spanheap *heap, struct before *b, int in_heap,
			   int in_default)
{
	struct before now;

	remember(heap, &now);
	expect_same(&b->heap, &now.heap);
	expect_same(&b->def, &now.def);
	EXPECT(now.heap.bad_frees == b->heap.bad_frees + in_heap);
	EXPECT(now.def.bad_frees == b->def.bad_frees + in_default);
}

static void nothing(struct spanheap *heap)
{
	void *objs[3] = { NULL, ZERO_SIZE_PTR, NULL };
	struct before b;

	remember(heap, &b);
	spanheap_free(NULL);
	spanheap_free(ZERO_SIZE_PTR);
	spanheap_free_bulk(3, objs);
	spanheap_free_bulk(0, NULL);
	expect_counted(heap, &b, 0, 0);
}

static void foreign(struct spanheap *heap, int which)
{
	struct client_foreigners f;
	struct client_foreign *it;
	struct before b;
	u32 hash;

	if (!EXPECT(client_foreigners_get(&f)))
		return;
	it = &f.at[which];
	hash = jhash(it->addr, it->len, 0);

	remember(heap, &b);
	spanheap_free(it->addr);
	expect_counted(heap, &b, 0, 1);

	EXPECT(jhash(it->addr, it->len, 0) == hash);
	client_foreigners_put(&f);
}

static void stack(struct spanheap *heap)
{
	foreign(heap, FOREIGN_STACK);
}

static void kmalloced(struct spanheap *heap)
{
	foreign(heap, FOREIGN_KMALLOC);
}

static void kmalloced_large(struct spanheap *heap)
{
	foreign(heap, FOREIGN_KMALLOC_LARGE);
}

static void vmalloced(struct spanheap *heap)
{
	foreign(heap, FOREIGN_VMALLOC);
}

static void page(struct spanheap *heap)
{
	foreign(heap, FOREIGN_PAGE);
}

static void per_cpu_memory(struct spanheap *heap)
{
	foreign(heap, FOREIGN_PERCPU);
}

static void module_text(struct spanheap *heap)
{
	foreign(heap, FOREIGN_MODULE_TEXT);
}

static void module_data(struct spanheap *heap)
{
	foreign(heap, FOREIGN_MODULE_DATA);
}

static void kernel_text(struct spanheap *heap)
{
	foreign(heap, FOREIGN_KERNEL_TEXT);
}

static void user(struct spanheap *heap)
{
	foreign(heap, FOREIGN_USER);
}

static void low(struct spanheap *heap)
{
	foreign(heap, FOREIGN_LOW);
}

static void noncanonical(struct spanheap *heap)
{
	foreign(heap, FOREIGN_NONCANONICAL);
}

static void error_pointer(struct spanheap *heap)
{
	foreign(heap, FOREIGN_ERR_PTR);
}

static void poison(struct spanheap *heap)
{
	foreign(heap, FOREIGN_POISON);
}

static void last(struct spanheap *heap)
{
	foreign(heap, FOREIGN_LAST);
}

/* The page under an object, by its other address. */
static void linear(struct spanheap *heap)
{
	char *p = spanheap_alloc(heap, PAGE_SIZE, GFP_KERNEL);
	struct before b;

	if (!EXPECT(p))
		return;
	client_fill(p, PAGE_SIZE, 1);
	remember(heap, &b);
	spanheap_free(page_address(vmalloc_to_page(p)));
	expect_counted(heap, &b, 0, 1);
	EXPECT(client_filled(p, PAGE_SIZE, 1));
	spanheap_free(p);
}

/* A second free while a neighbour keeps the span in use. */
static void twice(struct spanheap *heap)
{
	char *keep = spanheap_alloc(heap, 48, GFP_KERNEL);
	char *p = spanheap_alloc(heap, 48, GFP_KERNEL);
	struct before b;

	if (EXPECT(keep) && EXPECT(p)) {
		client_fill(keep, 48, 1);
		spanheap_free(p);
		remember(heap, &b);
		spanheap_free(p);
		expect_counted(heap, &b, 1, 0);
		EXPECT(client_filled(keep, 48, 1));
	}
	spanheap_free(keep);
}

/* The second one long after the first, which is in no CPU's cache any more. */
static void twice_later(struct spanheap *heap)
{
	enum { NR = 2000 };
	void **objs = spanheap_calloc(heap, NR, sizeof(*objs), GFP_KERNEL);
	struct before b;
	int i;

	if (!EXPECT(objs))
		return;
	EXPECT(spanheap_alloc_bulk(heap, 2048, GFP_KERNEL, NR, objs) == NR);
	/* Every other one, so that spans stay in use. */
	for (i = 0; i < NR; i += 2)
		spanheap_free(objs[i]);
	remember(heap, &b);
	spanheap_free(objs[0]);
	expect_counted(heap, &b, 1, 0);
	for (i = 1; i < NR; i += 2)
		spanheap_free(objs[i]);
	spanheap_free(objs);
}

static void twice_in_bulk(struct spanheap *heap)
{
	void *objs[4], *again[4];
	struct before b;
	u64 live;

	if (!EXPECT(spanheap_alloc_bulk(heap, 80, GFP_KERNEL, 4, objs) == 4))
		return;
	again[0] = objs[0];
	again[1] = objs[1];
	again[2] = objs[0];
	again[3] = objs[2];
	remember(heap, &b);
	live = b.heap.objects;
	spanheap_free_bulk(4, again);
	remember(heap, &b);
	EXPECT(b.heap.bad_frees == 1);
	EXPECT(b.heap.objects == live - 3);
	EXPECT(spanheap_owns(objs[3]));
	spanheap_free(objs[3]);
}

static void free_irq_fn(void *p)
{
	spanheap_free(p);
}

/* Every CPU frees the same object, twice: one of them is right, once. */
static void twice_everywhere(struct spanheap *heap)
{
	char *keep = spanheap_alloc(heap, 64, GFP_KERNEL);
	char *p = spanheap_alloc(heap, 64, GFP_KERNEL);
	u64 cpus = num_online_cpus();
	struct spanheap_stats s;
	int cpu;

	if (EXPECT(keep) && EXPECT(p)) {
		cpus_read_lock();
		for_each_online_cpu(cpu) {
			client_in_hardirq(cpu, free_irq_fn, p);
			client_in_hardirq(cpu, free_irq_fn, p);
		}
		cpus_read_unlock();
		spanheap_get_stats(heap, &s);
		EXPECT(s.objects == 1);
		EXPECT(s.frees == 1);
		EXPECT(s.bad_frees == 2 * cpus - 1);
	}
	spanheap_free(keep);
}

/*
 * The whole span of a large object is free after the first free: its address
 * belongs to the heap as long as the arena does.
 */
static void twice_large(struct spanheap *heap)
{
	char *p = spanheap_alloc(heap, SZ_256K, GFP_KERNEL);
	struct before b;

	if (!EXPECT(p))
		return;
	spanheap_free(p);
	remember(heap, &b);
	spanheap_free(p);
	expect_counted(heap, &b, 1, 0);
}

static void inside(struct spanheap *heap, size_t size)
{
	const size_t offsets[] = { 1, 7, 8, size / 2, size - 1 };
	char *p = spanheap_alloc(heap, size, GFP_KERNEL);
	struct before b;
	size_t i;

	if (!EXPECT(p))
		return;
	client_fill(p, size, 1);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		remember(heap, &b);
		spanheap_free(p + offsets[i]);
		expect_counted(heap, &b, 1, 0);
		EXPECT(spanheap_owns(p));
	}
	EXPECT(client_filled(p, size, 1));
	spanheap_free(p);
}

static void interior(struct spanheap *heap)
{
	inside(heap, 16);
	inside(heap, 96);
}

static void interior_page(struct spanheap *heap)
{
	inside(heap, 5000);
	inside(heap, SZ_32K);
}

static void interior_large(struct spanheap *heap)
{
	inside(heap, SZ_64K);
	inside(heap, SZ_1M);
}

/* An interior pointer of an object that is free already: no live object. */
static void interior_freed(struct spanheap *heap)
{
	char *keep = spanheap_alloc(heap, 96, GFP_KERNEL);
	char *p = spanheap_alloc(heap, 96, GFP_KERNEL);
	struct before b;

	if (EXPECT(keep) && EXPECT(p)) {
		spanheap_free(p);
		remember(heap, &b);
		spanheap_free(p + 40);
		expect_counted(heap, &b, 1, 0);
	}
	spanheap_free(keep);
}

/* Everything around an object that the heap may or may not have in use. */
static void nearby(struct spanheap *heap)
{
	char *p = spanheap_alloc(heap, 640, GFP_KERNEL);
	struct before b;
	int i;

	if (!EXPECT(p))
		return;
	client_fill(p, 640, 1);
	remember(heap, &b);
	for (i = -8; i <= 8; i++) {
		char *addr = p + (long)i * SZ_64K + 4;

		if (!EXPECT(!spanheap_owns(addr) || i == 0))
			continue;
		spanheap_free(addr);
	}
	remember(heap, &b);
	EXPECT(client_bad_frees(heap) > 0);
	EXPECT(b.heap.objects == 1);
	EXPECT(client_filled(p, 640, 1));
	spanheap_free(p);
}

/* After the heap is gone its addresses are nobody's. */
static void after_destroy(struct spanheap *heap)
{
	struct spanheap *gone = spanheap_create("gone", NULL);
	char *small, *large;
	struct before b;

	if (!EXPECT(!IS_ERR(gone)))
		return;
	small = spanheap_alloc(gone, 64, GFP_KERNEL);
	large = spanheap_alloc(gone, SZ_1M, GFP_KERNEL);
	EXPECT(small);
	EXPECT(large);
	spanheap_free(small);
	spanheap_free(large);
	spanheap_destroy(gone);

	remember(heap, &b);
	spanheap_free(small);
	spanheap_free(large);
	expect_counted(heap, &b, 0, 2);
}

const struct client_test client_free_tests[] = {
	{ "free_nothing", nothing },
	{ "free_stack", stack, FOREIGN },
	{ "free_kmalloc", kmalloced, FOREIGN },
	{ "free_kmalloc_large", kmalloced_large, FOREIGN },
	{ "free_vmalloc", vmalloced, FOREIGN },
	{ "free_page", page, FOREIGN },
	{ "free_percpu", per_cpu_memory, FOREIGN },
	{ "free_module_function", module_text, FOREIGN },
	{ "free_module_data", module_data, FOREIGN },
	{ "free_kernel_function", kernel_text, FOREIGN },
	{ "free_user_space", user, FOREIGN },
	{ "free_low_address", low, FOREIGN },
	{ "free_non_canonical", noncanonical, FOREIGN },
	{ "free_error_pointer", error_pointer, FOREIGN },
	{ "free_list_poison", poison, FOREIGN },
	{ "free_last_address", last, FOREIGN },
	{ "free_linear_address", linear, FOREIGN },
	{ "free_twice", twice, TWICE },
	{ "free_twice_later", twice_later, TWICE },
	{ "free_twice_in_bulk", twice_in_bulk, TWICE },
	{ "free_twice_everywhere", twice_everywhere, TWICE },
	{ "free_twice_large", twice_large, "bad free:" },
	{ "free_interior", interior, INSIDE },
	{ "free_interior_page", interior_page, INSIDE },
	{ "free_interior_large", interior_large, INSIDE },
	{ "free_interior_of_freed", interior_freed, "bad free:" },
	{ "free_nearby", nearby, "bad free:" },
	{ "free_after_destroy", after_destroy, FOREIGN },
	{ }
};
