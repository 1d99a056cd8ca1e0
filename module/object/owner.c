// SPDX-License-Identifier: GPL-2.0
/*
 * Who made a heap, and what becomes of it when that module goes without having
 * destroyed it.
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
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "base/compat.h"
#include "heap/heap.h"
#include "heap/registry.h"
#include "object/finalizer.h"
#include "object/owner.h"

static DEFINE_MUTEX(going_lock);	/* one module at a time */

/**
 * sh_owner_set() - note that the caller makes a heap
 * @owner: where to note it
 * @mod: the module the caller is in, NULL for the kernel
 */
void sh_owner_set(struct sh_owner *owner, const struct module *mod)
{
	owner->module = mod;
	strscpy(owner->name, mod ? mod->name : "kernel", sizeof(owner->name));
	get_task_comm(owner->comm, current);
	owner->pid = task_pid_nr(current);
	owner->made = ktime_get_boottime_ns();
}

/**
 * sh_owner_report_taken() - say whose the name of a heap is
 * @heap: the heap, to be listed until this returns
 */
void sh_owner_report_taken(const struct spanheap *heap)
{
	const struct sh_owner *owner = &heap->owner;
	u32 ns;
	u64 s = div_u64_rem(owner->made, NSEC_PER_SEC, &ns);

	pr_warn_ratelimited("heap %s exists already: module %s made it %s, in process %s, pid %d, %llu.%03u s after boot; %s\n",
			    heap->name, owner->name,
			    owner->gone ? "and left it behind" : "and has it",
			    owner->comm, owner->pid, s,
			    ns / (u32)NSEC_PER_MSEC,
			    owner->gone ? "it goes when spanheap is unloaded" :
			    heap->dying ? "it is being destroyed" :
					  "choose another name");
}

static void report_behind(struct spanheap *heap)
{
	struct spanheap_stats stats;

	spanheap_get_stats(heap, &stats);
	pr_err("module %s leaves heap %s behind (%llu objects, %llu bytes); it has to call spanheap_destroy() before it is unloaded\n",
	       heap->owner.name, heap->name, stats.objects,
	       stats.object_bytes + stats.manual_bytes);
	sh_list_leaks(heap);
}

/**
 * sh_owner_report_left() - say that spanheap goes and a heap is still there
 * @heap: the heap, about to be destroyed
 */
void sh_owner_report_left(const struct spanheap *heap)
{
	pr_err("heap %s is still there while spanheap is unloaded: module %s, process %s, pid %d never destroyed it; destroying it\n",
	       heap->name, heap->owner.name, heap->owner.comm, heap->owner.pid);
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
		heap->owner.module = NULL;
		WRITE_ONCE(heap->owner.gone, true);
	}
}

/**
 * sh_owner_module_goes() - let nothing depend on the code of a module
 * @mod: the module, which is about to be freed
 */
void sh_owner_module_goes(const struct module *mod)
{
	unsigned long late = jiffies + 10 * HZ;

	mutex_lock(&going_lock);
	leave_heaps(mod);
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
EXPORT_SYMBOL_FOR_KUNIT(sh_owner_module_goes);

static int notify(struct notifier_block *nb, unsigned long state, void *mod)
{
	if (state == MODULE_STATE_GOING)
		sh_owner_module_goes(mod);
	return NOTIFY_OK;
}

static struct notifier_block notifier = {
	.notifier_call = notify,
};

/**
 * sh_owner_init() - watch modules go
 *
 * Return: 0 or an error.
 */
int sh_owner_init(void)
{
	return register_module_notifier(&notifier);
}

/**
 * sh_owner_exit() - undo sh_owner_init()
 */
void sh_owner_exit(void)
{
	unregister_module_notifier(&notifier);
}

/**
 * sh_owner_show() - print who made a heap, a name and a value a line
 * @owner: who
 * @m: the file
 */
void sh_owner_show(const struct sh_owner *owner, struct seq_file *m)
{
	seq_printf(m, "module %s\n", owner->name);
	/* Anything but a NUL may be in it. */
	seq_puts(m, "comm ");
	seq_escape(m, owner->comm, " \t\n\v\f\r\\");
	seq_putc(m, '\n');
	sh_owner_show_figures(owner, m);
}

/**
 * sh_owner_show_figures() - print what is a number of who made a heap
 * @owner: who
 * @m: the file
 */
void sh_owner_show_figures(const struct sh_owner *owner, struct seq_file *m)
{
	seq_printf(m, "pid %d\n", owner->pid);
	seq_printf(m, "created_ms %llu\n", div_u64(owner->made, NSEC_PER_MSEC));
	seq_printf(m, "left_behind %d\n", READ_ONCE(owner->gone));
}
