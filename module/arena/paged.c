// SPDX-License-Identifier: GPL-2.0
/*
 * Paged arenas: address space first, memory page by page. What they need of an
 * architecture is in mmu.h.
 *
 * vmap() of a placeholder page, repeated, reserves the area and builds its page
 * tables. The entries are then cleared, and populate and release write single
 * entries, found once: nothing has to be allocated for that, so populate works
 * wherever alloc_page() does. A TLB shootdown is done once for a batch.
 *
 * Invariant: a heap page has either all of its pages or none. The entries say
 * which; there is no other record.
 *
 * The area has one page more than the arena needs, before or behind it. Its entry
 * is not present, so that what runs over the end faults, but it is not none either:
 * when somebody passes an address of the arena to vfree() or kvfree(), which take
 * the whole area away, the kernel warns of that entry, with the stack; and that it
 * is gone tells that the addresses are not ours any more. From then on nothing is
 * mapped there or unmapped.
 *
 * Locks: none. Callers own the pages they populate or unmap.
 *
 * Contexts: populate, unmap and the question anywhere but in NMI; create,
 * destroy and sh_arena_free_unmapped() in task context with interrupts on.
 */
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arena/arena.h"
#include "arena/mmu.h"
#include "arena/paged.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "base/longmem.h"

#define PAGES_PER_HEAP_PAGE	(SH_PAGE_SIZE / PAGE_SIZE)
#define POPULATE_BATCH		32

/* Entries of an array filled between two preemption points. */
#define FILL_BATCH		65536

static struct page *placeholder;
static void (*report_lost)(const struct sh_arena *arena);

/**
 * sh_arena_init() - prepare for arenas
 * @lost: whom to tell that somebody has passed addresses of an arena to vfree()
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP where TLBs cannot be flushed.
 */
int sh_arena_init(void (*lost)(const struct sh_arena *arena))
{
	int err = sh_mmu_init();

	BUILD_BUG_ON(SH_PAGE_SIZE % PAGE_SIZE);
	if (err)
		return err;
	report_lost = lost;
	placeholder = alloc_page(GFP_KERNEL | __GFP_ZERO);
	return placeholder ? 0 : -ENOMEM;
}

/**
 * sh_arena_exit() - undo sh_arena_init()
 */
void sh_arena_exit(void)
{
	__free_page(placeholder);
}

static pte_t *guard_entry(const struct sh_arena *arena)
{
	/* Not from what is remembered: the table may go with the area. */
	return sh_mmu_entry(arena->backend->guard);
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
	pte_t *pte = guard_entry(arena);

	return pte && pte_val(*pte) == SH_MMU_GUARD;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_intact);

/* The same, reported once. */
static bool is_ours(const struct sh_arena *arena)
{
	if (likely(sh_arena_intact(arena)))
		return true;
	if (!xchg(&arena->backend->lost, true))
		report_lost(arena);
	return false;
}

/* Remember where the page table of an address is. */
static int adopt_table(struct sh_arena *arena, unsigned long addr)
{
	unsigned long nr = (addr >> PMD_SHIFT) - (arena->base >> PMD_SHIFT);
	pte_t *pte = sh_mmu_entry(addr);

	if (!pte)
		return -EOPNOTSUPP;
	arena->backend->table[nr] = pte - pte_index(addr);
	return 0;
}

/* The same for all, and clear the entries of the placeholder. */
static int adopt_tables(struct sh_arena *arena)
{
	unsigned long addr = arena->base, end = sh_arena_end(arena), stop;
	pte_t *pte;
	int err;

	for (; addr < end; addr = stop) {
		err = adopt_table(arena, addr);
		if (err)
			return err;
		if (addr == arena->base)
			arena->backend->prot = pte_pgprot(*sh_arena_pte(arena, addr));
		stop = min(ALIGN(addr + 1, PMD_SIZE), end);
		for (; addr < stop; addr += PAGE_SIZE)
			set_pte(sh_arena_pte(arena, addr), __pte(0));
		cond_resched();
	}
	pte = guard_entry(arena);
	if (!pte)
		return -EOPNOTSUPP;
	set_pte(pte, __pte(SH_MMU_GUARD));
	arena->backend->guard_pte = pte;
	sh_mmu_flush();
	return 0;
}

