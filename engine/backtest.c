/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the candles, plays them by the way that fits, and has the tables made. */
#include "engine/backtest.h"

#include <stdlib.h>
#include <string.h>

#include "engine/backtest_parts.h"

enum {
    PROGRESS_EVERY = 4096 /* instants */
};

/* ---- Do the options fit one another ---- */

static bool find_instrument(const struct backtest_options *o, const char *symbol)
{
    for (size_t i = 0; i < o->instrument_count; i++)
        if (strcmp(o->instruments[i].symbol, symbol) == 0)
            return true;
    return false;
}

static enum err not_tradable(struct diag_list *diags, const struct strategy *s, const char *what,
                             const char *value)
{
    struct diag *d = diag_add(diags, strategy_name(s), "not_tradable", "%s %s", what, value);

    diag_hint(d, "give candles of what the strategy trades and reads");
    return ERR_NOT_TRADABLE;
}

static enum err check_strategy(const struct backtest_options *o, const struct strategy *s,
                               struct diag_list *diags)
{
    int64_t wanted = strategy_timeframe_us(s), have = o->feed->timeframe_us(o->feed->self);
    size_t trades = 0;

    if (wanted && wanted != have)
        return not_tradable(diags, s,
                            "it wants candles of another timeframe:", timeframe_name(wanted));
    for (size_t i = 0; i < o->instrument_count; i++)
        trades += strategy_trades(s, o->instruments[i].symbol);
    if (trades == 0)
        return not_tradable(diags, s,
                            "there are no candles of what it trades:", strategy_symbol(s, 0));
    for (size_t i = 0; i < strategy_other_count(s); i++)
        if (!find_instrument(o, strategy_other_symbol(s, i)))
            return not_tradable(diags, s, "there are no candles of what its rules read:",
                                strategy_other_symbol(s, i));
    return ERR_OK;
}

enum err backtest_check(const struct backtest_options *o, struct diag_list *diags)
{
    enum err e;

    if (o->strategy_count == 0 || o->strategy_count > LIMIT_STRATEGIES ||
        o->instrument_count == 0) {
        (void)diag_add(diags, "strategies", "limit_exceeded", "give 1 to %d strategies",
                       LIMIT_STRATEGIES);
        return ERR_INVALID;
    }
    if (o->terms.intrabar == INTRABAR_DETAIL &&
        !feed_beside_has_detail(o->beside, o->instrument_count)) {
        diag_hint(diag_add(diags, "intrabar", "required", "there are no finer candles to play"),
                  "give the candles of a shorter timeframe as detail, or intrabar pessimistic");
        return ERR_INVALID;
    }
    if (o->windows > BACKTEST_WINDOWS) {
        (void)diag_add(diags, "windows", "limit_exceeded", "at most %d windows", BACKTEST_WINDOWS);
        return ERR_INVALID;
    }
    if (o->to_us > 0 && o->from_us >= o->to_us) {
        (void)diag_add(diags, "from", "invalid", "it must be before the end");
        return ERR_INVALID;
    }
    for (size_t i = 0; i < o->strategy_count; i++) {
        e = check_strategy(o, o->strategies[i], diags);
        if (e)
            return e;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(strategy_name(o->strategies[i]), strategy_name(o->strategies[k])) != 0)
                continue;
            (void)diag_add(diags, strategy_name(o->strategies[i]), "name_taken",
                           "two strategies have this name");
            return ERR_NAME_TAKEN;
        }
    }
    return ERR_OK;
}

/* ---- The candles ---- */

struct surveying {
    const struct backtest_options *o;
    struct backtest_survey *survey;
};

static void survey_take(void *context, const struct feed_event *e)
{
    const struct surveying *v = context;
    struct backtest_survey *s = v->survey;
    bool trades = e->candle.open_us >= v->o->from_us;

    if (s->keeps) {
        s->is_mixed |= s->kept > 0 && s->own[0].price_scale != e->candle.price_scale;
        if (s->kept == s->capacity) {
            s->capacity = s->capacity ? 2 * s->capacity : 4096;
            s->own = xrealloc(s->own, s->capacity * sizeof *s->own);
        }
        s->own[s->kept++] = e->candle;
    }
    if (!trades)
        return;
    if (s->count == 0 || e->candle.open_us < s->first_us)
        s->first_us = e->candle.open_us;
    s->last_us = e->at_us;
    s->count++;
}

