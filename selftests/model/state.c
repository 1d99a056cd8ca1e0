// SPDX-License-Identifier: GPL-2.0
/*
 * States: packing, names that do not matter, and what can be reached.
 */
#include <string.h>

#include "state.h"

int objects = 2;

static void put(__u64 *word, unsigned int value, int bits)
{
	*word = *word << bits | value;
}

static unsigned int take(__u64 *word, int bits)
{
	unsigned int value = *word & (BIT(bits) - 1);

	*word >>= bits;
	return value;
}

/**
 * struct names - new numbers for objects
 * @of: the new number of each, 0 for those that have none yet
 * @to: the object that has a new number
 * @next: the next one
 * @first: the thread that comes first
 */
struct names {
	__u8 of[MAX_OBJECTS + 1];
	__u8 to[MAX_OBJECTS + 1];
	__u8 next, first;
};

/* An object and what its slot leads to, as far as that has no names yet. */
static void name_from(struct names *names, const struct state *s, int o)
{
	for (; o && !names->of[o]; o = s->slot[o]) {
		names->to[names->next] = o;
		names->of[o] = names->next++;
	}
}

/* What no name leads to goes by what it is; the order of equals does not matter much. */
static void name_rest(struct names *names, const struct state *s)
{
	int o, best;

	do {
		best = 0;
		for (o = 1; o <= objects; o++) {
			if (names->of[o])
				continue;
			if (!best || s->colour[o] > s->colour[best] ||
			    (s->colour[o] == s->colour[best] && s->traits[o] > s->traits[best]))
				best = o;
		}
		name_from(names, s, best);
	} while (best);
}

static void name_locals(struct names *names, const struct state *s, const struct thread *t)
{
	int a = t->local[0], b = t->local[1];

	if (s->colour[a] < s->colour[b]) {
		name_from(names, s, b);
		name_from(names, s, a);
	} else {
		name_from(names, s, a);
		name_from(names, s, b);
	}
}

static struct names name_all(const struct state *s, int first)
{
	struct names names = { .next = 1, .first = first };
	int i;

	name_from(&names, s, s->slot[ROOT]);
	name_from(&names, s, s->pin);
	name_from(&names, s, s->reading);
	name_from(&names, s, s->found);
	for (i = 0; i < THREADS; i++) {
		const struct thread *t = &s->thread[i ^ first];

		name_from(&names, s, t->old);
		name_from(&names, s, t->new);
		name_from(&names, s, t->slot);
		name_locals(&names, s, t);
	}
	name_rest(&names, s);
	return names;
}

static void pack_objects(const struct state *s, const struct names *names, __u64 *w)
{
	const __u8 *of = names->of;
	int i;

	for (i = objects; i > 0; i--) {
		int o = names->to[i];

		put(w, of[s->slot[o]], 2);
		put(w, s->colour[o], 2);
		put(w, s->traits[o], 4);
		put(w, s->age[o], 2);
	}
	put(w, of[s->slot[ROOT]], 2);
	put(w, of[s->pin], 2);
	put(w, of[s->reading], 2);
	put(w, of[s->found], 2);
}

static void pack_thread(const struct thread *t, const __u8 *of, __u64 *w)
{
	__u8 a = of[t->local[0]], b = of[t->local[1]];

	put(w, a < b ? b : a, 2);
	put(w, a < b ? a : b, 2);
	put(w, t->other, 1);
	put(w, t->full, 1);
	put(w, of[t->new], 2);
	put(w, of[t->old], 2);
	put(w, of[t->slot], 2);
	put(w, t->at, 3);
	put(w, t->lag, 3);
	put(w, t->in, 1);
}

/* With other names. What is written last is read first. */
static struct key pack(const struct state *s, const struct names *names)
{
	struct key key = {};
	__u64 *w = &key.word[0];
	int i;

	pack_objects(s, names, w);
	put(w, s->verdict, 3);
	put(w, s->scanned, 3);
	put(w, s->stale, 3);
	put(w, names->first ? (s->waits & 1) << 1 | s->waits >> 1 : s->waits, THREADS);
	put(w, s->task, 4);
	put(w, s->phase, 3);
	for (i = THREADS - 1; i >= 0; i--)
		pack_thread(&s->thread[i ^ names->first], names->of, &key.word[1]);
	return key;
}

struct state state_unpack(struct key key)
{
	struct state s = {};
	__u64 *w = &key.word[0];
	int i, l;

