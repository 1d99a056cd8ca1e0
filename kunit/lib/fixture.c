// SPDX-License-Identifier: GPL-2.0
/*
 * See fixture.h.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "base/params.h"
#include "cache/bin.h"
#include "lib/fixture.h"
#include "lib/migrate.h"

struct spanheap *sh_fixture_create_raw(const char *name,
				       const struct spanheap_config *config)
{
	static DEFINE_MUTEX(lock);
	unsigned int arena_mb;
	struct spanheap *heap;

	mutex_lock(&lock);
	arena_mb = sh_arena_mb;
	sh_arena_mb = 8;
	heap = spanheap_create(name, config);
	sh_arena_mb = arena_mb;
	mutex_unlock(&lock);
	return heap;
}

static struct spanheap *create(struct kunit *test, const char *name,
			       const struct spanheap_config *config)
{
	struct spanheap *heap = sh_fixture_create_raw(name, config);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	return heap;
}

struct spanheap *sh_fixture_create(struct kunit *test, const char *name,
				   size_t limit)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;

	config.limit = limit;
	return create(test, name, &config);
}

struct spanheap *sh_fixture_create_debug(struct kunit *test, const char *name)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;

	config.flags = SPANHEAP_DEBUG;
	return create(test, name, &config);
}

struct spanheap *sh_fixture_create_managed(struct kunit *test, const char *name,
					   size_t limit)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;

	config.flags = SPANHEAP_MANAGED_SLEEP;
	config.gc_percent = SPANHEAP_GC_OFF;
	config.limit = limit;
	return create(test, name, &config);
}

void sh_fixture_destroy(struct kunit *test, struct spanheap *heap)
{
	sh_fixture_check(test, heap);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(heap).objects, 0);
	spanheap_destroy(heap);
}

static int init(struct kunit *test, const char *name,
		const struct spanheap_config *config)
{
	struct spanheap *heap = sh_fixture_create_raw(name, config);
	int err;

	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = sh_migrate_start();
	if (err)
		spanheap_destroy(heap);
	else
		test->priv = heap;
	return err;
}

int sh_fixture_init(struct kunit *test)
{
	return init(test, "kunit", NULL);
}

void sh_fixture_stop_scavenger(struct spanheap *heap)
{
	struct sh_scavenger *sc = &heap->scavenger;

	WRITE_ONCE(sc->stopped, true);
	irq_work_sync(&sc->wake);
	cancel_delayed_work_sync(&sc->work);
}

void sh_fixture_start_scavenger(struct spanheap *heap)
{
	WRITE_ONCE(heap->scavenger.stopped, false);
	sh_scavenger_kick(&heap->scavenger);
}

void sh_fixture_need_sparse_arenas(struct kunit *test)
{
	if (!SH_ARENA_SPARSE)
		kunit_skip(test, "arenas here keep their memory");
}

unsigned long sh_fixture_arenas(struct spanheap *heap)
{
	struct sh_arena *arena;
	unsigned long nr = 0;

	spin_lock_irq(&heap->ph.lock);
	list_for_each_entry(arena, &heap->ph.arenas, link)
		nr += arena->used || !SH_ARENA_SPARSE;
	spin_unlock_irq(&heap->ph.lock);
	return nr;
}

void sh_fixture_wait_for_drains(struct spanheap *heap)
{
	int cpu;

	for_each_online_cpu(cpu)
		flush_work(&per_cpu_ptr(heap->drains, cpu)->empty.work);
}

void sh_fixture_drain(struct spanheap *heap)
{
	if (!sh_drain_all(heap->drains))
		sh_fixture_wait_for_drains(heap);
}

void sh_fixture_scavenge_pass(struct spanheap *heap)
{
	do {
		sh_scavenger_kick(&heap->scavenger);
		flush_delayed_work(&heap->scavenger.work);
	} while (heap->scavenger.aging);
	sh_fixture_wait_for_drains(heap);
}

void sh_fixture_gate_init(struct sh_fixture_gate *gate)
{
	init_completion(&gate->reached);
	init_completion(&gate->open);
}

void sh_fixture_pass_gate(void *ptr, size_t size, void *arg)
{
	struct sh_fixture_gate *gate = arg;

	complete(&gate->reached);
	wait_for_completion(&gate->open);
}

int sh_fixture_still_init(struct kunit *test)
{
	int err = sh_fixture_init(test);

	if (!err)
		sh_fixture_stop_scavenger(test->priv);
	return err;
}

int sh_fixture_debug_init(struct kunit *test)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;

	config.flags = SPANHEAP_DEBUG;
	return init(test, "kunit-debug", &config);
}

static int managed_init(struct kunit *test, unsigned int flags)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;

	config.flags = flags;
	config.gc_percent = SPANHEAP_GC_OFF;
	return init(test, "kunit-managed", &config);
}

int sh_fixture_managed_init(struct kunit *test)
{
	return managed_init(test, SPANHEAP_MANAGED);
}

int sh_fixture_managed_sleep_init(struct kunit *test)
{
	return managed_init(test, SPANHEAP_MANAGED_SLEEP);
}

void sh_fixture_managed_exit(struct kunit *test)
{
	sh_migrate_stop();
	if (!test->priv)
		return;
	sh_fixture_check(test, test->priv);
	spanheap_destroy(test->priv);
}

void sh_fixture_exit(struct kunit *test)
{
	sh_migrate_stop();
	if (test->priv)
		sh_fixture_destroy(test, test->priv);
}

struct spanheap_stats sh_fixture_stats(struct spanheap *heap)
{
	struct spanheap_stats stats;

	spanheap_get_stats(heap, &stats);
	return stats;
}

struct spanheap_stats sh_fixture_still_stats(struct spanheap *heap)
{
	sh_fixture_stop_scavenger(heap);
	/* What it sent others for, and an arena that was to be ready ahead. */
	sh_fixture_wait_for_drains(heap);
	irq_work_sync(&heap->ph.kick);
	flush_work(&heap->ph.reserve);
	return sh_fixture_stats(heap);
}

