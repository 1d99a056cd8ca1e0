/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making room in a heap for an allocation that failed. See room.c.
 */
#ifndef SPANHEAP_ROOM_H
#define SPANHEAP_ROOM_H

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/types.h>

#include "heap/heap.h"

/**
 * struct sh_room - an allocation that may be tried more than once
 * @gfp: flags for the next time
 * @asked: flags of the request
 * @size: bytes of it
 * @align: its alignment
 * @more: bytes that are to follow
 * @step: what is to be done next when it fails
 * @since: jiffies at which who must not fail began to wait, or said so last
 * @disturbed: other CPUs were asked
 * @released: memory went back
 * @readers: they may have seen what is waiting to be freed
 * @waited: for these
 * @rested: waited for who was giving memory back
 */
struct sh_room {
	gfp_t gfp;
	gfp_t asked;
	size_t size;
	size_t align;
	size_t more;
	unsigned int step;
	unsigned long since;
	bool disturbed;
	bool released;
	bool readers;
	bool waited;
	bool rested;
};

void sh_room_begin(struct sh_room *room, struct spanheap *heap, size_t size,
		   size_t align, gfp_t gfp);
bool sh_room_more(struct sh_room *room, struct spanheap *heap);
void sh_room_done(struct sh_room *room, struct spanheap *heap);

/**
 * sh_room_again() - whether to try once more
 * @room: as sh_room_begin() set it up
 * @heap: the heap
 * @got: whether the allocation succeeded this time
 *
 * Context: that of the flags.
 * Return: whether; if not, and it did not succeed, the failure was reported.
 */
static inline bool sh_room_again(struct sh_room *room, struct spanheap *heap,
				 bool got)
{
	if (unlikely(!got))
		return sh_room_more(room, heap);
	sh_room_done(room, heap);
	return false;
}

/**
 * sh_room_left() - say how far an allocation of several objects has come
 * @room: as sh_room_begin() set it up for one of them
 * @got: how many there were this time; any are a reason to begin anew
 * @left: how many are missing
 */
static inline void sh_room_left(struct sh_room *room, unsigned int got,
				unsigned int left)
{
	if (got)
		room->step = 0;
	room->more = left ? (left - 1) * room->size : 0;
}

#endif /* SPANHEAP_ROOM_H */
