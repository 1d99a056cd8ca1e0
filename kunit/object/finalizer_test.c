// SPDX-License-Identifier: GPL-2.0
/*
 * Finalizers: run once each, in order, in task context, before the memory is
 * used again, whatever way the object goes. All of it for debug heaps as well.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "lib/fixture.h"

#define NR	256

/* What the finalizers of a case saw. */
static struct {
	atomic_t calls;
	unsigned int order[NR];
	void *ptr;
	size_t size;
	bool task;
	u64 contents;
} seen;

static void note(void *ptr, size_t size, void *arg)
{
	int n = atomic_inc_return(&seen.calls) - 1;

	might_sleep();
	if (n < NR)
		seen.order[n] = (unsigned long)arg;
	seen.ptr = ptr;
	seen.size = size;
	seen.task = in_task();
	seen.contents = *(u64 *)ptr;
}

static struct spanheap *create(const char *name, unsigned int flags)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;

	config.flags = flags;
	return sh_fixture_create_raw(name, &config);
}

/* Another heap of the kind of the case's own. */
static struct spanheap *another(struct kunit *test, const char *name)
{
	struct spanheap *own = test->priv, *heap;

	heap = create(name, own->debug ? SPANHEAP_DEBUG : 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	return heap;
}

static int calls(void)
{
	return atomic_read(&seen.calls);
}

static void finalizer_test_runs_once_with_the_object(struct kunit *test)
{
	static const size_t sizes[] = { 8, 100, 32768, 200000 };
	unsigned int i;
	size_t usable;
	u64 *obj;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(test->priv, sizes[i], GFP_KERNEL);
		usable = spanheap_size(obj);
		*obj = 0x1234567890 + i;
		KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, note, NULL), 0);
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).finalizers, 1);
		KUNIT_EXPECT_EQ(test, calls(), i);
		spanheap_free(obj);
		spanheap_flush_finalizers(test->priv);
		KUNIT_EXPECT_EQ(test, calls(), i + 1);
		KUNIT_EXPECT_PTR_EQ(test, seen.ptr, (void *)obj);
		KUNIT_EXPECT_EQ(test, seen.size, usable);
		KUNIT_EXPECT_EQ(test, seen.contents, 0x1234567890 + i);
		KUNIT_EXPECT_TRUE(test, seen.task);
		KUNIT_EXPECT_FALSE(test, spanheap_owns(obj));
	}
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).finalizers, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).finalizers_run,
			ARRAY_SIZE(sizes));
}

static void finalizer_test_runs_in_order_of_frees(struct kunit *test)
{
	void **objs = kunit_kmalloc_array(test, NR, sizeof(*objs), GFP_KERNEL);
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < NR; i++) {
		objs[i] = spanheap_alloc(test->priv, 64 + i, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, spanheap_set_finalizer(objs[i], note,
							     (void *)i), 0);
	}
	for (i = 0; i < NR; i++)
		spanheap_free(objs[(i * 91) % NR]);
	spanheap_flush_finalizers(test->priv);
	KUNIT_ASSERT_EQ(test, calls(), NR);
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_EQ(test, seen.order[i], (i * 91) % NR);
}

/* Somebody else has freed an object and not come as far as to start the worker. */
static void finalizer_test_flush_needs_nobody_else(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct sh_fixture_gate gate;
	void *objs[3];
	int i;

	sh_fixture_gate_init(&gate);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = spanheap_alloc(heap, 64, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, 0, spanheap_set_finalizer(objs[i], i ? note :
								sh_fixture_pass_gate,
								&gate));
	}
	spanheap_free(objs[0]);
	wait_for_completion(&gate.reached);
	spanheap_free(objs[1]);
	KUNIT_EXPECT_TRUE(test, cancel_work(&heap->finalizers.work));
	complete(&gate.open);
	spanheap_flush_finalizers(heap);
	KUNIT_EXPECT_EQ(test, calls(), 0);
	spanheap_free(objs[2]);
	spanheap_flush_finalizers(heap);
	KUNIT_EXPECT_EQ(test, calls(), 2);
}

