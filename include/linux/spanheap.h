/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spanheap - a general-purpose heap for kernel modules
 *
 * A heap belongs to one owner. It serves objects of any size from any context
 * kmalloc() can be called in, counts what it serves, and is freed as a whole.
 * The rules for gfp flags are kmalloc()'s. Memory comes from the vmalloc
 * range: is_vmalloc_addr() is true for it, virt_to_page() and DMA through the
 * linear map are not for it.
 *
 * Every function here that takes a heap takes NULL for the default heap, which
 * exists for as long as spanheap.ko is loaded; but not those of managed heaps.
 */
#ifndef _LINUX_SPANHEAP_H
#define _LINUX_SPANHEAP_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spanheap_refs.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/version.h>

struct module;
struct seq_file;
struct spanheap;
struct spanheap_layout;

/** define SPANHEAP_NAME_MAX - longest name of a heap, in bytes without the NUL */
#define SPANHEAP_NAME_MAX	63

/** define SPANHEAP_MAX_SMALL - largest object served from a size class, bytes */
#define SPANHEAP_MAX_SMALL	32768

/**
 * define SPANHEAP_NATURAL_ALIGN - largest size that is aligned without asking, bytes
 *
 * A size that is a power of two, and not more than this, is aligned to itself.
 */
#define SPANHEAP_NATURAL_ALIGN	65536

/** define SPANHEAP_MAX_ALIGN - largest alignment that can be asked for, bytes */
#define SPANHEAP_MAX_ALIGN	(2UL << 20)

/**
 * define SPANHEAP_LIMIT_MIN - smallest limit of a heap, bytes
 *
 * At least half of it is there for objects of up to 16 KiB; the rest is what a heap
 * keeps about itself, some of that for each CPU there can be.
 */
#define SPANHEAP_LIMIT_MIN	((384UL << 10) + num_possible_cpus() * (16UL << 10))

/**
 * define SPANHEAP_DEBUG - make a heap a debug heap
 *
 * Objects have red zones around them and are filled with poison when they are
 * freed, freed ones are held back for a while, and it is remembered who
 * allocated and freed each. See Documentation/debugging.rst.
 */
#define SPANHEAP_DEBUG		BIT(0)

/**
 * define SPANHEAP_ACCOUNT - charge all pages of a heap to its owner's memory cgroup
 *
 * That is the cgroup of the task that creates the heap. Without this, pages are
 * charged to the cgroup of whoever makes the heap grow with __GFP_ACCOUNT, and else
 * to nobody. Records of the heap's own are not charged.
 */
#define SPANHEAP_ACCOUNT	BIT(1)

/**
 * define SPANHEAP_MANAGED - make a heap whose objects nobody frees
 *
 * Its objects come from spanheap_new() only, and it knows where in them references to
 * other objects are. Not together with SPANHEAP_DEBUG. See Documentation/managed.rst.
 */
#define SPANHEAP_MANAGED	BIT(2)

/**
 * define SPANHEAP_MANAGED_SLEEP - a managed heap in whose sections one may sleep
 *
 * Sections are SRCU's then, else RCU's, which cost less. See spanheap_enter().
 */
#define SPANHEAP_MANAGED_SLEEP	(SPANHEAP_MANAGED | BIT(3))

/** define SPANHEAP_GC_OFF - a managed heap collects only when it is told to */
#define SPANHEAP_GC_OFF		UINT_MAX

/**
 * struct spanheap_config - how a heap is set up
 * @limit: most bytes of memory the heap may hold, 0 for no limit; at least
 *	SPANHEAP_LIMIT_MIN, rounded down to a multiple of 8 KiB
 * @scavenge_idle_ms: age in milliseconds at which idle pages go back to the
 *	system, 0 for the module's default
 * @node: NUMA node to take pages from, NUMA_NO_NODE for the local one
 * @flags: SPANHEAP_DEBUG, SPANHEAP_MANAGED or SPANHEAP_MANAGED_SLEEP, and
 *	SPANHEAP_ACCOUNT; or 0
 * @gc_percent: by how much a managed heap may grow beyond what was live until it
 *	collects, per cent; 0 for 100, SPANHEAP_GC_OFF for never by itself
 *
 * A zeroed struct asks for node 0: initialise with SPANHEAP_CONFIG_INIT.
 */
struct spanheap_config {
	size_t limit;
	unsigned int scavenge_idle_ms;
	int node;
	unsigned int flags;
	unsigned int gc_percent;
};

