// SPDX-License-Identifier: GPL-2.0
/*
 * A cycle of the collector: what it finds to be unreachable is freed, and nobody is
 * stopped meanwhile.
 *
 *   IDLE    no barrier: a store is a store
 *   ARMED   stores shade what they overwrite and what they store; new objects are
 *           still white; wait until no section is left that has not seen it
 *   MARK    new objects are black; roots and pins are shaded and all is marked that
 *           they lead to, while once more all sections are waited for that were open
 *   END     mark what is left, wait for stores in flight, until a wait brings nothing
 *   IDLE    with the colours exchanged, see sweep.c
 *
 * Why that is enough. An object is lost if it is white at the end and somebody can
 * still get at it: by a path from a root, or from a section that has it in a variable.
 *
 * A path. Since ARMED is seen by all, nothing that a slot ever referred to is lost: what
 * is overwritten is shaded, and what is stored as well, so whatever the order in which
 * the collector and stores come to a slot, it finds what was there or somebody shades
 * that. An object that is black from birth has no reference that was not stored in
 * it so. A load, a shade and then a store would not do: two who store to the same slot
 * may both have read the same, and nobody shades what the first has stored. Therefore
 * stores exchange.
 *
 * A variable. A section that began before MARK was seen by all may have an object that
 * is white and in no slot any more: allocated white, or loaded before a store by
 * somebody who saw no barrier yet. The second wait is for those: they end before END, and
 * what they have not stored by then nobody has. A section that begins after that finds
 * objects by paths only, which were white only if they were shaded since or will be
 * found by marking; new ones are black.
 *
 * One wait is not enough: a section that entered late may have loaded what an older one,
 * which sees no barrier, then removes: in no slot, shaded by nobody, and still held.
 *
 * The end. A store may have exchanged and not yet shaded when marking finds nothing
 * more. It has preemption off, so a grace period of RCU waits for it. If there is
 * nothing to mark after that, then no store that began before it can add anything, and
 * none after: what it may shade can be reached, and all that can be reached is marked.
 *
 * Memory ordering. A grace period is a full barrier between what was before it here and
 * what sections do that begin later, and between what sections did and what comes after
 * it here. A reference is stored by a release, after what it refers to was made; who loads
 * it depends on it. A state is changed by a compare-and-exchange with full ordering. A
 * new object's state is written after its memory, in the same section as the store that
 * lets others find it.
 *
 * selftests/model explores it, and shows for each step what goes wrong without it.
 *
 * Locks: gc->cycle, held by who makes a cycle; it takes no memory. Contexts: task, may
 * sleep, outside of sections; a kick any but NMI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/params.h"
#include "gc/gc.h"
#include "gc/managed.h"
#include "gc/phase.h"
#include "heap/contexts.h"
#include "watch/trace.h"

/* A cycle that nothing else has begun begins after this, if anything was allocated. */
#define PERIOD_S	120

struct workqueue_struct *sh_gc_wq;
EXPORT_SYMBOL_IF_KUNIT(sh_gc_wq);

static void shade_root(void *ptr, void *gc)
{
	struct spanheap *heap = ((struct sh_gc *)gc)->heap;

	sh_shade(heap, ptr, sh_word(heap));
}

static void mark(struct sh_gc *gc)
{
	struct sh_since since = sh_sections_poll(gc);

	sh_mark_begin(gc);
	sh_roots_each(gc, shade_root, gc);
	sh_mark_all(gc);
	sh_sections_wait_since(gc, since);
}

static void end_marking(struct sh_gc *gc)
{
	do {
		sh_mark_all(gc);
		sh_barriers_wait(gc);
	} while (sh_mark_has_work(gc));
}

static void count_cycle(struct sh_gc *gc, ktime_t begun, ktime_t marking)
{
	struct sh_cycle_stats *stats = &gc->stats;
	ktime_t now = ktime_get();

	stats->cycles++;
	stats->last_ns = ktime_to_ns(ktime_sub(now, begun));
	stats->mark_ns = ktime_to_ns(ktime_sub(now, marking));
	stats->total_ns += stats->last_ns;
}

