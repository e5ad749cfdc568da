/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks look at: the instruments and candles they need, and the strategy's rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/strategy_check_parts.h"

/* What the feed tells, as it tells it: its times are what is checked. */
struct gathering {
    struct check_material *m;
    const size_t *place_of;
    int64_t newest_us;
};

static void take_close(void *context, const struct feed_event *e)
{
    const struct gathering *g = context;
    const size_t place = g->place_of[e->instrument];
    struct check_material *m = g->m;
    struct check_times *t = m->times;
    int64_t open_us = e->candle.open_us;
    struct check_candles *c;

    if (place == FEED_COPY_LEAVE_OUT || open_us < m->from_us)
        return;
    c = &m->candles[place];
    t->candles++;
    t->synthetic += (e->candle.flags & CANDLE_SYNTHETIC) != 0;
    t->resets += (e->candle.flags & CANDLE_AFTER_GAP) != 0;
    t->early += e->at_us != open_us + m->timeframe_us;
    t->off_grid += (open_us - m->grid_us) % m->timeframe_us != 0;
    t->unordered += open_us <= m->previous_us[place];
    t->future += e->at_us > m->options.until_us;
    if (t->candles == 1 || open_us < t->first_us)
        t->first_us = open_us;
    if (t->candles == 1 || open_us > t->last_us)
        t->last_us = open_us;
    m->previous_us[place] = open_us;
    if (!strategy_trades(m->options.strategy, c->symbol))
        return;
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 1024;
        c->open_us = xrealloc(c->open_us, c->capacity * sizeof *c->open_us);
    }
    c->open_us[c->count++] = open_us;
}

static void take_newest(void *context, const struct feed_event *e)
{
    struct gathering *g = context;

    if (g->place_of[e->instrument] != FEED_COPY_LEAVE_OUT)
        g->newest_us = e->candle.open_us;
}

static bool is_read(const struct strategy *s, const char *symbol)
{
    for (size_t i = 0; i < strategy_other_count(s); i++)
        if (strcmp(strategy_other_symbol(s, i), symbol) == 0)
            return true;
    return false;
}

/* Which of the feed's instruments are needed, in their order; the material's instruments. */
static void choose_instruments(const struct check_options *o, struct check_material *m,
                               size_t *place_of)
{
    size_t kept = 0, traded = 0;

    m->instruments = xcalloc(o->instrument_count + 1, sizeof *m->instruments);
    for (size_t i = 0; i < o->instrument_count; i++) {
        const char *symbol = o->instruments[i].symbol;
        bool is_checked = strategy_trades(o->strategy, symbol) && traded < CHECK_SYMBOLS_MAX;

        place_of[i] = FEED_COPY_LEAVE_OUT;
        if (!is_checked && !is_read(o->strategy, symbol))
            continue;
        traded += is_checked;
        m->instruments[kept] = o->instruments[i];
        place_of[i] = kept++;
    }
    m->options.instruments = m->instruments;
    m->options.instrument_count = kept;
}

/* The window begins where the newest candle's `candles` begin. */
static enum err gather(const struct feed_past *past, struct check_material *m)
{
    const struct feed *f = past->feed;
    struct gathering g = {m, past->place_of, TIME_NONE};
    enum err e = f->history(f->self, past->until_us, past->shift_us, 1, take_newest, &g);

    m->from_us = INT64_MIN;
    if (!e && past->most > 0 && g.newest_us != TIME_NONE)
        m->from_us = g.newest_us - (past->most - 1) * m->timeframe_us;
    if (e)
        return e;
    return f->history(f->self, past->until_us, past->shift_us, past->most, take_close, &g);
}

enum err check_material_open(const struct check_options *options, struct check_times *times,
                             struct check_material *out)
{
    struct check_material *m = out;
    size_t *place_of = xcalloc(options->instrument_count + 1, sizeof *place_of);
    const struct feed_past past = {options->feed, options->until_us, options->shift_us,
                                   options->candles, place_of};
    enum err e;

    *m = (struct check_material){.options = *options,
                                 .timeframe_us = options->feed->timeframe_us(options->feed->self),
                                 .grid_us = options->shift_us,
                                 .times = times};
    choose_instruments(options, m, place_of);
    m->candles = xcalloc(m->options.instrument_count + 1, sizeof *m->candles);
    m->previous_us = xcalloc(m->options.instrument_count + 1, sizeof *m->previous_us);
    for (size_t i = 0; i < m->options.instrument_count; i++) {
        m->candles[i].instrument = i;
        m->candles[i].symbol = m->instruments[i].symbol;
        m->previous_us[i] = INT64_MIN;
    }
    e = feed_copy_new(&past, &m->copy);
    if (!e) {
        m->feed = feed_copy_port(m->copy);
        m->options.feed = &m->feed;
        m->options.shift_us = 0; /* the copy's times have it already */
        e = gather(&past, m);
    }
    free(place_of);
    if (e)
        check_material_close(m);
    return e;
}

void check_material_close(struct check_material *m)
{
    for (size_t i = 0; m->candles && i < m->options.instrument_count; i++)
        free(m->candles[i].open_us);
    free(m->candles);
    free(m->previous_us);
    free(m->instruments);
    feed_copy_free(m->copy);
    *m = (struct check_material){0};
}

/* A row source over the strategy itself. */
struct sampling {
    const int64_t *open_us;
    size_t count, next;
    size_t columns;
    double *values;
};

static void take_sample(void *context, const struct row *row)
{
    struct sampling *s = context;
    double values[ROW_COLUMNS_MAX];

    while (s->next < s->count && s->open_us[s->next] < row->candle->open_us)
        s->next++;
    if (s->next == s->count || s->open_us[s->next] != row->candle->open_us)
        return;
    row_values(row, values);
    memcpy(s->values + s->next * s->columns, values, s->columns * sizeof values[0]);
    s->next++;
}

static enum err strategy_sample(void *self, size_t instrument, int64_t from_us,
                                const int64_t *open_us, size_t count, double *values)
{
    const struct check_material *m = self;
    const struct check_options *o = &m->options;
    const struct feed *f = &m->feed;
    const int64_t timeframe_us = m->timeframe_us;
    const int64_t begin_us = from_us > m->from_us ? from_us : m->from_us;
    struct sampling sampling = {
        .open_us = open_us, .count = count, .columns = row_columns(o->strategy), .values = values};
    struct rows_options ro = {
        .strategy = o->strategy,
        .instruments = o->instruments,
        .instrument_count = o->instrument_count,
        .only_symbol = o->instruments[instrument].symbol,
        .from_us = begin_us,
        .ext = o->ext,
        .take = take_sample,
        .context = &sampling,
    };
    struct rows *rows = rows_new(&ro);
    int64_t most = begin_us == INT64_MIN ? 0 : (open_us[count - 1] - begin_us) / timeframe_us + 1;
    enum err e;

    for (size_t i = 0; i < count * sampling.columns; i++)
        values[i] = NAN;
    e = f->history(f->self, open_us[count - 1] + timeframe_us, 0, most, rows_push, rows);
    rows_end(rows);
    rows_free(rows);
    return e;
}

static const char *strategy_column(void *self, size_t column)
{
    const struct check_material *m = self;

    return row_column_name(m->options.strategy, column);
}

struct check_source check_strategy_source(struct check_material *m)
{
    return (struct check_source){
        .self = m,
        .columns = row_columns(m->options.strategy),
        .name = strategy_column,
        .sample = strategy_sample,
    };
}
