// SPDX-License-Identifier: GPL-2.0
/*
 * The report of what nothing refers to: what counts as a reference, what is listed,
 * and random graphs against a search by the test itself. All of it for ordinary heaps
 * and for debug heaps.
 */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/sampling.h"
#include "lib/ear.h"
#include "lib/fixture.h"
#include "lib/random.h"
#include "object/profile.h"

/* Of a random graph. */
#define NODES	400
#define REFS	3

struct vertex {
	struct vertex *ref[REFS];
	unsigned long number;
};

static struct vertex *new_node(struct kunit *test)
{
	struct vertex *node = spanheap_zalloc(test->priv, sizeof(*node), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, node);
	return node;
}

/* What a report finds from one slot; from none when that is NULL. */
static long found_from(struct kunit *test, void *slot)
{
	sh_ear_listen();
	return spanheap_report_unreachable(test->priv, &slot, !!slot);
}

static void unreachable_test_follows_references(struct kunit *test)
{
	struct vertex *root = new_node(test), *second = new_node(test);
	struct vertex *third = new_node(test);

	root->ref[1] = second;
	second->ref[2] = third;
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 0);
	sh_ear_expect(test, "no unreachable objects");
	second->ref[2] = NULL;
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 1);
	sh_ear_expect(test, "1 objects of 32 bytes that nothing refers to");
	sh_ear_expect(test, "1 of 32 bytes");
	root->ref[1] = NULL;
	second->ref[2] = third;
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 2);
	sh_ear_expect(test, "1 objects of 32 bytes that nothing refers to");
	sh_ear_expect(test, "1 objects of 32 bytes that only unreachable objects refer to");
	spanheap_free(root);
	spanheap_free(second);
	spanheap_free(third);
}

/* No count of references finds these. */
static void unreachable_test_finds_circles(struct kunit *test)
{
	struct vertex *root = new_node(test), *a = new_node(test), *b = new_node(test);

	a->ref[0] = b;
	b->ref[0] = a;
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 2);
	sh_ear_expect(test, "0 objects of 0 bytes that nothing refers to");
	sh_ear_expect(test, "2 objects of 64 bytes that only unreachable objects refer to");
	/* Without a root all may hang on something that is not seen. */
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 1);
	spanheap_free(root);
	spanheap_free(a);
	spanheap_free(b);
}

static void unreachable_test_without_roots_lists_heads(struct kunit *test)
{
	struct vertex *head = new_node(test), *next = new_node(test), *self = new_node(test);

	head->ref[0] = next;
	self->ref[0] = self;
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 2);
	sh_ear_expect(test, "2 objects of 64 bytes that nothing refers to");
	KUNIT_EXPECT_EQ(test, sh_ear_count("only unreachable"), 0);
	spanheap_free(head);
	spanheap_free(next);
	spanheap_free(self);
}

/* Into the middle counts, one past the end does not, nor do words that are not aligned. */
static void unreachable_test_counts_words_that_may_be_references(struct kunit *test)
{
	struct vertex *root = new_node(test), *node = new_node(test);
	unsigned long word = (unsigned long)node;

	root->ref[0] = (void *)node + sizeof(*node) - 1;
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 0);
	root->ref[0] = (void *)node + sizeof(*node);
	KUNIT_EXPECT_GE(test, found_from(test, &root), 1);
	root->ref[0] = NULL;
	memcpy((char *)root + 4, &word, sizeof(word));
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 1);
	spanheap_free(root);
	spanheap_free(node);
}

static void unreachable_test_roots_may_point_within(struct kunit *test)
{
	struct vertex *node = new_node(test);
	void *middle = &node->ref[2], *nothing = NULL, *foreign = &middle;
	void *roots[] = { &nothing, &foreign, &middle };

	KUNIT_EXPECT_EQ(test, spanheap_report_unreachable(test->priv, roots, 3), 0);
	KUNIT_EXPECT_EQ(test, spanheap_report_unreachable(test->priv, roots, 2), 1);
	spanheap_free(node);
}

/* What nobody frees by the object may hold what others need. */
static void unreachable_test_pages_and_persistent_memory_refer(struct kunit *test)
{
	struct vertex **span = spanheap_alloc_pages(test->priv, SZ_64K,
						  GFP_KERNEL | __GFP_ZERO);
	struct vertex **kept = spanheap_alloc_persistent(test->priv, 64, 8,
						       GFP_KERNEL | __GFP_ZERO);
	struct vertex *a = new_node(test), *b = new_node(test);

	KUNIT_ASSERT_NOT_NULL(test, span);
	KUNIT_ASSERT_NOT_NULL(test, kept);
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 2);
	span[SZ_64K / sizeof(*span) - 1] = a;
	kept[3] = b;
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 0);
	spanheap_free_pages(span);
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 1);
	spanheap_free(a);
	spanheap_free(b);
}

