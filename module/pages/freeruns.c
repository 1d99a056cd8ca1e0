// SPDX-License-Identifier: GPL-2.0
/*
 * Where free runs wait. Short ones in a list for each length, with a bitmap of
 * the lists that are not empty: constant time. Long ones in a red-black tree by
 * (length, address): the best fit, at the lowest address of those, in O(log n).
 * The Go runtime's page heap had the same two parts before its radix tree.
 *
 * Beside that all runs with memory behind them are in a list by age, so that
 * giving memory back finds the longest idle without a search. Runs with pages that
 * are charged to a memory cgroup, which go back early, have such a list of their
 * own.
 *
 * Invariants: a run is in exactly one of shorts and longs; it is in a list by age
 * if and only if some of its pages are resident.
 *
 * Locks: the page heap's, held by the caller. Contexts: any.
 */
#include <linux/bitmap.h>
#include <linux/jiffies.h>

#include "base/compat.h"
#include "pages/freeruns.h"

/* Runs to pass for a place in the list by age. */
#define PLACES_TRIED	32

/*
 * Runs to look at that are long enough, but not so long that aligned pages are
 * sure to be in them: of a length, and in all.
 */
#define TRIED_OF_LENGTH	8
#define TRIED_IN_ALL	64

/* Pages of runs that are partly resident to look at, for those at the front. */
#define COUNTED_IN_ALL	1024

/**
 * sh_freeruns_init() - make an empty set
 * @fr: the set
 */
void sh_freeruns_init(struct sh_freeruns *fr)
{
	int i;

	for (i = 0; i < SH_SHORT_RUN; i++)
		INIT_LIST_HEAD(&fr->shorts[i]);
	bitmap_zero(fr->lengths, SH_SHORT_RUN);
	fr->longs = RB_ROOT;
	INIT_LIST_HEAD(&fr->lru);
	INIT_LIST_HEAD(&fr->charged);
	fr->charged_pages = 0;
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_init);

static struct sh_span *to_run(const struct rb_node *node)
{
	return rb_entry(node, struct sh_span, rb);
}

static bool run_less(struct rb_node *a, const struct rb_node *b)
{
	const struct sh_span *x = to_run(a), *y = to_run(b);

	if (x->nr_pages != y->nr_pages)
		return x->nr_pages < y->nr_pages;
	return x->key < y->key;
}

static void add_by_length(struct sh_freeruns *fr, struct sh_span *run)
{
	struct list_head *list;

	if (run->nr_pages >= SH_SHORT_RUN) {
		rb_add(&run->rb, &fr->longs, run_less);
		return;
	}
	list = &fr->shorts[run->nr_pages];
	if (run->released)
		list_add_tail(&run->link, list);
	else
		list_add(&run->link, list);
	__set_bit(run->nr_pages, fr->lengths);
}

static void del_by_length(struct sh_freeruns *fr, struct sh_span *run)
{
	if (run->nr_pages >= SH_SHORT_RUN) {
		rb_erase(&run->rb, &fr->longs);
		return;
	}
	list_del(&run->link);
	if (list_empty(&fr->shorts[run->nr_pages]))
		__clear_bit(run->nr_pages, fr->lengths);
}

static struct list_head *list_by_age(struct sh_freeruns *fr,
				     const struct sh_span *run)
{
	return run->charged ? &fr->charged : &fr->lru;
}

static unsigned long charged_pages(const struct sh_span *run)
{
	return run->charged ? run->nr_pages - run->released : 0;
}

/**
 * sh_freeruns_add() - add a run that became idle now
 * @fr: the set
 * @run: the run; its age starts here
 */
void sh_freeruns_add(struct sh_freeruns *fr, struct sh_span *run)
{
	run->idle_since = jiffies;
	if (run->released < run->nr_pages)
		list_add_tail(&run->lru, list_by_age(fr, run));
	else
		INIT_LIST_HEAD(&run->lru);
	fr->charged_pages += charged_pages(run);
	add_by_length(fr, run);
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_add);

/**
 * sh_freeruns_add_since() - add a run that has been idle for a while
 * @fr: the set
 * @run: the run
 * @since: jiffies at which it became idle
 *
 * It was among the longest idle, so its place in the list by age is close to the
 * front. If it is not, its age starts here. Without resident pages it needs none.
 */
void sh_freeruns_add_since(struct sh_freeruns *fr, struct sh_span *run,
			   unsigned long since)
{
	struct sh_span *other;
	int tries = PLACES_TRIED;

	sh_freeruns_add(fr, run);
	if (run->released == run->nr_pages) {
		run->idle_since = since;
		return;
	}
	list_for_each_entry(other, list_by_age(fr, run), lru) {
		if (other == run || !tries--)
			break;
		if (time_after_eq(other->idle_since, since)) {
			run->idle_since = since;
			list_move_tail(&run->lru, &other->lru);
			return;
		}
	}
	if (other == run)
		run->idle_since = since;
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_add_since);

