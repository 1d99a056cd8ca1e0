/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between kernel versions, 6.1 and later. The only file that may
 * look at LINUX_VERSION_CODE.
 */
#ifndef SPANHEAP_COMPAT_H
#define SPANHEAP_COMPAT_H

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/stringify.h>
#include <linux/version.h>

/* 6.13: symbol namespaces became string literals. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define SH_NAMESPACE(ns)	__stringify(ns)
#else
#define SH_NAMESPACE(ns)	ns
#endif

/* What the KUnit module may call beyond the public interface. */
#if IS_ENABLED(CONFIG_KUNIT)
#define SH_EXPORT_FOR_KUNIT(sym)	\
	EXPORT_SYMBOL_NS_GPL(sym, SH_NAMESPACE(SPANHEAP_KUNIT))
#else
#define SH_EXPORT_FOR_KUNIT(sym)
#endif

/* 6.14: alloc_pages_bulk_array_node() lost its "array". */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#define sh_alloc_pages_bulk_node(gfp, node, nr, pages)	\
	alloc_pages_bulk_node(gfp, node, nr, pages)
#else
#define sh_alloc_pages_bulk_node(gfp, node, nr, pages)	\
	alloc_pages_bulk_array_node(gfp, node, nr, pages)
#endif

#endif /* SPANHEAP_COMPAT_H */
