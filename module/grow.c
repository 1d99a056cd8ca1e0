// SPDX-License-Identifier: GPL-2.0
/*
 * How a page heap grows: by steps of an arena, by arenas, and, for those who
 * can not wait for an arena, by one that a worker reserved ahead.
 *
 * No lock is held while an arena is made. Two tasks may both make one; the
 * second gives its own back when the first one's is enough. A mutex would not
 * do: making an arena can enter reclaim, and reclaim can come back here with
 * GFP_NOFS in the same task.
 *
 * Locks: ph->lock, as pageheap.c has it.
 *
 * Contexts: sh_pageheap_grow() that of its gfp.
 */
#include <linux/minmax.h>

#include "compat.h"
#include "gfp.h"
#include "pageheap.h"
#include "pagemap.h"
#include "shadow.h"
#include "splice.h"
#include "trace.h"

/* Arenas looked at for room; older ones that have some are not worth a search. */
#define ARENAS_TRIED	4

static void make_run(struct sh_arena *arena, struct sh_span *run, u32 nr_pages)
{
	run->key = arena->base + (arena->used << SH_PAGE_SHIFT);
	run->arena = arena;
	run->nr_pages = nr_pages;
	run->released = SH_ARENA_SPARSE ? nr_pages : 0;
	run->dirty = !SH_ARENA_SPARSE;
	run->charged = !SH_ARENA_SPARSE && sh_arena_charged(arena, arena->base);
	run->state = SH_SPAN_HELD;
	run->map = SH_MAP_ENDS;
	sh_pagemap_set(sh_span_base(run), 1, run);
	sh_pagemap_set(sh_span_end(run) - SH_PAGE_SIZE, 1, run);
}

/* Take @nr_pages more of an arena into use, as a free run. */
static void extend(struct sh_pageheap *ph, struct sh_arena *arena,
		   struct sh_span *record, u32 nr_pages)
{
	make_run(arena, record, nr_pages);
	arena->used += nr_pages;
	ph->sys += nr_pages;
	ph->grows++;
	atomic_long_add(nr_pages - record->released, &ph->resident);
	sh_pageheap_add_run(ph, record);
}

/*
 * Pages to extend an arena by to satisfy a request, 0 if it has no room. What
 * the arena already has free at its end counts, so this is an upper bound.
 */
static u32 step_for(struct sh_arena *arena, u32 need)
{
	unsigned long room = arena->nr_pages - arena->used;

	if (!SH_ARENA_SPARSE)
		return room >= need ? room : 0;
	if (room >= max_t(u32, need, SH_GROW_STEP))
		return max_t(u32, need, SH_GROW_STEP);
	return room >= need ? room : 0;
}

/*
 * The same, 0 also if the limit does not allow it: pages of an arena that has
 * its memory from the start count from when they are in use.
 */
static u32 step_within(struct sh_pageheap *ph, struct sh_arena *arena, u32 need)
{
	u32 step = step_for(arena, need);

	if (!SH_ARENA_SPARSE && !sh_pageheap_within_limit(ph, step))
		return 0;
	return step;
}

/* Extend one of the newest arenas. Called with the lock held. */
static bool extend_any(struct sh_pageheap *ph, u32 need, struct sh_span *record)
{
	struct sh_arena *arena;
	int tries = ARENAS_TRIED;
	u32 step;

	list_for_each_entry_reverse(arena, &ph->arenas, link) {
		step = step_within(ph, arena, need);
		if (step) {
			extend(ph, arena, record, step);
			return true;
		}
		if (!--tries)
			break;
	}
	return false;
}

static void add_arena(struct sh_pageheap *ph, struct sh_arena *arena)
{
	arena->id = ph->next_id++;
	list_add_tail(&arena->link, &ph->arenas);
	ph->nr_arenas++;
}

static struct sh_arena *new_arena(struct sh_pageheap *ph,
				  unsigned long nr_pages, gfp_t gfp)
{
	struct mem_cgroup *old;
	struct sh_arena *arena;

	gfp = sh_memcg_enter(&ph->memcg, gfp, &old);
	arena = sh_arena_create(nr_pages, gfp, ph->node);
	sh_memcg_leave(&ph->memcg, old);
	if (!arena)
		return NULL;
	arena->heap = ph->heap;
	if (sh_pagemap_reserve(arena->base, arena->nr_pages,
			       sh_gfp_meta(gfp))) {
		sh_arena_destroy(arena);
		return NULL;
	}
	sh_shadow_unused((void *)arena->base, sh_arena_end(arena) - arena->base);
	atomic_long_add(sh_arena_meta_bytes(arena), &ph->arena_bytes);
	return arena;
}

/**
 * sh_pageheap_drop_arena() - give an arena back
 * @ph: the page heap
 * @arena: an arena in no list, none of its spans in the pagemap
 *
 * Context: task, may sleep.
 */
void sh_pageheap_drop_arena(struct sh_pageheap *ph, struct sh_arena *arena)
{
	atomic_long_sub(sh_arena_meta_bytes(arena), &ph->arena_bytes);
	sh_arena_destroy(arena);
}

/*
 * How large to make the next arena. An arena that has all of its memory from
 * the start grows with the heap, so that neither the waste of a small heap nor
 * the number of arenas of a large one is out of proportion. But a cgroup that is
 * charged for it is to pay for a step at most more than was asked for.
 */
