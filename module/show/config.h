/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a heap was made with. See config.c.
 */
#ifndef SPANHEAP_CONFIG_H
#define SPANHEAP_CONFIG_H

struct seq_file;
struct spanheap;

int sh_config_show(struct spanheap *heap, struct seq_file *m);

#endif /* SPANHEAP_CONFIG_H */