/**
 * sh_freeruns_del() - take a run out
 * @fr: the set
 * @run: a run in it
 */
void sh_freeruns_del(struct sh_freeruns *fr, struct sh_span *run)
{
	list_del(&run->lru);
	fr->charged_pages -= charged_pages(run);
	del_by_length(fr, run);
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_del);

/**
 * sh_freeruns_shrink() - cut pages off the front of a run in the set
 * @fr: the set
 * @run: a run in it
 * @nr_pages: heap pages to cut off, fewer than it has
 * @released: how many of these are not resident
 *
 * What is left keeps the run's age, and its place in the list by age.
 */
void sh_freeruns_shrink(struct sh_freeruns *fr, struct sh_span *run,
			u32 nr_pages, u32 released)
{
	del_by_length(fr, run);
	fr->charged_pages -= charged_pages(run);
	WRITE_ONCE(run->key, run->key + ((size_t)nr_pages << SH_PAGE_SHIFT));
	run->nr_pages -= nr_pages;
	run->released -= released;
	if (run->released == run->nr_pages)
		list_del_init(&run->lru);
	fr->charged_pages += charged_pages(run);
	add_by_length(fr, run);
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_shrink);

static struct sh_span *first_of_age(struct list_head *list, unsigned long age)
{
	struct sh_span *run = list_first_entry_or_null(list, struct sh_span, lru);

	return run && time_after_eq(jiffies, run->idle_since + age) ? run : NULL;
}

/**
 * sh_freeruns_oldest() - find what to give back
 * @fr: the set
 * @age: jiffies that it must have been idle
 * @charged: only of what is charged to memory cgroups
 *
 * Return: a run with resident pages, of those that are charged if there are any,
 * the longest idle of its kind; NULL when none is old enough.
 */
struct sh_span *sh_freeruns_oldest(struct sh_freeruns *fr, unsigned long age,
				   bool charged)
{
	struct sh_span *run = first_of_age(&fr->charged, age);

	return run || charged ? run : first_of_age(&fr->lru, age);
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_oldest);

/* The shortest long run that fits, the lowest of these. */
static struct sh_span *best_long(struct sh_freeruns *fr, unsigned long nr_pages)
{
	struct rb_node *node = fr->longs.rb_node;
	struct sh_span *best = NULL;

