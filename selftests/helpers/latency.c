// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_latency - how long others wait while a heap is at work
 *
 *	/sys/kernel/debug/spanheap_latency/do		write a command
 *	/sys/kernel/debug/spanheap_latency/longest	what was seen since "start"
 *
 * Commands: "create"; "debug", the same with a debug heap; "destroy"; "scavenge";
 * "fill BYTES SIZE", objects of SIZE bytes; "zero BYTES SIZE", the same with
 * __GFP_ZERO; "grow SIZE", reallocate the object that came last; "drop N", free
 * every Nth object; "limit BYTES"; "refuse N SIZE", ask for as many that there is
 * no room for; "start" and "stop" watching; "heaps N", have so many empty heaps;
 * "pairs N" and "peers N", create and destroy as many heaps, or slab caches.
 *
 * Meanwhile a thread of the highest priority and a timer both want the CPU all
 * the time. "longest" has, in nanoseconds, by how much they were late at most:
 * the longest time without a preemption point, and that with interrupts off. In
 * a machine that counts instructions a nanosecond is one instruction. "busy_ns"
 * is for how long the CPU was not idle.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/kernel_stat.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spanheap.h>
#include <linux/string.h>
#include <linux/tick.h>
#include <linux/uaccess.h>

#include "../../module/base/compat.h"

#define TIMER_NS	(50 * NSEC_PER_USEC)
#define THREAD_NS	(200 * NSEC_PER_USEC)

#define MOST_HEAPS	1100

/**
 * struct object - what an object begins with
 * @next: allocated before this one
 */
struct object {
	struct object *next;
};

static DEFINE_MUTEX(lock);	/* all below */
static struct spanheap *heap;
static struct object *objects;
static struct spanheap *heaps[MOST_HEAPS];
static unsigned int nr_heaps;
static struct dentry *dir;

/* The watch. */
static struct task_struct *thread;
static struct task_struct *spinner;
static struct hrtimer timer;
static s64 thread_late;
static s64 timer_late;
static u64 busy_ns;

static void note(s64 *longest, ktime_t due)
{
	s64 late = ktime_to_ns(ktime_sub(ktime_get(), due));

	WRITE_ONCE(*longest, max(*longest, late));
}

static enum hrtimer_restart timer_fn(struct hrtimer *t)
{
	note(&timer_late, hrtimer_get_expires(t));
	hrtimer_forward_now(t, TIMER_NS);
	return HRTIMER_RESTART;
}

static int thread_fn(void *unused)
{
	while (!kthread_should_stop()) {
		ktime_t due = ktime_add_ns(ktime_get(), THREAD_NS);

		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_hrtimeout(&due, HRTIMER_MODE_ABS);
		note(&thread_late, due);
	}
	return 0;
}

/* So that the machine does not idle: where it does, its clock jumps. */
static int spin_fn(void *unused)
{
	while (!kthread_should_stop()) {
		cpu_relax();
		cond_resched();
	}
	return 0;
}

/* Of the first CPU; there are no others where it matters. */
static u64 busy_now(void)
{
	u64 idle = get_cpu_idle_time_us(0, NULL);

	return ktime_get_ns() - idle * NSEC_PER_USEC;
}

static int start(void)
{
	if (thread)
		return -EBUSY;
	spinner = kthread_run(spin_fn, NULL, "latency_spin");
	thread = kthread_create(thread_fn, NULL, "latency");
	if (IS_ERR(thread) || IS_ERR(spinner)) {
		if (!IS_ERR(thread))
			kthread_stop(thread);
		if (!IS_ERR(spinner))
			kthread_stop(spinner);
		thread = NULL;
		return -ENOMEM;
	}
	sched_set_normal(spinner, MAX_NICE);
	sched_set_fifo(thread);
	thread_late = 0;
	timer_late = 0;
	wake_up_process(thread);
	hrtimer_start(&timer, TIMER_NS, HRTIMER_MODE_REL_HARD);
	return 0;
}

static void stop(void)
{
	if (!thread)
		return;
	hrtimer_cancel(&timer);
	kthread_stop(thread);
	kthread_stop(spinner);
	thread = NULL;
}

static int fill(size_t bytes, size_t size, gfp_t gfp)
{
	struct object *obj;

	for (; bytes; bytes -= min(bytes, size)) {
		obj = spanheap_alloc(heap, size, gfp);
		if (!obj)
			return -ENOMEM;
		obj->next = objects;
		objects = obj;
		cond_resched();
	}
	return 0;
}

static int grow(size_t size)
{
	struct object *obj = spanheap_realloc(heap, objects, size, GFP_KERNEL);

	if (!obj)
		return -ENOMEM;
	objects = obj;
	return 0;
}

static void drop(unsigned long nth)
{
	struct object **link = &objects, *obj;
	unsigned long nr = 0;

	while ((obj = *link)) {
		if (++nr % nth) {
			link = &obj->next;
		} else {
			*link = obj->next;
			spanheap_free(obj);
		}
		cond_resched();
	}
}

