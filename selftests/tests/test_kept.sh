#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Pages that somebody has a reference to when they are freed.

. "$(dirname "$0")/common.sh"

client_tests kept
