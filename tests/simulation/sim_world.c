/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is made of, from the seed; the engine's birth and death. */
#include "tests/simulation/sim_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static const int64_t first_us = INT64_C(1630540800) * US_PER_S;
static const int64_t minute_us = 60 * US_PER_S;

/* Entries often, exits soon, stops near: orders all the time. */
#define MANAGED                                                \
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.006},"        \
    "\"take_profit\":{\"type\":\"pct\",\"value\":0.008},"      \
    "\"trailing_stop\":{\"pct\":0.004,\"activate_at\":0.001}," \
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}"
static const char *const strategies[] = {
    "{\"version\":1,\"name\":\"quick\",\"timeframe\":\"1m\",\"startup_bars\":3,"
    "\"entry\":{\"condition\":\"close > close[1]\"},"
    "\"exit\":{\"condition\":\"close < close[2]\",\"max_candles\":6}," MANAGED,
    "{\"version\":1,\"name\":\"adder\",\"timeframe\":\"1m\",\"startup_bars\":3,"
    "\"entry\":{\"condition\":\"close > close[2]\"},"
    "\"exit\":{\"condition\":\"close < close[3]\"},"
    "\"scale_in\":{\"condition\":\"position.pnl_pct < 0.001\",\"part\":0.5,\"max_count\":3},"
    "\"scale_out\":{\"condition\":\"position.best_pnl_pct > 0.002\",\"part\":0.5,"
    "\"max_count\":2}," MANAGED,
    "{\"version\":1,\"name\":\"short\",\"timeframe\":\"1m\",\"startup_bars\":3,"
    "\"entry\":{\"condition\":\"close < close[1]\",\"direction\":\"short\"},"
    "\"exit\":{\"condition\":\"close > close[2]\",\"max_candles\":5}," MANAGED,
};

static struct price tick_of(void)
{
    return (struct price){INT64_C(10000000000)}; /* 0.01 */
}

static void make_path(struct run *r)
{
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        int64_t price = 10000;

        for (int k = 0; k < SIM_STEPS; k++) {
            r->path[k][i] = price;
            price += (int64_t)sim_below(&r->random, 61) - 30;
            if (sim_chance(&r->random, 15))
                price += (int64_t)sim_below(&r->random, 301) - 150; /* a jump */
            if (price < 5000)
                price = 5000;
        }
    }
}

static char *make_candles(const struct run *r, int symbol)
{
    struct text t;
    size_t length;

    text_init(&t, 64 * 1024);
    text_string(&t, "timestamp,open,high,low,close,volume\n");
    for (int c = 0; c < SIM_CANDLES; c++) {
        int64_t low = r->path[4 * c][symbol], high = low;

        for (int k = 4 * c; k <= 4 * c + 4; k++) {
            low = r->path[k][symbol] < low ? r->path[k][symbol] : low;
            high = r->path[k][symbol] > high ? r->path[k][symbol] : high;
        }
        text_format(&t, "%lld,%.2f,%.2f,%.2f,%.2f,50\n",
                    (long long)((first_us + c * minute_us) / 1000),
                    (double)r->path[4 * c][symbol] / 100, (double)high / 100, (double)low / 100,
                    (double)r->path[4 * c + 4][symbol] / 100);
    }
    return text_take(&t, &length);
}

/* ---- The journal with faults ---- */

static enum err journal_commit(void *self, const struct journal_batch *b)
{
    struct run *r = self;
    bool crashes = r->has_crashes && sim_chance(&r->random, r->journal_crashes);
    enum err e;

    if (r->crash_now)
        return ERR_DB_UNAVAILABLE; /* the process is dead */
    if (sim_now_us() < r->journal_down_until_us)
        return ERR_DB_UNAVAILABLE;
    if (sim_chance(&r->random, r->journal_fails)) {
        run_reached(r, "database away");
        r->journal_down_until_us = sim_now_us() + (int64_t)sim_below(&r->random, 60 * 1000000);
        return ERR_DB_UNAVAILABLE;
    }
    if (crashes && sim_below(&r->random, 2)) {
        run_reached(r, "crash before a commit");
        r->crash_now = true;
        return ERR_DB_UNAVAILABLE;
    }
    e = r->memory.commit(r->memory.self, b);
    judge_commit(&r->judge);
    if (e == ERR_OK && crashes) {
        run_reached(r, "crash after a commit");
        r->crash_now = true;
        return ERR_DB_UNAVAILABLE;
    }
    if (e == ERR_OK && sim_chance(&r->random, r->journal_unknown)) {
        run_reached(r, "commit durable, answer lost");
        return ERR_DB_UNAVAILABLE;
    }
    return e;
}

