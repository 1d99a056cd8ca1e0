// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of the mutators: sections, loads, allocations and stores. Whatever
 * depends on the heap's word is done once for each word that the thread may see:
 * any from the one it saw last to the current one.
 */
#include "protocol.h"

/* The word that thread @who saw last, with the colour it goes by. */
struct view thread_view(const struct explorer *e, const struct state *s, int who)
{
	struct view view = protocol_view(e->p, s, s->thread[who].lag);

	view.crossed ^= s->thread[who].other;
	return view;
}

/* A step of thread @who, which sees the word as @to has it. */
void emit_seen(struct explorer *e, const struct state *to, int who, enum doing doing,
	       int a, int b)
{
	e->emit(e, to, (struct step){ .who = who, .doing = doing, .a = a, .b = b,
				      .phase = thread_view(e, to, who).phase });
}

/* Thread @who comes to hold @o, in place of any reference that it has. */
void hold(struct explorer *e, const struct state *to, int who, enum doing doing, int o)
{
	struct state n;
	int l;

	for (l = 0; l < LOCALS; l++) {
		n = *to;
		n.thread[who].local[l] = o;
		emit_seen(e, &n, who, doing, o, 0);
		if (to->thread[who].local[0] == to->thread[who].local[1])
			break;
	}
}

static bool holds(const struct thread *t, int o)
{
	return o && (t->local[0] == o || t->local[1] == o);
}

/* Any thread that begins a section: nothing is known of what this one saw before. */
static void enter(struct explorer *e, int who)
{
	struct state n = e->from;

	n.thread[who].in = 1;
	n.thread[who].lag = n.stale;
	emit(e, &n, who, ENTER, 0, 0);
}

/* What waits in the buffer of its CPU stays there. */
static void leave(struct explorer *e, int who)
{
	struct state n = e->from;
	struct thread *t = &n.thread[who];
	int l;

	t->in = 0;
	t->lag = 0;
	for (l = 0; l < LOCALS; l++)
		t->local[l] = 0;
	if (!t->full || !is_waiting(&n))
		n.waits &= ~BIT(who);
	emit(e, &n, who, LEAVE, 0, 0);
}

/* Loads from the root and from objects that it holds. */
static void load_steps(struct explorer *e, int who)
{
	const struct state *s = &e->from;
	int slot;

	for (slot = ROOT; slot <= objects; slot++)
		if (s->slot[slot] && (slot == ROOT || holds(&s->thread[who], slot)))
			hold(e, s, who, LOAD, s->slot[slot]);
}

/* The colour that a new object has, by the current word, from who saw @seen. */
static enum colour born(const struct protocol *p, struct view seen, unsigned int traits)
{
	enum colour colour;

	if (seen.phase == IDLE)
		colour = WHITE;
	else if (seen.phase == ARMED)
		colour = p->in_armed;
	else if (seen.phase == MARK)
		colour = (traits & CONTAINER) && !p->born_traced ? GREY : p->in_mark;
	else
		colour = BLACK;
	if (seen.crossed && colour != GREY)
		colour ^= WHITE ^ BLACK;
	return colour;
}

/* Allocate @o, with the word as @seen has it. */
static void alloc(struct explorer *e, const struct state *seen, int who, int o,
		  unsigned int traits)
{
	struct state n = *seen;

	n.colour[o] = born(e->p, thread_view(e, seen, who), traits);
	n.traits[o] = traits | (e->p->weak ? WEAKLY : 0);
	n.slot[o] = 0;
	n.age[o] = 0;
	n.thread[who].other = 0;
	hold(e, &n, who, ALLOC, o);
}

/*
 * Call @step for each word that @who may see, and if phase and colour are two
 * variables, also with the phase of each and the colour of the other.
 */
