// SPDX-License-Identifier: GPL-2.0
/*
 * Objects on their way between CPUs: they get there without their spans, and
 * whoever counts, checks, drains or destroys finds them.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/limits.h>
#include <linux/percpu.h>
#include <linux/sizes.h>

#include "lib/fixture.h"
#include "show/check.h"
#include "show/stats.h"

#define NR	4000

/* Objects that one CPU allocates and another frees. */
struct flow {
	struct kunit *test;
	struct spanheap *heap;
	struct sh_transfer *transfer;
	size_t size;
	unsigned int nr;
	int from;
	int to;
	void **objs;
};

static void allocate(void *arg)
{
	struct flow *f = arg;
	unsigned int i;

	for (i = 0; i < f->nr; i++)
		f->objs[i] = spanheap_alloc(f->heap, f->size, GFP_KERNEL);
}

static void release(void *arg)
{
	struct flow *f = arg;
	unsigned int i;

	for (i = 0; i < f->nr; i++)
		spanheap_free(f->objs[i]);
}

static void pass(struct flow *f)
{
	KUNIT_ASSERT_EQ(f->test, sh_fixture_on_cpu(f->from, allocate, f), 0);
	KUNIT_ASSERT_EQ(f->test, sh_fixture_on_cpu(f->to, release, f), 0);
}

static void flow_init(struct kunit *test, struct flow *f, size_t size)
{
	f->test = test;
	f->heap = test->priv;
	f->size = size;
	f->transfer = &f->heap->caches.transfer[sh_size_class(size)];
	f->nr = NR;
	f->from = sh_fixture_pin();
	f->to = sh_fixture_other_cpu(test);
	f->objs = kunit_kcalloc(test, NR, sizeof(*f->objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->objs);
}

static struct sh_entry entry(unsigned long nr)
{
	struct sh_entry entry = { (void *)(nr * 8), NULL };

	return entry;
}

/* One on its own, with room for @max. */
static struct sh_transfer *create(struct kunit *test, unsigned int max)
{
	struct sh_transfer *transfer;
	struct sh_entry *array = kcalloc(max, sizeof(*array), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, array);
	transfer = kunit_kzalloc(test, sizeof(*transfer), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, transfer);
	sh_transfer_init(transfer);
	KUNIT_EXPECT_NULL(test, sh_transfer_enlarge(transfer, array, 0, max));
	KUNIT_EXPECT_EQ(test, transfer->nr, 0);
	return transfer;
}

static void transfer_test_gives_what_came_last(struct kunit *test)
{
	struct sh_transfer *transfer = create(test, 4);
	struct sh_entry in[4], out[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		in[i] = entry(i);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(transfer, in + 2, 2), 2);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(transfer, in + 4, 2), 2);
	KUNIT_EXPECT_EQ(test, sh_transfer_get(transfer, out, 2), 2);
	KUNIT_EXPECT_MEMEQ(test, out, in + 2, 2 * sizeof(*in));
	KUNIT_EXPECT_EQ(test, sh_transfer_get(transfer, out, 4), 2);
	KUNIT_EXPECT_MEMEQ(test, out, in, 2 * sizeof(*in));
	KUNIT_EXPECT_EQ(test, sh_transfer_get(transfer, out, 4), 0);
	sh_transfer_exit(transfer);
}

static void transfer_test_takes_the_last_ones_that_fit(struct kunit *test)
{
	struct sh_transfer *transfer = create(test, 5);
	struct sh_entry in[8], out[8];
	unsigned int i;

	for (i = 0; i < 8; i++)
		in[i] = entry(i);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(transfer, in + 3, 3), 3);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(transfer, in + 8, 5), 2);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(transfer, in + 8, 5), 0);
	KUNIT_EXPECT_EQ(test, sh_transfer_get(transfer, out, 8), 5);
	KUNIT_EXPECT_MEMEQ(test, out, in, 3 * sizeof(*in));
	KUNIT_EXPECT_MEMEQ(test, out + 3, in + 6, 2 * sizeof(*in));
	sh_transfer_exit(transfer);
}

