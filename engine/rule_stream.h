/* SPDX-License-Identifier: Apache-2.0 */
/* Candles of a higher timeframe, made of finer ones: whole or not at all. */
#ifndef ENGINE_RULE_STREAM_H
#define ENGINE_RULE_STREAM_H

#include "engine/candle.h"

/* The candle that is being made.  It begins at a multiple of its timeframe since 1970 UTC, and
 * every candle within must be seen, from the first on. */
struct rule_bucket {
    int64_t timeframe_us, part_us; /* its own length, and that of the candles it is made of */
    int64_t next_us;               /* open time of the next part; TIME_NONE: any */
    bool is_open;                  /* its beginning was seen */
    bool is_spoilt;                /* a sum passed 64 bits */
    struct candle candle;
};

enum rule_bucket_state {
    BUCKET_GOES_ON,
    BUCKET_COMPLETE, /* with this part: .candle is of use until the next push */
    BUCKET_LOST      /* a part is missing, or a sum is too large: what it was for starts again */
};

void rule_bucket_init(struct rule_bucket *b, int64_t timeframe_us, int64_t part_us);
/* Takes the next part.  Parts may differ in scale; the sum has the finest of them. */
enum rule_bucket_state rule_bucket_push(struct rule_bucket *b, const struct candle *c);

#endif
