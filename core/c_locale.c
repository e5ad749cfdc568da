/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps one C locale object for everything that converts numbers. */
#include "core/c_locale.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base.h"

static locale_t the_locale;

static void make_locale(void)
{
    the_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    ASSERT(the_locale != (locale_t)0);
}

locale_t c_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    ASSERT(pthread_once(&once, make_locale) == 0);
    return the_locale;
}

double c_locale_double(const char *text)
{
    return strtod_l(text, NULL, c_locale());
}
