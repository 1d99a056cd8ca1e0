// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - what happens when there is no memory: a heap's own limit,
 * and page allocations made to fail
 *
 * The fault_ tests want the kernel's fail_page_alloc set up with task-filter,
 * see test_fault.sh.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>

#include "client.h"

#define QUIET	(GFP_KERNEL | __GFP_NOWARN)

/* Allocate until it fails; the objects are chained through their first word. */
static void **fill_heap(struct spanheap *heap, size_t size, u64 *nr)
{
	void **last = NULL;
	void **p;

	for (*nr = 0; *nr < 1000000; (*nr)++) {
		p = spanheap_alloc(heap, size, QUIET);
		if (!p)
			break;
		*p = last;
		last = p;
	}
	return last;
}

static void free_chain(void **p)
{
	void **next;

	for (; p; p = next) {
		next = *p;
		spanheap_free(p);
	}
}

static void limit_of(size_t size)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap_stats s;
	struct spanheap *heap;
	void **chain;
	u64 nr, again;

	config.limit = SZ_4M;
	heap = spanheap_create("limited", &config);
	if (!EXPECT(!IS_ERR(heap)))
		return;

	chain = fill_heap(heap, size, &nr);
	spanheap_get_stats(heap, &s);
	EXPECT(s.resident <= config.limit);
	EXPECT(s.object_bytes > config.limit / 2);
	EXPECT(s.objects == nr);
	EXPECT(s.alloc_failures == 1);

	/* A little back lets a little in, all back lets all in. */
	spanheap_free(chain ? xchg(&chain, *chain) : NULL);
	free_chain(chain);
	free_chain(fill_heap(heap, size, &again));
	if (!EXPECT(again >= nr - nr / 8))
		pr_err("spanheap_client: %llu of %zu bytes, then %llu\n", nr,
		       size, again);

	spanheap_get_stats(heap, &s);
	EXPECT(s.objects == 0);
	EXPECT(s.resident <= config.limit);
	spanheap_destroy(heap);
}

static void limit_small(struct spanheap *unused)
{
	limit_of(500);
	limit_of(SZ_4K);
}

static void limit_large(struct spanheap *unused)
{
	limit_of(SZ_64K);
	limit_of(SZ_1M);
}

/* One object over the limit is refused at once, the heap serves others. */
static void limit_one(struct spanheap *unused)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;
	void *p;

	config.limit = SZ_4M;
	heap = spanheap_create("limited", &config);
	if (!EXPECT(!IS_ERR(heap)))
		return;
	EXPECT(!spanheap_alloc(heap, SZ_4M + 1, QUIET));
	EXPECT(!spanheap_alloc(heap, SZ_16M, QUIET));
	p = spanheap_alloc(heap, SZ_2M, QUIET);
	EXPECT(p);
	spanheap_free(p);
	spanheap_destroy(heap);
}

/* A limit that a heap cannot work with is none. */
static void limit_tiny(struct spanheap *heap)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;

	config.limit = 100;
	EXPECT(spanheap_create("limited", &config) == ERR_PTR(-EINVAL));
	config.limit = SPANHEAP_LIMIT_MIN - 1;
	EXPECT(spanheap_create("limited", &config) == ERR_PTR(-EINVAL));
	EXPECT(spanheap_set_limit(heap, SPANHEAP_LIMIT_MIN - 1) == -EINVAL);
}

/* Where each access to memory is checked or counted, a worker needs longer. */
static unsigned long burst_rest_us(void)
{
	return IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) ||
	       IS_ENABLED(CONFIG_GCOV_KERNEL) ? 20000 : 2000;
}

/* How many of the objects of bursts, up to half of the free memory, were refused. */
static unsigned long burst(struct spanheap *heap)
{
	enum { BURST = 1024 };
	unsigned long most = nr_free_pages() * PAGE_SIZE / 2 / SZ_4K, nr;
	unsigned long failed = 0, rest = burst_rest_us();
	void **chain = NULL, **p;
	int i;

	for (nr = 0; nr + BURST < most && !failed; nr += BURST) {
		for (i = 0; i < BURST; i++) {
			p = spanheap_alloc(heap, SZ_4K, GFP_ATOMIC | __GFP_NOWARN);
			if (!p) {
				failed++;
				continue;
			}
			*p = chain;
			chain = p;
		}
		usleep_range(rest, rest + 500);
	}
	if (failed)
		pr_info("spanheap_client: limit_burst: %lu failed after %lu\n", failed, nr);
	free_chain(chain);
	spanheap_scavenge(heap);
	return failed;
}

/*
 * Bursts of those who cannot sleep, a moment of sleep between, up to half of the
 * memory that is free: a heap has room ahead for each, the first as well. The moment
 * is a worker's, and on a busy machine it may not get it: that is tried again.
 */
static void limit_burst(struct spanheap *heap)
{
	int tries = 5;

	while (burst(heap) && --tries)
		msleep(500);
	EXPECT(tries);
}

