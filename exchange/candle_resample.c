/* SPDX-License-Identifier: Apache-2.0 */
/* Adds finer candles up, with the flat ones that a feed fills in over short gaps. */
#include "exchange/candle_resample.h"

#include <stdlib.h>
#include <string.h>

struct resample {
    struct candle_series made;
    int64_t part_us;
    bool keeps_partial;
    bool is_open, is_too_large;
    size_t parts, recorded; /* of the candle that is being made; recorded: not filled in */
    struct candle sum;
};

static void end_candle(struct resample *r)
{
    const size_t whole = (size_t)(r->made.timeframe_us / r->part_us);

    if (r->is_open && r->recorded > 0 && (r->parts == whole || r->keeps_partial))
        r->made.candles[r->made.count++] = r->sum;
    r->is_open = false;
}

static void add(struct resample *r, const struct candle *c, bool is_recorded)
{
    const int64_t open_us = c->open_us - c->open_us % r->made.timeframe_us;

    if (r->is_open && r->sum.open_us != open_us)
        end_candle(r);
    if (!r->is_open) {
        r->is_open = true;
        r->parts = 0;
        r->recorded = 0;
        r->sum = *c;
        r->sum.open_us = open_us;
    } else {
        r->sum.high = c->high > r->sum.high ? c->high : r->sum.high;
        r->sum.low = c->low < r->sum.low ? c->low : r->sum.low;
        r->sum.close = c->close;
        r->sum.volume += c->volume; /* two of at most 18 digits fit */
        r->is_too_large = r->is_too_large || r->sum.volume > CANDLE_VALUE_MAX;
    }
    r->parts++;
    r->recorded += is_recorded;
}

/* The candles that a feed plays before candle i. */
static void add_filled(struct resample *r, const struct candle_series *s, size_t i)
{
    struct candle flat = s->candles[i - 1];

    flat.open = flat.high = flat.low = flat.close;
    flat.volume = 0;
    for (flat.open_us += r->part_us; flat.open_us < s->candles[i].open_us;
         flat.open_us += r->part_us)
        add(r, &flat, false);
}

static enum err check_timeframe(const struct candle_series *s, int64_t timeframe_us,
                                const char *name, struct diag_list *diags)
{
    if (timeframe_us > s->timeframe_us && timeframe_us % s->timeframe_us == 0)
        return ERR_OK;
    diag_hint(diag_add(diags, name, "timeframe", "candles of %s cannot be made of candles of %s",
                       timeframe_name(timeframe_us), timeframe_name(s->timeframe_us)),
              "the higher timeframe is a multiple of the lower");
    return ERR_INVALID;
}

enum err candle_resample(const struct candle_series *s, int64_t timeframe_us, bool keeps_partial,
                         const char *name, struct diag_list *diags, struct candle_series *out)
{
    struct resample r = {.made = {.timeframe_us = timeframe_us,
                                  .price_scale = s->price_scale,
                                  .size_scale = s->size_scale},
                         .part_us = s->timeframe_us,
                         .keeps_partial = keeps_partial};
    enum err e = check_timeframe(s, timeframe_us, name, diags);

    if (e)
        return e;
    r.made.candles = xmalloc(s->count * sizeof *r.made.candles);
    for (size_t i = 0; i < s->count && !r.is_too_large; i++) {
        int64_t gap = candle_series_gap(s, i);

        if (gap > 0 && gap <= LIMIT_GAP_FILL)
            add_filled(&r, s, i);
        else if (gap > 0)
            end_candle(&r);
        add(&r, &s->candles[i], true);
    }
    end_candle(&r);
    if (r.is_too_large) {
        diag_hint(diag_add(diags, name, "too_large", "a sum of volumes has more than 18 digits"),
                  "round volumes to fewer decimals");
        e = ERR_LIMIT;
    } else if (r.made.count < 2) {
        diag_hint(diag_add(diags, name, "too_few", "%zu whole candles of %s, at least 2 are needed",
                           r.made.count, timeframe_name(timeframe_us)),
                  "--partial keeps those that are not whole");
        e = ERR_INVALID;
    }
    if (e) {
        free(r.made.candles);
        return e;
    }
    r.made.candles = xrealloc(r.made.candles, r.made.count * sizeof *r.made.candles);
    (void)copy_text(r.made.symbol, sizeof r.made.symbol, s->symbol);
    candle_series_seal(&r.made);
    *out = r.made;
    return ERR_OK;
}
