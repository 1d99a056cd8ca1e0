/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spanheap_bench - the same work done by spanheap and by the kernel's own
 * allocators, in one boot, timed in turn
 *
 * A workload measures points. A point is one combination of variant, object
 * size, number of objects and number of CPUs; each allocator that takes part
 * gives one figure for it, the median of several samples.
 */
#ifndef SPANHEAP_BENCH_H
#define SPANHEAP_BENCH_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct bench_trace;
struct kmem_cache;
struct spanheap;

#define BENCH_MAX_RUNS		31
#define BENCH_MAX_COUNT		BIT(24)
#define BENCH_LONG_RUNS		6UL	/* at most, where one takes seconds */

/* Figures are kept in thousandths of their unit. */
#define BENCH_SCALE		1000

/**
 * enum bench_kind - the allocators compared
 * @BENCH_SPANHEAP: spanheap_alloc(), spanheap_free()
 * @BENCH_KMALLOC: kmalloc(), kfree()
 * @BENCH_KMEM_CACHE: kmem_cache_alloc(), kmem_cache_free() on a cache of its own
 * @BENCH_KVMALLOC: kvmalloc(), kvfree()
 * @BENCH_VMALLOC: vmalloc(), vfree()
 * @BENCH_PAGE: __get_free_page(), free_page(), whatever the size
 */
enum bench_kind {
	BENCH_SPANHEAP,
	BENCH_KMALLOC,
	BENCH_KMEM_CACHE,
	BENCH_KVMALLOC,
	BENCH_VMALLOC,
	BENCH_PAGE,
};

#define BENCH_NR_KINDS		(BENCH_PAGE + 1)

/* Sets of allocators, for workloads that compare fewer or more of them. */
#define BENCH_KINDS_SMALL	(BIT(BENCH_SPANHEAP) | BIT(BENCH_KMALLOC) | \
				 BIT(BENCH_KMEM_CACHE))
#define BENCH_KINDS_LARGE	(BIT(BENCH_SPANHEAP) | BIT(BENCH_KVMALLOC) | \
				 BIT(BENCH_VMALLOC))
#define BENCH_KINDS_MIXED	(BIT(BENCH_SPANHEAP) | BIT(BENCH_KMALLOC))
#define BENCH_KINDS_PAGES	(BIT(BENCH_SPANHEAP) | BIT(BENCH_PAGE))

/**
 * struct bench_subject - one allocator, ready for use
 * @kind: which one
 * @heap: its heap, when it is spanheap
 * @cache: its cache, when it is a kmem_cache
 */
struct bench_subject {
	enum bench_kind kind;
	struct spanheap *heap;
	struct kmem_cache *cache;
};

/**
 * struct bench_options - what the user may change
 * @runs: samples that a median is taken of
 * @us: about how long one sample lasts, in microseconds
 * @min: smallest object size measured
 * @max: largest object size measured
 * @count: live objects, 0 for the workload's own choice
 * @mem: most bytes a live set may take
 */
struct bench_options {
	unsigned long runs;
	unsigned long us;
	unsigned long min;
	unsigned long max;
	unsigned long count;
	unsigned long mem;
};

/**
 * struct bench - state of the benchmark, one for the module
 * @lock: one workload at a time; covers everything here
 * @options: of the current run
 * @workload: name of the current run's workload
 * @results: figures of the last run, in the order in which they were measured
 * @trace: allocation trace to replay, or NULL
 * @trace_size: its bytes
 * @trace_loaded: of these, how many user space has written so far
 */
struct bench {
	struct mutex lock;		/* all of this */
	struct bench_options options;
	const char *workload;
	struct list_head results;
	struct bench_trace *trace;
	size_t trace_size;
	size_t trace_loaded;
};

/**
 * struct bench_point - what a figure is about
 * @variant: word that tells points of equal size apart
 * @size: bytes of one object, 0 when they differ
 * @count: live objects, 0 when there is one at most
 * @cpus: CPUs at work
 * @metric: what the figure measures
 * @unit: its unit
 */
struct bench_point {
	const char *variant;
	size_t size;
	unsigned long count;
	unsigned int cpus;
	const char *metric;
	const char *unit;
};

/**
 * struct bench_sample - one timed piece of work
 * @n: how often to repeat the operation; set by the caller
 * @ns: time taken
 * @ops: objects allocated and freed in that time
 */
struct bench_sample {
	unsigned long n;
	u64 ns;
	u64 ops;
};

/**
 * typedef bench_fn - do the work of a sample
 * @subject: allocator to use
 * @arg: the workload's own
 * @sample: @n is set; @ns and @ops are to be set
 *
 * Return: 0 or a negative errno.
 */
typedef int (*bench_fn)(const struct bench_subject *subject, void *arg,
			struct bench_sample *sample);

/* measure.c */
int bench_compare(struct bench *b, const struct bench_point *point,
		  unsigned long kinds, bench_fn fn, void *arg);
int bench_compare_subjects(struct bench *b, const struct bench_point *point,
			   const struct bench_subject *subjects,
			   unsigned int nr, bench_fn fn, void *arg);
int bench_report(struct bench *b, const struct bench_point *point,
		 enum bench_kind kind, u64 *values, unsigned int nr);
int bench_calibrate(struct bench *b, const struct bench_subject *subject,
		    bench_fn fn, void *arg, unsigned long *n);
int bench_breathe(void);
bool bench_wants(const struct bench *b, size_t size);

/* subject.c */
int bench_subject_init(struct bench_subject *s, enum bench_kind kind,
		       size_t size);
void bench_subject_exit(struct bench_subject *s);
u64 bench_subject_bytes(const struct bench_subject *s);
u64 bench_subject_base(const struct bench_subject *s);
const char *bench_kind_name(enum bench_kind kind);

/* Workloads, a file each. */
int bench_single(struct bench *b);
int bench_batch(struct bench *b);
int bench_bulk(struct bench *b);
int bench_churn(struct bench *b);
int bench_remote(struct bench *b);
int bench_parallel(struct bench *b);
int bench_growth(struct bench *b);
int bench_replay(struct bench *b);
int bench_touch(struct bench *b);
int bench_giveback(struct bench *b);
int bench_traffic(struct bench *b);

/* A cheap random sequence, the same for every allocator. */
static inline u64 bench_rand(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A number below @below out of the upper half of a bench_rand() value. */
static inline u32 bench_below(u64 random, u32 below)
{
	return ((random >> 32) * below) >> 32;
}

#endif /* SPANHEAP_BENCH_H */