/* How many of the candles open before an instant. */
static size_t count_before(const struct candle *candles, size_t count, int64_t at_us)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (candles[middle].open_us < at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The feed's candles stay where they are. */
static void survey_span(const struct backtest_options *o, struct backtest_survey *s,
                        const struct candle_span *all, int64_t timeframe_us)
{
    size_t first = count_before(all->candles, all->count, o->from_us);

    s->candles = all->candles;
    s->kept = all->count;
    if (o->to_us > 0)
        s->kept = count_before(all->candles, all->count, o->to_us - timeframe_us + 1);
    if (s->kept <= first)
        return;
    s->count = (int64_t)(s->kept - first);
    s->first_us = all->candles[first].open_us;
    s->last_us = all->candles[s->kept - 1].open_us + timeframe_us;
}

static enum err survey(const struct backtest_options *o, struct backtest_survey *s)
{
    const int64_t timeframe_us = o->feed->timeframe_us(o->feed->self);
    struct surveying v = {o, s};
    struct candle_span all;
    enum err e = ERR_OK;

    if (s->keeps && o->feed->candles && o->feed->candles(o->feed->self, 0, &all)) {
        survey_span(o, s, &all, timeframe_us);
    } else {
        e = o->feed->history(o->feed->self, o->to_us > 0 ? o->to_us : INT64_MAX, 0, 0, survey_take,
                             &v);
        s->candles = s->own;
    }
    if (!e && s->count == 0)
        e = ERR_END;
    if (e || !s->keeps)
        return e;
    /* As engine/trial.c tells it. */
    s->is_ending = (s->candles[s->kept - 1].flags & CANDLE_LAST) ||
                   (o->to_us > 0 && s->last_us + timeframe_us > o->to_us);
    return ERR_OK;
}

/* ---- Windows ---- */

/* A moment so far into the time, on a candle's bound. */
static int64_t moment(const struct backtest_result *r, int64_t part, int64_t whole)
{
    int64_t candles = (r->last_us - r->first_us) / r->timeframe_us;

    return r->first_us + (int64_t)((i128)candles * part / whole) * r->timeframe_us;
}

static void watch_begin(const struct backtest_options *o, struct backtest_result *r)
{
    const bool splits = ratio_sign(o->split) > 0;
    const size_t count = splits ? 2 : o->windows;
    struct backtest_window *windows = xcalloc(count + 1, sizeof *windows);

    for (size_t i = 0; i < count; i++) {
        windows[i].from_us = i == 0 ? r->first_us : windows[i - 1].to_us;
        windows[i].to_us = moment(r, (int64_t)i + 1, (int64_t)count);
        if (splits && i == 0)
            windows[i].to_us = moment(r, (int64_t)(o->split.e12 / 1000000), 1000000);
    }
    backtest_watch_init(&r->watch, windows, count);
    free(windows);
}

/* ---- The whole engine ---- */

struct whole {
    const struct backtest_options *o;
    struct backtest_result *r;
    int64_t bars, exposed; /* as of the newest sample */
    int64_t steps;
};

static bool whole_step(void *context, const struct account *account)
{
    struct whole *w = context;
    const struct performance *p = &account->performance;
    struct backtest_result *r = w->r;

    if (p->bars > w->bars)
        backtest_watch_sample(&r->watch, p, p->bars_exposed > w->exposed);
    w->bars = p->bars;
    w->exposed = p->bars_exposed;
    if (!w->o->progress || ++w->steps % PROGRESS_EVERY != 0 || p->last_us == TIME_NONE)
        return true;
    return w->o->progress(w->o->context, (p->last_us - r->first_us) / r->timeframe_us,
                          (r->last_us - r->first_us) / r->timeframe_us);
}

static enum err run_whole(const struct backtest_options *o, struct diag_list *diags,
                          struct backtest_result *r)
{
    struct whole w = {.o = o, .r = r};
    const struct trial_options options = {
        .strategy = o->strategies[0],
        .others = o->strategies + 1,
        .other_count = o->strategy_count - 1,
        .feed = o->feed,
        .instruments = o->instruments,
        .instrument_count = o->instrument_count,
        .beside = o->beside,
        .terms = o->terms,
        .from_us = o->from_us,
        .to_us = o->to_us,
        .keeps_signals = o->keeps_signals,
        .step = whole_step,
        .context = &w,
    };

    return trial_run(&options, diags, &r->trial);
}

/* By the fast path where it applies; where it meets what it does not know, the whole engine. */
static enum err run(const struct backtest_options *o, struct diag_list *diags,
                    const struct backtest_survey *s, struct backtest_result *r)
{
    enum err e = ERR_AGAIN;

    watch_begin(o, r);
    r->is_fast = s->keeps && !s->is_mixed;
    if (r->is_fast)
        e = backtest_fast(o, s, r);
    if (!e || e == ERR_CANCELED)
        return e;
    r->is_fast = false;
    r->trip_count = 0;
    backtest_rounds_release(&r->rounds);
    trial_result_release(&r->trial);
    backtest_watch_release(&r->watch);
    watch_begin(o, r);
    return run_whole(o, diags, r);
}

/* True when something beside the candles is played, which the fast path knows nothing of. */
static bool plays_beside(const struct backtest_options *o)
{
    return o->terms.intrabar == INTRABAR_DETAIL ||
           feed_beside_has_funding(o->beside, o->instrument_count);
}

/* Candles end on a grid, and so does the range. */
static int64_t last_end(const struct backtest_options *o)
{
    const int64_t timeframe_us = o->feed->timeframe_us(o->feed->self);
    const int64_t first_us = o->feed->first_us(o->feed->self);

    if (o->to_us <= first_us)
        return o->to_us;
    return first_us + (o->to_us - first_us) / timeframe_us * timeframe_us;
}

enum err backtest_run(const struct backtest_options *options, struct diag_list *diags,
                      struct backtest_result *out)
{
    struct backtest_options o = *options;
    struct backtest_survey s = {0};
    struct backtest_result *r = xcalloc(1, sizeof *r);
    enum err e = backtest_check(&o, diags);

    if (!e) {
        o.to_us = last_end(&o);
        s.keeps = o.path == BACKTEST_ANY && !o.keeps_signals && !plays_beside(&o) &&
                  backtest_fast_applies(&o);
        e = survey(&o, &s);
        if (e == ERR_END)
            (void)diag_add(diags, "candles", "end", "there are no candles in this range");
    }
    if (!e) {
        r->candles = s.count;
        r->first_us = s.first_us;
        r->last_us = s.last_us;
        r->timeframe_us = o.feed->timeframe_us(o.feed->self);
        e = run(&o, diags, &s, r);
    }
    if (!e)
        e = backtest_tables(&o, r);
    free(s.own);
    if (e)
        backtest_result_release(r);
    else
        *out = *r;
    free(r);
    return e;
}

size_t backtest_closed_count(const struct backtest_result *r)
{
    return r->is_fast ? r->rounds.count : r->trial.closed_count;
}

size_t backtest_fill_count(const struct backtest_result *r)
{
    return r->is_fast ? 2 * r->rounds.count + r->rounds.has_open : r->trial.fill_count;
}

const struct position *backtest_closed(const struct backtest_result *r, size_t i,
                                       struct position *space)
{
    if (!r->is_fast)
        return &r->trial.closed[i];
    backtest_rounds_position(&r->rounds, i, space);
    return space;
}

const struct fill *backtest_fill(const struct backtest_result *r, size_t i, struct fill *space)
{
    if (!r->is_fast)
        return &r->trial.fills[i];
    backtest_rounds_fill(&r->rounds, i, space);
    return space;
}

void backtest_result_release(struct backtest_result *r)
{
    backtest_rounds_release(&r->rounds);
    trial_result_release(&r->trial);
    backtest_watch_release(&r->watch);
    free(r->trips);
    free(r->ended);
    free(r->reasons);
    free(r->symbols);
    free(r->strategies);
    free(r->months);
    *r = (struct backtest_result){0};
}
