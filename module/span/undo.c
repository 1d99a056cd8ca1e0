// SPDX-License-Identifier: GPL-2.0
/*
 * Claims of objects that were not meant.
 *
 * Who frees, resizes or splits what is no object any more may find the record of
 * its span just when that becomes another span's, and claim a live object of
 * somebody else. The second look at the key tells, and the claim is undone. In
 * between, the object's owner is refused whatever it does. A free must not be lost
 * for that, and to see a wrong claim before it is made would cost each free an
 * instruction. Hence:
 *
 * - A free that is refused because somebody has the object claimed sets
 *   SH_OBJ_LATE_BIT in the state. If the claim was a right one, that means
 *   nothing: whoever has the object stores its next state over it.
 * - Who undoes a wrong claim and finds the bit keeps the object, and frees it for
 *   its owner.
 *
 * The bit must not be set in a state that is not that of the object that was to be
 * freed, or who undoes would free what is still used. So it is set under the lock,
 * and the key compared after that; who undoes takes the lock as well and never sees
 * a bit that is to be taken back. While there is a wrong claim the object is
 * allocated, its span stays, and the key proves whose state it is. Without one the
 * bit means nothing.
 *
 * The free that was refused waits for a moment whether it is done by others, and
 * if not it is reported. Somebody with a wrong claim who is interrupted between two
 * instructions for as long makes the report wrong; the object is freed in any case.
 * Other calls wait as long for the claim to end and try again; of these a free that
 * zeroes or waits for readers is lost if it has not ended. That takes a mistake of
 * somebody's and an interrupt in a few instructions of it.
 *
 * Locks: late_lock, with interrupts off, inside everything; for some instructions,
 * and only after a caller's mistake. Contexts: any but NMI.
 */
#include <linux/list.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "base/compat.h"
#include "span/pagemap.h"
#include "span/undo.h"

/* How often to look whether a refused free was done by others. */
#define LOOKS	200

/**
 * struct late - a free that was refused, while it waits
 * @link: in @lates, the newest first
 * @state: the state of its object
 * @done: somebody else has freed it
 */
struct late {
	struct list_head link;
	u8 *state;
	bool done;
};

static DEFINE_RAW_SPINLOCK(late_lock);
static LIST_HEAD(lates);
static void (*finish_claimed)(struct sh_span *span, u8 *state);

/* Cached or busy. */
static bool is_claimed(u8 state)
{
	return state & SH_OBJ_BUSY_BIT;
}

/* Allocated, and anybody can claim it: not in a managed heap. */
static bool is_claimable(u8 state)
{
	return sh_obj_plain(state) == SH_OBJ_LIVE;
}

/* At most one waits for what one claim holds up: the last that set the bit. */
static void tell_late(const u8 *state)
{
	struct late *late;

	list_for_each_entry(late, &lates, link) {
		if (late->state == state) {
			WRITE_ONCE(late->done, true);
			return;
		}
	}
}

/**
 * sh_claim_undone() - make an object live again that was claimed by mistake
 * @state: its state
 *
 * Return: whether it is; if not, its owner has freed it meanwhile and it is the
 * caller's to free, by sh_claim_finish().
 */
bool sh_claim_undone(u8 *state)
{
	unsigned long flags;
	u8 was;

	raw_spin_lock_irqsave(&late_lock, flags);
	was = READ_ONCE(*state);
	if (was & SH_OBJ_LATE_BIT)
		tell_late(state);
	else	/* The state is all that has changed for the next claim. */
		smp_store_release(state,
				  (was & ~SH_OBJ_BUSY_BIT) | SH_OBJ_LIVE);
	raw_spin_unlock_irqrestore(&late_lock, flags);
	return !(was & SH_OBJ_LATE_BIT);
}
EXPORT_SYMBOL_IF_KUNIT(sh_claim_undone);

/**
 * sh_undo_init() - say how an object is freed for its owner
 * @finish: frees it, for those who have no object layer above them
 */
void sh_undo_init(void (*finish)(struct sh_span *span, u8 *state))
{
	finish_claimed = finish;
}

/**
 * sh_claim_undo() - undo a claim that was not meant, whatever that takes
 * @span: a span
 * @state: the state of one of its objects, claimed
 */
void sh_claim_undo(struct sh_span *span, u8 *state)
{
	if (!sh_claim_undone(state))
		finish_claimed(span, state);
}
EXPORT_SYMBOL_IF_KUNIT(sh_claim_undo);

/**
 * sh_span_claim() - claim an object to change it or free it later
 * @span: a span the address was once mapped to
 * @addr: the object's first address
 *
 * As free.c does it, without haste: the record may be another span's by now.
 *
 * Context: any but NMI, in an RCU read-side section.
 * Return: the state, now busy, of what was a live small object, or NULL.
 */