static void transfer_test_has_no_room_at_first(struct kunit *test)
{
	struct sh_transfer transfer = { };
	struct sh_entry e = entry(1);
	atomic_long_t taken = ATOMIC_LONG_INIT(0);
	unsigned int nr, max;

	sh_transfer_init(&transfer);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(&transfer, &e + 1, 1), 0);
	KUNIT_EXPECT_EQ(test, sh_transfer_get(&transfer, &e, 1), 0);
	KUNIT_EXPECT_NULL(test, sh_transfer_empty(&transfer, false, &nr, &max, &taken));
	sh_transfer_exit(&transfer);
}

static void transfer_test_keeps_what_it_has_when_enlarged(struct kunit *test)
{
	struct sh_transfer *transfer = create(test, 2);
	struct sh_entry in[3], out[3], *array, *old;
	unsigned int i;

	for (i = 0; i < 3; i++)
		in[i] = entry(i);
	sh_transfer_put(transfer, in + 2, 2);
	array = kcalloc(4, sizeof(*array), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, array);
	/* Seen when it was another size: somebody else was faster. */
	KUNIT_EXPECT_PTR_EQ(test, sh_transfer_enlarge(transfer, array, 1, 4), array);
	KUNIT_EXPECT_EQ(test, transfer->max, 2);
	old = transfer->entry;
	KUNIT_EXPECT_PTR_EQ(test, sh_transfer_enlarge(transfer, array, 2, 4), old);
	kfree(old);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(transfer, in + 3, 1), 1);
	KUNIT_EXPECT_EQ(test, sh_transfer_get(transfer, out, 3), 3);
	KUNIT_EXPECT_MEMEQ(test, out, in, sizeof(in));
	sh_transfer_exit(transfer);
}

/* Somebody is at it, as far as can be seen: an interrupt must not wait. */
static void transfer_test_nobody_waits_for_the_lock(struct kunit *test)
{
	struct sh_transfer *transfer = create(test, 4);
	struct sh_entry e = entry(1), *array;

	array = kcalloc(8, sizeof(*array), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, array);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(transfer, &e + 1, 1), 1);
	raw_spin_lock(&transfer->lock);
	KUNIT_EXPECT_EQ(test, sh_transfer_put(transfer, &e + 1, 1), 0);
	KUNIT_EXPECT_EQ(test, sh_transfer_get(transfer, &e, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, sh_transfer_enlarge(transfer, array, 4, 8), array);
	raw_spin_unlock(&transfer->lock);
	KUNIT_EXPECT_EQ(test, sh_transfer_get(transfer, &e, 1), 1);
	kfree(array);
	sh_transfer_exit(transfer);
}

static void transfer_test_knows_whether_it_is_idle(struct kunit *test)
{
	struct sh_transfer *transfer = create(test, 5);
	struct sh_entry e = entry(1), *array;
	atomic_long_t taken = ATOMIC_LONG_INIT(0);
	unsigned int nr, max;

	sh_transfer_put(transfer, &e + 1, 1);
	KUNIT_EXPECT_NULL(test, sh_transfer_empty(transfer, true, &nr, &max, &taken));
	sh_transfer_get(transfer, &e, 1);
	KUNIT_EXPECT_NULL(test, sh_transfer_empty(transfer, true, &nr, &max, &taken));
	sh_transfer_put(transfer, &e + 1, 1);
	KUNIT_EXPECT_NULL(test, sh_transfer_empty(transfer, true, &nr, &max, &taken));
	array = sh_transfer_empty(transfer, true, &nr, &max, &taken);
	KUNIT_ASSERT_NOT_NULL(test, array);
	KUNIT_EXPECT_EQ(test, nr, 1);
	KUNIT_EXPECT_EQ(test, max, 5);
	KUNIT_EXPECT_MEMEQ(test, array, &e, sizeof(e));
	KUNIT_EXPECT_EQ(test, transfer->nr, 0);
	KUNIT_EXPECT_EQ(test, transfer->max, 0);
	kfree(array);
	sh_transfer_exit(transfer);
}

