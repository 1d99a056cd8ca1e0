/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Figures for debugfs that the public ones do not have. See stats.c.
 */
#ifndef SPANHEAP_STATS_H
#define SPANHEAP_STATS_H

#include <linux/types.h>

struct spanheap;

/**
 * struct sh_class_stats - the figures of a size class
 * @spans: spans of the class
 * @objects: live objects
 * @cached: free objects in per-CPU caches, or waiting for a CPU
 * @mallocs: objects ever allocated
 * @frees: objects ever freed
 * @refills: times caches took objects from the spans
 * @flushes: times objects came back to the spans
 */
struct sh_class_stats {
	unsigned long spans;
	unsigned long objects;
	unsigned long cached;
	unsigned long mallocs;
	unsigned long frees;
	unsigned long refills;
	unsigned long flushes;
};

void sh_stats_class(struct spanheap *heap, unsigned int class,
		    struct sh_class_stats *stats);

#endif /* SPANHEAP_STATS_H */
