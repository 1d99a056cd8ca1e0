// SPDX-License-Identifier: GPL-2.0
/*
 * Fixed-size records.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "base/fixalloc.h"
#include "lib/random.h"

#define SLOTS	400

static atomic_long_t bytes;
static unsigned int first_calls;
static bool first_saw_dirt;
static unsigned int first_size;

static void count_first(void *record)
{
	first_calls++;
	if (memchr_inv(record, 0, first_size))
		first_saw_dirt = true;
}

static int fixalloc_test_init(struct kunit *test)
{
	atomic_long_set(&bytes, 0);
	first_calls = 0;
	first_saw_dirt = false;
	return 0;
}

static void fixalloc_test_exit(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), 0);
}

static void setup(struct sh_fixalloc *fa, unsigned int size)
{
	first_size = size;
	sh_fixalloc_init(fa, size, NUMA_NO_NODE, count_first, &bytes);
}

static void fixalloc_test_records_are_apart_and_aligned(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 32, 33, 64, 128, 704, 1280 };
	unsigned int i, j, align;
	struct sh_fixalloc fa;
	void *rec[64];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		align = sizes[i] % SH_FIXALLOC_LINE ? SH_FIXALLOC_MIN :
						      SH_FIXALLOC_LINE;
		setup(&fa, sizes[i]);
		for (j = 0; j < ARRAY_SIZE(rec); j++) {
			rec[j] = sh_fixalloc_alloc(&fa, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, rec[j]);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((uintptr_t)rec[j],
							   align));
			memset(rec[j], j + 1, sizes[i]);
		}
		KUNIT_EXPECT_EQ(test, fa.inuse, ARRAY_SIZE(rec));
		for (j = 0; j < ARRAY_SIZE(rec); j++) {
			KUNIT_EXPECT_NULL(test, memchr_inv(rec[j], j + 1,
							   sizes[i]));
			sh_fixalloc_free(&fa, rec[j]);
		}
		KUNIT_EXPECT_EQ(test, fa.inuse, 0);
		sh_fixalloc_exit(&fa);
	}
}

static void fixalloc_test_size_is_rounded_up(struct kunit *test)
{
	struct sh_fixalloc fa;

	setup(&fa, 1);
	KUNIT_EXPECT_EQ(test, fa.size, SH_FIXALLOC_MIN);
	setup(&fa, SH_FIXALLOC_MIN + 1);
	KUNIT_EXPECT_EQ(test, fa.size, 2 * SH_FIXALLOC_MIN);
}

/* The hook sees each record once in its life, zeroed. */
static void fixalloc_test_first_is_called_once_a_record(struct kunit *test)
{
	struct sh_fixalloc fa;
	unsigned int i, nr;
	void *rec;

	setup(&fa, 256);
	nr = 3 * fa.per_block;
	for (i = 0; i < nr; i++) {
		rec = sh_fixalloc_alloc(&fa, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rec);
		memset(rec, 0xff, 256);
		sh_fixalloc_free(&fa, rec);
	}
	KUNIT_EXPECT_EQ(test, first_calls, 1);
	rec = sh_fixalloc_alloc(&fa, 0);
	for (i = 1; i < fa.per_block; i++)
		KUNIT_EXPECT_NOT_NULL(test, sh_fixalloc_alloc(&fa, 0));
	KUNIT_EXPECT_EQ(test, first_calls, fa.per_block);
	KUNIT_EXPECT_FALSE(test, first_saw_dirt);
	sh_fixalloc_free(&fa, rec);
	sh_fixalloc_exit(&fa);
}

static void fixalloc_test_works_without_a_hook(struct kunit *test)
{
	struct sh_fixalloc fa;
	void *rec;

	sh_fixalloc_init(&fa, 64, NUMA_NO_NODE, NULL, &bytes);
	rec = sh_fixalloc_alloc(&fa, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rec);
	sh_fixalloc_free(&fa, rec);
	sh_fixalloc_exit(&fa);
}

