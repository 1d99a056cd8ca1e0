// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps: created, named, listed, destroyed. The default heap is one of them,
 * except that it lives as long as the module.
 *
 * A heap has its name from when it is listed until its finalizers have run and it
 * is listed no more. Whoever destroys it marks it first, so that only one does. Its
 * files in debugfs are made after the one and removed before the other.
 *
 * Locks: sh_heaps_lock for names and the marks, as registry.c has it for the list.
 *
 * Contexts: task, may sleep, not in reclaim: debugfs waits for its readers, who may
 * be the ones that reclaim.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "api/heaps.h"
#include "api/limit.h"
#include "api/persistent.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/longmem.h"
#include "base/params.h"
#include "base/sampling.h"
#include "cache/cache.h"
#include "cache/countdown.h"
#include "cache/drain.h"
#include "debug/damage.h"
#include "debug/debug.h"
#include "debug/quarantine.h"
#include "gc/gc.h"
#include "heap/contexts.h"
#include "heap/heap.h"
#include "heap/registry.h"
#include "heap/shared.h"
#include "heap/users.h"
#include "object/charge.h"
#include "object/finalizer.h"
#include "object/finalizer_list.h"
#include "object/hooks.h"
#include "object/owner.h"
#include "object/profile.h"
#include "pages/memcg.h"
#include "pages/pageheap.h"
#include "pages/walk.h"
#include "show/debugfs.h"
#include "show/leaks.h"
#include "show/misuse.h"
#include "span/special.h"
#include "watch/trace.h"

static struct workqueue_struct *rest_wq;

static bool name_is_valid(const char *name)
{
	const char *c;

	if (!name || !name[0] || strlen(name) > SPANHEAP_NAME_MAX)
		return false;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	/* What is no ASCII may be UTF-8: leave it alone. */
	for (c = name; *c; c++)
		if (*c == '/' || (isascii(*c) && !isgraph(*c)))
			return false;
	return true;
}

/**
 * sh_node_is_valid() - whether memory can be asked for from a NUMA node
 * @node: the node
 *
 * Context: any.
 * Return: whether it can. NUMA_NO_NODE is no node.
 */
bool sh_node_is_valid(int node)
{
	return node >= 0 && node < MAX_NUMNODES && node_online(node);
}

static bool flags_are_valid(unsigned int flags)
{
	bool managed = flags & SPANHEAP_MANAGED;

	if (flags & ~(SPANHEAP_DEBUG | SPANHEAP_ACCOUNT | SPANHEAP_MANAGED_SLEEP))
		return false;
	return managed ? !(flags & SPANHEAP_DEBUG) : !(flags & SPANHEAP_MANAGED_SLEEP);
}

static bool config_is_valid(const struct spanheap_config *config)
{
	if (!flags_are_valid(config->flags))
		return false;
	if (config->gc_percent && !(config->flags & SPANHEAP_MANAGED))
		return false;
	if (!sh_limit_is_valid(config->limit))
		return false;
	return config->node == NUMA_NO_NODE || sh_node_is_valid(config->node);
}

static void drop_records(struct sh_span *span, void *heap)
{
	struct sh_special *special;

	while ((special = sh_special_pop(span))) {
		sh_charge_drop(special);
		sh_fixalloc_free(&((struct spanheap *)heap)->specials, special);
	}
}

/* Make everybody forget the objects that go with the heap. */
static void drop_specials(struct spanheap *heap)
{
	/* RCU would free them all with interrupts off. */
	sh_fixalloc_close(&heap->specials);
	if (atomic_long_read(&heap->profile.samples) ||
	    atomic_long_read(&heap->charges))
		sh_pageheap_each_span(&heap->ph, drop_records, heap);
	sh_charges_drop_persistent(heap);
}

/* Nobody who frees a wrong address looks at records any more. */
static void free_rest(struct work_struct *work)
{
	struct spanheap *heap = container_of(to_rcu_work(work), struct spanheap,
					     rest);

	sh_pageheap_free_records(&heap->ph);
	sh_debug_remove(heap);
	sh_gc_remove(heap);
	sh_runcaches_exit(&heap->rcs);
	sh_caches_exit(&heap->caches);
	sh_fixalloc_exit(&heap->specials);
	sh_finalizers_exit(&heap->finalizers);
	sh_long_record_free(heap, sizeof(*heap));
}

/*
 * Memory and addresses now, records after a grace period, which nobody waits
 * for until the module is unloaded.
 */
static void free_heap(struct spanheap *heap)
{
	sh_scavenger_exit(&heap->scavenger);
	sh_drains_exit(heap->drains);
	sh_pageheap_stop(&heap->ph);
	drop_specials(heap);
	sh_profile_drop(heap);
	sh_leakcheck_drop(heap);
	sh_pageheap_close(&heap->ph);
	INIT_RCU_WORK(&heap->rest, free_rest);
	queue_rcu_work(rest_wq, &heap->rest);
}

