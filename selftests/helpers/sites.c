// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_sites - functions that allocate, one for each way to do so
 *
 *	/sys/kernel/debug/spanheap_sites/run	write a command:
 *		alloc	each allocates; makes the heap, "sites", if there is none
 *		debug	the same, in a debug heap
 *		free	frees all of that but persistent allocations
 *		destroy	destroys the heap with all that is in it
 *		churn	allocates and frees for a while
 *		leave	leaves an object behind in the default heap
 *	/sys/kernel/debug/spanheap_sites/held	"FUNCTION BYTES CALLS" of each
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/spanheap.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define MOST		100
#define CHURN_ROUNDS	4000

/**
 * struct site - a function and what it holds
 * @name: its name
 * @fn: the function
 * @pages: it holds manual spans
 * @nr: how many objects or manual spans these are
 * @objs: these
 * @persistent: bytes of persistent allocations, of 100 each
 */
struct site {
	const char *name;
	void (*fn)(struct site *site);
	bool pages;
	unsigned int nr;
	void *objs[MOST];
	size_t persistent;
};

static DEFINE_MUTEX(lock);	/* all of it */
static struct spanheap *heap;
static bool is_debug;
static void *moving, *shrinking;
static struct dentry *dir;

static void keep(struct site *site, void *obj)
{
	if (ZERO_OR_NULL_PTR(obj))
		pr_err("%s: no memory\n", site->name);
	else
		site->objs[site->nr++] = obj;
}

static noinline void site_alloc(struct site *site)
{
	while (site->nr < 100)
		keep(site, spanheap_alloc(heap, 64, GFP_KERNEL));
}

static noinline void site_large(struct site *site)
{
	keep(site, spanheap_alloc(heap, SZ_1M, GFP_KERNEL));
	keep(site, spanheap_alloc(heap, 100000, GFP_ATOMIC));
}

static noinline void site_zalloc(struct site *site)
{
	while (site->nr < 10)
		keep(site, spanheap_zalloc(heap, 1000, GFP_KERNEL));
}

static noinline void site_array(struct site *site)
{
	keep(site, spanheap_alloc_array(heap, 16, 64, GFP_KERNEL));
}

static noinline void site_calloc(struct site *site)
{
	keep(site, spanheap_calloc(heap, 3, 4096, GFP_KERNEL));
}

static noinline void site_obj(struct site *site)
{
	keep(site, spanheap_alloc_obj(heap, struct site, GFP_KERNEL));
}

static noinline void site_aligned(struct site *site)
{
	keep(site, spanheap_alloc_aligned(heap, 100, 4096, GFP_KERNEL));
	keep(site, spanheap_alloc_aligned(heap, 100, SZ_64K, GFP_KERNEL));
}

static noinline void site_node(struct site *site)
{
	keep(site, spanheap_alloc_node(heap, 5000, GFP_KERNEL,
				       first_online_node));
}

static noinline void site_bulk(struct site *site)
{
	site->nr = spanheap_alloc_bulk(heap, 200, GFP_KERNEL, 50, site->objs);
}

static noinline void site_copies(struct site *site)
{
	keep(site, spanheap_memdup(heap, site, sizeof(*site), GFP_KERNEL));
}

static noinline void site_string(struct site *site)
{
	keep(site, spanheap_strdup(heap, site->name, GFP_KERNEL));
}

/* Whoever makes an object move is who allocates it from then on. */
static noinline void site_moved(struct site *site)
{
	moving = spanheap_alloc(heap, 64, GFP_KERNEL);
}

static noinline void site_moves(struct site *site)
{
	keep(site, spanheap_realloc(heap, moving, 5000, GFP_KERNEL));
}

/* One that changes in place stays with who allocated it. */
static noinline void site_shrunk(struct site *site)
{
	shrinking = spanheap_alloc(heap, SZ_1M, GFP_KERNEL);
	keep(site, shrinking);
}

static noinline void site_shrinks(struct site *site)
{
	if (spanheap_realloc(heap, shrinking, SZ_128K, GFP_KERNEL) != shrinking)
		pr_err("%s: it moved\n", site->name);
}

/* Make two of one, of @size bytes together. */
static void halve(struct site *site, size_t size)
{
	if (!site->nr || spanheap_split(site->objs[0]))
		pr_err("%s: no split\n", site->name);
	else
		keep(site, site->objs[0] + size / 2);
}

static noinline void site_split(struct site *site)
{
	keep(site, spanheap_alloc(heap, SZ_128K, GFP_KERNEL));
	/* In a debug heap the first half counts for both. */
	if (!is_debug)
		halve(site, SZ_128K);
}

