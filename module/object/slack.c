// SPDX-License-Identifier: GPL-2.0
/*
 * What an object has beyond the size that was asked for, on kernels with KASAN:
 * out of bounds, until its user asks spanheap_size() how much there is. (So it
 * was with kmalloc() and ksize(). It is no permission to use it: FORTIFY_SOURCE
 * does not ask, but who has all of it by other means, a finalizer for one, is let
 * be.)
 *
 * The size asked for is known only where the user's call is: whatever else wants
 * all of an object, to clear or to copy it, opens it first.
 *
 * Locks: none. An address that is asked about need not be anybody's: under RCU
 * its shadow stays. When it is freed at the same moment, an access that is wrong
 * may be missed for that.
 *
 * Contexts: any.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "heap/heap.h"
#include "object/find.h"
#include "object/slack.h"

/* A debug heap keeps red zones right behind its objects. */
static bool find_plain(const void *ptr, struct spanheap_object *obj)
{
	return !ZERO_OR_NULL_PTR(ptr) && sh_find_object(ptr, obj) &&
	       obj->start == ptr && !obj->heap->debug;
}

/**
 * sh_slack_do_close() - the rest of sh_slack_close()
 * @ptr: an object that its user is about to get, ZERO_SIZE_PTR or NULL
 * @size: bytes asked for
 */
void sh_slack_do_close(const void *ptr, size_t size)
{
	struct spanheap_object obj;

	rcu_read_lock();
	if (find_plain(ptr, &obj) && size < obj.size)
		sh_shadow_trim(ptr, size, obj.size);
	rcu_read_unlock();
}

/**
 * sh_slack_open() - allow accesses to all of an object
 * @ptr: any address; does nothing when it is no live object's
 */
void sh_slack_open(const void *ptr)
{
	struct spanheap_object obj;

	rcu_read_lock();
	if (find_plain(ptr, &obj))
		sh_shadow_open(ptr, obj.size);
	rcu_read_unlock();
}
