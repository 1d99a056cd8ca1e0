/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the paged arenas share. See paged.c and refs.c.
 */
#ifndef SPANHEAP_ARENA_PAGED_H
#define SPANHEAP_ARENA_PAGED_H

#include <linux/pgtable.h>
#include <linux/types.h>

#include "arena/arena.h"

/**
 * struct sh_arena_backend - what a paged arena keeps
 * @area: what vmap() returned, at most a page below the base
 * @guard: address of the page of the area that is not the arena's
 * @guard_pte: its entry as it was found first
 * @lost: it was reported that the area is not ours any more
 * @prot: page protection as vmap() set it
 * @nr_tables: page tables, each of PMD_SIZE of addresses
 * @table: the first entry of each that is ours
 */
struct sh_arena_backend {
	void *area;
	unsigned long guard;
	pte_t *guard_pte;
	bool lost;
	pgprot_t prot;
	unsigned long nr_tables;
	pte_t *table[];
};

/**
 * sh_arena_pte() - the page table entry of an address
 * @arena: the arena
 * @addr: an address in it
 *
 * Return: the entry; those that follow it in its page table follow it.
 */
static inline pte_t *sh_arena_pte(const struct sh_arena *arena,
				  unsigned long addr)
{
	unsigned long nr = (addr >> PMD_SHIFT) - (arena->base >> PMD_SHIFT);

	return arena->backend->table[nr] + pte_index(addr);
}

#endif /* SPANHEAP_ARENA_PAGED_H */
