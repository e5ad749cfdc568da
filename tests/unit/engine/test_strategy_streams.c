/* SPDX-License-Identifier: Apache-2.0 */
/* A strategy's run with several streams: other symbols by their names, warm-up, gaps, outside
 * values, and what its reason says of them. */
#include <math.h>

#include "engine/strategy.h"
#include "tests/support/check.h"

#define MINUTES(n) ((n)*60 * US_PER_S)

static struct strategy *parse(const char *json)
{
    struct diag_list diags = {0};
    struct strategy *s;

    if (strategy_parse(json, strlen(json), true, &diags, &s))
        fail_msg("%s: %s", diags.items[0].field, diags.items[0].message);
    return s;
}

static struct candle candle_at(int i, int64_t price)
{
    return (struct candle){.open_us = MINUTES(5) * i,
                           .open = price,
                           .high = price,
                           .low = price,
                           .close = price,
                           .volume = 1};
}

/* The rules name XRP first; the strategy lists its other symbols by name, and is pushed so. */
static void test_other_symbols(void **state)
{
    struct strategy *s = parse(
        "{\"name\":\"a\",\"timeframe\":\"5m\",\"symbol\":\"ETH/USDT\",\"entry\":{\"condition\":"
        "\"close of 'XRP/USDT' > 2 * close of 'BTC/USDT:USDT'\",\"trigger\":"
        "\"{close of 'BTC/USDT:USDT'} and {close of 'XRP/USDT':.1f}, {session}\"},"
        "\"stop_loss\":0.1}");
    struct strategy_run *r = strategy_run_new(s);
    struct decision d;

    (void)state;
    assert_int_equal(strategy_other_count(s), 2);
    assert_string_equal(strategy_other_symbol(s, 0), "BTC/USDT:USDT");
    assert_string_equal(strategy_other_symbol(s, 1), "XRP/USDT");
    for (int i = 0; i < 6; i++) {
        struct candle mine = candle_at(i, 5), btc = candle_at(i, 10),
                      xrp = candle_at(i, 30 - 5 * i);

        if (i != 1)
            strategy_run_push_other(r, 0, &btc);
        strategy_run_push_other(r, 1, &xrp);
        strategy_run_push(r, &mine);
        strategy_run_decide(r, NULL, &d);
        assert_int_equal(d.entry, i == 1 ? TRI_UNKNOWN : i < 2 ? TRI_TRUE : TRI_FALSE);
        if (i == 0)
            assert_string_equal(d.trigger, "10.0000 and 30.0, asia");
    }
    strategy_run_free(r);
    strategy_release(s);
}

/* Own symbol: of it is of ours, and needs no other. */
static void test_own_symbol(void **state)
{
    struct strategy *s = parse("{\"name\":\"a\",\"symbol\":\"ETH/USDT\",\"entry\":{\"condition\":"
                               "\"close of 'ETH/USDT' > 1\"},\"stop_loss\":0.1}");
    struct strategy *same =
        parse("{\"name\":\"a\",\"symbol\":\"ETH/USDT\",\"entry\":{\"condition\":"
              "\"close > 1\"},\"stop_loss\":0.1}");

    (void)state;
    assert_int_equal(strategy_other_count(s), 0);
    assert_string_equal(strategy_id(s), strategy_id(same));
    strategy_release(s);
    strategy_release(same);
}

static void test_warm_up_and_gap(void **state)
{
    struct strategy *s = parse("{\"name\":\"a\",\"timeframe\":\"5m\",\"symbol\":\"ETH/USDT\","
                               "\"features\":{\"h\":\"sma(close, 2) @ 1h\"},\"entry\":{"
                               "\"condition\":\"close > h - 1\"},\"stop_loss\":0.1}");
    struct strategy_run *r = strategy_run_new(s);
    struct decision d;
    int warmup = strategy_warmup(s), known = -1, warm = -1;

    (void)state;
    assert_int_equal(warmup, (1 + 2) * 12 - 2 + 1);
    for (int i = 1; i < 200; i++) {
        struct candle c = candle_at(i, 100);

        c.flags = i == 100 ? CANDLE_AFTER_GAP : 0;
        strategy_run_push(r, &c);
        strategy_run_decide(r, NULL, &d);
        if (i == 100) {
            assert_true(isnan(strategy_run_feature(r, 0)));
            assert_false(strategy_run_is_warm(r));
            assert_int_equal(known,
                             11 + 24); /* the hour that had begun is lost, then two whole ones */
            assert_int_equal(warm, warmup);
            known = warm = -1;
        }
        if (known < 0 && !isnan(strategy_run_feature(r, 0)))
            known = i;
        if (warm < 0 && d.entry != TRI_UNKNOWN)
            warm = i;
    }
    assert_int_equal(known, 108 + 23);
    assert_int_equal(warm, 100 + warmup - 1);
    strategy_run_free(r);
    strategy_release(s);
}

static void test_outside_value(void **state)
{
    struct strategy *s = parse("{\"name\":\"a\",\"symbol\":\"ETH/USDT\",\"ext\":{\"mood\":{"
                               "\"max_age_s\":60}},\"entry\":{\"condition\":\"ext.mood > 0.5\","
                               "\"confidence\":\"ext.mood\"},\"stop_loss\":0.1}");
    struct strategy_run *r = strategy_run_new(s);
    static const double values[] = {NAN, 0.75, 0.25, INFINITY, 1e200};
    static const enum tristate wanted[] = {TRI_UNKNOWN, TRI_TRUE, TRI_FALSE, TRI_UNKNOWN,
                                           TRI_UNKNOWN};
    struct decision d;

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct candle c = candle_at(i, 100);

        strategy_run_set_ext(r, 0, values[i]);
        strategy_run_push(r, &c);
        strategy_run_decide(r, NULL, &d);
        assert_int_equal(d.entry, wanted[i]);
    }
    strategy_run_reset(r);
    strategy_run_push(r, &(struct candle){.open = 1, .high = 1, .low = 1, .close = 1});
    strategy_run_decide(r, NULL, &d);
    assert_int_equal(d.entry, TRI_UNKNOWN);
    strategy_run_free(r);
    strategy_release(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_symbols),
        cmocka_unit_test(test_own_symbol),
        cmocka_unit_test(test_warm_up_and_gap),
        cmocka_unit_test(test_outside_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