static u64 pattern(u64 tag, size_t off)
{
	return (tag + off) * 0x9e3779b97f4a7c15ULL;
}

static size_t pattern_step(size_t size)
{
	return size > 2048 ? 256 : sizeof(u64);
}

void sh_fixture_fill(void *obj, size_t size, u64 tag)
{
	size_t off;

	for (off = 0; off + 2 * sizeof(u64) <= size; off += pattern_step(size))
		*(u64 *)(obj + off) = pattern(tag, off);
	/* Any size has these: the last bytes one by one. */
	for (off = size - min(size, sizeof(u64)); off < size; off++)
		*(u8 *)(obj + off) = pattern(tag, off) >> 56;
}

bool sh_fixture_intact(const void *obj, size_t size, u64 tag)
{
	size_t off;

	for (off = 0; off + 2 * sizeof(u64) <= size; off += pattern_step(size))
		if (*(const u64 *)(obj + off) != pattern(tag, off))
			return false;
	for (off = size - min(size, sizeof(u64)); off < size; off++)
		if (*(const u8 *)(obj + off) != (u8)(pattern(tag, off) >> 56))
			return false;
	return true;
}

unsigned int sh_fixture_fill_up(struct spanheap *heap, size_t size, void **objs,
				unsigned int most)
{
	unsigned int nr;

	for (nr = 0; nr < most; nr++) {
		objs[nr] = spanheap_alloc(heap, size, GFP_KERNEL | __GFP_NOWARN);
		if (!objs[nr])
			break;
		sh_fixture_fill(objs[nr], size, nr);
	}
	return nr;
}

void sh_fixture_expect_intact(struct kunit *test, size_t size, void **objs,
			      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_TRUE(test, sh_fixture_intact(objs[i], size, i));
}

int sh_fixture_pin(void)
{
	return sh_migrate_pin();
}

