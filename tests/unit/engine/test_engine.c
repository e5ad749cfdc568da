/* SPDX-License-Identifier: Apache-2.0 */
/* The whole loop in memory: trades add up, replay = run, a crash at any commit changes nothing. */
#include <stdlib.h>

#include "core/log.h"
#include "tests/support/check.h"
#include "tests/support/world.h"

static const char strategy_json[] =
    "{\"version\":1,\"name\":\"cross\",\"timeframe\":\"5m\",\"startup_bars\":30,"
    "\"features\":{\"fast\":\"ema(close,5)\",\"slow\":\"ema(close,20)\"},"
    "\"entry\":{\"condition\":\"crossed_above(fast, slow)\",\"direction\":\"long\","
    "\"confidence\":0.8,\"trigger\":\"fast {fast:.2f}\"},"
    "\"exit\":{\"condition\":\"crossed_below(fast, slow)\",\"max_candles\":60},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.01},"
    "\"take_profit\":{\"type\":\"pct\",\"value\":0.03},"
    "\"trailing_stop\":{\"pct\":0.008,\"activate_at\":0.01},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}";

/* Everything that manages a position at once. */
static const char managed_json[] =
    "{\"version\":1,\"name\":\"managed\",\"timeframe\":\"5m\",\"startup_bars\":30,"
    "\"features\":{\"fast\":\"ema(close,5)\",\"slow\":\"ema(close,20)\"},"
    "\"entry\":{\"condition\":\"fast > slow\",\"confidence\":0.8},"
    "\"exit\":{\"condition\":\"crossed_below(fast, slow)\",\"max_candles\":60},"
    "\"stop_loss\":{\"type\":\"atr_mult\",\"value\":3},"
    "\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":2,\"activate_at\":0.01},"
    "\"roi\":{\"0\":0.03,\"60\":0.02,\"180\":0.005},"
    "\"cooldown\":{\"candles\":3,\"after_stop_candles\":8},"
    "\"scale_in\":{\"condition\":\"position.pnl_pct < -0.004\",\"part\":0.5,\"max_count\":2,"
    "\"min_candles\":2},"
    "\"scale_out\":{\"condition\":\"position.best_pnl_pct > 0.008\",\"part\":0.4,\"max_count\":2},"
    "\"position_sizing\":{\"type\":\"vol_target\",\"value\":0.1,\"max_quote\":2000}}";

/* Rules that look at another symbol and a higher timeframe. */
static const char wide_json[] =
    "{\"version\":1,\"name\":\"wide\",\"timeframe\":\"5m\",\"startup_bars\":40,"
    "\"symbols\":[\"ETH/USDT\",\"SOL/USDT\"],"
    "\"features\":{\"fast\":\"ema(close,5)\",\"slow\":\"ema(close,10) @ 15m\","
    "\"lead\":\"rsi(close,7) of \\\"BTC/USDT\\\"\"},"
    "\"entry\":{\"condition\":\"fast > slow and lead > 50\",\"trigger\":\"{slow:.8f} {lead:.8f}\"},"
    "\"exit\":{\"condition\":\"fast < slow or lead < 30\",\"max_candles\":30},"
    "\"stop_loss\":0.02,\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.2}}";

enum {
    CANDLES = 900,
    SYMBOLS = 3
};

struct fixture {
    struct world_options options;
    char *csv[SYMBOLS];
};

static int fixture_setup(void **state)
{
    static const char *const names[SYMBOLS] = {"BTC/USDT", "ETH/USDT", "SOL/USDT"};
    struct fixture *f = calloc(1, sizeof(*f));
    size_t i;

    f->options = world_options_default();
    f->options.strategy = strategy_json;
    f->options.symbol_count = SYMBOLS;
    for (i = 0; i < SYMBOLS; i++) {
        f->csv[i] = world_candles(41 + i, CANDLES, 1000 * (double)(i + 1));
        f->options.symbols[i] = names[i];
        f->options.csv[i] = f->csv[i];
    }
    *state = f;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    size_t i;

    for (i = 0; i < SYMBOLS; i++)
        free(f->csv[i]);
    free(f);
    return 0;
}

static void run_whole(const struct world_options *o, struct memory_journal *j)
{
    struct world w;

    memory_journal_init(j);
    world_open(&w, o, j);
    assert_true(world_run(&w, 100000));
    world_close(&w);
}

