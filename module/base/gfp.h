/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which gfp flags mean what to a heap.
 */
#ifndef SPANHEAP_GFP_H
#define SPANHEAP_GFP_H

#include <linux/gfp.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

/*
 * Refused: zones (our pages are mapped and looked at by the kernel) and compound
 * pages (objects share pages).
 */
#define SH_GFP_BAD	(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_COMP)

/*
 * For records that who frees has a use for, and can do without. Nobody is woken
 * for them, not even kswapd: an object may be freed under the locks that a wake-up
 * takes.
 */
#define SH_GFP_FREE	__GFP_NOWARN

/*
 * For records of what is changed where it is, by those who have given no flags and
 * may be anywhere: as GFP_ATOMIC, but nobody is woken for these either.
 */
#define SH_GFP_CHANGE	(__GFP_HIGH | __GFP_NOWARN)

/**
 * sh_gfp_page() - flags for the pages behind objects
 * @gfp: the caller's flags
 *
 * Return: @gfp less what is not for the page allocator. We report failures
 * ourselves, once and with our figures.
 */
static inline gfp_t sh_gfp_page(gfp_t gfp)
{
	return (gfp & ~(SH_GFP_BAD | __GFP_MOVABLE | __GFP_RECLAIMABLE)) |
	       __GFP_NOWARN;
}

/**
 * sh_gfp_meta() - flags for the heap's own records
 * @gfp: the caller's flags
 *
 * Return: as sh_gfp_page(), charged to nobody, not zeroed. What fails for want of
 * a record is tried again as a whole where it must not fail.
 */
static inline gfp_t sh_gfp_meta(gfp_t gfp)
{
	return sh_gfp_page(gfp) & ~(__GFP_ZERO | __GFP_ACCOUNT | __GFP_NOFAIL);
}

/**
 * sh_gfp_killed() - whether to stop in the middle of a large request
 * @gfp: the caller's flags
 *
 * Return: whether the caller is a task that has been killed and may fail.
 */
static inline bool sh_gfp_killed(gfp_t gfp)
{
	return gfpflags_allow_blocking(gfp) && !(gfp & __GFP_NOFAIL) &&
	       fatal_signal_pending(current);
}

/**
 * sh_gfp_insist() - whether to try again what must not fail, after a moment
 * @gfp: the caller's flags
 *
 * Context: that of @gfp.
 * Return: whether it must not, and the caller could wait.
 */
static inline bool sh_gfp_insist(gfp_t gfp)
{
	if (!(gfp & __GFP_NOFAIL) || !gfpflags_allow_blocking(gfp))
		return false;
	schedule_timeout_uninterruptible(1);
	return true;
}

/**
 * sh_gfp_scope_save() - keep calls that take no gfp to what ours allows
 * @gfp: the caller's flags, which allow to block
 *
 * vmap() allocates page tables as if with GFP_KERNEL.
 *
 * Return: for sh_gfp_scope_restore().
 */
static inline unsigned int sh_gfp_scope_save(gfp_t gfp)
{
	if (!(gfp & __GFP_IO))
		return memalloc_noio_save();
	if (!(gfp & __GFP_FS))
		return memalloc_nofs_save();
	return 0;
}

static inline void sh_gfp_scope_restore(gfp_t gfp, unsigned int scope)
{
	if (!(gfp & __GFP_IO))
		memalloc_noio_restore(scope);
	else if (!(gfp & __GFP_FS))
		memalloc_nofs_restore(scope);
}

#endif /* SPANHEAP_GFP_H */
