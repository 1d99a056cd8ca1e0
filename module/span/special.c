// SPDX-License-Identifier: GPL-2.0
/*
 * Special records of a span's objects: finalizers, samples of the profile and
 * charges of the kernel's memory allocation profiling. As in the Go runtime they
 * are in one list a span, in order of (object, kind).
 *
 * An object that has any is SH_OBJ_SPECIAL instead of SH_OBJ_LIVE. The fast path
 * of a free looks for the latter only, so that objects without specials, which
 * is nearly all of them, pay nothing. Whoever adds or removes a record has claimed
 * the object first (claim.c), so its records do not change under him; the lock
 * is for those of the span's other objects.
 *
 * Invariants: an object that is SH_OBJ_SPECIAL has a record; one that is free or
 * cached has none. Of a span that is not in use the list is empty; nobody sets it up
 * anew, for somebody may have the lock who looked the span up before
 * (sh_special_read()).
 *
 * Locks: the lowest bit of the list's head, interrupts off, inside any other
 * lock of ours. Held for as long as it takes to pass over the records before:
 * 1024 objects at most. lockdep does not know such locks; nothing is called
 * under it.
 *
 * Contexts: any but NMI.
 */
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/string.h>

#include "base/compat.h"
#include "span/span.h"
#include "span/special.h"

static unsigned long lock(struct sh_span *span)
	__acquires(bitlock)
{
	unsigned long flags;

	local_irq_save(flags);
	hlist_bl_lock(&span->specials);
	return flags;
}

static void unlock(struct sh_span *span, unsigned long flags)
	__releases(bitlock)
{
	hlist_bl_unlock(&span->specials);
	local_irq_restore(flags);
}

static unsigned int order(unsigned int idx, unsigned int kind)
{
	return idx << 8 | kind;
}

/* lockdep knows no bit locks, but whether somebody has it. */
static void assert_held(struct sh_span *span)
{
	lockdep_assert(hlist_bl_is_locked(&span->specials));
}

/*
 * The first record not before (@idx, @kind), or NULL; @prev is set to the one
 * before it. Called with the lock held.
 */
static struct sh_special *seek(struct sh_span *span, unsigned int idx,
			       unsigned int kind, struct sh_special **prev)
{
	struct hlist_bl_node *node;
	struct sh_special *special;

	assert_held(span);
	*prev = NULL;
	hlist_bl_for_each_entry(special, node, &span->specials, node) {
		if (order(special->idx, special->kind) >= order(idx, kind))
			return special;
		*prev = special;
	}
	return NULL;
}

/* The record of (@idx, @kind), or NULL. Called with the lock held. */
static struct sh_special *find_place(struct sh_span *span, unsigned int idx,
				     unsigned int kind)
{
	struct sh_special *special, *prev;

	special = seek(span, idx, kind, &prev);
	return special && special->idx == idx && special->kind == kind ?
		special : NULL;
}

/**
 * sh_special_add() - add a record
 * @span: the span
 * @special: the record, with @idx and @kind set; the object is claimed
 *
 * Return: 0, or -EEXIST when the object has one of that kind.
 */
