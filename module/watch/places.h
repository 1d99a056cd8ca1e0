/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Places that something was reported for. See places.c.
 */
#ifndef SPANHEAP_PLACES_H
#define SPANHEAP_PLACES_H

#include <linux/types.h>

bool sh_place_report(u32 place, unsigned long addr, unsigned long *missed);

#endif /* SPANHEAP_PLACES_H */
