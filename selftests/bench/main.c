// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_bench - compare spanheap with the kernel's allocators
 *
 * /sys/kernel/debug/spanheap_bench/
 *	run	write "WORKLOAD [OPTION=VALUE]..."; returns when it is done
 *	results	read the figures of that run as comma-separated values
 *	trace	write a trace for the workload "replay"
 *
 * Workloads: single batch bulk churn touch growth giveback traffic remote
 * parallel replay.
 * Options: runs, us, min, max, count, mem; see &struct bench_options. Numbers
 * may end in K, M or G.
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/uaccess.h>

#include "bench.h"
#include "results.h"
#include "trace.h"

static struct bench bench = {
	.lock = __MUTEX_INITIALIZER(bench.lock),
	.results = LIST_HEAD_INIT(bench.results),
	.workload = "none",
};

static struct dentry *bench_dir;

static const struct workload {
	const char *name;
	int (*run)(struct bench *b);
} workloads[] = {
	{ "single", bench_single },
	{ "batch", bench_batch },
	{ "bulk", bench_bulk },
	{ "churn", bench_churn },
	{ "touch", bench_touch },
	{ "growth", bench_growth },
	{ "giveback", bench_giveback },
	{ "traffic", bench_traffic },
	{ "remote", bench_remote },
	{ "parallel", bench_parallel },
	{ "replay", bench_replay },
};

static unsigned long available_bytes(void)
{
	return si_mem_available() << PAGE_SHIFT;
}

static void default_options(struct bench_options *o)
{
	*o = (struct bench_options){
		.runs = 11,
		.us = 500,
		.min = 0,
		.max = ULONG_MAX,
		.mem = available_bytes() / 2,
	};
}

static int parse_option(struct bench_options *o, char *word)
{
	const struct {
		const char *name;
		unsigned long *value;
	} options[] = {
		{ "runs", &o->runs }, { "us", &o->us }, { "min", &o->min },
		{ "max", &o->max }, { "count", &o->count }, { "mem", &o->mem },
	};
	char *value = strchr(word, '='), *end;
	unsigned int i;

	if (!value)
		return -EINVAL;
	*value++ = '\0';

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(word, options[i].name))
			continue;
		*options[i].value = memparse(value, &end);
		return end == value || *end ? -EINVAL : 0;
	}
	return -EINVAL;
}

static int parse_options(struct bench_options *o, char *words)
{
	char *word;
	int ret;

	default_options(o);
	while ((word = strsep(&words, " \t\n"))) {
		if (!*word)
			continue;
		ret = parse_option(o, word);
		if (ret)
			return ret;
	}
	if (!o->runs || o->runs > BENCH_MAX_RUNS || !o->us ||
	    o->us > USEC_PER_SEC || o->count > BENCH_MAX_COUNT)
		return -EINVAL;
	o->mem = min(o->mem, available_bytes() / 10 * 9);
	return 0;
}

static int run_workload(struct bench *b, char *line)
{
	char *name = strsep(&line, " \t\n");
	unsigned int i;
	int ret;

	ret = parse_options(&b->options, line);
	if (ret)
		return ret;

	for (i = 0; i < ARRAY_SIZE(workloads); i++) {
		if (strcmp(name, workloads[i].name))
			continue;
		bench_results_clear(b);
		b->workload = workloads[i].name;
		return workloads[i].run(b);
	}
	return -EINVAL;
}

static ssize_t run_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	char *line;
	int ret;

	if (count >= PAGE_SIZE)
		return -EINVAL;
	line = memdup_user_nul(buf, count);
	if (IS_ERR(line))
		return PTR_ERR(line);

	ret = mutex_lock_interruptible(&bench.lock);
	if (!ret) {
		ret = run_workload(&bench, line);
		mutex_unlock(&bench.lock);
	}
	kfree(line);
	return ret ?: count;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
	.llseek = noop_llseek,
};

static int results_show(struct seq_file *m, void *unused)
{
	int ret = mutex_lock_interruptible(&bench.lock);

	if (ret)
		return ret;
	bench_results_show(&bench, m);
	mutex_unlock(&bench.lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static int trace_open(struct inode *inode, struct file *file)
{
	if (!(file->f_flags & O_TRUNC))
		return simple_open(inode, file);

	mutex_lock(&bench.lock);
	bench_trace_clear(&bench);
	mutex_unlock(&bench.lock);
	return simple_open(inode, file);
}

static ssize_t trace_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	int ret = mutex_lock_interruptible(&bench.lock);

	if (ret)
		return ret;
	ret = bench_trace_append(&bench, buf, count, *ppos);
	mutex_unlock(&bench.lock);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}

static const struct file_operations trace_fops = {
	.owner = THIS_MODULE,
	.open = trace_open,
	.write = trace_write,
	.llseek = noop_llseek,
};

static int __init spanheap_bench_init(void)
{
	bench_dir = debugfs_create_dir("spanheap_bench", NULL);
	debugfs_create_file("run", 0200, bench_dir, NULL, &run_fops);
	debugfs_create_file("results", 0400, bench_dir, NULL, &results_fops);
	debugfs_create_file("trace", 0200, bench_dir, NULL, &trace_fops);
	return 0;
}

static void __exit spanheap_bench_exit(void)
{
	debugfs_remove(bench_dir);
	bench_trace_clear(&bench);
	bench_results_clear(&bench);
}

module_init(spanheap_bench_init);
module_exit(spanheap_bench_exit);

MODULE_DESCRIPTION("Benchmark of spanheap and the kernel's allocators");
MODULE_LICENSE("GPL");