/* Large objects, of more than a page of marks, and long chains: nothing recurses. */
static void unreachable_test_large_objects_and_long_chains(struct kunit *test)
{
	size_t words = SZ_1M / sizeof(void *), i, nr = SH_FIXTURE_EMULATED ? 3000 : 100000;
	struct vertex **large = spanheap_zalloc(test->priv, SZ_1M, GFP_KERNEL);
	struct vertex *node = NULL, *next;

	KUNIT_ASSERT_NOT_NULL(test, large);
	for (i = 0; i < nr; i++) {
		next = node;
		node = new_node(test);
		node->ref[i % REFS] = next;
		if (!(i % 1000))
			cond_resched();
	}
	large[words - 1] = node;
	KUNIT_EXPECT_EQ(test, found_from(test, &large), 0);
	large[words - 1] = NULL;
	KUNIT_EXPECT_EQ(test, found_from(test, &large), nr);
	for (; node; node = next) {
		for (i = 0, next = NULL; i < REFS; i++)
			next = next ?: node->ref[i];
		spanheap_free(node);
	}
	spanheap_free(large);
}

static void unreachable_test_other_heaps_are_not_followed(struct kunit *test)
{
	struct spanheap *other = sh_fixture_create(test, "kunit-other", 0);
	struct vertex *node = new_node(test), **there;

	there = spanheap_zalloc(other, sizeof(*there), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, there);
	*there = node;
	KUNIT_EXPECT_EQ(test, found_from(test, &there), 1);
	/* But the slot may be anywhere. */
	KUNIT_EXPECT_EQ(test, found_from(test, there), 0);
	spanheap_free(there);
	sh_fixture_destroy(test, other);
	spanheap_free(node);
}

static void unreachable_test_free_objects_are_none(struct kunit *test)
{
	struct vertex *root = new_node(test), *node = new_node(test);

	spanheap_free(node);
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 0);
	spanheap_free(root);
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 0);
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 0);
}

static void unreachable_test_refuses_roots_that_are_none(struct kunit *test)
{
	struct vertex *node = new_node(test);
	void *roots[] = { &node, (void *)8 };

	sh_ear_listen();
	KUNIT_EXPECT_EQ(test, spanheap_report_unreachable(test->priv, roots, 2), -EFAULT);
	sh_ear_expect(test, "root 1 of 2 is not the address of a pointer");
	KUNIT_EXPECT_EQ(test, spanheap_report_unreachable(test->priv, NULL, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, spanheap_report_unreachable(test->priv, NULL, 0), 1);
	spanheap_free(node);
}

/* Where an object was allocated is said if it is known: here of each. */
static void unreachable_test_says_who_allocated(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	unsigned long rate = sh_profile_rate;
	struct vertex *node;

	KUNIT_ASSERT_EQ(test, 0, sh_profile_set_rate(1));
	node = new_node(test);
	KUNIT_EXPECT_EQ(test, 0, sh_profile_set_rate(rate));
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 1);
	sh_ear_expect(test, "1 of 32 bytes, allocated at:");
	sh_ear_expect(test, "unreachable_test_says_who_allocated");
	spanheap_free(node);
	sh_fixture_check(test, heap);
}

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
/* Without memory for what it has to remember: an error, and nothing is left of it. */
static void unreachable_test_without_memory(struct kunit *test)
{
	struct fault_attr attr = sh_fault_attr;
	unsigned long points = sh_fault_points;
	struct vertex *root = new_node(test);

	sh_fault_attr.probability = 100;
	sh_fault_attr.interval = 1;
	sh_fault_attr.verbose = 0;
	atomic_set(&sh_fault_attr.times, -1);
	WRITE_ONCE(sh_fault_points, SH_FAULT_META);
	KUNIT_EXPECT_EQ(test, found_from(test, &root), -ENOMEM);
	WRITE_ONCE(sh_fault_points, points);
	sh_fault_attr = attr;
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 0);
	spanheap_free(root);
}
#endif

struct going {
	struct rcu_head rcu;
	struct vertex *ref;
};

/* Somebody has called for it to be freed, and the references in it still count. */
static void unreachable_test_what_is_about_to_be_freed_is_no_leak(struct kunit *test)
{
	struct going *going = spanheap_zalloc(test->priv, sizeof(*going), GFP_KERNEL);
	struct vertex *next = new_node(test), *root = new_node(test);

	KUNIT_ASSERT_NOT_NULL(test, going);
	going->ref = next;
	spanheap_free_rcu(going, rcu);
	/* Or it has been freed: then there is but the other. */
	KUNIT_EXPECT_LE(test, found_from(test, &root), 1);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, found_from(test, &root), 1);
	spanheap_free(next);
	spanheap_free(root);
}

static void unreachable_test_waits_for_no_finalizer(struct kunit *test)
{
	struct vertex *held = new_node(test), *gate_obj = new_node(test);
	struct sh_fixture_gate gate;

	KUNIT_ASSERT_EQ(test, 0, spanheap_set_finalizer(gate_obj, sh_fixture_pass_gate,
							&gate));
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 2);
	sh_fixture_gate_init(&gate);
	spanheap_free(gate_obj);
	wait_for_completion(&gate.reached);
	/* One that is called: its object is no leak. */
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 1);
	complete(&gate.open);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 1);
	spanheap_free(held);
}

static void nothing(void *ptr, size_t size, void *arg)
{
}

