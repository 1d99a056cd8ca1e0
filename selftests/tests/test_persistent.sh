#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Allocations that stay until their heap goes.

. "$(dirname "$0")/common.sh"

client_tests persistent
