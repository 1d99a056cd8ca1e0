// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps: which can be created, what becomes of them, and, at random, whether
 * they hold what a list of live objects says.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "lib/fixture.h"

static void heap_test_accepts_names(struct kunit *test)
{
	static const char * const names[] = {
		"a", "kunit-a_b.c:d", "...", ".a", "%s%n", "UPPER", "0",
		"123456789012345678901234567890123456789012345678901234567890123",
	};
	struct spanheap *heap;
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		heap = sh_fixture_create_raw(names[i], NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
		KUNIT_EXPECT_STREQ(test, heap->name, names[i]);
		sh_fixture_destroy(test, heap);
	}
}

static void heap_test_refuses_names(struct kunit *test)
{
	static const char * const names[] = {
		NULL, "", ".", "..", "/", "a/b", "/a", "a b", " a", "a\t", "a\n",
		"a\x01", "\x7f",
		"1234567890123456789012345678901234567890123456789012345678901234",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(spanheap_create(names[i], NULL)),
				    -EINVAL, "name %d", i);
}

static void heap_test_refuses_a_name_that_is_taken(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-taken", 0);

	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("kunit-taken", NULL)), -EEXIST);
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("default", NULL)), -EEXIST);
	sh_fixture_destroy(test, heap);
	heap = sh_fixture_create(test, "kunit-taken", 0);
	sh_fixture_destroy(test, heap);
}

static void heap_test_refuses_configurations(struct kunit *test)
{
	static const int nodes[] = { -2, -100, MAX_NUMNODES, INT_MAX, INT_MIN };
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	int i;

	for (i = 0; i < 32; i++) {
		config.flags = BIT(i);
		if (config.flags & (SPANHEAP_DEBUG | SPANHEAP_ACCOUNT | SPANHEAP_MANAGED))
			continue;
		KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("kunit-bad", &config)),
				-EINVAL);
	}
	config.flags = 0;
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		config.node = nodes[i];
		KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("kunit-bad", &config)),
				-EINVAL);
	}
	for (i = 0; i < MAX_NUMNODES; i++) {
		config.node = i;
		if (!node_online(i))
			KUNIT_EXPECT_EQ(test, -EINVAL,
					PTR_ERR(spanheap_create("kunit-bad", &config)));
	}
}

static void heap_test_takes_pages_from_a_node(struct kunit *test)
{
	struct spanheap_config config = { .node = first_online_node };
	struct spanheap *heap = spanheap_create("kunit-node", &config);
	void *obj;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	obj = spanheap_alloc(heap, 1000, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	sh_fixture_destroy(test, heap);
}

static void heap_test_destroys_nothing(struct kunit *test)
{
	void *obj;

	spanheap_destroy(NULL);
	spanheap_destroy(ERR_PTR(-EINVAL));
	spanheap_destroy(ERR_PTR(-ENOMEM));
	spanheap_destroy(sh_default_heap);
	obj = spanheap_alloc(NULL, 100, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	sh_fixture_check(test, NULL);
}

static void heap_test_destroy_frees_all_objects(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-leaky", 0);
	void *objs[4];
	int i;

	objs[0] = spanheap_alloc(heap, 8, GFP_KERNEL);
	objs[1] = spanheap_alloc(heap, 500, GFP_KERNEL);
	objs[2] = spanheap_alloc(heap, 32768, GFP_KERNEL);
	objs[3] = spanheap_alloc(heap, SZ_1M, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		KUNIT_EXPECT_TRUE(test, spanheap_owns(objs[i]));
	spanheap_destroy(heap);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		KUNIT_EXPECT_FALSE(test, spanheap_owns(objs[i]));
}

static void heap_test_a_limit_too_small_is_refused(struct kunit *test)
{
	const size_t limits[] = { 1, 4096, SZ_128K, SPANHEAP_LIMIT_MIN - 1 };
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;
	int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		config.limit = limits[i];
		heap = spanheap_create("kunit-tiny", &config);
		KUNIT_EXPECT_PTR_EQ(test, heap, ERR_PTR(-EINVAL));
	}
}

/* Objects of one heap say nothing about another. */
static void heap_test_heaps_are_apart(struct kunit *test)
{
	struct spanheap *heaps[6];
	char name[16];
	void *obj[6];
	int i, nr = ARRAY_SIZE(heaps);

	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "kunit-%d", i);
		heaps[i] = sh_fixture_create(test, name, 0);
		obj[i] = spanheap_alloc(heaps[i], 64 + i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj[i]);
	}
	for (i = 0; i < nr; i += 2) {
		spanheap_free(obj[i]);
		sh_fixture_destroy(test, heaps[i]);
	}
	for (i = 1; i < nr; i += 2) {
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heaps[i]).objects, 1);
		KUNIT_EXPECT_TRUE(test, spanheap_owns(obj[i]));
		spanheap_free(obj[i]);
		sh_fixture_destroy(test, heaps[i]);
	}
}

#define NR_HEAPS	4
#define NR_OBJECTS	1500
#define NR_BULK		16

