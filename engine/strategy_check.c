/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the candles there are, and runs one check after the other over them. */
#include "engine/strategy_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/strategy_check_parts.h"

const char *check_verdict_name(enum check_verdict v)
{
    static const char *const names[] = {"pass", "skipped", "warn", "fail"};

    ASSERT((size_t)v < COUNT_OF(names));
    return names[v];
}

/* The candles of all checks: those of the window, by instrument. */
struct gathering {
    const struct check_options *options;
    int64_t timeframe_us;
    int64_t from_us;               /* the window's beginning */
    struct check_candles *candles; /* one an instrument */
    int64_t *previous_us;          /* newest open time of each */
    struct check_times *times;
};

static void take_close(void *context, const struct feed_event *e)
{
    struct gathering *g = context;
    struct check_candles *c = &g->candles[e->instrument];
    struct check_times *t = g->times;
    int64_t open_us = e->candle.open_us;

    if (open_us < g->from_us)
        return;
    t->candles++;
    t->synthetic += (e->candle.flags & CANDLE_SYNTHETIC) != 0;
    t->resets += (e->candle.flags & CANDLE_AFTER_GAP) != 0;
    t->early += e->at_us != open_us + g->timeframe_us;
    t->off_grid += (open_us - g->options->shift_us) % g->timeframe_us != 0;
    t->unordered += open_us <= g->previous_us[e->instrument];
    t->future += e->at_us > g->options->until_us;
    if (t->candles == 1 || open_us < t->first_us)
        t->first_us = open_us;
    if (t->candles == 1 || open_us > t->last_us)
        t->last_us = open_us;
    g->previous_us[e->instrument] = open_us;
    if (!strategy_trades(g->options->strategy, c->symbol))
        return;
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 1024;
        c->open_us = xrealloc(c->open_us, c->capacity * sizeof *c->open_us);
    }
    c->open_us[c->count++] = open_us;
}

static void take_newest(void *context, const struct feed_event *e)
{
    *(int64_t *)context = e->candle.open_us;
}

static enum err gather(struct gathering *g)
{
    const struct check_options *o = g->options;
    const struct feed *f = o->feed;
    int64_t newest_us = TIME_NONE;
    enum err e = ERR_OK;

    g->from_us = INT64_MIN;
    if (o->candles > 0)
        e = f->history(f->self, o->until_us, o->shift_us, 1, take_newest, &newest_us);
    if (!e && newest_us != TIME_NONE)
        g->from_us = newest_us - (o->candles - 1) * g->timeframe_us;
    if (!e)
        e = f->history(f->self, o->until_us, o->shift_us, o->candles, take_close, g);
    return e;
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
    const struct check_window *window = self;
    const struct check_options *o = window->options;
    const struct feed *f = o->feed;
    const int64_t timeframe_us = f->timeframe_us(f->self);
    const int64_t begin_us = from_us > window->from_us ? from_us : window->from_us;
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
    e = f->history(f->self, open_us[count - 1] + timeframe_us, o->shift_us, most, rows_push, rows);
    rows_end(rows);
    rows_free(rows);
    return e;
}

static const char *strategy_column(void *self, size_t column)
{
    const struct check_window *window = self;

    return row_column_name(window->options->strategy, column);
}

struct check_source check_strategy_source(struct check_window *window)
{
    return (struct check_source){
        .self = window,
        .columns = row_columns(window->options->strategy),
        .name = strategy_column,
        .sample = strategy_sample,
    };
}

/* Names of what the rules read and nobody tells here. */
static void note_unknown(const struct check_options *o, char out[LIMIT_REASON])
{
    const struct strategy *s = o->strategy;
    struct text t;

    text_init(&t, LIMIT_REASON - 1);
    for (size_t i = 0; i < strategy_other_count(s); i++) {
        size_t k = 0;

        while (k < o->instrument_count &&
               strcmp(o->instruments[k].symbol, strategy_other_symbol(s, i)) != 0)
            k++;
        if (k == o->instrument_count)
            text_format(&t, "%s%s", t.length > 0 ? ", " : "", strategy_other_symbol(s, i));
    }
    for (size_t i = 0; i < strategy_ext_count(s); i++)
        if (!o->ext || o->ext[i].count == 0)
            text_format(&t, "%sext.%s", t.length > 0 ? ", " : "", strategy_ext_name(s, i));
    (void)copy_text(out, LIMIT_REASON, t.length > 0 ? t.data : "");
    text_release(&t);
}

/* As many moments as the budget pays: each costs the candles until it, so half of all, beside seven
 * whole runs. */
static size_t samples_within(const struct check_options *o, const struct gathering *g)
{
    int64_t samples = o->samples > 0 ? o->samples : CHECK_SAMPLES_DEFAULT;
    int64_t candles = g->times->candles;
    int64_t most = INT64_MAX;

    if (o->budget > 0 && candles > 0)
        most = 2 * (o->budget / candles - 7);
    if (samples > most)
        samples = most;
    return samples < 1 ? 1 : (size_t)samples;
}

