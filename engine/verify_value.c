/* SPDX-License-Identifier: Apache-2.0 */
/* Reads amounts, ids, digests and times out of text values. */
#include "engine/verify_value.h"

#include <string.h>

#include "core/clock.h"

enum {
    TIME_LENGTH = TIME_TEXT_MAX - 1
};

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool value_is(const struct value *v, const char *text)
{
    return v->kind == VALUE_TEXT && strlen(text) == v->length &&
           memcmp(v->at, text, v->length) == 0;
}

bool value_same(const struct value *a, const struct value *b)
{
    return a->kind == VALUE_TEXT && b->kind == VALUE_TEXT && a->length == b->length &&
           memcmp(a->at, b->at, a->length) == 0;
}

bool value_amount(const struct value *v, i128 *e12, int *decimals)
{
    const char *point;
    struct money made;

    if (v->kind != VALUE_TEXT || v->length == 0 || money_parse(v->at, v->length, &made))
        return false;
    if (made.e12 == 0 && v->at[0] == '-')
        return false;
    point = memchr(v->at, '.', v->length);
    if (point && v->at + v->length - point - 1 > AMOUNT_DECIMALS)
        return false; /* zeros beyond the twelfth */
    *decimals = point ? (int)(v->at + v->length - point - 1) : 0;
    *e12 = made.e12;
    return true;
}

bool value_id(const struct value *v, int64_t *id)
{
    int64_t n = 0;

    if (v->kind != VALUE_TEXT || v->length == 0 || v->length > 18 || v->at[0] == '0')
        return false;
    for (size_t i = 0; i < v->length; i++) {
        if (v->at[i] < '0' || v->at[i] > '9')
            return false;
        n = n * 10 + (v->at[i] - '0');
    }
    *id = n;
    return true;
}

bool value_digest(const struct value *v, struct digest *out)
{
    if (v->kind != VALUE_TEXT || v->length != DIGEST_HEX - 1)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        int high = hex_value((unsigned char)v->at[2 * i]);
        int low = hex_value((unsigned char)v->at[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* `count` digits as a number; -1 when one is none. */
static int digits(const char *at, int count)
{
    int n = 0;

    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        n = n * 10 + (at[i] - '0');
    }
    return n;
}

/* Days since 1970 of a date of the Gregorian calendar, by whole eras of 400 years. */
static int64_t days_of(int year, int month, int day)
{
    int shifted = month > 2 ? year : year - 1; /* the year begins in March: leap days are last */
    int era_year = shifted % 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return (int64_t)(shifted / 400) * 146097 + era_year * 365 + era_year / 4 - era_year / 100 +
           of_year - 719468;
}

bool value_time(const struct value *v, int64_t *at_us)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char shape[] = "0000-00-00T00:00:00.000000Z";
    const char *t = v->at;
    int year, month, day, hour, minute, second, micro, longest;

    if (v->kind != VALUE_TEXT || v->length != TIME_LENGTH)
        return false;
    for (int i = 0; i < TIME_LENGTH; i++)
        if (shape[i] == '0' ? t[i] < '0' || t[i] > '9' : t[i] != shape[i])
            return false;
    year = digits(t, 4);
    month = digits(t + 5, 2);
    day = digits(t + 8, 2);
    hour = digits(t + 11, 2);
    minute = digits(t + 14, 2);
    second = digits(t + 17, 2);
    micro = digits(t + 20, 6);
    if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
        return false;
    longest = month_days[month - 1];
    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        longest++;
    if (day > longest)
        return false;
    *at_us = days_of(year, month, day) * US_PER_DAY +
             ((int64_t)(hour * 60 + minute) * 60 + second) * US_PER_S + micro;
    return true;
}
