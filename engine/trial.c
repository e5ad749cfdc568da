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

struct trial {
    const struct trial_options *options;
    struct trial_result result;
    struct feed whole; /* the options' feed and what is beside it */
    struct feed feed;  /* up to options->to_us */
};

/* The journal: keeps what the result tells, and no leaf. */
static enum err trial_commit(void *self, const struct journal_batch *b)
{
    struct trial *t = self;
    struct trial_result *r = &t->result;

    for (size_t i = 0; t->options->keeps_signals && i < b->signal_count; i++) {
        GROW(r->signals, r->signal_count, r->signal_capacity);
        r->signals[r->signal_count++] = b->signals[i];
    }
    for (size_t i = 0; i < b->fill_count; i++) {
        GROW(r->fills, r->fill_count, r->fill_capacity);
        r->fills[r->fill_count++] = b->fills[i];
    }
    for (size_t i = 0; i < b->cash_count; i++) {
        GROW(r->cash, r->cash_count, r->cash_capacity);
        r->cash[r->cash_count++] = b->cash[i];
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

/* A slot as a journal would have it, and the document to read it from. */
static void recover_strategy(const struct strategy *s, struct recovery *out)
{
    struct strategy_slot *slot = &out->slots[out->slot_count++];
    struct recovered_document *d = &out->documents[out->document_count++];
    size_t length;
    const char *canonical = strategy_canonical(s, &length);

    *slot = (struct strategy_slot){.ordinal = (int64_t)out->slot_count, .state = SLOT_ACTIVE};
    copy_text(slot->name, sizeof slot->name, strategy_name(s));
    copy_text(slot->strategy_id, sizeof slot->strategy_id, strategy_id(s));
    copy_text(d->id, sizeof d->id, strategy_id(s));
    d->canonical = xmalloc(length + 1);
    memcpy(d->canonical, canonical, length + 1);
    d->length = length;
}

/* One strategy from the first candle on is a new account.  Several, or a past before the beginning,
 * are what a restart finds: slots, and a cursor up to which the feed is only told. */
static enum err trial_recover(void *self, const char *account_id, struct recovery *out)
{
    const struct trial_options *o = ((struct trial *)self)->options;
    struct account *a = &out->account;

    *out = (struct recovery){.exists = o->other_count > 0 || o->from_us > 0};
    if (!out->exists)
        return ERR_OK;
    *a = (struct account){.mode = MODE_BACKTEST,
                          .cash = o->terms.starting_equity,
                          .cursor_us = o->from_us > 0 ? o->from_us - 1 : TIME_NONE,
                          .phase = PHASE_DONE,
                          .log_size = 1,
                          .wanted = WANTED_RUNNING};
    copy_text(a->id, sizeof a->id, account_id);
    copy_text(a->quote, sizeof a->quote, o->instruments[0].quote);
    copy_text(a->config_strategy_id, sizeof a->config_strategy_id, strategy_id(o->strategy));
    performance_init(&a->performance, o->terms.starting_equity);
    out->slots = xcalloc(o->other_count + 1, sizeof *out->slots);
    out->documents = xcalloc(o->other_count + 1, sizeof *out->documents);
    recover_strategy(o->strategy, out);
    for (size_t i = 0; i < o->other_count; i++)
        recover_strategy(o->others[i], out);
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
        .fee_in = o->terms.fee_in,
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

/* ---- The feed up to an instant ---- */

static enum err until_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    const struct trial *t = self;
    const int64_t to_us = t->options->to_us;
    enum err e = t->whole.peek(t->whole.self, at_us, kind);

    if (e)
        return e;
    return *at_us > to_us || (*at_us == to_us && *kind == FEED_OPEN) ? ERR_END : ERR_OK;
}

static enum err until_next(void *self, struct feed_event *out)
{
    const struct trial *t = self;
    struct feed_event e;
    enum err error = t->whole.next(t->whole.self, &e);

    if (error)
        return error;
    if (e.kind == FEED_CLOSE && e.at_us > t->options->to_us - t->whole.timeframe_us(t->whole.self))
        e.candle.flags |= CANDLE_LAST; /* the next one ends too late */
    *out = e;
    return ERR_OK;
}

static void until_rewind(void *self, int64_t shift_us)
{
    const struct trial *t = self;

    t->whole.rewind(t->whole.self, shift_us);
}

static int64_t until_timeframe_us(void *self)
{
    const struct trial *t = self;

    return t->whole.timeframe_us(t->whole.self);
}

static int64_t until_first_us(void *self)
{
    const struct trial *t = self;

    return t->whole.first_us(t->whole.self);
}

static enum err until_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                              feed_take_fn *take, void *context)
{
    const struct trial *t = self;

