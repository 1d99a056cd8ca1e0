// SPDX-License-Identifier: GPL-2.0
/*
 * The scavenger: a work item for each heap that gives idle memory back. Two
 * rules, as in the Go runtime, which had first the one and then the other:
 *
 * - age: a run idle for longer than a limit goes back, however much there is, at
 *   a rate that takes no more than an eighth of one CPU;
 * - pacing: memory beyond what recent use needs, and a tenth more, goes back
 *   sooner, at a rate that takes no more than a hundredth of one CPU.
 *
 * Recent use is the most pages in use since the pass before, or recent use as it
 * was then less an eighth, whichever is more.
 *
 * While there is idle memory, an arena all of which is idle, or CPUs hold cached
 * objects, a pass is made every second, or every quarter limit if that is shorter.
 * When a pass finds nothing of the kind, and one more a moment later, there is none
 * until something gets idle, see idle.c. What age leaves over because of its rate is
 * gone on with in between. A pass also empties the caches of CPUs that did not use
 * them since the pass before: memory that they give up makes what it is merged with
 * young again, so that is not to happen late.
 *
 * Any number of tasks may give back at the same time: each takes other runs, see
 * release.c. So nobody waits for another here, least of all reclaim.
 *
 * Locks: sc->lock, a spinlock, for the figures; no other is taken inside. What
 * else there is belongs to the pass, of which there is one at a time.
 *
 * Contexts: task, may sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/spanheap.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "base/fault.h"
#include "heap/scavenge.h"
#include "pages/pageheap.h"
#include "pages/release.h"
#include "watch/trace.h"

/* How often to look while there is something to give back, at most: in ms. */
#define PACE_MS		1000U

/*
 * Shares of a CPU that pacing and age may take: 1 / PACE_SHARE, 1 / AGE_SHARE. A
 * hundredth is what the Go runtime gives its background scavenger, and a tenth more
 * than is needed is what that keeps; what has been idle for as long as was asked for
 * is to be gone soon, which is worth more. Recent use that goes down by an eighth in
 * each pass is half of what it was after five.
 */
#define PACE_SHARE	100
#define AGE_SHARE	8

/*
 * How long age may go on at a time, and the longest it then rests: where it was
 * the machine that took its time, that is no reason to rest as much longer.
 */
#define AGE_SLICE_NS	(4 * NSEC_PER_MSEC)
#define AGE_REST_MS	64U

/* Heap pages to give back between two looks at the clock: 1 MiB. */
#define PACE_STEP	((1UL << 20) >> SH_PAGE_SHIFT)

static struct workqueue_struct *scavenge_wq;

static bool log_passes;
module_param_named(trace_scavenge, log_passes, bool, 0644);
MODULE_PARM_DESC(trace_scavenge, "log a line for each pass that gives memory back (off)");

static const char * const reason_name[SH_NR_SCAVENGE_REASONS] = {
	"age", "pacing", "pressure", "limit", "request",
};

static size_t bytes_of(unsigned long pages)
{
	return (size_t)pages << SH_PAGE_SHIFT;
}

/* Count what was done since @start. */
static void account_for(struct sh_scavenger *sc, enum sh_scavenge_reason reason,
			unsigned long pages, unsigned long shootdowns, u64 start)
{
	u64 took = ktime_get_ns() - start;

	spin_lock(&sc->lock);
	sc->busy_ns += took;
	sc->shootdowns += shootdowns;
	sc->passes += !!pages;
	sc->bytes[reason] += bytes_of(pages);
	spin_unlock(&sc->lock);
	if (!pages)
		return;
	sh_trace(scavenge, sc->ph->name, reason_name[reason], bytes_of(pages),
		 took);
	if (log_passes)
		pr_info("heap %s: scavenged %zu KiB (%s) in %llu us\n",
			sc->ph->name, bytes_of(pages) >> 10,
			reason_name[reason], took / NSEC_PER_USEC);
}

/* Returns after how many milliseconds to go on, 0 when nothing is old enough. */
static unsigned int by_age(struct sh_scavenger *sc)
{
	unsigned long age = msecs_to_jiffies(sc->idle_ms), pages = 0, got;
	unsigned long shootdowns = 0;
	u64 start = ktime_get_ns(), took;

	do {
		got = sh_pageheap_release(sc->ph, SH_RELEASE_BATCH, age,
					  &shootdowns);
		/* Idle arenas without memory are no work. */
		if (!got)
			got = sh_pageheap_retire(sc->ph, SH_ARENA_SPARSE ?
						 ULONG_MAX : 1, age);
		pages += got;
		took = ktime_get_ns() - start;
	} while (got && took < AGE_SLICE_NS);
	account_for(sc, SH_SCAVENGE_AGE, pages, shootdowns, start);
	if (!got)
		return 0;
	return min_t(u64, took * (AGE_SHARE - 1) / NSEC_PER_MSEC + 1, AGE_REST_MS);
}

