// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - addresses that never came from a heap
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/poison.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "client.h"

static char module_data[64];

static void set(struct client_foreigners *f, int i, const char *name,
		void *addr, size_t len)
{
	f->at[i].name = name;
	f->at[i].addr = addr;
	f->at[i].len = len;
}

/**
 * client_foreigners_get() - gather addresses that are no object's
 * @f: where to, on the caller's stack
 *
 * Return: @f, or NULL when there is no memory.
 */
struct client_foreigners *client_foreigners_get(struct client_foreigners *f)
{
	f->kmalloc = kzalloc(64, GFP_KERNEL);
	f->kmalloc_large = kzalloc(SZ_64K, GFP_KERNEL);
	f->vmalloc = vzalloc(SZ_64K);
	f->page = (char *)get_zeroed_page(GFP_KERNEL);
	f->percpu = alloc_percpu(u64);
	memset(f->stack, 0, sizeof(f->stack));
	if (!f->kmalloc || !f->kmalloc_large || !f->vmalloc || !f->page ||
	    !f->percpu) {
		client_foreigners_put(f);
		return NULL;
	}

	set(f, FOREIGN_STACK, "stack", f->stack, sizeof(f->stack));
	set(f, FOREIGN_KMALLOC, "kmalloc", f->kmalloc, 64);
	set(f, FOREIGN_KMALLOC_LARGE, "large kmalloc", f->kmalloc_large, SZ_64K);
	set(f, FOREIGN_VMALLOC, "vmalloc", f->vmalloc, SZ_64K);
	set(f, FOREIGN_PAGE, "page", f->page, PAGE_SIZE);
	set(f, FOREIGN_PERCPU, "per-CPU", (void __force *)f->percpu, 0);
	set(f, FOREIGN_MODULE_TEXT, "module function", client_foreigners_get, 0);
	set(f, FOREIGN_MODULE_DATA, "module data", module_data,
	    sizeof(module_data));
	set(f, FOREIGN_KERNEL_TEXT, "kernel function", schedule, 0);
	set(f, FOREIGN_USER, "user space", (void *)current->mm->start_code, 0);
	set(f, FOREIGN_LOW, "low address", (void *)PAGE_SIZE, 0);
	set(f, FOREIGN_NONCANONICAL, "non-canonical",
	    (void *)(1UL << (BITS_PER_LONG - 4)), 0);
	set(f, FOREIGN_ERR_PTR, "error pointer", ERR_PTR(-ENOMEM), 0);
	set(f, FOREIGN_POISON, "list poison", LIST_POISON1, 0);
	set(f, FOREIGN_LAST, "last address", (void *)ULONG_MAX, 0);
	return f;
}

void client_foreigners_put(struct client_foreigners *f)
{
	kfree(f->kmalloc);
	kfree(f->kmalloc_large);
	vfree(f->vmalloc);
	free_page((unsigned long)f->page);
	free_percpu(f->percpu);
}
