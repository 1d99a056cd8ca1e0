/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks beside objects, for searches that must leave their states alone. See marks.c.
 */
#ifndef SPANHEAP_MARKS_H
#define SPANHEAP_MARKS_H

#include <linux/types.h>
#include <linux/xarray.h>

/**
 * struct sh_marks - what a search knows of objects
 * @pages: by address of a heap page / its size
 * @nr: objects reached
 */
struct sh_marks {
	struct xarray pages;
	unsigned long nr;
};

void sh_marks_init(struct sh_marks *marks);
void sh_marks_exit(struct sh_marks *marks);
bool sh_marks_reached(struct sh_marks *marks, const void *start);
int sh_marks_reach(struct sh_marks *marks, const void *start);
bool sh_marks_referred(struct sh_marks *marks, const void *start);
int sh_marks_refer(struct sh_marks *marks, const void *start);
int sh_marks_work(struct sh_marks *marks, int (*fn)(void *start, void *arg), void *arg);

#endif /* SPANHEAP_MARKS_H */
