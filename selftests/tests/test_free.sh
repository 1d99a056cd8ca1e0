#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Frees of what is no live object: counted, reported, harmless.

. "$(dirname "$0")/common.sh"

# Many bad frees in a row neither flood the log nor go uncounted.
free_many()
{
	before=$(stat_of "$HEAPS/default/stats" bad_frees)
	log_mark
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		echo free_stack >"$CLIENT/run" || return 1
	done
	after=$(stat_of "$HEAPS/default/stats" bad_frees)
	[ $((after - before)) -eq 20 ] || fail "20 more were counted $((after - before))"
}

# The reports name the heap and hide addresses.
free_report()
{
	sleep 1	# so that the limit in rate is not reached
	log_mark
	echo free_interior >"$CLIENT/run" || return 1
	log_since | grep '^spanheap: ' >"$tmp/said"
	grep -q "client" "$tmp/said" || fail "no report names the heap" || return 1
	no_addresses "$tmp/said"
}

client_tests free free_many free_report
