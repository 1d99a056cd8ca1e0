// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables and TLBs of x86-64.
 *
 * A module cannot call flush_tlb_kernel_range(). The shootdown here flushes
 * everything on every CPU: with INVPCID where there is one, else by toggling
 * CR4.PGE, as the kernel's own global flush does. A Xen PV guest has no INVPCID, and
 * the hypervisor does not take what is written to CR4 for a flush: there the module
 * does not load. Other hypervisors leave both to the CPU.
 *
 * Locks: none. Contexts: looking entries up any; the shootdown task, interrupts on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/invpcid.h>

#include "arena/mmu.h"
#include "base/compat.h"
#include "base/fault.h"

/**
 * sh_mmu_init() - see whether TLBs can be flushed
 *
 * Return: 0 or -EOPNOTSUPP, which was reported.
 */
int sh_mmu_init(void)
{
	if (!cpu_feature_enabled(X86_FEATURE_XENPV) &&
	    !sh_fault(SH_FAULT_HYPERVISOR))
		return 0;
	pr_err("not loaded: in a Xen PV guest no module can flush TLBs, so memory that was given back could still be written; use a PVH or HVM guest\n");
	return -EOPNOTSUPP;
}

/**
 * sh_mmu_entry() - the page table entry of an address of the kernel
 * @addr: the address
 *
 * Return: the entry, or NULL where there is none for a page of this size.
 */
pte_t *sh_mmu_entry(unsigned long addr)
{
	unsigned int level;
	pte_t *pte = lookup_address(addr, &level);

	return level == PG_LEVEL_4K ? pte : NULL;
}

static void flush_all(void *unused)
{
	unsigned long flags, cr4;

	if (boot_cpu_has(X86_FEATURE_INVPCID)) {
		invpcid_flush_all();
		return;
	}
	/* CPUs before 2013, or what QEMU calls qemu64. */
	local_irq_save(flags);
	asm volatile("mov %%cr4, %0" : "=r" (cr4) : : "memory");
	asm volatile("mov %0, %%cr4" : : "r" (cr4 ^ X86_CR4_PGE) : "memory");
	asm volatile("mov %0, %%cr4" : : "r" (cr4) : "memory");
	local_irq_restore(flags);
}

/**
 * sh_mmu_flush() - have no TLB know any address of the kernel
 *
 * Context: task, interrupts on.
 */
void sh_mmu_flush(void)
{
	on_each_cpu(flush_all, NULL, 1);
}
