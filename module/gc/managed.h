/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes a heap a managed one: its types, roots and pins, and its collector.
 */
#ifndef SPANHEAP_MANAGED_H
#define SPANHEAP_MANAGED_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "heap/heap.h"
#include "pages/walk.h"

/**
 * struct sh_tree - roots or pins, by address
 * @lock: protects the tree
 * @tree: struct sh_anchor
 * @nr: how many
 */
struct sh_tree {
	spinlock_t lock;	/* see above */
	struct rb_root tree;
	unsigned long nr;
};

/**
 * struct sh_mark - what a cycle has marked so far
 * @grey: spans with grey objects
 * @bytes: bytes of objects that were looked into
 * @others: bytes of those that need not be
 */
struct sh_mark {
	struct llist_head grey;
	unsigned long bytes;
	atomic_long_t others;
};

/**
 * struct sh_sweep - how far the sweep after a cycle has come
 * @lock: protects @walk
 * @walk: where it is
 * @done: there is nothing left to be taken on
 * @active: those who have taken a span on and are not done with it
 * @dead: the colour of dead objects
 * @pages: heap pages of spans swept since the cycle
 * @objects: objects freed, ever
 * @bytes: bytes of these
 */
struct sh_sweep {
	spinlock_t lock;	/* see above */
	struct sh_walk walk;
	bool done;
	atomic_t active;
	u8 dead;
	atomic_long_t pages;
	atomic_long_t objects;
	atomic_long_t bytes;
};

/**
 * struct sh_pace - when to collect and how fast to sweep
 * @percent: how much a heap may grow beyond what was live, SPANHEAP_GC_OFF for any
 * @allocated: bytes taken out of spans since the last cycle
 * @trigger: of these, at which the next begins
 * @live: bytes that were live after the last cycle
 * @runway: bytes that were allocated while that marked
 * @pages: heap pages there were to sweep after it
 */
struct sh_pace {
	unsigned int percent;
	atomic_long_t allocated;
	unsigned long trigger;
	unsigned long live;
	unsigned long runway;
	unsigned long pages;
};

/**
 * struct sh_cycle_stats - figures of cycles, times in nanoseconds
 * @cycles: cycles that have ended
 * @verified: of these, and apart from them, verified
 * @wrong: references that were found to be wrong then
 * @reached: objects that could be reached when it was verified last
 * @floating: others that there were then
 * @last_ns: time of the last cycle until its sweep began
 * @mark_ns: of that, of its marking, grace periods meanwhile included
 * @longest_wait_ns: longest wait for a grace period, ever
 * @total_ns: time of all cycles until their sweeps began
 * @late: grace periods that took longer than a second
 */
struct sh_cycle_stats {
	unsigned long cycles;
	unsigned long verified;
	unsigned long wrong;
	unsigned long reached;
	unsigned long floating;
	u64 last_ns;
	u64 mark_ns;
	u64 longest_wait_ns;
	u64 total_ns;
	unsigned long late;
};

/**
 * struct sh_gc - what makes a heap a managed one
 * @heap: the heap
 * @lock: for who adds to @layouts
 * @layouts: types in use, oldest first; they stay as long as the heap
 * @srcu: sections, where these may sleep
 * @opened: where those wait who come when the heap is closed
 * @cycle: held by who makes a cycle, to its end and that of its sweep
 * @roots: slots elsewhere that refer to objects
 * @pins: objects that are held from elsewhere
 * @mark: the marking
 * @sweep: the sweeping
 * @pace: when to do either
 * @stats: how it went
 * @work: collects
 * @kick: queues that from anywhere
 * @wanted: a cycle is to begin soon
 * @armed: one will when nothing else has begun one for a while
 * @last: jiffies at which the last one ended
 * @stacks: it is remembered who pins, as the parameter gc_verify was when it was made
 * @stopped: nobody is to collect any more
 * @late: says that a grace period takes long
 */
