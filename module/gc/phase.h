/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The word of a managed heap that says what collector and users do to each other: one
 * word, so that nobody can see one part of it changed and another not.
 *
 *   bit   0       stores shade what they overwrite and what they store
 *   bit   1       the heap is closed, see section.c
 *   bit   2       sections may sleep
 *   bits  4, 5    the phase
 *   bits  8-15    the state of an object that is allocated now
 *   bits 16-23    the colour that is white now, as a state has it
 *
 * The first three are known to <linux/spanheap.h>.
 */
#ifndef SPANHEAP_PHASE_H
#define SPANHEAP_PHASE_H

#include <linux/bitfield.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/stddef.h>

#include "heap/heap.h"
#include "span/span.h"

/**
 * enum sh_phase - where a cycle is
 * @SH_PHASE_IDLE: none is under way: no barrier
 * @SH_PHASE_ARMED: stores shade; new objects are still white
 * @SH_PHASE_MARK: new objects are black, and marking is under way
 * @SH_PHASE_END: as that; nobody who has seen less is left
 */
enum sh_phase {
	SH_PHASE_IDLE,
	SH_PHASE_ARMED,
	SH_PHASE_MARK,
	SH_PHASE_END,
};

/* Where <linux/spanheap.h> finds it. */
static_assert(!offsetof(struct spanheap, phase));

#define SH_WORD_PHASE	GENMASK(5, 4)
#define SH_WORD_BIRTH	GENMASK(15, 8)
#define SH_WORD_WHITE	GENMASK(23, 16)

static __always_inline unsigned long sh_word(const struct spanheap *heap)
{
	return READ_ONCE(heap->phase);
}

static inline enum sh_phase sh_word_phase(unsigned long word)
{
	return FIELD_GET(SH_WORD_PHASE, word);
}

/* The colour of objects that are not known to be reachable. */
static inline u8 sh_word_white(unsigned long word)
{
	return FIELD_GET(SH_WORD_WHITE, word);
}

/* The colour of those that are, and that were looked into. */
static inline u8 sh_word_black(unsigned long word)
{
	return sh_word_white(word) ^ SH_OBJ_COLOUR;
}

/* The state of a new object. Preemption has been off since before, and until it has it. */
static __always_inline u8 sh_word_birth(unsigned long word)
{
	return FIELD_GET(SH_WORD_BIRTH, word);
}

/**
 * sh_phase_set() - go on to a phase
 * @heap: the heap, whose cycle is the caller's
 * @phase: the phase
 * @white: the colour that is white in it
 *
 * Others may see it late: until a grace period has passed they may do what they did in
 * the phase before.
 */
static inline void sh_phase_set(struct spanheap *heap, enum sh_phase phase, u8 white)
{
	u8 black = white ^ SH_OBJ_COLOUR;
	u8 birth = SH_OBJ_LIVE | (phase >= SH_PHASE_MARK ? black : white);
	unsigned long kept = heap->phase & (__SPANHEAP_CLOSED | __SPANHEAP_SLEEP);

	/* What was done before can be seen by who sees the phase. */
	smp_store_release(&heap->phase, kept |
			  (phase == SH_PHASE_IDLE ? 0 : __SPANHEAP_BARRIER) |
			  FIELD_PREP(SH_WORD_PHASE, phase) |
			  FIELD_PREP(SH_WORD_BIRTH, birth) |
			  FIELD_PREP(SH_WORD_WHITE, white));
}

#endif /* SPANHEAP_PHASE_H */