static void transfer_test_is_a_stack_at_random(struct kunit *test)
{
	struct sh_transfer *transfer = create(test, 100);
	unsigned int nr, got, i, held = 0, wrong = 0;
	struct sh_entry batch[32], *model;
	struct rnd_state rnd;
	unsigned long op;

	model = kunit_kcalloc(test, 100, sizeof(*model), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model);
	sh_test_seed(test, &rnd);
	for (op = 0; op < sh_fixture_ops(20000); op++) {
		nr = 1 + sh_test_random(&rnd, ARRAY_SIZE(batch));
		if (sh_test_random(&rnd, 2)) {
			for (i = 0; i < nr; i++)
				batch[i] = entry(op * 32 + i);
			got = sh_transfer_put(transfer, batch + nr, nr);
			wrong += got != min(nr, 100 - held);
			memcpy(model + held, batch + nr - got,
			       got * sizeof(*batch));
			held += got;
		} else {
			got = sh_transfer_get(transfer, batch, nr);
			wrong += got != min(nr, held);
			held -= got;
			wrong += !!memcmp(model + held, batch,
					  got * sizeof(*batch));
		}
		wrong += transfer->nr != held;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	sh_transfer_exit(transfer);
}

/* Once objects wait, what one CPU frees is what the other gets. */
static void transfer_test_passes_objects_on(struct kunit *test)
{
	struct sh_central_stats before, after;
	unsigned long refills;
	struct flow f;
	int i;

	flow_init(test, &f, 64);
	for (i = 0; i < 10; i++)
		pass(&f);
	KUNIT_ASSERT_GT(test, f.transfer->nr, 0);
	f.nr = f.transfer->nr / 2;
	for (i = 0; i < 10; i++)
		pass(&f);
	refills = f.transfer->refills;
	sh_central_stats(&f.heap->central[sh_size_class(64)], &before);
	for (i = 0; i < 100; i++)
		pass(&f);
	sh_central_stats(&f.heap->central[sh_size_class(64)], &after);
	/* No object came from a span, and none went there. */
	KUNIT_EXPECT_MEMEQ(test, &after, &before, sizeof(after));
	KUNIT_EXPECT_GT(test, f.transfer->refills, refills);
	sh_fixture_check(test, f.heap);
}

static void transfer_test_passes_bulks_on(struct kunit *test)
{
	struct sh_class_stats before, after;
	struct flow f;

	flow_init(test, &f, 64);
	pass(&f);
	KUNIT_ASSERT_GT(test, f.transfer->nr, 100);
	/* What this CPU still has goes first. */
	sh_drain_cpu(&f.heap->caches, -1);
	pass(&f);
	f.nr = f.transfer->nr;
	KUNIT_ASSERT_GT(test, f.nr, 100);
	sh_stats_class(f.heap, sh_size_class(64), &before);
	KUNIT_EXPECT_EQ(test, spanheap_alloc_bulk(f.heap, 64, GFP_KERNEL, NR,
						  f.objs), NR);
	KUNIT_EXPECT_EQ(test, f.transfer->nr, 0);
	sh_stats_class(f.heap, sh_size_class(64), &after);
	KUNIT_EXPECT_EQ(test, after.mallocs, before.mallocs + NR);
	KUNIT_EXPECT_EQ(test, after.objects, NR);
	spanheap_free_bulk(NR, f.objs);
	sh_fixture_check(test, f.heap);
}

static void transfer_test_counts_what_waits_as_cached(struct kunit *test)
{
	struct sh_central_stats central;
	struct spanheap_stats stats;
	struct sh_class_stats class;
	struct flow f;

	flow_init(test, &f, 1024);
	pass(&f);
	KUNIT_ASSERT_GT(test, f.transfer->nr, 0);
	stats = sh_fixture_stats(f.heap);
	sh_central_stats(&f.heap->central[sh_size_class(1024)], &central);
	KUNIT_EXPECT_EQ(test, stats.objects, 0);
	KUNIT_EXPECT_GE(test, stats.cached_objects, f.transfer->nr);
	KUNIT_EXPECT_EQ(test, stats.cached_objects, central.nr_out);
	sh_stats_class(f.heap, sh_size_class(1024), &class);
	KUNIT_EXPECT_EQ(test, class.cached, central.nr_out);
	KUNIT_EXPECT_EQ(test, class.mallocs, NR);
	KUNIT_EXPECT_EQ(test, class.frees, NR);
	KUNIT_EXPECT_GE(test, class.flushes, f.transfer->flushes);
	sh_fixture_check(test, f.heap);
}

static void transfer_test_needs_two_cpus(struct kunit *test)
{
	struct flow f;
	int i;

	flow_init(test, &f, 128);
	f.to = f.from;
	for (i = 0; i < 10; i++)
		pass(&f);
	KUNIT_EXPECT_EQ(test, f.transfer->max, 0);
	KUNIT_EXPECT_EQ(test, f.transfer->flushes, 0);
}

/* Freed on another CPU, and nobody comes for it: there is no more of it. */
static void transfer_test_grows_only_when_taken_from(struct kunit *test)
{
	unsigned int first;
	struct flow f;
	int i;

	flow_init(test, &f, 64);
	pass(&f);
	first = f.transfer->max;
	KUNIT_EXPECT_EQ(test, f.transfer->nr, first);
	KUNIT_EXPECT_LT(test, first, NR / 2);
	for (i = 0; i < 10; i++)
		pass(&f);
	KUNIT_EXPECT_GT(test, f.transfer->max, first);
	sh_fixture_check(test, f.heap);
}

static void transfer_test_refuses_double_frees(struct kunit *test)
{
	struct flow f;

	flow_init(test, &f, 256);
	pass(&f);
	KUNIT_ASSERT_GT(test, f.transfer->nr, 0);
	spanheap_free(f.transfer->entry[0].obj);
	spanheap_free(f.transfer->entry[f.transfer->nr - 1].obj);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(f.heap).bad_frees, 2);
	sh_fixture_check(test, f.heap);
}

