// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to the objects of a debug heap once they are free.
 *
 * First they wait, filled with poison, the oldest leaving when there are more
 * bytes than the bound, or an eighth of the heap's limit, allows: so memory is
 * not used again soon, and a write to it is seen when the object leaves. Objects
 * of more than half the bound do not wait, nor does one that would take the place
 * of more small ones than a free has the time to look at. The memory of small ones
 * goes back to its span then, still filled with poison, the record stays, and both
 * are looked at once more when the memory is used again or the span is given back.
 *
 * What was written to is buried: reported, and never used again, so that there
 * is evidence to look at and nobody gets memory that somebody else writes to.
 *
 * Locks: that of debug->slots. Contexts: any but NMI.
 */
#include <linux/list.h>
#include <linux/minmax.h>

#include "base/compat.h"
#include "debug/damage.h"
#include "debug/quarantine.h"
#include "debug/slot.h"
#include "debug/table.h"
#include "heap/heap.h"

/* Objects taken from the list at a time: 4,000 instructions each. */
#define BATCH	64UL

static size_t bound_of(struct sh_debug *debug)
{
	unsigned long limit = READ_ONCE(debug->heap->ph.limit);

	if (!limit)
		return debug->bound;
	return min_t(size_t, debug->bound, limit << SH_PAGE_SHIFT >> 3);
}

/* Move some of the oldest to @out until at most @bytes are left. */
static void trim_quarantine(struct sh_debug *debug, size_t bytes, struct list_head *out)
{
	unsigned int most = BATCH;
	struct sh_guard *guard;

	lockdep_assert_held(&debug->slots.xa_lock);
	while (debug->quarantined_bytes > bytes && most--) {
		guard = list_first_entry(&debug->quarantine, struct sh_guard,
					 link);
		list_move_tail(&guard->link, out);
		debug->quarantined--;
		debug->quarantined_bytes -= guard->bytes;
	}
}

/**
 * sh_quarantine_bury() - see to it that a damaged object is never used again
 * @debug: the debug layer
 * @guard: the object, free and in the caller's hands
 * @damage: what is wrong with it
 * @when: when it was found
 */
void sh_quarantine_bury(struct sh_debug *debug, struct sh_guard *guard,
			const struct sh_damage *damage, const char *when)
{
	unsigned long flags;

	xa_lock_irqsave(&debug->slots, flags);
	guard->state = SH_GUARD_BROKEN;
	xa_unlock_irqrestore(&debug->slots, flags);
	sh_debug_note_damage(debug, guard, damage, when);
}

/*
 * An object is done with. When that is so for all of its slot, the first of them
 * is returned, and the slot is the caller's.
 */
static struct sh_guard *finish_guard(struct sh_debug *debug, struct sh_guard *guard)
{
	unsigned long index = sh_debug_index(guard->slot), flags;
	struct sh_guard *first, *at;

	xa_lock_irqsave(&debug->slots, flags);
	guard->state = SH_GUARD_GONE;
	first = xa_load(&debug->slots, index);
	for (at = first; at && at->state == SH_GUARD_GONE; at = at->next)
		;
	if (at)
		first = NULL;
	if (first)
		debug->surplus[first->class]++;
	if (first && !first->class) {
		__xa_erase(&debug->slots, index);
		for (at = first; at; at = at->next)
			debug->surplus_bytes += at->bytes;
	}
	xa_unlock_irqrestore(&debug->slots, flags);
	return first;
}

/* Let go of an object that has left the list, unless it was written to. */
static void retire_guard(struct sh_debug *debug, struct sh_guard *guard)
{
	unsigned long slot = guard->slot;
	unsigned int class = guard->class;
	struct sh_damage damage;
	struct sh_guard *first;

	if (sh_guard_damaged(guard, true, &damage)) {
		sh_quarantine_bury(debug, guard, &damage, "it left quarantine");
		return;
	}
	first = finish_guard(debug, guard);
	if (!first)
		return;
	/* From here on the records of small objects may be gone. */
	sh_debug_put_slot(debug, slot, class);
	if (!class)
		sh_debug_free_records(debug, first);
}

static void retire_all(struct sh_debug *debug, struct list_head *out)
{
	struct sh_guard *guard, *next;

	list_for_each_entry_safe(guard, next, out, link)
		retire_guard(debug, guard);
}

static void drain_some(struct sh_debug *debug)
{
	unsigned long flags;
	LIST_HEAD(out);

	xa_lock_irqsave(&debug->slots, flags);
	trim_quarantine(debug, 0, &out);
	xa_unlock_irqrestore(&debug->slots, flags);
	retire_all(debug, &out);
}

/**
 * sh_quarantine_add() - hold a free object back for a while
 * @debug: the debug layer
 * @guard: the object, filled with poison and in the caller's hands
 */