static void assert_same_log(const struct memory_journal *a, const struct memory_journal *b)
{
    size_t i;

    for (i = 0; i < a->leaf_count && i < b->leaf_count; i++) {
        if (a->leaves[i].length != b->leaves[i].length ||
            memcmp(a->leaves[i].bytes, b->leaves[i].bytes, a->leaves[i].length) != 0)
            fail_msg("leaf %zu differs:\n%.*s\n%.*s", i, (int)a->leaves[i].length,
                     a->leaves[i].bytes, (int)b->leaves[i].length, b->leaves[i].bytes);
    }
    assert_int_equal(a->leaf_count, b->leaf_count);
}

/* Cash, positions and statistics follow from the fills alone, exactly. */
static void assert_adds_up(const struct memory_journal *j)
{
    i128 cash = (i128)10000 * 1000000000000, pnl = 0, fees = 0, trips = 0;
    size_t i, closed = 0;

    for (i = 0; i < j->fill_count; i++) {
        const struct fill *f = &j->fills[i];

        cash += (f->side == SIDE_BUY ? -f->notional.e12 : f->notional.e12) - f->fee.e12;
        pnl += f->pnl.e12;
        fees += f->fee.e12;
        assert_int_equal(f->id, i + 1);
    }
    for (i = 0; i < j->position_count; i++) {
        const struct position *p = &j->positions[i];

        if (p->status != POSITION_CLOSED)
            continue;
        closed++;
        trips += p->realized_pnl.e12;
        assert_true(p->realized_pnl.e12 == p->exit_notional.e12 - p->entry_notional.e12 -
                                               p->entry_fee.e12 - p->exit_fee.e12);
        assert_true(p->entry_size.e12 == p->exit_size.e12);
        assert_int_not_equal(p->exit_reason, EXIT_NONE);
    }
    assert_true(cash == j->account.cash.e12);
    assert_true(pnl == j->account.performance.realized_pnl.e12);
    assert_true(fees == j->account.performance.fees_paid.e12);
    assert_true(trips == j->account.performance.win_sum.e12 + j->account.performance.loss_sum.e12);
    assert_int_equal(closed, j->account.performance.wins + j->account.performance.losses +
                                 j->account.performance.breakeven);
}

/* Every order was logged before its fills and has exactly one end, or lives. */
static void assert_orders_end(const struct memory_journal *j)
{
    size_t i, orders = 0, closes = 0, trades = 0, live = 0;

    for (i = 0; i < j->leaf_count; i++) {
        orders += j->leaves[i].kind == LEAF_ORDER;
        closes += j->leaves[i].kind == LEAF_CLOSE;
        trades += j->leaves[i].kind == LEAF_TRADE;
        assert_true(i == 0 || j->leaves[i].at_us >= j->leaves[i - 1].at_us);
    }
    for (i = 0; i < j->order_count; i++)
        live += !order_is_final(j->orders[i].status);
    assert_int_equal(orders, j->order_count);
    assert_int_equal(orders, closes + live);
    assert_int_equal(trades, j->fill_count);
}

static void test_trades_add_up(void **state)
{
    struct fixture *f = *state;
    struct memory_journal j;
    unsigned seen = 0;
    size_t i;

    run_whole(&f->options, &j);
    assert_true(j.fill_count > 30);
    assert_adds_up(&j);
    assert_orders_end(&j);
    for (i = 0; i < j.position_count; i++)
        seen |= 1U << j.positions[i].exit_reason;
    assert_true(seen & (1U << EXIT_STOP_LOSS));
    assert_true(seen & (1U << EXIT_TAKE_PROFIT));
    assert_true(seen & (1U << EXIT_TRAILING_STOP));
    assert_true(seen & (1U << EXIT_SIGNAL));
    memory_journal_release(&j);
}

static void test_same_candles_same_log(void **state)
{
    struct fixture *f = *state;
    struct memory_journal a, b;

    run_whole(&f->options, &a);
    run_whole(&f->options, &b);
    assert_same_log(&a, &b);
    memory_journal_release(&a);
    memory_journal_release(&b);
}

/* kill -9 at commit n: before it became durable, or after but before the engine knew. */
static void crash_at(const struct world_options *o, const struct memory_journal *whole, uint64_t n,
                     enum journal_fault fault)
{
    struct memory_journal j;
    struct world w;

