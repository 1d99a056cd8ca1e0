/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving back what is charged to memory cgroups. See uncharge.c.
 */
#ifndef SPANHEAP_UNCHARGE_H
#define SPANHEAP_UNCHARGE_H

#include "pages/pages.h"

void sh_uncharge_init(struct sh_pageheap *ph);
void sh_uncharge_exit(struct sh_pageheap *ph);

#endif /* SPANHEAP_UNCHARGE_H */
