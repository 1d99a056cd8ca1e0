#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory that a heap does not use goes back: on request, by itself, page by page,
# and when a limit is lowered.

. "$(dirname "$0")/common.sh"

heap=$HEAPS/ballast
stats=$heap/stats
MIB=1048576

# Most of what is free, up to 512 MiB; a kernel that checks everything gets less.
most=512
! slow_kernel || most=48
total=$(awk -v most="$most" '$1 == "MemAvailable:" {
	mib = int($2 / 1024 * 0.62)
	print mib < most ? mib : most
}' /proc/meminfo)

ballast()
{
	unload_all && load spanheap && load spanheap_ballast "$@"
}

# is_released FREE: almost nothing is resident, and MemFree is FREE KiB again.
is_released()
{
	resident=$(stat_of "$stats" resident)
	free=$(free_kib)
	[ "$resident" -lt "$MIB" ] && [ $(((free - $1) * 50)) -ge "-$1" ]
}

say_released()
{
	echo "resident: $resident of $((total * MIB)) bytes; MemFree: $free KiB," \
		"$1 KiB before, $(awk -v a="$1" -v b="$free" \
			'BEGIN { printf "%.2f", (a - b) * 100 / a }') % less"
}

# What it keeps of one page, in caches and in the kernel, is kept before as well.
warm_up()
{
	echo "$MIB 0" >"$BALLAST/fill" && echo 1 >"$BALLAST/drop" &&
		echo 1 >"$heap/scavenge"
	free_kib >"$tmp/free"
}

fill_and_drop()
{
	echo "${total}M 0" >"$BALLAST/fill" || fail "no ${total} MiB" || return 1
	resident=$(stat_of "$stats" resident)
	[ "$resident" -ge $((total * MIB)) ] ||
		fail "only $resident bytes resident when filled" || return 1
	# In an order of which the heap knows nothing.
	echo 3 >"$BALLAST/drop" && echo 2 >"$BALLAST/drop" &&
		echo 1 >"$BALLAST/drop" || return 1
	[ "$(stat_of "$stats" objects)" -eq 0 ] || fail "objects are left"
}

giveback_request()
{
	ballast && warm_up || return 1
	free_before=$(cat "$tmp/free")
	fill_and_drop && echo 1 >"$heap/scavenge" || return 1
	# Records go after a grace period, a few at a time.
	status=1
	for _ in $(seq 100); do
		! is_released "$free_before" || status=0
		[ "$status" -ne 0 ] || break
		sleep 0.2
	done
	say_released "$free_before"
	heaps_intact && return "$status"
}

# since START: seconds since START, which is what /proc/uptime said.
since()
{
	awk -v start="$1" '{ print $1 - start }' /proc/uptime
}

# How long it takes on request tells how fast this machine is just now; alone, it
# takes an eighth of a CPU at most.
time_of_request()
{
	fill_and_drop || return 1
	read -r start _ </proc/uptime
	echo 1 >"$heap/scavenge"
	asked=$(since "$start")
}

# wait_alone SECONDS: until all is given back, or no longer than that.
wait_alone()
{
	read -r start _ </proc/uptime
	while ! is_released "$free_before"; do
		took=$(since "$start")
		awk -v took="$took" -v most="$1" 'BEGIN { exit took >= most }' || return 1
		sleep 0.1
	done
	took=$(since "$start")
}

# Within five seconds, ten on a kernel that checks everything, and 8 times what it
# takes on request, which is next to nothing unless the machine has other work. That
# comes and goes: once in three times is enough.
giveback_alone()
{
	within=5
	! slow_kernel || within=10
	ballast idle_ms=2000 && warm_up || return 1
	free_before=$(cat "$tmp/free")
	for _ in 1 2 3; do
		time_of_request && fill_and_drop || return 1
		status=0
		wait_alone "$(awk -v s="$within" -v asked="$asked" \
			'BEGIN { print s + 8 * asked }')" || status=1
		say_released "$free_before"
		echo "after $took s, $asked s on request"
		[ "$status" -ne 0 ] || break
	done
	grep -E '^(age|pacing)_bytes' "$heap/scavenger"
	heaps_intact && return "$status"
}

