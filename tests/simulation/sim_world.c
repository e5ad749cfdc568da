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

/* ---- What the judge hears ---- */

static void watch_submitted(void *self, int who, const struct order *o)
{
    struct run *r = self;

    judge_submit(&r->judge, &r->instances[who], o);
}

static void watch_canceled(void *self, int who, const struct order *o)
{
    struct run *r = self;

    (void)who;
    judge_cancel(&r->judge, o);
    judge_request(&r->judge, o);
}

static void watch_leaves(void *self, int who)
{
    struct run *r = self;
    struct instance *i = &r->instances[who];

    if (r->has_crashes && sim_chance(&r->random, r->trouble.submit_crashes)) {
        run_reached(r, "crash while sending");
        i->crash_now = true;
    }
    if (sim_chance(&r->random, r->trouble.submit_pauses)) {
        run_reached(r, "paused while sending");
        run_pause(i, 8 * US_PER_S);
    }
}

static void watch_arrived(void *self, int who, const struct order *o)
{
    struct run *r = self;

    judge_arrived(&r->judge, &r->instances[who], o);
}

static void watch_unknown(void *self, int who, const struct order *o)
{
    struct run *r = self;

    run_reached(r, "outcome unknown");
    judge_unknown(&r->judge, who, o);
}

static void watch_told(void *self, int who, const struct venue_event *e)
{
    struct run *r = self;
    char what[SIM_SOMETIMES_NAME];

    if (e->error) {
        (void)snprintf(what, sizeof what, "error: %s", venue_error_name(e->error));
        run_reached(r, what);
    }
    judge_told(&r->judge, who, e);
}

static void watch_timed_out(void *self, const char *client_order_id)
{
    struct run *r = self;

    run_reached(r, judge_timed_out(&r->judge, client_order_id) ? "timer ended an entry"
                                                               : "timer ended what protects");
}

/* What a dead process still tries does not leave it. */
static bool watch_is_dead(void *self, int who)
{
    return ((const struct run *)self)->instances[who].crash_now;
}

/* ---- From the seed ---- */

/* Each fault is there or not, and then at a strength of its own. */
static int swarm(struct run *r, int most)
{
    return sim_below(&r->random, 3) == 0 ? 1 + (int)sim_below(&r->random, (uint64_t)most) : 0;
}

/* What spoils a run for much of what else is to be seen. */
static int rarely(struct run *r, int most)
{
    return most > 0 && sim_below(&r->random, 8) == 0
               ? 1 + (int)sim_below(&r->random, (uint64_t)most)
               : 0;
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
        .ends_unsaid = rarely(r, 300),
        .parts = swarm(r, 600),
        .cancel_race = swarm(r, 300),
        .twice_request = swarm(r, 200),
        .key_refused = rarely(r, 4),
        .delist = rarely(r, 10),
        .filter_change = rarely(r, 10),
        .foreign_trade = rarely(r, 10),
        .foreign_order = rarely(r, 10),
        .liquidate = rarely(r, 15),
        .maintenance = swarm(r, 12),
    };
}

/* Nothing gets lost on the way: then the engine has little time for what it has to do. */
static void be_calm(struct run *r, struct sim_faults *f)
{
    f->lost_request = f->lost_answer = f->slow_request = f->not_sent = f->executed_5xx = 0;
    f->refused = f->silent_ban = f->stream_lost = f->maintenance = f->foreign_trade = 0;
    f->twice_request = f->key_refused = f->delist = f->filter_change = f->liquidate = 0;
    f->parts = 300;
    r->judge.protect_within_us = 30 * US_PER_S;
}

static struct venue_traits make_traits(struct run *r, bool is_spot)
{
    struct venue_traits t = {.outlives_us = true,
                             .ids = sim_below(&r->random, 2) ? VENUE_IDS_OPEN : VENUE_IDS_EVER,
                             .has_reduce_only = !is_spot,
                             .has_oco = is_spot && sim_below(&r->random, 2),
                             .has_replace = sim_below(&r->random, 2),
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
                  .canceled = watch_canceled,
                  .leaves = watch_leaves,
                  .arrived = watch_arrived,
                  .told_unknown = watch_unknown,
                  .told = watch_told,
                  .timed_out = watch_timed_out,
                  .sometimes = run_reached},
    };

    if (r->is_calm)
        be_calm(r, &o.faults);
    run_duties(r, &o);
    r->judge.traits = o.traits;
    r->judge.is_calm = r->is_calm;
    r->judge.has_foreign = o.faults.foreign_trade > 0 || o.faults.liquidate > 0;
    r->judge.adopts = o.adopts = r->judge.has_foreign && sim_below(&r->random, 2);
    r->venue = sim_venue_new(&o);
    r->judge.venue = r->venue;
}

/* Half of the runs: another daemon stands by, and takes over when the first one's lease ends. */
static void make_instances(struct run *r)
{
    r->has_crashes = !r->is_calm && sim_below(&r->random, 2) == 0;
    r->instance_count = !r->is_calm && sim_below(&r->random, 3) == 0 ? SIM_INSTANCES : 1;
    for (int k = 0; k < r->instance_count; k++) {
        struct instance *i = &r->instances[k];

        *i = (struct instance){.run = r, .index = k, .start_at_us = r->start_us + k * US_PER_S};
        i->reply = xcalloc(1, sizeof *i->reply);
        i->crash_at_us = run_crash_time(r);
        i->step_at_us =
            rarely(r, 1) ? r->start_us + (int64_t)sim_below(&r->random, 600 * 1000000) : INT64_MAX;
    }
}

