// SPDX-License-Identifier: GPL-2.0
/*
 * Ending an object that was claimed: what hangs on it forgets it, its finalizer is
 * started if it has one, and else it is free.
 *
 * Locks: none of its own. Contexts: any but NMI.
 */
#include <linux/debug_locks.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "base/compat.h"
#include "cache/cache.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "heap/whole.h"
#include "object/charge.h"
#include "object/finalizer_list.h"
#include "object/finish.h"
#include "object/profile.h"
#include "watch/leakcheck.h"
#include "watch/shadow.h"

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
		sh_debug_free(sh_span_heap(obj->span)->debug, obj->guard);
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
 * sh_manual_free_claimed() - free a manual span that was claimed for that
 * @span: the span
 *
 * Context: any but NMI.
 */
void sh_manual_free_claimed(struct sh_span *span)
{
	struct spanheap *heap = sh_span_heap(span);
	struct sh_object obj = { .span = span };

	sh_charge_forget(&obj);
	sh_leakcheck_del((void *)sh_span_base(span));
	atomic_long_dec(&heap->manual_spans);
	atomic_long_sub(sh_span_bytes(span), &heap->manual_bytes);
	sh_whole_free(span);
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
EXPORT_SYMBOL_IF_KUNIT(sh_claim_finish);