/* Resident heap pages beyond what recent use needs and a tenth more. */
static unsigned long excess(struct sh_scavenger *sc)
{
	struct sh_pageheap_stats stats;
	unsigned long resident, goal;

	sh_pageheap_stats(sc->ph, &stats);
	WRITE_ONCE(sc->recent, max(sh_pageheap_peak(sc->ph),
				   sc->recent - sc->recent / 8));
	resident = stats.sys - stats.released;
	goal = sc->recent + sc->recent / 10;
	return resident > goal ? resident - goal : 0;
}

/* Milliseconds between two passes while there is something to give back. */
static unsigned int pace(const struct sh_scavenger *sc)
{
	return clamp(sc->idle_ms / 4, 1U, PACE_MS);
}

static void by_pace(struct sh_scavenger *sc)
{
	u64 start = ktime_get_ns();
	u64 budget = (u64)pace(sc) * NSEC_PER_MSEC / PACE_SHARE;
	unsigned long left = excess(sc), done = 0, shootdowns = 0, got;

	while (left > done && ktime_get_ns() - start < budget) {
		got = sh_pageheap_release(sc->ph, min(left - done, PACE_STEP), 0,
					  &shootdowns);
		if (!got)
			break;
		done += got;
	}
	account_for(sc, SH_SCAVENGE_PACING, done, shootdowns, start);
}

static void go_on(struct sh_scavenger *sc, unsigned int ms)
{
	if (!READ_ONCE(sc->stopped))
		queue_delayed_work(scavenge_wq, &sc->work,
				   msecs_to_jiffies(ms));
}

/*
 * Whoever makes something idle just now may not see yet that it has to say so. That
 * shows in another look.
 */
static void go_on_or_rest(struct sh_scavenger *sc, bool busy)
{
	bool rests = READ_ONCE(sc->ph->asleep);

	WRITE_ONCE(sc->ph->asleep, !busy && !READ_ONCE(sc->stopped));
	if (busy || !rests)
		go_on(sc, sc->aging ?: pace(sc));
}

static void make_pass(struct work_struct *work)
{
	struct sh_scavenger *sc = container_of(work, struct sh_scavenger,
					       work.work);
	bool busy;

	/* What goes on with a pass says nothing about CPUs' or recent use. */
	busy = !sc->aging && sh_drain_idle(sc->drains);
	sc->aging = by_age(sc);
	if (!sc->aging)
		by_pace(sc);
	busy |= sc->aging || sh_pageheap_spare(sc->ph) ||
		sh_pageheap_may_retire(sc->ph);
	go_on_or_rest(sc, busy);
}

static void wake_scavenger(struct irq_work *wake)
{
	struct sh_scavenger *sc = container_of(wake, struct sh_scavenger, wake);

	go_on(sc, pace(sc));
}

/**
 * sh_scavenger_kick() - make a pass soon
 * @sc: the scavenger
 *
 * Context: any.
 */
void sh_scavenger_kick(struct sh_scavenger *sc)
{
	mod_delayed_work(scavenge_wq, &sc->work, 1);
}
EXPORT_SYMBOL_IF_KUNIT(sh_scavenger_kick);

/**
 * sh_scavenge() - give back all that is idle, now
 * @sc: the scavenger
 * @reason: why
 *
 * Other CPUs are waited for a moment only, see sh_drain_all().
 *
 * Context: task, may sleep.
 * Return: bytes given back.
 */
size_t sh_scavenge(struct sh_scavenger *sc, enum sh_scavenge_reason reason)
{
	unsigned long pages, shootdowns = 0;
	u64 start;

	sh_drain_all(sc->drains);
	start = ktime_get_ns();
	pages = sh_pageheap_release(sc->ph, ULONG_MAX, 0, &shootdowns);
	pages += sh_pageheap_retire(sc->ph, ULONG_MAX, 0);
	account_for(sc, reason, pages, shootdowns, start);
	return bytes_of(pages);
}
EXPORT_SYMBOL_IF_KUNIT(sh_scavenge);

/**
 * sh_scavenge_near() - give back what can be had without waiting
 * @sc: the scavenger
 * @goal: heap pages wanted
 * @reason: why
 *
 * What is idle, the longest first; when that is not enough, what it can be made
 * of from here as well: what waits for CPUs and what this CPU has cached.
 *
 * Context: task, reclaim as well. Waits for nobody, except for other CPUs to take
 * an interrupt.
 * Return: heap pages given back.
 */
unsigned long sh_scavenge_near(struct sh_scavenger *sc, unsigned long goal,
			       enum sh_scavenge_reason reason)
{
	unsigned long pages, shootdowns = 0;
	u64 start = ktime_get_ns();

