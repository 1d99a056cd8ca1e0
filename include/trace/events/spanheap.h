/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of spanheap. Probes are called with preemption off and without
 * any lock of spanheap's, and may allocate and free: while a probe runs, what
 * happens on that CPU in the same context (task, soft or hard interrupt)
 * makes no events, so that a probe never calls itself.
 *
 * Sizes are bytes. Addresses of objects are printed hashed.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM spanheap

#if !defined(_TRACE_SPANHEAP_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_SPANHEAP_H

#include <linux/string.h>
#include <linux/types.h>
#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>

/*
 * A string of any length. __assign_str() would do, if it took the same arguments
 * in all kernels.
 */
#undef SH_STRING
#define SH_STRING(dst, src)	__dynamic_array(char, dst, strlen(src) + 1)
#undef SH_ASSIGN_STR
#define SH_ASSIGN_STR(dst, src)						\
	strscpy((char *)__get_dynamic_array(dst), src,			\
		__get_dynamic_array_len(dst))

/* An allocation that succeeded. */
TRACE_EVENT(alloc,

	TP_PROTO(unsigned long call_site, const char *heap, const void *ptr,
		 size_t bytes_req, size_t bytes_alloc, gfp_t gfp),

	TP_ARGS(call_site, heap, ptr, bytes_req, bytes_alloc, gfp),

	TP_STRUCT__entry(
		__field(unsigned long, call_site)
		SH_STRING(heap, heap)
		__field(const void *, ptr)
		__field(size_t, bytes_req)
		__field(size_t, bytes_alloc)
		__field(unsigned long, gfp)
	),

	TP_fast_assign(
		__entry->call_site = call_site;
		SH_ASSIGN_STR(heap, heap);
		__entry->ptr = ptr;
		__entry->bytes_req = bytes_req;
		__entry->bytes_alloc = bytes_alloc;
		__entry->gfp = (__force unsigned long)gfp;
	),

	TP_printk("heap=%s call_site=%pS ptr=%p bytes_req=%zu bytes_alloc=%zu gfp_flags=%s",
		  __get_str(heap), (void *)__entry->call_site, __entry->ptr,
		  __entry->bytes_req, __entry->bytes_alloc,
		  show_gfp_flags(__entry->gfp))
);

/* A live object is about to be freed. */
TRACE_EVENT(free,

	TP_PROTO(unsigned long call_site, const char *heap, const void *ptr,
		 size_t bytes),

	TP_ARGS(call_site, heap, ptr, bytes),

	TP_STRUCT__entry(
		__field(unsigned long, call_site)
		SH_STRING(heap, heap)
		__field(const void *, ptr)
		__field(size_t, bytes)
	),

	TP_fast_assign(
		__entry->call_site = call_site;
		SH_ASSIGN_STR(heap, heap);
		__entry->ptr = ptr;
		__entry->bytes = bytes;
	),

	TP_printk("heap=%s call_site=%pS ptr=%p bytes=%zu", __get_str(heap),
		  (void *)__entry->call_site, __entry->ptr, __entry->bytes)
);

DECLARE_EVENT_CLASS(sh_batch,

	TP_PROTO(const char *heap, size_t size, unsigned int nr),

	TP_ARGS(heap, size, nr),

	TP_STRUCT__entry(
		SH_STRING(heap, heap)
		__field(size_t, size)
		__field(unsigned int, nr)
	),

	TP_fast_assign(
		SH_ASSIGN_STR(heap, heap);
		__entry->size = size;
		__entry->nr = nr;
	),

	TP_printk("heap=%s size=%zu nr=%u", __get_str(heap), __entry->size,
		  __entry->nr)
);

/* A CPU's cache had no object of a size class and took some from its spans. */
DEFINE_EVENT(sh_batch, refill,
	     TP_PROTO(const char *heap, size_t size, unsigned int nr),
	     TP_ARGS(heap, size, nr));

/* A CPU's cache had no room for an object and gave some back to the spans. */
DEFINE_EVENT(sh_batch, flush,
	     TP_PROTO(const char *heap, size_t size, unsigned int nr),
	     TP_ARGS(heap, size, nr));

