// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of debug heaps that get another size in place, or become two.
 *
 * Locks: those of debug.c. Contexts: any but NMI.
 */
#include <linux/mm.h>
#include <linux/xarray.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "debug/damage.h"
#include "debug/debug.h"
#include "debug/table.h"
#include "heap/heap.h"
#include "watch/leakcheck.h"

/**
 * sh_debug_resize() - make an object of a debug heap smaller in place
 * @debug: the debug layer
 * @guard: the record of the object, claimed
 * @size: bytes, not 0
 *
 * To be made larger it has to move, so that uses of the old address are seen.
 *
 * Context: any but NMI.
 * Return: whether it has @size bytes now.
 */
bool sh_debug_resize(struct sh_debug *debug, struct sh_guard *guard, size_t size)
{
	struct sh_damage damage;
	unsigned long flags;
	bool damaged;

	if (size > guard->size)
		return false;
	damaged = sh_guard_damaged(guard, false, &damage);
	if (damaged)
		sh_debug_note_damage(debug, guard, &damage, "it was resized");
	xa_lock_irqsave(&debug->slots, flags);
	guard->right = min(guard->right + guard->size - size, SH_RED_MAX);
	guard->size = size;
	xa_unlock_irqrestore(&debug->slots, flags);
	/* What is wrong stays as it is. */
	if (!damaged)
		sh_guard_paint_zones(guard);
	sh_leakcheck_resize((void *)guard->start, size, SH_GFP_CHANGE);
	return true;
}

/* Whether an object of that size could be split in a heap that is no debug heap. */
static bool is_divisible(size_t size)
{
	size_t usable = sh_size_roundup(size);

	return usable == ALIGN(usable, 2 * SH_PAGE_SIZE) && !(size % 16);
}

/**
 * sh_debug_split() - make two objects of one of a debug heap
 * @ptr: any address
 *
 * They share a slot, with no red zone between them; its memory is given back
 * when both are free.
 *
 * Context: any but NMI.
 * Return: 0; -EINVAL when @ptr is no such object or cannot be split; -ENOMEM.
 */
int sh_debug_split(const void *ptr)
{
	struct sh_guard *guard, *half;
	struct sh_debug *debug;
	unsigned long flags;
	int err = 0;

	guard = sh_debug_claim(ptr, &debug);
	if (!guard)
		return -EINVAL;
	half = sh_debug_new_record(debug, SH_GFP_CHANGE);
	if (!is_divisible(guard->size))
		err = -EINVAL;
	else if (!half)
		err = -ENOMEM;
	if (!err)
		*half = *guard;
	xa_lock_irqsave(&debug->slots, flags);
	if (!err) {
		half->size = guard->size / 2;
		half->start += half->size;
		half->left = 0;
		half->bytes /= 2;
		half->state = SH_GUARD_LIVE;
		half->second = true;
		guard->size = half->size;
		guard->right = 0;
		guard->bytes -= half->bytes;
		guard->next = half;
		debug->surplus[guard->class]++;
	}
	guard->state = SH_GUARD_LIVE;
	xa_unlock_irqrestore(&debug->slots, flags);
	if (err) {
		sh_debug_free_records(debug, half);
		return err;
	}
	sh_leakcheck_resize(ptr, half->size, SH_GFP_CHANGE);
	sh_leakcheck_add((void *)half->start, half->size, SH_GFP_CHANGE);
	if (guard->class)
		sh_central_count_direct(&debug->heap->central[guard->class], 1);
	else
		atomic_long_inc(&debug->heap->large_mallocs);
	return 0;
}
