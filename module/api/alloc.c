// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation: from a size to a size class, and from there to this CPU's cache.
 *
 * The fast path is spanheap_alloc() with sh_cache_pop() inlined. Size 0 is size
 * class 0, whose slot is always empty, so that it costs the fast path nothing.
 *
 * Locks: none. Contexts: those of kmalloc() with the same flags.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "cache/cache.h"
#include "cache/countdown.h"
#include "debug/debug.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "heap/room.h"
#include "heap/users.h"
#include "object/hooks.h"
#include "object/profile.h"
#include "object/slack.h"
#include "show/misuse.h"
#include "watch/leakcheck.h"

static noinline void *zero_object(void *obj, unsigned long class)
{
	return memset(obj, 0, sh_class_at(class)->size);
}

static void *alloc_small(struct spanheap *heap, unsigned int class, gfp_t gfp,
			 int node)
{
	struct sh_caches *caches = &heap->caches;
	bool due = sh_caches_due(caches, class);
	void *obj = NULL;

	if (unlikely(due))
		obj = sh_caches_pop(caches, class);
	if (!obj)
		obj = sh_caches_refill(caches, class, gfp, node);
	if (obj && want_init_on_alloc(gfp))
		memset(obj, 0, sh_classes[class].size);
	if (obj && unlikely(due))
		sh_profile_sample(heap, obj, gfp);
	return obj;
}

static void *alloc_large(struct spanheap *heap, size_t size, size_t align,
			 gfp_t gfp, int node)
{
	void *obj = sh_large_alloc(heap, size, align, gfp, node, SH_OBJ_LIVE);

	sh_profile_note(heap, obj, ALIGN(size, SH_PAGE_SIZE), gfp);
	return obj;
}

static void *alloc_once(struct spanheap *heap, size_t size, size_t align,
			gfp_t gfp, int node)
{
	void *obj;

	if (heap->debug) {
		obj = sh_debug_alloc(heap, size, align, gfp, node, false);
		sh_profile_note(heap, obj, size, gfp);
		return obj;
	}
	if (size > SPANHEAP_MAX_SMALL || align > SH_PAGE_SIZE)
		return alloc_large(heap, size, align, gfp, node);
	return alloc_small(heap, sh_size_class(size), gfp, node);
}

/* From a heap that nobody destroys meanwhile. */
static void *alloc_open(struct spanheap *heap, size_t size, size_t align,
			gfp_t gfp, int node)
{
	struct sh_room room;
	void *obj;

	if (unlikely(gfp & SH_GFP_BAD))
		return sh_refuse_gfp(heap, gfp);
	if (unlikely(heap->gc))
		return sh_refuse_managed(heap);
	if (!size)
		return ZERO_SIZE_PTR;
	might_alloc(gfp);
	if (sh_fault_gfp(SH_FAULT_ALLOC, gfp))
		return sh_count_failure(heap);
	sh_room_begin(&room, heap, size, align, gfp);
	do {
		obj = alloc_once(heap, size, align, room.gfp, node);
	} while (sh_room_again(&room, heap, obj));
	return obj ?: sh_count_failure(heap);
}

/* Whatever is no hit in this CPU's cache. */
static noinline void *alloc_slow(struct spanheap *heap, size_t size,
				 size_t align, gfp_t gfp, int node)
{
	void *obj;

	if (!sh_users_enter(heap))
		return sh_count_failure(heap);
	obj = alloc_open(heap, size, align, gfp, node);
	sh_leakcheck_add_any(obj, gfp);
	sh_users_leave(heap);
	return obj;
}

/*
 * Checks that only debugging kernels make, on the fast path as well. Returns
 * whether to go on.
 */
static __always_inline bool debug_alloc(gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_LOCKDEP))
		might_alloc(gfp);
	return !sh_debug_refused_in_nmi("alloc");
}

/*
 * A small object that this CPU has cached, and its class as an offset. Returns
 * whether there is one.
 */
static __always_inline bool pop_here(struct spanheap *heap, size_t size,
				     unsigned long *class, void **obj)
{
	struct sh_cache *cache;

	preempt_disable();
	/* First: where this takes a call, there is little to keep across it. */
	cache = this_cpu_ptr(heap->caches.cpu);
	if (likely(size <= SH_CLASS_BY_8_MAX))
		*class = sh_class_by_8[(size + 7) >> 3];
	else if (size <= SPANHEAP_MAX_SMALL)
		*class = sh_size_class_offset(size);
	else
		goto miss;
	if (unlikely(!sh_cache_pop(cache, *class, obj)))
		goto miss;
	preempt_enable();
	return true;
miss:
	preempt_enable();
	return false;
}

/* With flags that the fast path leaves out. */
static noinline void *alloc_flagged(struct spanheap *heap, size_t size,
				    gfp_t gfp)
{
	unsigned long class;
	void *obj;

	if (gfp & SH_GFP_BAD)
		return alloc_slow(heap, size, 1, gfp, heap->node);
	if (!debug_alloc(gfp))
		return sh_count_failure(heap);
	if (unlikely(!pop_here(heap, size, &class, &obj)))
		return alloc_slow(heap, size, 1, gfp, heap->node);
	sh_leakcheck_add(obj, sh_class_at(class)->size, gfp);
	return zero_object(obj, class);
}

