// SPDX-License-Identifier: GPL-2.0
/*
 * Where reachability begins: roots, slots outside of the heap that refer to objects, and
 * pins, objects that somebody holds without a slot. Both are kept by address, so that
 * a wrong address is refused and the collector can go through them a few at a time.
 *
 * To the collector to add one is a store, and so is to remove one: what it refers to is
 * shaded, in an RCU read-side section from before it is in or out of the tree until it is
 * shaded, so that who waits for stores in flight waits for these, and who waits for
 * sections as well: they may be added and removed outside of sections. Of roots that is
 * done a few slots at a time, and a removal takes them off the end of what is looked at.
 *
 * Locks: that of each tree, irq-safe, for a few entries or slots. Contexts: that of the
 * gfp; the rest any but NMI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "gc/managed.h"
#include "gc/phase.h"
#include "span/special.h"
#include "watch/places.h"
#include "watch/stacks.h"

/* Slots that are looked at with a lock held, or in one section. */
#define SLOTS_AT_A_TIME		64

/* Pins that are reported when the heap goes. */
#define MOST_REPORTED		10

/**
 * struct sh_anchor - roots that lie together, or a pin
 * @rb: in the tree
 * @addr: the first slot, or the object
 * @nr: how many slots, or how often it is pinned
 * @left: slots that were not removed
 * @removed: somebody is at it
 * @stack: who pinned it first
 */
struct sh_anchor {
	struct rb_node rb;
	unsigned long addr;
	unsigned long nr;
	unsigned long left;
	bool removed;
	u32 stack;
};

static_assert(sizeof(struct sh_anchor) <= SH_SPECIAL_BYTES);

/**
 * sh_tree_init() - set up an empty tree
 * @tree: the tree
 */
void sh_tree_init(struct sh_tree *tree)
{
	spin_lock_init(&tree->lock);
	tree->tree = RB_ROOT;
}

/* The first that begins at @addr or after it, or NULL. */
static struct sh_anchor *find_from(struct sh_tree *tree, unsigned long addr)
{
	struct rb_node *node = tree->tree.rb_node;
	struct sh_anchor *anchor, *best = NULL;

	lockdep_assert_held(&tree->lock);
	while (node) {
		anchor = rb_entry(node, struct sh_anchor, rb);
		if (anchor->addr >= addr) {
			best = anchor;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return best;
}

static struct sh_anchor *find(struct sh_tree *tree, unsigned long addr)
{
	struct sh_anchor *anchor = find_from(tree, addr);

	return anchor && anchor->addr == addr ? anchor : NULL;
}

static bool is_before(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct sh_anchor, rb)->addr <
	       rb_entry(other, struct sh_anchor, rb)->addr;
}

static void insert(struct sh_tree *tree, struct sh_anchor *anchor)
{
	rb_add(&anchor->rb, &tree->tree, is_before);
	tree->nr++;
}

static void erase(struct sh_tree *tree, struct sh_anchor *anchor)
{
	rb_erase(&anchor->rb, &tree->tree);
	tree->nr--;
}

static unsigned long slots_end(const struct sh_anchor *root)
{
	return root->addr + root->nr * sizeof(void *);
}

/* Whether some slots are roots already. */
static bool overlaps(struct sh_tree *tree, const struct sh_anchor *mine)
{
	struct sh_anchor *next = find_from(tree, mine->addr), *last;
	struct rb_node *before;

	if (next && next->addr < slots_end(mine))
		return true;
	before = next ? rb_prev(&next->rb) : rb_last(&tree->tree);
	last = rb_entry_safe(before, struct sh_anchor, rb);
	return last && slots_end(last) > mine->addr;
}

/* Shade what some slots refer to, if a cycle is under way. In an RCU read-side section. */
static void shade_slots(struct spanheap *heap, void *const *slots, size_t n)
{
	unsigned long word = sh_word(heap);
	size_t i;

	for (i = 0; (word & __SPANHEAP_BARRIER) && i < n; i++)
		sh_shade(heap, READ_ONCE(slots[i]), word);
}

/**
 * sh_roots_forget() - forget the roots that lie in a module's data
 * @gc: the collector
 * @mod: the module, which is about to be freed
 *
 * Context: any but NMI.
 * Return: how many there were, ranges of slots.
 */
unsigned long sh_roots_forget(struct sh_gc *gc, const struct module *mod)
{
	struct sh_tree *roots = &gc->roots;
	unsigned long nr = 0, at = 0, flags;
	struct sh_anchor *root;
	bool gone = false;

	for (;;) {
		spin_lock_irqsave(&roots->lock, flags);
		root = find_from(roots, at);
		if (root) {
			at = root->addr + 1;
			gone = within_module(root->addr, mod);
			if (gone)
				erase(roots, root);
		}
		spin_unlock_irqrestore(&roots->lock, flags);
		if (!root)
			return nr;
		if (gone)
			sh_fixalloc_free(&gc->heap->specials, root);
		nr += gone;
	}
}

static void shade_all(struct spanheap *heap, void *const *slots, size_t n)
{
	size_t done, some;

	for (done = 0; done < n; done += some) {
		some = min_t(size_t, n - done, SLOTS_AT_A_TIME);
		rcu_read_lock();
		shade_slots(heap, slots + done, some);
		rcu_read_unlock();
	}
}

static int report(struct spanheap *heap, const char *call, const char *why,
		  const void *addr)
{
	unsigned long missed;

	atomic_long_inc(&heap->bad_frees);
	if (sh_place_report(sh_stack_hash() ^ heap->id, (unsigned long)addr, &missed)) {
		pr_err("bad %s: heap %s: %s: %p; ignored, called from:\n", call, heap->name,
		       why, addr);
		dump_stack();
	}
	return -ENOENT;
}

/**
 * sh_roots_add() - let slots be roots
 * @heap: the heap
 * @slots: the slots
 * @n: how many, not 0
 * @gfp: how to get memory
 *
 * Context: that of @gfp.
 * Return: 0, -EEXIST or -ENOMEM.
 */
int sh_roots_add(struct spanheap *heap, void **slots, size_t n, gfp_t gfp)
{
	struct sh_anchor *root = sh_special_new(heap, sh_gfp_meta(gfp));
	struct sh_tree *roots = &heap->gc->roots;
	unsigned long flags;
	bool taken;

	if (!root)
		return -ENOMEM;
	root->addr = (unsigned long)slots;
	root->nr = n;
	root->left = n;
	root->removed = false;
	spin_lock_irqsave(&roots->lock, flags);
	taken = overlaps(roots, root);
	if (!taken)
		insert(roots, root);
	spin_unlock_irqrestore(&roots->lock, flags);
	if (taken) {
		sh_fixalloc_free(&heap->specials, root);
		report(heap, "add_roots", "these are roots already", slots);
		return -EEXIST;
	}
	shade_all(heap, slots, n);
	return 0;
}

/* Take the last few slots off a root. Returns it once that was all, to be freed. */
static struct sh_anchor *cut_root(struct spanheap *heap, struct sh_anchor *root)
{
	struct sh_tree *roots = &heap->gc->roots;
	unsigned long flags;
	size_t some;

