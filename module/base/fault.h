/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault injection: where a heap gets something that it may not get. See fault.c.
 */
#ifndef SPANHEAP_FAULT_H
#define SPANHEAP_FAULT_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/kconfig.h>
#include <linux/types.h>

/**
 * enum sh_fault - what can be made to fail
 * @SH_FAULT_ALLOC: a request of a caller's, whatever there is to serve it
 * @SH_FAULT_PAGE: the pages behind a run
 * @SH_FAULT_VMAP: the addresses of an arena
 * @SH_FAULT_META: what a heap keeps about itself: the heap, records, arrays of
 *	caches, nodes of the pagemap
 * @SH_FAULT_HYPERVISOR: what the module cannot do in a guest of some hypervisor;
 *	asked only when it is loaded
 */
enum sh_fault {
	SH_FAULT_ALLOC	= BIT(0),
	SH_FAULT_PAGE	= BIT(1),
	SH_FAULT_VMAP	= BIT(2),
	SH_FAULT_META	= BIT(3),
	SH_FAULT_HYPERVISOR = BIT(4),
};

#define SH_FAULT_ALL	(SH_FAULT_ALLOC | SH_FAULT_PAGE | SH_FAULT_VMAP | \
			 SH_FAULT_META | SH_FAULT_HYPERVISOR)

#if IS_ENABLED(CONFIG_FAULT_INJECTION_DEBUG_FS)

#include <linux/fault-inject.h>

extern struct fault_attr sh_fault_attr;
extern unsigned int sh_fault_points;

bool sh_fault_decide(void);

/**
 * sh_fault_on() - whether something is made to fail now and then
 * @what: what
 *
 * Context: any.
 * Return: whether it is.
 */
static inline bool sh_fault_on(enum sh_fault what)
{
	return unlikely(READ_ONCE(sh_fault_points) & what);
}

/**
 * sh_fault() - whether to fail here and now
 * @what: what would be done
 *
 * Context: any but NMI.
 * Return: whether to.
 */
static inline bool sh_fault(enum sh_fault what)
{
	return sh_fault_on(what) && sh_fault_decide();
}

#else

static inline bool sh_fault_on(enum sh_fault what) { return false; }
static inline bool sh_fault(enum sh_fault what) { return false; }

#endif

/**
 * sh_fault_gfp() - whether to fail here and now, unless the caller must not
 * @what: what would be done
 * @gfp: the caller's flags; who has __GFP_NOFAIL is left alone
 *
 * Context: any but NMI.
 * Return: whether to.
 */
static inline bool sh_fault_gfp(enum sh_fault what, gfp_t gfp)
{
	return !(gfp & __GFP_NOFAIL) && sh_fault(what);
}

#endif /* SPANHEAP_FAULT_H */
