/* SPDX-License-Identifier: Apache-2.0 */
/* The engine on a venue's own candles and orders: it enters, the stop rests at the venue, the
 * market falls through it, and the books say what the venue did. */
#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"
#include "engine/engine.h"
#include "exchange/venue_feed.h"
#include "tests/support/check.h"
#include "tests/support/memory_journal.h"
#include "tests/support/venue_world.h"

enum {
    WAIT_S = 45
};

static const char strategy_json[] =
    "{\"version\":1,\"name\":\"live\",\"timeframe\":\"1s\",\"startup_bars\":1,"
    "\"entry\":{\"condition\":\"close > 40200\"},\"stop_loss\":0.01}";

static struct ratio fraction(const char *text)
{
    struct ratio r;

    assert_ok(ratio_parse(text, strlen(text), &r));
    return r;
}

static struct engine_options options(const struct venue_world *w, const struct strategy *s)
{
    struct engine_options e = {.mode = MODE_PAPER, .pace = PACE_REALTIME};

    (void)copy_text(e.account_id, sizeof e.account_id, "binance-test");
    (void)copy_text(e.quote, sizeof e.quote, "USDT");
    e.starting_equity = (struct money){(i128)10000 * 1000000000000};
    e.strategy = s;
    e.instruments = &w->instrument;
    e.instrument_count = 1;
    e.venue = &w->port;
    e.autostart = true;
    e.cycle_interval_us = US_PER_S / 10; /* a candle that is a second old decides nothing */
    e.slippage_tolerance = fraction("0.01");
    e.mismatch = MISMATCH_REPORT; /* the sandbox's account has 10 BTC that are nobody's */
    e.limits = (struct risk_limits){.min_confidence = fraction("0.5"),
                                    .max_position_ratio = fraction("1"),
                                    .max_exposure_ratio = fraction("1"),
                                    .max_open_positions = 10,
                                    .fee_rate = fraction("0.001"),
                                    .cash_reserve = fraction("0.0105"),
                                    .stop_loss_required = true};
    e.genesis = (struct genesis){.origin = "traderd.local/test",
                                 .vkey = "key",
                                 .build = "test",
                                 .account_hash = "00",
                                 .quote = "USDT",
                                 .starting_equity = e.starting_equity,
                                 .cycle_interval_s = 1,
                                 .pace = "realtime"};
    e.config = (struct config_leaf){.feed_id = "binance",
                                    .fee_rate = e.limits.fee_rate,
                                    .min_confidence = e.limits.min_confidence,
                                    .max_open_positions = 10,
                                    .intrabar = "pessimistic",
                                    .limit_fill = "touch"};
    return e;
}

/* The newest row of the first order of a purpose, or NULL. */
static const struct order *order_of(const struct memory_journal *j, enum order_purpose purpose)
{
    for (size_t i = 0; i < j->order_count; i++) {
        if (j->orders[i].purpose == purpose)
            return &j->orders[i];
    }
    return NULL;
}

static bool is_over(const struct memory_journal *j)
{
    return j->position_count > 0 && j->positions[0].status == POSITION_CLOSED;
}

static void test_a_round_trip_at_the_venue(void **state)
{
    struct venue_world *w = *state;
    struct memory_journal journal;
    struct diag_list diags = {0};
    struct strategy *strategy;
    struct venue_feed *own;
    const struct venue_feed_options f = {.client = w->client,
                                         .instruments = &w->instrument,
                                         .instrument_count = 1,
                                         .timeframe_us = US_PER_S,
                                         .past = 60,
                                         .patience_us = 10 * US_PER_S};
    const int64_t until_us = clock_monotonic_us() + WAIT_S * US_PER_S;
    struct journal journal_port;
    struct engine_options e;
    struct engine *engine;
    struct feed feed;

    memory_journal_init(&journal);
    journal_port = memory_journal_port(&journal);
    assert_ok(strategy_parse(strategy_json, strlen(strategy_json), true, &diags, &strategy));
    assert_ok(venue_feed_new(&f, &diags, &own));
    feed = venue_feed_port(own);
    e = options(w, strategy);
    e.feed = &feed;
    e.journal = &journal_port;
    if (engine_new(&e, &diags, &engine) != ERR_OK)
        fail_msg("%s", diags.items[0].message);
    while (!is_over(&journal) && clock_monotonic_us() < until_us) {
        int64_t wait_us;

        if (engine_step_wait(engine, &wait_us) != ERR_OK)
            (void)usleep(2000);
    }
    if (!is_over(&journal)) {
        for (size_t i = 0; i < journal.order_count; i++)
            print_message("order %zu: %s %s %s\n", i, order_purpose_name(journal.orders[i].purpose),
                          order_status_name(journal.orders[i].status), journal.orders[i].reason);
        for (size_t i = 0; i < journal.signal_count; i++)
            print_message("signal %zu: denials %x\n", i, journal.signals[i].denials);
        fail_msg("%zu positions after %lld cycles", journal.position_count,
                 (long long)journal.account.cycle_count);
    }
    assert_int_equal(order_of(&journal, PURPOSE_ENTRY)->status, ORDER_FILLED);
    assert_int_equal(order_of(&journal, PURPOSE_STOP_LOSS)->status, ORDER_FILLED);
    assert_int_equal(journal.positions[0].exit_reason, EXIT_STOP_LOSS);
    assert_int_equal(venue_state_count(w, order_of(&journal, PURPOSE_ENTRY)->client_order_id), 1);
    assert_true(money_sign(journal.positions[0].realized_pnl) < 0);
    engine_free(engine);
    transport_free(w->transport);
    w->transport = NULL;
    venue_feed_free(own);
    strategy_release(strategy);
    memory_journal_release(&journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_round_trip_at_the_venue, venue_world_moving,
                                        venue_world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
