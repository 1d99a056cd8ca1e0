// SPDX-License-Identifier: GPL-2.0
/*
 * The file "config" of a heap: what it was given when it was made, by whom, and
 * what of that was changed since. A name and a value a line.
 *
 * Locks: none. Contexts: task.
 */
#include <linux/numa.h>
#include <linux/seq_file.h>

#include "heap/heap.h"
#include "object/owner.h"
#include "show/config.h"

/**
 * sh_config_show() - print how a heap is set up
 * @heap: the heap
 * @m: the file
 *
 * Return: 0.
 */
int sh_config_show(struct spanheap *heap, struct seq_file *m)
{
	struct spanheap_stats stats;

	spanheap_get_stats(heap, &stats);
	seq_printf(m, "id %u\n", heap->id);
	sh_owner_show(&heap->owner, m);
	seq_printf(m, "limit %llu\n", stats.limit);
	if (heap->node == NUMA_NO_NODE)
		seq_puts(m, "node local\n");
	else
		seq_printf(m, "node %d\n", heap->node);
	seq_printf(m, "flags%s%s%s%s\n", heap->flags ? "" : " none",
		   heap->flags & SPANHEAP_DEBUG ? " debug" : "",
		   heap->flags & SPANHEAP_ACCOUNT ? " account" : "",
		   heap->flags & SPANHEAP_MANAGED ? " managed" : "");
	seq_printf(m, "scavenge_idle_ms %u\n", heap->scavenger.idle_ms);
	return 0;
}
