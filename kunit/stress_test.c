// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once: threads on every CPU and, in hard interrupts, a timer and
 * an irq_work on each, all on one heap. Each object carries a tag that its
 * owner can tell from any other's, and is looked at before it is freed.
 *
 * The cases run for a time, not for a number of operations, scaled by the
 * parameter ops_percent; they print how many operations that was.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "lib/fixture.h"
#include "show/check.h"

#define NR_OWN		256
#define NR_IRQ		32
#define NR_MAIL		128
#define TIMER_NS	100000

/**
 * struct actor - somebody who allocates and frees
 * @rnd: decides what to do next
 * @serial: number of objects made, part of their tags
 * @ops: operations done
 * @misses: allocations that failed
 * @errors: objects found damaged, and answers that were wrong
 * @nr: places in @obj
 * @obj: own objects
 */
struct actor {
	struct rnd_state rnd;
	u64 serial;
	unsigned long ops;
	unsigned long misses;
	unsigned long errors;
	unsigned int nr;
	void **obj;
};

/**
 * struct cpu_actors - those of one CPU
 * @thread: the thread
 * @irq: the timer and the irq_work, which cannot interrupt each other
 * @timer: the timer
 * @work: the irq_work
 * @ticks: timer interrupts
 * @works: irq_works
 * @stop: the timer is not to go on
 */
struct cpu_actors {
	struct actor thread;
	struct actor irq;
	struct hrtimer timer;
	struct irq_work work;
	unsigned long ticks;
	unsigned long works;
	bool stop;
};

/**
 * struct stress - one run
 * @heap: the heap
 * @until: jiffies at which to end, unless there are
 * @ops: operations after which to end, of all CPUs together, 0 to go by time
 * @done: operations so far, in steps
 * @cpu: actors by CPU
 * @mail: objects that anybody may take in exchange for another
 */
static struct stress {
	struct spanheap *heap;
	unsigned long until;
	unsigned long ops;
	atomic_long_t done;
	struct cpu_actors *cpu;
	void *mail[NR_MAIL];
} stress;

static unsigned long test_jiffies(unsigned int ms)
{
	return msecs_to_jiffies(sh_test_ops(ms));
}

/*
 * The tag of an object is its first word: half a serial number, half a hash of
 * that and the address. The rest follows from the tag. A freed object has none.
 */
static u64 tag_for(u64 serial, const void *obj)
{
	u64 low = serial & U32_MAX;

	return low | ((low ^ (unsigned long)obj) * 0x9e3779b97f4a7c15ULL &
		      ~(u64)U32_MAX);
}

static void mark(void *obj, size_t size, u64 serial)
{
	u64 tag = tag_for(serial, obj);

	*(u64 *)obj = tag;
	sh_fixture_fill(obj + 8, size - 8, tag);
}

static bool unmark(void *obj, size_t size)
{
	u64 tag = *(u64 *)obj;

	if (tag != tag_for(tag, obj) ||
	    !sh_fixture_intact(obj + 8, size - 8, tag))
		return false;
	*(u64 *)obj = 0;
	return true;
}

static size_t random_size(struct rnd_state *rnd, bool irq)
{
	u32 kind = sh_test_random(rnd, 128);

	if (kind < 64)
		return 1 + sh_test_random(rnd, 128);
	if (kind < 110)
		return 1 + sh_test_random(rnd, 2048);
	if (kind < 126)
		return 1 + sh_test_random(rnd, SPANHEAP_MAX_SMALL);
	return 1 + sh_test_random(rnd, irq ? SZ_64K : SZ_512K);
}

