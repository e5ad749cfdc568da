/* SPDX-License-Identifier: Apache-2.0 */
/* Joins an engine, a simulated venue and a journal that only counts, and plays them to the end. */
#include "engine/trial.h"

#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"
#include "engine/engine.h"

#define GROW(list, count, capacity)                                 \
    do {                                                            \
        if ((count) == (capacity)) {                                \
            (capacity) = (capacity) ? 2 * (capacity) : 64;          \
            (list) = xrealloc((list), (capacity) * sizeof *(list)); \
        }                                                           \
    } while (0)

static struct ratio per_10000(int64_t n)
{
    return (struct ratio){AMOUNT_ONE / 10000 * n};
}

struct trial_terms trial_terms_default(void)
{
    const struct ratio one = {AMOUNT_ONE};

    return (struct trial_terms){
        .starting_equity = {10000 * AMOUNT_ONE},
        .fee_rate = per_10000(10),
        .slippage = per_10000(5),
        .slippage_tolerance = per_10000(100),
        .limits = {.min_confidence = per_10000(5000),
                   .max_position_ratio = one,
                   .max_exposure_ratio = one,
                   .max_open_positions = 10,
                   .fee_rate = per_10000(10),
                   .cash_reserve = per_10000(105)},
    };
}

/* The journal: keeps what the result tells, and no leaf. */
static enum err trial_commit(void *self, const struct journal_batch *b)
{
    struct trial_result *r = self;

    for (size_t i = 0; i < b->fill_count; i++) {
        GROW(r->fills, r->fill_count, r->fill_capacity);
        r->fills[r->fill_count++] = b->fills[i];
    }
    for (size_t i = 0; i < b->position_count; i++) {
        if (b->positions[i].status != POSITION_CLOSED)
            continue;
        GROW(r->closed, r->closed_count, r->closed_capacity);
        r->closed[r->closed_count++] = b->positions[i];
    }
    for (size_t i = 0; i < b->equity_count; i++)
        if (b->equity[i].is_daily)
            daily_equity_append(&r->daily, b->equity[i].day, b->equity[i].equity);
    r->account = b->account;
    return ERR_OK;
}

static enum err trial_recover(void *self, const char *account_id, struct recovery *out)
{
    (void)self;
    (void)account_id;
    *out = (struct recovery){0}; /* always a new account */
    return ERR_OK;
}

static enum err trial_store_strategy(void *self, const char *account_id,
                                     const struct strategy_document *d)
{
    (void)self;
    (void)account_id;
    (void)d;
    return ERR_OK;
}

static void trial_flush(void *self)
{
    (void)self;
}

static struct simulate *new_venue(const struct trial_options *o)
{
    const struct simulate_options options = {
        .instruments = o->instruments,
        .instrument_count = o->instrument_count,
        .fee_rate = o->terms.fee_rate,
        .slippage = o->terms.slippage,
        .volume_cap = o->terms.volume_cap,
        .intrabar = o->terms.intrabar,
        .limit_fill = o->terms.limit_fill,
        .delay_candles = o->terms.delay_candles,
    };

    return simulate_new(&options);
}

/* What the log would declare: nobody reads it, but it has to be well-formed. */
static void declare(const struct trial_options *o, struct engine_options *e)
{
    e->genesis = (struct genesis){.origin = "trial",
                                  .vkey = "",
                                  .build = "",
                                  .account_hash = "",
                                  .quote = e->quote,
                                  .starting_equity = o->terms.starting_equity,
                                  .pace = "replay"};
    e->config = (struct config_leaf){.feed_id = "",
                                     .fee_rate = o->terms.fee_rate,
                                     .intrabar = "pessimistic",
                                     .limit_fill = "touch"};
}

/* Plays to the end; the engine answers ERR_AGAIN only when it cannot go on. */
static enum err play(struct engine *engine, int64_t most_steps)
{
    int64_t steps = 0;
    enum err e;

    while ((e = engine_step(engine)) == ERR_OK)
        if (most_steps > 0 && ++steps > most_steps)
            return ERR_LIMIT;
    return e == ERR_END ? ERR_OK : e == ERR_AGAIN ? ERR_INTERNAL : e;
}

static void take_snapshot(struct engine *engine, struct trial_result *r)
{
    struct snapshot *s = engine_snapshot(engine);

    r->report = s->report;
    r->account = s->account;
    r->equity = s->equity;
    r->symbol_errors = s->symbol_errors;
    r->open_count = s->position_count;
    r->open = xcalloc(s->position_count + 1, sizeof *r->open);
    for (size_t i = 0; i < s->position_count; i++)
        r->open[i] = s->positions[i];
    snapshot_release(s);
}

static enum err run(const struct trial_options *o, struct diag_list *diags, struct trial_result *r)
{
    const struct journal journal = {.self = r,
                                    .commit = trial_commit,
                                    .recover = trial_recover,
                                    .store_strategy = trial_store_strategy,
                                    .flush = trial_flush};
    struct simulate *simulate = new_venue(o);
    const struct venue venue = simulate_venue(simulate);
    struct engine_options *options = xcalloc(1, sizeof *options);
    struct engine *engine = NULL;
    enum err e;

    *options = (struct engine_options){
        .account_id = "trial",
        .mode = MODE_BACKTEST,
        .starting_equity = o->terms.starting_equity,
        .strategy = o->strategy,
        .instruments = o->instruments,
        .instrument_count = o->instrument_count,
        .feed = o->feed,
        .venue = &venue,
        .journal = &journal,
        .pace = PACE_REPLAY,
        .autostart = true,
        .limits = o->terms.limits,
        .slippage_tolerance = o->terms.slippage_tolerance,
    };
    (void)copy_text(options->quote, sizeof options->quote, o->instruments[0].quote);
    declare(o, options);
    e = engine_new(options, diags, &engine);
    if (!e)
        e = play(engine, o->most_steps);
    if (!e)
        take_snapshot(engine, r);
    engine_free(engine);
    simulate_free(simulate);
    free(options);
    return e;
}

enum err trial_run(const struct trial_options *options, struct diag_list *diags,
                   struct trial_result *out)
{
    const bool was_muted = log_mute(true);
    struct trial_result r = {0};
    enum err e = ERR_END;

    if (options->instrument_count > 0)
        e = run(options, diags, &r);
    (void)log_mute(was_muted);
    if (e)
        trial_result_release(&r);
    else
        *out = r;
    return e;
}

void trial_result_release(struct trial_result *r)
{
    free(r->closed);
    free(r->open);
    free(r->fills);
    daily_equity_release(&r->daily);
    *r = (struct trial_result){0};
}
