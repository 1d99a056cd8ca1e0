// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps: created, named, listed, destroyed. The default heap is one of them,
 * except that it lives as long as the module.
 *
 * Locks: names_lock, outermost, for names, and for who adds a heap or takes one
 * away; debugfs files are made and removed under it, which allocates and waits for
 * readers of these. Inside it sh_heaps_lock, for the list: reclaim tries that, so
 * nothing that takes long is done under it, and nothing that waits for reclaim.
 *
 * Contexts: task, may sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "charge.h"
#include "compat.h"
#include "debug.h"
#include "fault.h"
#include "heap.h"
#include "leakcheck.h"
#include "sampling.h"
#include "special.h"
#include "trace.h"

LIST_HEAD(sh_heaps);
DECLARE_RWSEM(sh_heaps_lock);	/* for the list above */
static DEFINE_MUTEX(names_lock);
struct spanheap *sh_default_heap __read_mostly;
EXPORT_SYMBOL_FOR_KUNIT(sh_default_heap);

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

static bool config_is_valid(const struct spanheap_config *config)
{
	if (config->flags & ~SPANHEAP_DEBUG)
		return false;
	return config->node == NUMA_NO_NODE || sh_node_is_valid(config->node);
}

static struct spanheap *find_heap(const char *name)
{
	struct spanheap *heap;

	list_for_each_entry(heap, &sh_heaps, link)
		if (!strcmp(heap->name, name))
			return heap;
	return NULL;
}

static int drop_records(struct sh_span *span, void *heap)
{
	struct sh_special *special;

	while ((special = sh_special_pop(span))) {
		sh_charge_drop(special);
		sh_fixalloc_free(&((struct spanheap *)heap)->specials, special);
	}
	return 0;
}

/* Objects that go with the heap are no more known to anybody. */
static void drop_specials(struct spanheap *heap)
{
	if (atomic_long_read(&heap->profile.samples) ||
	    atomic_long_read(&heap->charges))
		sh_pageheap_walk(&heap->ph, NULL, drop_records, heap);
	sh_charges_drop_persistent(heap);
}

static void free_heap(struct spanheap *heap)
{
	sh_scavenger_exit(&heap->scavenger);
	drop_specials(heap);
	sh_profile_drop(heap);
	sh_leakcheck_drop(heap);
	sh_pageheap_exit(&heap->ph);
	/* Nobody who frees a wrong address looks at records any more. */
	sh_debug_remove(heap);
	sh_runcaches_exit(&heap->rcs);
	sh_caches_exit(&heap->caches);
	sh_fixalloc_exit(&heap->specials);
	kvfree(heap);
}

static struct spanheap *new_heap(const char *name,
				 const struct spanheap_config *config)
{
	static atomic_t last_id;
	bool debug = config->flags & SPANHEAP_DEBUG;
	unsigned long arena_pages = (unsigned long)sh_arena_mb << 20 >>
				    SH_PAGE_SHIFT;
	struct spanheap *heap;
	unsigned int class;
	int err;

	heap = sh_fault(SH_FAULT_META) ? NULL :
	       kvzalloc_node(sizeof(*heap), GFP_KERNEL, config->node);
	if (!heap)
		return ERR_PTR(-ENOMEM);
	strscpy(heap->name, name, sizeof(heap->name));
	heap->node = config->node;
	heap->id = atomic_inc_return(&last_id);
	sh_persistent_init(&heap->persistent);
	sh_finalizers_init(&heap->finalizers);
	sh_profile_start(&heap->profile);
	sh_fixalloc_init(&heap->specials, SH_SPECIAL_BYTES, config->node, NULL,
			 &heap->ph.special_bytes);
	for (class = 0; class < SH_NR_CLASSES; class++)
		sh_central_init(&heap->central[class], class);
	err = sh_pageheap_init(&heap->ph, heap, heap->name, arena_pages,
			       config->node);
	if (!err)
		err = sh_runcaches_init(&heap->rcs, &heap->ph);
	/* A debug heap caches nothing, so that nothing is allocated past it. */
	if (!err)
		err = sh_caches_init(&heap->caches, heap->central, &heap->rcs,
				     debug ? 0 : sh_cache_kb << 10);
	if (!err && debug)
		err = sh_debug_add(heap);
	if (!err)
		err = sh_scavenger_init(&heap->scavenger, &heap->ph,
					&heap->caches, config->scavenge_idle_ms ?:
					sh_scavenge_ms);
	if (err) {
		free_heap(heap);
		return ERR_PTR(err);
	}
	atomic_long_set(&heap->ph.other_bytes, sizeof(*heap));
	heap->ph.cache_bytes = &heap->caches.meta_bytes;
	/* Rounded up, so that no limit becomes none. */
	heap->ph.limit = (config->limit >> SH_PAGE_SHIFT) +
			 !!(config->limit & ~SH_PAGE_MASK);
	return heap;
}

