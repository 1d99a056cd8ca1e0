// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - make the mistakes that users of a heap make, by name
 *
 *	/sys/kernel/debug/spanheap_hostile/list	names, one a line
 *	/sys/kernel/debug/spanheap_hostile/run	write a name and "ordinary" or
 *						"debug": makes the mistake on
 *						such a heap
 *
 * The mistake is made in a task, in a softirq and in a hard interrupt, each time
 * beside objects of somebody else. A write fails with -EINVAL when these have
 * suffered, when the heap does not work as before or has lost something, or when
 * it did not count as many refused calls as it should, after logging what. The
 * heap, "hostile", stays for the next, so that its checker can be read.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "hostile.h"

static const struct hostile_bug * const all_bugs[] = {
	hostile_double_bugs,
	hostile_stray_bugs,
	hostile_wrong_bugs,
	hostile_overflow_bugs,
	hostile_after_bugs,
	hostile_leak_bugs,
	hostile_lifetime_bugs,
	hostile_recursion_bugs,
};

static struct dentry *dir;

/* One mistake at a time; protects what follows. */
static DEFINE_MUTEX(run_lock);
static struct hostile last;

static atomic_t failures;

bool hostile_expect(bool ok, const char *func, int line, const char *what)
{
	if (!ok && atomic_inc_return(&failures) <= 10)
		pr_err("%s:%d: not so: %s\n", func, line, what);
	return ok;
}

/**
 * hostile_heap() - one more heap of the kind under test
 * @h: says which kind
 * @name: its name
 *
 * Return: the heap, or NULL.
 */
struct spanheap *hostile_heap(struct hostile *h, const char *name)
{
	struct spanheap *heap = spanheap_create(name, &h->config);

	return EXPECT(!IS_ERR(heap)) ? heap : NULL;
}

static u64 refused(struct spanheap *heap)
{
	struct spanheap_stats own, def;

	spanheap_get_stats(heap, &own);
	spanheap_get_stats(NULL, &def);
	return own.bad_frees + def.bad_frees;
}

static void expect_empty(struct spanheap *heap)
{
	struct spanheap_stats s;

	spanheap_get_stats(heap, &s);
	EXPECT(s.objects == 0);
	EXPECT(s.object_bytes == 0);
	EXPECT(s.mallocs == s.frees);
	EXPECT(s.large_mallocs == s.large_frees);
	EXPECT(s.manual_spans == 0);
	EXPECT(s.manual_bytes == 0);
	EXPECT(s.sys == s.in_use + s.idle);
	EXPECT(s.resident == s.sys - s.released);
}

static void make_once(struct hostile *h, const struct hostile_bug *bug)
{
	struct hostile_bystanders *b = hostile_bystanders_get(h->heap);
	u64 before = refused(h->heap);

	bug->run(h);
	if (!h->debug)
		EXPECT(refused(h->heap) == before + bug->refused);
	hostile_bystanders_put(b);
	hostile_work(h->heap);
	expect_empty(h->heap);
}

static void drop_heap(void)
{
	spanheap_destroy(last.heap);
	last.heap = NULL;
}

/* A heap that has survived one mistake serves the next. */
static int get_heap(struct hostile *h)
{
	if (last.heap && last.debug != h->debug)
		drop_heap();
	if (!last.heap) {
		h->heap = spanheap_create("hostile", &h->config);
		if (IS_ERR(h->heap))
			return PTR_ERR(h->heap);
		last = *h;
	}
	h->heap = last.heap;
	return 0;
}

static int make(struct hostile *h, const struct hostile_bug *bug)
{
	int err = get_heap(h);

	if (err)
		return err;
	atomic_set(&failures, 0);
	for (h->context = 0; h->context < HOSTILE_NR_CONTEXTS; h->context++)
		if (h->context == HOSTILE_TASK || !bug->task_only)
			make_once(h, bug);
	/* A debug heap looks at what it kept back. */
	spanheap_scavenge(h->heap);
	if (!atomic_read(&failures))
		return 0;
	pr_err("%s: %d failures\n", bug->name, atomic_read(&failures));
	drop_heap();
	return -EINVAL;
}

static const struct hostile_bug *bug_by_name(const char *name)
{
	const struct hostile_bug *bug;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_bugs); i++)
		for (bug = all_bugs[i]; bug->name; bug++)
			if (!strcmp(bug->name, name))
				return bug;
	return NULL;
}

static int set_kind(struct hostile *h, const char *kind)
{
	if (!strcmp(kind, "ordinary"))
		return 0;
	if (!strcmp(kind, "debug")) {
		h->debug = true;
		h->config.flags |= SPANHEAP_DEBUG;
		return 0;
	}
	return -EINVAL;
}

static ssize_t run_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	struct hostile h = { .config = SPANHEAP_CONFIG_INIT };
	const struct hostile_bug *bug;
	char line[80], *kind = line;
	char *name;
	int ret;

	if (count >= sizeof(line))
		return -ENOENT;
	if (copy_from_user(line, buf, count))
		return -EFAULT;
	line[count] = '\0';

	kind = strim(line);
	name = strsep(&kind, " ");
	bug = bug_by_name(name);
	if (!bug)
		return -ENOENT;
	ret = set_kind(&h, kind ?: "ordinary");
	if (ret)
		return ret;
	mutex_lock(&run_lock);
	ret = make(&h, bug);
	mutex_unlock(&run_lock);
	return ret ?: count;
}

static const struct file_operations run_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= run_write,
};

static int list_show(struct seq_file *m, void *unused)
{
	const struct hostile_bug *bug;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_bugs); i++)
		for (bug = all_bugs[i]; bug->name; bug++)
			seq_printf(m, "%s\n", bug->name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(list);

static int __init hostile_init(void)
{
	dir = debugfs_create_dir("spanheap_hostile", NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("list", 0400, dir, NULL, &list_fops);
	return 0;
}
module_init(hostile_init);

static void __exit hostile_exit(void)
{
	debugfs_remove(dir);
	drop_heap();
}
module_exit(hostile_exit);

MODULE_DESCRIPTION("Mistakes that users of a spanheap heap make");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
