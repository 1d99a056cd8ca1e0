/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page heap: spans out of free runs of pages. See pageheap.c and grow.c.
 */
#ifndef SPANHEAP_PAGEHEAP_H
#define SPANHEAP_PAGEHEAP_H

#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "arena/arena.h"
#include "base/fixalloc.h"
#include "pages/freeruns.h"
#include "pages/memcg.h"
#include "span/span.h"

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
 * @leaves: called with a span of small objects, all free, before it is given
 *	back; NULL when nobody wants to know
 * @span_bytes: bytes of span records
 * @arena_bytes: bytes of arena records and page tables
 * @arena_bytes_used: bytes of these of arenas that have something in use
 * @special_bytes: bytes of special records of objects
 * @profile_bytes: bytes of the profile beside these
 * @other_bytes: bytes of other metadata, which count towards @limit
 * @cache_bytes: of the caches above, as well; NULL when there are none
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
	void (*leaves)(struct spanheap *heap, struct sh_span *span);
	atomic_long_t span_bytes;
	atomic_long_t arena_bytes;
	atomic_long_t arena_bytes_used;
	atomic_long_t special_bytes;
	atomic_long_t profile_bytes;
	atomic_long_t other_bytes;
	const atomic_long_t *cache_bytes;
	struct sh_fixalloc records[SH_NR_SPAN_KINDS];
	struct work_struct reserve;
	struct irq_work kick;
	unsigned long missing;
	struct sh_memcg memcg;
};

/**
 * struct sh_pageheap_stats - figures of a page heap
 * @limit: most resident heap pages, 0 for no limit
 * @sys: heap pages taken into use
 * @idle: heap pages of these in free runs, or on their way back to the system
 * @released: heap pages of these without memory behind them
 * @arenas: arenas
 * @grows: times the page heap grew
 * @span_bytes: bytes of span records
 * @arena_bytes: bytes of arena records and page tables
 */
struct sh_pageheap_stats {
	unsigned long limit;
	unsigned long sys;
	unsigned long idle;
	unsigned long released;
	unsigned long arenas;
	unsigned long grows;
	unsigned long span_bytes;
	unsigned long arena_bytes;
};

int sh_pageheap_init(struct sh_pageheap *ph, struct spanheap *heap,
		     const char *name, unsigned long arena_pages, int node);
void sh_pageheap_close(struct sh_pageheap *ph);
void sh_pageheap_free_records(struct sh_pageheap *ph);
void sh_pageheap_exit(struct sh_pageheap *ph);

struct sh_span *sh_pageheap_alloc(struct sh_pageheap *ph,
				  unsigned long nr_pages, unsigned long align,
				  unsigned int kind, gfp_t gfp, int node);
unsigned int sh_pageheap_take(struct sh_pageheap *ph, u32 nr_pages,
			      unsigned long align, unsigned int kind,
			      struct sh_span **spans, unsigned int nr);
bool sh_pageheap_possible(unsigned long nr_pages, unsigned long align);
bool sh_pageheap_populate(struct sh_pageheap *ph, struct sh_span *span,
			  gfp_t gfp, int node);
void sh_pageheap_disown(struct sh_span *span);
void sh_pageheap_free(struct sh_pageheap *ph, struct sh_span **spans,
		      unsigned int nr);
void sh_pageheap_zero(struct sh_span *span, gfp_t gfp);
unsigned long sh_pageheap_peak(struct sh_pageheap *ph);
void sh_pageheap_stats(struct sh_pageheap *ph, struct sh_pageheap_stats *stats);

/* quota.c */
unsigned long sh_pageheap_meta(struct sh_pageheap *ph);
bool sh_pageheap_within_limit(struct sh_pageheap *ph,
			      const struct sh_arena *arena, unsigned long nr);
bool sh_pageheap_may_record(struct sh_pageheap *ph, gfp_t gfp);
bool sh_pageheap_may_keep(struct sh_pageheap *ph, gfp_t gfp);
unsigned long sh_pageheap_room(struct sh_pageheap *ph);
bool sh_pageheap_too_much(struct sh_pageheap *ph, unsigned long nr);
bool sh_pageheap_may_fit(struct sh_pageheap *ph, unsigned long nr);
unsigned long sh_pageheap_excess(struct sh_pageheap *ph, unsigned long nr,
				 unsigned long *idle);
unsigned long sh_pageheap_arena_cost(struct sh_pageheap *ph);
void sh_pageheap_count_idle(struct sh_pageheap *ph, const struct sh_span *run);
void sh_pageheap_count_taken(struct sh_pageheap *ph, const struct sh_span *run);
void sh_pageheap_count_arena(struct sh_pageheap *ph, struct sh_arena *arena,
			     bool made);
