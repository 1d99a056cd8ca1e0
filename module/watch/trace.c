// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: defined here, described in include/trace/events/spanheap.h.
 *
 * A probe may use the heap it is told about. What it does there makes no events:
 * each CPU has a mark for each context that a probe can run in, as the ring
 * buffer has, and who finds it set makes none. An interrupt that arrives in a
 * probe is another context and has its own.
 *
 * Locks: none; preemption is off while a mark is set. Contexts: any.
 */
#include <linux/percpu.h>
#include <linux/preempt.h>

#define CREATE_TRACE_POINTS
#include "watch/trace.h"

static DEFINE_PER_CPU(unsigned int, active);

/**
 * sh_trace_enter() - whether this context may call probes
 *
 * Return: true, then sh_trace_leave() is to follow, with preemption off until
 * then; false within a probe.
 */
bool sh_trace_enter(void)
{
	unsigned int bit = 1U << interrupt_context_level(), was;

	preempt_disable_notrace();
	was = __this_cpu_read(active);
	if (was & bit) {
		preempt_enable_notrace();
		return false;
	}
	__this_cpu_write(active, was | bit);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(sh_trace_enter);

/**
 * sh_trace_leave() - undo sh_trace_enter()
 */
void sh_trace_leave(void)
{
	unsigned int bit = 1U << interrupt_context_level();

	__this_cpu_write(active, __this_cpu_read(active) & ~bit);
	preempt_enable_notrace();
}
EXPORT_SYMBOL_IF_KUNIT(sh_trace_leave);

EXPORT_TRACEPOINT_SYMBOL_GPL(alloc);
EXPORT_TRACEPOINT_SYMBOL_GPL(free);
EXPORT_TRACEPOINT_SYMBOL_GPL(refill);
EXPORT_TRACEPOINT_SYMBOL_GPL(flush);
EXPORT_TRACEPOINT_SYMBOL_GPL(grow);
EXPORT_TRACEPOINT_SYMBOL_GPL(populate);
EXPORT_TRACEPOINT_SYMBOL_GPL(release);
EXPORT_TRACEPOINT_SYMBOL_GPL(scavenge);
EXPORT_TRACEPOINT_SYMBOL_GPL(heap_create);
EXPORT_TRACEPOINT_SYMBOL_GPL(heap_destroy);
EXPORT_TRACEPOINT_SYMBOL_GPL(bad_free);
