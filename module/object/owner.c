// SPDX-License-Identifier: GPL-2.0
/*
 * Who made a heap, and what is said of that. What becomes of the heap when that
 * module goes is in api/unload.c.
 *
 * Locks: none. Contexts: task.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "heap/heap.h"
#include "object/owner.h"

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

/**
 * sh_owner_report_left() - say that spanheap goes and a heap is still there
 * @heap: the heap, about to be destroyed
 */
void sh_owner_report_left(const struct spanheap *heap)
{
	pr_err("heap %s is still there while spanheap is unloaded: module %s, process %s, pid %d never destroyed it; destroying it\n",
	       heap->name, heap->owner.name, heap->owner.comm, heap->owner.pid);
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
