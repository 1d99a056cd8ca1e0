// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - objects are big enough, aligned, apart and keep their
 * contents
 */
#include <linux/log2.h>
#include <linux/random.h>

#include "client.h"

#define LAST_SIZE	9000
#define SIZE_STEP	7
#define NR_SIZES	(LAST_SIZE / SIZE_STEP + 1)

/* Aligned as promised, as large as foretold. */
static bool expect_good(void *p, size_t size)
{
	size_t align = is_power_of_2(size) && size <= SPANHEAP_NATURAL_ALIGN ?
		       max(size, 8UL) : 8;

	return EXPECT(p) &&
	       EXPECT(!((unsigned long)p & (align - 1))) &&
	       EXPECT(spanheap_size(p) >= size) &&
	       EXPECT(spanheap_size(p) == spanheap_size_roundup(size));
}

/* All live at once, each filled to its last usable byte. */
static void sizes(struct spanheap *heap)
{
	void **objs = spanheap_calloc(heap, NR_SIZES, sizeof(*objs), GFP_KERNEL);
	size_t i;

	if (!EXPECT(objs))
		return;
	for (i = 0; i < NR_SIZES; i++) {
		objs[i] = spanheap_alloc(heap, 1 + i * SIZE_STEP, GFP_KERNEL);
		if (!expect_good(objs[i], 1 + i * SIZE_STEP))
			break;
		client_fill(objs[i], spanheap_size(objs[i]), i);
	}
	for (i = 0; i < NR_SIZES && objs[i]; i++) {
		EXPECT(client_filled(objs[i], spanheap_size(objs[i]), i));
		spanheap_free(objs[i]);
	}
	spanheap_free(objs);
}

static void powers(struct spanheap *heap)
{
	size_t size;
	void *p, *q;

	for (size = 1; size <= SZ_4M; size *= 2) {
		p = spanheap_alloc(heap, size, GFP_KERNEL);
		q = spanheap_alloc(heap, size, GFP_KERNEL);
		if (expect_good(p, size) && expect_good(q, size)) {
			client_fill(p, size, 1);
			client_fill(q, size, 2);
			EXPECT(client_filled(p, size, 1));
		}
		spanheap_free(p);
		spanheap_free(q);
	}
}

/* Large sizes that are no power of two, and around the smallest large one. */
static void large(struct spanheap *heap)
{
	static const size_t large_sizes[] = {
		SPANHEAP_MAX_SMALL - 1, SPANHEAP_MAX_SMALL + 1, 40000, 65535,
		65537, 100000, SZ_1M - 1, SZ_1M + 1, 3 * SZ_1M, SZ_16M + 1,
	};
	void *objs[ARRAY_SIZE(large_sizes)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(large_sizes); i++) {
		objs[i] = spanheap_alloc(heap, large_sizes[i], GFP_KERNEL);
		if (expect_good(objs[i], large_sizes[i]))
			client_fill(objs[i], large_sizes[i], i);
	}
	for (i = 0; i < ARRAY_SIZE(large_sizes); i++) {
		EXPECT(objs[i] && client_filled(objs[i], large_sizes[i], i));
		spanheap_free(objs[i]);
	}
}

/* Zeroed memory is zero where something else was before. */
static void zeroed(struct spanheap *heap)
{
	static const size_t zero_sizes[] = {
		1, 8, 24, 100, 1024, 5000, SZ_32K, 40000, SZ_256K, SZ_1M,
	};
	size_t i, size;
	void *objs[8];
	int j;

	for (i = 0; i < ARRAY_SIZE(zero_sizes); i++) {
		size = zero_sizes[i];
		for (j = 0; j < 8; j++) {
			objs[j] = spanheap_alloc(heap, size, GFP_KERNEL);
			if (EXPECT(objs[j]))
				memset(objs[j], 0xa5, spanheap_size(objs[j]));
		}
		spanheap_free_bulk(8, objs);
		for (j = 0; j < 8; j++) {
			objs[j] = j & 1 ?
				spanheap_zalloc(heap, size, GFP_KERNEL) :
				spanheap_calloc(heap, 1, size, GFP_KERNEL);
			EXPECT(objs[j] && client_zeroed(objs[j], size));
		}
		spanheap_free_bulk(8, objs);
	}
}

static void array(struct spanheap *heap)
{
	u32 *p = spanheap_alloc_array(heap, 1000, sizeof(*p), GFP_KERNEL);
	u32 *q = spanheap_calloc(heap, 100000, sizeof(*q), GFP_KERNEL);

	EXPECT(p && spanheap_size(p) >= 1000 * sizeof(*p));
	EXPECT(q && spanheap_size(q) >= 100000 * sizeof(*q));
	EXPECT(q && client_zeroed(q, 100000 * sizeof(*q)));
	spanheap_free(p);
	spanheap_free(q);
}