int sh_special_add(struct sh_span *span, struct sh_special *special)
{
	unsigned long flags = lock(span);
	struct sh_special *next, *prev;
	int err = 0;

	next = seek(span, special->idx, special->kind, &prev);
	if (next && next->idx == special->idx && next->kind == special->kind)
		err = -EEXIST;
	else if (prev)
		hlist_bl_add_behind(&special->node, &prev->node);
	else
		hlist_bl_add_head(&special->node, &span->specials);
	unlock(span, flags);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(sh_special_add);

/**
 * sh_special_find() - look a record up
 * @span: the span
 * @idx: which object, claimed
 * @kind: which kind
 *
 * Return: the record or NULL.
 */
struct sh_special *sh_special_find(struct sh_span *span, unsigned int idx,
				   enum sh_special_kind kind)
{
	unsigned long flags = lock(span);
	struct sh_special *special = find_place(span, idx, kind);

	unlock(span, flags);
	return special;
}
EXPORT_SYMBOL_IF_KUNIT(sh_special_find);

/**
 * sh_special_read() - copy a record of an object that nobody has claimed
 * @span: the span, in an RCU read-side section
 * @idx: which object
 * @kind: which kind
 * @to: where to
 * @bytes: of the record
 *
 * A free of the object waits for the lock before its record can go.
 *
 * Return: whether there was one.
 */
bool sh_special_read(struct sh_span *span, unsigned int idx,
		     enum sh_special_kind kind, void *to, size_t bytes)
{
	unsigned long flags = lock(span);
	struct sh_special *special = find_place(span, idx, kind);

	if (special)
		memcpy(to, special, bytes);
	unlock(span, flags);
	return special;
}

/**
 * sh_special_remove() - take a record out
 * @span: the span
 * @idx: which object, claimed
 * @kind: which kind
 *
 * Return: the record, now the caller's, or NULL.
 */
struct sh_special *sh_special_remove(struct sh_span *span, unsigned int idx,
				     enum sh_special_kind kind)
{
	unsigned long flags = lock(span);
	struct sh_special *special = find_place(span, idx, kind);

	if (special)
		hlist_bl_del(&special->node);
	unlock(span, flags);
	return special;
}
EXPORT_SYMBOL_IF_KUNIT(sh_special_remove);

/**
 * sh_special_pop() - take the first record of a span out
 * @span: a span that nobody uses any more
 *
 * Return: the record, now the caller's, or NULL.
 */
struct sh_special *sh_special_pop(struct sh_span *span)
{
	unsigned long flags = lock(span);
	struct hlist_bl_node *first = hlist_bl_first(&span->specials);

	if (first)
		hlist_bl_del(first);
	unlock(span, flags);
	return first ? hlist_bl_entry(first, struct sh_special, node) : NULL;
}

/**
 * sh_special_any() - whether an object has records
 * @span: the span
 * @idx: which object, claimed
 *
 * Return: whether it has.
 */
bool sh_special_any(struct sh_span *span, unsigned int idx)
{
	unsigned long flags = lock(span);
	struct sh_special *special, *prev;

	special = seek(span, idx, 0, &prev);
	unlock(span, flags);
	return special && special->idx == idx;
}
EXPORT_SYMBOL_IF_KUNIT(sh_special_any);

/* Called with the lock held. */
static const char *check_order(struct sh_span *span, unsigned int nelems)
{
	struct hlist_bl_node *node;
	struct sh_special *special;
	int last = -1, at;
	u8 state;

	assert_held(span);
	hlist_bl_for_each_entry(special, node, &span->specials, node) {
		at = order(special->idx, special->kind);
		if (at <= last)
			return "special records are not in order";
		if (special->idx >= nelems)
			return "a special record is of no object";
		state = READ_ONCE(span->obj[special->idx]);
		if (!sh_obj_is_live(state) && state != SH_OBJ_GUARDED)
			return "a free object has a special record";
		last = at;
	}
	return NULL;
}

/* Called with the lock held. */
static const char *check_states(struct sh_span *span, unsigned int nelems)
{
	struct hlist_bl_node *node = hlist_bl_first(&span->specials);
	struct sh_special *special;
	unsigned int idx;

	assert_held(span);
	for (idx = 0; idx < nelems; idx++) {
		while (node && hlist_bl_entry(node, struct sh_special,
					      node)->idx < idx)
			node = node->next;
		/* Records are added and removed only while the object is claimed. */
		if (READ_ONCE(span->obj[idx]) != SH_OBJ_SPECIAL)
			continue;
		special = node ? hlist_bl_entry(node, struct sh_special, node) :
				 NULL;
		if (!special || special->idx != idx)
			return "an object that is special has no record";
	}
	return NULL;
}

/**
 * sh_special_check() - verify the invariants of the list
 * @span: a span in use
 * @nelems: its objects
 *
 * Return: NULL, or what is wrong.
 */
const char *sh_special_check(struct sh_span *span, unsigned int nelems)
{
	unsigned long flags = lock(span);
	const char *wrong;

	wrong = check_order(span, nelems) ?: check_states(span, nelems);
	unlock(span, flags);
	return wrong;
}
EXPORT_SYMBOL_IF_KUNIT(sh_special_check);
