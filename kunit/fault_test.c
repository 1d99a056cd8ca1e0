// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection: one thing after the other made to fail in a whole life of a
 * heap, until there is no next. Each time what is refused is refused as
 * documented, what was given keeps its contents, nothing is left, the heap is
 * sound.
 *
 * The n-th is counted by the task's fail_nth, which comes before whatever an
 * attribute says. It counts requests to the kernel's own attributes as well, as
 * far as these are not told to look away.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "base/fault.h"
#include "base/params.h"
#include "base/sampling.h"
#include "lib/fixture.h"
#include "object/profile.h"

#define QUIET		(GFP_KERNEL | __GFP_NOWARN)
#define NR_HELD		64
#define NR_BULK		40
#define MOST_NTH	1000

/**
 * struct life - what the heap has given
 * @test: the case
 * @heap: the heap
 * @nr: objects held
 * @refused: answers that said no
 * @to_finalize: objects whose finalizer was set
 * @finalized: objects whose finalizer ran
 * @held: the objects
 * @size: bytes asked for
 */
struct life {
	struct kunit *test;
	struct spanheap *heap;
	unsigned int nr;
	unsigned int refused;
	unsigned int to_finalize;
	atomic_t finalized;
	void *held[NR_HELD];
	size_t size[NR_HELD];
};

/* Keep an object, or count that there is none. */
static void *keep(struct life *life, void *p, size_t size)
{
	if (!p) {
		life->refused++;
		return NULL;
	}
	KUNIT_ASSERT_FALSE(life->test, IS_ERR(p));
	KUNIT_ASSERT_LT(life->test, life->nr, NR_HELD);
	sh_fixture_fill(p, size, life->nr);
	life->held[life->nr] = p;
	life->size[life->nr++] = size;
	return p;
}

static void expect_kept(struct life *life, unsigned int i)
{
	if (life->held[i])
		KUNIT_EXPECT_TRUE(life->test, sh_fixture_intact(life->held[i], life->size[i], i));
}

static void live_small(struct life *life)
{
	static const size_t sizes[] = { 8, 24, 100, 512, 1500, 4096, 20000 };
	struct spanheap *heap = life->heap;
	size_t size;
	int i;

	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		size = sizes[i / 2];
		keep(life, spanheap_alloc(heap, size, i % 2 ? QUIET :
					  GFP_NOWAIT | __GFP_NOWARN), size);
	}
	keep(life, spanheap_calloc(heap, 10, 30, QUIET), 300);
	keep(life, spanheap_alloc_aligned(heap, 100, 4096, QUIET), 100);
	keep(life, spanheap_alloc_aligned(heap, 20000, SZ_64K, QUIET), 20000);
	keep(life, spanheap_alloc_node(heap, 200, QUIET, first_online_node), 200);
	keep(life, spanheap_alloc_node(heap, SZ_64K, QUIET, first_online_node), SZ_64K);
	keep(life, spanheap_memdup(heap, "copied", 7, QUIET), 7);
	keep(life, spanheap_strdup(heap, "copied too", QUIET), 10);
}

/* A bulk that fails gives what it has. */
static void live_bulk(struct life *life)
{
	void *objs[NR_BULK];
	unsigned int got, i;

	got = spanheap_alloc_bulk(life->heap, 700, QUIET, NR_BULK, objs);
	KUNIT_ASSERT_LE(life->test, got, NR_BULK);
	life->refused += got < NR_BULK;
	for (i = 0; i < got; i++)
		sh_fixture_fill(objs[i], 700, i);
	for (i = 0; i < got; i++)
		KUNIT_EXPECT_TRUE(life->test, sh_fixture_intact(objs[i], 700, i));
	spanheap_free_bulk(got, objs);
}

