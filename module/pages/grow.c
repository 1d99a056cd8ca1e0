// SPDX-License-Identifier: GPL-2.0
/*
 * How a page heap grows: by steps of an arena, by arenas, and, for those who
 * cannot wait for an arena, by those that a worker reserved ahead. Where an arena
 * is address space only, whoever uses up what is ahead has the worker make more,
 * so that it is there for a burst of others.
 *
 * No lock is held while an arena is made. Two tasks may both make one; the
 * second gives its own back when the first one's is enough. A mutex would not
 * do: making an arena can enter reclaim, and reclaim can come back here with
 * GFP_NOFS in the same task.
 *
 * Locks: ph->lock, as pageheap.c has it.
 *
 * Contexts: sh_pageheap_grow() that of its gfp; reserving task, may sleep.
 */
#include <linux/minmax.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "pages/grow.h"
#include "pages/memcg.h"
#include "pages/quota.h"
#include "pages/runs.h"
#include "pages/splice.h"
#include "span/pagemap.h"
#include "watch/shadow.h"
#include "watch/trace.h"

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
static u32 step_within(struct sh_pageheap *ph, struct sh_arena *arena, u32 need,
		       gfp_t gfp)
{
	u32 step = step_for(arena, need);

	if (!SH_ARENA_SPARSE && !(gfp & __GFP_NOFAIL) &&
	    !sh_pageheap_within_limit(ph, arena, step))
		return 0;
	return step;
}

/* The oldest arena that is looked at. There is at least one. */
static struct sh_arena *first_tried(struct sh_pageheap *ph)
{
	struct sh_arena *arena;
	int tries = ARENAS_TRIED;

	arena = list_last_entry(&ph->arenas, struct sh_arena, link);
	while (--tries && !list_is_first(&arena->link, &ph->arenas))
		arena = list_prev_entry(arena, link);
	return arena;
}

/*
 * An arena that has room, the oldest first: what is reserved ahead comes last. Sets
 * @step to what it may be extended by: asked again, the limit may say otherwise.
 */
static struct sh_arena *arena_with_room(struct sh_pageheap *ph, u32 need,
					gfp_t gfp, u32 *step)
{
	struct sh_arena *arena;

	if (list_empty(&ph->arenas))
		return NULL;
	arena = first_tried(ph);
	list_for_each_entry_from(arena, &ph->arenas, link) {
		*step = step_within(ph, arena, need, gfp);
		if (*step)
			return arena;
	}
	return NULL;
}

/* Extend an arena that has room. Called with the lock held. */
static bool extend_any(struct sh_pageheap *ph, u32 need, struct sh_span *record,
		       gfp_t gfp)
{
	struct sh_arena *arena;
	u32 step;

	lockdep_assert_held(&ph->lock);
	arena = arena_with_room(ph, need, gfp, &step);
	if (arena)
		extend(ph, arena, record, step);
	return arena;
}

/*
 * Heap pages that the heap can grow by without another arena, and all it has if
 * none of it is in use: then it need not grow.
 */
static unsigned long room_ahead(struct sh_pageheap *ph)
{
	unsigned long room = sh_pageheap_in_use(ph) ? 0 : ph->idle;
	struct sh_arena *arena;

	if (list_empty(&ph->arenas))
		return 0;
	arena = first_tried(ph);
	list_for_each_entry_from(arena, &ph->arenas, link)
		room += arena->nr_pages - arena->used;
	return room;
}

/* Heap pages of arenas that a limit leaves: they are to be in proportion to it. */
static unsigned long bound_by_limit(struct sh_pageheap *ph, unsigned long size)
{
	unsigned long limit = READ_ONCE(ph->limit);

	if (!SH_ARENA_SPARSE)
		limit /= 8;
	return limit ? min(size, round_up(limit, SH_GROW_UNIT)) : size;
}

/* Heap pages that may be in use beside those that are. */
static unsigned long left_by_limit(struct sh_pageheap *ph)
{
	unsigned long limit = READ_ONCE(ph->limit), in_use = sh_pageheap_in_use(ph);

	if (!limit)
		return ULONG_MAX;
	return limit > in_use ? round_up(limit - in_use, SH_GROW_UNIT) : 0;
}

/*
 * How much room there should be ahead, for those who cannot sleep: what a burst
 * of them may take before a worker had its turn, and an eighth of a large heap.
 */
static unsigned long wanted_ahead(struct sh_pageheap *ph)
{
	unsigned long want = max(ph->sys / 8, SH_AHEAD_MIN);

	want = min3(want, ph->ahead, ph->arena_pages / 2);
	return min(bound_by_limit(ph, want), left_by_limit(ph));
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
	sh_pageheap_count_arena(ph, arena, true);
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
	sh_pageheap_count_arena(ph, arena, false);
	sh_arena_destroy(arena);
}

/*
 * How large to make the next arena. Arenas grow with the heap, so that neither
 * what a small heap costs nor the number of arenas of a large one is out of
 * proportion: address space by as much as there is, and arenas that have all of
 * their memory from the start by an eighth of it. But a cgroup that is charged for
 * such a one is to pay for a step at most more than was asked for.
 */
