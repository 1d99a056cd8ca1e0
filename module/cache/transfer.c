// SPDX-License-Identifier: GPL-2.0
/*
 * Free objects on their way from one CPU to another. Where one CPU allocates and
 * another frees, every object goes all the way round: the one's cache runs empty
 * as the other's overflows. What overflows is left here for who comes next, so
 * that neither CPU touches the records of the spans, which the other has just
 * written to. (TCMalloc has its transfer caches for this, SLUB the sheaves in a
 * node's barn.)
 *
 * There is one for each size class of a heap. Objects are left in it only on
 * another CPU than the one that came for some last: who allocates and frees on
 * the same CPU has no use for it, it would keep spans from draining. It has room
 * for none at first; capacity.c gives it more as long as what is left is taken.
 * What nobody used for a while is emptied.
 *
 * The objects are SH_OBJ_CACHED, as in a CPU's cache.
 *
 * Locks: transfer->lock, inside of which no other is taken. It is held with
 * interrupts on, for the time of a copy, and an interrupt may find it held by
 * whom it interrupted. So everybody only tries for a while, and who does not get
 * it goes to the central list, as when there is nothing here. It is a raw lock:
 * a CPU's cache is in use around it, where PREEMPT_RT must not sleep either.
 *
 * Contexts: any but NMI, except where a function says otherwise.
 */
#include <linux/minmax.h>
#include <linux/processor.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/compat.h"
#include "cache/transfer.h"

/* How often to look: for longer than it takes to copy a batch. */
#define TRIES		200

/* Wait until nobody has the lock, but not for ever. */
static void wait_for_lock(struct sh_transfer *transfer)
{
	unsigned int i;

	for (i = 0; i < TRIES && raw_spin_is_locked(&transfer->lock); i++)
		cpu_relax();
}

static void set_nr(struct sh_transfer *transfer, unsigned int nr)
{
	WRITE_ONCE(transfer->nr, nr);
	transfer->used = true;
}

/**
 * sh_transfer_init() - make one that has no room yet
 * @transfer: all zeroes
 */
void sh_transfer_init(struct sh_transfer *transfer)
{
	raw_spin_lock_init(&transfer->lock);
	transfer->taker = SH_NO_TAKER;
}
EXPORT_SYMBOL_IF_KUNIT(sh_transfer_init);

/**
 * sh_transfer_exit() - free it; the objects in it go with their spans
 * @transfer: which; nobody uses it any more
 */
void sh_transfer_exit(struct sh_transfer *transfer)
{
	kfree(transfer->entry);
}
EXPORT_SYMBOL_IF_KUNIT(sh_transfer_exit);

/**
 * sh_transfer_put() - leave objects for another CPU
 * @transfer: where
 * @end: where the entries of the objects end, SH_OBJ_CACHED
 * @nr: how many at most
 *
 * Return: how many, the last ones before @end; 0 when there is no room or
 * somebody else is at it.
 */
unsigned int sh_transfer_put(struct sh_transfer *transfer,
			     const struct sh_entry *end, unsigned int nr)
{
	if (READ_ONCE(transfer->nr) >= READ_ONCE(transfer->max))
		return 0;
	wait_for_lock(transfer);
	if (!raw_spin_trylock(&transfer->lock))
		return 0;
	nr = min(nr, transfer->max - transfer->nr);
	if (nr) {
		sh_entries_copy(transfer->entry + transfer->nr, end - nr, nr);
		set_nr(transfer, transfer->nr + nr);
		transfer->flushes++;
	}
	raw_spin_unlock(&transfer->lock);
	return nr;
}
EXPORT_SYMBOL_IF_KUNIT(sh_transfer_put);

/**
 * sh_transfer_get() - take objects, those that came last
 * @transfer: from where
 * @entries: where to put them
 * @nr: how many at most
 *
 * Return: how many; 0 when there are none or somebody else is at it.
 */
unsigned int sh_transfer_get(struct sh_transfer *transfer,
			     struct sh_entry *entries, unsigned int nr)
{
	if (!READ_ONCE(transfer->nr))
		return 0;
	wait_for_lock(transfer);
	if (!raw_spin_trylock(&transfer->lock))
		return 0;
	nr = min(nr, transfer->nr);
	if (nr) {
		set_nr(transfer, transfer->nr - nr);
		sh_entries_copy(entries, transfer->entry + transfer->nr, nr);
		transfer->taken = true;
		transfer->refills++;
	}
	raw_spin_unlock(&transfer->lock);
	return nr;
}
EXPORT_SYMBOL_IF_KUNIT(sh_transfer_get);

/**
 * sh_transfer_enlarge() - give it more room
 * @transfer: which
 * @array: the room
 * @now: for how many objects it has been, as the caller saw it
 * @max: for how many @array is, more than that
 *
 * Return: the array that is not needed any more; @array itself when somebody else
 * was at it meanwhile.
 */
struct sh_entry *sh_transfer_enlarge(struct sh_transfer *transfer,
				     struct sh_entry *array, unsigned int now,
				     unsigned int max)
{
	struct sh_entry *old = array;

	wait_for_lock(transfer);
	if (!raw_spin_trylock(&transfer->lock))
		return array;
	if (transfer->max == now) {
		old = transfer->entry;
		if (transfer->nr)
			memcpy(array, old, transfer->nr * sizeof(*array));
		transfer->entry = array;
		transfer->taken = false;
		WRITE_ONCE(transfer->max, max);
	}
	raw_spin_unlock(&transfer->lock);
	return old;
}
EXPORT_SYMBOL_IF_KUNIT(sh_transfer_enlarge);

/**
 * sh_transfer_lock() - keep all others off
 * @transfer: which
 *
 * They go by way of the spans meanwhile; preemption is off.
 *
 * Context: task.
 */
void sh_transfer_lock(struct sh_transfer *transfer)
	__acquires(&transfer->lock)
{
	/* A task interrupted nobody who has it: it is let go of in no time. */
	while (!raw_spin_trylock(&transfer->lock))
		cpu_relax();
}

/**
 * sh_transfer_unlock() - undo sh_transfer_lock()
 * @transfer: which
 */
void sh_transfer_unlock(struct sh_transfer *transfer)
	__releases(&transfer->lock)
{
	raw_spin_unlock(&transfer->lock);
}

/**
 * sh_transfer_empty() - take all objects, and the room for them
 * @transfer: from where
 * @only_idle: only if nobody came or went since the last call
 * @nr: set to how many objects there are
 * @max: set to how many there was room for
 * @taken: increased by how many objects there are, before they are gone from here
 *
 * Context: task.
 * Return: the array of them, for the caller to free, or NULL.
 */
struct sh_entry *sh_transfer_empty(struct sh_transfer *transfer, bool only_idle,
				   unsigned int *nr, unsigned int *max,
				   atomic_long_t *taken)
{
	struct sh_entry *array = NULL;

	if (!READ_ONCE(transfer->max))
		return NULL;
	sh_transfer_lock(transfer);
	if (!only_idle || !transfer->used) {
		array = transfer->entry;
		*nr = transfer->nr;
		*max = transfer->max;
		transfer->entry = NULL;
		atomic_long_add(*nr, taken);
		smp_mb__after_atomic();	/* as sh_stats_class() reads */
		WRITE_ONCE(transfer->nr, 0);
		WRITE_ONCE(transfer->max, 0);
	}
	transfer->used = false;
	sh_transfer_unlock(transfer);
	return array;
}
EXPORT_SYMBOL_IF_KUNIT(sh_transfer_empty);
