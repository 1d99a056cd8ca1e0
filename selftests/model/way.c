// SPDX-License-Identifier: GPL-2.0
/*
 * The way to a wrong state, step by step. The search keeps states without names, and
 * no steps: the way is gone once more, with names, and each time the step looked for
 * that leads to the next state of the search.
 */
#include <stdio.h>
#include <stdlib.h>

#include "explore.h"

/**
 * struct walk - a step that is looked for
 * @explorer: who is told of steps
 * @wanted: the key of the state after it
 * @found: whether there was such a step
 * @step: the step
 * @to: the state after it
 */
struct walk {
	struct explorer explorer;
	struct key wanted;
	bool found;
	struct step step;
	struct state to;
};

static void compare(struct explorer *e, const struct state *to, struct step step)
{
	struct walk *walk = (struct walk *)e;
	struct state s = simplify(e, to);
	struct key key = state_key(&s);

	if (walk->found || key.word[0] != walk->wanted.word[0] ||
	    key.word[1] != walk->wanted.word[1])
		return;
	walk->found = true;
	walk->step = step;
	walk->to = state_renamed(&s);
}

/* Go to the state that @wanted is the key of. */
static void take_step(struct walk *walk, struct key wanted)
{
	walk->wanted = wanted;
	walk->explorer.from = walk->to;
	walk->found = false;
	all_steps(&walk->explorer);
	if (!walk->found) {
		printf("# no step leads on: a mistake in the model\n");
		exit(2);
	}
	step_print(&walk->explorer.from, &walk->to, walk->step);
}

/* Take the steps to the state at place @at, from the first one on. */
static void go_to(struct walk *walk, const struct set *set, __u32 at)
{
	struct state first;

	if (set->parents[at] != NO_PARENT) {
		go_to(walk, set, set->parents[at]);
		take_step(walk, set->keys[at]);
		return;
	}
	first = initial(walk->explorer.p, at == 1);
	walk->to = state_renamed(&first);
	step_print(&walk->to, &walk->to, (struct step){ .doing = START });
}

void print_way(const struct result *result)
{
	struct walk walk = { .explorer = { .emit = compare, .p = result->p } };

	go_to(&walk, &result->set, result->last);
}
