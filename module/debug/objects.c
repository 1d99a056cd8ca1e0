// SPDX-License-Identifier: GPL-2.0
/*
 * The live objects of a debug heap, for a file in debugfs and for the report of
 * leaks.
 *
 * The file has a line for each object, and below it, indented, where it was
 * allocated:
 *
 *   <address, hashed> <bytes> <age in ms> <pid> <cpu>
 *       caller+0x../0x.. [module]
 *
 * Locks: that of debug->slots, for an object at a time. Others go on meanwhile.
 * Contexts: task.
 */
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "debug/debug.h"
#include "debug/table.h"
#include "heap/heap.h"

/**
 * sh_objects_next() - the next slot with objects
 * @debug: the debug layer
 * @index: where to look from; set to the slot's index
 *
 * Return: whether there is one.
 */
bool sh_objects_next(struct sh_debug *debug, unsigned long *index)
{
	unsigned long flags;
	void *found;

	xa_lock_irqsave(&debug->slots, flags);
	found = xa_find(&debug->slots, index, ULONG_MAX, XA_PRESENT);
	xa_unlock_irqrestore(&debug->slots, flags);
	return found;
}

/**
 * sh_objects_live() - the n-th live object of a slot
 * @debug: the debug layer
 * @index: the slot's index
 * @n: which, from 0
 * @copy: set to a copy of the record
 *
 * Return: whether there are so many.
 */
bool sh_objects_live(struct sh_debug *debug, unsigned long index,
		     unsigned int n, struct sh_guard *copy)
{
	struct sh_guard *guard;
	unsigned long flags;

	xa_lock_irqsave(&debug->slots, flags);
	guard = xa_load(&debug->slots, index);
	for (; guard; guard = guard->next)
		if ((guard->state == SH_GUARD_LIVE ||
		     guard->state == SH_GUARD_BUSY) && !n--)
			break;
	if (guard)
		*copy = *guard;
	xa_unlock_irqrestore(&debug->slots, flags);
	return guard;
}

static struct sh_debug *debug_of(struct seq_file *m)
{
	struct spanheap *heap = m->private;

	return heap->debug;
}

/* Position 0 is the heading, the others are one more than a slot's index. */
static void *objects_start(struct seq_file *m, loff_t *pos)
{
	unsigned long index = *pos - 1;

	if (!*pos)
		return SEQ_START_TOKEN;
	if (!sh_objects_next(debug_of(m), &index))
		return NULL;
	*pos = index + 1;
	return pos;
}

static void *objects_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return objects_start(m, pos);
}

static void objects_stop(struct seq_file *m, void *v)
{
}

static int objects_show(struct seq_file *m, void *v)
{
	const struct sh_track *by;
	struct sh_guard object;
	unsigned int n;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "          object       bytes     age_ms     pid   cpu\n");
		return 0;
	}
	by = &object.alloc;
	for (n = 0; sh_objects_live(debug_of(m), *(loff_t *)v - 1, n, &object); n++) {
		seq_printf(m, "%16p %11zu %10u %7d %5u\n", (void *)object.start,
			   object.size, jiffies_to_msecs(jiffies - by->when),
			   by->pid, by->cpu);
		sh_stack_show(by->stack, m);
	}
	return 0;
}

static const struct seq_operations objects_sops = {
	.start = objects_start,
	.next = objects_next,
	.stop = objects_stop,
	.show = objects_show,
};

static int objects_open(struct inode *inode, struct file *file)
{
	int err = seq_open(file, &objects_sops);

	if (!err)
		((struct seq_file *)file->private_data)->private =
			inode->i_private;
	return err;
}

const struct file_operations sh_objects_fops = {
	.owner = THIS_MODULE,
	.open = objects_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release,
};
