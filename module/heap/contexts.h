/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From where what may not be called. See contexts.c.
 */
#ifndef SPANHEAP_CONTEXTS_H
#define SPANHEAP_CONTEXTS_H

#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/types.h>

struct spanheap;
struct task_struct;

/**
 * struct sh_wait - a task that waits for the finalizers of a heap
 * @link: in the list of these
 * @task: who waits, NULL when nobody could wait for him in turn
 * @heap: what for
 */
struct sh_wait {
	struct list_head link;
	const struct task_struct *task;
	const struct spanheap *heap;
};

bool sh_may_wait(const char *call);
bool sh_wait_begin(struct sh_wait *wait, const struct spanheap *heap,
		   const char *call);
void sh_wait_end(struct sh_wait *wait);
void sh_report_nmi(const char *call);

/**
 * sh_refused_in_nmi() - whether this is an NMI, where nothing of ours works
 * @call: what was called, for the report
 *
 * An NMI may interrupt whoever has a lock that it would wait for. The fast paths
 * do not ask: where they end without a lock, nobody notices.
 *
 * Context: any.
 * Return: whether it is; that was reported.
 */
static __always_inline bool sh_refused_in_nmi(const char *call)
{
	if (likely(!in_nmi()))
		return false;
	sh_report_nmi(call);
	return true;
}

/**
 * sh_debug_refused_in_nmi() - the same, on kernels for debugging only
 * @call: what was called
 *
 * For the fast paths: elsewhere it takes no instruction.
 *
 * Context: any.
 * Return: as sh_refused_in_nmi(); false on other kernels.
 */
static __always_inline bool sh_debug_refused_in_nmi(const char *call)
{
	return (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) ||
		IS_ENABLED(CONFIG_LOCKDEP) || IS_ENABLED(CONFIG_KASAN)) &&
	       sh_refused_in_nmi(call);
}

#endif /* SPANHEAP_CONTEXTS_H */
