// SPDX-License-Identifier: GPL-2.0
/*
 * Layouts: a type that is used in a managed heap. The type is the caller's and need not
 * stay: what is known of it is copied, and types that say the same are one.
 *
 * A layout has a bin for each size class that objects were asked for in, made when the
 * first one is. So all objects of a span are of one layout, and that is found by way of
 * the span's record: nothing in an object says what it is.
 *
 * Invariants: there is one layout for a type in a heap; it stays as long as the heap,
 * and so do its bins.
 *
 * Locks: gc->lock for who adds a layout or a bin, irq-safe; bins_lock inside it.
 *
 * Contexts: those of the gfp, the file task.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "base/params.h"
#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/phase.h"
#include "heap/heap.h"
#include "watch/stacks.h"

/* Most references in an element: where they are has to fit into 64 KiB. */
#define MOST_REFS	(SZ_64K / sizeof(void *))

/* Whether references are where pointers can be. Returns what is wrong. */
static const char *check_refs(const struct spanheap_type *type)
{
	unsigned int i;

	if (type->nr_refs > MOST_REFS || !type->refs)
		return "more references than there is room for";
	if (type->size % sizeof(void *))
		return "a size that is no multiple of a pointer's, with references";
	for (i = 0; i < type->nr_refs; i++) {
		if (type->refs[i] % sizeof(void *))
			return "a reference that is not aligned";
		if (type->refs[i] + sizeof(void *) > type->size)
			return "a reference beyond its size";
	}
	return NULL;
}

/* Returns what is wrong with a type. */
static const char *check_type(const struct spanheap_type *type)
{
	if (!type->name || !type->name[0])
		return "no name";
	if (!type->size || type->size > INT_MAX)
		return "a size that nothing has";
	if (type->flags & ~(SPANHEAP_NOSCAN | SPANHEAP_CONSERVATIVE))
		return "flags that there are not";
	if (type->flags && type->nr_refs)
		return "references as well as flags that say where they are";
	if (type->flags == (SPANHEAP_NOSCAN | SPANHEAP_CONSERVATIVE))
		return "flags that exclude each other";
	return type->nr_refs ? check_refs(type) : NULL;
}

/* Without references there is nothing to look at. */
static unsigned int flags_of(const struct spanheap_type *type)
{
	return type->flags ?: type->nr_refs ? 0 : SPANHEAP_NOSCAN;
}

/* Whether objects of a layout are what a type says. */
static bool is_of(const struct spanheap_layout *layout, const struct spanheap_type *type)
{
	return layout->size == type->size && layout->nr_refs == type->nr_refs &&
	       layout->flags == flags_of(type) &&
	       !strncmp(layout->name, type->name, sizeof(layout->name) - 1) &&
	       !memcmp(layout->refs, type->refs, type->nr_refs * sizeof(layout->refs[0]));
}

static struct spanheap_layout *find(struct sh_gc *gc, const struct spanheap_type *type)
{
	struct spanheap_layout *layout;

	sh_for_each_layout(layout, gc)
		if (is_of(layout, type))
			return layout;
	return NULL;
}

static size_t layout_bytes(unsigned int nr_refs)
{
	return struct_size((struct spanheap_layout *)NULL, refs, nr_refs);
}

static struct spanheap_layout *new_layout(struct spanheap *heap,
					  const struct spanheap_type *type, gfp_t gfp)
{
	struct spanheap_layout *layout;

	layout = sh_fault(SH_FAULT_META) ? NULL :
		 kzalloc(layout_bytes(type->nr_refs), sh_gfp_meta(gfp));
	if (!layout)
		return NULL;
	layout->heap = heap;
	layout->size = type->size;
	layout->flags = flags_of(type);
	strscpy(layout->name, type->name, sizeof(layout->name));
	layout->nr_refs = type->nr_refs;
	if (type->nr_refs)
		memcpy(layout->refs, type->refs, type->nr_refs * sizeof(layout->refs[0]));
	return layout;
}

