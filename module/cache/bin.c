// SPDX-License-Identifier: GPL-2.0
/*
 * Bins: the free objects of a managed heap. What an object is, is known of its span,
 * so a bin has spans of its own: no object of one type ever was or will be one of
 * another as long as its span is in use.
 *
 * Nobody frees an object of a managed heap but the collector, and that does so a span
 * at a time. So a CPU's cache is there to allocate from only: filled with a batch out
 * of the spans, and never given back to one by one. As the caches of percpu.h it is
 * the CPU's own, with preemption off and a busy mark; who interrupts it goes to the
 * spans.
 *
 * Invariants: the objects that a CPU has are cached ones of the bin's spans. A bin that
 * is in the list stays there, as long as the heap.
 *
 * Locks: bins_lock for who adds one. Contexts: refill that of its gfp, drains and checks
 * task, the rest any but NMI.
 */
#include <linux/cpumask.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "cache/bin.h"
#include "span/pagemap.h"
#include "watch/shadow.h"
#include "watch/trace.h"

/* Bytes of objects that a CPU has of a bin, unless one object is more. */
#define CAPACITY_BYTES	8192

static size_t cpu_bytes(unsigned int capacity)
{
	return struct_size((struct sh_bin_cpu *)NULL, entry, capacity);
}

static long meta_bytes(const struct sh_bin *bin)
{
	long cpus = bin->cpu ? num_possible_cpus() * cpu_bytes(bin->capacity) : 0;

	return ksize(bin) + cpus;
}

static bool add_cpus(struct sh_bin *bin, unsigned int class, gfp_t gfp)
{
	bin->capacity = clamp_t(unsigned int, CAPACITY_BYTES / sh_classes[class].size,
				1, SH_BATCH_MAX);
	bin->cpu = __alloc_percpu_gfp(cpu_bytes(bin->capacity),
				      __alignof__(struct sh_bin_cpu),
				      gfp | __GFP_ZERO);
	return bin->cpu;
}

/**
 * sh_bin_new() - make a bin
 * @caches: the caches of the heap
 * @class: the size class, 0 for large objects
 * @layout: what the objects are to be
 * @gfp: how to get memory
 *
 * Context: that of @gfp.
 * Return: a bin that nobody knows of, to be added or freed; or NULL.
 */
struct sh_bin *sh_bin_new(struct sh_caches *caches, unsigned int class,
			  struct spanheap_layout *layout, gfp_t gfp)
{
	struct sh_bin *bin;

	gfp = sh_gfp_meta(gfp);
	bin = sh_fault(SH_FAULT_META) ? NULL : kzalloc(sizeof(*bin), gfp);
	if (!bin)
		return NULL;
	sh_central_init(&bin->central, class);
	bin->caches = caches;
	bin->layout = layout;
	if (class && !add_cpus(bin, class, gfp)) {
		kfree(bin);
		return NULL;
	}
	atomic_long_add(meta_bytes(bin), &caches->meta->caches);
	return bin;
}

/**
 * sh_bin_add() - let a bin be found by who goes through all of a heap
 * @bin: the bin, for good
 *
 * Context: any but NMI.
 */
void sh_bin_add(struct sh_bin *bin)
{
	struct sh_caches *caches = bin->caches;
	unsigned long flags;

	spin_lock_irqsave(&caches->bins_lock, flags);
	list_add_tail_rcu(&bin->link, &caches->bins);
	spin_unlock_irqrestore(&caches->bins_lock, flags);
}

/**
 * sh_bin_free() - free a bin that has no objects
 * @bin: the bin, which is not in the list
 *
 * Context: any but NMI.
 */
void sh_bin_free(struct sh_bin *bin)
{
	atomic_long_sub(meta_bytes(bin), &bin->caches->meta->caches);
	free_percpu(bin->cpu);
	kfree(bin);
}

/**
 * sh_bins_exit() - free all bins; the objects in them go with the spans
 * @caches: the caches; nobody uses them any more
 */
void sh_bins_exit(struct sh_caches *caches)
{
	struct sh_bin *bin, *next;

	list_for_each_entry_safe(bin, next, &caches->bins, link)
		sh_bin_free(bin);
}

/* Let this CPU have as many of @nr objects as it has room for. Returns how many. */
static unsigned int stash(struct sh_bin *bin, const struct sh_entry *entries,
			  unsigned int nr)
{
	struct sh_bin_cpu *cpu;

	preempt_disable();
	cpu = this_cpu_ptr(bin->cpu);
	if (!sh_busy_enter(&cpu->busy)) {
		preempt_enable();
		sh_central_count_direct(&bin->central, 1);
		return 0;
	}
	nr = min(nr, bin->capacity - cpu->nr);
	sh_entries_copy(cpu->entry + cpu->nr, entries, nr);
	cpu->nr += nr;
	cpu->allocs++;
	sh_busy_leave(&cpu->busy);
	preempt_enable();
	return nr;
}

