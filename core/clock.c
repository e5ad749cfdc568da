/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the clocks, and converts instants to and from text by the proleptic Gregorian calendar. */
#include "core/clock.h"

#include <limits.h>
#include <string.h>
#include <time.h>

enum {
    DAYS_BEFORE_EPOCH = 719468 /* from 0000-03-01 to 1970-01-01 */,
    DAYS_PER_ERA = 146097
};

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    ASSERT(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t now_real(const struct clock *self)
{
    (void)self;
    return clock_wall_us();
}

static int64_t now_fixed(const struct clock *self)
{
    return self->fixed_us;
}

struct clock clock_real(void)
{
    return (struct clock){.now_us = now_real};
}

struct clock clock_virtual(int64_t start_us)
{
    return (struct clock){.now_us = now_fixed, .fixed_us = start_us};
}

void clock_set(struct clock *c, int64_t now_us)
{
    ASSERT(c->now_us == now_fixed);
    ASSERT(now_us >= c->fixed_us);
    c->fixed_us = now_us;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days since 1970-01-01 of a date.  Years begin in March here, so that the leap day is the last
 * day of its year and months have a linear rule. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_divide(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_EPOCH;
}

void time_civil(int64_t us, int *year, int *month, int *day)
{
    int64_t days = floor_divide(us, US_PER_DAY) + DAYS_BEFORE_EPOCH;
    int64_t era = floor_divide(days, DAYS_PER_ERA);
    int64_t day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;

    *day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static char *print_digits(char *at, int64_t value, int count)
{
    int i;

    for (i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

void time_print(int64_t us, char text[TIME_TEXT_MAX])
{
    int64_t in_day = us - floor_divide(us, US_PER_DAY) * US_PER_DAY;
    int64_t seconds = in_day / US_PER_S;
    int year, month, day;
    char *at = text;

    time_civil(us, &year, &month, &day);
    ASSERT(year >= 1 && year <= 9999);
    at = print_digits(at, year, 4);
    *at++ = '-';
    at = print_digits(at, month, 2);
    *at++ = '-';
    at = print_digits(at, day, 2);
    *at++ = 'T';
    at = print_digits(at, seconds / 3600, 2);
    *at++ = ':';
    at = print_digits(at, seconds / 60 % 60, 2);
    *at++ = ':';
    at = print_digits(at, seconds % 60, 2);
    *at++ = '.';
    at = print_digits(at, in_day % US_PER_S, 6);
    *at++ = 'Z';
    *at = '\0';
}

struct cursor {
    const char *at;
    const char *end;
    bool wrong;
};

static int take_number(struct cursor *c, int digits, int least, int most)
{
    int value = 0, i;

    for (i = 0; i < digits; i++) {
        if (c->wrong || c->at == c->end || *c->at < '0' || *c->at > '9') {
            c->wrong = true;
            return least;
        }
        value = value * 10 + (*c->at++ - '0');
    }
    if (value < least || value > most) {
        c->wrong = true;
        return least;
    }
    return value;
}

static bool next_is(const struct cursor *c, const char *allowed)
{
    return !c->wrong && c->at < c->end && *c->at && strchr(allowed, *c->at);
}

static char take_one_of(struct cursor *c, const char *allowed)
{
    if (!next_is(c, allowed)) {
        c->wrong = true;
        return '\0';
    }
    return *c->at++;
}

static int64_t take_fraction(struct cursor *c)
{
    int64_t unit = US_PER_S, value = 0;

    if (!next_is(c, "."))
        return 0;
    c->at++;
    do {
        unit /= 10;
        value += take_number(c, 1, 0, 9) * unit;
    } while (unit > 1 && next_is(c, "0123456789"));
    return value;
}

static int64_t take_offset(struct cursor *c)
{
    char sign = take_one_of(c, "Zz+-");
    int64_t us;

    if (sign != '+' && sign != '-')
        return 0;
    us = take_number(c, 2, 0, 23) * 3600 * US_PER_S;
    take_one_of(c, ":");
    us += take_number(c, 2, 0, 59) * 60 * US_PER_S;
    return sign == '+' ? us : -us;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static enum err parse_rfc3339(const char *text, size_t length, int64_t *us)
{
    struct cursor c = {text, text + length, false};
    int year, month, day;
    int64_t value;

    year = take_number(&c, 4, 1, 9999);
    take_one_of(&c, "-");
    month = take_number(&c, 2, 1, 12);
    take_one_of(&c, "-");
    day = take_number(&c, 2, 1, days_in_month(year, month));
    take_one_of(&c, "Tt");
    value = days_of(year, month, day) * US_PER_DAY;
    value += take_number(&c, 2, 0, 23) * 3600 * US_PER_S;
    take_one_of(&c, ":");
    value += take_number(&c, 2, 0, 59) * 60 * US_PER_S;
    take_one_of(&c, ":");
    value += take_number(&c, 2, 0, 59) * US_PER_S;
    value += take_fraction(&c);
    value -= take_offset(&c);
    if (c.wrong || c.at != c.end)
        return ERR_SYNTAX;
    *us = value;
    return ERR_OK;
}

static enum err parse_milliseconds(const char *text, size_t length, int64_t *us)
{
    bool negative = text[0] == '-';
    int64_t value = 0;
    size_t i;

    for (i = negative; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || value > INT64_MAX / 10000 - 1)
            return ERR_SYNTAX;
        value = value * 10 + (text[i] - '0');
    }
    if (length == (size_t)negative)
        return ERR_SYNTAX;
    *us = (negative ? -value : value) * US_PER_MS;
    return ERR_OK;
}

enum err time_parse(const char *text, size_t length, int64_t *us)
{
    int64_t value = 0;
    int year, month, day;
    enum err e;

    if (length == 0)
        return ERR_SYNTAX;
    if (memchr(text, ':', length))
        e = parse_rfc3339(text, length, &value);
    else
        e = parse_milliseconds(text, length, &value);
    if (e)
        return e;
    /* An offset can move a time out of the years that time_print knows, and so can milliseconds. */
    time_civil(value, &year, &month, &day);
    if (year < 1 || year > 9999)
        return ERR_SYNTAX;
    *us = value;
    return ERR_OK;
}