static enum err journal_recover_(void *self, const char *account, struct recovery *out)
{
    struct run *r = self;

    return r->memory.recover(r->memory.self, account, out);
}

static enum err journal_store(void *self, const char *account, const struct strategy_document *d)
{
    struct run *r = self;

    return r->memory.store_strategy(r->memory.self, account, d);
}

static void journal_flush_(void *self)
{
    (void)self;
}

/* ---- What the judge hears ---- */

static void watch_submitted(void *self, const struct order *o)
{
    struct run *r = self;

    judge_submit(&r->judge, o);
    if (r->has_crashes && sim_chance(&r->random, r->submit_crashes)) {
        run_reached(r, "crash while sending");
        r->crash_now = true;
    }
}

static void watch_unknown(void *self, const struct order *o)
{
    struct run *r = self;

    run_reached(r, "outcome unknown");
    if (r->judge.unknown_count < JUDGE_UNKNOWNS)
        (void)copy_text(r->judge.unknown[r->judge.unknown_count++], 33, o->client_order_id);
}

static void watch_told(void *self, const struct venue_event *e)
{
    judge_told(&((struct run *)self)->judge, e);
}

/* What a dead process still tries does not leave it. */
static bool watch_is_dead(void *self)
{
    return ((const struct run *)self)->crash_now;
}

/* ---- From the seed ---- */

/* Each fault is there or not, and then at a strength of its own. */
static int swarm(struct run *r, int most)
{
    return sim_below(&r->random, 3) == 0 ? 1 + (int)sim_below(&r->random, (uint64_t)most) : 0;
}

static struct sim_faults make_faults(struct run *r)
{
    return (struct sim_faults){
        .lost_request = swarm(r, 150),
        .lost_answer = swarm(r, 150),
        .slow_request = swarm(r, 120),
        .not_sent = swarm(r, 150),
        .executed_5xx = swarm(r, 150),
        .refused = swarm(r, 200),
        .silent_ban = swarm(r, 15),
        .stream_lost = swarm(r, 120),
        .stream_twice = swarm(r, 300),
        .stream_slow = swarm(r, 300),
        .query_failed = swarm(r, 400),
        .query_lags = swarm(r, 700),
        .account_failed = swarm(r, 500),
        .own_cancel = swarm(r, 20),
        .parts = swarm(r, 600),
        .cancel_race = swarm(r, 300),
        .foreign_trade = sim_below(&r->random, 6) == 0 ? 1 + (int)sim_below(&r->random, 10) : 0,
        .maintenance = swarm(r, 12),
    };
}

/* Nothing gets lost on the way: then the engine has little time for what it has to do. */
static void be_calm(struct run *r, struct sim_faults *f)
{
    f->lost_request = f->lost_answer = f->slow_request = f->not_sent = f->executed_5xx = 0;
    f->refused = f->silent_ban = f->stream_lost = f->maintenance = f->foreign_trade = 0;
    r->judge.protect_within_us = 30 * US_PER_S;
}

static struct venue_traits make_traits(struct run *r, bool is_spot)
{
    struct venue_traits t = {.outlives_us = true,
                             .ids = sim_below(&r->random, 2) ? VENUE_IDS_OPEN : VENUE_IDS_EVER,
                             .has_reduce_only = !is_spot,
                             .has_replace = !is_spot && sim_below(&r->random, 2),
                             .has_expiry = true,
                             .rest_locks_size = is_spot,
                             .request_window_us = 5 * US_PER_S,
                             .processing_us = 5 * US_PER_S,
                             .clock_error_us = US_PER_S / 2,
                             .query_lag_us = 2 * US_PER_S};

    return t;
}

