/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Central lists: the spans of a size class that have free objects. See
 * central.c.
 */
#ifndef SPANHEAP_CENTRAL_H
#define SPANHEAP_CENTRAL_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "span/span.h"

struct sh_runcaches;

/* Spans are told apart by how full they are, in quarters. */
#define SH_BUCKETS	4

/**
 * struct sh_central - the spans of one size class
 * @lock: protects all below, and the bitmaps of the spans
 * @class: the size class
 * @bucket: spans with free objects; the fullest are in the last bucket
 * @nr_partial: spans in buckets; also read without the lock, as a hint
 * @nr_spans: spans of the class, full ones included
 * @nr_out: objects of these that are live or cached
 * @direct_allocs: objects that went to their user past any CPU's cache, less
 *	those whose span was let go of
 * @refills: times objects were taken
 * @flushes: times objects came back
 */
struct sh_central {
	spinlock_t lock;	/* see above */
	unsigned int class;
	struct list_head bucket[SH_BUCKETS];
	unsigned long nr_partial;
	unsigned long nr_spans;
	unsigned long nr_out;
	unsigned long direct_allocs;
	unsigned long refills;
	unsigned long flushes;
} ____cacheline_aligned_in_smp;

/**
 * struct sh_central_stats - figures of a central list
 * @nr_spans: spans of the class
 * @nr_out: objects that are live or cached
 * @direct_allocs: objects that went to their user past any CPU's cache
 * @refills: times objects were taken
 * @flushes: times objects came back
 * @nr_partial: spans of these with free objects
 */
struct sh_central_stats {
	unsigned long nr_spans;
	unsigned long nr_out;
	unsigned long direct_allocs;
	unsigned long refills;
	unsigned long flushes;
	unsigned long nr_partial;
};

void sh_central_init(struct sh_central *central, unsigned int class);
unsigned int sh_central_alloc(struct sh_central *central,
			      struct sh_runcaches *rcs,
			      union sh_span_user user,
			      struct sh_entry *entries, unsigned int nr,
			      gfp_t gfp, int node);
void sh_central_free(struct sh_central *central, struct sh_runcaches *rcs,
		     const struct sh_entry *entries, unsigned int nr);
void sh_central_count_direct(struct sh_central *central, unsigned int nr);
void sh_central_forget(struct sh_central *central);
void sh_central_stats(struct sh_central *central,
		      struct sh_central_stats *stats);
const char *sh_central_check(struct sh_central *central);

#endif /* SPANHEAP_CENTRAL_H */
