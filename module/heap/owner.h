/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who made a heap. See owner.c.
 */
#ifndef SPANHEAP_OWNER_H
#define SPANHEAP_OWNER_H

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/types.h>

struct seq_file;
struct spanheap;

/**
 * struct sh_owner - who made a heap
 * @module: the module, NULL when it is no module or has gone
 * @name: its name; "kernel" when it is none
 * @comm: name of the process that called
 * @pid: its number
 * @made: when, nanoseconds since boot
 * @gone: whether the module has gone and left the heap behind
 */
struct sh_owner {
	const struct module *module;
	char name[MODULE_NAME_LEN];
	char comm[TASK_COMM_LEN];
	pid_t pid;
	u64 made;
	bool gone;
};

int sh_owner_init(void);
void sh_owner_exit(void);
void sh_owner_set(struct sh_owner *owner, const struct module *mod);
void sh_owner_report_taken(const struct spanheap *heap);
void sh_owner_report_left(const struct spanheap *heap);
void sh_owner_show(const struct sh_owner *owner, struct seq_file *m);
void sh_owner_show_figures(const struct sh_owner *owner, struct seq_file *m);
void sh_owner_module_goes(const struct module *mod);

#endif /* SPANHEAP_OWNER_H */
