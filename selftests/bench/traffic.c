// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "traffic": what two CPUs that allocate notice while the scavenger
 * gives the idle memory of their heap back
 *
 * The time is by the clock, of one object over all CPUs, from the first byte
 * that goes back to nearly the last. The scavenger needs a CPU as well and takes
 * it from these two.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/spanheap.h>
#include <linux/string.h>

#include "alloc.h"
#include "threads.h"

#define IDLE_MS		500	/* age at which the memory goes back */
#define IDLE_OBJECT	SZ_64M
#define MAX_IDLE	16
#define WINDOW		64	/* live objects of a thread */
#define OBJECT		256UL
#define BLOCK		SZ_1M	/* takes the page heap's lock, as the scavenger does */
#define BLOCK_EVERY	64	/* windows */
#define MAX_THREADS	2
#define GIVE_UP_NS	(60ULL * NSEC_PER_SEC)

struct counter {
	u64 ops;
} ____cacheline_aligned_in_smp;

/**
 * struct traffic - threads that allocate until they are told to stop
 * @heap: the heap
 * @nr: threads
 * @stop: tells them
 * @idle: bytes that are to go back meanwhile, 0 for none
 * @quiet_ns: how long to measure if there are none
 * @ns: how long was measured
 * @ops: objects allocated and freed in that time
 * @ret: of the one who measures
 * @count: what each thread has done
 */
struct traffic {
	struct spanheap *heap;
	unsigned int nr;
	bool stop;
	size_t idle;
	u64 quiet_ns;
	u64 ns;
	u64 ops;
	int ret;
	struct counter count[MAX_THREADS];
};

/* Allocate and free a window of objects. Returns how many there were. */
static unsigned int window(struct spanheap *heap)
{
	void *objs[WINDOW];
	unsigned int i, nr;

	for (nr = 0; nr < WINDOW; nr++) {
		objs[nr] = spanheap_alloc(heap, OBJECT, BENCH_GFP);
		if (!objs[nr])
			break;
	}
	for (i = 0; i < nr; i++)
		spanheap_free(objs[i]);
	return nr;
}

static int traffic_thread(void *arg, unsigned int index)
{
	struct traffic *t = arg;
	unsigned int windows = 0;
	u64 ops = 0;

	do {
		if (windows++ % BLOCK_EVERY == 0)
			spanheap_free(spanheap_alloc(t->heap, BLOCK, BENCH_GFP));
		if (window(t->heap) < WINDOW)
			return -ENOMEM;
		ops += WINDOW;
		WRITE_ONCE(t->count[index].ops, ops);
		cond_resched();
	} while (!READ_ONCE(t->stop));
	return 0;
}

/*
 * Idle memory of @bytes, in runs that an arena each can go with, and some blocks
 * elsewhere for the threads: what they use does not grow old.
 */
static int make_idle(struct spanheap *heap, size_t bytes)
{
	void *objs[MAX_IDLE], *blocks[2 * MAX_THREADS];
	unsigned int nr = 0;
	int ret = 0, i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = spanheap_alloc(heap, BLOCK, BENCH_GFP);
	while (nr < MAX_IDLE && (u64)nr * IDLE_OBJECT < bytes && !ret) {
		objs[nr] = spanheap_alloc(heap, IDLE_OBJECT, BENCH_GFP);
		if (objs[nr])
			nr++;
		else
			ret = -ENOMEM;
	}
	while (nr)
		spanheap_free(objs[--nr]);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		spanheap_free(blocks[i]);
	return ret;
}

static u64 all_ops(const struct traffic *t)
{
	u64 ops = 0;
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		ops += READ_ONCE(t->count[i].ops);
	return ops;
}

/* Wait until @bytes more than @since have gone back. */
static int await_scavenged(struct spanheap *heap, u64 since, u64 bytes)
{
	u64 give_up = ktime_get_ns() + GIVE_UP_NS;
	struct spanheap_stats stats;

	for (;;) {
		spanheap_get_stats(heap, &stats);
		if (stats.scavenged_bytes - since >= bytes)
			return 0;
		if (ktime_get_ns() > give_up)
			return -ETIME;
		schedule_timeout_uninterruptible(1);
	}
}

