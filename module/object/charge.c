// SPDX-License-Identifier: GPL-2.0
/*
 * Charges: what the kernel's memory allocation profiling counts of ours. While it
 * is switched on, the public header has whoever allocates leave a tag of that
 * place in the source in current->alloc_tag. What is allocated then is charged to
 * the tag for as long as it lives; /proc/allocinfo shows what is charged to each.
 *
 * A charge is a special record (special.c) of the object or manual span, so that
 * a free finds it without looking for it. It says itself what was charged:
 * whatever is switched meanwhile, exactly that is taken back, once. Persistent
 * allocations are no objects; their charges are in a list of the heap, with which
 * they go.
 *
 * The bytes are those that spanheap_size() says. When they change in place the
 * charge does, and both halves of what is split are charged to the same tag. The
 * second half of an object of a debug heap can have no special record; there the
 * first goes on to be charged for both.
 *
 * The kernel keeps the tags of a module that was unloaded for as long as anything
 * is charged to them.
 *
 * Locks: none of its own. Contexts: any but NMI; to charge, that of the gfp.
 */
#include <linux/llist.h>
#include <linux/sched.h>

#include "base/gfp.h"
#include "heap/heap.h"
#include "heap/whole.h"
#include "object/charge.h"
#include "object/claim.h"
#include "span/special.h"

/* Kernels from 6.10 on have the option, but some do not let modules ask for it. */
#ifdef SPANHEAP_ALLOC_TAGS

/**
 * struct sh_charge - what is charged to a tag for one object
 * @special: in the span's list, or
 * @next: in the list of persistent allocations
 * @ref: the tag
 * @bytes: how many
 */
struct sh_charge {
	struct sh_special special;
	struct llist_node next;
	union codetag_ref ref;
	size_t bytes;
};

static struct sh_charge *charge_of(struct sh_special *special)
{
	return special ? container_of(special, struct sh_charge, special) : NULL;
}

static struct sh_charge *find_charge(const struct sh_object *obj)
{
	return charge_of(sh_special_find(obj->span, obj->idx,
					 SH_SPECIAL_CHARGE));
}

/* Charge @bytes. Without memory for that, the tag says that it is not exact. */
static struct sh_charge *new_charge(struct spanheap *heap, struct alloc_tag *tag,
				    size_t bytes, gfp_t gfp)
{
	struct sh_charge *charge;

	BUILD_BUG_ON(sizeof(*charge) > SH_SPECIAL_BYTES);
	charge = sh_special_new(heap, sh_gfp_meta(gfp) | __GFP_NOWARN);
	if (!charge) {
		sh_alloc_tag_set_inaccurate(tag);
		return NULL;
	}
	charge->special.kind = SH_SPECIAL_CHARGE;
	charge->bytes = bytes;
	charge->ref.ct = NULL;
	alloc_tag_add(&charge->ref, tag, bytes);
	atomic_long_inc(&heap->charges);
	return charge;
}

static void end_charge(struct spanheap *heap, struct sh_charge *charge)
{
	alloc_tag_sub(&charge->ref, charge->bytes);
	atomic_long_dec(&heap->charges);
	sh_fixalloc_free(&heap->specials, charge);
}

/* Charge a claimed object, or a span that is as good as one. */
static void charge_claimed(struct sh_object *obj, struct alloc_tag *tag,
			   gfp_t gfp)
{
	struct spanheap *heap = sh_span_heap(obj->span);
	struct sh_charge *charge;

	charge = new_charge(heap, tag, sh_object_size(obj), gfp);
	if (!charge)
		return;
	charge->special.idx = obj->idx;
	if (WARN_ON_ONCE(sh_special_add(obj->span, &charge->special)))
		end_charge(heap, charge);
	else
		sh_object_set_special(obj);
}

