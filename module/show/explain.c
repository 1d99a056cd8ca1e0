// SPDX-License-Identifier: GPL-2.0
/*
 * A line after each of KASAN's reports whose address is a heap's: what is there.
 * KASAN itself knows of objects of slab caches only.
 *
 *   spanheap: that address is at offset N of WHAT, heap NAME, size class N
 *
 * WHAT is "a live object", "a free object", "the end of a span, behind its last
 * object" (the offset is then that from the start of the span), or, without size
 * class, "a live large object", "a manual span", "persistent memory" or "free
 * pages".
 *
 * It comes by a tracepoint that the kernel has for the end of such reports, with
 * KASAN's own lock held and interrupts off; no access is checked meanwhile.
 *
 * Locks: none. Contexts: any.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/tracepoint.h>
#include <trace/events/error_report.h>

#include "base/compat.h"
#include "heap/heap.h"
#include "show/explain.h"
#include "span/pagemap.h"

static void explain_small(const struct sh_span *span, unsigned long off)
{
	const struct sh_class *info = &sh_classes[sh_span_class(span)];
	const char *what;
	u32 idx;

	if (!sh_class_index(info, off, &idx)) {
		what = "the end of a span, behind its last object";
	} else {
		what = sh_obj_is_live(READ_ONCE(span->obj[idx])) ?
		       "a live object" : "a free object";
		off -= sh_class_offset(info, idx);
	}
	pr_err("that address is at offset %lu of %s, heap %s, size class %u\n",
	       off, what, sh_span_heap(span)->name, info->size);
}

static const char *what_is(const struct sh_span *span)
{
	switch (READ_ONCE(span->state)) {
	case SH_SPAN_LARGE:
		return "a live large object";
	case SH_SPAN_MANUAL:
		return "a manual span";
	case SH_SPAN_PERSISTENT:
		return "persistent memory";
	default:
		return "free pages";
	}
}

static void explain(void *unused, enum error_detector detector,
		    unsigned long addr)
{
	struct sh_span *span;
	unsigned long off;

	if (detector != ERROR_DETECTOR_KASAN)
		return;
	rcu_read_lock();
	span = sh_pagemap_floor(addr);
	off = span ? addr - sh_span_base(span) : 0;
	/* Tests have page heaps of no heap. */
	if (span && off < sh_span_bytes(span) && sh_span_heap(span)) {
		if (sh_span_class(span))
			explain_small(span, off);
		else
			pr_err("that address is at offset %lu of %s, heap %s\n",
			       off, what_is(span), sh_span_heap(span)->name);
	}
	rcu_read_unlock();
}

/**
 * sh_explain_init() - start to explain reports
 *
 * Where the kernel has no tracepoints, there are just the reports.
 */
void sh_explain_init(void)
{
	if (register_trace_error_report_end(explain, NULL))
		pr_info("KASAN's reports do not say whose memory it was: there are no tracepoints\n");
}

/**
 * sh_explain_exit() - explain nothing any more
 */
void sh_explain_exit(void)
{
	unregister_trace_error_report_end(explain, NULL);
	tracepoint_synchronize_unregister();
}