/* A realloc that fails leaves the object as it was. */
static void resize(struct life *life, size_t size)
{
	unsigned int nr = life->nr - 1;
	u64 first = *(u64 *)life->held[nr];
	void *p;

	p = spanheap_realloc(life->heap, life->held[nr], size, QUIET);
	if (!p) {
		life->refused++;
		expect_kept(life, nr);
		return;
	}
	/* Of a pattern the start does not depend on the length. */
	KUNIT_EXPECT_EQ(life->test, *(u64 *)p, first);
	KUNIT_EXPECT_GE(life->test, spanheap_size(p), size);
	life->held[nr] = p;
	life->size[nr] = size;
	sh_fixture_fill(p, size, nr);
}

static void live_realloc(struct life *life)
{
	static const size_t sizes[] = { 5000, SZ_64K, SZ_128K, SZ_32K + 1, 60 };
	void *p = keep(life, spanheap_alloc(life->heap, 50, QUIET), 50);
	int i;

	for (i = 0; p && i < ARRAY_SIZE(sizes); i++)
		resize(life, sizes[i]);
}

/* A split that fails leaves the span whole. */
static void live_split(struct life *life)
{
	char *p = spanheap_alloc_pages(life->heap, SZ_64K, QUIET);
	char *q = spanheap_alloc(life->heap, SZ_128K, QUIET);
	int err;

	life->refused += !p + !q;
	if (p) {
		sh_fixture_fill(p, SZ_64K, 1);
		err = spanheap_split(p);
		KUNIT_EXPECT_TRUE(life->test, !err || err == -ENOMEM);
		KUNIT_EXPECT_TRUE(life->test, sh_fixture_intact(p, SZ_64K, 1));
		life->refused += !!err;
		if (!err)
			spanheap_free_pages(p + SZ_32K);
		spanheap_free_pages(p);
	}
	if (q) {
		err = spanheap_split(q);
		KUNIT_EXPECT_TRUE(life->test, !err || err == -ENOMEM);
		KUNIT_EXPECT_EQ(life->test, spanheap_size(q), err ? SZ_128K : SZ_64K);
		life->refused += !!err;
		if (!err)
			spanheap_free(q + SZ_64K);
		spanheap_free(q);
	}
}

static void live_persistent(struct life *life)
{
	char *p = spanheap_alloc_persistent(life->heap, 100, 64, QUIET);
	char *q = spanheap_alloc_persistent(life->heap, SZ_64K, 4096, QUIET);

	life->refused += !p + !q;
	if (p)
		sh_fixture_fill(p, 100, 1);
	if (q)
		sh_fixture_fill(q, SZ_64K, 2);
	if (p)
		KUNIT_EXPECT_TRUE(life->test, sh_fixture_intact(p, 100, 1));
}

static void finalize(void *ptr, size_t size, void *life)
{
	atomic_inc(&((struct life *)life)->finalized);
}

/* A finalizer that cannot be set leaves an object without one. */
static void live_finalizers(struct life *life)
{
	static const size_t sizes[] = { 64, 64, 20000, SZ_64K };
	void *p, *moved;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = spanheap_alloc(life->heap, sizes[i], QUIET);
		life->refused += !p;
		if (!p)
			continue;
		err = spanheap_set_finalizer(p, finalize, life);
		KUNIT_EXPECT_TRUE(life->test, !err || err == -ENOMEM);
		life->refused += !!err;
		life->to_finalize += !err;
		/* The object that it moves to may get none: then it stays. */
		moved = spanheap_realloc(life->heap, p, 2 * sizes[i], QUIET);
		life->refused += !moved;
		spanheap_free(moved ?: p);
	}
}

struct with_rcu {
	struct rcu_head rcu;
	char contents[100];
};

static void live_rcu(struct life *life)
{
	struct with_rcu *small = spanheap_alloc_obj(life->heap, struct with_rcu, QUIET);
	struct with_rcu *large = spanheap_alloc(life->heap, SZ_64K, QUIET);

	life->refused += !small + !large;
	spanheap_free_rcu(small, rcu);
	spanheap_free_rcu(large, rcu);
}

