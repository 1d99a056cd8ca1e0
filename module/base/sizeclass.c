// SPDX-License-Identifier: GPL-2.0
/*
 * The size class tables. Constant, usable anywhere.
 */
#include "base/compat.h"
#include "base/sizeclass.h"

#include "base/sizeclass-tables.h"
