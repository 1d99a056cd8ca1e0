// SPDX-License-Identifier: GPL-2.0
/*
 * Where something was called from. Stacks are kept in the kernel's stack depot,
 * each different one once, and are named by a handle. The depot gives nothing
 * back, so a handle can be printed as long as anybody has it. What lies below
 * the entry of an interrupt is left out: it differs each time and is nobody's
 * doing.
 *
 * Without a stack depot, or where it has no memory, there is no stack: handle 0.
 * The depot's table takes up to 1/2048 of all memory, so it is asked for only when
 * somebody is about to save stacks.
 *
 * Locks: that of sh_stacks_init(), around none of ours. Contexts: any but NMI.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/stackdepot.h>
#include <linux/stacktrace.h>

#include "base/compat.h"
#include "base/gfp.h"
#include "watch/stackcache.h"
#include "watch/stacks.h"

/* Deep enough to tell callers apart that come through layers of their own. */
#define STACK_FRAMES	16

/* Of these, what tells two places apart. */
#define HASH_FRAMES	12

#if IS_ENABLED(CONFIG_STACKTRACE)
static noinline unsigned int walk(unsigned long *frames, unsigned int nr)
{
	/* Neither this function nor the one that called it. */
	nr = stack_trace_save(frames, nr, 2);
	return filter_irq_stacks(frames, nr);
}
#else
static noinline unsigned int walk(unsigned long *frames, unsigned int nr)
{
	return 0;
}
#endif

#if IS_ENABLED(CONFIG_STACKDEPOT) && IS_ENABLED(CONFIG_STACKTRACE)
/**
 * sh_stacks_init() - prepare for saving stacks
 *
 * Context: task, may sleep. May be called more than once.
 * Return: 0 or -ENOMEM.
 */
int sh_stacks_init(void)
{
	static DEFINE_MUTEX(lock);
	int err;

	mutex_lock(&lock);
	err = stack_depot_init() ?: sh_stackcache_init();
	mutex_unlock(&lock);
	return err;
}

static noinline u32 save(gfp_t gfp)
{
	unsigned long frames[STACK_FRAMES];
	unsigned int nr = walk(frames, STACK_FRAMES);

	return nr ? stack_depot_save(frames, nr, sh_gfp_meta(gfp)) : 0;
}

/**
 * sh_stacks_exit() - undo sh_stacks_init(), whether it was called or not
 */
void sh_stacks_exit(void)
{
	sh_stackcache_exit();
}

/* Built in, our functions cannot be told from others', and show. */
static bool is_ours(unsigned long addr)
{
	return __is_defined(MODULE) && within_module(addr, THIS_MODULE);
}

/* A stack that is not known yet, from the caller of the caller on. */
static noinline u32 save_new(const unsigned long *frame, gfp_t gfp)
{
	unsigned long frames[SH_STACKCACHE_FRAMES];
	unsigned int nr, own = 0;
	u32 stack;

	nr = stack_trace_save(frames, ARRAY_SIZE(frames), 2);
	while (own < nr && is_ours(frames[own]))
		own++;
	if (own == nr)
		return 0;
	stack = stack_depot_save(frames + own, nr - own, sh_gfp_meta(gfp));
	sh_stackcache_add(frame, frames, nr, own, stack);
	return stack;
}

/**
 * sh_stack_of_caller() - save the stack from the first function on that is not
 *	in this module
 * @gfp: flags of the allocation, for memory of the stack depot
 *
 * Cheap for stacks that were saved before, see stackcache.c.
 *
 * Context: that of @gfp.
 * Return: its handle.
 */
noinline u32 sh_stack_of_caller(gfp_t gfp)
{
	const unsigned long *frame = __builtin_frame_address(0);
	u32 stack = sh_stackcache_find(frame);

	return stack ?: save_new(frame, gfp);
}

/**
 * sh_stack_fetch() - look a stack up
 * @stack: its handle, or 0
 * @frames: set to its return addresses, the innermost first
 *
 * Return: how many these are.
 */
unsigned int sh_stack_fetch(u32 stack, unsigned long **frames)
{
	return stack ? stack_depot_fetch(stack, frames) : 0;
}

/**
 * sh_stack_print() - print a stack to the log
 * @stack: its handle; nothing is printed for 0
 */
void sh_stack_print(u32 stack)
{
	if (stack)
		stack_depot_print(stack);
}

/**
 * sh_stack_show() - print a stack to a file, a line a frame, indented
 * @stack: its handle; nothing is printed for 0
 * @m: the file
 */
void sh_stack_show(u32 stack, struct seq_file *m)
{
	unsigned long *frames;
	unsigned int nr = sh_stack_fetch(stack, &frames), i;

	for (i = 0; i < nr; i++)
		seq_printf(m, "    %pS\n", (void *)frames[i]);
}
#else
int sh_stacks_init(void)
{
	return 0;
}

void sh_stacks_exit(void)
{
}

static u32 save(gfp_t gfp)
{
	return 0;
}

u32 sh_stack_of_caller(gfp_t gfp)
{
	return 0;
}

unsigned int sh_stack_fetch(u32 stack, unsigned long **frames)
{
	return 0;
}

void sh_stack_print(u32 stack)
{
}

void sh_stack_show(u32 stack, struct seq_file *m)
{
}
#endif
EXPORT_SYMBOL_IF_KUNIT(sh_stack_fetch);

/**
 * sh_track_take() - note who is doing something, and when: the caller, now
 * @track: where to note it
 * @gfp: flags of the allocation, for memory of the stack depot
 *
 * Context: that of @gfp.
 */
noinline void sh_track_take(struct sh_track *track, gfp_t gfp)
{
	track->when = jiffies;
	track->stack = save(gfp);
	track->pid = current->pid;
	track->cpu = raw_smp_processor_id();
	track->known = true;
}

/**
 * sh_track_print() - print who did something to the log
 * @track: the note; nothing is printed when nobody did
 * @what: what was done, "allocated"
 *
 * "allocated 12 ms ago by pid 34 on CPU 5:" and the stack; without the colon
 * where that is not known.
 */
void sh_track_print(const struct sh_track *track, const char *what)
{
	if (!track->known)
		return;
	pr_err("%s %u ms ago by pid %d on CPU %u%s\n", what,
	       jiffies_to_msecs(jiffies - track->when), track->pid, track->cpu,
	       track->stack ? ":" : "");
	sh_stack_print(track->stack);
}

/**
 * sh_stack_hash() - a number that tells the place of the call from others
 *
 * Return: the number; the same for each call through the same functions.
 */
noinline u32 sh_stack_hash(void)
{
	unsigned long frames[HASH_FRAMES];
	unsigned int nr = walk(frames, HASH_FRAMES);

	return jhash(frames, nr * sizeof(frames[0]), 0);
}
