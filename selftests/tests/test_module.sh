#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading.

. "$(dirname "$0")/common.sh"

# A module that uses the heap keeps it loaded.
module_in_use()
{
	load spanheap && load spanheap_sample || return 1
	if rmmod spanheap 2>"$tmp/said"; then
		fail "unloaded under the sample"
		return 1
	fi
	loaded spanheap && loaded spanheap_sample || fail "gone" || return 1
	echo "some text" >"$SAMPLE/load" || return 1
	heaps_intact || return 1
	rmmod spanheap_sample && rmmod spanheap
}

module_twice()
{
	load spanheap || return 1
	! load spanheap 2>"$tmp/said" || fail "loaded twice" || return 1
	heaps_intact && rmmod spanheap
}

nr_vmaps()
{
	grep -c vmap /proc/vmallocinfo
}

# Twenty times, every fifth with some use; the first may set up what stays.
module_reload()
{
	count=0
	log_mark
	while [ "$count" -le 20 ]; do
		load spanheap || return 1
		if [ $((count % 5)) -eq 0 ]; then
			load spanheap_sample || return 1
			cat /proc/modules /proc/self/maps >"$SAMPLE/load" ||
				return 1
			rmmod spanheap_sample || return 1
		fi
		rmmod spanheap || return 1
		[ "$count" -ne 0 ] || vmaps=$(nr_vmaps)
		count=$((count + 1))
	done
	[ "$(nr_vmaps)" -le "$vmaps" ] ||
		fail "vmap areas: $vmaps before, $(nr_vmaps) now" || return 1
	[ ! -e "$HEAPS" ] || fail "$HEAPS is still there" || return 1
	! log_since | grep '^spanheap' || fail "loading and unloading said this"
}

unload_all
run_tests module_in_use module_twice module_reload
