/* SPDX-License-Identifier: Apache-2.0 */
/* What is known when: higher timeframes, other symbols, gaps, time and outside values. */
#include <math.h>

#include "engine/rule_run.h"
#include "tests/support/check.h"
#include "tests/support/rules.h"

#define MINUTES(n) ((n)*60 * US_PER_S)
#define HOURS(n) ((n)*3600 * US_PER_S)
#define U NAN

/* A compiled rule and its run. */
struct play {
    struct rule_set *set;
    struct rule_run run;
    int node;
};

static void play_begin(struct play *p, const char *rule)
{
    struct rule_value value;
    int *roots[] = {&p->node};

    p->set = rules_set_new();
    value = rules_compile(p->set, rule, NULL);
    if (value.type == TYPE_BROKEN)
        fail_msg("%s: %s", rule, rules_diags.items[0].message);
    p->node = value.nodes[0];
    rule_graph_finish(&p->set->graph, roots, 1);
    rule_run_init(&p->run, &p->set->graph);
}

static void play_end(struct play *p)
{
    rule_run_release(&p->run);
    rules_set_free(p->set);
}

static struct candle candle_at(int64_t open_us, int64_t close)
{
    return (struct candle){.open_us = open_us,
                           .open = close - 1,
                           .high = close + 2,
                           .low = close - 3,
                           .close = close,
                           .volume = 10};
}

static double play_push(struct play *p, const struct candle *c)
{
    if (c->flags & CANDLE_AFTER_GAP)
        rule_run_reset_symbol(&p->run, 0);
    rule_run_push_streams(&p->run, 0, c);
    rule_run_push(&p->run, c);
    return rule_run_value(&p->run, p->node, &rule_context_unknown);
}

static void assert_value(const char *rule, int i, double x, double wanted)
{
    if (isnan(x) != isnan(wanted) || (!isnan(x) && fabs(x - wanted) > 1e-12))
        fail_msg("%s: candle %d: %g, not %g", rule, i, x, wanted);
}

/* Candles of 5 minutes closing at 100, 101, ..., the first one opens `late` minutes after 10:00. */
static void check_values(const char *rule, int late, int count, const double *wanted)
{
    struct play p;

    play_begin(&p, rule);
    for (int i = 0; i < count; i++) {
        struct candle c = candle_at(HOURS(10) + MINUTES(late) + MINUTES(5) * i, 100 + i);

        assert_value(rule, i, play_push(&p, &c), wanted[i]);
    }
    play_end(&p);
}

#define VALUES(...)  \
    (const double[]) \
    {                \
        __VA_ARGS__  \
    }

static void test_higher_timeframe(void **state)
{
    (void)state;
    /* Known with the candle that ends it, and held until the next one ends. */
    check_values("close @ 15m", 0, 7, VALUES(U, U, 102, 102, 102, 105, 105));
    check_values("open @ 15m", 0, 7, VALUES(U, U, 99, 99, 99, 102, 102));
    check_values("high @ 15m", 0, 4, VALUES(U, U, 104, 104));
    check_values("low @ 15m", 0, 4, VALUES(U, U, 97, 97));
    check_values("volume @ 15m", 0, 4, VALUES(U, U, 30, 30));
    check_values("minute @ 15m", 0, 7, VALUES(U, U, 0, 0, 0, 15, 15));
    /* A beginning that was not seen. */
    check_values("close @ 15m", 5, 7, VALUES(U, U, U, U, 104, 104, 104));
    check_values("close @ 15m", 10, 5, VALUES(U, U, U, 103, 103));
    /* The candle before, and what was known a candle ago. */
    check_values("close[1] @ 15m", 0, 7, VALUES(U, U, U, U, U, 102, 102));
    check_values("(close @ 15m)[1]", 0, 7, VALUES(U, U, U, 102, 102, 102, 105));
    check_values("change(close, 1) @ 15m", 0, 6, VALUES(U, U, U, U, U, 3));
    check_values("mean @ 15m", 0, 9, VALUES(U, U, U, U, U, U, U, U, 105));
    check_values("(close > open) @ 15m", 0, 4, VALUES(U, U, 1, 1));
    check_values("close - close @ 15m", 0, 5, VALUES(U, U, 0, 1, 2));
    check_values("channel.lower", 0, 7, VALUES(U, U, U, U, U, 97, 97));
    /* A timeframe within a timeframe. */
    check_values("(close - close @ 30m) @ 15m", 0, 9, VALUES(U, U, U, U, U, 0, 0, 0, 3));
    check_values("sma(close @ 30m, 2) @ 15m", 0, 9, VALUES(U, U, U, U, U, U, U, U, 105));
}

