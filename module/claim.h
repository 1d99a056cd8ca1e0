/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Claiming objects of any size. See claim.c.
 */
#ifndef SPANHEAP_CLAIM_H
#define SPANHEAP_CLAIM_H

#include "span.h"

/**
 * struct sh_object - an object that was claimed
 * @span: its span
 * @idx: which of the span's objects it is
 */
struct sh_object {
	struct sh_span *span;
	unsigned int idx;
};

bool sh_object_claim(const void *ptr, struct sh_object *obj);
void sh_object_claimed(const void *addr, struct sh_object *obj);
void sh_object_set_special(struct sh_object *obj);
void sh_object_release(struct sh_object *obj);
void sh_object_free(struct sh_object *obj);
bool sh_object_free_special(const void *ptr);

static inline void *sh_object_start(const struct sh_object *obj)
{
	unsigned int class = sh_span_class(obj->span);

	return (void *)(sh_span_base(obj->span) +
			(size_t)obj->idx * sh_classes[class].size);
}

#endif /* SPANHEAP_CLAIM_H */
