// SPDX-License-Identifier: GPL-2.0
/*
 * Calls from where they may not be made: what waits from where nobody may sleep,
 * from a finalizer that it would wait for, and anything from an NMI. They are
 * refused, reported, and hurt nobody.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/swap.h>

#include "cache/percpu.h"
#include "lib/ear.h"
#include "lib/fixture.h"

#define WAITS		"it waits, which an interrupt"
#define RECLAIM		"it waits, perhaps for who waits for reclaim"
#define ITSELF		"a finalizer must not wait for itself"

static int returned;

static void nothing(void *ptr, size_t size, void *arg)
{
	returned++;
}

static void flush(void *ptr, size_t size, void *heap)
{
	spanheap_flush_finalizers(heap);
	returned++;
}

static void destroy(void *ptr, size_t size, void *heap)
{
	spanheap_destroy(heap);
	returned++;
}

/* Free an object, to have @fn called with @arg by the worker of @heap. */
static void call(struct kunit *test, struct spanheap *heap,
		 void (*fn)(void *ptr, size_t size, void *arg), void *arg)
{
	void *obj = spanheap_alloc(heap, 64, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, spanheap_set_finalizer(obj, fn, arg), 0);
	spanheap_free(obj);
}

static void expect_alive(struct kunit *test, struct spanheap *heap)
{
	void *obj = spanheap_alloc(heap, 64, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, obj);
	spanheap_free(obj);
	sh_fixture_check(test, heap);
}

static void contexts_test_finalizer_flushes_its_own(struct kunit *test)
{
	call(test, test->priv, flush, test->priv);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, returned, 1);
	sh_ear_expect(test, "bad flush_finalizers: kunit: " ITSELF);
	sh_ear_expect(test, "flush");
}

static void contexts_test_finalizer_destroys_its_heap(struct kunit *test)
{
	call(test, test->priv, destroy, test->priv);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, returned, 1);
	sh_ear_expect(test, "bad destroy: kunit: " ITSELF);
	expect_alive(test, test->priv);
}

/* Those of objects that were not freed are called by spanheap_destroy(). */
static void contexts_test_finalizer_of_destroy_waits(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "contexts-going", 0);

	spanheap_set_finalizer(spanheap_alloc(heap, 64, GFP_KERNEL), flush, heap);
	spanheap_set_finalizer(spanheap_alloc(heap, 64, GFP_KERNEL), destroy, heap);
	spanheap_destroy(heap);
	KUNIT_EXPECT_EQ(test, returned, 2);
	sh_ear_expect(test, "bad flush_finalizers: contexts-going: " ITSELF);
	sh_ear_expect(test, "bad destroy: not a heap: ");
	sh_ear_expect(test, "being destroyed by somebody else");
}

static void contexts_test_finalizer_destroys_another_heap(struct kunit *test)
{
	struct spanheap *other = sh_fixture_create(test, "contexts-other", 0);

	call(test, other, nothing, NULL);
	spanheap_set_finalizer(spanheap_alloc(other, 64, GFP_KERNEL), nothing, NULL);
	call(test, test->priv, flush, other);
	call(test, test->priv, destroy, other);
	spanheap_flush_finalizers(test->priv);
	KUNIT_EXPECT_EQ(test, returned, 4);
	KUNIT_EXPECT_EQ(test, sh_ear_count("bad "), 0);
	sh_fixture_destroy(test, sh_fixture_create(test, "contexts-other", 0));
}

/* Heaps in a ring; the finalizer of each waits for those of the next. */
#define RING	4

struct link {
	struct spanheap *next;
	struct completion *all;
	atomic_t *here;
	bool destroys;
};

static void wait_for_next(void *ptr, size_t size, void *arg)
{
	struct link *link = arg;

	/* Nobody goes on before all of them run. */
	if (atomic_inc_return(link->here) == RING)
		complete_all(link->all);
	wait_for_completion(link->all);
	spanheap_flush_finalizers(link->next);
}

static void contexts_test_finalizers_wait_in_a_circle(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(all);
	struct spanheap *heaps[RING];
	struct link links[RING];
	atomic_t here = ATOMIC_INIT(0);
	char name[16];
	int i;

	for (i = 0; i < RING; i++) {
		snprintf(name, sizeof(name), "contexts-%d", i);
		heaps[i] = sh_fixture_create(test, name, 0);
	}
	for (i = 0; i < RING; i++) {
		links[i].next = heaps[(i + 1) % RING];
		links[i].all = &all;
		links[i].here = &here;
		call(test, heaps[i], wait_for_next, &links[i]);
	}
	for (i = 0; i < RING; i++)
		spanheap_flush_finalizers(heaps[i]);
	KUNIT_EXPECT_EQ(test, sh_ear_count(ITSELF), 1);
	for (i = 0; i < RING; i++)
		sh_fixture_destroy(test, heaps[i]);
}

static void destroy_here(void *heap)
{
	spanheap_destroy(heap);
	spanheap_flush_finalizers(heap);
}