	rcu_read_lock();
	spin_lock_irqsave(&roots->lock, flags);
	some = min_t(size_t, root->left, SLOTS_AT_A_TIME);
	root->left -= some;
	if (!root->left)
		erase(roots, root);
	spin_unlock_irqrestore(&roots->lock, flags);
	shade_slots(heap, (void **)root->addr + root->left, some);
	rcu_read_unlock();
	return root->left ? NULL : root;
}

/**
 * sh_roots_remove() - let slots be roots no more
 * @heap: the heap
 * @slots: as they were added
 * @n: the same
 *
 * Context: any but NMI.
 * Return: 0, or -ENOENT, which was reported.
 */
int sh_roots_remove(struct spanheap *heap, void **slots, size_t n)
{
	struct sh_tree *roots = &heap->gc->roots;
	struct sh_anchor *root;
	unsigned long flags;

	spin_lock_irqsave(&roots->lock, flags);
	root = find(roots, (unsigned long)slots);
	if (root && (root->nr != n || root->removed))
		root = NULL;
	if (root)
		root->removed = true;
	spin_unlock_irqrestore(&roots->lock, flags);
	if (!root)
		return report(heap, "remove_roots", "these are no roots", slots);
	while (!cut_root(heap, root))
		;
	sh_fixalloc_free(&heap->specials, root);
	return 0;
}

/**
 * sh_pins_add() - hold an object
 * @heap: the heap
 * @obj: the object
 * @gfp: how to get memory
 *
 * Context: that of @gfp.
 * Return: 0 or -ENOMEM.
 */
int sh_pins_add(struct spanheap *heap, void *obj, gfp_t gfp)
{
	struct sh_anchor *mine = sh_special_new(heap, sh_gfp_meta(gfp)), *pin;
	struct sh_tree *pins = &heap->gc->pins;
	unsigned long flags;

	if (!mine)
		return -ENOMEM;
	mine->addr = (unsigned long)obj;
	mine->nr = 1;
	mine->stack = heap->gc->stacks ? sh_stack_of_caller(gfp) : 0;
	rcu_read_lock();
	spin_lock_irqsave(&pins->lock, flags);
	pin = find(pins, mine->addr);
	if (pin)
		pin->nr++;
	else
		insert(pins, mine);
	spin_unlock_irqrestore(&pins->lock, flags);
	shade_slots(heap, &obj, 1);
	rcu_read_unlock();
	if (pin)
		sh_fixalloc_free(&heap->specials, mine);
	return 0;
}

/**
 * sh_pins_remove() - hold an object no more, or once less
 * @heap: the heap
 * @obj: the object
 *
 * Context: any but NMI.
 * Return: 0, or -ENOENT, which was reported.
 */
int sh_pins_remove(struct spanheap *heap, void *obj)
{
	struct sh_tree *pins = &heap->gc->pins;
	struct sh_anchor *pin, *gone = NULL;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&pins->lock, flags);
	pin = find(pins, (unsigned long)obj);
	if (pin && !--pin->nr) {
		erase(pins, pin);
		gone = pin;
	}
	spin_unlock_irqrestore(&pins->lock, flags);
	if (pin)
		shade_slots(heap, &obj, 1);
	rcu_read_unlock();
	if (gone)
		sh_fixalloc_free(&heap->specials, gone);
	return pin ? 0 : report(heap, "unpin", "this is not pinned", obj);
}