void sh_quarantine_add(struct sh_debug *debug, struct sh_guard *guard)
{
	size_t bound = bound_of(debug);
	bool waits = guard->bytes <= bound / 2;
	size_t room = waits ? bound - guard->bytes : bound;
	unsigned long flags;
	LIST_HEAD(out);

	xa_lock_irqsave(&debug->slots, flags);
	guard->state = SH_GUARD_FREED;
	trim_quarantine(debug, room, &out);
	/* Also when a batch of small ones has not made room for it. */
	if (!waits || debug->quarantined_bytes > room) {
		list_add_tail(&guard->link, &out);
	} else {
		list_add_tail(&guard->link, &debug->quarantine);
		debug->quarantined++;
		debug->quarantined_bytes += guard->bytes;
	}
	xa_unlock_irqrestore(&debug->slots, flags);
	retire_all(debug, &out);
}

/**
 * sh_quarantine_drain() - let go of what is held back
 * @heap: the heap, any
 *
 * Of that only: what others free meanwhile may stay.
 *
 * Context: task, may sleep; inside reclaim as well.
 */
void sh_quarantine_drain(struct spanheap *heap)
{
	unsigned long left = heap->debug ? READ_ONCE(heap->debug->quarantined) : 0;

	for (; left; left -= min(left, BATCH)) {
		drain_some(heap->debug);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(sh_quarantine_drain);

/**
 * sh_quarantine_bytes() - how much is held back
 * @heap: the heap, any
 *
 * Return: bytes.
 */
size_t sh_quarantine_bytes(struct spanheap *heap)
{
	return heap->debug ? READ_ONCE(heap->debug->quarantined_bytes) : 0;
}

static void set_states(struct sh_debug *debug, struct sh_guard *guard,
		       enum sh_guard_state state)
{
	unsigned long flags;

	xa_lock_irqsave(&debug->slots, flags);
	for (; guard; guard = guard->next)
		guard->state = state;
	xa_unlock_irqrestore(&debug->slots, flags);
}

/*
 * Look at what was in a slot before it is used again. Returns whether it may be; if
 * not, what was in it is buried.
 */
static bool may_reuse(struct sh_debug *debug, unsigned long slot)
{
	struct sh_guard *first = xa_load(&debug->slots, sh_debug_index(slot));
	struct sh_damage damage;
	struct sh_guard *guard;

	/* Nobody else looks at the memory from here on. */
	set_states(debug, first, SH_GUARD_HANDLED);
	for (guard = first; guard; guard = guard->next) {
		if (!sh_guard_damaged(guard, true, &damage))
			continue;
		set_states(debug, first, SH_GUARD_GONE);
		sh_quarantine_bury(debug, guard, &damage,
				   "its memory was used again");
		return false;
	}
	return true;
}

/**
 * sh_quarantine_take_slot() - take a slot whose memory nobody wrote to while it was free
 * @debug: the debug layer
 * @guard: set to the slot, its class and its length
 * @total: bytes needed
 * @align: bytes, a power of two
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 * @on_node: have all of its pages there
 *
 * Context: that of @gfp.
 * Return: whether there is one.
 */
bool sh_quarantine_take_slot(struct sh_debug *debug, struct sh_guard *guard,
			     size_t total, size_t align, gfp_t gfp, int node,
			     bool on_node)
{
	unsigned long flags;

	while (sh_debug_take_slot(debug, guard, total, align, gfp, node, on_node)) {
		if (may_reuse(debug, guard->slot))
			return true;
		xa_lock_irqsave(&debug->slots, flags);
		sh_debug_discount(debug, guard);
		xa_unlock_irqrestore(&debug->slots, flags);
	}
	return false;
}

/* Take the records of the first slot from @index to @last out of the xarray. */
static struct sh_guard *take_records(struct sh_debug *debug,
				     unsigned long *index, unsigned long last)
{
	struct sh_guard *first;
	unsigned long flags;

	xa_lock_irqsave(&debug->slots, flags);
	first = xa_find(&debug->slots, index, last, XA_PRESENT);
	if (first)
		__xa_erase(&debug->slots, *index);
	xa_unlock_irqrestore(&debug->slots, flags);
	return first;
}

/**
 * sh_quarantine_forget() - forget what was in a span
 * @span: a span of small objects, all free, that is about to be given back
 */
void sh_quarantine_forget(struct sh_span *span)
{
	unsigned long index = sh_debug_index(sh_span_base(span));
	unsigned long last = sh_debug_index(sh_span_end(span) - 1);
	struct sh_debug *debug = sh_span_heap(span)->debug;
	struct sh_guard *first, *guard;
	struct sh_damage damage;

	while ((first = take_records(debug, &index, last))) {
		for (guard = first; guard; guard = guard->next)
			if (sh_guard_damaged(guard, true, &damage))
				sh_debug_note_damage(debug, guard, &damage,
						     "its pages went back");
		sh_debug_free_records(debug, first);
	}
}
