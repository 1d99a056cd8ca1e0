// SPDX-License-Identifier: GPL-2.0
/*
 * The allocators under test: set up, torn down, and asked how much they hold
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spanheap.h>
#include <linux/vmstat.h>

#include "bench.h"

const char *bench_kind_name(enum bench_kind kind)
{
	static const char * const names[] = {
		[BENCH_SPANHEAP] = "spanheap",
		[BENCH_KMALLOC] = "kmalloc",
		[BENCH_KMEM_CACHE] = "kmem_cache",
		[BENCH_KVMALLOC] = "kvmalloc",
		[BENCH_VMALLOC] = "vmalloc",
		[BENCH_PAGE] = "page",
	};

	return names[kind];
}

/**
 * bench_subject_init() - make an allocator ready for use
 * @s: subject to fill in
 * @kind: which allocator
 * @size: object size, needed by a kmem_cache only
 *
 * Each call makes a heap or a cache of its own, so that no sample inherits
 * the state that another workload left behind.
 *
 * Return: 0 or a negative errno.
 */
int bench_subject_init(struct bench_subject *s, enum bench_kind kind,
		       size_t size)
{
	static atomic_t serial;
	char name[32];

	*s = (struct bench_subject){ .kind = kind };
	snprintf(name, sizeof(name), "bench-%d", atomic_inc_return(&serial));

	if (kind == BENCH_SPANHEAP) {
		s->heap = spanheap_create(name, NULL);
		if (IS_ERR(s->heap))
			return PTR_ERR(s->heap);
	}

	if (kind == BENCH_KMEM_CACHE) {
		s->cache = kmem_cache_create(name, size, 0, 0, NULL);
		if (!s->cache)
			return -ENOMEM;
	}
	return 0;
}

/**
 * bench_subject_exit() - undo bench_subject_init()
 * @s: subject, with no object of its left allocated
 */
void bench_subject_exit(struct bench_subject *s)
{
	if (s->kind == BENCH_SPANHEAP && !IS_ERR_OR_NULL(s->heap))
		spanheap_destroy(s->heap);
	if (s->kind == BENCH_KMEM_CACHE)
		kmem_cache_destroy(s->cache);
}

/*
 * Small and large kmalloc() objects alike are counted as slab. The counters
 * are the whole system's: compare two readings. Each CPU holds back a few
 * dozen pages before it updates them.
 */
static u64 slab_bytes(void)
{
	u64 pages = global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
		    global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);

	return pages << PAGE_SHIFT;
}

/**
 * bench_subject_bytes() - physical memory an allocator holds
 * @s: subject
 *
 * For spanheap the heap's own figures, all its metadata included; for the
 * others the kernel's count of slab memory.
 *
 * Return: bytes.
 */
u64 bench_subject_bytes(const struct bench_subject *s)
{
	struct spanheap_stats stats;

	if (s->kind != BENCH_SPANHEAP)
		return slab_bytes();

	spanheap_get_stats(s->heap, &stats);
	return stats.resident + stats.span_meta + stats.cache_meta +
	       stats.other_meta;
}

/* Give back what earlier work left in kmalloc()'s caches. */
static void shrink_kmalloc(void)
{
	unsigned int type, i;

	for (type = 0; type < ARRAY_SIZE(kmalloc_caches); type++)
		for (i = 0; i < ARRAY_SIZE(kmalloc_caches[type]); i++)
			if (kmalloc_caches[type][i])
				kmem_cache_shrink(kmalloc_caches[type][i]);
}

/**
 * bench_subject_base() - what to subtract from bench_subject_bytes()
 * @s: subject that has allocated nothing yet
 *
 * Return: bytes held on others' account.
 */
u64 bench_subject_base(const struct bench_subject *s)
{
	if (s->kind == BENCH_SPANHEAP)
		return 0;
	shrink_kmalloc();
	return bench_subject_bytes(s);
}
