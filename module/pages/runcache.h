/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Per-CPU caches of free runs, in front of the page heap. See runcache.c.
 */
#ifndef SPANHEAP_RUNCACHE_H
#define SPANHEAP_RUNCACHE_H

#include <linux/atomic.h>
#include <linux/percpu.h>

#include "pages/pageheap.h"
#include "span/span.h"

/* Most runs a CPU keeps, and most heap pages in them: 4 MiB. */
#define SH_RUNCACHE_RUNS	16
#define SH_RUNCACHE_PAGES	((4UL << 20) >> SH_PAGE_SHIFT)

/* Runs moved between a CPU and the page heap at a time. */
#define SH_RUNCACHE_BATCH	8U

/*
 * A figure of any CPU's cache. The CPU itself changes it plainly, for the sake of
 * speed; as it was before that is as good as after.
 */
#define sh_peek(figure)		data_race(READ_ONCE(figure))

/**
 * struct sh_runcache - the runs cached on one CPU for one heap
 * @busy: set while this CPU is inside, see base/busy.h
 * @nr: runs
 * @pages: heap pages in them
 * @released: heap pages of these without memory behind them
 * @hits: runs allocated from here
 * @misses: times there was no run of the length
 * @begun: calls that have begun here, see sh_inflight_begin()
 * @ended: calls that have ended here, wherever they began
 * @run: the runs, oldest first
 */
struct sh_runcache {
	unsigned long busy;
	unsigned int nr;
	unsigned int pages;
	unsigned int released;
	unsigned long hits;
	unsigned long misses;
	atomic_long_t begun;
	atomic_long_t ended;
	struct {
		u32 nr_pages;
		u32 kind;
		struct sh_span *span;
	} run[SH_RUNCACHE_RUNS];
};

/**
 * struct sh_runcaches - the run caches of a heap and the page heap below
 * @cpu: a cache for each CPU
 * @ph: the page heap
 * @max_pages: most heap pages a CPU may keep, SH_RUNCACHE_PAGES or less
 * @leaves: called with a span of small objects, all free, before it is given
 *	back; NULL when nobody wants to know
 */
struct sh_runcaches {
	struct sh_runcache __percpu *cpu;
	struct sh_pageheap *ph;
	unsigned int max_pages;
	void (*leaves)(struct sh_span *span);
};

/**
 * struct sh_runcache_stats - figures of run caches
 * @runs: runs in them
 * @pages: heap pages in these
 * @released: heap pages of these without memory behind them
 */
struct sh_runcache_stats {
	unsigned long runs;
	unsigned long pages;
	unsigned long released;
};

/**
 * sh_inflight_begin() - be about to have runs or objects in hand
 * @rcs: the run caches
 *
 * What is in hand is in no cache and no list: the heap's sums are not right, to
 * whoever looks at them until sh_inflight_end().
 *
 * Context: any but NMI.
 */
static inline void sh_inflight_begin(struct sh_runcaches *rcs)
{
	atomic_long_inc(&raw_cpu_ptr(rcs->cpu)->begun);
}

/**
 * sh_inflight_end() - have nothing in hand any more
 * @rcs: the run caches
 */
static inline void sh_inflight_end(struct sh_runcaches *rcs)
{
	/* Whatever the call did is visible once its end is. */
	smp_mb__before_atomic();
	atomic_long_inc(&raw_cpu_ptr(rcs->cpu)->ended);
}

int sh_runcaches_init(struct sh_runcaches *rcs, struct sh_pageheap *ph);
void sh_runcaches_exit(struct sh_runcaches *rcs);
struct sh_span *sh_run_alloc(struct sh_runcaches *rcs, unsigned long nr_pages,
			     unsigned long align, unsigned int kind, gfp_t gfp,
			     int node);
void sh_run_free(struct sh_runcaches *rcs, struct sh_span *span);
bool sh_inflight_any(struct sh_runcaches *rcs);
void sh_runcaches_drain(struct sh_runcaches *rcs, int dead_cpu);
void sh_runcaches_steal(struct sh_runcaches *rcs, int cpu);
void sh_runcaches_stats(struct sh_runcaches *rcs,
			struct sh_runcache_stats *stats);

#endif /* SPANHEAP_RUNCACHE_H */
