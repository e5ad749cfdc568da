/* SPDX-License-Identifier: Apache-2.0 */
/* A sandbox venue on candles by hand, and clients that sign. */
#ifndef TESTS_UNIT_SANDBOX_TEST_BOX_H
#define TESTS_UNIT_SANDBOX_TEST_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jnode.h"
#include "sandbox/asked.h"
#include "sandbox/box.h"

#define T_MINUTE (60 * US_PER_S)
#define T_START (INT64_C(1700006400) * US_PER_S) /* midnight */

enum {
    T_CANDLES = 64
};
/* The first candle was recorded 1,000 days before it is played. */
#define T_RECORDED (T_START - T_CANDLES / 2 * T_MINUTE - 1000 * US_PER_DAY)

/* One market of minute candles: 32 of the past, the first of the future begins at wall time. */
struct bench {
    struct candle candles[T_CANDLES];
    struct box_series series;
    struct box_options options;
    struct box *box;
    int64_t wall_us;
    int status;         /* of the newest answer */
    char headers[256];  /* "Name: value" lines */
    struct text answer; /* its body */
    struct text record; /* all of the run */
};

/* Prices in cents; the past is flat at the first open. */
static inline void bench_candle(struct bench *t, int i, int64_t open, int64_t high, int64_t low,
                                int64_t close)
{
    t->candles[T_CANDLES / 2 + i].open = open;
    t->candles[T_CANDLES / 2 + i].high = high;
    t->candles[T_CANDLES / 2 + i].low = low;
    t->candles[T_CANDLES / 2 + i].close = close;
}

static inline void bench_init(struct bench *t, int64_t cents)
{
    *t = (struct bench){.wall_us = T_START};
    for (int i = 0; i < T_CANDLES; i++)
        t->candles[i] = (struct candle){.open_us = T_RECORDED + i * T_MINUTE,
                                        .open = cents,
                                        .high = cents,
                                        .low = cents,
                                        .close = cents,
                                        .volume = 1000,
                                        .price_scale = 2,
                                        .size_scale = 2};
    t->series = (struct box_series){.symbol = "BTC/USDT",
                                    .candles = t->candles,
                                    .count = T_CANDLES,
                                    .timeframe_us = T_MINUTE,
                                    .price_scale = 2};
    t->options = (struct box_options){.series = &t->series,
                                      .series_count = 1,
                                      .key = "key",
                                      .secret = "secret",
                                      .start_us = T_START,
                                      .speed_milli = 1000,
                                      .seed = 7};
    assert_int_equal(money_parse("10000", 5, &t->options.spot_quote), ERR_OK);
    assert_int_equal(money_parse("2", 1, &t->options.spot_base), ERR_OK);
    assert_int_equal(money_parse("1000", 4, &t->options.margin), ERR_OK);
    assert_int_equal(ratio_parse("0.001", 5, &t->options.spot_fee), ERR_OK);
    assert_int_equal(ratio_parse("0.0002", 6, &t->options.maker_fee), ERR_OK);
    assert_int_equal(ratio_parse("0.0005", 6, &t->options.taker_fee), ERR_OK);
    assert_int_equal(ratio_parse("0.0001", 6, &t->options.funding_rate), ERR_OK);
    text_init(&t->answer, 16 * 1024 * 1024);
    text_init(&t->record, 64 * 1024 * 1024);
}

static inline void bench_begin(struct bench *t)
{
    struct diag_list diags = {0};

    assert_int_equal(box_new(&t->options, &diags, &t->box), ERR_OK);
}

static inline void bench_end(struct bench *t)
{
    box_free(t->box);
    text_release(&t->answer);
    text_release(&t->record);
}

static inline void bench_take(struct bench *t, struct box_answer *a)
{
    t->status = a->status;
    t->headers[0] = 0;
    for (size_t i = 0; i < a->header_count; i++) {
        const size_t used = strlen(t->headers);

        (void)snprintf(t->headers + used, sizeof t->headers - used, "%s: %s\n", a->headers[i].name,
                       a->headers[i].value);
    }
    text_clear(&t->answer);
    text_append(&t->answer, a->body.data ? a->body.data : "", a->body.length);
    text_append(&t->record, a->record.data ? a->record.data : "", a->record.length);
    box_answer_release(a);
}

