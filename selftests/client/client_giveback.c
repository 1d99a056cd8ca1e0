// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - limits: what they count, what is done before an allocation
 * fails on one, how they are changed; and nodes that do not exist
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/nodemask.h>
#include <linux/preempt.h>

#include "client.h"

#define QUIET	(GFP_KERNEL | __GFP_NOWARN)

/*
 * What page tables of an arena with nothing in use may take: these do not count
 * towards the limit.
 */
#define SPARE	SZ_32K

/* Memory that a heap holds, all that it keeps about itself included. */
static u64 held_bytes(struct spanheap *heap)
{
	struct spanheap_stats s;

	spanheap_get_stats(heap, &s);
	return s.resident + s.span_meta + s.cache_meta + s.other_meta;
}

static u64 failures_of(struct spanheap *heap)
{
	struct spanheap_stats s;

	spanheap_get_stats(heap, &s);
	return s.alloc_failures;
}

/* Allocate until it fails, chained through the first word. */
static void **fill(struct spanheap *heap, size_t size, void **chain)
{
	void **p;

	while ((p = spanheap_alloc(heap, size, QUIET))) {
		*p = chain;
		chain = p;
	}
	return chain;
}

static void empty(void **chain)
{
	void **next;

	for (; chain; chain = next) {
		next = *chain;
		spanheap_free(chain);
	}
}

/* Objects of all sizes until the limit is reached, and then of smaller ones. */
static void **fill_mixed(struct spanheap *heap)
{
	static const size_t sizes[] = { SZ_1M, SZ_64K, 20000, SZ_4K, 500, 64 };
	void **chain = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		chain = fill(heap, sizes[i], chain);
	return chain;
}

static struct spanheap *limited(size_t limit)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;

	config.limit = limit;
	heap = spanheap_create("limited", &config);
	return EXPECT(!IS_ERR(heap)) ? heap : NULL;
}

/* Objects, spans, caches and page tables together stay below the limit. */
static void metadata(struct spanheap *unused)
{
	struct spanheap *heap = limited(SZ_8M);
	void **chain;
	int round;

	if (!heap)
		return;
	for (round = 0; round < 3; round++) {
		chain = fill_mixed(heap);
		if (!EXPECT(held_bytes(heap) <= SZ_8M + SPARE))
			pr_err("spanheap_client: %llu bytes held\n",
			       held_bytes(heap));
		EXPECT(failures_of(heap) > 0);
		empty(chain);
	}
	spanheap_destroy(heap);
}

/* What is idle goes back before an allocation fails: all of it can be used. */
static void idle_first(struct spanheap *unused)
{
	struct spanheap *heap = limited(SZ_8M);
	struct spanheap_stats s;
	void **chain;
	void *p;

	if (!heap)
		return;
	chain = fill(heap, 500, NULL);
	empty(chain);
	EXPECT(failures_of(heap) == 1);

	/* All spans are of one size class, or cached; this needs their pages. */
	p = spanheap_alloc(heap, SZ_4M, QUIET);
	EXPECT(p);
	spanheap_get_stats(heap, &s);
	EXPECT(s.alloc_failures == 1);
	EXPECT(s.resident <= SZ_8M);
	spanheap_free(p);

	chain = fill(heap, SZ_64K, NULL);
	spanheap_get_stats(heap, &s);
	EXPECT(s.object_bytes >= SZ_4M);
	EXPECT(s.alloc_failures == 2);
	empty(chain);
	spanheap_destroy(heap);
}

/*
 * A heap over a limit that was lowered gives back what is idle when somebody
 * allocates what no cache has, a tenth of a second later at most.
 */
static void settle(struct spanheap *heap, size_t limit)
{
	unsigned long end = jiffies + 2 * HZ;

	while (held_bytes(heap) > limit && time_before(jiffies, end)) {
		msleep(100);
		spanheap_free(spanheap_alloc(heap, SZ_512K, QUIET));
	}
	EXPECT(held_bytes(heap) <= limit);
}

/* A limit below what is in use: nothing is lost, nothing is added. */
static void lower(struct spanheap *heap)
{
	void **objs[32], **p;
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = spanheap_alloc(heap, SZ_256K, QUIET);
		if (!EXPECT(objs[i]))
			return;
		client_fill(objs[i], SZ_256K, i);
	}
	EXPECT(spanheap_set_limit(heap, SZ_4M) == 0);
	EXPECT(held_bytes(heap) > SZ_8M);
	EXPECT(!spanheap_alloc(heap, SZ_64K, QUIET));
	EXPECT(!spanheap_alloc(heap, SZ_1M, QUIET));
	EXPECT(failures_of(heap) == 2);

	/* Half of it freed is not enough, nearly all is: if it is freed here. */
	migrate_disable();
	for (i = 0; i < 16; i++)
		spanheap_free(objs[i]);
	EXPECT(!spanheap_alloc(heap, SZ_1M, QUIET));
	for (i = 16; i < 28; i++) {
		EXPECT(client_filled(objs[i], SZ_256K, i));
		spanheap_free(objs[i]);
	}
	p = spanheap_alloc(heap, SZ_1M, QUIET);
	EXPECT(p);
	settle(heap, SZ_4M + SPARE);
	migrate_enable();
	spanheap_free(p);

	EXPECT(spanheap_set_limit(heap, 0) == 0);
	p = spanheap_alloc(heap, SZ_8M, QUIET);
	EXPECT(p);
	spanheap_free(p);
	for (i = 28; i < 32; i++) {
		EXPECT(client_filled(objs[i], SZ_256K, i));
		spanheap_free(objs[i]);
	}
}

