#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A module goes without having destroyed its heap: that is said, hurts nobody, and
# the heap goes with spanheap.

. "$(dirname "$0")/common.sh"

# said PATTERN: spanheap has logged that, since log_mark.
said()
{
	log_since | grep '^spanheap: ' >"$tmp/said"
	grep -qE "$1" "$tmp/said" && return
	echo "spanheap did not log '$1' but:"
	head -n 20 "$tmp/said"
	return 1
}

# Short, so that what is to run after a heap was left behind does so at once.
start()
{
	unload_all && load spanheap scavenge_ms=20 && log_mark
}

# The scavenger runs, finalizers would be called, names can still be printed.
forgotten_is_reported()
{
	start && load spanheap_forgetful "$@" && rmmod spanheap_forgetful || return 1
	leaves='module spanheap_forgetful leaves'
	said "$leaves heap forgotten behind \(4 objects, [0-9]+ bytes\)" &&
		said "$leaves 1 finalizers behind in heap forgotten" &&
		said "$leaves 2 finalizers behind in heap default" || return 1
	sleep 1
	heaps_intact || return 1
	[ "$(stat_of "$HEAPS/forgotten/config" left_behind)" = 1 ] ||
		fail "its config does not say so" || return 1
	[ "$(stat_of "$HEAPS/forgotten/stats" objects)" = 4 ] ||
		fail "$(stat_of "$HEAPS/forgotten/stats" objects) objects are left"
}

forgotten_with_stacks()
{
	forgotten_is_reported debug=1 || return 1
	said 'heap forgotten:   [34] of 100 bytes, allocated at:' || return 1
	log_since | grep -q 'forgetful_fill.*\[spanheap_forgetful' ||
		skip "this kernel keeps no stacks"
}

# Who comes back is told why it cannot have the name. Newer kernels make EBUSY of a
# module's EEXIST.
forgotten_name_is_taken()
{
	forgotten_is_reported || return 1
	! load spanheap_forgetful 2>"$tmp/said" || fail "it loaded again" || return 1
	grep -qE 'File exists|resource busy' "$tmp/said" ||
		fail "$(cat "$tmp/said")" || return 1
	said 'heap forgotten exists already: module spanheap_forgetful made it' &&
		said 'it and left it behind, in process insmod, pid [0-9]+, ' &&
		said ', [0-9]+\.[0-9]{3} s after boot; it goes when spanheap is'
}

# All of it goes with spanheap, and nothing of it happens later.
forgotten_goes_with_spanheap()
{
	start && rmmod spanheap || return 1
	vmaps=$(grep -c vmap /proc/vmallocinfo)
	for count in 1 2 3; do
		forgotten_is_reported debug=$((count % 2)) || return 1
		log_mark
		rmmod spanheap || return 1
		said 'heap forgotten is still there while spanheap is unloaded: ' &&
			said 'heap forgotten: destroyed with 4 objects of ' ||
			return 1
		sleep 1
	done
	! dmesg | grep 'spanheap_forgetful: finalized' ||
		fail "code was called that was gone" || return 1
	[ "$(grep -c vmap /proc/vmallocinfo)" -le "$vmaps" ] ||
		fail "vmap areas: $vmaps before, $(grep -c vmap /proc/vmallocinfo) now"
}

# What runs as its module goes may end before its code is gone.
forgotten_finalizer_is_waited_for()
{
	start && load spanheap_forgetful busy_ms=2000 &&
		rmmod spanheap_forgetful || return 1
	log_since | grep -q 'spanheap_forgetful: finalized' ||
		fail "rmmod has not waited" || return 1
	sleep 2
	heaps_intact
}

# The same when a module's init fails after it has made a heap.
forgotten_by_init()
{
	start || return 1
	! load spanheap_forgetful fail=1 2>"$tmp/said" || fail "it loaded" || return 1
	said 'module spanheap_forgetful leaves heap forgotten behind' &&
		said 'module spanheap_forgetful leaves 2 finalizers behind in heap default' ||
		return 1
	sleep 1
	heaps_intact && rmmod spanheap && sleep 1
}

# Who behaves is not named.
forgotten_nothing()
{
	start && load spanheap_sample && echo "some text" >"$SAMPLE/load" &&
		rmmod spanheap_sample && rmmod spanheap || return 1
	! log_since | grep '^spanheap: ' || fail "all of it was destroyed"
}

unload_all
run_tests forgotten_is_reported forgotten_with_stacks forgotten_name_is_taken \
	forgotten_goes_with_spanheap forgotten_finalizer_is_waited_for \
	forgotten_by_init forgotten_nothing
