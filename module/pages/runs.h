/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spans that become free runs, and the other way. See runs.c.
 */
#ifndef SPANHEAP_RUNS_H
#define SPANHEAP_RUNS_H

#include "pages/pages.h"

struct sh_span *sh_pageheap_take_front(struct sh_pageheap *ph,
				       struct sh_span *run, u32 nr_pages,
				       u32 slack, unsigned int kind,
				       struct sh_span **record);
struct sh_span *sh_pageheap_add_run(struct sh_pageheap *ph, struct sh_span *run);
void sh_pageheap_return_run(struct sh_pageheap *ph, struct sh_span *run);

#endif /* SPANHEAP_RUNS_H */
