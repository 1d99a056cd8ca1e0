// SPDX-License-Identifier: GPL-2.0
/*
 * A user of a heap that mixes calls up: spanheap-mixed-free.cocci finds each line
 * that says so, and no other.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spanheap.h>
#include <linux/vmalloc.h>

struct thing {
	struct rcu_head rcu;
	struct page *page;
	char *name;
	char *text;
	char *other;
	int nr;
};

static struct spanheap *heap;

static void heap_to_slab(void)
{
	void *p = spanheap_alloc(heap, 100, GFP_KERNEL);

	kfree(p); /* WRONG */
}

static void heap_to_vmalloc(size_t size)
{
	void *p, *q;

	p = spanheap_zalloc(NULL, size, GFP_KERNEL);
	q = spanheap_calloc(NULL, size, 8, GFP_KERNEL);
	if (!p || !q)
		goto out;
	memset(p, 1, size);
out:
	kvfree(p); /* WRONG */
	vfree(q); /* WRONG */
}

static int on_an_error_path(struct thing *thing)
{
	char *copy = spanheap_strdup(heap, thing->name, GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	if (thing->nr < 0) {
		kfree(copy); /* WRONG */
		return -EINVAL;
	}
	spanheap_free(copy);
	return 0;
}

static void grow(struct thing *thing)
{
	thing->text = spanheap_alloc(heap, 10, GFP_KERNEL);
	thing->other = krealloc(thing->text, 20, GFP_KERNEL); /* WRONG */
}

static size_t how_large(void)
{
	struct thing *thing = spanheap_alloc_obj(heap, struct thing, GFP_KERNEL);
	size_t size = ksize(thing); /* WRONG */

	kfree_rcu(thing, rcu); /* WRONG */
	return size;
}

static void to_a_device(struct scatterlist *sg)
{
	void *p = spanheap_alloc_aligned(heap, 512, 512, GFP_KERNEL);

	sg_init_one(sg, p, 512); /* WRONG */
}

static struct page *page_of(void)
{
	void *p = spanheap_alloc_pages(heap, PAGE_SIZE, GFP_KERNEL);

	return virt_to_page(p); /* WRONG */
}

static int name_it(struct thing *thing, const char *name)
{
	thing->name = spanheap_strdup(heap, name, GFP_KERNEL);
	thing->other = kstrdup(name, GFP_KERNEL);
	return thing->name && thing->other ? 0 : -ENOMEM;
}

static void forget(struct thing *victim)
{
	kfree(victim->name); /* WRONG */
	spanheap_free(victim->other); /* WRONG */
	spanheap_free(victim);
}

static void slab_to_heap(size_t size)
{
	void *p = kmalloc(size, GFP_KERNEL);
	void *q = vmalloc(size);
	void *r;

	spanheap_free(p); /* WRONG */
	spanheap_free(q); /* WRONG */
	r = kzalloc(size, GFP_KERNEL);
	r = spanheap_realloc(heap, r, 2 * size, GFP_KERNEL); /* WRONG */
	spanheap_free(r);
}

static void pages_and_objects(void)
{
	void *p = spanheap_alloc_pages(heap, 8192, GFP_KERNEL);
	void *q = spanheap_alloc(heap, 8192, GFP_KERNEL);

	spanheap_free(p); /* WRONG */
	spanheap_free_pages(q); /* WRONG */
}
