/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers the closes of an instant and pushes them into the runs of a strategy. */
#include "engine/strategy_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rows {
    struct rows_options options;
    struct strategy_run **runs; /* one an instrument; NULL: not traded */
    size_t *other_of;           /* strategy_other_symbol(i) as an instrument; or instrument_count */
    bool *is_read;              /* by some run: instruments that are not are left alone */
    size_t *ext_next;           /* points of each name that are not in the past yet */
    struct feed_event *now;     /* the closes of one instant */
    size_t now_count;
};

static const char *const rule_names[ROW_RULE_COUNT_] = {"entry", "exit", "confidence", "stop_loss",
                                                        "take_profit"};

size_t row_columns(const struct strategy *s)
{
    return strategy_feature_count(s) + ROW_RULE_COUNT_;
}

const char *row_column_name(const struct strategy *s, size_t column)
{
    size_t features = strategy_feature_count(s);

    return column < features ? strategy_feature_name(s, column) : rule_names[column - features];
}

static double truth_value(enum tristate t)
{
    return t == TRI_UNKNOWN ? NAN : t == TRI_TRUE;
}

static double close_of(const struct row *row)
{
    return candle_double(row->candle->close, row->candle->price_scale);
}

void row_decide(const struct row *row, struct decision *out)
{
    const struct position_view position = {.is_open = true, .entry_price = close_of(row)};

    strategy_run_decide(row->run, &position, out);
}

void row_values(const struct row *row, double values[ROW_COLUMNS_MAX])
{
    size_t features = strategy_feature_count(row->strategy);
    double *rules = values + features;
    struct decision d;

    ASSERT(features + ROW_RULE_COUNT_ <= ROW_COLUMNS_MAX);
    for (size_t i = 0; i < features; i++)
        values[i] = strategy_run_feature(row->run, i);
    row_decide(row, &d);
    rules[ROW_ENTRY] = truth_value(d.entry);
    rules[ROW_EXIT] = truth_value(d.exit);
    rules[ROW_CONFIDENCE] = d.confidence;
    strategy_run_levels(row->run, close_of(row), &rules[ROW_STOP_LOSS], &rules[ROW_TAKE_PROFIT]);
}

static size_t find_instrument(const struct rows_options *o, const char *symbol)
{
    size_t i = 0;

    while (i < o->instrument_count && strcmp(o->instruments[i].symbol, symbol) != 0)
        i++;
    return i;
}

struct rows *rows_new(const struct rows_options *options)
{
    const struct strategy *s = options->strategy;
    struct rows *r = xcalloc(1, sizeof *r);
    size_t others = strategy_other_count(s), count = options->instrument_count, symbols = 0;

    r->options = *options;
    r->runs = xcalloc(count + 1, sizeof *r->runs);
    r->other_of = xcalloc(others + 1, sizeof *r->other_of);
    r->is_read = xcalloc(count + 1, sizeof *r->is_read);
    r->ext_next = xcalloc(strategy_ext_count(s) + 1, sizeof *r->ext_next);
    r->now = xcalloc(count + 1, sizeof *r->now);
    for (size_t i = 0; i < count; i++) {
        const char *symbol = options->instruments[i].symbol;

        if (!strategy_trades(s, symbol) ||
            (options->only_symbol && strcmp(symbol, options->only_symbol) != 0) ||
            (options->most_symbols > 0 && symbols == options->most_symbols))
            continue;
        r->runs[i] = strategy_run_new(s);
        r->is_read[i] = true;
        symbols++;
    }
    for (size_t i = 0; i < others; i++) {
        r->other_of[i] = find_instrument(options, strategy_other_symbol(s, i));
        r->is_read[r->other_of[i]] = true;
    }
    return r;
}

void rows_free(struct rows *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->options.instrument_count; i++)
        strategy_run_free(r->runs[i]);
    free(r->runs);
    free(r->other_of);
    free(r->is_read);
    free(r->ext_next);
    free(r->now);
    free(r);
}

/* The newest value of a name that is not too old at this time. */
static double ext_at(struct rows *r, size_t name, int64_t at_us)
{
    const struct ext_series *series = &r->options.ext[name];
    size_t *next = &r->ext_next[name];

    while (*next < series->count && series->points[*next].at_us <= at_us)
        ++*next;
    if (*next == 0 || at_us - series->points[*next - 1].at_us >
                          strategy_ext_max_age_us(r->options.strategy, name))
        return NAN;
    return series->points[*next - 1].value;
}

static void push_others(struct rows *r, struct strategy_run *run)
{
    size_t others = strategy_other_count(r->options.strategy);

    for (size_t i = 0; i < others; i++)
        for (size_t k = 0; k < r->now_count; k++)
            if (r->now[k].instrument == r->other_of[i])
                strategy_run_push_other(run, i, &r->now[k].candle);
}

/* Pushes the closes of one instant, each into all runs that read them, and gives their rows. */
static void flush(struct rows *r)
{
    const struct rows_options *o = &r->options;
    size_t names = o->ext ? strategy_ext_count(o->strategy) : 0;

    for (size_t name = 0; name < names; name++) {
        double value = r->now_count > 0 ? ext_at(r, name, r->now[0].at_us) : NAN;

        for (size_t i = 0; i < o->instrument_count; i++)
            if (r->runs[i])
                strategy_run_set_ext(r->runs[i], name, value);
    }
    for (size_t i = 0;
         r->now_count > 0 && strategy_other_count(o->strategy) > 0 && i < o->instrument_count; i++)
        if (r->runs[i])
            push_others(r, r->runs[i]);
    for (size_t k = 0; k < r->now_count; k++) {
        const struct feed_event *e = &r->now[k];
        struct row row = {e->instrument, e->at_us, &e->candle, o->strategy, r->runs[e->instrument]};

        if (!row.run)
            continue;
        strategy_run_push(r->runs[e->instrument], row.candle);
        o->take(o->context, &row);
    }
    r->now_count = 0;
}

void rows_push(void *rows, const struct feed_event *e)
{
    struct rows *r = rows;

    ASSERT(e->kind == FEED_CLOSE && e->instrument < r->options.instrument_count);
    if (r->now_count > 0 && r->now[0].at_us != e->at_us)
        flush(r);
    if (e->candle.open_us < r->options.from_us || !r->is_read[e->instrument])
        return;
    ASSERT(r->now_count < r->options.instrument_count);
    r->now[r->now_count++] = *e;
}

void rows_end(struct rows *r)
{
    flush(r);
}
