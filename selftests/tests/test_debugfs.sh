#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The files of a heap: modes, form, sums, and no addresses.

. "$(dirname "$0")/common.sh"

heap=$HEAPS/sample

# Some thousand lines of all lengths.
fill()
{
	head -n 3000 /proc/kallsyms >"$SAMPLE/load" &&
		cat /proc/modules /proc/iomem "$0" >"$SAMPLE/load"
}

debugfs_files()
{
	for dir in "$HEAPS/default" "$heap"; do
		for file in stats config classes spans arenas caches map \
				occupancy check; do
			[ -f "$dir/$file" ] || fail "no $dir/$file" || return 1
			cat "$dir/$file" >"$tmp/read" ||
				fail "cannot read $dir/$file" || return 1
			[ -s "$tmp/read" ] || fail "$dir/$file is empty" ||
				return 1
		done
	done
}

debugfs_modes()
{
	stat -c '%a:%u %n' "$HEAPS"/*/* >"$tmp/modes" || return 1
	while read -r mode file; do
		case $mode in
		400:0 | 600:0 | 200:0)	;;
		*)	fail "$file has mode:owner $mode" || return 1 ;;
		esac
	done <"$tmp/modes"
	for file in "$HEAPS"/*/stats "$HEAPS"/*/classes "$HEAPS"/*/check; do
		grep -qx "400:0 $file" "$tmp/modes" || fail "$file: another mode" || return 1
	done
}

# Every line a name and a number, each name once, none missing.
debugfs_stats_form()
{
	fill || return 1
	for file in "$HEAPS"/*/stats; do
		! grep -vE '^[a-z_]+ [0-9]+$' "$file" ||
			fail "that is no 'name value'" || return 1
		[ -z "$(cut -d ' ' -f 1 "$file" | sort | uniq -d)" ] ||
			fail "a name twice in $file" || return 1
		cut -d ' ' -f 1 "$file" >"$tmp/shown"
		for name in limit sys in_use idle released resident objects \
				object_bytes mallocs frees large_mallocs \
				large_frees manual_spans manual_bytes \
				persistent_bytes cached_objects cached_bytes \
				span_meta cache_meta other_meta arenas grows \
				scavenges scavenged_bytes \
				longest_pause_ns bad_frees \
				alloc_failures id flags pid created_ms \
				left_behind; do
			echo "$name"
		done >"$tmp/names"
		! grep -vxFf "$tmp/shown" "$tmp/names" || fail "not in $file" || return 1
	done
}

# debugfs.rst, which is beside the tests or in Documentation/, has a row for each
# figure, and for no others.
debugfs_stats_documented()
{
	doc=$(dirname "$0")/debugfs.rst
	[ -e "$doc" ] || doc=$(dirname "$0")/../Documentation/debugfs.rst
	awk '/^  ====/ { table++; next }
	     table == 1 { print substr($0, 3, 26) }' "$doc" |
		tr -s ', ' '\n' | grep . >"$tmp/documented"
	for file in "$HEAPS"/*/stats; do
		cut -d ' ' -f 1 "$file" >"$tmp/shown"
		! grep -vxFf "$tmp/documented" "$tmp/shown" ||
			fail "in $file, but not in debugfs.rst" || return 1
		! grep -vxFf "$tmp/shown" "$tmp/documented" ||
			fail "in debugfs.rst, but not in $file" || return 1
	done
}

adds_up()
{
	awk -v file="$1" '
		{ s[$1] = $2; last[NR] = $1 }
		function same(what, a, b) {
			if (a == b)
				return
			print file ": " what ": " a " is not " b
			bad = 1
		}
		END {
			same("the breakdown of resident", s["resident"],
			     s["object_bytes"] + s["cached_bytes"] +
			     s["free_bytes"] + s["manual_bytes"] +
			     s["persistent_bytes"] + s["idle_bytes"])
			same("reserved = resident + released", s["reserved"],
			     s["resident"] + s["released"])
			if (last[1] != "object_bytes" || last[7] != "resident" ||
			    last[8] != "released" || last[9] != "reserved") {
				print file ": does not open with the breakdown"
				bad = 1
			}
			same("sys = in_use + idle", s["sys"], s["in_use"] + s["idle"])
			same("resident = sys - released", s["resident"],
			     s["sys"] - s["released"])
			same("objects = mallocs - frees", s["objects"],
			     s["mallocs"] - s["frees"])
			if (s["in_use"] < s["object_bytes"] + s["cached_bytes"])
				same("in_use holds the objects", s["in_use"],
				     s["object_bytes"] + s["cached_bytes"])
			exit bad
		}' "$1"
}

debugfs_sums()
{
	echo >"$SAMPLE/clear" && adds_up "$heap/stats" || return 1
	fill && adds_up "$heap/stats" || return 1
	fill && adds_up "$heap/stats" || return 1
	echo >"$SAMPLE/clear" && adds_up "$heap/stats" &&
		adds_up "$HEAPS/default/stats"
}

# has_config HEAP NAME VALUE: a line of its config is so; VALUE is a pattern.
has_config()
{
	grep -qxE "$2 $3" "$HEAPS/$1/config" ||
		fail "$1: $2 is not $3 but $(grep "^$2 " "$HEAPS/$1/config")"
}

