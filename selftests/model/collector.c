// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of the collector.
 */
#include "protocol.h"

/* The word changes: who is in the middle of something saw an older one. */
static void set_phase(const struct protocol *p, struct state *s, enum phase phase)
{
	int max = protocol_max_lag(p), i;

	s->phase = phase;
	if (s->stale < max)
		s->stale++;
	for (i = 0; i < THREADS; i++) {
		struct thread *t = &s->thread[i];

		if ((t->in || t->at != NOWHERE) && t->lag < max)
			t->lag++;
	}
}

static bool any_colour(const struct state *s, enum colour colour)
{
	int o;

	for (o = 1; o <= objects; o++)
		if (s->colour[o] == colour)
			return true;
	return false;
}

/* Objects that nothing leads to grow older when a cycle begins. */
static void grow_older(struct state *s)
{
	unsigned int reachable = state_reachable(s);
	int o;

	for (o = 1; o <= objects; o++) {
		if (s->colour[o] == FREE || (reachable & BIT(o)))
			s->age[o] = 0;
		else if (s->age[o] < 3)
			s->age[o]++;
	}
}

static void sweep(struct explorer *e, int o)
{
	struct state n = e->from;
	int i;

	if (state_reachable(&n) & BIT(o))
		n.verdict = LOST;
	n.colour[o] = FREE;
	n.slot[o] = 0;
	n.traits[o] = 0;
	n.age[o] = 0;
	for (i = 0; i < THREADS; i++)
		if (n.thread[i].at == WEAK && n.thread[i].old == o)
			n.thread[i].new = o;
	emit(e, &n, -1, SWEEP, o, 0);
}

static void begin_cycle(struct explorer *e)
{
	struct state n = e->from;

	if (e->p->age)
		grow_older(&n);
	set_phase(e->p, &n, ARMED);
	n.task = PERIOD_1;
	if (!e->p->no_period_1)
		begin_grace_period(&n);
	emit(e, &n, -1, ARM, 0, 0);
}

static void sweeping_steps(struct explorer *e)
{
	int o;

	for (o = 1; o <= objects; o++)
		if (e->from.colour[o] == BLACK)
			sweep(e, o);
	if (e->p->unswept || !any_colour(&e->from, BLACK))
		begin_cycle(e);
}

static void begin_marking(struct explorer *e)
{
	struct state n = e->from;

	set_phase(e->p, &n, MARK);
	n.task = PERIOD_2;
	if (!e->p->no_period_2)
		begin_grace_period(&n);
	emit(e, &n, -1, BEGIN_2, 0, 0);
}

static bool may_trace(const struct explorer *e, int o)
{
	const struct state *s = &e->from;

	if (s->colour[o] != GREY)
		return false;
	if (!(s->traits[o] & CONTAINER))
		return true;
	return (e->p->trace_early || s->phase >= END) && !is_locked(e->p, s, o);
}

static void scan_finalizers(struct explorer *e)
{
	struct state n = e->from;
	int o;

	for (o = 1; o <= objects; o++) {
		if (n.traits[o] & QUEUED)
			shade(&n, o, false);
		if ((n.traits[o] & FINALIZER) && e->p->finalizing <= QUEUE_ONLY)
			shade(&n, n.slot[o], false);
	}
	n.scanned |= ROOT_FINALIZERS;
	emit(e, &n, -1, SCAN_FINALIZERS, 0, 0);
}

static unsigned int all_roots(const struct protocol *p)
{
	return ROOT_SLOT | (p->pin ? ROOT_PIN : 0) | (p->finalizer ? ROOT_FINALIZERS : 0);
}

static bool is_drained(const struct explorer *e)
{
	const struct state *s = &e->from;

	return s->scanned == all_roots(e->p) && !s->reading && !s->found &&
	       !any_colour(s, GREY);
}

/* Scan a grey object. */
static void scan(struct explorer *e, int o)
{
	struct state n = e->from;

	n.colour[o] = BLACK;
	if (e->p->scan_parts)
		n.reading = o;
	else
		shade(&n, n.slot[o], false);
	emit(e, &n, -1, e->p->scan_parts ? BLACKEN : SCAN, o, n.slot[o]);
}

