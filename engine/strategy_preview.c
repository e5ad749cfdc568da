/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what the rules said of the newest candles, and keeps the last entries. */
#include "engine/strategy_preview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One symbol's counts. */
struct tally {
    bool is_traded;
    int64_t available, counted;
    int64_t entry[3], exit[3]; /* by enum tristate */
    bool is_warm;
    struct candle newest;
    double features[LIMIT_FEATURES];
};

struct entry {
    size_t instrument;
    int64_t candle_us, at_us;
    double close, confidence, stop_loss, take_profit;
    char trigger[LIMIT_REASON];
};

struct preview {
    const struct preview_options *options;
    int64_t count_from_us;                     /* candles that open from here on are counted */
    struct tally *tallies;                     /* one an instrument */
    struct entry entries[PREVIEW_SIGNALS_MAX]; /* a ring */
    int64_t entry_count;
};

static void keep_entry(struct preview *p, const struct row *row, const struct decision *d)
{
    struct entry *e = &p->entries[p->entry_count++ % PREVIEW_SIGNALS_MAX];

    *e = (struct entry){
        .instrument = row->instrument,
        .candle_us = row->candle->open_us,
        .at_us = row->at_us,
        .close = candle_double(row->candle->close, row->candle->price_scale),
        .confidence = d->confidence,
    };
    strategy_run_levels(row->run, e->close, &e->stop_loss, &e->take_profit);
    memcpy(e->trigger, d->trigger, sizeof e->trigger);
}

static void take_row(void *context, const struct row *row)
{
    struct preview *p = context;
    struct tally *t = &p->tallies[row->instrument];
    struct decision d;

    t->is_traded = true;
    t->available++;
    t->is_warm = strategy_run_is_warm(row->run);
    t->newest = *row->candle;
    for (size_t i = 0; i < strategy_feature_count(row->strategy); i++)
        t->features[i] = strategy_run_feature(row->run, i);
    if (row->candle->open_us < p->count_from_us || (row->candle->flags & CANDLE_SYNTHETIC))
        return;
    row_decide(row, &d);
    t->counted++;
    t->entry[d.entry]++;
    t->exit[d.exit]++;
    if (d.entry == TRI_TRUE)
        keep_entry(p, row, &d);
}

static void write_counts(struct jwriter *w, const char *key, const int64_t counts[3])
{
    jw_key(w, key);
    jw_object(w);
    jw_member_integer(w, "true", counts[TRI_TRUE]);
    jw_member_integer(w, "false", counts[TRI_FALSE]);
    jw_member_integer(w, "unknown", counts[TRI_UNKNOWN]);
    jw_object_end(w);
}

