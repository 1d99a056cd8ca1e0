// SPDX-License-Identifier: GPL-2.0
/*
 * How the memory of free runs, and of a request that failed, goes back to the
 * system.
 *
 * A batch of runs, the longest idle first, is taken out of the free ones and
 * held, so that nobody allocates them; the lock is dropped, their pages are
 * unmapped, one TLB shootdown is done for all of them, the pages are freed, and
 * the runs go back, released. An allocation meanwhile never waits, it only does
 * not find these runs.
 *
 * An arena all of which is one free run can be retired: addresses, page tables
 * and, where an arena has its memory from the start, the memory. The oldest
 * arena stays, so that the next allocation need not wait for one.
 *
 * Any number of tasks may release and retire at the same time: each takes other
 * runs and arenas.
 *
 * Locks: ph->lock, not held over unmapping, shootdown or freeing. Nothing here
 * waits for a grace period.
 *
 * Contexts: task, may sleep, interrupts on; inside reclaim as well.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "base/compat.h"
#include "pages/grow.h"
#include "pages/idle.h"
#include "pages/quota.h"
#include "pages/release.h"
#include "pages/runs.h"
#include "pages/splice.h"
#include "span/pagemap.h"
#include "watch/trace.h"

/* Runs in a batch, and runs put back before the lock is dropped for others. */
#define BATCH_RUNS	256
#define RETURN_RUNS	32

/* Pages looked at between two points at which others may run. */
#define LOOK_BATCH	1024UL

static bool old_enough(const struct sh_span *run, unsigned long age)
{
	return time_after_eq(jiffies, run->idle_since + age);
}

static unsigned long resident(const struct sh_span *run)
{
	return run->nr_pages - run->released;
}

static void take_runs(struct sh_pageheap *ph, struct sh_span *run)
{
	sh_freeruns_del(&ph->free, run);
	run->state = SH_SPAN_HELD;
}

/* Hold a run for a batch. It is still counted as idle: nobody uses it. */
static void hold(struct sh_pageheap *ph, struct sh_span *run)
{
	take_runs(ph, run);
	WRITE_ONCE(ph->going, ph->going + resident(run));
}

/* Give a run of a batch back. */
static void unhold(struct sh_pageheap *ph, struct sh_span *run)
{
	WRITE_ONCE(ph->going, ph->going - resident(run));
	sh_pageheap_return_run(ph, run);
}

/* Move the longest idle runs to @batch. Returns their resident pages. */
static unsigned long hold_batch(struct sh_pageheap *ph, unsigned long goal,
				unsigned long age, bool charged,
				struct list_head *batch)
{
	unsigned long got = 0, runs = 0;
	struct sh_span *run;

	spin_lock_irq(&ph->lock);
	while (got < min(goal, SH_RELEASE_BATCH) && runs++ < BATCH_RUNS) {
		run = sh_freeruns_oldest(&ph->free, age, charged);
		if (!run)
			break;
		got += resident(run);
		hold(ph, run);
		list_add_tail(&run->lru, batch);
	}
	spin_unlock_irq(&ph->lock);
	return got;
}

/* Pages from the front of a held run on that have @keep resident ones. */
static u32 pages_with(const struct sh_span *run, unsigned long keep)
{
	unsigned long addr = sh_span_base(run);
	u32 nr;

	if (!run->released)
		return keep;
	for (nr = 0; keep && nr < run->nr_pages; addr += SH_PAGE_SIZE) {
		keep -= sh_arena_resident(run->arena, addr);
		if (++nr % LOOK_BATCH == 0)
			cond_resched();
	}
	return nr;
}

/*
 * Give the front of a held run back, with @keep of its resident pages: what is
 * allocated next comes from the front. Returns what is still held of the run.
 */
static struct sh_span *keep_front(struct sh_pageheap *ph, struct sh_span *run,
				  unsigned long keep)
{
	u32 nr = pages_with(run, keep);
	struct sh_span *rest;

	if (nr == run->nr_pages)
		return run;
	rest = sh_cut(ph, run, nr, 0, GFP_NOWAIT | __GFP_NOWARN);
	cond_resched();
	if (!rest)
		return run;
	rest->idle_since = run->idle_since;
	/* Of a free run the pages within need not be mapped: now one is its end. */
	sh_map_ends(run);
	sh_map_idle(rest);
	spin_lock_irq(&ph->lock);
	unhold(ph, run);
	spin_unlock_irq(&ph->lock);
	return rest;
}

