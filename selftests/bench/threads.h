/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SPANHEAP_BENCH_THREADS_H
#define SPANHEAP_BENCH_THREADS_H

/**
 * typedef bench_thread_fn - work of one thread
 * @arg: what bench_threads_run() was given
 * @index: number of the thread, from 0
 *
 * Return: 0 or a negative errno.
 */
typedef int (*bench_thread_fn)(void *arg, unsigned int index);

int bench_threads_run(unsigned int nr, bench_thread_fn fn, void *arg);

#endif /* SPANHEAP_BENCH_THREADS_H */
