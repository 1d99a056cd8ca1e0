/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every page of a heap is for. See map.c.
 */
#ifndef SPANHEAP_MAP_H
#define SPANHEAP_MAP_H

struct seq_file;
struct spanheap;

int sh_map_show(struct spanheap *heap, struct seq_file *m);
int sh_occupancy_show(struct spanheap *heap, struct seq_file *m);

#endif /* SPANHEAP_MAP_H */