static void expect_refused(struct kunit *test)
{
	sh_ear_expect(test, "bad destroy: " WAITS);
	sh_ear_expect(test, "bad flush_finalizers: " WAITS);
	expect_alive(test, test->priv);
}

static void contexts_test_destroyed_in_an_interrupt(struct kunit *test)
{
	sh_fixture_in_hardirq(raw_smp_processor_id(), destroy_here, test->priv);
	expect_refused(test);
}

static void contexts_test_destroyed_with_interrupts_off(struct kunit *test)
{
	local_irq_disable();
	destroy_here(test->priv);
	local_irq_enable();
	expect_refused(test);
}

static void contexts_test_destroyed_with_softirqs_off(struct kunit *test)
{
	local_bh_disable();
	destroy_here(test->priv);
	local_bh_enable();
	expect_refused(test);
}

static void contexts_test_destroyed_under_a_spinlock(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count");
	spin_lock(&lock);
	destroy_here(test->priv);
	spin_unlock(&lock);
	expect_refused(test);
}

/* Where no spinlock may be taken that sleeps on PREEMPT_RT, as lockdep knows. */
static void contexts_test_destroyed_under_a_raw_spinlock(struct kunit *test)
{
	static DEFINE_RAW_SPINLOCK(lock);
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	destroy_here(test->priv);
	raw_spin_unlock_irqrestore(&lock, flags);
	expect_refused(test);
}

static void contexts_test_destroyed_by_an_rcu_reader(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RCU) && !IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count");
	rcu_read_lock();
	destroy_here(test->priv);
	rcu_read_unlock();
	expect_refused(test);
}

struct callback {
	struct rcu_head rcu;
	struct spanheap *heap;
};

static void destroy_in_callback(struct rcu_head *rcu)
{
	destroy_here(container_of(rcu, struct callback, rcu)->heap);
}

static void contexts_test_destroyed_in_an_rcu_callback(struct kunit *test)
{
	struct callback callback = { .heap = test->priv };

	init_rcu_head_on_stack(&callback.rcu);
	call_rcu(&callback.rcu, destroy_in_callback);
	rcu_barrier();
	destroy_rcu_head_on_stack(&callback.rcu);
	expect_refused(test);
}

/* As a shrinker does: who reclaims may be in the midst of reading the heap's files. */
static void contexts_test_destroyed_in_reclaim(struct kunit *test)
{
	struct reclaim_state state = {};
	struct spanheap *heap;
	unsigned int flags;

	fs_reclaim_acquire(GFP_KERNEL);
	flags = memalloc_noreclaim_save();
	current->reclaim_state = &state;
	destroy_here(test->priv);
	heap = spanheap_create("contexts-reclaim", NULL);
	spanheap_free(spanheap_alloc(test->priv, 64, GFP_NOWAIT));
	spanheap_trim(test->priv, SIZE_MAX);
	current->reclaim_state = NULL;
	memalloc_noreclaim_restore(flags);
	fs_reclaim_release(GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(heap), -EDEADLK);
	sh_ear_expect(test, "bad destroy: " RECLAIM);
	sh_ear_expect(test, "bad flush_finalizers: " RECLAIM);
	sh_ear_expect(test, "bad create: " RECLAIM);
	expect_alive(test, test->priv);
}

/* One that others need for their writes has the reserves, but is called by nobody. */
static void contexts_test_destroyed_with_the_reserves(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "contexts-reserves", 0);
	unsigned int flags = memalloc_noreclaim_save();

	spanheap_destroy(heap);
	memalloc_noreclaim_restore(flags);
	KUNIT_EXPECT_EQ(test, sh_ear_count("bad "), 0);
	sh_fixture_destroy(test, sh_fixture_create(test, "contexts-reserves", 0));
}

static int destroy_thread(void *heap)
{
	spanheap_destroy(heap);
	return 0;
}

/* The second does not wait for the first, nor free anything under it. */
static void contexts_test_destroyed_by_two_at_once(struct kunit *test)
{
	struct spanheap *heap = sh_fixture_create(test, "contexts-two", 0);
	struct task_struct *task;
	struct sh_fixture_gate gate;

	sh_fixture_gate_init(&gate);
	spanheap_set_finalizer(spanheap_alloc(heap, 64, GFP_KERNEL),
			       sh_fixture_pass_gate, &gate);
	task = kthread_create(destroy_thread, heap, "spanheap-destroy");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&gate.reached);
	spanheap_destroy(heap);
	sh_ear_expect(test, "being destroyed by somebody else");
	/* Its name is taken until it is gone. */
	KUNIT_EXPECT_EQ(test, PTR_ERR(spanheap_create("contexts-two", NULL)), -EEXIST);
	complete(&gate.open);
	kthread_stop(task);
	put_task_struct(task);
	sh_fixture_destroy(test, sh_fixture_create(test, "contexts-two", 0));
}

struct nmi_object {
	u64 contents;
	struct rcu_head rcu;
};

/* What is done in an NMI, and what came of it. */
struct nmi {
	struct spanheap *heap;
	struct nmi_object *small;
	void *large;
	void *pages;
	int set;
	int cleared;
	int split;
	void *got[6];
};

