// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_ballast - a heap that user space fills and empties
 *
 *	/sys/kernel/debug/spanheap_ballast/fill		write "BYTES SIZE": allocate
 *							objects of SIZE bytes, of
 *							mixed sizes when it is 0
 *	/sys/kernel/debug/spanheap_ballast/charge	the same, charged to the
 *							memory cgroup of the writer
 *	/sys/kernel/debug/spanheap_ballast/drop		write N: free every Nth
 *							object, all when it is 1
 *	/sys/kernel/debug/spanheap_ballast/limit	write bytes
 *
 * The heap is named "ballast". Numbers may end in K, M or G. "fill" fails with
 * -ENOMEM when there is no more; what it allocated stays. Every object says who
 * it is; one that does not when it is freed fails "drop" with -EIO.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spanheap.h>
#include <linux/uaccess.h>

#define SMALLEST	sizeof(struct object)

/* Mixed sizes: as many bytes in objects of each power of two. */
#define MIXED_LOW	6
#define MIXED_HIGH	20

static unsigned int idle_ms;
module_param(idle_ms, uint, 0444);
MODULE_PARM_DESC(idle_ms, "age in milliseconds at which idle memory goes back (the heap's default)");

static bool debug;
module_param(debug, bool, 0444);
MODULE_PARM_DESC(debug, "make the heap a debug heap (off)");

static bool account;
module_param(account, bool, 0444);
MODULE_PARM_DESC(account, "charge the heap to the memory cgroup of who loads this (off)");

static unsigned int pages_kb;
module_param(pages_kb, uint, 0444);
MODULE_PARM_DESC(pages_kb, "KiB of pages to hold from the beginning (0)");

static unsigned int persistent_kb;
module_param(persistent_kb, uint, 0444);
MODULE_PARM_DESC(persistent_kb, "KiB of persistent memory (0)");

/**
 * struct object - what an object begins with
 * @next: allocated before this one
 * @self: its own address
 * @size: bytes asked for
 */
struct object {
	struct object *next;
	struct object *self;
	size_t size;
};

static struct spanheap *heap;
static struct dentry *dir;

static void *pages;

static DEFINE_MUTEX(lock);	/* what follows */
static struct object *objects;

/* Sizes between a power of two and the next, in an order that does not repeat. */
static size_t mixed_size(u64 *credit, u32 *seed)
{
	unsigned int low = MIXED_LOW, i;

	/* Of the powers of two, the one that has had the fewest bytes. */
	for (i = MIXED_LOW; i < MIXED_HIGH; i++)
		if (credit[i] < credit[low])
			low = i;
	*seed = *seed * 1664525 + 1013904223;
	credit[low] += 1UL << low;
	return (1UL << low) + (*seed >> 8) % (1UL << low);
}

static int add_object(size_t size, gfp_t gfp)
{
	struct object *obj = spanheap_alloc(heap, size, gfp | __GFP_NOWARN);

	if (!obj)
		return -ENOMEM;
	obj->next = objects;
	obj->self = obj;
	obj->size = size;
	objects = obj;
	return 0;
}

static int breathe(void)
{
	cond_resched();
	return signal_pending(current) ? -EINTR : 0;
}

static int fill(size_t bytes, size_t size, gfp_t gfp)
{
	u64 credit[MIXED_HIGH] = { };
	u32 seed = 1;
	int ret = 0;

	while (bytes && !ret) {
		size_t next = size ?: mixed_size(credit, &seed);

		next = max(min(next, bytes), SMALLEST);
		ret = add_object(next, gfp) ?: breathe();
		bytes -= min(next, bytes);
	}
	return ret;
}

static int drop(unsigned long nth)
{
	struct object **link = &objects, *obj;
	unsigned long nr = 0;

	while ((obj = *link)) {
		if (obj->self != obj || !obj->size) {
			pr_err("object %lu has lost its contents\n", nr);
			objects = NULL;
			return -EIO;
		}
		if (++nr % nth) {
			link = &obj->next;
			continue;
		}
		*link = obj->next;
		spanheap_free(obj);
		cond_resched();
	}
	return 0;
}

/* Up to two numbers out of what was written. */
static int get_numbers(const char __user *buf, size_t count, unsigned long *a,
		       unsigned long *b)
{
	char line[64], *end;

	if (count >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, count))
		return -EFAULT;
	line[count] = '\0';
	*a = memparse(line, &end);
	if (end == line)
		return -EINVAL;
	if (b)
		*b = memparse(skip_spaces(end), &end);
	return *skip_spaces(end) ? -EINVAL : 0;
}

static ssize_t fill_as(const char __user *buf, size_t count, gfp_t gfp)
{
	unsigned long bytes, size;
	int ret = get_numbers(buf, count, &bytes, &size);

	if (ret)
		return ret;
	mutex_lock(&lock);
	ret = fill(bytes, size, gfp);
	mutex_unlock(&lock);
	return ret ?: count;
}

static ssize_t fill_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	return fill_as(buf, count, GFP_KERNEL | __GFP_RETRY_MAYFAIL);
}

/* A cgroup that has no more is to be told so, not killed. */
static ssize_t charge_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *ppos)
{
	return fill_as(buf, count, GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL);
}

static ssize_t drop_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	unsigned long nth;
	int ret = get_numbers(buf, count, &nth, NULL);

	if (ret || !nth)
		return ret ?: -EINVAL;
	mutex_lock(&lock);
	ret = drop(nth);
	mutex_unlock(&lock);
	return ret ?: count;
}

static ssize_t limit_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	unsigned long bytes;
	int ret = get_numbers(buf, count, &bytes, NULL);

	return ret ?: spanheap_set_limit(heap, bytes) ?: count;
}

#define FILE_OPS(name)						\
static const struct file_operations name##_fops = {		\
	.owner	= THIS_MODULE,					\
	.open	= simple_open,					\
	.write	= name##_write,					\
}

FILE_OPS(fill);
FILE_OPS(charge);
FILE_OPS(drop);
FILE_OPS(limit);

/* What there is besides objects. */
static int __init hold(void)
{
	if (pages_kb) {
		pages = spanheap_alloc_pages(heap, pages_kb * SZ_1K, GFP_KERNEL);
		if (!pages)
			return -ENOMEM;
	}
	if (persistent_kb &&
	    !spanheap_alloc_persistent(heap, persistent_kb * SZ_1K, 8, GFP_KERNEL))
		return -ENOMEM;
	return 0;
}

static int __init ballast_init(void)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	int err;

	config.scavenge_idle_ms = idle_ms;
	config.flags = (debug ? SPANHEAP_DEBUG : 0) |
		       (account ? SPANHEAP_ACCOUNT : 0);
	heap = spanheap_create("ballast", &config);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = hold();
	if (err) {
		spanheap_free_pages(pages);
		spanheap_destroy(heap);
		return err;
	}
	dir = debugfs_create_dir("spanheap_ballast", NULL);
	debugfs_create_file("fill", 0200, dir, NULL, &fill_fops);
	debugfs_create_file("charge", 0200, dir, NULL, &charge_fops);
	debugfs_create_file("drop", 0200, dir, NULL, &drop_fops);
	debugfs_create_file("limit", 0200, dir, NULL, &limit_fops);
	return 0;
}
module_init(ballast_init);

static void __exit ballast_exit(void)
{
	debugfs_remove(dir);
	drop(1);
	spanheap_free_pages(pages);
	spanheap_destroy(heap);
}
module_exit(ballast_exit);

MODULE_DESCRIPTION("A heap that user space fills and empties");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
