/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a paged arena needs of an architecture besides the kernel's pte_none() and
 * the like. One of mmu_*.c is built.
 */
#ifndef SPANHEAP_ARENA_MMU_H
#define SPANHEAP_ARENA_MMU_H

#include <linux/pgtable.h>
#include <asm/pgtable_types.h>

/* No page, not none either, and no address that a CPU might try all the same. */
#define SH_MMU_GUARD	(PTE_PFN_MASK | _PAGE_RW)

int sh_mmu_init(void);
pte_t *sh_mmu_entry(unsigned long addr);
void sh_mmu_flush(void);

#endif /* SPANHEAP_ARENA_MMU_H */