/* Some of them lie across the end of a page table. */
static void take_small(struct spanheap *heap)
{
	void *objs[16];
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = spanheap_alloc(heap, SZ_256K + SZ_64K, QUIET);
		EXPECT(objs[i]);
	}
	spanheap_free_bulk(ARRAY_SIZE(objs), objs);
}

/* A task that was killed does not go on to take all the memory there is. */
static int killed(void *arg)
{
	struct spanheap *heap = *(struct spanheap **)arg;
	struct spanheap_stats s;
	size_t size;
	void *p;

	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	EXPECT(fatal_signal_pending(current));
	p = spanheap_alloc(heap, SZ_64M, QUIET);
	EXPECT(!p);
	spanheap_free(p);
	spanheap_get_stats(heap, &s);
	EXPECT(s.resident < SZ_8M);
	p = spanheap_alloc(heap, SZ_1M, QUIET | __GFP_NOFAIL);
	EXPECT(p);
	spanheap_free(p);
	/* Nor is what is small refused: it may be needed to clean up. */
	for (size = 8; size <= SZ_64K; size *= 2) {
		p = spanheap_alloc(heap, size, QUIET);
		EXPECT(p);
		spanheap_free(p);
	}
	take_small(heap);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static void limit_killed(struct spanheap *heap)
{
	struct task_struct *task = kthread_run(killed, &heap, "spanheap-killed");

	if (EXPECT(!IS_ERR(task)))
		kthread_stop(task);
}

/* From here on page allocations of this task fail now and then. */
static void faults(bool on)
{
#ifdef CONFIG_FAULT_INJECTION
	current->make_it_fail = on;
#endif
}

struct held {
	void *p;
	size_t size;
};

static size_t fault_size(void)
{
	u32 r = get_random_u32();

	return r & 7 ? 8 + (r >> 3) % 4096 : SZ_64K + (r >> 3) % SZ_256K;
}

static void fault_alloc(struct spanheap *heap)
{
	enum { NR = 2000 };
	struct held *held = spanheap_calloc(heap, NR, sizeof(*held), QUIET);
	struct spanheap_stats s;
	u64 live = 1, failed = 0;
	int i;

	if (!EXPECT(held))
		return;
	faults(true);
	for (i = 0; i < NR; i++) {
		held[i].size = fault_size();
		held[i].p = spanheap_alloc(heap, held[i].size, QUIET);
		if (held[i].p)
			client_fill(held[i].p, held[i].size, i);
		else
			failed++;
		live += !!held[i].p;
	}
	faults(false);

	spanheap_get_stats(heap, &s);
	EXPECT(failed > 0);
	EXPECT(s.alloc_failures == failed);
	EXPECT(s.objects == live);

	for (i = 0; i < NR; i++) {
		EXPECT(!held[i].p ||
		       client_filled(held[i].p, held[i].size, i));
		spanheap_free(held[i].p);
		/* Memory is back: every request is served again. */
		held[i].p = spanheap_alloc(heap, held[i].size, QUIET);
		EXPECT(held[i].p);
	}
	for (i = 0; i < NR; i++)
		spanheap_free(held[i].p);
	spanheap_free(held);
}

/* A bulk that runs out half way says how far it came. */
static void fault_bulk(struct spanheap *heap)
{
	enum { NR = 100, ROUNDS = 20 };
	void **objs = spanheap_calloc(heap, NR * ROUNDS, sizeof(*objs), QUIET);
	unsigned int got, live = 0, fewer = 0, i;
	struct spanheap_stats s;
	int round;

	if (!EXPECT(objs))
		return;
	for (round = 0; round < ROUNDS; round++) {
		faults(true);
		got = spanheap_alloc_bulk(heap, SZ_8K, QUIET, NR, objs + live);
		faults(false);
		EXPECT(got <= NR);
		fewer += got < NR;
		live += got;
		spanheap_get_stats(heap, &s);
		EXPECT(s.objects == live + 1);
	}
	EXPECT(fewer > 0);
	for (i = 0; i < live; i++)
		EXPECT(spanheap_size(objs[i]) == SZ_8K);
	spanheap_free_bulk(live, objs);
	spanheap_free(objs);
}

/* A heap that cannot be made leaves nothing behind, not even its name. */
static void fault_create(struct spanheap *unused)
{
	struct spanheap *heap;
	int round, failed = 0;

	for (round = 0; round < 30; round++) {
		faults(true);
		heap = spanheap_create("fault", NULL);
		faults(false);
		if (IS_ERR(heap)) {
			EXPECT(heap == ERR_PTR(-ENOMEM));
			failed++;
		} else {
			spanheap_destroy(heap);
		}
	}
	pr_info("spanheap_client: %d of %d failed\n", failed, round);
}

const struct client_test client_limits_tests[] = {
	{ "limit_small", limit_small },
	{ "limit_large", limit_large },
	{ "limit_one", limit_one },
	{ "limit_tiny", limit_tiny },
	{ "limit_burst", limit_burst },
	{ "limit_killed", limit_killed },
	{ "fault_alloc", fault_alloc },
	{ "fault_bulk", fault_bulk },
	{ "fault_create", fault_create },
	{ }
};
