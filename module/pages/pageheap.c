// SPDX-License-Identifier: GPL-2.0
/*
 * The page heap: hands out runs of heap pages as spans and takes them back.
 *
 * An allocation takes the best fit and trims the rest back; the rest keeps its
 * record, its age and its place. A free coalesces with both neighbours (runs.c)
 * and starts a new age. So it is in the Go runtime. What is different: the pages of a
 * run may be resident or released one by one, the arena knows which, and the run only
 * counts them.
 *
 * A run that is allocated belongs to the one who asked from the moment the lock
 * is dropped; the memory behind it is populated after that, and zeroed, if
 * wanted, later still by the owner.
 *
 * Invariants:
 * - pagemap: see pagemap.c. An allocated run has all its pages mapped before it
 *   is handed out. The loser of a merge has all its entries overwritten before
 *   its record is freed;
 * - sys = pages in spans of any state; idle and released count free runs, and
 *   what is held to be given back, which has been one and will be one again.
 *
 * Locks: ph->lock, then the pagemap's none, then a fixalloc's. The check takes
 * a central list's lock inside ph->lock. Never held over the page allocator.
 *
 * Contexts: sh_pageheap_alloc() that of its gfp; sh_pageheap_free() any but NMI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/clock.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "base/longmem.h"
#include "pages/grow.h"
#include "pages/memcg.h"
#include "pages/pageheap.h"
#include "pages/quota.h"
#include "pages/release.h"
#include "pages/runs.h"
#include "pages/splice.h"
#include "span/pagemap.h"
#include "watch/shadow.h"
#include "watch/trace.h"

/* Take the lock, and the time that takes while memory is given back. */
static unsigned long lock_timed(struct sh_pageheap *ph)
	__acquires(&ph->lock)
{
	unsigned long flags;
	u64 start;

	if (likely(!atomic_read(&ph->releasing))) {
		spin_lock_irqsave(&ph->lock, flags);
		return flags;
	}
	start = local_clock();
	spin_lock_irqsave(&ph->lock, flags);
	ph->pause_ns = max(ph->pause_ns, local_clock() - start);
	return flags;
}

/*
 * Take the front of a run, to the end of its first aligned pages. What is before
 * these goes back, and takes no memory.
 */
static struct sh_span *take_from(struct sh_pageheap *ph, struct sh_span *run,
				 u32 nr_pages, unsigned long align, u32 slack,
				 unsigned int kind, struct sh_span **record)
{
	u32 skip = sh_run_skip(run, align);

	return sh_pageheap_take_front(ph, run, skip + nr_pages, skip + slack,
				      kind, record);
}

/*
 * Take the best fit or, where the limit allows no memory for that, one that is
 * longer and has some. Returns an error: also -ENOMEM when no run is long enough.
 */
static struct sh_span *take_run(struct sh_pageheap *ph, u32 nr_pages,
				unsigned long align, u32 slack,
				unsigned int kind, struct sh_span **record)
{
	struct sh_span *run = sh_freeruns_best(&ph->free, nr_pages, align);
	struct sh_span *span;

	if (!run)
		return ERR_PTR(-ENOMEM);
	span = take_from(ph, run, nr_pages, align, slack, kind, record);
	if (span != ERR_PTR(-EDQUOT))
		return span;
	run = sh_freeruns_resident(&ph->free, nr_pages, align,
				   sh_pageheap_room(ph));
	if (!run)
		return span;
	return take_from(ph, run, nr_pages, align, slack, kind, record);
}

static struct sh_span *take_mapped(struct sh_pageheap *ph, u32 nr_pages,
				   unsigned long align, u32 slack,
				   unsigned int kind,
				   struct sh_span **record)
{
	struct sh_span *span;
	unsigned long flags;

	rcu_read_lock();
	flags = lock_timed(ph);
	span = take_run(ph, nr_pages, align, slack, kind, record);
	spin_unlock_irqrestore(&ph->lock, flags);
	if (!IS_ERR(span) && span->nr_pages >= SH_SHORT_RUN)
		sh_map_inner(span, span);
	rcu_read_unlock();
	return span;
}

