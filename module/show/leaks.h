/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What users of a heap left behind. See leaks.c.
 */
#ifndef SPANHEAP_LEAKS_H
#define SPANHEAP_LEAKS_H

struct spanheap;

void sh_report_leaks(struct spanheap *heap);
void sh_list_leaks(struct spanheap *heap);

#endif /* SPANHEAP_LEAKS_H */
