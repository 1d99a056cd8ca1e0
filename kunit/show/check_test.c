// SPDX-License-Identifier: GPL-2.0
/*
 * The checker: that it finds every kind of damage. Each case breaks one thing
 * of a sound heap, wants to read what is wrong, and mends it.
 */
#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "cache/cache.h"
#include "lib/fixture.h"
#include "pages/walk.h"
#include "show/check.h"
#include "span/pagemap.h"
#include "watch/leakcheck.h"

/**
 * struct subject - a heap with some of everything in it
 * @heap: the heap
 * @cache: the per-CPU cache of the CPU the case stays on
 * @small: a live object of 64 bytes
 * @full: objects that fill a span of theirs
 * @large: a live large object of ten pages
 * @span: the span of @small, with free and cached objects as well
 * @idx: the number of @small in it
 * @large_span: the span of @large
 * @central: the central list of @span
 * @run: a free run
 * @report: what the checker wrote
 */
struct subject {
	struct spanheap *heap;
	struct sh_cache *cache;
	void *small;
	void *full[8];
	void *large;
	struct sh_span *span;
	unsigned int idx;
	struct sh_span *large_span;
	struct sh_central *central;
	struct sh_span *run;
	char report[4096];
};

static int check(struct subject *s)
{
	struct seq_file m = { .buf = s->report, .size = sizeof(s->report) };
	int ret;

	memset(s->report, 0, sizeof(s->report));
	ret = sh_check_heap(s->heap, &m);
	s->report[sizeof(s->report) - 1] = 0;
	return ret;
}

static void expect_sound(struct kunit *test)
{
	struct subject *s = test->priv;

	KUNIT_EXPECT_EQ(test, check(s), 0);
	KUNIT_EXPECT_STREQ(test, s->report, "ok\n");
}

static void expect_found(struct kunit *test, const char *what)
{
	struct subject *s = test->priv;

	KUNIT_EXPECT_EQ_MSG(test, check(s), -EUCLEAN, "not found: %s", what);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(s->report, what),
				  "\"%s\" is not in: %s", what, s->report);
}

/* With @size bytes of @value at @at the checker must find @what. */
static void expect_damage(struct kunit *test, void *at, u64 value, size_t size,
			  const char *what)
{
	u64 was = 0;

	memcpy(&was, at, size);
	memcpy(at, &value, size);
	expect_found(test, what);
	memcpy(at, &was, size);
	expect_sound(test);
}

#define DAMAGE(test, what, value, text)	\
	expect_damage(test, &(what), (u64)(value), sizeof(what), text)

static int keep_free_run(struct sh_span *span, void *arg)
{
	struct sh_span **run = arg;

	if (span->state == SH_SPAN_FREE)
		*run = span;
	return 0;
}

static int check_test_init(struct kunit *test)
{
	struct subject *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int full;

	if (!s)
		return -ENOMEM;
	s->heap = sh_fixture_create(test, "kunit", 0);
	sh_fixture_stop_scavenger(s->heap);
	s->cache = per_cpu_ptr(s->heap->caches.cpu, sh_fixture_pin());
	s->small = spanheap_alloc(s->heap, 64, GFP_KERNEL);
	full = spanheap_alloc_bulk(s->heap, 1024, GFP_KERNEL, 8, s->full);
	s->large = spanheap_alloc(s->heap, 10 * SH_PAGE_SIZE, GFP_KERNEL);
	if (!s->small || full != 8 || !s->large)
		return -ENOMEM;
	s->span = sh_pagemap_get((unsigned long)s->small);
	s->idx = ((unsigned long)s->small - sh_span_base(s->span)) / 64;
	s->central = &s->heap->central[sh_size_class(64)];
	s->large_span = sh_pagemap_get((unsigned long)s->large);
	sh_pageheap_walk(&s->heap->ph, NULL, keep_free_run, &s->run);
	test->priv = s;
	return s->run ? 0 : -ENOENT;
}