/* Truncation and warm-up of every symbol, up to the limit. */
static enum err check_rows(const struct gathering *g, struct check_report *out)
{
    const struct check_options *o = g->options;
    struct check_window window = {o, g->from_us};
    struct check_source source = check_strategy_source(&window);
    int64_t warmup = strategy_warmup(o->strategy);
    size_t samples = samples_within(o, g), longest = 0;
    enum err e = ERR_OK;

    for (size_t i = 0; i < o->instrument_count; i++)
        if (g->candles[i].count > longest)
            longest = g->candles[i].count;
    check_warmup_begin(&source, warmup, longest, &out->warmup);
    for (size_t i = 0; !e && i < o->instrument_count && out->symbol_count < CHECK_SYMBOLS_MAX;
         i++) {
        struct check_candles *c = &g->candles[i];

        if (c->count == 0)
            continue;
        (void)copy_text(out->symbols[out->symbol_count++], LIMIT_SYMBOL, c->symbol);
        check_draw(c, samples, warmup, o->seed + i);
        e = check_truncation_add(&source, c, &out->truncation);
        if (!e)
            e = check_warmup_add(&source, c, &out->warmup);
        if (!e && out->symbol_count == 1)
            e = check_times_longer(&window, i, &out->times);
    }
    check_warmup_end(&out->warmup);
    return e;
}

static enum err check_timeframe(const struct check_options *o, int64_t have_us,
                                struct diag_list *diags)
{
    int64_t wanted_us = strategy_timeframe_us(o->strategy);
    const char *have = timeframe_name(have_us);

    if (wanted_us == 0 || wanted_us == have_us)
        return ERR_OK;
    diag_hint(diag_add(diags, "timeframe", "timeframe",
                       "the strategy wants candles of %s, these have %s", timeframe_name(wanted_us),
                       have ? have : "another length"),
              "give candles of the artifact's timeframe");
    return ERR_INVALID;
}

static enum err no_candles(const struct check_options *o, struct diag_list *diags)
{
    const struct strategy *s = o->strategy;

    diag_hint(diag_add(diags, "symbol", "no_candles",
                       "there are no candles of a symbol that %s trades", strategy_name(s)),
              "%s%s", strategy_symbol_count(s) > 0 ? "give candles of " : "give some candles",
              strategy_symbol_count(s) > 0 ? strategy_symbol(s, 0) : "");
    return ERR_NOT_FOUND;
}

static void judge(struct check_report *r)
{
    struct check_times *t = &r->times;
    int64_t wrong = t->early + t->off_grid + t->unordered + t->future;

    for (size_t i = 0; i < t->longer_count; i++)
        wrong += t->longer[i].differences;
    t->verdict = wrong > 0 ? CHECK_FAIL : CHECK_PASS;
    r->verdict = CHECK_PASS;
    const enum check_verdict all[] = {r->truncation.verdict, r->warmup.verdict, r->delay.verdict,
                                      t->verdict};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i] > r->verdict && all[i] != CHECK_SKIPPED)
            r->verdict = all[i];
}

enum err strategy_check_run(const struct check_options *options, struct diag_list *diags,
                            struct check_report *out)
{
    const size_t count = options->instrument_count;
    struct check_report *r = xcalloc(1, sizeof *r);
    struct gathering g = {
        .options = options,
        .timeframe_us = options->feed->timeframe_us(options->feed->self),
        .candles = xcalloc(count + 1, sizeof *g.candles),
        .previous_us = xcalloc(count + 1, sizeof *g.previous_us),
        .times = &r->times,
    };
    enum err e;

    for (size_t i = 0; i < count; i++) {
        g.candles[i].instrument = i;
        g.candles[i].symbol = options->instruments[i].symbol;
        g.previous_us[i] = INT64_MIN;
    }
    r->seed = options->seed;
    r->timeframe_us = g.timeframe_us;
    (void)copy_text(r->name, sizeof r->name, strategy_name(options->strategy));
    (void)copy_text(r->id, sizeof r->id, strategy_id(options->strategy));
    note_unknown(options, r->unknown);
    e = check_timeframe(options, g.timeframe_us, diags);
    if (!e)
        e = gather(&g);
    if (!e)
        e = check_rows(&g, r);
    if (!e && r->symbol_count == 0)
        e = no_candles(options, diags);
    if (!e) {
        check_delay_run(options, r);
        judge(r);
    }
    for (size_t i = 0; i < count; i++)
        free(g.candles[i].open_us);
    free(g.candles);
    free(g.previous_us);
    if (e)
        check_report_release(r);
    else
        *out = *r;
    free(r);
    return e;
}

void check_report_release(struct check_report *r)
{
    free(r->warmup.rows);
    free(r->claims);
    trial_result_release(&r->trial);
    *r = (struct check_report){0};
}