static void test_gap(void **state)
{
    static const int64_t opens[] = {0, 5, 10, 15, 20, 60, 65, 70, 75};
    static const double flagged[] = {U, U, 102, 102, 102, U, U, 107, 107};
    static const double silent[] = {U, U, 102, 102, 102, U, U, 107, 107};
    static const double hole[] = {U, U, 102, 102, 102, U, U, U, U};

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        const double *wanted = kind == 0 ? flagged : kind == 1 ? silent : hole;
        struct play p;

        play_begin(&p, "close @ 15m");
        for (int i = 0; i < 9; i++) {
            int64_t late = kind == 2 && i > 4 ? 5 : 0;
            struct candle c = candle_at(HOURS(10) + MINUTES(opens[i] + late), 100 + i);

            c.flags = kind == 0 && i == 5 ? CANDLE_AFTER_GAP : 0;
            if (kind == 2 && i == 8)
                continue;
            assert_value("close @ 15m", i, play_push(&p, &c), wanted[i]);
        }
        play_end(&p);
    }
}

/* Scales that differ within one series, and sums beyond 64 bits. */
static void test_scales(void **state)
{
    struct play p, v;
    struct candle c;

    (void)state;
    play_begin(&p, "(high - low / 1000) @ 15m");
    play_begin(&v, "volume @ 15m");
    for (int i = 0; i < 6; i++) {
        c = candle_at(MINUTES(5) * i, 100);
        if (i % 3 == 1) { /* 100.5 in hundredths, 0.25 */
            c.open = c.high = c.low = c.close = 10050;
            c.price_scale = 2;
            c.volume = 25;
            c.size_scale = 2;
        }
        if (i % 3 == 2)
            assert_value("volume @ 15m", i, play_push(&v, &c), 20.25);
        else
            (void)play_push(&v, &c);
        if (i >= 2)
            assert_value("high and low", i, play_push(&p, &c), 102 - 97.0 / 1000);
        else
            (void)play_push(&p, &c);
    }
    for (int i = 6; i < 12; i++) {
        c = candle_at(MINUTES(5) * i, 100);
        c.volume = i < 9 ? INT64_MAX / 2 : 1;
        assert_value("volume @ 15m", i, play_push(&v, &c), i < 8 ? 20.25 : i < 11 ? U : 3);
    }
    play_end(&p);
    play_end(&v);
}

static double push_pair(struct play *p, int64_t open_us, int64_t mine, int64_t other)
{
    struct candle c = candle_at(open_us, mine), o = candle_at(open_us, other);

    if (other > 0)
        rule_run_push_streams(&p->run, 1, &o);
    return play_push(p, &c);
}

static void test_other_symbol(void **state)
{
    static const char *const rules[] = {"btc", "close of 'BTC/USDT'[1]", "close[1] of 'BTC/USDT'",
                                        "close of 'BTC/USDT' @ 15m",
                                        "(close + close of 'BTC/USDT') @ 15m"};
    /* The other one has no candle at 4. */
    static const double wanted[][9] = {
        {200, 201, 202, 203, U, 205, 206, 207, 208}, {U, 200, 201, 202, 203, U, 205, 206, 207},
        {U, 200, 201, 202, U, 203, 205, 206, 207},   {U, U, 202, 202, U, U, U, U, 208},
        {U, U, 304, 304, 304, U, U, U, 316},
    };

    (void)state;
    for (size_t k = 0; k < COUNT_OF(rules); k++) {
        struct play p;

        play_begin(&p, rules[k]);
        for (int i = 0; i < 9; i++)
            assert_value(rules[k], i, push_pair(&p, MINUTES(5) * i, 100 + i, i == 4 ? 0 : 200 + i),
                         wanted[k][i]);
        play_end(&p);
    }
}