static void *actor_alloc(struct actor *a, gfp_t gfp, bool irq)
{
	size_t size = random_size(&a->rnd, irq), usable;
	struct spanheap_object found;
	void *obj;

	if (sh_test_random(&a->rnd, 16))
		obj = spanheap_alloc(stress.heap, size, gfp | __GFP_NOWARN);
	else
		obj = spanheap_alloc_aligned(stress.heap, size,
					     8UL << sh_test_random(&a->rnd, 12),
					     gfp | __GFP_NOWARN);
	a->ops++;
	if (!obj) {
		a->misses++;
		return NULL;
	}
	usable = spanheap_size(obj);
	if (usable < size ||
	    !spanheap_find(obj + sh_test_random(&a->rnd, usable), &found) ||
	    found.start != obj || found.heap != stress.heap)
		a->errors++;
	else
		mark(obj, usable, ++a->serial);
	return obj;
}

static void actor_free(struct actor *a, void *obj)
{
	if (!obj)
		return;
	if (!unmark(obj, spanheap_size(obj)))
		a->errors++;
	spanheap_free(obj);
	a->ops++;
}

/* Exchange an object of one's own for one that somebody else left. */
static void actor_step(struct actor *a, gfp_t gfp, bool irq)
{
	void **own = &a->obj[sh_test_random(&a->rnd, a->nr)];
	void **mail = &stress.mail[sh_test_random(&a->rnd, NR_MAIL)];

	actor_free(a, *own);
	*own = actor_alloc(a, gfp, irq);
	if (sh_test_random(&a->rnd, 4) == 0)
		*own = xchg(mail, *own);
}

/* Many of one size, for the ways through a cache that single ones do not take. */
static void actor_bulk(struct actor *a)
{
	size_t size = random_size(&a->rnd, false);
	unsigned int nr, i;
	void *objs[24];

	nr = spanheap_alloc_bulk(stress.heap, size, GFP_KERNEL | __GFP_NOWARN,
				 ARRAY_SIZE(objs), objs);
	for (i = 0; i < nr; i++)
		mark(objs[i], spanheap_size(objs[i]), ++a->serial);
	for (i = 0; i < nr; i++)
		if (!unmark(objs[i], spanheap_size(objs[i])))
			a->errors++;
	spanheap_free_bulk(nr, objs);
	a->ops += 2 * nr;
}

static void irq_work_fn(struct irq_work *work)
{
	struct cpu_actors *c = container_of(work, struct cpu_actors, work);

	c->works++;
	actor_step(&c->irq, GFP_ATOMIC, true);
}

static enum hrtimer_restart timer_fn(struct hrtimer *timer)
{
	struct cpu_actors *c = container_of(timer, struct cpu_actors, timer);
	int i;

