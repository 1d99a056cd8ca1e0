/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What KASAN's reports say of a heap's addresses. See explain.c.
 */
#ifndef SPANHEAP_EXPLAIN_H
#define SPANHEAP_EXPLAIN_H

#include "watch/shadow.h"

#if SH_SHADOW
void sh_explain_init(void);
void sh_explain_exit(void);
#else
static inline void sh_explain_init(void) { }
static inline void sh_explain_exit(void) { }
#endif

#endif /* SPANHEAP_EXPLAIN_H */
