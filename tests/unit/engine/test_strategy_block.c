/* SPDX-License-Identifier: Apache-2.0 */
/* Candle by candle and in blocks of any size every function gives the same bits: on its own
 * candles, on a higher timeframe, on another symbol, over gaps and holes. */
#include <math.h>
#include <stdlib.h>

#include "engine/rule_table.h"
#include "engine/strategy.h"
#include "tests/support/check.h"

enum {
    CANDLES = 2500,
    CALM = 700, /* candles before the first gap or hole: the slowest function gets that far */
    ROUNDS = 3,
    VALUES_MAX = 40 /* of one artifact: below LIMIT_FEATURES with room for members */
};

#define MINUTES(n) ((n)*60 * US_PER_S)

static struct candle own[CANDLES], other[CANDLES];
static size_t other_count;

/* A small generator of its own, so that a failure can be played again. */
static uint32_t random_next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static struct candle candle_after(const struct candle *last, int64_t open_us, uint64_t *seed)
{
    bool is_flat = random_next(seed) % 11 == 0;
    int64_t move = is_flat ? 0 : (int64_t)(random_next(seed) % 101) - 50;
    struct candle c = {.open_us = open_us, .open = last->close, .price_scale = 2, .size_scale = 3};

    c.close = c.open + move > 100 ? c.open + move : 100;
    c.high = (c.open > c.close ? c.open : c.close) + (is_flat ? 0 : random_next(seed) % 30);
    c.low = (c.open < c.close ? c.open : c.close) - (is_flat ? 0 : random_next(seed) % 30);
    c.volume = is_flat ? 0 : random_next(seed) % 100000;
    return c;
}

static void make_candles(uint64_t seed)
{
    struct candle mine = {.close = 10000}, its = {.close = 20000};
    int64_t open_us = MINUTES(5) * 7;

    other_count = 0;
    for (int i = 0; i < CANDLES; i++) {
        bool is_gap = random_next(&seed) % 400 == 0 && i > CALM;

        open_us += is_gap ? MINUTES(5) * (30 + random_next(&seed) % 50) : MINUTES(5);
        own[i] = mine = candle_after(&mine, open_us, &seed);
        own[i].flags = is_gap ? CANDLE_AFTER_GAP : 0;
        if (random_next(&seed) % 60 != 0 || i < CALM) {
            other[other_count] = its = candle_after(&its, open_us, &seed);
            other[other_count++].flags =
                is_gap || (random_next(&seed) % 300 == 0 && i > CALM) ? CANDLE_AFTER_GAP : 0;
        }
    }
}

static void print_argument(const struct rule_parameter *p, int i, struct text *out)
{
    switch (p->kind) {
    case PARAMETER_TRUTH:
        text_string(out, "close > open");
        break;
    case PARAMETER_COUNT:
        text_format(out, "%d", (int)fmin(p->most, fmax(p->least, 2 + 2 * i)));
        break;
    case PARAMETER_FACTOR:
        rule_default_print(p, out);
        break;
    case PARAMETER_SOURCE:
        text_string(out, "hl2");
        break;
    default:
        text_string(out, i == 0 ? "close" : i == 1 ? "open" : "high");
        break;
    }
}

static int outputs_of(const struct rule_function *f)
{
    int n = 0;

    while (f->members && f->members[n])
        n++;
    return n > 0 ? n : 1;
}

/* Features of the functions from *next on, each in the context that comes round. */
static void print_features(int *next, int round, struct text *out)
{
    static const char *const contexts[] = {"", " @ 15m", " of 'BTC/USDT'", " of 'BTC/USDT' @ 30m"};
    int values = 0;

    for (; *next < FUNCTION_COUNT_; ++*next) {
        const struct rule_function *f = rule_function_at((enum rule_function_id) * next);

        values += outputs_of(f);
        if (values > VALUES_MAX)
            return;
        text_format(out, "\"f%d\":\"%s(", *next, f->name);
        for (int i = 0; i < rule_function_parameters(f); i++) {
            text_string(out, i > 0 ? ", " : "");
            print_argument(&f->parameters[i], i, out);
        }
        text_format(out, ")%s\",", contexts[(*next + round) % (int)COUNT_OF(contexts)]);
    }
}

static struct strategy *strategy_of(int *next, int round)
{
    struct diag_list diags = {0};
    struct strategy *s = NULL;
    struct text json;

    text_init(&json, 1 << 20);
    text_string(&json, "{\"name\":\"blocks\",\"timeframe\":\"5m\",\"symbol\":\"ETH/USDT\","
                       "\"startup_bars\":200,\"ext\":{\"mood\":{\"max_age_s\":60}},\"features\":{");
    print_features(next, round, &json);
    text_string(&json,
                "\"near\":\"(close[1] + close @ 15m) / 2\",\"time\":\"if(session == 'us', hour, "
                "ext.mood)\"},\"entry\":{\"condition\":\"close > near or close of 'BTC/USDT' > "
                "open of 'BTC/USDT'[1]\",\"confidence\":\"0.5 + change(close, 3) / 10\"},"
                "\"exit\":{\"condition\":\"crossed_below(close, ema(close, 5) @ 15m)\"},"
                "\"stop_loss\":0.02}");
    if (strategy_parse(json.data, json.length, true, &diags, &s))
        fail_msg("%s: %s: %s", diags.items[0].field, diags.items[0].message, json.data);
    text_release(&json);
    return s;
}

/* What each candle gave. */
struct columns {
    uint8_t entry[CANDLES], exit[CANDLES];
    double confidence[CANDLES];
    double features[LIMIT_FEATURES][CANDLES];
};

