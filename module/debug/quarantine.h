/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to the objects of a debug heap once they are free. See quarantine.c.
 */
#ifndef SPANHEAP_QUARANTINE_H
#define SPANHEAP_QUARANTINE_H

#include <linux/gfp.h>
#include <linux/types.h>

struct sh_damage;
struct sh_debug;
struct sh_guard;
struct sh_span;
struct spanheap;

void sh_quarantine_add(struct sh_debug *debug, struct sh_guard *guard);
void sh_quarantine_bury(struct sh_debug *debug, struct sh_guard *guard,
			const struct sh_damage *damage, const char *when);
bool sh_quarantine_take_slot(struct sh_debug *debug, struct sh_guard *guard,
			     size_t total, size_t align, gfp_t gfp, int node,
			     bool on_node);
void sh_quarantine_forget(struct sh_span *span);
void sh_quarantine_drain(struct spanheap *heap);
size_t sh_quarantine_bytes(struct spanheap *heap);

#endif /* SPANHEAP_QUARANTINE_H */
