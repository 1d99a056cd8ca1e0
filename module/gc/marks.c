// SPDX-License-Identifier: GPL-2.0
/*
 * Marks of objects that are kept beside them, by heap page in an xarray, with a mark of
 * its own for pages that have objects to look into: no recursion, and no list of
 * objects. For searches that look at a heap and must not change it.
 *
 * Locks: none; a search is one task's. Contexts: task, may sleep.
 */
#include <linux/bitmap.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault.h"
#include "base/sizeclass.h"
#include "gc/marks.h"

/* Objects start at multiples of 8 bytes. */
#define GRANULE		8
#define GRANULES	(SH_PAGE_SIZE / GRANULE)

/* Of pages with objects that are reached and not yet looked into. */
#define HAS_WORK	XA_MARK_0

/**
 * struct page_marks - what is known of the objects that start in a heap page
 * @reached: from where the search began
 * @referred: from another object that is not
 * @todo: reached, but not looked into
 */
struct page_marks {
	DECLARE_BITMAP(reached, GRANULES);
	DECLARE_BITMAP(referred, GRANULES);
	DECLARE_BITMAP(todo, GRANULES);
};

static unsigned long index_of(const void *addr)
{
	return (unsigned long)addr >> SH_PAGE_SHIFT;
}

static unsigned int granule(const void *addr)
{
	return ((unsigned long)addr & ~SH_PAGE_MASK) / GRANULE;
}

/**
 * sh_marks_init() - begin a search
 * @marks: the marks
 */
void sh_marks_init(struct sh_marks *marks)
{
	xa_init(&marks->pages);
	marks->nr = 0;
}

/**
 * sh_marks_exit() - forget all marks
 * @marks: the marks
 */
void sh_marks_exit(struct sh_marks *marks)
{
	struct page_marks *page;
	unsigned long index;

	xa_for_each(&marks->pages, index, page) {
		kfree(page);
		cond_resched();
	}
	xa_destroy(&marks->pages);
}

static struct page_marks *get_page_marks(struct sh_marks *marks, const void *addr)
{
	struct page_marks *page = xa_load(&marks->pages, index_of(addr));
	int err;

	if (page)
		return page;
	page = sh_fault(SH_FAULT_META) ? NULL :
	       kzalloc(sizeof(*page), GFP_KERNEL | __GFP_NOWARN);
	if (!page)
		return NULL;
	err = xa_err(xa_store(&marks->pages, index_of(addr), page,
			      GFP_KERNEL | __GFP_NOWARN));
	if (!err)
		return page;
	kfree(page);
	return NULL;
}

/**
 * sh_marks_reached() - whether an object was reached
 * @marks: the marks
 * @start: the object
 *
 * Return: whether it was.
 */
bool sh_marks_reached(struct sh_marks *marks, const void *start)
{
	struct page_marks *page = xa_load(&marks->pages, index_of(start));

	return page && test_bit(granule(start), page->reached);
}

/**
 * sh_marks_referred() - whether an object that is not reached refers to this one
 * @marks: the marks
 * @start: the object
 *
 * Return: whether one does.
 */
bool sh_marks_referred(struct sh_marks *marks, const void *start)
{
	struct page_marks *page = xa_load(&marks->pages, index_of(start));

	return page && test_bit(granule(start), page->referred);
}

/**
 * sh_marks_reach() - note that an object is reached, and is to be looked into
 * @marks: the marks
 * @start: the object
 *
 * Return: 0 or -ENOMEM.
 */
int sh_marks_reach(struct sh_marks *marks, const void *start)
{
	struct page_marks *page = get_page_marks(marks, start);

	if (!page)
		return -ENOMEM;
	if (__test_and_set_bit(granule(start), page->reached))
		return 0;
	marks->nr++;
	__set_bit(granule(start), page->todo);
	xa_set_mark(&marks->pages, index_of(start), HAS_WORK);
	return 0;
}

/**
 * sh_marks_refer() - note that an object that is not reached refers to another
 * @marks: the marks
 * @start: the other
 *
 * Return: 0 or -ENOMEM.
 */
int sh_marks_refer(struct sh_marks *marks, const void *start)
{
	struct page_marks *page = get_page_marks(marks, start);

	if (!page)
		return -ENOMEM;
	__set_bit(granule(start), page->referred);
	return 0;
}

/**
 * sh_marks_work() - look into reached objects until there are none to look into
 * @marks: the marks
 * @fn: looks into one; may reach others; returns 0 or an error
 * @arg: passed to it
 *
 * Return: 0 or the first error.
 */
int sh_marks_work(struct sh_marks *marks, int (*fn)(void *start, void *arg), void *arg)
{
	struct page_marks *page;
	unsigned long index;
	unsigned int i;
	int err = 0;

	do {
		index = 0;
		page = xa_find(&marks->pages, &index, ULONG_MAX, HAS_WORK);
		if (!page)
			return 0;
		xa_clear_mark(&marks->pages, index, HAS_WORK);
		while (!err && (i = find_first_bit(page->todo, GRANULES)) < GRANULES) {
			__clear_bit(i, page->todo);
			err = fn((void *)((index << SH_PAGE_SHIFT) + i * GRANULE), arg);
		}
		cond_resched();
	} while (!err);
	return err;
}