struct on_cache_lines {
	char c[130];
} __aligned(256);

static void typed(struct spanheap *heap)
{
	struct on_cache_lines *a[10];
	struct client_test *t;
	int i;

	t = spanheap_alloc_obj(heap, struct client_test, GFP_KERNEL);
	EXPECT(t && spanheap_size(t) >= sizeof(*t));
	spanheap_free(t);

	for (i = 0; i < 10; i++) {
		a[i] = spanheap_alloc_obj(heap, struct on_cache_lines,
					  GFP_KERNEL | __GFP_ZERO);
		EXPECT(a[i] && !((unsigned long)a[i] % 256));
		EXPECT(a[i] && client_zeroed(a[i], sizeof(*a[i])));
	}
	spanheap_free_bulk(10, (void **)a);
}

static void bulk_of(struct spanheap *heap, size_t size, unsigned int nr,
		    void **objs)
{
	unsigned int i;

	memset(objs, 0, nr * sizeof(*objs));
	if (!EXPECT(spanheap_alloc_bulk(heap, size, GFP_KERNEL, nr, objs) == nr))
		return;
	for (i = 0; i < nr; i++) {
		if (!expect_good(objs[i], size))
			return;
		client_fill(objs[i], size, i);
	}
	for (i = 0; i < nr; i++)
		EXPECT(client_filled(objs[i], size, i));
	spanheap_free_bulk(nr, objs);
	for (i = 0; i < nr; i++)
		EXPECT(!spanheap_owns(objs[i]));
}

static void bulk(struct spanheap *heap)
{
	static const size_t bulk_sizes[] = { 1, 16, 256, 1000, 5000, 40000 };
	unsigned int nr;
	void **objs;
	size_t i;

	objs = spanheap_alloc_array(heap, 200, sizeof(*objs), GFP_KERNEL);
	if (!EXPECT(objs))
		return;
	EXPECT(spanheap_alloc_bulk(heap, 64, GFP_KERNEL, 0, objs) == 0);
	spanheap_free_bulk(0, objs);
	for (i = 0; i < ARRAY_SIZE(bulk_sizes); i++) {
		for (nr = 1; nr <= 200; nr += 1 + nr / 4)
			bulk_of(heap, bulk_sizes[i], nr, objs);
	}
	spanheap_free(objs);
}

static void roundup_sizes(struct spanheap *heap)
{
	size_t size, got, last = 0;

	EXPECT(spanheap_size_roundup(8) == 8);
	EXPECT(spanheap_size_roundup(SPANHEAP_MAX_SMALL) == SPANHEAP_MAX_SMALL);
	for (size = 1; size <= 100000; size++) {
		got = spanheap_size_roundup(size);
		if (!EXPECT(got >= size) || !EXPECT(got >= last) ||
		    !EXPECT(spanheap_size_roundup(got) == got))
			break;
		/* The rule of the size classes, past the smallest. */
		if (size > 1024 && size <= SPANHEAP_MAX_SMALL)
			EXPECT(got - size <= got / 8);
		last = got;
	}
}

struct slot {
	void *p;
	size_t size;
	u32 seed;
};

static size_t random_size(void)
{
	u32 r = get_random_u32();

	/* Mostly small; each eighth up to 16 KiB, each 256th up to 256 KiB. */
	if (!(r & 0xff))
		return 1 + (r >> 8) % SZ_256K;
	if (!(r & 7))
		return 1 + (r >> 8) % SZ_16K;
	return 1 + (r >> 8) % 512;
}

static void slot_free(struct slot *s)
{
	if (s->p)
		EXPECT(client_filled(s->p, s->size, s->seed));
	spanheap_free(s->p);
	s->p = NULL;
}

static void churn(struct spanheap *heap)
{
	enum { SLOTS = 500, OPS = 20000 };
	struct slot *slots = spanheap_calloc(heap, SLOTS, sizeof(*slots),
					     GFP_KERNEL);
	int i;

	if (!EXPECT(slots))
		return;
	for (i = 0; i < OPS; i++) {
		struct slot *s = &slots[get_random_u32() % SLOTS];

		slot_free(s);
		s->size = random_size();
		s->seed = i;
		s->p = spanheap_alloc(heap, s->size, GFP_KERNEL);
		if (!EXPECT(s->p))
			break;
		client_fill(s->p, s->size, i);
	}
	for (i = 0; i < SLOTS; i++)
		slot_free(&slots[i]);
	spanheap_free(slots);
}

const struct client_test client_objects_tests[] = {
	{ "objects_sizes", sizes },
	{ "objects_powers_of_two", powers },
	{ "objects_large", large },
	{ "objects_zeroed", zeroed },
	{ "objects_array", array },
	{ "objects_typed", typed },
	{ "objects_bulk", bulk },
	{ "objects_roundup", roundup_sizes },
	{ "objects_churn", churn },
	{ }
};
