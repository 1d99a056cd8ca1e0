/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The free runs of a page heap, found by length and by age. See freeruns.c.
 */
#ifndef SPANHEAP_FREERUNS_H
#define SPANHEAP_FREERUNS_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "span/span.h"

/* Runs of fewer heap pages than this are in lists, one for each length. */
#define SH_SHORT_RUN		128

/**
 * struct sh_freeruns - a set of free runs
 * @shorts: runs of fewer than SH_SHORT_RUN pages, by exact length; within a
 *	list resident runs are before released ones
 * @lengths: bit set for each list in @shorts that is not empty
 * @longs: the other runs, ordered by (length, address)
 * @lru: runs with resident pages, longest idle first, that are not charged to a
 *	memory cgroup
 * @charged: those that are
 * @charged_pages: resident heap pages in these
 */
struct sh_freeruns {
	struct list_head shorts[SH_SHORT_RUN];
	DECLARE_BITMAP(lengths, SH_SHORT_RUN);
	struct rb_root longs;
	struct list_head lru;
	struct list_head charged;
	unsigned long charged_pages;
};

/* Heap pages at the front of a run before those aligned to @align heap pages. */
static inline unsigned long sh_run_skip(const struct sh_span *run,
					unsigned long align)
{
	return -(sh_span_base(run) >> SH_PAGE_SHIFT) & (align - 1);
}

void sh_freeruns_init(struct sh_freeruns *fr);
void sh_freeruns_add(struct sh_freeruns *fr, struct sh_span *run);
void sh_freeruns_add_since(struct sh_freeruns *fr, struct sh_span *run,
			   unsigned long since);
void sh_freeruns_del(struct sh_freeruns *fr, struct sh_span *run);
void sh_freeruns_shrink(struct sh_freeruns *fr, struct sh_span *run,
			u32 nr_pages, u32 released);
struct sh_span *sh_freeruns_oldest(struct sh_freeruns *fr, unsigned long age,
				   bool charged);
struct sh_span *sh_freeruns_best(struct sh_freeruns *fr, unsigned long nr_pages,
				 unsigned long align);
struct sh_span *sh_freeruns_exact(struct sh_freeruns *fr, u32 nr_pages,
				  unsigned long align);
struct sh_span *sh_freeruns_resident(struct sh_freeruns *fr,
				     unsigned long nr_pages,
				     unsigned long align, unsigned long room);
const char *sh_freeruns_check(struct sh_freeruns *fr, unsigned long *nr);

#endif /* SPANHEAP_FREERUNS_H */
