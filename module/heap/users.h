/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocating while a heap may be destroyed. See users.c.
 */
#ifndef SPANHEAP_USERS_H
#define SPANHEAP_USERS_H

#include <linux/types.h>

struct spanheap;

bool sh_users_enter(struct spanheap *heap);
void sh_users_leave(struct spanheap *heap);
void sh_users_close(struct spanheap *heap);

#endif /* SPANHEAP_USERS_H */
