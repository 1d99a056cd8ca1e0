/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Claiming objects of any size. See claim.c.
 */
#ifndef SPANHEAP_CLAIM_H
#define SPANHEAP_CLAIM_H

#include "debug/guard.h"
#include "span/span.h"

/* Special records of the second half of a split object of a debug heap: none. */
#define SH_NO_SPECIALS		(U16_MAX + 1)

/**
 * struct sh_object - an object that was claimed
 * @span: its span
 * @idx: which of the span's objects it is; SH_NO_SPECIALS for one that shares
 *	its place in the span with another, and can have no special records
 * @guard: its record when it is one of a debug heap, else NULL
 */
struct sh_object {
	struct sh_span *span;
	u32 idx;
	struct sh_guard *guard;
};

bool sh_object_claim(const void *ptr, struct sh_object *obj);
void sh_object_claimed(const void *addr, struct sh_object *obj);
void sh_object_set_special(struct sh_object *obj);
void sh_object_unset_special(struct sh_object *obj);
void sh_object_release(struct sh_object *obj);
void sh_object_note_free(struct sh_object *obj);

static inline void *sh_object_start(const struct sh_object *obj)
{
	unsigned int class = sh_span_class(obj->span);

	if (obj->guard)
		return (void *)obj->guard->start;
	return (void *)(sh_span_base(obj->span) +
			(size_t)obj->idx * sh_classes[class].size);
}

/* As spanheap_size() has it. */
static inline size_t sh_object_size(const struct sh_object *obj)
{
	unsigned int class = sh_span_class(obj->span);

	if (obj->guard)
		return obj->guard->size;
	return class ? sh_classes[class].size : sh_span_bytes(obj->span);
}

#endif /* SPANHEAP_CLAIM_H */