static unsigned long arena_size(struct sh_pageheap *ph, unsigned long need,
				gfp_t gfp)
{
	unsigned long size = ph->arena_pages;

	if (!SH_ARENA_SPARSE)
		size = clamp(gfp & __GFP_ACCOUNT ? 0 :
			     round_up(ph->sys / 8, SH_GROW_UNIT),
			     SH_GROW_STEP, size);
	return max(size, need);
}

/*
 * How to get an arena that is larger than it has to be: without much effort, and
 * nobody is to be killed for it.
 */
static gfp_t gfp_larger(gfp_t gfp)
{
	gfp &= ~(__GFP_RETRY_MAYFAIL | __GFP_NOFAIL);
	return gfp | __GFP_NORETRY | __GFP_NOWARN;
}

static bool has_room(struct sh_pageheap *ph, unsigned long need)
{
	struct sh_arena *last;

	if (list_empty(&ph->arenas))
		return false;
	last = list_last_entry(&ph->arenas, struct sh_arena, link);
	return step_within(ph, last, need);
}

/* An arena that has its memory from the start is within the limit as a whole. */
static bool may_have(struct sh_pageheap *ph, unsigned long nr_pages)
{
	bool may;

	if (SH_ARENA_SPARSE)
		return true;
	spin_lock_irq(&ph->lock);
	may = sh_pageheap_within_limit(ph, nr_pages);
	spin_unlock_irq(&ph->lock);
	return may;
}

/**
 * sh_pageheap_reserve_arena() - make an arena if the newest one has no room
 * @ph: the page heap
 * @nr_pages: heap pages that must fit
 * @gfp: flags that allow to block
 *
 * Context: task, may sleep.
 * Return: 0, -ENOMEM, or -EDQUOT when the heap's limit does not allow it.
 */
int sh_pageheap_reserve_arena(struct sh_pageheap *ph, unsigned long nr_pages,
			      gfp_t gfp)
{
	unsigned long need = round_up(nr_pages, SH_GROW_UNIT), size;
	struct sh_arena *arena = NULL;
	bool late;

	if (!may_have(ph, need))
		return -EDQUOT;
	size = arena_size(ph, need, gfp);
	if (size > need && may_have(ph, size))
		arena = new_arena(ph, size, gfp_larger(gfp));
	if (!arena)
		arena = new_arena(ph, need, gfp);
	if (!arena)
		return -ENOMEM;
	spin_lock_irq(&ph->lock);
	late = has_room(ph, need);
	if (!late)
		add_arena(ph, arena);
	spin_unlock_irq(&ph->lock);
	if (late)
		sh_pageheap_drop_arena(ph, arena);
	return 0;
}
EXPORT_SYMBOL_FOR_KUNIT(sh_pageheap_reserve_arena);

/**
 * sh_pageheap_reserve_work() - reserve an arena ahead of those who can not
 * @work: the reserve member of a page heap
 */
void sh_pageheap_reserve_work(struct work_struct *work)
{
	struct sh_pageheap *ph = container_of(work, struct sh_pageheap, reserve);

	/* Nothing is to be killed for what is only ahead of need. */
	sh_pageheap_reserve_arena(ph, READ_ONCE(ph->reserve_pages),
				  GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
}

/*
 * Whether there should be an arena for those who can not sleep: one with room
 * for a step, and for the @missing pages that there was none for just now.
 */
static bool runs_low(struct sh_pageheap *ph, unsigned long missing)
{
	unsigned long want = max(missing, SH_GROW_STEP);

	if (has_room(ph, want))
		return false;
	WRITE_ONCE(ph->reserve_pages, want);
	return true;
}

/**
 * sh_pageheap_grow() - add a free run
 * @ph: the page heap
 * @nr_pages: heap pages the run must have
 * @gfp: how to get memory
 *
 * Takes a step of an arena there is, or makes one if @gfp allows to block; if
 * not, and room is getting short, has one made for the next time.
 *
 * Context: that of @gfp.
 * Return: 0 when there is such a run now, though somebody else may take it
 * first; -ENOMEM, or -EDQUOT when the heap's limit does not allow it.
 */
int sh_pageheap_grow(struct sh_pageheap *ph, unsigned long nr_pages, gfp_t gfp)
{
	u32 need = round_up(nr_pages, SH_GROW_UNIT);
	struct sh_span *record;
	unsigned long flags;
	bool grown, low;
	int err;

	do {
		record = sh_record_new(ph, 0, gfp | __GFP_NOWARN);
		if (!record)
			return -ENOMEM;
		spin_lock_irqsave(&ph->lock, flags);
		grown = extend_any(ph, need, record);
		low = !gfpflags_allow_blocking(gfp) &&
		      runs_low(ph, grown ? 0 : need);
		spin_unlock_irqrestore(&ph->lock, flags);
		if (grown)
			sh_trace(grow, ph->name, (size_t)need << SH_PAGE_SHIFT);
		else
			sh_record_free(ph, record);
		if (!gfpflags_allow_blocking(gfp)) {
			if (low)
				queue_work(sh_unbound_wq, &ph->reserve);
			return grown ? 0 : -ENOMEM;
		}
		err = grown ? 0 : sh_pageheap_reserve_arena(ph, nr_pages, gfp);
	} while (!grown && !err);
	return err;
}
EXPORT_SYMBOL_FOR_KUNIT(sh_pageheap_grow);
