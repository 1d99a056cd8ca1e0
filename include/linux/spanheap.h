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
 * exists for as long as spanheap.ko is loaded.
 */
#ifndef _LINUX_SPANHEAP_H
#define _LINUX_SPANHEAP_H

#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/version.h>

struct module;
struct spanheap;

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
 * struct spanheap_config - how a heap is set up
 * @limit: most bytes of memory the heap may hold, 0 for no limit; at least
 *	SPANHEAP_LIMIT_MIN, rounded down to a multiple of 8 KiB
 * @scavenge_idle_ms: age in milliseconds at which idle pages go back to the
 *	system, 0 for the module's default
 * @node: NUMA node to take pages from, NUMA_NO_NODE for the local one
 * @flags: SPANHEAP_DEBUG, SPANHEAP_ACCOUNT, both or 0
 *
 * A zeroed struct asks for node 0: initialise with SPANHEAP_CONFIG_INIT.
 */
struct spanheap_config {
	size_t limit;
	unsigned int scavenge_idle_ms;
	int node;
	unsigned int flags;
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
