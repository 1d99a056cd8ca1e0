// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas. The cases hold for both backends: where an arena is not sparse, all
 * pages are resident all the time and populate and unmap find nothing to do.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "arena/arena.h"
#include "lib/pages.h"
#include "lib/random.h"

#define NR_PAGES	200

static void destroy(void *arena)
{
	sh_arena_destroy(arena);
}

static struct sh_arena *create(struct kunit *test, unsigned long nr_pages)
{
	struct sh_arena *arena;

	arena = sh_arena_create(nr_pages, GFP_KERNEL, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, arena);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy,
							   arena));
	return arena;
}

static unsigned long page(const struct sh_arena *arena, unsigned long nr)
{
	return arena->base + (nr << SH_PAGE_SHIFT);
}

static unsigned long populate(struct sh_arena *arena, unsigned long first,
			      unsigned long nr_pages)
{
	return sh_arena_populate(arena, page(arena, first), nr_pages,
				 GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE);
}

static unsigned long release(struct sh_arena *arena, unsigned long first,
			     unsigned long nr_pages)
{
	unsigned long done;
	LIST_HEAD(pages);

	done = sh_arena_unmap(arena, page(arena, first), nr_pages, &pages);
	sh_arena_free_unmapped(&pages);
	return done;
}

/* What populate and unmap should return for @nr pages that change. */
static unsigned long changed(unsigned long nr)
{
	return SH_ARENA_SPARSE ? nr : 0;
}

/* The pages next to an arena are not there, whoever's they are. */
static void arena_test_has_nothing_beside_it(struct kunit *test)
{
	struct sh_arena *arena;
	unsigned int i;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "all of an area is mapped");
	for (i = 1; i < 8; i++) {
		arena = create(test, i);
		KUNIT_EXPECT_NULL(test, vmalloc_to_page((void *)
							(arena->base - 1)));
		KUNIT_EXPECT_NULL(test, vmalloc_to_page((void *)
							sh_arena_end(arena)));
	}
}

#if SH_ARENA_SPARSE
/* Or the kernel would say in the log what this is about. */
static void silence(struct kunit *test, struct sh_arena *arena)
{
	unsigned long at[] = { arena->base - 1, sh_arena_end(arena) };
	unsigned int level, i, nr = 0;
	pte_t *pte;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		pte = lookup_address(at[i], &level);
		if (!pte || level != PG_LEVEL_4K || pte_none(*pte))
			continue;
		set_pte(pte, __pte(0));
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, 1);
}
#else
static void silence(struct kunit *test, struct sh_arena *arena) { }
#endif

/* vfree() takes all of it, whatever address it is given: nothing is touched then. */
static void arena_test_notices_that_it_was_taken(struct kunit *test)
{
	struct sh_arena *arena;
	void *others;

	arena = sh_arena_create(NR_PAGES, GFP_KERNEL, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, arena);
	KUNIT_EXPECT_EQ(test, populate(arena, 0, 2), changed(2));
	KUNIT_EXPECT_TRUE(test, sh_arena_intact(arena));
	silence(test, arena);
	vfree((void *)page(arena, 3));
	KUNIT_EXPECT_FALSE(test, sh_arena_intact(arena));
	/* It may get the same addresses. */
	others = vmalloc(NR_PAGES << SH_PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, populate(arena, 4, 2), 0);
	KUNIT_EXPECT_FALSE(test, sh_arena_shared(arena, page(arena, 0), 2));
	KUNIT_EXPECT_EQ(test, release(arena, 0, NR_PAGES), 0);
	KUNIT_EXPECT_FALSE(test, sh_arena_intact(arena));
	sh_arena_destroy(arena);
	if (others)
		memset(others, 1, NR_PAGES << SH_PAGE_SHIFT);
	vfree(others);
}

static struct page *page_at(unsigned long addr)
{
	return vmalloc_to_page((void *)addr);
}

/* Each page of a run counts, and none beside it. */
static void expect_shared(struct kunit *test, struct sh_arena *arena,
			  unsigned long first, unsigned long nr_pages)
{
	unsigned long base = page(arena, first), end = page(arena, first + nr_pages);
	unsigned long addr;

	for (addr = base - SH_PAGE_SIZE; addr < end + SH_PAGE_SIZE;
	     addr += PAGE_SIZE) {
		get_page(page_at(addr));
		KUNIT_EXPECT_EQ(test, sh_arena_shared(arena, base, nr_pages),
				addr >= base && addr < end);
		put_page(page_at(addr));
	}
	KUNIT_EXPECT_FALSE(test, sh_arena_shared(arena, base, nr_pages));
}

