// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters that more than one file uses, and their ranges. Those of one
 * file are there. Documentation/parameters.rst says what each is good for.
 *
 * Locks: none; all but two are set once, before the module starts.
 * Contexts: task.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/moduleparam.h>

#include "base/compat.h"
#include "base/params.h"

#define ARENA_MB_MIN	1
#define ARENA_MB_MAX	1024
#define CACHE_KB_MIN	0
#define CACHE_KB_MAX	65536
#define SCAVENGE_MS_MIN	10
#define SCAVENGE_MS_MAX	86400000
#define QUARANTINE_KB_MIN	0
#define QUARANTINE_KB_MAX	1048576

unsigned int sh_arena_mb = 64;
EXPORT_SYMBOL_IF_KUNIT(sh_arena_mb);
unsigned int sh_cache_kb = 2048;
unsigned int sh_scavenge_ms = 300000;
unsigned int sh_quarantine_kb = 4096;
EXPORT_SYMBOL_IF_KUNIT(sh_quarantine_kb);
bool sh_debug_default;
bool sh_panic_on_bad_free;
bool sh_gc_verify_cycles;
EXPORT_SYMBOL_IF_KUNIT(sh_gc_verify_cycles);

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
module_param_cb(quarantine_kb, &quarantine_kb_ops, &sh_quarantine_kb, 0444);
MODULE_PARM_DESC(quarantine_kb, "KiB of freed objects that a debug heap holds back, 0 to 1048576 (4096)");
module_param_named(debug, sh_debug_default, bool, 0444);
MODULE_PARM_DESC(debug, "make the default heap a debug heap (off)");
module_param_named(panic_on_bad_free, sh_panic_on_bad_free, bool, 0644);
MODULE_PARM_DESC(panic_on_bad_free, "panic when something is freed that is no live object (off)");
module_param_named(gc_verify, sh_gc_verify_cycles, bool, 0644);
MODULE_PARM_DESC(gc_verify, "verify managed heaps after each cycle, which closes them meanwhile (off)");