/* Several arenas of 1 MiB, and one larger than that. */
static void live_growth(struct life *life)
{
	int i;

	for (i = 0; i < 2; i++)
		keep(life, spanheap_alloc(life->heap, SZ_512K + SZ_8K, QUIET), SZ_4K);
	keep(life, spanheap_alloc(life->heap, SZ_1M + SZ_8K, QUIET), SZ_4K);
}

/* At its limit a heap refuses by itself, without one it does not. */
static void live_limit(struct life *life)
{
	struct spanheap *heap = life->heap;
	size_t resident = sh_fixture_stats(heap).resident;
	int err = spanheap_set_limit(heap, resident + SZ_1M);

	KUNIT_EXPECT_TRUE(life->test, !err || err == -ENOMEM);
	KUNIT_EXPECT_NULL(life->test, spanheap_alloc(heap, SZ_8M, QUIET));
	KUNIT_EXPECT_EQ(life->test, spanheap_set_limit(heap, 0), 0);
	keep(life, spanheap_alloc(heap, SZ_128K, QUIET), SZ_4K);
}

/* What was given back is fetched again. */
static void live_giveback(struct life *life)
{
	unsigned int i;

	for (i = 0; i < life->nr; i += 2)
		spanheap_free(life->held[i]);
	spanheap_scavenge(life->heap);
	for (i = 0; i < life->nr; i += 2) {
		life->held[i] = spanheap_alloc(life->heap, life->size[i], QUIET);
		life->refused += !life->held[i];
	}
	for (i = 1; i < life->nr; i += 2)
		expect_kept(life, i);
}

/* What is asked of a heap for each object. */
static void live_objects(struct life *life)
{
	live_small(life);
	live_split(life);
	live_rcu(life);
	live_finalizers(life);
	live_realloc(life);
}

static void live_all(struct life *life)
{
	live_small(life);
	live_bulk(life);
	live_split(life);
	live_persistent(life);
	live_rcu(life);
	live_finalizers(life);
	live_growth(life);
	live_limit(life);
	live_giveback(life);
	live_realloc(life);
}

static void end(struct life *life)
{
	struct spanheap_stats s;
	unsigned int i;

	for (i = 0; i < life->nr; i++)
		spanheap_free(life->held[i]);
	rcu_barrier();
	spanheap_flush_finalizers(life->heap);
	s = sh_fixture_stats(life->heap);
	KUNIT_EXPECT_EQ(life->test, s.objects, 0);
	KUNIT_EXPECT_EQ(life->test, s.manual_spans, 0);
	KUNIT_EXPECT_EQ(life->test, s.mallocs, s.frees);
	KUNIT_EXPECT_EQ(life->test, s.bad_frees, 0);
	KUNIT_EXPECT_EQ(life->test, s.corruptions, 0);
	sh_fixture_check(life->test, life->heap);
	spanheap_destroy(life->heap);
	KUNIT_EXPECT_EQ(life->test, atomic_read(&life->finalized), life->to_finalize);
}

/* A life in which the @nth thing fails; how often something was refused. */
static unsigned int live(struct kunit *test, struct life *life,
			 void (*all)(struct life *life), unsigned int flags,
			 unsigned int nth, unsigned int *left)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	unsigned int arena_mb = sh_arena_mb;

	memset(life, 0, sizeof(*life));
	life->test = test;
	config.flags = flags;
	sh_arena_mb = 1;
	WRITE_ONCE(current->fail_nth, nth);
	life->heap = spanheap_create("life", &config);
	sh_arena_mb = arena_mb;
	if (!IS_ERR(life->heap))
		all(life);
	*left = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	if (IS_ERR(life->heap)) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(life->heap), -ENOMEM);
		return 1;
	}
	end(life);
	return life->refused;
}

/*
 * Each of what @points says fails once in the life of a heap with these flags, of
 * which @all is the middle; there are @least of them or more.
 */
