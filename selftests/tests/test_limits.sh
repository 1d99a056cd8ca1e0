#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Heaps with a limit of their own.

. "$(dirname "$0")/common.sh"

client_tests limit
