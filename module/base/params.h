/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Module parameters. See params.c.
 */
#ifndef SPANHEAP_PARAMS_H
#define SPANHEAP_PARAMS_H

#include <linux/types.h>

extern unsigned int sh_arena_mb;
extern unsigned int sh_cache_kb;
extern unsigned int sh_scavenge_ms;
extern unsigned int sh_quarantine_kb;
extern bool sh_debug_default;
extern bool sh_panic_on_bad_free;
extern bool sh_gc_verify_cycles;

/* After how many seconds who has to wait for others says so in the log. */
#define SH_SILENCE_S	10

#endif /* SPANHEAP_PARAMS_H */
