/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What objects have beyond the size that was asked for. See slack.c.
 */
#ifndef SPANHEAP_SLACK_H
#define SPANHEAP_SLACK_H

#include "watch/shadow.h"

#if SH_SHADOW
void sh_slack_do_close(const void *obj, size_t size);
void sh_slack_open(const void *obj);
#else
static inline void sh_slack_open(const void *obj) { }
#endif

/**
 * sh_slack_close() - allow accesses to as much of an object as was asked for
 * @obj: an object that its user is about to get, ZERO_SIZE_PTR or NULL
 * @size: bytes asked for
 *
 * Return: @obj.
 */
static __always_inline void *sh_slack_close(void *obj, size_t size)
{
#if SH_SHADOW
	sh_slack_do_close(obj, size);
#endif
	return obj;
}

#endif /* SPANHEAP_SLACK_H */