#define SPANHEAP_CONFIG_INIT	{ .node = NUMA_NO_NODE }

/**
 * struct spanheap_stats - the figures of a heap
 * @limit: configured limit in bytes, 0 when there is none
 * @sys: bytes of address space in use for spans, free or not
 * @in_use: bytes in spans that hold objects, large objects or page runs
 * @idle: bytes in free spans
 * @released: bytes of @idle that have no physical memory behind them
 * @resident: bytes of @sys that have physical memory behind them
 * @free_bytes: bytes of @in_use that are free: objects not handed out, and what
 *	is left over at the end of spans
 * @idle_bytes: bytes of @idle that are resident
 * @reserved: deprecated, the same as @sys
 * @fragmentation_permille: share of @resident that nobody has, in thousandths
 * @objects: live objects
 * @object_bytes: bytes in live objects, rounded up to what each occupies
 * @mallocs: objects ever allocated, large ones included
 * @frees: objects ever freed, large ones included
 * @large_mallocs: large objects ever allocated: those over SPANHEAP_MAX_SMALL, and
 *	those that took whole pages for their alignment or their NUMA node
 * @large_frees: large objects ever freed
 * @manual_spans: manual spans, see spanheap_alloc_pages()
 * @manual_bytes: bytes in these
 * @persistent_bytes: bytes in the chunks that persistent allocations are cut from
 * @cached_objects: free objects that wait in per-CPU caches
 * @cached_bytes: bytes in these
 * @span_meta: bytes of span records
 * @cache_meta: bytes of per-CPU caches and their arrays
 * @special_meta: bytes of special records: finalizers, samples of the profile,
 *	charges of the kernel's memory allocation profiling
 * @profile_meta: bytes of the profile beside these
 * @other_meta: bytes of everything else the heap keeps about itself
 * @arenas: arenas reserved
 * @grows: times the heap took another step of an arena
 * @scavenges: passes that gave pages back
 * @scavenged_bytes: bytes given back by these, and early by a worker what was
 *	charged to memory cgroups
 * @longest_pause_ns: longest time an allocation waited for a lock while memory
 *	was given back, nanoseconds
 * @profile_samples: objects that the profile has a sample of
 * @profile_lost: samples that there was no memory for
 * @finalizers: objects that have a finalizer and were not freed
 * @finalizers_run: finalizers that have run
 * @bad_frees: frees and reallocations refused because the address was no live
 *	object, or none of that kind
 * @alloc_failures: allocations that returned NULL
 * @over_limit: allocations that went over the limit since they had __GFP_NOFAIL
 * @corruptions: objects of a debug heap that were written past, or to after they
 *	were freed
 * @quarantined_objects: freed objects that a debug heap holds back; no live ones
 * @quarantined_bytes: bytes in these
 * @bad_copies: copies to and from user space refused because they were not within
 *	one object, see spanheap_copy_to_user()
 *
 * When nobody is allocating: @sys = @in_use + @idle, @resident = @sys -
 * @released, @objects = @mallocs - @frees. While others allocate, each figure
 * is right by itself but two may be of slightly different moments.
 */
struct spanheap_stats {
	u64 limit;
	u64 sys;
	u64 in_use;
	u64 idle;
	u64 released;
	u64 resident;
	u64 free_bytes;
	u64 idle_bytes;
	u64 reserved;
	u64 fragmentation_permille;
	u64 objects;
	u64 object_bytes;
	u64 mallocs;
	u64 frees;
	u64 large_mallocs;
	u64 large_frees;
	u64 manual_spans;
	u64 manual_bytes;
	u64 persistent_bytes;
	u64 cached_objects;
	u64 cached_bytes;
	u64 span_meta;
	u64 cache_meta;
	u64 special_meta;
	u64 profile_meta;
	u64 other_meta;
	u64 arenas;
	u64 grows;
	u64 scavenges;
	u64 scavenged_bytes;
	u64 longest_pause_ns;
	u64 profile_samples;
	u64 profile_lost;
	u64 finalizers;
	u64 finalizers_run;
	u64 bad_frees;
	u64 alloc_failures;
	u64 over_limit;
	u64 corruptions;
	u64 quarantined_objects;
	u64 quarantined_bytes;
	u64 bad_copies;
};

/** define SPANHEAP_NOSCAN - flag of a type: there are no references in its objects */
#define SPANHEAP_NOSCAN		BIT(0)

