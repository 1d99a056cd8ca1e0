/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KASAN: which memory of a heap may be accessed. On kernels without it, and
 * without KASAN for vmalloc space, all of this is nothing. See shadow.c.
 */
#ifndef SPANHEAP_SHADOW_H
#define SPANHEAP_SHADOW_H

#include <linux/kconfig.h>
#include <linux/types.h>

#define SH_SHADOW	(IS_ENABLED(CONFIG_KASAN_GENERIC) && \
			 IS_ENABLED(CONFIG_KASAN_VMALLOC))

#if SH_SHADOW
void sh_shadow_open(const void *ptr, size_t bytes);
void sh_shadow_trim(const void *ptr, size_t size, size_t bytes);
void sh_shadow_freed(const void *ptr, size_t bytes);
void sh_shadow_unused(const void *ptr, size_t bytes);
size_t sh_shadow_accessible(const void *ptr, size_t bytes);
#else
static inline void sh_shadow_open(const void *ptr, size_t bytes) { }
static inline void sh_shadow_freed(const void *ptr, size_t bytes) { }
static inline void sh_shadow_unused(const void *ptr, size_t bytes) { }

static inline size_t sh_shadow_accessible(const void *ptr, size_t bytes)
{
	return bytes;
}
#endif

#endif /* SPANHEAP_SHADOW_H */