/* List a layout, unless somebody else was faster. Returns the one that is listed. */
static struct spanheap_layout *enlist(struct spanheap *heap,
				      const struct spanheap_type *type,
				      struct spanheap_layout *mine)
{
	struct spanheap_layout *layout;
	unsigned long flags;

	spin_lock_irqsave(&heap->gc->lock, flags);
	layout = find(heap->gc, type);
	if (!layout)
		list_add_tail_rcu(&mine->link, &heap->gc->layouts);
	spin_unlock_irqrestore(&heap->gc->lock, flags);
	if (layout) {
		kfree(mine);
		return layout;
	}
	atomic_long_add(layout_bytes(mine->nr_refs), &heap->meta.other);
	return mine;
}

/**
 * sh_layout_bin() - the bin of a layout for a size class
 * @layout: the layout
 * @class: the size class, 0 for large objects
 * @gfp: how to get memory for it, the first time
 *
 * Context: that of @gfp.
 * Return: the bin or NULL.
 */
struct sh_bin *sh_layout_bin(struct spanheap_layout *layout, unsigned int class,
			     gfp_t gfp)
{
	struct sh_gc *gc = layout->heap->gc;
	struct sh_bin *bin, *mine;
	unsigned long flags;

	/* Pairs with the release below. */
	bin = smp_load_acquire(&layout->bins[class]);
	if (bin)
		return bin;
	mine = sh_bin_new(&layout->heap->caches, class, layout, gfp);
	if (!mine)
		return NULL;
	mine->noscan = layout->flags & SPANHEAP_NOSCAN;
	spin_lock_irqsave(&gc->lock, flags);
	bin = layout->bins[class];
	if (!bin) {
		/* In the list before anybody makes spans of it. */
		sh_bin_add(mine);
		smp_store_release(&layout->bins[class], mine);	/* and all of it */
	}
	spin_unlock_irqrestore(&gc->lock, flags);
	if (!bin)
		return mine;
	sh_bin_free(mine);
	return bin;
}

/* Of objects of one element. */
static unsigned int first_class(const struct spanheap_layout *layout)
{
	return layout->size > SPANHEAP_MAX_SMALL ? 0 : sh_size_class(layout->size);
}

/**
 * sh_gc_register() - find or make the layout of a type
 * @heap: a managed heap
 * @type: the type
 * @gfp: how to get memory
 *
 * Context: that of @gfp.
 * Return: the layout, or an ERR_PTR: -EINVAL, with the reason in the log, or -ENOMEM.
 */
struct spanheap_layout *sh_gc_register(struct spanheap *heap,
				       const struct spanheap_type *type, gfp_t gfp)
{
	const char *wrong = check_type(type);
	struct spanheap_layout *layout;

	if (wrong) {
		pr_warn_ratelimited("heap %s: type %s refused: it has %s\n", heap->name,
				    type->name ?: "?", wrong);
		return ERR_PTR(-EINVAL);
	}
	layout = find(heap->gc, type);
	if (layout)
		return layout;
	layout = new_layout(heap, type, gfp);
	if (!layout)
		return ERR_PTR(-ENOMEM);
	layout = enlist(heap, type, layout);
	/* Now, for in a section there may be no memory; if there is none, then later. */
	sh_layout_bin(layout, first_class(layout), gfp);
	return layout;
}

/**
 * sh_gc_add() - make a heap a managed one
 * @heap: a heap that nobody uses yet
 * @percent: as in its configuration
 *
 * Return: 0 or -ENOMEM.
 */