/* Before any addresses are reserved: page tables would stay and count. */
static bool may_fit(struct sh_pageheap *ph, u32 nr_pages)
{
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&ph->lock, flags);
	may = sh_pageheap_may_fit(ph, nr_pages);
	spin_unlock_irqrestore(&ph->lock, flags);
	return may;
}

/* Take a run, growing the heap as needed. NULL or an error for why not. */
static struct sh_span *take_or_grow(struct sh_pageheap *ph, u32 nr_pages,
				    unsigned long align, u32 slack,
				    unsigned int kind, gfp_t gfp)
{
	struct sh_span *span, *record = NULL;
	int err;

	do {
		span = take_mapped(ph, nr_pages, align, slack, kind, &record);
		err = PTR_ERR_OR_ZERO(span);
		if (err == -ENOMEM && !may_fit(ph, nr_pages - slack)) {
			err = -EDQUOT;
		} else if (err == -ENOMEM) {
			err = sh_pageheap_grow(ph, nr_pages + align - 1, gfp);
		} else if (err == -EAGAIN) {
			record = sh_record_new(ph, kind, gfp | __GFP_NOWARN);
			err = record ? 0 : -ENOMEM;
			if (!record && !sh_pageheap_may_record(ph, gfp))
				err = -EDQUOT;
		}
	} while (IS_ERR(span) && !err);
	/* Not needed after all: another run came free meanwhile. */
	if (record)
		sh_record_free(ph, record);
	return err ? ERR_PTR(err) : span;
}

static void give_back(struct sh_pageheap *ph, struct sh_span **spans,
		      unsigned int nr)
{
	struct sh_span *run;
	unsigned long flags;
	unsigned int i;

	/* Unmap long spans here rather than, if they lose a merge, locked. */
	for (i = 0; i < nr; i++)
		sh_map_idle(spans[i]);
	spin_lock_irqsave(&ph->lock, flags);
	nr = sh_merge_among(ph, spans, nr);
	for (i = 0; i < nr; i++) {
		run = sh_pageheap_add_run(ph, spans[i]);
		if (run->charged)
			sh_memcg_note_idle(ph, run);
	}
	spin_unlock_irqrestore(&ph->lock, flags);
}

/*
 * Give back what a span has before its last @nr_pages. A cut fails only when it
 * is the one in a block of records that there is no memory for, so tests hit some
 * of these and some not.
 */
static struct sh_span *trim_front(struct sh_pageheap *ph, struct sh_span *span,
				  u32 nr_pages, gfp_t gfp)
{
	struct sh_span *rest;

	if (span->nr_pages == nr_pages)
		return span;
	rest = sh_cut(ph, span, span->nr_pages - nr_pages, 0, gfp);
	give_back(ph, &span, 1);
	return rest;
}

/**
 * sh_pageheap_possible() - whether a request could ever be served
 * @nr_pages: heap pages
 * @align: alignment in heap pages
 *
 * More than the machine has would fail only after it took all there is, and the
 * kernel would kill for it. vmalloc() draws the same line.
 *
 * Return: whether it could, on this machine.
 */
bool sh_pageheap_possible(unsigned long nr_pages, unsigned long align)
{
	return nr_pages + align - 1 <= SH_MAX_RUN &&
	       nr_pages <= (u64)totalram_pages() << PAGE_SHIFT >> SH_PAGE_SHIFT;
}

/**
 * sh_pageheap_populate() - put memory behind all pages of a span
 * @ph: the page heap
 * @span: a held span
 * @gfp: how to get memory
 * @node: NUMA node of the pages
 *
 * Context: that of @gfp.
 * Return: whether all pages are resident now; if not, those that are stay so.
 */