/* After its gap the other symbol is unknown until its values have settled again; ours go on. */
static void test_other_gap(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p, "mean + mean of 'BTC/USDT'");
    for (int i = 0; i < 12; i++) {
        struct candle c = candle_at(MINUTES(5) * i, 100 + i),
                      o = candle_at(MINUTES(5) * i, 200 + i);

        if (i == 6)
            rule_run_reset_symbol(&p.run, 1);
        rule_run_push_streams(&p.run, 1, &o);
        assert_value("other", i, play_push(&p, &c), i < 2 || (i >= 6 && i < 8) ? U : 298.0 + 2 * i);
    }
    play_end(&p);
}

/* Our warm-up says nothing of one that begins after us. */
static void test_late_other(void **state)
{
    struct play p;

    (void)state;
    play_begin(&p, "mean + mean of 'BTC/USDT'");
    assert_int_equal(p.set->graph.nodes[p.node].settle, 3);
    for (int i = 0; i < 6; i++)
        assert_value("late", i, push_pair(&p, MINUTES(5) * i, 100, i < 2 ? 0 : 200),
                     i < 4 ? U : 300);
    play_end(&p);
    play_begin(&p, "close[2] of 'BTC/USDT' @ 15m");
    for (int i = 0; i < 24; i++)
        assert_value("late", i, push_pair(&p, MINUTES(5) * i, 100, i < 3 ? 0 : 200),
                     i < 11 ? U : 200);
    play_end(&p);
}

static void test_order_of_others(void **state)
{
    struct rule_set *set = rules_set_new();
    struct rule_value value;
    int *roots[1];

    (void)state;
    value = rules_compile(set, "close of 'BTC/USDT' @ 1h - close of 'XRP/USDT'", NULL);
    assert_int_equal(value.type, TYPE_NUMBER);
    assert_int_equal(set->other_count, 2);
    assert_string_equal(set->others[0], "BTC/USDT");
    assert_string_equal(set->others[1], "XRP/USDT");
    roots[0] = &value.nodes[0];
    rule_graph_finish(&set->graph, roots, 1);
    assert_int_equal(set->graph.stream_count, 4);
    assert_int_equal(set->graph.streams[0].symbol, 1);
    assert_true(set->graph.streams[0].timeframe_us == HOURS(1));
    assert_int_equal(set->graph.streams[1].symbol, 1);
    assert_int_equal(set->graph.streams[2].symbol, 2);
    assert_int_equal(set->graph.streams[3].symbol, 0);
    rules_set_free(set);
}

static void check_instant(const char *rule, const char *instant, double wanted)
{
    struct play p;
    struct candle c = candle_at(0, 100);

    assert_ok(time_parse(instant, strlen(instant), &c.open_us));
    play_begin(&p, rule);
    assert_value(rule, 0, play_push(&p, &c), wanted);
    play_end(&p);
}

static void test_time(void **state)
{
    (void)state;
    check_instant("hour", "2024-02-29T23:59:00Z", 23);
    check_instant("minute", "2024-02-29T23:59:00Z", 59);
    check_instant("day", "2024-02-29T23:59:00Z", 29);
    check_instant("month", "2024-02-29T23:59:00Z", 2);
    check_instant("weekday == 'thu'", "2024-02-29T23:59:00Z", 1);
    check_instant("weekday == 'sun'", "1969-12-28T00:00:00Z", 1);
    check_instant("weekday != 'mon'", "2024-03-04T00:00:00Z", 0);
    check_instant("hour * 100 + minute", "1969-12-31T22:30:00Z", 2230);
    check_instant("session == 'asia'", "2024-03-04T00:00:00Z", 1);
    check_instant("session == 'asia'", "2024-03-04T07:59:59Z", 1);
    check_instant("session == 'europe'", "2024-03-04T08:00:00Z", 1);
    check_instant("session == 'us'", "2024-03-04T13:00:00Z", 1);
    check_instant("'us' != session", "2024-03-04T20:59:00Z", 0);
    check_instant("session == 'off'", "2024-03-04T21:00:00Z", 1);
    check_instant("session == session", "2024-03-04T21:00:00Z", 1);
    check_instant("session[1] == 'us'", "2024-03-04T21:00:00Z", U);
}