	c->ticks++;
	for (i = 0; i < 3; i++)
		actor_step(&c->irq, GFP_NOWAIT, true);
	irq_work_queue(&c->work);
	if (READ_ONCE(c->stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, TIMER_NS);
	return HRTIMER_RESTART;
}

#define STEPS	64

/* Whether to make STEPS more, @ops since the last time. */
static bool go_on(unsigned long ops)
{
	if (stress.ops)
		return atomic_long_add_return(ops, &stress.done) < stress.ops;
	return time_before(jiffies, stress.until);
}

static void stress_thread(void *unused)
{
	struct cpu_actors *c = &stress.cpu[raw_smp_processor_id()];
	struct actor *a = &c->thread;
	unsigned long before;
	int i;

	hrtimer_setup(&c->timer, timer_fn, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED);
	WRITE_ONCE(c->stop, false);
	hrtimer_start(&c->timer, TIMER_NS, HRTIMER_MODE_REL_PINNED);
	do {
		before = a->ops;
		for (i = 0; i < STEPS; i++) {
			if (sh_test_random(&a->rnd, 64) == 0)
				actor_bulk(a);
			else
				actor_step(a, GFP_KERNEL, false);
			cond_resched();
		}
	} while (go_on(a->ops - before));
	WRITE_ONCE(c->stop, true);
	hrtimer_cancel(&c->timer);
	irq_work_sync(&c->work);
}

static int actor_init(struct kunit *test, struct actor *a, unsigned int nr,
		      u64 seed)
{
	prandom_seed_state(&a->rnd, seed);
	a->nr = nr;
	a->obj = kunit_kcalloc(test, nr, sizeof(*a->obj), GFP_KERNEL);
	return a->obj ? 0 : -ENOMEM;
}

static void stress_init(struct kunit *test)
{
	struct rnd_state rnd;
	int cpu, err = 0;

	sh_test_seed(test, &rnd);
	memset(&stress, 0, sizeof(stress));
	stress.heap = test->priv;
	stress.cpu = kunit_kcalloc(test, nr_cpu_ids, sizeof(*stress.cpu),
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, stress.cpu);
	for_each_online_cpu(cpu) {
		struct cpu_actors *c = &stress.cpu[cpu];

		err |= actor_init(test, &c->thread, NR_OWN, prandom_u32_state(&rnd));
		err |= actor_init(test, &c->irq, NR_IRQ, prandom_u32_state(&rnd));
		init_irq_work(&c->work, irq_work_fn);
	}
	KUNIT_ASSERT_EQ(test, err, 0);
}

static void actor_exit(struct kunit *test, struct actor *a, const char *what)
{
	unsigned int i;

	for (i = 0; i < a->nr; i++)
		actor_free(a, a->obj[i]);
	KUNIT_EXPECT_EQ(test, a->errors, 0);
	kunit_info(test, "%s: %lu operations, %lu failed\n", what, a->ops,
		   a->misses);
}

static void stress_exit(struct kunit *test)
{
	struct spanheap_stats s;
	int cpu, i;

	for (i = 0; i < NR_MAIL; i++)
		actor_free(&stress.cpu[cpumask_first(cpu_online_mask)].thread,
			   stress.mail[i]);
	for_each_online_cpu(cpu) {
		struct cpu_actors *c = &stress.cpu[cpu];

		actor_exit(test, &c->thread, "thread");
		actor_exit(test, &c->irq, "interrupts");
		kunit_info(test, "cpu %d: %lu timers, %lu irq_works\n", cpu,
			   c->ticks, c->works);
		KUNIT_EXPECT_GT(test, c->ticks, 0);
		KUNIT_EXPECT_GT(test, c->works, 0);
	}
	s = sh_fixture_stats(test->priv);
	KUNIT_EXPECT_EQ(test, s.objects, 0);
	KUNIT_EXPECT_EQ(test, s.object_bytes, 0);
	KUNIT_EXPECT_EQ(test, s.mallocs, s.frees);
	KUNIT_EXPECT_EQ(test, s.large_mallocs, s.large_frees);
	KUNIT_EXPECT_EQ(test, s.bad_frees, 0);
	sh_fixture_check(test, test->priv);
}

static void stress_test_threads_and_interrupts(struct kunit *test)
{
	stress_init(test);
	stress.until = jiffies + test_jiffies(5000);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(stress_thread, NULL), 0);
	stress_exit(test);
}

/*
 * As many operations as one likes, of threads; those of interrupts come on top.
 * The checker runs ten times, while objects are held and nobody touches them.
 */
static void stress_test_torture(struct kunit *test)
{
	unsigned long begin = jiffies, all = sh_torture_ops();
	int round;

	if (!all)
		kunit_skip(test, "ops= is not given");
	stress_init(test);
	for (round = 1; round <= 10; round++) {
		stress.ops = all / 10 * round + all % 10;
		KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(stress_thread, NULL), 0);
		sh_fixture_check(test, stress.heap);
		kunit_info(test, "torture: %ld operations after %u s\n",
			   atomic_long_read(&stress.done),
			   jiffies_to_msecs(jiffies - begin) / 1000);
	}
	stress_exit(test);
}

