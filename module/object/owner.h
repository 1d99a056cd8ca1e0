/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who made a heap. See owner.c.
 */
#ifndef SPANHEAP_OWNER_H
#define SPANHEAP_OWNER_H

struct module;
struct seq_file;
struct sh_owner;
struct spanheap;

void sh_owner_set(struct sh_owner *owner, const struct module *mod);
void sh_owner_report_taken(const struct spanheap *heap);
void sh_owner_report_left(const struct spanheap *heap);
void sh_owner_show(const struct sh_owner *owner, struct seq_file *m);
void sh_owner_show_figures(const struct sh_owner *owner, struct seq_file *m);

#endif /* SPANHEAP_OWNER_H */
