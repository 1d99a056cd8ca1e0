// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - debug heaps, by what a user sees of them
 *
 * The tests make a heap of their own, with SPANHEAP_DEBUG, beside the one that
 * they are given. What they write where nothing may be written, they write where
 * KASAN does not look.
 */
#include <linux/err.h>
#include <linux/kasan.h>
#include <linux/string.h>

#include "client.h"

static struct spanheap *debug_heap(void)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;

	config.flags = SPANHEAP_DEBUG;
	heap = spanheap_create("client_debug", &config);
	return EXPECT(!IS_ERR(heap)) ? heap : NULL;
}

static void scribble(void *ptr, long off, size_t len)
{
	kasan_disable_current();
	memset(ptr + off, 'A', len);
	kasan_enable_current();
}

static u64 corruptions(struct spanheap *heap)
{
	struct spanheap_stats s;

	spanheap_get_stats(heap, &s);
	return s.corruptions;
}

static void exact(struct spanheap *unused)
{
	const size_t sizes[] = { 1, 13, 64, 1000, 4096, 40000, SZ_256K };
	struct spanheap *heap = debug_heap();
	struct spanheap_stats s;
	size_t i;
	char *p;

	if (!heap)
		return;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = spanheap_zalloc(heap, sizes[i], GFP_KERNEL);
		if (!EXPECT(p))
			continue;
		EXPECT(client_zeroed(p, sizes[i]));
		EXPECT(spanheap_size(p) == sizes[i]);
		EXPECT(!spanheap_owns(p + sizes[i]));
		client_fill(p, sizes[i], i);
		p = spanheap_realloc(heap, p, sizes[i] + 1, GFP_KERNEL);
		if (!EXPECT(p))
			continue;
		EXPECT(client_filled(p, sizes[i], i));
		EXPECT(spanheap_size(p) == sizes[i] + 1);
		spanheap_free(p);
	}
	spanheap_get_stats(heap, &s);
	EXPECT(s.objects == 0);
	EXPECT(s.mallocs == s.frees);
	EXPECT(s.quarantined_objects > 0);
	spanheap_scavenge(heap);
	spanheap_get_stats(heap, &s);
	EXPECT(s.quarantined_objects == 0);
	EXPECT(s.corruptions == 0);
	spanheap_destroy(heap);
}

/* Write @len bytes at @off of an object of @size bytes and free it. */
static void wrong_write(size_t size, long off, size_t len)
{
	struct spanheap *heap = debug_heap();
	char *p;

	if (!heap)
		return;
	p = spanheap_alloc(heap, size, GFP_KERNEL);
	if (EXPECT(p)) {
		scribble(p, off, len);
		spanheap_free(p);
		EXPECT(corruptions(heap) == 1);
	}
	spanheap_destroy(heap);
}

static void overflow(struct spanheap *unused)
{
	wrong_write(100, 100, 8);
}

static void underflow(struct spanheap *unused)
{
	wrong_write(50000, -1, 1);
}

static void after_free(struct spanheap *unused)
{
	struct spanheap *heap = debug_heap();
	char *p;

	if (!heap)
		return;
	p = spanheap_alloc(heap, 100, GFP_KERNEL);
	if (EXPECT(p)) {
		spanheap_free(p);
		scribble(p, 40, 1);
		EXPECT(corruptions(heap) == 0);
		spanheap_scavenge(heap);
		EXPECT(corruptions(heap) == 1);
	}
	spanheap_destroy(heap);
}

static void twice(struct spanheap *unused)
{
	struct spanheap *heap = debug_heap();
	char *p;

	if (!heap)
		return;
	p = spanheap_alloc(heap, 100, GFP_KERNEL);
	spanheap_free(p);
	spanheap_free(p);
	EXPECT(client_bad_frees(heap) == 1);
	spanheap_destroy(heap);
}

static void leak(struct spanheap *unused)
{
	struct spanheap *heap = debug_heap();

	if (!heap)
		return;
	EXPECT(spanheap_alloc(heap, 123, GFP_KERNEL));
	spanheap_destroy(heap);
}

#define IN_HEAP		", heap client_debug, offset "
#define WHEN		" bytes wrong\\); found when it "

const struct client_test client_debug_tests[] = {
	{ "debug_exact", exact },
	{ "debug_overflow", overflow,
	  "corruption: overflow past the end: object [0-9a-f]+ of 100 bytes"
	  IN_HEAP "100: (41 ){7}41 \\(8" WHEN "was freed" },
	{ "debug_underflow", underflow,
	  "corruption: underflow before the start: object [0-9a-f]+ of 50000 bytes"
	  IN_HEAP "-1: 41 \\(1" WHEN "was freed" },
	{ "debug_write_after_free", after_free,
	  "corruption: write after free: object [0-9a-f]+ of 100 bytes"
	  IN_HEAP "40: 41 \\(1" WHEN "left quarantine" },
	{ "debug_twice", twice, "bad free: double free: .*heap client_debug" },
	{ "debug_leak", leak, "heap client_debug:   1 of 123 bytes, allocated at:" },
	{ }
};