static noinline void site_pages(struct site *site)
{
	keep(site, spanheap_alloc_pages(heap, SZ_64K, GFP_KERNEL));
	halve(site, SZ_64K);
}

static noinline void site_persistent(struct site *site)
{
	if (spanheap_alloc_persistent(heap, 100, 8, GFP_KERNEL))
		site->persistent += 100;
}

#define SITE(fn)	{ #fn, fn }

static struct site sites[] = {
	SITE(site_alloc),
	SITE(site_large),
	SITE(site_zalloc),
	SITE(site_array),
	SITE(site_calloc),
	SITE(site_obj),
	SITE(site_aligned),
	SITE(site_node),
	SITE(site_bulk),
	SITE(site_copies),
	SITE(site_string),
	SITE(site_moved),
	SITE(site_moves),
	SITE(site_shrunk),
	SITE(site_shrinks),
	SITE(site_split),
	{ "site_pages", site_pages, true },
	SITE(site_persistent),
};

static int alloc_all(bool debug)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct site *site;

	if (!heap) {
		config.flags = debug ? SPANHEAP_DEBUG : 0;
		heap = spanheap_create("sites", &config);
		if (IS_ERR(heap)) {
			heap = NULL;
			return -ENOMEM;
		}
		is_debug = debug;
	}
	for (site = sites; site < sites + ARRAY_SIZE(sites); site++)
		if (!site->nr)
			site->fn(site);
	return 0;
}

static int free_all(void)
{
	struct site *site;

	for (site = sites; site < sites + ARRAY_SIZE(sites); site++)
		while (site->nr)
			if (site->pages)
				spanheap_free_pages(site->objs[--site->nr]);
			else
				spanheap_free(site->objs[--site->nr]);
	return 0;
}

static int destroy(void)
{
	struct site *site;

	spanheap_destroy(heap);
	heap = NULL;
	for (site = sites; site < sites + ARRAY_SIZE(sites); site++) {
		site->nr = 0;
		site->persistent = 0;
	}
	return 0;
}

static noinline int churn(void)
{
	void *objs[8] = { };
	int i;

	for (i = 0; i < CHURN_ROUNDS; i++) {
		spanheap_free(objs[i % 8]);
		objs[i % 8] = spanheap_alloc(NULL, 8 << i % 14, GFP_KERNEL);
		cond_resched();
	}
	spanheap_free_bulk(8, objs);
	return 0;
}

static noinline int leave(void)
{
	return spanheap_alloc(NULL, 64, GFP_KERNEL) ? 0 : -ENOMEM;
}

static int run(const char *command)
{
	if (!strcmp(command, "alloc"))
		return alloc_all(false);
	if (!strcmp(command, "debug"))
		return alloc_all(true);
	if (!strcmp(command, "free"))
		return free_all();
	if (!strcmp(command, "destroy"))
		return destroy();
	if (!strcmp(command, "churn"))
		return churn();
	if (!strcmp(command, "leave"))
		return leave();
	return -EINVAL;
}

static ssize_t run_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	char command[16];
	int ret;

	if (count >= sizeof(command))
		return -EINVAL;
	if (copy_from_user(command, buf, count))
		return -EFAULT;
	command[count] = '\0';
	mutex_lock(&lock);
	ret = run(strim(command));
	mutex_unlock(&lock);
	return ret ?: count;
}

static const struct file_operations run_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= run_write,
};

static size_t bytes_of(const struct site *site)
{
	size_t bytes = site->persistent;
	unsigned int i;

	for (i = 0; i < site->nr; i++)
		bytes += site->pages ? SZ_32K : spanheap_size(site->objs[i]);
	return bytes;
}

static int held_show(struct seq_file *m, void *unused)
{
	struct site *site;

	mutex_lock(&lock);
	for (site = sites; site < sites + ARRAY_SIZE(sites); site++)
		seq_printf(m, "%s %zu %zu\n", site->name, bytes_of(site),
			   site->nr + site->persistent / 100);
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(held);

static int __init sites_init(void)
{
	dir = debugfs_create_dir("spanheap_sites", NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("held", 0400, dir, NULL, &held_fops);
	return 0;
}
module_init(sites_init);

static void __exit sites_exit(void)
{
	debugfs_remove(dir);
	spanheap_destroy(heap);
}
module_exit(sites_exit);

MODULE_DESCRIPTION("Call sites of every way to allocate from spanheap");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