static void check_test_exit(struct kunit *test)
{
	struct subject *s = test->priv;

	spanheap_free(s->small);
	spanheap_free_bulk(8, s->full);
	spanheap_free(s->large);
	sh_fixture_destroy(test, s->heap);
}

static void check_test_passes_a_sound_heap(struct kunit *test)
{
	expect_sound(test);
	KUNIT_EXPECT_EQ(test, sh_check_heap(NULL, NULL), 0);
}

static void check_test_finds_wrong_object_states(struct kunit *test)
{
	struct subject *s = test->priv;
	unsigned long *bits = sh_span_bitmap(s->span);

	DAMAGE(test, s->span->obj[s->idx], SH_OBJ_FREE,
	       "bitmap and object states differ");
	DAMAGE(test, s->span->obj[s->idx], 77, "object in no known state");
	DAMAGE(test, s->span->obj[127], SH_OBJ_LIVE,
	       "bitmap and object states differ");
	DAMAGE(test, s->span->obj[128], SH_OBJ_LIVE, "after the last object");
	DAMAGE(test, bits[0], bits[0] ^ BIT(s->idx % BITS_PER_LONG),
	       "bitmap and object states differ");
	DAMAGE(test, bits[1], bits[1] ^ BIT(63), "bitmap and object states differ");
}

static void check_test_finds_wrong_span_fields(struct kunit *test)
{
	struct subject *s = test->priv;
	struct sh_span *span = s->span;

	DAMAGE(test, span->nalloc, span->nalloc + 1, "wrong count of allocated");
	DAMAGE(test, span->nalloc, 0, "wrong count of allocated");
	DAMAGE(test, span->nelems, 127, "wrong number of objects");
	DAMAGE(test, span->hint, 2, "free object before the hint");
	DAMAGE(test, span->kind, 0, "record too small");
	DAMAGE(test, span->key, span->key & SH_PAGE_MASK, "has no size class");
	DAMAGE(test, span->key, span->key + 1, "key of a span");
	DAMAGE(test, span->key, span->key + SH_CLASS_BYTES, "wrong number of objects");
	DAMAGE(test, span->key, sh_key(sh_span_base(span), 100), "has no size class");
	DAMAGE(test, span->cache, 0, "caches of another heap");
	DAMAGE(test, span->state, 9, "in no known state");
	DAMAGE(test, span->state, SH_SPAN_LARGE, "record of a large object");
	DAMAGE(test, span->state, SH_SPAN_FREE, "a free run has a size class");
	DAMAGE(test, span->state, SH_SPAN_HELD, "in a central list is not small");
	DAMAGE(test, span->nr_pages, 0, "lost a span");
	DAMAGE(test, span->nr_pages, 100000, "not within its arena");
	DAMAGE(test, span->arena, 0, "not within its arena");
}

static void check_test_finds_wrong_central_lists(struct kunit *test)
{
	struct subject *s = test->priv;
	struct sh_central *central = s->central;
	struct list_head *home = &central->bucket[s->span->bucket];
	struct list_head *away = &central->bucket[!s->span->bucket];

	DAMAGE(test, central->nr_out, central->nr_out + 1, "not mallocs less frees");
	DAMAGE(test, central->nr_spans, 0, "miscounts its spans");
	DAMAGE(test, central->nr_partial, 0, "miscounts its spans");
	DAMAGE(test, s->span->bucket, !s->span->bucket, "in the wrong bucket");
	list_move(&s->span->link, away);
	expect_found(test, "in the wrong bucket");
	list_move(&s->span->link, home);
	expect_sound(test);
	list_del_init(&s->span->link);
	expect_found(test, "miscounts its spans");
	central->nr_partial--;
	expect_found(test, "in no central list");
	central->nr_partial++;
	list_add(&s->span->link, home);
	expect_sound(test);
	list_move(&s->span->link, &central[1].bucket[s->span->bucket]);
	expect_found(test, "in the list of another class");
	list_move(&s->span->link, home);
	expect_sound(test);
}