static void for_views(struct explorer *e, int who,
		      void (*step)(struct explorer *e, const struct state *seen, int who, int a,
				   unsigned int b),
		      int a, unsigned int b)
{
	struct state n = e->from;
	struct thread *t = &n.thread[who];
	int lag;

	for (lag = e->from.thread[who].lag; lag >= 0; lag--) {
		t->lag = lag;
		t->other = 0;
		step(e, &n, who, a, b);
		if (!e->p->two_words || !e->from.thread[who].lag)
			continue;
		t->other = 1;
		if (protocol_view(e->p, &n, e->from.thread[who].lag).crossed)
			step(e, &n, who, a, b);
	}
}

static bool any_container(const struct state *s)
{
	int o;

	for (o = 1; o <= objects; o++)
		if (s->traits[o] & CONTAINER)
			return true;
	return false;
}

static void alloc_steps(struct explorer *e, int who)
{
	int o;

	for (o = 1; o <= objects; o++)
		if (e->from.colour[o] == FREE)
			break;
	if (o > objects)
		return;
	for_views(e, who, alloc, o, 0);
	if (e->p->container && !any_container(&e->from))
		for_views(e, who, alloc, o, CONTAINER);
}

static bool is_white(const struct state *s, int o, bool crossed)
{
	return o && s->colour[o] == (crossed ? BLACK : WHITE);
}

/*
 * Thread @who, which has preemption off, has what it takes to shade @old and @new.
 * Returns false if there is nothing to shade.
 */
bool starts_barrier(struct explorer *e, struct state *n, int who, int old, int new)
{
	struct thread *t = &n->thread[who];
	struct view view = thread_view(e, n, who);

	if (!is_white(n, old, view.crossed))
		old = 0;
	if (!is_white(n, new, view.crossed))
		new = 0;
	t->old = old;
	t->new = new;
	t->at = old ? SHADE_OLD : new ? SHADE_NEW : NOWHERE;
	return t->at != NOWHERE;
}

/* What waits in a buffer is shaded anyway, in any order. */
static void sort_buffer(struct thread *t)
{
	int old = t->old;

	if (t->old < t->new) {
		t->old = t->new;
		t->new = old;
	}
	if (t->old == t->new)
		t->new = 0;
}

/*
 * Preemption is off. The barrier looks at colours once it has exchanged, and does
 * nothing for what is not white: with a buffer that is left to who empties it.
 */
static void store_with_barrier(struct explorer *e, struct state *n, int who, int slot, int new)
{
	const struct protocol *p = e->p;
	struct thread *t = &n->thread[who];
	enum phase phase = thread_view(e, n, who).phase;
	int old = n->slot[slot], stored = new;

	if (p->store == LOAD_SHADE_STORE) {
		t->at = LOADED;
		t->slot = slot;
		t->old = old;
		t->new = new;
		emit_seen(e, n, who, STORE_PART, slot, new);
		return;
	}
	n->slot[slot] = new;
	if (p->plain_old & BIT(phase))
		old = 0;
	if (p->plain_new & BIT(phase))
		new = 0;
	if (p->buffer) {
		t->old = old;
		t->new = new;
		t->full = old || new;
		sort_buffer(t);
	} else if (!starts_barrier(e, n, who, old, new)) {
		t->other = 0;
	}
	emit_seen(e, n, who, STORE, slot, stored);
}

static void store(struct explorer *e, const struct state *seen, int who, int slot,
		  unsigned int new)
{
	struct state n = *seen;

	if (thread_view(e, seen, who).phase != IDLE) {
		if (!n.thread[who].full)
			store_with_barrier(e, &n, who, slot, new);
		return;
	}
	n.slot[slot] = new;
	n.thread[who].other = 0;
	emit_seen(e, &n, who, STORE, slot, new);
}

