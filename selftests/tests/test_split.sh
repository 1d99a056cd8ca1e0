#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Objects and page runs cut in two.

. "$(dirname "$0")/common.sh"

client_tests split
