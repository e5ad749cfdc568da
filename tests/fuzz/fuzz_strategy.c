/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an artifact: an accepted one must parse from its canonical form to the same id, keep
 * what the header promises, and give the same decisions again after a reset; of a refused one every
 * mistake points into the text. */
#include <math.h>
#include <string.h>

#include "engine/strategy_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CANDLES = 48
};

static void push(const struct strategy *s, struct strategy_run *r, const struct candle *c)
{
    for (size_t i = 0; i < strategy_other_count(s); i++)
        strategy_run_push_other(r, i, c);
    for (size_t i = 0; i < strategy_ext_count(s); i++)
        strategy_run_set_ext(r, i, c->volume > 2 ? (double)c->volume : NAN);
    strategy_run_push(r, c);
}

static void run(const struct strategy *s, struct strategy_run *r,
                struct decision decisions[CANDLES])
{
    struct position_view position = {.is_open = true, .entry_price = 100};
    int64_t price = 10000;
    double stop, take, level;

    for (int i = 0; i < CANDLES; i++) {
        struct candle c = {.open_us = i * 7 * 3600 * US_PER_S,
                           .open = price,
                           .high = price + 50,
                           .low = price - 40,
                           .close = price + (i % 7) * 5 - 15,
                           .volume = i % 5,
                           .price_scale = 2};

        price = c.close;
        position.candles_held = i;
        push(s, r, &c);
        memset(&decisions[i], 0, sizeof decisions[i]);
        strategy_run_decide(r, &position, &decisions[i]);
        strategy_run_levels(r, 100, &stop, &take);
        ASSERT(isnan(stop) || stop > 0);
        ASSERT(isnan(take) || take > 0);
        level = strategy_run_trailing(r, 100, 110);
        ASSERT(isnan(level) ||
               (level > 0 && (strategy_direction(s) == DIRECTION_LONG) == (level < 110)));
        level = strategy_run_volatility(r);
        ASSERT(isnan(level) || level > 0);
        ASSERT(isnan(decisions[i].confidence) ||
               (decisions[i].confidence >= 0 && decisions[i].confidence <= 1));
        for (const char *p = decisions[i].trigger; *p; p++)
            ASSERT(*p >= 0x20 && *p < 0x7f);
        decisions[i].confidence = isnan(decisions[i].confidence) ? -1 : decisions[i].confidence;
    }
}

static void check(const struct strategy *s)
{
    static struct decision first[CANDLES], second[CANDLES];
    struct strategy_run *r = strategy_run_new(s);

    run(s, r, first);
    strategy_run_reset(r);
    run(s, r, second);
    ASSERT(memcmp(first, second, sizeof first) == 0);
    strategy_run_free(r);
}

static void check_scaling(struct scaling scaling, bool is_in)
{
    struct ratio one;

    if (!scaling.is_used)
        return;
    ASSERT(!ratio_from_double(1, ROUND_HALF_EVEN, &one));
    ASSERT(ratio_sign(scaling.part) > 0 && (is_in || ratio_cmp(scaling.part, one) < 0));
    ASSERT(scaling.max_count >= 1 && scaling.min_candles >= 1);
}

/* What the header says of the sections. */
static void check_sections(const struct strategy *s)
{
    for (size_t i = 0; i < strategy_roi_count(s); i++)
        ASSERT(strategy_roi(s, i).after_us >= 0 &&
               (i == 0 || strategy_roi(s, i).after_us > strategy_roi(s, i - 1).after_us));
    for (size_t i = 0; i < strategy_ext_count(s); i++)
        ASSERT(strategy_ext_max_age_us(s, i) >= US_PER_S &&
               (i == 0 || strcmp(strategy_ext_name(s, i - 1), strategy_ext_name(s, i)) < 0));
    for (size_t i = 0; i < strategy_other_count(s); i++)
        ASSERT(i == 0 || strcmp(strategy_other_symbol(s, i - 1), strategy_other_symbol(s, i)) < 0);
    ASSERT(strategy_cooldown(s).candles >= 0 &&
           strategy_cooldown(s).after_stop_candles >= strategy_cooldown(s).candles);
    ASSERT(strategy_sizing(s).kind != SIZING_VOL_TARGET || strategy_timeframe_us(s) > 0);
    ASSERT(ratio_sign(strategy_sizing(s).value) > 0);
    check_scaling(strategy_scale_in(s), true);
    check_scaling(strategy_scale_out(s), false);
}

/* Columns lie within the text they are of, one behind it where it ends too early. */
static void check_mistakes(const struct diag_list *diags, const char *json, size_t length)
{
    struct text text;
    struct jwriter w;

    text_init(&text, 8 * LIMIT_JSON_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &text);
    jw_object(&w);
    strategy_report(&w, NULL, diags, json, length);
    jw_object_end(&w);
    ASSERT(jwriter_ok(&w));
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *d = &diags->items[i];

        text_clear(&text);
        ASSERT(d->code[0] && d->message[0]);
        if (d->line == 0 && d->column > 0 && strategy_field_text(json, length, d->field, &text))
            ASSERT((size_t)d->column <= text.length + 1 &&
                   (size_t)(d->column + d->length) <= text.length + 2);
    }
    text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct diag_list diags;
    struct strategy *s, *again;
    const char *canonical;
    size_t length;
    enum err e;

    diags.count = diags.dropped = 0;
    if (strategy_parse((const char *)data, size, size % 2 == 0, &diags, &s)) {
        ASSERT(diags.count > 0);
        check_mistakes(&diags, (const char *)data, size);
        return 0;
    }
    ASSERT(diags.count == 0);
    canonical = strategy_canonical(s, &length);
    e = strategy_parse(canonical, length, false, &diags, &again);
    ASSERT(!e);
    ASSERT(strcmp(strategy_id(s), strategy_id(again)) == 0);
    ASSERT(strategy_warmup(s) == strategy_warmup(again));
    for (size_t i = 0; i < strategy_warnings(again)->count; i++)
        ASSERT(strcmp(strategy_warnings(again)->items[i].code, "looks_like_percent") == 0);
    check_sections(s);
    check(s);
    strategy_release(again);
    strategy_release(s);
    return 0;
}
