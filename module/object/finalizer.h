/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finalizers that are set, and those that are called. See finalizer.c and finalizer_run.c.
 */
#ifndef SPANHEAP_FINALIZER_H
#define SPANHEAP_FINALIZER_H

#include <linux/gfp.h>
#include <linux/types.h>

struct module;
struct sh_finalizers;
struct spanheap;
struct work_struct;

int sh_finalizer_move(const void *from, const void *to, gfp_t gfp);

/* finalizer_run.c */
void sh_finalizers_run_queued(struct work_struct *work);
void sh_finalizers_run_all(struct spanheap *heap);
unsigned long sh_finalizers_drop(struct sh_finalizers *fs,
				 const struct module *mod);
bool sh_finalizers_run_code_of(const struct sh_finalizers *fs,
			       const struct module *mod);

#endif /* SPANHEAP_FINALIZER_H */
