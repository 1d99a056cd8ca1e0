// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_hostile - writing past the end of an object, and before its start
 *
 * What is hit belongs to the same owner, so that bystanders must not suffer: an
 * ordinary heap does not see it, and nothing of the heap's own is in reach.
 */
#include <linux/sort.h>

#include "hostile.h"

enum { NR = 16 };

/* Objects of one size, in the order of their addresses. */
struct row {
	char *objs[NR];
};

static int by_address(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void row_get(struct hostile *h, struct row *row, size_t size)
{
	int i;

	for (i = 0; i < NR; i++)
		row->objs[i] = spanheap_alloc(h->heap, size, GFP_KERNEL);
	sort(row->objs, NR, sizeof(row->objs[0]), by_address, NULL);
}

static void row_put(struct row *row)
{
	int i;

	for (i = 0; i < NR; i++)
		spanheap_free(row->objs[i]);
}

/* One that has others of the row right before and after it. */
static char *row_middle(const struct row *row)
{
	int i;

	for (i = 2; i < NR - 1; i++)
		if (row->objs[i + 1] - row->objs[i] ==
		    row->objs[i] - row->objs[i - 1])
			return row->objs[i];
	EXPECT(false);
	return row->objs[0];
}

/* Write @bytes at @offset of an object of @size bytes. */
static void write_at(struct hostile *h, size_t size, long offset, size_t bytes)
{
	struct row row;

	row_get(h, &row, size);
	hostile_write(row_middle(&row) + offset, bytes);
	row_put(&row);
}

/* The NUL of a string that was not counted. */
static void overflow_1(struct hostile *h)
{
	write_at(h, 64, 64, 1);
}

/* One element more than there are. */
static void overflow_8(struct hostile *h)
{
	write_at(h, 64, 64, 8);
}

/* A whole object more. */
static void overflow_64(struct hostile *h)
{
	write_at(h, 64, 64, 64);
}

static void underflow_1(struct hostile *h)
{
	write_at(h, 64, -1, 1);
}

static void underflow_8(struct hostile *h)
{
	write_at(h, 64, -8, 8);
}

static void underflow_64(struct hostile *h)
{
	write_at(h, 64, -64, 64);
}

static void overflow_large_1(struct hostile *h)
{
	write_at(h, SZ_64K, SZ_64K, 1);
}

static void overflow_large_8(struct hostile *h)
{
	write_at(h, SZ_64K, SZ_64K, 8);
}

static void overflow_large_64(struct hostile *h)
{
	write_at(h, SZ_64K, SZ_64K, 64);
}

static void underflow_large_1(struct hostile *h)
{
	write_at(h, SZ_64K, -1, 1);
}

static void underflow_large_8(struct hostile *h)
{
	write_at(h, SZ_64K, -8, 8);
}

static void underflow_large_64(struct hostile *h)
{
	write_at(h, SZ_64K, -64, 64);
}

/* Within what the size was rounded up to: nobody else's, but not asked for. */
static void overflow_in_slack(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 52, GFP_KERNEL);

	hostile_write(p + 52, 1);
	spanheap_free(p);
}

static void overflow_in_slack_large(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 50000, GFP_KERNEL);

	hostile_write(p + 50000, 8);
	spanheap_free(p);
}

static void overflow_read_in_slack(struct hostile *h)
{
	char *p = spanheap_alloc(h->heap, 52, GFP_KERNEL);

	hostile_read(p + 56, 8);
	spanheap_free(p);
}

/* The next object was freed a moment ago. */
static void overflow_to_freed(struct hostile *h)
{
	struct row row;
	char *p;
	int i = 0;

	row_get(h, &row, 64);
	p = row_middle(&row);
	while (row.objs[i] <= p)
		i++;
	spanheap_free(row.objs[i]);
	row.objs[i] = NULL;
	hostile_write(p + 64, 8);
	row_put(&row);
}

static void overflow_read(struct hostile *h)
{
	struct row row;

	row_get(h, &row, 64);
	hostile_read(row_middle(&row) + 64, 8);
	row_put(&row);
}

const struct hostile_bug hostile_overflow_bugs[] = {
	{ "overflow_1", overflow_1, 0, true },
	{ "overflow_8", overflow_8, 0, true },
	{ "overflow_64", overflow_64, 0, true },
	{ "underflow_1", underflow_1, 0, true },
	{ "underflow_8", underflow_8, 0, true },
	{ "underflow_64", underflow_64, 0, true },
	{ "overflow_large_1", overflow_large_1, 0, true },
	{ "overflow_large_8", overflow_large_8, 0, true },
	{ "overflow_large_64", overflow_large_64, 0, true },
	{ "underflow_large_1", underflow_large_1, 0, true },
	{ "underflow_large_8", underflow_large_8, 0, true },
	{ "underflow_large_64", underflow_large_64, 0, true },
	{ "overflow_in_slack", overflow_in_slack, 0, true },
	{ "overflow_in_slack_large", overflow_in_slack_large, 0, true },
	{ "overflow_to_freed", overflow_to_freed, 0, true },
	{ "overflow_read", overflow_read, 0, true },
	{ "overflow_read_in_slack", overflow_read_in_slack, 0, true },
	{ }
};