u8 *sh_span_claim(struct sh_span *span, unsigned long addr)
{
	unsigned long key = READ_ONCE(span->key);
	const struct sh_class *class = &sh_classes[sh_key_class(key)];
	unsigned long off = addr - sh_key_base(key);
	u8 *state;

	if (off >= class->bytes || off % class->size)
		return NULL;
	state = &span->obj[off / class->size];
	if (!sh_obj_claim(state))
		return NULL;
	if (READ_ONCE(span->key) == key)
		return state;
	/* Another span's by now: a race that tests cannot force. */
	sh_claim_undo(span, state);
	return NULL;
}

/* The state of what is to be freed, if it is something of that kind by its key. */
static u8 *state_of(struct sh_span *span, unsigned long key, unsigned long addr,
		    bool manual)
{
	const struct sh_class *class = &sh_classes[sh_key_class(key)];
	unsigned long off = addr - sh_key_base(key);

	if (!sh_key_class(key))
		return off || READ_ONCE(span->state) !=
		       (manual ? SH_SPAN_MANUAL : SH_SPAN_LARGE) ?
		       NULL : &span->obj[0];
	if (manual || off >= class->bytes || off % class->size)
		return NULL;
	return &span->obj[off / class->size];
}

/**
 * sh_claim_wait() - wait a moment for whoever has claimed an object
 * @ptr: any address
 *
 * Return: whether it is an object, and nobody has claimed it any more.
 */
bool sh_claim_wait(const void *ptr)
{
	unsigned int i = 0;
	struct sh_span *span;
	const u8 *state;

	rcu_read_lock();
	span = sh_pagemap_get((unsigned long)ptr);
	state = span ? state_of(span, READ_ONCE(span->key), (unsigned long)ptr,
				false) : NULL;
	while (state && is_claimed(READ_ONCE(*state)) && i++ < LOOKS)
		cpu_relax();
	state = state && is_claimable(READ_ONCE(*state)) && i <= LOOKS ?
		state : NULL;
	rcu_read_unlock();
	return state;
}

/*
 * Say that the object is to be freed by whoever has claimed it by mistake. Called
 * with the lock held. SH_LATE_DONE: that was said.
 */
static enum sh_late set_late(struct sh_span *span, unsigned long addr,
			     bool manual, struct late *late)
{
	unsigned long key = READ_ONCE(span->key);
	u8 was, *state = state_of(span, key, addr, manual);

	lockdep_assert_held(&late_lock);
	if (!state)
		return SH_LATE_NO;
	was = READ_ONCE(*state);
	if (was & SH_OBJ_LATE_BIT)
		return SH_LATE_NO;
	if (!is_claimed(was))
		return is_claimable(was) ? SH_LATE_AGAIN : SH_LATE_NO;
	if (cmpxchg(state, was, was | SH_OBJ_LATE_BIT) != was)
		return SH_LATE_AGAIN;
	if (READ_ONCE(span->key) != key ||
	    state_of(span, key, addr, manual) != state) {
		/* Of another span by now: a race that tests cannot force. */
		cmpxchg(state, was | SH_OBJ_LATE_BIT, was);
		return SH_LATE_NO;
	}
	late->state = state;
	list_add(&late->link, &lates);
	return SH_LATE_DONE;
}

static bool wait_late(struct late *late)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < LOOKS && !READ_ONCE(late->done); i++)
		cpu_relax();
	raw_spin_lock_irqsave(&late_lock, flags);
	list_del(&late->link);
	raw_spin_unlock_irqrestore(&late_lock, flags);
	return READ_ONCE(late->done);
}

/**
 * sh_claim_free_late() - free what somebody may have claimed by mistake
 * @ptr: any address; a free of it was refused
 * @manual: whether it should be a manual span, else an object
 *
 * Return: what becomes of that free.
 */
enum sh_late sh_claim_free_late(const void *ptr, bool manual)
{
	enum sh_late what = SH_LATE_NO;
	struct late late = { };
	struct sh_span *span;
	unsigned long flags;

	rcu_read_lock();
	span = sh_pagemap_get((unsigned long)ptr);
	if (span) {
		raw_spin_lock_irqsave(&late_lock, flags);
		what = set_late(span, (unsigned long)ptr, manual, &late);
		raw_spin_unlock_irqrestore(&late_lock, flags);
	}
	rcu_read_unlock();
	if (what == SH_LATE_DONE && !wait_late(&late))
		what = SH_LATE_NO;
	return what;
}
