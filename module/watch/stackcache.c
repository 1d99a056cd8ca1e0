// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks known again without a walk. The unwinder takes some 500 instructions a
 * frame, nine tenths of what a sample of the heap profile would cost; most samples
 * are of stacks that were seen before.
 *
 * What an unwinder finds depends on the address it starts at and on the words it
 * looks at: from a return address it knows how large the frame is, and so where
 * the next one is. Relative to where it starts it looks at the same places every
 * time, as long as it finds the same there. So a stack is remembered as the places
 * that hold one of its return addresses, and a stack that has all of these in the
 * same places is the same stack. Which of several places with the same address is
 * the one that counts need not be known: all must match. If one of them is a
 * leftover that changes, the stack is walked again, no more.
 *
 * That leaves frames of variable size. The usual one is the entry of a system call
 * where the kernel moves its stack by a random number of bytes: it has a single
 * caller, and so the outermost frame of a stack is not compared.
 *
 * Stacks on which a return address is not found as it is, since the architecture
 * or a tracer changes it, are not remembered.
 *
 * Locks: none; only tasks look at the stacks remembered on their CPU, with
 * preemption off. Contexts: any but NMI; in interrupts nothing is known.
 */
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched/task_stack.h>

#include "base/compat.h"
#include "watch/stackcache.h"

/* Stacks remembered on a CPU, and most places of one. */
#define NR_STACKS	32
#define NR_PLACES	(SH_STACKCACHE_FRAMES + 8)

/**
 * struct known - a stack that was walked
 * @stack: its handle
 * @nr: places
 * @at: for each, in order, how many words after the frame it is
 * @addr: for each, the return address that it holds
 */
struct known {
	u32 stack;
	u16 nr;
	u16 at[NR_PLACES];
	unsigned long addr[NR_PLACES];
};

/**
 * struct sh_stackcache - the stacks remembered on a CPU
 * @next: which is forgotten next
 * @tell: for each, that place of it which most likely tells it from others: the
 *	first that is not in this module
 * @addr: for each, what is there; 0 when there is no such stack
 * @known: the stacks
 */
struct sh_stackcache {
	unsigned int next;
	u16 tell[NR_STACKS];
	unsigned long addr[NR_STACKS];
	struct known known[NR_STACKS];
};

static struct sh_stackcache __percpu *stackcache;

/**
 * sh_stackcache_init() - get ready to remember stacks
 *
 * Context: task, may sleep. More than once, but not at the same time.
 * Return: 0 or -ENOMEM.
 */
int sh_stackcache_init(void)
{
	struct sh_stackcache __percpu *new;

	if (stackcache)
		return 0;
	new = alloc_percpu(struct sh_stackcache);
	if (!new)
		return -ENOMEM;
	/* Seen by others only when it is zeroed. */
	smp_store_release(&stackcache, new);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_stackcache_init);

/**
 * sh_stackcache_exit() - forget all stacks
 */
void sh_stackcache_exit(void)
{
	free_percpu(stackcache);
	stackcache = NULL;
}

/* Words from a frame to the end of the stack; 0 when it is not the task's. */
static unsigned long words_above(const unsigned long *frame)
{
	unsigned long base = (unsigned long)task_stack_page(current);
	unsigned long off = (unsigned long)frame - base;

	if (IS_ENABLED(CONFIG_STACK_GROWSUP) || !in_task() || off >= THREAD_SIZE)
		return 0;
	return (THREAD_SIZE - off) / sizeof(*frame);
}

static __no_sanitize_or_inline bool matches(const struct known *known,
					    const unsigned long *frame,
					    unsigned long words)
{
	unsigned int i;

	if (known->at[known->nr - 1] >= words)
		return false;
	for (i = 0; i < known->nr; i++)
		if (READ_ONCE_NOCHECK(frame[known->at[i]]) != known->addr[i])
			return false;
	return true;
}

static __no_sanitize_or_inline u32 find_stack(const struct sh_stackcache *cache,
					      const unsigned long *frame,
					      unsigned long words)
{
	unsigned int i;

	for (i = 0; i < NR_STACKS; i++)
		if (cache->addr[i] && cache->tell[i] < words &&
		    READ_ONCE_NOCHECK(frame[cache->tell[i]]) == cache->addr[i] &&
		    matches(&cache->known[i], frame, words))
			return cache->known[i].stack;
	return 0;
}

/**
 * sh_stackcache_find() - look whether the stack is one that is remembered
 * @frame: the frame whose caller the stack begins with
 *
 * Return: the handle of the stack, 0 when it has to be walked.
 */
u32 sh_stackcache_find(const unsigned long *frame)
{
	/* Zeroed, as sh_stackcache_init() has seen to. */
	struct sh_stackcache __percpu *caches = smp_load_acquire(&stackcache);
	unsigned long words = words_above(frame);
	u32 stack;

	if (!caches || !words)
		return 0;
	preempt_disable();
	stack = find_stack(this_cpu_ptr(caches), frame, words);
	preempt_enable();
	return stack;
}
EXPORT_SYMBOL_IF_KUNIT(sh_stackcache_find);

static bool is_one_of(unsigned long word, const unsigned long *addrs,
		      unsigned int nr)
{
	while (nr--)
		if (addrs[nr] == word)
			return true;
	return false;
}

/*
 * Find the places of @nr return addresses. Returns whether all were found, in
 * order, with room for them.
 */
static __no_sanitize_or_inline bool fill_stack(struct known *known,
					       const unsigned long *frame,
					       unsigned long words,
					       const unsigned long *addrs,
					       unsigned int nr)
{
	unsigned long word, least = ULONG_MAX, at;
	unsigned int i, found = 0;

	for (i = 0; i < nr; i++)
		least = min(least, addrs[i]);
	known->nr = 0;
	for (at = 0; at < words; at++) {
		word = READ_ONCE_NOCHECK(frame[at]);
		if (word < least || !is_one_of(word, addrs, nr))
			continue;
		if (known->nr == NR_PLACES)
			return false;
		found += found < nr && word == addrs[found];
		known->at[known->nr] = at;
		known->addr[known->nr++] = word;
	}
	return found == nr;
}

/**
 * sh_stackcache_add() - remember a stack
 * @frame: the frame whose caller the stack begins with
 * @addrs: its return addresses, from there on; all of them, unless there are
 *	SH_STACKCACHE_FRAMES
 * @nr: how many
 * @nr_own: how many of the first are in this module
 * @stack: its handle
 */
void sh_stackcache_add(const unsigned long *frame, const unsigned long *addrs,
		       unsigned int nr, unsigned int nr_own, u32 stack)
{
	/* Zeroed, as sh_stackcache_init() has seen to. */
	struct sh_stackcache __percpu *caches = smp_load_acquire(&stackcache);
	unsigned long words = words_above(frame);
	struct sh_stackcache *cache;
	struct known *known;
	unsigned int i, tell;

	/* The outermost function has one caller, wherever that is on the stack. */
	if (nr < SH_STACKCACHE_FRAMES)
		nr--;
	if (!caches || !words || !stack || nr <= nr_own)
		return;
	preempt_disable();
	cache = this_cpu_ptr(caches);
	i = cache->next++ % NR_STACKS;
	known = &cache->known[i];
	cache->addr[i] = 0;
	if (fill_stack(known, frame, words, addrs, nr)) {
		known->stack = stack;
		tell = 0;
		while (known->addr[tell] != addrs[nr_own])
			tell++;
		cache->tell[i] = known->at[tell];
		cache->addr[i] = known->addr[tell];
	}
	preempt_enable();
}
EXPORT_SYMBOL_IF_KUNIT(sh_stackcache_add);
