// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: a directory for each heap. Only shows; every figure comes from the
 * layers' own stats functions or from a walk over the spans.
 *
 * Files are 0400 and print addresses with %p only, which hides them unless the
 * kernel was told otherwise.
 *
 * Locks: none of its own. A file that is being read keeps its heap: removing
 * the directory waits for it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "cache/cache.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "heap/reclaim.h"
#include "object/owner.h"
#include "object/profile.h"
#include "pages/walk.h"
#include "show/check.h"
#include "show/config.h"
#include "show/debugfs.h"
#include "show/map.h"
#include "show/stats.h"

#define KIB(pages)	((unsigned long)(pages) << (SH_PAGE_SHIFT - 10))

static struct dentry *root;

#define FIGURE(name)	{ #name, offsetof(struct spanheap_stats, name) }

/* Those down to @resident add up to it, and with the next to what is reserved. */
static const struct figure {
	const char *name;
	size_t offset;
} figures[] = {
	FIGURE(object_bytes),
	FIGURE(cached_bytes),
	FIGURE(free_bytes),
	FIGURE(manual_bytes),
	FIGURE(persistent_bytes),
	FIGURE(idle_bytes),
	FIGURE(resident),
	FIGURE(released),
	FIGURE(reserved),
	FIGURE(limit),
	FIGURE(sys),
	FIGURE(in_use),
	FIGURE(idle),
	FIGURE(objects),
	FIGURE(mallocs),
	FIGURE(frees),
	FIGURE(large_mallocs),
	FIGURE(large_frees),
	FIGURE(manual_spans),
	FIGURE(cached_objects),
	FIGURE(fragmentation_permille),
	FIGURE(span_meta),
	FIGURE(cache_meta),
	FIGURE(special_meta),
	FIGURE(profile_meta),
	FIGURE(other_meta),
	FIGURE(arenas),
	FIGURE(grows),
	FIGURE(scavenges),
	FIGURE(scavenged_bytes),
	FIGURE(longest_pause_ns),
	FIGURE(profile_samples),
	FIGURE(profile_lost),
	FIGURE(finalizers),
	FIGURE(finalizers_run),
	FIGURE(bad_frees),
	FIGURE(bad_copies),
	FIGURE(alloc_failures),
	FIGURE(over_limit),
	FIGURE(corruptions),
	FIGURE(quarantined_objects),
	FIGURE(quarantined_bytes),
};

#undef FIGURE

