/* SPDX-License-Identifier: Apache-2.0 */
/* Values of rules over candles, for test_feature_*.c. */
#ifndef TESTS_UNIT_ENGINE_TEST_FEATURE_H
#define TESTS_UNIT_ENGINE_TEST_FEATURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/strategy.h"
#include "tests/support/check.h"

/* A strategy with one feature a rule: c00, c01 and so on. */
static inline struct strategy *features_parse(const char *const *rules, int count)
{
    char *text = malloc(64 * 1024);
    struct diag_list diags = {0};
    struct strategy *s = NULL;
    size_t size = 64 * 1024, used;

    assert_non_null(text);
    used = (size_t)snprintf(text, size,
                            "{\"name\":\"all\",\"entry\":{\"condition\":\"close > 0\"},"
                            "\"features\":{");
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s\"c%02d\":\"%s\"", i > 0 ? "," : "",
                                 i, rules[i]);
    used += (size_t)snprintf(text + used, size - used, "}}");
    assert_true(used < size);
    if (strategy_parse(text, used, false, &diags, &s))
        fail_msg("%s: %s", diags.items[0].field, diags.items[0].message);
    free(text);
    return s;
}

/* The first value of feature i: one value as a number may be several as a feature. */
static inline size_t feature_index(const struct strategy *s, int i)
{
    char name[16];
    size_t at = 0;

    (void)snprintf(name, sizeof name, "c%02d", i);
    while (strncmp(strategy_feature_name(s, at), name, 3) != 0)
        at++;
    return at;
}

/* values[candle * count + rule], to be freed. */
static inline double *features_of(const char *const *rules, int count, const struct candle *candles,
                                  int length)
{
    struct strategy *s = features_parse(rules, count);
    struct strategy_run *r = strategy_run_new(s);
    double *values = calloc((size_t)length * (size_t)count, sizeof *values);

    assert_non_null(values);
    for (int i = 0; i < length; i++) {
        strategy_run_push(r, &candles[i]);
        for (int j = 0; j < count; j++)
            values[i * count + j] = strategy_run_feature(r, feature_index(s, j));
    }
    strategy_run_free(r);
    strategy_release(s);
    return values;
}

/* Candles of a CSV file whose prices have `scale` decimals; at most `most`. */
static inline int read_candles(const char *file, int scale, struct candle *candles, int most)
{
    char *data = check_data(file, NULL);
    char *cursor = data;
    char *line = check_line(&cursor);
    int count = 0;

    assert_string_equal(line, "open,high,low,close,volume");
    while ((line = check_line(&cursor)) && *line) {
        struct candle *c = &candles[count++];
        int64_t *fields[] = {&c->open, &c->high, &c->low, &c->close, &c->volume};

        assert_true(count <= most);
        *c = (struct candle){.price_scale = (uint8_t)scale, .size_scale = 6};
        for (size_t i = 0; i < COUNT_OF(fields); i++)
            *fields[i] = llround(strtod(strsep(&line, ","), NULL) * pow(10, i == 4 ? 6 : scale));
        assert_ok(candle_check(c));
    }
    free(data);
    return count;
}

/* A random market of whole ticks: calm and wild, with a flat stretch and one without volume. */
static inline void make_candles(struct candle *candles, int length, uint64_t seed)
{
    struct check_random random = {seed};
    int64_t close = 1000000;

    for (int i = 0; i < length; i++) {
        int64_t step = (i / 150) % 3 == 1 ? 9000 : 700;
        int64_t open = close, up, down;

        if ((i / 60) % 9 != 8)
            close += (int64_t)(check_random_next(&random) % (uint64_t)step) - step / 2;
        close = close < 100000 ? 100000 : close;
        up = (int64_t)(check_random_next(&random) % 400);
        down = (int64_t)(check_random_next(&random) % 400);
        candles[i] = (struct candle){.open_us = i * 60 * US_PER_S,
                                     .open = open,
                                     .high = (open > close ? open : close),
                                     .low = (open < close ? open : close),
                                     .close = close,
                                     .volume = (i / 100) % 7 == 3 ? 0 : 1 + (int64_t)(up * down),
                                     .price_scale = 4,
                                     .size_scale = 3};
        if (open != close) {
            candles[i].high += up;
            candles[i].low -= down;
        }
    }
}

#endif
