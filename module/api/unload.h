/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What modules leave behind. See unload.c.
 */
#ifndef SPANHEAP_UNLOAD_H
#define SPANHEAP_UNLOAD_H

struct module;

int sh_unload_init(void);
void sh_unload_exit(void);
void sh_unload_module(const struct module *mod);

#endif /* SPANHEAP_UNLOAD_H */