static void make_venue(struct run *r, bool is_spot)
{
    static const enum fee_kind fees[] = {FEE_BASE, FEE_QUOTE, FEE_BASE, FEE_OTHER};
    struct sim_venue_options o = {
        .seed = check_random_next(&r->random),
        .instruments = r->instruments,
        .path = (const int64_t(*)[SIM_SYMBOLS])r->path,
        .path_length = SIM_STEPS,
        .start_us = r->start_us,
        .step_us = 15 * US_PER_S,
        .cash = r->judge.start,
        .fees = fees[r->seed / 2 % COUNT_OF(fees)],
        .traits = make_traits(r, is_spot),
        .faults = make_faults(r),
        .watch = {.self = r,
                  .is_dead = watch_is_dead,
                  .submitted = watch_submitted,
                  .told_unknown = watch_unknown,
                  .told = watch_told,
                  .sometimes = run_reached},
    };

    if (r->is_calm)
        be_calm(r, &o.faults);
    r->judge.traits = o.traits;
    r->judge.has_foreign = o.faults.foreign_trade > 0;
    r->venue = sim_venue_new(&o);
    r->judge.venue = r->venue;
}

static void make_trouble(struct run *r)
{
    r->has_crashes = !r->is_calm && sim_below(&r->random, 2) == 0;
    r->has_commands = sim_below(&r->random, 3) == 0;
    r->journal_fails = r->is_calm ? 0 : swarm(r, 60);
    r->journal_unknown = r->is_calm ? 0 : swarm(r, 60);
    r->journal_crashes = swarm(r, 20);
    r->submit_crashes = swarm(r, 40);
    r->crash_at_us = run_crash_time(r);
    r->command_at_us =
        r->has_commands ? r->start_us + (int64_t)sim_below(&r->random, 600 * 1000000) : INT64_MAX;
}

struct run *run_new(uint64_t seed, struct sometimes *sometimes)
{
    struct run *r = xcalloc(1, sizeof *r);
    struct diag_list diags = {0};
    bool is_spot;

    r->seed = seed;
    r->sometimes = sometimes;
    r->random.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    r->reply = xcalloc(1, sizeof *r->reply);
    is_spot = sim_below(&r->random, 3) == 0;
    r->is_calm = sim_below(&r->random, 6) == 0;
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        static const char *const symbols[2][SIM_SYMBOLS] = {{"BTC/USDT:USDT", "ETH/USDT:USDT"},
                                                            {"BTC/USDT", "ETH/USDT"}};

        assert_ok(instrument_init(&r->instruments[i], symbols[is_spot][i], tick_of(),
                                  (struct size){1000000000},
                                  (struct money){INT64_C(10000000000000)}));
    }
    make_path(r);
    for (int i = 0; i < SIM_SYMBOLS; i++)
        r->csv[i] = make_candles(r, i);
    r->strategy_json = strategies[sim_below(&r->random, is_spot ? 2 : COUNT_OF(strategies))];
    assert_ok(
        strategy_parse(r->strategy_json, strlen(r->strategy_json), true, &diags, &r->strategy));
    sim_set_now(0);
    r->start_us = first_us;
    sim_set_now(r->start_us);
    r->end_us = r->start_us + SIM_CANDLES * minute_us;
    memory_journal_init(&r->journal);
    r->memory = memory_journal_port(&r->journal);
    r->judge.journal = &r->journal;
    r->judge.instruments = r->instruments;
    r->judge.start = (struct money){(i128)10000 * 1000000000000};
    r->judge.exposure_limit = (struct money){(i128)6000 * 1000000000000};
    r->judge.protect_within_us = 240 * US_PER_S;
    r->judge.notice_within_us = 180 * US_PER_S;
    r->judge.looked_us = r->start_us;
    make_venue(r, is_spot);
    make_trouble(r);
    return r;
}

void run_free(struct run *r)
{
    run_close_engine(r);
    sim_venue_free(r->venue);
    memory_journal_release(&r->journal);
    judge_release(&r->judge);
    strategy_release(r->strategy);
    for (int i = 0; i < SIM_SYMBOLS; i++)
        free(r->csv[i]);
    free(r->reply);
    free(r);
}

int64_t run_crash_time(struct run *r)
{
    if (!r->has_crashes)
        return INT64_MAX;
    return sim_now_us() + 60 * US_PER_S + (int64_t)sim_below(&r->random, 1800 * 1000000ULL);
}