/* The last run of a batch may have more than was asked for: keep that. */
static void trim_batch(struct sh_pageheap *ph, struct list_head *batch,
		       unsigned long surplus)
{
	struct sh_span *run = list_last_entry(batch, struct sh_span, lru);

	list_del(&run->lru);
	run = keep_front(ph, run, surplus);
	list_add_tail(&run->lru, batch);
}

/**
 * struct unmapped - pages that are to be freed after a shootdown
 * @pages: the pages
 * @nr: heap pages of them
 * @done: heap pages freed before these
 * @gone: heap pages of this batch that have no memory any more
 * @shootdowns: shootdowns that took
 */
struct unmapped {
	struct list_head pages;
	unsigned long nr;
	unsigned long done;
	unsigned long gone;
	unsigned long shootdowns;
};

static void free_unmapped(struct unmapped *u)
{
	if (!u->nr)
		return;
	sh_arena_free_unmapped(&u->pages);
	INIT_LIST_HEAD(&u->pages);
	u->done += u->nr;
	u->nr = 0;
	u->shootdowns++;
	cond_resched();
}

/* A run may be longer than what is left of a batch: it goes with several. */
static void unmap_run(struct sh_span *run, struct unmapped *u)
{
	unsigned long addr = sh_span_base(run), end = sh_span_end(run);
	unsigned long nr, got, before = run->released;

	for (; addr < end; addr += nr << SH_PAGE_SHIFT) {
		nr = min3((end - addr) >> SH_PAGE_SHIFT, SH_RELEASE_BATCH - u->nr,
			  LOOK_BATCH);
		got = sh_arena_unmap(run->arena, addr, nr, &u->pages);
		run->released += got;
		u->nr += got;
		if (u->nr == SH_RELEASE_BATCH)
			free_unmapped(u);
		cond_resched();
	}
	/* Somebody has taken all of it: or it would be tried again for ever. */
	if (!sh_arena_intact(run->arena))
		run->released = run->nr_pages;
	u->gone += run->released - before;
	run->dirty = false;
	run->charged = false;
}

static void unmap_batch(struct list_head *batch, struct unmapped *u)
{
	struct sh_span *run;

	u->gone = 0;
	list_for_each_entry(run, batch, lru)
		unmap_run(run, u);
	free_unmapped(u);
}

/* Of all of the batch there are @gone pages without memory more than before. */
static void return_batch(struct sh_pageheap *ph, struct list_head *batch,
			 unsigned long gone)
{
	struct sh_span *run, *next;
	unsigned int nr = 0;

	spin_lock_irq(&ph->lock);
	ph->released += gone;
	WRITE_ONCE(ph->going, ph->going - gone);
	list_for_each_entry_safe(run, next, batch, lru) {
		unhold(ph, run);
		if (++nr % RETURN_RUNS)
			continue;
		spin_unlock_irq(&ph->lock);
		spin_lock_irq(&ph->lock);
	}
	spin_unlock_irq(&ph->lock);
}

/* As sh_pageheap_release(), or only what is charged to memory cgroups. */
static unsigned long release_runs(struct sh_pageheap *ph, unsigned long goal,
				  unsigned long age, bool charged,
				  unsigned long *shootdowns)
{
	struct unmapped u = { .pages = LIST_HEAD_INIT(u.pages) };
	unsigned long got, left;
	LIST_HEAD(batch);

	atomic_inc(&ph->releasing);
	while (u.done < goal) {
		left = goal - u.done;
		got = hold_batch(ph, left, age, charged, &batch);
		if (!got)
			break;
		if (got > left)
			trim_batch(ph, &batch, got - left);
		got = u.done;
		unmap_batch(&batch, &u);
		atomic_long_sub(u.done - got, &ph->resident);
		return_batch(ph, &batch, u.gone);
		sh_trace(release, ph->name,
			 (size_t)(u.done - got) << SH_PAGE_SHIFT);
		INIT_LIST_HEAD(&batch);
		cond_resched();
	}
	atomic_dec(&ph->releasing);
	*shootdowns += u.shootdowns;
	return u.done;
}

