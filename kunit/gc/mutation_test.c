// SPDX-License-Identifier: GPL-2.0
/*
 * Random changes of a graph, by threads on all CPUs and by their interrupts, while the
 * collector makes one cycle after the other. Nothing that somebody can get at may be
 * lost, which each look at a node finds out, and so does the verifying mode after each
 * cycle; and nothing that nobody can get at may be left in the end.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sizes.h>

#include "base/compat.h"
#include "base/params.h"
#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/managed.h"
#include "lib/fixture.h"
#include "lib/random.h"

#define NR_ROOTS	48
#define DAWDLE_US	200
#define MOST_STEPS	12

/**
 * struct item - what the graph consists of
 * @left: others
 * @check: what it has to be, by its address
 * @right: others
 * @number: no other had it: an item that was lost may be there as another
 */
struct item {
	struct item *left;
	unsigned long check;
	struct item *right;
	long number;
};

SPANHEAP_TYPE(item, struct item, left, right);

/* Few items with many references: these are looked into in pieces. */
static const u16 table_refs[] = { 0 };
static const struct spanheap_type table = {
	.name = "table", .size = sizeof(void *), .refs = table_refs, .nr_refs = 1,
};

#define TABLE_SIZE	12000

/**
 * struct graph - what threads change
 * @heap: the heap
 * @layout: of its items
 * @table: an object with many references, pinned
 * @roots: where it begins
 * @ops: changes for each thread
 * @seed: of the threads' generators
 * @lost: items that were not what they have to be
 * @made: items that were allocated
 * @refused: sections that were
 * @running: threads that are at it
 */
struct graph {
	struct spanheap *heap;
	struct spanheap_layout *layout;
	struct item **table;
	struct item *roots[NR_ROOTS];
	unsigned long ops;
	u64 seed;
	atomic_long_t lost;
	atomic_long_t made;
	atomic_long_t refused;
	atomic_t running;
};

static unsigned long check_of(const struct item *at)
{
	return ~(unsigned long)at;
}

static struct item *look_at(struct graph *g, struct item *at)
{
	if (at && (!spanheap_owns(at) || READ_ONCE(at->check) != check_of(at)))
		atomic_long_inc(&g->lost);
	return at;
}

static long number_of(const struct item *at)
{
	return at ? READ_ONCE(at->number) : 0;
}

/* At the end of what was done with an item. */
static void look_again(struct graph *g, struct item *at, long number)
{
	if (number_of(look_at(g, at)) != number)
		atomic_long_inc(&g->lost);
}

/* Have an item for longer than most, while the collector goes on. */
static void dawdle(struct graph *g, struct rnd_state *rnd)
{
	if (sh_test_random(rnd, 1024) || !in_task())
		return;
	if (!sh_gc_sleeps(g->heap))
		udelay(DAWDLE_US);
	else if (sh_test_random(rnd, 4))
		schedule();
	else
		usleep_range(1000, 2000);
}

static struct item **any_slot(struct graph *g, struct rnd_state *rnd)
{
	if (sh_test_random(rnd, 8))
		return &g->roots[sh_test_random(rnd, NR_ROOTS)];
	return &g->table[sh_test_random(rnd, TABLE_SIZE)];
}

/* Some item, a few steps from a root; or none. */
static struct item *walk(struct graph *g, struct rnd_state *rnd)
{
	unsigned int steps = sh_test_random(rnd, MOST_STEPS);
	struct item *at = look_at(g, spanheap_load(g->heap, *any_slot(g, rnd))), *next;

	while (at && steps--) {
		next = sh_test_random(rnd, 2) ? spanheap_load(g->heap, at->left) :
						spanheap_load(g->heap, at->right);
		if (!look_at(g, next))
			break;
		at = next;
	}
	return at;
}

static struct item *make(struct graph *g, struct rnd_state *rnd)
{
	struct item *new = spanheap_new(g->layout, 1, GFP_ATOMIC | __GFP_NOWARN);

	if (!new)
		return NULL;
	new->check = check_of(new);
	new->number = atomic_long_inc_return(&g->made);
	if (sh_test_random(rnd, 2))
		spanheap_store(g->heap, new->left, walk(g, rnd));
	return new;
}