/* Nobody may get any, or it is not a refusal that is measured. */
static int refuse(unsigned long nr, size_t size)
{
	void *obj;

	while (nr--) {
		obj = spanheap_alloc(heap, size, GFP_KERNEL | __GFP_NOWARN);
		if (obj) {
			spanheap_free(obj);
			return -EEXIST;
		}
	}
	return 0;
}

static struct spanheap *new_heap(const char *name)
{
	struct spanheap *new = spanheap_create(name, NULL);

	return IS_ERR(new) ? NULL : new;
}

static struct spanheap *new_debug_heap(void)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *new;

	config.flags = SPANHEAP_DEBUG;
	new = spanheap_create("latency", &config);
	return IS_ERR(new) ? NULL : new;
}

static int have_heaps(unsigned int nr)
{
	char name[20];

	if (nr > MOST_HEAPS)
		return -EINVAL;
	while (nr_heaps > nr)
		spanheap_destroy(heaps[--nr_heaps]);
	for (; nr_heaps < nr; nr_heaps++) {
		snprintf(name, sizeof(name), "latency%u", nr_heaps);
		heaps[nr_heaps] = new_heap(name);
		if (!heaps[nr_heaps])
			return -ENOMEM;
	}
	return 0;
}

/* What is put off comes as well, within some grace periods. */
static void settle(void)
{
	rcu_barrier();
	msleep(500);
}

static void pairs(unsigned int nr)
{
	while (nr--)
		spanheap_destroy(new_heap("latency_pair"));
	settle();
}

/* A cache with a constructor is not merged with others. */
static void construct(void *obj)
{
}

static void peers(unsigned int nr)
{
	while (nr--)
		kmem_cache_destroy(kmem_cache_create("latency_pair", 256, 0, 0,
						     construct));
	settle();
}

static int run(const char *what, unsigned long a, unsigned long b)
{
	if (!strcmp(what, "create"))
		heap = heap ?: new_heap("latency");
	else if (!strcmp(what, "debug"))
		heap = heap ?: new_debug_heap();
	else if (!strcmp(what, "destroy"))
		spanheap_destroy(xchg(&heap, NULL));
	else if (!strcmp(what, "forget"))
		objects = NULL;
	else if (!strcmp(what, "scavenge"))
		spanheap_scavenge(heap);
	else if (!strcmp(what, "fill"))
		return fill(a, b, GFP_KERNEL);
	else if (!strcmp(what, "zero"))
		return fill(a, b, GFP_KERNEL | __GFP_ZERO);
	else if (!strcmp(what, "grow"))
		return grow(a);
	else if (!strcmp(what, "drop"))
		drop(a);
	else if (!strcmp(what, "limit"))
		return spanheap_set_limit(heap, a);
	else if (!strcmp(what, "refuse"))
		return refuse(a, b);
	else if (!strcmp(what, "heaps"))
		return have_heaps(a);
	else if (!strcmp(what, "pairs"))
		pairs(a);
	else if (!strcmp(what, "peers"))
		peers(a);
	else if (!strcmp(what, "start"))
		return start();
	else if (!strcmp(what, "stop"))
		stop();
	else
		return -EINVAL;
	return 0;
}

/* "WHAT [A [B]]" */
static int parse_and_run(char *line)
{
	char *what = strsep(&line, " ");
	unsigned long a = 0, b = 0;

	if (line)
		a = memparse(line, &line);
	if (line)
		b = memparse(skip_spaces(line), &line);
	return line && *line ? -EINVAL : run(what, a, b);
}

static ssize_t do_write(struct file *file, const char __user *buf, size_t count,
			loff_t *ppos)
{
	u64 before;
	char *line;
	int ret;

	line = memdup_user_nul(buf, min_t(size_t, count, PAGE_SIZE));
	if (IS_ERR(line))
		return PTR_ERR(line);
	mutex_lock(&lock);
	before = busy_now();
	ret = parse_and_run(strim(line));
	busy_ns = busy_now() - before;
	mutex_unlock(&lock);
	kfree(line);
	return ret ?: count;
}

static const struct file_operations do_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= do_write,
};

static int longest_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "thread_ns %lld\n", READ_ONCE(thread_late));
	seq_printf(m, "timer_ns %lld\n", READ_ONCE(timer_late));
	seq_printf(m, "busy_ns %llu\n", busy_ns);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(longest);

static int __init latency_init(void)
{
	sh_hrtimer_setup(&timer, timer_fn, CLOCK_MONOTONIC,
			 HRTIMER_MODE_REL_HARD);
	dir = debugfs_create_dir("spanheap_latency", NULL);
	debugfs_create_file("do", 0200, dir, NULL, &do_fops);
	debugfs_create_file("longest", 0400, dir, NULL, &longest_fops);
	return 0;
}

static void __exit latency_exit(void)
{
	debugfs_remove_recursive(dir);
	stop();
	have_heaps(0);
	spanheap_destroy(heap);
}

module_init(latency_init);
module_exit(latency_exit);

MODULE_DESCRIPTION("How long others wait while a heap is at work");
MODULE_LICENSE("GPL");
