/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A heap as a whole: the struct and what its parts are made of. This folder promises:
 * the list of heaps, which can be gone through without a lock (registry.h), that nobody
 * allocates from one that goes (users.h), spans handed out whole (whole.h, large.h), and
 * that memory goes back by age, under pressure, at the limit and on request
 * (scavenge.h, pressure.h, room.h, reclaim.h).
 */
#ifndef SPANHEAP_HEAP_H
#define SPANHEAP_HEAP_H

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spanheap.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "base/meta.h"
#include "cache/central.h"
#include "cache/percpu.h"
#include "heap/scavenge.h"
#include "pages/pageheap.h"
#include "pages/quota.h"
#include "pages/runcache.h"

struct dentry;
struct seq_file;
struct sh_bucket;
struct sh_debug;
struct sh_gc;
struct task_struct;

/**
 * enum sh_finalizer_caller - who calls finalizers of a heap
 * @SH_FINALIZER_WORKER: the worker, when objects were freed
 * @SH_FINALIZER_DESTROY: spanheap_destroy(), when they were not
 * @SH_NR_FINALIZER_CALLERS: how many these are
 */
enum sh_finalizer_caller {
	SH_FINALIZER_WORKER,
	SH_FINALIZER_DESTROY,
	SH_NR_FINALIZER_CALLERS,
};

/**
 * struct sh_finalizer_call - a finalizer that is being called
 * @fn: the function, NULL when none is
 * @task: who calls it
 */
struct sh_finalizer_call {
	void (*fn)(void *ptr, size_t size, void *arg);
	struct task_struct *task;
};

/**
 * struct sh_finalizers - the finalizers of a heap
 * @lock: protects @set, @nr_set and @queue; @by is set under it
 * @set: those set, in that order
 * @nr_set: how many
 * @queue: those whose object was freed, in that order
 * @by: those that are being called
 * @nr_run: how many have run
 * @work: runs those in @queue
 * @kick: queues @work for those who must not wake anybody
 * @key: lockdep's class of @work
 */
struct sh_finalizers {
	spinlock_t lock;	/* see above */
	struct list_head set;
	unsigned long nr_set;
	struct list_head queue;
	struct sh_finalizer_call by[SH_NR_FINALIZER_CALLERS];
	atomic_long_t nr_run;
	struct work_struct work;
	struct irq_work kick;
	struct lock_class_key key;
};

/* Buckets that are found without a search, a power of two. */
#define SH_PROFILE_RECENT_BITS	5

/**
 * struct sh_profile - the profile of a heap
 * @buckets: by stack
 * @recent: some of them, by a hash of the stack
 * @samples: objects that have a sample
 * @lost: samples that there was no memory for
 */
struct sh_profile {
	struct xarray buckets;
	struct sh_bucket *recent[1 << SH_PROFILE_RECENT_BITS];
	atomic_long_t samples;
	atomic_long_t lost;
};

/**
 * struct sh_persistent - where a heap's persistent allocations come from
 * @lock: protects @at and @end
 * @at: first address of the current chunk that is not taken
 * @end: end of that chunk
 * @bytes: bytes in all chunks
 * @charges: see charge.c
 */
struct sh_persistent {
	spinlock_t lock;	/* for what is left of the chunk */
	unsigned long at;
	unsigned long end;
	atomic_long_t bytes;
	struct llist_head charges;
};

/**
 * struct sh_owner - who made a heap
 * @module: the module, NULL when it is no module or has gone
 * @name: its name; "kernel" when it is none
 * @comm: name of the process that called
 * @pid: its number
 * @made: when, nanoseconds since boot
 * @gone: whether the module has gone and left the heap behind
 */
struct sh_owner {
	const struct module *module;
	char name[MODULE_NAME_LEN];
	char comm[TASK_COMM_LEN];
	pid_t pid;
	u64 made;
	bool gone;
};

/**
 * struct sh_shared - a heap's freed spans whose pages are to be exchanged
 * @spans: the spans
 * @work: does it
 * @kick: queues that from where interrupts are off
 */
struct sh_shared {
	struct llist_head spans;
	struct work_struct work;
	struct irq_work kick;
};

/**
 * struct sh_calm - lets those who fail disturb others only so often
 * @failing: the last one who did failed all the same
 * @until: jiffies until which nobody may then
 * @idle: heap pages that were idle when it did not help
 */
struct sh_calm {
	bool failing;
	unsigned long until;
	unsigned long idle;
};

/**
 * struct sh_held - what a layer above a heap's caches keeps of it
 * @bytes: tells bytes of free objects that it holds back; NULL without such a layer
 * @drain: frees all of these; NULL likewise
 * @extra: bytes that it may want more for each object
 */
struct sh_held {
	size_t (*bytes)(struct spanheap *heap);
	void (*drain)(struct spanheap *heap);
	size_t extra;
};

