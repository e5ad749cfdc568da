/* SPDX-License-Identifier: Apache-2.0 */
/* One daemon of a run: its engine's birth and death, its lease, what it does in its turn. */
#include <string.h>

#include "tests/simulation/sim_world.h"

static const int64_t lease_us = 10 * US_PER_S;
static const int64_t retry_us = US_PER_S / 2;
static const int64_t restart_us = 5 * US_PER_S;
static const int64_t wakes_late_us = 53; /* no two daemons act at the same instant */

/* ---- The lease, as store/lease.c keeps it ---- */

static int64_t lease_left(void *self)
{
    const struct instance *i = self;

    return i->lease_lost ? 0 : i->lease_until_us - sim_now_us();
}

static void lease_rely(struct instance *i)
{
    i->run->database.lease.expires_us = sim_now_us() + lease_us;
    i->lease_until_us = sim_now_us() + lease_us - lease_us / 10;
    i->renew_at_us = sim_now_us() + lease_us / 3;
}

static bool lease_take(struct instance *i)
{
    struct sim_lease *l = &i->run->database.lease;

    if (sim_journal_is_away(i) ||
        (l->owner >= 0 && l->owner != i->index && sim_now_us() < l->expires_us))
        return false;
    if (l->owner >= 0 && l->owner != i->index)
        run_reached(i->run, "takeover");
    l->owner = i->index;
    i->lease_epoch = ++l->epoch;
    i->lease_lost = false;
    lease_rely(i);
    return true;
}

static void lease_renew(struct instance *i)
{
    const struct sim_lease *l = &i->run->database.lease;

    i->renew_at_us = sim_now_us() + retry_us;
    if (sim_journal_is_away(i))
        return;
    if (sim_chance(&i->run->random, i->run->trouble.renewal_fails)) {
        run_reached(i->run, "lease not renewed");
        i->renew_at_us = sim_now_us() + lease_us;
        return;
    }
    i->lease_lost = l->owner != i->index || l->epoch != i->lease_epoch;
    if (!i->lease_lost)
        lease_rely(i);
}

/* When a standby asks again: nothing comes of it before. */
static int64_t lease_ask_us(const struct instance *i)
{
    int64_t next_us = sim_now_us() + retry_us, expires_us = i->run->database.lease.expires_us;

    return next_us > expires_us ? next_us : expires_us;
}

/* ---- The engine ---- */

static void open_feed(struct instance *i)
{
    struct run *r = i->run;
    struct candle_series series[SIM_SYMBOLS] = {0};
    struct diag_list diags = {0};

    for (int k = 0; k < SIM_SYMBOLS; k++)
        assert_ok(candle_parse(r->csv[k], strlen(r->csv[k]), "candles", &diags, &series[k]));
    assert_ok(recorded_feed_new_take(series, SIM_SYMBOLS, r->instruments, &diags, &i->recorded));
    i->feed = recorded_feed_port(i->recorded);
}

static struct engine_options engine_options_of(struct instance *i)
{
    struct run *r = i->run;
    const struct ratio half = {500000000000};
    struct engine_options e = {
        .mode = MODE_PAPER,
        .pace = PACE_REALTIME,
        .clock = sim_clock(i->index),
        .monotonic_us = sim_now_us,
        .starting_equity = r->judge.start,
        .strategy = r->strategy,
        .instruments = r->instruments,
        .instrument_count = SIM_SYMBOLS,
        .feed = &i->feed,
        .venue = &i->port,
        .journal = &i->journal,
        .lease_left_us = r->instance_count > 1 ? lease_left : NULL,
        .lease = i,
        .autostart = true,
        .cycle_interval_us = 15 * US_PER_S,
        .unprotected_limit_us = 20 * US_PER_S,
        .reconcile_interval_us = 60 * US_PER_S,
        .dead_man_us = r->judge.traits.has_cancel_after ? 30 * US_PER_S : 0,
        .mismatch = i->run->judge.adopts ? MISMATCH_ADOPT : MISMATCH_HALT,
        .slippage_tolerance = {20000000000},
        .limits = {.min_confidence = half,
                   .max_position_ratio = half,
                   .max_exposure_ratio = half,
                   .max_open_positions = 100,
                   .max_drawdown = r->judge.max_drawdown,
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
        .config = {.feed_id = recorded_feed_id(i->recorded),
                   .max_open_positions = 100,
                   .intrabar = "pessimistic",
                   .limit_fill = "touch"},
    };

