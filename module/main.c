// SPDX-License-Identifier: GPL-2.0
/*
 * The module: the order in which things come up and go down.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "base/compat.h"
#include "cache/errand.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "object/finalizer.h"
#include "object/finish.h"
#include "object/owner.h"
#include "object/profile.h"
#include "show/explain.h"
#include "show/fault_points.h"
#include "span/pagemap.h"
#include "span/undo.h"
#include "watch/stacks.h"

static int __init spanheap_init(void)
{
	int err;

	sh_undo_init(sh_claim_finish);
	err = sh_pagemap_init();
	if (err)
		return err;
	/* Without memory these two fail where the kernel does: no test makes them. */
	err = sh_arena_init(sh_report_arena_lost);
	if (err)
		goto exit_pagemap;
	err = sh_debug_init();
	if (err)
		goto exit_arena;
	err = sh_errands_init();
	if (err)
		goto exit_debug;
	err = sh_profile_init();
	if (err)
		goto exit_profile;
	err = sh_scavenge_init();
	if (err)
		goto exit_profile;
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
	sh_fault_points_init();
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
exit_profile:
	rcu_barrier();
	sh_profile_exit();
	sh_stacks_exit();
	sh_errands_exit();
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
	sh_fault_points_exit();
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
	sh_errands_exit();
	sh_debug_exit();
	sh_arena_exit();
	sh_pagemap_exit();
}

module_init(spanheap_init);
module_exit(spanheap_exit);

MODULE_DESCRIPTION("A general-purpose heap for kernel modules");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
