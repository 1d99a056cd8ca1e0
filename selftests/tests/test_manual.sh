#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Whole pages, and the calls they are not for.

. "$(dirname "$0")/common.sh"

client_tests manual
