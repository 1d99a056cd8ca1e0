/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, and what keeps a probe from being called by what it does itself.
 * See trace.c.
 */
#ifndef SPANHEAP_TRACE_H
#define SPANHEAP_TRACE_H

#include <trace/events/spanheap.h>

#include "base/compat.h"

bool sh_trace_enter(void);
void sh_trace_leave(void);

/**
 * sh_trace() - make an event
 * @event: its name
 *
 * A static branch that is not taken while nobody listens. Not to be used under
 * a lock of ours: a probe may allocate and free.
 */
#define sh_trace(event, ...)						\
	do {								\
		if (trace_##event##_enabled() && sh_trace_enter()) {	\
			trace_##event(__VA_ARGS__);			\
			sh_trace_leave();				\
		}							\
	} while (0)

#endif /* SPANHEAP_TRACE_H */