static void each(struct kunit *test, unsigned int points,
		 void (*all)(struct life *life), unsigned int flags,
		 unsigned int least)
{
	struct life *life = kunit_kzalloc(test, sizeof(*life), GFP_KERNEL);
	unsigned int nth, left = 0, refused = 0;
	unsigned long verbose = sh_fault_attr.verbose;

	KUNIT_ASSERT_NOT_NULL(test, life);
	/* A stack for each would fill the log. */
	sh_fault_attr.verbose = 0;
	WRITE_ONCE(sh_fault_points, points);
	for (nth = 1; !left && nth < MOST_NTH; nth++) {
		refused = live(test, life, all, flags, nth, &left);
		cond_resched();
	}
	WRITE_ONCE(sh_fault_points, 0);
	sh_fault_attr.verbose = verbose;
	kunit_info(test, "%u in turn\n", nth - 2);
	KUNIT_EXPECT_GT(test, left, 0);
	KUNIT_EXPECT_EQ(test, refused, 0);
	KUNIT_EXPECT_GT(test, nth, least);
}

static void fault_test_each_allocation(struct kunit *test)
{
	each(test, SH_FAULT_ALLOC, live_all, 0, 40);
}

static void fault_test_each_page(struct kunit *test)
{
	each(test, SH_FAULT_PAGE, live_all, 0, 20);
}

static void fault_test_each_vmap_and_record(struct kunit *test)
{
	each(test, SH_FAULT_VMAP | SH_FAULT_META, live_all, 0, 20);
}

/* What a debug heap knows of an object, and where it finds that. */
static void fault_test_each_record_of_a_debug_heap(struct kunit *test)
{
	each(test, SH_FAULT_META, live_objects, SPANHEAP_DEBUG, 80);
}

/* A sample there is no memory for is left out; its object is not. */
static void fault_test_each_sample(struct kunit *test)
{
	unsigned long rate = sh_profile_rate;

	KUNIT_ASSERT_EQ(test, sh_profile_set_rate(1), 0);
	each(test, SH_FAULT_META, live_objects, 0, 20);
	KUNIT_EXPECT_EQ(test, sh_profile_set_rate(rate), 0);
}

/* As long as requests are made to fail, none is served by a cache. */
static void fault_test_caches_stay_empty(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	void *obj;

	WRITE_ONCE(sh_fault_points, SH_FAULT_ALLOC);
	obj = spanheap_alloc(heap, 64, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).cached_objects, 0);
	WRITE_ONCE(current->fail_nth, 1);
	obj = spanheap_alloc(heap, 64, QUIET);
	WRITE_ONCE(current->fail_nth, 0);
	KUNIT_EXPECT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).alloc_failures, 1);
	WRITE_ONCE(sh_fault_points, 0);
	obj = spanheap_alloc(heap, 64, GFP_KERNEL);
	KUNIT_EXPECT_GT(test, sh_fixture_stats(heap).cached_objects, 0);
	spanheap_free(obj);
}

/* An allocation that finds room in the heap, and then no page on the machine. */
static void *alloc_without_pages(struct spanheap *heap, size_t size)
{
	struct fault_attr attr = sh_fault_attr;
	void *obj;

	sh_fault_attr.probability = 100;
	sh_fault_attr.interval = 1;
	sh_fault_attr.verbose = 0;
	atomic_set(&sh_fault_attr.times, -1);
	WRITE_ONCE(sh_fault_points, SH_FAULT_PAGE);
	obj = spanheap_alloc(heap, size, QUIET);
	WRITE_ONCE(sh_fault_points, 0);
	sh_fault_attr = attr;
	return obj;
}

/* Who fails for another reason than the limit does not make others fail at it. */
static void fault_test_says_nothing_of_the_limit(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "kunit-other", SZ_4M);
	void *objs[64], *more[2];
	unsigned int nr, i;

	nr = sh_fixture_fill_up(heap, SZ_64K, objs, ARRAY_SIZE(objs));
	for (i = 0; i < nr; i += 2) {
		spanheap_free(objs[i]);
		objs[i] = NULL;
	}
	KUNIT_EXPECT_NULL(test, alloc_without_pages(heap, SZ_256K));
	for (i = 0; i < ARRAY_SIZE(more); i++) {
		more[i] = spanheap_alloc(heap, SZ_256K, QUIET);
		KUNIT_EXPECT_NOT_NULL(test, more[i]);
	}
	spanheap_free_bulk(ARRAY_SIZE(more), more);
	spanheap_free_bulk(nr, objs);
	sh_fixture_destroy(test, heap);
}