/**
 * sh_bin_refill() - take an object out of the spans, and others for this CPU
 * @bin: the bin, of small objects
 * @gfp: how to get memory
 * @node: NUMA node of new pages
 * @entry: set to a cached object, which is the caller's, and counts as allocated
 *
 * Context: that of @gfp.
 * Return: how many were taken out of the spans, 0 when there is none.
 */
unsigned int sh_bin_refill(struct sh_bin *bin, gfp_t gfp, int node,
			   struct sh_entry *entry)
{
	struct sh_runcaches *rcs = bin->caches->rcs;
	struct sh_entry batch[SH_BATCH_MAX];
	unsigned int got, kept;

	got = sh_central_alloc(&bin->central, rcs, bin, batch, bin->capacity, gfp,
			       node);
	if (!got)
		return 0;
	sh_trace(refill, bin->caches->name, sh_classes[bin->central.class].size, got);
	*entry = batch[0];
	kept = stash(bin, batch + 1, got - 1);
	if (kept < got - 1)
		sh_central_free(&bin->central, rcs, batch + 1 + kept, got - 1 - kept);
	return got;
}

/* Take all that this CPU has, or a dead one had. Returns how many. Preemption is off. */
static unsigned int take_all(struct sh_bin *bin, struct sh_bin_cpu *cpu,
			     struct sh_entry *batch)
{
	unsigned int nr;

	if (!sh_busy_enter(&cpu->busy))
		return 0;
	nr = cpu->nr;
	sh_stolen_add(bin->caches, bin->central.class, nr);
	sh_entries_copy(batch, cpu->entry, nr);
	cpu->nr = 0;
	sh_busy_leave(&cpu->busy);
	return nr;
}

static void give_back(struct sh_bin *bin, const struct sh_entry *batch, unsigned int nr)
{
	if (!nr)
		return;
	sh_central_free(&bin->central, bin->caches->rcs, batch, nr);
	sh_stolen_sub(bin->caches, bin->central.class, nr);
}

static void drain(struct sh_bin *bin, int dead_cpu)
{
	struct sh_entry batch[SH_BATCH_MAX];
	unsigned int nr;

	preempt_disable();
	nr = take_all(bin, dead_cpu >= 0 ? per_cpu_ptr(bin->cpu, dead_cpu) :
					   this_cpu_ptr(bin->cpu), batch);
	preempt_enable();
	give_back(bin, batch, nr);
}

/**
 * struct loot - what is taken from a CPU
 * @bin: from its part of this bin
 * @nr: how many
 * @batch: the objects
 */
struct loot {
	struct sh_bin *bin;
	unsigned int nr;
	struct sh_entry batch[SH_BATCH_MAX];
};

/* On the CPU, in an interrupt, or with interrupts off. */
static void take_here(void *arg)
{
	struct loot *loot = arg;

	loot->nr = take_all(loot->bin, this_cpu_ptr(loot->bin->cpu), loot->batch);
}

/**
 * sh_bins_steal() - put what a CPU has of any bin back into its spans, at once
 * @caches: the caches
 * @cpu: the CPU, which may be this one or offline
 *
 * An interrupt there for each bin of which it has something. What is in use just then
 * is left alone.
 *
 * Context: task, may sleep.
 */
void sh_bins_steal(struct sh_caches *caches, int cpu)
{
	struct loot loot;

	sh_for_each_bin(loot.bin, caches) {
		if (!loot.bin->cpu || !sh_peek(per_cpu_ptr(loot.bin->cpu, cpu)->nr))
			continue;
		loot.nr = 0;
		smp_call_function_single(cpu, take_here, &loot, true);
		give_back(loot.bin, loot.batch, loot.nr);
	}
}

/**
 * sh_bins_drain() - put what a CPU has of any bin back into its spans
 * @caches: the caches
 * @dead_cpu: a CPU that is offline, or -1 for the one this runs on
 *
 * Context: task.
 */
void sh_bins_drain(struct sh_caches *caches, int dead_cpu)
{
	struct sh_bin *bin;

	sh_for_each_bin(bin, caches) {
		if (bin->cpu)
			drain(bin, dead_cpu);
		cond_resched();
	}
}

/**
 * sh_bins_hold_any() - whether a CPU has objects of any bin, as seen from afar
 * @caches: the caches
 * @cpu: the CPU
 *
 * Context: any.
 * Return: whether it has.
 */
bool sh_bins_hold_any(struct sh_caches *caches, int cpu)
{
	return sh_bins_bytes(caches, cpu);
}

/**
 * sh_bins_bytes() - bytes of free objects of all bins that a CPU has
 * @caches: the caches
 * @cpu: the CPU
 *
 * Context: any.
 * Return: bytes, as seen from afar.
 */