# Every second object of a heap full of them: half of it goes back.
giveback_half()
{
	ballast || return 1
	half=$((total / 4))
	echo "$((2 * half))M 64K" >"$BALLAST/fill" || return 1
	before=$(stat_of "$stats" resident)
	echo 2 >"$BALLAST/drop" && echo 1 >"$heap/scavenge" || return 1
	after=$(stat_of "$stats" resident)
	echo "$((2 * half)) MiB of 64 KiB objects, every second freed:" \
		"resident $before before, $after after," \
		"$(awk -v a="$after" -v b="$before" \
			'BEGIN { printf "%.2f", a * 100 / b }') %"
	off=$((after - before / 2))
	[ $((${off#-} * 200)) -le "$before" ] || fail "not half" || return 1
	echo 1 >"$BALLAST/drop" && heaps_intact
}

# Lowering the limit is a request as well.
giveback_limit()
{
	ballast || return 1
	echo "32M 0" >"$BALLAST/fill" && echo 2 >"$BALLAST/drop" || return 1
	before=$(stat_of "$stats" resident)
	echo 1M >"$BALLAST/limit" || return 1
	after=$(stat_of "$stats" resident)
	[ "$after" -lt "$before" ] || fail "$before resident, then $after" ||
		return 1
	! (echo "1M 64K" >"$BALLAST/fill") 2>/dev/null ||
		fail "allocates over the limit" || return 1
	[ "$(stat_of "$stats" alloc_failures)" -gt 0 ] ||
		fail "failure not counted" || return 1
	[ "$(stat_of "$heap/scavenger" limit_bytes)" -gt 0 ] ||
		fail "nothing given back because of the limit" || return 1
	echo 1 >"$BALLAST/drop" && echo "256K 64K" >"$BALLAST/fill" ||
		fail "nothing fits though all is free" || return 1
	echo 1 >"$BALLAST/drop" && echo 0 >"$BALLAST/limit" && heaps_intact
}

# What an idle heap keeps for each CPU.
giveback_footprint()
{
	ballast || return 1
	echo "16M 0" >"$BALLAST/fill" && echo 1 >"$BALLAST/drop" || return 1
	in_use=$(stat_of "$stats" cache_meta)
	echo 1 >"$heap/scavenge" || return 1
	meta=$(stat_of "$stats" cache_meta)
	cpus=$(grep -c '^ *[0-9]' "$heap/caches")
	echo "cache_meta: $((in_use / cpus)) bytes a CPU in use," \
		"$((meta / cpus)) idle; $cpus CPUs"
	[ "$(stat_of "$stats" cached_bytes)" -eq 0 ] || fail "caches hold objects" ||
		return 1
	[ $((meta / cpus)) -le 4096 ]
}

# What is idle can be had back, and the kernel knows; of what it knew nothing is left
# over when the module goes.
giveback_available()
{
	unload_all && before=$(meminfo KReclaimable) && ballast || return 1
	echo "64M 64K" >"$BALLAST/fill" || return 1
	used=$(meminfo KReclaimable)
	echo 1 >"$BALLAST/drop" || return 1
	idle=$(meminfo KReclaimable)
	echo 1 >"$heap/scavenge" || return 1
	after=$(meminfo KReclaimable)
	echo "2M 64K" >"$BALLAST/fill" && echo 1 >"$BALLAST/drop" || return 1
	unload_all || return 1
	end=$(meminfo KReclaimable)
	echo "KReclaimable: $before KiB before, $used with 64 MiB in use, $idle with" \
		"all idle, $after given back, $end in the end"
	[ $((idle - used)) -ge $((48 << 10)) ] || fail "idle memory is not counted" ||
		return 1
	[ $((after - used)) -lt $((8 << 10)) ] ||
		fail "counted after it was given back" || return 1
	off=$((end - before))
	[ "${off#-}" -lt $((8 << 10)) ] || fail "not balanced in the end"
}

# refuses FILE TEXT: writing it there fails and changes nothing.
refuses()
{
	! (echo "$2" >"$1") 2>"$tmp/said" ||
		fail "$1 takes '$2'" || return 1
	[ -z "$3" ] || grep -q "$3" "$tmp/said" ||
		fail "'$2' to $1: $(cat "$tmp/said"), not $3"
}

# All figures but those that change when a worker reserves an arena ahead.
figures()
{
	grep -v -e '^arenas ' -e '^other_meta ' "$stats"
}

giveback_rubbish()
{
	ballast || return 1
	echo "1M 64K" >"$BALLAST/fill" || return 1
	figures >"$tmp/before"
	long=$(seq -s x 1000 2000)
	for text in 0 x 2 -1 n off rubbish '' ' ' "x$long"; do
		refuses "$heap/scavenge" "$text" "Invalid argument" || return 1
	done
	for file in stats classes spans arenas caches scavenger check; do
		refuses "$heap/$file" 1 "" || return 1
	done
	! cat "$heap/scavenge" >"$tmp/read" 2>/dev/null || [ ! -s "$tmp/read" ] ||
		fail "scavenge can be read" || return 1
	figures >"$tmp/after"
	cmp -s "$tmp/before" "$tmp/after" || fail "the figures changed" || return 1
	for text in 1 y Y on; do
		echo "$text" >"$heap/scavenge" || fail "$text is refused" ||
			return 1
	done
	heaps_intact
}

# A line a pass, when asked for.
giveback_trace()
{
	trace=/sys/module/spanheap/parameters/trace_scavenge
	ballast || return 1
	[ "$(cat "$trace")" = N ] || fail "trace_scavenge is on" || return 1
	for state in N Y; do
		echo "$state" >"$trace"
		echo "4M 64K" >"$BALLAST/fill" && echo 1 >"$BALLAST/drop" || return 1
		log_mark
		echo 1 >"$heap/scavenge" || return 1
		log_since | grep -c 'heap ballast: scavenged .*request' >"$tmp/$state"
	done
	echo "$(cat "$tmp/N") lines when off, $(cat "$tmp/Y") when on"
	[ "$(cat "$tmp/N")" -eq 0 ] && [ "$(cat "$tmp/Y")" -eq 1 ]
}

giveback_client()
{
	unload_all && load spanheap && load spanheap_client || return 1
	grep -o '^giveback_[a-z_]*' "$CLIENT/list" >"$tmp/list"
	while read -r test; do
		client_test "$test" "" || fail "$test" || return 1
	done <"$tmp/list"
}

# Threads on all CPUs allocate while what they freed goes back again and again.
# The longest time one of them waited for that is told; on an emulated machine
# it says more about the emulator.
giveback_busy()
{
	unload_all && load spanheap && load spanheap_client || return 1
	: >"$tmp/busy"
	(while [ -e "$tmp/busy" ]; do
		echo 1 >"$HEAPS/client/scavenge"
	done) 2>/dev/null &
	scavenger=$!
	client_test context_threads "*"
	status=$?
	rm "$tmp/busy"
	wait "$scavenger"
	grep -E '^(passes|request_bytes|shootdowns|longest_pause_ns)' \
		"$HEAPS/client/scavenger"
	heaps_intact && return "$status"
}

run_tests giveback_request giveback_available giveback_alone giveback_half giveback_limit \
	giveback_footprint giveback_rubbish giveback_trace giveback_client giveback_busy