/* Lowering a limit releases what is idle at once. */
static void lower_idle(struct spanheap *heap)
{
	void *p = spanheap_alloc(heap, SZ_16M, QUIET);
	struct spanheap_stats s;

	if (!EXPECT(p))
		return;
	memset(p, 1, SZ_16M);
	spanheap_free(p);
	EXPECT(spanheap_set_limit(heap, SZ_2M) == 0);
	spanheap_get_stats(heap, &s);
	EXPECT(s.limit == SZ_2M);
	EXPECT(s.resident <= SZ_2M);
	EXPECT(spanheap_set_limit(heap, 0) == 0);
}

/* The smallest limit can be worked with; the largest is none that anybody reaches. */
static void extremes(struct spanheap *heap)
{
	struct spanheap *least = limited(SPANHEAP_LIMIT_MIN);
	struct spanheap_stats s;
	void *p;

	if (least) {
		p = spanheap_alloc(least, 1, GFP_ATOMIC | __GFP_NOWARN);
		EXPECT(p);
		spanheap_free(p);
		EXPECT(!spanheap_alloc(least, SZ_1M, QUIET));
		EXPECT(spanheap_alloc(least, 0, QUIET) == ZERO_SIZE_PTR);
		EXPECT(failures_of(least) == 1);
		EXPECT(spanheap_set_limit(least, 0) == 0);
		p = spanheap_alloc(least, SZ_1M, QUIET);
		EXPECT(p);
		spanheap_free(p);
		spanheap_destroy(least);
	}
	EXPECT(spanheap_set_limit(heap, 1) == -EINVAL);
	EXPECT(spanheap_set_limit(heap, SIZE_MAX) == 0);
	p = spanheap_alloc(heap, SZ_64K, QUIET);
	EXPECT(p);
	spanheap_free(p);
	spanheap_get_stats(heap, &s);
	EXPECT(s.limit > 0);
}

/* An atomic allocation cannot wait for memory to go back, only fail. */
static void atomic(struct spanheap *unused)
{
	struct spanheap *heap = limited(SZ_4M);
	void **chain = NULL, **p;

	if (!heap)
		return;
	while ((p = spanheap_alloc(heap, 3000, GFP_ATOMIC | __GFP_NOWARN))) {
		*p = chain;
		chain = p;
	}
	EXPECT(failures_of(heap) == 1);
	EXPECT(held_bytes(heap) <= SZ_4M + SPARE);
	empty(chain);
	spanheap_destroy(heap);
}

static void nodes(struct spanheap *unused)
{
	static const int bad[] = { -2, INT_MIN, MAX_NUMNODES, INT_MAX };
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;
	void *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		config.node = bad[i];
		EXPECT(spanheap_create("node", &config) == ERR_PTR(-EINVAL));
	}
	for (i = 0; i < MAX_NUMNODES; i++) {
		config.node = i;
		heap = spanheap_create("node", &config);
		if (!node_online(i)) {
			EXPECT(heap == ERR_PTR(-EINVAL));
			continue;
		}
		if (!EXPECT(!IS_ERR(heap)))
			continue;
		p = spanheap_alloc(heap, SZ_64K, QUIET);
		EXPECT(p);
		spanheap_free(p);
		spanheap_destroy(heap);
	}
}

/* Scavenging an empty heap, twice, and the default one, is fine. */
static void scavenge(struct spanheap *heap)
{
	void *p = spanheap_alloc(heap, SZ_2M, QUIET);

	if (!EXPECT(p))
		return;
	memset(p, 0xff, SZ_2M);
	EXPECT(spanheap_scavenge(heap) <= SZ_1M);
	EXPECT(!memchr_inv(p, 0xff, SZ_2M));
	spanheap_free(p);
	spanheap_scavenge(heap);
	EXPECT(spanheap_scavenge(heap) == 0);
	spanheap_scavenge(NULL);

	/* What comes back on demand is zeroed where that is asked for. */
	p = spanheap_zalloc(heap, SZ_2M, QUIET);
	EXPECT(p && client_zeroed(p, SZ_2M));
	spanheap_free(p);
}

const struct client_test client_giveback_tests[] = {
	{ "limit_metadata", metadata },
	{ "limit_idle_first", idle_first },
	{ "limit_lower", lower },
	{ "limit_lower_idle", lower_idle },
	{ "limit_extremes", extremes },
	{ "limit_atomic", atomic },
	{ "giveback_nodes", nodes },
	{ "giveback_scavenge", scavenge },
	{ }
};
