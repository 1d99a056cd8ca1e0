// SPDX-License-Identifier: GPL-2.0
/*
 * Portable arenas: vmap()ed chunks with all their pages, for architectures
 * where a module cannot write kernel page table entries.
 *
 * An arena has all of its memory from the day it is made until it is destroyed,
 * so populate and unmap have nothing to do, and memory goes back an arena at a
 * time. The page heap makes these arenas small for that reason.
 *
 * Locks: none.
 *
 * Contexts: create and destroy in task context; the rest anywhere.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arena/arena.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "base/longmem.h"

/* Pages that are got at a time, and that who was killed is to have all the same. */
#define POPULATE_BATCH	64UL
#define MOST_KILLED	((2UL << 20) >> PAGE_SHIFT)

/**
 * struct sh_arena_backend - what a portable arena keeps
 * @area: what vmap() returned, at most a heap page below the base
 * @nr: pages
 * @pages: the pages
 */
struct sh_arena_backend {
	void *area;
	unsigned long nr;
	struct page *pages[];
};

static void (*report_lost)(const struct sh_arena *arena);

/**
 * sh_arena_init() - prepare for arenas
 * @lost: whom to tell that somebody has passed addresses of an arena to vfree()
 *
 * Return: 0.
 */
int sh_arena_init(void (*lost)(const struct sh_arena *arena))
{
	report_lost = lost;
	return 0;
}

/**
 * sh_arena_exit() - undo sh_arena_init()
 */
void sh_arena_exit(void)
{
}

static bool intact(const struct sh_arena_backend *be)
{
	return vmalloc_to_page(be->area) == be->pages[0];
}

/**
 * sh_arena_intact() - whether the addresses of an arena are still ours
 * @arena: the arena
 *
 * Context: any.
 * Return: whether they are; if not, somebody has passed one of them to vfree().
 */
bool sh_arena_intact(const struct sh_arena *arena)
{
	return intact(arena->backend);
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_intact);

static void backend_free(struct sh_arena_backend *be)
{
	unsigned long i;

	if (!be)
		return;
	/* What was taken from us may be somebody else's by now. The pages are ours. */
	if (be->area && intact(be))
		vunmap(be->area);
	for (i = 0; i < be->nr && be->pages[i]; i++)
		sh_free_page_of_many(be->pages[i], i);
	kvfree(be);
}

static struct sh_arena_backend *backend_new(unsigned long nr, gfp_t gfp,
					    int node)
{
	struct sh_arena_backend *be;
	unsigned long i, batch;
	unsigned int scope;

	if (sh_fault(SH_FAULT_META))
		return NULL;
	be = kvzalloc_node(struct_size(be, pages, nr), sh_gfp_meta(gfp), node);
	if (!be)
		return NULL;
	be->nr = nr;
	if (sh_fault(SH_FAULT_PAGE) || sh_fault(SH_FAULT_VMAP))
		goto fail;
	for (i = 0; i < nr; i += batch) {
		if (i >= MOST_KILLED && sh_gfp_killed(gfp))
			goto fail;
		batch = min(nr - i, POPULATE_BATCH);
		if (sh_get_pages(sh_gfp_page(gfp), node, batch,
				 be->pages + i) < batch)
			goto fail;
		cond_resched();
	}
	scope = sh_gfp_scope_save(gfp);
	be->area = vmap(be->pages, nr, VM_MAP, PAGE_KERNEL);
	sh_gfp_scope_restore(gfp, scope);
	if (be->area)
		return be;
fail:
	backend_free(be);
	return NULL;
}

/* Pages to map so that @nr_pages heap pages are within, wherever vmap() starts. */
static unsigned long pages_for(unsigned long nr_pages)
{
	unsigned long bytes = nr_pages << SH_PAGE_SHIFT;

	if (SH_PAGE_SIZE > PAGE_SIZE)
		bytes += SH_PAGE_SIZE - PAGE_SIZE;
	return PFN_UP(bytes);
}

/**
 * sh_arena_create() - reserve an arena
 * @nr_pages: heap pages
 * @gfp: flags that allow to block, for pages, page tables and records
 * @node: NUMA node for these
 *
 * Context: task, may sleep.
 * Return: an arena all of whose pages are resident, or NULL.
 */
struct sh_arena *sh_arena_create(unsigned long nr_pages, gfp_t gfp, int node)
{
	struct sh_arena *arena;