static void transfer_test_stays_within_its_bytes(struct kunit *test)
{
	static const size_t sizes[] = { 16, 512, 2048, 4096, 8192, 1024, 32768 };
	unsigned int bound, i, j;
	struct flow f;

	for (bound = SZ_16K; bound <= SZ_1M; bound *= 4)
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			flow_init(test, &f, sizes[i]);
			f.heap->caches.max_bytes = bound;
			f.nr = min_t(size_t, NR, SZ_1M / sizes[i]);
			for (j = 0; j < 4; j++)
				pass(&f);
			KUNIT_EXPECT_LE(test, f.transfer->max * sizes[i],
					max_t(size_t, bound / 4, SZ_4K));
			KUNIT_EXPECT_LE(test, atomic_long_read(&f.heap->caches.transfer_bytes),
					bound);
		}
	sh_fixture_check(test, f.heap);
}

static void transfer_test_is_drained_with_the_caches(struct kunit *test)
{
	struct spanheap_stats stats;
	struct flow f;
	u64 meta;

	flow_init(test, &f, 64);
	meta = sh_fixture_stats(f.heap).cache_meta;
	pass(&f);
	KUNIT_ASSERT_GT(test, f.transfer->nr, 0);
	sh_fixture_drain(f.heap);
	stats = sh_fixture_stats(f.heap);
	KUNIT_EXPECT_EQ(test, f.transfer->max, 0);
	KUNIT_EXPECT_EQ(test, stats.cached_objects, 0);
	KUNIT_EXPECT_EQ(test, stats.in_use, 0);
	KUNIT_EXPECT_EQ(test, stats.cache_meta, meta);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f.heap->caches.transfer_bytes), 0);
	sh_fixture_check(test, f.heap);
}

