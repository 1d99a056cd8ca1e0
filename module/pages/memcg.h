/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory cgroups: who is charged for pages, and for how long. See memcg.c.
 */
#ifndef SPANHEAP_MEMCG_H
#define SPANHEAP_MEMCG_H

#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mem_cgroup;
struct sh_pageheap;
struct sh_span;

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

/**
 * struct sh_memcg - what a page heap has to do with memory cgroups
 * @owner: the cgroup that all pages are charged to, or NULL
 * @kick: starts @work from where nobody may be woken
 * @work: gives back what is charged and idle
 * @due: when, enum sh_charged_due; under the page heap's lock
 * @given: heap pages given back so
 */
struct sh_memcg {
	struct mem_cgroup *owner;
	struct irq_work kick;
	struct delayed_work work;
	u8 due;
	unsigned long given;
};

void sh_memcg_init(struct sh_memcg *mc);
void sh_memcg_exit(struct sh_memcg *mc);
void sh_memcg_own(struct sh_memcg *mc);
void sh_memcg_disown(struct sh_memcg *mc);
gfp_t sh_memcg_enter(struct sh_memcg *mc, gfp_t gfp, struct mem_cgroup **old);
void sh_memcg_leave(struct sh_memcg *mc, struct mem_cgroup *old);
unsigned long sh_memcg_populate(struct sh_memcg *mc, struct sh_span *span,
				gfp_t gfp, int node);
void sh_memcg_note_idle(struct sh_pageheap *ph, const struct sh_span *run);

#endif /* SPANHEAP_MEMCG_H */