/* From the beginning until all that is unreachable is known, and its sweep begins. */
static void make_cycle(struct sh_gc *gc)
{
	u8 white = sh_word_white(sh_word(gc->heap));
	ktime_t begun = ktime_get(), marking;
	unsigned long allocated;

	sh_phase_set(gc->heap, SH_PHASE_ARMED, white);
	sh_sections_wait(gc);
	sh_phase_set(gc->heap, SH_PHASE_MARK, white);
	marking = ktime_get();
	allocated = atomic_long_read(&gc->pace.allocated);
	mark(gc);
	sh_phase_set(gc->heap, SH_PHASE_END, white);
	end_marking(gc);
	allocated = atomic_long_read(&gc->pace.allocated) - allocated;
	sh_phase_set(gc->heap, SH_PHASE_IDLE, white ^ SH_OBJ_COLOUR);
	sh_pace_begin(gc, sh_mark_bytes(gc) + allocated, allocated);
	count_cycle(gc, begun, marking);
	sh_sweep_begin(gc, white);
}

/* A cycle and its sweep. */
static void cycle(struct sh_gc *gc)
{
	lockdep_assert_held(&gc->cycle);
	/* No object has the colour that is white next. */
	sh_sweep_finish(gc);
	make_cycle(gc);
	if (READ_ONCE(sh_gc_verify_cycles))
		sh_verify(gc);
	sh_sweep_finish(gc);
	gc->last = jiffies;
}

static bool is_off(struct sh_gc *gc)
{
	return READ_ONCE(gc->stopped) || READ_ONCE(gc->pace.percent) == SPANHEAP_GC_OFF;
}

/* Somebody else may have been faster. */
static bool is_time(struct sh_gc *gc)
{
	if (is_off(gc))
		return false;
	return sh_pace_is_due(gc) || xchg(&gc->wanted, false) ||
	       (time_after_eq(jiffies, gc->last + PERIOD_S * HZ) &&
		atomic_long_read(&gc->pace.allocated));
}

static void collect_work(struct work_struct *work)
{
	struct sh_gc *gc = container_of(to_delayed_work(work), struct sh_gc, work);

	mutex_lock(&gc->cycle);
	if (is_time(gc))
		cycle(gc);
	mutex_unlock(&gc->cycle);
	WRITE_ONCE(gc->armed, false);
	/* Who allocates next arms it; but some may have done so meanwhile, or want one. */
	smp_mb();
	if (!is_off(gc) && (READ_ONCE(gc->wanted) || atomic_long_read(&gc->pace.allocated)))
		sh_gc_kick(gc);
}

/* When the next cycle is to begin, jiffies from now: not at once when it is in vain. */
static unsigned long delay_of(struct sh_gc *gc)
{
	unsigned long pause = nsecs_to_jiffies(READ_ONCE(gc->stats.last_ns)) + 1;

	if (sh_pace_is_due(gc))
		return 0;
	if (!READ_ONCE(gc->wanted))
		return PERIOD_S * HZ;
	return time_before(jiffies, gc->last + pause) ? pause : 0;
}

static void kick(struct irq_work *work)
{
	struct sh_gc *gc = container_of(work, struct sh_gc, kick);

	if (is_off(gc))
		return;
	WRITE_ONCE(gc->armed, true);
	if (sh_pace_is_due(gc) || READ_ONCE(gc->wanted))
		mod_delayed_work(sh_gc_wq, &gc->work, delay_of(gc));
	else
		queue_delayed_work(sh_gc_wq, &gc->work, delay_of(gc));
}

/**
 * sh_gc_kick() - have a cycle begin when it is time
 * @gc: the collector
 *
 * Context: any but NMI.
 */
void sh_gc_kick(struct sh_gc *gc)
{
	irq_work_queue(&gc->kick);
}

/**
 * sh_gc_want() - have a cycle begin soon, for somebody who found no memory
 * @gc: the collector
 *
 * Context: any but NMI.
 */
void sh_gc_want(struct sh_gc *gc)
{
	if (is_off(gc))
		return;
	WRITE_ONCE(gc->wanted, true);
	sh_gc_kick(gc);
}

/**
 * sh_gc_collect() - make a whole cycle
 * @heap: a managed heap
 *
 * Context: task, may sleep, outside of sections.
 * Return: 0, -EDEADLK where it may not sleep, -EINTR when the task was killed, or
 * -ESHUTDOWN for a heap that its module has left behind.
 */