struct sh_gc {
	struct spanheap *heap;
	spinlock_t lock;	/* see above */
	struct list_head layouts;
	struct srcu_struct srcu;
	wait_queue_head_t opened;
	struct mutex cycle;	/* see above */
	struct sh_tree roots;
	struct sh_tree pins;
	struct sh_mark mark;
	struct sh_sweep sweep;
	struct sh_pace pace;
	struct sh_cycle_stats stats;
	struct delayed_work work;
	struct irq_work kick;
	bool wanted;
	bool armed;
	unsigned long last;
	bool stacks;
	bool stopped;
	struct delayed_work late;
};

static inline bool sh_gc_sleeps(const struct spanheap *heap)
{
	return READ_ONCE(heap->phase) & __SPANHEAP_SLEEP;
}

/**
 * struct sh_since - when a wait began
 * @rcu: what RCU says of that
 * @srcu: what SRCU does, where sections may sleep
 */
struct sh_since {
	unsigned long rcu;
	unsigned long srcu;
};

/* section.c */
void sh_sections_wait(struct sh_gc *gc);
struct sh_since sh_sections_poll(struct sh_gc *gc);
void sh_sections_wait_since(struct sh_gc *gc, struct sh_since since);
void sh_barriers_wait(struct sh_gc *gc);
void sh_sections_say_late(struct work_struct *work);
int sh_section_enter(struct spanheap *heap);
void sh_section_leave(struct spanheap *heap, int idx);
bool sh_sections_close(struct sh_gc *gc);
void sh_sections_open(struct sh_gc *gc);
bool sh_section_is_open(struct spanheap *heap, const char *call);
bool sh_section_expect(struct spanheap *heap, const char *call);

/* roots.c */
void sh_tree_init(struct sh_tree *tree);
void sh_trees_free(struct sh_gc *gc);
int sh_roots_add(struct spanheap *heap, void **slots, size_t n, gfp_t gfp);
int sh_roots_remove(struct spanheap *heap, void **slots, size_t n);
int sh_pins_add(struct spanheap *heap, void *obj, gfp_t gfp);
int sh_pins_remove(struct spanheap *heap, void *obj);
unsigned long sh_roots_forget(struct sh_gc *gc, const struct module *mod);
void sh_roots_each(struct sh_gc *gc, void (*fn)(void *ptr, void *arg), void *arg);
void sh_pins_report(struct sh_gc *gc);

/* mark.c */
u8 *sh_state_at(struct spanheap *heap, struct sh_span *span, unsigned long addr);
void sh_shade(struct spanheap *heap, const void *ptr, unsigned long word);
void sh_mark_all(struct sh_gc *gc);
bool sh_mark_has_work(struct sh_gc *gc);
void sh_mark_begin(struct sh_gc *gc);
unsigned long sh_mark_bytes(struct sh_gc *gc);

/* sweep.c */
void sh_sweep_begin(struct sh_gc *gc, u8 dead);
bool sh_sweep_one(struct sh_gc *gc, bool large);
void sh_sweep_finish(struct sh_gc *gc);
bool sh_sweep_is_done(struct sh_gc *gc);

/* pace.c */
void sh_pace_begin(struct sh_gc *gc, unsigned long live, unsigned long runway);
void sh_pace_sweep(struct sh_gc *gc);
void sh_pace_count(struct sh_gc *gc, size_t bytes);
void sh_pace_update(struct sh_gc *gc);
bool sh_pace_is_due(struct sh_gc *gc);

/* verify.c */
long sh_verify(struct sh_gc *gc);

/* cycle.c */
void sh_gc_init_cycles(struct sh_gc *gc, unsigned int percent);
void sh_gc_kick(struct sh_gc *gc);
void sh_gc_want(struct sh_gc *gc);

extern struct workqueue_struct *sh_gc_wq;

#endif /* SPANHEAP_MANAGED_H */
