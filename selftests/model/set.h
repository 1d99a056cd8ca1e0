/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The states that were found, in the order in which they were, each with the one it
 * was reached from: set and queue of a search by breadth.
 */
#ifndef MODEL_SET_H
#define MODEL_SET_H

#include "state.h"

#define NO_PARENT	(~0u)

/**
 * struct set - states that were found
 * @keys: the states
 * @parents: the place of the state that each was reached from
 * @count: how many
 * @room: how many there is room for
 * @table: places by hash, plus one; 0 is none
 * @mask: its length less one
 */
struct set {
	struct key *keys;
	__u32 *parents;
	__u32 count, room;
	__u32 *table;
	__u32 mask;
};

void set_init(struct set *set);
void set_free(struct set *set);
void set_prefetch(const struct set *set, struct key key);
void set_prefetch_key(const struct set *set, struct key key);
bool set_add(struct set *set, struct key key, __u32 parent);

#endif