/* Go on with an object that is scanned in parts. */
static void scan_part(struct explorer *e)
{
	struct state n = e->from;

	if (n.reading) {
		n.found = n.slot[n.reading];
		n.reading = 0;
		emit(e, &n, -1, READ, e->from.reading, n.found);
	} else {
		n.found = 0;
		shade(&n, e->from.found, false);
		emit(e, &n, -1, FOUND, e->from.found, 0);
	}
}

static void scan_steps(struct explorer *e)
{
	int o;

	if (e->from.reading || e->from.found) {
		scan_part(e);
		return;
	}
	for (o = 1; o <= objects; o++)
		if (may_trace(e, o))
			scan(e, o);
}

static void mark_steps(struct explorer *e)
{
	const struct state *s = &e->from;
	unsigned int todo = all_roots(e->p) & ~s->scanned;
	struct state n;

	if (todo & ROOT_SLOT) {
		n = *s;
		n.scanned |= ROOT_SLOT;
		shade(&n, n.slot[ROOT], false);
		emit(e, &n, -1, SCAN_ROOT, n.slot[ROOT], 0);
	}
	if (todo & ROOT_PIN) {
		n = *s;
		n.scanned |= ROOT_PIN;
		shade(&n, n.pin, false);
		emit(e, &n, -1, SCAN_PIN, n.pin, 0);
	}
	if (todo & ROOT_FINALIZERS)
		scan_finalizers(e);
	scan_steps(e);
}

static void to_task(struct explorer *e, enum task next, enum doing doing)
{
	struct state n = e->from;

	n.task = next;
	emit(e, &n, -1, doing, 0, 0);
}

static void start_wait(struct explorer *e, enum task next)
{
	struct state n = e->from;

	n.task = next;
	begin_wait(e->p, &n);
	emit(e, &n, -1, WAIT_BEGINS, 0, 0);
}

/* The weak reference to @o gives NULL from now on. */
static void clear_weak(const struct protocol *p, struct state *s, int o)
{
	int i;

	if (!p->may_fail && (state_reachable(s) & BIT(o)))
		s->verdict = FALSE_NULL;
	s->traits[o] &= ~WEAKLY;
	for (i = 0; i < THREADS; i++)
		if (s->thread[i].at == WEAK && s->thread[i].old == o)
			s->thread[i].slot = o;
}

static void clear_weak_references(const struct protocol *p, struct state *s)
{
	int o;

	for (o = 1; o <= objects; o++)
		if (s->colour[o] == WHITE && (s->traits[o] & WEAKLY))
			clear_weak(p, s, o);
}

/* The colours change their roles: what is white is dead, what is black is live. */
static void flip(struct explorer *e, struct state *n)
{
	int o;

	for (o = 1; o <= objects; o++) {
		if (n->colour[o] == GREY)
			n->verdict = GREY_LEFT;
		if (n->colour[o] == WHITE || n->colour[o] == BLACK)
			n->colour[o] ^= WHITE ^ BLACK;
		if (e->p->age && n->colour[o] == WHITE && n->age[o] >= e->p->age)
			n->verdict = LEAKED;
	}
	set_phase(e->p, n, IDLE);
	n->task = SWEEPING;
	n->scanned = 0;
	emit(e, n, -1, FLIP, 0, 0);
}

/* Objects with finalizers that are not marked are kept once more. */
static bool queue_finalizers(struct explorer *e, struct state *n)
{
	bool found = false;
	int o;

	for (o = 1; o <= objects; o++) {
		if (n->colour[o] != WHITE || !(n->traits[o] & FINALIZER))
			continue;
		n->traits[o] ^= FINALIZER | QUEUED;
		if (e->p->finalizing == QUEUE_AND_MARK || e->p->finalizing == MARK_AT_END)
			n->colour[o] = GREY;
		else
			n->colour[o] = BLACK;
		found = true;
	}
	return found;
}

static void finish(struct explorer *e)
{
	struct state n = e->from;

	if (e->p->weak)
		clear_weak_references(e->p, &n);
	if (e->p->settle) {
		begin_wait(e->p, &n);
		n.task = SETTLING;
		emit(e, &n, -1, CLEAR, 0, 0);
	} else if (queue_finalizers(e, &n)) {
		n.task = FINALIZING;
		emit(e, &n, -1, FINALIZERS_FOUND, 0, 0);
	} else {
		flip(e, &n);
	}
}

