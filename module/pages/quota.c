// SPDX-License-Identifier: GPL-2.0
/*
 * How much memory a page heap may hold: what counts towards its limit, and what
 * is said when that is why an allocation fails. What a heap then does about it is
 * in room.c.
 *
 * What counts is what has been asked for, and what it takes to keep it: resident
 * pages, and metadata. An arena with nothing in use does not count, for it is
 * there for the next who asks and goes when nobody does; its page tables count
 * from when it has something in use.
 *
 * The limit is asked before anything is made for a request: twice, since pages of
 * free runs may be resident already. Before there are any new addresses, for what
 * remains when all that is idle has gone; and when a run is taken, exactly.
 *
 * Invariants: ph->idle is the sum of the arenas' idle pages; arenas_used is the
 * sum over the arenas of which not all pages are idle. Pages on their way back to
 * the system are.
 *
 * Locks: ph->lock, as pageheap.c has it. Contexts: any but NMI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "pages/quota.h"

#define KIB(pages)	((pages) * (SH_PAGE_SIZE >> 10))

/**
 * sh_pageheap_meta() - the metadata that counts towards the limit
 * @ph: the page heap
 *
 * Return: bytes.
 */
unsigned long sh_pageheap_meta(struct sh_pageheap *ph)
{
	return sh_meta_bytes(ph->meta);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_meta);

/* In heap pages, with what the next span may add before it is counted. */
static unsigned long meta_pages(struct sh_pageheap *ph, size_t more)
{
	return (sh_pageheap_meta(ph) + more + SH_PAGE_SIZE) >> SH_PAGE_SHIFT;
}

/* All that counts, in heap pages, and @more bytes of metadata. */
static unsigned long held_pages(struct sh_pageheap *ph, size_t more)
{
	return ph->sys - ph->released + meta_pages(ph, more);
}

/**
 * sh_pageheap_within_limit() - whether there may be more memory
 * @ph: the page heap, locked; if it is not, the answer may be a moment old
 * @arena: the arena that it is to be in, or NULL
 * @nr: heap pages more
 *
 * Return: whether the limit allows them.
 */
bool sh_pageheap_within_limit(struct sh_pageheap *ph,
			      const struct sh_arena *arena, unsigned long nr)
{
	unsigned long limit = READ_ONCE(ph->limit);
	size_t more = 0;

	if (!limit || !nr)
		return true;
	if (arena && arena->spare)
		more = sh_arena_meta_bytes(arena);
	return held_pages(ph, more) + nr < limit;
}

/**
 * sh_pageheap_may_record() - whether there may be another block of records
 * @ph: the page heap; if it is not locked, the answer may be a moment old
 * @gfp: how to get it
 *
 * Spans of what is resident take no memory but for their records, of which small
 * ones need many more than large ones did. A caller who may not block can
 * not have idle pages released for a record, and gets it in any case.
 *
 * Return: whether the limit allows it.
 */
bool sh_pageheap_may_record(struct sh_pageheap *ph, gfp_t gfp)
{
	unsigned long limit = READ_ONCE(ph->limit);

	if (!limit || (gfp & __GFP_NOFAIL) ||
	    (gfp != SH_GFP_FREE && !gfpflags_allow_blocking(gfp)))
		return true;
	return held_pages(ph, PAGE_SIZE) <= limit;
}

/**
 * sh_pageheap_may_keep() - whether there may be more to keep about objects
 * @ph: the page heap, not locked
 * @gfp: how to get it
 *
 * What is idle is no reason to say no, since it can go.
 *
 * Context: any but NMI.
 * Return: whether the limit allows another page of it.
 */
bool sh_pageheap_may_keep(struct sh_pageheap *ph, gfp_t gfp)
{
	unsigned long limit = READ_ONCE(ph->limit), flags, in_use;

	if (!limit || (gfp & __GFP_NOFAIL))
		return true;
	spin_lock_irqsave(&ph->lock, flags);
	in_use = sh_pageheap_in_use(ph);
	spin_unlock_irqrestore(&ph->lock, flags);
	return in_use + meta_pages(ph, PAGE_SIZE) <= limit;
}

/**
 * sh_pageheap_room() - how much more memory the limit allows
 * @ph: the page heap, locked; it has a limit
 *
 * Return: heap pages, in an arena that has something in use.
 */
unsigned long sh_pageheap_room(struct sh_pageheap *ph)
{
	unsigned long used = held_pages(ph, 0) + 1;

	lockdep_assert_held(&ph->lock);
	return ph->limit > used ? ph->limit - used : 0;
}

/**
 * sh_pageheap_too_much() - whether a request is more than the limit by itself
 * @ph: the page heap
 * @nr: heap pages
 *
 * Return: whether it is, with what the heap needs for itself.
 */
bool sh_pageheap_too_much(struct sh_pageheap *ph, unsigned long nr)
{
	unsigned long limit = READ_ONCE(ph->limit);

	return limit && nr + meta_pages(ph, 0) >= limit;
}

/**
 * sh_pageheap_may_fit() - whether the limit allows more once nothing is idle
 * @ph: the page heap, locked
 * @nr: heap pages more
 *
 * Return: whether it does.
 */
bool sh_pageheap_may_fit(struct sh_pageheap *ph, unsigned long nr)
{
	unsigned long limit = READ_ONCE(ph->limit);

	lockdep_assert_held(&ph->lock);
	if (!limit || !nr)
		return true;
	return sh_pageheap_in_use(ph) + nr + meta_pages(ph, 0) < limit;
}

