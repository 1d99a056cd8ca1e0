#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The heap profile, through its files: exact with rate 1, nothing when off, near
# the truth in between, and readable by what reads such files.

. "$(dirname "$0")/common.sh"

RATE=/sys/module/spanheap/parameters/profile_rate

# fresh RATE: the modules loaded anew with this rate, and the sample at work.
fresh()
{
	unload_all && load spanheap profile_rate="$1" && load spanheap_sample &&
		head -n "${2:-3000}" /proc/kallsyms >"$SAMPLE/load"
}

# bytes_of FILE: the sum of a file of folded stacks.
bytes_of()
{
	awk '{ sum += $NF } END { printf "%d\n", sum }' "$HEAPS/sample/$1"
}

# live_is BYTES: what the profile has live, and what the heap has.
live_is()
{
	[ "$(bytes_of profile)" -eq "$1" ] ||
		fail "profile has $(bytes_of profile) bytes, not $1"
}

object_bytes()
{
	stat_of "$HEAPS/sample/stats" object_bytes
}

profile_exact()
{
	fresh 1 || return
	[ "$(object_bytes)" -gt 100000 ] || fail "nothing to look at" || return
	live_is "$(object_bytes)" || return
	all=$(bytes_of profile_alloc)
	[ "$all" -ge "$(object_bytes)" ] || fail "only $all ever" || return
	[ "$(stat_of "$HEAPS/sample/stats" profile_samples)" -eq \
		"$(stat_of "$HEAPS/sample/stats" objects)" ] ||
		fail "not every object has a sample" || return

	echo >"$SAMPLE/clear"
	live_is "$(object_bytes)" || return
	[ "$(bytes_of profile_alloc)" -eq "$all" ] ||
		fail "what was allocated changed when it was freed" || return
	heaps_intact
}

# The outermost frame first, the one that allocates last, and no addresses.
profile_form()
{
	fresh 1 || return
	for file in profile profile_alloc; do
		cat "$HEAPS/sample/$file" >"$tmp/$file"
		! grep -vE '^[^ ;]+(;[^ ;]+)* [0-9]+$' "$tmp/$file" ||
			fail "$file: that is no folded stack" || return
		grep -qE ';[a-z_.0-9]+_\[spanheap_sample\] [0-9]+$' "$tmp/$file" ||
			fail "$file: nothing by the sample" || return
		! grep -E '\[spanheap\]( |;)' "$tmp/$file" ||
			fail "$file: frames of the heap itself" || return
		no_addresses "$tmp/$file" || return
		[ "$(stat -c %a "$HEAPS/sample/$file")" = 400 ] ||
			fail "$file has mode $(stat -c %a "$HEAPS/sample/$file")" ||
			return
	done
}

# The sums in the header are those of the lines, every number has a name.
profile_pprof()
{
	fresh 1 || return
	cat "$HEAPS/sample/pprof" >"$tmp/pprof"
	no_addresses "$tmp/pprof" || return
	awk -v objects="$(stat_of "$HEAPS/sample/stats" objects)" \
		-v bytes="$(object_bytes)" '
		/^--- symbol$/ { symbols = 1; next }
		/^---$/ { symbols = 0; next }
		symbols && /^0x/ { name[$1] = $2 }
		symbols { next }
		/^heap profile: / {
			headers++
			gsub(/[][:@]/, " ")
			if ($3 != objects || $4 != bytes)
				print "the header has", $3, $4, "not", objects, bytes
			all_objects = $5
			all_bytes = $6
			next
		}
		/@/ {
			split($0, half, "@")
			gsub(/[][:]/, " ", half[1])
			split(half[1], n, " ")
			o += n[1]; b += n[2]; ao += n[3]; ab += n[4]
			nr = split(half[2], frame, " ")
			for (i = 1; i <= nr; i++)
				if (!(frame[i] in name))
					print "no name for", frame[i]
			next
		}
		{ print "what is this: " $0 }
		END {
			if (headers != 1)
				print headers + 0, "headers"
			if (o != objects || b != bytes)
				print "lines add up to", o, b
			if (ao != all_objects || ab != all_bytes)
				print "lines add up to", ao, ab, "ever"
		}' "$tmp/pprof" >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || { cat "$tmp/wrong"; return 1; }
}