	arena = kzalloc_node(sizeof(*arena), sh_gfp_meta(gfp), node);
	if (!arena)
		return NULL;
	arena->backend = backend_new(pages_for(nr_pages), gfp, node);
	if (!arena->backend) {
		kfree(arena);
		return NULL;
	}
	arena->base = ALIGN((unsigned long)arena->backend->area, SH_PAGE_SIZE);
	arena->nr_pages = nr_pages;
	return arena;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_create);

/**
 * sh_arena_destroy() - give an arena back, its pages and its addresses
 * @arena: the arena; nobody owns any of its memory
 *
 * The record stays for a grace period, which is not waited for.
 *
 * Context: task, may sleep; inside reclaim as well.
 */
void sh_arena_destroy(struct sh_arena *arena)
{
	if (!sh_arena_intact(arena))
		report_lost(arena);
	backend_free(arena->backend);
	kfree_rcu(arena, rcu);
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_destroy);

/**
 * sh_arena_meta_bytes() - what an arena costs besides its pages
 * @arena: the arena
 *
 * Return: bytes of records and page tables.
 */
size_t sh_arena_meta_bytes(const struct sh_arena *arena)
{
	struct sh_arena_backend *be = arena->backend;

	return sizeof(*arena) + struct_size(be, pages, be->nr) +
	       be->nr * sizeof(pte_t);
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_meta_bytes);

/**
 * sh_arena_populate() - put memory behind a run of pages
 * @arena: the arena
 * @addr: first address of the run
 * @nr_pages: heap pages in it
 * @gfp: flags for the page allocator
 * @node: NUMA node of the pages
 *
 * Return: 0, since no page is ever missing.
 */
unsigned long sh_arena_populate(struct sh_arena *arena, unsigned long addr,
				unsigned long nr_pages, gfp_t gfp, int node)
{
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_populate);

/**
 * sh_arena_resident() - whether a heap page has memory behind it
 * @arena: the arena
 * @addr: an address in it
 *
 * Return: true.
 */
bool sh_arena_resident(const struct sh_arena *arena, unsigned long addr)
{
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_resident);

/**
 * sh_arena_count_resident() - count the heap pages that have memory behind them
 * @arena: the arena
 * @addr: first address of a run
 * @nr_pages: heap pages in it
 *
 * Return: all of them.
 */
unsigned long sh_arena_count_resident(const struct sh_arena *arena,
				      unsigned long addr,
				      unsigned long nr_pages)
{
	return nr_pages;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_count_resident);

/**
 * sh_arena_shared() - whether somebody else has references to pages of a run
 * @arena: the arena
 * @addr: first address of the run
 * @nr_pages: heap pages in it
 *
 * Return: false, since a page cannot be exchanged for another.
 */
bool sh_arena_shared(const struct sh_arena *arena, unsigned long addr,
		     unsigned long nr_pages)
{
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_shared);

/**
 * sh_arena_on_node() - whether the memory of a heap page is on a NUMA node
 * @arena: the arena
 * @addr: first address of a heap page
 * @node: the node
 *
 * Context: any; the caller owns the page.
 * Return: whether all of it is.
 */
bool sh_arena_on_node(const struct sh_arena *arena, unsigned long addr,
		      int node)
{
	unsigned long end = addr + SH_PAGE_SIZE;

	for (; addr < end; addr += PAGE_SIZE)
		if (page_to_nid(vmalloc_to_page((void *)addr)) != node)
			return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_on_node);

/**
 * sh_arena_charged() - whether a heap page is charged to a memory cgroup
 * @arena: the arena
 * @addr: an address in it
 *
 * Return: whether it is, as all of the arena.
 */
bool sh_arena_charged(const struct sh_arena *arena, unsigned long addr)
{
	return PageMemcgKmem(arena->backend->pages[0]);
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_charged);

/**
 * sh_arena_unmap() - take the memory from behind a run of pages
 * @arena: the arena
 * @addr: first address of the run
 * @nr_pages: heap pages in it
 * @pages: list that the pages are added to
 *
 * Return: 0, since pages go with their arena only.
 */
unsigned long sh_arena_unmap(struct sh_arena *arena, unsigned long addr,
			     unsigned long nr_pages, struct list_head *pages)
{
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_unmap);

/**
 * sh_arena_free_unmapped() - free unmapped pages once no TLB has them
 * @pages: the pages, of which there are none
 */
void sh_arena_free_unmapped(struct list_head *pages)
{
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_free_unmapped);
