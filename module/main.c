// SPDX-License-Identifier: GPL-2.0
/*
 * The module: parameters, and the order in which things come up and go down.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/sampling.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "heap/owner.h"
#include "show/explain.h"
#include "span/pagemap.h"
#include "watch/stacks.h"

#define ARENA_MB_MIN	1
#define ARENA_MB_MAX	1024
#define CACHE_KB_MIN	0
#define CACHE_KB_MAX	65536
#define SCAVENGE_MS_MIN	10
#define SCAVENGE_MS_MAX	86400000
#define QUARANTINE_KB_MIN	0
#define QUARANTINE_KB_MAX	1048576

unsigned int sh_arena_mb = 64;
EXPORT_SYMBOL_FOR_KUNIT(sh_arena_mb);
unsigned int sh_cache_kb = 2048;
unsigned int sh_scavenge_ms = 300000;
unsigned int sh_quarantine_kb = 4096;
EXPORT_SYMBOL_FOR_KUNIT(sh_quarantine_kb);
bool sh_debug_default;
bool sh_panic_on_bad_free;

static int set_in_range(const char *val, const struct kernel_param *kp,
			unsigned int min, unsigned int max)
{
	int err = param_set_uint_minmax(val, kp, min, max);

	/* Before the module starts: gcov counts nothing here yet. */
	if (err)
		pr_err("parameter %s: \"%s\" is not a number from %u to %u\n",
		       kp->name, val ?: "", min, max);
	return err ? -EINVAL : 0;
}

static int set_arena_mb(const char *val, const struct kernel_param *kp)
{
	return set_in_range(val, kp, ARENA_MB_MIN, ARENA_MB_MAX);
}

static int set_cache_kb(const char *val, const struct kernel_param *kp)
{
	return set_in_range(val, kp, CACHE_KB_MIN, CACHE_KB_MAX);
}

static int set_scavenge_ms(const char *val, const struct kernel_param *kp)
{
	return set_in_range(val, kp, SCAVENGE_MS_MIN, SCAVENGE_MS_MAX);
}

static int set_profile_rate(const char *val, const struct kernel_param *kp)
{
	unsigned long rate;

	if (kstrtoul(val, 0, &rate) || rate > SH_RATE_MAX) {
		/* What sysfs hands on ends with a line feed. */
		pr_err("parameter %s: \"%.*s\" is not a number from 0 to %lu\n",
		       kp->name, (int)strcspn(val, "\n"), val, SH_RATE_MAX);
		return -EINVAL;
	}
	return sh_profile_set_rate(rate);
}

static const struct kernel_param_ops profile_rate_ops = {
	.set = set_profile_rate,
	.get = param_get_ulong,
};

static int set_quarantine_kb(const char *val, const struct kernel_param *kp)
{
	return set_in_range(val, kp, QUARANTINE_KB_MIN, QUARANTINE_KB_MAX);
}

static const struct kernel_param_ops arena_mb_ops = {
	.set = set_arena_mb,
	.get = param_get_uint,
};

static const struct kernel_param_ops cache_kb_ops = {
	.set = set_cache_kb,
	.get = param_get_uint,
};

static const struct kernel_param_ops scavenge_ms_ops = {
	.set = set_scavenge_ms,
	.get = param_get_uint,
};

static const struct kernel_param_ops quarantine_kb_ops = {
	.set = set_quarantine_kb,
	.get = param_get_uint,
};

module_param_cb(arena_mb, &arena_mb_ops, &sh_arena_mb, 0444);
MODULE_PARM_DESC(arena_mb, "MiB of address space in an arena, 1 to 1024 (64)");
module_param_cb(cache_kb, &cache_kb_ops, &sh_cache_kb, 0444);
MODULE_PARM_DESC(cache_kb, "KiB of free objects a CPU may cache for a heap, 0 to 65536 (2048)");
module_param_cb(scavenge_ms, &scavenge_ms_ops, &sh_scavenge_ms, 0444);
MODULE_PARM_DESC(scavenge_ms, "milliseconds after which idle memory goes back, 10 to 86400000 (300000)");
module_param_cb(profile_rate, &profile_rate_ops, &sh_profile_rate, 0644);
MODULE_PARM_DESC(profile_rate, "mean bytes between two samples of the heap profile, 0 to 134217728; 0 takes none, 1 takes all (2097152)");
module_param_cb(quarantine_kb, &quarantine_kb_ops, &sh_quarantine_kb, 0444);
MODULE_PARM_DESC(quarantine_kb, "KiB of freed objects that a debug heap holds back, 0 to 1048576 (4096)");
module_param_named(debug, sh_debug_default, bool, 0444);
MODULE_PARM_DESC(debug, "make the default heap a debug heap (off)");
module_param_named(panic_on_bad_free, sh_panic_on_bad_free, bool, 0644);
MODULE_PARM_DESC(panic_on_bad_free, "panic when something is freed that is no live object (off)");

static int __init spanheap_init(void)
{
	int err;

	err = sh_pagemap_init();
	if (err)
		return err;
	/* Without memory these two fail where the kernel does: no test makes them. */
	err = sh_arena_init();
	if (err)
		goto exit_pagemap;
	err = sh_debug_init();
	if (err)
		goto exit_arena;
	err = sh_scavenge_init();
	if (err)
		goto exit_debug;
	err = sh_profile_init();
	if (!err)
		err = sh_finalizer_init();
	if (err)
		goto exit_scavenge;
	sh_debugfs_init();
	err = sh_heaps_init();
	if (err)
		goto exit_debugfs;
	err = sh_pressure_init();
	if (err)
		goto exit_heaps;
	err = sh_owner_init();
	if (err)
		goto exit_pressure;
	sh_fault_init();
	sh_explain_init();
	return 0;

exit_pressure:
	sh_pressure_exit();
exit_heaps:
	sh_heaps_exit();
exit_debugfs:
	sh_debugfs_exit();
	sh_finalizer_exit();
exit_scavenge:
	sh_scavenge_exit();
	rcu_barrier();
	sh_profile_exit();
	sh_stacks_exit();
exit_debug:
	sh_debug_exit();
exit_arena:
	sh_arena_exit();
exit_pagemap:
	sh_pagemap_exit();
	return err;
}

static void __exit spanheap_exit(void)
{
	sh_explain_exit();
	sh_fault_exit();
	sh_owner_exit();
	sh_pressure_exit();
	sh_heaps_exit();
	sh_debugfs_exit();
	sh_finalizer_exit();
	sh_scavenge_exit();
	/* Blocks of records are freed by RCU callbacks of ours. */
	rcu_barrier();
	sh_profile_exit();
	sh_stacks_exit();
	sh_debug_exit();
	sh_arena_exit();
	sh_pagemap_exit();
}

module_init(spanheap_init);
module_exit(spanheap_exit);

MODULE_DESCRIPTION("A general-purpose heap for kernel modules");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
