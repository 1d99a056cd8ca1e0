/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Emptying per-CPU caches. See drain.c.
 */
#ifndef SPANHEAP_DRAIN_H
#define SPANHEAP_DRAIN_H

#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "cache/cache.h"

/**
 * struct sh_drain - how one CPU's caches of a heap are emptied
 * @work: does it, on that CPU
 * @caches: the caches
 * @signature: what the CPU's counters added up to when last looked at
 * @requests: number of the last request to empty them
 * @answered: number of the last one that was done
 * @late: somebody has waited for it in vain
 */
struct sh_drain {
	struct work_struct work;
	struct sh_caches *caches;
	unsigned long signature;
	atomic_t requests;
	int answered;
	bool late;
};

int sh_drain_init(void);
void sh_drain_exit(void);
struct sh_drain __percpu *sh_drains_init(struct sh_caches *caches);
void sh_drains_exit(struct sh_drain __percpu *drains);
void sh_drain_transfers(struct sh_caches *caches, bool only_idle);
void sh_drain_cpu(struct sh_caches *caches, int dead_cpu);
size_t sh_drain_bytes(struct sh_drain __percpu *drains);
void sh_drain_near(struct sh_drain __percpu *drains);
void sh_drain_start(struct sh_drain __percpu *drains);
bool sh_drain_all(struct sh_drain __percpu *drains);
void sh_drain_last(struct sh_drain __percpu *drains);
bool sh_drain_idle(struct sh_drain __percpu *drains);

#endif /* SPANHEAP_DRAIN_H */
