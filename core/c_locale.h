/* SPDX-License-Identifier: Apache-2.0 */
/* The C locale as an object, so that a number never reads or prints with a decimal comma. */
#ifndef CORE_C_LOCALE_H
#define CORE_C_LOCALE_H

#include <locale.h>

/* Made once, never freed; any thread. */
locale_t c_locale(void);

/* The nearest double of a decimal text that is known to be a valid number. */
double c_locale_double(const char *text);

#endif
