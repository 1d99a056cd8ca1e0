// SPDX-License-Identifier: GPL-2.0
/*
 * When to collect, and how fast to sweep.
 *
 * As in the Go runtime a cycle begins when as many bytes were allocated as were live
 * after the last one, times a percentage, and no less than 4 MiB times that. What was
 * allocated while the last cycle marked is taken off: as much will be during the next.
 * In a heap with a limit a cycle begins at the latest when half of what is left of that
 * was allocated.
 *
 * Who allocates pays for the sweep: so many heap pages must have been swept for what
 * was allocated that all are by the middle of the way to the next cycle. Bytes are
 * counted where they are taken out of spans, a batch at a time.
 *
 * Locks: gc->lock for who sets the trigger; figures are read as they are. Contexts: any
 * but NMI.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include "base/compat.h"
#include "gc/managed.h"
#include "gc/phase.h"

/* Least bytes between two cycles at 100 per cent. */
#define LEAST_BYTES	SZ_4M

/* Least bytes between two cycles in any case. */
#define LEAST_STEP	SZ_64K

/* Spans that one allocation sweeps at most. */
#define MOST_SPANS	4

static unsigned long bytes_to_trigger(struct sh_gc *gc)
{
	unsigned long live = gc->pace.live, runway = gc->pace.runway;
	u32 percent = READ_ONCE(gc->pace.percent);
	u64 limit = (u64)READ_ONCE(gc->heap->ph.limit) << SH_PAGE_SHIFT, bytes;

	if (percent == SPANHEAP_GC_OFF)
		return ULONG_MAX;
	bytes = mul_u64_u32_div(max_t(unsigned long, live, LEAST_BYTES), percent, 100);
	bytes -= min(bytes / 2, (u64)runway);
	if (limit)
		bytes = min(bytes, limit > live ? (limit - live) / 2 : 0);
	return clamp_t(u64, bytes, LEAST_STEP, ULONG_MAX - 1);
}

/* Several may be at it: the last has seen all that they have changed. */
static void set_trigger(struct sh_gc *gc)
{
	unsigned long flags;

	spin_lock_irqsave(&gc->lock, flags);
	WRITE_ONCE(gc->pace.trigger, bytes_to_trigger(gc));
	spin_unlock_irqrestore(&gc->lock, flags);
}

/**
 * sh_pace_begin() - a cycle has ended: be about to allocate until the next
 * @gc: the collector; the caller holds its cycle
 * @live: bytes that are live
 * @runway: bytes that were allocated while it marked
 */
void sh_pace_begin(struct sh_gc *gc, unsigned long live, unsigned long runway)
{
	struct sh_pace *pace = &gc->pace;

	WRITE_ONCE(pace->live, live);
	WRITE_ONCE(pace->runway, runway);
	WRITE_ONCE(pace->pages, READ_ONCE(gc->heap->ph.sys));
	set_trigger(gc);
	atomic_long_set(&pace->allocated, 0);
}

/**
 * sh_pace_update() - percentage or limit have changed
 * @gc: the collector
 */
void sh_pace_update(struct sh_gc *gc)
{
	set_trigger(gc);
	if (sh_pace_is_due(gc))
		sh_gc_kick(gc);
}

/**
 * sh_pace_is_due() - whether a cycle is
 * @gc: the collector
 *
 * Context: any.
 * Return: whether as much was allocated as is to be.
 */
bool sh_pace_is_due(struct sh_gc *gc)
{
	return (unsigned long)atomic_long_read(&gc->pace.allocated) >=
	       READ_ONCE(gc->pace.trigger);
}

/* Whether less was swept than is to be for what was allocated. */
static bool is_behind(struct sh_gc *gc)
{
	unsigned long allocated = atomic_long_read(&gc->pace.allocated);
	unsigned long half = READ_ONCE(gc->pace.trigger) / 2;

	return (u64)(atomic_long_read(&gc->sweep.pages) >> 4) * half <
	       (u64)READ_ONCE(gc->pace.pages) * (allocated >> 4);
}

/**
 * sh_pace_sweep() - sweep what is due, before more is allocated
 * @gc: the collector
 *
 * Context: any but NMI.
 */
void sh_pace_sweep(struct sh_gc *gc)
{
	unsigned int spans = MOST_SPANS;

	while (!READ_ONCE(gc->sweep.done) && is_behind(gc) && spans--)
		sh_sweep_one(gc, false);
}

/**
 * sh_pace_count() - bytes were taken out of spans
 * @gc: the collector
 * @bytes: how many
 *
 * Has a cycle begin when that is due.
 *
 * Context: any but NMI.
 */
void sh_pace_count(struct sh_gc *gc, size_t bytes)
{
	atomic_long_add(bytes, &gc->pace.allocated);
	if (sh_pace_is_due(gc) ? sh_word_phase(sh_word(gc->heap)) == SH_PHASE_IDLE :
				 !READ_ONCE(gc->armed))
		sh_gc_kick(gc);
}
