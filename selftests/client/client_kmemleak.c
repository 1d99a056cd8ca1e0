// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - what kmemleak is to list, and what not
 *
 * kmemleak_plant drops the only pointers to objects, in functions named lost_*,
 * and has others hold the only pointers to blocks of kmalloc(), in functions
 * named held_*. Where a function is in a backtrace, kmemleak listed what it
 * allocated. kmemleak_reap gives all of it back. They have heaps of their own,
 * an ordinary one and a debug heap, which stay in between.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "client.h"

#define NR_LOST		8	/* of each kind: one may still be on the stack */

/* Pages: the slab allocator's caches of free objects keep pointers they had. */
#define BLOCK_BYTES	20000

/* Memory of ours with the only pointer to a block of kmalloc(). */
struct holder {
	void *unused[3];
	void *block;
};

enum { SMALL, LARGE, PAGES, PERSISTENT, SHRUNK, HALF, FINALIZER, NR_HOLDERS };

static struct spanheap *ordinary, *debug;
static struct holder *holders[2][NR_HOLDERS];
static unsigned long disguised[NR_LOST];	/* blocks, inverted */

/* So that it is known that a block that nothing points to is listed. */
static noinline void lost_kmalloc(void)
{
	int i;

	for (i = 0; i < NR_LOST; i++)
		disguised[i] = ~(unsigned long)kmalloc(BLOCK_BYTES, GFP_KERNEL);
}

static noinline void lost_small(struct spanheap *heap)
{
	EXPECT(spanheap_alloc(heap, 500, GFP_KERNEL));
}

static noinline void lost_zeroed(struct spanheap *heap)
{
	EXPECT(spanheap_zalloc(heap, 300, GFP_KERNEL));
}

static noinline void lost_bulk(struct spanheap *heap)
{
	void *objs[4];

	EXPECT(spanheap_alloc_bulk(heap, 700, GFP_KERNEL, 4, objs) == 4);
	memset(objs, 0, sizeof(objs));
	OPTIMIZER_HIDE_VAR(objs[0]);
}

static noinline void lost_large(struct spanheap *heap)
{
	EXPECT(spanheap_alloc(heap, 100000, GFP_KERNEL));
}

static noinline void lost_pages(struct spanheap *heap)
{
	EXPECT(spanheap_alloc_pages(heap, SZ_16K, GFP_KERNEL));
}

static noinline void lost_half(struct spanheap *heap)
{
	void *ptr = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);

	if (EXPECT(ptr && !spanheap_split(ptr)))
		spanheap_free(ptr);
}

static noinline void lost_shrunk(struct spanheap *heap)
{
	void *ptr = spanheap_alloc(heap, SZ_256K, GFP_KERNEL);

	EXPECT(spanheap_realloc(heap, ptr, SZ_128K, GFP_KERNEL) == ptr);
}

/* The first object of an ordinary heap's arena is one that is never listed. */
static noinline void lost_first(struct spanheap *heap)
{
	EXPECT(spanheap_alloc(heap, 8, GFP_KERNEL));
}

static void lose(struct spanheap *heap)
{
	int i;

	lost_first(heap);
	for (i = 0; i < NR_LOST; i++) {
		lost_small(heap);
		lost_zeroed(heap);
		lost_bulk(heap);
		lost_large(heap);
		lost_pages(heap);
		lost_half(heap);
		lost_shrunk(heap);
	}
}

static void give_block(struct holder *holder)
{
	if (EXPECT(holder))
		holder->block = kmalloc(BLOCK_BYTES, GFP_KERNEL);
}

static noinline void held_by_objects(struct spanheap *heap, struct holder **h)
{
	h[SMALL] = spanheap_alloc(heap, 64, GFP_KERNEL);
	give_block(h[SMALL]);
	h[LARGE] = spanheap_zalloc(heap, 100000, GFP_KERNEL);
	give_block(h[LARGE]);
}

static noinline void held_by_pages(struct spanheap *heap, struct holder **h)
{
	h[PAGES] = spanheap_alloc_pages(heap, SZ_16K, GFP_KERNEL);
	give_block(h[PAGES]);
	h[PERSISTENT] = spanheap_alloc_persistent(heap, sizeof(struct holder), 8,
						  GFP_KERNEL);
	give_block(h[PERSISTENT]);
}

static noinline void held_by_parts(struct spanheap *heap, struct holder **h)
{
	void *ptr = spanheap_alloc(heap, SZ_256K, GFP_KERNEL);

	h[SHRUNK] = spanheap_realloc(heap, ptr, SZ_128K, GFP_KERNEL);
	give_block(h[SHRUNK]);
	ptr = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	if (!EXPECT(ptr && !spanheap_split(ptr)))
		return;
	h[HALF] = ptr + SZ_32K;
	give_block(h[HALF]);
	spanheap_free(ptr);
}

static void free_block(void *ptr, size_t size, void *arg)
{
	kfree(arg);
}

static noinline void held_by_finalizer(struct spanheap *heap, struct holder **h)
{
	void *block = kmalloc(BLOCK_BYTES, GFP_KERNEL);

	h[FINALIZER] = spanheap_zalloc(heap, 64, GFP_KERNEL);
	if (!EXPECT(!spanheap_set_finalizer(h[FINALIZER], free_block, block)))
		kfree(block);
}

static struct spanheap *new_heap(const char *name, unsigned int flags)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;

	config.flags = flags;
	heap = spanheap_create(name, &config);
	return EXPECT(!IS_ERR(heap)) ? heap : NULL;
}

static void plant_in(struct spanheap *heap, struct holder **h)
{
	lose(heap);
	held_by_objects(heap, h);
	held_by_pages(heap, h);
	held_by_parts(heap, h);
	held_by_finalizer(heap, h);
}

static void plant(struct spanheap *unused)
{
	ordinary = new_heap("client_leak", 0);
	debug = new_heap("client_leak_debug", SPANHEAP_DEBUG);
	if (!ordinary || !debug)
		return;
	plant_in(ordinary, holders[0]);
	plant_in(debug, holders[1]);
	lost_kmalloc();
}

static void reap(struct spanheap *unused)
{
	int i, kind;

	for (i = 0; i < 2; i++)
		for (kind = 0; kind < FINALIZER; kind++)
			if (holders[i][kind])
				kfree(holders[i][kind]->block);
	memset(holders, 0, sizeof(holders));
	for (i = 0; i < NR_LOST; i++)
		if (disguised[i])
			kfree((void *)~disguised[i]);
	memset(disguised, 0, sizeof(disguised));
	spanheap_destroy(ordinary);
	spanheap_destroy(debug);
	ordinary = NULL;
	debug = NULL;
}

const struct client_test client_kmemleak_tests[] = {
	{ "kmemleak_plant", plant },
	{ "kmemleak_reap", reap,
	  "heap client_leak: destroyed with [0-9]+ objects" },
	{ }
};
