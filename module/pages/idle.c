// SPDX-License-Identifier: GPL-2.0
/*
 * Who is told of idle memory: the scavenger, that there is some, and the kernel,
 * how much.
 *
 * A heap with nothing idle makes no passes, and costs no wake-ups. Who makes
 * something idle then wakes the scavenger, through an irq_work: memory may be
 * freed under any lock.
 *
 * The kernel counts what is idle and resident as memory that reclaim can get, with
 * what drivers have of that kind: it is in KReclaimable and MemAvailable of
 * /proc/meminfo. A heap's pages are counted on one node, wherever they are; only
 * the sum over all nodes has a meaning. It is told in steps, so that who allocates
 * and frees does not tell it each time.
 *
 * Locks: ph->lock for what was shown. Contexts: any but NMI.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/vmstat.h>

#include "base/compat.h"
#include "pages/idle.h"

/* By how many heap pages what the kernel was told may be wrong: 1 MiB. */
#define SHOW_STEP	((1UL << 20) >> SH_PAGE_SHIFT)

/**
 * sh_pageheap_wake() - wake the scavenger, unless somebody else just did
 * @ph: the page heap
 *
 * Context: any.
 */
void sh_pageheap_wake(struct sh_pageheap *ph)
{
	if (xchg(&ph->asleep, 0))
		irq_work_queue(ph->wake);
}

static int node_of(const struct sh_pageheap *ph)
{
	return ph->node == NUMA_NO_NODE ? first_online_node : ph->node;
}

static void show(struct sh_pageheap *ph, unsigned long idle)
{
	long bytes = ((long)idle - (long)ph->shown) * (long)SH_PAGE_SIZE;

	mod_node_page_state(NODE_DATA(node_of(ph)), NR_KERNEL_MISC_RECLAIMABLE,
			    bytes / (long)PAGE_SIZE);
	ph->shown = idle;
}

/**
 * sh_pageheap_show() - tell the kernel how much is idle, if that has changed much
 * @ph: the page heap, locked
 *
 * Memory that goes with its arena only is not there for the taking.
 */
void sh_pageheap_show(struct sh_pageheap *ph)
{
	unsigned long idle = ph->idle - ph->released;
	unsigned long diff = idle > ph->shown ? idle - ph->shown :
						ph->shown - idle;

	lockdep_assert_held(&ph->lock);
	if (SH_ARENA_SPARSE && (diff >= SHOW_STEP || (diff && !idle)))
		show(ph, idle);
}

/**
 * sh_pageheap_hide() - tell the kernel that nothing is idle
 * @ph: a page heap that is given back as a whole
 */
void sh_pageheap_hide(struct sh_pageheap *ph)
{
	if (ph->shown)
		show(ph, 0);
}
