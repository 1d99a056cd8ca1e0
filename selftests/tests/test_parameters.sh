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
	said=$(cat "$tmp/said")
	for word in "$2" "$3"; do
		case " $said " in
		*[!0-9]"$word"[!0-9]*)	;;
		*)	fail "$1: no $word in: $said" || return 1 ;;
		esac
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

# refused_each PARAMETER FROM TO VALUE...: each of the values is.
refused_each()
{
	name=$1
	from=$2
	to=$3
	shift 3
	for value; do
		refused "$name=$value" "$from" "$to" || return 1
	done
}

parameter_arena_mb_bad()
{
	refused_each arena_mb 1 1024 0 1025 4294967295
}

parameter_cache_kb_bad()
{
	refused_each cache_kb 0 65536 65537 4294967295
}

parameter_scavenge_ms_bad()
{
	refused_each scavenge_ms 10 86400000 0 9 86400001 4294967295
}

parameter_quarantine_kb_bad()
{
	refused_each quarantine_kb 0 1048576 1048577 4294967295
}

parameter_profile_rate_bad()
{
	refused_each profile_rate 0 134217728 134217729 18446744073709551615
}

parameter_no_number()
{
	for value in -1 1x 18446744073709551616 ''; do
		refused "arena_mb=$value" 1 1024 || return 1
		refused "cache_kb=$value" 0 65536 || return 1
		refused "scavenge_ms=$value" 10 86400000 || return 1
		refused "quarantine_kb=$value" 0 1048576 || return 1
		refused "profile_rate=$value" 0 134217728 || return 1
	done
}

parameter_good()
{
	accepted arena_mb=1 && accepted arena_mb=1024 && accepted cache_kb=0 &&
		accepted cache_kb=65536 && accepted scavenge_ms=10 &&
		accepted scavenge_ms=86400000 && accepted quarantine_kb=0 &&
		accepted quarantine_kb=1048576 && accepted profile_rate=1 &&
		accepted profile_rate=134217728
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
	insmod "$MODULES/spanheap.ko" || return 1
	for pair in arena_mb=64 cache_kb=2048 scavenge_ms=300000 \
			quarantine_kb=4096 profile_rate=2097152 debug=N \
			panic_on_bad_free=N; do
		file=/sys/module/spanheap/parameters/${pair%%=*}
		[ "$(cat "$file")" = "${pair#*=}" ] ||
			fail "$file is $(cat "$file"), not $pair" || return 1
	done
	rmmod spanheap
}

unload_all
run_tests parameter_arena_mb_bad parameter_cache_kb_bad \
	parameter_scavenge_ms_bad parameter_quarantine_kb_bad \
	parameter_profile_rate_bad parameter_no_number parameter_good \
	parameter_shown parameter_default
