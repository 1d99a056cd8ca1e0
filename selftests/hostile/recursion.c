// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - probes that use the heap whose events they are told of
 */
#include <linux/preempt.h>
#include <linux/string.h>
#include <trace/events/spanheap.h>

#include "hostile.h"

struct probed {
	struct hostile *h;
	unsigned int calls;
};

static bool of_hostile(const char *heap)
{
	return !strcmp(heap, "hostile");
}

static void on_alloc(void *data, unsigned long call_site, const char *heap,
		     const void *ptr, size_t bytes_req, size_t bytes_alloc,
		     gfp_t gfp)
{
	struct probed *probed = data;
	void *p;

	if (!of_hostile(heap))
		return;
	probed->calls++;
	p = spanheap_alloc(probed->h->heap, 64, GFP_ATOMIC);
	EXPECT(p && p != ptr);
	spanheap_free(p);
}

static void alloc_now(void *arg)
{
	void *p = spanheap_alloc(arg, 64, GFP_ATOMIC);

	EXPECT(p);
	spanheap_free(p);
}

/* The probe of an allocation allocates, and would be told of that. */
static void alloc_in_alloc_probe(struct hostile *h)
{
	struct probed probed = { .h = h };

	if (!EXPECT(!register_trace_alloc(on_alloc, &probed)))
		return;
	hostile_do(h, alloc_now, h->heap);
	unregister_trace_alloc(on_alloc, &probed);
	tracepoint_synchronize_unregister();
	EXPECT(probed.calls == 1);
}

static void on_free(void *data, unsigned long call_site, const char *heap,
		    const void *ptr, size_t bytes)
{
	struct probed *probed = data;

	if (!of_hostile(heap))
		return;
	probed->calls++;
	spanheap_free(ptr);
}

/* The probe of a free frees the same object. */
static void free_in_free_probe(struct hostile *h)
{
	void *p = spanheap_alloc(h->heap, 64, GFP_KERNEL);
	struct probed probed = { .h = h };

	if (!EXPECT(!register_trace_free(on_free, &probed)))
		return;
	hostile_free(h, p);
	unregister_trace_free(on_free, &probed);
	tracepoint_synchronize_unregister();
	EXPECT(probed.calls == 1);
}

const struct hostile_bug hostile_recursion_bugs[] = {
	{ "alloc_in_alloc_probe", alloc_in_alloc_probe },
	{ "free_in_free_probe", free_in_free_probe, 1 },
	{ }
};