unsigned long sh_bins_bytes(struct sh_caches *caches, int cpu)
{
	unsigned long bytes = 0;
	struct sh_bin *bin;

	sh_for_each_bin(bin, caches)
		if (bin->cpu)
			bytes += sh_peek(per_cpu_ptr(bin->cpu, cpu)->nr) *
				 (unsigned long)sh_classes[bin->central.class].size;
	return bytes;
}
EXPORT_SYMBOL_IF_KUNIT(sh_bins_bytes);

/**
 * sh_bins_signature() - what changes when a CPU allocates from a bin
 * @caches: the caches
 * @cpu: the CPU
 * @calls: increased by how often it did
 *
 * Context: any.
 * Return: objects that it has.
 */
unsigned long sh_bins_signature(struct sh_caches *caches, int cpu,
				unsigned long *calls)
{
	unsigned long held = 0;
	struct sh_bin *bin;

	sh_for_each_bin(bin, caches) {
		if (!bin->cpu)
			continue;
		held += sh_peek(per_cpu_ptr(bin->cpu, cpu)->nr);
		*calls += sh_peek(per_cpu_ptr(bin->cpu, cpu)->allocs);
	}
	return held;
}

/**
 * sh_bin_slot_stats() - add what CPUs have of a bin
 * @bin: the bin
 * @stats: added to
 *
 * Context: any. Other CPUs go on meanwhile.
 */
void sh_bin_slot_stats(struct sh_bin *bin, struct sh_slot_stats *stats)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		if (!bin->cpu)
			break;
		stats->objects += sh_peek(per_cpu_ptr(bin->cpu, cpu)->nr);
		stats->allocs += sh_peek(per_cpu_ptr(bin->cpu, cpu)->allocs);
	}
}

/**
 * sh_bin_central_stats() - add the figures of a bin's spans
 * @bin: the bin
 * @stats: added to
 *
 * Context: any but NMI.
 */
void sh_bin_central_stats(struct sh_bin *bin, struct sh_central_stats *stats)
{
	struct sh_central_stats central;

	sh_central_stats(&bin->central, &central);
	stats->nr_spans += central.nr_spans;
	stats->nr_out += central.nr_out;
	stats->direct_allocs += central.direct_allocs;
	stats->refills += central.refills;
	stats->flushes += central.flushes;
	stats->nr_partial += central.nr_partial;
}

/**
 * sh_bins_slot_stats() - add what CPUs have of all bins of a size class
 * @caches: the caches
 * @class: the size class
 * @stats: added to
 *
 * Context: any.
 */
void sh_bins_slot_stats(struct sh_caches *caches, unsigned int class,
			struct sh_slot_stats *stats)
{
	struct sh_bin *bin;

	sh_for_each_bin(bin, caches)
		if (bin->central.class == class)
			sh_bin_slot_stats(bin, stats);
}

/**
 * sh_bins_central_stats() - add the figures of the spans of all bins of a size class
 * @caches: the caches
 * @class: the size class
 * @stats: added to
 *
 * Context: any but NMI.
 */
void sh_bins_central_stats(struct sh_caches *caches, unsigned int class,
			   struct sh_central_stats *stats)
{
	struct sh_bin *bin;

	sh_for_each_bin(bin, caches)
		if (bin->central.class == class)
			sh_bin_central_stats(bin, stats);
}

/**
 * sh_bins_find() - the bin of a span that may change meanwhile
 * @caches: the caches
 * @span: the span
 *
 * Context: any.
 * Return: the bin that the record names, if it is one; a span of no managed heap has
 * none.
 */
struct sh_bin *sh_bins_find(struct sh_caches *caches, const struct sh_span *span)
{
	struct sh_bin *bin, *named = READ_ONCE(span->bin);

	sh_for_each_bin(bin, caches)
		if (bin == named)
			return bin;
	return NULL;
}

/* Whether what this CPU has of a bin is what it should be. */
static bool check_cpu(struct sh_bin *bin)
{
	struct sh_bin_cpu *cpu;
	bool good = true;
	unsigned int i;

	preempt_disable();
	cpu = this_cpu_ptr(bin->cpu);
	if (sh_busy_enter(&cpu->busy)) {
		good = cpu->nr <= bin->capacity;
		for (i = 0; good && i < cpu->nr; i++)
			good = sh_entry_is_cached(&cpu->entry[i], bin->central.class) &&
			       sh_pagemap_get((unsigned long)cpu->entry[i].obj)->bin == bin;
		sh_busy_leave(&cpu->busy);
	}
	preempt_enable();
	return good;
}

/**
 * sh_bins_check_cpu() - verify what this CPU has of all bins
 * @caches: the caches
 *
 * Context: task.
 * Return: NULL, or what is wrong.
 */
const char *sh_bins_check_cpu(struct sh_caches *caches)
{
	struct sh_bin *bin;

	sh_for_each_bin(bin, caches)
		if (bin->cpu && !check_cpu(bin))
			return "an entry of a bin is no free object of its type";
	return NULL;
}