/**
 * struct object - a live object, as the model has it
 * @ptr: where it is, NULL when this place of the list is free
 * @size: bytes asked for
 * @usable: bytes it has
 * @tag: its contents
 * @heap: its heap
 */
struct object {
	void *ptr;
	size_t size;
	size_t usable;
	u64 tag;
	struct spanheap *heap;
};

/* The list of live objects, and what they sum up to by heap. */
struct model {
	struct rnd_state rnd;
	struct spanheap *heap[NR_HEAPS];
	int nr_heaps;
	u64 tag;
	struct object obj[NR_OBJECTS];
};

static size_t random_size(struct rnd_state *rnd)
{
	u32 kind = sh_test_random(rnd, 100);

	if (kind < 60)
		return 1 + sh_test_random(rnd, 256);
	if (kind < 88)
		return 1 + sh_test_random(rnd, 4096);
	if (kind < 98)
		return 1 + sh_test_random(rnd, SPANHEAP_MAX_SMALL);
	return 1 + sh_test_random(rnd, SZ_256K);
}

static void *random_alloc(struct model *m, struct spanheap *heap, size_t size,
			  size_t *align, bool *zero)
{
	gfp_t gfp = sh_test_random(&m->rnd, 4) ? GFP_KERNEL : GFP_NOWAIT;
	void *obj;

	*align = is_power_of_2(size) && size <= SPANHEAP_NATURAL_ALIGN ? size : 1;
	*zero = false;
	switch (sh_test_random(&m->rnd, 8)) {
	case 0:
		*zero = true;
		obj = spanheap_zalloc(heap, size, gfp);
		break;
	case 1:
		*zero = true;
		obj = spanheap_calloc(heap, 1, size, gfp);
		break;
	case 2:
		obj = spanheap_alloc_array(heap, size, 1, gfp);
		break;
	case 3:
		*align = 1UL << sh_test_random(&m->rnd, 15);
		obj = spanheap_alloc_aligned(heap, size, *align, gfp);
		break;
	default:
		obj = spanheap_alloc(heap, size, gfp);
	}
	/* Without the right to sleep there may be no arena to grow in. */
	if (!obj && !gfpflags_allow_blocking(gfp))
		obj = spanheap_alloc_aligned(heap, size, *align, *zero ?
					     GFP_KERNEL | __GFP_ZERO : GFP_KERNEL);
	return obj;
}

static bool add(struct model *m, struct object *o, struct spanheap *heap,
		void *ptr, size_t size)
{
	o->ptr = ptr;
	o->size = size;
	o->usable = spanheap_size(ptr);
	o->tag = ++m->tag;
	o->heap = heap;
	if (o->usable < size)
		return false;
	sh_fixture_fill(ptr, o->usable, o->tag);
	return true;
}

static bool model_alloc(struct model *m, struct object *o)
{
	struct spanheap *heap = m->heap[sh_test_random(&m->rnd, m->nr_heaps)];
	size_t size = random_size(&m->rnd), align;
	bool zero;
	void *ptr = random_alloc(m, heap, size, &align, &zero);

	if (!ptr || !IS_ALIGNED((unsigned long)ptr, max_t(size_t, align, 8)))
		return false;
	if (zero && memchr_inv(ptr, 0, size))
		return false;
	return add(m, o, heap, ptr, size);
}

/* Objects by the bulk, into the free places of the list from @o on. */
static bool model_alloc_bulk(struct model *m, struct object *o)
{
	struct spanheap *heap = m->heap[sh_test_random(&m->rnd, m->nr_heaps)];
	size_t size = random_size(&m->rnd);
	struct object *to[NR_BULK];
	unsigned int nr = 0, i;
	void *ptr[NR_BULK];

	for (; o < m->obj + NR_OBJECTS && nr < NR_BULK; o++)
		if (!o->ptr)
			to[nr++] = o;
	if (spanheap_alloc_bulk(heap, size, GFP_KERNEL, nr, ptr) != nr)
		return false;
	for (i = 0; i < nr; i++)
		if (!add(m, to[i], heap, ptr[i], size))
			return false;
	return true;
}

static bool object_is_right(struct model *m, const struct object *o)
{
	struct spanheap_object found;

	return spanheap_find(o->ptr + sh_test_random(&m->rnd, o->usable), &found) &&
	       found.heap == o->heap && found.start == o->ptr &&
	       found.size == o->usable &&
	       sh_fixture_intact(o->ptr, o->usable, o->tag);
}

static bool model_free(struct model *m, struct object *o)
{
	if (!object_is_right(m, o))
		return false;
	spanheap_free(o->ptr);
	o->ptr = NULL;
	return true;
}

static bool model_free_bulk(struct model *m, struct object *o)
{
	void *ptr[NR_BULK];
	unsigned int nr = 0;

	for (; o < m->obj + NR_OBJECTS && nr < NR_BULK; o++) {
		if (!o->ptr)
			continue;
		if (!object_is_right(m, o))
			return false;
		ptr[nr++] = o->ptr;
		o->ptr = NULL;
	}
	spanheap_free_bulk(nr, ptr);
	return true;
}

