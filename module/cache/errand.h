/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work that only a CPU itself can do, asked for by others. See errand.c.
 */
#ifndef SPANHEAP_ERRAND_H
#define SPANHEAP_ERRAND_H

#include <linux/atomic.h>
#include <linux/workqueue.h>

/**
 * struct sh_errand - work of one kind for one CPU
 * @work: does it, on that CPU
 * @requests: number of the last request
 * @answered: number of the last one that was done
 * @late: somebody has waited for it in vain
 */
struct sh_errand {
	struct work_struct work;
	atomic_t requests;
	int answered;
	bool late;
};

int sh_errands_init(void);
void sh_errands_exit(void);
void sh_errand_init(struct sh_errand *errand, work_func_t fn);
void sh_errand_send(struct sh_errand *errand, int cpu);
bool sh_errand_wait(struct sh_errand *errand, unsigned long end);
bool sh_errand_wait_for(struct sh_errand *errand, long timeout);
bool sh_errand_recall(struct sh_errand *errand, long timeout);

/* In the work: between these is what was asked for before it began. */
int sh_errand_begin(struct sh_errand *errand);
void sh_errand_end(struct sh_errand *errand, int request);

#endif /* SPANHEAP_ERRAND_H */
