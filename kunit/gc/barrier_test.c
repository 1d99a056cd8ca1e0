// SPDX-License-Identifier: GPL-2.0
/*
 * What happens while a cycle is under way, a step at a time: what stores, pins and roots
 * shade, which objects are kept that are made meanwhile, and for whom the collector waits.
 *
 * A cycle is over before a test can do much in it. So the test sets the phase itself
 * where nobody need mark, and holds sections open where the collector does. What was
 * shaded, or was made black, is seen by what the next cycle leaves.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "base/compat.h"
#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/managed.h"
#include "gc/phase.h"
#include "lib/fixture.h"

/* How often who is in a section looks at the phase. */
#define STEP_US		20

/* More than are looked at together. */
#define MANY	200

struct pair {
	struct pair *left;
	struct pair *right;
};

SPANHEAP_TYPE(pair, struct pair, left, right);

static struct pair *roots[MANY];

/* In a section of the caller's. */
static struct pair *new_pairs(struct kunit *test, size_t n)
{
	struct spanheap_layout *layout = spanheap_type_register(test->priv, &pair, GFP_ATOMIC);
	struct pair *new;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, layout);
	new = spanheap_new(layout, n, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, new);
	return new;
}

static struct pair *new_pair(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int idx = spanheap_enter(heap);
	struct pair *new = new_pairs(test, 1);

	spanheap_leave(heap, idx);
	return new;
}

/* From here on the heap is as in a phase of a cycle, which goes on no further. */
static void begin_phase(struct kunit *test, enum sh_phase phase)
{
	struct spanheap *heap = test->priv;

	mutex_lock(&heap->gc->cycle);
	sh_phase_set(heap, phase, sh_word_white(sh_word(heap)));
}

static void end_phase(struct kunit *test)
{
	struct spanheap *heap = test->priv;

	sh_phase_set(heap, SH_PHASE_IDLE, sh_word_white(sh_word(heap)));
	mutex_unlock(&heap->gc->cycle);
}

/* Nothing leads to these any more: the next cycle keeps what is not white. */
static void expect_kept(struct kunit *test, u64 nr)
{
	KUNIT_EXPECT_EQ(test, spanheap_collect(test->priv), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).objects, nr);
	KUNIT_EXPECT_EQ(test, spanheap_collect(test->priv), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).objects, 0);
}

/* Each call stores something new or NULL in a slot that has something old or NULL. */
static void shades(struct kunit *test, enum sh_phase phase, bool has_old, bool has_new)
{
	struct pair *new[3] = { }, *old[3] = { };
	struct spanheap *heap = test->priv;
	unsigned int i;
	int idx;

	for (i = 0; i < 3; i++) {
		old[i] = has_old ? new_pair(test) : NULL;
		new[i] = has_new ? new_pair(test) : NULL;
		roots[i] = old[i];
	}
	begin_phase(test, phase);
	idx = spanheap_enter(heap);
	spanheap_store(heap, roots[0], new[0]);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_xchg(heap, roots[1], new[1]), old[1]);
	KUNIT_EXPECT_PTR_EQ(test, spanheap_cmpxchg(heap, roots[2], old[2], new[2]), old[2]);
	spanheap_leave(heap, idx);
	end_phase(test);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_PTR_EQ(test, roots[i], new[i]);
	expect_kept(test, phase == SH_PHASE_IDLE ? 0 : 3 * (has_old + has_new));
}

static void barrier_test_stores_shade_old_and_new(struct kunit *test)
{
	enum sh_phase phase;

	for (phase = SH_PHASE_IDLE; phase <= SH_PHASE_END; phase++) {
		shades(test, phase, true, false);
		shades(test, phase, false, true);
	}
}

static void barrier_test_pins_shade(struct kunit *test)
{
	struct pair *at = new_pair(test);

	begin_phase(test, SH_PHASE_ARMED);
	KUNIT_EXPECT_EQ(test, spanheap_pin(at, GFP_KERNEL), 0);
	end_phase(test);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(at), 0);
	expect_kept(test, 1);
	at = new_pair(test);
	KUNIT_EXPECT_EQ(test, spanheap_pin(at, GFP_KERNEL), 0);
	begin_phase(test, SH_PHASE_ARMED);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(at), 0);
	end_phase(test);
	expect_kept(test, 1);
}

