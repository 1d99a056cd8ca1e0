/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finalizers. See finalizer.c and finalizer_run.c.
 */
#ifndef SPANHEAP_FINALIZER_H
#define SPANHEAP_FINALIZER_H

#include <linux/list.h>

#include "heap/heap.h"
#include "object/claim.h"
#include "span/special.h"

struct module;

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

/* finalizer.c */
struct sh_finalizer *sh_finalizer_take(struct sh_object *obj);
void sh_finalizer_free(struct spanheap *heap, struct sh_finalizer *f);
bool sh_finalizer_start(struct sh_object *obj);
int sh_finalizer_move(const void *from, const void *to, gfp_t gfp);

/* finalizer_run.c */
int sh_finalizer_init(void);
void sh_finalizer_exit(void);
void sh_finalizers_init(struct sh_finalizers *fs);
void sh_finalizers_exit(struct sh_finalizers *fs);
void sh_finalizers_run_all(struct spanheap *heap);
unsigned long sh_finalizers_drop(struct sh_finalizers *fs,
				 const struct module *mod);
bool sh_finalizers_run_code_of(const struct sh_finalizers *fs,
			       const struct module *mod);
void sh_finalizer_enqueue(struct sh_finalizers *fs, struct sh_finalizer *f);

#endif /* SPANHEAP_FINALIZER_H */
