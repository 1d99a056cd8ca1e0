/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all heaps give back when memory runs short. See pressure.c.
 */
#ifndef SPANHEAP_PRESSURE_H
#define SPANHEAP_PRESSURE_H

int sh_pressure_init(void);
void sh_pressure_exit(void);
unsigned long sh_pressure_count(void);
unsigned long sh_pressure_release(unsigned long goal);

#endif /* SPANHEAP_PRESSURE_H */
