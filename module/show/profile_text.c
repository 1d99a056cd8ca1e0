// SPDX-License-Identifier: GPL-2.0
/*
 * The heap profile as text: folded stacks for flame graphs, and the format that
 * pprof reads. In neither are there addresses: the first has names, and in the
 * second a table of names goes with numbers made up for this one reading.
 *
 * Locks: none. Contexts: task, may sleep.
 */
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "base/compat.h"
#include "base/sampling.h"
#include "heap/heap.h"
#include "object/profile.h"
#include "watch/stacks.h"

/* A function and its module, in a word: what reads this splits at blanks. */
static void put_name(struct seq_file *m, unsigned long addr)
{
	char name[160];

	snprintf(name, sizeof(name), "%ps", (void *)addr);
	strreplace(name, ' ', '_');
	strreplace(name, ';', ':');
	seq_puts(m, name);
}

static void put_folded(struct seq_file *m, const struct sh_bucket *bucket,
		       u64 bytes)
{
	unsigned long *frames;
	unsigned int nr = sh_stack_fetch(bucket->stack, &frames);

	if (!nr)
		seq_puts(m, "unknown");
	while (nr--) {
		put_name(m, frames[nr]);
		if (nr)
			seq_putc(m, ';');
	}
	seq_printf(m, " %llu\n", bytes);
}

/**
 * sh_profile_show() - print folded stacks, the outermost frame first
 * @heap: the heap
 * @m: where to
 * @live: live bytes, not all ever allocated
 *
 * Return: 0.
 */
int sh_profile_show(struct spanheap *heap, struct seq_file *m, bool live)
{
	struct sh_bucket *bucket;
	unsigned long stack;
	u64 bytes;

	xa_for_each(&heap->profile.buckets, stack, bucket) {
		bytes = atomic64_read(live ? &bucket->live_bytes :
					     &bucket->all_bytes);
		if (bytes)
			put_folded(m, bucket, bytes);
		cond_resched();
	}
	return 0;
}

/* The number that stands for an address in this reading; 0 without memory. */
static unsigned long number_of(struct xarray *numbers, unsigned long addr,
			       unsigned long *last)
{
	/* Kernel addresses are odd as well, and too large for an index in words. */
	void *known = xa_load(numbers, addr);

	if (known)
		return xa_to_value(known);
	*last += 16;
	if (xa_is_err(xa_store(numbers, addr, xa_mk_value(*last), GFP_KERNEL)))
		return 0;
	return *last;
}

/* Returns the last number. */
static unsigned long put_symbols(struct seq_file *m, struct spanheap *heap,
				 struct xarray *numbers)
{
	unsigned long stack, *frames, known, number, last = 0x10000;
	struct sh_bucket *bucket;
	unsigned int nr, i;

	seq_puts(m, "--- symbol\nbinary=vmlinux\n");
	xa_for_each(&heap->profile.buckets, stack, bucket) {
		cond_resched();
		nr = sh_stack_fetch(bucket->stack, &frames);
		for (i = 0; i < nr; i++) {
			known = last;
			number = number_of(numbers, frames[i], &last);
			if (last == known || !number)
				continue;
			/* Of callers pprof looks at the byte before. */
			seq_printf(m, "0x%016lx ", number - 1);
			put_name(m, frames[i]);
			seq_printf(m, "\n0x%016lx ", number);
			put_name(m, frames[i]);
			seq_putc(m, '\n');
		}
	}
	seq_puts(m, "---\n");
	return last;
}

static u64 whole(const atomic64_t *objs)
{
	return (atomic64_read(objs) + (1 << (SH_PROFILE_BITS - 1))) >>
	       SH_PROFILE_BITS;
}

static void put_counts(struct seq_file *m, const struct sh_bucket *b)
{
	seq_printf(m, "%llu: %llu [%llu: %llu] @", whole(&b->live_objs),
		   (u64)atomic64_read(&b->live_bytes), whole(&b->all_objs),
		   (u64)atomic64_read(&b->all_bytes));
}

static void put_bucket(struct seq_file *m, const struct sh_bucket *bucket,
		       struct xarray *numbers, unsigned long *last)
{
	unsigned long *frames;
	unsigned int nr, i;

	put_counts(m, bucket);
	nr = sh_stack_fetch(bucket->stack, &frames);
	for (i = 0; i < nr; i++)
		seq_printf(m, " 0x%016lx", number_of(numbers, frames[i], last));
	seq_putc(m, '\n');
}

static void add_bucket(struct sh_bucket *sum, const struct sh_bucket *bucket)
{
	atomic64_add(atomic64_read(&bucket->live_objs), &sum->live_objs);
	atomic64_add(atomic64_read(&bucket->live_bytes), &sum->live_bytes);
	atomic64_add(atomic64_read(&bucket->all_objs), &sum->all_objs);
	atomic64_add(atomic64_read(&bucket->all_bytes), &sum->all_bytes);
}

/**
 * sh_profile_pprof() - print the profile as pprof reads it
 * @heap: the heap
 * @m: where to
 *
 * The text of gperftools with its table of symbols. The figures are scaled
 * already, so the header names no rate.
 *
 * Return: 0.
 */
int sh_profile_pprof(struct spanheap *heap, struct seq_file *m)
{
	struct sh_bucket *bucket, sum = { };
	unsigned long stack, last;
	struct xarray numbers;

	xa_init(&numbers);
	last = put_symbols(m, heap, &numbers);
	xa_for_each(&heap->profile.buckets, stack, bucket)
		add_bucket(&sum, bucket);
	seq_puts(m, "heap profile: ");
	put_counts(m, &sum);
	seq_puts(m, " heapprofile\n");
	xa_for_each(&heap->profile.buckets, stack, bucket) {
		put_bucket(m, bucket, &numbers, &last);
		cond_resched();
	}
	xa_destroy(&numbers);
	return 0;
}
