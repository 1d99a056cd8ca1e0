#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# __GFP_ACCOUNT: memory cgroups are charged for the pages their tasks make a heap
# take.

. "$(dirname "$0")/common.sh"

heap=$HEAPS/ballast
root=$tmp/cgroup
group=$root/spanheap
MIB=1048576
SLACK=$((2 * MIB))	# what a shell takes, and what each CPU charges ahead

mount_cgroup()
{
	grep -q cgroup2 /proc/filesystems || return 1
	mkdir "$root" && mount -t cgroup2 cgroup "$root" || return 1
	echo +memory 2>/dev/null >"$root/cgroup.subtree_control" && mkdir "$group" &&
		[ -f "$group/memory.current" ]
	mounted=$?
	[ "$mounted" -eq 0 ] || umount "$root"
	return "$mounted"
}

current()
{
	cat "$group/memory.current"
}

# in_group FILE TEXT: a process of the group writes that.
in_group()
{
	# shellcheck disable=SC2016	# the inner shell's
	sh -c 'echo $$ >"$0/cgroup.procs" && echo "$2" >"$1"' "$group" "$1" "$2"
}

empty_heap()
{
	echo 1 >"$BALLAST/drop" && echo 1 >"$heap/scavenge"
}

# near_by SLACK BYTES WANT: no more than SLACK apart.
near_by()
{
	off=$(($2 - $3))
	[ "${off#-}" -le "$1" ]
}

near()
{
	near_by "$SLACK" "$1" "$2"
}

# uncharged FROM [SLACK]: the group is charged what it was before, soon: a worker may
# have a batch in hand that was idle when the heap was emptied.
uncharged()
{
	tries=100
	until near_by "${2:-$SLACK}" "$(current)" "$1"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$(($(current) - $1)) still charged" || return 1
		sleep 0.1
	done
}

memcg_charge()
{
	empty_heap && before=$(current) || return 1
	in_group "$BALLAST/charge" "16M 64K" || fail "refused" || return 1
	full=$(current)
	empty_heap || return 1
	echo "charged for 16 MiB: $((full - before)) bytes"
	near "$full" $((before + 16 * MIB)) || fail "not 16 MiB" || return 1
	uncharged "$before" || return 1
	heaps_intact
}

# Small objects are charged by the page, to those who make the heap grow.
memcg_charge_small()
{
	empty_heap && before=$(current) || return 1
	in_group "$BALLAST/charge" "8M 200" || fail "refused" || return 1
	full=$(current)
	echo "charged for 8 MiB of small objects: $((full - before)) bytes"
	near "$full" $((before + 8 * MIB)) || fail "not 8 MiB" || return 1
	empty_heap && uncharged "$before"
}

memcg_no_charge()
{
	empty_heap && before=$(current) || return 1
	in_group "$BALLAST/fill" "16M 64K" || fail "refused" || return 1
	near "$(current)" "$before" ||
		fail "charged $(($(current) - before)) without __GFP_ACCOUNT" ||
		return 1
	empty_heap && heaps_intact
}

# The group's limit: NULL, counted, and the heap serves others. Of objects that
# long what was got for the last is given back, which leaves the shell some memory.
memcg_limit()
{
	empty_heap || return 1
	log_mark
	failed=$(stat_of "$heap/stats" alloc_failures)
	echo 24M >"$group/memory.max" || return 1
	status=0
	! in_group "$BALLAST/charge" "64M 1M" 2>"$tmp/said" ||
		fail "64 MiB in a group of 24" || status=1
	grep -q "Cannot allocate memory" "$tmp/said" ||
		fail "not refused for want of memory: $(cat "$tmp/said")" || status=1
	at_limit=$(current)
	got=$(stat_of "$heap/stats" object_bytes)
	echo "a group of 24 MiB got $got bytes, charged $at_limit"
	near "$got" $((24 * MIB)) || fail "not 24 MiB" || status=1
	[ "$at_limit" -le $((24 * MIB)) ] || fail "over its limit" || status=1
	[ "$(stat_of "$heap/stats" alloc_failures)" -eq $((failed + 1)) ] ||
		fail "failure not counted" || status=1
	echo "16M 64K" >"$BALLAST/fill" || fail "others are refused" || status=1
	! log_since | grep -iE 'killed process|bad free' || status=1
	empty_heap
	echo max >"$group/memory.max"
	uncharged 0 || status=1
	heaps_intact && return "$status"
}

