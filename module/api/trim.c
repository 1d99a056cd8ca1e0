// SPDX-License-Identifier: GPL-2.0
/*
 * Giving back from within reclaim: for the shrinker of a module whose objects are
 * in a heap. What it frees is idle in the heap, and no memory yet.
 *
 * Locks: none of its own. Contexts: task, reclaim as well.
 */
#include <linux/export.h>

#include "base/compat.h"
#include "heap/whole.h"

/**
 * spanheap_trim() - give some of the memory back that a heap does not use
 * @heap: the heap, NULL for the default heap
 * @bytes: how much is wanted, SIZE_MAX for all there is
 *
 * Made for a shrinker, which calls it with the bytes that it has just freed. The
 * longest idle goes first. When that is not enough, what this CPU has cached and
 * what is on its way between CPUs is made idle and goes as well. Neither locks nor
 * other CPUs' threads are waited for; use spanheap_scavenge() where there is time.
 * Each call that gives something back has all CPUs flush their TLBs, so ask for
 * all that is wanted at once. Memory comes back in pages: what was freed beside
 * objects that live stays.
 *
 * Context: task, may sleep; inside reclaim as well.
 * Return: bytes given back; on machines where whole arenas go it may be more than
 * @bytes.
 */
size_t spanheap_trim(struct spanheap *heap, size_t bytes)
{
	heap = sh_heap_or_default(heap);
	return sh_scavenge_near(&heap->scavenger, sh_whole_pages(bytes),
				SH_SCAVENGE_REQUEST) << SH_PAGE_SHIFT;
}
EXPORT_SYMBOL_GPL(spanheap_trim);