/* Used since the last look, then not: that is when it goes. */
static void transfer_test_goes_when_it_is_idle(struct kunit *test)
{
	struct flow f;

	flow_init(test, &f, 64);
	pass(&f);
	KUNIT_ASSERT_GT(test, f.transfer->nr, 0);
	KUNIT_EXPECT_TRUE(test, sh_drain_idle(f.heap->drains));
	KUNIT_EXPECT_GT(test, f.transfer->nr, 0);
	pass(&f);
	sh_drain_transfers(&f.heap->caches, true);
	KUNIT_EXPECT_GT(test, f.transfer->nr, 0);
	sh_drain_transfers(&f.heap->caches, true);
	KUNIT_EXPECT_EQ(test, f.transfer->nr, 0);
	KUNIT_EXPECT_EQ(test, f.transfer->max, 0);
	sh_fixture_check(test, f.heap);
}

/* A CPU that does nothing says nothing about what others pass on. */
static void transfer_test_stays_while_one_cpu_idles(struct kunit *test)
{
	struct sh_drain __percpu *drains;
	struct flow f;

	flow_init(test, &f, 64);
	drains = f.heap->drains;
	pass(&f);
	KUNIT_EXPECT_TRUE(test, sh_drain_idle(drains));
	KUNIT_ASSERT_GT(test, f.transfer->nr, 0);
	/* Somebody came, if in vain. */
	f.transfer->used = true;
	KUNIT_EXPECT_TRUE(test, sh_drain_idle(drains));
	flush_work(&per_cpu_ptr(drains, f.from)->empty.work);
	flush_work(&per_cpu_ptr(drains, f.to)->empty.work);
	KUNIT_EXPECT_PTR_EQ(test, per_cpu_ptr(f.heap->caches.cpu, f.to)
			    ->slot[sh_size_class(64)].base, NULL);
	KUNIT_EXPECT_GT(test, f.transfer->nr, 0);
	sh_fixture_check(test, f.heap);
}

static void transfer_test_is_found_when_damaged(struct kunit *test)
{
	struct sh_transfer *transfer;
	struct sh_entry saved;
	struct flow f;

	flow_init(test, &f, 64);
	pass(&f);
	transfer = f.transfer;
	KUNIT_ASSERT_GT(test, transfer->nr, 0);
	transfer->nr--;
	KUNIT_EXPECT_EQ(test, sh_check_heap(f.heap, NULL), -EUCLEAN);
	transfer->nr++;
	sh_fixture_check(test, f.heap);
	saved = transfer->entry[0];
	transfer->entry[0].obj += 8;
	KUNIT_EXPECT_EQ(test, sh_check_heap(f.heap, NULL), -EUCLEAN);
	transfer->entry[0] = saved;
	*saved.state = SH_OBJ_LIVE;
	KUNIT_EXPECT_EQ(test, sh_check_heap(f.heap, NULL), -EUCLEAN);
	*saved.state = SH_OBJ_CACHED;
	sh_fixture_check(test, f.heap);
}

/* While somebody is at it, objects go by way of their spans. */
static void transfer_test_is_not_needed(struct kunit *test)
{
	struct sh_central_stats before, after;
	unsigned int i;
	struct flow f;

	flow_init(test, &f, 64);
	pass(&f);
	sh_central_stats(&f.heap->central[sh_size_class(64)], &before);
	/* Nothing that lockdep would take for a lock around those of the spans. */
	arch_spin_lock(&f.transfer->lock.raw_lock);
	for (i = 0; i < 1000; i++)
		f.objs[i] = spanheap_alloc(f.heap, 64, GFP_ATOMIC);
	for (i = 0; i < 1000; i++)
		spanheap_free(f.objs[i]);
	arch_spin_unlock(&f.transfer->lock.raw_lock);
	sh_central_stats(&f.heap->central[sh_size_class(64)], &after);
	KUNIT_EXPECT_GT(test, after.refills, before.refills);
	sh_fixture_check(test, f.heap);
}

/* Freed in hard interrupts. */

