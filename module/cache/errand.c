// SPDX-License-Identifier: GPL-2.0
/*
 * Work that only a CPU itself can do: on its caches, which nobody else can look
 * into without locks. A work item does it there.
 *
 * A real-time thread may keep the work from running for as long as it likes. So a
 * CPU is waited for a moment at most, and not at all if it did not answer the last
 * time; it does the work later. Only who takes away what the work needs has to
 * wait, however long a thread keeps work that has begun from going on.
 *
 * Each request has a number. A work item that begins after a request was made
 * answers it, so all those are answered up to the number that the work item read
 * when it began.
 *
 * Locks: none. Not cpu_hotplug_lock either: a request may be made under locks that
 * reclaim takes, and a CPU that comes up reclaims under cpu_hotplug_lock. On one
 * that goes offline meanwhile the work finds itself elsewhere.
 *
 * Contexts: requests any but NMI; waiting task, may sleep.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "base/compat.h"
#include "cache/errand.h"

static struct workqueue_struct *errand_wq;
static DECLARE_WAIT_QUEUE_HEAD(answers);

static bool answered(struct sh_errand *errand, int request)
{
	/* Whatever was done before it is visible with the answer. */
	return smp_load_acquire(&errand->answered) - request >= 0;
}

/**
 * sh_errand_init() - set an errand up
 * @errand: the errand, zeroed
 * @fn: the work, which calls sh_errand_begin() and sh_errand_end()
 */
void sh_errand_init(struct sh_errand *errand, work_func_t fn)
{
	INIT_WORK(&errand->work, fn);
}

/**
 * sh_errand_send() - have the work done, soon
 * @errand: the errand
 * @cpu: its CPU, online a moment ago
 */
void sh_errand_send(struct sh_errand *errand, int cpu)
{
	if (answered(errand, atomic_read(&errand->requests)))
		WRITE_ONCE(errand->late, false);
	atomic_inc(&errand->requests);
	queue_work_on(cpu, errand_wq, &errand->work);
}

/**
 * sh_errand_begin() - say that the work begins
 * @errand: the errand
 *
 * Return: for sh_errand_end().
 */
int sh_errand_begin(struct sh_errand *errand)
{
	return atomic_read(&errand->requests);
}

/**
 * sh_errand_end() - say that the work is done
 * @errand: the errand
 * @request: what sh_errand_begin() returned
 */
void sh_errand_end(struct sh_errand *errand, int request)
{
	/* As answered() reads it. */
	smp_store_release(&errand->answered, request);
	wake_up_all(&answers);
}

/**
 * sh_errand_wait_for() - wait for what was asked for so far
 * @errand: the errand
 * @timeout: how long, jiffies
 *
 * Return: whether it was done.
 */
bool sh_errand_wait_for(struct sh_errand *errand, long timeout)
{
	int last = atomic_read(&errand->requests);

	return wait_event_timeout(answers, answered(errand, last), timeout);
}

/**
 * sh_errand_wait() - wait for what was asked for, unless that has been in vain
 * @errand: the errand
 * @end: until when, jiffies
 *
 * Return: whether it was done.
 */
bool sh_errand_wait(struct sh_errand *errand, unsigned long end)
{
	long left = max_t(long, end - jiffies, 0);

	if (sh_errand_wait_for(errand, READ_ONCE(errand->late) ? 0 : left))
		return true;
	WRITE_ONCE(errand->late, true);
	return false;
}

/**
 * sh_errand_recall() - let nothing be under way any more
 * @errand: the errand; nobody asks for it any more
 * @timeout: how long to wait for work that has begun, jiffies
 *
 * What has not begun need not.
 *
 * Return: whether nothing is; if not, it takes another call.
 */
bool sh_errand_recall(struct sh_errand *errand, long timeout)
{
	cancel_work(&errand->work);
	/* A worker that has it may not have begun. */
	for (; work_busy(&errand->work) & WORK_BUSY_RUNNING; timeout--) {
		if (!timeout)
			return false;
		schedule_timeout_uninterruptible(1);
	}
	cancel_work_sync(&errand->work);
	return true;
}

/**
 * sh_errands_init() - prepare for errands
 *
 * Return: 0 or -ENOMEM.
 */
int sh_errands_init(void)
{
	errand_wq = alloc_workqueue("spanheap_cpu",
				    WQ_MEM_RECLAIM | SH_WQ_PERCPU, 0);
	return errand_wq ? 0 : -ENOMEM;
}

/**
 * sh_errands_exit() - undo sh_errands_init()
 */
void sh_errands_exit(void)
{
	destroy_workqueue(errand_wq);
}