static void finalizer_test_refuses_what_is_no_object(struct kunit *test)
{
	static const char foreign[64];
	void *obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);
	void *large = spanheap_alloc(test->priv, 100000, GFP_KERNEL);
	void *pages = spanheap_alloc_pages(test->priv, SZ_8K, GFP_KERNEL);
	void *forever = spanheap_alloc_persistent(test->priv, 64, 8, GFP_KERNEL);
	void *kmem = kunit_kmalloc(test, 64, GFP_KERNEL);
	const void *bad[] = {
		NULL, ZERO_SIZE_PTR, foreign, kmem, obj + 8, obj + 1,
		large + 8192, large + 8, pages, forever, ERR_PTR(-ENOMEM),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(bad[i], note, NULL), -EINVAL);
		KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(bad[i]), -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, NULL, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), -ENOENT);
	spanheap_free(obj);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, note, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), -EINVAL);
	spanheap_free(large);
	spanheap_free_pages(pages);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).bad_frees, 0);
	KUNIT_EXPECT_EQ(test, calls(), 0);
}

static void finalizer_test_is_one_an_object(struct kunit *test)
{
	void *obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, note, (void *)1), 0);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, note, (void *)2), -EEXIST);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), 0);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), -ENOENT);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, note, (void *)3), 0);
	spanheap_free(obj);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 1);
	KUNIT_EXPECT_EQ(test, seen.order[0], 3);
}

static void finalizer_test_cleared_does_not_run(struct kunit *test)
{
	void *obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);

	spanheap_set_finalizer(obj, note, NULL);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), 0);
	spanheap_free(obj);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 0);
	KUNIT_EXPECT_FALSE(test, spanheap_owns(obj));
}

static void wait(void *ptr, size_t size, void *arg)
{
	while (!atomic_read(arg))
		msleep(20);
	note(ptr, size, NULL);
}

static void finalizer_test_keeps_the_memory_until_it_ran(struct kunit *test)
{
	atomic_t go = ATOMIC_INIT(0);
	void **other = kunit_kmalloc_array(test, NR, sizeof(*other), GFP_KERNEL);
	unsigned int i;
	void *obj;

	KUNIT_ASSERT_NOT_NULL(test, other);
	obj = spanheap_alloc(test->priv, 512, GFP_KERNEL);
	spanheap_set_finalizer(obj, wait, &go);
	spanheap_free(obj);
	/* All others in its span and more. */
	for (i = 0; i < NR; i++) {
		other[i] = spanheap_alloc(test->priv, 512, GFP_KERNEL);
		KUNIT_EXPECT_PTR_NE(test, other[i], obj);
	}
	KUNIT_EXPECT_TRUE(test, spanheap_owns(obj));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).objects,
			NR + 1);
	/* Nobody else can do anything to it. */
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, note, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), -EBUSY);
	spanheap_free(obj);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).bad_frees, 1);
	KUNIT_EXPECT_EQ(test, calls(), 0);
	atomic_set(&go, 1);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 1);
	spanheap_free_bulk(NR, other);
}

static void free_it(void *obj)
{
	spanheap_free(obj);
}

static void set_and_free(void *heap)
{
	void *obj = spanheap_alloc(heap, 64, GFP_ATOMIC);

	if (obj && !spanheap_set_finalizer(obj, note, NULL))
		spanheap_free(obj);
}

static void finalizer_test_of_an_object_freed_in_an_interrupt(struct kunit *test)
{
	void *obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);
	void *large = spanheap_alloc(test->priv, 64000, GFP_KERNEL);

	spanheap_set_finalizer(obj, note, NULL);
	spanheap_set_finalizer(large, note, NULL);
	sh_fixture_in_hardirq(raw_smp_processor_id(), free_it, obj);
	sh_fixture_in_hardirq(raw_smp_processor_id(), free_it, large);
	sh_fixture_in_hardirq(raw_smp_processor_id(), set_and_free, test->priv);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 3);
	KUNIT_EXPECT_TRUE(test, seen.task);
}

struct rcu_obj {
	u64 text;
	struct rcu_head rcu;
};