    (void)copy_text(e.account_id, sizeof e.account_id, "simulation");
    (void)copy_text(e.quote, sizeof e.quote, "USDT");
    return e;
}

/* It takes its place in the world again after a while. */
static void stand_down(struct instance *i, int64_t pause_us)
{
    instance_close(i);
    sim_venue_disconnect(i->run->venue, i->index);
    judge_crash(&i->run->judge, i->index);
    i->crash_now = false;
    i->start_at_us = sim_now_us() + pause_us;
}

void instance_open(struct instance *i)
{
    struct run *r = i->run;
    struct diag_list diags = {0};
    struct engine_options options;
    char text[512];
    enum err e;

    open_feed(i);
    i->journal = sim_journal_port(i);
    sim_venue_connect(r->venue, i->index);
    i->port = sim_venue_port(r->venue, i->index);
    options = engine_options_of(i);
    e = engine_new(&options, &diags, &i->engine);
    if (e)
        i->engine = NULL;
    if (e == ERR_DB_UNAVAILABLE || (e == ERR_DB_FENCED && !instance_is_newest(i))) {
        stand_down(i, restart_us); /* the daemon would not start, and be started again */
        return;
    }
    if (e) {
        diag_describe(&diags, e, text, sizeof text);
        judge_violated(&r->judge, "R", "the engine does not start: %s", text);
    } else if (!i->crash_now && instance_is_newest(i)) {
        judge_restart(&r->judge, i->engine);
    }
    if (!e)
        judge_switch_begins(&r->judge, i->index, engine_account(i->engine));
}

void instance_close(struct instance *i)
{
    engine_free(i->engine);
    i->engine = NULL;
    recorded_feed_free(i->recorded);
    i->recorded = NULL;
}

bool instance_is_up(const struct instance *i)
{
    return i->engine && !i->is_paused && !i->crash_now;
}

bool instance_is_newest(const struct instance *i)
{
    return i->epoch == i->run->database.epoch;
}

struct instance *run_active(struct run *r)
{
    for (int k = 0; k < r->instance_count; k++)
        if (instance_is_up(&r->instances[k]) && instance_is_newest(&r->instances[k]))
            return &r->instances[k];
    return NULL;
}

enum err instance_say(struct instance *i, const struct command *c)
{
    engine_carry_out(i->engine, c, i->reply);
    if (i->reply->error)
        return i->reply->error;
    return i->reply->durable ? ERR_OK : ERR_DB_UNAVAILABLE;
}

/* ---- Its turn ---- */

/* The engine dies: the connector with it; what it did not commit is gone. */
static void crash(struct instance *i)
{
    struct run *r = i->run;
    const struct memory_journal *rows = r->judge.journal;

    r->crashes++;
    run_reached(r, "crash");
    if (sim_spool_waiting(&i->spool) > 0)
        run_reached(r, "crash with a spool");
    for (size_t k = 0; k < rows->order_count; k++)
        if (rows->orders[k].status == ORDER_NEW) {
            run_reached(r, "crash with an order that may have been sent");
            break;
        }
    stand_down(i, 1 + (int64_t)sim_below(&r->random, 90 * 1000000));
    i->crash_at_us = run_crash_time(r);
}

/* As many steps as the engine has to do now; the time of its next one. */
static int64_t engine_turn(struct instance *i)
{
    int64_t wait_us = 0;

    for (int k = 0; k < 200; k++) {
        enum err e = engine_step_wait(i->engine, &wait_us);

        if (i->crash_now)
            return sim_now_us();
        if (e == ERR_OK || wait_us <= 0)
            continue;
        judge_room(&i->run->judge, i->index, sim_spool_waiting(&i->spool));
        return sim_now_us() + wait_us + wakes_late_us * i->index;
    }
    judge_violated(&i->run->judge, "L2", "the engine finds no rest");
    return sim_now_us() + US_PER_S;
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t trade_turn(struct instance *i)
{
    bool has_lease = i->run->instance_count > 1;
    int64_t next_us;

    if (has_lease && sim_now_us() >= i->renew_at_us)
        lease_renew(i);
    if (i->lease_lost) {
        run_reached(i->run, "a daemon that was followed stands by");
        stand_down(i, US_PER_S);
        return i->start_at_us;
    }
    next_us = engine_turn(i);
    if (!i->crash_now && judge_switch_turn(&i->run->judge, i->index, engine_account(i->engine)))
        run_reached(i->run, "switch lapsed");
    if (i->crash_now || sim_now_us() >= i->crash_at_us) {
        crash(i);
        return i->start_at_us;
    }
    next_us = earliest(earliest(next_us, i->step_at_us), i->crash_at_us);
    return earliest(next_us, has_lease ? i->renew_at_us : INT64_MAX);
}

/* Its wall clock is set: by a little, or by half a minute. */
static void step_clock(struct instance *i)
{
    struct run *r = i->run;
    int64_t most_us = sim_below(&r->random, 2) ? 2 * US_PER_S : 30 * US_PER_S;

    if (sim_now_us() < i->step_at_us)
        return;
    run_reached(r, "clock stepped");
    sim_step_clock(i->index, (int64_t)sim_below(&r->random, (uint64_t)(2 * most_us)) - most_us);
    i->step_at_us = sim_now_us() + (int64_t)sim_below(&r->random, 600 * 1000000);
}

int64_t instance_turn(struct instance *i)
{
    if (i->is_paused)
        return INT64_MAX;
    step_clock(i);
    if (i->engine)
        return trade_turn(i);
    if (sim_now_us() < i->start_at_us)
        return i->start_at_us;
    if (i->run->instance_count > 1 && !lease_take(i)) {
        i->start_at_us = lease_ask_us(i);
        return i->start_at_us;
    }
    instance_open(i);
    return i->engine ? sim_now_us() : i->start_at_us;
}
