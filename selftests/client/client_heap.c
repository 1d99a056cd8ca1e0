// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_client - making and destroying heaps
 */
#include <linux/err.h>
#include <linux/nodemask.h>
#include <linux/string.h>

#include "client.h"

static void expect_refused(const char *name,
			   const struct spanheap_config *config, int error)
{
	struct spanheap *heap = spanheap_create(name, config);

	if (!EXPECT(heap == ERR_PTR(error))) {
		pr_err("spanheap_client: name '%s' gave %pe\n", name, heap);
		spanheap_destroy(heap);
	}
}

static void expect_made(const char *name, const struct spanheap_config *config)
{
	struct spanheap *heap = spanheap_create(name, config);
	void *p;

	if (!EXPECT(!IS_ERR_OR_NULL(heap))) {
		pr_err("spanheap_client: name '%s' gave %pe\n", name, heap);
		return;
	}
	p = spanheap_alloc(heap, 100, GFP_KERNEL);
	EXPECT(p);
	spanheap_free(p);
	spanheap_destroy(heap);
}

static void name_bad(struct spanheap *unused)
{
	static const char * const names[] = {
		"", ".", "..", "/", "a/b", "/a", "a/", "../a", " ", "a b",
		" a", "a ", "\t", "a\tb", "a\n", "\v", "a\rb",
	};
	char name[SPANHEAP_NAME_MAX + 2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		expect_refused(names[i], NULL, -EINVAL);

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	expect_refused(name, NULL, -EINVAL);
}

static void name_good(struct spanheap *unused)
{
	static const char * const names[] = {
		"a", "...", ".a", "a.", "a-b_c:d", "%s%n", "\xc3\xa4",
	};
	char name[SPANHEAP_NAME_MAX + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		expect_made(names[i], NULL);

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	expect_made(name, NULL);
}

static void name_taken(struct spanheap *unused)
{
	expect_refused("default", NULL, -EEXIST);
	expect_refused("client", NULL, -EEXIST);
	/* And free again after the heap is gone. */
	expect_made("client2", NULL);
	expect_made("client2", NULL);
}

static void config_bad(struct spanheap *unused)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		config.flags = BIT(bit);
		if (config.flags & (SPANHEAP_DEBUG | SPANHEAP_ACCOUNT | SPANHEAP_MANAGED))
			continue;
		expect_refused("config", &config, -EINVAL);
	}
	config.flags = 0;

	config.node = -2;
	expect_refused("config", &config, -EINVAL);
	config.node = INT_MIN;
	expect_refused("config", &config, -EINVAL);
	config.node = MAX_NUMNODES;
	expect_refused("config", &config, -EINVAL);
	config.node = INT_MAX;
	expect_refused("config", &config, -EINVAL);
	if (MAX_NUMNODES > 1 && !node_online(MAX_NUMNODES - 1)) {
		config.node = MAX_NUMNODES - 1;
		expect_refused("config", &config, -EINVAL);
	}
}

static void config_good(struct spanheap *unused)
{
	struct spanheap_config config = SPANHEAP_CONFIG_INIT;
	struct spanheap_stats stats;
	struct spanheap *heap;

	expect_made("config", &config);
	config.node = first_online_node;
	expect_made("config", &config);
	config.scavenge_idle_ms = 1000;
	config.limit = SZ_16M;
	expect_made("config", &config);

	heap = spanheap_create("config", &config);
	if (EXPECT(!IS_ERR(heap))) {
		spanheap_get_stats(heap, &stats);
		EXPECT(stats.limit == SZ_16M);
		spanheap_destroy(heap);
	}
}

static void destroy_nothing(struct spanheap *unused)
{
	char *p = spanheap_alloc(NULL, 64, GFP_KERNEL);

	spanheap_destroy(NULL);
	spanheap_destroy(ERR_PTR(-ENOMEM));
	spanheap_destroy(ERR_PTR(-EINVAL));
	spanheap_destroy(ERR_PTR(-1));
	spanheap_destroy(ERR_PTR(-MAX_ERRNO));

	/* The default heap is as it was. */
	EXPECT(p);
	EXPECT(spanheap_owns(p));
	spanheap_free(p);
}

/* The default heap can be found, but not destroyed. */
static void destroy_default(struct spanheap *unused)
{
	char *p = spanheap_alloc(NULL, 64, GFP_KERNEL);
	struct spanheap_object obj;

	if (EXPECT(p) && EXPECT(spanheap_find(p, &obj))) {
		client_fill(p, 64, 1);
		spanheap_destroy(obj.heap);
		EXPECT(spanheap_owns(p));
		EXPECT(client_filled(p, 64, 1));
	}
	spanheap_free(p);
}

/* Objects of all kinds are gone with their heap. */
static void destroy_leaks(struct spanheap *unused)
{
	static const size_t sizes[] = { 8, 100, 4096, 9000, SZ_32K, SZ_64K, SZ_1M };
	struct spanheap *heap = spanheap_create("leaky", NULL);
	void *objs[ARRAY_SIZE(sizes)];
	size_t i;

	if (!EXPECT(!IS_ERR(heap)))
		return;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		objs[i] = spanheap_alloc(heap, sizes[i], GFP_KERNEL);
		EXPECT(spanheap_owns(objs[i]));
	}
	spanheap_destroy(heap);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT(!spanheap_owns(objs[i]));
		EXPECT(!spanheap_size(objs[i]));
	}
}

