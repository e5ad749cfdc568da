/* SPDX-License-Identifier: Apache-2.0 */
/* A whole trading world in memory: recorded feed, simulated venue, memory journal, engine. */
#include "tests/support/world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "tests/support/check.h"

struct world_options world_options_default(void)
{
    return (struct world_options){.fee_rate = "0.001",
                                  .slippage_bps = "0.0005",
                                  .tolerance_bps = "0.01",
                                  .volume_cap = "0",
                                  .clock_step_us = US_PER_MS,
                                  .autostart = true};
}

static int64_t clock_us = US_PER_S, clock_step_us;

/* No real time, so that a run does not depend on the machine. */
static int64_t world_monotonic_us(void)
{
    return clock_us += clock_step_us;
}

static struct ratio world_ratio(const char *text)
{
    struct ratio r;

    assert_ok(ratio_parse(text, strlen(text), &r));
    return r;
}

static void world_open_feed(struct world *w)
{
    struct candle_series *series = xcalloc(w->options.symbol_count, sizeof(*series));
    struct price tick = {INT64_C(10000000000)};        /* 0.01 */
    struct size lot = {INT64_C(10000000)};             /* 0.00001 */
    struct money notional = {INT64_C(10000000000000)}; /* 10 */
    struct diag_list diags = {0};
    size_t i;

    if (w->options.lot)
        assert_ok(size_parse(w->options.lot, strlen(w->options.lot), &lot));
    for (i = 0; i < w->options.symbol_count; i++) {
        assert_ok(instrument_init(&w->instruments[i], w->options.symbols[i], tick, lot, notional));
        assert_ok(candle_parse(w->options.csv[i], strlen(w->options.csv[i]), "candles", &diags,
                               &series[i]));
    }
    assert_ok(recorded_feed_new_take(series, w->options.symbol_count, w->instruments, &diags,
                                     &w->recorded));
    w->feed = w->recorded_port = recorded_feed_port(w->recorded);
    if (w->options.beside) {
        const struct feed_join_options o = {.feed = &w->recorded_port,
                                            .beside = w->options.beside,
                                            .count = w->options.symbol_count,
                                            .with_detail = w->options.intrabar == INTRABAR_DETAIL};

        w->join = feed_join_new(&o);
        w->feed = feed_join_port(w->join);
    }
    free(series);
}

static void world_open_venue(struct world *w)
{
    struct simulate_options o = {.instruments = w->instruments,
                                 .instrument_count = w->options.symbol_count,
                                 .fee_rate = world_ratio(w->options.fee_rate),
                                 .fee_in = w->options.fee_in,
                                 .slippage = world_ratio(w->options.slippage_bps),
                                 .volume_cap = world_ratio(w->options.volume_cap),
                                 .intrabar = w->options.intrabar};

    w->simulate = simulate_new(&o);
    w->venue = simulate_venue(w->simulate);
}

