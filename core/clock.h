/* SPDX-License-Identifier: Apache-2.0 */
/* Time through an object: the wall clock in production, a settable one in replay and tests.
 *
 * All instants are signed microseconds since 1970-01-01 UTC.  Durations have their unit last. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "core/base.h"
#include "core/error.h"

enum {
    TIME_TEXT_MAX = 28
}; /* "2024-01-15T10:30:00.000000Z" is exactly 27 characters */

/* "No time": printed as null. */
#define TIME_NONE INT64_MIN

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_S)

struct clock {
    int64_t (*now_us)(const struct clock *self);
    int64_t fixed_us; /* the virtual clock's time; unused by the real one */
};

/* The real clocks. */
struct clock clock_real(void);
int64_t clock_wall_us(void);
int64_t clock_monotonic_us(void);

/* A clock that stands where it is put. */
struct clock clock_virtual(int64_t start_us);
/* Moves a virtual clock; never backwards (ASSERT). */
void clock_set(struct clock *c, int64_t now_us);

static inline int64_t clock_now(const struct clock *c)
{
    return c->now_us(c);
}

/* "YYYY-MM-DDTHH:MM:SS.ffffffZ", years 0001 to 9999 (ASSERT). */
void time_print(int64_t us, char text[TIME_TEXT_MAX]);
/* RFC 3339 with Z or an offset, 0 to 6 fraction digits; or a plain integer of Unix milliseconds.
 * ERR_SYNTAX otherwise. */
MUST_USE enum err time_parse(const char *text, size_t length, int64_t *us);
/* Civil date parts of an instant (UTC). */
void time_civil(int64_t us, int *year, int *month, int *day);

#endif
