/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A state of the model: a small heap, a few threads that use it, and its collector.
 * Everything that later steps depend on is in it. Its key is the same for states
 * that differ only in the names of objects and threads.
 */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include <linux/types.h>
#include <stdbool.h>

#define THREADS		2
#define LOCALS		2	/* references a thread can hold */
#define MAX_OBJECTS	3	/* numbered from 1; 0 is NULL */
#define ROOT		0	/* the slot of number 0 is the root */

#define BIT(n)		(1u << (n))

/**
 * enum phase - what the heap's word says, besides the colour
 * @IDLE: no barrier; what the last cycle left unmarked is swept
 * @ARMED: barrier on
 * @MARK: the marker works
 * @END: the second grace period is over; only in protocols that tell it from @MARK
 * @CLOSED: weak loads of unmarked objects fail; only in protocols with weak references
 */
enum phase { IDLE, ARMED, MARK, END, CLOSED, PHASES };

/**
 * enum colour - state of an object, as the current word has it
 * @FREE: not allocated
 * @WHITE: not marked; what all live objects are between two cycles
 * @GREY: marked, its slot still to be looked at
 * @BLACK: marked; while IDLE, dead and still to be swept
 *
 * The end of a cycle exchanges @WHITE and @BLACK and touches no object for that.
 */
enum colour { FREE, WHITE, GREY, BLACK };

/**
 * enum trait - what an object has besides its slot
 * @CONTAINER: a trace callback: its slot is stored to without the barrier
 * @FINALIZER: a finalizer that was not called yet
 * @QUEUED: its finalizer is being called: that holds it, as a pin does
 * @WEAKLY: a weak reference to it, that was not cleared yet
 */
enum trait { CONTAINER = 1, FINALIZER = 2, QUEUED = 4, WEAKLY = 8 };

/**
 * enum at - what a thread is in the middle of
 * @NOWHERE: nothing
 * @SHADE_OLD: an exchange is done; @old and @new are still to be shaded
 * @SHADE_NEW: the same, @old is shaded
 * @LOADED: @old was loaded from @slot, for a store that is made in parts
 * @SHADED: both are shaded, the store is still to come
 * @WEAK: @old was loaded from its weak reference, nothing else done yet; @slot is the
 *	same once the reference was cleared, @new once the object was freed
 * @UNLINK: forget(@old) was called; its removal from @slot is still to come
 * @FORGET: @old was removed from a container; forget() is still to come
 *
 * Preemption is off in all but the first and the last two.
 */
enum at { NOWHERE, SHADE_OLD, SHADE_NEW, LOADED, SHADED, WEAK, UNLINK, FORGET };

/**
 * struct thread - a mutator
 * @in: in a section
 * @lag: how many changes of the word ago the one was that it saw last
 * @at: what it is in the middle of
 * @slot: the slot that is about: ROOT, or the number of an object
 * @old: what was in that slot
 * @new: what comes into it
 * @full: at NOWHERE, @old and @new wait in the buffer of this CPU
 * @other: the colour it goes by is not that of the word that it saw
 * @name: what it is called when steps are printed; in no key
 * @local: the references it holds in this section
 */
struct thread {
	__u8 in, lag, at, slot, old, new, full, other, name;
	__u8 local[LOCALS];
};

/**
 * enum verdict - what is wrong with a state, or with a protocol
 * @SOUND: nothing
 * @LOST: an object was freed that could still be reached
 * @GREY_LEFT: a cycle left a grey object, which the next takes for marked
 * @FALSE_NULL: a weak reference gave NULL although its object could be reached
 * @LEAKED: an object outlived the cycle in which it had to go
 * @TOO_LARGE: there were too many states to tell
 */
enum verdict { SOUND, LOST, GREY_LEFT, FALSE_NULL, LEAKED, TOO_LARGE };

/**
 * struct state - everything
 * @phase: enum phase of the current word
 * @task: enum task, what the collector is doing
 * @waits: threads that it waits for, a bit each
 * @stale: how far back a thread that begins a section may see the word
 * @scanned: roots that were looked at, enum root_kind
 * @verdict: what the last step did wrong
 * @pin: the object that is pinned
 * @reading: the object whose slot is about to be read
 * @found: the object that is about to be shaded, found in a slot
 * @slot: the root, then the slot of each object
 * @colour: of each object
 * @traits: of each object
 * @age: cycles that began since the object became unreachable
 * @name: what the object is called when steps are printed; in no key
 * @thread: the mutators
 */
struct state {
	__u8 phase, task, waits, stale, scanned, verdict, pin, reading, found;
	__u8 slot[MAX_OBJECTS + 1];
	__u8 colour[MAX_OBJECTS + 1];
	__u8 traits[MAX_OBJECTS + 1];
	__u8 age[MAX_OBJECTS + 1];
	__u8 name[MAX_OBJECTS + 1];
	struct thread thread[THREADS];
};

/**
 * struct key - a state, packed
 * @word: bits
 */
struct key {
	__u64 word[2];
};

extern int objects;		/* how many there are */

struct state state_unpack(struct key key);
void state_simplify(struct state *s);
struct key state_key(const struct state *s);
struct state state_renamed(const struct state *s);
unsigned int state_reachable(const struct state *s);

#endif