static inline void bench_raw(struct bench *t, const char *method, const char *path,
                             const char *pairs, const char *key)
{
    const bool is_form = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
    const struct box_request rq = {.method = method,
                                   .path = path,
                                   .query = is_form ? "" : pairs,
                                   .body = is_form ? pairs : "",
                                   .key = key};
    struct box_plan plan;
    struct box_answer a;

    box_answer_init(&a);
    box_plan(t->box, &rq, t->wall_us, &plan);
    if (!plan.drop_request)
        box_call(t->box, &rq, &plan, t->wall_us, &a);
    bench_take(t, &a);
    if (plan.drop_request || plan.drop_answer)
        t->status = 0;
}

/* Signed, with the time of now; the body of the answer. */
static inline const char *bench_call(struct bench *t, const char *method, const char *path,
                                     const char *pairs)
{
    char signing[2048], all[2200], hex[65];

    (void)snprintf(signing, sizeof signing, "timestamp=%lld%s%s",
                   (long long)(t->wall_us / US_PER_MS), *pairs ? "&" : "", pairs);
    asked_sign("secret", signing, "", hex);
    (void)snprintf(all, sizeof all, "%s&signature=%s", signing, hex);
    bench_raw(t, method, path, all, "key");
    return t->answer.data ? t->answer.data : "";
}

/* A member of the newest answer, by names and indexes joined with dots; its text in a buffer of
 * eight that turn. */
static inline const char *bench_get(struct bench *t, const char *path)
{
    static char texts[8][128];
    static int turn;
    char *out = texts[turn++ % 8];
    struct jnode *root = NULL;
    const struct jnode *n;
    char name[64];

    assert_int_equal(jnode_parse(t->answer.data, t->answer.length, "answer", NULL, &root), ERR_OK);
    n = root;
    while (n && *path) {
        const size_t length = strcspn(path, ".");

        assert_true(length < sizeof name);
        memcpy(name, path, length);
        name[length] = 0;
        if (jnode_is(n, J_ARRAY))
            n = (size_t)atoll(name) < jnode_count(n) ? jnode_item(n, (size_t)atoll(name)) : NULL;
        else
            n = jnode_is(n, J_OBJECT) ? jnode_member(n, name) : NULL;
        path += length + (path[length] == '.');
    }
    if (!n)
        (void)snprintf(out, 128, "absent");
    else if (jnode_is(n, J_STRING))
        (void)snprintf(out, 128, "%s", jnode_text(n));
    else if (jnode_is(n, J_INTEGER))
        (void)snprintf(out, 128, "%lld", (long long)jnode_integer(n));
    else if (jnode_is(n, J_BOOL))
        (void)snprintf(out, 128, "%s", jnode_bool(n) ? "true" : "false");
    else if (jnode_is(n, J_ARRAY))
        (void)snprintf(out, 128, "[%zu]", jnode_count(n));
    else
        (void)snprintf(out, 128, "%s", jkind_name(jnode_kind(n)));
    jnode_free(root);
    return out;
}

static inline uint64_t next(uint64_t *seed)
{
    uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 31);
}

#define expect_member(t, path, text) assert_string_equal(bench_get(t, path), text)

static inline void bench_wait(struct bench *t, int64_t us)
{
    t->wall_us += us;
}

static inline void bench_state(struct bench *t)
{
    struct box_answer a;

    box_answer_init(&a);
    box_state(t->box, t->wall_us, &a);
    bench_take(t, &a);
}

static inline void bench_faults(struct bench *t, const char *text)
{
    struct diag_list diags = {0};
    char why[256];
    const enum err e = box_faults_add(t->box, text, t->wall_us, &diags);

    diag_describe(&diags, e, why, sizeof why);
    if (e)
        fail_msg("%s", why);
}

#endif