bool sh_pageheap_populate(struct sh_pageheap *ph, struct sh_span *span,
			  gfp_t gfp, int node)
{
	bool zeroed = want_init_on_alloc(gfp);
	unsigned long got;

	if (!span->released)
		return true;
	if (span->released == span->nr_pages)
		span->dirty = !zeroed;
	else
		span->dirty |= !zeroed;
	got = sh_memcg_populate(&ph->memcg, span, gfp, node);
	span->released -= got;
	atomic_long_add(got, &ph->resident);
	if (got)
		sh_trace(populate, ph->name, (size_t)got << SH_PAGE_SHIFT);
	if (span->released && !sh_gfp_killed(gfp))
		sh_pageheap_report(ph, span->nr_pages, -ENOMEM, gfp);
	return !span->released;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_populate);

/**
 * sh_pageheap_alloc() - allocate a span
 * @ph: the page heap
 * @nr_pages: heap pages, at least 1
 * @align: alignment in heap pages, a power of two
 * @kind: size of record the owner needs; 0 if @align is not 1
 * @gfp: how to get memory; a failure is reported unless __GFP_NOWARN
 * @node: NUMA node of new pages
 *
 * Context: that of @gfp. When it may not sleep, the heap can grow only within
 * the arenas it has.
 * Return: a held span all of whose pages are resident and mapped, or NULL.
 */
struct sh_span *sh_pageheap_alloc(struct sh_pageheap *ph,
				  unsigned long nr_pages, unsigned long align,
				  unsigned int kind, gfp_t gfp, int node)
{
	struct sh_span *span;
	int err = -ENOMEM;
	u32 slack;

	if (!sh_pageheap_possible(nr_pages, align))
		goto fail;
	/* Whatever is idle, and before that is looked at. */
	if (!(gfp & __GFP_NOFAIL) && sh_pageheap_too_much(ph, nr_pages)) {
		err = -EDQUOT;
		goto fail;
	}
	/* Of what must not fail no page need be within the limit. */
	slack = gfp & __GFP_NOFAIL ? nr_pages : 0;
	span = take_or_grow(ph, nr_pages, align, slack, kind, gfp);
	if (IS_ERR(span)) {
		err = PTR_ERR(span);
		goto fail;
	}
	span = trim_front(ph, span, nr_pages, gfp);
	if (!span)
		goto fail;
	if (sh_pageheap_populate(ph, span, gfp, node)) {
		sh_shadow_open((void *)sh_span_base(span), sh_span_bytes(span));
		if (gfp & __GFP_NOFAIL)
			sh_pageheap_count_over(ph);
		return span;
	}
	if (gfpflags_allow_blocking(gfp))
		sh_pageheap_depopulate(ph, span);
	give_back(ph, &span, 1);
	return NULL;
fail:
	sh_pageheap_report(ph, nr_pages, err, gfp);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_alloc);

/* Cut a span into @nr of @nr_pages each. Returns how many there are. */
static unsigned int cut_all(struct sh_pageheap *ph, struct sh_span *span,
			    u32 nr_pages, unsigned int kind,
			    struct sh_span **spans, unsigned int nr)
{
	unsigned int got;

	for (got = 0; got < nr - 1; got++) {
		spans[got] = span;
		span = sh_cut(ph, span, nr_pages, kind, SH_GFP_FREE);
		if (!span) {
			/* As in trim_front(). */
			give_back(ph, &spans[got], 1);
			return got;
		}
	}
	spans[got++] = span;
	return got;
}

/* Take runs that have just this length, or if there is none a block of @nr. */
static unsigned int take_several(struct sh_pageheap *ph, u32 nr_pages,
				 unsigned long align, unsigned int kind,
				 struct sh_span **spans, unsigned int nr,
				 struct sh_span **block)
{
	struct sh_span *run, *record = NULL;
	unsigned int got = 0;

	lockdep_assert_held(&ph->lock);
	while (got < nr) {
		run = sh_freeruns_exact(&ph->free, nr_pages, align);
		if (!run)
			break;
		spans[got] = sh_pageheap_take_front(ph, run, nr_pages, 0, kind,
						    &record);
		if (IS_ERR(spans[got]))
			break;
		got++;
	}
	if (!got)
		*block = take_run(ph, nr * nr_pages, align, 0, kind, &record);
	return got;
}

