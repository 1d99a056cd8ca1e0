// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - allocations and reclaim inside each other
 *
 * A kernel with lockdep sees from these whether a heap ever waits for reclaim
 * while it holds what reclaim may wait for, whether or not that happened.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>

#include "../../module/base/compat.h"
#include "client.h"

#define QUIET	(GFP_KERNEL | __GFP_NOWARN)

/* As a file system's: reclaim takes it, and so it forbids __GFP_FS. */
static DEFINE_MUTEX(fs_lock);

static unsigned int reclaim_enter(void)
{
	fs_reclaim_acquire(GFP_KERNEL);
	return memalloc_noreclaim_save();
}

static void reclaim_leave(unsigned int scope)
{
	memalloc_noreclaim_restore(scope);
	fs_reclaim_release(GFP_KERNEL);
}

static void reclaim_takes_fs_lock(void)
{
	unsigned int scope = reclaim_enter();

	mutex_lock(&fs_lock);
	mutex_unlock(&fs_lock);
	reclaim_leave(scope);
}

/*
 * Everything that gets memory or gives it back: arenas, of which test_reclaim.sh
 * makes small ones, spans, caches.
 */
static void use(struct spanheap *heap, gfp_t gfp)
{
	static const size_t sizes[] = { SZ_4M, SZ_1M, SZ_16K, 100, 8 };
	void *objs[64];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		int nr = sizes[i] > SZ_1M ? 2 : ARRAY_SIZE(objs) / (i + 1);

		for (j = 0; j < nr; j++)
			objs[j] = spanheap_alloc(heap, sizes[i], gfp);
		for (j = 0; j < nr; j++)
			spanheap_free(objs[j]);
	}
}

/* Reach a limit, so that the allocation itself gives memory back. */
static void use_limited(struct spanheap *heap, gfp_t gfp)
{
	void *p;

	spanheap_set_limit(heap, SZ_4M);
	p = spanheap_alloc(heap, SZ_2M, gfp);
	spanheap_free(p);
	p = spanheap_alloc(heap, SZ_2M + SZ_1M, gfp);
	EXPECT(p);
	spanheap_free(p);
	EXPECT(!spanheap_alloc(heap, SZ_8M, gfp));
	spanheap_set_limit(heap, 0);
}

static void flags(struct spanheap *heap)
{
	reclaim_takes_fs_lock();
	mutex_lock(&fs_lock);
	use(heap, GFP_NOFS | __GFP_NOWARN);
	use(heap, GFP_NOIO | __GFP_NOWARN);
	use_limited(heap, GFP_NOFS | __GFP_NOWARN);
	use_limited(heap, GFP_NOIO | __GFP_NOWARN);
	mutex_unlock(&fs_lock);
	use(heap, QUIET);
}

static void scopes(struct spanheap *heap)
{
	unsigned int scope;

	reclaim_takes_fs_lock();
	scope = memalloc_nofs_save();
	mutex_lock(&fs_lock);
	use(heap, QUIET);
	use_limited(heap, QUIET);
	spanheap_scavenge(heap);
	mutex_unlock(&fs_lock);
	memalloc_nofs_restore(scope);

	scope = memalloc_noio_save();
	mutex_lock(&fs_lock);
	use(heap, QUIET);
	use_limited(heap, QUIET);
	mutex_unlock(&fs_lock);
	memalloc_noio_restore(scope);
	use(heap, QUIET);
}

/* As reclaim itself, which gets to the reserves and never reclaims again. */
static void inside(struct spanheap *heap)
{
	unsigned int scope = reclaim_enter();

	use(heap, GFP_NOWAIT | __GFP_NOWARN);
	use(heap, GFP_NOFS | __GFP_NOWARN);
	use_limited(heap, GFP_NOFS | __GFP_NOWARN);
	reclaim_leave(scope);
}

/**
 * struct within - a shrinker that uses the heap which reclaim is there for
 * @heap: the heap
 * @scans: times it was called
 * @direct: of these, out of an allocation of the test's own task
 * @task: that task
 */
static struct within {
	struct spanheap *heap;
	atomic_t scans;
	atomic_t direct;
	struct task_struct *task;
} within;

static unsigned long within_count(struct shrinker *unused,
				  struct shrink_control *sc)
{
	return 10000;
}

