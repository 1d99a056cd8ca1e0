// SPDX-License-Identifier: GPL-2.0
/*
 * Damage to objects of debug heaps: looked for in all of them on request, counted
 * and reported once each, whoever found it.
 *
 * Locks: those of debug.c. Contexts: any but NMI, except where a function says
 * otherwise.
 */
#include <linux/sched.h>
#include <linux/xarray.h>

#include "base/compat.h"
#include "debug/damage.h"
#include "debug/table.h"
#include "heap/heap.h"

/**
 * sh_debug_note_damage() - count and report damage to an object, the first time
 * @debug: the debug layer
 * @guard: the object, which does not go away meanwhile
 * @damage: what is wrong
 * @when: when it was found
 *
 * Context: any but NMI.
 */
void sh_debug_note_damage(struct sh_debug *debug, struct sh_guard *guard,
			  const struct sh_damage *damage, const char *when)
{
	struct sh_guard copy;
	unsigned long flags;
	bool first;

	xa_lock_irqsave(&debug->slots, flags);
	first = !guard->reported;
	guard->reported = true;
	debug->corruptions += first;
	copy = *guard;
	xa_unlock_irqrestore(&debug->slots, flags);
	if (first)
		sh_guard_report(debug->heap, &copy, damage, when);
}

static bool is_damaged(const struct sh_guard *guard, struct sh_damage *damage)
{
	switch (guard->state) {
	case SH_GUARD_LIVE:
		return sh_guard_damaged(guard, false, damage);
	case SH_GUARD_FREED:
	case SH_GUARD_GONE:
		return sh_guard_damaged(guard, true, damage);
	default:
		return false;
	}
}

/*
 * Look at the objects of the first slot at or after @index. Returns one that was
 * not known to be damaged, in @copy.
 */
static bool check_slot(struct sh_debug *debug, unsigned long *index,
		       struct sh_guard *copy, struct sh_damage *damage)
{
	struct sh_guard *guard;
	unsigned long flags;
	bool found = false;

	xa_lock_irqsave(&debug->slots, flags);
	guard = xa_find(&debug->slots, index, ULONG_MAX, XA_PRESENT);
	if (!guard)
		*index = ULONG_MAX;
	for (; guard && !found; guard = guard->next) {
		if (guard->reported || !is_damaged(guard, damage))
			continue;
		found = true;
		guard->reported = true;
		debug->corruptions++;
		*copy = *guard;
	}
	xa_unlock_irqrestore(&debug->slots, flags);
	return found;
}

/**
 * sh_debug_check() - look at the red zones and the poison of all objects
 * @debug: the debug layer
 *
 * Each object that is damaged is reported, unless it has been before.
 *
 * Context: task. Interrupts are off for as long as an object takes.
 * Return: how many were reported.
 */
unsigned int sh_debug_check(struct sh_debug *debug)
{
	struct sh_damage damage;
	unsigned long index = 0;
	unsigned int found = 0;
	struct sh_guard copy;

	while (index != ULONG_MAX) {
		if (check_slot(debug, &index, &copy, &damage)) {
			sh_guard_report(debug->heap, &copy, &damage,
					"the heap was checked");
			found++;
		} else if (index != ULONG_MAX) {
			index++;
		}
		cond_resched();
	}
	return found;
}
