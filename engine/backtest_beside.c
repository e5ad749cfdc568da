/* SPDX-License-Identifier: Apache-2.0 */
/* What was played beside the candles of a backtest, and the warnings where it was not enough. */
#include <inttypes.h>
#include <stdio.h>

#include "core/jwriter.h"
#include "core/text.h"
#include "engine/backtest.h"

static const struct feed_beside nothing;

static const struct feed_beside *beside_of(const struct backtest_options *o, size_t instrument)
{
    return o->beside ? &o->beside[instrument] : &nothing;
}

static bool is_traded(const struct backtest_options *o, const struct instrument *i)
{
    for (size_t s = 0; s < o->strategy_count; s++)
        if (strategy_trades(o->strategies[s], i->symbol))
            return true;
    return false;
}

/* ---- Members of config ---- */

static void write_funding(struct jwriter *w, const struct instrument *i,
                          const struct feed_beside *b)
{
    size_t marks = 0;

    for (size_t k = 0; k < b->funding_count; k++)
        marks += price_sign(b->funding[k].mark) > 0;
    jw_object(w);
    jw_member_text(w, "symbol", i->symbol);
    jw_member_integer(w, "stamps", (int64_t)b->funding_count);
    jw_member_integer(w, "marks", (int64_t)marks);
    jw_member_time(w, "from", b->funding[0].at_us);
    jw_member_time(w, "to", b->funding[b->funding_count - 1].at_us);
    jw_object_end(w);
}

static void write_detail(struct jwriter *w, const struct instrument *i, const struct feed_beside *b,
                         const struct detail_count *count)
{
    jw_object(w);
    jw_member_text(w, "symbol", i->symbol);
    if (b->detail_us > 0)
        jw_member_text(w, "timeframe", timeframe_name(b->detail_us));
    else
        jw_member_null(w, "timeframe");
    jw_member_integer(w, "candles", count->with);
    jw_member_integer(w, "candles_without", count->without);
    jw_object_end(w);
}

void backtest_write_beside(struct jwriter *w, const struct backtest_options *o,
                           const struct backtest_result *r)
{
    jw_key(w, "funding");
    jw_array(w);
    for (size_t i = 0; i < o->instrument_count; i++)
        if (beside_of(o, i)->funding_count > 0)
            write_funding(w, &o->instruments[i], beside_of(o, i));
    jw_array_end(w);
    jw_key(w, "detail");
    jw_array(w);
    for (size_t i = 0; r->trial.details && i < o->instrument_count; i++)
        write_detail(w, &o->instruments[i], beside_of(o, i), &r->trial.details[i]);
    jw_array_end(w);
}

/* ---- Warnings ---- */

/* A perpetual without funding, or with that of another time.  Stamps are a regular distance apart:
 * further than that from the candles' ends, some are missing. */
static void warn_funding(const struct backtest_result *r, const struct instrument *i,
                         const struct feed_beside *b, struct text *t)
{
    char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
    int64_t first_us, last_us, apart_us;

    if (b->funding_count == 0) {
        text_format(t, "%s is a perpetual without a funding file: funding is not charged",
                    i->symbol);
        return;
    }
    if (!r)
        return;
    first_us = b->funding[0].at_us;
    last_us = b->funding[b->funding_count - 1].at_us;
    apart_us = b->funding_count > 1 ? (last_us - first_us) / ((int64_t)b->funding_count - 1) : 0;
    if (first_us - apart_us <= r->first_us && last_us + apart_us >= r->last_us)
        return;
    time_print(first_us, from);
    time_print(last_us, to);
    text_format(t, "the funding of %s is known from %s to %s: outside none is charged", i->symbol,
                from, to);
}

static void warn_detail(const struct instrument *i, const struct detail_count *count,
                        struct text *t)
{
    if (count->without > 0)
        text_format(t,
                    "%" PRId64 " of %" PRId64 " candles of %s have no finer candles that make "
                    "them up: they are played as a whole, the stop first",
                    count->without, count->with + count->without, i->symbol);
}

void backtest_warn(const struct backtest_options *o, const struct backtest_result *r,
                   backtest_warn_fn *warn, void *context)
{
    struct text t;

    text_init(&t, 512);
    for (size_t i = 0; i < o->instrument_count; i++) {
        const struct instrument *in = &o->instruments[i];

        if (!is_traded(o, in))
            continue;
        if (!in->is_spot)
            warn_funding(r, in, beside_of(o, i), &t);
        if (t.length > 0)
            warn(context, t.data);
        text_clear(&t);
        if (r && r->trial.details)
            warn_detail(in, &r->trial.details[i], &t);
        if (t.length > 0)
            warn(context, t.data);
        text_clear(&t);
    }
    text_release(&t);
}

static void write_warning(void *context, const char *sentence)
{
    jw_text(context, sentence);
}

void backtest_write_warnings(struct jwriter *w, const struct backtest_options *o,
                             const struct backtest_result *r)
{
    jw_key(w, "warnings");
    jw_array(w);
    backtest_warn(o, r, write_warning, w);
    jw_array_end(w);
}