void run_heal(struct run *r)
{
    r->has_crashes = false;
    r->journal_fails = r->journal_unknown = 0;
    r->journal_down_until_us = 0;
}

/* Whether a stop should be there by now can be told while engine, database and venue are there. */
void run_watch(struct run *r)
{
    int64_t now = sim_now_us();
    bool is_fair = r->engine && now >= r->journal_down_until_us &&
                   !sim_venue_was_away(r->venue, now - minute_us);

    judge_watch(&r->judge, now, is_fair);
}

/* ---- The engine ---- */

static void open_feed(struct run *r)
{
    struct candle_series series[SIM_SYMBOLS] = {0};
    struct diag_list diags = {0};

    for (int i = 0; i < SIM_SYMBOLS; i++)
        assert_ok(candle_parse(r->csv[i], strlen(r->csv[i]), "candles", &diags, &series[i]));
    assert_ok(recorded_feed_new_take(series, SIM_SYMBOLS, r->instruments, &diags, &r->recorded));
    r->feed = recorded_feed_port(r->recorded);
}

static struct engine_options engine_options_of(struct run *r)
{
    const struct ratio half = {500000000000};
    struct engine_options e = {
        .mode = MODE_PAPER,
        .pace = PACE_REALTIME,
        .clock = sim_clock(),
        .monotonic_us = sim_now_us,
        .starting_equity = r->judge.start,
        .strategy = r->strategy,
        .instruments = r->instruments,
        .instrument_count = SIM_SYMBOLS,
        .feed = &r->feed,
        .venue = &r->port,
        .journal = &r->journal_port,
        .autostart = true,
        .cycle_interval_us = 15 * US_PER_S,
        .unprotected_limit_us = 20 * US_PER_S,
        .reconcile_interval_us = 60 * US_PER_S,
        .slippage_tolerance = {20000000000},
        .limits = {.min_confidence = half,
                   .max_position_ratio = half,
                   .max_exposure_ratio = half,
                   .max_open_positions = 100,
                   .fee_rate = {1000000000},
                   .cash_reserve = {10500000000},
                   .stop_loss_required = true},
        .genesis = {.origin = "traderd.local/simulation",
                    .vkey = "key",
                    .build = "test",
                    .account_hash = "00",
                    .quote = "USDT",
                    .starting_equity = r->judge.start,
                    .cycle_interval_s = 15,
                    .pace = "realtime"},
        .config = {.feed_id = recorded_feed_id(r->recorded),
                   .max_open_positions = 100,
                   .intrabar = "pessimistic",
                   .limit_fill = "touch"},
    };

    (void)copy_text(e.account_id, sizeof e.account_id, "simulation");
    (void)copy_text(e.quote, sizeof e.quote, "USDT");
    return e;
}

void run_open_engine(struct run *r)
{
    struct diag_list diags = {0};
    struct engine_options options;
    char text[512];
    enum err e;

    open_feed(r);
    r->journal_port = (struct journal){.self = r,
                                       .commit = journal_commit,
                                       .recover = journal_recover_,
                                       .store_strategy = journal_store,
                                       .flush = journal_flush_};
    sim_venue_connect(r->venue);
    r->port = sim_venue_port(r->venue);
    options = engine_options_of(r);
    e = engine_new(&options, &diags, &r->engine);
    if (e == ERR_DB_UNAVAILABLE) { /* the daemon would not start, and be started again */
        r->engine = NULL;
        run_close_engine(r);
        sim_venue_disconnect(r->venue);
        judge_crash(&r->judge);
        r->crash_now = false;
        r->start_at_us = sim_now_us() + 5 * US_PER_S;
        return;
    }
    if (e) {
        diag_describe(&diags, e, text, sizeof text);
        judge_violated(&r->judge, "R", "the engine does not start: %s", text);
    }
}

void run_close_engine(struct run *r)
{
    engine_free(r->engine);
    r->engine = NULL;
    recorded_feed_free(r->recorded);
    r->recorded = NULL;
}

enum err run_say(struct run *r, const struct command *c)
{
    engine_carry_out(r->engine, c, r->reply);
    if (r->reply->error)
        return r->reply->error;
    return r->reply->durable ? ERR_OK : ERR_DB_UNAVAILABLE;
}
