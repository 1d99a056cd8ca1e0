/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What callers did wrong. See misuse.c.
 */
#ifndef SPANHEAP_MISUSE_H
#define SPANHEAP_MISUSE_H

#include <linux/gfp.h>
#include <linux/types.h>

struct sh_arena;
struct spanheap;

/* What was called with an address that it is not for. */
enum sh_call {
	SH_CALL_FREE,
	SH_CALL_FREE_PAGES,
	SH_CALL_FREE_RCU,
	SH_CALL_REALLOC,
};

void sh_report_misuse(enum sh_call call, const void *ptr);
void *sh_refuse_gfp(struct spanheap *heap, gfp_t gfp);
void *sh_refuse_managed(struct spanheap *heap);
void sh_report_no_heap(const struct spanheap *heap, bool dying);
void sh_report_arena_lost(const struct sh_arena *arena);

#endif /* SPANHEAP_MISUSE_H */