static void write_symbol(struct jwriter *w, const struct preview *p, size_t i)
{
    const struct strategy *s = p->options->strategy;
    const struct tally *t = &p->tallies[i];

    jw_object(w);
    jw_member_text(w, "symbol", p->options->instruments[i].symbol);
    jw_member_integer(w, "candles", t->counted);
    jw_member_integer(w, "candles_available", t->available);
    jw_member_bool(w, "is_warm", t->is_warm);
    jw_member_time(w, "newest_candle", t->newest.open_us);
    jw_member_price(w, "close", candle_price(&t->newest, t->newest.close), -1);
    write_counts(w, "entry", t->entry);
    write_counts(w, "exit", t->exit);
    jw_key(w, "features");
    jw_array(w);
    for (size_t k = 0; k < strategy_feature_count(s); k++) {
        jw_object(w);
        jw_member_text(w, "name", strategy_feature_name(s, k));
        jw_member_double(w, "value", t->features[k]);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
}

static void write_entry(struct jwriter *w, const struct preview *p, const struct entry *e)
{
    jw_object(w);
    jw_member_text(w, "symbol", p->options->instruments[e->instrument].symbol);
    jw_member_time(w, "candle", e->candle_us);
    jw_member_time(w, "time", e->at_us);
    jw_member_double(w, "close", e->close);
    jw_member_double(w, "confidence", e->confidence);
    jw_member_double(w, "stop_loss", e->stop_loss);
    jw_member_double(w, "take_profit", e->take_profit);
    jw_member_text(w, "trigger", e->trigger);
    jw_object_end(w);
}

static bool is_in_feed(const struct preview_options *o, const char *symbol)
{
    for (size_t i = 0; i < o->instrument_count; i++)
        if (strcmp(o->instruments[i].symbol, symbol) == 0)
            return true;
    return false;
}

/* What the artifact names and is not here. */
static void write_missing(struct jwriter *w, const struct preview_options *o)
{
    const struct strategy *s = o->strategy;

    jw_key(w, "missing_symbols");
    jw_array(w);
    for (size_t i = 0; i < strategy_symbol_count(s); i++)
        if (!is_in_feed(o, strategy_symbol(s, i)))
            jw_text(w, strategy_symbol(s, i));
    for (size_t i = 0; i < strategy_other_count(s); i++)
        if (!is_in_feed(o, strategy_other_symbol(s, i)) &&
            !(strategy_symbol_count(s) > 0 && strategy_trades(s, strategy_other_symbol(s, i))))
            jw_text(w, strategy_other_symbol(s, i));
    jw_array_end(w);
    jw_key(w, "missing_values");
    jw_array(w);
    for (size_t i = 0; i < strategy_ext_count(s); i++)
        if (!o->ext || o->ext[i].count == 0)
            jw_text(w, strategy_ext_name(s, i));
    jw_array_end(w);
}

static void write_preview(struct jwriter *w, const struct preview *p, int64_t traded)
{
    const struct preview_options *o = p->options;
    int64_t symbols = 0;

    for (size_t i = 0; i < o->instrument_count; i++)
        symbols += p->tallies[i].is_traded;
    jw_object(w);
    jw_member_integer(w, "candles_needed", strategy_warmup(o->strategy));
    jw_member_integer(w, "symbols_left_out",
                      traded > PREVIEW_SYMBOLS_MAX ? traded - PREVIEW_SYMBOLS_MAX : 0);
    write_missing(w, o);
    jw_key(w, "symbols");
    jw_array(w);
    for (size_t i = 0; symbols > 0 && i < o->instrument_count; i++)
        if (p->tallies[i].is_traded)
            write_symbol(w, p, i);
    jw_array_end(w);
    jw_key(w, "signals");
    jw_array(w);
    for (int64_t i = p->entry_count; i > 0 && i > p->entry_count - PREVIEW_SIGNALS_MAX; i--)
        write_entry(w, p, &p->entries[(i - 1) % PREVIEW_SIGNALS_MAX]);
    jw_array_end(w);
    jw_object_end(w);
}

/* How many of each instrument are told: those counted and the warm-up before them, within the
 * maximum. */
static int64_t history_length(const struct preview_options *o, int64_t candles)
{
    int64_t wanted = candles + strategy_warmup(o->strategy);
    int64_t most = PREVIEW_HISTORY_MAX / (int64_t)(o->instrument_count + 1);

    return wanted < most ? wanted : most;
}

/* The newest close before or at until_us. */
static void take_newest(void *context, const struct feed_event *e)
{
    *(int64_t *)context = e->candle.open_us;
}

enum err strategy_preview(const struct preview_options *options, struct jwriter *w)
{
    const struct feed *f = options->feed;
    struct preview *p = xcalloc(1, sizeof *p);
    int64_t candles = options->candles > 0 ? options->candles : PREVIEW_CANDLES_DEFAULT;
    int64_t newest_us = TIME_NONE, traded = 0;
    struct rows_options ro = {
        .strategy = options->strategy,
        .instruments = options->instruments,
        .instrument_count = options->instrument_count,
        .most_symbols = PREVIEW_SYMBOLS_MAX,
        .from_us = INT64_MIN,
        .ext = options->ext,
        .take = take_row,
        .context = p,
    };
    struct rows *rows;
    enum err e;

    if (candles > PREVIEW_CANDLES_MAX)
        candles = PREVIEW_CANDLES_MAX;
    p->options = options;
    p->tallies = xcalloc(options->instrument_count + 1, sizeof *p->tallies);
    for (size_t i = 0; i < options->instrument_count; i++)
        traded += strategy_trades(options->strategy, options->instruments[i].symbol);
    rows = rows_new(&ro);
    e = f->history(f->self, options->until_us, options->shift_us, 1, take_newest, &newest_us);
    if (!e && newest_us != TIME_NONE) {
        p->count_from_us = newest_us - (candles - 1) * f->timeframe_us(f->self);
        e = f->history(f->self, options->until_us, options->shift_us,
                       history_length(options, candles), rows_push, rows);
        rows_end(rows);
    }
    if (!e)
        write_preview(w, p, traded);
    rows_free(rows);
    free(p->tallies);
    free(p);
    return e;
}
