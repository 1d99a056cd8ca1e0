#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Objects given another size, and other ways to get and to free them.

. "$(dirname "$0")/common.sh"

client_tests realloc