void sh_pageheap_count_over(struct sh_pageheap *ph);
void sh_pageheap_report(struct sh_pageheap *ph, unsigned long nr_pages, int err,
			gfp_t gfp);

/* release.c */
unsigned long sh_pageheap_release(struct sh_pageheap *ph, unsigned long goal,
				  unsigned long age, unsigned long *shootdowns);
unsigned long sh_pageheap_retire(struct sh_pageheap *ph, unsigned long goal,
				 unsigned long age);
unsigned long sh_pageheap_uncharge(struct sh_pageheap *ph, unsigned long age);
void sh_pageheap_depopulate(struct sh_pageheap *ph, struct sh_span *span);
unsigned long sh_pageheap_spare(struct sh_pageheap *ph);
bool sh_pageheap_may_retire(struct sh_pageheap *ph);
unsigned long sh_pageheap_give_up(struct sh_pageheap *ph, unsigned long goal,
				  unsigned long *shootdowns);

/* Heap pages in use, that is in neither free runs nor on their way back. Locked. */
static inline unsigned long sh_pageheap_in_use(const struct sh_pageheap *ph)
{
	return ph->sys - ph->idle;
}

/* idle.c */
void sh_pageheap_wake(struct sh_pageheap *ph);
void sh_pageheap_show(struct sh_pageheap *ph);
void sh_pageheap_hide(struct sh_pageheap *ph);

/**
 * sh_pageheap_note_idle() - say that something has got idle
 * @ph: the page heap
 *
 * Memory, or room in a cache that objects will lie idle in.
 *
 * Context: any.
 */
static inline void sh_pageheap_note_idle(struct sh_pageheap *ph)
{
	if (unlikely(READ_ONCE(ph->asleep)))
		sh_pageheap_wake(ph);
}

/* walk.c */
typedef int (*sh_arena_fn)(struct sh_arena *arena, void *arg);
typedef int (*sh_span_fn)(struct sh_span *span, void *arg);

/* Most arenas and spans that a walk looks at with the lock held. */
#define SH_WALK_STEPS		8

/**
 * struct sh_walk - how far a walk over the spans of a page heap has come
 * @id: number of the arena it is in
 * @base: first address of that, 0 before the first
 * @addr: where the next span begins
 * @resumed: that may have changed since the lock was held last
 * @done: there is no more
 */
struct sh_walk {
	unsigned long id;
	unsigned long base;
	unsigned long addr;
	bool resumed;
	bool done;
};

void sh_walk_begin(struct sh_walk *walk);
struct sh_arena *sh_walk_arena(struct sh_pageheap *ph,
			       const struct sh_walk *walk);
int sh_walk_some(struct sh_pageheap *ph, struct sh_walk *walk,
		 sh_arena_fn arena_fn, sh_span_fn span_fn, void *arg);
int sh_pageheap_walk(struct sh_pageheap *ph, sh_arena_fn arena_fn,
		     sh_span_fn span_fn, void *arg);
void sh_pageheap_each_span(struct sh_pageheap *ph,
			   void (*fn)(struct sh_span *span, void *arg), void *arg);

/* inplace.c */
bool sh_pageheap_extend(struct sh_pageheap *ph, struct sh_span *span,
			u32 nr_pages, gfp_t gfp, int node);
void sh_pageheap_relabel(struct sh_pageheap *ph, struct sh_span *span,
			 enum sh_span_state state);
bool sh_pageheap_settle(struct sh_pageheap *ph, struct sh_span *span, gfp_t gfp,
			int node);

/* Between pageheap.c, inplace.c and grow.c. */
struct sh_span *sh_pageheap_take_front(struct sh_pageheap *ph,
				       struct sh_span *run, u32 nr_pages,
				       u32 slack, unsigned int kind,
				       struct sh_span **record);
struct sh_span *sh_pageheap_add_run(struct sh_pageheap *ph, struct sh_span *run);
void sh_pageheap_return_run(struct sh_pageheap *ph, struct sh_span *run);
int sh_pageheap_grow(struct sh_pageheap *ph, unsigned long nr_pages, gfp_t gfp);
int sh_pageheap_reserve_arena(struct sh_pageheap *ph, unsigned long nr_pages,
			      gfp_t gfp);
void sh_pageheap_reserve_work(struct work_struct *work);
void sh_pageheap_kick(struct irq_work *work);
void sh_pageheap_drop_arena(struct sh_pageheap *ph, struct sh_arena *arena);

#endif /* SPANHEAP_PAGEHEAP_H */
