#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory allocation profiling: /proc/allocinfo has the places that allocate, with
# what they hold, whatever is switched on or off meanwhile.

. "$(dirname "$0")/common.sh"

ALLOCINFO=/proc/allocinfo
SWITCH=/proc/sys/vm/mem_profiling

# Why this kernel cannot tell, or nothing.
unable()
{
	if [ ! -e "$ALLOCINFO" ] || [ ! -e "$SWITCH" ]; then
		echo "no $ALLOCINFO: a kernel without CONFIG_MEM_ALLOC_PROFILING or told never to"
		return
	fi
	release=$(uname -r)
	major=${release%%.*}
	minor=${release#*.}
	minor=${minor%%[!0-9]*}
	[ "$major" -gt 6 ] || [ "$((major * 1000 + minor))" -ge 6014 ] || {
		echo "Linux $release does not let modules ask whether it is switched on"
		return
	}
	cat "$SWITCH" >"$tmp/was"
	! switch 1 2>/dev/null && echo "profiling cannot be switched on"
	switch "$(cat "$tmp/was")"
}

switch()
{
	echo "$1" >"$SWITCH"
}

sites()
{
	echo "$1" >"$SITES/run" || fail "$1 failed"
}

# told [MODULE]: "FUNCTION BYTES CALLS" of each function of it.
told()
{
	awk -v module="[${1:-spanheap_sites}]" '
		$4 == module && sub(/^func:/, "", $5) {
			if (!($5 in bytes))
				order[++n] = $5
			bytes[$5] += $1
			calls[$5] += $2
		}
		END { for (i = 1; i <= n; i++)
			print order[i], bytes[order[i]], calls[order[i]] }' "$ALLOCINFO"
}

# The kernel says what the functions themselves say.
exact()
{
	sort "$SITES/held" >"$tmp/held"
	told | grep '^site_' | sort >"$tmp/told"
	cmp -s "$tmp/held" "$tmp/told" && return
	echo "held, and what $ALLOCINFO says:"
	diff "$tmp/held" "$tmp/told"
	return 1
}

# nothing [FUNCTION...]: none has anything but, maybe, these.
nothing()
{
	told | awk -v but=" $* " '($2 != 0 || $3 != 0) && !index(but, " " $1 " ")' >"$tmp/left"
	[ ! -s "$tmp/left" ] && return
	echo "these still have something:"
	cat "$tmp/left"
	return 1
}

# No warning of the kernel's, and nothing about tags.
quiet()
{
	log_since | grep -E 'WARNING|BUG|alloc_tag|allocated at module unload' >"$tmp/said" ||
		return 0
	cat "$tmp/said"
	return 1
}

# run_quietly FUNCTION: a test that leaves nothing and says nothing.
run_quietly()
{
	log_mark
	switch 1
	result=0
	"$1" || result=1
	switch "$(cat "$tmp/was")"
	sites destroy || result=1
	nothing || result=1
	heaps_intact || result=1
	quiet || result=1
	return $result
}

every_way()
{
	sites alloc && exact || return 1
	told >"$tmp/all"
	grep -q '^site_alloc 6400 100$' "$tmp/all" || fail "not 100 objects of 64 bytes" || return 1
	grep -q '^site_shrunk 131072 1$' "$tmp/all" || fail "not one of 128 KiB" || return 1
	grep -q '^site_moved 0 0$' "$tmp/all" || fail "what has moved is still there" || return 1
	sites free && exact && nothing site_persistent || return 1
	grep -q '^site_persistent 100 1$' "$tmp/told" || fail "a persistent one is gone"
}

twice()
{
	for round in 1 2; do
		sites alloc && exact && sites free && exact || fail "round $round" || return 1
	done
}

destroyed()
{
	sites alloc && exact && sites destroy && nothing
}

in_debug_heap()
{
	sites debug && exact && sites free && nothing site_persistent
}

freed_when_off()
{
	sites alloc && switch 0 && sites free && nothing site_persistent
}

destroyed_when_off()
{
	sites alloc && switch 0 && sites destroy && nothing
}

allocated_when_off()
{
	switch 0 && sites alloc && switch 1 && nothing && sites free && nothing
}

# Not faster than this, and with memory there already: when it is switched off and
# on again within one call, the kernel takes what the call takes for the caller's.
toggled_meanwhile()
{
	sites churn || return 1
	(for round in 1 2 3 4 5; do sites churn || exit; done) &
	churn=$!
	while kill -0 "$churn" 2>/dev/null; do
		switch 0
		sleep 0.05
		switch 1
		sleep 0.05
	done
	wait "$churn" && nothing
}

# The pages of the heap are charged as well, to where spanheap takes them.
pages_are_spanheaps()
{
	sites alloc || return 1
	pages=$(told spanheap | awk '{ bytes += $2 } END { print bytes }')
	objects=$(awk '{ bytes += $2 } END { print bytes }' "$SITES/held")
	echo "$pages bytes of pages and records, $objects of objects"
	[ "$pages" -ge "$objects" ] || fail "fewer pages than objects"
}

allocinfo_every_way()		{ run_quietly every_way; }
allocinfo_twice()		{ run_quietly twice; }
allocinfo_destroyed()		{ run_quietly destroyed; }
allocinfo_debug_heap()		{ run_quietly in_debug_heap; }
allocinfo_freed_when_off()	{ run_quietly freed_when_off; }
allocinfo_destroyed_when_off()	{ run_quietly destroyed_when_off; }
allocinfo_allocated_when_off()	{ run_quietly allocated_when_off; }
allocinfo_toggled_meanwhile()	{ run_quietly toggled_meanwhile; }
allocinfo_pages()		{ run_quietly pages_are_spanheaps; }

# Both modules loaded anew, with nothing that was switched since: what the kernel
# counts itself it does not take back while it is off.
anew()
{
	unload_all && switch 1 && load spanheap && load spanheap_sites && log_mark
}

# off STATUS: as it was, and return that.
off()
{
	switch "$(cat "$tmp/was")"
	return "$1"
}

# A module goes with its heap, in which things were left, and spanheap after it.
unloaded()
{
	sites alloc && exact && rmmod spanheap_sites && quiet || return 1
	! grep -qF '[spanheap_sites]' "$ALLOCINFO" || fail "it is still told of" || return 1
	rmmod spanheap && quiet
}

# What a module leaves in the default heap the kernel knows of, until that goes.
left_behind()
{
	sites leave && rmmod spanheap_sites || return 1
	log_since | grep -q 'spanheap_sites func:leave has 64 allocated at module unload' ||
		fail "the kernel does not say so" || return 1
	log_mark
	rmmod spanheap && quiet
}

allocinfo_unloaded()		{ anew && unloaded; off $?; }
allocinfo_left_behind()		{ anew && left_behind; off $?; }

setup spanheap_sites
tests="allocinfo_every_way allocinfo_twice allocinfo_destroyed allocinfo_debug_heap
	allocinfo_freed_when_off allocinfo_destroyed_when_off
	allocinfo_allocated_when_off allocinfo_toggled_meanwhile allocinfo_pages
	allocinfo_unloaded allocinfo_left_behind"
why=$(unable)
if [ -n "$why" ]; then
	allocinfo() { skip "$why"; }
	tests=allocinfo
fi
# shellcheck disable=SC2086	# words
run_tests $tests
