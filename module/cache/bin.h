/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bins: the objects of one type and size class of a managed heap. See bin.c.
 */
#ifndef SPANHEAP_BIN_H
#define SPANHEAP_BIN_H

#include <linux/percpu.h>
#include <linux/rculist.h>

#include "base/busy.h"
#include "cache/central.h"
#include "cache/percpu.h"

struct spanheap_layout;

/**
 * struct sh_bin_cpu - the free objects of a bin that one CPU has
 * @busy: set while this CPU is inside, see base/busy.h
 * @nr: objects
 * @allocs: objects ever allocated from here
 * @entry: the objects
 */
struct sh_bin_cpu {
	unsigned long busy;
	unsigned int nr;
	unsigned long allocs;
	struct sh_entry entry[];
};

/**
 * struct sh_bin - where objects of one layout and size class come from
 * @central: its spans, which are in no other list; of class 0 it has none
 * @link: in the list of all bins of the heap
 * @caches: the caches of that
 * @cpu: what each CPU has, NULL for large objects, which have a span each
 * @layout: what the objects are
 * @noscan: there are no references in them
 * @capacity: most objects a CPU has
 * @large: objects of class 0
 * @large_bytes: bytes of these
 * @large_allocs: such objects ever allocated
 */
struct sh_bin {
	struct sh_central central;
	struct list_head link;
	struct sh_caches *caches;
	struct sh_bin_cpu __percpu *cpu;
	struct spanheap_layout *layout;
	bool noscan;
	unsigned int capacity;
	atomic_long_t large;
	atomic_long_t large_bytes;
	atomic_long_t large_allocs;
};

/* Bins are added, and stay as long as the heap. */
#define sh_for_each_bin(bin, caches) \
	list_for_each_entry_rcu(bin, &(caches)->bins, link, true)

struct sh_bin *sh_bin_new(struct sh_caches *caches, unsigned int class,
			  struct spanheap_layout *layout, gfp_t gfp);
void sh_bin_add(struct sh_bin *bin);
void sh_bin_free(struct sh_bin *bin);
void sh_bins_exit(struct sh_caches *caches);
unsigned int sh_bin_refill(struct sh_bin *bin, gfp_t gfp, int node,
			   struct sh_entry *entry);
void sh_bins_drain(struct sh_caches *caches, int dead_cpu);
void sh_bins_steal(struct sh_caches *caches, int cpu);
unsigned long sh_bins_bytes(struct sh_caches *caches, int cpu);
unsigned long sh_bins_signature(struct sh_caches *caches, int cpu,
				unsigned long *calls);
void sh_bin_slot_stats(struct sh_bin *bin, struct sh_slot_stats *stats);
void sh_bin_central_stats(struct sh_bin *bin, struct sh_central_stats *stats);
void sh_bins_slot_stats(struct sh_caches *caches, unsigned int class,
			struct sh_slot_stats *stats);
void sh_bins_central_stats(struct sh_caches *caches, unsigned int class,
			   struct sh_central_stats *stats);
struct sh_bin *sh_bins_find(struct sh_caches *caches, const struct sh_span *span);
const char *sh_bins_check_cpu(struct sh_caches *caches);

/* cachecheck.c */
bool sh_entry_is_cached(const struct sh_entry *entry, unsigned int class);

/**
 * sh_bin_pop() - take an object that this CPU has
 * @bin: the bin, of small objects
 * @entry: set to a cached object, which is the caller's
 *
 * Context: any but NMI, preemption off.
 * Return: whether there was one.
 */
static __always_inline bool sh_bin_pop(struct sh_bin *bin, struct sh_entry *entry)
{
	struct sh_bin_cpu *cpu = this_cpu_ptr(bin->cpu);

	if (!sh_busy_enter(&cpu->busy))
		return false;
	if (unlikely(!cpu->nr)) {
		sh_busy_leave(&cpu->busy);
		return false;
	}
	*entry = cpu->entry[--cpu->nr];
	cpu->allocs++;
	sh_busy_leave(&cpu->busy);
	return true;
}

#endif /* SPANHEAP_BIN_H */
