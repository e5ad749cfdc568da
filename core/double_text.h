/* SPDX-License-Identifier: Apache-2.0 */
/* The shortest text that reads back as the same double, laid out as CPython's repr does. */
#ifndef CORE_DOUBLE_TEXT_H
#define CORE_DOUBLE_TEXT_H

#include "core/base.h"

enum {
    DOUBLE_TEXT_MAX = 32
}; /* "-1.7976931348623157e+308" and "-0.00012345678901234567" */

/* Of a finite value (ASSERT); returns the length.  Independent of the locale. */
size_t double_print(double value, char text[DOUBLE_TEXT_MAX]);

#endif
