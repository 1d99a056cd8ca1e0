/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every page of a heap is for. See map.c.
 */
#ifndef SPANHEAP_MAP_H
#define SPANHEAP_MAP_H

struct file_operations;
struct seq_file;
struct spanheap;

extern const struct file_operations sh_map_fops;

int sh_occupancy_show(struct spanheap *heap, struct seq_file *m);

#endif /* SPANHEAP_MAP_H */
