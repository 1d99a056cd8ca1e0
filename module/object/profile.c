// SPDX-License-Identifier: GPL-2.0
/*
 * The heap profile: who allocated what is live, and what there ever was, told
 * from samples. sampling.c says which objects are sampled; such an object has a
 * special record until it is freed, and counts in the bucket of the stack that
 * allocated it with as many bytes and objects as it stands for: its own divided
 * by the chance it had. So the sums are unbiased whatever the rate, and with
 * rate 1 they are exact.
 *
 * An object that is resized in place counts with its new size from then on. Both
 * halves of one that is split count where it did.
 *
 * Buckets stay until the heap goes; the stack depot keeps stacks for ever.
 *
 * Locks: that of the xarray, interrupts off, inside nothing. Counts are atomic.
 * For the rate, rate_lock, and inside it the lock of CPU hotplug, and sh_heaps_lock.
 *
 * Contexts: any but NMI; taking a sample that of the gfp.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/gfp.h"
#include "base/params.h"
#include "base/sampling.h"
#include "cache/countdown.h"
#include "cache/errand.h"
#include "heap/heap.h"
#include "heap/registry.h"
#include "object/claim.h"
#include "object/find.h"
#include "object/profile.h"
#include "span/special.h"
#include "watch/stacks.h"

/* How long to wait for all CPUs together. */
#define ANSWER_S	2

static DEFINE_MUTEX(rate_lock);
static bool started;
static DEFINE_PER_CPU(struct sh_errand, redraws);

/**
 * struct sh_sample - a sampled object
 * @special: in the span's list
 * @bucket: where it counts
 * @chance: that it had to be sampled, 32 bits after the binary point
 * @bytes: that it stands for
 */
struct sh_sample {
	struct sh_special special;
	struct sh_bucket *bucket;
	u64 chance;
	u64 bytes;
};

/**
 * sh_profile_start() - start with an empty profile
 * @profile: the profile
 */
void sh_profile_start(struct sh_profile *profile)
{
	xa_init_flags(&profile->buckets, XA_FLAGS_LOCK_IRQ);
}

/* The bucket of a stack, which is made if there is none. NULL without memory. */
static struct sh_bucket *find_bucket(struct spanheap *heap, u32 stack, gfp_t gfp)
{
	struct xarray *buckets = &heap->profile.buckets;
	struct sh_bucket *bucket = xa_load(buckets, stack), *other;
	unsigned long flags;

	if (bucket)
		return bucket;
	/* The xarray wakes kswapd for its nodes. */
	if (!(gfp & __GFP_KSWAPD_RECLAIM))
		return NULL;
	bucket = sh_fault(SH_FAULT_META) ? NULL : kzalloc(sizeof(*bucket), gfp);
	if (!bucket)
		return NULL;
	bucket->stack = stack;
	xa_lock_irqsave(buckets, flags);
	other = __xa_cmpxchg(buckets, stack, NULL, bucket,
			     gfp & ~__GFP_DIRECT_RECLAIM);
	xa_unlock_irqrestore(buckets, flags);
	if (!other) {
		atomic_long_add(ksize(bucket), &heap->meta.profile);
		return bucket;
	}
	/* Somebody else was faster, or there is no memory. */
	kfree(bucket);
	return xa_is_err(other) ? NULL : other;
}

static struct sh_bucket *get_bucket(struct spanheap *heap, u32 stack, gfp_t gfp)
{
	struct sh_bucket **recent, *bucket;

	recent = &heap->profile.recent[hash_32(stack, SH_PROFILE_RECENT_BITS)];
	bucket = READ_ONCE(*recent);
	if (likely(bucket && bucket->stack == stack))
		return bucket;
	bucket = find_bucket(heap, stack, gfp);
	/* Publish the bucket only after it is filled in. */
	smp_store_release(recent, bucket);
	return bucket;
}

