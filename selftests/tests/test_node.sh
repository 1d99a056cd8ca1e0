#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory on the NUMA node asked for. The tests run on any machine; whether they
# had a choice says the last one.

. "$(dirname "$0")/common.sh"

# Memory of both nodes was used.
node_two()
{
	node1=/sys/devices/system/node/node1
	[ -f "$node1/numastat" ] || skip "one node" || return
	before=$(stat_of "$node1/numastat" numa_hit)
	client_test node_each "" || return 1
	after=$(stat_of "$node1/numastat" numa_hit)
	[ $((after - before)) -ge 250 ] ||
		fail "node 1 gave $((after - before)) pages"
}

client_tests node node_two
