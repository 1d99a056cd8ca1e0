/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Size classes: which object sizes there are and how spans of them are laid
 * out. The tables are made at build time by module/base/gen-sizeclasses.awk, which
 * also states the rules.
 */
#ifndef SPANHEAP_SIZECLASS_H
#define SPANHEAP_SIZECLASS_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/spanheap.h>
#include <linux/types.h>

/* A heap page, the unit spans are measured in, whatever PAGE_SIZE is. */
#define SH_PAGE_SHIFT	13
#define SH_PAGE_SIZE	BIT(SH_PAGE_SHIFT)
#define SH_PAGE_MASK	(~(SH_PAGE_SIZE - 1))

/* Classes 1 to 67. Class 0 is everything that is no span of small objects. */
#define SH_NR_CLASSES	68
#define SH_MAX_ELEMS	1024

/*
 * The fast paths have no class but an offset: into sh_classes, and into the slots
 * of a CPU's cache, both of which have entries of this size.
 */
#define SH_CLASS_SHIFT	5
#define SH_CLASS_BYTES	BIT(SH_CLASS_SHIFT)

/**
 * struct sh_class - the layout of a size class
 * @magic: for offsets within a span, offset / size == (offset * magic) >> 32,
 *	and the lower half of the product is less than magic if and only if
 *	nothing remains (Lemire, Kaser, Kurz: Faster remainder by direct
 *	computation, 2019)
 * @bytes: bytes of a span that objects may take, its tail included; 0 for
 *	class 0, so that no offset is within
 * @size: bytes of an object
 * @elems: objects in a span
 * @batch: half of what a CPU's cache holds at first, and what it moves to and from
 *	the spans at a time as long as it holds no more
 * @pages: heap pages of a span
 */
struct sh_class {
	u64 magic;
	u64 bytes;
	u32 size;
	u16 elems;
	u8 batch;
	u8 pages;
} __aligned(SH_CLASS_BYTES);

extern const struct sh_class sh_classes[SH_NR_CLASSES];
/* Offsets of classes by size. Up to this size they are in sh_class_by_8. */
#define SH_CLASS_BY_8_MAX	1024

extern const u16 sh_class_by_8[SH_CLASS_BY_8_MAX / 8 + 1];
extern const u16 sh_class_by_128[(SPANHEAP_MAX_SMALL - SH_CLASS_BY_8_MAX) / 128 + 1];

/**
 * sh_size_class_offset() - the class that serves a size, as an offset
 * @size: bytes, at most SPANHEAP_MAX_SMALL
 *
 * Return: the offset, 0 for size 0.
 */
static __always_inline unsigned long sh_size_class_offset(size_t size)
{
	if (likely(size <= SH_CLASS_BY_8_MAX))
		return sh_class_by_8[(size + 7) >> 3];
	return sh_class_by_128[(size - SH_CLASS_BY_8_MAX + 127) >> 7];
}

/**
 * sh_size_class() - the class that serves a size
 * @size: bytes, at most SPANHEAP_MAX_SMALL
 *
 * Return: the class, 0 for size 0.
 */
static __always_inline unsigned int sh_size_class(size_t size)
{
	return sh_size_class_offset(size) >> SH_CLASS_SHIFT;
}

/* What an object of @size bytes takes up. */
static inline size_t sh_size_roundup(size_t size)
{
	if (size <= SPANHEAP_MAX_SMALL)
		return sh_classes[sh_size_class(size)].size;
	if (size > SIZE_MAX - SH_PAGE_SIZE)
		return size;
	return ALIGN(size, SH_PAGE_SIZE);
}

/* The class that an offset means. */
static __always_inline const struct sh_class *sh_class_at(unsigned long offset)
{
	return (const void *)sh_classes + offset;
}

/**
 * sh_class_index() - find the object that holds an offset
 * @info: the class of the span
 * @off: bytes from the start of the span
 * @idx: set to its index, which means nothing when there is none
 *
 * Return: whether there is one: the tail of a span belongs to none.
 */
static inline bool sh_class_index(const struct sh_class *info, unsigned long off,
				  u32 *idx)
{
	*idx = ((u64)off * info->magic) >> 32;
	return off < info->bytes && *idx < info->elems;
}

/* Where an object starts, in bytes from the start of its span. */
static inline unsigned long sh_class_offset(const struct sh_class *info, u32 idx)
{
	return (unsigned long)idx * info->size;
}

#endif /* SPANHEAP_SIZECLASS_H */