static void finalizer_test_runs_after_a_grace_period(struct kunit *test)
{
	struct rcu_obj *obj = spanheap_alloc_obj(test->priv, struct rcu_obj, GFP_KERNEL);

	spanheap_set_finalizer(obj, note, NULL);
	rcu_read_lock();
	spanheap_free_rcu(obj, rcu);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj), -EBUSY);
	KUNIT_EXPECT_EQ(test, calls(), 0);
	rcu_read_unlock();
	rcu_barrier();
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 1);
}

static void finalizer_test_moves_with_its_object(struct kunit *test)
{
	struct spanheap *other = another(test, "finalizer-other");
	void *obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);

	spanheap_set_finalizer(obj, note, (void *)7);
	obj = spanheap_realloc(test->priv, obj, 2000, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, calls(), 0);
	obj = spanheap_realloc(test->priv, obj, 100000, GFP_KERNEL);
	obj = spanheap_realloc(test->priv, obj, 300000, GFP_KERNEL);
	obj = spanheap_realloc(test->priv, obj, 50000, GFP_KERNEL);
	obj = spanheap_realloc(other, obj, 400000, GFP_KERNEL);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).finalizers, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(other).finalizers, 1);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, note, NULL), -EEXIST);
	spanheap_free(obj);
	spanheap_flush_finalizers(other);
	KUNIT_EXPECT_EQ(test, calls(), 1);
	KUNIT_EXPECT_EQ(test, seen.order[0], 7);
	KUNIT_EXPECT_GE(test, seen.size, 400000);
	sh_fixture_destroy(test, other);
}

static void finalizer_test_stays_with_the_first_half(struct kunit *test)
{
	static const size_t sizes[] = { SZ_32K, SZ_128K };
	unsigned int i;
	void *obj;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = spanheap_alloc(test->priv, sizes[i], GFP_KERNEL);
		spanheap_set_finalizer(obj, note, NULL);
		KUNIT_ASSERT_EQ(test, spanheap_split(obj), 0);
		sh_fixture_check(test, test->priv);
		spanheap_free(obj + sizes[i] / 2);
		spanheap_flush_finalizers(test->priv);
		KUNIT_EXPECT_EQ(test, calls(), i);
		spanheap_free(obj);
		spanheap_flush_finalizers(test->priv);
		KUNIT_EXPECT_EQ(test, calls(), i + 1);
		KUNIT_EXPECT_EQ(test, seen.size, sizes[i] / 2);
	}
}

/* Frees an object with a finalizer, and allocates and frees one without. */
static void chain(void *ptr, size_t size, void *arg)
{
	struct spanheap_object obj;

	note(ptr, size, NULL);
	if (spanheap_find(ptr, &obj))
		spanheap_free(spanheap_alloc(obj.heap, size, GFP_KERNEL));
	spanheap_free(arg);
}

static void finalizer_test_may_use_the_heap(struct kunit *test)
{
	void *next = NULL, *obj = NULL;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		obj = spanheap_alloc(test->priv, 64 << (i % 12), GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, spanheap_set_finalizer(obj, chain, next), 0);
		next = obj;
	}
	spanheap_free(obj);
	/* Each frees the next: it takes as many rounds at most. */
	for (i = 0; i < 20; i++)
		spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 20);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).objects, 0);
}

static void finalizer_test_destroy_waits_and_runs_the_rest(struct kunit *test)
{
	struct spanheap *heap = another(test, "finalizer-destroy");
	void *obj, *next = NULL;
	unsigned long i;

	/* Freed, but still waiting when the heap goes. */
	for (i = 0; i < 10; i++) {
		obj = spanheap_alloc(heap, 64, GFP_KERNEL);
		spanheap_set_finalizer(obj, note, (void *)i);
		spanheap_free(obj);
	}
	/* Not freed, in the order in which they are set. */
	for (i = 10; i < 20; i++) {
		obj = spanheap_alloc(heap, 20000 - i, GFP_KERNEL);
		spanheap_set_finalizer(obj, note, (void *)i);
	}
	/* Not freed but by each other. */
	for (i = 0; i < 5; i++) {
		obj = spanheap_alloc(heap, 128, GFP_KERNEL);
		spanheap_set_finalizer(obj, chain, next);
		next = obj;
	}
	spanheap_destroy(heap);
	KUNIT_EXPECT_EQ(test, calls(), 25);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, seen.order[i], i);
}

