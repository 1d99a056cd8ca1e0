// SPDX-License-Identifier: GPL-2.0
/*
 * Claiming an object, small or large, to change what is known about it or to
 * free it: for whoever is in no hurry. Others that try to free or change it
 * meanwhile are refused. The claim says that the object is allocated, so its
 * span stays.
 *
 * Locks: none of its own. Contexts: any but NMI.
 */
#include <linux/debug_locks.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "base/compat.h"
#include "debug/debug.h"
#include "heap/whole.h"
#include "object/charge.h"
#include "object/claim.h"
#include "object/finalizer.h"
#include "object/profile.h"
#include "span/pagemap.h"
#include "span/special.h"
#include "span/undo.h"
#include "watch/leakcheck.h"
#include "watch/shadow.h"

static struct sh_debug *debug_of(const struct sh_object *obj)
{
	return sh_span_heap(obj->span)->debug;
}

/**
 * sh_object_claimed() - find an object that is known to be claimed
 * @addr: an address within
 * @obj: set to the object
 */
void sh_object_claimed(const void *addr, struct sh_object *obj)
{
	unsigned int class;

	obj->span = sh_pagemap_get((unsigned long)addr);
	obj->idx = 0;
	class = sh_span_class(obj->span);
	if (class)
		obj->idx = ((unsigned long)addr - sh_span_base(obj->span)) /
			   sh_classes[class].size;
	obj->guard = debug_of(obj) ? sh_debug_claimed(addr) : NULL;
	if (obj->guard && obj->guard->second)
		obj->idx = SH_NO_SPECIALS;
}
EXPORT_SYMBOL_FOR_KUNIT(sh_object_claimed);

static bool claim(const void *ptr, struct sh_object *obj)
{
	struct sh_debug *debug;
	u8 *state;

	rcu_read_lock();
	obj->span = sh_pagemap_get((unsigned long)ptr);
	state = obj->span ? sh_span_claim(obj->span, (unsigned long)ptr) : NULL;
	rcu_read_unlock();
	if (state) {
		/* Objects of debug heaps can not be claimed so. */
		obj->idx = state - obj->span->obj;
		obj->guard = NULL;
		return true;
	}
	if (!sh_whole_claim(ptr, SH_SPAN_LARGE, SH_OBJ_BUSY) &&
	    !sh_debug_claim(ptr, &debug))
		return false;
	sh_object_claimed(ptr, obj);
	return true;
}

/**
 * sh_object_claim() - claim an object
 * @ptr: its first address, or any other address at all
 * @obj: set to the object
 *
 * Return: whether @ptr is the start of a live object, and nobody else has
 * claimed it.
 */
bool sh_object_claim(const void *ptr, struct sh_object *obj)
{
	/* Somebody else may have claimed it by mistake. */
	return claim(ptr, obj) || (sh_claim_wait(ptr) && claim(ptr, obj));
}
EXPORT_SYMBOL_FOR_KUNIT(sh_object_claim);

/**
 * sh_object_set_special() - say that a claimed object has a special record
 * @obj: the object
 */
void sh_object_set_special(struct sh_object *obj)
{
	if (!obj->guard)
		WRITE_ONCE(obj->span->obj[obj->idx], SH_OBJ_SPECIAL_BUSY);
}

/**
 * sh_object_unset_special() - say that a claimed object has lost a special record
 * @obj: the object; it may have others
 */
void sh_object_unset_special(struct sh_object *obj)
{
	if (!obj->guard && !sh_special_any(obj->span, obj->idx))
		WRITE_ONCE(obj->span->obj[obj->idx], SH_OBJ_BUSY);
}

/**
 * sh_object_release() - give a claimed object back to its user
 * @obj: the object
 */
void sh_object_release(struct sh_object *obj)
{
	if (obj->guard)
		sh_debug_release(debug_of(obj), obj->guard);
	else
		sh_obj_unclaim(&obj->span->obj[obj->idx]);
}
EXPORT_SYMBOL_FOR_KUNIT(sh_object_release);

/**
 * sh_object_note_free() - remember the caller as who frees a claimed object
 * @obj: the object; only debug heaps have anything to remember it by
 */
void sh_object_note_free(struct sh_object *obj)
{
	if (obj->guard)
		sh_debug_note_free(debug_of(obj), obj->guard);
}

/**
 * sh_object_free() - free a claimed object, whatever special records it had
 * @obj: the object; it has no finalizer any more
 */
void sh_object_free(struct sh_object *obj)
{
	unsigned int class = sh_span_class(obj->span);
	struct sh_entry entry;

	sh_profile_forget(obj);
	sh_charge_forget(obj);
	debug_check_no_locks_freed(sh_object_start(obj), sh_object_size(obj));
	if (obj->guard) {
		sh_debug_free(debug_of(obj), obj->guard);
		return;
	}
	entry.obj = sh_object_start(obj);
	entry.state = &obj->span->obj[obj->idx];
	sh_leakcheck_del(entry.obj);
	if (class && want_init_on_free()) {
		sh_shadow_open(entry.obj, sh_classes[class].size);
		memset(entry.obj, 0, sh_classes[class].size);
	}
	if (class)
		sh_caches_put(&sh_span_heap(obj->span)->caches, class, entry);
	else
		sh_large_free_claimed(obj->span);
}

/**
 * sh_object_finish() - free a claimed object once its finalizer has run
 * @obj: the object; if it has a finalizer, that has not been called
 */
void sh_object_finish(struct sh_object *obj)
{
	if (!sh_finalizer_start(obj))
		sh_object_free(obj);
}

/**
 * sh_object_free_special() - free an object that may have special records, or
 *	one of a debug heap
 * @ptr: any address
 *
 * An object with a finalizer is freed once that has run.
 *
 * Return: whether @ptr was a live object, which nobody can free any more.
 */
bool sh_object_free_special(const void *ptr)
{
	struct sh_object obj;

	if (!sh_object_claim(ptr, &obj))
		return false;
	sh_object_note_free(&obj);
	sh_object_finish(&obj);
	return true;
}

/**
 * sh_claim_finish() - free an object for its owner
 * @span: its span
 * @state: its state, claimed
 */
void sh_claim_finish(struct sh_span *span, u8 *state)
{
	struct sh_object obj = { .span = span, .idx = state - span->obj };

	if (span->state == SH_SPAN_MANUAL)
		sh_manual_free_claimed(span);
	else
		sh_object_finish(&obj);
}
EXPORT_SYMBOL_FOR_KUNIT(sh_claim_finish);
