// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - objects given another size, copied, freed with zeroes or
 * after a grace period; and addresses that none of this can be done to
 */
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "client.h"

#define DEAD	"bad realloc: use after free"
#define INSIDE	"bad realloc: interior pointer"
#define FOREIGN	"bad realloc: not a spanheap address"

static size_t hidden(size_t size)
{
	OPTIMIZER_HIDE_VAR(size);
	return size;
}

static void rules(struct spanheap *heap)
{
	void *p = spanheap_realloc(heap, NULL, 100, GFP_KERNEL);
	void *q = spanheap_realloc(heap, ZERO_SIZE_PTR, SZ_64K, GFP_KERNEL);

	EXPECT(spanheap_size(p) >= 100);
	EXPECT(spanheap_size(q) >= SZ_64K);
	EXPECT(spanheap_realloc(heap, p, hidden(0), GFP_KERNEL) == ZERO_SIZE_PTR);
	EXPECT(spanheap_realloc(heap, q, hidden(0), GFP_KERNEL) == ZERO_SIZE_PTR);
	EXPECT(!spanheap_owns(p) && !spanheap_owns(q));
	EXPECT(spanheap_realloc(heap, NULL, hidden(0), GFP_KERNEL) ==
	       ZERO_SIZE_PTR);
}

/* Any size from any other: what fits in both is kept. */
static void contents(struct spanheap *heap)
{
	size_t size = 1, next;
	u8 *p = spanheap_alloc(heap, size, GFP_KERNEL), *q;
	int i;

	if (!EXPECT(p))
		return;
	for (i = 0; i < 1000; i++) {
		client_fill(p, size, i);
		next = 1 + get_random_u32() % (i % 8 ? 20000 : SZ_512K);
		q = spanheap_realloc(heap, p, next, GFP_KERNEL);
		if (!EXPECT(q))
			break;
		p = q;
		EXPECT(spanheap_size(p) >= next);
		if (!EXPECT(client_filled(p, min(size, next), i)))
			break;
		size = next;
	}
	spanheap_free(p);
}

/* The pages that are not needed go back at once; it never moves. */
static void shrinks(struct spanheap *heap)
{
	u8 *p = spanheap_alloc(heap, SZ_4M, GFP_KERNEL);
	struct spanheap_stats s;
	size_t size;

	if (!EXPECT(p))
		return;
	client_fill(p, SZ_64K, 3);
	for (size = SZ_2M; size >= SZ_8K; size /= 2) {
		EXPECT(spanheap_realloc(heap, p, size, GFP_KERNEL) == p);
		spanheap_get_stats(heap, &s);
		EXPECT(s.object_bytes == size && s.in_use == size);
		EXPECT(client_filled(p, min_t(size_t, size, SZ_64K), 3));
		EXPECT(!spanheap_owns(p + size));
	}
	spanheap_free(p);
}

/* A heap that holds nothing else has the pages behind it free. */
static void grows(struct spanheap *heap)
{
	u8 *p = spanheap_alloc(heap, SZ_8M, GFP_KERNEL), *q;

	if (!EXPECT(p))
		return;
	client_fill(p, SZ_8M, 5);
	EXPECT(spanheap_realloc(heap, p, SZ_1M, GFP_KERNEL) == p);
	q = spanheap_realloc(heap, p, SZ_8M, GFP_KERNEL | __GFP_ZERO);
	if (EXPECT(q == p)) {
		EXPECT(client_filled(p, SZ_1M, 5));
		EXPECT(client_zeroed(p + SZ_1M, 7 * SZ_1M));
	}
	spanheap_free(q);
}

static void refused(struct spanheap *heap, void *p, size_t size, size_t want,
		    gfp_t gfp)
{
	EXPECT(!spanheap_realloc(heap, p, hidden(want), gfp | __GFP_NOWARN));
	EXPECT(spanheap_size(p) >= size);
	EXPECT(client_filled(p, size, 7));
}

static void fails(struct spanheap *heap)
{
	static const size_t sizes[] = { 10, 5000, SZ_32K, SZ_256K };
	void *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		if (!EXPECT(p))
			return;
		client_fill(p, sizes[i], 7);
		refused(heap, p, sizes[i], SIZE_MAX, GFP_KERNEL);
		refused(heap, p, sizes[i], SIZE_MAX / 2, GFP_KERNEL);
		refused(heap, p, sizes[i], SIZE_MAX / 2, GFP_ATOMIC);
		refused(heap, p, sizes[i], totalram_pages() * 2 * PAGE_SIZE,
			GFP_KERNEL);
		spanheap_free(p);
	}
}

/* The shell side looks that flags which are refused are warned of once. */
static void flags(struct spanheap *heap)
{
	void *p = spanheap_alloc(heap, 100, GFP_KERNEL);

	if (!EXPECT(p))
		return;
	client_fill(p, 100, 7);
	refused(heap, p, 100, 50, GFP_KERNEL | __GFP_COMP);
	refused(heap, p, 100, 5000, GFP_KERNEL | __GFP_DMA32);
	spanheap_free(p);
}

/* @p is refused, whatever size it is to have, and nothing changes. */
static void expect_misuse(struct spanheap *heap, void *p)
{
	static const size_t sizes[] = { 0, 1, 5000, SZ_1M };
	struct spanheap_stats before, after;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		spanheap_get_stats(heap, &before);
		EXPECT(!spanheap_realloc(heap, p, hidden(sizes[i]), GFP_KERNEL));
		spanheap_get_stats(heap, &after);
		EXPECT(after.objects == before.objects);
		EXPECT(after.mallocs == before.mallocs);
		EXPECT(after.in_use == before.in_use);
	}
}

