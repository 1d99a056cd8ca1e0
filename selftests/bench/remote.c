// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "remote": one CPU allocates, another frees
 *
 * The objects pass through a ring, some at a time: with every one on its own,
 * the cache lines of the ring would cost more than the allocator. Each CPU's
 * cache only ever drains or only ever fills, so that objects have to find their
 * way back.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sizes.h>

#include "alloc.h"
#include "threads.h"

#define RING_SIZE	4096
#define HAND		32	/* objects handed over at once */
#define SPINS		65536	/* looks at the ring before letting others run */

struct ring {
	unsigned long head ____cacheline_aligned_in_smp;
	unsigned long tail ____cacheline_aligned_in_smp;
	const struct bench_subject *subject ____cacheline_aligned_in_smp;
	size_t size;
	unsigned long n;
	u64 start;
	u64 end;
	bool failed;
	void *slots[RING_SIZE];
};

/* Wait until the consumer has emptied a hand's worth of slots. */
static __always_inline void wait_for_room(struct ring *ring, unsigned long i)
{
	unsigned int spins = 0;

	/* Pairs with the release of tail: these slots are free. */
	while (i - smp_load_acquire(&ring->tail) > RING_SIZE - HAND) {
		cpu_relax();
		if (++spins % SPINS == 0)
			cond_resched();
	}
}

/* Wait until the producer has filled slots up to @i. False when it gave up. */
static __always_inline bool wait_for_objects(struct ring *ring,
					     unsigned long i)
{
	unsigned int spins = 0;

	/* Pairs with the release of head: these slots are filled. */
	while (smp_load_acquire(&ring->head) < i) {
		if (READ_ONCE(ring->failed))
			return false;
		cpu_relax();
		if (++spins % SPINS == 0)
			cond_resched();
	}
	return true;
}

static __always_inline int produce(const enum bench_kind kind,
				   const struct bench_subject s, void *arg,
				   struct bench_sample *unused)
{
	struct ring *ring = arg;
	unsigned long i, n = ring->n;
	size_t size = ring->size;

	ring->start = ktime_get_ns();
	for (i = 0; i < n; i++) {
		void *obj;

		if (i % HAND == 0)
			wait_for_room(ring, i);
		obj = bench_alloc(kind, &s, size);
		if (unlikely(!obj)) {
			WRITE_ONCE(ring->failed, true);
			return -ENOMEM;
		}
		ring->slots[i % RING_SIZE] = obj;
		if (i % HAND != HAND - 1)
			continue;
		/* Pairs with the acquire of head: publishes the slots. */
		smp_store_release(&ring->head, i + 1);
	}
	return 0;
}

static __always_inline int consume(const enum bench_kind kind,
				   const struct bench_subject s, void *arg,
				   struct bench_sample *unused)
{
	struct ring *ring = arg;
	unsigned long i, n = ring->n;

	for (i = 0; i < n; i++) {
		if (i % HAND == 0 && !wait_for_objects(ring, i + HAND))
			return 0;
		bench_free(kind, &s, ring->slots[i % RING_SIZE]);
		if (i % HAND != HAND - 1)
			continue;
		/* Pairs with the acquire of tail: done with the slots. */
		smp_store_release(&ring->tail, i + 1);
	}
	ring->end = ktime_get_ns();
	return 0;
}

static int remote_thread(void *arg, unsigned int index)
{
	struct ring *ring = arg;

	if (index)
		return bench_dispatch(consume, ring->subject, ring, NULL);
	return bench_dispatch(produce, ring->subject, ring, NULL);
}

static int remote_sample(const struct bench_subject *s, void *arg,
			 struct bench_sample *sample)
{
	struct ring *ring = arg;
	int ret;

	/* Until the ring is full once, nobody has to wait for anybody. */
	sample->n = round_up(max_t(unsigned long, sample->n, RING_SIZE), HAND);
	ring->subject = s;
	ring->n = sample->n;
	ring->head = 0;
	ring->tail = 0;
	ring->failed = false;

	ret = bench_threads_run(2, remote_thread, ring);
	sample->ns = ring->end - ring->start;
	sample->ops = sample->n;
	return ret;
}

int bench_remote(struct bench *b)
{
	static const size_t sizes[] = { 16, 64, 256, SZ_1K, SZ_4K };
	struct bench_point point = {
		.variant = "ring",
		.count = RING_SIZE,
		.cpus = 2,
		.metric = "time",
		.unit = "ns",
	};
	struct ring *ring;
	unsigned int i;
	int ret = 0;

	if (num_online_cpus() < 2)
		return 0;

	ring = kvzalloc(sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return -ENOMEM;

	/* Long enough that starting and stopping the threads does not show. */
	b->options.us *= 10;
	for (i = 0; i < ARRAY_SIZE(sizes) && !ret; i++) {
		if (!bench_wants(b, sizes[i]))
			continue;
		ring->size = sizes[i];
		point.size = sizes[i];
		ret = bench_compare(b, &point, BENCH_KINDS_MIXED,
				    remote_sample, ring);
	}
	kvfree(ring);
	return ret;
}
