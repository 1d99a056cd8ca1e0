# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests here share. Source it from the folder of the test:
#
#	. "$(dirname "$0")/common.sh"
#
# They run as root, with proc, sysfs and debugfs mounted; MODULES is the folder
# of the .ko files. A test is a shell function that prints what is wrong and
# returns 1, or returns 4 to be skipped; run_tests makes KTAP of it.

# shellcheck source=/dev/null
. "$(dirname "$0")/ktap_helpers.sh"

MODULES=${MODULES:-/modules}
DEBUGFS=/sys/kernel/debug
HEAPS=$DEBUGFS/spanheap
# Used by those who source this.
# shellcheck disable=SC2034
CLIENT=$DEBUGFS/spanheap_client
# shellcheck disable=SC2034
SAMPLE=$DEBUGFS/spanheap_sample
# shellcheck disable=SC2034
BALLAST=$DEBUGFS/spanheap_ballast
# shellcheck disable=SC2034
SITES=$DEBUGFS/spanheap_sites
# shellcheck disable=SC2034
HOSTILE=$DEBUGFS/spanheap_hostile

exec 9>&1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

skip()
{
	echo "$*"
	return 4
}

fail()
{
	echo "$*"
	return 1
}

# progress WORDS: a line at once, not when the test has ended, so that one which takes
# long is not killed for its silence.
progress()
{
	echo "# $*" >&9
}

# stat_of FILE NAME: one figure of a "name value" file.
stat_of()
{
	awk -v name="$2" '$1 == name { print $2 }' "$1"
}

loaded()
{
	while read -r loaded _; do
		[ "$loaded" != "$1" ] || return 0
	done </proc/modules
	return 1
}

# load MODULE [PARAMETER=VALUE...]: without samples, which nobody can count on,
# unless asked for.
load()
{
	module=$1
	shift
	case "$module $*" in
	*\ profile_rate=*)	;;
	spanheap\ *)		set -- "$@" profile_rate=0 ;;
	esac
	insmod "$MODULES/$module.ko" "$@"
}

# Unload those of our modules that are loaded, users first.
unload_all()
{
	for module in spanheap_client spanheap_hostile spanheap_ballast \
			spanheap_sites spanheap_forgetful spanheap_latency \
			spanheap_sample spanheap; do
		! loaded "$module" || rmmod "$module" || return 1
	done
}

# misuse_rows: the rows of the tables in misuse.rst, which is beside the tests or
# in Documentation/, as name|ordinary heap|debug heap[|KASAN]
misuse_rows()
{
	tables=$(dirname "$0")
	[ -e "$tables/misuse.rst" ] || tables=$tables/../Documentation
	sed -n '/^   [a-z][a-z0-9_]* *|/ { s/^ *//; s/ *| */|/g; p; }' \
		"$tables/misuse.rst"
}

# setup USER [PARAMETER=VALUE...]: spanheap, with these parameters, and a module
# that uses it, freshly loaded, or no tests.
setup()
{
	user=$1
	shift
	unload_all && load spanheap "$@" && load "$user" && return
	ktap_print_header
	ktap_exit_fail_msg "spanheap or $user does not load"
}

# log_mark; ...; log_since: what the kernel logged in between, without its time. A
# test takes as long as the processes it starts, above all where everything is
# checked: hence few, and not the log from its beginning each time.
log_mark()
{
	read -r log_mark _ </proc/uptime
	log_mark="mark $$ at $log_mark"
	echo >"$tmp/dmesg"
	echo "$log_mark" >/dev/kmsg
}

log_since()
{
	dmesg -c >>"$tmp/dmesg"
	sed "1,/$log_mark/d; s/^\[[^]]*\] //" "$tmp/dmesg"
}

