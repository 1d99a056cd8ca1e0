// SPDX-License-Identifier: GPL-2.0
/*
 * Which live objects of an ordinary heap nothing refers to any more: a report of
 * leaks while the heap is in use, by reachability.
 *
 * Conservative: every aligned word in an object may be a reference, to its start or
 * into it, so a number that looks like one hides a leak but nothing is reported that
 * is referred to. What is looked at are the objects of the heap, its manual spans and
 * persistent allocations, which count as reachable, and the slots that the caller
 * names. References from elsewhere, stacks and other heaps among them, are not seen:
 * who has such names them, or finds the object in the report.
 *
 * First all is marked that can be reached from the named slots. Of what is left, an
 * object that no other refers to is where something was lost; the rest hangs on such
 * objects, or on itself in a circle.
 *
 * The heap is to be at rest: who changes references meanwhile may hide an object or
 * have one reported that is none. No more than that happens: memory is read so that a
 * page may go away, an address is looked up each time that it is used, and no object
 * is claimed, so that nobody's free is in its way. An object that is about to be freed,
 * after a grace period or by its finalizer, is no leak: it counts as reachable. So does
 * what the argument of a finalizer points to that is set; who has some that are to be
 * called flushes them before.
 *
 * Locks: none but those of what it calls. Contexts: task, may sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/kmsan-checks.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "base/compat.h"
#include "debug/debug.h"
#include "debug/guard.h"
#include "debug/table.h"
#include "gc/gc.h"
#include "gc/marks.h"
#include "heap/heap.h"
#include "object/finalizer_list.h"
#include "object/find.h"
#include "object/profile.h"
#include "pages/walk.h"
#include "show/leaks.h"
#include "span/special.h"

/* Words read at a time, on the stack. */
#define WORDS		64

/*
 * Where a read that may fault is looked at by a sanitizer, all the same: there memory
 * does not go away but with its arena, which a heap at rest keeps.
 */
#define PLAIN_READS	(IS_ENABLED(CONFIG_KMSAN) || \
			 (IS_ENABLED(CONFIG_UML) && IS_ENABLED(CONFIG_KASAN)))

/**
 * struct search - a search for what is unreachable
 * @heap: the heap
 * @marks: what was reached
 * @self: the object that is looked into, when it is not reached; else NULL
 * @objects: unreachable objects that nothing else refers to, then the others
 * @bytes: of these
 * @leaks: what they are
 * @room: entries in that
 */
struct search {
	struct spanheap *heap;
	struct sh_marks marks;
	const void *self;
	unsigned long objects[2];
	size_t bytes[2];
	struct sh_leak *leaks;
	unsigned long room;
};

/* Note that a word may refer to an object. Returns 0 or -ENOMEM. */
static int note_word(struct search *search, unsigned long word)
{
	struct spanheap_object obj;

	if (!sh_find_object((void *)word, &obj) || obj.heap != search->heap ||
	    obj.start == search->self)
		return 0;
	return search->self ? sh_marks_refer(&search->marks, obj.start) :
			      sh_marks_reach(&search->marks, obj.start);
}

/* Read words, without a look at what a sanitizer says of them. */
static bool read_words(unsigned long *to, const unsigned long *from, size_t nr)
{
	size_t i;

	if (!PLAIN_READS)
		return !copy_from_kernel_nofault(to, from, nr * sizeof(*to));
	for (i = 0; i < nr; i++)
		to[i] = READ_ONCE_NOCHECK(from[i]);
	kmsan_unpoison_memory(to, nr * sizeof(*to));
	return true;
}

