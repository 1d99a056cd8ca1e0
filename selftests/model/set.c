// SPDX-License-Identifier: GPL-2.0
/*
 * The set of states: an array, and a hash table of places in it, with the next free
 * place taken when one is occupied, and never more than half full.
 */
#include <stdio.h>
#include <stdlib.h>

#include "set.h"

#define FIRST_ROOM	BIT(16)

static void *resize(void *array, size_t n, size_t size)
{
	array = realloc(array, n * size);
	if (!array) {
		perror("model");
		exit(2);
	}
	return array;
}

static __u32 hash(struct key key)
{
	__u64 h = key.word[0] * 0x9e3779b97f4a7c15ull;

	h = (h ^ (h >> 32) ^ key.word[1]) * 0xd6e8feb86659fd93ull;
	return h >> 32;
}

static bool same(struct key a, struct key b)
{
	return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

/* Where @key is in the table, or would be. */
static __u32 find_place(const struct set *set, struct key key)
{
	__u32 at = hash(key) & set->mask;

	while (set->table[at] && !same(set->keys[set->table[at] - 1], key))
		at = (at + 1) & set->mask;
	return at;
}

/* Have the memory fetched that a look-up of @key begins with. */
void set_prefetch(const struct set *set, struct key key)
{
	__builtin_prefetch(&set->table[hash(key) & set->mask]);
}

/* The same for what it goes on with. */
void set_prefetch_key(const struct set *set, struct key key)
{
	__builtin_prefetch(&set->keys[set->table[hash(key) & set->mask] - 1]);
}

static void grow(struct set *set, __u32 room)
{
	__u32 i;

	set->room = room;
	set->mask = room * 2 - 1;
	set->keys = resize(set->keys, room, sizeof(*set->keys));
	set->parents = resize(set->parents, room, sizeof(*set->parents));
	free(set->table);
	set->table = calloc(room * 2ul, sizeof(*set->table));
	if (!set->table) {
		perror("model");
		exit(2);
	}
	for (i = 0; i < set->count; i++)
		set->table[find_place(set, set->keys[i])] = i + 1;
}

void set_init(struct set *set)
{
	*set = (struct set){};
	grow(set, FIRST_ROOM);
}

void set_free(struct set *set)
{
	free(set->keys);
	free(set->parents);
	free(set->table);
}

/* Returns false if it is there already. */
bool set_add(struct set *set, struct key key, __u32 parent)
{
	__u32 at;

	if (set->count == set->room)
		grow(set, set->room * 2);
	at = find_place(set, key);
	if (set->table[at])
		return false;
	set->keys[set->count] = key;
	set->parents[set->count] = parent;
	set->table[at] = ++set->count;
	return true;
}
