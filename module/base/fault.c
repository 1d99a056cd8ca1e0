// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection, in kernels with CONFIG_FAULT_INJECTION_DEBUG_FS; in others
 * nothing of it is built. show/fault_points.c has the files in debugfs. For what
 * fails while the module loads there is a parameter of the same name, with what
 * the kernel's own parameters of that kind take: interval,probability,space,times.
 *
 * Every place that asks here is off the fast paths. An allocation is one only
 * when no cache has the object, so as long as allocations are made to fail the
 * caches stay empty: the slots are drained when that begins and get no room
 * after. The fast paths do not know.
 *
 * Locks: none. Contexts: sh_fault() any but NMI, the rest task.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/fault-inject.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "base/compat.h"
#include "base/fault.h"

unsigned int sh_fault_points;
EXPORT_SYMBOL_IF_KUNIT(sh_fault_points);
DECLARE_FAULT_ATTR(sh_fault_attr);
EXPORT_SYMBOL_IF_KUNIT(sh_fault_attr);

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
	sh_fault_points = SH_FAULT_ALL;
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
EXPORT_SYMBOL_IF_KUNIT(sh_fault_decide);
