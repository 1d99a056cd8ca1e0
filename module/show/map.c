// SPDX-License-Identifier: GPL-2.0
/*
 * What every page of a heap is for, and how full spans are, as text for tools.
 * Pages are numbered from the start of their arena: there are no addresses.
 *
 * The lines of a map are taken down some at a time, with the lock held, and made
 * into text without it. So what is read is of as many moments as there are such
 * times, and a span that changes at one of them may be in it in part or not at
 * all. A file that is read on knows how far its walk has come; one that is read
 * again begins anew.
 *
 * Locks: ph->lock over a few spans (walk.c), or some pages of a free run.
 * Contexts: task.
 */
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/compat.h"
#include "heap/heap.h"
#include "pages/walk.h"
#include "show/map.h"
#include "span/pagemap.h"

/* Lines taken down at a time, and pages of a free run looked at. */
#define LINES		64
#define PAGES		512

/**
 * struct map_line - a line of a map
 * @arena: number of the arena
 * @page: the first page
 * @nr: pages
 * @nr_used: of an arena, pages in use; of a class, objects out
 * @class: size class of a span of small objects, 0 for others
 * @what: what is printed of others
 */
struct map_line {
	unsigned long arena;
	unsigned long page;
	unsigned long nr;
	unsigned long nr_used;
	unsigned int class;
	const char *what;
};

/**
 * struct map - a map that is being read
 * @heap: the heap
 * @walk: how far it has come
 * @run: page from which on a free run that is part with memory and part without
 *	is still to be looked at, an address
 * @run_end: where that ends
 * @at: number of the first line that is here
 * @nr: lines that are here
 * @ready: of these, lines that nothing will be added to
 * @line: the lines
 */
struct map {
	struct spanheap *heap;
	struct sh_walk walk;
	unsigned long run;
	unsigned long run_end;
	loff_t at;
	unsigned int nr;
	unsigned int ready;
	struct map_line line[LINES];
};

static const char what_arena[] = "arena";
static const char what_free[] = "free";
static const char what_released[] = "released";

static struct map_line *add_line(struct map *map, const struct sh_arena *arena,
				 unsigned long page, unsigned long nr,
				 const char *what)
{
	struct map_line *line = &map->line[map->nr++];

	line->arena = arena->id;
	line->page = page;
	line->nr = nr;
	line->class = 0;
	line->what = what;
	return line;
}

/* Pages of a free run; they may belong to the line before. */
static void add_free(struct map *map, const struct sh_arena *arena,
		     unsigned long addr, unsigned long nr, bool resident)
{
	const char *what = resident ? what_free : what_released;
	unsigned long page = (addr - arena->base) >> SH_PAGE_SHIFT;
	struct map_line *last;

	last = map->nr ? &map->line[map->nr - 1] : NULL;
	if (last && last->what == what && last->arena == arena->id &&
	    last->page + last->nr == page)
		last->nr += nr;
	else
		add_line(map, arena, page, nr, what);
}

static int note_arena(struct sh_arena *arena, void *arg)
{
	add_line(arg, arena, 0, arena->nr_pages, what_arena)->nr_used =
		arena->used;
	return 0;
}

static const char *name_of(enum sh_span_state state)
{
	switch (state) {
	case SH_SPAN_SMALL:
		return "class";
	case SH_SPAN_LARGE:
		return "large";
	case SH_SPAN_MANUAL:
		return "manual";
	case SH_SPAN_PERSISTENT:
		return "persistent";
	default:
		return "cached";
	}
}

static int note_span(struct sh_span *span, void *arg)
{
	/* The record is laid out, and has a class, once the state can be seen. */
	enum sh_span_state state = smp_load_acquire(&span->state);
	unsigned long addr = sh_span_base(span);
	u32 nr = READ_ONCE(span->nr_pages);
	struct map *map = arg;
	struct map_line *line;

	lockdep_assert_held(&map->heap->ph.lock);
	if (state != SH_SPAN_FREE) {
		line = add_line(map, span->arena,
				(addr - span->arena->base) >> SH_PAGE_SHIFT, nr,
				name_of(state));
		line->nr_used = READ_ONCE(span->nalloc);
		if (state == SH_SPAN_SMALL)
			line->class = sh_span_class(span);
		return 0;
	}
	if (!span->released || span->released == nr) {
		add_free(map, span->arena, addr, nr, !span->released);
		return 0;
	}
	map->run = addr;
	map->run_end = sh_span_end(span);
	/* Some of it at a time, and then the next span. */
	return 1;
}

/* Whether a page is free. Within a free run a page may map to nothing. */
static bool is_free(unsigned long addr)
{
	struct sh_span *span = sh_pagemap_get(addr);

	return !span || span->state == SH_SPAN_FREE;
}