/* Over the end of a page table, too. */
static void arena_test_sees_every_reference(struct kunit *test)
{
	static const unsigned long lengths[] = { 1, 5, 7, 8, 9, 16, 37, 300 };
	struct sh_arena *arena;
	unsigned int i;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "pages stay where they are");
	arena = create(test, 400);
	KUNIT_ASSERT_EQ(test, populate(arena, 0, 400), 400);
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		expect_shared(test, arena, 3 + i, lengths[i]);
}

static void arena_test_reserves_what_was_asked_for(struct kunit *test)
{
	static const unsigned long sizes[] = {
		1, 2, 3, 127, 255, 256, 257, 511, 513, 1024,
	};
	struct sh_arena *arena;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		arena = create(test, sizes[i]);
		KUNIT_EXPECT_EQ(test, arena->nr_pages, sizes[i]);
		KUNIT_EXPECT_EQ(test, arena->used, 0);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(arena->base, SH_PAGE_SIZE));
		KUNIT_EXPECT_TRUE(test, is_vmalloc_addr((void *)arena->base));
		KUNIT_EXPECT_TRUE(test, is_vmalloc_addr((void *)
						(sh_arena_end(arena) - 1)));
		KUNIT_EXPECT_GT(test, sh_arena_meta_bytes(arena),
				sizeof(*arena));
		/* All of it, its last byte too. */
		populate(arena, 0, sizes[i]);
		sh_pages_fill(arena->base, sizes[i], i);
		KUNIT_EXPECT_TRUE(test, sh_pages_intact(arena->base, sizes[i],
							i));
	}
}

static void arena_test_is_address_space_without_memory(struct kunit *test)
{
	struct sh_arena *arena = create(test, NR_PAGES);
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		KUNIT_ASSERT_EQ(test, sh_arena_resident(arena, page(arena, i)),
				!SH_ARENA_SPARSE);
}

static void arena_test_populates_what_is_missing(struct kunit *test)
{
	struct sh_arena *arena = create(test, NR_PAGES);

	KUNIT_EXPECT_EQ(test, populate(arena, 10, 5), changed(5));
	KUNIT_EXPECT_EQ(test, sh_arena_resident(arena, page(arena, 9)),
			!SH_ARENA_SPARSE);
	KUNIT_EXPECT_TRUE(test, sh_arena_resident(arena, page(arena, 10)));
	KUNIT_EXPECT_TRUE(test, sh_arena_resident(arena, page(arena, 15) - 1));
	KUNIT_EXPECT_EQ(test, sh_arena_resident(arena, page(arena, 15)),
			!SH_ARENA_SPARSE);
	sh_pages_fill(page(arena, 10), 5, 77);
	KUNIT_EXPECT_EQ(test, populate(arena, 8, 9), changed(4));
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(page(arena, 10), 5, 77));
	KUNIT_EXPECT_EQ(test, populate(arena, 8, 9), 0);
	KUNIT_EXPECT_EQ(test, populate(arena, 8, 0), 0);
}

static void arena_test_unmaps_what_is_there(struct kunit *test)
{
	struct sh_arena *arena = create(test, NR_PAGES);

	populate(arena, 10, 10);
	sh_pages_fill(page(arena, 10), 10, 5);
	KUNIT_EXPECT_EQ(test, release(arena, 5, 8), changed(3));
	KUNIT_EXPECT_EQ(test, release(arena, 5, 8), 0);
	KUNIT_EXPECT_EQ(test, release(arena, 15, 2), changed(2));
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(page(arena, 13), 2, 5));
	KUNIT_EXPECT_TRUE(test, sh_pages_intact(page(arena, 17), 3, 5));
	KUNIT_EXPECT_EQ(test, release(arena, 0, NR_PAGES), changed(5));
}

