/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_VARIANTS_H
#define MODEL_VARIANTS_H

#include "protocol.h"

extern const struct protocol variants[];	/* ended by one without a name */

#endif