/* What can fail. Returns 0 or an error, then the heap is to be freed as it is. */
static int init_parts(struct spanheap *heap, const struct spanheap_config *config)
{
	unsigned long arena_pages = (unsigned long)sh_arena_mb << 20 >>
				    SH_PAGE_SHIFT;
	bool managed = config->flags & SPANHEAP_MANAGED;
	bool debug = config->flags & SPANHEAP_DEBUG;
	int err;

	err = sh_pageheap_init(&heap->ph, heap, heap->name, &heap->meta,
			       arena_pages, config->node);
	if (err)
		return err;
	err = sh_runcaches_init(&heap->rcs, &heap->ph);
	if (err)
		return err;
	/* Nothing is allocated past a debug heap's layer, or past a managed heap's types. */
	err = sh_caches_init(&heap->caches, heap->central, &heap->rcs,
			     debug || managed ? 0 : sh_cache_kb << 10);
	if (err)
		return err;
	err = debug ? sh_debug_add(heap) : managed ? sh_gc_add(heap, config->gc_percent) : 0;
	if (err)
		return err;
	heap->drains = sh_drains_init(&heap->caches);
	if (!heap->drains)
		return -ENOMEM;
	sh_scavenger_init(&heap->scavenger, &heap->ph, heap->drains,
			  config->scavenge_idle_ms ?: sh_scavenge_ms);
	return 0;
}

static struct spanheap *new_heap(const char *name,
				 const struct spanheap_config *config)
{
	static atomic_t last_id;
	struct spanheap *heap;
	unsigned int class;
	int err;

	heap = sh_fault(SH_FAULT_META) ? NULL :
	       sh_long_record_alloc(sizeof(*heap), config->node);
	if (!heap)
		return ERR_PTR(-ENOMEM);
	strscpy(heap->name, name, sizeof(heap->name));
	heap->node = config->node;
	heap->id = atomic_inc_return(&last_id);
	heap->flags = config->flags;
	sh_persistent_init(&heap->persistent);
	sh_finalizers_init(&heap->finalizers, sh_finalizers_run_queued);
	sh_profile_start(&heap->profile);
	sh_shared_init(&heap->shared);
	sh_fixalloc_init(&heap->specials, SH_SPECIAL_BYTES, config->node, NULL,
			 &heap->meta.specials);
	for (class = 0; class < SH_NR_CLASSES; class++)
		sh_central_init(&heap->central[class], class);
	if (config->flags & SPANHEAP_ACCOUNT)
		sh_memcg_own(&heap->ph.memcg);
	heap->ph.limit = config->limit >> SH_PAGE_SHIFT;
	err = init_parts(heap, config);
	if (err) {
		free_heap(heap);
		return ERR_PTR(err);
	}
	atomic_long_add(sizeof(*heap), &heap->meta.other);
	sh_limit_set(heap, config->limit);
	return heap;
}

/* The rate of samples was changed after the caches were set up by the old one. */
static void redraw(struct spanheap *heap)
{
	int cpu;

	for_each_possible_cpu(cpu)
		sh_caches_redraw(&heap->caches, cpu);
}

/* List a heap that was made with a rate of samples, unless its name is taken. */
static int enlist(struct spanheap *heap, unsigned long rate)
{
	struct spanheap *other;

	down_write(&sh_heaps_lock);
	other = sh_heaps_find(heap->name);
	if (other) {
		sh_owner_report_taken(other);
	} else {
		/* Nobody changes it now, and those that are listed are told. */
		if (rate != sh_profile_rate)
			redraw(heap);
		sh_heaps_add(heap);
	}
	up_write(&sh_heaps_lock);
	return other ? -EEXIST : 0;
}

/**
 * __spanheap_create() - create a heap for a module
 * @name: as for spanheap_create()
 * @config: as for spanheap_create()
 * @owner: the module that is to destroy the heap, NULL for none; when it is
 *	unloaded and has not, that is reported
 *
 * For spanheap_create(), and for those who make heaps for others.
 *
 * Context: task, may sleep, not in reclaim.
 * Return: as spanheap_create().
 */
struct spanheap *__spanheap_create(const char *name,
				   const struct spanheap_config *config,
				   struct module *owner)
{
	static const struct spanheap_config defaults = SPANHEAP_CONFIG_INIT;
	unsigned long rate = READ_ONCE(sh_profile_rate);
	struct spanheap *heap;
	int err;

	if (!sh_may_wait("create"))
		return ERR_PTR(-EDEADLK);
	if (!config)
		config = &defaults;
	if (!name_is_valid(name) || !config_is_valid(config))
		return ERR_PTR(-EINVAL);
	heap = new_heap(name, config);
	if (IS_ERR(heap))
		return heap;
	sh_owner_set(&heap->owner, owner);
	err = enlist(heap, rate);
	if (err) {
		free_heap(heap);
		return ERR_PTR(err);
	}
	sh_debugfs_add(heap);
	sh_gc_debugfs_add(heap);
	sh_trace(heap_create, heap->name, config->limit);
	return heap;
}
EXPORT_SYMBOL_GPL(__spanheap_create);