/**
 * struct spanheap - a heap
 * @phase: of a managed heap, see gc/phase.h; first, where callers find it
 * @caches: per-CPU caches; every allocation of another heap goes there
 * @rcs: per-CPU caches of runs
 * @ph: the page heap
 * @scavenger: gives idle memory back
 * @central: central lists by size class
 * @link: in the list of all heaps
 * @visits: see registry.c
 * @ending: no more visits are to begin
 * @name: as given to spanheap_create()
 * @node: NUMA node that new pages come from, or NUMA_NO_NODE
 * @large_mallocs: large objects allocated
 * @large_frees: large objects freed
 * @large_bytes: bytes in live large objects
 * @manual_spans: manual spans
 * @manual_bytes: bytes in these
 * @persistent: where persistent allocations come from
 * @specials: special records
 * @finalizers: what is to be called when objects are freed
 * @profile: who allocated what
 * @shared: freed pages that others have references to
 * @charges: objects and persistent allocations that are charged to call sites
 * @calm_drain: keeps those who fail from emptying other CPUs' caches all the time
 * @calm_release: the same of TLB shootdowns
 * @readers_until: jiffies until which nobody else may who waited for readers
 * @surplus_until: jiffies until which nothing more goes only since the limit was
 *	lowered
 * @bad_frees: frees and the like refused
 * @bad_copies: copies to and from user space refused
 * @alloc_failures: allocations that returned NULL
 * @dying: being destroyed; set under sh_heaps_lock, once
 * @closed: being destroyed, nobody may allocate
 * @id: a number no other heap has or had
 * @flags: as given to spanheap_create()
 * @owner: who made it
 * @debug: what makes it a debug heap, NULL for others
 * @held: what the debug layer holds back
 * @gc: what makes it a managed heap, NULL for others
 * @dir: its debugfs directory
 * @meta: bytes of metadata
 * @drains: for emptying its caches
 * @rcu_frees: objects that spanheap_free_rcu() was called for and that are not
 *	free yet
 * @rcu_pages: heap pages of the large ones of these
 * @rest: frees what is left of a destroyed heap
 */
struct spanheap {
	unsigned long phase;
	struct sh_caches caches;
	struct sh_runcaches rcs;
	struct sh_pageheap ph;
	struct sh_meta meta;
	struct sh_drain __percpu *drains;
	struct sh_scavenger scavenger;
	struct sh_central central[SH_NR_CLASSES];
	struct list_head link;
	atomic_t visits;
	bool ending;
	char name[SPANHEAP_NAME_MAX + 1];
	int node;
	atomic_long_t large_mallocs;
	atomic_long_t large_frees;
	atomic_long_t large_bytes;
	atomic_long_t manual_spans;
	atomic_long_t manual_bytes;
	struct sh_persistent persistent;
	struct sh_fixalloc specials;
	struct sh_finalizers finalizers;
	struct sh_profile profile;
	struct sh_shared shared;
	atomic_long_t charges;
	struct sh_calm calm_drain;
	struct sh_calm calm_release;
	unsigned long readers_until;
	unsigned long surplus_until;
	atomic_long_t bad_frees;
	atomic_long_t bad_copies;
	atomic_long_t alloc_failures;
	bool dying;
	bool closed;
	u32 id;
	unsigned int flags;
	struct sh_owner owner;
	struct sh_debug *debug;
	struct sh_held held;
	struct sh_gc *gc;
	struct dentry *dir;
	atomic_long_t rcu_frees;
	atomic_long_t rcu_pages;
	struct rcu_work rest;
};

/* In registry.c. */
extern struct spanheap *sh_default_heap;

static __always_inline struct spanheap *sh_heap_or_default(struct spanheap *heap)
{
	return likely(heap) ? heap : sh_default_heap;
}

/* The heap a span belongs to. */
static inline struct spanheap *sh_span_heap(const struct sh_span *span)
{
	return span->arena->heap;
}

/* Heap pages that hold @size bytes. */
static inline unsigned long sh_whole_pages(size_t size)
{
	return (size >> SH_PAGE_SHIFT) + !!(size & ~SH_PAGE_MASK);
}

/* Free objects that somebody holds back from the caches. */
static inline size_t sh_held_bytes(struct spanheap *heap)
{
	return heap->held.bytes ? heap->held.bytes(heap) : 0;
}

static inline void sh_held_drain(struct spanheap *heap)
{
	if (heap->held.drain)
		heap->held.drain(heap);
}

/* A special record; NULL also where a limit leaves no room for it. */
static inline void *sh_special_new(struct spanheap *heap, gfp_t gfp)
{
	void *record = sh_fixalloc_alloc(&heap->specials, 0);

	if (!record && sh_pageheap_may_keep(&heap->ph, gfp))
		record = sh_fixalloc_alloc(&heap->specials, gfp);
	return record;
}

static inline void *sh_count_failure(struct spanheap *heap)
{
	atomic_long_inc(&heap->alloc_failures);
	return NULL;
}

#endif /* SPANHEAP_HEAP_H */
