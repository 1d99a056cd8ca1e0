#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Show spanheap at work: load it and the sample module, index the kernel's own
# symbol table, look names up, free everything, unload both. Checks every
# answer and that the heap's figures return to where they began.
#
# Runs as root with proc, sysfs and debugfs mounted, under busybox ash too.
# Changes nothing but what it loads. MODULES is the folder of the .ko files.
#
# The last line is "demo: PASS: ..." or "demo: FAIL: ...", the exit status 0 or 1.

set -u

modules=${MODULES:-/modules}
sample=/sys/kernel/debug/spanheap_sample
heap=/sys/kernel/debug/spanheap/sample
tmp=$(mktemp -d)

lookups=24
missing="no_such_symbol schedul SCHEDULE vmalloc. ["

die()
{
	echo
	echo "demo: FAIL: $*"
	exit 1
}

# step TEXT COMMAND: say what comes next, and how it is done by hand.
step()
{
	printf '\n%s\n# %s\n' "$1" "$2"
}

# stat FILE NAME: one figure of a "name value" file.
stat()
{
	awk -v name="$2" '$1 == name { print $2 }' "$1"
}

uptime_cs()
{
	awk '{ printf "%d\n", $1 * 100 }' /proc/uptime
}

# Keep the heap's figures of this moment and print the first few of interest.
snapshot()
{
	cat "$heap/stats" >"$tmp/$1" || die "cannot read $heap/stats"
	printf '  %s: %s objects, %s bytes in them, %s bytes resident\n' "$1" \
		"$(stat "$tmp/$1" objects)" "$(stat "$tmp/$1" object_bytes)" \
		"$(stat "$tmp/$1" resident)"
}

# On a test machine, keep what scripts/demo draws the heap from.
save_files()
{
	[ -d /results ] || return 0
	mkdir -p /results/sample
	for file in stats classes caches scavenger map occupancy profile \
			profile_alloc pprof; do
		cat "$heap/$file" >"/results/sample/$file" ||
			die "cannot read $heap/$file"
	done
}

load_modules()
{
	step "Load the heap, and a module that keeps lines of text in a heap \"sample\"." \
		"insmod spanheap.ko profile_rate=65536; insmod spanheap_sample.ko"
	insmod "$modules/spanheap.ko" profile_rate=65536 || die "spanheap.ko does not load"
	insmod "$modules/spanheap_sample.ko" || die "spanheap_sample.ko does not load"
	grep '^spanheap' /proc/modules | awk '{ printf "  %-16s %8d bytes\n", $1, $2 }'
	snapshot empty
}

load_text()
{
	cat /proc/kallsyms >"$tmp/text"
	lines=$(wc -l <"$tmp/text")

	step "Index the kernel's symbol table: an entry and a string a line, one table." \
		"cat /proc/kallsyms > spanheap_sample/load"
	start=$(uptime_cs)
	cat "$tmp/text" >"$sample/load" || die "the sample did not take the text"
	end=$(uptime_cs)

	entries=$(stat "$sample/stats" entries)
	printf '  %d lines indexed in %d.%02d s\n' "$entries" \
		$(((end - start) / 100)) $(((end - start) % 100))
	[ "$entries" -eq "$lines" ] || die "$lines lines, $entries entries"
	snapshot loaded
	save_files

	# An entry and a string for each line, and one table.
	objects=$(stat "$tmp/loaded" objects)
	[ "$objects" -eq $((2 * lines + 1)) ] ||
		die "$objects objects in the heap, not $((2 * lines + 1))"
}

# Names spread over the whole text, first and last included, and some that are
# not there; and with one more pass every line that should be found.
pick_names()
{
	awk -v every=$((lines / (lookups - 1))) -v last="$lines" \
		'NR == last || NR % every == 1 { print $3 }' "$tmp/text" >"$tmp/names"
	# shellcheck disable=SC2086 # one name a line
	printf '%s\n' $missing >>"$tmp/names"
	awk 'NR == FNR { wanted[$1]; next } $3 in wanted' \
		"$tmp/names" "$tmp/text" >"$tmp/expected"
}

