/* SPDX-License-Identifier: Apache-2.0 */
/* Fees taken from what is received, in the whole loop: by hand, balances, crashes. */
#include "tests/unit/engine/test_engine_beside.h"

#define HEADER "timestamp,open,high,low,close,volume\n"
#define ROW(n, ohlc) "16305408" #n "0000," ohlc ",50\n"

/* Enters when a candle closes above 100.4; stop 1 %, target 3 %, exit below 99.9. */
static const char by_hand_json[] =
    "{\"version\":1,\"name\":\"by_hand\",\"timeframe\":\"5m\",\"startup_bars\":1,"
    "\"entry\":{\"condition\":\"close > 100.4\"},\"exit\":{\"condition\":\"close < 99.9\"},"
    "\"stop_loss\":0.01,\"take_profit\":0.03}";

static struct world_options received(const char *json, const char *csv)
{
    struct world_options o = world_options_default();

    o.strategy = json;
    o.symbols[0] = "BTC/USDT";
    o.csv[0] = csv;
    o.symbol_count = 1;
    o.fee_in = FEE_IN_RECEIVED;
    return o;
}

static size_t leaves_of(const struct memory_journal *j, enum leaf_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < j->leaf_count; i++)
        count += j->leaves[i].kind == kind;
    return count;
}

static bool has_leaf(const struct memory_journal *j, const char *words)
{
    for (size_t i = 0; i < j->leaf_count; i++)
        if (strstr(j->leaves[i].bytes, words))
            return true;
    return false;
}

/* Bought 9.95024 at 100.66: 0.00995024 are the fee, 9.94028976 are held, 9.94028 can be sold.  The
 * stop of that size fills at 97.95; what is left, 0.00000976, cost 0.00098343. */
static void test_a_stop_sells_what_is_held(void **state)
{
    struct world_options o =
        received(by_hand_json, HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "100.6,101,100,100.2")
                                   ROW(60, "98,98.5,97,98.2") ROW(90, "98.2,98.3,98,98.1"));
    struct memory_journal j;
    const struct position *p;

    (void)state;
    run_whole(&o, &j);
    assert_int_equal(j.fill_count, 2);
    p = &j.positions[0];
    assert_true(j.fills[0].size.e12 == size("9.95024").e12);
    assert_true(j.fills[0].fee.e12 == money("0.00995024").e12);
    assert_string_equal(j.fills[0].fee_currency, "BTC");
    assert_true(has_leaf(&j, "\"fee\": \"0.00995024\", \"fee_currency\": \"BTC\""));
    assert_true(j.fills[1].size.e12 == size("9.94028").e12);
    assert_true(j.fills[1].price.e12 == price("97.95").e12);
    assert_true(j.fills[1].fee.e12 == money("0.97365043").e12);
    assert_string_equal(j.fills[1].fee_currency, "USDT");
    assert_int_equal(p->status, POSITION_CLOSED);
    assert_int_equal(p->exit_reason, EXIT_STOP_LOSS);
    assert_true(p->fee_size.e12 == size("0.00995024").e12);
    assert_true(p->dust.e12 == size("0.00000976").e12);
    assert_true(p->entry_fee.e12 == money("1.00159116").e12);
    assert_int_equal(j.cash_count, 1);
    assert_int_equal(j.cash[0].kind, CASH_DUST);
    assert_true(j.cash[0].amount.e12 == 0);
    assert_true(j.cash[0].size.e12 == p->dust.e12);
    assert_true(j.cash[0].pnl.e12 == money("-0.00098343").e12);
    assert_true(has_leaf(&j, "\"kind\": \"dust\", \"mark\": \"97.95\", \"pnl\": \"-0.00098343\""));
    /* 9.94028 * 97.95 - 9.95024 * 100.66 - 0.97365043 */
    assert_true(p->realized_pnl.e12 == money("-28.91438283").e12);
    assert_true(j.account.performance.realized_pnl.e12 == p->realized_pnl.e12);
    assert_true(j.account.performance.loss_sum.e12 == p->realized_pnl.e12);
    assert_true(j.account.performance.fees_paid.e12 == money("1.97524159").e12);
    assert_true(j.account.cash.e12 == money("9971.08561717").e12);
    assert_int_equal(j.account.performance.losses, 1);
    memory_journal_release(&j);
}

/* Lots of 0.001: the exit at the market takes all whole ones. */
static void test_a_signal_exit_leaves_dust(void **state)
{
    struct world_options o =
        received(by_hand_json, HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "100.6,101,99.7,99.8")
                                   ROW(60, "99.9,100,90,91") ROW(90, "91,92,90,91"));
    struct memory_journal j;

    (void)state;
    o.lot = "0.001";
    run_whole(&o, &j);
    assert_int_equal(j.fill_count, 2);
    assert_true(j.fills[0].size.e12 == size("9.95").e12);
    assert_true(j.fills[1].size.e12 == size("9.94").e12); /* of 9.94005 */
    assert_true(j.positions[0].dust.e12 == size("0.00005").e12);
    assert_int_equal(j.positions[0].exit_reason, EXIT_SIGNAL);
    assert_int_equal(j.positions[0].status, POSITION_CLOSED);
    assert_int_equal(leaves_of(&j, LEAF_CASH), 1);
    memory_journal_release(&j);
}

/* A lot that is worth more than the fee: with one lot bought nothing whole is left to sell, so the
 * position closes with its entry. */