	pages = sh_pageheap_give_up(sc->ph, goal, &shootdowns);
	if (pages < goal) {
		sh_drain_near(sc->drains);
		pages += sh_pageheap_give_up(sc->ph, goal - pages, &shootdowns);
	}
	account_for(sc, reason, pages, shootdowns, start);
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(sh_scavenge_near);

/**
 * sh_scavenge_pressure() - give memory back because the system is short of it
 * @sc: the scavenger
 * @goal: heap pages wanted
 *
 * When what is near is not enough, other CPUs' caches are emptied for the next
 * time.
 *
 * Context: reclaim.
 * Return: heap pages given back.
 */
unsigned long sh_scavenge_pressure(struct sh_scavenger *sc, unsigned long goal)
{
	unsigned long pages = sh_scavenge_near(sc, goal, SH_SCAVENGE_PRESSURE);

	if (pages < goal) {
		sh_drain_start(sc->drains);
		sh_scavenger_kick(sc);
	}
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(sh_scavenge_pressure);

/**
 * sh_scavenger_init() - start the scavenger of a heap
 * @sc: the scavenger, zeroed
 * @ph: the page heap
 * @drains: for emptying the caches
 * @idle_ms: age at which idle runs go back, milliseconds
 *
 * Context: task, may sleep.
 */
void sh_scavenger_init(struct sh_scavenger *sc, struct sh_pageheap *ph,
		       struct sh_drain __percpu *drains, unsigned int idle_ms)
{
	INIT_DELAYED_WORK(&sc->work, make_pass);
	init_irq_work(&sc->wake, wake_scavenger);
	spin_lock_init(&sc->lock);
	sc->ph = ph;
	sc->idle_ms = idle_ms;
	sc->drains = drains;
	/* Nothing is idle yet. */
	ph->wake = &sc->wake;
	WRITE_ONCE(ph->asleep, true);
}

/**
 * sh_scavenger_exit() - stop the scavenger of a heap
 * @sc: the scavenger; also one whose init failed or that is zeroed
 *
 * Context: task, may sleep.
 */
void sh_scavenger_exit(struct sh_scavenger *sc)
{
	if (!sc->ph)
		return;
	WRITE_ONCE(sc->stopped, true);
	cancel_delayed_work_sync(&sc->work);
	/* No pass says otherwise any more. What frees the heap wakes nobody. */
	WRITE_ONCE(sc->ph->asleep, false);
	irq_work_sync(&sc->wake);
	cancel_delayed_work_sync(&sc->work);
}

/**
 * sh_scavenger_stats() - add what was given back to a heap's figures
 * @sc: the scavenger
 * @stats: the figures
 */
void sh_scavenger_stats(struct sh_scavenger *sc, struct spanheap_stats *stats)
{
	int i;

	stats->scavenges = READ_ONCE(sc->passes);
	stats->longest_pause_ns = READ_ONCE(sc->ph->pause_ns);
	for (i = 0; i < SH_NR_SCAVENGE_REASONS; i++)
		stats->scavenged_bytes += READ_ONCE(sc->bytes[i]);
	stats->scavenged_bytes += bytes_of(READ_ONCE(sc->ph->memcg.given));
}

/**
 * sh_scavenger_show() - print figures, a name and a value a line
 * @sc: the scavenger
 * @m: where to
 */
void sh_scavenger_show(struct sh_scavenger *sc, struct seq_file *m)
{
	u64 bytes[SH_NR_SCAVENGE_REASONS], busy_ns;
	unsigned long passes, shootdowns;
	int i;

	spin_lock(&sc->lock);
	passes = sc->passes;
	shootdowns = sc->shootdowns;
	busy_ns = sc->busy_ns;
	memcpy(bytes, sc->bytes, sizeof(bytes));
	spin_unlock(&sc->lock);
	seq_printf(m, "idle_limit_ms %u\n", sc->idle_ms);
	seq_printf(m, "recent_use_bytes %zu\n", bytes_of(READ_ONCE(sc->recent)));
	seq_printf(m, "passes %lu\n", passes);
	for (i = 0; i < SH_NR_SCAVENGE_REASONS; i++)
		seq_printf(m, "%s_bytes %llu\n", reason_name[i], bytes[i]);
	seq_printf(m, "charged_bytes %zu\n",
		   bytes_of(READ_ONCE(sc->ph->memcg.given)));
	seq_printf(m, "shootdowns %lu\n", shootdowns);
	seq_printf(m, "busy_us %llu\n", busy_ns / NSEC_PER_USEC);
	seq_printf(m, "longest_pause_ns %llu\n", READ_ONCE(sc->ph->pause_ns));
}

/**
 * sh_scavenge_init() - prepare for scavengers
 *
 * Return: 0 or -ENOMEM.
 */
int sh_scavenge_init(void)
{
	scavenge_wq = sh_fault(SH_FAULT_META) ? NULL :
		      alloc_workqueue("spanheap", WQ_UNBOUND, 0);
	return scavenge_wq ? 0 : -ENOMEM;
}

/**
 * sh_scavenge_exit() - undo sh_scavenge_init()
 */
void sh_scavenge_exit(void)
{
	destroy_workqueue(scavenge_wq);
}
