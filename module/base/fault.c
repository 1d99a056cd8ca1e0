// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection, in kernels with CONFIG_FAULT_INJECTION_DEBUG_FS; in others
 * nothing of it is built. /sys/kernel/debug/fail_spanheap has the kernel's usual
 * files, and "points", a mask of what is made to fail (enum sh_fault). For what
 * fails while the module loads there is a parameter of the same name, with what
 * the kernel's own parameters of that kind take: interval,probability,space,times.
 *
 * Every place that asks here is off the fast paths. An allocation is one only
 * when no cache has the object, so as long as allocations are made to fail the
 * caches stay empty: the slots are drained when that begins and get no room
 * after. The fast paths do not know.
 *
 * Locks: sh_heaps_lock, outside all others, to drain the heaps there are.
 *
 * Contexts: sh_fault() any but NMI, the rest task.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fault-inject.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "base/compat.h"
#include "base/fault.h"
#include "cache/drain.h"
#include "heap/heap.h"

#define ALL_POINTS	(SH_FAULT_ALLOC | SH_FAULT_PAGE | SH_FAULT_VMAP | \
			 SH_FAULT_META | SH_FAULT_HYPERVISOR)

DECLARE_FAULT_ATTR(sh_fault_attr);
EXPORT_SYMBOL_FOR_KUNIT(sh_fault_attr);
unsigned int sh_fault_points;
EXPORT_SYMBOL_FOR_KUNIT(sh_fault_points);

static struct dentry *dir;

static int set_attr(const char *val, const struct kernel_param *kp)
{
	/*
	 * As setup_fault_attr() wants it; it does not change the text. Before
	 * the module starts: gcov counts nothing here yet.
	 */
	if (!setup_fault_attr(&sh_fault_attr, (char *)val)) {
		pr_err("parameter %s: \"%s\" is not interval,probability,space,times\n",
		       kp->name, val);
		return -EINVAL;
	}
	sh_fault_points = ALL_POINTS;
	return 0;
}

static const struct kernel_param_ops attr_ops = {
	.set = set_attr,
};

module_param_cb(fail_spanheap, &attr_ops, NULL, 0);
MODULE_PARM_DESC(fail_spanheap, "make everything that may fail do so now and then: interval,probability,space,times");

/**
 * sh_fault_decide() - ask the fault attribute
 *
 * Each question counts as 1 to the attribute's "space".
 *
 * Context: any but NMI.
 * Return: whether it says to fail.
 */
bool sh_fault_decide(void)
{
	return should_fail(&sh_fault_attr, 1);
}
EXPORT_SYMBOL_FOR_KUNIT(sh_fault_decide);

static void empty_caches(void)
{
	struct spanheap *heap;

	down_read(&sh_heaps_lock);
	list_for_each_entry(heap, &sh_heaps, link)
		sh_drain_all(heap->scavenger.drains);
	up_read(&sh_heaps_lock);
}

static int points_set(void *unused, u64 val)
{
	if (val & ~(u64)ALL_POINTS)
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
 * sh_fault_init() - make the files
 */
void sh_fault_init(void)
{
	dir = fault_create_debugfs_attr("fail_spanheap", NULL, &sh_fault_attr);
	if (!IS_ERR(dir))
		debugfs_create_file("points", 0600, dir, NULL, &points_fops);
}

/**
 * sh_fault_exit() - remove the files
 */
void sh_fault_exit(void)
{
	debugfs_remove_recursive(dir);
}
