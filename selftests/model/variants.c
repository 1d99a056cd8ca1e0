// SPDX-License-Identifier: GPL-2.0
/*
 * The protocols that are explored. Each wrong one differs from a right one by what
 * its line says, and must be found to be wrong in the way that the line says.
 */
#include "variants.h"

/* The protocol of managed heaps. */
#define OURS		.in_armed = WHITE, .in_mark = BLACK
/* Another sound one: what is overwritten is shaded, and nothing else. */
#define DELETION	.plain_new = PERIOD, .mark_late = true, .end = true, \
			.in_armed = GREY, .in_mark = GREY
#define PINS		OURS, .pin = true
#define BUFFER		OURS, .buffer = true
#define WEAK_REFS	OURS, .weak = true, .recheck = true
#define CONTAINERS	OURS, .container = true, .end = true
#define FINALIZERS	OURS, .finalizer = true

const struct protocol variants[] = {
	{ "ours", "the protocol", SOUND, OURS },
	{ "ours-end", "END as a phase of its own", SOUND, OURS, .end = true },
	{ "ours-scan-parts", "an object scanned in three steps", SOUND, OURS,
	  .scan_parts = true },
	{ "ours-new-grey", "new objects grey in ARMED", SOUND,
	  .in_armed = GREY, .in_mark = BLACK },
	{ "ours-new-open", "new objects coloured with preemption on", SOUND, OURS,
	  .open_alloc = true },
	{ "ours-old-at-end", "only the old value shaded from END on", SOUND, OURS,
	  .plain_new = BIT(END), .end = true },
	{ "ours-garbage", "garbage gone after the first cycle that begins", SOUND, OURS,
	  .age = 1 },
	{ "gp1-left-out", "marking right after ARMED", LOST, OURS, .no_period_1 = true },
	{ "gp2-left-out", "END before the second grace period is over", LOST, OURS,
	  .no_period_2 = true },
	{ "gp2-left-out-grey", "the same, new objects grey in ARMED", LOST,
	  .in_armed = GREY, .in_mark = BLACK, .no_period_2 = true },
	{ "new-black", "new objects black in ARMED", LOST,
	  .in_armed = BLACK, .in_mark = BLACK },
	{ "new-white", "new objects white in MARK", LOST,
	  .in_armed = WHITE, .in_mark = WHITE },
	{ "old-only", "only the old value shaded", LOST, OURS,
	  .plain_new = PERIOD },
	{ "new-only", "only the new value shaded", LOST, OURS,
	  .plain_old = PERIOD },
	{ "old-only-in-armed", "only the old value shaded in ARMED", LOST, OURS,
	  .plain_new = BIT(ARMED) },
	{ "new-only-in-armed", "only the new value shaded in ARMED", LOST, OURS,
	  .plain_old = BIT(ARMED) },
	{ "old-only-in-mark", "only the old value shaded from MARK on", LOST, OURS,
	  .plain_new = PERIOD & ~BIT(ARMED) },
	{ "no-wait", "no wait for barriers in flight", LOST, OURS, .wait = NEVER },
	{ "one-wait", "one wait for barriers, though it brought something", LOST, OURS,
	  .wait = ONCE },
	{ "load-shade-store", "a load and a store, no exchange", LOST, OURS,
	  .store = LOAD_SHADE_STORE },
	{ "load-shade-store-3", "the same with a third grace period", SOUND, OURS,
	  .store = LOAD_SHADE_STORE, .period_3 = true },
	{ "two-words", "phase and colour in two variables", LOST, OURS, .two_words = true },
	{ "unswept", "a cycle begins before the last is swept", LEAKED, OURS,
	  .unswept = true, .age = 2 },

	{ "deletion", "old values only, marking after two grace periods", SOUND, DELETION },
	{ "deletion-one-gp", "marking after one", LOST, DELETION, .no_period_2 = true },
	{ "deletion-early", "marking before the second", LOST, .plain_new = PERIOD,
	  .end = true, .in_armed = GREY, .in_mark = GREY },
	{ "deletion-white", "new objects white until then", LOST, .plain_new = PERIOD,
	  .mark_late = true, .end = true, .in_armed = WHITE, .in_mark = WHITE },
	{ "deletion-black", "new objects black until then", LOST, .plain_new = PERIOD,
	  .mark_late = true, .end = true, .in_armed = BLACK, .in_mark = BLACK },
	{ "deletion-open", "new objects coloured with preemption on", GREY_LEFT, DELETION,
	  .open_alloc = true },

	{ "buffer", "a buffer before shading; garbage goes in two cycles", SOUND, BUFFER,
	  .age = 2 },
	{ "buffer-garbage", "garbage goes in one cycle", LEAKED, BUFFER,
	  .age = 1 },
	{ "buffer-kept", "not emptied by the wait for barriers", LOST, BUFFER,
	  .buffer_kept = true },

	{ "pin", "pins", SOUND, PINS },
	{ "pin-plain", "pin without shading", LOST, PINS, .pin_plain = true },
	{ "unpin-plain", "unpin without shading", LOST, PINS, .unpin_plain = true },
	{ "unpin-outside", "unpin that no grace period waits for", LOST, PINS,
	  .unpin_outside = true },

	{ "weak", "weak references closed under a lock", SOUND, WEAK_REFS,
	  .closing = BY_LOCK },
	{ "weak-word", "closed by the word, NULL perhaps too early", SOUND, WEAK_REFS,
	  .may_fail = true },
	{ "weak-settle", "the same, no second look, one more wait", SOUND, OURS, .weak = true,
	  .settle = true, .may_fail = true },
	{ "weak-word-null", "closed by the word, NULL never too early", FALSE_NULL,
	  WEAK_REFS },
	{ "weak-clear-first", "cleared before the last marking", FALSE_NULL, WEAK_REFS,
	  .closing = CLEAR_FIRST },
	{ "weak-at-once", "closed before all is marked", FALSE_NULL, WEAK_REFS,
	  .closing = AT_ONCE },
	{ "weak-one-look", "no second look at the reference", LOST, OURS, .weak = true,
	  .may_fail = true },
	{ "weak-plain", "weak loads that do not shade", LOST, WEAK_REFS, .weak_plain = true,
	  .may_fail = true },
	{ "weak-no-wait", "no wait after the word", LOST, WEAK_REFS, .closing = NO_WAIT,
	  .may_fail = true },
	{ "weak-one-wait", "one wait after it, though it brought something", LOST, WEAK_REFS,
	  .closing = ONE_WAIT, .may_fail = true },
	{ "weak-no-drain", "nothing marked after that wait", GREY_LEFT, WEAK_REFS,
	  .closing = NO_DRAIN, .may_fail = true },
	{ "weak-never-fails", "weak loads go on until the end", GREY_LEFT, WEAK_REFS,
	  .closing = NOT },

	{ "container", "containers", SOUND, CONTAINERS },
	{ "container-after", "forget() after the removal, lock held", SOUND, CONTAINERS,
	  .forget = AFTER },
	{ "container-shaded", "insertions shaded, traced as other objects", SOUND, CONTAINERS,
	  .insert_marked = true, .trace_early = true, .born_traced = true },
	{ "container-early", "traced before the second grace period is over", LOST,
	  CONTAINERS, .trace_early = true },
	{ "container-black", "new ones black in MARK, as other objects", LOST, CONTAINERS,
	  .born_traced = true },
	{ "container-no-forget", "removal without forget()", LOST, CONTAINERS,
	  .forget = AT_NO_TIME },
	{ "container-unlocked", "forget() after removal and unlock", LOST, CONTAINERS,
	  .forget = UNLOCKED },
	{ "container-open", "new ones coloured with preemption on", GREY_LEFT, CONTAINERS,
	  .open_alloc = true },

	{ "finalizer", "finalizers: referents are roots, all marked at the end", SOUND,
	  FINALIZERS },
	{ "finalizer-end", "no roots", SOUND, FINALIZERS, .finalizing = MARK_AT_END },
	{ "finalizer-roots", "only roots, setting one does not shade", LOST, FINALIZERS,
	  .finalizing = QUEUE_ONLY },
	{ "finalizer-shaded", "only roots, setting one shades the object", SOUND, FINALIZERS,
	  .finalizing = QUEUE_ONLY, .set_shades = true },
	{ "finalizer-unmarked", "no roots, only the objects themselves marked", LOST,
	  FINALIZERS, .finalizing = NO_MARKING },
	{ "finalizer-early", "called before the referents are marked", LOST, FINALIZERS,
	  .hand_over_early = true },
	{ }
};
