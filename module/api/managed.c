// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of managed heaps.
 *
 * The fast path is spanheap_new(), with sh_bin_pop() inlined.
 *
 * Locks: none. Contexts: those of each call.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/managed.h"
#include "gc/phase.h"
#include "heap/contexts.h"
#include "object/hooks.h"
#include "watch/shadow.h"

/**
 * spanheap_type_register() - say that objects of a type are to be allocated
 * @heap: a managed heap
 * @type: what they consist of; it need not stay
 * @gfp: how to get memory
 *
 * Who registers a type once more that says the same, in the same heap, gets the same
 * layout. What there is of each type is in the heap's file "types".
 *
 * Context: that of spanheap_alloc() with @gfp.
 * Return: the layout, which goes with the heap, or an ERR_PTR: -EINVAL for a heap that
 * is not managed and a type that makes no sense (the log says why), -ENOMEM.
 */
struct spanheap_layout *spanheap_type_register(struct spanheap *heap,
					       const struct spanheap_type *type,
					       gfp_t gfp)
{
	might_alloc(gfp);
	if (IS_ERR_OR_NULL(heap) || !heap->gc || !type) {
		pr_warn_ratelimited("type %s refused: types are for managed heaps, made with SPANHEAP_MANAGED\n",
				    type && type->name ? type->name : "?");
		return ERR_PTR(-EINVAL);
	}
	return sh_gc_register(heap, type, gfp);
}
EXPORT_SYMBOL_GPL(spanheap_type_register);

/* A small object that this CPU has, zeroed, or NULL. */
static __always_inline void *pop_here(struct spanheap_layout *layout, size_t bytes)
{
	unsigned int class = sh_size_class(bytes);
	struct sh_entry entry;
	struct sh_bin *bin;

	/* Pairs with the exchange that publishes the bin. */
	bin = smp_load_acquire(&layout->bins[class]);
	if (unlikely(!bin))
		return NULL;
	preempt_disable();
	if (unlikely(!sh_bin_pop(bin, &entry))) {
		preempt_enable();
		return NULL;
	}
	sh_shadow_open(entry.obj, sh_classes[class].size);
	memset(entry.obj, 0, sh_classes[class].size);
	/* Zeroes, then the state. */
	smp_store_release(entry.state, sh_word_birth(sh_word(layout->heap)));
	preempt_enable();
	return entry.obj;
}

static __always_inline void *do_new(struct spanheap_layout *layout, size_t bytes, gfp_t gfp)
{
	void *obj = NULL;

	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_LOCKDEP))
		might_alloc(gfp);
	if (IS_ENABLED(CONFIG_PROVE_RCU))
		sh_section_expect(layout->heap, "new");

	if (sh_debug_refused_in_nmi("new"))
		return sh_count_failure(layout->heap);
	if (likely(bytes <= SPANHEAP_MAX_SMALL && !(gfp & SH_GFP_BAD)))
		obj = pop_here(layout, bytes);
	if (unlikely(!obj))
		obj = sh_gc_new(layout, bytes, gfp);
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && obj)
		sh_leakcheck_add_root(obj, sh_find_size(obj), gfp);
	return obj;
}

/**
 * spanheap_new() - allocate an object of a managed heap
 * @layout: what it is to be, from spanheap_type_register()
 * @n: how many elements of the type it is to have room for
 * @gfp: as for spanheap_alloc()
 *
 * It is zeroed, and what it has beyond @n elements as well. spanheap_free() refuses it.
 *
 * It stays until the section ends, and after that as long as it can be reached.
 *
 * Context: in a section, so flags must not allow to block unless the heap was made with
 * SPANHEAP_MANAGED_SLEEP; else that of spanheap_alloc() with @gfp.
 * Return: the object; ZERO_SIZE_PTR when @n is 0; NULL when there is no memory, the
 * heap's limit is reached, @n times the size overflows or the flags are refused.
 */
void *spanheap_new(struct spanheap_layout *layout, size_t n, gfp_t gfp)
{
	size_t bytes;
	void *obj;

	if (unlikely(check_mul_overflow(n, layout->size, &bytes)))
		return sh_count_failure(layout->heap);
	if (unlikely(!n))
		return ZERO_SIZE_PTR;
	obj = do_new(layout, bytes, gfp);
	if (trace_alloc_enabled())
		sh_trace_alloc(layout->heap, obj, bytes, gfp, _RET_IP_);
	return obj;
}
EXPORT_SYMBOL_GPL(spanheap_new);

