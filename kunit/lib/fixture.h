/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the upper layers share: a heap for each case, contents
 * that show whether an object was touched, and work on particular CPUs.
 */
#ifndef SPANHEAP_KUNIT_FIXTURE_H
#define SPANHEAP_KUNIT_FIXTURE_H

#include <kunit/test.h>
#include <linux/completion.h>

#include "heap/heap.h"
#include "lib/random.h"
#include "show/check.h"

/*
 * A suite's init and exit: test->priv is a heap, with arenas of 8 MiB, which
 * are made in less time than the default ones. At the end of the case the heap
 * must be sound and have no live objects.
 */
int sh_fixture_init(struct kunit *test);
/* The same with sh_fixture_stop_scavenger(). */
int sh_fixture_still_init(struct kunit *test);
/* The same as the first with a debug heap, called kunit-debug. */
int sh_fixture_debug_init(struct kunit *test);
void sh_fixture_exit(struct kunit *test);
/*
 * The same with a managed heap, called kunit-managed, in which objects may be left and
 * that collects when told to; the second's sections may sleep.
 */
int sh_fixture_managed_init(struct kunit *test);
int sh_fixture_managed_sleep_init(struct kunit *test);
void sh_fixture_managed_exit(struct kunit *test);

/* spanheap_create() but for the size of arenas. */
struct spanheap *sh_fixture_create_raw(const char *name,
				       const struct spanheap_config *config);

/* A heap in addition to that, with small arenas as well; it must be destroyed by the case. */
struct spanheap *sh_fixture_create(struct kunit *test, const char *name,
				   size_t limit);
/* The same with a debug heap, without a limit. */
struct spanheap *sh_fixture_create_debug(struct kunit *test, const char *name);
/* The same with a managed heap, whose sections may sleep, that collects when told to. */
struct spanheap *sh_fixture_create_managed(struct kunit *test, const char *name,
					   size_t limit);
void sh_fixture_destroy(struct kunit *test, struct spanheap *heap);

/*
 * Kernels that are instrumented run in an emulator, all in all a hundred times
 * slower: do less there of what is done for the sake of numbers.
 */
#define SH_FIXTURE_EMULATED	(!IS_ENABLED(CONFIG_UML))
#define SH_FIXTURE_SLOW		(SH_FIXTURE_EMULATED ? 8 : 1)

static inline unsigned long sh_fixture_ops(unsigned long nr)
{
	return sh_test_ops(nr) / (SH_FIXTURE_EMULATED ? 25 : 1);
}

/*
 * The same for each CPU, when all of them work at once: no more in all than two
 * CPUs would do. More of them may well be emulated by two, and wait for each other.
 */
static inline unsigned long sh_fixture_ops_each(unsigned long nr)
{
	return 2 * sh_fixture_ops(nr) / max(num_online_cpus(), 2U);
}

/*
 * From now on the heap gives nothing back of its own accord, and empties no
 * caches: for cases that look at what is cached or idle for longer than a moment.
 */
void sh_fixture_stop_scavenger(struct spanheap *heap);
void sh_fixture_start_scavenger(struct spanheap *heap);

/* The figures of a heap by value, to be used in expressions. */
struct spanheap_stats sh_fixture_stats(struct spanheap *heap);

/*
 * The same of a heap whose figures nobody but the case changes from now on: to be
 * compared with those of later, all of them. For one that outlives the case,
 * sh_fixture_start_scavenger() is due.
 */
struct spanheap_stats sh_fixture_still_stats(struct spanheap *heap);

/*
 * Fill an object with a pattern that @tag chooses; whether it is all there. Of
 * objects over 2 KiB a word in each 256 bytes stands for the others.
 */
void sh_fixture_fill(void *obj, size_t size, u64 tag);
bool sh_fixture_intact(const void *obj, size_t size, u64 tag);

/*
 * Allocate objects, filled with their numbers, until that fails or there are @most;
 * how many there are. Whether the first @nr of them are as they were filled.
 */
unsigned int sh_fixture_fill_up(struct spanheap *heap, size_t size, void **objs,
				unsigned int most);
void sh_fixture_expect_intact(struct kunit *test, size_t size, void **objs,
			      unsigned int nr);

/* Stay on the CPU this is called on; a case's thread ends with the case. */
int sh_fixture_pin(void);

/* Skips the case where arenas keep their memory. */
void sh_fixture_need_sparse_arenas(struct kunit *test);

/* Arenas, but for addresses that nobody has used yet and that take no memory. */
unsigned long sh_fixture_arenas(struct spanheap *heap);

/* Make the next pass of the scavenger now, and what it leaves over because of its rate. */
void sh_fixture_scavenge_pass(struct spanheap *heap);

/*
 * Leave objects of many classes, and runs, in this CPU's caches; whether a CPU has
 * neither objects nor arrays nor runs; whether none has.
 */
void sh_fixture_use_caches(void *heap);
bool sh_fixture_is_empty(struct spanheap *heap, int cpu);
bool sh_fixture_all_empty(struct spanheap *heap);

/* Let end what a pass, or somebody else, has started on other CPUs. */
void sh_fixture_wait_for_drains(struct spanheap *heap);

/* Empty the caches of all CPUs, however long that takes on a busy machine. */
void sh_fixture_drain(struct spanheap *heap);

/* For a finalizer that holds up the worker, with a gate as its argument. */
struct sh_fixture_gate {
	struct completion reached;
	struct completion open;
};

void sh_fixture_gate_init(struct sh_fixture_gate *gate);
void sh_fixture_pass_gate(void *ptr, size_t size, void *gate);

/*
 * Another CPU that is online, and stay on this one, so that it remains another;
 * skips the case when there is none.
 */
int sh_fixture_other_cpu(struct kunit *test);

/*
 * Call @fn in a hard interrupt on @cpu, an irq_work: lockdep takes a function
 * call from another CPU for one that PREEMPT_RT does not let take locks, where
 * neither kmalloc() nor a heap may be used.
 */
void sh_fixture_in_hardirq(int cpu, void (*fn)(void *arg), void *arg);

/*
 * Call @fn in a thread on each CPU at the same time; returns when all have
 * returned. 0 or an error of making the threads.
 */
int sh_fixture_on_each_cpu(void (*fn)(void *arg), void *arg);

/* Call @fn in a thread on one CPU and wait. */
int sh_fixture_on_cpu(int cpu, void (*fn)(void *arg), void *arg);

static inline void sh_fixture_check(struct kunit *test, struct spanheap *heap)
{
	KUNIT_EXPECT_EQ(test, sh_check_heap(heap, NULL), 0);
}

#endif /* SPANHEAP_KUNIT_FIXTURE_H */