void world_open(struct world *w, const struct world_options *o, struct memory_journal *journal)
{
    struct engine_options e = {.mode = MODE_PAPER, .pace = PACE_REPLAY};
    struct diag_list diags = {0};
    char text[512];

    memset(w, 0, sizeof(*w));
    w->options = *o;
    w->journal = journal;
    w->journal_port = memory_journal_port(journal);
    assert_ok(strategy_parse(o->strategy, strlen(o->strategy), true, &diags, &w->strategy));
    world_open_feed(w);
    world_open_venue(w);
    copy_text(e.account_id, sizeof(e.account_id), "sim-paper-test");
    copy_text(e.quote, sizeof(e.quote), "USDT");
    e.starting_equity = (struct money){(i128)10000 * 1000000000000};
    e.strategy = o->without_strategy ? NULL : w->strategy;
    e.instruments = w->instruments;
    e.instrument_count = o->symbol_count;
    e.feed = &w->feed;
    e.venue = &w->venue;
    e.journal = &w->journal_port;
    e.autostart = o->autostart;
    clock_step_us = o->clock_step_us;
    e.monotonic_us = world_monotonic_us;
    e.cycle_interval_us = 300 * US_PER_S;
    e.slippage_tolerance = world_ratio(o->tolerance_bps);
    e.limits = (struct risk_limits){.min_confidence = world_ratio("0.5"),
                                    .max_position_ratio = world_ratio("1"),
                                    .max_exposure_ratio = world_ratio("1"),
                                    .max_open_positions = 100,
                                    .fee_rate = world_ratio(o->fee_rate),
                                    .cash_reserve = world_ratio("0.0105"),
                                    .stop_loss_required = true};
    e.genesis = (struct genesis){.origin = "traderd.local/test",
                                 .vkey = "key",
                                 .build = "test",
                                 .account_hash = "00",
                                 .quote = "USDT",
                                 .starting_equity = e.starting_equity,
                                 .cycle_interval_s = 300,
                                 .pace = "replay"};
    e.config = (struct config_leaf){.feed_id = recorded_feed_id(w->recorded),
                                    .fee_rate = e.limits.fee_rate,
                                    .min_confidence = e.limits.min_confidence,
                                    .max_open_positions = 100,
                                    .intrabar = "pessimistic",
                                    .limit_fill = "touch"};
    if (engine_new(&e, &diags, &w->engine) != ERR_OK) {
        diag_describe(&diags, ERR_INTERNAL, text, sizeof(text));
        fail_msg("%s", text);
    }
}

void world_close(struct world *w)
{
    engine_free(w->engine);
    simulate_free(w->simulate);
    feed_join_free(w->join);
    recorded_feed_free(w->recorded);
    strategy_release(w->strategy);
    memset(w, 0, sizeof(*w));
}

bool world_run(struct world *w, uint64_t steps)
{
    while (steps-- > 0) {
        if (engine_step(w->engine) == ERR_END)
            return true;
    }
    return false;
}

struct world_call {
    struct world *world;
    const struct command *command;
    struct command_reply *reply;
    enum err error;
};

static void *world_call_thread(void *argument)
{
    struct world_call *call = argument;

    call->error = engine_call(call->world->engine, call->command, INT64_C(20000000), call->reply);
    return NULL;
}

enum err world_command(struct world *w, const struct command *c, struct command_reply *reply)
{
    struct world_call call = {.world = w, .command = c, .reply = reply};
    pthread_t thread;

    /* Without the engine's thread somebody has to be the caller while we are the engine. */
    assert_int_equal(pthread_create(&thread, NULL, world_call_thread, &call), 0);
    while (!engine_take_waiting(w->engine, US_PER_S))
        continue; /* woken for something else */
    pthread_join(thread, NULL);
    return call.error;
}

char *world_candles(uint64_t seed, size_t n, double first_price)
{
    struct check_random r = {seed};
    struct text t;
    double price = first_price, drift = 0;
    int64_t ms = INT64_C(1630540800000);
    size_t i;

    text_init(&t, n * 128 + 128);
    text_string(&t, "timestamp,open,high,low,close,volume\n");
    for (i = 0; i < n; i++) {
        double u = (double)(check_random_next(&r) >> 11) / 9007199254740992.0 - 0.5;
        double v = (double)(check_random_next(&r) >> 11) / 9007199254740992.0;
        double open = price, close, high, low;

        if (check_random_next(&r) % 40 == 0)
            drift = ((double)(check_random_next(&r) % 2001) - 1000.0) / 500000.0;
        close = open * (1 + u * 0.01 + drift);
        high = (open > close ? open : close) * (1 + v * 0.003);
        low = (open < close ? open : close) * (1 - v * 0.004);
        text_format(&t, "%lld,%.2f,%.2f,%.2f,%.2f,%.5f\n", (long long)ms, open, high, low, close,
                    10 + v * 100);
        price = close;
        ms += 300000;
    }
    return text_take(&t, &i);
}
