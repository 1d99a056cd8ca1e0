// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - use the exported interface, right and wrong, by name
 *
 *	/sys/kernel/debug/spanheap_client/list	names of the tests, and what
 *						each makes spanheap log
 *	/sys/kernel/debug/spanheap_client/run	write a name: runs that test
 *
 * A write fails with -ENOENT when there is no such test, -EINVAL when it
 * failed, after logging why. The heap of the last test stays until the next
 * one, so that its debugfs files can be read.
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

#include "client.h"

#define NAME_MAX_LEN	64
#define MAX_LOGGED	10	/* failures of one test */

static const struct client_test * const all_tests[] = {
	client_input_tests,
	client_heap_tests,
	client_objects_tests,
	client_free_tests,
	client_query_tests,
	client_finalizer_tests,
	client_context_tests,
	client_limits_tests,
	client_giveback_tests,
	client_reclaim_tests,
	client_realloc_tests,
	client_manual_tests,
	client_kept_tests,
	client_node_tests,
	client_debug_tests,
	client_kmemleak_tests,
	client_managed_tests,
};

static struct dentry *dir;

/* One test at a time; protects what follows. */
static DEFINE_MUTEX(run_lock);
static struct spanheap *client_heap;

static atomic_t failures;

bool client_expect(bool ok, const char *func, int line, const char *what)
{
	if (!ok && atomic_inc_return(&failures) <= MAX_LOGGED)
		pr_err("%s:%d: not so: %s\n", func, line, what);
	return ok;
}

static u8 byte_at(u32 seed, size_t i)
{
	return seed * 31 + i * 7 + (i >> 8);
}

void client_fill(void *ptr, size_t size, u32 seed)
{
	u8 *p = ptr;
	size_t i;

	for (i = 0; i < size; i++)
		p[i] = byte_at(seed, i);
}

bool client_filled(const void *ptr, size_t size, u32 seed)
{
	const u8 *p = ptr;
	size_t i;

	for (i = 0; i < size; i++) {
		if (p[i] != byte_at(seed, i))
			return false;
	}
	return true;
}

bool client_zeroed(const void *ptr, size_t size)
{
	return !memchr_inv(ptr, 0, size);
}

u64 client_bad_frees(struct spanheap *heap)
{
	struct spanheap_stats stats;

	spanheap_get_stats(heap, &stats);
	return stats.bad_frees;
}

static const struct client_test *find_test(const char *name)
{
	const struct client_test *t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_tests); i++) {
		for (t = all_tests[i]; t->name; t++) {
			if (!strcmp(t->name, name))
				return t;
		}
	}
	return NULL;
}

/* A test leaves its heap as empty as it got it. */
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

static int run_test(const struct client_test *t)
{
	struct spanheap *heap;

	spanheap_destroy(client_heap);
	client_heap = NULL;

	heap = spanheap_create("client", NULL);
	if (IS_ERR(heap)) {
		pr_err("%s: no heap: %ld\n", t->name, PTR_ERR(heap));
		return PTR_ERR(heap);
	}
	client_heap = heap;

	atomic_set(&failures, 0);
	t->run(heap);
	expect_empty(heap);

	if (atomic_read(&failures)) {
		pr_err("%s: %d failures\n", t->name, atomic_read(&failures));
		return -EINVAL;
	}
	return 0;
}

static ssize_t run_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	const struct client_test *t;
	char name[NAME_MAX_LEN];
	int ret;

	if (count >= sizeof(name))
		return -ENOENT;
	if (copy_from_user(name, buf, count))
		return -EFAULT;
	name[count] = '\0';

	t = find_test(strim(name));
	if (!t)
		return -ENOENT;

	mutex_lock(&run_lock);
	ret = run_test(t);
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
	const struct client_test *t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_tests); i++) {
		for (t = all_tests[i]; t->name; t++)
			seq_printf(m, "%s %s\n", t->name, t->log ?: "");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(list);

static int __init client_init(void)
{
	dir = debugfs_create_dir("spanheap_client", NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("list", 0400, dir, NULL, &list_fops);
	return 0;
}
module_init(client_init);

static void __exit client_exit(void)
{
	debugfs_remove(dir);
	spanheap_destroy(client_heap);
}
module_exit(client_exit);

MODULE_DESCRIPTION("Tests of spanheap's exported interface");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