/* The next three records fail; then there is memory again. */
static void fail_records(struct fault_attr *saved)
{
	*saved = sh_fault_attr;
	sh_fault_attr.probability = 100;
	sh_fault_attr.interval = 1;
	sh_fault_attr.verbose = 0;
	atomic_set(&sh_fault_attr.times, 3);
	WRITE_ONCE(sh_fault_points, SH_FAULT_META);
}

/* Returns how many have not. */
static int fail_no_more(const struct fault_attr *saved)
{
	int left = atomic_read(&sh_fault_attr.times);

	WRITE_ONCE(sh_fault_points, 0);
	sh_fault_attr = *saved;
	return left;
}

static void ignore(void *ptr, size_t size, void *arg)
{
}

/* An object that moves takes its finalizer along, and that takes a record. */
static void fault_test_realloc_does_not_fail_that_must_not(struct kunit *test)
{
	unsigned int i, nr = ((struct spanheap *)test->priv)->specials.per_block;
	struct spanheap *heap = test->priv;
	struct fault_attr saved;
	void **objs, *moved;

	objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < nr; i++) {
		objs[i] = spanheap_alloc(heap, 64, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, spanheap_set_finalizer(objs[i], ignore, NULL), 0);
	}
	/* What it moves to takes no record then, and the finalizer takes a block. */
	sh_fixture_pin();
	for (i = 0; i < 4; i++)
		spanheap_free(spanheap_alloc(heap, 1000, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, list_empty(&heap->specials.partial));
	KUNIT_EXPECT_NULL(test, heap->specials.spare);
	fail_records(&saved);
	moved = spanheap_realloc(heap, objs[0], 1000, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_EQ(test, fail_no_more(&saved), 0);
	KUNIT_EXPECT_NOT_NULL(test, moved);
	if (moved)
		objs[0] = moved;
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(objs[0]), 0);
	spanheap_free_bulk(nr, objs);
	spanheap_flush_finalizers(heap);
}

/* In a debug heap each object has a record, wherever its pages are. */
static void fault_test_node_does_not_fail_that_must_not(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create_debug(test, "kunit-nofail");
	struct fault_attr saved;
	void *obj;
	int node;

	for_each_online_node(node) {
		fail_records(&saved);
		obj = spanheap_alloc_node(heap, 100, GFP_KERNEL | __GFP_NOFAIL, node);
		KUNIT_EXPECT_EQ(test, fail_no_more(&saved), 0);
		KUNIT_EXPECT_NOT_NULL(test, obj);
		spanheap_free(obj);
	}
	sh_fixture_destroy(test, heap);
}

static struct kunit_case fault_test_cases[] = {
	KUNIT_CASE(fault_test_says_nothing_of_the_limit),
	KUNIT_CASE_SLOW(fault_test_each_allocation),
	KUNIT_CASE_SLOW(fault_test_each_page),
	KUNIT_CASE_SLOW(fault_test_each_vmap_and_record),
	KUNIT_CASE_SLOW(fault_test_each_record_of_a_debug_heap),
	KUNIT_CASE_SLOW(fault_test_each_sample),
	KUNIT_CASE(fault_test_caches_stay_empty),
	KUNIT_CASE(fault_test_realloc_does_not_fail_that_must_not),
	KUNIT_CASE(fault_test_node_does_not_fail_that_must_not),
	{ }
};

static struct kunit_suite fault_test_suite = {
	.name = "spanheap_fault",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = fault_test_cases,
};

kunit_test_suite(fault_test_suite);
