// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_soak - everything at once, for as long as the module is loaded
 *
 * Threads, a timer in softirqs and an irq_work allocate, change,
 * exchange and free objects of the heap "soak"; another thread makes heaps, uses
 * each in every way there is, and destroys it; another scavenges and moves
 * limits. The threads ask for fault injection (make-it-fail), the interrupts
 * cannot. Every object says who it is, and is asked before it is freed.
 *
 *	/sys/kernel/debug/spanheap_soak/figures		"name value" lines; errors
 *							must stay 0
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spanheap.h>
#include <linux/timer.h>

/* Nothing is to be killed for us. */
#define MAY_FAIL	(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)
#define ATOMIC		(GFP_ATOMIC | __GFP_NOWARN)

#define NR_OWN		200
#define NR_SHELVES	128
#define MAX_LOGGED	10

/**
 * struct object - what an object begins with
 * @rcu: for those that are freed so
 * @size: bytes asked for
 * @pages: it is a manual span
 * @mark: depends on all of these and on the address; the last byte is its last
 */
struct object {
	struct rcu_head rcu;
	u64 size;
	u64 pages;
	u64 mark;
};

static struct spanheap *heap;
static struct dentry *dir;
static struct object *shelf[NR_SHELVES];
static struct task_struct **tasks;
static unsigned int nr_tasks;
static struct timer_list timer;		/* softirq */
static struct irq_work work;		/* hard interrupt */
static bool stopping;

static atomic_long_t operations, in_interrupts, refused, errors;
static atomic_long_t heaps, heaps_refused, scavenges, limits;
static unsigned long worst_resident;	/* one thread writes it */

static void wrong(const char *what)
{
	if (atomic_long_inc_return(&errors) <= MAX_LOGGED)
		pr_err("error: %s\n", what);
}

static u64 mark_of(const struct object *obj)
{
	return hash_64((unsigned long)obj ^ obj->size << 20 ^ obj->pages, 64);
}

static void sign(struct object *obj, size_t size, bool pages)
{
	obj->size = size;
	obj->pages = pages;
	obj->mark = mark_of(obj);
	((u8 *)obj)[size - 1] = obj->mark >> 56;
}

static void verify(const struct object *obj)
{
	u8 last = ((const u8 *)obj)[obj->size - 1];

	/* The last byte may be the mark's own. */
	if (obj->mark != mark_of(obj) || last != (u8)(obj->mark >> 56))
		wrong("an object has lost its contents");
}

static u32 below(struct rnd_state *rnd, u32 nr)
{
	return ((u64)prandom_u32_state(rnd) * nr) >> 32;
}

static size_t random_size(struct rnd_state *rnd, bool irq)
{
	u32 kind = below(rnd, 100);
	u32 most = kind < 60 ? 300 : kind < 90 ? SZ_4K : kind < 98 ? SZ_32K : SZ_256K;

	return sizeof(struct object) + below(rnd, irq ? SZ_4K : most);
}

static struct object *make(struct spanheap *from, struct rnd_state *rnd, gfp_t gfp)
{
	bool irq = !gfpflags_allow_blocking(gfp), pages = false;
	size_t size = random_size(rnd, irq);
	struct object *obj;

	switch (below(rnd, 16)) {
	case 0:
		obj = spanheap_alloc_aligned(from, size, 8UL << below(rnd, 12), gfp);
		break;
	case 1:
		obj = spanheap_alloc_pages(from, size, gfp);
		pages = true;
		break;
	case 2:
		obj = spanheap_alloc_node(from, size, gfp, first_online_node);
		break;
	case 3:
		obj = spanheap_zalloc(from, size, gfp);
		if (obj && memchr_inv(obj, 0, size))
			wrong("what was to be zeroed is not");
		break;
	default:
		obj = spanheap_alloc(from, size, gfp);
	}
	if (obj)
		sign(obj, size, pages);
	else
		atomic_long_inc(&refused);
	return obj;
}

static void drop(struct object *obj)
{
	if (!obj)
		return;
	verify(obj);
	if (obj->pages)
		spanheap_free_pages(obj);
	else
		spanheap_free(obj);
}

/* To be done with an object of one's own; it may be another one afterwards. */
static struct object *change(struct object *obj, struct rnd_state *rnd)
{
	size_t size = random_size(rnd, false);
	struct object *other;

