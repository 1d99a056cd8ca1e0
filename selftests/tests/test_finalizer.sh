#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Finalizers.

. "$(dirname "$0")/common.sh"

client_tests finalizer
