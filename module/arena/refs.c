// SPDX-License-Identifier: GPL-2.0
/*
 * Whether somebody else has references to pages of a paged arena.
 *
 * It is asked whenever memory is freed that was handed out whole, so of a large
 * object it is most of the work: for each page the look at its entry and the one
 * at its count are all there is, without a branch. A page in an arena has a count
 * of 1 at least, which is ours, so if all counts ored together are 1, each is.
 *
 * The entries of an arena differ in nothing but the page frame, since all are
 * made with one protection and what the CPU sets in them is set from the start.
 * So they need not be masked to find the struct page: what the protection adds to
 * each is taken off where the array of these begins. That would be wild once the
 * addresses are not ours any more: so that is looked at before, at the guard entry
 * where it was when the arena was made. To find it anew takes as long as 80 pages,
 * and if its table has become something else, what is there is no guard entry.
 *
 * Locks: none. Contexts: any but NMI.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "arena/arena.h"
#include "arena/mmu.h"
#include "arena/paged.h"
#include "base/compat.h"

/* Whether the struct pages are one array, with a shift instead of a product. */
#define HAVE_ARRAY	(IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP) && \
			 is_power_of_2(sizeof(struct page)))

/* From an entry to the offset in that array, and what the protection adds. */
#define ENTRY_SHIFT	(PAGE_SHIFT - const_ilog2(sizeof(struct page)))

/* Where the array begins for whoever does not mask. */
static const void *array_of(const struct sh_arena *arena)
{
	return (const void *)pfn_to_page(0) -
	       (pgprot_val(arena->backend->prot) >> ENTRY_SHIFT);
}

static __always_inline unsigned int refs_of(const void *array, pte_t pte)
{
	const struct page *page;

	/* Nobody translates entries: there are no Xen PV guests here. */
	if (HAVE_ARRAY)
		page = array + (native_pte_val(pte) >> ENTRY_SHIFT);
	else
		page = pte_page(pte);
	/* Not page_ref_count(), for which the compiler needs an instruction more. */
	return data_race(page->_refcount.counter);
}

static __always_inline unsigned int refs_of_4(const void *array,
					      const pte_t *pte)
{
	return refs_of(array, pte[0]) | refs_of(array, pte[1]) |
	       refs_of(array, pte[2]) | refs_of(array, pte[3]);
}

static __always_inline unsigned int refs_of_16(const void *array,
					       const pte_t *pte)
{
	return refs_of_4(array, pte) | refs_of_4(array, pte + 4) |
	       refs_of_4(array, pte + 8) | refs_of_4(array, pte + 12);
}

/* Whether any of @nr pages has a reference that is not ours. */
static bool any_shared(const void *array, const pte_t *pte, unsigned long nr)
{
	unsigned int refs = 0;

	for (; nr >= 32; nr -= 32, pte += 32)
		refs |= refs_of_16(array, pte) | refs_of_16(array, pte + 16);
	for (; nr >= 4; nr -= 4, pte += 4)
		refs |= refs_of_4(array, pte);
	for (; nr; nr--, pte++)
		refs |= refs_of(array, *pte);
	return refs != 1;
}

/**
 * sh_arena_shared() - whether somebody else has references to pages of a run
 * @arena: the arena
 * @addr: first address of the run
 * @nr_pages: heap pages in it, at least 1, all resident
 *
 * Takes time in proportion to the length, 3 instructions and a line of the CPU's
 * cache a page.
 *
 * Context: any but NMI; the caller owns the run.
 * Return: whether somebody has; not if the addresses are not ours any more.
 */
bool sh_arena_shared(const struct sh_arena *arena, unsigned long addr,
		     unsigned long nr_pages)
{
	unsigned long end = addr + (nr_pages << SH_PAGE_SHIFT), stop;
	const void *array = array_of(arena);

	if (unlikely(native_pte_val(*arena->backend->guard_pte) != SH_MMU_GUARD))
		return false;
	for (; addr < end; addr = stop) {
		stop = min(ALIGN(addr + 1, PMD_SIZE), end);
		if (any_shared(array, sh_arena_pte(arena, addr),
			       (stop - addr) >> PAGE_SHIFT))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(sh_arena_shared);