/* Objects that a sample stands for. */
static u64 objs_of(const struct sh_sample *sample)
{
	return div64_u64(1ULL << (32 + SH_PROFILE_BITS), sample->chance);
}

/* Bytes that an object stands for. */
static u64 bytes_of(u64 size, u64 chance)
{
	/* Only what is large has a chance of 1, and only that can overflow. */
	return chance == 1ULL << 32 ? size : div64_u64(size << 32, chance);
}

/* Make a claimed object one that @sample is of. */
static bool attach(struct sh_object *obj, struct sh_sample *sample)
{
	sample->special.idx = obj->idx;
	sample->special.kind = SH_SPECIAL_PROFILE;
	if (WARN_ON_ONCE(sh_special_add(obj->span, &sample->special)))
		return false;
	sh_object_set_special(obj);
	atomic64_add(objs_of(sample), &sample->bucket->live_objs);
	atomic64_add(sample->bytes, &sample->bucket->live_bytes);
	atomic64_add(objs_of(sample), &sample->bucket->all_objs);
	atomic64_add(sample->bytes, &sample->bucket->all_bytes);
	atomic_long_inc(&sh_span_heap(obj->span)->profile.samples);
	return true;
}

/* Take a sample of a claimed object. */
static bool sample_object(struct spanheap *heap, struct sh_object *obj,
			  unsigned long rate, gfp_t gfp)
{
	size_t size = sh_object_size(obj);
	struct sh_sample *sample = sh_special_new(heap, gfp);

	if (!sample)
		return false;
	sample->chance = sh_sampling_chance(size, rate);
	sample->bytes = bytes_of(size, sample->chance);
	sample->bucket = get_bucket(heap, sh_stack_of_caller(gfp), gfp);
	if (sample->bucket && attach(obj, sample))
		return true;
	sh_fixalloc_free(&heap->specials, sample);
	return false;
}

/**
 * sh_profile_sample() - take a sample
 * @heap: the heap
 * @ptr: an object just allocated
 * @gfp: how to get memory for the record
 *
 * Without memory there is none, and that is counted.
 *
 * Context: that of @gfp.
 */
void sh_profile_sample(struct spanheap *heap, const void *ptr, gfp_t gfp)
{
	unsigned long rate = READ_ONCE(sh_profile_rate);
	struct sh_object obj;

	if (!rate)
		return;
	/* Somebody may have freed it, if only by mistake. */
	if (!sh_object_claim(ptr, &obj)) {
		atomic_long_inc(&heap->profile.lost);
		return;
	}
	if (!sample_object(heap, &obj, rate, sh_gfp_meta(gfp) | __GFP_NOWARN))
		atomic_long_inc(&heap->profile.lost);
	sh_object_release(&obj);
}

/**
 * sh_profile_note() - take a sample of an object if it is its turn
 * @heap: the heap
 * @ptr: an object just allocated, that came from no CPU's cache; may be NULL
 * @size: its usable bytes
 * @gfp: how to get memory for the record
 *
 * Context: that of @gfp.
 */
void sh_profile_note(struct spanheap *heap, const void *ptr, size_t size,
		     gfp_t gfp)
{
	if (READ_ONCE(sh_profile_rate) && ptr &&
	    sh_caches_due_bytes(&heap->caches, size))
		sh_profile_sample(heap, ptr, gfp);
}

/**
 * sh_profile_note_bulk() - take samples of those objects whose turn it is
 * @heap: the heap
 * @objs: small objects just allocated, past what counts down by itself
 * @nr: how many
 * @class: their size class
 * @gfp: how to get memory for the records
 *
 * Context: that of @gfp.
 */
void sh_profile_note_bulk(struct spanheap *heap, void **objs, unsigned int nr,
			  unsigned int class, gfp_t gfp)
{
	unsigned int i = 0;

	while (i < nr) {
		i += sh_caches_due_first(&heap->caches, class, nr - i);
		if (i < nr)
			sh_profile_sample(heap, objs[i++], gfp);
	}
}

