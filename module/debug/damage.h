/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Damage that was found in a debug heap. See damage.c.
 */
#ifndef SPANHEAP_DAMAGE_H
#define SPANHEAP_DAMAGE_H

struct sh_damage;
struct sh_debug;
struct sh_guard;

unsigned int sh_debug_check(struct sh_debug *debug);
void sh_debug_note_damage(struct sh_debug *debug, struct sh_guard *guard,
			  const struct sh_damage *damage, const char *when);

#endif /* SPANHEAP_DAMAGE_H */
