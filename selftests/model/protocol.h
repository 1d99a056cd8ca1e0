/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A protocol: the choices that the steps of collector and mutators depend on.
 */
#ifndef MODEL_PROTOCOL_H
#define MODEL_PROTOCOL_H

#include "state.h"

#define PERIOD	(BIT(ARMED) | BIT(MARK) | BIT(END) | BIT(CLOSED))	/* of the barrier */

/**
 * enum task - what the collector is doing
 * @SWEEPING: frees what the last cycle left unmarked, one by one; may begin a cycle
 * @PERIOD_1: waits for the sections that may not see ARMED
 * @PERIOD_2: waits for those that may not see MARK
 * @PERIOD_3: once more, in protocols that need it
 * @DRAINING: marks until nothing is grey
 * @WAITING: waits for barriers in flight
 * @MORE: marks what the only wait brought
 * @CHECKED: has seen that a wait brought nothing
 * @LAST_DRAINING: as @DRAINING, with the word at CLOSED; and so on
 * @LAST_WAITING: as @WAITING
 * @LAST_MORE: as @MORE
 * @LAST_CHECKED: as @CHECKED
 * @SETTLING: waits for barriers after weak references were cleared
 * @FINALIZING: marks what objects with finalizers refer to
 */
enum task {
	SWEEPING, PERIOD_1, PERIOD_2, PERIOD_3, DRAINING, WAITING, MORE, CHECKED,
	LAST_DRAINING, LAST_WAITING, LAST_MORE, LAST_CHECKED,
	SETTLING, FINALIZING,
};

/* Bits of state.scanned. */
enum root_kind { ROOT_SLOT = 1, ROOT_PIN = 2, ROOT_FINALIZERS = 4 };

/**
 * enum store - how a store with the barrier is made
 * @EXCHANGE: exchange, then shade what was there and what is stored
 * @LOAD_SHADE_STORE: load, shade both, store
 */
enum store { EXCHANGE, LOAD_SHADE_STORE };

/**
 * enum wait - the wait for barriers in flight after everything is marked
 * @UNTIL_NOTHING: repeated, with marking, until one brings nothing
 * @ONCE: once, then what it brought is marked
 * @NEVER: not at all
 */
enum wait { UNTIL_NOTHING, ONCE, NEVER };

/**
 * enum closing - how weak references come to give NULL
 * @BY_WORD: word to CLOSED; wait, mark, until a wait brings nothing; clear
 * @BY_LOCK: as @BY_WORD, but weak loads of unmarked objects take a lock under which
 *	they look at the word, shade and so on, and under which the collector sees that
 *	nothing is grey and closes; no wait afterwards
 * @AT_ONCE: as @BY_WORD, as soon as the second grace period is over
 * @NO_WAIT: as @BY_WORD without any wait after the word
 * @ONE_WAIT: as @BY_WORD, but one wait after it, then what it brought is marked
 * @NO_DRAIN: as @BY_WORD, but cleared after the first wait, with nothing marked again
 * @CLEAR_FIRST: as @BY_WORD, but cleared at once
 * @NOT: loads never fail; cleared at the end
 */
enum closing {
	BY_WORD, BY_LOCK, AT_ONCE, NO_WAIT, ONE_WAIT, NO_DRAIN, CLEAR_FIRST, NOT,
};

/**
 * enum forget - when the owner of a container calls forget() for what it takes out
 * @BEFORE: with its lock held, before the removal
 * @AFTER: with its lock held, after the removal
 * @UNLOCKED: after the removal, when the lock was released
 * @AT_NO_TIME: never
 */
enum forget { BEFORE, AFTER, UNLOCKED, AT_NO_TIME };

/**
 * enum finalizing - how finalizers' objects are kept
 * @QUEUE_AND_MARK: what they refer to is a root; those found unmarked at the end are
 *	marked with all they reach, and handed over when the cycle is over
 * @QUEUE_ONLY: as before, but only the objects themselves are marked at the end
 * @MARK_AT_END: no roots; marked at the end with all they reach
 * @NO_MARKING: neither
 */
enum finalizing { QUEUE_AND_MARK, QUEUE_ONLY, MARK_AT_END, NO_MARKING };

