// SPDX-License-Identifier: GPL-2.0
/*
 * The size class tables. Constant, usable anywhere.
 */
#include "compat.h"
#include "sizeclass.h"

#include "sizeclass-tables.h"
