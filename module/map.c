// SPDX-License-Identifier: GPL-2.0
/*
 * What every page of a heap is for, and how full spans are, as text for tools.
 * Pages are numbered from the start of their arena: there are no addresses.
 *
 * Locks: ph->lock over the spans of an arena (walk.c). Contexts: task.
 */
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "compat.h"
#include "heap.h"
#include "map.h"

/**
 * struct map - a map that is being printed
 * @m: where to
 * @arena: the arena that is being walked
 */
struct map {
	struct seq_file *m;
	struct sh_arena *arena;
};

static void put_line(struct map *map, struct sh_span *span, u32 first, u32 nr,
		     const char *what)
{
	unsigned long page = (sh_span_base(span) - map->arena->base) >>
			     SH_PAGE_SHIFT;

	seq_printf(map->m, "%lu %lu %u %s", map->arena->id, page + first, nr,
		   what);
}

/* A line for each stretch of a free run that has memory, or has none. */
static void put_free(struct map *map, struct sh_span *span)
{
	u32 nr_pages = span->nr_pages, first, i;
	bool resident, was = false;

	if (!span->released || span->released == nr_pages) {
		put_line(map, span, 0, nr_pages,
			 span->released ? "released\n" : "free\n");
		return;
	}
	for (first = 0, i = 0; i <= nr_pages; i++) {
		resident = i < nr_pages &&
			   sh_arena_resident(span->arena, sh_span_base(span) +
					     ((unsigned long)i << SH_PAGE_SHIFT));
		if (i && (i == nr_pages || resident != was)) {
			put_line(map, span, first, i - first,
				 was ? "free\n" : "released\n");
			first = i;
		}
		was = resident;
	}
}

static int put_span(struct sh_span *span, void *arg)
{
	/* The record is laid out, and has a class, once the state can be seen. */
	enum sh_span_state state = smp_load_acquire(&span->state);
	unsigned int class = sh_span_class(span);
	struct map *map = arg;

	switch (state) {
	case SH_SPAN_FREE:
		put_free(map, span);
		break;
	case SH_SPAN_SMALL:
		put_line(map, span, 0, span->nr_pages, "class");
		seq_printf(map->m, " %u %u %u\n", sh_classes[class].size,
			   READ_ONCE(span->nalloc), sh_classes[class].elems);
		break;
	case SH_SPAN_LARGE:
		put_line(map, span, 0, span->nr_pages, "large\n");
		break;
	case SH_SPAN_MANUAL:
		put_line(map, span, 0, span->nr_pages, "manual\n");
		break;
	case SH_SPAN_PERSISTENT:
		put_line(map, span, 0, span->nr_pages, "persistent\n");
		break;
	default:
		put_line(map, span, 0, span->nr_pages, "cached\n");
	}
	return 0;
}

static int put_arena(struct sh_arena *arena, void *arg)
{
	struct map *map = arg;

	map->arena = arena;
	seq_printf(map->m, "%lu 0 %lu arena %lu\n", arena->id, arena->nr_pages,
		   arena->used);
	return 0;
}

/**
 * sh_map_show() - print a line for each stretch of pages
 * @heap: the heap
 * @m: where to
 *
 * Return: 0 or -EUCLEAN.
 */
int sh_map_show(struct spanheap *heap, struct seq_file *m)
{
	struct map map = { .m = m };

	seq_puts(m, "# arena first_page pages what; class: bytes, objects out, objects\n");
	return sh_pageheap_walk(&heap->ph, put_arena, put_span, &map);
}

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
