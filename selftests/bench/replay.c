// SPDX-License-Identifier: GPL-2.0
/*
 * Workload "replay": the kernel's own allocations, recorded elsewhere, done
 * again by each allocator
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "alloc.h"
#include "liveset.h"
#include "trace.h"

#define CHUNK		1024	/* events between two looks at memory */
#define NR_MARKS	64	/* places in the trace whose figures are kept */

struct replay {
	const struct bench_trace *trace;
	void **objs;
	u32 first;		/* event of the next chunk */
	u64 ns;
	u64 base;		/* memory held before the first event */
	u64 peak_bytes;
	u64 peak_live;		/* bytes asked for and not freed yet */
	u64 marks[BENCH_NR_KINDS][NR_MARKS];
	u64 live_marks[NR_MARKS];
};

/* The mark that an event belongs to; the last event of a mark fills it. */
static u32 mark_of(const struct bench_trace *trace, u32 event)
{
	return (u64)event * NR_MARKS / trace->nr_events;
}

enum metric { TIME_NS, PEAK_BYTES, NR_METRICS };

static __always_inline int replay_chunk(const enum bench_kind kind,
					const struct bench_subject s,
					void *arg,
					struct bench_sample *sample)
{
	struct replay *replay = arg;
	const struct bench_trace_event *event, *end;
	void **objs = replay->objs;
	u64 start = ktime_get_ns();

	event = &replay->trace->events[replay->first];
	for (end = event + sample->n; event < end; event++) {
		if (event->size) {
			objs[event->slot] = bench_alloc(kind, &s, event->size);
			if (unlikely(!objs[event->slot]))
				return -ENOMEM;
		} else {
			bench_free(kind, &s, objs[event->slot]);
			objs[event->slot] = NULL;
		}
	}
	replay->ns += ktime_get_ns() - start;
	return 0;
}

static int replay_events(const struct bench_subject *s, struct replay *replay)
{
	u32 nr = replay->trace->nr_events;
	struct bench_sample sample;
	u64 bytes;
	int ret = 0;

	for (replay->first = 0; replay->first < nr && !ret;
	     replay->first += CHUNK) {
		sample.n = min_t(u32, CHUNK, nr - replay->first);
		ret = bench_dispatch(replay_chunk, s, replay, &sample);
		if (!ret)
			ret = bench_breathe();
		bytes = bench_subject_bytes(s);
		bytes = bytes > replay->base ? bytes - replay->base : 0;
		replay->peak_bytes = max(replay->peak_bytes, bytes);
		replay->marks[s->kind][mark_of(replay->trace, replay->first)] =
			bytes;
	}
	return ret;
}

static int replay_once(enum bench_kind kind, struct replay *replay,
		       u64 *values, unsigned int stride)
{
	struct bench_subject s;
	int ret;

	ret = bench_subject_init(&s, kind, 0);
	if (ret)
		return ret;

	replay->ns = 0;
	replay->peak_bytes = 0;
	replay->base = bench_subject_base(&s);
	ret = replay_events(&s, replay);

	values[TIME_NS * stride] = div_u64(replay->ns * BENCH_SCALE,
					   replay->trace->nr_events);
	values[PEAK_BYTES * stride] = replay->peak_bytes * BENCH_SCALE;

	bench_drain(&s, replay->objs, replay->trace->nr_slots);
	bench_subject_exit(&s);
	return ret;
}

/* What the trace itself holds, which no allocator can go below. */
static int measure_live(struct replay *replay)
{
	const struct bench_trace *trace = replay->trace;
	u32 *sizes = kvcalloc(trace->nr_slots, sizeof(*sizes), GFP_KERNEL);
	u64 live = 0;
	u32 i;

	if (!sizes)
		return -ENOMEM;
	for (i = 0; i < trace->nr_events; i++) {
		const struct bench_trace_event *event = &trace->events[i];

		live += event->size;
		live -= sizes[event->slot];
		sizes[event->slot] = event->size;
		replay->peak_live = max(replay->peak_live, live);
		replay->live_marks[mark_of(trace, i)] = live;
	}
	kvfree(sizes);
	return 0;
}

/* One figure, in bytes. */
static int report_bytes(struct bench *b, const char *metric, u32 event,
			enum bench_kind kind, u64 bytes)
{
	struct bench_point point = {
		.variant = "trace",
		.count = event,
		.cpus = 1,
		.metric = metric,
		.unit = "bytes",
	};

	bytes *= BENCH_SCALE;
	return bench_report(b, &point, kind, &bytes, 1);
}

static int report_marks(struct bench *b, const struct replay *replay,
			enum bench_kind kind)
{
	u32 i, event;
	int ret = 0;

	for (i = 0; i < NR_MARKS && !ret; i++) {
		event = (u64)(i + 1) * replay->trace->nr_events / NR_MARKS;
		ret = report_bytes(b, "resident", event, kind,
				   replay->marks[kind][i]);
		if (!ret)
			ret = report_bytes(b, "live", event, kind,
					   replay->live_marks[i]);
	}
	return ret;
}

static int report_kind(struct bench *b, const struct replay *replay,
		       enum bench_kind kind, u64 *values, unsigned int runs)
{
	u32 nr_events = replay->trace->nr_events;
	struct bench_point point = {
		.variant = "trace",
		.count = nr_events,
		.cpus = 1,
		.metric = "time",
		.unit = "ns",
	};
	int ret;

	ret = bench_report(b, &point, kind, &values[TIME_NS * runs], runs);
	if (ret)
		return ret;

	point.metric = "peak_resident";
	point.unit = "bytes";
	ret = bench_report(b, &point, kind, &values[PEAK_BYTES * runs], runs);
	if (!ret)
		ret = report_bytes(b, "peak_live", nr_events, kind,
				   replay->peak_live);
	if (!ret)
		ret = report_marks(b, replay, kind);
	return ret;
}

static int replay_kinds(struct bench *b, struct replay *replay)
{
	static const enum bench_kind kinds[] = {
		BENCH_SPANHEAP, BENCH_KMALLOC,
	};
	u64 values[ARRAY_SIZE(kinds)][NR_METRICS * BENCH_LONG_RUNS];
	unsigned int runs = min(b->options.runs, BENCH_LONG_RUNS);
	unsigned int run, i;
	int ret = 0;

	for (run = 0; run < runs && !ret; run++)
		for (i = 0; i < ARRAY_SIZE(kinds) && !ret; i++)
			ret = replay_once(kinds[i], replay, &values[i][run],
					  runs);

	for (i = 0; i < ARRAY_SIZE(kinds) && !ret; i++)
		ret = report_kind(b, replay, kinds[i], values[i], runs);
	return ret;
}

int bench_replay(struct bench *b)
{
	const struct bench_trace *trace = bench_trace_get(b);
	struct replay *replay;
	int ret;

	if (IS_ERR(trace))
		return PTR_ERR(trace);
	if (!trace->nr_slots)
		return -ENODATA;

	replay = kvzalloc(sizeof(*replay), GFP_KERNEL);
	if (!replay)
		return -ENOMEM;
	replay->trace = trace;
	replay->objs = bench_objs_create(trace->nr_slots);
	ret = replay->objs ? measure_live(replay) : -ENOMEM;
	if (!ret)
		ret = replay_kinds(b, replay);
	bench_objs_destroy(replay->objs);
	kvfree(replay);
	return ret;
}
