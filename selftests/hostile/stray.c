// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - freeing addresses that are no object's
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/poison.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "hostile.h"

/* A member was passed for the structure that it is in. */
static void free_interior(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	hostile_free(h, p + 8);
	spanheap_free(p);
}

/* A pointer with a tag in its lowest bit. */
static void free_tagged(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);

	hostile_free(h, p + 1);
	spanheap_free(p);
}

/* A cursor was advanced to the last byte. */
static void free_last_byte(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 256, GFP_KERNEL);

	hostile_free(h, p + 255);
	spanheap_free(p);
}

static void free_interior_large(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	hostile_free(h, p + 8);
	spanheap_free(p);
}

/* The start of a page, as of an object, but within one. */
static void free_interior_page(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, SZ_64K, GFP_KERNEL);

	hostile_free(h, p + SZ_32K);
	spanheap_free(p);
}

static void free_interior_of_pages(struct hostile *h)
{
	char *p = spanheap_alloc_pages(h->heap, SZ_64K, GFP_KERNEL);

	hostile_free(h, p + 8);
	spanheap_free_pages(p);
}

/* What is left over at the end of a span: 46 objects of 176 bytes in 8 KiB. */
static void free_tail(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 176, GFP_KERNEL);

	hostile_free(h, PTR_ALIGN_DOWN(p, SZ_8K) + 46 * 176);
	spanheap_free(p);
}

/* Pages that the heap has in reserve, right after those of an object. */
static void free_unused_pages(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, SZ_512K, GFP_KERNEL);

	spanheap_free(p);
	spanheap_scavenge(h->heap);
	hostile_free(h, p + SZ_256K + 64);
}

static void free_stack(struct hostile *h)
{
	char on_stack[64] __aligned(64);

	hostile_free(h, on_stack);
}

static void free_kmalloc(struct hostile *h)
{
	void *p = kmalloc(64, GFP_KERNEL);

	hostile_free(h, p);
	kfree(p);
}

static void free_kmalloc_large(struct hostile *h)
{
	void *p = kmalloc(SZ_64K, GFP_KERNEL);

	hostile_free(h, p);
	kfree(p);
}

static void free_vmalloc(struct hostile *h)
{
	void *p = vmalloc(SZ_64K);

	hostile_free(h, p);
	vfree(p);
}

static void free_page_of_kernel(struct hostile *h)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	hostile_free(h, (void *)page);
	free_page(page);
}

static void free_percpu_memory(struct hostile *h)
{
	u64 __percpu *p = alloc_percpu(u64);

	hostile_free(h, (void __force *)p);
	free_percpu(p);
}

/* The other address of an object's page. */
static void free_linear_address(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, SZ_8K, GFP_KERNEL);

	hostile_free(h, page_address(vmalloc_to_page(p)));
	spanheap_free(p);
}

static char in_module[64];

static void free_module_data(struct hostile *h)
{
	hostile_free(h, in_module);
}

static void free_module_function(struct hostile *h)
{
	hostile_free(h, free_module_data);
}

static void free_kernel_function(struct hostile *h)
{
	hostile_free(h, schedule);
}

static void free_string(struct hostile *h)
{
	hostile_free(h, "a literal");
}

static void free_user_address(struct hostile *h)
{
	hostile_free(h, (void *)current->mm->start_code);
}

/* A member of a structure at NULL. */
static void free_near_null(struct hostile *h)
{
	hostile_free(h, (void *)0x40);
}

static void free_low_address(struct hostile *h)
{
	hostile_free(h, (void *)PAGE_SIZE);
}

static void free_non_canonical(struct hostile *h)
{
	hostile_free(h, (void *)0x0badcafe0badcafeUL);
}

static void free_error_pointer(struct hostile *h)
{
	hostile_free(h, ERR_PTR(-ENOMEM));
}

static void free_list_poison(struct hostile *h)
{
	hostile_free(h, LIST_POISON1);
}

/* A pointer read out of freed or of uninitialised slab memory. */
static void free_slab_poison(struct hostile *h)
{
	hostile_free(h, (void *)0x6b6b6b6b6b6b6b6bUL);
}

static void free_last_address(struct hostile *h)
{
	hostile_free(h, (void *)ULONG_MAX);
}

/* A pointer that something wrote over: anything, none of it an object. */
static void free_random(struct hostile *h)
{
	unsigned long addr;

	do {
		addr = get_random_u64();
	} while (ZERO_OR_NULL_PTR((void *)addr) || spanheap_owns((void *)addr));
	hostile_free(h, (void *)addr);
}

const struct hostile_bug hostile_stray_bugs[] = {
	{ "free_interior", free_interior, 1 },
	{ "free_tagged", free_tagged, 1 },
	{ "free_last_byte", free_last_byte, 1 },
	{ "free_interior_large", free_interior_large, 1 },
	{ "free_interior_page", free_interior_page, 1 },
	{ "free_interior_of_pages", free_interior_of_pages, 1 },
	{ "free_tail", free_tail, 1 },
	{ "free_unused_pages", free_unused_pages, 1 },
	{ "free_stack", free_stack, 1 },
	{ "free_kmalloc", free_kmalloc, 1 },
	{ "free_kmalloc_large", free_kmalloc_large, 1 },
	{ "free_vmalloc", free_vmalloc, 1 },
	{ "free_page_of_kernel", free_page_of_kernel, 1 },
	{ "free_percpu_memory", free_percpu_memory, 1 },
	{ "free_linear_address", free_linear_address, 1 },
	{ "free_module_data", free_module_data, 1 },
	{ "free_module_function", free_module_function, 1 },
	{ "free_kernel_function", free_kernel_function, 1 },
	{ "free_string", free_string, 1 },
	{ "free_user_address", free_user_address, 1 },
	{ "free_near_null", free_near_null, 1 },
	{ "free_low_address", free_low_address, 1 },
	{ "free_non_canonical", free_non_canonical, 1 },
	{ "free_error_pointer", free_error_pointer, 1 },
	{ "free_list_poison", free_list_poison, 1 },
	{ "free_slab_poison", free_slab_poison, 1 },
	{ "free_last_address", free_last_address, 1 },
	{ "free_random", free_random, 1 },
	{ }
};