/* Take what is in one slot to another: for a moment nothing but a variable has it. */
static void move(struct graph *g, struct rnd_state *rnd, struct item *at)
{
	struct item *moved = look_at(g, spanheap_xchg(g->heap, at->left, NULL));
	long number = number_of(moved);

	dawdle(g, rnd);
	look_again(g, moved, number);
	if (moved)
		spanheap_store(g->heap, *any_slot(g, rnd), moved);
}

static void change(struct graph *g, struct rnd_state *rnd)
{
	struct item *at = walk(g, rnd), *other = walk(g, rnd);
	long number = number_of(at), others = number_of(other);

	dawdle(g, rnd);
	switch (sh_test_random(rnd, 8)) {
	case 0:
	case 1:
		spanheap_store(g->heap, *any_slot(g, rnd), make(g, rnd));
		break;
	case 2:
		if (at)
			spanheap_store(g->heap, at->left, make(g, rnd));
		break;
	case 3:
		if (at)
			spanheap_store(g->heap, at->right, other);
		break;
	case 4:
		if (at)
			move(g, rnd, at);
		break;
	case 5:
		if (at)
			look_at(g, spanheap_cmpxchg(g->heap, at->right,
						    spanheap_load(g->heap, at->left), other));
		break;
	case 6:
		spanheap_store(g->heap, *any_slot(g, rnd), NULL);
		break;
	default:
		if (at)
			spanheap_store(g->heap, at->right, NULL);
	}
	dawdle(g, rnd);
	look_again(g, at, number);
	look_again(g, other, others);
}

static void change_in_section(struct graph *g, struct rnd_state *rnd, unsigned int nr)
{
	int idx = spanheap_enter(g->heap);

	if (idx < 0) {
		atomic_long_inc(&g->refused);
		return;
	}
	while (nr--)
		change(g, rnd);
	spanheap_leave(g->heap, idx);
}

static void change_in_irq(void *arg)
{
	struct graph *g = arg;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, g->seed ^ jiffies);
	change_in_section(g, &rnd, 4);
}

/* Pin what a section has, look at it in another. */
static void hold_for_a_while(struct graph *g, struct rnd_state *rnd)
{
	int idx = spanheap_enter(g->heap);
	struct item *at;
	bool pinned;
	long number;

	if (idx < 0)
		return;
	at = walk(g, rnd);
	number = number_of(at);
	pinned = at && !spanheap_pin(at, GFP_ATOMIC | __GFP_NOWARN);
	spanheap_leave(g->heap, idx);
	if (!pinned)
		return;
	cond_resched();
	look_again(g, at, number);
	if (spanheap_unpin(at))
		atomic_long_inc(&g->lost);
}

static void change_graph(void *arg)
{
	struct graph *g = arg;
	struct rnd_state rnd;
	unsigned long i;

	prandom_seed_state(&rnd, g->seed + raw_smp_processor_id());
	for (i = 0; i < g->ops; i++) {
		if (i % 512 == 0)
			spanheap_reserve(g->heap, SZ_64K, GFP_KERNEL | __GFP_NOWARN);
		change_in_section(g, &rnd, 1 + sh_test_random(&rnd, 4));
		if (i % 16 == 0)
			hold_for_a_while(g, &rnd);
		if (i % 512 == 0)
			sh_fixture_in_hardirq(raw_smp_processor_id(), change_in_irq, g);
		cond_resched();
	}
	atomic_dec(&g->running);
}

/**
 * struct collecting - a thread that collects all the time
 * @g: the graph, until nobody changes it any more
 * @done: told at the end
 */
struct collecting {
	struct graph *g;
	struct completion done;
};

static int collect_meanwhile(void *arg)
{
	struct collecting *c = arg;

	do {
		if (spanheap_collect(c->g->heap))
			atomic_long_inc(&c->g->lost);
		cond_resched();
	} while (atomic_read(&c->g->running) > 0);
	kthread_complete_and_exit(&c->done, 0);
}

