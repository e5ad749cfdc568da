/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as requests, faults and time of a sandbox venue: nothing crashes, every answer is JSON
 * with a status, locks add up, and the record played again gives the same state.
 *
 * Input lines: "+N" waits N ms, "!RULE" adds a fault, "METHOD PATH QUERY" calls (signed here),
 * "METHOD PATH ?BODY" sends a form. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"
#include "sandbox/asked.h"
#include "sandbox/book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CANDLES = 64,
    LINE_MAX = 4096,
    LINES_MAX = 64
};

#define START_US (INT64_C(1700006400) * US_PER_S)
#define MINUTE_US (60 * US_PER_S)

static struct box *make_box(void)
{
    static struct candle candles[CANDLES];
    static struct box_series series;
    struct box_options o = {.series = &series,
                            .series_count = 1,
                            .key = "k",
                            .secret = "s",
                            .spot_quote = {(i128)10000 * INT64_C(1000000000000)},
                            .spot_base = {(i128)2 * INT64_C(1000000000000)},
                            .margin = {(i128)1000 * INT64_C(1000000000000)},
                            .spot_fee = {INT64_C(1000000000)},
                            .slippage = {INT64_C(500000000)},
                            .start_us = START_US,
                            .speed_milli = 1000,
                            .weight_limit = -1};
    struct box *b = NULL;

    for (int i = 0; i < CANDLES; i++)
        candles[i] = (struct candle){.open_us = START_US - 1000 * US_PER_DAY + i * MINUTE_US,
                                     .open = 9500 + i * 7919 % 1000,
                                     .high = 11000,
                                     .low = 9000,
                                     .close = 9500 + (i + 1) * 7919 % 1000,
                                     .volume = 100,
                                     .price_scale = 2,
                                     .size_scale = 2};
    series = (struct box_series){.symbol = "BTC/USDT",
                                 .candles = candles,
                                 .count = CANDLES,
                                 .timeframe_us = MINUTE_US,
                                 .price_scale = 2};
    ASSERT(box_new(&o, NULL, &b) == ERR_OK);
    return b;
}

static void check_answer(const struct box_answer *a, const struct box_plan *plan)
{
    struct jnode *root = NULL;

    ASSERT(a->status >= 200 && a->status <= 599 && !a->record.full);
    if (plan->status)
        return;
    ASSERT(a->body.length > 0);
    ASSERT(jnode_parse(a->body.data, a->body.length, "answer", NULL, &root) == ERR_OK);
    jnode_free(root);
}

static void call(struct box *b, char *line, int64_t wall_us, struct text *record)
{
    char *path = strchr(line, ' '), *query = path ? strchr(path + 1, ' ') : NULL;
    char pairs[LINE_MAX + 128], hex[65];
    struct box_request rq = {.method = line, .query = "", .body = "", .key = "k"};
    struct box_plan plan;
    struct box_answer a;
    bool is_form;

    if (!path || !query)
        return;
    *path++ = 0;
    *query++ = 0;
    is_form = *query == '?';
    (void)snprintf(pairs, sizeof pairs, "%s&timestamp=%lld", query + is_form,
                   (long long)(wall_us / US_PER_MS));
    asked_sign("s", pairs, "", hex);
    (void)snprintf(pairs + strlen(pairs), sizeof pairs - strlen(pairs), "&signature=%s", hex);
    rq.path = path;
    *(is_form ? &rq.body : &rq.query) = pairs;
    box_answer_init(&a);
    box_plan(b, &rq, wall_us, &plan);
    box_call(b, &rq, &plan, wall_us, &a);
    check_answer(&a, &plan);
    text_append(record, a.record.data ? a.record.data : "", a.record.length);
    box_answer_release(&a);
}

static void check_locks(const struct box *b)
{
    for (size_t i = 0; i < b->asset_count; i++) {
        const bool is_quote = strcmp(b->assets[i].name, "USDT") == 0;
        i128 locked = 0;

        if (b->assets[i].market != BOX_SPOT)
            continue;
        for (size_t k = 0; k < b->live_count; k++) {
            const struct box_order *o = book_order(b, b->live[k]);

            if (b->pairs[o->pair].market == BOX_SPOT && (o->side == BOX_BUY) == is_quote)
                locked += o->locked.e12;
        }
        ASSERT(b->assets[i].locked.e12 == locked && b->assets[i].free.e12 >= 0);
    }
}

/* The state without its faults, which records do not keep. */
static void print_state(struct box *b, int64_t wall_us, struct text *out)
{
    struct box_answer a;
    char *faults;

    box_answer_init(&a);
    box_state(b, wall_us, &a);
    faults = strstr(a.body.data, "\"faults\":");
    ASSERT(a.status == 200 && faults);
    text_append(out, a.body.data, (size_t)(faults - a.body.data));
    box_answer_release(&a);
}

static void play_again(struct box *b, int64_t wall_us, const struct text *record)
{
    struct box *again = make_box();
    struct text first, second;
    const char *at = record->data;

    while (at && *at) {
        const size_t length = strcspn(at, "\n");

        ASSERT(box_replay(again, at, length) == ERR_OK);
        at += length + 1;
    }
    text_init(&first, 16 << 20);
    text_init(&second, 16 << 20);
    print_state(b, wall_us, &first);
    print_state(again, wall_us, &second);
    ASSERT(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    text_release(&first);
    text_release(&second);
    box_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char line[LINE_MAX];
    struct box *b = make_box();
    struct text record;
    int64_t wall_us = START_US;
    size_t at = 0;

    text_init(&record, 16 << 20);
    for (int n = 0; n < LINES_MAX && at < size; n++) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        const size_t length = end ? (size_t)(end - data) - at : size - at;

        if (length < sizeof line) {
            memcpy(line, data + at, length);
            line[length] = 0;
            if (line[0] == '+')
                wall_us += (int64_t)(strtoul(line + 1, NULL, 10) % 600000) * US_PER_MS;
            else if (line[0] == '!')
                (void)box_faults_add(b, line + 1, wall_us, NULL);
            else
                call(b, line, wall_us, &record);
        }
        at += length + 1;
    }
    check_locks(b);
    /* A rule of the venue's own that is due only now is in no record yet. */
    if (!memchr(data, '!', size))
        play_again(b, wall_us, &record);
    text_release(&record);
    box_free(b);
    return 0;
}