static unsigned long arena_size(struct sh_pageheap *ph, unsigned long need,
				gfp_t gfp)
{
	unsigned long size = SH_ARENA_SPARSE ? ph->sys : ph->sys / 8;

	if (!SH_ARENA_SPARSE && ((gfp & __GFP_ACCOUNT) || ph->memcg.owner))
		size = 0;
	size = max(round_up(size, SH_GROW_UNIT), SH_LEAST_ARENA);
	return max(bound_by_limit(ph, min(size, ph->arena_pages)), need);
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

/*
 * An arena that has its memory from the start is within the limit as a whole, and
 * what is kept about it is.
 */
static bool may_have(struct sh_pageheap *ph, unsigned long nr_pages, gfp_t gfp)
{
	bool may;

	if (SH_ARENA_SPARSE || (gfp & __GFP_NOFAIL))
		return true;
	spin_lock_irq(&ph->lock);
	may = sh_pageheap_within_limit(ph, NULL, nr_pages + nr_pages / 256 + 1);
	spin_unlock_irq(&ph->lock);
	return may;
}

/**
 * sh_pageheap_reserve_arena() - make an arena unless there is one with room
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
	bool late, fits;
	u32 step;

	if (!may_have(ph, need, gfp))
		return -EDQUOT;
	size = arena_size(ph, need, gfp);
	if (size > need && may_have(ph, size, gfp & ~__GFP_NOFAIL))
		arena = new_arena(ph, size, gfp_larger(gfp));
	if (!arena)
		arena = new_arena(ph, need, gfp);
	if (!arena)
		return -ENOMEM;
	spin_lock_irq(&ph->lock);
	late = arena_with_room(ph, need, gfp, &step) &&
	       room_ahead(ph) >= wanted_ahead(ph);
	fits = step_within(ph, arena, need, gfp);
	if (!late && fits)
		add_arena(ph, arena);
	spin_unlock_irq(&ph->lock);
	if (late || !fits)
		sh_pageheap_drop_arena(ph, arena);
	return late || fits ? 0 : -EDQUOT;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_reserve_arena);

/* Whether there is less ahead than there should be, or than somebody missed. */
static bool runs_low(struct sh_pageheap *ph)
{
	u32 step;

	lockdep_assert_held(&ph->lock);
	return room_ahead(ph) < wanted_ahead(ph) ||
	       (ph->missing && !arena_with_room(ph, ph->missing, 0, &step));
}

/* What the next arena must have room for, 0 when there is enough. */
static unsigned long next_reserve(struct sh_pageheap *ph)
{
	unsigned long need = 0;

	spin_lock_irq(&ph->lock);
	if (runs_low(ph))
		need = max(ph->missing, SH_GROW_UNIT);
	else
		ph->missing = 0;
	spin_unlock_irq(&ph->lock);
	return need;
}

/**
 * sh_pageheap_reserve_work() - reserve arenas ahead of those who cannot
 * @work: the reserve member of a page heap
 */
void sh_pageheap_reserve_work(struct work_struct *work)
{
	struct sh_pageheap *ph = container_of(work, struct sh_pageheap, reserve);
	unsigned int tries = ARENAS_TRIED;
	unsigned long need;

	/* Nothing is to be killed for what is only ahead of need. */
	while (tries-- && (need = next_reserve(ph)))
		if (sh_pageheap_reserve_arena(ph, need, GFP_KERNEL |
					      __GFP_NORETRY | __GFP_NOWARN))
			break;
}

/**
 * sh_pageheap_kick() - the same for who promised to wake nobody
 * @work: the kick member of a page heap
 */
void sh_pageheap_kick(struct irq_work *work)
{
	struct sh_pageheap *ph = container_of(work, struct sh_pageheap, kick);

	queue_work(sh_unbound_wq, &ph->reserve);
}

/* To wake the worker takes locks of the scheduler, which the caller may hold. */
static void reserve_ahead(struct sh_pageheap *ph, gfp_t gfp)
{
	if (gfp & __GFP_KSWAPD_RECLAIM)
		queue_work(sh_unbound_wq, &ph->reserve);
	else
		irq_work_queue(&ph->kick);
}

/**
 * sh_pageheap_grow() - add a free run
 * @ph: the page heap
 * @nr_pages: heap pages the run must have
 * @gfp: how to get memory
 *
 * Takes a step of an arena there is, or makes one if @gfp allows to block. When
 * room is getting short, has one made for those who cannot.
 *
 * Context: that of @gfp.
 * Return: 0 when there is such a run now, though somebody else may take it
 * first; -ENOMEM, or -EDQUOT when the heap's limit does not allow it.
 */
int sh_pageheap_grow(struct sh_pageheap *ph, unsigned long nr_pages, gfp_t gfp)
{
	bool may_block = gfpflags_allow_blocking(gfp), grown, low;
	u32 need = round_up(nr_pages, SH_GROW_UNIT);
	struct sh_span *record;
	unsigned long flags;
	int err;

	do {
		record = sh_record_new(ph, 0, gfp | __GFP_NOWARN);
		if (!record)
			return -ENOMEM;
		spin_lock_irqsave(&ph->lock, flags);
		grown = extend_any(ph, need, record, gfp);
		if (!grown && !may_block)
			ph->missing = need;
		low = (SH_ARENA_SPARSE || !may_block) && runs_low(ph);
		spin_unlock_irqrestore(&ph->lock, flags);
		if (grown)
			sh_trace(grow, ph->name, (size_t)need << SH_PAGE_SHIFT);
		else
			sh_record_free(ph, record);
		if (low && (grown || !may_block))
			reserve_ahead(ph, gfp);
		if (!may_block)
			return grown ? 0 : -ENOMEM;
		err = grown ? 0 : sh_pageheap_reserve_arena(ph, nr_pages, gfp);
	} while (!grown && !err);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_grow);
