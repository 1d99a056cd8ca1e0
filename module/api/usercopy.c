// SPDX-License-Identifier: GPL-2.0
/*
 * Copies between objects and user space, bound by the object.
 *
 * The kernel's hardened usercopy knows where slab objects end, but of vmalloc
 * memory only where the area does: for it a copy of 8 KiB out of an object of 256
 * bytes is one within an arena. So copy_to_user() hands the neighbours out and
 * copy_from_user() lets a user write over them, unless the compiler knows the
 * size. These calls look the object up and refuse what is not all of it within one
 * object, or one manual span.
 *
 * In a debug heap an object is as long as was asked for, elsewhere it has all of
 * its size class.
 *
 * Locks: none. Contexts: those of copy_to_user().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/printk.h>
#include <linux/uaccess.h>

#include "heap/heap.h"
#include "object/find.h"
#include "watch/places.h"
#include "watch/stacks.h"

static void report_copy(const char *call, const void *ptr, size_t nr,
			const struct spanheap_object *obj)
{
	unsigned long missed;

	if (!sh_place_report(sh_stack_hash(), (unsigned long)ptr, &missed))
		return;
	if (obj->heap)
		pr_err("bad %s: %zu bytes at offset %zu of %zu bytes: %p, heap %s; nothing was copied, called from:\n",
		       call, nr, (size_t)(ptr - obj->start), obj->size, ptr,
		       obj->heap->name);
	else
		pr_err("bad %s: %zu bytes where there is no live object: %p; nothing was copied, called from:\n",
		       call, nr, ptr);
	if (missed)
		pr_err("%lu more like this were not reported\n", missed);
	dump_stack();
}

/* Whether @nr bytes lie in one object or manual span. If not, says so. */
static bool check_copy(const char *call, const void *ptr, size_t nr)
{
	struct spanheap_object obj = { };

	if (spanheap_find(ptr, &obj) || sh_find_manual(ptr, &obj)) {
		/* Without a sum, which could be too large. */
		if (nr <= obj.size - (ptr - obj.start))
			return true;
	}
	atomic_long_inc(&sh_heap_or_default(obj.heap)->bad_copies);
	report_copy(call, ptr, nr, &obj);
	return false;
}

/**
 * spanheap_copy_to_user() - copy from an object to user space
 * @to: where to, in user space
 * @from: where from, an address within a live object or a manual span
 * @nr: bytes
 *
 * As copy_to_user(), but never beyond the end of the object. What begins or ends
 * elsewhere is refused as a whole, reported and counted (bad_copies). Of
 * persistent memory no bounds are known: it is refused too.
 *
 * Context: that of copy_to_user(): task, may sleep. The object must stay
 * allocated meanwhile.
 * Return: bytes that were not copied, 0 when all is well.
 */
unsigned long spanheap_copy_to_user(void __user *to, const void *from, size_t nr)
{
	if (!nr)
		return 0;
	if (!check_copy("copy_to_user", from, nr))
		return nr;
	return copy_to_user(to, from, nr);
}
EXPORT_SYMBOL_GPL(spanheap_copy_to_user);

/**
 * spanheap_copy_from_user() - copy from user space into an object
 * @to: where to, an address within a live object or a manual span
 * @from: where from, in user space
 * @nr: bytes
 *
 * As copy_from_user(), with the bounds of spanheap_copy_to_user(). As there, what
 * could not be read from user space is zeroed; what is refused is left alone.
 *
 * Context: that of copy_from_user(): task, may sleep. The object must stay
 * allocated meanwhile.
 * Return: bytes that were not copied, 0 when all is well.
 */
unsigned long spanheap_copy_from_user(void *to, const void __user *from,
				      size_t nr)
{
	if (!nr)
		return 0;
	if (!check_copy("copy_from_user", to, nr))
		return nr;
	return copy_from_user(to, from, nr);
}
EXPORT_SYMBOL_GPL(spanheap_copy_from_user);
