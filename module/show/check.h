/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checker. See check.c.
 */
#ifndef SPANHEAP_CHECK_H
#define SPANHEAP_CHECK_H

struct seq_file;
struct spanheap;

int sh_check_heap(struct spanheap *heap, struct seq_file *m);

#endif /* SPANHEAP_CHECK_H */
