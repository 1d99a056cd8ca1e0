/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where something was called from. See stacks.c.
 */
#ifndef SPANHEAP_STACKS_H
#define SPANHEAP_STACKS_H

#include <linux/types.h>

struct seq_file;

/**
 * struct sh_track - who did something, and when
 * @when: jiffies
 * @stack: handle of the stack, 0 when it is not known
 * @pid: the task, or the one that was interrupted
 * @cpu: the CPU
 * @known: whether anybody did it; the rest is meaningless otherwise
 */
struct sh_track {
	unsigned long when;
	u32 stack;
	pid_t pid;
	u16 cpu;
	bool known;
};

int sh_stacks_init(void);
void sh_stacks_exit(void);
u32 sh_stack_of_caller(gfp_t gfp);
unsigned int sh_stack_fetch(u32 stack, unsigned long **frames);
void sh_track_take(struct sh_track *track, gfp_t gfp);
void sh_track_print(const struct sh_track *track, const char *what);
void sh_stack_print(u32 stack);
void sh_stack_show(u32 stack, struct seq_file *m);
u32 sh_stack_hash(void);

#endif /* SPANHEAP_STACKS_H */
