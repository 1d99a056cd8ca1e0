// SPDX-License-Identifier: GPL-2.0
/*
 * The module: the order in which things come up and go down.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "api/heaps.h"
#include "api/unload.h"
#include "base/compat.h"
#include "cache/errand.h"
#include "debug/table.h"
#include "gc/gc.h"
#include "heap/heap.h"
#include "heap/pressure.h"
#include "object/finalizer_list.h"
#include "object/finish.h"
#include "object/profile.h"
#include "show/debugfs.h"
#include "show/explain.h"
#include "show/fault_points.h"
#include "show/misuse.h"
#include "span/pagemap.h"
#include "span/undo.h"
#include "watch/stacks.h"

static int start_claims(void)
{
	sh_undo_init(sh_claim_finish);
	return 0;
}

static int start_arenas(void)
{
	return sh_arena_init(sh_report_arena_lost);
}

static int start_debugfs(void)
{
	sh_debugfs_init();
	return 0;
}

/* Blocks of records are freed by RCU callbacks of ours. */
static void wait_for_callbacks(void)
{
	rcu_barrier();
}

static int start_tools(void)
{
	sh_fault_points_init();
	sh_explain_init();
	return 0;
}

static void stop_tools(void)
{
	sh_explain_exit();
	sh_fault_points_exit();
}

/**
 * struct part - what the module consists of
 * @init: brings it up, or NULL; returns 0 or an error, then it is down
 * @exit: brings it down, or NULL
 */
struct part {
	int (*init)(void);
	void (*exit)(void);
};

/*
 * In the order in which they come up. Arenas, the debug layer, errands and stacks fail
 * without memory where the kernel does: no test makes them.
 */
static const struct part parts[] = {
	{ start_claims },
	{ sh_pagemap_init, sh_pagemap_exit },
	{ start_arenas, sh_arena_exit },
	{ sh_debug_init, sh_debug_exit },
	{ sh_errands_init, sh_errands_exit },
	{ NULL, sh_stacks_exit },
	{ sh_profile_init, sh_profile_exit },
	{ NULL, wait_for_callbacks },
	{ sh_scavenge_init, sh_scavenge_exit },
	{ sh_finalizer_init, sh_finalizer_exit },
	{ start_debugfs, sh_debugfs_exit },
	{ sh_gc_init, sh_gc_exit },
	{ sh_heaps_init, sh_heaps_exit },
	{ sh_pressure_init, sh_pressure_exit },
	{ sh_unload_init, sh_unload_exit },
	{ start_tools, stop_tools },
};

/* Bring the first @nr down, the last of them first. */
static void stop(unsigned int nr)
{
	while (nr--)
		if (parts[nr].exit)
			parts[nr].exit();
}

static int __init spanheap_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		err = parts[i].init ? parts[i].init() : 0;
		if (!err)
			continue;
		stop(i);
		return err;
	}
	return 0;
}

static void __exit spanheap_exit(void)
{
	stop(ARRAY_SIZE(parts));
}

module_init(spanheap_init);
module_exit(spanheap_exit);

MODULE_DESCRIPTION("A general-purpose heap for kernel modules");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