static void check_test_finds_wrong_large_objects(struct kunit *test)
{
	struct subject *s = test->priv;
	atomic_long_t *bytes = &s->heap->large_bytes;

	DAMAGE(test, s->large_span->obj[1], SH_OBJ_LIVE, "record of a large object");
	DAMAGE(test, s->large_span->key, s->large_span->key + SH_CLASS_BYTES,
	       "record of a large object");
	DAMAGE(test, s->heap->large_mallocs, 2, "large objects are miscounted");
	DAMAGE(test, s->heap->large_frees, 1, "large objects are miscounted");
	DAMAGE(test, *bytes, atomic_long_read(bytes) + 1, "large objects are miscounted");
}

static void check_test_finds_wrong_pagemap_entries(struct kunit *test)
{
	struct subject *s = test->priv;
	unsigned long base = sh_span_base(s->large_span);
	static const unsigned int pages[] = { 1, 5, 9 };
	int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		unsigned long addr = base + pages[i] * SH_PAGE_SIZE;

		sh_pagemap_set(addr, 1, NULL);
		expect_found(test, "maps to the wrong span");
		sh_pagemap_set(addr, 1, s->span);
		expect_found(test, "maps to the wrong span");
		sh_pagemap_set(addr, 1, s->large_span);
		expect_sound(test);
	}
	sh_pagemap_set(base, 1, NULL);
	expect_found(test, "lost a span");
	sh_pagemap_set(base, 1, s->span);
	expect_found(test, "lost a span");
	sh_pagemap_set(base, 1, s->large_span);
	base = sh_span_end(s->run) - SH_PAGE_SIZE;
	sh_pagemap_set(base, 1, NULL);
	expect_found(test, "maps to the wrong span");
	sh_pagemap_set(base, 1, s->run);
	expect_sound(test);
}

static void check_test_finds_wrong_free_runs(struct kunit *test)
{
	struct subject *s = test->priv;
	struct sh_freeruns *free = &s->heap->ph.free;
	struct sh_span *run = s->run;
	unsigned int len = find_first_zero_bit(free->lengths, SH_SHORT_RUN);

	DAMAGE(test, run->released, run->nr_pages + 1, "released pages");
	DAMAGE(test, run->state, SH_SPAN_HELD, "not marked free");
	DAMAGE(test, run->key, run->key + SH_CLASS_BYTES, "has a size class");
	DAMAGE(test, s->large_span->state, SH_SPAN_FREE, "free runs are");
	__set_bit(len, free->lengths);
	expect_found(test, "bitmap of run lengths");
	__clear_bit(len, free->lengths);
	expect_sound(test);
	if (list_empty(&run->lru))
		return;
	list_del_init(&run->lru);
	expect_found(test, "the list by age");
	list_add(&run->lru, &free->lru);
	expect_sound(test);
}

static void check_test_finds_a_free_run_in_no_list(struct kunit *test)
{
	struct subject *s = test->priv;
	struct sh_pageheap *ph = &s->heap->ph;

	spin_lock_irq(&ph->lock);
	sh_freeruns_del(&ph->free, s->run);
	spin_unlock_irq(&ph->lock);
	expect_found(test, "free runs are missing");
	spin_lock_irq(&ph->lock);
	sh_freeruns_add(&ph->free, s->run);
	spin_unlock_irq(&ph->lock);
	expect_sound(test);
}

static void check_test_finds_wrong_arenas_and_figures(struct kunit *test)
{
	struct subject *s = test->priv;
	struct sh_pageheap *ph = &s->heap->ph;
	struct sh_arena *arena = s->span->arena;

	DAMAGE(test, arena->heap, sh_default_heap, "belongs to another heap");
	DAMAGE(test, arena->used, arena->nr_pages + 1, "used beyond its end");
	DAMAGE(test, arena->used, 0, "figures differ");
	DAMAGE(test, ph->sys, ph->sys + 1, "figures differ");
	DAMAGE(test, ph->idle, ph->idle + 1, "figures differ");
	DAMAGE(test, ph->released, ph->released + 1, "figures differ");
}