# Every heap there is passes its check.
heaps_intact()
{
	[ -d "$HEAPS/default" ] || fail "no default heap" || return 1
	for checked in "$HEAPS"/*/check; do
		verdict=
		while read -r line; do
			verdict=$line
		done <"$checked"
		if [ "$verdict" != ok ]; then
			echo "$checked says:"
			head -n 20 "$checked"
			return 1
		fi
	done
}

# no_addresses FILE: none of the kernel's half of the address space, which with
# five levels of page tables begins with less than ffff.
no_addresses()
{
	! grep -E '(^|[^0-9a-f])(0x)?ff[0-9a-f]{14}([^0-9a-f]|$)' "$1" ||
		fail "that is a raw address, in $1"
}

# meminfo NAME: a figure of /proc/meminfo, in KiB.
meminfo()
{
	awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo
}

# free_kib: KiB that are free: MemFree, with what each CPU has not told it yet, and
# what waits in the kernel's per-CPU lists, which MemFree leaves out and which newer
# kernels let grow to tens of MiB. Where kmemleak keeps a record an object, KASAN
# holds up to a thirty-second of all memory back of such that were freed: not after
# this.
free_kib()
{
	records=/sys/kernel/slab/kmemleak_object/shrink
	[ ! -w "$records" ] || echo 1 >"$records"
	echo 1 >/proc/sys/vm/stat_refresh
	page_kib=$(awk '$1 == "KernelPageSize:" { print $2; exit }' /proc/self/smaps)
	awk -v kib="$(meminfo MemFree)" -v page="$page_kib" \
		'$1 == "count:" { kib += $2 * page }
		END { print kib }' /proc/zoneinfo
}

# slow_kernel: whether this one checks or counts every access to memory.
slow_kernel()
{
	grep -qE ' (kasan_report|__kcsan_check_access|gcov_enable_events)$' /proc/kallsyms
}

# has_kasan: whether this kernel reports wrong accesses to memory.
has_kasan()
{
	grep -q ' kasan_report$' /proc/kallsyms
}

# run_one NAME COMMAND...: one KTAP line, with what the command printed before.
# A subshell: nothing a test sets or opens reaches the next.
run_one()
{
	test_name=$1
	shift
	test_status=0
	("$@") >"$tmp/output" 2>&1 </dev/null || test_status=$?
	[ ! -s "$tmp/output" ] || sed 's/^/# /' "$tmp/output"
	case $test_status in
	0)	ktap_test_pass "$test_name" ;;
	4)	ktap_test_skip "$test_name" ;;
	*)	ktap_test_fail "$test_name" ;;
	esac
}

# run_tests FUNCTION...: the whole of a test script.
run_tests()
{
	ktap_print_header
	ktap_set_plan $#
	for function; do
		run_one "$function" "$function"
	done
	unload_all
	ktap_finished
}

# client_test NAME LOG: one test of spanheap_client succeeds, the heaps are
# intact, and spanheap logged a line that matches LOG, nothing when that is
# empty, or whatever it likes when it is "*".
client_test()
{
	client_test_once "$@" >"$tmp/first" && return
	case $2 in
	"bad "*)
		# Reports are limited in rate: once more, after a pause.
		sleep 1
		client_test_once "$@"
		;;
	*)
		cat "$tmp/first"
		return 1
		;;
	esac
}

client_test_once()
{
	log_mark
	status=0
	echo "$1" >"$CLIENT/run" || status=1
	log_since >"$tmp/log"

	[ "$status" -eq 0 ] || grep '^spanheap_client: ' "$tmp/log"
	: >"$tmp/said"
	[ ! -s "$tmp/log" ] || grep '^spanheap: ' "$tmp/log" >"$tmp/said"
	if [ -z "$2" ] && [ -s "$tmp/said" ]; then
		echo "spanheap should have kept quiet:"
		head -n 5 "$tmp/said"
		status=1
	elif [ -n "$2" ] && [ "$2" != "*" ] && ! grep -qE "$2" "$tmp/said"; then
		echo "spanheap did not log '$2'"
		head -n 5 "$tmp/said"
		status=1
	fi
	heaps_intact || status=1
	return $status
}

# client_tests TOPIC: all tests of spanheap_client whose name starts so, and
# then those that are named as further functions. With ARENA_MB set, spanheap
# has arenas of that many MiB.
client_tests()
{
	topic=$1
	shift
	setup spanheap_client ${ARENA_MB:+"arena_mb=$ARENA_MB"}
	grep "^${topic}_" "$CLIENT/list" >"$tmp/list"

	ktap_print_header
	ktap_set_plan $(($(wc -l <"$tmp/list") + $#))
	while read -r test log; do
		run_one "$test" client_test "$test" "$log"
	done <"$tmp/list"
	for function; do
		run_one "$function" "$function"
	done
	unload_all
	ktap_finished
}