static __always_inline void *do_alloc(struct spanheap *heap, size_t size,
				      gfp_t gfp)
{
	unsigned long class;
	void *obj;

	heap = sh_heap_or_default(heap);
	if (unlikely(gfp & (SH_GFP_BAD | __GFP_ZERO)))
		return alloc_flagged(heap, size, gfp);
	if (!debug_alloc(gfp))
		return sh_count_failure(heap);
	if (unlikely(!pop_here(heap, size, &class, &obj)))
		return alloc_slow(heap, size, 1, gfp, heap->node);
	sh_leakcheck_add(obj, sh_class_at(class)->size, gfp);
	if (want_init_on_alloc(0))
		return zero_object(obj, class);
	return obj;
}

/* While somebody listens, or counts. */
static noinline void *alloc_watched(struct spanheap *heap, size_t size,
				    gfp_t gfp, unsigned long call_site)
{
	return sh_post_alloc(heap, do_alloc(heap, size, gfp), size, gfp, call_site);
}

/**
 * spanheap_alloc() - allocate an object
 * @heap: heap to allocate from, NULL for the default heap
 * @size: bytes
 * @gfp: as for kmalloc(); __GFP_ZERO zeroes, __GFP_NOWARN keeps a failure out
 *	of the log, __GFP_ACCOUNT charges new pages to the caller's memory
 *	cgroup, __GFP_NOFAIL goes on until there is memory and over a limit, if
 *	the flags allow to block. __GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM and
 *	__GFP_COMP are refused.
 *
 * A size that is a power of two is aligned to itself up to 64 KiB
 * (SPANHEAP_NATURAL_ALIGN), a larger one to 8 KiB, any other to 8 bytes at least.
 *
 * Context: any that kmalloc() may be called in with @gfp. With flags that do not
 * allow to block, the heap can grow within the arenas it has.
 * Return: the object; ZERO_SIZE_PTR for size 0; NULL when there is no memory,
 * the heap's limit is reached or the flags are refused.
 */
void *spanheap_alloc(struct spanheap *heap, size_t size, gfp_t gfp)
{
	if (sh_is_watched())
		return alloc_watched(heap, size, gfp, _RET_IP_);
	return sh_slack_close(do_alloc(heap, size, gfp), size);
}
EXPORT_SYMBOL_GPL(spanheap_alloc);

/*
 * The smallest size whose class has objects aligned to @align: spans start at a
 * heap page, and where an object has a span to itself at a multiple of its size,
 * so that is a multiple of @align. Over SPANHEAP_MAX_SMALL there are no classes,
 * and a heap page is what there is without asking.
 */
static size_t aligned_size(size_t size, size_t align)
{
	unsigned int class;

	size = ALIGN(size, align);
	if (size > SPANHEAP_MAX_SMALL)
		return size;
	class = sh_size_class(size);
	while (sh_classes[class].size & (align - 1))
		class++;
	return sh_classes[class].size;
}

/* Whether any object of @size, as aligned_size() has it, is aligned to @align. */
static bool is_aligned_anyway(const struct spanheap *heap, size_t size,
			      size_t align)
{
	/* A debug heap is told the size that was asked for. */
	return !heap->debug && (align <= SH_PAGE_SIZE || size <= SPANHEAP_MAX_SMALL);
}

/* Whether an alignment is allowed; if not, that is a failure. */
static bool check_align(struct spanheap *heap, size_t size, size_t align,
			gfp_t gfp)
{
	if (is_power_of_2(align) && align <= SPANHEAP_MAX_ALIGN &&
	    size <= SIZE_MAX - align)
		return true;
	if (!(gfp & __GFP_NOWARN))
		pr_warn_ratelimited("heap %s: no alignment of %zu for %zu bytes: powers of two up to %lu are allowed\n",
				    heap->name, align, size, SPANHEAP_MAX_ALIGN);
	sh_count_failure(heap);
	return false;
}

/**
 * spanheap_alloc_aligned() - allocate an object with an alignment
 * @heap: heap to allocate from, NULL for the default heap
 * @size: bytes
 * @align: bytes, a power of two, at most SPANHEAP_MAX_ALIGN
 * @gfp: as for spanheap_alloc()
 *
 * An alignment over 8 KiB takes whole pages, as much as the alignment at least.
 * What the size has anyway costs nothing: see spanheap_alloc().
 *
 * Context: that of spanheap_alloc().
 * Return: as spanheap_alloc(); NULL also when @align is not allowed.
 */
