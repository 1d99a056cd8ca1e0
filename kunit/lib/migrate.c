// SPDX-License-Identifier: GPL-2.0
/*
 * With the parameter "migrate" a case is moved from CPU to CPU while it runs. One
 * that expects what only holds on one CPU then fails soon, and not once in many
 * runs; and random cases have the heap's fast paths left in the middle.
 *
 * Cases run one at a time, so there is one that is moved, and one that moves it.
 * The lock is for who pins itself meanwhile.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/smp.h>

#include "lib/migrate.h"

static bool migrate;
module_param(migrate, bool, 0444);
MODULE_PARM_DESC(migrate, "move cases between CPUs while they run");

static DEFINE_MUTEX(lock);
static struct task_struct *mover, *moved;
static bool pinned;

static int move(void *unused)
{
	int cpu = -1;

	while (!kthread_should_stop()) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		mutex_lock(&lock);
		if (!pinned)
			set_cpus_allowed_ptr(moved, cpumask_of(cpu));
		mutex_unlock(&lock);
		usleep_range(100, 300);
	}
	return 0;
}

int sh_migrate_start(void)
{
	struct task_struct *task;

	/* The last case may have ended early. */
	sh_migrate_stop();
	if (!migrate)
		return 0;
	moved = get_task_struct(current);
	pinned = false;
	task = kthread_run(move, NULL, "spanheap-migrate");
	if (IS_ERR(task)) {
		put_task_struct(moved);
		return PTR_ERR(task);
	}
	mover = task;
	return 0;
}

void sh_migrate_stop(void)
{
	if (!mover)
		return;
	kthread_stop(mover);
	put_task_struct(moved);
	mover = NULL;
}

int sh_migrate_pin(void)
{
	int cpu;

	mutex_lock(&lock);
	pinned = true;
	cpu = raw_smp_processor_id();
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	mutex_unlock(&lock);
	return cpu;
}
