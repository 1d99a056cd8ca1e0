#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Something fails while spanheap loads: it is not loaded, leaves nothing behind,
# and loads the next time. Wants a kernel with fault injection.

. "$(dirname "$0")/common.sh"

own=$DEBUGFS/fail_spanheap

# load_failing NR: load while the NR-th thing that may fail does. Nothing of it
# is left when that is too much.
load_failing()
{
	if load spanheap "fail_spanheap=1,100,$1,1" 2>"$tmp/insmod"; then
		untouched=$(cat "$own/times")
		echo 0 >"$own/points"
		heaps_intact
		return
	fi
	failed=$((failed + 1))
	if grep -q "Operation not supported" "$tmp/insmod"; then
		refused=$((refused + 1))
	else
		grep -q "Cannot allocate memory" "$tmp/insmod" ||
			fail "failure $1: $(cat "$tmp/insmod")" || return 1
	fi
	! loaded spanheap || fail "failure $1: it is loaded" || return 1
	[ ! -e "$HEAPS" ] || fail "failure $1 left $HEAPS"
}

# The first thing that may fail, then the second, until none is left to.
load_each_failure()
{
	nr=0
	failed=0
	refused=0
	untouched=0
	log_mark
	while load_failing "$nr" && [ "$untouched" -eq 0 ]; do
		# It can do without some.
		! loaded spanheap || rmmod spanheap || return 1
		nr=$((nr + 1))
	done
	[ "$untouched" -eq 1 ] || return 1
	echo "$nr things may fail; $failed times it did not load"
	[ "$failed" -ge 5 ] || fail "these are few" || return 1
	# Where pages come and go one by one it asks for a hypervisor that cannot.
	if [ "$(uname -m)" = x86_64 ]; then
		[ "$refused" -eq 1 ] || fail "refused $refused times" || return 1
		log_since | grep -q "spanheap: not loaded: .*Xen PV" ||
			fail "nothing in the log about Xen PV" || return 1
	fi
	load spanheap_client && client_test objects_array ""
}

load_bad_faults()
{
	for value in "" 1 1,100 x,y,z,t; do
		log_mark
		! load spanheap "fail_spanheap=$value" 2>"$tmp/insmod" ||
			fail "\"$value\" was accepted" || return 1
		log_since | grep -q "spanheap: parameter fail_spanheap:" ||
			fail "nothing in the log about \"$value\"" || return 1
	done
}

unload_all
load spanheap || exit 1
if [ ! -d "$own" ]; then
	rmmod spanheap
	ktap_print_header
	ktap_skip_all "no fault injection in this kernel"
	exit "$KSFT_SKIP"
fi
rmmod spanheap
run_tests load_bad_faults load_each_failure
