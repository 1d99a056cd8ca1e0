// SPDX-License-Identifier: GPL-2.0
/*
 * What an allocation does before it fails, in a heap with a limit: it makes room,
 * step by step, and is tried again after each step that changed something. And
 * what one does that must not fail.
 *
 * What can never fit is refused before any step: more than the limit with what
 * only the heap's users can give back. Then comes what is near: the caches of this
 * CPU, what waits between CPUs. Then as many idle pages are released as are
 * missing, not more: that takes a TLB shootdown. Then what other CPUs have cached
 * is taken, see steal.c: only from those that hold something. Then, a second at
 * most, what was freed by spanheap_free_rcu() is waited for. Nothing but that waits
 * for others, and once, for a tenth of a second, who is giving memory back just
 * then; with __GFP_NORETRY and in reclaim nothing does. A caller who may not block takes the
 * runs of its own CPU and no more.
 *
 * Shootdowns and other CPUs' caches are everybody's matter: once an allocation
 * has failed in spite of them, ten in a second may try, all tasks of a heap
 * together, and as many of those who waited for readers, until one helps.
 *
 * __GFP_NOFAIL: the same, then over the limit, which is counted, and on until
 * there is memory. That takes a caller who may block.
 *
 * Locks: none. Contexts: those of the gfp.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "cache/steal.h"
#include "heap/heap.h"
#include "heap/room.h"
#include "pages/pageheap.h"
#include "pages/quota.h"

/* In jiffies: how long nobody is disturbed after that was in vain. */
#define CALM	max(HZ / 10, 1)

/* How long to wait at most for readers, and for who gives memory back. */
#define READERS	HZ
#define GOING	max(HZ / 10, 1)

/*
 * Jiffies from the end of a grace period until what waited for it is free. RCU may
 * let a callback wait for one more.
 */
#define CALLBACKS	max(HZ / 10, 3)

/* How often who must not fail says that it is still waiting. */
#define INSISTS	(10 * HZ)

/* Whether it is somebody's turn again, who then has it. */
static bool turn_has_come(unsigned long *untilp)
{
	unsigned long until = READ_ONCE(*untilp);

	if (until && time_before(jiffies, until))
		return false;
	return cmpxchg(untilp, until, jiffies + CALM) == until;
}

/*
 * Whether to go on. While it did not help, one may in each period; but who has
 * waited for readers is to have what they left, and once twice as much is idle as
 * did not help there is no reason to expect the same.
 */
static bool may_disturb(struct sh_room *room, struct spanheap *heap,
			struct sh_calm *calm, unsigned long idle)
{
	return !READ_ONCE(calm->failing) || idle / 2 > READ_ONCE(calm->idle) ||
	       turn_has_come(&calm->until) ||
	       (room->waited && turn_has_come(&heap->readers_until));
}

static void note_end(struct sh_calm *calm, bool failed, unsigned long idle)
{
	if (failed && !READ_ONCE(calm->failing))
		WRITE_ONCE(calm->until, jiffies + CALM);
	WRITE_ONCE(calm->idle, idle);
	WRITE_ONCE(calm->failing, failed);
}

static bool may_block(const struct sh_room *room)
{
	return gfpflags_allow_blocking(room->asked);
}

/* Heap pages that the request takes, if it takes any. */
static unsigned long pages_of(const struct sh_room *room,
			      const struct spanheap *heap)
{
	size_t size = size_add(room->size, heap->held.extra);

	if (size > SPANHEAP_MAX_SMALL || room->align > SH_PAGE_SIZE)
		return sh_whole_pages(size);
	return sh_classes[sh_size_class(size)].pages;
}

/*
 * Heap pages of what is allocated whole: that goes when its users free it. Less if
 * something is being freed just now.
 */
static unsigned long pages_kept(struct spanheap *heap)
{
	long going = atomic_long_read(&heap->rcu_pages), bytes;

	if (heap->debug)
		return 0;
	/* Pairs with free_claimed(): what is not going any more is free. */
	smp_rmb();
	bytes = atomic_long_read(&heap->large_bytes) +
		atomic_long_read(&heap->manual_bytes) +
		atomic_long_read(&heap->persistent.bytes);
	return max((bytes >> SH_PAGE_SHIFT) - going, 0L);
}

/* The caches of this CPU, and what waits between CPUs. */
static bool take_near(struct sh_room *room, struct spanheap *heap)
{
	bool waits = atomic_long_read(&heap->caches.transfer_bytes);
	/* Another by now, maybe: then that one is near. */
	int cpu = raw_smp_processor_id();

	if (!may_block(room)) {
		if (!sh_peek(per_cpu_ptr(heap->rcs.cpu, cpu)->nr))
			return false;
		sh_runcaches_drain(&heap->rcs, -1);
		return true;
	}
	if (waits)
		sh_drain_transfers(&heap->caches, false);
	if (sh_held_bytes(heap)) {
		sh_held_drain(heap);
		waits = true;
	}
	return sh_steal(&heap->caches, cpu) || waits;
}

