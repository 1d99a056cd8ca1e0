// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation on a NUMA node that the caller names.
 *
 * What waits in caches and free runs is of any node: objects and runs go to
 * whoever frees them, and a heap's node says only where new memory comes from.
 * So an object from there is taken only if a look at its pages says it is on the
 * node, and it is worth a look only if it is likely. Otherwise the object gets
 * pages of its own, all of which are put on the node. Where there is one node,
 * that is it.
 *
 * Locks: none. Contexts: those of an allocation with the same flags.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched/mm.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "api/heaps.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "debug/debug.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "heap/room.h"
#include "heap/users.h"
#include "object/hooks.h"
#include "object/profile.h"

static bool is_on_node(const void *obj, size_t size, int node)
{
	const void *at = obj;

	for (; at < obj + size; at = PTR_ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE)
		if (page_to_nid(vmalloc_to_page(at)) != node)
			return false;
	return true;
}

/* An object that the heap has anyway, if it is on the node. */
static void *try_near(struct spanheap *heap, size_t size, gfp_t gfp, int node)
{
	int usual = heap->node == NUMA_NO_NODE ? numa_mem_id() : heap->node;
	void *obj;

	if (node != usual || size > SPANHEAP_MAX_SMALL || heap->debug)
		return NULL;
	obj = spanheap_alloc(heap, size, gfp | __GFP_NOWARN);
	if (!obj || is_on_node(obj, size, node))
		return obj;
	spanheap_free(obj);
	return NULL;
}

static void *alloc_once(struct spanheap *heap, size_t size, gfp_t gfp, int node)
{
	/* Whole pages, and those of a debug heap, are aligned as the size is. */
	if (heap->debug)
		return sh_debug_alloc(heap, size, 1, gfp, node, true);
	return sh_large_alloc_on_node(heap, size, 1, gfp, node, SH_OBJ_LIVE);
}

/* An object with pages of its own, all of which are put on the node. */
static void *alloc_there(struct spanheap *heap, size_t size, gfp_t gfp, int node)
{
	struct sh_room room;
	void *obj;

	if (sh_fault_gfp(SH_FAULT_ALLOC, gfp))
		return NULL;
	sh_room_begin(&room, heap, size, SPANHEAP_MAX_ALIGN, gfp);
	do {
		obj = alloc_once(heap, size, room.gfp, node);
	} while (sh_room_again(&room, heap, obj));
	return obj;
}

/**
 * spanheap_alloc_node() - allocate an object on a NUMA node
 * @heap: heap to allocate from, NULL for the default heap
 * @size: bytes
 * @gfp: as for spanheap_alloc()
 * @node: the node; NUMA_NO_NODE for spanheap_alloc()
 *
 * All pages of the object are on the node as long as that has memory. An object
 * on another node than the heap's, or for a heap without one the caller's, takes
 * whole pages, 8 KiB at the least, and if pages of another node have to be
 * exchanged first, a TLB shootdown. That is not done where @gfp does not allow
 * to block, nor on architectures where memory stays with its addresses: there
 * the node is a preference for new pages.
 *
 * Context: that of spanheap_alloc().
 * Return: as spanheap_alloc(); NULL also when there is no such node, or it is
 * offline.
 */
void *spanheap_alloc_node(struct spanheap *heap, size_t size, gfp_t gfp,
			  int node)
{
	void *obj;

	heap = sh_heap_or_default(heap);
	if (node == NUMA_NO_NODE)
		return spanheap_alloc(heap, size, gfp);
	if (!sh_node_is_valid(node)) {
		if (!(gfp & __GFP_NOWARN))
			pr_warn_ratelimited("heap %s: no NUMA node %d to allocate %zu bytes on\n",
					    heap->name, node, size);
		return sh_count_failure(heap);
	}
	if (num_online_nodes() == 1 || !size || (gfp & SH_GFP_BAD) || heap->gc)
		return spanheap_alloc(heap, size, gfp);
	might_alloc(gfp);
	if (!sh_users_enter(heap))
		return sh_count_failure(heap);
	obj = try_near(heap, size, gfp, node);
	if (!obj) {
		obj = alloc_there(heap, size, gfp, node);
		sh_leakcheck_add_any(obj, gfp);
		sh_profile_note(heap, obj, heap->debug ? size :
				ALIGN(size, SH_PAGE_SIZE), gfp);
		obj = sh_post_alloc(heap, obj, size, gfp, _RET_IP_);
	}
	sh_users_leave(heap);
	return obj ?: sh_count_failure(heap);
}
EXPORT_SYMBOL_GPL(spanheap_alloc_node);
