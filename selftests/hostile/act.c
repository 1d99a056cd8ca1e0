// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - where the wrong call is made: in a task, a softirq or a hard
 * interrupt, on this CPU or another
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "hostile.h"

struct act {
	enum hostile_context context;
	void (*fn)(void *arg);
	void *arg;
	struct tasklet_struct soft;
	struct irq_work hard;
};

static void soft_fn(struct tasklet_struct *soft)
{
	struct act *act = container_of(soft, struct act, soft);

	act->fn(act->arg);
}

static void hard_fn(struct irq_work *hard)
{
	struct act *act = container_of(hard, struct act, hard);

	act->fn(act->arg);
}

static long act_here(void *arg)
{
	struct act *act = arg;

	switch (act->context) {
	case HOSTILE_SOFTIRQ:
		tasklet_setup(&act->soft, soft_fn);
		tasklet_schedule(&act->soft);
		tasklet_kill(&act->soft);	/* waits until it has run */
		break;
	case HOSTILE_HARDIRQ:
		init_irq_work(&act->hard, hard_fn);
		irq_work_queue(&act->hard);
		irq_work_sync(&act->hard);
		break;
	default:
		act->fn(act->arg);
	}
	return 0;
}

/**
 * hostile_do() - call something in the context under test, and wait for it
 * @h: says which
 * @fn: what to call
 * @arg: with what
 */
void hostile_do(struct hostile *h, void (*fn)(void *arg), void *arg)
{
	struct act act = { .context = h->context, .fn = fn, .arg = arg };

	act_here(&act);
}

/**
 * hostile_do_on() - the same on a CPU
 * @h: says which context
 * @cpu: the CPU, online
 * @fn: what to call
 * @arg: with what
 */
void hostile_do_on(struct hostile *h, int cpu, void (*fn)(void *arg), void *arg)
{
	struct act act = { .context = h->context, .fn = fn, .arg = arg };

	EXPECT(!work_on_cpu(cpu, act_here, &act));
}

/* A CPU that this task does not run on now; this one when there is no other. */
int hostile_other_cpu(void)
{
	int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	return cpu < nr_cpu_ids ? cpu : raw_smp_processor_id();
}

void hostile_free_now(void *ptr)
{
	spanheap_free(ptr);
}

/* The usual wrong call. */
void hostile_free(struct hostile *h, const void *ptr)
{
	hostile_do(h, hostile_free_now, (void *)ptr);
}

static void free_pages_now(void *ptr)
{
	spanheap_free_pages(ptr);
}

void hostile_free_pages(struct hostile *h, void *ptr)
{
	hostile_do(h, free_pages_now, ptr);
}

static bool has_word(const void *ptr, size_t bytes)
{
	return bytes >= sizeof(u64) && IS_ALIGNED((unsigned long)ptr, sizeof(u64));
}

/*
 * Of these the compiler knows nothing, and KASAN names them, once for each
 * access.
 */
noinline void hostile_write(void *ptr, size_t bytes)
{
	void *end = ptr + bytes;

	for (; has_word(ptr, end - ptr); ptr += sizeof(u64))
		WRITE_ONCE(*(u64 *)ptr, 0xbdbdbdbdbdbdbdbdULL);
	for (; ptr < end; ptr++)
		WRITE_ONCE(*(u8 *)ptr, 0xbd);
}

noinline void hostile_read(const void *ptr, size_t bytes)
{
	const void *end = ptr + bytes;

	for (; has_word(ptr, end - ptr); ptr += sizeof(u64))
		READ_ONCE(*(const u64 *)ptr);
	for (; ptr < end; ptr++)
		READ_ONCE(*(const u8 *)ptr);
}
