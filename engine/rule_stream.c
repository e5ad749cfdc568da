/* SPDX-License-Identifier: Apache-2.0 */
/* Adds candles up to one of a higher timeframe, exactly. */
#include "engine/rule_stream.h"

void rule_bucket_init(struct rule_bucket *b, int64_t timeframe_us, int64_t part_us)
{
    *b = (struct rule_bucket){
        .timeframe_us = timeframe_us, .part_us = part_us, .next_us = TIME_NONE};
}

/* value * 10^places; false when that passes 64 bits. */
static bool shift(int64_t *value, int places)
{
    bool is_good = true;

    for (; places > 0; places--)
        is_good = !__builtin_mul_overflow(*value, 10, value) && is_good;
    return is_good;
}

/* Brings four prices and a volume to finer scales. */
static bool rescale(struct candle *c, uint8_t price_scale, uint8_t size_scale)
{
    int places = price_scale - c->price_scale;
    bool is_good = shift(&c->open, places);

    is_good = shift(&c->high, places) && is_good;
    is_good = shift(&c->low, places) && is_good;
    is_good = shift(&c->close, places) && is_good;
    is_good = shift(&c->volume, size_scale - c->size_scale) && is_good;
    if (price_scale > c->price_scale)
        c->price_scale = price_scale;
    if (size_scale > c->size_scale)
        c->size_scale = size_scale;
    return is_good;
}

static bool add(struct candle *sum, const struct candle *c)
{
    struct candle part = *c;

    if (!rescale(&part, sum->price_scale, sum->size_scale) ||
        !rescale(sum, part.price_scale, part.size_scale))
        return false;
    sum->high = part.high > sum->high ? part.high : sum->high;
    sum->low = part.low < sum->low ? part.low : sum->low;
    sum->close = part.close;
    return !__builtin_add_overflow(sum->volume, part.volume, &sum->volume);
}

enum rule_bucket_state rule_bucket_push(struct rule_bucket *b, const struct candle *c)
{
    int64_t into = c->open_us % b->timeframe_us; /* how far it stands in its bucket */
    bool is_lost = b->next_us != TIME_NONE && c->open_us != b->next_us;
    bool is_last;

    into += into < 0 ? b->timeframe_us : 0;
    is_last = into == b->timeframe_us - b->part_us;
    b->next_us = c->open_us + b->part_us;
    if (is_lost)
        b->is_open = false;
    if (into == 0) {
        b->is_open = true;
        b->is_spoilt = false;
        b->candle = *c;
        b->candle.flags = 0;
    } else if (b->is_open) {
        b->is_spoilt = !add(&b->candle, c) || b->is_spoilt;
    }
    if (is_lost)
        return BUCKET_LOST;
    if (!is_last || !b->is_open)
        return BUCKET_GOES_ON;
    b->is_open = false;
    return b->is_spoilt ? BUCKET_LOST : BUCKET_COMPLETE;
}