int sh_gc_collect(struct spanheap *heap)
{
	struct sh_gc *gc = heap->gc;
	int err = 0;

	if (!sh_may_wait("collect") || sh_section_is_open(heap, "collect"))
		return -EDEADLK;
	if (mutex_lock_killable(&gc->cycle))
		return -EINTR;
	if (READ_ONCE(gc->stopped))
		err = -ESHUTDOWN;
	else
		cycle(gc);
	mutex_unlock(&gc->cycle);
	return err;
}

/**
 * sh_gc_set_percent() - change by how much a heap may grow
 * @heap: a managed heap
 * @percent: per cent, 0 for 100, SPANHEAP_GC_OFF
 *
 * Context: any but NMI.
 */
void sh_gc_set_percent(struct spanheap *heap, unsigned int percent)
{
	WRITE_ONCE(heap->gc->pace.percent, percent ?: 100);
	sh_pace_update(heap->gc);
}

/**
 * sh_gc_limit_changed() - take a heap's limit into account
 * @heap: any heap
 *
 * Context: any but NMI.
 */
void sh_gc_limit_changed(struct spanheap *heap)
{
	if (heap->gc)
		sh_pace_update(heap->gc);
}

/**
 * sh_gc_init_cycles() - be able to make cycles
 * @gc: the collector, zeroed
 * @percent: as for sh_gc_set_percent()
 */
void sh_gc_init_cycles(struct sh_gc *gc, unsigned int percent)
{
	mutex_init(&gc->cycle);
	init_waitqueue_head(&gc->opened);
	init_llist_head(&gc->mark.grey);
	spin_lock_init(&gc->sweep.lock);
	gc->sweep.done = true;
	gc->pace.percent = percent ?: 100;
	INIT_DELAYED_WORK(&gc->work, collect_work);
	INIT_DELAYED_WORK(&gc->late, sh_sections_say_late);
	init_irq_work(&gc->kick, kick);
	sh_phase_set(gc->heap, SH_PHASE_IDLE, SH_OBJ_COLOUR_A);
	gc->last = jiffies;
	sh_pace_begin(gc, 0, 0);
}

/**
 * sh_gc_halt() - let nobody collect any more
 * @heap: any heap
 *
 * Context: task, may sleep.
 */
void sh_gc_halt(struct spanheap *heap)
{
	struct sh_gc *gc = heap->gc;

	if (!gc)
		return;
	WRITE_ONCE(gc->stopped, true);
	irq_work_sync(&gc->kick);
	cancel_delayed_work_sync(&gc->work);
	/* The work may have kicked. */
	irq_work_sync(&gc->kick);
	mutex_lock(&gc->cycle);
	mutex_unlock(&gc->cycle);
}

/**
 * sh_gc_stop() - end what makes a heap a managed one
 * @heap: a heap that is being destroyed; other heaps than managed ones are left alone
 *
 * Open sections are waited for, and what is still pinned is reported.
 *
 * Context: task, may sleep.
 */
void sh_gc_stop(struct spanheap *heap)
{
	struct sh_gc *gc = heap->gc;

	if (!gc)
		return;
	sh_gc_halt(heap);
	sh_sections_wait(gc);
	sh_pins_report(gc);
	sh_trees_free(gc);
}

/**
 * sh_gc_forget_roots() - forget the roots that lie in a module's data
 * @heap: any heap
 * @mod: the module, which is about to be freed
 *
 * Context: any but NMI.
 * Return: how many there were.
 */
unsigned long sh_gc_forget_roots(struct spanheap *heap, const struct module *mod)
{
	return heap->gc ? sh_roots_forget(heap->gc, mod) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_gc_forget_roots);

/**
 * sh_gc_init() - be able to collect
 *
 * Return: 0 or -ENOMEM.
 */
int sh_gc_init(void)
{
	/* Memory may be waiting for what is collected. */
	sh_gc_wq = sh_fault(SH_FAULT_META) ? NULL :
		   alloc_workqueue("spanheap_gc", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return sh_gc_wq ? 0 : -ENOMEM;
}

/**
 * sh_gc_exit() - undo sh_gc_init()
 */
void sh_gc_exit(void)
{
	destroy_workqueue(sh_gc_wq);
}
