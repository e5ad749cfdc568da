/* SPDX-License-Identifier: Apache-2.0 */
/* One candle, as 64-bit scaled integers: exact for fills, one division away from a double. */
#ifndef ENGINE_CANDLE_H
#define ENGINE_CANDLE_H

#include "core/amount.h"
#include "core/clock.h"

enum candle_flag {
    CANDLE_SYNTHETIC = 1, /* filled flat over a gap: volume 0, nothing fills, no entries */
    CANDLE_AFTER_GAP = 2, /* the gap before it was too long to fill: state starts again */
    CANDLE_LAST = 4       /* the recording ends with it: there is no next open to trade at */
};

/* Keyed by its OPEN time; usable only at open_us + timeframe.  A price is value / 10^scale. */
struct candle {
    int64_t open_us;
    int64_t open, high, low, close;  /* > 0, low <= open, close <= high */
    int64_t volume;                  /* >= 0 */
    uint8_t price_scale, size_scale; /* 0..12 */
    uint8_t flags;
};

/* A timeframe's length: "1s" "1m" "3m" "5m" "15m" "30m" "1h" "2h" "4h" "6h" "8h" "12h" "1d";
 * ERR_INVALID otherwise.  timeframe_name is the reverse, NULL when there is no name. */
MUST_USE enum err timeframe_parse(const char *text, int64_t *us);
const char *timeframe_name(int64_t us);

/* The double nearest to value / 10^scale: equal to strtod of its decimal text while |value| < 2^53,
 * because both operands of the one division are then exact. */
double candle_double(int64_t value, int scale);

static inline struct price candle_price(const struct candle *c, int64_t value)
{
    return price_from_scaled(value, c->price_scale);
}
static inline struct size candle_volume(const struct candle *c)
{
    return size_from_scaled(c->volume, c->size_scale);
}

/* ERR_CANDLE unless prices are positive, low <= open, close <= high and volume >= 0. */
MUST_USE enum err candle_check(const struct candle *c);

#endif
