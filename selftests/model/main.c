// SPDX-License-Identifier: GPL-2.0
/*
 * model - explore protocols of the collector of managed heaps
 *
 *	model [-n OBJECTS] [-l MILLIONS] [-s] [-t] [VARIANT...]
 *
 * All variants unless some are named; variants.c has them. Prints KTAP: a point is
 * passed if what the table expects was found. -t prints the way to what goes wrong,
 * as is done anyhow for what was not expected. OBJECTS are 2 unless given, 3 at most.
 * -s leaves out variants that must be found wrong: what goes wrong with two objects
 * does with three. -l gives up, and skips the point, after so many million states,
 * which take some 30 bytes each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explore.h"
#include "variants.h"

#define MILLION		1000000u
#define LIMIT_MAX	4000u	/* places are 32 bits wide */

static unsigned int limit = 100 * MILLION;
static bool trace, sound_only;

static const char *const verdict_names[] = {
	[SOUND] = "sound", [LOST] = "an object is lost",
	[GREY_LEFT] = "a grey object is left", [FALSE_NULL] = "NULL for a live object",
	[LEAKED] = "garbage stays", [TOO_LARGE] = "too many states",
};

static void usage(void)
{
	fprintf(stderr, "model [-n OBJECTS] [-l MILLIONS] [-s] [-t] [VARIANT...]\n");
	exit(2);
}

static unsigned int number(const char *text, unsigned int min, unsigned int max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || value < min || value > max)
		usage();
	return value;
}

static const struct protocol *find_variant(const char *name)
{
	const struct protocol *p;

	for (p = variants; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	fprintf(stderr, "model: no variant is called %s\n", name);
	exit(2);
}

/* The variants that are asked for, @count of them; the caller frees the array. */
static const struct protocol **choose(char **names, int *count)
{
	const struct protocol **chosen, *p;
	int n = 0;

	while (names[n])
		n++;
	for (p = variants; p->name; p++)
		n++;
	chosen = calloc(n, sizeof(*chosen));
	if (!chosen)
		exit(2);
	*count = 0;
	for (n = 0; names[n]; n++)
		chosen[(*count)++] = find_variant(names[n]);
	for (p = variants; p->name && !n; p++)
		if (!sound_only || p->expect == SOUND)
			chosen[(*count)++] = p;
	return chosen;
}

/* Explore @p and print it as test point @point. Returns whether it came out as it must. */
static bool test(const struct protocol *p, int point)
{
	struct result r = explore(p, limit);
	bool skip = r.verdict == TOO_LARGE;
	bool good = skip || r.verdict == p->expect;
	bool wrong = r.verdict != SOUND && !skip;

	printf("# %s: %u states, %.1f s", p->what, r.set.count, r.seconds);
	if (wrong)
		printf(", %u steps to what is wrong", r.steps);
	printf("\n");
	if (!good)
		printf("# expected: %s\n", verdict_names[p->expect]);
	if (wrong && (trace || !good))
		print_way(&r);
	printf("%s %d %s: %s%s\n", good ? "ok" : "not ok", point, p->name,
	       verdict_names[r.verdict], skip ? " # SKIP" : "");
	fflush(stdout);
	set_free(&r.set);
	return good;
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:l:st")) != -1) {
		switch (option) {
		case 'n':
			objects = number(optarg, 2, MAX_OBJECTS);
			break;
		case 'l':
			limit = number(optarg, 1, LIMIT_MAX) * MILLION;
			break;
		case 's':
			sound_only = true;
			break;
		case 't':
			trace = true;
			break;
		default:
			usage();
		}
	}
}

int main(int argc, char **argv)
{
	const struct protocol **chosen;
	int i, count, failed = 0;

	parse(argc, argv);
	chosen = choose(argv + optind, &count);
	printf("TAP version 13\n1..%d\n", count);
	for (i = 0; i < count; i++)
		failed += !test(chosen[i], i + 1);
	free(chosen);
	return failed ? 1 : 0;
}
