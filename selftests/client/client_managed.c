// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - managed heaps: a list that readers walk while others cut it short,
 * and nobody frees anything
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "client.h"

#define READERS		2
#define ROUNDS		400
#define LENGTH		200

struct link {
	struct link __managed *next;
	unsigned long check;
};

SPANHEAP_TYPE(link, struct link, next);

/**
 * struct chain - a list, its head a root
 * @heap: a managed heap
 * @layout: of its links
 * @head: the first link
 * @walks: readers are to go on
 * @wrong: links that were none
 * @seen: links that were
 */
struct chain {
	struct spanheap *heap;
	struct spanheap_layout *layout;
	struct link __managed *head;
	bool walks;
	atomic_long_t wrong;
	atomic_long_t seen;
};

static void walk_once(struct chain *chain)
{
	int idx = spanheap_enter(chain->heap);
	struct link *at;

	if (idx < 0)
		return;
	for (at = spanheap_load(chain->heap, chain->head); at;
	     at = spanheap_load(chain->heap, at->next)) {
		if (READ_ONCE(at->check) != ~(unsigned long)at)
			atomic_long_inc(&chain->wrong);
		atomic_long_inc(&chain->seen);
	}
	spanheap_leave(chain->heap, idx);
}

static int walk(void *arg)
{
	while (!kthread_should_stop()) {
		walk_once(arg);
		cond_resched();
	}
	return 0;
}

/* Put links in front, and now and then let go of all of them. */
static bool lengthen(struct chain *chain, unsigned int nr)
{
	struct link *new = NULL;
	int idx;

	while (nr--) {
		idx = spanheap_enter(chain->heap);
		if (idx < 0)
			return false;
		new = spanheap_new(chain->layout, 1, GFP_NOWAIT | __GFP_NOWARN);
		if (new) {
			new->check = ~(unsigned long)new;
			spanheap_store(chain->heap, new->next,
				       spanheap_load(chain->heap, chain->head));
			spanheap_store(chain->heap, chain->head, new);
		}
		spanheap_leave(chain->heap, idx);
		if (!new && spanheap_reserve(chain->heap, SZ_64K, GFP_KERNEL))
			return false;
	}
	return true;
}

static void cut(struct chain *chain)
{
	int idx = spanheap_enter(chain->heap);

	spanheap_store(chain->heap, chain->head, NULL);
	spanheap_leave(chain->heap, idx);
}

static void use(struct chain *chain)
{
	struct task_struct *readers[READERS];
	struct spanheap_stats stats;
	int i;

	for (i = 0; i < READERS; i++)
		readers[i] = kthread_run(walk, chain, "client-walk");
	for (i = 0; i < ROUNDS; i++) {
		EXPECT(lengthen(chain, LENGTH));
		cut(chain);
		if (i % 40 == 0)
			EXPECT(spanheap_collect(chain->heap) == 0);
		cond_resched();
	}
	for (i = 0; i < READERS; i++)
		EXPECT(!IS_ERR(readers[i]) && !kthread_stop(readers[i]));
	EXPECT(spanheap_collect(chain->heap) == 0);
	EXPECT(spanheap_collect(chain->heap) == 0);
	spanheap_get_stats(chain->heap, &stats);
	EXPECT(stats.objects == 0);
	EXPECT(stats.frees > ROUNDS * LENGTH / 2);
	EXPECT(!atomic_long_read(&chain->wrong));
}

/* Left to be looked at: the next test, or unloading, destroys it. */
static struct spanheap *managed_heap;

static void drop_managed(void)
{
	spanheap_destroy(managed_heap);
	managed_heap = NULL;
}

static void use_kind(unsigned int flags)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	static struct chain chain;

	config.flags = flags;
	memset(&chain, 0, sizeof(chain));
	chain.heap = spanheap_create("managed", &config);
	if (!EXPECT(!IS_ERR(chain.heap)))
		return;
	chain.layout = spanheap_type_register(chain.heap, &link, GFP_KERNEL);
	if (EXPECT(!IS_ERR(chain.layout)) &&
	    EXPECT(!spanheap_add_roots(chain.heap, &chain.head, 1, GFP_KERNEL))) {
		use(&chain);
		EXPECT(!spanheap_remove_roots(chain.heap, &chain.head, 1));
	}
	spanheap_destroy(chain.heap);
}

static void list(struct spanheap *unused)
{
	use_kind(SPANHEAP_MANAGED);
}

static void list_where_sections_sleep(struct spanheap *unused)
{
	use_kind(SPANHEAP_MANAGED_SLEEP);
}

/* A heap with 100 objects that stay and 50 that do not. */
static void files(struct spanheap *unused)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	static struct chain chain;

	config.flags = SPANHEAP_MANAGED;
	config.gc_percent = SPANHEAP_GC_OFF;
	chain.heap = spanheap_create("managed", &config);
	if (!EXPECT(!IS_ERR(chain.heap)))
		return;
	managed_heap = chain.heap;
	chain.head = NULL;
	chain.layout = spanheap_type_register(chain.heap, &link, GFP_KERNEL);
	if (!EXPECT(!IS_ERR(chain.layout)) ||
	    !EXPECT(!spanheap_add_roots(chain.heap, &chain.head, 1, GFP_KERNEL)))
		return;
	EXPECT(lengthen(&chain, 50));
	cut(&chain);
	EXPECT(lengthen(&chain, 100));
	EXPECT(spanheap_collect(chain.heap) == 0);
	EXPECT(!spanheap_pin((void __force *)chain.head, GFP_KERNEL));
}

static void pin_left_behind(struct spanheap *unused)
{
	drop_managed();
}

static void bad_calls(struct spanheap *heap)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	static void *slots[4];

	EXPECT(spanheap_collect(heap) == -EINVAL);
	EXPECT(spanheap_set_gc_percent(heap, 10) == -EINVAL);
	EXPECT(spanheap_reserve(heap, 10, GFP_KERNEL) == -EINVAL);
	EXPECT(spanheap_add_roots(heap, slots, 4, GFP_KERNEL) == -EINVAL);
	EXPECT(spanheap_remove_roots(heap, slots, 4) == -EINVAL);
	EXPECT(IS_ERR(spanheap_type_register(heap, &link, GFP_KERNEL)));
	EXPECT(spanheap_pin(slots, GFP_KERNEL) == -EINVAL);
	EXPECT(spanheap_unpin(slots) == -EINVAL);
	config.flags = SPANHEAP_MANAGED | SPANHEAP_DEBUG;
	EXPECT(IS_ERR(spanheap_create("managed", &config)));
}

const struct client_test client_managed_tests[] = {
	{ "managed_list", list },
	{ "managed_list_where_sections_sleep", list_where_sections_sleep },
	{ "managed_files", files },
	{ "managed_pin_left_behind", pin_left_behind,
	  "heap managed: destroyed with 1 objects that are pinned" },
	{ "managed_bad_calls", bad_calls, "refused: that is for managed heaps" },
	{ }
};
