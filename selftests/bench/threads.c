// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that start together, each bound to a CPU of its own
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "threads.h"

/*
 * Threads spin this long before they begin. On a virtual machine, CPUs that
 * were idle may share one of the host until it has noticed that they are not.
 */
#define SETTLE_NS	(10 * NSEC_PER_MSEC)

struct thread {
	bench_thread_fn fn;
	void *arg;
	unsigned int index;
	int ret;
	struct completion *go;
	atomic_t *missing;	/* threads that do not run yet */
	struct completion done;
};

static void settle(struct thread *thread)
{
	u64 end = ktime_get_ns() + SETTLE_NS;

	atomic_dec(thread->missing);
	while (atomic_read(thread->missing) || ktime_get_ns() < end)
		cond_resched();
}

static int thread_main(void *data)
{
	struct thread *thread = data;

	wait_for_completion(thread->go);
	if (!thread->ret) {
		settle(thread);
		thread->ret = thread->fn(thread->arg, thread->index);
	}
	complete(&thread->done);
	return 0;
}

/* With an error in @ret the thread still has to be let go, and does nothing. */
static int start_threads(struct thread *threads, unsigned int nr,
			 unsigned int *started)
{
	struct task_struct *task;
	unsigned int i = 0;
	int cpu;

	for_each_online_cpu(cpu) {
		if (i == nr)
			break;
		threads[i].index = i;
		init_completion(&threads[i].done);
		task = kthread_create(thread_main, &threads[i],
				      "spanheap_bench/%d", cpu);
		if (IS_ERR(task))
			break;
		kthread_bind(task, cpu);
		wake_up_process(task);
		i++;
	}
	*started = i;
	return i == nr ? 0 : -EAGAIN;
}

/**
 * bench_threads_run() - run a function on several CPUs at once
 * @nr: number of threads, at most that of online CPUs
 * @fn: function
 * @arg: passed to it
 *
 * Return: 0, or the first error of any thread.
 */
int bench_threads_run(unsigned int nr, bench_thread_fn fn, void *arg)
{
	DECLARE_COMPLETION_ONSTACK(go);
	atomic_t missing = ATOMIC_INIT(nr);
	struct thread *threads;
	unsigned int i, started;
	int ret;

	threads = kcalloc(nr, sizeof(*threads), GFP_KERNEL);
	if (!threads)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		threads[i].fn = fn;
		threads[i].arg = arg;
		threads[i].go = &go;
		threads[i].missing = &missing;
	}

	cpus_read_lock();
	ret = start_threads(threads, nr, &started);
	for (i = 0; i < started; i++)
		threads[i].ret = ret;
	complete_all(&go);
	for (i = 0; i < started; i++) {
		wait_for_completion(&threads[i].done);
		ret = ret ?: threads[i].ret;
	}
	cpus_read_unlock();

	kfree(threads);
	return ret;
}