static bool is_managed(struct spanheap *heap, const char *call)
{
	if (!IS_ERR_OR_NULL(heap) && heap->gc)
		return true;
	pr_warn_ratelimited("%s refused: that is for managed heaps, made with SPANHEAP_MANAGED\n",
			    call);
	return false;
}

/**
 * spanheap_reserve() - have memory ready for objects that are to be allocated
 * @heap: a managed heap
 * @bytes: how much
 * @gfp: how to get it
 *
 * For heaps in whose sections one must not sleep: what spanheap_new() is refused there,
 * for want of pages, it mostly gets after this, outside of the section, with GFP_KERNEL.
 * Others may take it first, and memory that is idle for long goes back.
 *
 * Context: that of spanheap_alloc() with @gfp.
 * Return: 0; -EINVAL for a heap that is not managed; -ENOMEM when there is no memory or
 * the heap's limit is reached.
 */
int spanheap_reserve(struct spanheap *heap, size_t bytes, gfp_t gfp)
{
	might_alloc(gfp);
	if (!is_managed(heap, "reserve"))
		return -EINVAL;
	return !bytes || sh_gc_reserve(heap, bytes, gfp) ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(spanheap_reserve);

/**
 * __spanheap_enter() - spanheap_enter(), with what it leaves out
 * @heap: as for that
 *
 * Context: that of spanheap_enter().
 * Return: the same.
 */
int __spanheap_enter(struct spanheap *heap)
{
	return sh_section_enter(heap);
}
EXPORT_SYMBOL_GPL(__spanheap_enter);

/**
 * __spanheap_leave() - spanheap_leave() where sections may sleep
 * @heap: as for that
 * @idx: as for that
 */
void __spanheap_leave(struct spanheap *heap, int idx)
{
	sh_section_leave(heap, idx);
}
EXPORT_SYMBOL_GPL(__spanheap_leave);

/* Shade what a store has overwritten and what it has stored. Preemption is off. */
static void shade_both(struct spanheap *heap, const void *old, const void *ptr)
{
	unsigned long word = sh_word(heap);

	if (!(word & __SPANHEAP_BARRIER))
		return;
	sh_shade(heap, old, word);
	sh_shade(heap, ptr, word);
}

/**
 * __spanheap_store() - spanheap_store() while a cycle is under way
 * @heap: as for that
 * @slot: where to
 * @ptr: what
 *
 * Context: in a section.
 */
void __spanheap_store(struct spanheap *heap, void **slot, void *ptr)
{
	preempt_disable();
	/* Or another store might overwrite what nobody has shaded. */
	shade_both(heap, xchg(slot, ptr), ptr);
	preempt_enable();
}
EXPORT_SYMBOL_GPL(__spanheap_store);

/**
 * __spanheap_xchg() - spanheap_xchg()
 * @heap: as for that
 * @slot: where
 * @ptr: what to store
 *
 * Context: in a section.
 * Return: what it was before.
 */
void *__spanheap_xchg(struct spanheap *heap, void **slot, void *ptr)
{
	void *old;

	preempt_disable();
	old = xchg(slot, ptr);
	shade_both(heap, old, ptr);
	preempt_enable();
	return old;
}
EXPORT_SYMBOL_GPL(__spanheap_xchg);

/**
 * __spanheap_cmpxchg() - spanheap_cmpxchg()
 * @heap: as for that
 * @slot: where
 * @old: what is expected
 * @ptr: what to store
 *
 * Context: in a section.
 * Return: what it was before.
 */
void *__spanheap_cmpxchg(struct spanheap *heap, void **slot, void *old, void *ptr)
{
	void *was;

	preempt_disable();
	was = cmpxchg(slot, old, ptr);
	if (was == old)
		shade_both(heap, old, ptr);
	preempt_enable();
	return was;
}
EXPORT_SYMBOL_GPL(__spanheap_cmpxchg);

/**
 * spanheap_add_roots() - say where references are outside of the heap
 * @heap: a managed heap
 * @refs: the first of some that lie one after the other, aligned
 * @n: how many
 * @gfp: how to get memory
 *
 * What they refer to can be reached. They are stored to by spanheap_store(), as long as
 * they are roots, and are there until spanheap_remove_roots() has returned.
 *
 * Context: that of spanheap_alloc() with @gfp.
 * Return: 0; -EINVAL for a heap that is not managed, no references and such that are not
 * aligned, -EEXIST when some are roots already, which was reported, or -ENOMEM.
 */
int spanheap_add_roots(struct spanheap *heap, void *refs, size_t n, gfp_t gfp)
{
	might_alloc(gfp);
	if (!is_managed(heap, "add_roots"))
		return -EINVAL;
	if (!refs || !n || n > (SIZE_MAX - (size_t)refs) / sizeof(void *) ||
	    !IS_ALIGNED((unsigned long)refs, sizeof(void *)))
		return -EINVAL;
	return sh_roots_add(heap, refs, n, gfp);
}
EXPORT_SYMBOL_GPL(spanheap_add_roots);

/**
 * spanheap_remove_roots() - undo spanheap_add_roots()
 * @heap: as for that
 * @refs: the same
 * @n: the same
 *
 * Context: any but NMI.
 * Return: 0; -EINVAL for a heap that is not managed; -ENOENT, which was reported, when
 * they were not added so.
 */
int spanheap_remove_roots(struct spanheap *heap, void *refs, size_t n)
{
	if (!is_managed(heap, "remove_roots"))
		return -EINVAL;
	return sh_roots_remove(heap, refs, n);
}
EXPORT_SYMBOL_GPL(spanheap_remove_roots);

/* The managed object that an address lies in. Returns its start, or NULL. */
static void *managed_at(const void *ptr, struct spanheap **heap)
{
	struct spanheap_object obj;

	if (!sh_find_object(ptr, &obj) || !obj.heap->gc)
		return NULL;
	*heap = obj.heap;
	return obj.start;
}

/**
 * spanheap_pin() - hold an object outside of sections
 * @ptr: the object, or an address in it; of any managed heap
 * @gfp: how to get memory
 *
 * It stays, and all that it refers to, until it was unpinned as often as it was pinned.
 *
 * Context: in a section, or with the object pinned already by the caller; else that of
 * spanheap_alloc() with @gfp.
 * Return: 0; -EINVAL when @ptr is in no managed object; -ENOMEM.
 */
int spanheap_pin(const void *ptr, gfp_t gfp)
{
	struct spanheap *heap;
	void *obj;

	might_alloc(gfp);
	obj = managed_at(ptr, &heap);
	return obj ? sh_pins_add(heap, obj, gfp) : -EINVAL;
}
EXPORT_SYMBOL_GPL(spanheap_pin);

/**
 * spanheap_unpin() - undo spanheap_pin()
 * @ptr: as for that
 *
 * Context: any but NMI.
 * Return: 0; -EINVAL when @ptr is in no managed object; -ENOENT, which was reported, when
 * that is not pinned.
 */
int spanheap_unpin(const void *ptr)
{
	struct spanheap *heap;
	void *obj = managed_at(ptr, &heap);

	return obj ? sh_pins_remove(heap, obj) : -EINVAL;
}
EXPORT_SYMBOL_GPL(spanheap_unpin);

/**
 * spanheap_collect() - free now what cannot be reached
 * @heap: a managed heap
 *
 * Makes a whole cycle: what could not be reached before the call is free when it
 * returns, but for what a store has shaded meanwhile, or a section had that was open; that
 * is by the next cycle.
 *
 * Context: task, may sleep, outside of sections.
 * Return: 0; -EINVAL for a heap that is not managed; -EDEADLK where it may not sleep,
 * which was reported; -EINTR when the task was killed; -ESHUTDOWN for a heap that its
 * module has left behind.
 */
int spanheap_collect(struct spanheap *heap)
{
	return is_managed(heap, "collect") ? sh_gc_collect(heap) : -EINVAL;
}
EXPORT_SYMBOL_GPL(spanheap_collect);

/**
 * spanheap_set_gc_percent() - change by how much a managed heap may grow
 * @heap: the heap
 * @percent: as gc_percent of struct spanheap_config
 *
 * Context: any but NMI.
 * Return: 0, or -EINVAL for a heap that is not managed.
 */
int spanheap_set_gc_percent(struct spanheap *heap, unsigned int percent)
{
	if (!is_managed(heap, "set_gc_percent"))
		return -EINVAL;
	sh_gc_set_percent(heap, percent);
	return 0;
}
EXPORT_SYMBOL_GPL(spanheap_set_gc_percent);
