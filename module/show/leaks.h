/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What users of a heap left behind. See leaks.c.
 */
#ifndef SPANHEAP_LEAKS_H
#define SPANHEAP_LEAKS_H

#include <linux/types.h>

struct spanheap;

/**
 * struct sh_leak - objects that leaked alike
 * @nr: how many
 * @size: bytes of each; all bytes together for large objects of no debug heap
 * @stack: where they were allocated, 0 when not known
 * @class: all of a size class
 * @large: all large objects of no debug heap
 */
struct sh_leak {
	unsigned long nr;
	size_t size;
	u32 stack;
	bool class;
	bool large;
};

void sh_report_leaks(struct spanheap *heap);
void sh_leaks_print(struct spanheap *heap, struct sh_leak *leaks, size_t nr);
void sh_list_leaks(struct spanheap *heap);

#endif /* SPANHEAP_LEAKS_H */