static void transfer_test_works_in_interrupts(struct kunit *test)
{
	struct flow f;
	int i;

	flow_init(test, &f, 64);
	f.nr = 500;
	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(f.from, allocate, &f), 0);
		sh_fixture_in_hardirq(f.to, release, &f);
	}
	KUNIT_EXPECT_GT(test, f.transfer->refills, 0);
	sh_fixture_check(test, f.heap);
}

/* On each CPU at once: objects of another one's are replaced by own ones. */
struct swap {
	struct spanheap *heap;
	void *objs[256];
	atomic_t wrong;
	u32 seed;
};

static void swap_objects(void *arg)
{
	unsigned long op, ops = sh_fixture_ops(100000);
	struct swap *s = arg;
	struct rnd_state rnd;
	void *obj;

	prandom_seed_state(&rnd, s->seed + raw_smp_processor_id());
	for (op = 0; op < ops; op++) {
		obj = spanheap_alloc(s->heap, 8 << sh_test_random(&rnd, 8),
				     GFP_KERNEL);
		if (obj)
			sh_fixture_fill(obj, 8, (unsigned long)obj);
		obj = xchg(&s->objs[sh_test_random(&rnd, ARRAY_SIZE(s->objs))],
			   obj);
		if (obj && !sh_fixture_intact(obj, 8, (unsigned long)obj))
			atomic_inc(&s->wrong);
		spanheap_free(obj);
		if (op % 4096 == 0)
			sh_drain_transfers(&s->heap->caches, op % 8192);
		if (op % 64 == 0)
			cond_resched();
	}
}

static void transfer_test_random_on_all_cpus(struct kunit *test)
{
	struct swap *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->heap = test->priv;
	s->seed = 1;
	s->heap->caches.max_bytes = SZ_64K;
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(swap_objects, s), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->wrong), 0);
	sh_fixture_check(test, s->heap);
	for (i = 0; i < ARRAY_SIZE(s->objs); i++)
		spanheap_free(s->objs[i]);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(s->heap).objects, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(s->heap).bad_frees, 0);
	sh_fixture_check(test, s->heap);
}

static struct kunit_case transfer_test_cases[] = {
	KUNIT_CASE(transfer_test_gives_what_came_last),
	KUNIT_CASE(transfer_test_takes_the_last_ones_that_fit),
	KUNIT_CASE(transfer_test_has_no_room_at_first),
	KUNIT_CASE(transfer_test_keeps_what_it_has_when_enlarged),
	KUNIT_CASE(transfer_test_nobody_waits_for_the_lock),
	KUNIT_CASE(transfer_test_knows_whether_it_is_idle),
	KUNIT_CASE(transfer_test_is_a_stack_at_random),
	KUNIT_CASE(transfer_test_passes_objects_on),
	KUNIT_CASE(transfer_test_passes_bulks_on),
	KUNIT_CASE(transfer_test_counts_what_waits_as_cached),
	KUNIT_CASE(transfer_test_needs_two_cpus),
	KUNIT_CASE(transfer_test_grows_only_when_taken_from),
	KUNIT_CASE(transfer_test_refuses_double_frees),
	KUNIT_CASE(transfer_test_stays_within_its_bytes),
	KUNIT_CASE(transfer_test_is_drained_with_the_caches),
	KUNIT_CASE(transfer_test_goes_when_it_is_idle),
	KUNIT_CASE(transfer_test_stays_while_one_cpu_idles),
	KUNIT_CASE(transfer_test_is_found_when_damaged),
	KUNIT_CASE(transfer_test_is_not_needed),
	KUNIT_CASE(transfer_test_works_in_interrupts),
	KUNIT_CASE(transfer_test_random_on_all_cpus),
	{ }
};

static struct kunit_suite transfer_test_suite = {
	.name = "spanheap_transfer",
	.init = sh_fixture_still_init,
	.exit = sh_fixture_exit,
	.test_cases = transfer_test_cases,
};

kunit_test_suite(transfer_test_suite);
