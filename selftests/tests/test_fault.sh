#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Page allocations made to fail while a heap grows: it goes on working, nothing
# is lost. Wants a kernel with CONFIG_FAIL_PAGE_ALLOC.

. "$(dirname "$0")/common.sh"

fault=$DEBUGFS/fail_page_alloc
own=$DEBUGFS/fail_spanheap

if [ ! -d "$fault" ]; then
	ktap_print_header
	ktap_skip_all "no fail_page_alloc in this kernel"
	exit "$KSFT_SKIP"
fi

# Of tasks that ask for it only, and not of their user pages.
set_faults()
{
	echo Y >"$fault/task-filter"
	echo 0 >"$fault/min-order"
	echo N >"$fault/ignore-gfp-wait"
	echo Y >"$fault/ignore-gfp-highmem"
	echo 0 >"$fault/verbose"
	echo -1 >"$fault/times"
	echo "$1" >"$fault/probability"
}

# with_faults PERCENT TEST
with_faults()
{
	set_faults "$1"
	client_test "$2" "*"
	status=$?
	echo 0 >"$fault/probability"
	return "$status"
}

fault_all()
{
	with_faults 100 fault_alloc
}

fault_some()
{
	with_faults 20 fault_alloc
}

fault_few()
{
	with_faults 2 fault_alloc
}

fault_bulk_half()
{
	with_faults 50 fault_bulk
}

fault_create_some()
{
	with_faults 10 fault_create
}

fault_create_all()
{
	with_faults 100 fault_create
}

# with_own MASK PERCENT TEST: with faults of spanheap's own.
with_own()
{
	echo Y >"$own/task-filter" && echo 0 >"$own/verbose" &&
		echo -1 >"$own/times" && echo "$2" >"$own/probability" &&
		echo "$1" >"$own/points" || return 1
	client_test "$3" "*"
	status=$?
	echo 0 >"$own/points"
	return "$status"
}

own_requests()
{
	with_own 1 20 fault_alloc
}

own_pages()
{
	with_own 2 20 fault_alloc
}

own_everything()
{
	with_own 15 5 fault_alloc && with_own 15 30 fault_create
}

own_bulk()
{
	with_own 1 50 fault_bulk
}

own_bad_points()
{
	! echo 32 >"$own/points" 2>/dev/null || fail "32 is no point" || return 1
	! echo x >"$own/points" 2>/dev/null || fail "x is no point" || return 1
	[ "$(cat "$own/points")" -eq 0 ] || fail "a bad mask was taken"
}

# The sample runs out of memory in the middle of a text: what it took it knows,
# and once there is memory it takes more.
fault_sample()
{
	load spanheap_sample || return 1
	pad=$(head -c 1000 /dev/zero | tr '\0' x)
	set_faults 20
	(exec 3>"$SAMPLE/load"
	 echo "1 T name0 $pad" >&3
	 echo 1 >/proc/self/make-it-fail
	 count=1
	 while [ "$count" -lt 20000 ] && echo "1 T name$count $pad" >&3; do
		count=$((count + 1))
	 done
	 echo 0 >/proc/self/make-it-fail
	 echo "$count" >"$tmp/count") 2>"$tmp/said"
	echo 0 >"$fault/probability"

	grep -q "Cannot allocate memory" "$tmp/said" ||
		fail "not refused with ENOMEM: $(cat "$tmp/said")" || return 1
	count=$(cat "$tmp/count")
	now=$(stat_of "$SAMPLE/stats" entries)
	[ "$now" -eq "$count" ] || fail "$now entries, not $count" || return 1
	last=name$((count - 1))
	echo $last >"$SAMPLE/lookup"
	grep -q "^1 T $last " "$SAMPLE/lookup" || fail "no $last" || return 1
	echo "2 T more" >"$SAMPLE/load" || return 1
	echo more >"$SAMPLE/lookup"
	grep -qx "2 T more" "$SAMPLE/lookup" || fail "no more lines" || return 1
	heaps_intact && echo >"$SAMPLE/clear" &&
		[ "$(stat_of "$HEAPS/sample/stats" objects)" -eq 0 ] &&
		heaps_intact && rmmod spanheap_sample
}

setup spanheap_client
run_tests fault_all fault_some fault_few fault_bulk_half fault_create_some \
	fault_create_all own_requests own_pages own_everything own_bulk \
	own_bad_points fault_sample
