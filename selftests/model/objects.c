// SPDX-License-Identifier: GPL-2.0
/*
 * What mutators do with pins, weak references, containers and finalizers.
 */
#include "protocol.h"

/* Let @who see each word it may see in turn. */
static void for_lags(struct explorer *e, int who, int oldest,
		     void (*step)(struct explorer *e, struct state n, int who, int o), int o)
{
	struct state n = e->from;
	int lag;

	for (lag = oldest; lag >= 0; lag--) {
		n.thread[who].lag = lag;
		step(e, n, who, o);
	}
}

/* A store in two parts, exchange and shading, that pins or unpins @o. */
static void exchanged(struct explorer *e, struct state *n, int who, enum doing doing, int o,
		      int old, int new)
{
	struct step step = { .who = who, .doing = doing, .a = o,
			     .phase = thread_view(e, n, who).phase };

	if (step.phase == IDLE || !starts_barrier(e, n, who, old, new)) {
		n->thread[who].old = 0;
		n->thread[who].new = 0;
		if (!n->thread[who].in)
			n->thread[who].lag = 0;
	}
	e->emit(e, n, step);
}

static void pin(struct explorer *e, struct state n, int who, int o)
{
	n.pin = o;
	exchanged(e, &n, who, PIN, o, 0, e->p->pin_plain ? 0 : o);
}

static void unpin(struct explorer *e, struct state n, int who, int o)
{
	n.pin = 0;
	exchanged(e, &n, who, UNPIN, o, e->p->unpin_plain ? 0 : o, 0);
}

static void pin_steps(struct explorer *e, int who)
{
	const struct state *s = &e->from;
	const struct thread *t = &s->thread[who];
	int l;

	if (s->pin) {
		hold(e, s, who, LOAD_PIN, s->pin);
		for_lags(e, who, t->lag, unpin, s->pin);
		return;
	}
	for (l = 0; l < LOCALS; l++)
		if (t->local[l] && (!l || t->local[1] != t->local[0]))
			for_lags(e, who, t->lag, pin, t->local[l]);
}

static void weak_load(struct explorer *e, struct state n, int who, int o)
{
	struct thread *t = &n.thread[who];
	enum phase phase = thread_view(e, &n, who).phase;

	if (phase == IDLE || (e->p->weak_plain && phase != CLOSED)) {
		if (n.colour[o] == FREE)
			n.verdict = LOST;
		hold(e, &n, who, WEAK_GIVES, o);
		return;
	}
	t->at = WEAK;
	t->old = o;
	emit_seen(e, &n, who, WEAK_LOAD, o, 0);
}

static void weak_steps(struct explorer *e, int who)
{
	const struct state *s = &e->from;
	int o;

	for (o = 1; o <= objects; o++)
		if (s->traits[o] & WEAKLY)
			for_lags(e, who, s->thread[who].lag, weak_load, o);
}

static struct thread weak_done(struct thread t)
{
	t.at = NOWHERE;
	t.slot = 0;
	t.old = 0;
	t.new = 0;
	return t;
}

static void weak_gives(struct explorer *e, struct state *n, int who)
{
	struct thread *t = &n->thread[who];
	int o = t->old;

	if (t->new)
		n->verdict = LOST;
	*t = weak_done(*t);
	hold(e, n, who, WEAK_GIVES, o);
}

static void weak_null(struct explorer *e, struct state *n, int who)
{
	struct thread *t = &n->thread[who];
	int o = t->old;

	if (!e->p->may_fail && !t->new && (state_reachable(n) & BIT(o)))
		n->verdict = FALSE_NULL;
	*t = weak_done(*t);
	emit(e, n, who, WEAK_NULL, o, 0);
}

/* With the lock held, which the collector takes to close. */
static void weak_part_locked(struct explorer *e, struct state *n, int who)
{
	struct thread *t = &n->thread[who];

	t->lag = 0;
	if (t->slot || (n->phase == CLOSED && n->colour[t->old] == WHITE)) {
		weak_null(e, n, who);
		return;
	}
	if (n->phase != IDLE)
		shade(n, t->old, false);
	weak_gives(e, n, who);
}

/* The object of the weak reference, which was loaded, is looked at. */
static void weak_part(struct explorer *e, int who)
{
	struct state n = e->from;
	struct thread *t = &n.thread[who];
	struct view view = thread_view(e, &n, who);
	bool marked = n.colour[t->old] != FREE &&
		      n.colour[t->old] != (view.crossed ? BLACK : WHITE);

	if (e->p->recheck && t->slot) {
		weak_null(e, &n, who);
	} else if (marked) {
		weak_gives(e, &n, who);
	} else if (e->p->closing == BY_LOCK) {
		weak_part_locked(e, &n, who);
	} else if (view.phase == CLOSED) {
		weak_null(e, &n, who);
	} else {
		shade(&n, t->old, view.crossed);
		weak_gives(e, &n, who);
	}
}