static void barrier_test_roots_shade(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int round, i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < MANY; i++)
			roots[i] = new_pair(test);
		begin_phase(test, round ? SH_PHASE_IDLE : SH_PHASE_ARMED);
		KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots, MANY, GFP_KERNEL), 0);
		sh_phase_set(heap, round ? SH_PHASE_ARMED : SH_PHASE_IDLE,
			     sh_word_white(sh_word(heap)));
		KUNIT_EXPECT_EQ(test, spanheap_remove_roots(heap, roots, MANY), 0);
		end_phase(test);
		expect_kept(test, MANY);
	}
}

static void barrier_test_all_roots_are_followed(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int i;

	for (i = 0; i < MANY; i++)
		roots[i] = new_pair(test);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots, MANY / 2, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots + MANY / 2, MANY / 2, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, spanheap_collect(heap), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, MANY);
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(heap, roots, MANY / 2), 0);
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(heap, roots + MANY / 2, MANY / 2), 0);
	expect_kept(test, 0);
}

/* Of each kind: that a CPU has, that it has not, and large ones. */
static void make_some(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	int idx = spanheap_enter(heap), i;

	for (i = 0; i < 1000; i++)
		new_pairs(test, 1);
	new_pairs(test, SZ_128K / sizeof(struct pair));
	spanheap_leave(heap, idx);
}

/* Black before all stores shade, one could refer to what nobody has shaded. */
static void barrier_test_new_objects_are_black_once_all_stores_shade(struct kunit *test)
{
	enum sh_phase phase;

	for (phase = SH_PHASE_IDLE; phase <= SH_PHASE_END; phase++) {
		begin_phase(test, phase);
		make_some(test);
		end_phase(test);
		expect_kept(test, phase >= SH_PHASE_MARK ? 1001 : 0);
	}
}

/**
 * struct cycle - one that somebody else makes
 * @heap: of this heap
 * @err: what came of it
 * @done: told at the end
 */
struct cycle {
	struct spanheap *heap;
	int err;
	struct completion done;
};

static int make_cycle(void *arg)
{
	struct cycle *cycle = arg;

	cycle->err = spanheap_collect(cycle->heap);
	kthread_complete_and_exit(&cycle->done, 0);
}

static enum sh_phase phase_of(struct spanheap *heap)
{
	return sh_word_phase(sh_word(heap));
}

/* Whether the collector comes to a phase, and not further. */
static bool stops_in(struct spanheap *heap, enum sh_phase phase)
{
	unsigned int ms = 60000;

	while (phase_of(heap) != phase && ms--)
		usleep_range(1000, 2000);
	msleep(50);
	return phase_of(heap) == phase;
}

/* Have a cycle made. Where that cannot be done it is over at once. */
static void begin_cycle(struct kunit *test, struct cycle *cycle)
{
	struct task_struct *task;

	cycle->heap = test->priv;
	init_completion(&cycle->done);
	task = kthread_run(make_cycle, cycle, "spanheap-cycle");
	if (!IS_ERR(task))
		return;
	KUNIT_FAIL(test, "no thread");
	cycle->err = PTR_ERR(task);
	complete(&cycle->done);
}

static void end_cycle(struct kunit *test, struct cycle *cycle)
{
	wait_for_completion(&cycle->done);
	KUNIT_EXPECT_EQ(test, cycle->err, 0);
}

/*
 * A cycle waits once until all stores shade, and once until nobody has what was white
 * before, as what is made here is. Returns the section that keeps the cycle from its end.
 */