int sh_fixture_other_cpu(struct kunit *test)
{
	int cpu, this = sh_fixture_pin();

	for_each_online_cpu(cpu)
		if (cpu != this)
			return cpu;
	kunit_skip(test, "needs two CPUs");
}

/* One call on one CPU. */
struct cpu_call {
	void (*fn)(void *arg);
	void *arg;
	struct completion *start;
	struct completion done;
	struct task_struct *task;
};

static int call_thread(void *data)
{
	struct cpu_call *call = data;

	wait_for_completion(call->start);
	call->fn(call->arg);
	/* Nothing of this module runs once it is waited for. */
	kthread_complete_and_exit(&call->done, 0);
}

static int call_prepare(struct cpu_call *call, int cpu)
{
	struct task_struct *task;

	init_completion(&call->done);
	task = kthread_create(call_thread, call, "spanheap-test/%d", cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	call->task = task;
	wake_up_process(task);
	return 0;
}

static int run_on(const struct cpumask *cpus, void (*fn)(void *arg), void *arg)
{
	DECLARE_COMPLETION_ONSTACK(start);
	struct cpu_call *calls;
	int cpu, err = 0;

	calls = kcalloc(nr_cpu_ids, sizeof(*calls), GFP_KERNEL);
	if (!calls)
		return -ENOMEM;
	for_each_cpu(cpu, cpus) {
		calls[cpu].fn = fn;
		calls[cpu].arg = arg;
		calls[cpu].start = &start;
		err = call_prepare(&calls[cpu], cpu);
		if (err)
			break;
	}
	complete_all(&start);
	for_each_cpu(cpu, cpus)
		if (calls[cpu].task)
			wait_for_completion(&calls[cpu].done);
	kfree(calls);
	return err;
}

int sh_fixture_on_each_cpu(void (*fn)(void *arg), void *arg)
{
	return run_on(cpu_online_mask, fn, arg);
}

int sh_fixture_on_cpu(int cpu, void (*fn)(void *arg), void *arg)
{
	return run_on(cpumask_of(cpu), fn, arg);
}

struct irq_call {
	struct irq_work work;
	void (*fn)(void *arg);
	void *arg;
};

static void irq_call_fn(struct irq_work *work)
{
	struct irq_call *call = container_of(work, struct irq_call, work);

	call->fn(call->arg);
}

static void queue_irq_call(void *arg)
{
	struct irq_call *call = arg;

	irq_work_queue(&call->work);
	irq_work_sync(&call->work);
}

void sh_fixture_in_hardirq(int cpu, void (*fn)(void *arg), void *arg)
{
	struct irq_call call = { .fn = fn, .arg = arg };

	init_irq_work(&call.work, irq_call_fn);
	sh_fixture_on_cpu(cpu, queue_irq_call, &call);
}

/* Objects that sh_fixture_use_caches() leaves. */
#define NR_LEFT		64

void sh_fixture_use_caches(void *heap)
{
	void *objs[NR_LEFT];
	int i;

	for (i = 0; i < NR_LEFT; i++)
		objs[i] = spanheap_alloc(heap, 8 + i * i * 9, GFP_KERNEL);
	spanheap_free_bulk(NR_LEFT, objs);
}

bool sh_fixture_is_empty(struct spanheap *heap, int cpu)
{
	struct sh_cache *cache = per_cpu_ptr(heap->caches.cpu, cpu);
	struct sh_runcache *rc = per_cpu_ptr(heap->rcs.cpu, cpu);
	unsigned int class;

	for (class = 0; class < SH_NR_CLASSES; class++)
		if (cache->slot[class].base || cache->slot[class].top ||
		    cache->slot[class].end)
			return false;
	return !cache->capacity && !rc->nr && !rc->pages && !rc->released &&
	       !sh_bins_bytes(&heap->caches, cpu);
}

bool sh_fixture_all_empty(struct spanheap *heap)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (!sh_fixture_is_empty(heap, cpu))
			return false;
	return true;
}