static void remove_from(struct explorer *e, struct state n, int who, int o)
{
	struct thread *t = &n.thread[who];
	struct view view = thread_view(e, &n, who);
	int old = n.slot[o];

	if (e->p->forget == BEFORE && view.phase != IDLE) {
		shade(&n, old, view.crossed);
		t->at = UNLINK;
	} else {
		n.slot[o] = 0;
		if (e->p->forget != AT_NO_TIME && view.phase != IDLE)
			t->at = FORGET;
	}
	if (t->at != NOWHERE) {
		t->slot = o;
		t->old = old;
	}
	emit_seen(e, &n, who, t->at == UNLINK ? FORGETS : REMOVES, o, old);
}

static void insert_into(struct explorer *e, int who, int o, int member)
{
	struct state n = e->from;

	n.slot[o] = member;
	if (e->p->insert_marked && n.phase != IDLE) {
		n.thread[who].lag = 0;
		shade(&n, member, false);
	}
	emit(e, &n, who, INSERT, o, member);
}

static void container_steps(struct explorer *e, int who)
{
	const struct state *s = &e->from;
	const struct thread *t = &s->thread[who];
	int l, k;

	for (l = 0; l < LOCALS; l++) {
		int o = t->local[l];

		if (!o || !(s->traits[o] & CONTAINER) || is_locked(e->p, s, o))
			continue;
		if (s->slot[o])
			for_lags(e, who, t->lag, remove_from, o);
		else
			for (k = 0; k < LOCALS; k++)
				if (t->local[k])
					insert_into(e, who, o, t->local[k]);
	}
}

static void unlink_part(struct explorer *e, int who)
{
	struct state n = e->from;
	struct thread *t = &n.thread[who];
	int o = t->slot, old = t->old;
	bool removes = t->at == UNLINK;

	if (removes)
		n.slot[o] = 0;
	else
		shade(&n, old, thread_view(e, &n, who).crossed);
	t->at = NOWHERE;
	t->slot = 0;
	t->old = 0;
	emit(e, &n, who, removes ? REMOVES : FORGETS, o, old);
}

/* The finalizer is over, and lets go of the object. */
static void finalized(struct explorer *e, struct state n, int who, int o)
{
	n.traits[o] &= ~QUEUED;
	exchanged(e, &n, who, FINALIZED, o, o, 0);
}

static void set_finalizer(struct explorer *e, struct state n, int who, int o)
{
	struct view view = thread_view(e, &n, who);

	n.traits[o] |= FINALIZER;
	if (e->p->set_shades && view.phase != IDLE)
		shade(&n, o, view.crossed);
	else if (!e->p->set_shades)
		n.thread[who].lag = e->from.thread[who].lag;
	emit(e, &n, who, SET_FINALIZER, o, 0);
}

static bool any_finalizer(const struct state *s)
{
	int o;

	for (o = 1; o <= objects; o++)
		if (s->traits[o] & (FINALIZER | QUEUED))
			return true;
	return false;
}

static void finalizer_steps(struct explorer *e, int who)
{
	const struct state *s = &e->from;
	const struct thread *t = &s->thread[who];
	int o;

	for (o = 1; o <= objects; o++) {
		if ((t->local[0] == o || t->local[1] == o) && !any_finalizer(s))
			for_lags(e, who, e->p->set_shades ? t->lag : 0, set_finalizer, o);
		if (!(s->traits[o] & QUEUED))
			continue;
		if (s->task == FINALIZING && !e->p->hand_over_early)
			continue;
		hold(e, s, who, LOAD_QUEUED, o);
		for_lags(e, who, t->lag, finalized, o);
	}
}

/* What thread @who, in a section, may do beyond loads, stores and allocations. */
void object_steps(struct explorer *e, int who)
{
	if (e->p->pin)
		pin_steps(e, who);
	if (e->p->weak)
		weak_steps(e, who);
	if (e->p->container)
		container_steps(e, who);
	if (e->p->finalizer)
		finalizer_steps(e, who);
}

/*
 * Outside of sections nothing but the wait for barriers orders a thread with the
 * collector: it may see any word since the cycle began.
 */
void outside_steps(struct explorer *e, int who)
{
	const struct state *s = &e->from;
	int lag = 0;

	if (!e->p->unpin_outside || !s->pin)
		return;
	while (protocol_view(e->p, s, lag).phase != IDLE)
		lag++;
	for_lags(e, who, lag, unpin, s->pin);
}

/* Go on with what thread @who is in the middle of. */
void object_part(struct explorer *e, int who)
{
	if (e->from.thread[who].at == WEAK)
		weak_part(e, who);
	else
		unlink_part(e, who);
}