static void arena_test_gfp_zero_gives_zeroes(struct kunit *test)
{
	struct sh_arena *arena = create(test, 64);
	unsigned int i;

	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here are never populated");
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, populate(arena, 0, 64), 64);
		KUNIT_EXPECT_NULL(test, memchr_inv((void *)arena->base, 0,
						   64 * SH_PAGE_SIZE));
		memset((void *)arena->base, 0xff, 64 * SH_PAGE_SIZE);
		release(arena, 0, 64);
	}
}

static void arena_test_works_in_atomic_context(struct kunit *test)
{
	struct sh_arena *arena = create(test, NR_PAGES);
	unsigned long flags, got, lost;
	LIST_HEAD(pages);
	spinlock_t lock;	/* so as to be atomic */

	spin_lock_init(&lock);
	spin_lock_irqsave(&lock, flags);
	got = sh_arena_populate(arena, arena->base, 50, QUIET_ATOMIC,
				NUMA_NO_NODE);
	lost = sh_arena_unmap(arena, arena->base, 20, &pages);
	spin_unlock_irqrestore(&lock, flags);
	KUNIT_EXPECT_EQ(test, list_empty(&pages), !SH_ARENA_SPARSE);
	sh_arena_free_unmapped(&pages);
	KUNIT_EXPECT_EQ(test, got, changed(50));
	KUNIT_EXPECT_EQ(test, lost, changed(20));
}

static void arena_test_freeing_no_pages_is_fine(struct kunit *test)
{
	LIST_HEAD(pages);

	sh_arena_free_unmapped(&pages);
	KUNIT_EXPECT_TRUE(test, list_empty(&pages));
}

/* Pages are those that the page tables say, each of them once. */
static void arena_test_pages_are_distinct(struct kunit *test)
{
	struct sh_arena *arena = create(test, NR_PAGES);
	unsigned long addr;
	struct page *p;
	u64 *direct;

	populate(arena, 0, NR_PAGES);
	sh_pages_fill(arena->base, NR_PAGES, 3);
	for (addr = arena->base; addr < sh_arena_end(arena);
	     addr += SH_PAGE_SIZE) {
		p = vmalloc_to_page((void *)addr);
		KUNIT_ASSERT_NOT_NULL(test, p);
		direct = page_address(p);
		KUNIT_ASSERT_EQ(test, *direct, *(u64 *)addr);
		KUNIT_ASSERT_EQ(test, *direct, 3 ^ addr);
	}
}

static void set_word(void *addr)
{
	WRITE_ONCE(*(u64 *)addr, smp_processor_id() + 1);
}

/*
 * Once a page was taken away, no CPU may get to it through a stale TLB entry:
 * what each writes must arrive in the page that is there now.
 */
static void arena_test_no_cpu_sees_the_old_page(struct kunit *test)
{
	struct sh_arena *arena = create(test, NR_PAGES);
	void *addr = (void *)page(arena, 100);
	unsigned int round;
	u64 *direct;
	int cpu;

	for (round = 0; round < 20; round++) {
		populate(arena, 90 + round / 2, 20);
		direct = page_address(vmalloc_to_page(addr));
		for_each_online_cpu(cpu) {
			smp_call_function_single(cpu, set_word, addr, 1);
			KUNIT_ASSERT_EQ(test, READ_ONCE(*direct), cpu + 1);
		}
		release(arena, 90, 40);
	}
}

static void refused(struct kunit *test, unsigned long nr_pages)
{
	KUNIT_EXPECT_NULL(test, sh_arena_create(nr_pages, QUIET,
						NUMA_NO_NODE));
}

static void arena_test_refuses_more_than_vmalloc_space(struct kunit *test)
{
	unsigned long all = (VMALLOC_END - VMALLOC_START) >> SH_PAGE_SHIFT;

	refused(test, all);
	refused(test, all + 1);
	refused(test, SH_MAX_RUN);
	refused(test, SIZE_MAX >> SH_PAGE_SHIFT);
}

static unsigned long free_pages_now(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return info.freeram;
}

/* 96 MiB through arenas that are destroyed as they are must not be missed. */
static void arena_test_destroy_gives_all_memory_back(struct kunit *test)
{
	unsigned long before = free_pages_now(), pages = SZ_8M >> SH_PAGE_SHIFT;
	struct sh_arena *arena;
	unsigned int i;

	for (i = 0; i < 12; i++) {
		arena = sh_arena_create(pages, GFP_KERNEL, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, arena);
		populate(arena, 0, pages);
		release(arena, 0, i);
		sh_arena_destroy(arena);
	}
	KUNIT_EXPECT_GT(test, free_pages_now() + SZ_32M / PAGE_SIZE, before);
}

