/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The finalizers of a heap as records. See finalizer_list.c.
 */
#ifndef SPANHEAP_FINALIZER_LIST_H
#define SPANHEAP_FINALIZER_LIST_H

#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "span/special.h"

struct sh_finalizers;
struct sh_object;
struct spanheap;

/**
 * struct sh_finalizer - the finalizer of an object
 * @special: in the span's list while it is set
 * @link: in the heap's list of those set, or of those whose object was freed
 * @ptr: the object, as its user knows it
 * @fn: what to call; NULL marks a place in a list and is no finalizer
 * @arg: what for
 */
struct sh_finalizer {
	struct sh_special special;
	struct list_head link;
	void *ptr;
	void (*fn)(void *ptr, size_t size, void *arg);
	void *arg;
};

int sh_finalizer_init(void);
void sh_finalizer_exit(void);
void sh_finalizers_init(struct sh_finalizers *fs, work_func_t run);
void sh_finalizers_exit(struct sh_finalizers *fs);
struct sh_finalizer *sh_finalizer_take(struct sh_object *obj);
void sh_finalizer_free(struct spanheap *heap, struct sh_finalizer *f);
bool sh_finalizer_start(struct sh_object *obj);

static inline struct sh_finalizer *sh_finalizer_of(struct sh_special *special)
{
	return special ? container_of(special, struct sh_finalizer, special) :
			 NULL;
}

#endif /* SPANHEAP_FINALIZER_LIST_H */