static struct sh_sample *sample_of(struct sh_special *special)
{
	return special ? container_of(special, struct sh_sample, special) : NULL;
}

/**
 * sh_profile_stack() - where an object was allocated, if it was sampled
 * @heap: the heap, which stays
 * @ptr: its first byte; it may be freed meanwhile
 *
 * Context: any but NMI.
 * Return: the stack, 0 when it was not sampled.
 */
u32 sh_profile_stack(const struct spanheap *heap, const void *ptr)
{
	struct sh_sample sample;

	BUILD_BUG_ON(offsetof(struct sh_sample, special));
	if (!sh_special_copy(heap, ptr, SH_SPECIAL_PROFILE, &sample, sizeof(sample)))
		return 0;
	return sample.bucket->stack;
}

/**
 * sh_profile_forget() - count a sampled object as freed
 * @obj: the object, claimed; it need not be sampled
 */
void sh_profile_forget(struct sh_object *obj)
{
	struct spanheap *heap = sh_span_heap(obj->span);
	struct sh_sample *sample;

	sample = sample_of(sh_special_remove(obj->span, obj->idx,
					     SH_SPECIAL_PROFILE));
	if (!sample)
		return;
	atomic64_sub(objs_of(sample), &sample->bucket->live_objs);
	atomic64_sub(sample->bytes, &sample->bucket->live_bytes);
	atomic_long_dec(&heap->profile.samples);
	sh_fixalloc_free(&heap->specials, sample);
}

static struct sh_sample *find_sample(struct sh_span *span)
{
	return sample_of(sh_special_find(span, 0, SH_SPECIAL_PROFILE));
}

/**
 * sh_profile_resized() - count a large object with its new size
 * @span: its span, claimed
 */
void sh_profile_resized(struct sh_span *span)
{
	struct sh_sample *sample = find_sample(span);
	u64 was;

	if (!sample)
		return;
	was = sample->bytes;
	sample->bytes = bytes_of(sh_span_bytes(span), sample->chance);
	atomic64_add(sample->bytes - was, &sample->bucket->live_bytes);
	if (sample->bytes > was)
		atomic64_add(sample->bytes - was, &sample->bucket->all_bytes);
}

/**
 * sh_profile_halved() - count both halves of an object that was split
 * @span: the span of the first half, claimed
 * @rest: the span of the second half, claimed
 *
 * Context: any but NMI.
 */
void sh_profile_halved(struct sh_span *span, struct sh_span *rest)
{
	struct spanheap *heap = sh_span_heap(span);
	struct sh_sample *sample = find_sample(span), *second;
	struct sh_object obj = { rest, 0 };

	if (!sample)
		return;
	sh_profile_resized(span);
	second = sh_special_new(heap, SH_GFP_CHANGE);
	if (!second) {
		atomic_long_inc(&heap->profile.lost);
		return;
	}
	second->bucket = sample->bucket;
	second->chance = sample->chance;
	second->bytes = bytes_of(sh_span_bytes(rest), sample->chance);
	attach(&obj, second);
}

/**
 * sh_profile_drop() - free the profile of a heap
 * @heap: a heap that is about to be freed, without any samples
 */
void sh_profile_drop(struct spanheap *heap)
{
	struct sh_bucket *bucket;
	unsigned long stack;

	xa_for_each(&heap->profile.buckets, stack, bucket) {
		kfree(bucket);
		cond_resched();
	}
	xa_destroy(&heap->profile.buckets);
}

static void redraw_all(int dead_cpu)
{
	struct spanheap *heap;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap))
		sh_caches_redraw(&heap->caches, dead_cpu);
}

static void redraw_here(struct work_struct *work)
{
	struct sh_errand *redraw = container_of(work, struct sh_errand, work);
	int request = sh_errand_begin(redraw);

	redraw_all(-1);
	sh_errand_end(redraw, request);
}

