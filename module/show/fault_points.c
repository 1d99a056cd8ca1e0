// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection, as seen by people: /sys/kernel/debug/fail_spanheap has the
 * kernel's usual files, and "points", a mask of what is made to fail (enum
 * sh_fault). When allocations begin to, all caches are emptied, see fault.c.
 *
 * Locks: none; heaps are visited.
 *
 * Contexts: task.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fault-inject.h>
#include <linux/fs.h>

#include "base/compat.h"
#include "base/fault.h"
#include "cache/drain.h"
#include "heap/heap.h"
#include "heap/registry.h"
#include "show/fault_points.h"

static struct dentry *dir;

static void empty_caches(void)
{
	struct spanheap *heap;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap))
		sh_drain_all(heap->drains);
}

static int points_set(void *unused, u64 val)
{
	if (val & ~(u64)SH_FAULT_ALL)
		return -EINVAL;
	WRITE_ONCE(sh_fault_points, val);
	if (val & SH_FAULT_ALLOC)
		empty_caches();
	return 0;
}

static int points_get(void *unused, u64 *val)
{
	*val = READ_ONCE(sh_fault_points);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(points_fops, points_get, points_set, "%llu\n");

/**
 * sh_fault_points_init() - make the files
 */
void sh_fault_points_init(void)
{
	dir = fault_create_debugfs_attr("fail_spanheap", NULL, &sh_fault_attr);
	if (!IS_ERR(dir))
		debugfs_create_file("points", 0600, dir, NULL, &points_fops);
}

/**
 * sh_fault_points_exit() - remove the files
 */
void sh_fault_points_exit(void)
{
	debugfs_remove_recursive(dir);
}
