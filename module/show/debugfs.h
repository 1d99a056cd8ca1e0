/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of heaps. See debugfs.c.
 */
#ifndef SPANHEAP_DEBUGFS_H
#define SPANHEAP_DEBUGFS_H

struct spanheap;

void sh_debugfs_init(void);
void sh_debugfs_exit(void);
void sh_debugfs_add(struct spanheap *heap);
void sh_debugfs_remove(struct spanheap *heap);

#endif /* SPANHEAP_DEBUGFS_H */