struct late {
	struct rcu_obj *rcu;
	struct spanheap *heap;
};

/* Frees something after a grace period whose finalizer sets yet another. */
static void set_late(void *ptr, size_t size, void *arg)
{
	struct late *late = arg;
	void *obj;

	note(ptr, size, NULL);
	if (late->rcu) {
		struct rcu_obj *rcu = late->rcu;

		late->rcu = NULL;
		spanheap_free_rcu(rcu, rcu);
		return;
	}
	obj = spanheap_alloc(late->heap, 64, GFP_KERNEL);
	spanheap_set_finalizer(obj, note, NULL);
}

static void finalizer_test_destroy_goes_on_until_none_is_left(struct kunit *test)
{
	struct spanheap *heap = another(test, "finalizer-late");
	struct late late = { .heap = heap };
	void *obj;

	late.rcu = spanheap_alloc_obj(heap, struct rcu_obj, GFP_KERNEL);
	spanheap_set_finalizer(late.rcu, set_late, &late);
	obj = spanheap_alloc(heap, 64, GFP_KERNEL);
	spanheap_set_finalizer(obj, set_late, &late);
	spanheap_free(obj);
	spanheap_destroy(heap);
	KUNIT_EXPECT_EQ(test, calls(), 3);
}

#define STRESS_OBJS	64

static atomic_t stress_runs, stress_frees;

/* Counts the runs for one object in the object itself. */
static void count_run(void *ptr, size_t size, void *arg)
{
	if (atomic_inc_return((atomic_t *)ptr) == 1 && arg == ptr)
		atomic_inc(&stress_runs);
}

static void stress(void *heap)
{
	unsigned long ops = sh_fixture_ops_each(100000), i;
	struct rnd_state rnd;
	atomic_t *objs[STRESS_OBJS] = { };
	unsigned int n;

	prandom_seed_state(&rnd, raw_smp_processor_id() + 1);
	for (i = 0; i < ops + STRESS_OBJS; i++) {
		n = i < ops ? prandom_u32_state(&rnd) % STRESS_OBJS : i - ops;
		if (objs[n]) {
			atomic_inc(&stress_frees);
			spanheap_free(objs[n]);
			objs[n] = NULL;
		} else if (i < ops) {
			objs[n] = spanheap_zalloc(heap, 16 + n * 8, GFP_KERNEL);
			if (objs[n] &&
			    spanheap_set_finalizer(objs[n], count_run, objs[n])) {
				spanheap_free(objs[n]);
				objs[n] = NULL;
			}
		}
		if (!(i % 1024))
			cond_resched();
	}
}

static void finalizer_test_stress(struct kunit *test)
{
	atomic_set(&stress_runs, 0);
	atomic_set(&stress_frees, 0);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(stress, test->priv), 0);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_GT(test, atomic_read(&stress_frees), 1000);
	KUNIT_EXPECT_EQ(test, atomic_read(&stress_runs), atomic_read(&stress_frees));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).finalizers_run,
			atomic_read(&stress_frees));
	kunit_info(test, "%d finalizers\n", atomic_read(&stress_runs));
}

/* It shares its place in the span with the first half, which may have one. */
static void finalizer_test_is_none_of_a_second_half(struct kunit *test)
{
	void *obj = spanheap_alloc(test->priv, SZ_32K, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, spanheap_split(obj), 0);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj + SZ_16K, note, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj, note, NULL), 0);
	KUNIT_EXPECT_EQ(test, spanheap_set_finalizer(obj + SZ_16K, note, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_clear_finalizer(obj + SZ_16K), -ENOENT);
	spanheap_free(obj + SZ_16K);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 0);
	spanheap_free(obj);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, calls(), 1);
	KUNIT_EXPECT_EQ(test, seen.size, SZ_16K);
}

