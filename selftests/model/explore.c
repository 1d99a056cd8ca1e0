// SPDX-License-Identifier: GPL-2.0
/*
 * The search: all states that a protocol can get into, by breadth, so that the first
 * wrong one is among those that take fewest steps. States that differ in names only
 * are one state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "explore.h"

#define MAX_STEPS	512	/* from one state */

/**
 * struct search - a search under way
 * @explorer: who is told of steps
 * @set: what was found
 * @at: the place of the state whose steps are taken
 * @bad: the place of a wrong state
 * @verdict: what is wrong with it
 * @wrong: its place in @next
 * @next: states that the steps lead to
 * @nr_next: how many
 */
struct search {
	struct explorer explorer;
	struct set set;
	__u32 at;
	__u32 bad;
	enum verdict verdict;
	unsigned int wrong;
	struct key next[MAX_STEPS];
	unsigned int nr_next;
};

/* Every step that anybody may take next. */
void all_steps(struct explorer *e)
{
	collector_steps(e);
	mutator_steps(e);
}

/* A step that comes to nothing, whoever does what before it, is taken at once. */
struct state simplify(const struct explorer *e, const struct state *to)
{
	struct state s = *to;
	int i;

	if (s.verdict)
		return s;
	for (i = 0; i < THREADS; i++)
		skip_shading(e, &s, i);
	state_simplify(&s);
	return s;
}

/* A step leads here. */
static void found(struct explorer *e, const struct state *to, struct step step)
{
	struct search *search = (struct search *)e;
	struct state s = simplify(e, to);

	if (search->nr_next == MAX_STEPS) {
		printf("# more steps from a state than there is room for\n");
		exit(2);
	}
	search->next[search->nr_next] = state_key(&s);
	set_prefetch(&search->set, search->next[search->nr_next++]);
	if (s.verdict && !search->verdict) {
		search->verdict = s.verdict;
		search->wrong = search->nr_next - 1;
	}
}

/* Add what was found from one state: all at once, since memory is slow. */
static void add_all(struct search *search)
{
	unsigned int i;

	for (i = 0; i < search->nr_next; i++)
		set_prefetch_key(&search->set, search->next[i]);
	for (i = 0; i < search->nr_next; i++) {
		set_add(&search->set, search->next[i], search->at);
		if (search->verdict && i == search->wrong)
			search->bad = search->set.count - 1;
	}
	search->nr_next = 0;
}

/* The heap at the start: the root refers to object 1, that perhaps to object 2. */
struct state initial(const struct protocol *p, bool two)
{
	struct state s = {};
	int o, i;

	for (i = 0; i < THREADS; i++)
		s.thread[i].name = i + 1;
	for (o = 1; o <= objects; o++)
		s.name[o] = o;
	for (o = 1; o <= (two ? 2 : 1); o++) {
		s.slot[o - 1] = o;
		s.colour[o] = WHITE;
		s.traits[o] = p->weak ? WEAKLY : 0;
	}
	return s;
}

static unsigned int steps_to(const struct set *set, __u32 at)
{
	unsigned int steps = 0;

	for (; set->parents[at] != NO_PARENT; at = set->parents[at])
		steps++;
	return steps;
}

static enum verdict go(struct search *search, unsigned int limit)
{
	struct set *set = &search->set;

	for (search->at = 0; search->at < set->count; search->at++) {
		search->explorer.from = state_unpack(set->keys[search->at]);
		all_steps(&search->explorer);
		add_all(search);
		if (search->verdict)
			return search->verdict;
		if (set->count > limit)
			return TOO_LARGE;
	}
	return SOUND;
}

/* Look for what can go wrong with @p in up to @limit states. */
struct result explore(const struct protocol *p, unsigned int limit)
{
	struct search search = { .explorer = { .emit = found, .p = p } };
	struct state first = initial(p, false), second = initial(p, true);
	struct result result = { .p = p };
	clock_t begin = clock();

	set_init(&search.set);
	set_add(&search.set, state_key(&first), NO_PARENT);
	set_add(&search.set, state_key(&second), NO_PARENT);
	result.verdict = go(&search, limit);
	result.seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
	result.set = search.set;
	result.last = search.verdict ? search.bad : search.set.count - 1;
	result.steps = steps_to(&search.set, result.last);
	return result;
}