static void *vmap_placeholder(unsigned long nr, gfp_t gfp)
{
	struct page **pages;
	unsigned int scope;
	unsigned long i;
	void *area;

	if (sh_fault(SH_FAULT_VMAP))
		return NULL;
	pages = kvmalloc_array(nr, sizeof(*pages), gfp);
	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++) {
		pages[i] = placeholder;
		if (i % FILL_BATCH == 0)
			cond_resched();
	}
	scope = sh_gfp_scope_save(gfp);
	area = vmap(pages, nr, VM_MAP | SH_VM_SPARSE, PAGE_KERNEL);
	sh_gfp_scope_restore(gfp, scope);
	kvfree(pages);
	return area;
}

/**
 * sh_arena_create() - reserve an arena
 * @nr_pages: heap pages
 * @gfp: flags that allow to block, for page tables and records
 * @node: NUMA node for the records
 *
 * Context: task, may sleep.
 * Return: an arena none of whose pages are resident, or NULL.
 */
struct sh_arena *sh_arena_create(unsigned long nr_pages, gfp_t gfp, int node)
{
	/* One page more than asked for: an area may start at an odd page. */
	unsigned long nr = nr_pages * PAGES_PER_HEAP_PAGE + 1;
	unsigned long tables = (nr >> (PMD_SHIFT - PAGE_SHIFT)) + 2;
	struct sh_arena_backend *be;
	struct sh_arena *arena;

	if (sh_fault(SH_FAULT_META))
		return NULL;
	gfp = sh_gfp_meta(gfp);
	arena = kzalloc_node(sizeof(*arena), gfp, node);
	be = kvzalloc_node(struct_size(be, table, tables), gfp, node);
	if (!arena || !be)
		goto fail;
	be->nr_tables = tables;
	be->area = vmap_placeholder(nr, gfp);
	if (!be->area)
		goto fail;
	arena->backend = be;
	arena->base = ALIGN((unsigned long)be->area, SH_PAGE_SIZE);
	arena->nr_pages = nr_pages;
	be->guard = (unsigned long)be->area;
	if (be->guard == arena->base)
		be->guard = sh_arena_end(arena);
	/* vmap() made the tables: it fails if these are not what they were. */
	if (!adopt_tables(arena))
		return arena;
	vunmap(be->area);
fail:
	kvfree(be);
	kfree(arena);
	return NULL;
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
	unsigned long addr = arena->base, end = sh_arena_end(arena), stop;
	LIST_HEAD(pages);

	/* What was taken from us may be somebody else's by now, with its pages. */
	if (!is_ours(arena))
		goto forget;
	for (; addr < end; addr = stop) {
		stop = min(ALIGN(addr + 1, PMD_SIZE), end);
		sh_arena_unmap(arena, addr, (stop - addr) >> SH_PAGE_SHIFT,
			       &pages);
		cond_resched();
	}
	sh_arena_free_unmapped(&pages);
	set_pte(guard_entry(arena), __pte(0));
	vunmap(arena->backend->area);
forget:
	kvfree(arena->backend);
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
	unsigned long first = arena->base >> PMD_SHIFT;
	unsigned long last = (sh_arena_end(arena) - 1) >> PMD_SHIFT;

	return sizeof(*arena) +
	       struct_size(arena->backend, table, arena->backend->nr_tables) +
	       (last - first + 1) * PAGE_SIZE;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_meta_bytes);

/* As many of @nr pages as there are. */
static unsigned int get_pages(gfp_t gfp, int node, unsigned int nr,
			      struct page **pages)
{
	if (sh_fault_gfp(SH_FAULT_PAGE, gfp))
		return 0;
	memset(pages, 0, nr * sizeof(*pages));
	return sh_get_pages(gfp, node, nr, pages);
}