static void fixalloc_test_gfp_0_takes_only_what_is_there(struct kunit *test)
{
	struct sh_fixalloc fa;
	unsigned int i;
	void *rec;

	setup(&fa, 128);
	KUNIT_EXPECT_NULL(test, sh_fixalloc_alloc(&fa, 0));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), 0);
	rec = sh_fixalloc_alloc(&fa, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rec);
	for (i = 1; i < fa.per_block; i++)
		KUNIT_EXPECT_NOT_NULL(test, sh_fixalloc_alloc(&fa, 0));
	KUNIT_EXPECT_NULL(test, sh_fixalloc_alloc(&fa, 0));
	KUNIT_EXPECT_EQ(test, fa.inuse, fa.per_block);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), PAGE_SIZE);
	sh_fixalloc_free(&fa, rec);
	KUNIT_EXPECT_PTR_EQ(test, sh_fixalloc_alloc(&fa, 0), rec);
	sh_fixalloc_free(&fa, rec);
	sh_fixalloc_exit(&fa);
}

static void fixalloc_test_works_under_a_spinlock(struct kunit *test)
{
	struct sh_fixalloc fa;
	unsigned long flags;
	spinlock_t lock;	/* so as to be atomic */
	void *a, *b;

	spin_lock_init(&lock);
	setup(&fa, 128);
	spin_lock_irqsave(&lock, flags);
	a = sh_fixalloc_alloc(&fa, GFP_NOWAIT);
	b = sh_fixalloc_alloc(&fa, 0);
	if (b)
		sh_fixalloc_free(&fa, b);
	spin_unlock_irqrestore(&lock, flags);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_NOT_NULL(test, b);
	sh_fixalloc_free(&fa, a);
	sh_fixalloc_exit(&fa);
}

/* One spare block stays, the others go back as they become free. */
static void fixalloc_test_free_blocks_go_back(struct kunit *test)
{
	struct sh_fixalloc fa;
	unsigned int i, nr;
	void **rec;

	setup(&fa, 512);
	nr = 5 * fa.per_block;
	rec = kunit_kcalloc(test, nr, sizeof(*rec), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rec);
	for (i = 0; i < nr; i++) {
		rec[i] = sh_fixalloc_alloc(&fa, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rec[i]);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), 5 * PAGE_SIZE);
	for (i = 0; i < nr; i++) {
		sh_fixalloc_free(&fa, rec[i]);
		KUNIT_EXPECT_LE(test, atomic_long_read(&bytes),
				(6 - (i + 1) / fa.per_block) * PAGE_SIZE);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), PAGE_SIZE);
	sh_fixalloc_exit(&fa);
}

static void fixalloc_test_spare_block_is_used_again(struct kunit *test)
{
	struct sh_fixalloc fa;
	unsigned int i;
	void *rec;

	setup(&fa, 128);
	for (i = 0; i < 100; i++) {
		rec = sh_fixalloc_alloc(&fa, i ? 0 : GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rec);
		sh_fixalloc_free(&fa, rec);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), PAGE_SIZE);
	sh_fixalloc_exit(&fa);
}

static void fixalloc_test_allocators_are_counted_together(struct kunit *test)
{
	struct sh_fixalloc a, b;
	void *x, *y;

	setup(&a, 64);
	setup(&b, 1280);
	x = sh_fixalloc_alloc(&a, GFP_KERNEL);
	y = sh_fixalloc_alloc(&b, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), 2 * PAGE_SIZE);
	sh_fixalloc_free(&a, x);
	sh_fixalloc_free(&b, y);
	sh_fixalloc_exit(&a);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), PAGE_SIZE);
	sh_fixalloc_exit(&b);
}

static void fixalloc_test_exit_frees_blocks_in_use(struct kunit *test)
{
	struct sh_fixalloc fa;

	setup(&fa, 128);
	KUNIT_EXPECT_NOT_NULL(test, sh_fixalloc_alloc(&fa, GFP_KERNEL));
	sh_fixalloc_exit(&fa);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), 0);
}