static void push_others(struct strategy_run *run, size_t *next, int64_t open_us)
{
    for (; *next < other_count && other[*next].open_us <= open_us; ++*next)
        strategy_run_push_other(run, 0, &other[*next]);
}

static void push_one(struct strategy_run *run, size_t *next, size_t i, struct columns *out)
{
    const struct position_view position = {.is_open = true, .entry_price = 100};
    struct decision d;

    push_others(run, next, own[i].open_us);
    strategy_run_push(run, &own[i]);
    strategy_run_decide(run, &position, &d);
    out->entry[i] = (uint8_t)d.entry;
    out->exit[i] = (uint8_t)d.exit;
    out->confidence[i] = d.confidence;
}

static void one_by_one(const struct strategy *s, struct columns *out)
{
    struct strategy_run *run = strategy_run_new(s);
    size_t next = 0;

    strategy_run_set_ext(run, 0, 0.75);
    for (size_t i = 0; i < CANDLES; i++) {
        push_one(run, &next, i, out);
        for (size_t k = 0; k < strategy_feature_count(s); k++)
            out->features[k][i] = strategy_run_feature(run, k);
    }
    strategy_run_free(run);
}

/* Blocks of any size, and now and then single candles between them. */
static void in_blocks(const struct strategy *s, uint64_t seed, struct columns *out)
{
    struct strategy_run *run = strategy_run_new(s);
    struct candle_queue queue = {other, other_count};
    double *features = calloc((size_t)CANDLES * LIMIT_FEATURES, sizeof *features);
    size_t at = 0, values = strategy_feature_count(s);

    assert_non_null(features);
    strategy_run_set_ext(run, 0, 0.75);
    while (at < CANDLES) {
        size_t kind = random_next(&seed) % 4, left = CANDLES - at;
        size_t count = 1 + random_next(&seed) % (kind == 0 ? 3 : kind == 1 ? 40 : 500);
        struct strategy_block block = {.others = &queue,
                                       .entry = out->entry + at,
                                       .exit = out->exit + at,
                                       .confidence = out->confidence + at,
                                       .features = features};

        if (kind == 0) {
            size_t next = other_count - queue.count;

            push_one(run, &next, at, out);
            queue = (struct candle_queue){other + next, other_count - next};
            count = 1;
            for (size_t k = 0; k < values; k++)
                features[k] = strategy_run_feature(run, k);
        } else {
            count = count < left ? count : left;
            block.own = (struct candle_queue){own + at, count};
            strategy_run_push_block(run, &block);
        }
        for (size_t k = 0; k < values; k++)
            memcpy(&out->features[k][at], features + k * count, count * sizeof(double));
        at += count;
        for (size_t k = 0; k < values; k++) /* the run is where the block ended */
            assert_true(isnan(out->features[k][at - 1])
                            ? isnan(strategy_run_feature(run, k))
                            : strategy_run_feature(run, k) == out->features[k][at - 1]);
    }
    assert_int_equal(queue.count, 0);
    strategy_run_free(run);
    free(features);
}

static void compare(const struct strategy *s, const struct columns *a, const struct columns *b)
{
    for (size_t k = 0; k < strategy_feature_count(s); k++) {
        for (size_t i = 0; i < CANDLES; i++) {
            if (memcmp(&a->features[k][i], &b->features[k][i], sizeof(double)) != 0)
                fail_msg("%s, candle %zu: %.17g and %.17g", strategy_feature_name(s, k), i,
                         a->features[k][i], b->features[k][i]);
        }
    }
    assert_memory_equal(a->entry, b->entry, sizeof a->entry);
    assert_memory_equal(a->exit, b->exit, sizeof a->exit);
    assert_memory_equal(a->confidence, b->confidence, sizeof a->confidence);
}

/* Not a comparison of nothing with nothing. */
static void check_known(const struct strategy *s, const struct columns *a)
{
    for (size_t k = 0; k < strategy_feature_count(s); k++) {
        size_t known = 0;

        for (size_t i = 0; i < CANDLES; i++)
            known += isnan(a->features[k][i]) ? 0 : 1;
        if (known == 0)
            fail_msg("%s is never known", strategy_feature_name(s, k));
    }
    assert_non_null(memchr(a->entry, TRI_TRUE, CANDLES));
    assert_non_null(memchr(a->entry, TRI_FALSE, CANDLES));
    assert_non_null(memchr(a->exit, TRI_TRUE, CANDLES));
}

static void test_blocks(void **state)
{
    struct columns *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    for (int round = 0; round < ROUNDS; round++) {
        int next = 0;

        make_candles((uint64_t)round + 1);
        while (next < FUNCTION_COUNT_) {
            struct strategy *s = strategy_of(&next, round);

            one_by_one(s, a);
            check_known(s, a);
            in_blocks(s, (uint64_t)(round * 1000 + next), b);
            compare(s, a, b);
            strategy_release(s);
        }
    }
    free(a);
    free(b);
}

static void test_exit_of_position(void **state)
{
    static const char *const json[] = {
        "{\"name\":\"a\",\"entry\":{\"condition\":\"close > 1\"},\"exit\":{\"condition\":"
        "\"position.pnl_pct > 0.1\"},\"stop_loss\":0.02}",
        "{\"name\":\"a\",\"entry\":{\"condition\":\"close > 1\"},\"exit\":{\"condition\":"
        "\"close < 1\"},\"stop_loss\":0.02}",
        "{\"name\":\"a\",\"entry\":{\"condition\":\"close > 1\"},\"stop_loss\":0.02}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(json); i++) {
        struct strategy *s;

        assert_ok(strategy_parse(json[i], strlen(json[i]), true, NULL, &s));
        assert_int_equal(strategy_exit_reads_position(s), i == 0);
        strategy_release(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_exit_of_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