/* Mark a heap, for one caller. Whoever else comes is told why not. */
static bool mark_dying(struct spanheap *heap, struct sh_wait *wait)
{
	bool exists, dying, ok;

	down_write(&sh_heaps_lock);
	exists = sh_heaps_have(heap);
	dying = exists && heap->dying;
	ok = exists && !dying && sh_wait_begin(wait, heap, "destroy");
	if (ok)
		WRITE_ONCE(heap->dying, true);
	up_write(&sh_heaps_lock);
	if (!exists || dying)
		sh_report_no_heap(heap, dying);
	return ok;
}

static void remove_heap(struct spanheap *heap)
{
	struct sh_wait wait;

	if (!mark_dying(heap, &wait))
		return;
	sh_debugfs_remove(heap);
	/* What spanheap_free_rcu() was called for is no leak. */
	sh_finalizers_run_all(heap);
	sh_wait_end(&wait);
	sh_heaps_remove(heap);
	sh_users_close(heap);
	sh_gc_stop(heap);
	if (heap->debug) {
		sh_quarantine_drain(heap);
		sh_debug_check(heap->debug);
	}
	sh_shared_flush(&heap->shared);
	sh_report_leaks(heap);
	free_heap(heap);
}

/**
 * spanheap_destroy() - destroy a heap and free all that is allocated from it
 * @heap: the heap; NULL and ERR_PTR values are fine
 *
 * When the call returns, the memory of objects and spans has been given back, what
 * leaked was reported, and the name may be used again. What the heap kept about
 * itself follows after a grace period.
 *
 * What is still allocated is reported in the log as leaked; persistent
 * allocations are not. Objects that spanheap_free_rcu() was called for are waited
 * for, and so are finalizers, also those of objects that were not freed. Nobody
 * but finalizers may use the heap or its objects during the call or after it: an
 * allocation meanwhile is refused and reported. So is the address of what is no
 * heap, or none any more, unless another heap has it by now, and a second call
 * while one lasts.
 *
 * The call is refused, with a report in the log, and the heap stays, where it may
 * not sleep, in reclaim, and where it would wait for itself: in a finalizer of the
 * heap, or in one that a finalizer of the heap waits for. Finalizers of other heaps
 * may destroy this one. A shrinker leaves it to a work item: it may have been called
 * by somebody who reads the heap's files.
 *
 * A heap that is not destroyed when the module is unloaded that created it is
 * reported then, with what is allocated from it. It stays, and keeps its name,
 * until spanheap is unloaded.
 *
 * Context: task, may sleep, not in reclaim.
 */
void spanheap_destroy(struct spanheap *heap)
{
	if (IS_ERR_OR_NULL(heap))
		return;
	if (heap == sh_default_heap) {
		pr_warn("the default heap stays until the module is unloaded; destroy heaps you created\n");
		return;
	}
	if (sh_may_wait("destroy"))
		remove_heap(heap);
}
EXPORT_SYMBOL_GPL(spanheap_destroy);

/* Wait until nothing is left of destroyed heaps. */
static void free_rests(void)
{
	rcu_barrier();
	destroy_workqueue(rest_wq);
}

/**
 * sh_heaps_init() - make the default heap
 *
 * Return: 0 or an error.
 */
int sh_heaps_init(void)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;

	rest_wq = sh_fault(SH_FAULT_META) ? NULL :
		  alloc_workqueue("spanheap_rest", WQ_UNBOUND, 0);
	if (!rest_wq)
		return -ENOMEM;
	if (sh_debug_default)
		config.flags |= SPANHEAP_DEBUG;
	heap = spanheap_create("default", &config);
	if (IS_ERR(heap)) {
		free_rests();
		return PTR_ERR(heap);
	}
	sh_default_heap = heap;
	return 0;
}

/*
 * The oldest heap but the default one, reported. A finalizer may destroy it once it is
 * left here; remove_heap() looks again.
 */
static struct spanheap *first_left(void)
{
	struct spanheap *heap;

	for (heap = sh_heaps_visit(NULL); heap; heap = sh_heaps_visit(heap)) {
		if (heap == sh_default_heap)
			continue;
		sh_owner_report_left(heap);
		sh_heap_leave(heap);
		return heap;
	}
	return NULL;
}

/**
 * sh_heaps_exit() - destroy all heaps, those that were left behind first
 */
void sh_heaps_exit(void)
{
	struct spanheap *heap;

	/* Nobody is left who could make or destroy one, but their finalizers. */
	while ((heap = first_left()))
		remove_heap(heap);
	remove_heap(sh_default_heap);
	free_rests();
}