/* Look at all words of a piece of memory. Returns 0 or an error. */
static int look_into(struct search *search, const void *from, size_t bytes)
{
	unsigned long word[WORDS];
	size_t done, some;
	unsigned int i;
	int err;

	for (done = 0; done < bytes; done += some) {
		/* Within a page: what follows may still be there when this is not. */
		some = min3(bytes - done, sizeof(word),
			    PAGE_SIZE - offset_in_page(from + done));
		cond_resched();
		if (!read_words(word, from + done, some / sizeof(word[0])))
			continue;
		for (i = 0; i < some / sizeof(word[0]); i++) {
			err = note_word(search, word[i]);
			if (err)
				return err;
		}
	}
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int look_into_reached(void *start, void *arg)
{
	struct spanheap_object obj;

	/* It may have been freed meanwhile. */
	if (!sh_find_object(start, &obj) || obj.start != start)
		return 0;
	return look_into(arg, start, obj.size);
}

/**
 * struct found - a live object
 * @start: its first byte
 * @size: its bytes
 * @stack: where it was allocated, 0 when that is to be asked for
 * @busy: it is being freed or changed; said of objects of debug heaps only
 */
struct found {
	const void *start;
	size_t size;
	u32 stack;
	bool busy;
};

typedef int (*object_fn)(struct search *search, const struct found *found);

/**
 * struct few - spans that a walk has come to
 * @base: where they begin
 * @class: their size class
 * @nr_pages: how long they are
 * @state: what they are
 * @nr: how many
 */
struct few {
	unsigned long base[SH_WALK_STEPS];
	unsigned int class[SH_WALK_STEPS];
	u32 nr_pages[SH_WALK_STEPS];
	enum sh_span_state state[SH_WALK_STEPS];
	unsigned int nr;
};

static int note_span(struct sh_span *span, void *arg)
{
	struct few *few = arg;

	/* The record is laid out once the state can be seen. */
	few->state[few->nr] = smp_load_acquire(&span->state);
	few->base[few->nr] = sh_span_base(span);
	few->class[few->nr] = sh_span_class(span);
	few->nr_pages[few->nr++] = READ_ONCE(span->nr_pages);
	return 0;
}

/* The object at an address, if it is a live one. */
static int visit_at(struct search *search, unsigned long addr, object_fn fn)
{
	struct found found = { .start = (void *)addr };
	struct spanheap_object obj;

	if (!sh_find_object(found.start, &obj) || obj.start != found.start)
		return 0;
	found.size = obj.size;
	return fn(search, &found);
}

static int visit_span(struct search *search, const struct few *few, unsigned int i,
		      object_fn fn)
{
	const struct sh_class *info = &sh_classes[few->class[i]];
	unsigned int idx;
	int err = 0;

	if (few->state[i] == SH_SPAN_LARGE)
		return visit_at(search, few->base[i], fn);
	if (few->state[i] != SH_SPAN_SMALL || !few->class[i])
		return 0;
	for (idx = 0; idx < info->elems && !err; idx++)
		err = visit_at(search, few->base[i] + sh_class_offset(info, idx), fn);
	return err;
}

/* What always counts as reachable. */
static int visit_kept(struct search *search, const struct few *few, unsigned int i)
{
	if (few->state[i] != SH_SPAN_MANUAL && few->state[i] != SH_SPAN_PERSISTENT)
		return 0;
	return look_into(search, (void *)few->base[i],
			 (size_t)few->nr_pages[i] << SH_PAGE_SHIFT);
}

/* All spans of the heap: the objects in them, or without a function what is kept. */
static int each_span(struct search *search, object_fn fn)
{
	struct sh_walk walk;
	struct few few;
	unsigned int i;
	int err;

	sh_walk_begin(&walk);
	do {
		few.nr = 0;
		err = sh_walk_some(&search->heap->ph, &walk, NULL, note_span, &few);
		for (i = 0; i < few.nr && !err; i++)
			err = fn ? visit_span(search, &few, i, fn) :
				   visit_kept(search, &few, i);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	} while (!err && !walk.done);
	return err;
}

static int each_guarded(struct search *search, object_fn fn)
{
	struct sh_debug *debug = search->heap->debug;
	unsigned long index = 0;
	struct sh_guard object;
	struct found found;
	unsigned int n;
	int err = 0;

	for (; !err && sh_objects_next(debug, &index); index++) {
		for (n = 0; !err && sh_objects_live(debug, index, n, &object); n++) {
			found = (struct found){
				.start = (void *)object.start,
				.size = object.size,
				.stack = object.alloc.stack,
				.busy = object.state == SH_GUARD_BUSY,
			};
			err = fn(search, &found);
		}
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return err;
}

static int each_object(struct search *search, object_fn fn)
{
	return search->heap->debug ? each_guarded(search, fn) :
				     each_span(search, fn);
}

/* What somebody will use without a reference in the heap. */
static int note_pending(struct search *search, const struct found *found)
{
	struct sh_finalizer f;
	int err = 0;

	BUILD_BUG_ON(offsetof(struct sh_finalizer, special));
	if (found->busy || sh_find_busy(found->start))
		err = note_word(search, (unsigned long)found->start);
	if (!err && READ_ONCE(search->heap->finalizers.nr_set) &&
	    sh_special_copy(search->heap, found->start, SH_SPECIAL_FINALIZER, &f,
			    sizeof(f)))
		err = note_word(search, (unsigned long)f.arg);
	return err;
}

/* What an object refers to that cannot be reached. */
static int look_from(struct search *search, const struct found *found)
{
	int err;

	if (sh_marks_reached(&search->marks, found->start))
		return 0;
	search->self = found->start;
	err = look_into(search, found->start, found->size);
	search->self = NULL;
	return err;
}

static int count_object(struct search *search, const struct found *found)
{
	bool hangs = sh_marks_referred(&search->marks, found->start);

	if (!sh_marks_reached(&search->marks, found->start)) {
		search->objects[hangs]++;
		search->bytes[hangs] += found->size;
	}
	return 0;
}

/* The first of @leaks, from the last down, are those that nothing refers to. */
static int list_object(struct search *search, const struct found *found)
{
	bool hangs = sh_marks_referred(&search->marks, found->start);
	unsigned long at;

	if (sh_marks_reached(&search->marks, found->start) || !search->objects[hangs])
		return 0;
	at = --search->objects[hangs];
	if (hangs)
		at = search->room - 1 - at;
	search->leaks[at] = (struct sh_leak) {
		.nr = 1,
		.size = found->size,
		.stack = found->stack ?: sh_profile_stack(search->heap, found->start),
	};
	return 0;
}

/* Say what was found, in lines as those of a destroyed heap. Returns 0 or an error. */
static int report(struct search *search, bool roots)
{
	unsigned long heads = search->objects[0];
	unsigned long rest = roots ? search->objects[1] : 0;
	struct spanheap *heap = search->heap;
	int err;

	if (!heads && !rest) {
		pr_info("heap %s: no unreachable objects\n", heap->name);
		return 0;
	}
	search->room = heads + rest;
	search->objects[1] = rest;
	search->leaks = kvcalloc(search->room, sizeof(*search->leaks),
				 GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	err = search->leaks ? each_object(search, list_object) : -ENOMEM;
	pr_warn("heap %s: %lu objects of %zu bytes that nothing refers to%s\n",
		heap->name, heads, search->bytes[0],
		err == -ENOMEM ? "; no memory to say what they are" : "");
	/* Fewer when somebody has freed some meanwhile. */
	if (!err)
		sh_leaks_print(heap, search->leaks + search->objects[0],
			       heads - search->objects[0]);
	if (rest)
		pr_warn("heap %s: %lu objects of %zu bytes that only unreachable objects refer to\n",
			heap->name, rest, search->bytes[1]);
	if (rest && !err)
		sh_leaks_print(heap, search->leaks + heads, rest - search->objects[1]);
	kvfree(search->leaks);
	return err == -ENOMEM ? 0 : err;
}

static int read_roots(struct search *search, void *const *roots, size_t nr)
{
	unsigned long word;
	size_t i;
	int err;

	for (i = 0; i < nr; i++) {
		if (copy_from_kernel_nofault(&word, roots[i], sizeof(word))) {
			pr_warn_ratelimited("heap %s: root %zu of %zu is not the address of a pointer\n",
					    search->heap->name, i, nr);
			return -EFAULT;
		}
		err = note_word(search, word);
		if (err)
			return err;
	}
	return 0;
}

/**
 * sh_gc_report_unreachable() - list live objects that cannot be reached
 * @heap: the heap, at rest, which stays
 * @roots: addresses of slots that refer to objects
 * @nr: how many; 0 for none: then only objects that no other refers to are listed
 *
 * Context: task, may sleep.
 * Return: how many objects were found; -EFAULT for a root that cannot be read,
 * -ENOMEM, -EINTR when the task was killed, or -EUCLEAN for a heap that its checker
 * would not let pass.
 */
long sh_gc_report_unreachable(struct spanheap *heap, void *const *roots, size_t nr)
{
	struct search search = { .heap = heap };
	long found;
	int err;

	sh_marks_init(&search.marks);
	err = read_roots(&search, roots, nr);
	if (!err)
		err = each_span(&search, NULL);
	if (!err)
		err = each_object(&search, note_pending);
	if (!err)
		err = sh_marks_work(&search.marks, look_into_reached, &search);
	if (!err)
		err = each_object(&search, look_from);
	if (!err)
		err = each_object(&search, count_object);
	found = search.objects[0] + (nr ? search.objects[1] : 0);
	if (!err)
		err = report(&search, nr);
	sh_marks_exit(&search.marks);
	return err ?: found;
}
