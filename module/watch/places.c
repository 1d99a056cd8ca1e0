// SPDX-License-Identifier: GPL-2.0
/*
 * Which places something was reported for. In PLACE_SECONDS the same mistake at
 * the same place is reported once for an address, and for PLACE_REPORTS
 * addresses; how many were left out is said the next time. So a mistake that is
 * made over and over does not use up what may be reported of others: only what
 * this lets through is limited in rate.
 *
 * A place is a number, a hash of what tells it from others. Two places may share
 * one: then the second is silent for a while, but counted as all are.
 *
 * Locks: places_lock, innermost, for some dozen instructions. It is a raw one: what
 * is reported may be that somebody calls from where no other may be taken.
 *
 * Contexts: any but NMI.
 */
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>

#include "base/compat.h"
#include "watch/places.h"

#define PLACE_SECONDS	60
#define PLACE_REPORTS	32

/* What is remembered: in sets, of which the oldest goes when one is full. */
#define NR_SETS		128
#define SET_SIZE	4

/**
 * struct place - a place, or an address at a place
 * @key: its number
 * @reports: reports made since it is remembered
 * @missed: mistakes since the last that were not reported
 * @until: jiffies until which it is
 */
struct place {
	u32 key;
	u32 reports;
	unsigned long missed;
	unsigned long until;
};

static DEFINE_RAW_SPINLOCK(places_lock);	/* for the sets */
static struct place places[NR_SETS][SET_SIZE];

/* Enough to see a pattern, few enough to leave the log readable. */
static DEFINE_RATELIMIT_STATE(limit, HZ, 50);

/* What is remembered by a number; from now on, if nothing is. */
static struct place *recall_place(u32 key)
{
	struct place *set = places[key % NR_SETS], *p = set;
	unsigned long missed = 0;
	int i;

	for (i = 0; i < SET_SIZE; i++) {
		if (set[i].key == key && set[i].until) {
			p = &set[i];
			if (time_before(jiffies, p->until))
				return p;
			missed = p->missed;
			break;
		}
		if (!set[i].until ||
		    (p->until && time_before(set[i].until, p->until)))
			p = &set[i];
	}
	p->key = key;
	p->reports = 0;
	p->missed = missed;
	p->until = (jiffies + PLACE_SECONDS * HZ) | 1;
	return p;
}

/**
 * sh_place_report() - whether to report something
 * @place: number of the place where it is
 * @addr: what it is about
 * @missed: set to how many at this place were not reported since one was
 *
 * Context: any but NMI.
 * Return: whether to. If not, it is counted.
 */
bool sh_place_report(u32 place, unsigned long addr, unsigned long *missed)
{
	struct place *p, *at;
	unsigned long flags;
	bool report;

	raw_spin_lock_irqsave(&places_lock, flags);
	p = recall_place(place);
	/* The newer of the two: it does not take the place of the other. */
	at = recall_place(jhash(&addr, sizeof(addr), place));
	report = !at->reports && p->reports < PLACE_REPORTS &&
		 __ratelimit(&limit);
	*missed = p->missed;
	if (report) {
		at->reports++;
		p->reports++;
		p->missed = 0;
	} else {
		p->missed++;
	}
	raw_spin_unlock_irqrestore(&places_lock, flags);
	return report;
}
EXPORT_SYMBOL_IF_KUNIT(sh_place_report);