/**
 * sh_pageheap_release() - give memory behind free runs back
 * @ph: the page heap
 * @goal: heap pages to give back; what is left of a run keeps its age
 * @age: only runs idle for as many jiffies, 0 for any
 * @shootdowns: increased by the number of TLB shootdowns done
 *
 * Does nothing where arenas keep their memory.
 *
 * Context: task, may sleep; inside reclaim as well.
 * Return: heap pages given back.
 */
unsigned long sh_pageheap_release(struct sh_pageheap *ph, unsigned long goal,
				  unsigned long age, unsigned long *shootdowns)
{
	if (!SH_ARENA_SPARSE)
		return 0;
	return release_runs(ph, goal, age, false, shootdowns);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_release);

/* The run that is all of what an arena has in use, if it is free. */
static struct sh_span *idle_run(const struct sh_arena *arena)
{
	struct sh_span *run = sh_pagemap_get(arena->base);

	if (!run || run->state != SH_SPAN_FREE || run->nr_pages != arena->used)
		return NULL;
	return run;
}

/*
 * Resident pages of an arena that may be retired, or -1 if it may not. One that
 * was reserved ahead has none in use, but memory where it has that from the start;
 * where it has none it is kept for who cannot sleep while anything is in use.
 */
static long idle_pages(struct sh_pageheap *ph, const struct sh_arena *arena,
		       unsigned long age)
{
	struct sh_span *run;

	if (list_is_first(&arena->link, &ph->arenas))
		return -1;
	if (!arena->used && SH_ARENA_SPARSE)
		return sh_pageheap_in_use(ph) ? -1 : 0;
	if (!arena->used)
		return age ? -1 : arena->nr_pages;
	run = idle_run(arena);
	return run && old_enough(run, age) ? resident(run) : -1;
}

/* Take an idle arena out of the heap, with its run. */
static void take_arena(struct sh_pageheap *ph, struct sh_arena *arena,
		       struct list_head *arenas)
{
	struct sh_span *run = arena->used ? idle_run(arena) : NULL;

	if (run) {
		take_runs(ph, run);
		sh_pageheap_count_taken(ph, run);
		sh_pageheap_show(ph);
		ph->sys -= run->nr_pages;
		atomic_long_sub(resident(run), &ph->resident);
		sh_map_forget(run);
		sh_record_free(ph, run);
	}
	ph->nr_arenas--;
	list_move_tail(&arena->link, arenas);
}

/* Of an arena reserved ahead nothing was idle yet. */
static bool is_charged(const struct sh_arena *arena)
{
	return arena->used && idle_run(arena)->charged;
}

/* Take idle arenas until they have @goal resident pages. Returns these. */
static unsigned long take_idle_arenas(struct sh_pageheap *ph, unsigned long goal,
				      unsigned long age, bool charged,
				      struct list_head *arenas)
{
	struct sh_arena *arena, *next;
	unsigned long pages = 0;
	long nr;

	spin_lock_irq(&ph->lock);
	list_for_each_entry_safe(arena, next, &ph->arenas, link) {
		nr = idle_pages(ph, arena, age);
		if (nr < 0 || (charged && !is_charged(arena)))
			continue;
		take_arena(ph, arena, arenas);
		pages += nr;
		if (pages >= goal)
			break;
	}
	spin_unlock_irq(&ph->lock);
	return pages;
}

/* As sh_pageheap_retire(), or only what is charged to memory cgroups. */
static unsigned long retire_arena(struct sh_pageheap *ph, unsigned long goal,
				  unsigned long age, bool charged)
{
	struct sh_arena *arena, *next;
	unsigned long pages;
	LIST_HEAD(arenas);

	atomic_inc(&ph->releasing);
	pages = take_idle_arenas(ph, goal, age, charged, &arenas);
	atomic_dec(&ph->releasing);
	list_for_each_entry_safe(arena, next, &arenas, link)
		sh_pageheap_drop_arena(ph, arena);
	return pages;
}

/**
 * sh_pageheap_retire() - give idle arenas back, all but the oldest
 * @ph: the page heap
 * @goal: resident heap pages that are enough
 * @age: only arenas idle for as many jiffies, 0 for any
 *
 * Context: task, may sleep; inside reclaim as well.
 * Return: resident heap pages that went with them.
 */
unsigned long sh_pageheap_retire(struct sh_pageheap *ph, unsigned long goal,
				 unsigned long age)
{
	return retire_arena(ph, goal, age, false);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_retire);