/* What is missing at most: it may take an arena that has nothing in use yet. */
static unsigned long pages_missing(struct sh_room *room, struct spanheap *heap,
				   unsigned long *idle)
{
	return sh_pageheap_excess(&heap->ph, pages_of(room, heap) +
				  sh_pageheap_arena_cost(&heap->ph), idle);
}

/* Whether the caller is one who may be made to wait for others a while. */
static bool may_wait(const struct sh_room *room)
{
	return may_block(room) && !(room->asked & __GFP_NORETRY) &&
	       !(current->flags & PF_MEMALLOC);
}

/*
 * Until what others are giving back has gone, which had been idle before: once for
 * a request. Returns whether there was anything.
 */
static bool wait_for_going(struct sh_room *room, struct spanheap *heap)
{
	unsigned long end = jiffies + GOING;
	bool any = false;

	if (room->rested || !may_wait(room))
		return false;
	while (READ_ONCE(heap->ph.going) && time_before(jiffies, end)) {
		schedule_timeout_uninterruptible(1);
		any = true;
	}
	room->rested = any;
	return any;
}

/* As many idle pages as are missing. */
static bool release_missing(struct sh_room *room, struct spanheap *heap)
{
	unsigned long idle, least, most;

	if (!may_block(room))
		return false;
	least = sh_pageheap_excess(&heap->ph, pages_of(room, heap), &idle);
	most = pages_missing(room, heap, &idle);
	if (!most || !idle || idle < least ||
	    !may_disturb(room, heap, &heap->calm_release, idle))
		return false;
	room->released = true;
	/* It may be enough. */
	if (wait_for_going(room, heap))
		most = pages_missing(room, heap, &idle);
	if (!most)
		return true;
	most = min(most + (room->more >> SH_PAGE_SHIFT), idle);
	sh_scavenge_near(&heap->scavenger, most, SH_SCAVENGE_LIMIT);
	/* What it had from this CPU's caches may do, even if nothing went back. */
	return true;
}

/*
 * What any CPU has cached: also this one, which may be another than it was when
 * what is near was taken.
 */
static bool take_far(struct sh_room *room, struct spanheap *heap)
{
	bool any = false;
	int cpu;

	if (!may_block(room))
		return false;
	for_each_online_cpu(cpu) {
		if (!sh_caches_hold_any(&heap->caches, cpu))
			continue;
		if (!any && !may_disturb(room, heap, &heap->calm_drain, 0))
			return false;
		any |= sh_steal(&heap->caches, cpu);
	}
	room->disturbed |= any;
	/* Spans that became empty thereby are in the run caches where this ran. */
	for_each_online_cpu(cpu)
		if (any && sh_peek(per_cpu_ptr(heap->rcs.cpu, cpu)->nr))
			sh_runcaches_steal(&heap->rcs, cpu);
	return any;
}

/*
 * What spanheap_free_rcu() was called for before this allocation began, and may
 * have been freed anywhere since. The last step if that is nothing.
 */
static bool wait_for_readers(struct sh_room *room, struct spanheap *heap)
{
	unsigned long end = jiffies + READERS, grace = get_state_synchronize_rcu();
	int left = CALLBACKS;

	if (!may_wait(room) || !room->readers) {
		room->step = UINT_MAX;
		return false;
	}
	while (atomic_long_read(&heap->rcu_frees) && left &&
	       time_before(jiffies, end)) {
		schedule_timeout_uninterruptible(1);
		left -= poll_state_synchronize_rcu(grace);
	}
	room->waited = true;
	return true;
}

static bool (*const steps[])(struct sh_room *room, struct spanheap *heap) = {
	take_near, release_missing, take_far, release_missing,
	wait_for_readers, take_near, release_missing, take_far, release_missing,
};

/*
 * Whether the limit is in the way, and room can be made. A caller who may not block may lack
 * addresses as well: there are some in the runs of this CPU.
 */
static bool may_help(struct sh_room *room, struct spanheap *heap)
{
	unsigned long nr = pages_of(room, heap), idle;

	return !sh_pageheap_too_much(&heap->ph, nr + pages_kept(heap)) &&
	       (pages_missing(room, heap, &idle) || !may_block(room));
}

static bool step_on(struct sh_room *room, struct spanheap *heap)
{
	if (!READ_ONCE(heap->ph.limit) ||
	    (!room->step && !may_help(room, heap)))
		return false;
	while (room->step < ARRAY_SIZE(steps))
		if (steps[room->step++](room, heap))
			return true;
	return false;
}