struct model {
	struct sh_arena *arena;
	struct rnd_state rnd;
	DECLARE_BITMAP(resident, NR_PAGES);
	u64 tag[NR_PAGES];
};

static void model_populate(struct kunit *test, struct model *m,
			   unsigned int first, unsigned int nr)
{
	unsigned int i, missing = 0;

	for (i = first; i < first + nr; i++)
		missing += !test_bit(i, m->resident);
	KUNIT_ASSERT_EQ(test, populate(m->arena, first, nr), missing);
	for (i = first; i < first + nr; i++) {
		if (test_bit(i, m->resident))
			continue;
		KUNIT_ASSERT_TRUE(test, sh_pages_zero(page(m->arena, i), 1));
		sh_pages_fill(page(m->arena, i), 1, ++m->tag[i]);
		__set_bit(i, m->resident);
	}
}

static void model_release(struct kunit *test, struct model *m,
			  unsigned int first, unsigned int nr)
{
	unsigned int i, there = 0;

	for (i = first; i < first + nr; i++)
		there += test_bit(i, m->resident);
	KUNIT_ASSERT_EQ(test, release(m->arena, first, nr), changed(there));
	if (SH_ARENA_SPARSE)
		bitmap_clear(m->resident, first, nr);
}

static void model_verify(struct kunit *test, struct model *m)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++) {
		unsigned long addr = page(m->arena, i);
		bool resident = test_bit(i, m->resident);

		KUNIT_ASSERT_EQ(test, sh_arena_resident(m->arena, addr),
				resident);
		if (resident)
			KUNIT_ASSERT_TRUE(test, sh_pages_intact(addr, 1,
								m->tag[i]));
	}
}

static void arena_test_random_against_a_bitmap(struct kunit *test)
{
	unsigned long ops = sh_test_ops(5000), n;
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int first, nr, i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	sh_test_seed(test, &m->rnd);
	m->arena = create(test, NR_PAGES);
	for (i = 0; i < NR_PAGES && !SH_ARENA_SPARSE; i++) {
		sh_pages_fill(page(m->arena, i), 1, m->tag[i]);
		__set_bit(i, m->resident);
	}
	for (n = 0; n < ops; n++) {
		first = sh_test_random(&m->rnd, NR_PAGES);
		nr = 1 + sh_test_random(&m->rnd, min(NR_PAGES - first, 40u));
		if (sh_test_random(&m->rnd, 2))
			model_populate(test, m, first, nr);
		else
			model_release(test, m, first, nr);
		i = sh_test_random(&m->rnd, NR_PAGES);
		if (test_bit(i, m->resident))
			sh_pages_fill(page(m->arena, i), 1, ++m->tag[i]);
		if (n % 50 == 0)
			model_verify(test, m);
	}
	model_verify(test, m);
}

static struct kunit_case arena_cases[] = {
	KUNIT_CASE(arena_test_has_nothing_beside_it),
	KUNIT_CASE(arena_test_notices_that_it_was_taken),
	KUNIT_CASE(arena_test_sees_every_reference),
	KUNIT_CASE(arena_test_reserves_what_was_asked_for),
	KUNIT_CASE(arena_test_is_address_space_without_memory),
	KUNIT_CASE(arena_test_populates_what_is_missing),
	KUNIT_CASE(arena_test_unmaps_what_is_there),
	KUNIT_CASE(arena_test_gfp_zero_gives_zeroes),
	KUNIT_CASE(arena_test_works_in_atomic_context),
	KUNIT_CASE(arena_test_freeing_no_pages_is_fine),
	KUNIT_CASE(arena_test_pages_are_distinct),
	KUNIT_CASE(arena_test_no_cpu_sees_the_old_page),
	KUNIT_CASE(arena_test_refuses_more_than_vmalloc_space),
	KUNIT_CASE(arena_test_destroy_gives_all_memory_back),
	KUNIT_CASE(arena_test_random_against_a_bitmap),
	{}
};

static struct kunit_suite arena_suite = {
	.name = "spanheap_arena",
	.test_cases = arena_cases,
};

kunit_test_suite(arena_suite);
