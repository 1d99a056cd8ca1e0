/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mark that a CPU is inside its own part of something. Only the CPU itself gets in,
 * with preemption off, or whoever acts for one that is dead; an interrupt that arrives
 * meanwhile finds the mark and goes another way. So neither a lock nor interrupts off
 * are needed.
 *
 * Contexts: any but NMI, preemption off from enter to leave.
 */
#ifndef SPANHEAP_BUSY_H
#define SPANHEAP_BUSY_H

#include <linux/compiler.h>

/**
 * sh_busy_enter() - set this CPU's mark
 * @busy: the mark
 *
 * Return: false when this context interrupted one that has set it.
 */
static __always_inline bool sh_busy_enter(unsigned long *busy)
{
	/*
	 * Interrupts that come in between leave it as it was. A look and a store
	 * take less time than an instruction that does both.
	 */
	if (unlikely(data_race(*busy)))
		return false;
	WRITE_ONCE(*busy, 1);
	barrier();
	return true;
}

/**
 * sh_busy_leave() - take it away
 * @busy: the mark, set by this context
 */
static __always_inline void sh_busy_leave(unsigned long *busy)
{
	barrier();
	/* An interrupt sees it still set, or gone. */
	data_race(*busy = 0);
}

#endif /* SPANHEAP_BUSY_H */