/* What it sees is not poison yet; what it writes out of bounds is noticed. */
static void finalizer_test_comes_before_the_poison(struct kunit *test)
{
	u64 *obj = spanheap_alloc(test->priv, 64, GFP_KERNEL);

	*obj = 4711;
	spanheap_set_finalizer(obj, note, NULL);
	spanheap_free(obj);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, seen.contents, 4711);
	KUNIT_EXPECT_NE(test, READ_ONCE_NOCHECK(*obj), 4711);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).quarantined_objects, 1);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).corruptions, 0);
}

static int finalizer_test_init(struct kunit *test)
{
	memset(&seen, 0, sizeof(seen));
	return sh_fixture_init(test);
}

static int finalizer_test_init_debug(struct kunit *test)
{
	memset(&seen, 0, sizeof(seen));
	return sh_fixture_debug_init(test);
}

static struct kunit_case finalizer_test_cases[] = {
	KUNIT_CASE(finalizer_test_runs_once_with_the_object),
	KUNIT_CASE(finalizer_test_runs_in_order_of_frees),
	KUNIT_CASE(finalizer_test_flush_needs_nobody_else),
	KUNIT_CASE(finalizer_test_refuses_what_is_no_object),
	KUNIT_CASE(finalizer_test_is_one_an_object),
	KUNIT_CASE(finalizer_test_cleared_does_not_run),
	KUNIT_CASE(finalizer_test_keeps_the_memory_until_it_ran),
	KUNIT_CASE(finalizer_test_of_an_object_freed_in_an_interrupt),
	KUNIT_CASE(finalizer_test_runs_after_a_grace_period),
	KUNIT_CASE(finalizer_test_moves_with_its_object),
	KUNIT_CASE(finalizer_test_stays_with_the_first_half),
	KUNIT_CASE(finalizer_test_may_use_the_heap),
	KUNIT_CASE(finalizer_test_destroy_waits_and_runs_the_rest),
	KUNIT_CASE(finalizer_test_destroy_goes_on_until_none_is_left),
	KUNIT_CASE(finalizer_test_stress),
	{}
};

static struct kunit_suite finalizer_test_suite = {
	.name = "spanheap_finalizer",
	.init = finalizer_test_init,
	.exit = sh_fixture_exit,
	.test_cases = finalizer_test_cases,
};

static struct kunit_case finalizer_test_debug_cases[] = {
	KUNIT_CASE(finalizer_test_runs_once_with_the_object),
	KUNIT_CASE(finalizer_test_runs_in_order_of_frees),
	KUNIT_CASE(finalizer_test_flush_needs_nobody_else),
	KUNIT_CASE(finalizer_test_refuses_what_is_no_object),
	KUNIT_CASE(finalizer_test_is_one_an_object),
	KUNIT_CASE(finalizer_test_cleared_does_not_run),
	KUNIT_CASE(finalizer_test_keeps_the_memory_until_it_ran),
	KUNIT_CASE(finalizer_test_of_an_object_freed_in_an_interrupt),
	KUNIT_CASE(finalizer_test_runs_after_a_grace_period),
	KUNIT_CASE(finalizer_test_moves_with_its_object),
	KUNIT_CASE(finalizer_test_stays_with_the_first_half),
	KUNIT_CASE(finalizer_test_may_use_the_heap),
	KUNIT_CASE(finalizer_test_destroy_waits_and_runs_the_rest),
	KUNIT_CASE(finalizer_test_destroy_goes_on_until_none_is_left),
	KUNIT_CASE(finalizer_test_stress),
	KUNIT_CASE(finalizer_test_is_none_of_a_second_half),
	KUNIT_CASE(finalizer_test_comes_before_the_poison),
	{}
};

static struct kunit_suite finalizer_test_debug_suite = {
	.name = "spanheap_finalizer_debug",
	.init = finalizer_test_init_debug,
	.exit = sh_fixture_exit,
	.test_cases = finalizer_test_debug_cases,
};

kunit_test_suites(&finalizer_test_suite, &finalizer_test_debug_suite);
