/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of a heap: what all files here work on. This folder promises: runs of heap
 * pages as spans, the best fit of what is free, within a limit, zeroed, with memory
 * behind them, and back again to the system when they are idle. Each file has a header
 * for what it does; pageheap.h is what the layers above allocate from.
 */
#ifndef SPANHEAP_PAGES_H
#define SPANHEAP_PAGES_H

#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "arena/arena.h"
#include "base/fixalloc.h"
#include "base/meta.h"
#include "pages/freeruns.h"
#include "span/span.h"

struct mem_cgroup;

/* Longest run, heap pages: what counts them is 32 bits wide. */
#define SH_MAX_RUN		((1UL << 31) - 1)

/* The heap grows by at least 1 MiB, by multiples of 64 KiB. */
#define SH_GROW_STEP		((1UL << 20) >> SH_PAGE_SHIFT)
#define SH_GROW_UNIT		((64UL << 10) >> SH_PAGE_SHIFT)

/*
 * Heap pages that there are to be ahead of those who cannot sleep, from 4.5 to
 * 32 MiB, and of the smallest arena: that, and a step to begin with. Where arenas
 * have their memory from the start, a step.
 */
#define SH_AHEAD_MIN		(SH_ARENA_SPARSE ? 9 * SH_GROW_STEP / 2 : SH_GROW_STEP)
#define SH_AHEAD_MAX		(SH_ARENA_SPARSE ? 32 * SH_GROW_STEP : SH_GROW_STEP)
#define SH_LEAST_ARENA		(SH_ARENA_SPARSE ? SH_AHEAD_MIN + SH_GROW_STEP : SH_GROW_STEP)

/* Most heap pages that are unmapped before a TLB shootdown is made: 32 MiB. */
#define SH_RELEASE_BATCH	((32UL << 20) >> SH_PAGE_SHIFT)

/**
 * struct sh_memcg - what a page heap has to do with memory cgroups
 * @owner: the cgroup that all pages are charged to, or NULL
 * @kick: starts @work from where nobody may be woken
 * @work: gives back what is charged and idle
 * @due: when, enum sh_charged_due; under the page heap's lock
 * @given: heap pages given back so
 */
struct sh_memcg {
	struct mem_cgroup *owner;
	struct irq_work kick;
	struct delayed_work work;
	u8 due;
	unsigned long given;
};

/**
 * struct sh_pageheap - the pages of a heap
 * @lock: protects all below that is not an atomic or set once
 * @free: the free runs
 * @arenas: the arenas, oldest first
 * @nr_arenas: how many
 * @next_id: id for the next arena
 * @sys: heap pages taken into use
 * @idle: heap pages of these in free runs, or in runs that are held to be given
 *	back
 * @released: heap pages of these without memory behind them
 * @going: heap pages of these that are on their way back to the system
 * @grows: times @sys grew
 * @peak: most pages in use since sh_pageheap_peak() was last asked
 * @resident: heap pages with memory behind them
 * @shown: heap pages that the kernel was told are idle and can be had back
 * @asleep: no pass is due until something gets idle; not a byte, which not every
 *	machine can exchange
 * @wake: has one made then
 * @releasing: tasks that are giving memory back
 * @pause_ns: longest time an allocation waited for the lock during one
 * @limit: most resident heap pages, metadata included, 0 for no limit
 * @over_limit: allocations that were over the limit since they must not fail
 * @arena_pages: most heap pages of an arena, but for one request
 * @ahead: most heap pages of room that are kept ahead
 * @node: NUMA node for everything, or NUMA_NO_NODE
 * @heap: the heap, for arenas and messages
 * @name: its name
 * @meta: bytes of metadata, of layers above as well: they count towards @limit
 * @records: span records by kind
 * @reserve: reserves arenas for those who cannot sleep
 * @kick: queues that where nobody may be woken
 * @missing: heap pages that somebody who could not sleep found no room for
 * @memcg: who is charged for its pages
 */
struct sh_pageheap {
	spinlock_t lock;	/* see above */
	struct sh_freeruns free;
	struct list_head arenas;
	unsigned long nr_arenas;
	unsigned long next_id;
	unsigned long sys;
	unsigned long idle;
	unsigned long released;
	unsigned long going;
	unsigned long grows;
	unsigned long peak;
	atomic_long_t resident;
	unsigned long shown;
	unsigned int asleep;
	struct irq_work *wake;
	atomic_t releasing;
	u64 pause_ns;
	unsigned long limit;
	atomic_long_t over_limit;
	unsigned long arena_pages;
	unsigned long ahead;
	int node;
	struct spanheap *heap;
	const char *name;
	struct sh_meta *meta;
	struct sh_fixalloc records[SH_NR_SPAN_KINDS];
	struct work_struct reserve;
	struct irq_work kick;
	unsigned long missing;
	struct sh_memcg memcg;
};

/* Heap pages in use, that is in neither free runs nor on their way back. Locked. */
static inline unsigned long sh_pageheap_in_use(const struct sh_pageheap *ph)
{
	return ph->sys - ph->idle;
}

#endif /* SPANHEAP_PAGES_H */