static void test_outside_value(void **state)
{
    struct candle c = candle_at(0, 100);
    struct play p;

    (void)state;
    play_begin(&p, "if(ext.sentiment > 0.5, ext.sentiment * close, -1)");
    assert_value("ext", 0, play_push(&p, &c), U);
    p.run.ext[1] = 0.75;
    assert_value("ext", 1, play_push(&p, &c), 75);
    p.run.ext[1] = 0.25;
    assert_value("ext", 2, rule_run_value(&p.run, p.node, NULL), 75); /* from the next push on */
    assert_value("ext", 2, play_push(&p, &c), -1);
    c.flags = CANDLE_AFTER_GAP; /* outside values have nothing to do with candles */
    assert_value("ext", 3, play_push(&p, &c), -1);
    rule_run_reset(&p.run);
    assert_value("ext", 4, play_push(&p, &c), U);
    play_end(&p);
}

/* A walk without a pattern; both symbols from their own part of it. */
static int64_t walk_price(int i, int symbol)
{
    uint32_t x = (uint32_t)(i + 1000 * symbol) * 2654435761u;

    return 100000 + i % 97 * 100 + (int64_t)(x >> 16) % 9000;
}

/* The values of a rule when the first candle seen is number `start`. */
static void walk(struct play *p, int start, int end, double *values)
{
    rule_run_reset(&p->run);
    for (int i = start; i < end; i++) {
        struct candle c = candle_at(MINUTES(5) * i, walk_price(i, 0));
        struct candle o = candle_at(MINUTES(5) * i, walk_price(i, 1));

        c.price_scale = o.price_scale = 3;
        if (p->run.has_streams)
            rule_run_push_streams(&p->run, 1, &o);
        values[i] = play_push(p, &c);
    }
}

/* Wherever the data begin, the first value comes no later than the lookback says, and once at the
 * latest; and after the settling time it no longer matters where they began. */
static void test_warm_up(void **state)
{
    static const char *const rules[] = {"ema(close, 4)",
                                        "ema(close, 4) @ 15m",
                                        "rsi(close, 3) @ 1h",
                                        "sma(close, 5)[2] @ 30m",
                                        "macd(close, 3, 6, 2) of 'BTC/USDT' @ 15m",
                                        "ema(close @ 30m, 3) @ 15m",
                                        "ema(close @ 15m, 5)",
                                        "mean of 'BTC/USDT'",
                                        "atr(3) @ 15m - ema(close, 6) @ 30m",
                                        "(close @ 1h)[3]",
                                        "highest(high, 4) @ 2h"};
    enum {
        END = 3000
    };
    static double from_start[END], later[END];

    (void)state;
    for (size_t k = 0; k < COUNT_OF(rules); k++) {
        struct play p;
        int lookback, settle, latest = 0;

        play_begin(&p, rules[k]);
        lookback = p.set->graph.nodes[p.node].lookback;
        settle = p.set->graph.nodes[p.node].settle;
        settle = settle > lookback ? settle : lookback; /* as strategy_warmup has it */
        assert_in_range(settle, 1, END - 400);
        walk(&p, 0, END, from_start);
        for (int start = 1; start < 50; start++) {
            int first = start;

            walk(&p, start, END, later);
            while (isnan(later[first]))
                first++;
            latest = first - start > latest ? first - start : latest;
            for (int i = start + settle; i < END; i++) {
                if (!(fabs(later[i] - from_start[i]) <= 1e-6 * 100))
                    fail_msg("%s from %d: candle %d: %.17g, not %.17g", rules[k], start, i,
                             later[i], from_start[i]);
            }
        }
        if (latest != lookback && !(latest < lookback && strstr(rules[k], " - ")))
            fail_msg("%s: first value after %d, not %d", rules[k], latest, lookback);
        play_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_higher_timeframe),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_other_symbol),
        cmocka_unit_test(test_other_gap),
        cmocka_unit_test(test_late_other),
        cmocka_unit_test(test_order_of_others),
        cmocka_unit_test(test_warm_up),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_outside_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