# A group of 100 MiB had 63 in objects of SIZE and has none any more: a process of
# it gets 70 MiB for itself, at once, with nobody to see to it that idle memory
# goes back. A kernel that checks everything gets half of each.
short_after()
{
	has=100 held=63 wanted=70
	! slow_kernel || { has=50 held=31 wanted=35; }
	empty_heap || return 1
	log_mark
	echo "${has}M" >"$group/memory.max" || return 1
	status=0
	in_group "$BALLAST/charge" "${held}M $1" || fail "refused" || status=1
	full=$(current)
	# shellcheck disable=SC2016	# the inner shell's
	sh -c 'echo $$ >"$0/cgroup.procs" && echo 1 >"$1" &&
		exec dd if=/dev/zero of=/dev/null bs="$2" count=1' \
		"$group" "$BALLAST/drop" "${wanted}M" 2>"$tmp/said" ||
		fail "no $wanted MiB: $(cat "$tmp/said")" || status=1
	echo "charged for objects of $1 bytes: $full, later $(current)," \
		"$(stat_of "$heap/scavenger" charged_bytes) given back early"
	! log_since | grep -iE 'oom-kill|killed process' ||
		fail "somebody was killed" || status=1
	echo max >"$group/memory.max"
	heaps_intact && return "$status"
}

memcg_short_large()
{
	short_after 64K
}

memcg_short_small()
{
	short_after 200
}

# Idle memory is not charged for long, also when the group is not short of any.
memcg_idle()
{
	empty_heap && uncharged 0 && before=$(current) || return 1
	in_group "$BALLAST/charge" "1M 64K" || fail "refused" || return 1
	echo 1 >"$BALLAST/drop" || return 1
	uncharged "$before" 262144 || return 1
	heaps_intact
}

# in_owner COMMAND...: it runs in another group, the heap's owner's.
in_owner()
{
	# shellcheck disable=SC2016	# the inner shell's
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$owner" "$@"
}

# With SPANHEAP_ACCOUNT it is the heap's creator who is charged for all, whoever
# asks for it and how; and a full group of the creator's is what refuses.
memcg_owner()
{
	owner=$root/owner
	mkdir "$owner" && rmmod spanheap_ballast || return 1
	status=0
	in_owner insmod "$MODULES/spanheap_ballast.ko" account=1 || return 1
	before=$(current)
	base=$(cat "$owner/memory.current")
	in_group "$BALLAST/fill" "8M 64K" || fail "refused" || status=1
	in_group "$BALLAST/charge" "8M 200" || fail "refused" || status=1
	echo "8M 64K" >"$BALLAST/fill" || fail "refused" || status=1
	full=$(cat "$owner/memory.current")
	echo "24 MiB by others: $((full - base)) charged to the owner," \
		"$(($(current) - before)) to the group"
	near "$full" $((base + 24 * MIB)) || fail "not 24 MiB" || status=1
	near "$(current)" "$before" || fail "the group is charged" || status=1
	echo 32M >"$owner/memory.max" || status=1
	! in_group "$BALLAST/fill" "64M 64K" 2>/dev/null ||
		fail "64 MiB for an owner of 32" || status=1
	heaps_intact || status=1
	rmmod spanheap_ballast && load spanheap_ballast || return 1
	near "$(cat "$owner/memory.current")" 0 || fail "still charged" || status=1
	rmdir "$owner" && return "$status"
}

# The owner's group may go; its parent is charged from then on.
memcg_owner_gone()
{
	owner=$root/owner
	mkdir "$owner" && rmmod spanheap_ballast || return 1
	in_owner insmod "$MODULES/spanheap_ballast.ko" account=1 || return 1
	in_group "$BALLAST/fill" "8M 64K" || fail "refused" || return 1
	rmdir "$owner" || return 1
	echo 1 >"$BALLAST/drop" && echo "8M 64K" >"$BALLAST/fill" || return 1
	heaps_intact || return 1
	rmmod spanheap_ballast && load spanheap_ballast
}

# The group may go while its pages live on in the heap.
memcg_gone()
{
	empty_heap || return 1
	in_group "$BALLAST/charge" "8M 64K" || return 1
	rmdir "$group" || return 1
	empty_heap && heaps_intact && mkdir "$group"
}

if ! mount_cgroup; then
	ktap_print_header
	ktap_skip_all "no memory controller of cgroup v2 in this kernel"
	exit "$KSFT_SKIP"
fi
setup spanheap_ballast
trap 'rmdir "$group"; umount "$root"; rm -rf "$tmp"' EXIT
run_tests memcg_charge memcg_charge_small memcg_no_charge memcg_limit \
	memcg_short_large memcg_short_small memcg_idle memcg_owner \
	memcg_owner_gone memcg_gone
