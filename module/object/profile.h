/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sampled heap profile. See profile.c and show/profile_text.c.
 */
#ifndef SPANHEAP_PROFILE_H
#define SPANHEAP_PROFILE_H

#include <linux/atomic.h>
#include <linux/gfp.h>

#include "heap/heap.h"

struct seq_file;
struct sh_object;
struct sh_span;

/* Most frames of a stack. */
#define SH_PROFILE_FRAMES	32

/* Bits after the binary point in counts of objects. */
#define SH_PROFILE_BITS		16

/**
 * struct sh_bucket - what was allocated with one stack, estimated from samples
 * @stack: handle of the stack in the kernel's stack depot
 * @live_objs: live objects, SH_PROFILE_BITS after the binary point
 * @live_bytes: bytes in them
 * @all_objs: objects ever allocated, likewise
 * @all_bytes: bytes in them
 */
struct sh_bucket {
	u32 stack;
	atomic64_t live_objs;
	atomic64_t live_bytes;
	atomic64_t all_objs;
	atomic64_t all_bytes;
};

int sh_profile_init(void);
void sh_profile_exit(void);
int sh_profile_set_rate(unsigned long rate);
void sh_profile_start(struct sh_profile *profile);
void sh_profile_drop(struct spanheap *heap);

void sh_profile_sample(struct spanheap *heap, const void *ptr, gfp_t gfp);
void sh_profile_note(struct spanheap *heap, const void *ptr, size_t size,
		     gfp_t gfp);
void sh_profile_note_bulk(struct spanheap *heap, void **objs, unsigned int nr,
			  unsigned int class, gfp_t gfp);
u32 sh_profile_stack(const struct spanheap *heap, const void *ptr);
void sh_profile_forget(struct sh_object *obj);
void sh_profile_resized(struct sh_span *span);
void sh_profile_halved(struct sh_span *span, struct sh_span *rest);

/* show/profile_text.c */
int sh_profile_show(struct spanheap *heap, struct seq_file *m, bool live);
int sh_profile_pprof(struct spanheap *heap, struct seq_file *m);

#endif /* SPANHEAP_PROFILE_H */
