// SPDX-License-Identifier: GPL-2.0
/*
 * The list of all heaps, and visits: who goes through them, which reclaim does, has
 * no lock meanwhile, however long it takes at each.
 *
 * A heap that is visited stays, and stays in the list, so that a visit leads on to
 * the next. Whoever destroys a heap lets no more visits begin, waits for those that
 * there are, and then takes it out. The struct itself stays for a grace period.
 *
 * Invariants: a heap in the list has visits + 1 in its count, less that 1 once
 * somebody waits for visits to end.
 *
 * Locks: sh_heaps_lock, inside profile.c's rate_lock only, for changes of the list;
 * who only visits takes none. lockdep is told that a visit is a lock which is held, and
 * which the end of a heap waits for.
 *
 * Contexts: visits any but NMI, reclaim as well; changes task, may sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/rwsem.h>
#include <linux/string.h>
#include <linux/wait_bit.h>

#include "base/compat.h"
#include "base/params.h"
#include "heap/heap.h"
#include "heap/registry.h"

DECLARE_RWSEM(sh_heaps_lock);	/* for changes of the list below */
static LIST_HEAD(heaps);

/* What a heap of NULL means. */
struct spanheap *sh_default_heap __read_mostly;
EXPORT_SYMBOL_IF_KUNIT(sh_default_heap);

#ifdef CONFIG_LOCKDEP
static struct lock_class_key visit_key;
static struct lockdep_map visit_map =
	STATIC_LOCKDEP_MAP_INIT("spanheap_visit", &visit_key);

/* Nobody waits to begin one. */
static void note_visit(void)
{
	rwsem_acquire_read(&visit_map, 0, 1, _RET_IP_);
}

static void note_leave(void)
{
	rwsem_release(&visit_map, _RET_IP_);
}

static void note_wait(void)
{
	rwsem_acquire(&visit_map, 0, 0, _RET_IP_);
	rwsem_release(&visit_map, _RET_IP_);
}
#else
static inline void note_visit(void) { }
static inline void note_leave(void) { }
static inline void note_wait(void) { }
#endif

/**
 * sh_heaps_find() - the heap of a name
 * @name: the name
 *
 * Context: sh_heaps_lock is held.
 * Return: the heap or NULL.
 */
struct spanheap *sh_heaps_find(const char *name)
{
	struct spanheap *heap;

	lockdep_assert_held(&sh_heaps_lock);
	list_for_each_entry(heap, &heaps, link)
		if (!strcmp(heap->name, name))
			return heap;
	return NULL;
}

/**
 * sh_heaps_have() - whether an address is that of a heap
 * @heap: the address; nothing is looked at there
 *
 * Context: sh_heaps_lock is held.
 * Return: whether it is.
 */
bool sh_heaps_have(const struct spanheap *heap)
{
	struct spanheap *each;

	lockdep_assert_held(&sh_heaps_lock);
	list_for_each_entry(each, &heaps, link)
		if (each == heap)
			return true;
	return false;
}

/**
 * sh_heaps_add() - list a heap
 * @heap: a heap whose name no other has
 *
 * Context: sh_heaps_lock is held for writing.
 */
void sh_heaps_add(struct spanheap *heap)
{
	lockdep_assert_held_write(&sh_heaps_lock);
	atomic_set(&heap->visits, 1);
	list_add_tail_rcu(&heap->link, &heaps);
}

static void wait_for_visits(struct spanheap *heap)
{
	note_wait();
	WRITE_ONCE(heap->ending, true);
	if (atomic_dec_and_test(&heap->visits))
		return;
	if (wait_var_event_timeout(&heap->visits,
				   !atomic_read_acquire(&heap->visits),
				   SH_SILENCE_S * HZ))
		return;
	pr_warn("heap %s: to destroy it, waiting for whoever is at all heaps, for %d s so far: reclaim, a CPU that goes offline, a change of profile_rate or of fail_spanheap, or a module that is unloaded\n",
		heap->name, SH_SILENCE_S);
	wait_var_event(&heap->visits, !atomic_read_acquire(&heap->visits));
}

/**
 * sh_heaps_remove() - list a heap no more
 * @heap: a heap that is listed and that one caller only destroys
 *
 * Context: task, may sleep, not in a visit.
 */
void sh_heaps_remove(struct spanheap *heap)
{
	wait_for_visits(heap);
	down_write(&sh_heaps_lock);
	list_del_rcu(&heap->link);
	up_write(&sh_heaps_lock);
}

/* Of a heap that is about to go, only the link to the next is looked at. */
static struct spanheap *next_after(struct list_head *link)
{
	struct spanheap *heap;

	rcu_read_lock();
	for (link = rcu_dereference(list_next_rcu(link)); link != &heaps;
	     link = rcu_dereference(list_next_rcu(link))) {
		heap = list_entry(link, struct spanheap, link);
		if (!READ_ONCE(heap->ending) &&
		    atomic_inc_not_zero(&heap->visits)) {
			rcu_read_unlock();
			return heap;
		}
	}
	rcu_read_unlock();
	return NULL;
}

/**
 * sh_heaps_visit() - begin a visit of the next heap
 * @last: the heap that is visited until then, NULL to begin with the oldest
 *
 * A loop of these visits all heaps; who breaks out of it calls sh_heap_leave().
 * Heaps that are being destroyed are left out towards the end of that.
 *
 * Context: any but NMI.
 * Return: a heap, which stays until it is left, or NULL when there are no more.
 */
struct spanheap *sh_heaps_visit(struct spanheap *last)
{
	struct spanheap *heap = next_after(last ? &last->link : &heaps);

	if (last)
		sh_heap_leave(last);
	if (heap)
		note_visit();
	return heap;
}
EXPORT_SYMBOL_IF_KUNIT(sh_heaps_visit);

/**
 * sh_heap_leave() - end a visit
 * @heap: the heap
 *
 * Context: any but NMI.
 */
void sh_heap_leave(struct spanheap *heap)
{
	note_leave();
	/* From here on only its address is used. */
	if (atomic_dec_and_test(&heap->visits))
		wake_up_var(&heap->visits);
}
EXPORT_SYMBOL_IF_KUNIT(sh_heap_leave);
