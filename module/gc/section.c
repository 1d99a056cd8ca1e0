// SPDX-License-Identifier: GPL-2.0
/*
 * Sections: between spanheap_enter() and spanheap_leave() what a caller has loaded from
 * a managed heap, or allocated, stays. They are read-side sections of RCU or, where one
 * may sleep in them, of SRCU, so a grace period tells that all have ended that were open.
 * Where they are SRCU's one of RCU is waited for as well: that of who adds or removes a
 * root or a pin, which one may do outside of sections.
 *
 * That is what stands for a stopped world here: no stack is scanned, since whoever
 * could have an unmarked object on his is waited for.
 *
 * A closed heap lets nobody in, and once it is closed nobody is inside: for the
 * verifying mode. A section within another is treated as any. Who waits in one for
 * another that waits to get in would wait for ever: so a heap that is not closed after
 * some seconds is opened again.
 *
 * Locks: none. Contexts: sections any but NMI; who waits task, may sleep, outside of
 * sections.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/debug.h>

#include "base/compat.h"
#include "gc/managed.h"
#include "gc/phase.h"
#include "watch/places.h"
#include "watch/stacks.h"

/* A grace period that takes longer than this is worth a line. */
#define LATE_MS		1000

/* How long a heap may be about to be closed. */
#define CLOSE_MS	3000

/**
 * sh_sections_say_late() - say that a grace period takes long
 * @work: of a managed heap
 */
void sh_sections_say_late(struct work_struct *work)
{
	struct sh_gc *gc = container_of(to_delayed_work(work), struct sh_gc, late);

	gc->stats.late++;
	pr_warn_ratelimited("heap %s: a section is open for more than %d ms, and keeps garbage from being freed; find the spanheap_enter() without its spanheap_leave(), or what takes so long in between\n",
			    gc->heap->name, LATE_MS);
}

static ktime_t begin_wait(struct sh_gc *gc)
{
	queue_delayed_work(sh_gc_wq, &gc->late, msecs_to_jiffies(LATE_MS));
	return ktime_get();
}

static void end_wait(struct sh_gc *gc, ktime_t begun)
{
	u64 ns = ktime_to_ns(ktime_sub(ktime_get(), begun));

	cancel_delayed_work_sync(&gc->late);
	if (ns > gc->stats.longest_wait_ns)
		WRITE_ONCE(gc->stats.longest_wait_ns, ns);
}

/**
 * sh_sections_wait() - wait until all sections have ended that are open now
 * @gc: the collector; the caller holds its cycle
 *
 * Context: task, may sleep.
 */
void sh_sections_wait(struct sh_gc *gc)
{
	ktime_t begun = begin_wait(gc);

	if (sh_gc_sleeps(gc->heap))
		synchronize_srcu(&gc->srcu);
	synchronize_rcu();
	end_wait(gc, begun);
}

/**
 * sh_sections_poll() - begin to wait
 * @gc: the collector
 *
 * Return: for sh_sections_wait_since().
 */
struct sh_since sh_sections_poll(struct sh_gc *gc)
{
	struct sh_since since = { .rcu = start_poll_synchronize_rcu() };

	if (sh_gc_sleeps(gc->heap))
		since.srcu = start_poll_synchronize_srcu(&gc->srcu);
	return since;
}

/**
 * sh_sections_wait_since() - wait until all sections have ended that were open
 * @gc: the collector; the caller holds its cycle
 * @since: what sh_sections_poll() has returned then
 *
 * If they have not by now, those that are open now are waited for.
 *
 * Context: task, may sleep.
 */
void sh_sections_wait_since(struct sh_gc *gc, struct sh_since since)
{
	ktime_t begun = begin_wait(gc);

	if (sh_gc_sleeps(gc->heap) &&
	    !poll_state_synchronize_srcu(&gc->srcu, since.srcu))
		synchronize_srcu(&gc->srcu);
	cond_synchronize_rcu(since.rcu);
	end_wait(gc, begun);
}

/**
 * sh_barriers_wait() - wait until all stores have shaded that have begun
 * @gc: the collector; the caller holds its cycle
 *
 * They do so with preemption off, or in an RCU read-side section.
 *
 * Context: task, may sleep.
 */
void sh_barriers_wait(struct sh_gc *gc)
{
	ktime_t begun = begin_wait(gc);

	synchronize_rcu();
	end_wait(gc, begun);
}

