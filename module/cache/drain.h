/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Emptying per-CPU caches. See drain.c.
 */
#ifndef SPANHEAP_DRAIN_H
#define SPANHEAP_DRAIN_H

#include <linux/cpumask.h>
#include <linux/percpu.h>

#include "cache/errand.h"
#include "cache/percpu.h"

/**
 * struct sh_drain - what others ask of one CPU's caches of a heap
 * @empty: empties them
 * @check: looks whether they are as they should be
 * @caches: the caches
 * @signature: what the CPU's counters added up to when last looked at
 * @wrong: what the last check found to be wrong, or NULL
 */
struct sh_drain {
	struct sh_errand empty;
	struct sh_errand check;
	struct sh_caches *caches;
	unsigned long signature;
	const char *wrong;
};

struct sh_drain __percpu *sh_drains_init(struct sh_caches *caches);
void sh_drains_exit(struct sh_drain __percpu *drains);
void sh_drain_transfers(struct sh_caches *caches, bool only_idle);
void sh_drain_cpu(struct sh_caches *caches, int dead_cpu);
size_t sh_drain_bytes(struct sh_drain __percpu *drains);
bool sh_drain_holds(struct sh_drain __percpu *drains);
void sh_drain_near(struct sh_drain __percpu *drains);
void sh_drain_start(struct sh_drain __percpu *drains);
bool sh_drain_all(struct sh_drain __percpu *drains);
void sh_drain_last(struct sh_drain __percpu *drains);
bool sh_drain_idle(struct sh_drain __percpu *drains);

/* cachecheck.c */
void sh_drain_check_work(struct work_struct *work);
const char *sh_drain_check(struct sh_drain __percpu *drains, struct cpumask *silent);

#endif /* SPANHEAP_DRAIN_H */