static void check_test_finds_wrong_caches(struct kunit *test)
{
	struct subject *s = test->priv;
	struct sh_cache *cache = s->cache;
	struct sh_slot *slot = &cache->slot[sh_size_class(64)];
	struct sh_runcache *rc = raw_cpu_ptr(s->heap->rcs.cpu);

	DAMAGE(test, cache->capacity, cache->capacity + 64, "does not add up");
	DAMAGE(test, s->heap->caches.most_bytes, 1, "over its bound");
	DAMAGE(test, cache->slot[0].end, slot->end, "slot 0 of a cache");
	DAMAGE(test, slot->end, slot->end - 1, "does not add up");
	DAMAGE(test, slot->top, slot->top - 1, "in no cache");
	DAMAGE(test, slot->base->obj, s->full[0], "no free object of its class");
	DAMAGE(test, slot->base->obj, slot->base->obj + 64,
	       "no free object of its class");
	DAMAGE(test, slot->base->state, &s->span->obj[s->idx],
	       "no free object of its class");
	DAMAGE(test, *slot->base->state, SH_OBJ_LIVE, "not cached");
	DAMAGE(test, rc->pages, rc->pages + 1, "in no run cache");
}

/* What somebody has in hand is missing from the sums, and that is no error. */
static void check_test_leaves_sums_alone_while_calls_are_under_way(struct kunit *test)
{
	struct subject *s = test->priv;

	s->central->nr_out++;
	expect_found(test, "not mallocs less frees");
	sh_inflight_begin(&s->heap->rcs);
	KUNIT_EXPECT_EQ(test, check(s), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(s->report, "busy: sums"));
	sh_inflight_end(&s->heap->rcs);
	expect_found(test, "not mallocs less frees");
	s->central->nr_out--;
	expect_sound(test);
}

struct half_way {
	struct subject *s;
	int freeing_cpu;
	void *obj;
	bool half;
	int verdict;
};

/* A free that takes long between saying so and putting the object away. */
static void free_slowly(struct half_way *h)
{
	struct sh_span *span = sh_pagemap_get((unsigned long)h->obj);
	unsigned int class = sh_span_class(span);
	u8 *state = &span->obj[(h->obj - (void *)sh_span_base(span)) /
			       sh_classes[class].size];
	struct sh_entry entry = { h->obj, state };

	preempt_disable();
	WRITE_ONCE(*state, SH_OBJ_CACHED);
	sh_leakcheck_del(h->obj);
	smp_store_release(&h->half, true);	/* after the state */
	/* Longer than the checker tries again. */
	mdelay(600);
	sh_caches_flush(&h->s->heap->caches, class, entry);
}

static void free_or_check(void *arg)
{
	struct half_way *h = arg;

	if (raw_smp_processor_id() == h->freeing_cpu) {
		free_slowly(h);
	} else if (!cmpxchg(&h->verdict, 0, 1)) {
		while (!smp_load_acquire(&h->half))	/* as above */
			cond_resched();
		WRITE_ONCE(h->verdict, check(h->s));
	}
}

static void check_test_waits_for_who_is_half_way(struct kunit *test)
{
	struct half_way h = { .s = test->priv };

	h.freeing_cpu = sh_fixture_other_cpu(test);
	h.obj = spanheap_alloc(h.s->heap, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h.obj);
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(free_or_check, &h), 0);
	KUNIT_EXPECT_EQ(test, h.verdict, 0);
	expect_sound(test);
}

struct amid {
	struct spanheap *heap;
	int using_cpu;
	bool done;
	unsigned int spans;
	int verdict;
};