static int watch_thread(void *arg)
{
	struct traffic *t = arg;
	struct spanheap_stats stats;
	u64 since, start, ops;

	spanheap_get_stats(t->heap, &stats);
	since = stats.scavenged_bytes;
	if (t->idle)
		t->ret = await_scavenged(t->heap, since, 1);
	else
		schedule_timeout_uninterruptible(HZ / 50);
	start = ktime_get_ns();
	ops = all_ops(t);
	if (t->idle)
		t->ret = t->ret ?: await_scavenged(t->heap, since,
						   t->idle - t->idle / 8);
	else
		schedule_timeout_uninterruptible(nsecs_to_jiffies(t->quiet_ns));
	t->ops = all_ops(t) - ops;
	t->ns = ktime_get_ns() - start;
	WRITE_ONCE(t->stop, true);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Time of an object over all CPUs, in thousandths, while @idle bytes go back. */
static int traffic_run(struct traffic *t, size_t idle, u64 *value)
{
	struct task_struct *task;
	int ret;

	t->idle = idle;
	t->stop = false;
	t->ret = 0;
	memset(t->count, 0, sizeof(t->count));
	ret = idle ? make_idle(t->heap, idle) : 0;
	if (ret)
		return ret;
	task = kthread_run(watch_thread, t, "spanheap_bench/watch");
	if (IS_ERR(task))
		return PTR_ERR(task);
	ret = bench_threads_run(t->nr, traffic_thread, t);
	kthread_stop(task);
	*value = div64_u64(t->ns * BENCH_SCALE, max(t->ops, 1ULL));
	return ret ?: t->ret;
}

static int measure(struct bench *b, struct traffic *t, size_t idle)
{
	struct bench_point point = {
		.variant = "quiet",
		.size = OBJECT,
		.count = idle >> 20,
		.cpus = t->nr,
		.metric = "time",
		.unit = "ns",
	};
	struct spanheap_stats stats;
	u64 values[2][BENCH_MAX_RUNS], pause;
	unsigned int run;
	int ret = 0;

	for (run = 0; run < b->options.runs && !ret; run++)
		ret = traffic_run(t, 0, &values[0][run]) ?:
		      traffic_run(t, idle, &values[1][run]) ?: bench_breathe();
	if (!ret)
		ret = bench_report(b, &point, BENCH_SPANHEAP, values[0], run);
	point.variant = "scavenging";
	if (!ret)
		ret = bench_report(b, &point, BENCH_SPANHEAP, values[1], run);
	spanheap_get_stats(t->heap, &stats);
	pause = stats.longest_pause_ns * BENCH_SCALE;
	point.metric = "longest_pause";
	return ret ?: bench_report(b, &point, BENCH_SPANHEAP, &pause, 1);
}

/**
 * bench_traffic() - run the workload
 * @b: the benchmark
 *
 * Return: 0 or a negative errno; -ENODEV on one CPU, where there is no
 * meanwhile.
 */
int bench_traffic(struct bench *b)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct traffic *t;
	int ret;

	if (num_online_cpus() < 2)
		return -ENODEV;
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	config.scavenge_idle_ms = IDLE_MS;
	t->heap = spanheap_create("bench-traffic", &config);
	if (IS_ERR(t->heap)) {
		ret = PTR_ERR(t->heap);
		goto out;
	}
	t->nr = MAX_THREADS;
	t->quiet_ns = 1000ULL * b->options.us * NSEC_PER_USEC;
	ret = measure(b, t, min_t(u64, b->options.mem / 2,
				  (u64)MAX_IDLE * IDLE_OBJECT));
	spanheap_destroy(t->heap);
out:
	kfree(t);
	return ret;
}