/* The rate of samples was changed after the caches were set up by the old one. */
static void redraw(struct spanheap *heap)
{
	int cpu;

	for_each_possible_cpu(cpu)
		sh_caches_redraw(&heap->caches, cpu);
}

/**
 * spanheap_create() - create a heap
 * @name: up to SPANHEAP_NAME_MAX printable characters but '/' and white space;
 *	not "." or ".."; no other heap's
 * @config: how to set it up, NULL for defaults
 *
 * Context: task, may sleep.
 * Return: the heap, or an ERR_PTR: -EINVAL for a name or a configuration that is
 * not allowed, -EEXIST for a name that is taken, -ENOMEM.
 */
struct spanheap *spanheap_create(const char *name,
				 const struct spanheap_config *config)
{
	static const struct spanheap_config defaults = SPANHEAP_CONFIG_INIT;
	unsigned long rate = READ_ONCE(sh_profile_rate);
	struct spanheap *heap;

	if (!config)
		config = &defaults;
	if (!name_is_valid(name) || !config_is_valid(config))
		return ERR_PTR(-EINVAL);
	heap = new_heap(name, config);
	if (IS_ERR(heap))
		return heap;
	mutex_lock(&names_lock);
	if (find_heap(name)) {
		mutex_unlock(&names_lock);
		free_heap(heap);
		return ERR_PTR(-EEXIST);
	}
	down_write(&sh_heaps_lock);
	/* Nobody changes it now, and those that are listed are told. */
	if (rate != sh_profile_rate)
		redraw(heap);
	list_add_tail(&heap->link, &sh_heaps);
	up_write(&sh_heaps_lock);
	sh_debugfs_add(heap);
	mutex_unlock(&names_lock);
	sh_trace(heap_create, heap->name, config->limit);
	return heap;
}
EXPORT_SYMBOL_GPL(spanheap_create);

/* Whether an address is that of a heap; of no other is anything looked at. */
static bool heap_exists(const struct spanheap *heap)
{
	struct spanheap *each;

	list_for_each_entry(each, &sh_heaps, link)
		if (each == heap)
			return true;
	return false;
}

static void remove_heap(struct spanheap *heap)
{
	mutex_lock(&names_lock);
	if (!heap_exists(heap)) {
		mutex_unlock(&names_lock);
		sh_report_no_heap(heap);
		return;
	}
	sh_debugfs_remove(heap);
	down_write(&sh_heaps_lock);
	list_del(&heap->link);
	up_write(&sh_heaps_lock);
	mutex_unlock(&names_lock);
	/* What spanheap_free_rcu() was called for is no leak. */
	sh_finalizers_run_all(heap);
	sh_users_close(heap);
	if (heap->debug) {
		sh_quarantine_drain(heap);
		sh_debug_check(heap->debug);
	}
	sh_report_leaks(heap);
	free_heap(heap);
}

/**
 * spanheap_destroy() - destroy a heap and free all that is allocated from it
 * @heap: the heap; NULL and ERR_PTR values are fine
 *
 * What is still allocated is reported in the log as leaked; persistent
 * allocations are not. Objects that spanheap_free_rcu() was called for are waited
 * for, and so are finalizers, also those of objects that were not freed. Nobody
 * but finalizers may use the heap or its objects during the call or after it: an
 * allocation meanwhile is refused and reported. So is the address of what is no
 * heap, or none any more, unless another heap has it by now.
 *
 * Context: task, may sleep.
 */
void spanheap_destroy(struct spanheap *heap)
{
	if (IS_ERR_OR_NULL(heap))
		return;
	if (heap == sh_default_heap) {
		pr_warn("the default heap stays until the module is unloaded; destroy heaps you created\n");
		return;
	}
	remove_heap(heap);
}
EXPORT_SYMBOL_GPL(spanheap_destroy);

/**
 * sh_heaps_init() - make the default heap
 *
 * Return: 0 or an error.
 */
int sh_heaps_init(void)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;

	if (sh_debug_default)
		config.flags |= SPANHEAP_DEBUG;
	heap = spanheap_create("default", &config);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	sh_default_heap = heap;
	return 0;
}

/**
 * sh_heaps_exit() - destroy the default heap, the last there is
 */
void sh_heaps_exit(void)
{
	remove_heap(sh_default_heap);
}
