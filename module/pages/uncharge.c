// SPDX-License-Identifier: GPL-2.0
/*
 * The worker that gives back what is charged to memory cgroups and idle. When it is
 * started, and why, is in memcg.c.
 *
 * Locks: ph->lock for when it is due; giving back as in release.c.
 *
 * Contexts: task, may sleep.
 */
#include <linux/jiffies.h>

#include "base/compat.h"
#include "pages/memcg.h"
#include "pages/release.h"
#include "pages/uncharge.h"

static struct sh_pageheap *heap_of(struct sh_memcg *mc)
{
	return container_of(mc, struct sh_pageheap, memcg);
}

static void kick_uncharge(struct irq_work *work)
{
	struct sh_memcg *mc = container_of(work, struct sh_memcg, kick);
	bool now = READ_ONCE(mc->due) == SH_CHARGED_NOW;

	mod_delayed_work(sh_unbound_wq, &mc->work,
			 now ? 0 : msecs_to_jiffies(SH_CHARGED_MS));
}

/* Returns what is due, and that nothing is any more. */
static enum sh_charged_due take_due(struct sh_pageheap *ph)
{
	enum sh_charged_due due;

	spin_lock_irq(&ph->lock);
	due = ph->memcg.due;
	WRITE_ONCE(ph->memcg.due, SH_CHARGED_NOT);
	spin_unlock_irq(&ph->lock);
	return due;
}

/* Come again for what is not old enough yet. */
static void come_again(struct sh_pageheap *ph)
{
	bool again;

	spin_lock_irq(&ph->lock);
	again = SH_ARENA_SPARSE && ph->free.charged_pages &&
		ph->memcg.due == SH_CHARGED_NOT;
	if (again)
		WRITE_ONCE(ph->memcg.due, SH_CHARGED_SOON);
	spin_unlock_irq(&ph->lock);
	if (again)
		queue_delayed_work(sh_unbound_wq, &ph->memcg.work,
				   msecs_to_jiffies(SH_CHARGED_MS));
}

static void give_back(struct work_struct *work)
{
	struct sh_memcg *mc = container_of(work, struct sh_memcg, work.work);
	struct sh_pageheap *ph = heap_of(mc);
	unsigned long age = 0, pages;

	if (take_due(ph) != SH_CHARGED_NOW)
		age = msecs_to_jiffies(SH_CHARGED_MS);
	pages = sh_pageheap_uncharge(ph, age);
	WRITE_ONCE(mc->given, mc->given + pages);
	come_again(ph);
}

/**
 * sh_uncharge_init() - prepare for giving back what is charged and idle
 * @ph: the page heap
 */
void sh_uncharge_init(struct sh_pageheap *ph)
{
	init_irq_work(&ph->memcg.kick, kick_uncharge);
	INIT_DELAYED_WORK(&ph->memcg.work, give_back);
}

/**
 * sh_uncharge_exit() - wait for the worker
 * @ph: a page heap to which nobody gives anything back any more
 *
 * Context: task, may sleep.
 */
void sh_uncharge_exit(struct sh_pageheap *ph)
{
	irq_work_sync(&ph->memcg.kick);
	cancel_delayed_work_sync(&ph->memcg.work);
}