static void unreachable_test_arguments_of_finalizers_refer(struct kunit *test)
{
	struct vertex *object = new_node(test), *argument = new_node(test);

	KUNIT_ASSERT_EQ(test, 0, spanheap_set_finalizer(object, nothing, argument));
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 1);
	KUNIT_EXPECT_EQ(test, 0, spanheap_clear_finalizer(object));
	KUNIT_EXPECT_EQ(test, found_from(test, NULL), 2);
	spanheap_free(object);
	spanheap_free(argument);
}

/* Many sizes do not divide a page: what lies over its end is looked at as well. */
static void unreachable_test_looks_over_the_ends_of_pages(struct kunit *test)
{
	static const size_t sizes[] = { 24, 48, 112, 1152, 6144, 24576 };
	void **keep = kunit_kcalloc(test, 300, sizeof(*keep), GFP_KERNEL);
	unsigned int i, n, words;
	void **object, *last;

	KUNIT_ASSERT_NOT_NULL(test, keep);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		words = sizes[i] / sizeof(void *);
		for (n = 0, last = NULL; n < 300; n++, last = object) {
			object = spanheap_zalloc(test->priv, sizes[i], GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, object);
			object[n * 7 % words] = last;
			keep[n] = object;
		}
		KUNIT_EXPECT_EQ(test, found_from(test, &last), 0);
		for (n = 0; n < 300; n++)
			spanheap_free(keep[n]);
	}
}

/* The model: from @node, without marks in the heap. */
static void reach(struct vertex *const *node, unsigned int at, bool *reached)
{
	static unsigned int todo[NODES];
	unsigned int nr = 0, i;

	todo[nr++] = at;
	reached[at] = true;
	while (nr) {
		at = todo[--nr];
		for (i = 0; i < REFS; i++) {
			struct vertex *next = node[at]->ref[i];

			if (next && !reached[next->number]) {
				reached[next->number] = true;
				todo[nr++] = next->number;
			}
		}
	}
}

static void unreachable_test_random_graphs(struct kunit *test)
{
	struct vertex **node = kunit_kcalloc(test, NODES, sizeof(*node), GFP_KERNEL);
	bool *reached = kunit_kcalloc(test, NODES, sizeof(*reached), GFP_KERNEL);
	unsigned int round, i, lost, edges;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, node);
	KUNIT_ASSERT_NOT_NULL(test, reached);
	sh_test_seed(test, &rnd);
	for (i = 0; i < NODES; i++) {
		node[i] = new_node(test);
		node[i]->number = i;
	}
	for (round = 0; round < (SH_FIXTURE_EMULATED ? 10 : 200); round++) {
		edges = sh_test_random(&rnd, 2 * NODES);
		for (i = 0; i < NODES; i++)
			memset(node[i]->ref, 0, sizeof(node[i]->ref));
		for (i = 0; i < edges; i++)
			node[sh_test_random(&rnd, NODES)]->ref[sh_test_random(&rnd, REFS)] =
				node[sh_test_random(&rnd, NODES)];
		memset(reached, 0, NODES * sizeof(*reached));
		reach(node, 0, reached);
		for (i = 0, lost = 0; i < NODES; i++)
			lost += !reached[i];
		KUNIT_EXPECT_EQ(test, found_from(test, &node[0]), lost);
	}
	for (i = 0; i < NODES; i++)
		spanheap_free(node[i]);
}

static struct kunit_case unreachable_test_cases[] = {
	KUNIT_CASE(unreachable_test_follows_references),
	KUNIT_CASE(unreachable_test_finds_circles),
	KUNIT_CASE(unreachable_test_without_roots_lists_heads),
	KUNIT_CASE(unreachable_test_counts_words_that_may_be_references),
	KUNIT_CASE(unreachable_test_roots_may_point_within),
	KUNIT_CASE(unreachable_test_pages_and_persistent_memory_refer),
	KUNIT_CASE(unreachable_test_large_objects_and_long_chains),
	KUNIT_CASE(unreachable_test_other_heaps_are_not_followed),
	KUNIT_CASE(unreachable_test_free_objects_are_none),
	KUNIT_CASE(unreachable_test_refuses_roots_that_are_none),
	KUNIT_CASE(unreachable_test_says_who_allocated),
#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
	KUNIT_CASE(unreachable_test_without_memory),
#endif
	KUNIT_CASE(unreachable_test_what_is_about_to_be_freed_is_no_leak),
	KUNIT_CASE(unreachable_test_waits_for_no_finalizer),
	KUNIT_CASE(unreachable_test_arguments_of_finalizers_refer),
	KUNIT_CASE(unreachable_test_looks_over_the_ends_of_pages),
	KUNIT_CASE(unreachable_test_random_graphs),
	{ }
};

static struct kunit_suite unreachable_test_suite = {
	.name = "spanheap_unreachable",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = unreachable_test_cases,
};

static struct kunit_suite unreachable_debug_suite = {
	.name = "spanheap_unreachable_debug",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = sh_fixture_debug_init,
	.exit = sh_fixture_exit,
	.test_cases = unreachable_test_cases,
};

kunit_test_suites(&unreachable_test_suite, &unreachable_debug_suite);
