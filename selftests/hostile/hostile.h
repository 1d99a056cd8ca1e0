/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spanheap_hostile - one small function for each mistake that users of a heap
 * make. Documentation/misuse.rst says how each is caught; test_hostile.sh makes
 * them all and compares.
 *
 * A function is given a heap of the kind under test, makes its mistake once and
 * leaves nothing allocated. It does the wrong call itself through hostile_do()
 * or one of the helpers on top of it, so that it happens in the context under
 * test. What else it promises it says with EXPECT().
 */
#ifndef _SPANHEAP_HOSTILE_H
#define _SPANHEAP_HOSTILE_H

#include <linux/compiler.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/spanheap.h>
#include <linux/types.h>

/**
 * enum hostile_context - where a wrong call is made
 * @HOSTILE_TASK: in the task that asks for it
 * @HOSTILE_SOFTIRQ: in a tasklet
 * @HOSTILE_HARDIRQ: in an irq_work
 */
enum hostile_context {
	HOSTILE_TASK,
	HOSTILE_SOFTIRQ,
	HOSTILE_HARDIRQ,
	HOSTILE_NR_CONTEXTS
};

/**
 * struct hostile - what a mistake is made with
 * @heap: a heap of the kind under test, named "hostile"
 * @config: how that was set up, for further ones of its kind
 * @debug: whether it is a debug heap
 * @context: where hostile_do() calls
 */
struct hostile {
	struct spanheap *heap;
	struct spanheap_config config;
	bool debug;
	enum hostile_context context;
};

/**
 * struct hostile_bug - one mistake
 * @name: as in the table of misuse.rst
 * @run: makes it
 * @refused: how many calls an ordinary heap refuses and counts
 * @task_only: not made in interrupts
 */
struct hostile_bug {
	const char *name;
	void (*run)(struct hostile *h);
	unsigned int refused;
	bool task_only;
};

/* Each ends with an empty name. */
extern const struct hostile_bug hostile_double_bugs[];
extern const struct hostile_bug hostile_stray_bugs[];
extern const struct hostile_bug hostile_wrong_bugs[];
extern const struct hostile_bug hostile_overflow_bugs[];
extern const struct hostile_bug hostile_after_bugs[];
extern const struct hostile_bug hostile_leak_bugs[];
extern const struct hostile_bug hostile_lifetime_bugs[];
extern const struct hostile_bug hostile_recursion_bugs[];

/* main.c */
bool hostile_expect(bool ok, const char *func, int line, const char *what);

/* True when @cond is; else logged and the mistake was not survived. */
#define EXPECT(cond)	hostile_expect(cond, __func__, __LINE__, #cond)

struct spanheap *hostile_heap(struct hostile *h, const char *name);

/* act.c: the wrong call, in the context under test. */
void hostile_do(struct hostile *h, void (*fn)(void *arg), void *arg);
void hostile_do_on(struct hostile *h, int cpu, void (*fn)(void *arg), void *arg);
int hostile_other_cpu(void);

void hostile_free_now(void *ptr);
void hostile_free(struct hostile *h, const void *ptr);
void hostile_free_pages(struct hostile *h, void *ptr);
noinline void hostile_write(void *ptr, size_t bytes);
noinline void hostile_read(const void *ptr, size_t bytes);

/* bystanders.c: objects that no mistake may touch. */
struct hostile_bystanders;

struct hostile_bystanders *hostile_bystanders_get(struct spanheap *heap);
void hostile_bystanders_put(struct hostile_bystanders *b);
void hostile_work(struct spanheap *heap);

#endif /* _SPANHEAP_HOSTILE_H */
