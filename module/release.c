// SPDX-License-Identifier: GPL-2.0
/*
 * How the memory of free runs goes back to the system.
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
 * Locks: ph->lock, not held over unmapping, shootdown, freeing or a grace period.
 *
 * Contexts: task, may sleep, interrupts on. Releasing is fine inside reclaim;
 * retiring is not, since it waits for a grace period.
 */
#include <linux/jiffies.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "pageheap.h"
#include "pagemap.h"
#include "splice.h"
#include "trace.h"

/* Resident heap pages in a batch: 32 MiB. */
#define BATCH_PAGES	((32UL << 20) >> SH_PAGE_SHIFT)

/* Runs in a batch, and runs put back before the lock is dropped for others. */
#define BATCH_RUNS	256
#define RETURN_RUNS	32

static bool old_enough(const struct sh_span *run, unsigned long age)
{
	return time_after_eq(jiffies, run->idle_since + age);
}

static unsigned long resident(const struct sh_span *run)
{
	return run->nr_pages - run->released;
}

static void hold(struct sh_pageheap *ph, struct sh_span *run)
{
	sh_freeruns_del(&ph->free, run);
	run->state = SH_SPAN_HELD;
	ph->idle -= run->nr_pages;
	ph->released -= run->released;
}

/* Move the longest idle runs to @batch. Returns their resident pages. */
static unsigned long hold_batch(struct sh_pageheap *ph, unsigned long goal,
				unsigned long age, struct list_head *batch)
{
	unsigned long got = 0, runs = 0;
	struct sh_span *run;

	spin_lock_irq(&ph->lock);
	while (got < min(goal, BATCH_PAGES) && runs++ < BATCH_RUNS) {
		run = list_first_entry_or_null(&ph->free.lru, struct sh_span,
					       lru);
		if (!run || !old_enough(run, age))
			break;
		got += resident(run);
		hold(ph, run);
		list_add_tail(&run->lru, batch);
	}
	spin_unlock_irq(&ph->lock);
	return got;
}

/*
 * Give the front of a held run back, with @keep of its resident pages: what is
 * allocated next comes from the front. Returns what is still held of the run.
 */
static struct sh_span *keep_front(struct sh_pageheap *ph, struct sh_span *run,
				  unsigned long keep)
{
	unsigned long addr = sh_span_base(run);
	struct sh_span *rest;
	u32 nr;

	for (nr = 0; keep; nr++, addr += SH_PAGE_SIZE)
		keep -= sh_arena_resident(run->arena, addr);
	if (nr == run->nr_pages)
		return run;
	rest = sh_cut(ph, run, nr, 0, GFP_NOWAIT | __GFP_NOWARN);
	if (!rest)
		return run;
	rest->idle_since = run->idle_since;
	/* Of a free run the pages within need not be mapped: now one is its end. */
	sh_map_ends(run);
	spin_lock_irq(&ph->lock);
	sh_pageheap_return_run(ph, run);
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

static unsigned long unmap_batch(struct list_head *batch)
{
	unsigned long pages = 0, got;
	struct sh_span *run;
	LIST_HEAD(unmapped);

	list_for_each_entry(run, batch, lru) {
		got = sh_arena_unmap(run->arena, sh_span_base(run),
				     run->nr_pages, &unmapped);
		run->released += got;
		run->dirty = false;
		pages += got;
	}
	sh_arena_free_unmapped(&unmapped);
	return pages;
}

static void return_batch(struct sh_pageheap *ph, struct list_head *batch)
{
	struct sh_span *run, *next;
	unsigned int nr = 0;

	spin_lock_irq(&ph->lock);
	list_for_each_entry_safe(run, next, batch, lru) {
		sh_pageheap_return_run(ph, run);
		if (++nr % RETURN_RUNS)
			continue;
		spin_unlock_irq(&ph->lock);
		spin_lock_irq(&ph->lock);
	}
	spin_unlock_irq(&ph->lock);
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
	unsigned long done = 0, got;
	LIST_HEAD(batch);

	if (!SH_ARENA_SPARSE)
		return 0;
	WRITE_ONCE(ph->releasing, true);
	while (done < goal) {
		got = hold_batch(ph, goal - done, age, &batch);
		if (!got)
			break;
		if (got > goal - done)
			trim_batch(ph, &batch, got - (goal - done));
		got = unmap_batch(&batch);
		return_batch(ph, &batch);
		sh_trace(release, ph->name, (size_t)got << SH_PAGE_SHIFT);
		done += got;
		INIT_LIST_HEAD(&batch);
		++*shootdowns;
		cond_resched();
	}
	WRITE_ONCE(ph->releasing, false);
	return done;
}
EXPORT_SYMBOL_FOR_KUNIT(sh_pageheap_release);

/* The run that is all of what an arena has in use, if it may be retired. */
static struct sh_span *idle_arena_run(struct sh_pageheap *ph,
				      struct sh_arena *arena, unsigned long age)
{
	struct sh_span *run = arena->used ? sh_pagemap_get(arena->base) : NULL;

	if (list_is_first(&arena->link, &ph->arenas) || !run ||
	    run->state != SH_SPAN_FREE || run->nr_pages != arena->used)
		return NULL;
	return old_enough(run, age) ? run : NULL;
}

/* Take idle arenas out of the heap, with their runs. Returns resident pages. */
static unsigned long take_idle_arenas(struct sh_pageheap *ph, unsigned long age,
				      struct list_head *arenas)
{
	struct sh_arena *arena, *next;
	unsigned long pages = 0;
	struct sh_span *run;

	spin_lock_irq(&ph->lock);
	list_for_each_entry_safe(arena, next, &ph->arenas, link) {
		run = idle_arena_run(ph, arena, age);
		if (!run)
			continue;
		pages += resident(run);
		hold(ph, run);
		ph->sys -= run->nr_pages;
		ph->nr_arenas--;
		sh_map_forget(run);
		sh_record_free(ph, run);
		list_move_tail(&arena->link, arenas);
	}
	spin_unlock_irq(&ph->lock);
	return pages;
}

/**
 * sh_pageheap_retire() - give idle arenas back, all but the oldest
 * @ph: the page heap
 * @age: only arenas idle for as many jiffies, 0 for any
 *
 * Context: task, may sleep, not inside reclaim.
 * Return: resident heap pages that went with them.
 */
unsigned long sh_pageheap_retire(struct sh_pageheap *ph, unsigned long age)
{
	struct sh_arena *arena, *next;
	unsigned long pages;
	LIST_HEAD(arenas);

	pages = take_idle_arenas(ph, age, &arenas);
	if (list_empty(&arenas))
		return 0;
	/* Who frees a wrong address may be looking at an arena through a record. */
	synchronize_rcu();
	list_for_each_entry_safe(arena, next, &arenas, link)
		sh_pageheap_drop_arena(ph, arena);
	return pages;
}
EXPORT_SYMBOL_FOR_KUNIT(sh_pageheap_retire);