static void make_graph(struct kunit *test, struct graph *g, struct rnd_state *rnd)
{
	struct spanheap_layout *tables;
	int idx;

	g->heap = test->priv;
	g->layout = spanheap_type_register(g->heap, &item, GFP_KERNEL);
	tables = spanheap_type_register(g->heap, &table, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, g->layout);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tables);
	KUNIT_ASSERT_EQ(test, spanheap_reserve(g->heap, SZ_2M, GFP_KERNEL), 0);
	idx = spanheap_enter(g->heap);
	g->table = spanheap_new(tables, TABLE_SIZE, GFP_ATOMIC);
	if (g->table && spanheap_pin(g->table, GFP_ATOMIC))
		g->table = NULL;
	spanheap_leave(g->heap, idx);
	KUNIT_ASSERT_NOT_NULL(test, g->table);
	KUNIT_ASSERT_EQ(test, spanheap_add_roots(g->heap, g->roots, NR_ROOTS, GFP_KERNEL), 0);
	g->ops = sh_fixture_ops_each(200000);
	g->seed = ((u64)prandom_u32_state(rnd) << 32) | prandom_u32_state(rnd);
	atomic_set(&g->running, num_online_cpus());
}

/* What nobody can get at goes by the second cycle. */
static void expect_nothing_left(struct kunit *test, struct graph *g)
{
	struct sh_gc *gc = g->heap->gc;

	KUNIT_EXPECT_EQ(test, spanheap_collect(g->heap), 0);
	KUNIT_EXPECT_EQ(test, spanheap_collect(g->heap), 0);
	KUNIT_EXPECT_EQ(test, sh_gc_verify(g->heap), 0);
	KUNIT_EXPECT_GT(test, gc->stats.reached, 0);
	KUNIT_EXPECT_EQ(test, gc->stats.floating, 0);
	KUNIT_EXPECT_EQ(test, spanheap_remove_roots(g->heap, g->roots, NR_ROOTS), 0);
	KUNIT_EXPECT_EQ(test, spanheap_unpin(g->table), 0);
	KUNIT_EXPECT_EQ(test, spanheap_collect(g->heap), 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(g->heap).objects, 0);
	KUNIT_EXPECT_EQ(test, gc->stats.wrong, 0);
}

static void mutate(struct kunit *test, bool verify)
{
	struct graph *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	struct collecting c = { .g = g };
	struct task_struct *task;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, g);
	sh_test_seed(test, &rnd);
	make_graph(test, g, &rnd);
	init_completion(&c.done);
	WRITE_ONCE(sh_gc_verify_cycles, verify);
	task = kthread_run(collect_meanwhile, &c, "spanheap-collect");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_EXPECT_EQ(test, sh_fixture_on_each_cpu(change_graph, g), 0);
	wait_for_completion(&c.done);
	WRITE_ONCE(sh_gc_verify_cycles, false);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&g->lost), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&g->made), g->ops / 16);
	kunit_info(test, "%ld items made, %lu cycles, %lu verified, %ld sections refused\n",
		   atomic_long_read(&g->made), g->heap->gc->stats.cycles,
		   g->heap->gc->stats.verified, atomic_long_read(&g->refused));
	expect_nothing_left(test, g);
}

static void mutation_test_nothing_is_lost(struct kunit *test)
{
	mutate(test, false);
}

static void mutation_test_each_cycle_is_right(struct kunit *test)
{
	mutate(test, true);
}

static struct kunit_case mutation_test_cases[] = {
	KUNIT_CASE(mutation_test_nothing_is_lost),
	KUNIT_CASE(mutation_test_each_cycle_is_right),
	{ }
};

static struct kunit_suite mutation_test_suite = {
	.name = "spanheap_mutation",
	.init = sh_fixture_managed_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = mutation_test_cases,
};

static struct kunit_suite mutation_sleep_suite = {
	.name = "spanheap_mutation_sleep",
	.init = sh_fixture_managed_sleep_init,
	.exit = sh_fixture_managed_exit,
	.test_cases = mutation_test_cases,
};

kunit_test_suites(&mutation_test_suite, &mutation_sleep_suite);
