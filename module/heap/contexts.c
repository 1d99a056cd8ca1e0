// SPDX-License-Identifier: GPL-2.0
/*
 * From where what may not be called: what waits, from where nobody may sleep or
 * where the wait would never end, and anything at all from an NMI. Such a call is
 * refused and reported; it does nothing.
 *
 * Reclaim is such a place. Whoever allocates may be its caller: the reader of a
 * debugfs file whose removal waits for readers, or somebody with the lock of a
 * directory, of the allocator of per-CPU memory. Who does, and what he has, cannot
 * be known in there.
 *
 *   spanheap: bad CALL: [HEAP: ]WHY; ignored, called from:
 *    ... this stack ...
 *
 * Finalizers of a heap run one after the other, so who waits for them waits for
 * the one that runs. That one may itself wait for those of another heap, and so
 * on. Each of them that waits is in a list, so that the one who would close the
 * circle is found. Only workers are listed: nobody waits for anybody else.
 *
 * Invariants: no chain of waits that begins with an entry of the list leads back
 * to its task.
 *
 * Locks: waits_lock, inside sh_heaps_lock, around none.
 *
 * Contexts: any. What is asked about waiting may be asked where nobody may wait.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irqflags.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "base/compat.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "watch/places.h"
#include "watch/stacks.h"

/* As many heaps in a chain are a circle, whatever they are: this recurses. */
#define LONGEST_CHAIN	16

static DEFINE_SPINLOCK(waits_lock);	/* for the list below */
static LIST_HEAD(waits);

static DEFINE_RATELIMIT_STATE(nmi_limit, 10 * HZ, 2);

/**
 * sh_report_nmi() - report a call from an NMI
 * @call: what was called
 */
noinline void sh_report_nmi(const char *call)
{
	/* No spinlock but those that are only tried, as in this one. */
	if (!__ratelimit(&nmi_limit))
		return;
	pr_err("bad %s: in an NMI, leave it to an irq_work; ignored, called from:\n",
	       call);
	dump_stack();
}

/* @heap may be NULL, when it is not known whether there is one. */
static void report_context(const char *call, const struct spanheap *heap,
			   const char *why)
{
	unsigned long missed;

	/* Not its address, which the next heap may have. */
	if (!sh_place_report(sh_stack_hash(), heap ? heap->id : 0, &missed))
		return;
	pr_err("bad %s: %s%s%s; ignored, called from:\n", call,
	       heap ? heap->name : "", heap ? ": " : "", why);
	dump_stack();
}

/*
 * PF_MEMALLOC alone is not reclaim: a thread that others need to write pages out,
 * such as a network block device's, has it as well.
 */
static bool in_reclaim(void)
{
	return (current->flags & PF_MEMALLOC) && current->reclaim_state;
}

/**
 * sh_may_wait() - whether the caller may wait at all
 * @call: what was called
 *
 * Return: whether; if not, that was reported. A kernel without a count of
 * preemption does not know of sections that only turn it off.
 */
bool sh_may_wait(const char *call)
{
	if (sh_refused_in_nmi(call))
		return false;
	if (preempt_count() || irqs_disabled() || rcu_preempt_depth()) {
		report_context(call, NULL,
			       "it waits, which an interrupt, an RCU callback or reader, or who has a spinlock must not: leave it to a work item");
		return false;
	}
	if (in_reclaim()) {
		report_context(call, NULL,
			       "it waits, perhaps for who waits for reclaim, so a shrinker must not: leave it to a work item");
		return false;
	}
	return true;
}

/* Whether the one who waits for @heap's finalizers waits for the caller. */
static bool leads_back(const struct spanheap *heap, unsigned int length)
{
	const struct sh_finalizer_call *by = heap->finalizers.by;
	const struct task_struct *worker;
	struct sh_wait *wait;

	worker = READ_ONCE(by[SH_FINALIZER_WORKER].task);
	if (worker == current ||
	    READ_ONCE(by[SH_FINALIZER_DESTROY].task) == current)
		return true;
	if (!worker)
		return false;
	list_for_each_entry(wait, &waits, link)
		if (wait->task == worker &&
		    (length == LONGEST_CHAIN ||
		     leads_back(wait->heap, length + 1)))
			return true;
	return false;
}

/**
 * sh_wait_begin() - ask whether to wait for the finalizers of a heap
 * @wait: to be handed to sh_wait_end(), when this says so
 * @heap: the heap
 * @call: what was called
 *
 * Return: whether; if not, that was reported: the caller is a finalizer that
 * would wait for itself.
 */
bool sh_wait_begin(struct sh_wait *wait, const struct spanheap *heap,
		   const char *call)
{
	bool back;

	wait->task = current->flags & PF_WQ_WORKER ? current : NULL;
	wait->heap = heap;
	spin_lock(&waits_lock);
	back = leads_back(heap, 1);
	if (!back && wait->task)
		list_add(&wait->link, &waits);
	spin_unlock(&waits_lock);
	if (back)
		report_context(call, heap,
			       "a finalizer must not wait for itself: leave it to a work item");
	return !back;
}

/**
 * sh_wait_end() - undo sh_wait_begin(), which has said yes
 * @wait: the wait
 */
void sh_wait_end(struct sh_wait *wait)
{
	if (!wait->task)
		return;
	spin_lock(&waits_lock);
	list_del(&wait->link);
	spin_unlock(&waits_lock);
}
