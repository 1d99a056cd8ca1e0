/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Special records: what is known about single objects beyond that they are
 * live. See special.c.
 */
#ifndef SPANHEAP_SPECIAL_H
#define SPANHEAP_SPECIAL_H

#include <linux/list_bl.h>
#include <linux/types.h>

struct sh_span;
struct spanheap;

/* Bytes of any record: what embeds a struct sh_special must not be larger. */
#define SH_SPECIAL_BYTES	64

/**
 * enum sh_special_kind - what a special record is
 * @SH_SPECIAL_FINALIZER: a struct sh_finalizer
 * @SH_SPECIAL_PROFILE: a struct sh_sample
 * @SH_SPECIAL_CHARGE: a struct sh_charge
 */
enum sh_special_kind {
	SH_SPECIAL_FINALIZER,
	SH_SPECIAL_PROFILE,
	SH_SPECIAL_CHARGE,
};

/**
 * struct sh_special - a special record
 * @node: in the list of the span
 * @idx: which of the span's objects it is about
 * @kind: enum sh_special_kind; an object has at most one of each
 */
struct sh_special {
	struct hlist_bl_node node;
	u16 idx;
	u8 kind;
};

int sh_special_add(struct sh_span *span, struct sh_special *special);
struct sh_special *sh_special_find(struct sh_span *span, unsigned int idx,
				   enum sh_special_kind kind);
bool sh_special_read(struct sh_span *span, unsigned int idx,
		     enum sh_special_kind kind, void *to, size_t bytes);
struct sh_special *sh_special_remove(struct sh_span *span, unsigned int idx,
				     enum sh_special_kind kind);
struct sh_special *sh_special_pop(struct sh_span *span);
bool sh_special_any(struct sh_span *span, unsigned int idx);
const char *sh_special_check(struct sh_span *span, unsigned int nelems);

#endif /* SPANHEAP_SPECIAL_H */