static void make_trouble(struct run *r)
{
    struct trouble *t = &r->trouble;

    r->has_commands = sim_below(&r->random, 3) == 0;
    r->has_spool = sim_below(&r->random, 4) > 0;
    r->command_at_us =
        r->has_commands ? r->start_us + (int64_t)sim_below(&r->random, 600 * 1000000) : INT64_MAX;
    r->hand_at_us =
        r->has_hand ? r->start_us + (int64_t)sim_below(&r->random, 200 * 1000000) : INT64_MAX;
    if (r->has_crashes) {
        t->journal_crashes = swarm(r, 20);
        t->submit_crashes = swarm(r, 40);
    }
    if (r->is_calm)
        return;
    t->journal_fails = swarm(r, 60);
    t->journal_cut = swarm(r, 60);
    t->journal_unknown = swarm(r, 60);
    t->journal_alone = swarm(r, 40);
    t->disk_fails = swarm(r, 150);
    t->commit_pauses = swarm(r, 8);
    t->submit_pauses = swarm(r, 30);
    t->renewal_fails = r->instance_count > 1 ? swarm(r, 150) : 0;
}

struct run *run_new(uint64_t seed, struct sometimes *sometimes)
{
    struct run *r = xcalloc(1, sizeof *r);
    struct diag_list diags = {0};
    bool is_spot;

    r->seed = seed;
    r->sometimes = sometimes;
    r->random.state = seed;
    r->random.state = check_random_next(&r->random); /* else neighbours have the same numbers */
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
    r->has_hand = sim_below(&r->random, 4) == 0;
    r->strategy_json = strategies[sim_below(&r->random, is_spot ? 2 : COUNT_OF(strategies))];
    assert_ok(
        strategy_parse(r->strategy_json, strlen(r->strategy_json), true, &diags, &r->strategy));
    sim_set_now(0);
    r->start_us = first_us;
    sim_set_now(r->start_us);
    /* What two daemons decide of one candle is then the same to the last digit. */
    if (seed % 4 == 0)
        sim_agree_clocks();
    r->end_us = r->start_us + SIM_CANDLES * minute_us;
    sim_database_init(&r->database);
    r->judge.database = &r->database;
    r->judge.journal = &r->database.rows;
    r->judge.instruments = r->instruments;
    r->judge.start = (struct money){(i128)10000 * 1000000000000};
    r->judge.exposure_limit = (struct money){(i128)6000 * 1000000000000};
    r->judge.protect_within_us = 240 * US_PER_S;
    r->judge.notice_within_us = 180 * US_PER_S;
    r->judge.take_within_us = 480 * US_PER_S;
    r->judge.looked_us = r->start_us;
    make_instances(r);
    make_venue(r, is_spot);
    make_trouble(r);
    return r;
}

void run_free(struct run *r)
{
    for (int k = 0; k < r->instance_count; k++) {
        instance_close(&r->instances[k]);
        sim_spool_release(&r->instances[k].spool);
        free(r->instances[k].reply);
    }
    sim_venue_free(r->venue);
    sim_database_release(&r->database);
    judge_release(&r->judge);
    strategy_release(r->strategy);
    for (int i = 0; i < SIM_SYMBOLS; i++)
        free(r->csv[i]);
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
    r->trouble = (struct trouble){0};
    r->database_down_until_us = 0;
    for (int k = 0; k < r->instance_count; k++) {
        struct instance *i = &r->instances[k];

        i->cut_until_us = i->disk_full_until_us = 0;
        i->crash_at_us = i->step_at_us = INT64_MAX;
    }
}

/* What an instance sent that was followed while the database was away from it: its orders are in
 * no row, as another owner's; its spool was refused, and people know of them. */
static void disown(struct instance *i)
{
    struct run *r = i->run;
    size_t count;
    const struct sim_order *orders = sim_venue_orders(r->venue, &count);

    for (size_t k = 0; k < count; k++) {
        if (orders[k].is_disowned || judge_row(&r->judge, orders[k].client_order_id) ||
            !sim_spool_order(&i->spool, orders[k].client_order_id))
            continue;
        run_reached(r, "an order of an instance that was followed");
        sim_venue_disown(r->venue, (int)k);
        judge_recount(&r->judge);
        r->judge.has_foreign = true;
    }
}

static void disown_all(struct run *r)
{
    size_t count;

    (void)sim_venue_orders(r->venue, &count);
    for (int k = 0; k < r->instance_count; k++) {
        struct instance *i = &r->instances[k];
        size_t looked = count * 10000000 + i->spool.count * 1000 + (size_t)r->database.epoch;

        if (i->spool.count == 0 || (i->spool.refused == 0 && instance_is_newest(i)) ||
            i->disowned_at == looked)
            continue;
        i->disowned_at = looked;
        disown(i);
    }
}

/* Whether a stop should be there by now can be told while somebody trades, can make things durable,
 * and the venue is there. */
void run_watch(struct run *r)
{
    int64_t now = sim_now_us();
    const struct instance *active = run_active(r);
    bool is_durable = active && (!sim_journal_is_away(active) ||
                                 (r->has_spool && now >= active->disk_full_until_us));
    bool is_fair;

    if (r->instance_count > 1)
        disown_all(r);
    is_fair = is_durable && !sim_venue_was_away(r->venue, now - minute_us);
    judge_watch(&r->judge, now, is_fair);
    if (!is_durable) /* the next try comes after a pause */
        r->stuck_us = now;
    judge_haste(&r->judge, is_fair && now - r->stuck_us > minute_us);
}
