// SPDX-License-Identifier: GPL-2.0
/*
 * The file of a heap that is written to in order to have its unreachable objects
 * listed in the kernel log:
 *
 *   unreachable    addresses of slots that refer to objects, in hexadecimal, one a
 *                  line; an empty line for none
 *
 * Contexts: task.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "gc/gc.h"
#include "heap/heap.h"

/* Most bytes of a write: some thousand roots. */
#define MOST_BYTES	SZ_64K

/* The addresses in a text. Returns how many, or -EINVAL when a line is none. */
static long parse_roots(char *text, void **roots)
{
	unsigned long addr;
	char *line;
	long nr = 0;

	while ((line = strsep(&text, "\n"))) {
		line = strim(line);
		if (!*line)
			continue;
		if (kstrtoul(line, 16, &addr))
			return -EINVAL;
		roots[nr++] = (void *)addr;
	}
	return nr;
}

static ssize_t unreachable_write(struct file *file, const char __user *buf,
				 size_t len, loff_t *pos)
{
	struct spanheap *heap = file_inode(file)->i_private;
	void **roots;
	char *text;
	long nr;

	if (len > MOST_BYTES)
		return -E2BIG;
	text = memdup_user_nul(buf, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	/* An address takes a digit and a line feed at least. */
	roots = kvcalloc(len / 2 + 1, sizeof(*roots), GFP_KERNEL);
	nr = !roots ? -ENOMEM : strlen(text) < len ? -EINVAL : parse_roots(text, roots);
	if (nr >= 0)
		nr = sh_gc_report_unreachable(heap, roots, nr);
	kvfree(roots);
	kfree(text);
	return nr < 0 ? nr : len;
}

static const struct file_operations unreachable_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = unreachable_write,
	.llseek = noop_llseek,
};

/**
 * sh_gc_debugfs_add() - make the files of a heap that are about reachability
 * @heap: the heap, which has a directory
 */
void sh_gc_debugfs_add(struct spanheap *heap)
{
	debugfs_create_file("unreachable", 0200, heap->dir, heap, &unreachable_fops);
}
