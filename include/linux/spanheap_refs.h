/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How SPANHEAP_TYPE() makes a list of offsets of a list of members. Of use to
 * <linux/spanheap.h> only.
 */
#ifndef _LINUX_SPANHEAP_REFS_H
#define _LINUX_SPANHEAP_REFS_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/stddef.h>

/* Offsets of up to twelve members, each of which is a pointer. */
#define __SPANHEAP_REF(t, m)						\
	(offsetof(t, m) + BUILD_BUG_ON_ZERO(sizeof(((t *)0)->m) != sizeof(void *)))
#define __SPANHEAP_REFS0(t)
#define __SPANHEAP_REFS1(t, m)		__SPANHEAP_REF(t, m)
#define __SPANHEAP_REFS2(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS1(t, __VA_ARGS__)
#define __SPANHEAP_REFS3(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS2(t, __VA_ARGS__)
#define __SPANHEAP_REFS4(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS3(t, __VA_ARGS__)
#define __SPANHEAP_REFS5(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS4(t, __VA_ARGS__)
#define __SPANHEAP_REFS6(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS5(t, __VA_ARGS__)
#define __SPANHEAP_REFS7(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS6(t, __VA_ARGS__)
#define __SPANHEAP_REFS8(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS7(t, __VA_ARGS__)
#define __SPANHEAP_REFS9(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS8(t, __VA_ARGS__)
#define __SPANHEAP_REFS10(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS9(t, __VA_ARGS__)
#define __SPANHEAP_REFS11(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS10(t, __VA_ARGS__)
#define __SPANHEAP_REFS12(t, m, ...)	__SPANHEAP_REF(t, m), __SPANHEAP_REFS11(t, __VA_ARGS__)
#define __SPANHEAP_PICK(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, n, ...) n
#define __SPANHEAP_NR(...)						\
	__SPANHEAP_PICK(0, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define __SPANHEAP_REFS(t, ...)						\
	__PASTE(__SPANHEAP_REFS, __SPANHEAP_NR(__VA_ARGS__))(t, ##__VA_ARGS__)

#endif /* _LINUX_SPANHEAP_REFS_H */