/**
 * sh_pageheap_excess() - what has to go for more memory to be within the limit
 * @ph: the page heap
 * @nr: heap pages more
 * @idle: set to the heap pages that could go, or are about to
 *
 * Return: heap pages.
 */
unsigned long sh_pageheap_excess(struct sh_pageheap *ph, unsigned long nr,
				 unsigned long *idle)
{
	unsigned long limit = READ_ONCE(ph->limit), flags, want;

	/* There it may take an arena, of which all is memory. */
	if (!SH_ARENA_SPARSE && nr)
		nr = round_up(nr, SH_GROW_UNIT) + nr / 256 + 1;
	spin_lock_irqsave(&ph->lock, flags);
	want = held_pages(ph, 0) + nr + 1;
	*idle = ph->idle - ph->released;
	spin_unlock_irqrestore(&ph->lock, flags);
	return limit && want > limit ? want - limit : 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_excess);

/**
 * sh_pageheap_arena_cost() - what it may take to keep another arena
 * @ph: the page heap; it has a limit
 *
 * Return: heap pages, for page tables of as much as the limit allows, or of what
 * was made when it allowed more and does not count while nothing is in use.
 */
unsigned long sh_pageheap_arena_cost(struct sh_pageheap *ph)
{
	long spare = atomic_long_read(&ph->meta->arenas) -
		     atomic_long_read(&ph->meta->arenas_used);
	unsigned long pages = max(spare, 0L) >> SH_PAGE_SHIFT;

	return max(READ_ONCE(ph->limit) / 512, pages) + 2;
}

static void set_spare(struct sh_pageheap *ph, struct sh_arena *arena, bool spare)
{
	long bytes = sh_arena_meta_bytes(arena);

	if (arena->spare == spare)
		return;
	arena->spare = spare;
	atomic_long_add(spare ? -bytes : bytes, &ph->meta->arenas_used);
}

/**
 * sh_pageheap_count_idle() - count a run that becomes a free one
 * @ph: the page heap, locked
 * @run: the run
 */
void sh_pageheap_count_idle(struct sh_pageheap *ph, const struct sh_span *run)
{
	struct sh_arena *arena = run->arena;

	lockdep_assert_held(&ph->lock);
	WRITE_ONCE(ph->idle, ph->idle + run->nr_pages);
	ph->released += run->released;
	arena->idle += run->nr_pages;
	set_spare(ph, arena, arena->idle == arena->used);
}

/**
 * sh_pageheap_count_taken() - count a run that was a free one
 * @ph: the page heap, locked
 * @run: the run
 */
void sh_pageheap_count_taken(struct sh_pageheap *ph, const struct sh_span *run)
{
	lockdep_assert_held(&ph->lock);
	WRITE_ONCE(ph->idle, ph->idle - run->nr_pages);
	ph->released -= run->released;
	run->arena->idle -= run->nr_pages;
	set_spare(ph, run->arena, false);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_count_taken);

/**
 * sh_pageheap_count_arena() - count an arena that was made or is to go
 * @ph: the page heap
 * @arena: the arena, nobody else's
 * @made: whether it was made
 */
void sh_pageheap_count_arena(struct sh_pageheap *ph, struct sh_arena *arena,
			     bool made)
{
	long bytes = sh_arena_meta_bytes(arena);

	atomic_long_add(made ? bytes : -bytes, &ph->meta->arenas);
	if (made)
		arena->spare = true;
	else if (!arena->spare)
		atomic_long_sub(bytes, &ph->meta->arenas_used);
}

/**
 * sh_pageheap_count_over() - count an allocation if the heap is over its limit
 * @ph: the page heap
 */
void sh_pageheap_count_over(struct sh_pageheap *ph)
{
	unsigned long idle;

	if (sh_pageheap_excess(ph, 0, &idle))
		atomic_long_inc(&ph->over_limit);
}

/**
 * sh_pageheap_report() - say why an allocation failed
 * @ph: the page heap
 * @nr_pages: heap pages that were asked for
 * @err: -EDQUOT for the limit, -ENOMEM for anything else
 * @gfp: flags of the request; nothing is said with __GFP_NOWARN
 */
void sh_pageheap_report(struct sh_pageheap *ph, unsigned long nr_pages, int err,
			gfp_t gfp)
{
	unsigned long flags, in_use;

	if (gfp & __GFP_NOWARN)
		return;
	spin_lock_irqsave(&ph->lock, flags);
	in_use = sh_pageheap_in_use(ph);
	spin_unlock_irqrestore(&ph->lock, flags);
	if (err == -EDQUOT)
		pr_warn_ratelimited("heap %s: %lu KiB refused to %s[%d]: the limit of %lu KiB is reached, of which %lu KiB are in use and %lu KiB metadata; raise it or free objects\n",
				    ph->name, KIB(nr_pages), current->comm,
				    task_pid_nr(current), KIB(READ_ONCE(ph->limit)),
				    KIB(in_use), sh_pageheap_meta(ph) >> 10);
	else
		pr_warn_ratelimited("heap %s: out of memory for %lu KiB (gfp %pGg): reserved %lu KiB, in use %lu KiB, idle %lu KiB, released %lu KiB\n",
				    ph->name, KIB(nr_pages), &gfp,
				    KIB(READ_ONCE(ph->sys)), KIB(in_use),
				    KIB(READ_ONCE(ph->idle)),
				    KIB(READ_ONCE(ph->released)));
}