typedef void (*ref_fn)(void *ptr, void *arg);

/* A few slots from @at on. Returns where to go on, or 0 at the end. */
static unsigned long some_slots(struct sh_tree *roots, unsigned long at,
				unsigned long *of, ref_fn fn, void *arg)
{
	struct sh_anchor *root;
	unsigned long flags, end = 0;
	unsigned int i;

	spin_lock_irqsave(&roots->lock, flags);
	root = find_from(roots, *of);
	if (root) {
		at = max(at, root->addr);
		*of = root->addr;
		end = root->addr + root->left * sizeof(void *);
		for (i = 0; i < SLOTS_AT_A_TIME && at < end; i++, at += sizeof(void *))
			fn(READ_ONCE(*(void **)at), arg);
		if (at >= end)
			*of = root->addr + 1;
	}
	spin_unlock_irqrestore(&roots->lock, flags);
	return root ? at : 0;
}

static unsigned long some_pins(struct sh_tree *pins, unsigned long at, ref_fn fn, void *arg)
{
	struct sh_anchor *pin;
	struct rb_node *node;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&pins->lock, flags);
	pin = find_from(pins, at);
	for (i = 0, at = 0; i < SLOTS_AT_A_TIME && pin; i++) {
		fn((void *)pin->addr, arg);
		at = pin->addr + 1;
		node = rb_next(&pin->rb);
		pin = rb_entry_safe(node, struct sh_anchor, rb);
	}
	spin_unlock_irqrestore(&pins->lock, flags);
	return at;
}

/**
 * sh_roots_each() - call a function for what each root and pin refers to
 * @gc: the collector
 * @fn: the function, called with a lock held and interrupts off
 * @arg: passed to it
 *
 * Context: task, may sleep.
 */
void sh_roots_each(struct sh_gc *gc, void (*fn)(void *ptr, void *arg), void *arg)
{
	unsigned long at = 0, of = 0;

	while ((at = some_slots(&gc->roots, at, &of, fn, arg)))
		cond_resched();
	while ((at = some_pins(&gc->pins, at, fn, arg)))
		cond_resched();
}

/**
 * sh_pins_report() - say what is still pinned in a heap that goes
 * @gc: the collector; nobody uses the heap any more
 *
 * Context: task.
 */
void sh_pins_report(struct sh_gc *gc)
{
	unsigned int left = MOST_REPORTED;
	struct rb_node *node;
	struct sh_anchor *pin;

	if (!gc->pins.nr)
		return;
	pr_warn("heap %s: destroyed with %lu objects that are pinned; each spanheap_pin() needs its spanheap_unpin()\n",
		gc->heap->name, gc->pins.nr);
	for (node = rb_first(&gc->pins.tree); node && left--; node = rb_next(node)) {
		pin = rb_entry(node, struct sh_anchor, rb);
		pr_warn("heap %s:   %p, %lu times%s\n", gc->heap->name, (void *)pin->addr,
			pin->nr, pin->stack ? ", first at:" : "");
		sh_stack_print(pin->stack);
	}
}

static void free_tree(struct sh_gc *gc, struct sh_tree *tree)
{
	struct sh_anchor *anchor, *next;

	rbtree_postorder_for_each_entry_safe(anchor, next, &tree->tree, rb) {
		sh_fixalloc_free(&gc->heap->specials, anchor);
		cond_resched();
	}
	tree->tree = RB_ROOT;
	tree->nr = 0;
}

/**
 * sh_trees_free() - forget all roots and pins
 * @gc: the collector; nobody uses the heap any more
 */
void sh_trees_free(struct sh_gc *gc)
{
	free_tree(gc, &gc->roots);
	free_tree(gc, &gc->pins);
}
