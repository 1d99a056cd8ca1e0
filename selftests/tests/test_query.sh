#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Questions about addresses, ours and others.

. "$(dirname "$0")/common.sh"

client_tests query