/* Each of these would wait for a lock, at least here. */
static noinline void use_in_nmi(struct nmi *nmi)
{
	unsigned long flags;
	struct sh_cache *cache;

	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET);
	cache = this_cpu_ptr(nmi->heap->caches.cpu);
	/* As if the NMI had interrupted somebody in there. */
	sh_cache_enter(cache);
	nmi->got[0] = spanheap_alloc(nmi->heap, 64, GFP_ATOMIC);
	nmi->got[1] = spanheap_zalloc(nmi->heap, 64, GFP_ATOMIC);
	nmi->got[2] = spanheap_alloc(nmi->heap, 100000, GFP_ATOMIC);
	nmi->got[3] = spanheap_alloc_pages(nmi->heap, 8192, GFP_ATOMIC);
	nmi->got[4] = spanheap_alloc_persistent(nmi->heap, 64, 8, GFP_ATOMIC);
	nmi->got[5] = spanheap_realloc(nmi->heap, nmi->large, 200000, GFP_ATOMIC);
	nmi->set = spanheap_set_finalizer(nmi->small, nothing, NULL);
	nmi->cleared = spanheap_clear_finalizer(nmi->small);
	nmi->split = spanheap_split(nmi->large);
	spanheap_free_rcu(nmi->small, rcu);
	spanheap_free_sensitive(nmi->small);
	spanheap_free(nmi->large);
	spanheap_free_pages(nmi->pages);
	spanheap_free_bulk(1, (void **)&nmi->small);
	spanheap_destroy(nmi->heap);
	spanheap_flush_finalizers(nmi->heap);
	sh_cache_leave(cache);
	__preempt_count_sub(NMI_OFFSET);
	local_irq_restore(flags);
}

static void contexts_test_refuses_all_in_nmi(struct kunit *test)
{
	struct nmi nmi = { .heap = test->priv };
	int i;

	nmi.small = spanheap_alloc_obj(test->priv, struct nmi_object, GFP_KERNEL);
	nmi.large = spanheap_alloc(test->priv, 128 << 10, GFP_KERNEL);
	nmi.pages = spanheap_alloc_pages(test->priv, 8192, GFP_KERNEL);
	use_in_nmi(&nmi);
	for (i = 0; i < ARRAY_SIZE(nmi.got); i++)
		KUNIT_EXPECT_NULL(test, nmi.got[i]);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).alloc_failures, 6);
	KUNIT_EXPECT_EQ(test, nmi.set, -EINVAL);
	KUNIT_EXPECT_EQ(test, nmi.cleared, -EINVAL);
	KUNIT_EXPECT_EQ(test, nmi.split, -EINVAL);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).objects, 2);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).manual_spans, 1);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).bad_frees, 0);
	sh_ear_expect(test, "bad alloc: in an NMI, leave it to an irq_work; ignored");
	sh_ear_expect(test, "use_in_nmi");
	/* Each is still there, for who frees it from elsewhere. */
	spanheap_free(nmi.small);
	spanheap_free(nmi.large);
	spanheap_free_pages(nmi.pages);
	KUNIT_EXPECT_EQ(test, sh_fixture_stats(test->priv).bad_frees, 0);
	expect_alive(test, test->priv);
}

static int contexts_test_init(struct kunit *test)
{
	returned = 0;
	sh_ear_listen();
	return sh_fixture_init(test);
}

static struct kunit_case contexts_test_cases[] = {
	KUNIT_CASE(contexts_test_finalizer_flushes_its_own),
	KUNIT_CASE(contexts_test_finalizer_destroys_its_heap),
	KUNIT_CASE(contexts_test_finalizer_of_destroy_waits),
	KUNIT_CASE(contexts_test_finalizer_destroys_another_heap),
	KUNIT_CASE(contexts_test_finalizers_wait_in_a_circle),
	KUNIT_CASE(contexts_test_destroyed_in_an_interrupt),
	KUNIT_CASE(contexts_test_destroyed_with_interrupts_off),
	KUNIT_CASE(contexts_test_destroyed_with_softirqs_off),
	KUNIT_CASE(contexts_test_destroyed_under_a_spinlock),
	KUNIT_CASE(contexts_test_destroyed_under_a_raw_spinlock),
	KUNIT_CASE(contexts_test_destroyed_by_an_rcu_reader),
	KUNIT_CASE(contexts_test_destroyed_in_an_rcu_callback),
	KUNIT_CASE(contexts_test_destroyed_in_reclaim),
	KUNIT_CASE(contexts_test_destroyed_with_the_reserves),
	KUNIT_CASE(contexts_test_destroyed_by_two_at_once),
	KUNIT_CASE(contexts_test_refuses_all_in_nmi),
	{}
};

static struct kunit_suite contexts_test_suite = {
	.name = "spanheap_contexts",
	.suite_init = sh_ear_open,
	.suite_exit = sh_ear_close,
	.init = contexts_test_init,
	.exit = sh_fixture_exit,
	.test_cases = contexts_test_cases,
};

kunit_test_suite(contexts_test_suite);
