// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - allocate and free wherever kmalloc() and kfree() may be
 * called, on every CPU at once
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/workqueue.h>

#include "client.h"

#define ATOMIC	(GFP_ATOMIC | __GFP_NOWARN)

/* An object that knows what it must contain. */
struct parcel {
	u32 size;
	u32 seed;
	u8 data[];
};

static struct parcel *parcel_make(struct spanheap *heap, gfp_t gfp)
{
	u32 seed = get_random_u32();
	u32 size = sizeof(struct parcel) + (seed & 15 ? seed % 500 : seed % SZ_64K);
	struct parcel *p = spanheap_alloc(heap, size, gfp);

	if (p) {
		p->size = size;
		p->seed = seed;
		client_fill(p->data, size - sizeof(*p), seed);
	}
	return p;
}

static void parcel_free(struct parcel *p)
{
	if (!p)
		return;
	EXPECT(client_filled(p->data, p->size - sizeof(*p), p->seed));
	spanheap_free(p);
}

/* Threads and interrupts of all CPUs put parcels here and take others out. */
struct exchange {
	struct spanheap *heap;
	atomic_t made;
	struct parcel *shelf[64];
};

static void exchange_one(struct exchange *x, gfp_t gfp)
{
	struct parcel *p = parcel_make(x->heap, gfp);

	if (!p)
		return;
	atomic_inc(&x->made);
	p = xchg(&x->shelf[get_random_u32() % ARRAY_SIZE(x->shelf)], p);
	parcel_free(p);
}

static void exchange_close(struct exchange *x)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(x->shelf); i++)
		parcel_free(x->shelf[i]);
	EXPECT(atomic_read(&x->made) > 0);
}

struct irq_call {
	struct irq_work work;
	void (*fn)(void *arg);
	void *arg;
};

static void irq_call_fn(struct irq_work *work)
{
	struct irq_call *call = container_of(work, struct irq_call, work);

	call->fn(call->arg);
}

static long queue_irq_call(void *arg)
{
	struct irq_call *call = arg;

	irq_work_queue(&call->work);
	irq_work_sync(&call->work);
	return 0;
}

void client_in_hardirq(int cpu, void (*fn)(void *arg), void *arg)
{
	struct irq_call call = { .fn = fn, .arg = arg };

	init_irq_work(&call.work, irq_call_fn);
	EXPECT(!work_on_cpu(cpu, queue_irq_call, &call));
}

struct hard {
	struct irq_work work;
	struct exchange x;
};

static void hard_fn(struct irq_work *work)
{
	struct hard *h = container_of(work, struct hard, work);
	int i;

	for (i = 0; i < 4; i++)
		exchange_one(&h->x, ATOMIC);
}

static void hardirq(struct spanheap *heap)
{
	struct hard h = { .x.heap = heap };
	int i;

	init_irq_work(&h.work, hard_fn);
	for (i = 0; i < 200; i++) {
		irq_work_queue(&h.work);
		exchange_one(&h.x, GFP_KERNEL);
		irq_work_sync(&h.work);
	}
	exchange_close(&h.x);
}

struct soft {
	struct tasklet_struct tasklet;
	struct exchange x;
};

static void soft_fn(struct tasklet_struct *t)
{
	struct soft *s = container_of(t, struct soft, tasklet);
	int i;

	for (i = 0; i < 4; i++)
		exchange_one(&s->x, ATOMIC);
}

static void softirq(struct spanheap *heap)
{
	struct soft s = { .x.heap = heap };
	int i;

	tasklet_setup(&s.tasklet, soft_fn);
	for (i = 0; i < 200; i++) {
		tasklet_schedule(&s.tasklet);
		exchange_one(&s.x, GFP_KERNEL);
	}
	tasklet_kill(&s.tasklet);
	exchange_close(&s.x);
}

/* Interrupts off, preemption off, under a spinlock: never sleep there. */
static void atomic_sections(struct spanheap *heap)
{
	struct exchange x = { .heap = heap };
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;
	int i;

	for (i = 0; i < 300; i++) {
		spin_lock_irqsave(&lock, flags);
		exchange_one(&x, ATOMIC);
		spin_unlock_irqrestore(&lock, flags);

		spin_lock_bh(&lock);
		exchange_one(&x, GFP_NOWAIT | __GFP_NOWARN);
		spin_unlock_bh(&lock);

		rcu_read_lock();
		exchange_one(&x, ATOMIC);
		rcu_read_unlock();
	}
	exchange_close(&x);
}

static void exchange_irq(void *x)
{
	exchange_one(x, ATOMIC);
}

static int exchange_thread(void *x)
{
	int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 50; i++)
			exchange_one(x, GFP_KERNEL);
		cond_resched();
	}
	return 0;
}

static struct task_struct *start_on(int cpu, struct exchange *x)
{
	struct task_struct *task;

	task = kthread_create(exchange_thread, x, "spanheap_client/%d", cpu);
	if (!IS_ERR(task)) {
		kthread_bind(task, cpu);
		wake_up_process(task);
	}
	return task;
}

/* A thread on each CPU, interrupted by allocations in hard interrupts. */
static void threads(struct spanheap *heap)
{
	unsigned long end = jiffies + HZ;
	struct task_struct *tasks[8];
	struct exchange x = { .heap = heap };
	int cpu, nr = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		if (nr == ARRAY_SIZE(tasks))
			break;
		tasks[nr] = start_on(cpu, &x);
		if (EXPECT(!IS_ERR(tasks[nr])))
			nr++;
	}
	cpus_read_unlock();

	while (time_before(jiffies, end)) {
		cpus_read_lock();
		for_each_online_cpu(cpu)
			client_in_hardirq(cpu, exchange_irq, &x);
		cpus_read_unlock();
		usleep_range(500, 1000);
	}
	while (nr--)
		EXPECT(kthread_stop(tasks[nr]) == 0);
	exchange_close(&x);
}

struct batch {
	unsigned int nr;
	void **objs;
};

static void batch_free(void *info)
{
	struct batch *b = info;

	spanheap_free_bulk(b->nr, b->objs);
}

/* Allocated here, freed there, on each CPU in turn; again and again. */
static void other_cpu(struct spanheap *heap)
{
	enum { NR = 500 };
	struct batch b = { .nr = NR };
	struct spanheap_stats s;
	int cpu, round;

	b.objs = spanheap_alloc_array(heap, NR, sizeof(*b.objs), GFP_KERNEL);
	if (!EXPECT(b.objs))
		return;
	cpus_read_lock();
	for (round = 0; round < 5; round++) {
		for_each_online_cpu(cpu) {
			EXPECT(spanheap_alloc_bulk(heap, 128, GFP_KERNEL, NR,
						   b.objs) == NR);
			client_in_hardirq(cpu, batch_free, &b);
			spanheap_get_stats(heap, &s);
			EXPECT(s.objects == 1);
		}
	}
	cpus_read_unlock();

	/* What one CPU freed the others could use: nothing piled up. */
	EXPECT(s.in_use < 4 * NR * 128 * num_online_cpus());
	spanheap_free(b.objs);
}

const struct client_test client_context_tests[] = {
	{ "context_hardirq", hardirq },
	{ "context_softirq", softirq },
	{ "context_atomic", atomic_sections },
	{ "context_threads", threads },
	{ "context_other_cpu", other_cpu },
	{ }
};
