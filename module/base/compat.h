/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between kernel versions, 6.1 and later. The only file that may
 * look at LINUX_VERSION_CODE.
 */
#ifndef SPANHEAP_COMPAT_H
#define SPANHEAP_COMPAT_H

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/stringify.h>
#include <linux/swap.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

/* 6.13: symbol namespaces became string literals. */
#if KERNEL_VERSION(6, 13, 0) <= LINUX_VERSION_CODE
#define SH_NAMESPACE(ns)	__stringify(ns)
#else
#define SH_NAMESPACE(ns)	ns
#endif

/* 6.9: an area says that it has pages missing; /proc/kcore leaves it alone. */
#ifdef VM_SPARSE
#define SH_VM_SPARSE	VM_SPARSE
#else
#define SH_VM_SPARSE	0
#endif

/* 6.2: <kunit/visibility.h>, for what KUnit may call beyond the public interface. */
#if KERNEL_VERSION(6, 2, 0) <= LINUX_VERSION_CODE
#include <kunit/visibility.h>
#elif IS_ENABLED(CONFIG_KUNIT)
#define EXPORT_SYMBOL_IF_KUNIT(sym)	\
	EXPORT_SYMBOL_NS(sym, EXPORTED_FOR_KUNIT_TESTING)
#else
#define EXPORT_SYMBOL_IF_KUNIT(sym)
#endif

/* 6.14: alloc_pages_bulk_array_node() lost its "array". */
#if KERNEL_VERSION(6, 14, 0) <= LINUX_VERSION_CODE
#define sh_alloc_pages_bulk_node(gfp, node, nr, pages)	\
	alloc_pages_bulk_node(gfp, node, nr, pages)
#else
#define sh_alloc_pages_bulk_node(gfp, node, nr, pages)	\
	alloc_pages_bulk_array_node(gfp, node, nr, pages)
#endif

/* 6.4: what reclaim is told of got another name. */
static inline unsigned long *sh_reclaimed(struct reclaim_state *state)
{
#if KERNEL_VERSION(6, 4, 0) <= LINUX_VERSION_CODE
	return &state->reclaimed;
#else
	return &state->reclaimed_slab;
#endif
}

/* 6.13: a timer gets its function where it is set up. */
static inline void sh_hrtimer_setup(struct hrtimer *timer,
				    enum hrtimer_restart (*fn)(struct hrtimer *),
				    clockid_t clock, enum hrtimer_mode mode)
{
#if KERNEL_VERSION(6, 13, 0) <= LINUX_VERSION_CODE
	hrtimer_setup(timer, fn, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#endif
}

/* After 6.14: a tag of memory allocation profiling can say that it misses some. */
#ifdef CODETAG_FLAG_INACCURATE
#define sh_alloc_tag_set_inaccurate(tag)	alloc_tag_set_inaccurate(tag)
#else
#define sh_alloc_tag_set_inaccurate(tag)	((void)(tag))
#endif

/* 6.18: a workqueue says that it is bound to CPUs; system_unbound_wq is to go. */
#if KERNEL_VERSION(6, 18, 0) <= LINUX_VERSION_CODE
#define SH_WQ_PERCPU	WQ_PERCPU
#define sh_unbound_wq	system_dfl_wq
#else
#define SH_WQ_PERCPU	0
#define sh_unbound_wq	system_unbound_wq
#endif

/* 6.7: shrinkers are allocated by the kernel. */
typedef unsigned long (*sh_shrink_fn)(struct shrinker *shrinker,
				      struct shrink_control *sc);

#if KERNEL_VERSION(6, 7, 0) <= LINUX_VERSION_CODE
static inline struct shrinker *sh_shrinker_register(const char *name,
						    sh_shrink_fn count,
						    sh_shrink_fn scan)
{
	struct shrinker *shrinker = shrinker_alloc(0, "%s", name);

	if (!shrinker)
		return ERR_PTR(-ENOMEM);
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return shrinker;
}

static inline void sh_shrinker_unregister(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}
#else
static inline struct shrinker *sh_shrinker_register(const char *name,
						    sh_shrink_fn count,
						    sh_shrink_fn scan)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);
	int err;

	if (!shrinker)
		return ERR_PTR(-ENOMEM);
	shrinker->seeks = DEFAULT_SEEKS;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	err = register_shrinker(shrinker, "%s", name);
	if (!err)
		return shrinker;
	kfree(shrinker);
	return ERR_PTR(err);
}

static inline void sh_shrinker_unregister(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}
#endif

#endif /* SPANHEAP_COMPAT_H */
