#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Sizes, alignments and flags that cannot be served.

. "$(dirname "$0")/common.sh"

# All refusals of gfp flags since the module was loaded make one warning.
input_gfp_once()
{
	unload_all
	log_mark
	load spanheap && load spanheap_client || return 1
	echo input_gfp_bad >"$CLIENT/run" || return 1
	echo input_gfp_bad >"$CLIENT/run" || return 1
	log_since | grep '^spanheap: .*gfp' >"$tmp/said"
	[ "$(wc -l <"$tmp/said")" -eq 1 ] || fail "not one warning:" || {
		cat "$tmp/said"
		return 1
	}
}

client_tests input input_gfp_once
