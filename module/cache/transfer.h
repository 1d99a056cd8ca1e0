/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free objects on their way from one CPU to another. See transfer.c.
 */
#ifndef SPANHEAP_TRANSFER_H
#define SPANHEAP_TRANSFER_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "span/span.h"

/* No CPU. */
#define SH_NO_TAKER	UINT_MAX

/**
 * struct sh_transfer - free objects that wait for another CPU, a stack
 * @lock: protects all below; only ever tried, see transfer.c
 * @taker: CPU that came for objects last, SH_NO_TAKER when none did; a hint,
 *	written without the lock
 * @nr: objects; also read without the lock
 * @max: objects there is room for; the same
 * @entry: the objects, NULL as long as there is no room for any
 * @used: objects came or went since sh_transfer_empty() last looked
 * @taken: objects went since there was last given more room
 * @refills: times objects were taken
 * @flushes: times objects came
 */
struct sh_transfer {
	raw_spinlock_t lock;	/* see above */
	unsigned int taker;
	unsigned int nr;
	unsigned int max;
	struct sh_entry *entry;
	bool used;
	bool taken;
	unsigned long refills;
	unsigned long flushes;
} ____cacheline_aligned_in_smp;

void sh_transfer_init(struct sh_transfer *transfer);
void sh_transfer_exit(struct sh_transfer *transfer);
unsigned int sh_transfer_put(struct sh_transfer *transfer,
			     const struct sh_entry *end, unsigned int nr);
unsigned int sh_transfer_get(struct sh_transfer *transfer,
			     struct sh_entry *entries, unsigned int nr);
struct sh_entry *sh_transfer_enlarge(struct sh_transfer *transfer,
				     struct sh_entry *array, unsigned int now,
				     unsigned int max);
void sh_transfer_lock(struct sh_transfer *transfer);
void sh_transfer_unlock(struct sh_transfer *transfer);
struct sh_entry *sh_transfer_empty(struct sh_transfer *transfer, bool only_idle,
				   unsigned int *nr, unsigned int *max,
				   atomic_long_t *taken);

/**
 * sh_transfer_note() - remember that this CPU came for objects
 * @transfer: what may have some
 *
 * Context: any.
 */
static inline void sh_transfer_note(struct sh_transfer *transfer)
{
	unsigned int cpu = raw_smp_processor_id();

	/* The only taker does not write to a line that others read. */
	if (READ_ONCE(transfer->taker) != cpu)
		WRITE_ONCE(transfer->taker, cpu);
}

/**
 * sh_transfer_wanted() - whether another CPU came for objects last
 * @transfer: where they could wait for it
 *
 * Context: any.
 * Return: whether that is so.
 */
static inline bool sh_transfer_wanted(const struct sh_transfer *transfer)
{
	unsigned int taker = READ_ONCE(transfer->taker);

	return taker != SH_NO_TAKER && taker != raw_smp_processor_id();
}

#endif /* SPANHEAP_TRANSFER_H */