# How each heap was made and by whom.
debugfs_config()
{
	for name in default sample; do
		! grep -vE '^[a-z_]+ [^ ]+$' "$HEAPS/$name/config" ||
			fail "that is no 'name value'" || return 1
		has_config "$name" comm insmod && has_config "$name" node local &&
			has_config "$name" flags none &&
			has_config "$name" pid '[1-9][0-9]*' &&
			has_config "$name" created_ms '[1-9][0-9]*' &&
			has_config "$name" left_behind 0 &&
			has_config "$name" scavenge_idle_ms '[1-9][0-9]*' || return 1
		for figure in id pid created_ms limit; do
			has_config "$name" "$figure" \
				"$(stat_of "$HEAPS/$name/stats" "$figure")" || return 1
		done
	done
	has_config default module spanheap && has_config default id 1 &&
		has_config sample module spanheap_sample || return 1
	load spanheap_ballast debug=1 idle_ms=1234 && echo 64M >"$BALLAST/limit" &&
		has_config ballast flags debug &&
		has_config ballast limit 67108864 &&
		has_config ballast scavenge_idle_ms 1234 && rmmod spanheap_ballast
}

# A row a class, 8 bytes to 32 KiB; all objects of the sample's are in them or
# large.
debugfs_classes()
{
	fill || return 1
	grep -E '^ *[0-9]+ ' "$heap/classes" >"$tmp/rows"
	[ "$(wc -l <"$tmp/rows")" -eq 67 ] ||
		fail "$(wc -l <"$tmp/rows") rows" || return 1
	awk '$1 != NR || $2 <= last { print; bad = 1 }
	     { last = $2 }
	     NR == 1 && $2 != 8 || NR == 67 && $2 != 32768 { print; bad = 1 }
	     END { exit bad }' "$tmp/rows" || fail "rows out of order"
}

# Every page taken into use is in the map once, as what the figures say.
debugfs_map()
{
	fill || return 1
	awk '$4 == "arena" { next_page = 0; taken += $5; arena = $1; next }
	     /^#/ { next }
	     $1 != arena || $2 != next_page { print "not in order: " $0; bad = 1 }
	     { next_page += $3; pages += $3; of[$4] += $3 }
	     END { if (pages != taken) { print pages " of " taken " pages"; bad = 1 }
		   for (what in of) print what, of[what] * 8192 >"'"$tmp/of"'"
		   exit bad }' "$heap/map" || return 1
	large=$(awk '$1 == "large" { print $2 }' "$tmp/of")
	released=$(awk '$1 == "released" { print $2 }' "$tmp/of")
	[ "${large:-0}" -gt 0 ] || fail "no large object in the map" || return 1
	[ "${released:-0}" -le "$(stat_of "$heap/stats" released)" ] ||
		fail "${released:-0} bytes released in the map"
}

# Memory that holds no objects has kinds of its own.
debugfs_map_kinds()
{
	load spanheap_ballast pages_kb=64 persistent_kb=32 || return 1
	for kind in "manual 65536" "persistent 32768"; do
		bytes=$(awk -v kind="${kind% *}" '$4 == kind { pages += $3 }
			END { print pages * 8192 }' "$HEAPS/ballast/map")
		[ "$bytes" -ge "${kind#* }" ] && [ "$bytes" -le 131072 ] ||
			fail "$bytes bytes ${kind% *}" || return 1
	done
	heaps_intact && rmmod spanheap_ballast
}

# As many spans of each class as the table of classes has.
debugfs_occupancy()
{
	fill || return 1
	awk 'FNR == 1 { next }
	     FILENAME ~ /classes$/ { spans[$1] = $5; next }
	     { for (i = 3; i <= 13; i++) seen[$1] += $i }
	     END { for (class in spans) if (spans[class] != seen[class] + 0) {
			print "class " class ": " seen[class] " of " spans[class]
			bad = 1
		   }
		   exit bad }' "$heap/classes" "$heap/occupancy"
}

debugfs_no_addresses()
{
	fill || return 1
	stat -c '%a %n' "$HEAPS"/*/* >"$tmp/modes" || return 1
	while read -r mode file; do
		[ "$mode" = 200 ] || no_addresses "$file" || return 1
	done <"$tmp/modes"
}

# A read in small pieces is the whole; a write is refused.
# same_in_pieces FILE: unless a worker of the heap's was at it in between.
same_in_pieces()
{
	dd if="$heap/$1" of="$tmp/pieces" bs=7 2>/dev/null
	cmp -s "$tmp/pieces" "$heap/$1"
}

debugfs_access()
{
	fill || return 1
	for file in stats classes; do
		tries=10
		until same_in_pieces "$file"; do
			[ $((tries -= 1)) -gt 0 ] ||
				fail "$file differs when read in pieces" || return 1
		done
	done
	! (echo 1 >"$heap/stats") 2>/dev/null || fail "stats can be written"
}

debugfs_vanish()
{
	exec 3<"$heap/stats"
	rmmod spanheap_sample || return 1
	[ ! -e "$heap" ] || fail "$heap is still there" || return 1
	# A file that was open across the end reads as an error or its end.
	cat <&3 >"$tmp/read" 2>/dev/null
	exec 3<&-
	[ ! -s "$tmp/read" ] || fail "read after the end" || return 1
	[ -d "$HEAPS/default" ] || fail "no default heap" || return 1
	rmmod spanheap || return 1
	[ ! -e "$HEAPS" ] || fail "$HEAPS is still there"
}

setup spanheap_sample
run_tests debugfs_files debugfs_modes debugfs_stats_form \
	debugfs_stats_documented debugfs_sums debugfs_config \
	debugfs_classes debugfs_map debugfs_map_kinds debugfs_occupancy \
	debugfs_no_addresses debugfs_access debugfs_vanish