static int make_white(struct kunit *test, struct cycle *cycle, struct pair **white)
{
	struct spanheap *heap = test->priv;
	int first = spanheap_enter(heap), second;

	begin_cycle(test, cycle);
	KUNIT_EXPECT_TRUE(test, stops_in(heap, SH_PHASE_ARMED));
	second = spanheap_enter(heap);
	*white = new_pairs(test, 1);
	spanheap_leave(heap, first);
	KUNIT_EXPECT_TRUE(test, stops_in(heap, SH_PHASE_MARK));
	return second;
}

static void barrier_test_a_cycle_waits_twice(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	struct cycle cycle;
	struct pair *white;
	int second;

	if (!sh_gc_sleeps(heap))
		kunit_skip(test, "one must not sleep in a section");
	second = make_white(test, &cycle, &white);
	KUNIT_EXPECT_TRUE(test, spanheap_owns(white));
	spanheap_leave(heap, second);
	end_cycle(test, &cycle);
}

/*
 * As if by a store that took its time: at the end of a cycle, while that waits, somebody
 * comes with what is white. Returns whether it did not end before.
 */
static bool comes_late(struct kunit *test, struct pair *late, unsigned int us)
{
	struct spanheap *heap = test->priv;
	bool in_time, ended, swept;

	while (phase_of(heap) == SH_PHASE_MARK)
		usleep_range(20, 100);
	fsleep(us);
	preempt_disable();
	in_time = phase_of(heap) == SH_PHASE_END;
	if (in_time)
		spanheap_store(heap, roots[0], late);
	mdelay(30);
	ended = phase_of(heap) != SH_PHASE_END;
	swept = !READ_ONCE(heap->gc->sweep.done);
	preempt_enable();
	KUNIT_EXPECT_FALSE(test, in_time && ended);
	KUNIT_EXPECT_FALSE(test, in_time && swept);
	return in_time;
}

/* What comes while it waits is marked, and who comes meanwhile is waited for. */
static void barrier_test_a_cycle_ends_when_nothing_comes(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned int round, late = 0;
	struct cycle cycle;
	struct pair *white;
	int second;

	if (!sh_gc_sleeps(heap) || num_online_cpus() < 2)
		kunit_skip(test, "nobody may come late");
	roots[0] = NULL;
	KUNIT_EXPECT_EQ(test, spanheap_add_roots(heap, roots, 1, GFP_KERNEL), 0);
	for (round = 0; round < 10; round++) {
		second = make_white(test, &cycle, &white);
		spanheap_leave(heap, second);
		late += comes_late(test, white, round * 100);
		end_cycle(test, &cycle);
		KUNIT_EXPECT_TRUE(test, !roots[0] || spanheap_owns(roots[0]));
		KUNIT_EXPECT_EQ(test, sh_gc_verify(heap), 0);
		roots[0] = NULL;
	}
	KUNIT_EXPECT_GT(test, late, 0);
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(heap, roots, 1), 0);
}

/**
 * struct watch - threads that look at the phase while the collector goes on
 * @heap: the heap
 * @preempt: they have preemption off, as a store has, or else are in a section
 * @running: those who still look
 * @changes: looks that saw the phase change
 * @beyond: looks that saw a phase that should have waited for them
 * @done: told once nobody collects any more
 */
struct watch {
	struct spanheap *heap;
	bool preempt;
	atomic_t running;
	atomic_long_t changes;
	atomic_long_t beyond;
	struct completion done;
};

static bool may_sleep_in(const struct watch *w)
{
	return !w->preempt && sh_gc_sleeps(w->heap);
}

/* Whether who was there in one phase may still be in another. */
static bool may_see(const struct watch *w, enum sh_phase begun, enum sh_phase now)
{
	switch (begun) {
	case SH_PHASE_IDLE:
		return now == SH_PHASE_IDLE || now == SH_PHASE_ARMED;
	case SH_PHASE_ARMED:
		return now == SH_PHASE_ARMED || now == SH_PHASE_MARK;
	case SH_PHASE_MARK:
		/* Its end a cycle makes of stores that are over, not of sections. */
		return now == SH_PHASE_MARK || now == SH_PHASE_END || may_sleep_in(w);
	default:
		return now != SH_PHASE_MARK;
	}
}

