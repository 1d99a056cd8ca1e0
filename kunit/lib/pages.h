/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the page heap share: a page heap for each case, and a
 * walk that verifies everything its files state.
 */
#ifndef SPANHEAP_KUNIT_PAGES_H
#define SPANHEAP_KUNIT_PAGES_H

#include <kunit/test.h>
#include <linux/jiffies.h>

#include "pages/pageheap.h"

/* For failures that a case provokes. */
#define QUIET		(GFP_KERNEL | __GFP_NOWARN)
#define QUIET_ATOMIC	(GFP_NOWAIT | __GFP_NOWARN)

/* As long as the first step of a heap, wherever memory comes from. */
#define SH_PAGES_ARENA	SH_GROW_STEP

/* Longer ago than any case takes. */
#define SH_PAGES_LONG_AGO	(1000UL * HZ)

/* A page heap of arenas of that many heap pages, for who calls sh_pageheap_exit(). */
struct sh_pageheap *sh_pages_bare(struct kunit *test, unsigned long arena_pages);

/* The same, gone at the end of the case. */
struct sh_pageheap *sh_pages_create(struct kunit *test,
				    unsigned long arena_pages);

/* A suite's init: test->priv is one with arenas of SH_PAGES_ARENA. */
int sh_pages_init(struct kunit *test);

/* sh_pageheap_release() for who does not count shootdowns. */
unsigned long sh_pages_give_back(struct sh_pageheap *ph, unsigned long goal,
				 unsigned long age);

/* Allocate a span or end the case, cut one in two, free one. */
struct sh_span *sh_pages_alloc(struct kunit *test, struct sh_pageheap *ph,
			       unsigned long nr_pages);
struct sh_span *sh_pages_cut(struct kunit *test, struct sh_pageheap *ph,
			     struct sh_span *span, u32 nr_pages);
void sh_pages_free(struct sh_pageheap *ph, struct sh_span *span);

/* Expect that a request fails, and that nothing has come of it. */
void sh_pages_refused(struct kunit *test, struct sh_pageheap *ph,
		      unsigned long nr_pages, unsigned long align, gfp_t gfp);

/* Take the memory from behind a span in use, as a scavenger does. */
void sh_pages_release(struct sh_span *span, u32 first, u32 nr_pages);

/* Write to each page of a range; whether that is there; whether it is zero. */
void sh_pages_fill(unsigned long addr, u32 nr_pages, u64 tag);
bool sh_pages_intact(unsigned long addr, u32 nr_pages, u64 tag);
bool sh_pages_zero(unsigned long addr, u32 nr_pages);

/* The figures by value, to be used in expressions. */
struct sh_pageheap_stats sh_pages_stats(struct sh_pageheap *ph);

/* End the case if an invariant of the page heap does not hold. */
void sh_pages_verify(struct kunit *test, struct sh_pageheap *ph);

#endif /* SPANHEAP_KUNIT_PAGES_H */
