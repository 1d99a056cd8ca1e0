// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_forgetful - a module that goes and leaves things behind
 *
 * It makes a heap, named "forgotten", with objects in it, and sets finalizers: of
 * an object of that heap and of two of the default heap, one of which it frees as
 * it goes when a finalizer takes time. It never destroys the heap and waits for
 * nothing. With "fail" it does not load, after it has done all this.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/spanheap.h>

#define NR	4

static bool fail;
module_param(fail, bool, 0444);
MODULE_PARM_DESC(fail, "fail at the end of init (off)");

static bool debug;
module_param(debug, bool, 0444);
MODULE_PARM_DESC(debug, "make the heap a debug heap (off)");

static unsigned int busy_ms;
module_param(busy_ms, uint, 0444);
MODULE_PARM_DESC(busy_ms, "how long a finalizer takes, milliseconds (0)");

static void *last;

/* Its code is gone when the others would be called. */
static void finalize(void *ptr, size_t size, void *arg)
{
	msleep(busy_ms);
	pr_info("spanheap_forgetful: finalized\n");
}

static void *make(struct spanheap *heap)
{
	void *obj = spanheap_alloc(heap, 100, GFP_KERNEL);

	if (obj && spanheap_set_finalizer(obj, finalize, NULL))
		pr_err("spanheap_forgetful: no finalizer\n");
	return obj;
}

/* Not in init's section, whose names are forgotten as well. */
static noinline int forgetful_fill(struct spanheap *heap)
{
	int i;

	for (i = 1; i < NR; i++)
		if (!spanheap_alloc(heap, 100, GFP_KERNEL))
			return -ENOMEM;
	last = make(NULL);
	return make(heap) && make(NULL) && last ? 0 : -ENOMEM;
}

static int __init forgetful_init(void)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap *heap;
	int err;

	config.flags = debug ? SPANHEAP_DEBUG : 0;
	heap = spanheap_create("forgotten", &config);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = forgetful_fill(heap);
	if (err)
		return err;
	return fail ? -EPERM : 0;
}

static void __exit forgetful_exit(void)
{
	if (!busy_ms)
		return;
	spanheap_free(last);
	/* Until the worker is in there. */
	msleep(busy_ms / 4);
}

module_init(forgetful_init);
module_exit(forgetful_exit);

MODULE_DESCRIPTION("A module that goes and leaves a heap of spanheap's behind");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