static void store_steps(struct explorer *e, int who)
{
	const struct state *s = &e->from;
	const struct thread *t = &s->thread[who];
	int slot, l;

	for (slot = ROOT; slot <= objects; slot++) {
		if (slot != ROOT && (!holds(t, slot) || (s->traits[slot] & CONTAINER)))
			continue;
		if (s->slot[slot])
			for_views(e, who, store, slot, 0);
		for (l = 0; l < LOCALS; l++)
			if (t->local[l] && t->local[l] != s->slot[slot] &&
			    (!l || t->local[1] != t->local[0]))
				for_views(e, who, store, slot, t->local[l]);
	}
}

/* What waits in the buffer is shaded as a store without one does it. */
static void flush(struct explorer *e, const struct state *seen, int who, int old,
		  unsigned int new)
{
	struct state n = *seen;
	struct thread *t = &n.thread[who];
	enum phase phase = thread_view(e, seen, who).phase;

	t->full = 0;
	if (phase == IDLE || !starts_barrier(e, &n, who, old, new)) {
		t->old = 0;
		t->new = 0;
	}
	emit_seen(e, &n, who, FLUSH, old, new);
}

static void barrier_done(struct thread *t)
{
	t->at = NOWHERE;
	t->slot = 0;
	t->old = 0;
	t->new = 0;
	t->other = 0;
	if (!t->in)
		t->lag = 0;
}

static void shade_part(struct explorer *e, int who)
{
	struct state n = e->from;
	struct thread *t = &n.thread[who];
	bool crossed = thread_view(e, &n, who).crossed;
	bool is_old = t->at == SHADE_OLD;
	int o = is_old ? t->old : t->new;

	shade(&n, o, crossed);
	t->old = 0;
	if (is_old && t->new)
		t->at = SHADE_NEW;
	else
		barrier_done(t);
	emit(e, &n, who, is_old ? SHADES_OLD : SHADES_NEW, o, 0);
}

/* Thread @who is done with what needs no shading any more. */
void skip_shading(const struct explorer *e, struct state *n, int who)
{
	struct thread *t = &n->thread[who];
	bool crossed = thread_view(e, n, who).crossed;

	if (t->at == SHADE_OLD && !is_white(n, t->old, crossed)) {
		t->old = 0;
		t->at = SHADE_NEW;
	}
	if ((t->at == SHADE_OLD || t->at == SHADE_NEW) && !is_white(n, t->new, crossed)) {
		t->new = 0;
		if (t->at == SHADE_NEW)
			barrier_done(t);
	}
}

static void load_shade_store_part(struct explorer *e, int who)
{
	struct state n = e->from;
	struct thread *t = &n.thread[who];
	struct view view = thread_view(e, &n, who);

	if (t->at == LOADED) {
		if (!(e->p->plain_old & BIT(view.phase)))
			shade(&n, t->old, view.crossed);
		if (!(e->p->plain_new & BIT(view.phase)))
			shade(&n, t->new, view.crossed);
		t->old = 0;
		t->at = SHADED;
		emit(e, &n, who, SHADES_BOTH, e->from.thread[who].old, t->new);
	} else {
		n.slot[t->slot] = t->new;
		barrier_done(t);
		emit(e, &n, who, PART_DONE, e->from.thread[who].slot, e->from.thread[who].new);
	}
}

static void thread_steps(struct explorer *e, int who)
{
	const struct thread *t = &e->from.thread[who];

	if (t->at == SHADE_OLD || t->at == SHADE_NEW) {
		shade_part(e, who);
	} else if (t->at == LOADED || t->at == SHADED) {
		load_shade_store_part(e, who);
	} else if (t->at != NOWHERE) {
		object_part(e, who);
	} else if (!t->in) {
		enter(e, who);
		outside_steps(e, who);
	} else {
		leave(e, who);
		load_steps(e, who);
		alloc_steps(e, who);
		store_steps(e, who);
		object_steps(e, who);
		if (t->full)
			for_views(e, who, flush, t->old, t->new);
	}
}

/* What the mutators may do next. */
void mutator_steps(struct explorer *e)
{
	int i;

	for (i = 0; i < THREADS; i++)
		thread_steps(e, i);
}
