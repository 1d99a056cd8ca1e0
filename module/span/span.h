/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spans: runs of heap pages with one owner, and what is known about the objects in
 * them. This folder promises: from any address to the record of its span without a
 * lock (pagemap.h), a state for each object that exactly one of many callers can
 * change (span.c), special records of objects (special.h), and that a claim made by
 * mistake can be undone (undo.h).
 */
#ifndef SPANHEAP_SPAN_H
#define SPANHEAP_SPAN_H

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/list.h>
#include <linux/list_bl.h>
#include <linux/llist.h>
#include <linux/rbtree.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "arena/arena.h"
#include "base/fixalloc.h"
#include "base/sizeclass.h"

struct sh_bin;
struct sh_cache;

/**
 * enum sh_span_state - who owns a span
 * @SH_SPAN_FREE: the page heap; it can be allocated
 * @SH_SPAN_HELD: the page heap or somebody it handed the run to, for a while:
 *	being made into something else, or waiting in a CPU's run cache
 * @SH_SPAN_SMALL: a central list; it holds objects of a size class
 * @SH_SPAN_LARGE: a large object
 * @SH_SPAN_MANUAL: handed out whole, with no objects inside
 * @SH_SPAN_PERSISTENT: a chunk that persistent allocations are cut from
 */
enum sh_span_state {
	SH_SPAN_FREE,
	SH_SPAN_HELD,
	SH_SPAN_SMALL,
	SH_SPAN_LARGE,
	SH_SPAN_MANUAL,
	SH_SPAN_PERSISTENT,
};

/**
 * enum sh_obj_state - where an object is, a byte an object in sh_span.obj
 * @SH_OBJ_FREE: in its span; also the byte after the last object
 * @SH_OBJ_LIVE: allocated; also the only state of a span handed out whole
 * @SH_OBJ_CACHED: free, in a CPU's cache or on its way from or to one
 * @SH_OBJ_BUSY: allocated, and being resized or split, when its span may change,
 *	or waiting for a grace period to be freed
 * @SH_OBJ_SPECIAL: as SH_OBJ_LIVE, with special records, see special.c
 * @SH_OBJ_SPECIAL_BUSY: as SH_OBJ_BUSY, with special records, or waiting for its
 *	finalizer
 * @SH_OBJ_GUARDED: the debug layer's; it knows what of that is allocated
 *
 * One that somebody has claimed, cached or busy, may have SH_OBJ_LATE_BIT as well:
 * a free was refused because of the claim. See undo.c.
 *
 * A live object of a managed heap has a colour beside that, so it never equals
 * SH_OBJ_LIVE: nobody can claim it, and nobody free it but the collector.
 */
enum sh_obj_state {
	SH_OBJ_FREE,
	SH_OBJ_LIVE,
	SH_OBJ_CACHED,
	SH_OBJ_BUSY,
	SH_OBJ_GUARDED,
	SH_OBJ_SPECIAL = 5,
	SH_OBJ_SPECIAL_BUSY = 7,
};

/* What makes an allocated object a busy one, and one with special records. */
#define SH_OBJ_BUSY_BIT		(SH_OBJ_BUSY ^ SH_OBJ_LIVE)
#define SH_OBJ_SPECIAL_BIT	(SH_OBJ_SPECIAL ^ SH_OBJ_LIVE)
#define SH_OBJ_LATE_BIT		8

/* Two bits for a colour: none, one of two that exchange their meaning, or grey. */
#define SH_OBJ_COLOUR		0x30
#define SH_OBJ_COLOUR_A		0x10
#define SH_OBJ_COLOUR_B		0x20
#define SH_OBJ_GREY		0x30

/* Allocated. */
static inline bool sh_obj_is_live(u8 state)
{
	return state & SH_OBJ_LIVE;
}

/* The state of an object with no regard to its special records. */
static inline enum sh_obj_state sh_obj_plain(u8 state)
{
	return state & ~(SH_OBJ_SPECIAL_BIT | SH_OBJ_LATE_BIT);
}

/**
 * enum sh_span_map - what the pagemap says of the pages of a free span
 * @SH_MAP_ENDS: the first and last page map to the span, the others to nothing
 * @SH_MAP_MIXED: the first and last page map to it, others may
 * @SH_MAP_ALL: all pages map to the span; so it is while it is in use
 */
enum sh_span_map {
	SH_MAP_ENDS,
	SH_MAP_MIXED,
	SH_MAP_ALL,
};

/* Record sizes; a span has the smallest that holds its objects' states. */
#define SH_NR_SPAN_KINDS	7

/**
 * struct sh_span - a span record
 * @arena: the arena it lies in
 * @specials: special records of its objects, in order; empty unless in use
 * @rb: in the page heap's tree, when free and long
 * @link: in one of the page heap's lists when free and short, in a bucket of a
 *	central list when there are free objects
 * @work: in a managed heap, in the list of those with grey objects, see gc/mark.c
 * @shared: waits for its pages to be exchanged, see shared.c
 * @nelems: objects in the span
 * @nalloc: objects not SH_OBJ_FREE
 * @hint: no free object before this word of the bitmap
 * @bucket: bucket of the central list, SH_NO_BUCKET when in none
 * @lru: in the page heap's list by age, when free with resident pages
 * @nr_pages: heap pages
 * @released: heap pages of them without memory behind
 * @key: first address, and in the bits below SH_PAGE_SIZE the size class as an
 *	offset, 0 unless @state is SH_SPAN_SMALL. One word, so that a reader
 *	without locks gets both of the same moment.
 * @cache: the heap's per-CPU caches, for spans in use
 * @bin: for those of a managed heap instead: what their objects are
 * @idle_since: jiffies at which the free span became idle
 * @state: enum sh_span_state
 * @kind: which size of record this is
 * @map: enum sh_span_map
 * @dirty: the memory may hold something other than zeroes
 * @charged: some of the pages may be charged to a memory cgroup
 * @queued: it is in the list that @work is for
 * @obj: a state for each object and one more. At the end of the record, beyond
 *	the states of any class that has such records, is a bitmap of those that
 *	are SH_OBJ_FREE.
 *
 * Written by the owner the state names, under the owner's lock; @obj of live
 * and cached objects by whoever allocates and frees them.
 *
 * What a free looks at begins with @key, at the start of a line of the CPU's
 * cache, and has the first states in that line as well::
 *
 *   line  bytes
 *   0      0-63   arena specials | rb, link | nelems ... lru | nr_pages released
 *   1     64-127  key | cache | state kind map dirty charged queued | obj[0] ... obj[39]
 *   2...          obj[40] ... one more state | bitmap of free objects
 */