/* Put pages behind the heap page at @addr. */
static void map_pages(struct sh_arena *arena, unsigned long addr,
		      struct page **pages)
{
	pte_t *pte;
	int i;

	for (i = 0; i < PAGES_PER_HEAP_PAGE; i++, addr += PAGE_SIZE) {
		pte = sh_arena_pte(arena, addr);
		set_pte(pte, mk_pte(pages[i], arena->backend->prot));
	}
}

/* The next non-resident heap page at or after @addr, or @end. */
static unsigned long next_hole(struct sh_arena *arena, unsigned long addr,
			       unsigned long end)
{
	while (addr < end && sh_arena_resident(arena, addr))
		addr += SH_PAGE_SIZE;
	return addr;
}

static unsigned int count_holes(struct sh_arena *arena, unsigned long addr,
				unsigned long end, unsigned int most)
{
	unsigned int nr = 0;

	for (; addr < end && nr < most; addr += SH_PAGE_SIZE)
		nr += !sh_arena_resident(arena, addr);
	return nr;
}

/*
 * Put memory behind what has none from @addr to @end. Adds to @done, and returns
 * whether there was memory for all of it.
 */
static bool populate_some(struct sh_arena *arena, unsigned long addr,
			  unsigned long end, gfp_t gfp, int node,
			  unsigned long *done)
{
	struct page *pages[POPULATE_BATCH];
	unsigned int want, got, i;

	do {
		want = count_holes(arena, addr, end, POPULATE_BATCH /
				   PAGES_PER_HEAP_PAGE) * PAGES_PER_HEAP_PAGE;
		got = get_pages(gfp, node, want, pages);
		for (i = 0; i + PAGES_PER_HEAP_PAGE <= got;
		     i += PAGES_PER_HEAP_PAGE, ++*done) {
			addr = next_hole(arena, addr, end);
			map_pages(arena, addr, pages + i);
		}
		for (; i < got; i++)
			__free_page(pages[i]);
	} while (got && got == want);
	return got == want;
}

/**
 * sh_arena_populate() - put memory behind a run of pages
 * @arena: the arena
 * @addr: first address of the run
 * @nr_pages: heap pages in it; those that are resident stay as they are
 * @gfp: flags for the page allocator
 * @node: NUMA node of the pages
 *
 * Context: that of @gfp. The caller owns the run.
 * Return: heap pages made resident by this call. When that is not all that
 * were missing, there was no memory for the others, or the caller was killed.
 */
unsigned long sh_arena_populate(struct sh_arena *arena, unsigned long addr,
				unsigned long nr_pages, gfp_t gfp, int node)
{
	unsigned long end = addr + (nr_pages << SH_PAGE_SHIFT), done = 0, stop;
	unsigned long small = addr + PMD_SIZE;

	if (!is_ours(arena))
		return 0;
	gfp = sh_gfp_page(gfp);
	for (; addr < end; addr = stop) {
		stop = min(ALIGN(addr + 1, PMD_SIZE), end);
		if (!populate_some(arena, addr, stop, gfp, node, &done))
			break;
		/* A killed task still gets small amounts: it may need them to clean up. */
		if (stop >= small && sh_gfp_killed(gfp))
			break;
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	}
	return done;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_populate);

/**
 * sh_arena_on_node() - whether the memory of a heap page is on a NUMA node
 * @arena: the arena
 * @addr: first address of a heap page that is resident
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
		if (page_to_nid(pte_page(*sh_arena_pte(arena, addr))) != node)
			return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_on_node);

/**
 * sh_arena_charged() - whether a heap page is charged to a memory cgroup
 * @arena: the arena
 * @addr: first address of a heap page that is resident
 *
 * Context: any; the caller owns the page.
 * Return: whether it is. All of its pages were got at the same time.
 */