/* To sparse nothing is held: whose end it is it could not tell. */
static int begin_read(struct spanheap *heap)
{
	int idx = 0;

	if (sh_gc_sleeps(heap)) {
		idx = srcu_read_lock(&heap->gc->srcu);
		__release(&heap->gc->srcu);
	} else {
		rcu_read_lock();
		__release(RCU);
	}
	return idx;
}

static void end_read(struct spanheap *heap, int idx)
{
	if (sh_gc_sleeps(heap)) {
		__acquire(&heap->gc->srcu);
		srcu_read_unlock(&heap->gc->srcu, idx);
		return;
	}
	__acquire(RCU);
	rcu_read_unlock();
}

static bool is_closed(const struct spanheap *heap)
{
	return sh_word(heap) & __SPANHEAP_CLOSED;
}

/**
 * sh_section_enter() - begin a section, with all that the fast path leaves out
 * @heap: the heap
 *
 * Return: as spanheap_enter().
 */
int sh_section_enter(struct spanheap *heap)
{
	int idx;

	for (;;) {
		idx = begin_read(heap);
		if (likely(!is_closed(heap)))
			return idx;
		end_read(heap, idx);
		if (!preemptible() || rcu_preempt_depth())
			return -EBUSY;
		wait_event(heap->gc->opened, !is_closed(heap));
	}
}

/**
 * sh_section_leave() - end a section
 * @heap: the heap
 * @idx: what sh_section_enter() returned
 */
void sh_section_leave(struct spanheap *heap, int idx)
{
	end_read(heap, idx);
}

/**
 * sh_sections_open() - undo sh_sections_close()
 * @gc: the collector
 */
void sh_sections_open(struct sh_gc *gc)
{
	/* What was looked at meanwhile was looked at before. */
	smp_store_release(&gc->heap->phase, gc->heap->phase & ~__SPANHEAP_CLOSED);
	wake_up_all(&gc->opened);
}

/**
 * sh_sections_close() - let nobody begin a section, and wait until all have ended
 * @gc: the collector; the caller holds its cycle
 *
 * Not for ever, where sections may sleep: one may wait for somebody who would begin one.
 *
 * Context: task, may sleep.
 * Return: whether the heap is closed.
 */
bool sh_sections_close(struct sh_gc *gc)
{
	unsigned long since, end = jiffies + msecs_to_jiffies(CLOSE_MS);

	WRITE_ONCE(gc->heap->phase, gc->heap->phase | __SPANHEAP_CLOSED);
	synchronize_rcu();
	if (!sh_gc_sleeps(gc->heap))
		return true;
	since = start_poll_synchronize_srcu(&gc->srcu);
	while (!poll_state_synchronize_srcu(&gc->srcu, since)) {
		if (time_after(jiffies, end)) {
			sh_sections_open(gc);
			return false;
		}
		usleep_range(500, 2000);
	}
	return true;
}

static bool is_in_section(struct spanheap *heap)
{
	return sh_gc_sleeps(heap) ? srcu_read_lock_held(&heap->gc->srcu) :
				    rcu_read_lock_held();
}

/**
 * sh_section_is_open() - report who waits for sections in one, where the kernel can tell
 * @heap: the heap
 * @call: what he has called
 *
 * Where one must not sleep in a section it is said otherwise.
 *
 * Return: whether he is in one.
 */
bool sh_section_is_open(struct spanheap *heap, const char *call)
{
	if (!IS_ENABLED(CONFIG_PROVE_RCU) || !sh_gc_sleeps(heap) || !is_in_section(heap))
		return false;
	pr_err("bad %s: heap %s: in a section, whose end it would wait for; ignored, called from:\n",
	       call, heap->name);
	dump_stack();
	return true;
}

/**
 * sh_section_expect() - report who is not in a section, where the kernel can tell
 * @heap: the heap
 * @call: what he has called
 *
 * Kernels with CONFIG_PROVE_RCU can.
 *
 * Return: whether he is.
 */
bool sh_section_expect(struct spanheap *heap, const char *call)
{
	unsigned long missed;

	if (!IS_ENABLED(CONFIG_PROVE_RCU) || is_in_section(heap))
		return true;
	atomic_long_inc(&heap->bad_frees);
	if (!sh_place_report(sh_stack_hash(), heap->id, &missed))
		return false;
	pr_err("bad %s: heap %s: not between spanheap_enter() and spanheap_leave(): the object may be gone; called from:\n",
	       call, heap->name);
	dump_stack();
	return false;
}