static void watch(struct kunit *test)
{
	struct spanheap_stats s;

	while (time_before(jiffies, stress.until)) {
		sh_fixture_check(test, stress.heap);
		s = sh_fixture_stats(stress.heap);
		KUNIT_EXPECT_EQ(test, s.sys, s.in_use + s.idle);
		KUNIT_EXPECT_LE(test, s.released, s.idle);
		KUNIT_EXPECT_LT(test, s.objects, 1000000);
		msleep(20);
	}
}

/* What lies under one lock is right at any time. */
static void watched_thread(void *arg)
{
	if (raw_smp_processor_id() == cpumask_first(cpu_online_mask))
		watch(arg);
	else
		stress_thread(NULL);
}

static void stress_test_checks_amid_traffic(struct kunit *test)
{
	int first = cpumask_first(cpu_online_mask);

	sh_fixture_other_cpu(test);
	stress_init(test);
	stress.until = jiffies + test_jiffies(2000);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(watched_thread, test), 0);
	/* That CPU had no timer. */
	stress.cpu[first].ticks = 1;
	stress.cpu[first].works = 1;
	stress_exit(test);
}

/* Heaps come and go on all CPUs, some of them by the same name. */
struct churn {
	unsigned long until;
	atomic_long_t created;
	atomic_long_t taken;
	atomic_long_t errors;
};

static void churn_one(struct churn *churn, struct spanheap *heap)
{
	unsigned int nr;
	void *objs[20];

	atomic_long_inc(&churn->created);
	nr = spanheap_alloc_bulk(heap, 500, GFP_KERNEL, ARRAY_SIZE(objs), objs);
	if (nr != ARRAY_SIZE(objs) || !spanheap_owns(objs[nr - 1]))
		atomic_long_inc(&churn->errors);
	spanheap_free_bulk(nr, objs);
	objs[0] = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	spanheap_free(objs[0]);
	if (sh_check_heap(heap, NULL))
		atomic_long_inc(&churn->errors);
	spanheap_destroy(heap);
	if (spanheap_owns(objs[0]) || spanheap_owns(objs[1]))
		atomic_long_inc(&churn->errors);
}

static void churn_thread(void *arg)
{
	struct churn *churn = arg;
	struct spanheap *heap;
	unsigned int i = 0;
	char name[16];

	/* Twice at least: a busy machine may be late. */
	while (i < 2 || time_before(jiffies, churn->until)) {
		snprintf(name, sizeof(name), i++ % 2 ? "churn" : "churn-%u",
			 raw_smp_processor_id());
		heap = sh_fixture_create_raw(name, NULL);
		if (!IS_ERR(heap))
			churn_one(churn, heap);
		else if (PTR_ERR(heap) == -EEXIST)
			atomic_long_inc(&churn->taken);
		else
			atomic_long_inc(&churn->errors);
	}
}

static void stress_test_heaps_come_and_go(struct kunit *test)
{
	struct churn churn = { .until = jiffies + test_jiffies(1500) };

	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(churn_thread, &churn), 0);
	kunit_info(test, "%ld heaps, %ld names taken\n",
		   atomic_long_read(&churn.created), atomic_long_read(&churn.taken));
	KUNIT_EXPECT_GT(test, atomic_long_read(&churn.created), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&churn.errors), 0);
}

static struct kunit_case stress_test_cases[] = {
	KUNIT_CASE_SLOW(stress_test_threads_and_interrupts),
	KUNIT_CASE_SLOW(stress_test_checks_amid_traffic),
	KUNIT_CASE_SLOW(stress_test_heaps_come_and_go),
	{ }
};

static struct kunit_suite stress_test_suite = {
	.name = "spanheap_stress",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = stress_test_cases,
};

static struct kunit_case torture_test_cases[] = {
	KUNIT_CASE_SLOW(stress_test_torture),
	{ }
};

static struct kunit_suite torture_test_suite = {
	.name = "spanheap_torture",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = torture_test_cases,
};

kunit_test_suites(&stress_test_suite, &torture_test_suite);
