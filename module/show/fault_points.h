/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of fault injection. See fault_points.c.
 */
#ifndef SPANHEAP_FAULT_POINTS_H
#define SPANHEAP_FAULT_POINTS_H

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_FAULT_INJECTION_DEBUG_FS)
void sh_fault_points_init(void);
void sh_fault_points_exit(void);
#else
static inline void sh_fault_points_init(void) { }
static inline void sh_fault_points_exit(void) { }
#endif

#endif /* SPANHEAP_FAULT_POINTS_H */