	verify(obj);
	if (obj->pages)
		return obj;
	switch (below(rnd, 3)) {
	case 0:
		other = spanheap_realloc(heap, obj, size, MAY_FAIL);
		if (!other) {
			atomic_long_inc(&refused);
			return obj;
		}
		sign(other, size, false);
		return other;
	case 1:
		spanheap_free_rcu(obj, rcu);
		return NULL;
	default:
		if (spanheap_split(obj))
			return obj;
		other = (void *)obj + spanheap_size(obj);
		spanheap_free(other);
		sign(obj, min_t(size_t, obj->size, spanheap_size(obj)), false);
		return obj;
	}
}

static void bulk(struct spanheap *from, struct rnd_state *rnd)
{
	size_t size = random_size(rnd, true);
	unsigned int nr, i;
	void *objs[40];

	nr = spanheap_alloc_bulk(from, size, MAY_FAIL, ARRAY_SIZE(objs), objs);
	for (i = 0; i < nr; i++)
		sign(objs[i], size, false);
	for (i = 0; i < nr; i++)
		verify(objs[i]);
	spanheap_free_bulk(nr, objs);
	atomic_long_add(2 * nr, &operations);
}

/* Exchange an object with whoever comes by. */
static struct object *exchange(struct object *obj, struct rnd_state *rnd)
{
	return xchg(&shelf[below(rnd, NR_SHELVES)], obj);
}

static void want_faults(void)
{
#ifdef CONFIG_FAULT_INJECTION
	current->make_it_fail = 1;
#endif
}

static int worker(void *unused)
{
	struct object **own = kvcalloc(NR_OWN, sizeof(*own), GFP_KERNEL);
	struct rnd_state rnd;
	struct object **o;
	int i;

	prandom_seed_state(&rnd, get_random_u64());
	want_faults();
	/* Others are to get to something as well. */
	set_user_nice(current, 10);
	while (own && !kthread_should_stop()) {
		o = &own[below(&rnd, NR_OWN)];
		i = below(&rnd, 64);
		if (i == 0) {
			bulk(heap, &rnd);
		} else if (i < 12 && *o) {
			*o = change(*o, &rnd);
		} else if (i < 24) {
			*o = exchange(*o, &rnd);
		} else {
			drop(*o);
			*o = make(heap, &rnd, MAY_FAIL);
		}
		atomic_long_inc(&operations);
		cond_resched();
	}
	for (i = 0; own && i < NR_OWN; i++)
		drop(own[i]);
	kvfree(own);
	return 0;
}

static void interrupt(void)
{
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, get_random_u64());
	for (i = 0; i < 4; i++) {
		drop(exchange(make(heap, &rnd, ATOMIC), &rnd));
		atomic_long_inc(&in_interrupts);
	}
}

static void hard_fn(struct irq_work *unused)
{
	interrupt();
}

/* A slow machine, too, is to have most of its time for tasks. */
static void soft_fn(struct timer_list *unused)
{
	unsigned long start = jiffies;

	irq_work_queue(&work);
	interrupt();
	if (!READ_ONCE(stopping))
		mod_timer(&timer, jiffies + 1 + 3 * (jiffies - start));
}

/* The whole life of a heap. */
static void churn_heap(struct spanheap *churn, struct rnd_state *rnd)
{
	struct object *objs[60];
	struct spanheap_stats s;
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = make(churn, rnd, MAY_FAIL);
	bulk(churn, rnd);
	spanheap_alloc_persistent(churn, 100, 8, MAY_FAIL);
	spanheap_set_limit(churn, SZ_4M);
	spanheap_scavenge(churn);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		drop(objs[i]);
	spanheap_get_stats(churn, &s);
	if (s.objects || s.manual_spans || s.bad_frees || s.mallocs != s.frees)
		wrong("a heap does not add up");
}