# Ask for one name and compare with what the text says.
lookup()
{
	echo "$1" >"$sample/lookup" || die "cannot ask for $1"
	sort "$sample/lookup" >"$tmp/got"
	awk -v name="$1" '$3 == name' "$tmp/expected" | sort >"$tmp/want"
	[ -s "$tmp/want" ] || echo "not found" >"$tmp/want"

	awk -v name="$1" 'NR == 1 { first = $3 == name ? $1 " " $2 : $0 }
		END { more = NR > 1 ? " and " NR - 1 " more" : ""
		      printf "  %-40.40s %s%s\n", name, first, more }' "$tmp/got"
	cmp -s "$tmp/got" "$tmp/want" ||
		die "look-up of $1 gave $(wc -l <"$tmp/got") lines, not those of the text"
}

lookup_all()
{
	pick_names
	step "Look names up, some of which do not exist." \
		"echo NAME > spanheap_sample/lookup; cat spanheap_sample/lookup"
	asked=0
	while read -r name; do
		lookup "$name"
		asked=$((asked + 1))
	done <"$tmp/names"
	printf '  %d of %d answers are those of the text\n' "$asked" "$asked"
}

show_classes()
{
	step "See which sizes the heap serves: the five busiest size classes." \
		"cat spanheap/sample/classes"
	cut -c 1-49 "$heap/classes" >"$tmp/classes"
	head -n 1 "$tmp/classes" | sed 's/^/  /'
	tail -n +2 "$tmp/classes" | sort -rn -k 6,6 | head -n 5 | sed 's/^/  /'
}

clear_all()
{
	step "Free everything." "echo > spanheap_sample/clear"
	echo >"$sample/clear" || die "the sample does not clear"
	snapshot freed
}

# All figures side by side, and those that must be as they were.
compare()
{
	step "All figures of the heap, at the three moments." "cat spanheap/sample/stats"
	awk 'FNR == 1 { column++ }
	     { value[$1, column] = $2; if (column == 1) name[FNR] = $1; rows = FNR }
	     END { printf "  %-22s %12s %12s %12s\n", "", "empty", "loaded", "freed"
		   for (i = 1; i <= rows; i++)
			printf "  %-22s %12s %12s %12s\n", name[i], value[name[i], 1],
			       value[name[i], 2], value[name[i], 3] }' \
		"$tmp/empty" "$tmp/loaded" "$tmp/freed"

	for name in objects object_bytes; do
		was=$(stat "$tmp/empty" "$name")
		is=$(stat "$tmp/freed" "$name")
		[ "$is" = "$was" ] || die "$name began at $was and ended at $is"
	done
	for moment in empty loaded freed; do
		awk -v moment="$moment" '{ s[$1] = $2 }
			END { exit s["mallocs"] - s["frees"] != s["objects"] ||
				   s["in_use"] + s["idle"] != s["sys"] ||
				   s["sys"] - s["released"] != s["resident"] }' \
			"$tmp/$moment" || die "the figures of the $moment heap do not add up"
	done
}

unload_modules()
{
	step "Nobody can take the heap away from the sample." "rmmod spanheap"
	if message=$(rmmod spanheap 2>&1); then
		die "spanheap was unloaded under the sample"
	fi
	echo "  $message"

	step "Unload both." "rmmod spanheap_sample; rmmod spanheap"
	rmmod spanheap_sample || die "spanheap_sample does not unload"
	rmmod spanheap || die "spanheap does not unload"
	if grep '^spanheap' /proc/modules; then
		die "still loaded"
	fi
	echo "  both gone"
}

echo "spanheap on Linux $(uname -r), $(nproc) CPUs"
load_modules
load_text
show_classes
lookup_all
clear_all
compare
unload_modules
rm -r "$tmp"

echo
echo "demo: PASS: $lines lines in $objects objects, $asked of $asked look-ups right," \
	"0 objects left when cleared"