/**
 * sh_pageheap_uncharge() - give back what is charged to memory cgroups
 * @ph: the page heap
 * @age: only what is idle for as many jiffies, 0 for any
 *
 * Context: task, may sleep.
 * Return: heap pages given back.
 */
unsigned long sh_pageheap_uncharge(struct sh_pageheap *ph, unsigned long age)
{
	unsigned long shootdowns = 0;

	if (SH_ARENA_SPARSE)
		return release_runs(ph, ULONG_MAX, age, true, &shootdowns);
	return retire_arena(ph, ULONG_MAX, age, true);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_uncharge);

/**
 * sh_pageheap_depopulate() - give the memory behind a span back at once
 * @ph: the page heap
 * @span: a held span that others have not seen
 *
 * What was got for a request that failed may be all that the machine had left.
 *
 * Context: task, may sleep; inside reclaim as well.
 */
void sh_pageheap_depopulate(struct sh_pageheap *ph, struct sh_span *span)
{
	struct unmapped u = { .pages = LIST_HEAD_INIT(u.pages) };

	if (!SH_ARENA_SPARSE)
		return;
	unmap_run(span, &u);
	free_unmapped(&u);
	atomic_long_sub(u.done, &ph->resident);
}

/**
 * sh_pageheap_peak() - the most that was in use lately
 * @ph: the page heap
 *
 * Context: any but NMI.
 * Return: the most heap pages that were in use at a time since the last call.
 */
unsigned long sh_pageheap_peak(struct sh_pageheap *ph)
{
	unsigned long flags, peak;

	spin_lock_irqsave(&ph->lock, flags);
	peak = ph->peak;
	ph->peak = sh_pageheap_in_use(ph);
	spin_unlock_irqrestore(&ph->lock, flags);
	return peak;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_peak);

/**
 * sh_pageheap_spare() - how much there is to give back
 * @ph: the page heap
 *
 * Context: any but NMI.
 * Return: resident heap pages in free runs, where these go one by one and nobody is
 * giving them back already, or in idle arenas, where they go with these.
 */
unsigned long sh_pageheap_spare(struct sh_pageheap *ph)
{
	unsigned long flags, pages = 0;
	struct sh_arena *arena;

	spin_lock_irqsave(&ph->lock, flags);
	if (SH_ARENA_SPARSE)
		pages = ph->idle - ph->released - ph->going;
	else
		list_for_each_entry(arena, &ph->arenas, link)
			pages += max(idle_pages(ph, arena, 0), 0L);
	spin_unlock_irqrestore(&ph->lock, flags);
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_spare);

/*
 * Whether an arena goes once it is old enough. Where arenas have their memory from
 * the start, one that was reserved ahead stays.
 */
static bool goes_with_time(struct sh_pageheap *ph, const struct sh_arena *arena)
{
	return (SH_ARENA_SPARSE || arena->used) && idle_pages(ph, arena, 0) >= 0;
}

/**
 * sh_pageheap_may_retire() - whether there is an arena to give back, with time
 * @ph: the page heap
 *
 * Its memory may be gone already; its addresses, and the tables for them, are not.
 *
 * Context: any but NMI.
 * Return: whether there is one.
 */
bool sh_pageheap_may_retire(struct sh_pageheap *ph)
{
	struct sh_arena *arena;
	unsigned long flags;
	bool any = false;

	spin_lock_irqsave(&ph->lock, flags);
	list_for_each_entry(arena, &ph->arenas, link) {
		any = goes_with_time(ph, arena);
		if (any)
			break;
	}
	spin_unlock_irqrestore(&ph->lock, flags);
	return any;
}

/**
 * sh_pageheap_give_up() - give memory back that the system is short of
 * @ph: the page heap
 * @goal: heap pages wanted
 * @shootdowns: increased by the number of TLB shootdowns done
 *
 * Of what sh_pageheap_spare() counts, whatever its age.
 *
 * Context: task, may sleep; inside reclaim as well.
 * Return: heap pages given back. More than @goal where whole arenas go.
 */
unsigned long sh_pageheap_give_up(struct sh_pageheap *ph, unsigned long goal,
				  unsigned long *shootdowns)
{
	if (SH_ARENA_SPARSE)
		return sh_pageheap_release(ph, goal, 0, shootdowns);
	return goal ? sh_pageheap_retire(ph, goal, 0) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_give_up);