struct sh_span {
	struct sh_arena *arena;
	struct hlist_bl_head specials;
	union {
		struct rb_node rb;
		struct {
			struct list_head link;
			struct llist_node work;
		};
		struct llist_node shared;
	};
	union {
		struct {
			u16 nelems;
			u16 nalloc;
			u16 hint;
			u8 bucket;
		};
		struct list_head lru;
	};
	u32 nr_pages;
	u32 released;
	unsigned long key;
	union {
		struct sh_cache __percpu *cache;
		struct sh_bin *bin;
		unsigned long idle_since;
	};
	u8 state;
	u8 kind;
	u8 map;
	u8 dirty;
	u8 charged;
	u8 queued;
	u8 obj[] __aligned(8);
};

static_assert(offsetof(struct sh_span, key) % SH_FIXALLOC_LINE == 0);

#define SH_NO_BUCKET		0xff

/**
 * union sh_span_user - to what the objects of a span go when they are free
 * @cache: the heap's per-CPU caches
 * @bin: in a managed heap, a bin
 */
union sh_span_user {
	struct sh_cache __percpu *cache;
	struct sh_bin *bin;
} __attribute__((__transparent_union__));

/**
 * struct sh_entry - an object on its way between a span and a user
 * @obj: the object
 * @state: its state in the span
 */
struct sh_entry {
	void *obj;
	u8 *state;
};

/**
 * sh_entries_copy() - copy entries, some dozens
 * @to: where to
 * @from: where from, nowhere in @to
 * @nr: how many
 *
 * For that few, what memcpy() takes to begin with is more than all of this.
 */
static inline void sh_entries_copy(struct sh_entry *to,
				   const struct sh_entry *from, unsigned int nr)
{
	for (; nr; nr--)
		*to++ = *from++;
}

extern const u16 sh_span_kind_size[SH_NR_SPAN_KINDS];
extern const u16 sh_span_kind_states[SH_NR_SPAN_KINDS];

unsigned int sh_span_kind(unsigned int nelems);
void sh_span_init_objects(struct sh_span *span, unsigned int class,
			  union sh_span_user user);
unsigned int sh_span_take(struct sh_span *span, struct sh_entry *entries,
			  unsigned int nr);
bool sh_obj_claim(u8 *state);
void sh_obj_unclaim(u8 *state);
const char *sh_span_check_objects(struct sh_span *span, unsigned int *cached);

static inline unsigned long sh_key(unsigned long base, unsigned int class)
{
	BUILD_BUG_ON(SH_NR_CLASSES << SH_CLASS_SHIFT > SH_PAGE_SIZE);
	return base | class << SH_CLASS_SHIFT;
}

static inline unsigned long sh_key_base(unsigned long key)
{
	return key & SH_PAGE_MASK;
}

static inline unsigned int sh_key_class(unsigned long key)
{
	return (key & ~SH_PAGE_MASK) >> SH_CLASS_SHIFT;
}

static inline unsigned long sh_span_base(const struct sh_span *span)
{
	return sh_key_base(span->key);
}

static inline unsigned int sh_span_class(const struct sh_span *span)
{
	return sh_key_class(span->key);
}

static inline size_t sh_span_bytes(const struct sh_span *span)
{
	return (size_t)span->nr_pages << SH_PAGE_SHIFT;
}

static inline unsigned long sh_span_end(const struct sh_span *span)
{
	return sh_span_base(span) + sh_span_bytes(span);
}

/**
 * sh_count_released() - count pages without memory at the front of a span
 * @run: the span
 * @nr_pages: how many pages to look at
 *
 * Return: how many of them have none.
 */
static inline u32 sh_count_released(const struct sh_span *run, u32 nr_pages)
{
	if (!run->released)
		return 0;
	if (run->released == run->nr_pages)
		return nr_pages;
	return nr_pages - sh_arena_count_resident(run->arena, sh_span_base(run),
						  nr_pages);
}

static inline unsigned long *sh_span_bitmap(struct sh_span *span)
{
	return (unsigned long *)(span->obj + sh_span_kind_states[span->kind]);
}

/**
 * sh_span_put() - put a cached object back into its span
 * @span: the span
 * @state: the object's state in it
 */
static inline void sh_span_put(struct sh_span *span, u8 *state)
{
	unsigned int idx = state - span->obj;

	/* Read without a lock by a bad free. */
	WRITE_ONCE(*state, SH_OBJ_FREE);
	__set_bit(idx, sh_span_bitmap(span));
	if (idx / BITS_PER_LONG < span->hint)
		span->hint = idx / BITS_PER_LONG;
	span->nalloc--;
}

#endif /* SPANHEAP_SPAN_H */
