#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Objects of all sizes, one by one and in bulk.

. "$(dirname "$0")/common.sh"

client_tests objects
