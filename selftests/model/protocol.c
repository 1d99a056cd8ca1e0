// SPDX-License-Identifier: GPL-2.0
/*
 * Why the protocol is as it is, and what both sides of it need: a thread's view of
 * the heap's word, shading, the collector's waits. In brackets are the protocols of
 * variants.c that show it; they are wrong unless called sound.
 *
 * A thread may see the word as it was until something orders the two: for a section
 * a grace period, for code with preemption off a wait for barriers. Nobody scans
 * what open sections hold: marking must find all of that by other ways.
 *
 * ARMED, grace period 1. Sections that see IDLE store without barrier: they are over
 * before anything is marked [gp1-left-out].
 *
 * The barrier shades both values. One section may have loaded what another overwrites:
 * shade the old one [new-only, new-only-in-armed]. A section may hold a white object
 * that no slot refers to, new or overwritten by those who see IDLE: shade it when it
 * is stored [old-only, old-only-in-armed, old-only-in-mark]. From END on nobody holds
 * such objects, and the old value is enough [ours-old-at-end: sound].
 *
 * An exchange: of two who load a slot and then store to it, one overwrites what it did
 * not shade [load-shade-store]. A third grace period mends that.
 *
 * New objects are white in ARMED: a black one is not scanned, and may be given a white
 * one by those who see IDLE [new-black]. They are black from MARK on: those who see
 * MARK when the colours were exchanged would allocate in the dying one [new-white].
 *
 * MARK, grace period 2. Sections from before it hold white objects that the marker
 * finds only if they are stored. Later ones hold what is born black, or what a slot
 * had, which the marker finds or a barrier shades. So END comes after it
 * [gp2-left-out, gp2-left-out-grey].
 *
 * END: a reference between its exchange and its shading is in no slot [no-wait], nor
 * in a buffer that is not emptied [buffer-kept]. What a wait brings is marked, while
 * there are new exchanges: wait until nothing comes [one-wait]. New objects need not
 * be waited for [ours-new-open: sound] unless they may be grey [deletion-open].
 *
 * One word: with two, an object is born in the dying colour [two-words]. All is swept
 * before the colours are exchanged again [unswept].
 *
 * Pins are roots, stored to with the barrier and in sections [pin-plain, unpin-plain,
 * unpin-outside].
 *
 * Containers are stored to without it, so they are traced when nobody holds anything
 * white that marking would not find: in END, new ones too [container-early,
 * container-black, container-open]. What leaves one is shaded under the lock that
 * tracing takes [container-no-forget, container-unlocked].
 *
 * Weak loads shade what they return [weak-plain], and fail in CLOSED
 * [weak-never-fails]. One that shaded just before makes other objects live: wait and
 * mark as in END, then clear [weak-no-wait, weak-one-wait, weak-no-drain]. Meanwhile
 * loads fail for such objects [weak-word-null, weak-at-once, weak-clear-first], unless
 * loads of unmarked objects and the collector, which closes when all is marked, share
 * a lock [weak: sound]. A load that loaded the reference before it was cleared may
 * look at memory that is another object by then: look at the reference again, or wait
 * once more before anything is freed [weak-one-look; weak-settle: sound].
 *
 * What finalizers' objects refer to is marked before these count as live
 * [finalizer-unmarked, finalizer-roots] and before they are handed over
 * [finalizer-early].
 */
#include "protocol.h"

static bool has_phase(const struct protocol *p, enum phase phase)
{
	switch (phase) {
	case END:
		return p->end;
	case CLOSED:
		return p->weak && p->closing != NOT;
	default:
		return true;
	}
}

/* A thread sees no word older than that of the same phase a cycle ago. */
int protocol_max_lag(const struct protocol *p)
{
	return 2 + has_phase(p, END) + has_phase(p, CLOSED);
}

/* The word @lag changes ago. */
struct view protocol_view(const struct protocol *p, const struct state *s, int lag)
{
	struct view view = { .phase = s->phase };

	while (lag--) {
		do {
			if (view.phase == IDLE) {
				view.phase = CLOSED;
				view.crossed = true;
			} else {
				view.phase--;
			}
		} while (!has_phase(p, view.phase));
	}
	return view;
}

/* Make a white object grey; @crossed: white by the colour of the last cycle. */
void shade(struct state *s, int o, bool crossed)
{
	if (o && s->colour[o] == (crossed ? BLACK : WHITE))
		s->colour[o] = GREY;
}

/* Whether the collector waits for barriers, rather than for sections. */
bool is_waiting(const struct state *s)
{
	return s->task == WAITING || s->task == LAST_WAITING || s->task == SETTLING;
}

/* Whether a thread has its preemption off. */
bool in_barrier(const struct thread *t)
{
	return t->at >= SHADE_OLD && t->at <= WEAK;
}

/* The owner of container @o holds its lock, taking something out. */
bool is_locked(const struct protocol *p, const struct state *s, int o)
{
	int i;

	for (i = 0; i < THREADS; i++) {
		const struct thread *t = &s->thread[i];

		if (t->slot == o && (t->at == UNLINK || (t->at == FORGET && p->forget == AFTER)))
			return true;
	}
	return false;
}

/*
 * Wait for all sections that are open. Those that begin from now on see the word
 * as it is. One that began just before, and saw nothing yet, stands for those that
 * begin between a change of the word and this.
 */
void begin_grace_period(struct state *s)
{
	int i;

	s->waits = 0;
	for (i = 0; i < THREADS; i++)
		if (s->thread[i].in)
			s->waits |= BIT(i);
	s->stale = 0;
}

/*
 * Wait until each CPU was seen with preemption on, and empty its buffer. What it
 * does afterwards sees the word as it was when the wait began.
 */
void begin_wait(const struct protocol *p, struct state *s)
{
	int i;

	s->waits = 0;
	for (i = 0; i < THREADS; i++) {
		const struct thread *t = &s->thread[i];

		if (in_barrier(t) || (t->in && t->lag && !p->open_alloc) ||
		    (t->full && !p->buffer_kept))
			s->waits |= BIT(i);
	}
	if (!p->open_alloc)
		s->stale = 0;
}

static void see_thread(struct explorer *e, int who)
{
	struct state n = e->from;
	struct thread *t = &n.thread[who];

	n.waits &= ~BIT(who);
	if (!e->p->open_alloc)
		t->lag = 0;
	if (t->full && !e->p->buffer_kept) {
		shade(&n, t->old, false);
		shade(&n, t->new, false);
		t->old = 0;
		t->new = 0;
		t->full = 0;
	}
	emit(e, &n, -1, WAIT_SEEN, who, 1);
}

/* A wait for barriers sees one thread after the other. */
void wait_steps(struct explorer *e)
{
	int i;

	if (!is_waiting(&e->from))
		return;
	for (i = 0; i < THREADS; i++)
		if ((e->from.waits & BIT(i)) && !in_barrier(&e->from.thread[i]))
			see_thread(e, i);
}
