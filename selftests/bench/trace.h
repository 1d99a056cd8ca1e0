/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SPANHEAP_BENCH_TRACE_H
#define SPANHEAP_BENCH_TRACE_H

#include "bench.h"

#define BENCH_TRACE_MAGIC	0x31544853	/* "SHT1" */
#define BENCH_TRACE_MAX_EVENTS	BIT(25)

/**
 * struct bench_trace_event - an allocation or a free
 * @slot: names the object, below &bench_trace.nr_slots
 * @size: bytes to allocate, 0 to free
 */
struct bench_trace_event {
	u32 slot;
	u32 size;
};

/**
 * struct bench_trace - a recorded sequence of allocations and frees
 * @magic: BENCH_TRACE_MAGIC
 * @nr_slots: most objects alive at once
 * @nr_events: length of @events
 * @max_size: largest size in it
 * @events: in the order in which they happened
 *
 * All numbers in the byte order of the machine. An allocation names a free
 * slot, a free one that is in use.
 */
struct bench_trace {
	u32 magic;
	u32 nr_slots;
	u32 nr_events;
	u32 max_size;
	struct bench_trace_event events[];
};

int bench_trace_append(struct bench *b, const char __user *buf, size_t count,
		       loff_t pos);
void bench_trace_clear(struct bench *b);
const struct bench_trace *bench_trace_get(const struct bench *b);

#endif /* SPANHEAP_BENCH_TRACE_H */