/**
 * sh_pageheap_take() - take several runs of one length, as they are
 * @ph: the page heap
 * @nr_pages: heap pages of each, fewer than SH_SHORT_RUN
 * @align: alignment in heap pages, a power of two that divides @nr_pages
 * @kind: size of record the owner needs; 0 if @align is not 1
 * @spans: where to put them, held; their pages may not be resident
 * @nr: how many at most
 *
 * Takes runs that have just this length, as many as there are; if there is
 * none, cuts up a longer one.
 *
 * Context: any but NMI. The heap does not grow.
 * Return: how many.
 */
unsigned int sh_pageheap_take(struct sh_pageheap *ph, u32 nr_pages,
			      unsigned long align, unsigned int kind,
			      struct sh_span **spans, unsigned int nr)
{
	struct sh_span *block = NULL;
	unsigned long flags;
	unsigned int got;

	rcu_read_lock();
	flags = lock_timed(ph);
	got = take_several(ph, nr_pages, align, kind, spans, nr, &block);
	spin_unlock_irqrestore(&ph->lock, flags);
	/* Run caches ask for less than that as yet. */
	if (!IS_ERR_OR_NULL(block) && block->nr_pages >= SH_SHORT_RUN)
		sh_map_inner(block, block);
	rcu_read_unlock();
	if (IS_ERR_OR_NULL(block))
		return got;
	block = trim_front(ph, block, nr * nr_pages, SH_GFP_FREE);
	return block ? cut_all(ph, block, nr_pages, kind, spans, nr) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_take);

/**
 * sh_pageheap_disown() - make a span nobody's
 * @span: the caller's span, from now on held
 *
 * Readers without locks see no objects in it any more.
 */
void sh_pageheap_disown(struct sh_span *span)
{
	WRITE_ONCE(span->state, SH_SPAN_HELD);
	/* A walk must not see the state SH_SPAN_SMALL without the class. */
	smp_store_release(&span->key, sh_span_base(span));
	span->dirty = true;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_disown);

/**
 * sh_pageheap_free() - take spans back
 * @ph: the page heap
 * @spans: the spans, held by the caller; the records may be freed
 * @nr: how many, may be 0
 *
 * Context: any but NMI.
 */
void sh_pageheap_free(struct sh_pageheap *ph, struct sh_span **spans,
		      unsigned int nr)
{
	if (nr)
		give_back(ph, spans, nr);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_free);

/**
 * sh_pageheap_zero() - make a span's memory zeroes, unless it is known to be
 * @span: a held span
 * @gfp: whether others may run meanwhile
 *
 * Context: that of @gfp. Takes time in proportion to the length.
 */
void sh_pageheap_zero(struct sh_span *span, gfp_t gfp)
{
	if (span->dirty)
		sh_long_zero((void *)sh_span_base(span), sh_span_bytes(span),
			     gfp);
	span->dirty = false;
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_zero);

/**
 * sh_pageheap_stats() - read the figures
 * @ph: the page heap
 * @stats: where to put them, all of the same moment
 *
 * Context: any but NMI.
 */
void sh_pageheap_stats(struct sh_pageheap *ph, struct sh_pageheap_stats *stats)
{
	unsigned long flags;

	spin_lock_irqsave(&ph->lock, flags);
	stats->limit = ph->limit;
	stats->sys = ph->sys;
	stats->idle = ph->idle;
	stats->released = ph->released;
	stats->arenas = ph->nr_arenas;
	stats->grows = ph->grows;
	spin_unlock_irqrestore(&ph->lock, flags);
	stats->span_bytes = atomic_long_read(&ph->meta->spans);
	stats->arena_bytes = atomic_long_read(&ph->meta->arenas);
}
EXPORT_SYMBOL_IF_KUNIT(sh_pageheap_stats);
