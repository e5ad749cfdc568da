/* SPDX-License-Identifier: Apache-2.0 */
/* Timeframe names and the checks and conversions of one candle. */
#include "engine/candle.h"

#include <string.h>

static const struct {
    const char *name;
    int64_t us;
} timeframes[] = {
    {"1s", US_PER_S},         {"1m", 60 * US_PER_S},    {"3m", 180 * US_PER_S},
    {"5m", 300 * US_PER_S},   {"15m", 900 * US_PER_S},  {"30m", 1800 * US_PER_S},
    {"1h", 3600 * US_PER_S},  {"2h", 7200 * US_PER_S},  {"4h", 14400 * US_PER_S},
    {"6h", 21600 * US_PER_S}, {"8h", 28800 * US_PER_S}, {"12h", 43200 * US_PER_S},
    {"1d", US_PER_DAY},
};

enum err timeframe_parse(const char *text, int64_t *us)
{
    for (size_t i = 0; i < COUNT_OF(timeframes); i++) {
        if (strcmp(timeframes[i].name, text) == 0) {
            *us = timeframes[i].us;
            return ERR_OK;
        }
    }
    return ERR_INVALID;
}

const char *timeframe_name(int64_t us)
{
    for (size_t i = 0; i < COUNT_OF(timeframes); i++) {
        if (timeframes[i].us == us)
            return timeframes[i].name;
    }
    return NULL;
}

double candle_double(int64_t value, int scale)
{
    /* All of these powers are exact in binary64. */
    static const double power[] = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                   1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

    ASSERT(scale >= 0 && scale < (int)COUNT_OF(power));
    return (double)value / power[scale];
}

enum err candle_check(const struct candle *c)
{
    if (c->price_scale > AMOUNT_DECIMALS || c->size_scale > AMOUNT_DECIMALS)
        return ERR_CANDLE;
    if (c->low <= 0 || c->volume < 0)
        return ERR_CANDLE;
    if (c->open < c->low || c->close < c->low || c->open > c->high || c->close > c->high)
        return ERR_CANDLE;
    return ERR_OK;
}
