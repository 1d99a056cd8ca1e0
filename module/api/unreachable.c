// SPDX-License-Identifier: GPL-2.0
/*
 * The call that lists what nothing refers to. See gc/find_unreachable.c.
 *
 * Locks: none. Contexts: task, may sleep.
 */
#include <linux/export.h>
#include <linux/kernel.h>

#include "gc/gc.h"
#include "heap/heap.h"

/**
 * spanheap_report_unreachable() - list live objects that nothing refers to
 * @heap: the heap, NULL for the default heap
 * @roots: addresses of pointers to objects of the heap, wherever they are; what those
 *	point to, start or middle, is reachable, and all that it refers to
 * @nr: how many; 0 for none
 *
 * A report of leaks while the heap is in use, to the kernel log: how many objects
 * there are, and what they are, by size, and by who allocated them where that is
 * known: in debug heaps, and of objects that were sampled for the profile. Every
 * aligned word in an object, a manual span or a persistent allocation of the heap
 * counts as a reference, if it may be one. Two lists: objects that nothing refers to,
 * and those that only unreachable objects refer to, which may be in a circle. Without
 * any root there is but the first.
 *
 * Nobody allocates, frees or changes references meanwhile, or some objects may be
 * missing or listed that are not lost. What is about to be freed, by
 * spanheap_free_rcu() or once its finalizer has run, is not listed; for what arguments
 * of finalizers that are to be called refer to, call spanheap_flush_finalizers() before.
 *
 * Takes 4 bytes for 64 bytes of heap and 24 for each object that is listed, for as long
 * as it lasts, and time in proportion to live bytes.
 *
 * Context: task, may sleep.
 * Return: how many objects are listed; -EFAULT when a root cannot be read, -EINVAL for
 * roots that are NULL and for a managed heap, which has none, -ENOMEM, -EINTR when the
 * task was killed, -EUCLEAN for a heap that is damaged: its checker says how.
 */
long spanheap_report_unreachable(struct spanheap *heap, void *const *roots, size_t nr)
{
	might_sleep();
	heap = sh_heap_or_default(heap);
	if ((nr && !roots) || heap->gc)
		return -EINVAL;
	return sh_gc_report_unreachable(heap, roots, nr);
}
EXPORT_SYMBOL_GPL(spanheap_report_unreachable);