/**
 * define SPANHEAP_CONSERVATIVE - flag of a type: any word may be a reference
 *
 * Each aligned word of an object that holds the address of an object of the heap, or
 * one within, counts as a reference to it.
 */
#define SPANHEAP_CONSERVATIVE	BIT(1)

/**
 * struct spanheap_type - what objects of a managed heap consist of
 * @name: for people; printable
 * @size: bytes of one
 * @flags: SPANHEAP_NOSCAN, SPANHEAP_CONSERVATIVE or 0
 * @refs: where in it references are, in bytes, multiples of the size of a pointer
 * @nr_refs: how many
 *
 * With SPANHEAP_TYPE() most are written in a line.
 */
struct spanheap_type {
	const char *name;
	size_t size;
	unsigned int flags;
	const u16 *refs;
	unsigned int nr_refs;
};

/**
 * SPANHEAP_TYPE() - define a type of objects of managed heaps
 * @var: name of the variable, and of the type where people see it
 * @t: the type in C
 * @...: members of it, up to twelve, that are references
 *
 * Without members the type has SPANHEAP_NOSCAN.
 */
#define SPANHEAP_TYPE(var, t, ...)					\
	static const u16 __spanheap_refs_##var[] = {			\
		__SPANHEAP_REFS(t, ##__VA_ARGS__)			\
	};								\
	static const struct spanheap_type var = {			\
		.name = #var,						\
		.size = sizeof(t),					\
		.flags = ARRAY_SIZE(__spanheap_refs_##var) ? 0 : SPANHEAP_NOSCAN, \
		.refs = __spanheap_refs_##var,				\
		.nr_refs = ARRAY_SIZE(__spanheap_refs_##var),		\
	}

/**
 * struct spanheap_object - what spanheap_find() says about an address
 * @heap: the heap the object belongs to
 * @start: first byte of the object
 * @size: bytes the object occupies
 */
struct spanheap_object {
	struct spanheap *heap;
	void *start;
	size_t size;
};

struct spanheap *__spanheap_create(const char *name,
				   const struct spanheap_config *config,
				   struct module *owner);
void spanheap_destroy(struct spanheap *heap);

void spanheap_free(const void *ptr);
void spanheap_free_bulk(unsigned int nr, void **objs);
void spanheap_free_sensitive(const void *ptr);
void __spanheap_free_rcu(void *ptr, size_t offset);

void *spanheap_alloc(struct spanheap *heap, size_t size, gfp_t gfp)
	__alloc_size(2) __malloc;
void *spanheap_alloc_aligned(struct spanheap *heap, size_t size, size_t align,
			     gfp_t gfp) __alloc_size(2) __malloc;
void *spanheap_alloc_node(struct spanheap *heap, size_t size, gfp_t gfp,
			  int node) __alloc_size(2) __malloc;
unsigned int spanheap_alloc_bulk(struct spanheap *heap, size_t size, gfp_t gfp,
				 unsigned int nr, void **objs);
unsigned int spanheap_alloc_bulk_aligned(struct spanheap *heap, size_t size,
					 size_t align, gfp_t gfp,
					 unsigned int nr, void **objs);
void *spanheap_realloc(struct spanheap *heap, const void *ptr, size_t size,
		       gfp_t gfp) __realloc_size(3);
void *spanheap_memdup(struct spanheap *heap, const void *src, size_t len,
		      gfp_t gfp) __alloc_size(3) __malloc;
char *spanheap_strdup(struct spanheap *heap, const char *s, gfp_t gfp) __malloc;

void *spanheap_alloc_pages(struct spanheap *heap, size_t bytes, gfp_t gfp)
	__alloc_size(2) __malloc;
void spanheap_free_pages(void *ptr);
int spanheap_split(void *ptr);
void *spanheap_alloc_persistent(struct spanheap *heap, size_t size,
				size_t align, gfp_t gfp)
	__alloc_size(2) __malloc;

struct spanheap_layout *spanheap_type_register(struct spanheap *heap,
					       const struct spanheap_type *type,
					       gfp_t gfp);
void *spanheap_new(struct spanheap_layout *layout, size_t n, gfp_t gfp);
int spanheap_reserve(struct spanheap *heap, size_t bytes, gfp_t gfp);
int spanheap_add_roots(struct spanheap *heap, void *refs, size_t n, gfp_t gfp);
int spanheap_remove_roots(struct spanheap *heap, void *refs, size_t n);
int spanheap_pin(const void *ptr, gfp_t gfp);
int spanheap_unpin(const void *ptr);
int spanheap_collect(struct spanheap *heap);
int spanheap_set_gc_percent(struct spanheap *heap, unsigned int percent);

int spanheap_set_finalizer(const void *ptr,
			   void (*fn)(void *ptr, size_t size, void *arg),
			   void *arg);
int spanheap_clear_finalizer(const void *ptr);
void spanheap_flush_finalizers(struct spanheap *heap);

size_t spanheap_size(const void *ptr);
size_t spanheap_size_roundup(size_t size);
bool spanheap_owns(const void *addr);
long spanheap_report_unreachable(struct spanheap *heap, void *const *roots, size_t nr);
bool spanheap_find(const void *addr, struct spanheap_object *obj);
void spanheap_get_stats(struct spanheap *heap, struct spanheap_stats *stats);

unsigned long spanheap_copy_to_user(void __user *to, const void *from, size_t nr)
	__must_check;
unsigned long spanheap_copy_from_user(void *to, const void __user *from,
				      size_t nr) __must_check;

size_t spanheap_resident(struct spanheap *heap);
size_t spanheap_scavenge(struct spanheap *heap);
size_t spanheap_trim(struct spanheap *heap, size_t bytes);
int spanheap_set_limit(struct spanheap *heap, size_t bytes);

/**
 * spanheap_create() - create a heap
 * @name: up to SPANHEAP_NAME_MAX printable characters but '/' and white space;
 *	not "." or ".."; no other heap's
 * @config: how to set it up, NULL for defaults
 *
 * The heap is the calling module's, which has to destroy it before it is
 * unloaded.
 *
 * Context: task, may sleep, not in reclaim.
 * Return: the heap, or an ERR_PTR: -EINVAL for a name or a configuration that is
 * not allowed, -EEXIST for a name that is taken (the log says by whom), -ENOMEM,
 * -EDEADLK where it may not sleep and in a shrinker (the log says so).
 */
static inline
struct spanheap *spanheap_create(const char *name,
				 const struct spanheap_config *config)
{
	return __spanheap_create(name, config, THIS_MODULE);
}

/**
 * spanheap_zalloc() - allocate a zeroed object
 * @heap: heap to allocate from, NULL for the default heap
 * @size: bytes
 * @gfp: as for kmalloc()
 *
 * Context: that of spanheap_alloc().
 * Return: as spanheap_alloc().
 */
static inline __alloc_size(2) __malloc
void *spanheap_zalloc(struct spanheap *heap, size_t size, gfp_t gfp)
{
	return spanheap_alloc(heap, size, gfp | __GFP_ZERO);
}

/**
 * spanheap_alloc_array() - allocate an array
 * @heap: heap to allocate from, NULL for the default heap
 * @n: number of elements
 * @size: bytes of one element
 * @gfp: as for kmalloc()
 *
 * Context: that of spanheap_alloc().
 * Return: as spanheap_alloc(); NULL also when @n * @size overflows.
 */
static inline __alloc_size(2, 3) __malloc
void *spanheap_alloc_array(struct spanheap *heap, size_t n, size_t size,
			   gfp_t gfp)
{
	return spanheap_alloc(heap, size_mul(n, size), gfp);
}

/**
 * spanheap_calloc() - allocate a zeroed array
 * @heap: heap to allocate from, NULL for the default heap
 * @n: number of elements
 * @size: bytes of one element
 * @gfp: as for kmalloc()
 *
 * Context: that of spanheap_alloc().
 * Return: as spanheap_alloc_array().
 */
static inline __alloc_size(2, 3) __malloc
void *spanheap_calloc(struct spanheap *heap, size_t n, size_t size, gfp_t gfp)
{
	return spanheap_alloc_array(heap, n, size, gfp | __GFP_ZERO);
}

/* Any object is aligned to 8 bytes without asking. */
static __always_inline __alloc_size(2) __malloc
void *__spanheap_alloc_type(struct spanheap *heap, size_t size, size_t align,
			    gfp_t gfp)
{
	if (align > 8)
		return spanheap_alloc_aligned(heap, size, align, gfp);
	return spanheap_alloc(heap, size, gfp);
}

/**
 * spanheap_alloc_obj() - allocate one object of a type
 * @heap: heap to allocate from, NULL for the default heap
 * @type: type of the object, which also gives the alignment
 * @gfp: as for kmalloc()
 *
 * Context: that of spanheap_alloc().
 * Return: pointer to @type, or NULL.
 */
#define spanheap_alloc_obj(heap, type, gfp)				\
	((type *)__spanheap_alloc_type(heap, sizeof(type),		\
				       __alignof__(type), gfp))

/*
 * The first word of a managed heap, for what follows only: whether stores have to tell
 * the collector, whether the heap is closed, whether sections may sleep.
 */
#define __SPANHEAP_WORD(heap)	READ_ONCE(*(const unsigned long *)(heap))
#define __SPANHEAP_BARRIER	BIT(0)
#define __SPANHEAP_CLOSED	BIT(1)
#define __SPANHEAP_SLEEP	BIT(2)

int __spanheap_enter(struct spanheap *heap);
void __spanheap_leave(struct spanheap *heap, int idx);
void __spanheap_store(struct spanheap *heap, void **slot, void *ptr);
void *__spanheap_xchg(struct spanheap *heap, void **slot, void *ptr);
void *__spanheap_cmpxchg(struct spanheap *heap, void **slot, void *old, void *ptr);

/* References to objects of managed heaps, which are not to be used as they are. */
#ifdef __CHECKER__
#define __managed	__attribute__((noderef, address_space(__managed)))
#else
#define __managed
#endif

/**
 * spanheap_enter() - begin a section
 * @heap: a managed heap
 *
 * What is loaded from the heap or allocated in a section stays until its end, and so
 * does what was pinned before. Sections may be nested, and should be short: garbage is
 * not freed before those have ended that were open when it was found. Nothing is ever
 * waited for here, but for a heap that is verified: see the file "verify".
 *
 * Context: any but NMI. In a section one must not sleep, unless the heap was made with
 * SPANHEAP_MANAGED_SLEEP.
 * Return: what spanheap_leave() takes; -EBUSY while the heap is verified, where one must
 * not sleep, in a section of RCU, or on a kernel that cannot tell.
 */
static inline int spanheap_enter(struct spanheap *heap)
{
	if (unlikely(__SPANHEAP_WORD(heap) & __SPANHEAP_SLEEP))
		return __spanheap_enter(heap);
	rcu_read_lock();
	__release(RCU);
	if (likely(!(__SPANHEAP_WORD(heap) & __SPANHEAP_CLOSED)))
		return 0;
	__acquire(RCU);
	rcu_read_unlock();
	return __spanheap_enter(heap);
}

/**
 * spanheap_leave() - end a section
 * @heap: the heap
 * @idx: what spanheap_enter() returned
 */
static inline void spanheap_leave(struct spanheap *heap, int idx)
{
	if (unlikely(__SPANHEAP_WORD(heap) & __SPANHEAP_SLEEP)) {
		__spanheap_leave(heap, idx);
		return;
	}
	__acquire(RCU);
	rcu_read_unlock();
}

/**
 * spanheap_load() - read a reference
 * @heap: the heap
 * @ref: a reference in an object or a root, an lvalue of a pointer type, __managed
 *
 * What is behind it is as it was when the reference was stored, or later.
 *
 * Context: in a section.
 * Return: the pointer, to be used until the section ends.
 */
#define spanheap_load(heap, ref)					\
	({								\
		typeof(ref) *__sh_ref = &(ref);				\
									\
		(void)(heap);						\
		(typeof(**__sh_ref) __force __kernel *)READ_ONCE(*__sh_ref); \
	})

/**
 * spanheap_store() - store a reference
 * @heap: the heap
 * @ref: a reference in an object or a root, an lvalue of a pointer type, __managed
 * @ptr: an object of the heap, the caller has it in the section; or NULL
 *
 * All that was written to the object before can be seen by who loads the reference.
 *
 * Context: in a section.
 */
#define spanheap_store(heap, ref, ptr)					\
	do {								\
		struct spanheap *__sh_heap = (heap);			\
		typeof(ref) *__sh_ref = &(ref);				\
		typeof(**__sh_ref) __force __kernel *__sh_to = (ptr);	\
									\
		if (unlikely(__SPANHEAP_WORD(__sh_heap) & __SPANHEAP_BARRIER)) \
			__spanheap_store(__sh_heap, (void __force **)__sh_ref, __sh_to); \
		else	/* what it refers to, then the reference */	\
			smp_store_release((typeof(__sh_to) __force *)__sh_ref, __sh_to); \
	} while (0)

/**
 * spanheap_xchg() - exchange a reference
 * @heap: the heap
 * @ref: as for spanheap_store()
 * @ptr: the same
 *
 * Context: in a section.
 * Return: what it was before.
 */
#define spanheap_xchg(heap, ref, ptr)					\
	({								\
		typeof(ref) *__sh_ref = &(ref);				\
		typeof(**__sh_ref) __force __kernel *__sh_to = (ptr);	\
									\
		(typeof(__sh_to))__spanheap_xchg(heap, (void __force **)__sh_ref, \
						 __sh_to);		\
	})

/**
 * spanheap_cmpxchg() - exchange a reference if it is what is expected
 * @heap: the heap
 * @ref: as for spanheap_store()
 * @old: what is expected
 * @ptr: as for spanheap_store()
 *
 * Context: in a section.
 * Return: what it was before; it was exchanged if that is @old.
 */
#define spanheap_cmpxchg(heap, ref, old, ptr)				\
	({								\
		typeof(ref) *__sh_ref = &(ref);				\
		typeof(**__sh_ref) __force __kernel *__sh_to = (ptr);	\
		typeof(__sh_to) __sh_old = (old);			\
									\
		(typeof(__sh_to))__spanheap_cmpxchg(heap, (void __force **)__sh_ref, \
						    __sh_old, __sh_to);	\
	})

/**
 * spanheap_free_rcu() - free an object after a grace period
 * @ptr: the object, a pointer to its type; NULL is fine
 * @rcu_head_member: member of that type, a struct rcu_head
 *
 * As kfree_rcu(): readers in RCU read-side sections may go on looking at the
 * object until they leave these. The member must not be used any more. What is
 * no live object is reported as a bad free, at once or after the grace period.
 * spanheap_destroy() and the unloading of spanheap.ko wait for all such objects.
 *
 * Context: any that call_rcu() may be called in.
 */
#define spanheap_free_rcu(ptr, rcu_head_member)				\
	do {								\
		typeof(ptr) __sh_ptr = (ptr);				\
									\
		__spanheap_free_rcu(__sh_ptr,				\
				    offsetof(typeof(*__sh_ptr),		\
					     rcu_head_member));		\
	} while (0)

/*
 * Where the kernel counts memory by call site (CONFIG_MEM_ALLOC_PROFILING, since
 * Linux 6.14 for modules), it does so for these as for kmalloc(): /proc/allocinfo
 * shows the place that calls. A macro is no macro inside of itself, and only where
 * it is called: these are the functions above.
 */
#if defined(CONFIG_MEM_ALLOC_PROFILING) && KERNEL_VERSION(6, 14, 0) <= LINUX_VERSION_CODE
#define SPANHEAP_ALLOC_TAGS
#endif

#if defined(SPANHEAP_ALLOC_TAGS) && !defined(SPANHEAP_MODULE)
#define spanheap_alloc(...)						\
	alloc_hooks(spanheap_alloc(__VA_ARGS__))
#define spanheap_alloc_aligned(...)					\
	alloc_hooks(spanheap_alloc_aligned(__VA_ARGS__))
#define spanheap_alloc_node(...)					\
	alloc_hooks(spanheap_alloc_node(__VA_ARGS__))
#define spanheap_alloc_bulk(...)					\
	alloc_hooks(spanheap_alloc_bulk(__VA_ARGS__))
#define spanheap_alloc_bulk_aligned(...)				\
	alloc_hooks(spanheap_alloc_bulk_aligned(__VA_ARGS__))
#define spanheap_zalloc(...)						\
	alloc_hooks(spanheap_zalloc(__VA_ARGS__))
#define spanheap_alloc_array(...)					\
	alloc_hooks(spanheap_alloc_array(__VA_ARGS__))
#define spanheap_calloc(...)						\
	alloc_hooks(spanheap_calloc(__VA_ARGS__))
#define __spanheap_alloc_type(...)					\
	alloc_hooks(__spanheap_alloc_type(__VA_ARGS__))
#define spanheap_realloc(...)						\
	alloc_hooks(spanheap_realloc(__VA_ARGS__))
#define spanheap_memdup(...)						\
	alloc_hooks(spanheap_memdup(__VA_ARGS__))
#define spanheap_strdup(...)						\
	alloc_hooks(spanheap_strdup(__VA_ARGS__))
#define spanheap_alloc_pages(...)					\
	alloc_hooks(spanheap_alloc_pages(__VA_ARGS__))
#define spanheap_alloc_persistent(...)					\
	alloc_hooks(spanheap_alloc_persistent(__VA_ARGS__))
#endif

#endif /* _LINUX_SPANHEAP_H */