/* What is freed late does not go one by one, but at the end. */
static void fixalloc_test_keeps_blocks_once_closed(struct kunit *test)
{
	struct sh_fixalloc fa;
	void *rec[8];
	unsigned int i;

	setup(&fa, 1280);
	for (i = 0; i < ARRAY_SIZE(rec); i++) {
		rec[i] = sh_fixalloc_alloc(&fa, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rec[i]);
	}
	sh_fixalloc_close(&fa);
	for (i = 0; i < ARRAY_SIZE(rec); i++)
		sh_fixalloc_free(&fa, rec[i]);
	KUNIT_EXPECT_EQ(test, fa.inuse, 0);
	KUNIT_EXPECT_GE(test, atomic_long_read(&bytes), 2 * PAGE_SIZE);
	sh_fixalloc_exit(&fa);
}

/*
 * Type stability: a reader may look at a record that is freed meanwhile, and
 * at those of a block that goes back, and finds what was last written there.
 */
static void fixalloc_test_records_stay_for_readers(struct kunit *test)
{
	struct sh_fixalloc fa;
	void *rec[8];
	unsigned int i;

	setup(&fa, 1280);
	for (i = 0; i < ARRAY_SIZE(rec); i++) {
		rec[i] = sh_fixalloc_alloc(&fa, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rec[i]);
		memset(rec[i], 0x5a, 1280);
	}
	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(rec); i++)
		sh_fixalloc_free(&fa, rec[i]);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(rec); i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(rec[i], 0x5a, 1280));
	rcu_read_unlock();
	sh_fixalloc_exit(&fa);
}

