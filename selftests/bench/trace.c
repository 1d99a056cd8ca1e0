// SPDX-License-Identifier: GPL-2.0
/*
 * Loading of an allocation trace from user space
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "trace.h"

void bench_trace_clear(struct bench *b)
{
	kvfree(b->trace);
	b->trace = NULL;
	b->trace_size = 0;
	b->trace_loaded = 0;
}

/* The first write brings the header, which says how much will come. */
static int trace_begin(struct bench *b, const char __user *buf, size_t count)
{
	struct bench_trace header;

	if (count < sizeof(header))
		return -EINVAL;
	if (copy_from_user(&header, buf, sizeof(header)))
		return -EFAULT;
	if (header.magic != BENCH_TRACE_MAGIC ||
	    header.nr_events > BENCH_TRACE_MAX_EVENTS ||
	    header.nr_slots > header.nr_events)
		return -EINVAL;

	bench_trace_clear(b);
	b->trace_size = struct_size(b->trace, events, header.nr_events);
	b->trace = kvzalloc(b->trace_size, GFP_KERNEL);
	return b->trace ? 0 : -ENOMEM;
}

/**
 * bench_trace_append() - take the next part of a trace
 * @b: the benchmark
 * @buf: user memory
 * @count: its bytes
 * @pos: offset in the trace
 *
 * Return: 0 or a negative errno.
 */
int bench_trace_append(struct bench *b, const char __user *buf, size_t count,
		       loff_t pos)
{
	int ret;

	if (pos == 0) {
		ret = trace_begin(b, buf, count);
		if (ret)
			return ret;
	}
	if (!b->trace || pos != b->trace_loaded ||
	    count > b->trace_size - b->trace_loaded)
		return -EINVAL;
	if (copy_from_user((char *)b->trace + pos, buf, count))
		return -EFAULT;
	b->trace_loaded += count;
	return 0;
}

static bool event_valid(const struct bench_trace *trace, u32 i, bool *used)
{
	const struct bench_trace_event *event = &trace->events[i];

	if (event->slot >= trace->nr_slots || event->size > trace->max_size ||
	    used[event->slot] == !!event->size)
		return false;
	used[event->slot] = event->size;
	return true;
}

/**
 * bench_trace_get() - the trace, if it is whole and makes sense
 * @b: the benchmark
 *
 * Return: the trace or ERR_PTR.
 */
const struct bench_trace *bench_trace_get(const struct bench *b)
{
	const struct bench_trace *trace = b->trace;
	bool *used;
	u32 i;

	if (!trace)
		return ERR_PTR(-ENODATA);
	if (b->trace_loaded != b->trace_size)
		return ERR_PTR(-EINVAL);

	used = kvcalloc(trace->nr_slots, sizeof(*used), GFP_KERNEL);
	if (!used)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < trace->nr_events; i++)
		if (!event_valid(trace, i, used))
			break;
	kvfree(used);
	return i == trace->nr_events ? trace : ERR_PTR(-EINVAL);
}