DECLARE_EVENT_CLASS(sh_bytes,

	TP_PROTO(const char *heap, size_t bytes),

	TP_ARGS(heap, bytes),

	TP_STRUCT__entry(
		SH_STRING(heap, heap)
		__field(size_t, bytes)
	),

	TP_fast_assign(
		SH_ASSIGN_STR(heap, heap);
		__entry->bytes = bytes;
	),

	TP_printk("heap=%s bytes=%zu", __get_str(heap), __entry->bytes)
);

/* A heap took more address space into use, at least this much of it. */
DEFINE_EVENT(sh_bytes, grow,
	     TP_PROTO(const char *heap, size_t bytes),
	     TP_ARGS(heap, bytes));

/* Memory was put behind pages that had none. */
DEFINE_EVENT(sh_bytes, populate,
	     TP_PROTO(const char *heap, size_t bytes),
	     TP_ARGS(heap, bytes));

/* A batch of idle pages gave up its memory, with one TLB shootdown. */
DEFINE_EVENT(sh_bytes, release,
	     TP_PROTO(const char *heap, size_t bytes),
	     TP_ARGS(heap, bytes));

/* A pass over a heap that gave memory back has ended. */
TRACE_EVENT(scavenge,

	TP_PROTO(const char *heap, const char *reason, size_t bytes, u64 ns),

	TP_ARGS(heap, reason, bytes, ns),

	TP_STRUCT__entry(
		SH_STRING(heap, heap)
		SH_STRING(reason, reason)
		__field(size_t, bytes)
		__field(u64, ns)
	),

	TP_fast_assign(
		SH_ASSIGN_STR(heap, heap);
		SH_ASSIGN_STR(reason, reason);
		__entry->bytes = bytes;
		__entry->ns = ns;
	),

	TP_printk("heap=%s reason=%s bytes=%zu ns=%llu", __get_str(heap),
		  __get_str(reason), __entry->bytes, __entry->ns)
);

/* A heap can be used from now on. */
TRACE_EVENT(heap_create,

	TP_PROTO(const char *heap, size_t limit),

	TP_ARGS(heap, limit),

	TP_STRUCT__entry(
		SH_STRING(heap, heap)
		__field(size_t, limit)
	),

	TP_fast_assign(
		SH_ASSIGN_STR(heap, heap);
		__entry->limit = limit;
	),

	TP_printk("heap=%s limit=%zu", __get_str(heap), __entry->limit)
);

/* A heap is about to go, and with it what is still allocated. */
TRACE_EVENT(heap_destroy,

	TP_PROTO(const char *heap, u64 objects, u64 bytes),

	TP_ARGS(heap, objects, bytes),

	TP_STRUCT__entry(
		SH_STRING(heap, heap)
		__field(u64, objects)
		__field(u64, bytes)
	),

	TP_fast_assign(
		SH_ASSIGN_STR(heap, heap);
		__entry->objects = objects;
		__entry->bytes = bytes;
	),

	TP_printk("heap=%s objects=%llu bytes=%llu", __get_str(heap),
		  __entry->objects, __entry->bytes)
);

/* A free, or a call like it, was refused. */
TRACE_EVENT(bad_free,

	TP_PROTO(const char *heap, const void *ptr, const char *call,
		 const char *what),

	TP_ARGS(heap, ptr, call, what),

	TP_STRUCT__entry(
		SH_STRING(heap, heap)
		__field(const void *, ptr)
		SH_STRING(call, call)
		SH_STRING(what, what)
	),

	TP_fast_assign(
		SH_ASSIGN_STR(heap, heap);
		__entry->ptr = ptr;
		SH_ASSIGN_STR(call, call);
		SH_ASSIGN_STR(what, what);
	),

	TP_printk("heap=%s ptr=%p call=%s what=\"%s\"", __get_str(heap),
		  __entry->ptr, __get_str(call), __get_str(what))
);

#endif /* _TRACE_SPANHEAP_H */

#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE spanheap
#include <trace/define_trace.h>
