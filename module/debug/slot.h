/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory that the objects of a debug heap lie in. See slot.c.
 */
#ifndef SPANHEAP_SLOT_H
#define SPANHEAP_SLOT_H

#include <linux/gfp.h>
#include <linux/types.h>

struct sh_debug;
struct sh_guard;

bool sh_debug_take_slot(struct sh_debug *debug, struct sh_guard *guard,
			size_t total, size_t align, gfp_t gfp, int node,
			bool on_node);
void sh_debug_untake_slot(struct sh_debug *debug, const struct sh_guard *guard);
void sh_debug_put_slot(struct sh_debug *debug, unsigned long slot,
		       unsigned int class);
void sh_debug_discount(struct sh_debug *debug, const struct sh_guard *guard);

#endif /* SPANHEAP_SLOT_H */