    memory_journal_init(&j);
    j.fault_at = n;
    j.fault = fault;
    if (n > 1) {
        world_open(&w, o, &j);
        while (j.commit_count < n)
            assert_false(world_run(&w, 1));
        world_close(&w);
    } else {
        j.commit_count = 1; /* the first commit is engine_new's own: nothing to crash into */
    }
    world_open(&w, o, &j);
    assert_true(world_run(&w, 100000));
    world_close(&w);
    assert_same_log(whole, &j);
    assert_adds_up(&j);
    assert_orders_end(&j);
    memory_journal_release(&j);
}

static void test_crash_at_every_commit(void **state)
{
    struct fixture *f = *state;
    struct memory_journal whole;
    uint64_t n;

    run_whole(&f->options, &whole);
    assert_true(whole.commit_count > 100);
    for (n = 2; n < whole.commit_count; n += CHECK_EVERY) {
        crash_at(&f->options, &whole, n, JOURNAL_FAULT_BEFORE);
        crash_at(&f->options, &whole, n, JOURNAL_FAULT_AFTER);
    }
    memory_journal_release(&whole);
}

static void test_crash_at_every_commit_while_managing(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    struct memory_journal whole;
    unsigned seen = 0;
    size_t i, added = 0, taken = 0;
    uint64_t n;

    o.strategy = managed_json;
    run_whole(&o, &whole);
    assert_adds_up(&whole);
    assert_orders_end(&whole);
    for (i = 0; i < whole.position_count; i++) {
        seen |= 1U << whole.positions[i].exit_reason;
        added += whole.positions[i].scale_ins > 0;
        taken += whole.positions[i].scale_outs > 0;
    }
    assert_true(added > 3);
    assert_true(taken > 3);
    assert_true(seen & (1U << EXIT_ROI));
    assert_true(seen & (1U << EXIT_TRAILING_STOP));
    assert_true(whole.account.signals_denied > 0); /* by cooldown */
    for (n = 2; n < whole.commit_count; n += 3 * CHECK_EVERY)
        crash_at(&o, &whole, n, n % 2 ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER);
    memory_journal_release(&whole);
}

static void test_crash_with_other_symbols(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    struct memory_journal whole;
    uint64_t n;

    o.strategy = wide_json;
    run_whole(&o, &whole);
    assert_true(whole.fill_count > 20);
    assert_adds_up(&whole);
    for (n = 2; n < whole.commit_count; n += 7 * CHECK_EVERY)
        crash_at(&o, &whole, n, n % 2 ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER);
    memory_journal_release(&whole);
}

/* The same where fills come in pieces, at every fifth commit. */
static void test_crash_amid_partial_fills(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    struct memory_journal whole;
    uint64_t n;

    o.volume_cap = "0.02";
    run_whole(&o, &whole);
    for (n = 2; n < whole.commit_count; n += 5 * CHECK_EVERY)
        crash_at(&o, &whole, n, n % 2 ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER);
    memory_journal_release(&whole);
}

/* The database goes away in the middle and comes back: the engine waits and nothing is lost. */
static void test_journal_away(void **state)
{
    struct fixture *f = *state;
    struct memory_journal whole;
    uint64_t n;

    run_whole(&f->options, &whole);
    for (n = 5; n < whole.commit_count; n += 97) {
        struct memory_journal j;
        struct world w;

        memory_journal_init(&j);
        j.fault_at = n;
        j.fault = n % 2 ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER;
        j.down_for = 1;
        world_open(&w, &f->options, &j);
        assert_true(world_run(&w, UINT64_MAX));
        world_close(&w);
        assert_same_log(&whole, &j);
        memory_journal_release(&j);
    }
    memory_journal_release(&whole);
}

static void test_volume_cap_splits(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    struct memory_journal j;
    size_t i, partial = 0;

    o.volume_cap = "0.02";
    run_whole(&o, &j);
    for (i = 0; i < j.fill_count; i++)
        partial += !j.fills[i].order_done;
    assert_true(partial > 5);
    assert_adds_up(&j);
    assert_orders_end(&j);
    memory_journal_release(&j);
}

