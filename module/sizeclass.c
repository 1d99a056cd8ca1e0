// SPDX-License-Identifier: GPL-2.0
/*
 * The size class tables. Constant, usable anywhere.
 */
#include "compat.h"
#include "sizeclass.h"

#include "sizeclass-tables.h"

SH_EXPORT_FOR_KUNIT(sh_classes);
SH_EXPORT_FOR_KUNIT(sh_class_by_8);
SH_EXPORT_FOR_KUNIT(sh_class_by_128);