/* Once more for who must not fail, over the limit if need be. */
static bool insist(struct sh_room *room, struct spanheap *heap)
{
	if (!(room->asked & __GFP_NOFAIL) || READ_ONCE(heap->closed))
		return false;
	if (!sh_pageheap_possible(pages_of(room, heap),
				  max(room->align >> SH_PAGE_SHIFT, 1UL))) {
		pr_warn_once("heap %s: %zu bytes refused in spite of __GFP_NOFAIL: no machine of this size has them\n",
			     heap->name, room->size);
		return false;
	}
	if (room->gfp & __GFP_NOFAIL)
		schedule_timeout_uninterruptible(1);
	else
		room->since = jiffies;
	if (time_after(jiffies, room->since + INSISTS)) {
		pr_warn_ratelimited("heap %s: %s[%d] waits for %zu bytes: there is no memory, and it asked with __GFP_NOFAIL\n",
				    heap->name, current->comm,
				    task_pid_nr(current), room->size);
		room->since = jiffies;
	}
	room->gfp |= __GFP_NOFAIL;
	return true;
}

static void report_failure(struct sh_room *room, struct spanheap *heap)
{
	unsigned long nr = pages_of(room, heap), idle;
	bool limit = READ_ONCE(heap->ph.limit) && pages_missing(room, heap, &idle);

	/* What a heap without a limit has to say it has said. */
	if (sh_gfp_killed(room->asked))
		return;
	if (room->gfp & ~room->asked & __GFP_NOWARN)
		sh_pageheap_report(&heap->ph, nr, limit ? -EDQUOT : -ENOMEM,
				   room->asked);
}

/*
 * More than the limit, since that was lowered, or more is kept about objects: what is
 * idle goes, then, but not each time that somebody frees a little.
 */
static void release_surplus(struct sh_room *room, struct spanheap *heap)
{
	unsigned long idle, excess;

	if (!may_block(room) || atomic_long_read(&heap->ph.resident) +
	    (sh_pageheap_meta(&heap->ph) >> SH_PAGE_SHIFT) <=
	    READ_ONCE(heap->ph.limit))
		return;
	excess = sh_pageheap_excess(&heap->ph, 0, &idle);
	if (excess && idle && turn_has_come(&heap->surplus_until))
		sh_scavenge_near(&heap->scavenger, min(excess, idle),
				 SH_SCAVENGE_LIMIT);
}

/**
 * sh_room_begin() - prepare for an allocation that may be tried more than once
 * @room: set up for the first time
 * @heap: the heap
 * @size: bytes
 * @align: bytes, a power of two
 * @gfp: flags of the request
 */
void sh_room_begin(struct sh_room *room, struct spanheap *heap, size_t size,
		   size_t align, gfp_t gfp)
{
	*room = (struct sh_room){ .size = size, .align = align };
	if ((gfp & __GFP_NOFAIL) && !gfpflags_allow_blocking(gfp)) {
		pr_warn_once("heap %s: __GFP_NOFAIL does nothing for those who cannot wait, and they may get NULL: gfp %pGg\n",
			     heap->name, &gfp);
		gfp &= ~__GFP_NOFAIL;
	}
	room->asked = gfp;
	room->gfp = gfp;
	if (READ_ONCE(heap->ph.limit) || (gfp & __GFP_NOFAIL))
		room->gfp = (gfp & ~__GFP_NOFAIL) | __GFP_NOWARN;
	if (READ_ONCE(heap->ph.limit)) {
		room->readers = atomic_long_read(&heap->rcu_frees);
		release_surplus(room, heap);
	}
}

/* One that failed for another reason than the limit says nothing to others. */
static void note_failure(struct sh_room *room, struct spanheap *heap)
{
	unsigned long idle;

	if (!pages_missing(room, heap, &idle))
		return;
	if (room->disturbed)
		note_end(&heap->calm_drain, true, 0);
	if (room->released)
		note_end(&heap->calm_release, true, idle);
}

/**
 * sh_room_more() - make room after a failure
 * @room: as sh_room_begin() set it up
 * @heap: the heap
 *
 * Context: that of the flags.
 * Return: whether to try again; if not, the failure was reported.
 */
bool sh_room_more(struct sh_room *room, struct spanheap *heap)
{
	if (step_on(room, heap) || insist(room, heap))
		return true;
	note_failure(room, heap);
	report_failure(room, heap);
	return false;
}

/**
 * sh_room_done() - say that the allocation succeeded
 * @room: as sh_room_begin() set it up
 * @heap: the heap
 */
void sh_room_done(struct sh_room *room, struct spanheap *heap)
{
	if (room->disturbed)
		note_end(&heap->calm_drain, false, 0);
	if (room->released)
		note_end(&heap->calm_release, false, 0);
}