static int stats_show(struct seq_file *m, void *unused)
{
	struct spanheap *heap = m->private;
	struct spanheap_stats stats;
	unsigned int i;

	spanheap_get_stats(heap, &stats);
	for (i = 0; i < ARRAY_SIZE(figures); i++)
		seq_printf(m, "%s %llu\n", figures[i].name,
			   *(u64 *)((void *)&stats + figures[i].offset));
	/* The rest of what is known of these is in "config". */
	seq_printf(m, "id %u\n", heap->id);
	seq_printf(m, "flags %u\n", heap->flags);
	sh_owner_show_figures(&heap->owner, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int config_show(struct seq_file *m, void *unused)
{
	return sh_config_show(m->private, m);
}
DEFINE_SHOW_ATTRIBUTE(config);

static int classes_show(struct seq_file *m, void *unused)
{
	struct spanheap *heap = m->private;
	struct sh_class_stats s;
	unsigned int i;

	seq_puts(m, "class  bytes pages objs/span     spans    objects     cached    mallocs      frees    refills    flushes\n");
	for (i = 1; i < SH_NR_CLASSES; i++) {
		sh_stats_class(heap, i, &s);
		seq_printf(m, "%5u %6u %5u %9u %9lu %10lu %10lu %10lu %10lu %10lu %10lu\n",
			   i, sh_classes[i].size, sh_classes[i].pages,
			   sh_classes[i].elems, s.spans, s.objects, s.cached,
			   s.mallocs, s.frees, s.refills, s.flushes);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(classes);

/* Spans by the power of two at or below their length. */
#define LENGTHS		32

/* Idle memory by age: up to as many seconds, and older. */
static const unsigned int ages[] = { 1, 10, 60, 300, UINT_MAX };

/**
 * struct length_row - the spans of a range of lengths
 * @in_use: pages in spans that are in use
 * @runs: free runs
 * @idle: pages in these
 * @released: pages of these that are not resident
 * @oldest: longest time one of these has been idle, jiffies
 * @aged: resident pages of these by age
 */
struct length_row {
	unsigned long in_use;
	unsigned long runs;
	unsigned long idle;
	unsigned long released;
	unsigned long oldest;
	unsigned long aged[ARRAY_SIZE(ages)];
};

static int add_span(struct sh_span *span, void *arg)
{
	/* Its owner may cut it. */
	u32 nr_pages = READ_ONCE(span->nr_pages);
	struct length_row *row = arg;
	unsigned long age;
	unsigned int i = 0;

	row += ilog2(nr_pages);
	if (span->state != SH_SPAN_FREE) {
		row->in_use += nr_pages;
		return 0;
	}
	row->runs++;
	row->idle += nr_pages;
	row->released += span->released;
	age = jiffies - span->idle_since;
	row->oldest = max(row->oldest, age);
	while (age / HZ >= ages[i])
		i++;
	row->aged[i] += nr_pages - span->released;
	return 0;
}

static int spans_show(struct seq_file *m, void *unused)
{
	struct spanheap *heap = m->private;
	struct length_row *rows;
	int i, j;

	rows = kcalloc(LENGTHS, sizeof(*rows), GFP_KERNEL);
	if (!rows)
		return -ENOMEM;
	sh_pageheap_walk(&heap->ph, NULL, add_span, rows);
	seq_puts(m, "from_KiB     used_KiB  free_runs     free_KiB released_KiB   oldest_ms      <1s_KiB     <10s_KiB      <1m_KiB      <5m_KiB    older_KiB\n");
	for (i = 0; i < LENGTHS; i++) {
		struct length_row *r = &rows[i];

		if (!r->in_use && !r->runs)
			continue;
		seq_printf(m, "%8lu %12lu %10lu %12lu %12lu %11u",
			   KIB(1UL << i), KIB(r->in_use), r->runs, KIB(r->idle),
			   KIB(r->released), jiffies_to_msecs(r->oldest));
		for (j = 0; j < ARRAY_SIZE(ages); j++)
			seq_printf(m, " %12lu", KIB(r->aged[j]));
		seq_putc(m, '\n');
	}
	kfree(rows);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(spans);

static int arena_line(struct sh_arena *arena, void *arg)
{
	seq_printf(arg, "%5lu %16p %12lu %12lu\n", arena->id,
		   (void *)arena->base, KIB(arena->nr_pages), KIB(arena->used));
	return 0;
}

static int arenas_show(struct seq_file *m, void *unused)
{
	struct spanheap *heap = m->private;

	seq_puts(m, "arena          address reserved_KiB    taken_KiB\n");
	return sh_pageheap_walk(&heap->ph, arena_line, NULL, m);
}
DEFINE_SHOW_ATTRIBUTE(arenas);

static int caches_show(struct seq_file *m, void *unused)
{
	struct spanheap *heap = m->private;
	struct sh_slot_stats slot;
	struct sh_runcache *rc;
	struct sh_cache *cache;
	unsigned long objects, bytes, allocs, misses;
	unsigned int i;
	int cpu;

	seq_puts(m, "  cpu    objects      bytes   capacity       allocs       hits     misses  overflows  run_hits run_misses\n");
	for_each_possible_cpu(cpu) {
		objects = 0;
		bytes = 0;
		allocs = 0;
		for (i = 1; i < SH_NR_CLASSES; i++) {
			memset(&slot, 0, sizeof(slot));
			sh_caches_stats(&heap->caches, cpu, i, &slot);
			objects += slot.objects;
			bytes += slot.objects * sh_classes[i].size;
			allocs += slot.allocs;
		}
		cache = per_cpu_ptr(heap->caches.cpu, cpu);
		misses = sh_peek(cache->misses);
		rc = per_cpu_ptr(heap->rcs.cpu, cpu);
		seq_printf(m, "%5d %10lu %10lu %10u %12lu %10lu %10lu %10lu %9lu %10lu\n",
			   cpu, objects, bytes, sh_peek(cache->capacity), allocs,
			   allocs - min(misses, allocs), misses,
			   sh_peek(cache->overflows), sh_peek(rc->hits),
			   sh_peek(rc->misses));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(caches);

static int check_show(struct seq_file *m, void *unused)
{
	sh_check_heap(m->private, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

static int scavenger_show(struct seq_file *m, void *unused)
{
	struct spanheap *heap = m->private;

	sh_scavenger_show(&heap->scavenger, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(scavenger);

static int profile_show(struct seq_file *m, void *unused)
{
	return sh_profile_show(m->private, m, true);
}
DEFINE_SHOW_ATTRIBUTE(profile);

static int profile_alloc_show(struct seq_file *m, void *unused)
{
	return sh_profile_show(m->private, m, false);
}
DEFINE_SHOW_ATTRIBUTE(profile_alloc);

static int occupancy_show(struct seq_file *m, void *unused)
{
	return sh_occupancy_show(m->private, m);
}
DEFINE_SHOW_ATTRIBUTE(occupancy);

static int pprof_show(struct seq_file *m, void *unused)
{
	return sh_profile_pprof(m->private, m);
}
DEFINE_SHOW_ATTRIBUTE(pprof);

/* Writing "1" gives back what is idle; nothing else means anything. */
static ssize_t scavenge_write(struct file *file, const char __user *buf,
			      size_t len, loff_t *pos)
{
	struct spanheap *heap = file_inode(file)->i_private;
	bool now;
	int err;

	err = kstrtobool_from_user(buf, len, &now);
	if (err || !now)
		return err ?: -EINVAL;
	pr_info("heap %s: scavenged %zu bytes\n", heap->name,
		sh_reclaim(heap, SH_SCAVENGE_REQUEST));
	return len;
}

static const struct file_operations scavenge_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = scavenge_write,
	.llseek = noop_llseek,
};

/**
 * sh_debugfs_add() - make a heap's files
 * @heap: the heap
 */
void sh_debugfs_add(struct spanheap *heap)
{
	heap->dir = debugfs_create_dir(heap->name, root);
	debugfs_create_file("config", 0400, heap->dir, heap, &config_fops);
	debugfs_create_file("stats", 0400, heap->dir, heap, &stats_fops);
	debugfs_create_file("classes", 0400, heap->dir, heap, &classes_fops);
	debugfs_create_file("spans", 0400, heap->dir, heap, &spans_fops);
	debugfs_create_file("arenas", 0400, heap->dir, heap, &arenas_fops);
	debugfs_create_file("caches", 0400, heap->dir, heap, &caches_fops);
	debugfs_create_file("profile", 0400, heap->dir, heap, &profile_fops);
	debugfs_create_file("profile_alloc", 0400, heap->dir, heap,
			    &profile_alloc_fops);
	debugfs_create_file("map", 0400, heap->dir, heap, &sh_map_fops);
	debugfs_create_file("occupancy", 0400, heap->dir, heap,
			    &occupancy_fops);
	debugfs_create_file("pprof", 0400, heap->dir, heap, &pprof_fops);
	debugfs_create_file("scavenger", 0400, heap->dir, heap, &scavenger_fops);
	debugfs_create_file("scavenge", 0600, heap->dir, heap, &scavenge_fops);
	debugfs_create_file("check", 0400, heap->dir, heap, &check_fops);
	if (heap->debug)
		debugfs_create_file("objects", 0400, heap->dir, heap,
				    &sh_objects_fops);
}

/**
 * sh_debugfs_remove() - remove a heap's files, once nobody reads them
 * @heap: the heap
 */
void sh_debugfs_remove(struct spanheap *heap)
{
	debugfs_remove_recursive(heap->dir);
}

/**
 * sh_debugfs_init() - make the directory that heaps are shown in
 */
void sh_debugfs_init(void)
{
	root = debugfs_create_dir("spanheap", NULL);
}

/**
 * sh_debugfs_exit() - remove it
 */
void sh_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