void *spanheap_alloc_aligned(struct spanheap *heap, size_t size, size_t align,
			     gfp_t gfp)
{
	size_t whole;
	void *obj;

	heap = sh_heap_or_default(heap);
	if (!check_align(heap, size, align, gfp))
		return NULL;
	if (!size || align <= 8)
		return spanheap_alloc(heap, size, gfp);
	whole = aligned_size(size, align);
	if (is_aligned_anyway(heap, whole, align))
		return sh_slack_close(spanheap_alloc(heap, whole, gfp), size);
	obj = alloc_slow(heap, size, align, gfp, heap->node);
	return sh_post_alloc(heap, obj, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(spanheap_alloc_aligned);

/* Objects that are not of a size class, one by one. */
static unsigned int bulk_singles(struct spanheap *heap, size_t size, size_t align,
				 gfp_t gfp, unsigned int nr, void **objs)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = spanheap_alloc_aligned(heap, size, align, gfp);
		if (!objs[i])
			break;
	}
	return i;
}

/* Objects of a size class that are not all in this CPU's cache. */
static noinline unsigned int bulk_slow(struct spanheap *heap, unsigned int class,
				       gfp_t gfp, unsigned int nr, void **objs)
{
	struct sh_caches *caches = &heap->caches;
	unsigned int done = 0, got;
	struct sh_room room;

	if (!sh_users_enter(heap))
		return 0;
	sh_room_begin(&room, heap, sh_classes[class].size, 1, gfp);
	do {
		got = sh_caches_alloc_bulk(caches, class, room.gfp, heap->node,
					   nr - done, objs + done);
		done += got;
		sh_room_left(&room, got, nr - done);
	} while (sh_room_again(&room, heap, done == nr));
	sh_profile_note_bulk(heap, objs, done, class, gfp);
	sh_users_leave(heap);
	return done;
}

static void zero_all(unsigned int class, gfp_t gfp, unsigned int nr, void **objs)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		memset(objs[i], 0, sh_classes[class].size);
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	}
}

/**
 * spanheap_alloc_bulk() - allocate objects of one size
 * @heap: heap to allocate from, NULL for the default heap
 * @size: bytes of each
 * @gfp: as for spanheap_alloc()
 * @nr: how many
 * @objs: where to put them
 *
 * As with spanheap_free_bulk(), it is for the caller to bound @nr.
 *
 * Context: that of spanheap_alloc().
 * Return: how many were allocated. When that is fewer than @nr, there was no
 * memory for the next; the first ones are the caller's all the same.
 */
unsigned int spanheap_alloc_bulk(struct spanheap *heap, size_t size, gfp_t gfp,
				 unsigned int nr, void **objs)
{
	unsigned int class, done = nr, i;

	heap = sh_heap_or_default(heap);
	if (!size || size > SPANHEAP_MAX_SMALL || (gfp & SH_GFP_BAD) ||
	    heap->debug || heap->gc)
		return bulk_singles(heap, size, 1, gfp, nr, objs);
	might_alloc(gfp);
	if (sh_fault_gfp(SH_FAULT_ALLOC, gfp)) {
		sh_count_failure(heap);
		return 0;
	}
	class = sh_size_class(size);
	if (!sh_caches_hit_bulk(&heap->caches, class, nr, objs))
		done = bulk_slow(heap, class, gfp, nr, objs);
	if (want_init_on_alloc(gfp))
		zero_all(class, gfp, done, objs);
	for (i = 0; i < done; i++)
		sh_leakcheck_add(objs[i], sh_classes[class].size, gfp);
	for (i = 0; (SH_SHADOW || sh_is_watched()) && i < done; i++)
		sh_post_alloc(heap, objs[i], size, gfp, _RET_IP_);
	if (done < nr)
		sh_count_failure(heap);
	return done;
}
EXPORT_SYMBOL_GPL(spanheap_alloc_bulk);

/**
 * spanheap_alloc_bulk_aligned() - allocate objects of one size with an alignment
 * @heap: heap to allocate from, NULL for the default heap
 * @size: bytes of each
 * @align: bytes, as for spanheap_alloc_aligned()
 * @gfp: as for spanheap_alloc()
 * @nr: how many
 * @objs: where to put them
 *
 * Context: that of spanheap_alloc().
 * Return: as spanheap_alloc_bulk(); 0 also when @align is not allowed.
 */
unsigned int spanheap_alloc_bulk_aligned(struct spanheap *heap, size_t size,
					 size_t align, gfp_t gfp,
					 unsigned int nr, void **objs)
{
	unsigned int done, i;
	size_t whole;

	heap = sh_heap_or_default(heap);
	if (!check_align(heap, size, align, gfp))
		return 0;
	if (!size || align <= 8)
		return spanheap_alloc_bulk(heap, size, gfp, nr, objs);
	whole = aligned_size(size, align);
	if (!is_aligned_anyway(heap, whole, align))
		return bulk_singles(heap, size, align, gfp, nr, objs);
	done = spanheap_alloc_bulk(heap, whole, gfp, nr, objs);
	for (i = 0; SH_SHADOW && i < done; i++)
		sh_slack_close(objs[i], size);
	return done;
}
EXPORT_SYMBOL_GPL(spanheap_alloc_bulk_aligned);