/* Closing by hand in the middle, twice: once filled, then refused. */
static void test_close_by_hand(void **state)
{
    struct fixture *f = *state;
    struct command c = {.kind = COMMAND_CLOSE_POSITION, .actor = "tester", .reason = "test"};
    struct command_reply *reply = calloc(1, sizeof(*reply));
    struct memory_journal j;
    struct snapshot *s;
    struct world w;

    memory_journal_init(&j);
    world_open(&w, &f->options, &j);
    for (;;) {
        s = engine_snapshot(w.engine);
        if (s->position_count > 0)
            break;
        snapshot_release(s);
        assert_false(world_run(&w, 1));
    }
    c.id = s->positions[0].id;
    snapshot_release(s);
    assert_ok(world_command(&w, &c, reply));
    assert_true(reply->durable);
    assert_int_equal(reply->order.status, ORDER_FILLED);
    assert_int_equal(reply->position.status, POSITION_CLOSED);
    assert_int_equal(reply->position.exit_reason, EXIT_MANUAL);
    assert_err(world_command(&w, &c, reply), ERR_NOT_OPEN);
    c.id = 99999;
    assert_err(world_command(&w, &c, reply), ERR_NOT_FOUND);
    assert_true(world_run(&w, 100000));
    world_close(&w);
    assert_adds_up(&j);
    assert_orders_end(&j);
    memory_journal_release(&j);
    free(reply);
}

static enum err say(struct world *w, enum command_kind kind)
{
    struct command c = {.kind = kind, .mode = MODE_PAPER, .actor = "tester"};
    struct command_reply *reply = calloc(1, sizeof(*reply));
    enum err e = world_command(w, &c, reply);

    free(reply);
    return e;
}

static enum loop_state loop_of(struct world *w)
{
    struct snapshot *s = engine_snapshot(w->engine);
    enum loop_state state = s->state;

    snapshot_release(s);
    return state;
}

static size_t entries_of(const struct memory_journal *j)
{
    size_t i, n = 0;

    for (i = 0; i < j->order_count; i++)
        n += j->orders[i].purpose == PURPOSE_ENTRY;
    return n;
}

static void test_loop_states(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    size_t orders;
    int64_t denied;
    struct memory_journal j;
    struct world w;

    o.autostart = false;
    memory_journal_init(&j);
    world_open(&w, &o, &j);
    assert_int_equal(loop_of(&w), LOOP_STOPPED);
    assert_err(say(&w, COMMAND_PAUSE), ERR_NOT_RUNNING);
    assert_ok(say(&w, COMMAND_START));
    assert_ok(say(&w, COMMAND_START));
    assert_int_equal(loop_of(&w), LOOP_RUNNING);
    assert_false(world_run(&w, 50));
    assert_ok(say(&w, COMMAND_PAUSE));
    assert_err(say(&w, COMMAND_START), ERR_CONFLICT);
    world_close(&w);
    world_open(&w, &o, &j); /* a crash keeps the wanted state */
    assert_int_equal(loop_of(&w), LOOP_PAUSED);
    orders = entries_of(&j);
    denied = j.account.signals_denied;
    assert_false(world_run(&w, 300));
    assert_int_equal(entries_of(&j), orders); /* no entries while paused, but exits are managed */
    assert_true(j.account.signals_denied > denied);
    assert_ok(say(&w, COMMAND_RESUME));
    assert_true(world_run(&w, 100000));
    assert_int_equal(loop_of(&w), LOOP_FINISHED);
    assert_ok(say(&w, COMMAND_START));
    assert_int_equal(loop_of(&w), LOOP_FINISHED);
    assert_ok(say(&w, COMMAND_STOP));
    assert_int_equal(loop_of(&w), LOOP_STOPPED);
    world_close(&w);
    memory_journal_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trades_add_up),
        cmocka_unit_test(test_same_candles_same_log),
        cmocka_unit_test(test_crash_at_every_commit),
        cmocka_unit_test(test_crash_at_every_commit_while_managing),
        cmocka_unit_test(test_crash_with_other_symbols),
        cmocka_unit_test(test_crash_amid_partial_fills),
        cmocka_unit_test(test_journal_away),
        cmocka_unit_test(test_volume_cap_splits),
        cmocka_unit_test(test_close_by_hand),
        cmocka_unit_test(test_loop_states),
    };

    log_configure(LOG_LEVEL_WARN, LOG_FORMAT_AUTO, 2); /* not a line a trade */
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
