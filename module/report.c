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

/* Enough to see a pattern, few enough to leave the log readable. */
static DEFINE_RATELIMIT_STATE(bad_free_limit, HZ, 20);

static const char *describe_large(struct sh_span *span, unsigned long addr)
{
	if (span->state == SH_SPAN_LARGE &&
	    READ_ONCE(span->obj[0]) == SH_OBJ_LIVE)
		return addr == sh_span_base(span) ? "object freed at the same time" :
						    "interior pointer";
	return "double free";
}

static const char *describe_small(struct sh_span *span, unsigned long addr)
{
	const struct sh_class *info = &sh_classes[sh_span_class(span)];
	unsigned long off = addr - sh_span_base(span);
	u32 idx = ((u64)off * info->magic) >> 32;

	if (off >= info->bytes || idx >= info->elems)
		return "address past the last object of a span";
	if (off != (unsigned long)idx * info->size)
		return "interior pointer";
	if (READ_ONCE(span->obj[idx]) == SH_OBJ_LIVE)
		return "object freed at the same time";
	return "double free";
}

/**
 * sh_report_bad_free() - report and count a free that was refused
 * @ptr: what was to be freed
 *
 * Context: any but NMI.
 */
void sh_report_bad_free(const void *ptr)
{
	struct spanheap *heap = sh_default_heap;
	unsigned long addr = (unsigned long)ptr;
	const char *what = "not a spanheap address";
	char name[SPANHEAP_NAME_MAX + 1] = "";
	struct sh_span *span;
	size_t size = 0;

	rcu_read_lock();
	span = sh_pagemap_get(addr);
	if (span && addr - sh_span_base(span) < sh_span_bytes(span)) {
		heap = sh_span_heap(span);
		size = sh_classes[sh_span_class(span)].size;
		what = size ? describe_small(span, addr) :
			      describe_large(span, addr);
		strscpy(name, heap->name, sizeof(name));
	}
	atomic_long_inc(&heap->bad_frees);
	rcu_read_unlock();
	if (sh_panic_on_bad_free)
		panic("spanheap: bad free: %s (%p, heap %s)", what, ptr, name);
	if (!__ratelimit(&bad_free_limit))
		return;
	if (size)
		pr_err("bad free: %s: %p, heap %s, size class %zu; ignored, see who frees it below\n",
		       what, ptr, name, size);
	else if (name[0])
		pr_err("bad free: %s: %p, heap %s, large object or free pages; ignored, see who frees it below\n",
		       what, ptr, name);
	else
		pr_err("bad free: %s: %p; ignored, see who frees it below\n",
		       what, ptr);
	dump_stack();
}

/**
 * sh_report_bad_gfp() - say once that flags are refused
 * @gfp: the flags
 */
void sh_report_bad_gfp(gfp_t gfp)
{
	pr_warn_once("gfp flags %pGg refused: no zones, no compound pages and no __GFP_NOFAIL here; memory for DMA comes from the DMA API\n",
		     &gfp);
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
