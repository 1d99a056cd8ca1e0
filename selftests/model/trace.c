// SPDX-License-Identifier: GPL-2.0
/*
 * Steps in words.
 */
#include <stdio.h>

#include "protocol.h"

static const char *const phase_names[PHASES] = {
	[IDLE] = "IDLE", [ARMED] = "ARMED", [MARK] = "MARK", [END] = "END",
	[CLOSED] = "CLOSED",
};

static const char *const colour_names[] = {
	[FREE] = "free", [WHITE] = "white", [GREY] = "grey", [BLACK] = "black",
};

/* What is printed of a step: text, with %a and %b for its objects, %p for a phase. */
static const char *const doing_names[] = {
	[START] = "the heap at the start",
	[ARM] = "sets the word to ARMED and begins grace period 1",
	[BEGIN_2] = "sets the word to MARK and begins grace period 2",
	[BEGIN_3] = "begins grace period 3",
	[BEGIN_END] = "sets the word to END",
	[SCAN_ROOT] = "scans the root, finds %a",
	[SCAN_PIN] = "scans the pin, finds %a",
	[SCAN_FINALIZERS] = "scans what objects with finalizers refer to",
	[SCAN] = "scans %a, finds %b",
	[BLACKEN] = "blackens %a",
	[READ] = "reads %a's slot, finds %b",
	[FOUND] = "shades %a",
	[WAIT_BEGINS] = "has marked all, begins to wait for barriers",
	[WAIT_SEEN] = "has seen %t with preemption on",
	[WAIT_NOTHING] = "has waited, and that brought nothing",
	[WAIT_BROUGHT] = "has waited, and that brought something",
	[CLOSE] = "sets the word to CLOSED",
	[CLEAR] = "clears weak references to white objects",
	[FINALIZERS_FOUND] = "queues finalizers of unmarked objects",
	[FLIP] = "sets the word to IDLE, with the colours exchanged",
	[SWEEP] = "frees %a",
	[ENTER] = "enters a section",
	[LEAVE] = "leaves its section",
	[LOAD] = "loads %a from a slot",
	[LOAD_PIN] = "loads %a, which is pinned",
	[LOAD_QUEUED] = "is in the finalizer of %a",
	[ALLOC] = "allocates %a (sees %p)",
	[STORE] = "stores %b to %s (sees %p)",
	[STORE_PART] = "is about to store %b to %s, loads what is there (sees %p)",
	[SHADES_OLD] = "shades %a, which was there",
	[SHADES_NEW] = "shades %a, which it stored",
	[SHADES_BOTH] = "shades %a and %b",
	[PART_DONE] = "stores %b to %s",
	[FLUSH] = "takes %a and %b out of its buffer (sees %p)",
	[PIN] = "pins %a (sees %p)",
	[UNPIN] = "unpins %a (sees %p)",
	[WEAK_LOAD] = "loads %a from its weak reference (sees %p)",
	[WEAK_GIVES] = "has %a from its weak reference",
	[WEAK_NULL] = "has NULL from the weak reference to %a",
	[INSERT] = "puts %b into container %a",
	[FORGETS] = "calls forget(%b)",
	[REMOVES] = "takes %b out of container %a",
	[SET_FINALIZER] = "gives %a a finalizer",
	[FINALIZED] = "ends the finalizer of %a (sees %p)",
};

static void print_object(const struct state *s, int o)
{
	if (o)
		printf("%d", s->name[o]);
	else
		printf("NULL");
}

static void print_slot(const struct state *s, int slot)
{
	if (slot == ROOT)
		printf("the root");
	else
		printf("%d's slot", s->name[slot]);
}

static void print_text(const struct state *s, const char *text, struct step step)
{
	for (; *text; text++) {
		if (*text != '%') {
			putchar(*text);
			continue;
		}
		switch (*++text) {
		case 'a':
			print_object(s, step.a);
			break;
		case 'b':
			print_object(s, step.b);
			break;
		case 's':
			print_slot(s, step.a);
			break;
		case 't':
			printf("thread %d", s->thread[step.a].name);
			break;
		case 'p':
			printf("%s", phase_names[step.phase]);
			break;
		}
	}
}

static const char *verdict_text(enum verdict verdict)
{
	switch (verdict) {
	case LOST:
		return ": IT CAN STILL BE REACHED";
	case GREY_LEFT:
		return ": AN OBJECT IS STILL GREY";
	case FALSE_NULL:
		return ": THE OBJECT CAN BE REACHED";
	case LEAKED:
		return ": GARBAGE OUTLIVES ITS CYCLE";
	default:
		return "";
	}
}

/* The slots and colours of all objects, by name. */
static void print_heap(const struct state *s)
{
	int name, o;

	printf("  [root");
	if (s->slot[ROOT])
		printf("->%d", s->name[s->slot[ROOT]]);
	for (name = 1; name <= objects; name++) {
		for (o = 1; s->name[o] != name; o++)
			;
		printf(", %d %s", name, colour_names[s->colour[o]]);
		if (s->slot[o])
			printf("->%d", s->name[s->slot[o]]);
	}
	printf("]\n");
}

/* Print a step and what the heap is after it. */
void step_print(const struct state *from, const struct state *to, struct step step)
{
	printf("#   ");
	if (step.doing != START && step.who < 0)
		printf("collector ");
	else if (step.doing != START)
		printf("thread %d ", from->thread[step.who].name);
	print_text(from, doing_names[step.doing], step);
	printf("%s", verdict_text(to->verdict));
	print_heap(to);
}
