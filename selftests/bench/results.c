// SPDX-License-Identifier: GPL-2.0
/*
 * The list of figures, and its form as comma-separated values
 */
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "results.h"

int bench_results_add(struct bench *b, const struct bench_result *result)
{
	struct bench_result *copy;

	copy = kmemdup(result, sizeof(*result), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;

	strscpy(copy->name, result->point.variant, sizeof(copy->name));
	copy->point.variant = copy->name;
	list_add_tail(&copy->list, &b->results);
	return 0;
}

void bench_results_clear(struct bench *b)
{
	struct bench_result *result, *next;

	list_for_each_entry_safe(result, next, &b->results, list) {
		list_del(&result->list);
		kfree(result);
	}
}

static void show_thousandths(struct seq_file *m, u64 value)
{
	u32 rest;
	u64 whole = div_u64_rem(value, BENCH_SCALE, &rest);

	seq_printf(m, ",%llu.%03u", whole, rest);
}

void bench_results_show(struct bench *b, struct seq_file *m)
{
	const struct bench_result *result;

	seq_puts(m, "workload,variant,size,count,cpus,metric,unit,");
	seq_puts(m, "allocator,median,spread,runs\n");
	list_for_each_entry(result, &b->results, list) {
		const struct bench_point *p = &result->point;

		seq_printf(m, "%s,%s,%zu,%lu,%u,%s,%s,%s", b->workload,
			   p->variant, p->size, p->count, p->cpus, p->metric,
			   p->unit, result->allocator);
		show_thousandths(m, result->median);
		show_thousandths(m, result->spread);
		seq_printf(m, ",%u\n", result->runs);
	}
}
