// SPDX-License-Identifier: GPL-2.0
/*
 * Claiming an object, small or large, to change what is known about it or to
 * free it: for whoever is in no hurry. Others that try to free or change it
 * meanwhile are refused. The claim says that the object is allocated, so its
 * span stays.
 *
 * Locks: none of its own. Contexts: any but NMI.
 */
#include <linux/rcupdate.h>

#include "base/compat.h"
#include "debug/debug.h"
#include "heap/whole.h"
#include "object/claim.h"
#include "span/pagemap.h"
#include "span/special.h"
#include "span/undo.h"

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
		sh_class_index(&sh_classes[class],
			       (unsigned long)addr - sh_span_base(obj->span),
			       &obj->idx);
	obj->guard = debug_of(obj) ? sh_debug_claimed(addr) : NULL;
	if (obj->guard && obj->guard->second)
		obj->idx = SH_NO_SPECIALS;
}
EXPORT_SYMBOL_IF_KUNIT(sh_object_claimed);

/* An object that a span has by itself, small or large: one of no debug heap. */
static bool claim_plain(unsigned long addr, struct sh_object *obj)
{
	struct sh_span *span = sh_pagemap_get(addr);
	u8 *state;

	if (!span)
		return false;
	obj->span = span;
	obj->guard = NULL;
	state = sh_span_claim(span, addr);
	if (state) {
		obj->idx = state - span->obj;
		return true;
	}
	obj->idx = 0;
	return sh_whole_claim_span(span, addr, SH_SPAN_LARGE, SH_OBJ_BUSY);
}

static bool try_claim(const void *ptr, struct sh_object *obj)
{
	struct sh_debug *debug;
	bool plain;

	rcu_read_lock();
	plain = claim_plain((unsigned long)ptr, obj);
	rcu_read_unlock();
	if (plain)
		return true;
	if (!sh_debug_claim(ptr, &debug))
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
	return try_claim(ptr, obj) || (sh_claim_wait(ptr) && try_claim(ptr, obj));
}
EXPORT_SYMBOL_IF_KUNIT(sh_object_claim);

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
EXPORT_SYMBOL_IF_KUNIT(sh_object_release);

/**
 * sh_object_note_free() - remember the caller as who frees a claimed object
 * @obj: the object; only debug heaps have anything to remember it by
 */
void sh_object_note_free(struct sh_object *obj)
{
	if (obj->guard)
		sh_debug_note_free(debug_of(obj), obj->guard);
}