profile_off()
{
	fresh 0 || return
	[ "$(object_bytes)" -gt 100000 ] || fail "nothing to look at" || return
	for file in profile profile_alloc; do
		[ -z "$(cat "$HEAPS/sample/$file")" ] || fail "$file is not empty" ||
			return
	done
	grep -q '^heap profile: 0: 0 \[0: 0\] @ heapprofile$' \
		"$HEAPS/sample/pprof" || fail "pprof has no empty header"
}

# Some 1000 samples have a standard error of about 3 %.
profile_estimates()
{
	fresh 512 100000 || return
	is=$(bytes_of profile)
	should=$(object_bytes)
	off=$((is > should ? is - should : should - is))
	[ $((off * 100)) -lt $((should * 20)) ] ||
		fail "profile has $is bytes, the heap $should"
}

# Objects keep their samples when no more are taken, and lose them when freed.
profile_rate_changes()
{
	fresh 1 || return
	before=$(object_bytes)
	echo 0 >"$RATE"
	live_is "$before" || return
	head -n 4000 /proc/kallsyms >"$SAMPLE/load"
	[ "$(bytes_of profile)" -le "$before" ] ||
		fail "samples are still taken" || return
	echo >"$SAMPLE/clear"
	[ "$(bytes_of profile)" -le "$(object_bytes)" ] ||
		fail "freed objects are still in the profile" || return
	echo 1 >"$RATE"
	head -n 1000 /proc/kallsyms >"$SAMPLE/load"
	[ "$(bytes_of profile)" -gt 10000 ] || fail "no more samples" || return
	heaps_intact
}

# The rate holds for a CPU that was off when it was set.
profile_rate_of_a_cpu_that_was_off()
{
	online=/sys/devices/system/cpu/cpu1/online
	[ -w "$online" ] || skip "no CPU to turn off" || return
	fresh 0 1 || return
	echo >"$SAMPLE/clear"
	echo 0 >"$online" || return
	echo 1 >"$RATE"
	echo 1 >"$online" || return
	head -n 3000 /proc/kallsyms | taskset 2 tee "$SAMPLE/load" >/dev/null
	[ "$(object_bytes)" -gt 100000 ] || fail "nothing to look at" || return
	[ "$(bytes_of profile)" -ge $(($(object_bytes) * 9 / 10)) ] ||
		fail "profile has $(bytes_of profile) bytes of $(object_bytes)"
}

profile_rate_bad()
{
	fresh 4096 1 || return
	for value in -1 1x '' 18446744073709551615 18446744073709551616; do
		log_mark
		! echo "$value" 2>/dev/null >"$RATE" ||
			fail "'$value' was accepted" || return
		log_since | grep -q 'spanheap: parameter profile_rate: .* from 0 to' ||
			fail "'$value': nothing in the log about it" || return
		[ "$(cat "$RATE")" = 4096 ] || fail "'$value' changed it" || return
	done
	unload_all || return
	! load spanheap profile_rate=-1 2>/dev/null || fail "it loads with -1" ||
		return
	! loaded spanheap || fail "refused, but loaded"
}

# A heap that goes takes its samples along: the module unloads, and again.
profile_destroyed()
{
	for round in 1 2; do
		fresh 1 || return
		[ "$(bytes_of profile)" -gt 100000 ] || fail "round $round: no samples" ||
			return
		rmmod spanheap_sample || return
		[ ! -e "$HEAPS/sample" ] || fail "the heap is still there" || return
		heaps_intact && rmmod spanheap || return
	done
}

# Loaded without a word about it there are samples: of 32 MiB some 16.
profile_default()
{
	unload_all && insmod "$MODULES/spanheap.ko" && load spanheap_ballast || return
	echo "32M 1K" >"$BALLAST/fill" || return
	samples=$(stat_of "$HEAPS/ballast/stats" profile_samples)
	echo "$samples samples"
	[ "$samples" -ge 2 ] || fail "hardly any" || return
	[ "$samples" -le 100 ] || fail "too many" || return
	grep -q 'spanheap_ballast' "$HEAPS/ballast/profile" || fail "not by whom" || return
	echo 1 >"$BALLAST/drop" && heaps_intact
}

unload_all
run_tests profile_exact profile_form profile_pprof profile_off \
	profile_estimates profile_rate_changes \
	profile_rate_of_a_cpu_that_was_off profile_rate_bad profile_destroyed \
	profile_default