    return t->whole.history(t->whole.self,
                            until_us < t->options->to_us ? until_us : t->options->to_us, shift_us,
                            most, take, context);
}

static struct feed feed_until(struct trial *t)
{
    return (struct feed){
        .self = t,
        .peek = until_peek,
        .next = until_next,
        .rewind = until_rewind,
        .timeframe_us = until_timeframe_us,
        .first_us = until_first_us,
        .history = until_history,
    };
}

/* Plays to the end; the engine answers ERR_AGAIN only when it cannot go on. */
static enum err play(struct engine *engine, const struct trial_options *o)
{
    int64_t steps = 0;
    enum err e;

    while ((e = engine_step(engine)) == ERR_OK) {
        if (o->most_steps > 0 && ++steps > o->most_steps)
            return ERR_LIMIT;
        if (o->step && !o->step(o->context, engine_account(engine)))
            return ERR_CANCELED;
    }
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

static enum err run(struct trial *t, struct diag_list *diags)
{
    const struct trial_options *o = t->options;
    const struct journal journal = {.self = t,
                                    .commit = trial_commit,
                                    .recover = trial_recover,
                                    .store_strategy = trial_store_strategy,
                                    .flush = trial_flush};
    struct simulate *simulate = new_venue(o);
    const struct venue venue = simulate_venue(simulate);
    struct engine_options *options = xcalloc(1, sizeof *options);
    struct engine *engine = NULL;
    enum err e;

    t->feed = o->to_us > 0 ? feed_until(t) : t->whole;
    *options = (struct engine_options){
        .account_id = "trial",
        .mode = MODE_BACKTEST,
        .starting_equity = o->terms.starting_equity,
        .strategy = o->strategy,
        .instruments = o->instruments,
        .instrument_count = o->instrument_count,
        .feed = &t->feed,
        .venue = &venue,
        .journal = &journal,
        .pace = PACE_REPLAY,
        .autostart = true,
        .unread = true,
        .limits = o->terms.limits,
        .slippage_tolerance = o->terms.slippage_tolerance,
    };
    (void)copy_text(options->quote, sizeof options->quote, o->instruments[0].quote);
    declare(o, options);
    e = engine_new(options, diags, &engine);
    if (!e)
        e = play(engine, o);
    if (!e)
        take_snapshot(engine, &t->result);
    engine_free(engine);
    simulate_free(simulate);
    free(options);
    return e;
}

static void take_counts(const struct feed_join *join, size_t count, struct trial_result *r)
{
    r->details = xcalloc(count + 1, sizeof *r->details);
    for (size_t i = 0; i < count; i++)
        r->details[i] = feed_join_counted(join, i);
}

enum err trial_run(const struct trial_options *options, struct diag_list *diags,
                   struct trial_result *out)
{
    const struct feed_join_options beside = {
        .feed = options->feed,
        .beside = options->beside,
        .count = options->instrument_count,
        .with_detail = options->terms.intrabar == INTRABAR_DETAIL,
    };
    const bool was_muted = log_mute(true);
    struct trial t = {.options = options, .whole = *options->feed};
    struct feed_join *join = NULL;
    enum err e = ERR_END;

    if (options->beside) {
        join = feed_join_new(&beside);
        feed_join_count_from(join, options->from_us);
        t.whole = feed_join_port(join);
    }
    if (options->instrument_count > 0)
        e = run(&t, diags);
    if (!e && join && beside.with_detail)
        take_counts(join, options->instrument_count, &t.result);
    feed_join_free(join);
    (void)log_mute(was_muted);
    if (e)
        trial_result_release(&t.result);
    else
        *out = t.result;
    return e;
}

void trial_result_release(struct trial_result *r)
{
    free(r->closed);
    free(r->open);
    free(r->fills);
    free(r->signals);
    free(r->cash);
    free(r->details);
    daily_equity_release(&r->daily);
    *r = (struct trial_result){0};
}