int sh_gc_add(struct spanheap *heap, unsigned int percent)
{
	bool sleeps = (heap->flags & SPANHEAP_MANAGED_SLEEP) == SPANHEAP_MANAGED_SLEEP;
	struct sh_gc *gc;

	gc = sh_fault(SH_FAULT_META) ? NULL : kzalloc(sizeof(*gc), GFP_KERNEL);
	if (gc && sleeps && init_srcu_struct(&gc->srcu)) {
		kfree(gc);
		gc = NULL;
	}
	if (!gc)
		return -ENOMEM;
	gc->heap = heap;
	heap->gc = gc;
	atomic_long_add(sizeof(*gc), &heap->meta.other);
	heap->phase = sleeps ? __SPANHEAP_SLEEP : 0;
	spin_lock_init(&gc->lock);
	INIT_LIST_HEAD(&gc->layouts);
	sh_tree_init(&gc->roots);
	sh_tree_init(&gc->pins);
	/* The depot takes memory for good. */
	gc->stacks = READ_ONCE(sh_gc_verify_cycles) && !sh_stacks_init();
	sh_gc_init_cycles(gc, percent);
	return 0;
}

/**
 * sh_gc_remove() - free what made a heap a managed one
 * @heap: a heap that nobody uses any more; other heaps are left alone
 */
void sh_gc_remove(struct spanheap *heap)
{
	struct spanheap_layout *layout, *next;

	if (!heap->gc)
		return;
	list_for_each_entry_safe(layout, next, &heap->gc->layouts, link)
		kfree(layout);
	if (sh_gc_sleeps(heap))
		cleanup_srcu_struct(&heap->gc->srcu);
	kfree(heap->gc);
}

/**
 * struct type_figures - what there is of a type
 * @objects: live objects
 * @bytes: bytes that they occupy
 * @spans: spans they are in
 * @allocs: objects ever allocated
 */
struct type_figures {
	unsigned long objects;
	unsigned long bytes;
	unsigned long spans;
	unsigned long allocs;
};

static void add_large(struct sh_bin *bin, struct type_figures *f)
{
	unsigned long nr = atomic_long_read(&bin->large);

	f->objects += nr;
	f->spans += nr;
	f->bytes += atomic_long_read(&bin->large_bytes);
	f->allocs += atomic_long_read(&bin->large_allocs);
}

static void add_small(struct sh_bin *bin, struct type_figures *f)
{
	struct sh_central_stats central = { };
	struct sh_slot_stats slots = { };
	unsigned long nr;

	sh_bin_slot_stats(bin, &slots);
	sh_bin_central_stats(bin, &central);
	/* Objects on their way to a CPU may be missing from either. */
	nr = max_t(long, central.nr_out - slots.objects, 0);
	f->objects += nr;
	f->spans += central.nr_spans;
	f->bytes += nr * sh_classes[bin->central.class].size;
	f->allocs += slots.allocs + central.direct_allocs;
}

static void add_layout(struct spanheap_layout *layout, struct type_figures *f)
{
	struct sh_bin *bin;
	unsigned int class;

	for (class = 0; class < SH_NR_CLASSES; class++) {
		/* As in sh_layout_bin(). */
		bin = smp_load_acquire(&layout->bins[class]);
		if (bin && class)
			add_small(bin, f);
		else if (bin)
			add_large(bin, f);
	}
}

static const char *scan_of(const struct spanheap_layout *layout)
{
	return layout->flags & SPANHEAP_NOSCAN ? "none" :
	       layout->flags & SPANHEAP_CONSERVATIVE ? "any" : "exact";
}

/**
 * sh_layouts_show() - print what there is of each type
 * @heap: a managed heap
 * @m: the file
 *
 * Context: task.
 * Return: 0.
 */
int sh_layouts_show(struct spanheap *heap, struct seq_file *m)
{
	struct spanheap_layout *layout;

	seq_puts(m, "   objects        bytes    spans     allocs     size  refs scan  type\n");
	sh_for_each_layout(layout, heap->gc) {
		struct type_figures f = { };

		add_layout(layout, &f);
		seq_printf(m, "%10lu %12lu %8lu %10lu %8zu %5u %-5s %s\n", f.objects,
			   f.bytes, f.spans, f.allocs, layout->size, layout->nr_refs,
			   scan_of(layout), layout->name);
	}
	return 0;
}
