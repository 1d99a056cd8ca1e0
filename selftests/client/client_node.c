// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - memory on the NUMA node asked for
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "client.h"

static const size_t sizes[] = {
	8, 100, SZ_4K, 5000, SZ_8K, 20000, SZ_32K, 100000, SZ_1M,
};

static bool on_node(const void *p, size_t size, int node)
{
	const void *at = p;

	for (; at < p + size; at = PTR_ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE)
		if (page_to_nid(vmalloc_to_page(at)) != node)
			return false;
	return true;
}

static void bad(struct spanheap *heap)
{
	static const int nodes[] = { -2, INT_MIN, MAX_NUMNODES, INT_MAX };
	struct spanheap_stats s;
	int i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		EXPECT(!spanheap_alloc_node(heap, 100, GFP_KERNEL, nodes[i]));
		EXPECT(!spanheap_alloc_node(heap, SZ_1M, GFP_KERNEL, nodes[i]));
	}
	if (MAX_NUMNODES > 1 && !node_online(MAX_NUMNODES - 1))
		EXPECT(!spanheap_alloc_node(heap, 100, GFP_KERNEL,
					    MAX_NUMNODES - 1));
	spanheap_get_stats(heap, &s);
	EXPECT(s.alloc_failures >= 2 * ARRAY_SIZE(nodes));
	EXPECT(s.mallocs == 0);
}

static void any(struct spanheap *heap)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = spanheap_alloc_node(heap, sizes[i], GFP_KERNEL,
					      NUMA_NO_NODE);

		EXPECT(spanheap_size(p) >= sizes[i]);
		spanheap_free(p);
	}
	EXPECT(spanheap_alloc_node(heap, 0, GFP_KERNEL, first_online_node) ==
	       ZERO_SIZE_PTR);
	EXPECT(!spanheap_alloc_node(heap, SIZE_MAX / 2,
				    GFP_KERNEL | __GFP_NOWARN,
				    first_online_node));
}

/* A few of each size on a node, all at the same time. */
static void fill_node(struct spanheap *heap, int node, gfp_t gfp)
{
	enum { EACH = 5 };
	u8 *objs[ARRAY_SIZE(sizes)][EACH];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < EACH; j++) {
			u8 *p = spanheap_alloc_node(heap, sizes[i], gfp, node);

			objs[i][j] = p;
			if (!EXPECT(p))
				continue;
			EXPECT(spanheap_size(p) >= sizes[i]);
			EXPECT(on_node(p, sizes[i], node));
			if (gfp & __GFP_ZERO)
				EXPECT(client_zeroed(p, sizes[i]));
			client_fill(p, sizes[i], i * EACH + j);
		}
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < EACH; j++) {
			if (objs[i][j])
				EXPECT(client_filled(objs[i][j], sizes[i],
						     i * EACH + j));
			spanheap_free(objs[i][j]);
		}
	}
}

/* Each round finds what the last one freed, on another node. */
static void each(struct spanheap *heap)
{
	int node, round;

	for (round = 0; round < 3; round++) {
		for_each_online_node(node) {
			fill_node(heap, node, GFP_KERNEL);
			fill_node(heap, node, GFP_KERNEL | __GFP_ZERO);
		}
	}
}

/* A heap of a node takes its memory there, whatever CPU asks. */
static void config(struct spanheap *unused)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;
	int node, i;

	for_each_online_node(node) {
		config.node = node;
		heap = spanheap_create("client-node", &config);
		if (!EXPECT(!IS_ERR(heap)))
			return;
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *p = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
			void *q = spanheap_alloc_pages(heap, sizes[i], GFP_KERNEL);

			EXPECT(p && on_node(p, sizes[i], node));
			EXPECT(q && on_node(q, sizes[i], node));
			spanheap_free(p);
			spanheap_free_pages(q);
		}
		fill_node(heap, first_online_node, GFP_KERNEL);
		fill_node(heap, node, GFP_KERNEL);
		spanheap_destroy(heap);
	}
}

/* Without a node, new memory is local to whoever asks. */
static void usual(struct spanheap *unused)
{
	struct spanheap *heap;
	int node, i;

	for_each_node_state(node, N_CPU) {
		if (!EXPECT(!set_cpus_allowed_ptr(current,
						  cpumask_of_node(node))))
			return;
		heap = spanheap_create("client-local", NULL);
		if (!EXPECT(!IS_ERR(heap)))
			break;
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *p = spanheap_alloc(heap, sizes[i], GFP_KERNEL);

			EXPECT(p && on_node(p, sizes[i], node));
			spanheap_free(p);
		}
		spanheap_destroy(heap);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

/* Nothing can be exchanged there: an object, wherever it may be. */
static void atomic(struct spanheap *heap)
{
	int node, i;

	for_each_online_node(node) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *p = spanheap_alloc_node(heap, sizes[i], GFP_ATOMIC,
						      node);

			EXPECT(spanheap_size(p) >= sizes[i]);
			spanheap_free(p);
		}
	}
}

const struct client_test client_node_tests[] = {
	{ "node_bad", bad, "no NUMA node" },
	{ "node_any", any },
	{ "node_atomic", atomic },
	{ "node_each", each },
	{ "node_config", config },
	{ "node_local", usual },
	{ }
};
