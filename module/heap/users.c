// SPDX-License-Identifier: GPL-2.0
/*
 * Who is allocating while a heap is destroyed: a mistake of theirs, which is
 * refused and reported for as long as there is a heap to refuse it.
 *
 * Allocations past the fast path count themselves, on the CPU they begin and on
 * the one they end on. Closing a heap marks it, waits until all have ended that
 * may not have seen the mark, and empties the caches for good: then the fast path
 * finds nothing either. (SRCU does the same; its counts are changed with
 * interrupts off where a CPU cannot add to memory in one instruction, and that
 * takes a host call in User-Mode Linux.)
 *
 * Locks: none. Contexts: entering any, from an NMI in vain; leaving any but that;
 * closing task, may sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "base/params.h"
#include "cache/drain.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "heap/users.h"

static DEFINE_RATELIMIT_STATE(refuse_limit, HZ, 5);

static void report_refused(const struct spanheap *heap)
{
	if (!__ratelimit(&refuse_limit))
		return;
	pr_err("heap %s: allocation refused: the heap is being destroyed; stop its users first, such as this one:\n",
	       heap->name);
	dump_stack();
}

/**
 * sh_users_enter() - start to allocate past the fast path
 * @heap: the heap
 *
 * Return: whether to go on, and then to call sh_users_leave(); false when the
 * heap is being destroyed, or this is an NMI, which was reported.
 */
bool sh_users_enter(struct spanheap *heap)
{
	sh_inflight_begin(&heap->rcs);
	/* Either the mark is seen here, or the count by who made it. */
	smp_mb__after_atomic();
	if (likely(!READ_ONCE(heap->closed) && !in_nmi()))
		return true;
	if (!sh_refused_in_nmi("alloc"))
		report_refused(heap);
	sh_inflight_end(&heap->rcs);
	return false;
}

/**
 * sh_users_leave() - end what sh_users_enter() started
 * @heap: the heap
 */
void sh_users_leave(struct spanheap *heap)
{
	sh_inflight_end(&heap->rcs);
}

/* Wait until no allocation is under way, and say so if that takes long. */
static void wait_for_users(struct spanheap *heap)
{
	unsigned long end = jiffies + SH_SILENCE_S * HZ;
	bool said = false;

	while (sh_inflight_any(&heap->rcs)) {
		schedule_timeout_uninterruptible(1);
		if (said || time_before(jiffies, end))
			continue;
		pr_warn("heap %s: to destroy it, waiting for an allocation or a free that has begun, for %d s so far\n",
			heap->name, SH_SILENCE_S);
		said = true;
	}
}

/**
 * sh_users_close() - let nobody allocate from a heap any more
 * @heap: the heap
 *
 * When it returns no allocation is under way.
 */
void sh_users_close(struct spanheap *heap)
{
	WRITE_ONCE(heap->closed, true);
	smp_mb();	/* see sh_users_enter() */
	wait_for_users(heap);
	/* What is freed from now on is not cached. */
	WRITE_ONCE(heap->caches.max_bytes, 0);
	sh_drain_last(heap->drains);
}