/* Go on with a free run, as far as it still is one. */
static void note_run(struct map *map)
{
	struct sh_pageheap *ph = &map->heap->ph;
	unsigned int pages = PAGES;
	struct sh_arena *arena;

	spin_lock_irq(&ph->lock);
	arena = sh_walk_arena(ph, &map->walk);
	for (; map->run < map->run_end && pages-- && map->nr < LINES;
	     map->run += SH_PAGE_SIZE) {
		if (!arena || !is_free(map->run)) {
			map->run_end = map->run;
			break;
		}
		add_free(map, arena, map->run, 1,
			 sh_arena_resident(arena, map->run));
	}
	spin_unlock_irq(&ph->lock);
}

/* Take more lines down in place of those that are ready. */
static int refill(struct map *map)
{
	int ret = 0;

	map->at += map->ready;
	map->nr -= map->ready;
	memmove(map->line, map->line + map->ready,
		map->nr * sizeof(map->line[0]));
	while (!map->walk.done && ret >= 0 && map->nr + SH_WALK_STEPS < LINES) {
		if (map->run < map->run_end)
			note_run(map);
		else
			ret = sh_walk_some(&map->heap->ph, &map->walk,
					   note_arena, note_span, map);
		cond_resched();
	}
	/* The last one may have more to it. */
	map->ready = map->walk.done ? map->nr : map->nr - 1;
	return min(ret, 0);
}

static void begin(struct map *map)
{
	sh_walk_begin(&map->walk);
	map->run = 0;
	map->run_end = 0;
	map->at = 1;
	map->nr = 0;
	map->ready = 0;
}

/* Position 0 is the heading, the others are numbers of lines. */
static void *map_start(struct seq_file *m, loff_t *pos)
{
	struct map *map = m->private;
	int err;

	if (*pos < map->at)
		begin(map);
	if (!*pos)
		return SEQ_START_TOKEN;
	while (*pos >= map->at + map->ready) {
		if (map->walk.done)
			return NULL;
		err = refill(map);
		if (err)
			return ERR_PTR(err);
	}
	return &map->line[*pos - map->at];
}

static void *map_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return map_start(m, pos);
}

static void map_stop(struct seq_file *m, void *v)
{
}

static int map_show(struct seq_file *m, void *v)
{
	struct map_line *line = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "# arena first_page pages what; class: bytes, objects out, objects\n");
		return 0;
	}
	seq_printf(m, "%lu %lu %lu %s", line->arena, line->page, line->nr,
		   line->what);
	if (line->class)
		seq_printf(m, " %u %lu %u", sh_classes[line->class].size,
			   line->nr_used, sh_classes[line->class].elems);
	else if (line->what == what_arena)
		seq_printf(m, " %lu", line->nr_used);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations map_sops = {
	.start = map_start,
	.next = map_next,
	.stop = map_stop,
	.show = map_show,
};

static int map_open(struct inode *inode, struct file *file)
{
	struct map *map = __seq_open_private(file, &map_sops, sizeof(*map));

	if (!map)
		return -ENOMEM;
	map->heap = inode->i_private;
	begin(map);
	return 0;
}

const struct file_operations sh_map_fops = {
	.owner = THIS_MODULE,
	.open = map_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};
EXPORT_SYMBOL_IF_KUNIT(sh_map_fops);

/* Tenths, and one more for those that are full. */
#define FILLS	11

/**
 * struct fullness - spans by how full they are
 * @spans: of each class, by tenths of objects out
 */
struct fullness {
	unsigned long spans[SH_NR_CLASSES][FILLS];
};

static int add_span(struct sh_span *span, void *arg)
{
	/* The record is laid out, and has a class, once the state can be seen. */
	bool small = smp_load_acquire(&span->state) == SH_SPAN_SMALL;
	unsigned int class = sh_span_class(span), fill;
	struct fullness *full = arg;

	if (!small || !class)
		return 0;
	fill = READ_ONCE(span->nalloc) * 10 / sh_classes[class].elems;
	full->spans[class][min(fill, FILLS - 1U)]++;
	return 0;
}

/**
 * sh_occupancy_show() - print how many spans are how full, by size class
 * @heap: the heap
 * @m: where to
 *
 * Return: 0 or an error.
 */
int sh_occupancy_show(struct spanheap *heap, struct seq_file *m)
{
	struct fullness *full = kvzalloc(sizeof(*full), GFP_KERNEL);
	unsigned int class, fill;
	unsigned long sum;

	if (!full)
		return -ENOMEM;
	sh_pageheap_walk(&heap->ph, NULL, add_span, full);
	seq_puts(m, "class  bytes     <10%     <20%     <30%     <40%     <50%     <60%     <70%     <80%     <90%    <100%     full\n");
	for (class = 1; class < SH_NR_CLASSES; class++) {
		for (sum = 0, fill = 0; fill < FILLS; fill++)
			sum += full->spans[class][fill];
		if (!sum)
			continue;
		seq_printf(m, "%5u %6u", class, sh_classes[class].size);
		for (fill = 0; fill < FILLS; fill++)
			seq_printf(m, " %8lu", full->spans[class][fill]);
		seq_putc(m, '\n');
	}
	kvfree(full);
	return 0;
}
