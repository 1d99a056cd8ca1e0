/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spanheap_client - what the tests of the exported interface share
 *
 * A test is a function that is given a fresh, empty heap named "client" and
 * returns it empty. What it expects it says with EXPECT(), which logs what is
 * not so and goes on; a test that cannot go on returns. client_main.c runs
 * tests by name, the shell scripts beside it read the heap's checker and the
 * kernel log after each.
 */
#ifndef _SPANHEAP_CLIENT_H
#define _SPANHEAP_CLIENT_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/spanheap.h>

/**
 * struct client_test - one test
 * @name: what to write to the "run" file
 * @run: the test
 * @log: extended regular expression that a line of spanheap's in the kernel
 *	log must match afterwards; NULL when spanheap must keep quiet
 */
struct client_test {
	const char *name;
	void (*run)(struct spanheap *heap);
	const char *log;
};

/* Each ends with an empty name. */
extern const struct client_test client_input_tests[];
extern const struct client_test client_heap_tests[];
extern const struct client_test client_objects_tests[];
extern const struct client_test client_free_tests[];
extern const struct client_test client_query_tests[];
extern const struct client_test client_finalizer_tests[];
extern const struct client_test client_context_tests[];
extern const struct client_test client_limits_tests[];
extern const struct client_test client_giveback_tests[];
extern const struct client_test client_reclaim_tests[];
extern const struct client_test client_realloc_tests[];
extern const struct client_test client_manual_tests[];
extern const struct client_test client_kept_tests[];
extern const struct client_test client_node_tests[];
extern const struct client_test client_debug_tests[];
extern const struct client_test client_kmemleak_tests[];
extern const struct client_test client_managed_tests[];

bool client_expect(bool ok, const char *func, int line, const char *what);

/* True when @cond is; else logged and the test has failed. Any context. */
#define EXPECT(cond)	client_expect(cond, __func__, __LINE__, #cond)

/* Fill with, and look for, bytes that depend on @seed and the position. */
void client_fill(void *ptr, size_t size, u32 seed);
bool client_filled(const void *ptr, size_t size, u32 seed);
bool client_zeroed(const void *ptr, size_t size);

u64 client_bad_frees(struct spanheap *heap);

/**
 * struct client_foreign - addresses that are no object's
 * @name: what it is
 * @addr: the address
 * @len: bytes there that may be read, 0 when none
 */
struct client_foreign {
	const char *name;
	void *addr;
	size_t len;
};

enum {
	FOREIGN_STACK,
	FOREIGN_KMALLOC,
	FOREIGN_KMALLOC_LARGE,
	FOREIGN_VMALLOC,
	FOREIGN_PAGE,
	FOREIGN_PERCPU,
	FOREIGN_MODULE_TEXT,
	FOREIGN_MODULE_DATA,
	FOREIGN_KERNEL_TEXT,
	FOREIGN_USER,
	FOREIGN_LOW,
	FOREIGN_NONCANONICAL,
	FOREIGN_ERR_PTR,
	FOREIGN_POISON,
	FOREIGN_LAST,
	NR_FOREIGN
};

/* All of these, with memory behind those that have some. */
struct client_foreigners {
	struct client_foreign at[NR_FOREIGN];
	char *kmalloc;
	char *kmalloc_large;
	char *vmalloc;
	char *page;
	void __percpu *percpu;
	char stack[64];
};

/*
 * Call @fn in a hard interrupt on @cpu, which stays online: an irq_work, since
 * lockdep takes a function call from another CPU for a context that PREEMPT_RT
 * does not let take locks, where neither kmalloc() nor a heap may be used.
 */
void client_in_hardirq(int cpu, void (*fn)(void *arg), void *arg);

struct client_foreigners *client_foreigners_get(struct client_foreigners *f);
void client_foreigners_put(struct client_foreigners *f);

#endif /* _SPANHEAP_CLIENT_H */