static void foreign(struct spanheap *heap)
{
	u64 before = client_bad_frees(NULL);
	struct client_foreigners f;
	int i;

	if (!EXPECT(client_foreigners_get(&f)))
		return;
	for (i = 0; i < NR_FOREIGN; i++)
		expect_misuse(heap, f.at[i].addr);
	EXPECT(client_bad_frees(NULL) == before + 4 * NR_FOREIGN);
	EXPECT(client_bad_frees(heap) == 0);
	client_foreigners_put(&f);
}

static void dead(struct spanheap *heap)
{
	static const size_t sizes[] = { 100, SZ_32K, SZ_128K };
	void *p, *kept;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		kept = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		p = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		if (EXPECT(p))
			spanheap_free(p);
		expect_misuse(heap, p);
		spanheap_free(kept);
	}
	EXPECT(client_bad_frees(heap) == 4 * ARRAY_SIZE(sizes));
}

static void interior(struct spanheap *heap)
{
	static const size_t sizes[] = { 100, SZ_32K, SZ_128K };
	void *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		if (!EXPECT(p))
			return;
		client_fill(p, sizes[i], 9);
		expect_misuse(heap, p + 8);
		expect_misuse(heap, p + sizes[i] / 2);
		EXPECT(client_filled(p, sizes[i], 9));
		spanheap_free(p);
	}
	EXPECT(client_bad_frees(heap) == 8 * ARRAY_SIZE(sizes));
}

static void copies(struct spanheap *heap)
{
	static const char text[] = "spanheap";
	char *p = spanheap_memdup(heap, text, 4, GFP_KERNEL);
	char *q = spanheap_strdup(heap, text, GFP_KERNEL);

	EXPECT(p && !memcmp(p, text, 4));
	EXPECT(q && !strcmp(q, text));
	EXPECT(spanheap_memdup(heap, text, hidden(0), GFP_KERNEL) ==
	       ZERO_SIZE_PTR);
	EXPECT(!spanheap_strdup(heap, NULL, GFP_KERNEL));
	EXPECT(!spanheap_memdup(heap, text, hidden(SIZE_MAX),
				GFP_KERNEL | __GFP_NOWARN));
	spanheap_free(p);
	spanheap_free(q);
}

static void sensitive(struct spanheap *heap)
{
	u8 *p = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);

	spanheap_free_sensitive(NULL);
	spanheap_free_sensitive(ZERO_SIZE_PTR);
	if (!EXPECT(p))
		return;
	client_fill(p, SZ_64K, 1);
	spanheap_free_sensitive(p);
	EXPECT(!spanheap_owns(p));
	EXPECT(client_bad_frees(heap) == 0);
	/* Freed last and allocated next: what was written is gone. */
	p = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	if (EXPECT(p))
		EXPECT(!client_filled(p, SZ_64K, 1));
	spanheap_free(p);
}

struct late {
	u64 before;
	struct rcu_head rcu;
};

struct freer {
	struct irq_work work;
	struct late *late;
};

static void free_late(struct irq_work *work)
{
	struct freer *freer = container_of(work, struct freer, work);

	spanheap_free_rcu(freer->late, rcu);
}

/* From task context, from hard interrupts, and just before the heap goes. */
static void freed_late(struct spanheap *heap)
{
	struct spanheap *other = spanheap_create("client-rcu", NULL);
	struct freer freer;
	struct late *late;
	int i;

	if (!EXPECT(!IS_ERR(other)))
		return;
	init_irq_work(&freer.work, free_late);
	for (i = 0; i < 100; i++) {
		late = spanheap_alloc(heap, sizeof(*late) + i * 500, GFP_KERNEL);
		if (!EXPECT(late))
			break;
		spanheap_free_rcu(late, rcu);
		freer.late = spanheap_alloc(i % 2 ? heap : other,
					    sizeof(*late), GFP_KERNEL);
		if (!EXPECT(freer.late))
			break;
		irq_work_queue(&freer.work);
		irq_work_sync(&freer.work);
	}
	spanheap_destroy(other);
	rcu_barrier();
}

static void rcu_bad(struct spanheap *heap)
{
	struct late *late = spanheap_alloc(heap, sizeof(*late), GFP_KERNEL);

	if (!EXPECT(late))
		return;
	spanheap_free(late);
	spanheap_free_rcu(late, rcu);
	EXPECT(client_bad_frees(heap) == 1);

	/* Twice the same: once. */
	late = spanheap_alloc(heap, SZ_64K, GFP_KERNEL);
	if (!EXPECT(late))
		return;
	spanheap_free_rcu(late, rcu);
	spanheap_free_rcu(late, rcu);
	EXPECT(client_bad_frees(heap) == 2);
	rcu_barrier();
}

const struct client_test client_realloc_tests[] = {
	{ "realloc_rules", rules },
	{ "realloc_contents", contents },
	{ "realloc_shrinks", shrinks },
	{ "realloc_grows", grows },
	{ "realloc_fails", fails },
	{ "realloc_flags", flags, "gfp" },
	{ "realloc_foreign", foreign, FOREIGN },
	{ "realloc_dead", dead, DEAD },
	{ "realloc_interior", interior, INSIDE },
	{ "realloc_copies", copies },
	{ "realloc_sensitive", sensitive },
	{ "realloc_rcu", freed_late },
	{ "realloc_rcu_bad", rcu_bad, "bad free_rcu: double free" },
	{ }
};
