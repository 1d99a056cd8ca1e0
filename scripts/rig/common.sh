# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034	# read by those who source this
#
# Paths and small helpers that every script here shares.

shopt -s inherit_errexit

SPANHEAP_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SPANHEAP_CACHE=${SPANHEAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spanheap}
SPANHEAP_JOBS=${SPANHEAP_JOBS:-$(nproc)}

# say WORDS: a progress line.
say()
{
	echo "$*" >&2
}

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# usage: print the header comment of the running script.
usage()
{
	sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
}

# quietly LOG COMMAND...: run with output into LOG; show its end on failure.
quietly()
{
	local log=$1
	shift

	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1 </dev/null; then
		say "failed: $*; the end of $log:"
		tail -n 40 "$log" >&2
		return 1
	fi
}

# with_lock NAME COMMAND...: one at a time on this machine.
with_lock()
{
	local name=$1
	shift

	mkdir -p "$SPANHEAP_CACHE/locks"
	(
		flock -n 9 || { say "waiting for another run ($name)"; flock 9; }
		"$@"
	) 9>"$SPANHEAP_CACHE/locks/$name"
}