/**
 * struct protocol - one of them
 * @name: what it is called
 * @what: in a few words, what it is or what it leaves out
 * @expect: what must be found
 * @plain_old: phases in which what is overwritten is not shaded, a bit each
 * @plain_new: phases in which what is stored is not shaded
 * @in_armed: colour of new objects in ARMED; in IDLE they are white
 * @in_mark: the same in MARK; from END on they are black
 * @store: how a store is made
 * @two_words: phase and colour are two variables
 * @no_period_1: nobody waits after ARMED
 * @no_period_2: nobody waits after MARK
 * @period_3: a third grace period, with marking
 * @mark_late: nothing is marked until the second grace period is over
 * @scan_parts: an object is blackened, then its slot is read, then what it refers to is
 *	shaded, each a step of its own
 * @end: END is a phase of its own
 * @wait: for barriers in flight
 * @open_alloc: preemption is on between reading the word and colouring a new object:
 *	the wait for barriers orders nothing but stores with a barrier in flight
 * @unswept: a cycle may begin while objects are still to be swept
 * @pin: objects can be pinned
 * @pin_plain: pins without shading
 * @unpin_plain: unpins without shading
 * @unpin_outside: unpins outside of sections, too
 * @weak: there are weak references to all objects
 * @weak_plain: its load does not shade
 * @recheck: its load looks at the reference again after it looked at the object
 * @closing: how weak references are closed
 * @settle: one more wait after weak references were cleared, before objects are freed
 * @may_fail: a weak load may give NULL for an object that can be reached: not looked at
 * @container: there are objects with a trace callback
 * @trace_early: these are traced before the second grace period is over
 * @born_traced: new ones count as traced from MARK on, as other objects do
 * @forget: when the owner calls forget()
 * @insert_marked: insertions are shaded
 * @buffer: stores leave what is to be shaded in a buffer of their CPU
 * @buffer_kept: the wait for barriers does not empty it
 * @finalizer: objects can have finalizers
 * @finalizing: what is marked for them
 * @set_shades: giving an object a finalizer shades it
 * @hand_over_early: they are called before their objects' referents are marked
 * @age: garbage must go in this cycle at the latest, 1 the first that begins; 0 to
 *	leave that out
 */
struct protocol {
	const char *name;
	const char *what;
	enum verdict expect;
	__u8 plain_old, plain_new;
	enum colour in_armed, in_mark;
	enum store store;
	bool two_words;
	bool no_period_1, no_period_2, period_3;
	bool mark_late, scan_parts, end;
	enum wait wait;
	bool open_alloc, unswept;
	bool pin, pin_plain, unpin_plain, unpin_outside;
	bool weak, weak_plain, recheck, settle, may_fail;
	enum closing closing;
	bool container, trace_early, born_traced, insert_marked;
	enum forget forget;
	bool buffer, buffer_kept;
	bool finalizer, set_shades, hand_over_early;
	enum finalizing finalizing;
	__u8 age;
};

/**
 * enum doing - what a step does, for the trace
 */
enum doing {
	START, ARM, BEGIN_2, BEGIN_3, BEGIN_END, SCAN_ROOT, SCAN_PIN, SCAN_FINALIZERS,
	SCAN, BLACKEN, READ, FOUND, WAIT_BEGINS, WAIT_SEEN, WAIT_NOTHING, WAIT_BROUGHT,
	CLOSE, CLEAR, FINALIZERS_FOUND, FLIP, SWEEP,
	ENTER, LEAVE, LOAD, LOAD_PIN, LOAD_QUEUED, ALLOC, STORE, STORE_PART, SHADES_OLD,
	SHADES_NEW, SHADES_BOTH, PART_DONE, FLUSH, PIN, UNPIN, WEAK_LOAD,
	WEAK_GIVES, WEAK_NULL, INSERT, FORGETS, REMOVES, SET_FINALIZER, FINALIZED,
};

/**
 * struct step - a step, for the trace
 * @who: thread, or -1 for the collector
 * @doing: what it does
 * @a: object or slot
 * @b: object
 * @phase: the phase that the thread sees
 */
struct step {
	int who;
	enum doing doing;
	int a, b;
	enum phase phase;
};

/**
 * struct view - the word as a thread sees it
 * @phase: its phase
 * @crossed: its colour is the other one than that of the current word
 */
struct view {
	enum phase phase;
	bool crossed;
};

/**
 * struct explorer - who is told of steps
 * @emit: called with the state before and what it becomes
 * @p: the protocol
 * @from: the state before
 */
struct explorer {
	void (*emit)(struct explorer *e, const struct state *to, struct step step);
	const struct protocol *p;
	struct state from;
};

/* protocol.c */
struct view protocol_view(const struct protocol *p, const struct state *s, int lag);
int protocol_max_lag(const struct protocol *p);
void shade(struct state *s, int o, bool crossed);
bool is_waiting(const struct state *s);
bool in_barrier(const struct thread *t);
bool is_locked(const struct protocol *p, const struct state *s, int o);
void begin_grace_period(struct state *s);
void begin_wait(const struct protocol *p, struct state *s);
void wait_steps(struct explorer *e);

/* collector.c */
void collector_steps(struct explorer *e);

/* mutator.c */
void mutator_steps(struct explorer *e);
struct view thread_view(const struct explorer *e, const struct state *s, int who);
void emit_seen(struct explorer *e, const struct state *to, int who, enum doing doing,
	       int a, int b);
void hold(struct explorer *e, const struct state *to, int who, enum doing doing, int o);
void skip_shading(const struct explorer *e, struct state *n, int who);
bool starts_barrier(struct explorer *e, struct state *n, int who, int old, int new);

/* objects.c */
void object_steps(struct explorer *e, int who);
void object_part(struct explorer *e, int who);
void outside_steps(struct explorer *e, int who);

/* trace.c */
void step_print(const struct state *from, const struct state *to, struct step step);

static inline void emit(struct explorer *e, const struct state *to, int who,
			enum doing doing, int a, int b)
{
	e->emit(e, to, (struct step){ .who = who, .doing = doing, .a = a, .b = b });
}

#endif
