#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The benchmark module: every workload runs, and bad input is refused. What the
# figures are does not matter here, so everything is as small as can be.

. "$(dirname "$0")/common.sh"

BENCH=$DEBUGFS/spanheap_bench

# measured WORKLOAD OPTION...: it runs, and has a figure for spanheap and one
# for another allocator at every point.
measured()
{
	echo "$* runs=1 us=20" >"$BENCH/run" || fail "$*: refused" || return 1
	cat "$BENCH/results" >"$tmp/results"
	awk -F, -v workload="$1" '
		NR == 1 { columns = NF; next }
		NF != columns || $1 != workload { print "malformed: " $0; bad = 1 }
		$6 == "time" && $9 <= 0 { print "no time: " $0; bad = 1 }
		$8 == "spanheap" { own++ }
		$8 != "spanheap" { peers++ }
		END {
			if (!own || peers < own) {
				print own + 0 " figures of spanheap, " peers + 0 " of peers"
				bad = 1
			}
			exit bad
		}' "$tmp/results" || return 1
	heaps_intact
}

# refused LINE: the workload does not run.
refused()
{
	! echo "$1" 2>/dev/null >"$BENCH/run" || fail "accepted: $1"
}

# word VALUE: four bytes, least significant first.
word()
{
	value=$1
	for _ in 1 2 3 4; do
		byte=$((value % 256))
		# shellcheck disable=SC2059	# the escape is the format
		printf "\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
		value=$((value / 256))
	done
}

# trace WORD...: write a trace, in one piece as it comes from a file.
trace()
{
	for number; do
		word "$number"
	done >"$tmp/trace"
	cat "$tmp/trace" 2>/dev/null >"$BENCH/trace"
}

MAGIC=827607123

bench_single()
{
	measured single min=64 max=64 && measured single min=64K max=64K
}

bench_batch()
{
	measured batch count=64 min=64 max=64
}

bench_bulk()
{
	measured bulk max=16
}

bench_churn()
{
	measured churn count=100
}

bench_touch()
{
	measured touch mem=1M max=64
}

bench_growth()
{
	measured growth count=100
}

# Threads that wait for each other take minutes where everything is checked.
several_cpus()
{
	[ "$(nproc)" -ge 2 ] || skip "one CPU only" || return
	[ ! -e /proc/lockdep ] || skip "a debugging kernel"
}

bench_remote()
{
	several_cpus || return
	measured remote max=16
}

bench_parallel()
{
	several_cpus || return
	measured parallel max=64
}

# Two CPUs allocate while the scavenger works. How much less they get done has
# little to say on a machine whose CPUs are emulated, or that has other work: once
# in five times is enough.
bench_traffic()
{
	several_cpus || return
	for _ in 1 2 3 4 5; do
		status=0
		traffic || status=1
		heaps_intact || return 1
		[ "$status" -ne 0 ] || return 0
	done
	return 1
}

traffic()
{
	echo "traffic runs=3 mem=512M us=500" >"$BENCH/run" || fail "refused" || return 1
	awk -F, '$6 == "time" { ns[$2] = $9 }
		$6 == "longest_pause" { pause = $9 }
		END {
			printf "%.2f of the throughput while %s MiB go back; longest pause %d ns\n",
				ns["quiet"] / ns["scavenging"], $4, pause
			exit !(ns["scavenging"] > 0 && ns["scavenging"] < 2 * ns["quiet"])
		}' "$BENCH/results"
}

# Two objects, one of them freed and allocated anew, one left to the end.
bench_replay()
{
	trace $MAGIC 2 5 4096  0 100  1 4096  0 0  0 8  1 0 ||
		fail "trace refused" || return 1
	measured replay
}

bench_bad_run()
{
	for line in "" " " nothing "single runs" "single runs=" "single runs=x" \
		    "single runs=1x" "single runs=-1" "single runs=0" \
		    "single runs=32" "single us=0" "single us=1000001" \
		    "single color=red" "batch count=1G" "churn count=16M" \
		    "single $(seq -s ' ' 2000)"; do
		refused "$line" || return 1
	done
}

bench_bad_trace()
{
	! trace $MAGIC || fail "half a header" || return 1
	! trace 1 1 1 8  0 8 || fail "wrong magic" || return 1
	! trace $MAGIC 2 1 8  0 8 || fail "more slots than events" || return 1
	! trace $MAGIC 1 4294967295 8  0 8 || fail "too many events" || return 1
	! trace $MAGIC 1 1 8  0 8  0 0 || fail "longer than it says" || return 1
	refused replay || return 1

	# These are found when the trace is used.
	trace $MAGIC 1 2 8  0 8 && refused replay || return 1
	trace $MAGIC 1 1 8  1 8 && refused replay || return 1
	trace $MAGIC 1 1 8  0 9 && refused replay || return 1
	trace $MAGIC 1 1 8  0 0 && refused replay || return 1
	trace $MAGIC 1 2 8  0 8  0 8 && refused replay || return 1
	trace $MAGIC 0 0 8 && refused replay
}

bench_unload()
{
	rmmod spanheap_bench && [ ! -e "$BENCH" ] && heaps_intact
}

setup spanheap_bench
run_tests bench_single bench_batch bench_bulk bench_churn bench_touch \
	bench_growth bench_remote bench_parallel bench_traffic bench_replay \
	bench_bad_run bench_bad_trace bench_unload
