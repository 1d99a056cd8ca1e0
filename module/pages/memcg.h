/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory cgroups: who is charged for pages, and for how long. See memcg.c.
 */
#ifndef SPANHEAP_MEMCG_H
#define SPANHEAP_MEMCG_H

#include <linux/gfp.h>

#include "pages/pages.h"

/* Heap pages that are charged and idle for which nobody waits: 2 MiB. */
#define SH_CHARGED_MAX		((2UL << 20) >> SH_PAGE_SHIFT)

/* Fewer than these go once they are idle for that long, milliseconds. */
#define SH_CHARGED_MS		100

/**
 * enum sh_charged_due - when the worker is to come
 * @SH_CHARGED_NOT: not at all
 * @SH_CHARGED_SOON: once what is idle is SH_CHARGED_MS old
 * @SH_CHARGED_NOW: as soon as may be
 */
enum sh_charged_due {
	SH_CHARGED_NOT,
	SH_CHARGED_SOON,
	SH_CHARGED_NOW,
};

void sh_memcg_own(struct sh_memcg *mc);
void sh_memcg_disown(struct sh_memcg *mc);
gfp_t sh_memcg_enter(struct sh_memcg *mc, gfp_t gfp, struct mem_cgroup **old);
void sh_memcg_leave(struct sh_memcg *mc, struct mem_cgroup *old);
unsigned long sh_memcg_populate(struct sh_memcg *mc, struct sh_span *span,
				gfp_t gfp, int node);
void sh_memcg_note_idle(struct sh_pageheap *ph, const struct sh_span *run);

#endif /* SPANHEAP_MEMCG_H */