static void close_weak(struct explorer *e)
{
	struct state n = e->from;

	set_phase(e->p, &n, CLOSED);
	switch (e->p->closing) {
	case BY_LOCK:
		n.task = LAST_CHECKED;
		break;
	case NO_WAIT:
		n.task = LAST_MORE;
		break;
	case AT_ONCE:
		n.task = LAST_DRAINING;
		break;
	default:
		if (e->p->closing == CLEAR_FIRST)
			clear_weak_references(e->p, &n);
		begin_wait(e->p, &n);
		n.task = LAST_WAITING;
	}
	emit(e, &n, -1, CLOSE, 0, 0);
}

/* All is marked and, as far as the protocol asks, a wait brought nothing. */
static void marked(struct explorer *e)
{
	if (e->p->weak && e->p->closing != NOT)
		close_weak(e);
	else
		finish(e);
}

static void drained(struct explorer *e)
{
	if (e->p->wait == NEVER)
		marked(e);
	else
		start_wait(e, WAITING);
}

/* The second grace period, or the third, is over. */
static void end_steps(struct explorer *e)
{
	struct state n = e->from;

	if (e->p->period_3 && n.task == PERIOD_2) {
		n.task = PERIOD_3;
		begin_grace_period(&n);
		emit(e, &n, -1, BEGIN_3, 0, 0);
	} else if (e->p->end) {
		set_phase(e->p, &n, END);
		n.task = DRAINING;
		emit(e, &n, -1, BEGIN_END, 0, 0);
	} else if (e->p->weak && e->p->closing == AT_ONCE) {
		close_weak(e);
	} else if (is_drained(e)) {
		drained(e);
	}
}

/* A wait is over; @draining if it brought something, else @checked. */
static void waited(struct explorer *e, enum task draining, enum task checked)
{
	if (any_colour(&e->from, GREY))
		to_task(e, draining, WAIT_BROUGHT);
	else if (checked == CHECKED && e->p->closing == BY_LOCK)
		marked(e);
	else
		to_task(e, checked, WAIT_NOTHING);
}

static void period_steps(struct explorer *e)
{
	if (!e->p->mark_late || e->from.task == PERIOD_3)
		mark_steps(e);
	if (!e->from.waits)
		end_steps(e);
}

/* Draining: mark, and when that is done, go on. */
static void drain_steps(struct explorer *e, void (*then)(struct explorer *e))
{
	mark_steps(e);
	if (is_drained(e))
		then(e);
}

static void last_drained(struct explorer *e)
{
	start_wait(e, LAST_WAITING);
}

static void after_last_wait(struct explorer *e)
{
	if (e->p->closing == NO_DRAIN)
		finish(e);
	else
		waited(e, e->p->closing == ONE_WAIT ? LAST_MORE : LAST_DRAINING, LAST_CHECKED);
}

static void flip_now(struct explorer *e)
{
	struct state n = e->from;

	flip(e, &n);
}

/* With the word at CLOSED. */
static void closed_steps(struct explorer *e)
{
	switch ((enum task)e->from.task) {
	case LAST_DRAINING:
		drain_steps(e, last_drained);
		break;
	case LAST_WAITING:
		if (!e->from.waits)
			after_last_wait(e);
		break;
	case LAST_MORE:
		drain_steps(e, finish);
		break;
	case LAST_CHECKED:
		finish(e);
		break;
	default:
		break;
	}
}

/* What the collector may do next. */
void collector_steps(struct explorer *e)
{
	bool waits = e->from.waits;

	wait_steps(e);
	switch ((enum task)e->from.task) {
	case SWEEPING:
		sweeping_steps(e);
		break;
	case PERIOD_1:
		if (!waits)
			begin_marking(e);
		break;
	case PERIOD_2:
	case PERIOD_3:
		period_steps(e);
		break;
	case DRAINING:
		drain_steps(e, drained);
		break;
	case WAITING:
		if (!waits)
			waited(e, e->p->wait == ONCE ? MORE : DRAINING, CHECKED);
		break;
	case MORE:
		drain_steps(e, marked);
		break;
	case CHECKED:
		marked(e);
		break;
	case SETTLING:
		if (!waits)
			flip_now(e);
		break;
	case FINALIZING:
		drain_steps(e, flip_now);
		break;
	default:
		closed_steps(e);
	}
}