/* Everything freed: nothing to report. */
static void destroy_clean(struct spanheap *unused)
{
	struct spanheap *heap = spanheap_create("clean", NULL);
	size_t size;

	if (!EXPECT(!IS_ERR(heap)))
		return;
	for (size = 8; size <= SZ_1M; size *= 2)
		spanheap_free(spanheap_alloc(heap, size, GFP_KERNEL));
	spanheap_destroy(heap);
}

static bool belongs(const void *p, struct spanheap *heap)
{
	struct spanheap_object obj;

	return spanheap_find(p, &obj) && obj.heap == heap && obj.start == p;
}

static void two_heaps(struct spanheap *a)
{
	struct spanheap *b = spanheap_create("other", NULL);
	static struct spanheap_stats sa, sb;
	void *pa[64], *pb[64];
	int i;

	if (!EXPECT(!IS_ERR(b)))
		return;
	for (i = 0; i < 64; i++) {
		pa[i] = spanheap_alloc(a, 40 * (i + 1), GFP_KERNEL);
		pb[i] = spanheap_alloc(b, 40 * (i + 1), GFP_KERNEL);
		if (!EXPECT(pa[i]) || !EXPECT(pb[i]))
			break;
		client_fill(pa[i], 40 * (i + 1), i);
		client_fill(pb[i], 40 * (i + 1), 1000 + i);
		EXPECT(belongs(pa[i], a));
		EXPECT(belongs(pb[i], b));
	}
	spanheap_get_stats(a, &sa);
	spanheap_get_stats(b, &sb);
	EXPECT(sa.objects == i);
	EXPECT(sb.objects == i);

	/* One goes, with its objects; the other does not notice. */
	while (i--) {
		spanheap_free(pb[i]);
		EXPECT(client_filled(pa[i], 40 * (i + 1), i));
		spanheap_free(pa[i]);
	}
	spanheap_get_stats(b, &sb);
	EXPECT(sb.objects == 0);
	spanheap_destroy(b);
}

static void many_heaps(struct spanheap *unused)
{
	enum { NR = 50 };
	struct spanheap *heaps[NR];
	char name[16];
	void *p[NR];
	int i;

	for (i = 0; i < NR; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		heaps[i] = spanheap_create(name, NULL);
		if (!EXPECT(!IS_ERR(heaps[i])))
			break;
		p[i] = spanheap_alloc(heaps[i], 100, GFP_KERNEL);
		EXPECT(p[i]);
	}
	while (i--) {
		EXPECT(belongs(p[i], heaps[i]));
		spanheap_free(p[i]);
		spanheap_destroy(heaps[i]);
	}
}

/* The figures follow what is done, one by one. */
static void stats(struct spanheap *heap)
{
	struct spanheap_stats s;
	size_t bytes = 0;
	u64 n = 0, large = 0;
	void *objs[24];
	int i;

	for (i = 0; i < 24; i++) {
		size_t size = 1UL << i;

		objs[i] = spanheap_alloc(heap, size, GFP_KERNEL);
		if (!EXPECT(objs[i]))
			break;
		n++;
		large += size > SPANHEAP_MAX_SMALL;
		bytes += spanheap_size(objs[i]);

		spanheap_get_stats(heap, &s);
		EXPECT(s.objects == n);
		EXPECT(s.mallocs == n);
		EXPECT(s.large_mallocs == large);
		EXPECT(s.object_bytes == bytes);
		EXPECT(s.in_use >= bytes);
		EXPECT(s.sys == s.in_use + s.idle);
		EXPECT(s.resident == s.sys - s.released);
	}
	EXPECT(s.arenas >= 1);
	EXPECT(s.grows >= 1);
	EXPECT(s.span_meta > 0);
	while (i--) {
		bytes -= spanheap_size(objs[i]);
		spanheap_free(objs[i]);
		spanheap_get_stats(heap, &s);
		EXPECT(s.objects == i);
		EXPECT(s.frees == n - i);
		EXPECT(s.object_bytes == bytes);
	}
	EXPECT(s.large_frees == large);
	EXPECT(s.bad_frees == 0);
	EXPECT(s.alloc_failures == 0);
}

const struct client_test client_heap_tests[] = {
	{ "heap_name_bad", name_bad },
	{ "heap_name_good", name_good },
	{ "heap_name_taken", name_taken,
	  "heap client exists already: module spanheap_client made it" },
	{ "heap_config_bad", config_bad },
	{ "heap_config_good", config_good },
	{ "heap_destroy_nothing", destroy_nothing },
	{ "heap_destroy_default", destroy_default, "default heap" },
	{ "heap_destroy_leaks", destroy_leaks, "heap leaky: destroyed with 7 objects" },
	{ "heap_destroy_clean", destroy_clean },
	{ "heap_two", two_heaps },
	{ "heap_many", many_heaps },
	{ "heap_stats", stats },
	{ }
};