void __sh_charge(const void *ptr, gfp_t gfp)
{
	struct alloc_tag *tag = current->alloc_tag;
	struct sh_object obj;

	/* Somebody may have freed it, if only by mistake. */
	if (!tag || !sh_object_claim(ptr, &obj))
		return;
	charge_claimed(&obj, tag, gfp);
	sh_object_release(&obj);
}

void __sh_charge_pages(const void *ptr, gfp_t gfp)
{
	struct alloc_tag *tag = current->alloc_tag;
	struct sh_object obj = { };

	if (!tag)
		return;
	obj.span = sh_whole_claim(ptr, SH_SPAN_MANUAL, SH_OBJ_BUSY);
	if (!obj.span)
		return;
	charge_claimed(&obj, tag, gfp);
	sh_object_release(&obj);
}

void __sh_charge_persistent(struct spanheap *heap, size_t size, gfp_t gfp)
{
	struct alloc_tag *tag = current->alloc_tag;
	struct sh_charge *charge;

	if (!tag)
		return;
	charge = new_charge(heap, tag, size, gfp);
	if (charge)
		llist_add(&charge->next, &heap->persistent.charges);
}

/* Charge the same tag for what the object has become. Returns the tag. */
static struct alloc_tag *recharge(struct sh_charge *charge,
				  const struct sh_object *obj)
{
	struct alloc_tag *tag = ct_to_alloc_tag(charge->ref.ct);
	union codetag_ref ref = { };

	/* With nothing charged to it for a moment, its module might go. */
	preempt_disable();
	alloc_tag_add(&ref, tag, sh_object_size(obj));
	alloc_tag_sub(&charge->ref, charge->bytes);
	preempt_enable();
	charge->ref = ref;
	charge->bytes = sh_object_size(obj);
	return tag;
}

/**
 * sh_charge_resized() - charge an object for its new size
 * @ptr: the object, claimed; it need not be charged
 */
void sh_charge_resized(const void *ptr)
{
	struct sh_charge *charge;
	struct sh_object obj;

	sh_object_claimed(ptr, &obj);
	charge = find_charge(&obj);
	if (charge)
		recharge(charge, &obj);
}

/**
 * sh_charge_halved() - charge both halves of what was split
 * @span: the span of the first half, claimed; it need not be charged
 * @rest: the span of the second half, claimed
 *
 * Context: any but NMI.
 */
void sh_charge_halved(struct sh_span *span, struct sh_span *rest)
{
	struct sh_object obj = { span }, second = { rest };
	struct sh_charge *charge = find_charge(&obj);

	if (!charge)
		return;
	charge_claimed(&second, recharge(charge, &obj), SH_GFP_CHANGE);
}

/**
 * sh_charge_forget() - take the charge for an object back
 * @obj: the object or manual span, claimed; it need not be charged
 */
void sh_charge_forget(struct sh_object *obj)
{
	struct spanheap *heap = sh_span_heap(obj->span);
	struct sh_special *special;

	/* If it is charged, that was counted before it was claimed. */
	if (!atomic_long_read(&heap->charges))
		return;
	special = sh_special_remove(obj->span, obj->idx, SH_SPECIAL_CHARGE);
	if (special)
		end_charge(heap, charge_of(special));
}

/**
 * sh_charge_drop() - take a charge back as its heap goes
 * @special: a special record of any kind; it stays
 */
void sh_charge_drop(struct sh_special *special)
{
	struct sh_charge *charge = charge_of(special);

	if (special->kind == SH_SPECIAL_CHARGE)
		alloc_tag_sub(&charge->ref, charge->bytes);
}

/**
 * sh_charges_drop_persistent() - take the charges for persistent allocations back
 * @heap: a heap that is about to be freed, with all in it
 */
void sh_charges_drop_persistent(struct spanheap *heap)
{
	struct sh_charge *charge, *next;
	struct llist_node *first;

	first = llist_del_all(&heap->persistent.charges);
	llist_for_each_entry_safe(charge, next, first, next) {
		end_charge(heap, charge);
		cond_resched();
	}
}

#endif /* SPANHEAP_ALLOC_TAGS */