static void look_for(struct watch *w, unsigned int us)
{
	enum sh_phase begun = phase_of(w->heap), now = begun;
	bool changed = false;

	for (; us >= STEP_US && may_see(w, begun, now); us -= STEP_US) {
		if (may_sleep_in(w))
			usleep_range(STEP_US, 2 * STEP_US);
		else
			udelay(STEP_US);
		now = phase_of(w->heap);
		changed |= now != begun;
	}
	if (changed)
		atomic_long_inc(&w->changes);
	if (!may_see(w, begun, now))
		atomic_long_inc(&w->beyond);
}

static void look_on(void *arg)
{
	unsigned int i, nr = 200;
	struct watch *w = arg;
	struct rnd_state rnd;
	int idx;

	prandom_seed_state(&rnd, raw_smp_processor_id());
	for (i = 0; i < nr; i++) {
		if (w->preempt)
			preempt_disable();
		else
			idx = spanheap_enter(w->heap);
		look_for(w, sh_test_random(&rnd, 10000));
		if (w->preempt)
			preempt_enable();
		else
			spanheap_leave(w->heap, idx);
		/* Now and then nobody is waited for. */
		usleep_range(20, 20 + sh_test_random(&rnd, 2000));
	}
	atomic_dec(&w->running);
}

static int collect_meanwhile(void *arg)
{
	struct watch *w = arg;

	while (atomic_read(&w->running) > 0)
		if (spanheap_collect(w->heap))
			atomic_long_inc(&w->beyond);
	kthread_complete_and_exit(&w->done, 0);
}

static void waits_for_who_looks_on(struct kunit *test, bool preempt)
{
	struct watch w = { .heap = test->priv, .preempt = preempt };
	struct task_struct *task;

	if (!may_sleep_in(&w) && num_online_cpus() < 2)
		kunit_skip(test, "who looks on would do so alone");
	init_completion(&w.done);
	atomic_set(&w.running, num_online_cpus());
	task = kthread_run(collect_meanwhile, &w, "spanheap-collect");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_EXPECT_EQ(test, sh_fixture_on_each_cpu(look_on, &w), 0);
	wait_for_completion(&w.done);
	KUNIT_EXPECT_GT(test, atomic_long_read(&w.changes), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&w.beyond), 0);
}

static void barrier_test_no_section_is_left_behind(struct kunit *test)
{
	waits_for_who_looks_on(test, false);
}

static void barrier_test_no_store_is_left_behind(struct kunit *test)
{
	waits_for_who_looks_on(test, true);
}

static int ready(struct kunit *test, int err)
{
	return err ?: spanheap_reserve(test->priv, SZ_1M, GFP_KERNEL);
}

static int barrier_test_init(struct kunit *test)
{
	return ready(test, sh_fixture_managed_init(test));
}

static int barrier_sleep_init(struct kunit *test)
{
	return ready(test, sh_fixture_managed_sleep_init(test));
}

static struct kunit_case barrier_test_cases[] = {
	KUNIT_CASE(barrier_test_stores_shade_old_and_new),
	KUNIT_CASE(barrier_test_pins_shade),
	KUNIT_CASE(barrier_test_roots_shade),
	KUNIT_CASE(barrier_test_all_roots_are_followed),
	KUNIT_CASE(barrier_test_new_objects_are_black_once_all_stores_shade),
	KUNIT_CASE(barrier_test_a_cycle_waits_twice),
	KUNIT_CASE(barrier_test_a_cycle_ends_when_nothing_comes),
	KUNIT_CASE(barrier_test_no_section_is_left_behind),
	KUNIT_CASE(barrier_test_no_store_is_left_behind),
	{ }
};

static struct kunit_suite barrier_test_suite = {
	.name = "spanheap_barrier",
	.init = barrier_test_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = barrier_test_cases,
};

static struct kunit_suite barrier_sleep_suite = {
	.name = "spanheap_barrier_sleep",
	.init = barrier_sleep_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = barrier_test_cases,
};

kunit_test_suites(&barrier_test_suite, &barrier_sleep_suite);