bool sh_arena_charged(const struct sh_arena *arena, unsigned long addr)
{
	return PageMemcgKmem(pte_page(*sh_arena_pte(arena, addr)));
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_charged);

/**
 * sh_arena_resident() - whether a heap page has memory behind it
 * @arena: the arena
 * @addr: an address in it
 *
 * Context: any.
 * Return: whether it has; this holds while the caller owns the page.
 */
bool sh_arena_resident(const struct sh_arena *arena, unsigned long addr)
{
	return !pte_none(*sh_arena_pte(arena, addr & SH_PAGE_MASK));
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_resident);

/* Of @nr entries of one page table, the heap pages that have memory. */
static unsigned long count_entries(const pte_t *pte, unsigned long nr)
{
	unsigned long found = 0;

	for (; nr; nr -= PAGES_PER_HEAP_PAGE, pte += PAGES_PER_HEAP_PAGE)
		found += !pte_none(*pte);
	return found;
}

/**
 * sh_arena_count_resident() - count the heap pages that have memory behind them
 * @arena: the arena
 * @addr: first address of a run
 * @nr_pages: heap pages in it
 *
 * Context: any.
 * Return: how many; as sh_arena_resident() has it.
 */
unsigned long sh_arena_count_resident(const struct sh_arena *arena,
				      unsigned long addr,
				      unsigned long nr_pages)
{
	unsigned long end = addr + (nr_pages << SH_PAGE_SHIFT), nr = 0, stop;

	for (; addr < end; addr = stop) {
		stop = min(ALIGN(addr + 1, PMD_SIZE), end);
		nr += count_entries(sh_arena_pte(arena, addr),
				    (stop - addr) >> PAGE_SHIFT);
	}
	return nr;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_count_resident);

/* Clear @nr entries of one page table. Returns how many had a page. */
static unsigned long unmap_entries(pte_t *pte, unsigned long nr,
				   struct list_head *pages)
{
	unsigned long done = 0;

	for (; nr; nr--, pte++) {
		pte_t entry = *pte;

		if (pte_none(entry))
			continue;
		list_add_tail(&pte_page(entry)->lru, pages);
		set_pte(pte, __pte(0));
		done++;
	}
	return done;
}

/**
 * sh_arena_unmap() - take the memory from behind a run of pages
 * @arena: the arena
 * @addr: first address of the run
 * @nr_pages: heap pages in it; those that are not resident stay as they are
 * @pages: list that the pages are added to
 *
 * The pages may still be in TLBs: pass @pages to sh_arena_free_unmapped(), and
 * do not populate the run before that.
 *
 * Context: any; the caller owns the run.
 * Return: heap pages that were resident.
 */
unsigned long sh_arena_unmap(struct sh_arena *arena, unsigned long addr,
			     unsigned long nr_pages, struct list_head *pages)
{
	unsigned long end = addr + (nr_pages << SH_PAGE_SHIFT), done = 0;

	if (!is_ours(arena))
		return 0;
	while (addr < end) {
		unsigned long stop = min(ALIGN(addr + 1, PMD_SIZE), end);

		done += unmap_entries(sh_arena_pte(arena, addr),
				      (stop - addr) >> PAGE_SHIFT, pages);
		addr = stop;
	}
	return done / PAGES_PER_HEAP_PAGE;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_unmap);

/**
 * sh_arena_free_unmapped() - free unmapped pages once no TLB has them
 * @pages: the pages
 *
 * One TLB shootdown for all of them; none for an empty list.
 *
 * Context: task, may sleep, no locks held.
 */
void sh_arena_free_unmapped(struct list_head *pages)
{
	struct page *page, *next;
	unsigned long nr = 0;

	if (list_empty(pages))
		return;
	sh_mmu_flush();
	list_for_each_entry_safe(page, next, pages, lru)
		sh_free_page_of_many(page, nr++);
	INIT_LIST_HEAD(pages);
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_free_unmapped);
