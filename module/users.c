// SPDX-License-Identifier: GPL-2.0
/*
 * Who is allocating while a heap is destroyed: a mistake of theirs, which is
 * refused and reported for as long as there is a heap to refuse it.
 *
 * Allocations past the fast path are SRCU readers, which may sleep and be in
 * interrupts. Closing a heap marks it, waits for those that may not have seen the
 * mark, and empties the caches for good: then the fast path finds nothing either.
 * One srcu_struct serves all heaps, since waiting for others does no harm.
 *
 * Locks: none of its own. Contexts: entering and leaving any but NMI; closing
 * task, may sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/srcu.h>

#include "compat.h"
#include "drain.h"
#include "heap.h"

DEFINE_STATIC_SRCU(users);

static DEFINE_RATELIMIT_STATE(refuse_limit, HZ, 5);

static void report(const struct spanheap *heap)
{
	if (!__ratelimit(&refuse_limit))
		return;
	pr_err("heap %s: allocation refused: the heap is being destroyed; stop who uses it, see below, before that\n",
	       heap->name);
	dump_stack();
}

/**
 * sh_users_enter() - start to allocate past the fast path
 * @heap: the heap
 *
 * Return: what to give to sh_users_leave() afterwards, or a negative number when
 * the heap is being destroyed, which was reported.
 */
int sh_users_enter(struct spanheap *heap)
	__acquires(&users)
{
	int idx = srcu_read_lock(&users);

	if (likely(!READ_ONCE(heap->closed)))
		return idx;
	srcu_read_unlock(&users, idx);
	__acquire(&users);	/* sparse knows no "only if" */
	report(heap);
	return -ESHUTDOWN;
}

/**
 * sh_users_leave() - end what sh_users_enter() started
 * @idx: what that returned, not negative
 */
void sh_users_leave(int idx)
	__releases(&users)
{
	srcu_read_unlock(&users, idx);
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
	synchronize_srcu_expedited(&users);
	/* What is freed from now on is not cached. */
	WRITE_ONCE(heap->caches.max_bytes, 0);
	sh_drain_all(heap->scavenger.drains);
}
