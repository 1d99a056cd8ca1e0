/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scavenger: when and how much memory a heap gives back. See scavenge.c.
 */
#ifndef SPANHEAP_SCAVENGE_H
#define SPANHEAP_SCAVENGE_H

#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "cache/drain.h"
#include "pages/pageheap.h"

struct seq_file;

/**
 * enum sh_scavenge_reason - why memory went back
 * @SH_SCAVENGE_AGE: it was idle for longer than the limit
 * @SH_SCAVENGE_PACING: recent use did not need it
 * @SH_SCAVENGE_PRESSURE: the system was short of memory
 * @SH_SCAVENGE_LIMIT: the heap's limit was reached or lowered
 * @SH_SCAVENGE_REQUEST: somebody asked for it
 * @SH_NR_SCAVENGE_REASONS: how many reasons there are
 */
enum sh_scavenge_reason {
	SH_SCAVENGE_AGE,
	SH_SCAVENGE_PACING,
	SH_SCAVENGE_PRESSURE,
	SH_SCAVENGE_LIMIT,
	SH_SCAVENGE_REQUEST,
	SH_NR_SCAVENGE_REASONS,
};

/**
 * struct sh_scavenger - gives the memory of a heap back
 * @work: the next pass
 * @wake: queues it when something gets idle
 * @ph: the page heap
 * @drains: for emptying the caches
 * @stopped: there are no more passes
 * @idle_ms: age at which idle runs go back, milliseconds
 * @aging: milliseconds after which age goes on, 0 when it is done
 * @recent: heap pages in use lately, a decaying maximum
 * @lock: protects the figures below
 * @passes: passes that gave something back
 * @bytes: bytes given back, by reason
 * @shootdowns: TLB shootdowns
 * @busy_ns: time spent giving back, nanoseconds
 */
struct sh_scavenger {
	struct delayed_work work;
	struct irq_work wake;
	struct sh_pageheap *ph;
	struct sh_drain __percpu *drains;
	bool stopped;
	unsigned int idle_ms;
	unsigned int aging;
	unsigned long recent;
	spinlock_t lock;	/* see above */
	unsigned long passes;
	u64 bytes[SH_NR_SCAVENGE_REASONS];
	unsigned long shootdowns;
	u64 busy_ns;
};

int sh_scavenge_init(void);
void sh_scavenge_exit(void);
void sh_scavenger_init(struct sh_scavenger *sc, struct sh_pageheap *ph,
		       struct sh_drain __percpu *drains, unsigned int idle_ms);
void sh_scavenger_exit(struct sh_scavenger *sc);
void sh_scavenger_show(struct sh_scavenger *sc, struct seq_file *m);
void sh_scavenger_stats(struct sh_scavenger *sc, struct spanheap_stats *stats);
void sh_scavenger_kick(struct sh_scavenger *sc);
size_t sh_scavenge(struct sh_scavenger *sc, enum sh_scavenge_reason reason);
unsigned long sh_scavenge_near(struct sh_scavenger *sc, unsigned long goal,
			       enum sh_scavenge_reason reason);
unsigned long sh_scavenge_pressure(struct sh_scavenger *sc,
				   unsigned long goal);

#endif /* SPANHEAP_SCAVENGE_H */
