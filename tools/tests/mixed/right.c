// SPDX-License-Identifier: GPL-2.0
/*
 * A user of a heap and of the kernel's allocators that mixes nothing up:
 * spanheap-mixed-free.cocci finds nothing here.
 */
#include <linux/slab.h>
#include <linux/spanheap.h>
#include <linux/vmalloc.h>

struct thing {
	char *name;
	char *other;
};

struct slab_thing {
	char *name;
};

static struct spanheap *heap;

static int both(struct thing *thing, struct slab_thing *in_slab, const char *name)
{
	void *p = spanheap_alloc(heap, 100, GFP_KERNEL);
	void *q = kmalloc(100, GFP_KERNEL);

	thing->name = spanheap_strdup(heap, name, GFP_KERNEL);
	thing->other = kstrdup(name, GFP_KERNEL);
	in_slab->name = kstrdup(name, GFP_KERNEL);
	kfree(q);
	spanheap_free(p);
	/* The variable is another's by now. */
	p = vmalloc(100);
	vfree(p);
	q = spanheap_zalloc(heap, 100, GFP_KERNEL);
	q = spanheap_realloc(heap, q, 200, GFP_KERNEL);
	spanheap_free_sensitive(q);
	return 0;
}

static void forget(struct thing *thing, struct slab_thing *in_slab)
{
	spanheap_free(thing->name);
	kfree(thing->other);
	kfree(in_slab->name);
	kfree(in_slab);
}

static void finalize(void *ptr, size_t size, void *arg)
{
	kfree(arg);
}

static int with_argument(struct thing *thing)
{
	void *arg = kmalloc(10, GFP_KERNEL);

	return spanheap_set_finalizer(thing, finalize, arg);
}

static void whole_pages(void)
{
	void *p = spanheap_alloc_pages(heap, 8192, GFP_KERNEL);

	spanheap_free_pages(p);
}