	while (node) {
		if (to_run(node)->nr_pages >= nr_pages) {
			best = to_run(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return best;
}

static struct sh_span *shortest(struct sh_freeruns *fr, unsigned long nr_pages)
{
	unsigned long len;

	if (nr_pages < SH_SHORT_RUN) {
		len = find_next_bit(fr->lengths, SH_SHORT_RUN, nr_pages);
		if (len < SH_SHORT_RUN)
			return list_first_entry(&fr->shorts[len],
						struct sh_span, link);
	}
	return best_long(fr, nr_pages);
}

static bool run_fits(const struct sh_span *run, unsigned long nr_pages,
		     unsigned long align)
{
	return sh_run_skip(run, align) + nr_pages <= run->nr_pages;
}

/* One of the short runs of a length that fits, of the first @tries. */
static struct sh_span *try_length(struct sh_freeruns *fr, unsigned long len,
				  unsigned long nr_pages, unsigned long align,
				  int tries)
{
	struct sh_span *run;

	list_for_each_entry(run, &fr->shorts[len], link) {
		if (run_fits(run, nr_pages, align))
			return run;
		if (!--tries)
			break;
	}
	return NULL;
}

/* A run shorter than @enough that fits all the same, among the first few. */
static struct sh_span *try_tight(struct sh_freeruns *fr, unsigned long nr_pages,
				 unsigned long align, unsigned long enough)
{
	unsigned long len, end = min_t(unsigned long, enough, SH_SHORT_RUN);
	int tries = TRIED_IN_ALL / TRIED_OF_LENGTH;
	struct sh_span *run;

	for (len = find_next_bit(fr->lengths, end, nr_pages); len < end;
	     len = find_next_bit(fr->lengths, end, len + 1)) {
		run = try_length(fr, len, nr_pages, align, TRIED_OF_LENGTH);
		if (run || !--tries)
			return run;
	}
	if (enough <= SH_SHORT_RUN)
		return NULL;
	tries *= TRIED_OF_LENGTH;
	for (run = best_long(fr, nr_pages); run && run->nr_pages < enough && tries--;
	     run = rb_entry_safe(rb_next(&run->rb), struct sh_span, rb))
		if (run_fits(run, nr_pages, align))
			return run;
	return NULL;
}

/**
 * sh_freeruns_best() - find the best fit
 * @fr: the set
 * @nr_pages: heap pages wanted, at least 1
 * @align: alignment of their address in heap pages, a power of two
 *
 * Return: the shortest run that has as many, sh_run_skip() pages from its start
 * on; with an alignment perhaps not the shortest, if many of these have the wrong
 * address, but none of @nr_pages + @align - 1 is passed by. NULL if there is none.
 */
struct sh_span *sh_freeruns_best(struct sh_freeruns *fr, unsigned long nr_pages,
				 unsigned long align)
{
	unsigned long enough = nr_pages + align - 1;
	struct sh_span *run = NULL;

	if (align > 1)
		run = try_tight(fr, nr_pages, align, enough);
	return run ?: shortest(fr, enough);
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_best);

/**
 * sh_freeruns_exact() - find a short run of just one length
 * @fr: the set
 * @nr_pages: heap pages wanted, at least 1, fewer than SH_SHORT_RUN
 * @align: alignment of its address in heap pages, a power of two
 *
 * Return: a run, or NULL when the first few of that length do not fit.
 */
struct sh_span *sh_freeruns_exact(struct sh_freeruns *fr, u32 nr_pages,
				  unsigned long align)
{
	return try_length(fr, nr_pages, nr_pages, align, TRIED_OF_LENGTH);
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_exact);

/*
 * Whether what is wanted takes no more memory than there may be: all of the run,
 * or just its front, if that can be counted with *@countable pages.
 */
static bool affordable(const struct sh_span *run, unsigned long front,
		       unsigned long room, unsigned long *countable)
{
	if (run->released <= room)
		return true;
	if (front > *countable)
		return false;
	*countable -= front;
	return sh_count_released(run, front) <= room;
}

/* One of the runs that became idle last; see sh_freeruns_resident(). */
static struct sh_span *try_newest(struct list_head *list, unsigned long nr_pages,
				  unsigned long align, unsigned long room)
{
	unsigned long countable = COUNTED_IN_ALL;
	int tries = PLACES_TRIED;
	struct sh_span *run;

	list_for_each_entry_reverse(run, list, lru) {
		if (run_fits(run, nr_pages, align) &&
		    affordable(run, sh_run_skip(run, align) + nr_pages, room,
			       &countable))
			return run;
		if (!--tries)
			break;
	}
	return NULL;
}

/**
 * sh_freeruns_resident() - find a run that needs little more memory
 * @fr: the set
 * @nr_pages: heap pages wanted
 * @align: alignment of their address in heap pages, a power of two
 * @room: heap pages there may be more
 *
 * Of the runs that became idle last, so that there is an end to it.
 *
 * Return: a run that is long enough, of which no more than @room pages are without
 * memory up to the last one wanted, or NULL.
 */
struct sh_span *sh_freeruns_resident(struct sh_freeruns *fr,
				     unsigned long nr_pages,
				     unsigned long align, unsigned long room)
{
	return try_newest(&fr->lru, nr_pages, align, room) ?:
	       try_newest(&fr->charged, nr_pages, align, room);
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_resident);

static const char *check_run(const struct sh_span *run)
{
	if (run->state != SH_SPAN_FREE)
		return "a free run is not marked free";
	if (run->released > run->nr_pages)
		return "more pages released than the run has";
	if (run->nr_pages >= SH_SHORT_RUN && run->map != SH_MAP_ENDS)
		return "pages within a long free run are mapped";
	if (list_empty(&run->lru) ? run->released < run->nr_pages :
				    run->released == run->nr_pages)
		return "the list by age has the wrong runs";
	return NULL;
}

/**
 * sh_freeruns_check() - verify the invariants of the set
 * @fr: the set
 * @nr: set to the number of runs in it
 *
 * Return: NULL, or what is wrong.
 */
const char *sh_freeruns_check(struct sh_freeruns *fr, unsigned long *nr)
{
	unsigned long resident = 0, charged = 0, listed = 0, last = 0;
	const char *wrong = NULL;
	struct rb_node *node;
	struct sh_span *run;
	int len;

	*nr = 0;
	for (len = 0; len < SH_SHORT_RUN; len++) {
		if (test_bit(len, fr->lengths) == list_empty(&fr->shorts[len]))
			return "the bitmap of run lengths is wrong";
		list_for_each_entry(run, &fr->shorts[len], link) {
			if (run->nr_pages != len)
				return "a run is in the list of another length";
			wrong = wrong ?: check_run(run);
			listed += !list_empty(&run->lru);
			++*nr;
		}
	}
	for (node = rb_first(&fr->longs); node; node = rb_next(node)) {
		run = to_run(node);
		if (run->nr_pages < SH_SHORT_RUN || run->nr_pages < last)
			return "the tree of long runs is out of order";
		last = run->nr_pages;
		wrong = wrong ?: check_run(run);
		listed += !list_empty(&run->lru);
		++*nr;
	}
	list_for_each_entry(run, &fr->lru, lru)
		resident++;
	list_for_each_entry(run, &fr->charged, lru) {
		resident++;
		charged += charged_pages(run);
	}
	if (charged != fr->charged_pages)
		return "the count of charged idle pages is wrong";
	return resident == listed ? wrong : "the list by age has strays";
}
EXPORT_SYMBOL_IF_KUNIT(sh_freeruns_check);