/* Spans that are taken, used up and given back, over and over. */
static void use_spans(struct amid *a)
{
	unsigned long i, ops = sh_fixture_ops(20000);
	void *objs[64];
	unsigned int nr;

	for (i = 0; i < ops; i++) {
		nr = spanheap_alloc_bulk(a->heap, 96, GFP_KERNEL, 64, objs);
		spanheap_free_bulk(nr, objs);
		a->spans += !!nr;
		cond_resched();
	}
	WRITE_ONCE(a->done, true);
}

static void use_or_check(void *arg)
{
	struct amid *a = arg;

	if (raw_smp_processor_id() == a->using_cpu) {
		use_spans(a);
		return;
	}
	while (!READ_ONCE(a->done)) {
		a->verdict = sh_check_heap(a->heap, NULL) ?: a->verdict;
		cond_resched();
	}
}

/* What is on its way is not wrong. */
static void check_test_amid_spans_that_come_and_go(struct kunit *test)
{
	struct amid a = { .heap = sh_fixture_create(test, "kunit-amid", 0) };

	a.using_cpu = sh_fixture_other_cpu(test);
	/* Without caches a span is given back with its last object. */
	a.heap->caches.max_bytes = 0;
	KUNIT_ASSERT_EQ(test, sh_fixture_on_each_cpu(use_or_check, &a), 0);
	KUNIT_EXPECT_GT(test, a.spans, 100);
	KUNIT_EXPECT_EQ(test, a.verdict, 0);
	sh_fixture_check(test, a.heap);
	sh_fixture_destroy(test, a.heap);
}

/* Somebody has passed an address of it to vfree(): found, and no end of the world. */
static void check_test_finds_an_arena_that_is_gone(struct kunit *test)
{
	struct spanheap *heap;
	struct sh_arena *arena;
	u8 *obj;

	/* The kernel says so itself, and KASAN's shadow goes with the addresses. */
	if (SH_ARENA_SPARSE)
		kunit_skip(test, "ends with a warning here");
	heap = sh_fixture_create(test, "kunit-taken", 0);
	obj = spanheap_alloc(heap, 8192, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, sh_check_heap(heap, NULL), 0);
	arena = sh_pagemap_get((unsigned long)obj)->arena;
	vfree(obj);
	KUNIT_EXPECT_FALSE(test, sh_arena_intact(arena));
	KUNIT_EXPECT_EQ(test, sh_check_heap(heap, NULL), -EUCLEAN);
	spanheap_free(obj);
	spanheap_destroy(heap);
}

static struct kunit_case check_test_cases[] = {
	KUNIT_CASE(check_test_passes_a_sound_heap),
	KUNIT_CASE(check_test_finds_wrong_object_states),
	KUNIT_CASE(check_test_finds_wrong_span_fields),
	KUNIT_CASE(check_test_finds_wrong_central_lists),
	KUNIT_CASE(check_test_finds_wrong_large_objects),
	KUNIT_CASE(check_test_finds_wrong_pagemap_entries),
	KUNIT_CASE(check_test_finds_wrong_free_runs),
	KUNIT_CASE(check_test_finds_a_free_run_in_no_list),
	KUNIT_CASE(check_test_finds_wrong_arenas_and_figures),
	KUNIT_CASE(check_test_finds_wrong_caches),
	KUNIT_CASE(check_test_leaves_sums_alone_while_calls_are_under_way),
	KUNIT_CASE(check_test_waits_for_who_is_half_way),
	KUNIT_CASE(check_test_amid_spans_that_come_and_go),
	KUNIT_CASE(check_test_finds_an_arena_that_is_gone),
	{ }
};

static struct kunit_suite check_test_suite = {
	.name = "spanheap_check",
	.init = check_test_init,
	.exit = check_test_exit,
	.test_cases = check_test_cases,
};

kunit_test_suite(check_test_suite);
