/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Explore all that can happen under a protocol, and print how it came to the worst.
 */
#ifndef MODEL_EXPLORE_H
#define MODEL_EXPLORE_H

#include "protocol.h"
#include "set.h"

/**
 * struct result - what a search found
 * @p: the protocol
 * @verdict: the first thing that goes wrong
 * @set: the states that were seen
 * @last: the place of the wrong one, or of the last
 * @steps: how many lead there
 * @seconds: how long it took
 */
struct result {
	const struct protocol *p;
	enum verdict verdict;
	struct set set;
	__u32 last;
	unsigned int steps;
	double seconds;
};

struct result explore(const struct protocol *p, unsigned int limit);
void all_steps(struct explorer *e);
struct state simplify(const struct explorer *e, const struct state *to);
struct state initial(const struct protocol *p, bool two);

/* way.c */
void print_way(const struct result *result);

#endif