	s.phase = take(w, 3);
	s.task = take(w, 4);
	s.waits = take(w, THREADS);
	s.stale = take(w, 3);
	s.scanned = take(w, 3);
	s.verdict = take(w, 3);
	s.found = take(w, 2);
	s.reading = take(w, 2);
	s.pin = take(w, 2);
	s.slot[ROOT] = take(w, 2);
	for (i = 1; i <= objects; i++) {
		s.age[i] = take(w, 2);
		s.traits[i] = take(w, 4);
		s.colour[i] = take(w, 2);
		s.slot[i] = take(w, 2);
	}

	w = &key.word[1];
	for (i = 0; i < THREADS; i++) {
		struct thread *t = &s.thread[i];

		t->in = take(w, 1);
		t->lag = take(w, 3);
		t->at = take(w, 3);
		t->slot = take(w, 2);
		t->old = take(w, 2);
		t->new = take(w, 2);
		t->full = take(w, 1);
		t->other = take(w, 1);
		for (l = 0; l < LOCALS; l++)
			t->local[l] = take(w, 2);
	}
	return s;
}

/* What a thread is like, without the names of objects. */
static unsigned int shape(const struct state *s, int who)
{
	const struct thread *t = &s->thread[who];

	return t->at | t->lag << 3 | t->in << 6 | t->full << 7 | t->other << 8 |
	       (s->waits >> who & 1) << 9 | !t->local[0] << 10 | !t->local[1] << 11 |
	       !t->old << 12 | !t->new << 13;
}

/*
 * The key of a state: the same for states that differ in names only. Threads go by
 * what they are like, or else with that first which makes the smaller key. Now and
 * then this depends on the names: that costs states, and loses none.
 */
static struct key pack_canonical(const struct state *s, struct names *names)
{
	unsigned int one = shape(s, 0), other = shape(s, 1);
	struct names second;
	struct key a, b;

	*names = name_all(s, one < other);
	a = pack(s, names);
	if (one != other)
		return a;
	second = name_all(s, 1);
	b = pack(s, &second);
	if (a.word[0] < b.word[0] || (a.word[0] == b.word[0] && a.word[1] < b.word[1]))
		return a;
	*names = second;
	return b;
}

struct key state_key(const struct state *s)
{
	struct names names;

	return pack_canonical(s, &names);
}

/* The state that its key stands for, with what things are called when printed. */
struct state state_renamed(const struct state *s)
{
	struct names names;
	struct state n = state_unpack(pack_canonical(s, &names));
	int i;

	for (i = 1; i <= objects; i++)
		n.name[i] = s->name[names.to[i]];
	for (i = 0; i < THREADS; i++)
		n.thread[i].name = s->thread[i ^ names.first].name;
	return n;
}

static void add_reachable(const struct state *s, unsigned int *set, int o)
{
	for (; o && !(*set & BIT(o)); o = s->slot[o])
		*set |= BIT(o);
}

/* Objects that must not be freed, a bit each. */
unsigned int state_reachable(const struct state *s)
{
	unsigned int set = 0;
	int i, l, o;

	add_reachable(s, &set, s->slot[ROOT]);
	add_reachable(s, &set, s->pin);
	for (o = 1; o <= objects; o++)
		if (s->traits[o] & QUEUED)
			add_reachable(s, &set, o);
	for (i = 0; i < THREADS; i++) {
		const struct thread *t = &s->thread[i];

		for (l = 0; l < LOCALS; l++)
			add_reachable(s, &set, t->local[l]);
		if (t->at == FORGET)
			add_reachable(s, &set, t->old);
	}
	return set;
}

/* What something may still be done to: not only what mutators can reach. */
static unsigned int in_play(const struct state *s)
{
	unsigned int set = state_reachable(s);
	int i, o;

	add_reachable(s, &set, s->reading);
	add_reachable(s, &set, s->found);
	for (o = 1; o <= objects; o++)
		if (s->colour[o] == GREY || s->traits[o])
			add_reachable(s, &set, o);
	for (i = 0; i < THREADS; i++) {
		add_reachable(s, &set, s->thread[i].old);
		add_reachable(s, &set, s->thread[i].new);
		add_reachable(s, &set, s->thread[i].slot);
	}
	return set;
}

/* Garbage that nobody will look at again may as well refer to nothing. */
void state_simplify(struct state *s)
{
	unsigned int set = in_play(s);
	int o;

	for (o = 1; o <= objects; o++)
		if (!(set & BIT(o)))
			s->slot[o] = 0;
}
