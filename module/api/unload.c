// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of heaps, finalizers and roots whose module goes without
 * having destroyed them.
 *
 * The kernel tells when a module goes, after its exit function and before its
 * code is freed. What it leaves behind is reported then, while stacks can still be
 * printed with names. The heap stays as it is, to be seen in debugfs and with its
 * name taken, until somebody destroys it or spanheap goes: others may be looking
 * at its objects. What cannot stay are functions of the module: none that is set
 * as a finalizer, in whatever heap, is called any more, and one that runs is
 * waited for.
 *
 * Locks: going_lock, so that one module goes at a time, outermost. Heaps are
 * visited; no visit lasts while a finalizer is waited for, which may destroy heaps.
 *
 * Contexts: task, may sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "api/unload.h"
#include "base/compat.h"
#include "gc/gc.h"
#include "heap/heap.h"
#include "heap/registry.h"
#include "object/finalizer.h"
#include "show/leaks.h"

static DEFINE_MUTEX(going_lock);	/* one module at a time */

static void report_behind(struct spanheap *heap)
{
	struct spanheap_stats stats;

	spanheap_get_stats(heap, &stats);
	pr_err("module %s leaves heap %s behind (%llu objects, %llu bytes); it has to call spanheap_destroy() before it is unloaded\n",
	       heap->owner.name, heap->name, stats.objects,
	       stats.object_bytes + stats.manual_bytes);
	sh_list_leaks(heap);
}

/* Drop all finalizers of a module. Returns whether one of them runs. */
static bool drop_finalizers(const struct module *mod)
{
	struct spanheap *heap;
	bool runs = false;
	unsigned long nr;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap)) {
		nr = sh_finalizers_drop(&heap->finalizers, mod);
		if (nr)
			pr_err("module %s leaves %lu finalizers behind in heap %s, which will not be called; it has to wait for them, with spanheap_flush_finalizers(), before it is unloaded\n",
			       mod->name, nr, heap->name);
		if (sh_finalizers_run_code_of(&heap->finalizers, mod))
			runs = true;
	}
	return runs;
}

static void leave_heaps(const struct module *mod)
{
	struct spanheap *heap;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap)) {
		if (heap->owner.module != mod || READ_ONCE(heap->dying))
			continue;
		report_behind(heap);
		/* Its roots may be in memory that goes. */
		sh_gc_halt(heap);
		heap->owner.module = NULL;
		WRITE_ONCE(heap->owner.gone, true);
	}
}

/* What is in the module's data is not there any more. */
static void drop_roots(const struct module *mod)
{
	struct spanheap *heap;
	unsigned long nr;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap)) {
		nr = sh_gc_forget_roots(heap, mod);
		if (nr)
			pr_err("module %s leaves %lu roots behind in heap %s, which are none any more; it has to call spanheap_remove_roots() before it is unloaded\n",
			       mod->name, nr, heap->name);
	}
}

/**
 * sh_unload_module() - let nothing depend on the code of a module
 * @mod: the module, which is about to be freed
 */
void sh_unload_module(const struct module *mod)
{
	unsigned long late = jiffies + 10 * HZ;

	mutex_lock(&going_lock);
	leave_heaps(mod);
	drop_roots(mod);
	drop_finalizers(mod);
	/* What sh_finalizer_move() had in hand is in a list again after this. */
	synchronize_rcu();
	while (drop_finalizers(mod)) {
		if (time_after(jiffies, late)) {
			pr_warn("unloading module %s waits for a finalizer in it to return\n",
				mod->name);
			late = jiffies + 60 * HZ;
		}
		schedule_timeout_uninterruptible(1);
	}
	mutex_unlock(&going_lock);
}
EXPORT_SYMBOL_IF_KUNIT(sh_unload_module);

static int notify(struct notifier_block *nb, unsigned long state, void *mod)
{
	if (state == MODULE_STATE_GOING)
		sh_unload_module(mod);
	return NOTIFY_OK;
}

static struct notifier_block notifier = {
	.notifier_call = notify,
};

/**
 * sh_unload_init() - watch modules go
 *
 * Return: 0 or an error.
 */
int sh_unload_init(void)
{
	return register_module_notifier(&notifier);
}

/**
 * sh_unload_exit() - undo sh_unload_init()
 */
void sh_unload_exit(void)
{
	unregister_module_notifier(&notifier);
}