static bool model_step(struct model *m)
{
	struct object *o = &m->obj[sh_test_random(&m->rnd, NR_OBJECTS)];

	if (sh_test_random(&m->rnd, 64) == 0)
		return o->ptr ? model_free_bulk(m, o) : model_alloc_bulk(m, o);
	return o->ptr ? model_free(m, o) : model_alloc(m, o);
}

/* The heaps' figures against what the list sums up to. */
static void model_compare(struct kunit *test, struct model *m)
{
	u64 nr, bytes;
	int i, j;

	for (i = 0; i < m->nr_heaps; i++) {
		struct spanheap_stats s = sh_fixture_stats(m->heap[i]);

		nr = 0;
		bytes = 0;
		for (j = 0; j < NR_OBJECTS; j++) {
			if (!m->obj[j].ptr || m->obj[j].heap != m->heap[i])
				continue;
			nr++;
			bytes += m->obj[j].usable;
		}
		KUNIT_EXPECT_EQ(test, s.objects, nr);
		KUNIT_EXPECT_EQ(test, s.object_bytes, bytes);
		KUNIT_EXPECT_EQ(test, s.mallocs - s.frees, nr);
		KUNIT_EXPECT_EQ(test, s.sys, s.in_use + s.idle);
		KUNIT_EXPECT_EQ(test, s.resident, s.sys - s.released);
		KUNIT_EXPECT_EQ(test, s.bad_frees, 0);
		sh_fixture_check(test, m->heap[i]);
	}
}

static void run_model(struct kunit *test, int nr_heaps, unsigned long ops)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	char name[24];
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	sh_test_seed(test, &m->rnd);
	for (m->nr_heaps = 0; m->nr_heaps < nr_heaps; m->nr_heaps++) {
		snprintf(name, sizeof(name), "kunit-%d", m->nr_heaps);
		m->heap[m->nr_heaps] = sh_fixture_create(test, name, 0);
	}
	for (i = 0; i < ops; i++) {
		if (!model_step(m)) {
			KUNIT_FAIL(test, "operation %lu went wrong", i);
			break;
		}
		if (i % 32768 == 32767)
			model_compare(test, m);
	}
	model_compare(test, m);
	for (i = 0; i < NR_OBJECTS; i++)
		if (m->obj[i].ptr)
			KUNIT_EXPECT_TRUE(test, model_free(m, &m->obj[i]));
	while (m->nr_heaps--)
		sh_fixture_destroy(test, m->heap[m->nr_heaps]);
}

static void heap_test_random_against_a_list(struct kunit *test)
{
	run_model(test, 1, sh_fixture_ops(250000));
}

static void heap_test_random_several_heaps(struct kunit *test)
{
	run_model(test, NR_HEAPS, sh_fixture_ops(150000));
}

static void heap_test_is_destroyed_once(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "heap-once", 0);
	u64 bad = sh_fixture_stats(NULL).bad_frees;
	int on_stack;

	spanheap_destroy(heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(NULL).bad_frees, bad);
	spanheap_destroy(heap);
	spanheap_destroy((void *)&on_stack);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(NULL).bad_frees, bad + 2);
}

/* Whatever finds the caches empty, as they are once a heap is closed. */
static void heap_test_closed_allocates_nothing(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "heap-closed", 0);
	void *objs[4];

	WRITE_ONCE(heap->closed, true);
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, 64, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_zalloc(heap, 64, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_alloc(heap, 100000, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_node(heap, 64, GFP_KERNEL, 0));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_pages(heap, 64, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, spanheap_alloc_persistent(heap, 64, 8, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, spanheap_alloc_bulk(heap, 64, GFP_KERNEL,
						     ARRAY_SIZE(objs), objs));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 7);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).mallocs, 0);
	spanheap_destroy(heap);
}

static struct kunit_case heap_test_cases[] = {
	KUNIT_CASE(heap_test_accepts_names),
	KUNIT_CASE(heap_test_refuses_names),
	KUNIT_CASE(heap_test_refuses_a_name_that_is_taken),
	KUNIT_CASE(heap_test_refuses_configurations),
	KUNIT_CASE(heap_test_takes_pages_from_a_node),
	KUNIT_CASE(heap_test_destroys_nothing),
	KUNIT_CASE(heap_test_destroy_frees_all_objects),
	KUNIT_CASE(heap_test_a_limit_too_small_is_refused),
	KUNIT_CASE(heap_test_heaps_are_apart),
	KUNIT_CASE(heap_test_random_against_a_list),
	KUNIT_CASE(heap_test_random_several_heaps),
	KUNIT_CASE(heap_test_is_destroyed_once),
	KUNIT_CASE(heap_test_closed_allocates_nothing),
	{ }
};

static struct kunit_suite heap_test_suite = {
	.name = "spanheap_heap",
	.test_cases = heap_test_cases,
};

kunit_test_suite(heap_test_suite);
