// SPDX-License-Identifier: GPL-2.0
/*
 * Objects freed after a grace period: until it has passed they are there for
 * readers, and nobody's to free; a heap that is destroyed waits for them.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>

#include "lib/fixture.h"

struct late {
	u64 before;
	struct rcu_head rcu;
	u8 after[];
};

static void rcu_test_frees_after_a_grace_period(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 64, 5000, 32768, SZ_128K };
	struct late *late[ARRAY_SIZE(sizes)], *none = NULL;
	unsigned long flags;
	int i;

	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		late[i] = spanheap_alloc(heap, sizes[i], GFP_ATOMIC);
		local_irq_save(flags);
		spanheap_free_rcu(late[i], rcu);
		local_irq_restore(flags);
		KUNIT_EXPECT_TRUE(test, spanheap_owns(late[i]));
	}
	rcu_read_unlock();
	spanheap_free_rcu(none, rcu);
	rcu_barrier();
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_FALSE(test, spanheap_owns(late[i]));
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).frees, ARRAY_SIZE(sizes));
	spanheap_free_rcu(late[0], rcu);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 1);
}

/* Freed once, it is nobody's any more, though readers still find it. */
static void rcu_test_refuses_what_waits_to_be_freed(struct kunit *test)
{
	struct spanheap *heap = test->priv;
	static const size_t sizes[] = { 64, 32768, SZ_128K };
	struct late *late;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		late = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, late);
		rcu_read_lock();
		spanheap_free_rcu(late, rcu);
		spanheap_free_rcu(late, rcu);
		spanheap_free(late);
		KUNIT_EXPECT_EQ(test, spanheap_split(late), -EINVAL);
		KUNIT_EXPECT_EQ(test, spanheap_size(late), spanheap_size_roundup(sizes[i]));
		rcu_read_unlock();
		rcu_barrier();
		KUNIT_EXPECT_FALSE(test, spanheap_owns(late));
		KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).bad_frees, 2 * (i + 1));
		sh_fixture_check(test, heap);
	}
}

struct waiting {
	struct spanheap *heap;
	unsigned int nr;
	struct late **late;
};

/* On a CPU of its own, where the callbacks are then called. */
static void free_all_late(void *arg)
{
	struct waiting *w = arg;
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		w->late[i] = spanheap_alloc(w->heap, 64, GFP_KERNEL);
		spanheap_free_rcu(w->late[i], rcu);
	}
}

/* Between the grace period and the free as well. */
static void rcu_test_is_nobodys_until_it_is_free(struct kunit *test)
{
	struct waiting w = { .heap = test->priv, .nr = 2000 };
	int cpu = sh_fixture_other_cpu(test), err;
	unsigned long round, there, claimed = 0;
	unsigned int i;

	sh_fixture_pin();
	w.late = kunit_kcalloc(test, w.nr, sizeof(*w.late), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w.late);
	for (round = 0; round < sh_fixture_ops(50); round++) {
		KUNIT_ASSERT_EQ(test, sh_fixture_on_cpu(cpu, free_all_late, &w), 0);
		do {
			for (i = 0, there = 0; i < w.nr; i++) {
				err = spanheap_clear_finalizer(w.late[i]);
				there += err == -EBUSY;
				claimed += err == -ENOENT;
			}
			cond_resched();
		} while (there);
	}
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, claimed, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(w.heap).bad_frees, 0);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(w.heap).objects, 0);
}

/* Destroying a heap waits for those: no leaks are reported, none are freed late. */
static void rcu_test_destroy_waits_for_grace_periods(struct kunit *test)
{
	struct spanheap *heap;
	struct late *late;
	int i, round;

	for (round = 0; round < 3; round++) {
		heap = sh_fixture_create(test, "kunit-rcu", 0);
		for (i = 0; i < 500; i++) {
			late = spanheap_alloc(heap, 64 + 100 * (i % 20),
					      GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, late);
			spanheap_free_rcu(late, rcu);
		}
		spanheap_destroy(heap);
		KUNIT_EXPECT_FALSE(test, spanheap_owns(late));
	}
}

static struct kunit_case rcu_test_cases[] = {
	KUNIT_CASE(rcu_test_frees_after_a_grace_period),
	KUNIT_CASE(rcu_test_refuses_what_waits_to_be_freed),
	KUNIT_CASE(rcu_test_is_nobodys_until_it_is_free),
	KUNIT_CASE(rcu_test_destroy_waits_for_grace_periods),
	{ }
};

static struct kunit_suite rcu_test_suite = {
	.name = "spanheap_rcu",
	.init = sh_fixture_init,
	.exit = sh_fixture_exit,
	.test_cases = rcu_test_cases,
};

kunit_test_suite(rcu_test_suite);
