// SPDX-License-Identifier: GPL-2.0
/*
 * The files of a heap that are about what its objects refer to:
 *
 *   unreachable    of an ordinary heap, written to in order to have its unreachable
 *                  objects listed in the kernel log: addresses of slots that refer to
 *                  objects, in hexadecimal, one a line; an empty line for none
 *   types          of a managed heap: what there is of each type
 *   gc             the same: how its cycles went
 *   verify         the same: closes it, looks at all that can be reached, and says
 *                  whether that is as it should be
 *
 * Contexts: task.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "gc/gc.h"
#include "gc/layout.h"
#include "gc/managed.h"
#include "gc/phase.h"
#include "heap/heap.h"

/* Most bytes of a write: some thousand roots. */
#define MOST_BYTES	SZ_64K

/* The addresses in a text. Returns how many, or -EINVAL when a line is none. */
static long parse_roots(char *text, void **roots)
{
	unsigned long addr;
	char *line;
	long nr = 0;

	while ((line = strsep(&text, "\n"))) {
		line = strim(line);
		if (!*line)
			continue;
		if (kstrtoul(line, 16, &addr))
			return -EINVAL;
		roots[nr++] = (void *)addr;
	}
	return nr;
}

static ssize_t unreachable_write(struct file *file, const char __user *buf,
				 size_t len, loff_t *pos)
{
	struct spanheap *heap = file_inode(file)->i_private;
	void **roots;
	char *text;
	long nr;

	if (len > MOST_BYTES)
		return -E2BIG;
	text = memdup_user_nul(buf, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	/* An address takes a digit and a line feed at least. */
	roots = kvcalloc(len / 2 + 1, sizeof(*roots), GFP_KERNEL);
	nr = !roots ? -ENOMEM : strlen(text) < len ? -EINVAL : parse_roots(text, roots);
	if (nr >= 0)
		nr = sh_gc_report_unreachable(heap, roots, nr);
	kvfree(roots);
	kfree(text);
	return nr < 0 ? nr : len;
}

static const struct file_operations unreachable_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = unreachable_write,
	.llseek = noop_llseek,
};

static int types_show(struct seq_file *m, void *unused)
{
	return sh_layouts_show(m->private, m);
}
DEFINE_SHOW_ATTRIBUTE(types);

static const char * const phases[] = {
	[SH_PHASE_IDLE] = "idle",
	[SH_PHASE_ARMED] = "armed",
	[SH_PHASE_MARK] = "mark",
	[SH_PHASE_END] = "end",
};

static const char *phase_of(struct sh_gc *gc)
{
	enum sh_phase phase = sh_word_phase(sh_word(gc->heap));

	return phase == SH_PHASE_IDLE && !sh_sweep_is_done(gc) ? "sweep" : phases[phase];
}

static void show_times(struct seq_file *m, const struct sh_cycle_stats *stats)
{
	seq_printf(m, "last_ns %llu\n", stats->last_ns);
	seq_printf(m, "mark_ns %llu\n", stats->mark_ns);
	seq_printf(m, "total_ns %llu\n", stats->total_ns);
	seq_printf(m, "longest_wait_ns %llu\n", stats->longest_wait_ns);
	seq_printf(m, "late_waits %lu\n", stats->late);
	seq_printf(m, "verified %lu\n", stats->verified);
	seq_printf(m, "wrong %lu\n", stats->wrong);
	seq_printf(m, "reached %lu\n", stats->reached);
	seq_printf(m, "floating %lu\n", stats->floating);
}

static int gc_show(struct seq_file *m, void *unused)
{
	struct spanheap *heap = m->private;
	struct sh_gc *gc = heap->gc;

	seq_printf(m, "phase %s\n", phase_of(gc));
	seq_printf(m, "cycles %lu\n", gc->stats.cycles);
	if (gc->pace.percent == SPANHEAP_GC_OFF)
		seq_puts(m, "percent off\n");
	else
		seq_printf(m, "percent %u\n", gc->pace.percent);
	seq_printf(m, "live_bytes %lu\n", gc->pace.live);
	seq_printf(m, "allocated_bytes %ld\n", atomic_long_read(&gc->pace.allocated));
	if (gc->pace.trigger != ULONG_MAX)
		seq_printf(m, "next_bytes %lu\n", gc->pace.trigger);
	seq_printf(m, "freed_objects %ld\n", atomic_long_read(&gc->sweep.objects));
	seq_printf(m, "freed_bytes %ld\n", atomic_long_read(&gc->sweep.bytes));
	seq_printf(m, "roots %lu\n", gc->roots.nr);
	seq_printf(m, "pins %lu\n", gc->pins.nr);
	show_times(m, &gc->stats);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(gc);

static int verify_show(struct seq_file *m, void *unused)
{
	struct spanheap *heap = m->private;
	long wrong = sh_gc_verify(heap);

	if (wrong < 0)
		return wrong;
	seq_printf(m, "%s: %lu reached, %lu others\n", wrong ? "wrong" : "ok",
		   heap->gc->stats.reached, heap->gc->stats.floating);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(verify);

/**
 * sh_gc_debugfs_add() - make the files of a heap that are about reachability
 * @heap: the heap, which has a directory
 */
void sh_gc_debugfs_add(struct spanheap *heap)
{
	if (!heap->gc) {
		debugfs_create_file("unreachable", 0200, heap->dir, heap,
				    &unreachable_fops);
		return;
	}
	debugfs_create_file("types", 0400, heap->dir, heap, &types_fops);
	debugfs_create_file("gc", 0400, heap->dir, heap, &gc_fops);
	debugfs_create_file("verify", 0400, heap->dir, heap, &verify_fops);
}
