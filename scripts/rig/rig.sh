# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Everything a script of the rig may want. Source it:
#
#   . "$(dirname "$0")/rig/rig.sh"

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$(dirname "${BASH_SOURCE[0]}")/apt.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lane.sh"
. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"
. "$(dirname "${BASH_SOURCE[0]}")/modules.sh"
. "$(dirname "${BASH_SOURCE[0]}")/image.sh"
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