static void test_less_than_a_lot_closes_at_once(void **state)
{
    struct world_options o =
        received(by_hand_json, HEADER ROW(00, "100,101,99.5,100.5") ROW(30, "100.6,101,99.7,100.1")
                                   ROW(60, "99.9,100,90,91") ROW(90, "91,92,90,91"));
    struct memory_journal j;
    const struct position *p;

    (void)state;
    o.lot = "9.9";
    run_whole(&o, &j);
    assert_int_equal(j.fill_count, 1);
    p = &j.positions[0];
    assert_int_equal(p->status, POSITION_CLOSED);
    assert_int_equal(p->exit_reason, EXIT_NONE);
    assert_true(p->dust.e12 == size("9.8901").e12);
    assert_true(p->realized_pnl.e12 == money("-996.534").e12);
    assert_int_equal(j.order_count, 1);
    assert_int_equal(j.account.performance.losses, 1);
    memory_journal_release(&j);
}

/* A perpetual's fee is in its margin whatever is configured: the same bytes. */
static void test_perpetuals_are_as_they_were(void **state)
{
    struct fixture *f = *state;
    struct world_options o = f->options;
    struct memory_journal quote, base;

    run_whole(&o, &quote);
    o.fee_in = FEE_IN_RECEIVED;
    run_whole(&o, &base);
    assert_same(&quote, &base);
    memory_journal_release(&quote);
    memory_journal_release(&base);
}

/* ---- Random worlds ---- */

static const char scaler_json[] =
    "{\"version\":1,\"name\":\"scaler\",\"timeframe\":\"5m\",\"startup_bars\":30,"
    "\"features\":{\"fast\":\"ema(close,5)\",\"slow\":\"ema(close,20)\"},"
    "\"entry\":{\"condition\":\"fast > slow\",\"direction\":\"long\",\"confidence\":0.8},"
    "\"exit\":{\"condition\":\"crossed_below(fast, slow)\",\"max_candles\":60},"
    "\"scale_in\":{\"condition\":\"fast > slow\",\"part\":0.5,\"max_count\":2,\"min_candles\":2},"
    "\"scale_out\":{\"condition\":\"close > slow\",\"part\":0.3,\"max_count\":2,\"min_candles\":4},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.01},"
    "\"take_profit\":{\"type\":\"pct\",\"value\":0.015},"
    "\"trailing_stop\":{\"pct\":0.004,\"activate_at\":0.004},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.2}}";

static struct world_options random_world(struct fixture *f)
{
    struct world_options o = received(scaler_json, f->csv);

    o.symbols[1] = "ETH/USDT";
    o.csv[1] = f->other;
    o.symbol_count = 2;
    o.lot = "0.0001";
    o.volume_cap = "0.0005"; /* fills in parts */
    return o;
}

/* C1 per asset: cash is what fills moved, each base asset what was bought less fees and sold. */
static void assert_conserved(const struct memory_journal *j)
{
    i128 cash = money("10000").e12, results = 0, base[2] = {0}, held[2] = {0};

    for (size_t i = 0; i < j->fill_count; i++) {
        const struct fill *f = &j->fills[i];
        const int k = strcmp(f->symbol, "BTC/USDT") != 0;
        const bool is_base = strcmp(f->fee_currency, k ? "ETH" : "BTC") == 0;

        assert_int_equal(is_base, f->side == SIDE_BUY);
        cash -= (int)f->side * f->notional.e12 + (is_base ? 0 : f->fee.e12);
        base[k] += (int)f->side * f->size.e12 - (is_base ? f->fee.e12 : 0);
        results += f->pnl.e12;
    }
    for (size_t i = 0; i < j->cash_count; i++)
        results += j->cash[i].pnl.e12;
    for (size_t i = 0; i < j->position_count; i++) {
        const struct position *p = &j->positions[i];

        held[strcmp(p->symbol, "BTC/USDT") != 0] += p->size.e12 + p->dust.e12;
        if (p->status == POSITION_CLOSED)
            assert_true(p->dust.e12 < size("0.0001").e12);
    }
    assert_true(j->account.cash.e12 == cash);
    assert_true(base[0] == held[0] && base[1] == held[1]);
    assert_true(results == j->account.performance.realized_pnl.e12);
}

static void test_balances_are_conserved(void **state)
{
    struct world_options o = random_world(*state);
    struct memory_journal j;

    run_whole(&o, &j);
    assert_true(j.cash_count > 5);
    assert_true(j.fill_count > 50);
    assert_conserved(&j);
    memory_journal_release(&j);
}

static void test_crash_at_every_commit(void **state)
{
    struct world_options o = random_world(*state);
    struct memory_journal whole;

    o.volume_cap = "0"; /* what a candle's cap has left is not told after a restart */
    run_whole(&o, &whole);
    assert_true(whole.cash_count > 5);
    for (uint64_t n = 2; n < whole.commit_count; n += CHECK_EVERY) {
        struct memory_journal j;
        struct world w;

        memory_journal_init(&j);
        j.fault_at = n;
        j.fault = n % 2 ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER;
        world_open(&w, &o, &j);
        while (j.commit_count < n)
            assert_false(world_run(&w, 1));
        world_close(&w);
        world_open(&w, &o, &j);
        assert_true(world_run(&w, 1000000));
        world_close(&w);
        assert_same(&whole, &j);
        assert_conserved(&j);
        memory_journal_release(&j);
    }
    memory_journal_release(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stop_sells_what_is_held),
        cmocka_unit_test(test_a_signal_exit_leaves_dust),
        cmocka_unit_test(test_less_than_a_lot_closes_at_once),
        cmocka_unit_test(test_perpetuals_are_as_they_were),
        cmocka_unit_test(test_balances_are_conserved),
        cmocka_unit_test(test_crash_at_every_commit),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
