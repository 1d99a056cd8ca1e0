// SPDX-License-Identifier: GPL-2.0
/*
 * What the log says of callers' mistakes: one report for each, limited in rate,
 * that names the mistake, where it was and what to do.
 *
 * Contexts: any but NMI; leaks in task context.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/sched/debug.h>

#include "compat.h"
#include "heap.h"
#include "pagemap.h"
#include "stats.h"
#include "trace.h"

/* Enough to see a pattern, few enough to leave the log readable. */
static DEFINE_RATELIMIT_STATE(bad_free_limit, HZ, 20);

static const char * const call_names[] = {
	[SH_CALL_FREE] = "free",
	[SH_CALL_FREE_PAGES] = "free_pages",
	[SH_CALL_FREE_RCU] = "free_rcu",
	[SH_CALL_REALLOC] = "realloc",
};

static const char *describe_dead(enum sh_call call)
{
	return call == SH_CALL_REALLOC ? "use after free" : "double free";
}

/* What was allocated once and is what @call is for, but that it failed. */
static const char *describe_object(enum sh_call call, enum sh_obj_state state)
{
	switch (sh_obj_plain(state)) {
	case SH_OBJ_LIVE:
		return call == SH_CALL_FREE_PAGES ?
		       "object, spanheap_free() frees it" :
		       "object freed at the same time";
	case SH_OBJ_BUSY:
		return "object that is being freed, resized or split";
	default:
		return describe_dead(call);
	}
}

static const char *describe_manual(enum sh_call call, enum sh_obj_state state)
{
	switch (state) {
	case SH_OBJ_LIVE:
		return call == SH_CALL_FREE_PAGES ?
		       "manual span freed at the same time" :
		       "manual span, spanheap_free_pages() frees it";
	case SH_OBJ_BUSY:
		return "manual span that is being split";
	default:
		return describe_dead(call);
	}
}

/* An address in a span of class 0. */
static const char *describe_whole(struct sh_span *span, unsigned long addr,
				  enum sh_call call)
{
	enum sh_obj_state state = READ_ONCE(span->obj[0]);
	bool manual = false;

	switch (READ_ONCE(span->state)) {
	case SH_SPAN_PERSISTENT:
		return "persistent allocation, it goes with the heap";
	case SH_SPAN_MANUAL:
		manual = true;
		fallthrough;
	case SH_SPAN_LARGE:
		if (addr != sh_span_base(span) &&
		    sh_obj_is_live(state))
			return manual ? "address within a manual span" :
					"interior pointer";
		return manual ? describe_manual(call, state) :
				describe_object(call, state);
	default:
		return describe_dead(call);
	}
}

static const char *describe_small(struct sh_span *span, unsigned long addr,
				  enum sh_call call)
{
	const struct sh_class *info = &sh_classes[sh_span_class(span)];
	unsigned long off = addr - sh_span_base(span);
	u32 idx = ((u64)off * info->magic) >> 32;

	if (off >= info->bytes || idx >= info->elems)
		return "address past the last object of a span";
	if (off != (unsigned long)idx * info->size)
		return "interior pointer";
	return describe_object(call, READ_ONCE(span->obj[idx]));
}

/* Where in a heap it was; room for a heap's name and a little more. */
struct place {
	char text[SPANHEAP_NAME_MAX + 48];
};

static void describe_place(struct place *place, struct sh_span *span)
{
	unsigned int class = sh_span_class(span);
	const char *name = sh_span_heap(span)->name;
	const char *where = "free pages";

	if (class) {
		snprintf(place->text, sizeof(place->text),
			 ", heap %s, size class %u", name,
			 sh_classes[class].size);
		return;
	}
	if (span->state == SH_SPAN_LARGE)
		where = "large object";
	if (span->state == SH_SPAN_MANUAL || span->state == SH_SPAN_PERSISTENT)
		where = "whole pages";
	snprintf(place->text, sizeof(place->text), ", heap %s, %s", name, where);
}

/**
 * sh_report_misuse() - report and count a call that was refused
 * @call: which call
 * @ptr: what it was to free or change
 *
 * Context: any but NMI.
 */
void sh_report_misuse(enum sh_call call, const void *ptr)
{
	struct spanheap *heap = sh_default_heap;
	unsigned long addr = (unsigned long)ptr;
	const char *what = "not a spanheap address";
	struct place place = { "" };
	struct sh_span *span;

	rcu_read_lock();
	span = sh_pagemap_floor(addr);
	if (span && addr - sh_span_base(span) < sh_span_bytes(span)) {
		heap = sh_span_heap(span);
		what = sh_span_class(span) ? describe_small(span, addr, call) :
					     describe_whole(span, addr, call);
		describe_place(&place, span);
	}
	atomic_long_inc(&heap->bad_frees);
	/* The heap is there for as long as this lasts. */
	sh_trace(bad_free, heap->name, ptr, call_names[call], what);
	rcu_read_unlock();
	if (sh_panic_on_bad_free)
		panic("spanheap: bad %s: %s: %p%s", call_names[call], what, ptr,
		      place.text);
	if (!__ratelimit(&bad_free_limit))
		return;
	pr_err("bad %s: %s: %p%s; ignored, see who frees it below\n",
	       call_names[call], what, ptr, place.text);
	dump_stack();
}

/**
 * sh_report_no_heap() - report and count that what is no heap was to be destroyed
 * @heap: its address
 */
void sh_report_no_heap(const struct spanheap *heap)
{
	atomic_long_inc(&sh_default_heap->bad_frees);
	if (!__ratelimit(&bad_free_limit))
		return;
	pr_err("bad destroy: not a heap: %p; ignored, it was destroyed before or never created, see who does it below\n",
	       heap);
	dump_stack();
}

/**
 * sh_refuse_gfp() - say once that flags are refused
 * @heap: the heap that refuses them
 * @gfp: the flags
 *
 * Return: NULL; counted as a failure.
 */
void *sh_refuse_gfp(struct spanheap *heap, gfp_t gfp)
{
	pr_warn_once("gfp flags %pGg refused: no zones, no compound pages and no __GFP_NOFAIL here; memory for DMA comes from the DMA API\n",
		     &gfp);
	return sh_count_failure(heap);
}

/**
 * sh_report_leaks() - report what is still allocated from a heap
 * @heap: a heap that is about to be freed, with all in it
 *
 * Context: task; nobody uses the heap any more.
 */
void sh_report_leaks(struct spanheap *heap)
{
	struct sh_class_stats per_class;
	struct spanheap_stats stats;
	unsigned int class;
	u64 nr;

	spanheap_get_stats(heap, &stats);
	sh_trace(heap_destroy, heap->name, stats.objects, stats.object_bytes);
	if (stats.manual_spans)
		pr_warn("heap %s: destroyed with %llu manual spans of %llu bytes still allocated; freed them\n",
			heap->name, stats.manual_spans, stats.manual_bytes);
	if (!stats.objects)
		return;
	pr_warn("heap %s: destroyed with %llu objects of %llu bytes still allocated; freed them\n",
		heap->name, stats.objects, stats.object_bytes);
	for (class = 1; class < SH_NR_CLASSES; class++) {
		sh_stats_class(heap, class, &per_class);
		if (per_class.objects)
			pr_warn("heap %s:   %lu of size class %u\n", heap->name,
				per_class.objects, sh_classes[class].size);
	}
	nr = stats.large_mallocs - stats.large_frees;
	if (nr)
		pr_warn("heap %s:   %llu large, of %ld bytes together\n",
			heap->name, nr, atomic_long_read(&heap->large_bytes));
}
