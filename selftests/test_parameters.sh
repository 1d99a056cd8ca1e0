#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading with parameters good and bad.

. "$(dirname "$0")/common.sh"

# refused PARAMETER RANGE...: insmod fails, nothing is loaded, and the log names
# the parameter and the ends of its range.
refused()
{
	parameter=${1%%=*}
	log_mark
	if load spanheap "$1" 2>"$tmp/insmod"; then
		rmmod spanheap
		fail "$1 was accepted"
		return 1
	fi
	! loaded spanheap || fail "$1: refused, but loaded" || return 1
	[ ! -e "$HEAPS" ] || fail "$1: left $HEAPS behind" || return 1
	log_since | grep "spanheap: .*$parameter" >"$tmp/said" ||
		fail "$1: nothing in the log about it" || return 1
	for word in "$2" "$3"; do
		grep -qw -- "$word" "$tmp/said" ||
			fail "$1: no $word in: $(cat "$tmp/said")" || return 1
	done
}

accepted()
{
	load spanheap "$1" || fail "$1 was refused" || return 1
	heaps_intact && load spanheap_client &&
		client_test heap_stats "" && client_test objects_array ""
	status=$?
	unload_all
	return "$status"
}

parameter_arena_mb_bad()
{
	for value in 0 1025 4294967295; do
		refused "arena_mb=$value" 1 1024 || return 1
	done
}

parameter_cache_kb_bad()
{
	for value in 65537 4294967295; do
		refused "cache_kb=$value" 0 65536 || return 1
	done
}

parameter_no_number()
{
	for value in -1 1x 4294967296 ''; do
		refused "arena_mb=$value" 1 1024 || return 1
		refused "cache_kb=$value" 0 65536 || return 1
	done
}

parameter_good()
{
	accepted arena_mb=1 && accepted arena_mb=1024 && accepted cache_kb=0 &&
		accepted cache_kb=65536
}

# They say in sysfs what they are, to all; nobody changes them afterwards.
parameter_shown()
{
	load spanheap arena_mb=32 cache_kb=512 || return 1
	for pair in arena_mb=32 cache_kb=512; do
		file=/sys/module/spanheap/parameters/${pair%%=*}
		[ "$(cat "$file")" = "${pair#*=}" ] ||
			fail "$file is $(cat "$file"), not $pair" || return 1
		[ "$(stat -c %a "$file")" = 444 ] ||
			fail "$file has mode $(stat -c %a "$file")" || return 1
	done
	rmmod spanheap
}

parameter_default()
{
	load spanheap || return 1
	for pair in arena_mb=64 cache_kb=2048; do
		file=/sys/module/spanheap/parameters/${pair%%=*}
		[ "$(cat "$file")" = "${pair#*=}" ] ||
			fail "$file is $(cat "$file"), not $pair" || return 1
	done
	rmmod spanheap
}

unload_all
run_tests parameter_arena_mb_bad parameter_cache_kb_bad parameter_no_number \
	parameter_good parameter_shown parameter_default