static int churner(void *arg)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct rnd_state rnd;
	struct spanheap *churn;
	char name[32];

	prandom_seed_state(&rnd, get_random_u64());
	snprintf(name, sizeof(name), "soak-churn-%lu", (unsigned long)arg);
	want_faults();
	while (!kthread_should_stop()) {
		config.limit = below(&rnd, 2) ? SZ_8M : 0;
		churn = spanheap_create(name, &config);
		if (IS_ERR(churn)) {
			if (PTR_ERR(churn) != -ENOMEM)
				wrong("a heap was refused for no reason");
			atomic_long_inc(&heaps_refused);
		} else {
			churn_heap(churn, &rnd);
			spanheap_destroy(churn);
			atomic_long_inc(&heaps);
		}
		msleep(20);
	}
	return 0;
}

static int giver(void *unused)
{
	struct spanheap_stats s;
	unsigned int round = 0;

	while (!kthread_should_stop()) {
		spanheap_get_stats(heap, &s);
		WRITE_ONCE(worst_resident,
			   max_t(u64, worst_resident, s.resident));
		if (s.bad_frees)
			wrong("a free was refused");
		if (++round % 8 == 0) {
			spanheap_set_limit(heap, s.resident / 2);
			atomic_long_inc(&limits);
		} else {
			spanheap_set_limit(heap, 0);
			spanheap_scavenge(round % 2 ? heap : NULL);
			atomic_long_inc(&scavenges);
		}
		msleep(100);
	}
	spanheap_set_limit(heap, 0);
	return 0;
}

static int figures_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "operations %ld\n", atomic_long_read(&operations));
	seq_printf(m, "in_interrupts %ld\n", atomic_long_read(&in_interrupts));
	seq_printf(m, "refused %ld\n", atomic_long_read(&refused));
	seq_printf(m, "heaps %ld\n", atomic_long_read(&heaps));
	seq_printf(m, "heaps_refused %ld\n", atomic_long_read(&heaps_refused));
	seq_printf(m, "scavenges %ld\n", atomic_long_read(&scavenges));
	seq_printf(m, "limits %ld\n", atomic_long_read(&limits));
	seq_printf(m, "worst_resident %lu\n", READ_ONCE(worst_resident));
	seq_printf(m, "errors %ld\n", atomic_long_read(&errors));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(figures);

/* All of it, once. What is on the shelves, and in caches, stays. */
static void stop(void)
{
	if (READ_ONCE(stopping))
		return;
	WRITE_ONCE(stopping, true);
	timer_delete_sync(&timer);
	irq_work_sync(&work);
	while (nr_tasks)
		kthread_stop(tasks[--nr_tasks]);
}

/* Any write: so that the heap can be looked at when nothing moves in it. */
static ssize_t stop_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	stop();
	return count;
}

static const struct file_operations stop_fops = {
	.owner = THIS_MODULE,
	.write = stop_write,
};

static void start(int (*fn)(void *arg), unsigned long arg, const char *what)
{
	struct task_struct *task = kthread_run(fn, (void *)arg, "soak-%s/%lu", what, arg);

	if (IS_ERR(task))
		pr_err("no thread %s: %ld\n", what, PTR_ERR(task));
	else
		tasks[nr_tasks++] = task;
}

static int __init soak_init(void)
{
	unsigned int i, nr = num_online_cpus();

	tasks = kcalloc(2 * nr + 3, sizeof(*tasks), GFP_KERNEL);
	if (!tasks)
		return -ENOMEM;
	heap = spanheap_create("soak", NULL);
	if (IS_ERR(heap)) {
		kfree(tasks);
		return PTR_ERR(heap);
	}
	dir = debugfs_create_dir("spanheap_soak", NULL);
	debugfs_create_file("figures", 0400, dir, NULL, &figures_fops);
	debugfs_create_file("stop", 0200, dir, NULL, &stop_fops);
	for (i = 0; i < 2 * nr; i++)
		start(worker, i, "worker");
	start(churner, 0, "churner");
	start(churner, 1, "churner");
	start(giver, 0, "giver");
	init_irq_work(&work, hard_fn);
	timer_setup(&timer, soft_fn, 0);
	mod_timer(&timer, jiffies + 1);
	return 0;
}
module_init(soak_init);

static void __exit soak_exit(void)
{
	unsigned int i;

	debugfs_remove(dir);
	stop();
	for (i = 0; i < NR_SHELVES; i++)
		drop(shelf[i]);
	spanheap_destroy(heap);
	kfree(tasks);
}
module_exit(soak_exit);

MODULE_DESCRIPTION("Everything a heap can go through at once");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