static unsigned long within_scan(struct shrinker *unused,
				 struct shrink_control *sc)
{
	static const size_t sizes[] = { 64, SZ_4K, SZ_64K };
	void *p;
	int i;

	atomic_inc(&within.scans);
	if (current == within.task)
		atomic_inc(&within.direct);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = spanheap_alloc(within.heap, sizes[i],
				   GFP_NOFS | __GFP_NOWARN);
		if (p)
			memset(p, i, sizes[i]);
		spanheap_free(p);
	}
	return SHRINK_STOP;
}

/* Idle memory for reclaim to find. */
static void make_idle(struct spanheap *heap, size_t bytes)
{
	void *p = spanheap_alloc(heap, bytes, QUIET);

	EXPECT(p);
	spanheap_free(p);
}

/*
 * Take memory through the heap until reclaim has run inside that several times.
 * An eighth of what is free is left to idle in the heap.
 */
static void shrinker(struct spanheap *heap)
{
	/* Not to the last page: somebody else may need one, and be killed. */
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	unsigned long end = 0;
	struct spanheap *hog = spanheap_create("hog", NULL);
	size_t idle = (si_mem_available() << PAGE_SHIFT) / 8;
	void **chain = NULL, **p;
	struct shrinker *s;

	if (!EXPECT(!IS_ERR(hog)))
		return;
	make_idle(heap, idle);
	within = (struct within){ .heap = heap, .task = current };
	s = sh_shrinker_register("spanheap-client", within_count, within_scan);
	if (!EXPECT(!IS_ERR(s)))
		goto out;
	while (atomic_read(&within.direct) < 4) {
		/* Until it runs at all takes as long as it takes. */
		if (!end && atomic_read(&within.scans))
			end = jiffies + 30 * HZ;
		if (end && time_after(jiffies, end))
			break;
		p = spanheap_alloc(hog, SZ_256K, gfp);
		if (!p)
			break;
		*p = chain;
		chain = p;
		spanheap_free(spanheap_alloc(heap, SZ_16K, gfp));
		cond_resched();
	}
	for (; chain; chain = p) {
		p = *chain;
		spanheap_free(chain);
	}
	sh_shrinker_unregister(s);
	pr_info("spanheap_client: reclaim ran %d times, %d of these in an allocation\n",
		atomic_read(&within.scans), atomic_read(&within.direct));
	EXPECT(atomic_read(&within.scans) > 0);
out:
	spanheap_destroy(hog);
}

/*
 * A cache that its owner's shrinker evicts from: what the owner freed is memory
 * for others before the shrinker returns. A kernel with lockdep looks on.
 */
static void owner(struct spanheap *heap)
{
	const unsigned int nr = SZ_16M / SZ_4K, evicted = nr / 2;
	size_t before, after, got;
	unsigned int scope, i;
	void **objs;

	objs = kvcalloc(nr, sizeof(*objs), GFP_KERNEL);
	if (!EXPECT(objs))
		return;
	spanheap_scavenge(heap);
	EXPECT(spanheap_alloc_bulk(heap, SZ_4K, QUIET, nr, objs) == nr);
	before = spanheap_resident(heap);
	EXPECT(before >= SZ_16M);

	scope = reclaim_enter();
	/* What another CPU has cached is not looked for. */
	migrate_disable();
	for (i = 0; i < evicted; i++)
		spanheap_free(objs[i]);
	got = spanheap_trim(heap, evicted * SZ_4K);
	migrate_enable();
	reclaim_leave(scope);

	/* On other machines memory goes back in arenas. */
	after = spanheap_resident(heap);
	if (IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_UML)) {
		EXPECT(got >= evicted * SZ_4K - SZ_1M);
		EXPECT(after <= before - evicted * SZ_4K + SZ_1M);
	}
	EXPECT(spanheap_trim(heap, 0) == 0);
	for (; i < nr; i++)
		spanheap_free(objs[i]);
	kvfree(objs);
}

const struct client_test client_reclaim_tests[] = {
	{ "reclaim_owner", owner },
	{ "reclaim_flags", flags },
	{ "reclaim_scopes", scopes },
	{ "reclaim_inside", inside },
	{ "reclaim_shrinker", shrinker },
	{ }
};
