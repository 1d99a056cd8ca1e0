/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arenas: reserved vmalloc address space and the pages behind it. This folder promises:
 * ranges of addresses, memory behind any part of them, on a node, charged to a cgroup,
 * and that it goes back without a stale translation left. One of two backends is built,
 * paged.c or portable.c; all that those above may know is whether arenas are sparse.
 */
#ifndef SPANHEAP_ARENA_H
#define SPANHEAP_ARENA_H

#include <linux/gfp.h>
#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/types.h>

#include "base/sizeclass.h"

#if IS_ENABLED(CONFIG_KASAN_SW_TAGS)
#error "no heaps with CONFIG_KASAN_SW_TAGS: vmap() tags addresses; use CONFIG_KASAN_GENERIC"
#endif

/*
 * SH_ARENA_SPARSE, which backend.mk sets: whether an arena is address space without
 * memory, which comes and goes page by page. Otherwise an arena has all of its memory
 * for as long as it exists.
 */

/**
 * struct sh_arena - a reserved range of addresses
 * @link: in the page heap's list of arenas, oldest first
 * @heap: the heap it belongs to, for those above
 * @id: number of the arena in its heap, ascending along the list
 * @base: first address, a multiple of SH_PAGE_SIZE
 * @nr_pages: heap pages reserved
 * @used: heap pages that the page heap has taken into use, from the base on
 * @idle: heap pages of these that nobody uses
 * @spare: that is all of them
 * @backend: what the backend keeps
 * @rcu: for freeing it
 *
 * A free of a wrong address may look at @heap through a stale record, in an RCU
 * read-side section; at nothing else, and at none of the memory. So what an arena
 * holds goes as soon as nobody owns any of it, and only this record waits.
 */
struct sh_arena {
	struct list_head link;
	struct spanheap *heap;
	unsigned long id;
	unsigned long base;
	unsigned long nr_pages;
	unsigned long used;
	unsigned long idle;
	bool spare;
	struct sh_arena_backend *backend;
	struct rcu_head rcu;
};

int sh_arena_init(void (*lost)(const struct sh_arena *arena));
void sh_arena_exit(void);

struct sh_arena *sh_arena_create(unsigned long nr_pages, gfp_t gfp, int node);
void sh_arena_destroy(struct sh_arena *arena);
size_t sh_arena_meta_bytes(const struct sh_arena *arena);
bool sh_arena_intact(const struct sh_arena *arena);

unsigned long sh_arena_populate(struct sh_arena *arena, unsigned long addr,
				unsigned long nr_pages, gfp_t gfp, int node);
bool sh_arena_resident(const struct sh_arena *arena, unsigned long addr);
unsigned long sh_arena_count_resident(const struct sh_arena *arena,
				      unsigned long addr,
				      unsigned long nr_pages);
bool sh_arena_shared(const struct sh_arena *arena, unsigned long addr,
		     unsigned long nr_pages);
bool sh_arena_on_node(const struct sh_arena *arena, unsigned long addr,
		      int node);
bool sh_arena_charged(const struct sh_arena *arena, unsigned long addr);
unsigned long sh_arena_unmap(struct sh_arena *arena, unsigned long addr,
			     unsigned long nr_pages, struct list_head *pages);
void sh_arena_free_unmapped(struct list_head *pages);

static inline unsigned long sh_arena_end(const struct sh_arena *arena)
{
	return arena->base + (arena->nr_pages << SH_PAGE_SHIFT);
}

#endif /* SPANHEAP_ARENA_H */