/* A CPU that does not answer takes samples at the old rate until it does. */
static void redraw_everywhere(void)
{
	unsigned long end = jiffies + ANSWER_S * HZ;
	int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		if (cpu_online(cpu))
			sh_errand_send(per_cpu_ptr(&redraws, cpu), cpu);
		else
			redraw_all(cpu);
	}
	cpus_read_unlock();
	for_each_possible_cpu(cpu)
		sh_errand_wait(per_cpu_ptr(&redraws, cpu), end);
}

/* Called with the lock held. */
static int change_rate(unsigned long rate)
{
	int err = rate ? sh_stacks_init() : 0;

	lockdep_assert_held(&rate_lock);
	if (err)
		return err;
	/* A heap that is made now is listed before, or its maker sees the rate. */
	down_read(&sh_heaps_lock);
	WRITE_ONCE(sh_profile_rate, rate);
	up_read(&sh_heaps_lock);
	redraw_everywhere();
	return 0;
}

/**
 * sh_profile_set_rate() - take samples at another rate from now on
 * @rate: mean interval, bytes; 0 for no samples
 *
 * Context: task, may sleep.
 * Return: 0, -EINVAL or -ENOMEM.
 */
int sh_profile_set_rate(unsigned long rate)
{
	int err = 0;

	if (rate > SH_RATE_MAX)
		return -EINVAL;
	mutex_lock(&rate_lock);
	/* Parameters are set before the module starts, and it may not. */
	if (started)
		err = change_rate(rate);
	else
		sh_profile_rate = rate;
	mutex_unlock(&rate_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(sh_profile_set_rate);

static int set_profile_rate(const char *val, const struct kernel_param *kp)
{
	unsigned long rate;

	if (kstrtoul(val, 0, &rate) || rate > SH_RATE_MAX) {
		/* What sysfs hands on ends with a line feed. */
		pr_err("parameter %s: \"%.*s\" is not a number from 0 to %lu\n",
		       kp->name, (int)strcspn(val, "\n"), val, SH_RATE_MAX);
		return -EINVAL;
	}
	return sh_profile_set_rate(rate);
}

static const struct kernel_param_ops profile_rate_ops = {
	.set = set_profile_rate,
	.get = param_get_ulong,
};

module_param_cb(profile_rate, &profile_rate_ops, &sh_profile_rate, 0644);
MODULE_PARM_DESC(profile_rate, "mean bytes between two samples of the heap profile, 0 to 134217728; 0 takes none, 1 takes all (2097152)");

/**
 * sh_profile_init() - prepare for samples at the rate that is set
 *
 * Context: task, may sleep; before there are heaps.
 * Return: 0 or -ENOMEM.
 */
int sh_profile_init(void)
{
	int cpu, err;

	BUILD_BUG_ON(sizeof(struct sh_sample) > SH_SPECIAL_BYTES);
	for_each_possible_cpu(cpu)
		sh_errand_init(per_cpu_ptr(&redraws, cpu), redraw_here);
	mutex_lock(&rate_lock);
	err = change_rate(sh_profile_rate);
	started = !err;
	mutex_unlock(&rate_lock);
	return err;
}

/**
 * sh_profile_exit() - undo sh_profile_init()
 *
 * The parameter may be set for some time yet: that is without effect.
 */
void sh_profile_exit(void)
{
	int cpu;

	mutex_lock(&rate_lock);
	started = false;
	mutex_unlock(&rate_lock);
	for_each_possible_cpu(cpu) {
		struct sh_errand *redraw = per_cpu_ptr(&redraws, cpu);

		if (sh_errand_recall(redraw, SH_SILENCE_S * HZ))
			continue;
		pr_warn("to be unloaded, waiting for CPU %d, for %d s so far: some real-time thread lets no other run there\n",
			cpu, SH_SILENCE_S);
		sh_errand_recall(redraw, MAX_SCHEDULE_TIMEOUT);
	}
}