static int by_page(const void *a, const void *b)
{
	unsigned long x = *(unsigned long *)a, y = *(unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* Blocks are those with records in use and, perhaps, one spare. */
static void verify_blocks(struct kunit *test, const struct sh_fixalloc *fa,
			  void *const *slot, unsigned long *pages)
{
	unsigned int i, nr = 0, blocks = 0;
	long have = atomic_long_read(&bytes) / PAGE_SIZE;

	for (i = 0; i < SLOTS; i++)
		if (slot[i])
			pages[nr++] = (unsigned long)slot[i] & PAGE_MASK;
	sort(pages, nr, sizeof(*pages), by_page, NULL);
	for (i = 0; i < nr; i++)
		blocks += !i || pages[i] != pages[i - 1];
	KUNIT_ASSERT_EQ(test, fa->inuse, nr);
	KUNIT_ASSERT_EQ(test, have, blocks + !!fa->spare);
}

static void random_step(struct kunit *test, struct sh_fixalloc *fa,
			void **slot, struct rnd_state *rnd)
{
	unsigned int i = sh_test_random(rnd, SLOTS);
	gfp_t gfp = i % 7 ? GFP_KERNEL : i % 2 ? GFP_NOWAIT : 0;
	u8 mark = i;

	if (slot[i]) {
		KUNIT_ASSERT_NULL(test, memchr_inv(slot[i], mark, fa->size));
		sh_fixalloc_free(fa, slot[i]);
		slot[i] = NULL;
		return;
	}
	slot[i] = sh_fixalloc_alloc(fa, gfp);
	if (slot[i])
		memset(slot[i], mark, fa->size);
	else
		KUNIT_ASSERT_EQ(test, gfp, 0);
}

static void run_random(struct kunit *test, unsigned int size,
		       struct rnd_state *rnd)
{
	unsigned long ops = sh_test_ops(20000), n, *pages;
	struct sh_fixalloc fa;
	unsigned int i;
	void **slot;

	slot = kunit_kcalloc(test, SLOTS, sizeof(*slot), GFP_KERNEL);
	pages = kunit_kcalloc(test, SLOTS, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slot);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	setup(&fa, size);
	for (n = 0; n < ops; n++) {
		random_step(test, &fa, slot, rnd);
		if (n % 500 == 0)
			verify_blocks(test, &fa, slot, pages);
	}
	for (i = 0; i < SLOTS; i++)
		if (slot[i])
			sh_fixalloc_free(&fa, slot[i]);
	KUNIT_EXPECT_EQ(test, fa.inuse, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bytes), PAGE_SIZE);
	sh_fixalloc_exit(&fa);
}

static void fixalloc_test_random_against_a_set(struct kunit *test)
{
	struct rnd_state rnd;

	sh_test_seed(test, &rnd);
	run_random(test, 32, &rnd);
	run_random(test, 192, &rnd);
	run_random(test, 1280, &rnd);
	run_random(test, 2000, &rnd);
}

#define WORKERS		4
#define WORKER_RECORDS	50

struct worker {
	struct work_struct work;
	struct sh_fixalloc *fa;
	unsigned long rounds;
	u8 mark;
	bool failed;
};

static void work_fill_and_drain(struct work_struct *work)
{
	struct worker *w = container_of(work, struct worker, work);
	void *rec[WORKER_RECORDS];
	unsigned long n;
	unsigned int i;

	for (n = 0; n < w->rounds; n++) {
		for (i = 0; i < WORKER_RECORDS; i++) {
			rec[i] = sh_fixalloc_alloc(w->fa, GFP_KERNEL);
			if (rec[i])
				memset(rec[i], w->mark, w->fa->size);
		}
		for (i = 0; i < WORKER_RECORDS; i++) {
			if (!rec[i] ||
			    memchr_inv(rec[i], w->mark, w->fa->size))
				w->failed = true;
			if (rec[i])
				sh_fixalloc_free(w->fa, rec[i]);
		}
	}
}

static void fixalloc_test_many_users_at_once(struct kunit *test)
{
	struct worker *w;
	struct sh_fixalloc fa;
	int i;

	w = kunit_kcalloc(test, WORKERS, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	sh_fixalloc_init(&fa, 256, NUMA_NO_NODE, NULL, &bytes);
	for (i = 0; i < WORKERS; i++) {
		w[i].fa = &fa;
		w[i].mark = i + 1;
		w[i].rounds = sh_test_ops(20000) / WORKERS / WORKER_RECORDS / 2;
		INIT_WORK(&w[i].work, work_fill_and_drain);
		schedule_work_on(cpumask_nth(i % num_online_cpus(),
					     cpu_online_mask), &w[i].work);
	}
	for (i = 0; i < WORKERS; i++) {
		flush_work(&w[i].work);
		KUNIT_EXPECT_FALSE(test, w[i].failed);
	}
	KUNIT_EXPECT_EQ(test, fa.inuse, 0);
	sh_fixalloc_exit(&fa);
}

static struct kunit_case fixalloc_cases[] = {
	KUNIT_CASE(fixalloc_test_records_are_apart_and_aligned),
	KUNIT_CASE(fixalloc_test_size_is_rounded_up),
	KUNIT_CASE(fixalloc_test_first_is_called_once_a_record),
	KUNIT_CASE(fixalloc_test_works_without_a_hook),
	KUNIT_CASE(fixalloc_test_gfp_0_takes_only_what_is_there),
	KUNIT_CASE(fixalloc_test_works_under_a_spinlock),
	KUNIT_CASE(fixalloc_test_free_blocks_go_back),
	KUNIT_CASE(fixalloc_test_spare_block_is_used_again),
	KUNIT_CASE(fixalloc_test_allocators_are_counted_together),
	KUNIT_CASE(fixalloc_test_exit_frees_blocks_in_use),
	KUNIT_CASE(fixalloc_test_records_stay_for_readers),
	KUNIT_CASE(fixalloc_test_keeps_blocks_once_closed),
	KUNIT_CASE(fixalloc_test_random_against_a_set),
	KUNIT_CASE(fixalloc_test_many_users_at_once),
	{}
};

static struct kunit_suite fixalloc_suite = {
	.name = "spanheap_fixalloc",
	.init = fixalloc_test_init,
	.exit = fixalloc_test_exit,
	.test_cases = fixalloc_cases,
};

kunit_test_suite(fixalloc_suite);
