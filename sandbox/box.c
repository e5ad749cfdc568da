/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a sandbox venue from recordings: pairs, balances, and the time by which candles move. */
#include "sandbox/box.h"

#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "engine/instrument.h"
#include "sandbox/book.h"
#include "sandbox/chart.h"
#include "sandbox/faults.h"
#include "sandbox/funding.h"
#include "sandbox/limits.h"
#include "sandbox/match.h"
#include "sandbox/rules.h"

enum {
    HISTORY = 500 /* candles before now, when there are twice as many */
};

/* So that a day of minutes of it, at the dearest price, is still an amount. */
#define VOLUME_MAX INT64_C(1000000000000000)

/* What clients that are asked for "the newest candles" may count on: whole ones of these. */
static const int64_t grids[] = {
    US_PER_DAY,      US_PER_DAY / 2,     US_PER_DAY / 3,    US_PER_DAY / 6,
    3600 * US_PER_S, 15 * 60 * US_PER_S, 5 * 60 * US_PER_S, 60 * US_PER_S,
};

/* ---- Pairs ---- */

static bool is_dollar(const char *quote)
{
    static const char *const known[] = {"USDT", "USDC", "BUSD", "FDUSD"};

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i], quote) == 0)
            return true;
    return false;
}

static enum err bad_series(struct diag_list *diags, const struct box_series *s, const char *code,
                           const char *what)
{
    (void)diag_add(diags, s->symbol, code, "the sandbox cannot trade it: %s", what);
    return ERR_INVALID;
}

static enum err check_series(const struct box_series *s, struct diag_list *diags,
                             struct instrument *out)
{
    const struct price most = {RULES_PRICE_MAX * AMOUNT_ONE};
    const struct size most_volume = {VOLUME_MAX * AMOUNT_ONE};

    if (instrument_init(out, s->symbol, price_from_scaled(1, s->price_scale),
                        size_from_scaled(1, 0), MONEY_ZERO))
        return bad_series(diags, s, "symbol_invalid", "a symbol is like BTC/USDT");
    if (s->price_scale > 8)
        return bad_series(diags, s, "too_precise", "prices have more than 8 decimals");
    if (s->count < 2)
        return bad_series(diags, s, "too_short", "there are fewer than two candles");
    for (size_t i = 0; i < s->count; i++) {
        if (price_cmp(price_from_scaled(s->candles[i].high, s->price_scale), most) > 0)
            return bad_series(diags, s, "too_dear", "a price is above 10,000,000");
        if (size_cmp(candle_volume(&s->candles[i]), most_volume) > 0)
            return bad_series(diags, s, "too_much", "a candle's volume is above 10^15");
    }
    return ERR_OK;
}

static void add_asset(struct box *b, enum box_market m, const char *name, struct money amount)
{
    struct box_asset *a = book_asset(b, m, name);

    if (a)
        return;
    b->assets = xrealloc(b->assets, (b->asset_count + 1) * sizeof *b->assets);
    a = &b->assets[b->asset_count++];
    *a = (struct box_asset){.market = m, .free = amount};
    (void)copy_text(a->name, sizeof a->name, name);
}

static void add_pair(struct box *b, enum box_market m, const struct instrument *i,
                     const struct box_series *s)
{
    struct box_pair *p;
    size_t known;
    char id[LIMIT_ASSET * 2];

    (void)copy_text(id, sizeof id, i->base);
    (void)copy_text(id + strlen(id), sizeof id - strlen(id), i->quote);
    if (strlen(id) >= BOX_ID || book_pair(b, m, id, &known))
        return;
    b->pairs = xrealloc(b->pairs, (b->pair_count + 1) * sizeof *b->pairs);
    p = &b->pairs[b->pair_count++];
    *p = (struct box_pair){.market = m, .leverage = 20};
    (void)copy_text(p->id, sizeof p->id, id);
    (void)copy_text(p->base, sizeof p->base, i->base);
    (void)copy_text(p->quote, sizeof p->quote, i->quote);
    p->path = (struct path){.candles = s->candles,
                            .count = s->count,
                            .timeframe_us = s->timeframe_us,
                            .price_scale = s->price_scale};
    p->fundings = s->fundings;
    p->funding_count = s->funding_count;
    rules_make(m, s->price_scale, price_from_scaled(s->candles[0].open, s->price_scale), &p->rules);
}

/* Recordings of futures come first, so that a spot recording does not stand in for them. */
static enum err add_pairs(struct box *b, const struct box_options *o, struct diag_list *diags)
{
    struct instrument i;

    for (int futures_only = 1; futures_only >= 0; futures_only--)
        for (size_t k = 0; k < o->series_count; k++) {
            const enum err e = check_series(&o->series[k], diags, &i);

            if (e)
                return e;
            if (i.is_spot && !futures_only)
                add_pair(b, BOX_SPOT, &i, &o->series[k]);
            if (i.is_spot == !futures_only && is_dollar(i.quote))
                add_pair(b, BOX_USDM, &i, &o->series[k]);
        }
    for (size_t k = 0; k < b->pair_count; k++) {
        const struct box_pair *p = &b->pairs[k];

        if (p->market == BOX_SPOT) {
            add_asset(b, BOX_SPOT, p->base, is_dollar(p->base) ? o->spot_quote : o->spot_base);
            add_asset(b, BOX_SPOT, p->quote, is_dollar(p->quote) ? o->spot_quote : o->spot_base);
        } else {
            add_asset(b, BOX_USDM, p->quote, o->margin);
        }
    }
    return ERR_OK;
}

/* ---- Time ---- */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Moves all candles by whole days, or by the longest timeframe that leaves enough of them to come,
 * so that HISTORY candles or half of them have been and the current one is now. */
static enum err move_candles(struct box *b, struct diag_list *diags)
{
    int64_t first_us = INT64_MIN, end_us = INT64_MAX, step_us = 0, base_us, grid_us, shift_us;

    for (size_t i = 0; i < b->pair_count; i++) {
        const struct path *p = &b->pairs[i].path;
        const int64_t last_us = p->candles[p->count - 1].open_us + p->timeframe_us;

        first_us = p->candles[0].open_us > first_us ? p->candles[0].open_us : first_us;
        end_us = smaller(end_us, last_us);
        step_us = p->timeframe_us > step_us ? p->timeframe_us : step_us;
    }
    if (end_us - first_us < 2 * step_us) {
        (void)diag_add(diags, "candles", "no_overlap",
                       "the recordings have no two candles of the same time");
        return ERR_INVALID;
    }
    base_us = first_us + smaller(HISTORY * step_us, (end_us - first_us) / 2);
    grid_us = step_us;
    for (size_t i = 0; i < COUNT_OF(grids); i++)
        if (grids[i] % step_us == 0 && grids[i] <= (end_us - base_us) / 2) {
            grid_us = grids[i];
            break;
        }
    base_us = chart_floor(base_us, step_us);
    base_us += base_us < first_us ? step_us : 0;
    shift_us = (b->start_us - base_us) / grid_us * grid_us;
    for (size_t i = 0; i < b->pair_count; i++)
        b->pairs[i].path.shift_us = shift_us;
    b->now_us = b->start_us;
    funding_begin(b);
    return ERR_OK;
}

int64_t box_market_us(const struct box *b)
{
    return b->now_us;
}

enum err box_new(const struct box_options *options, struct diag_list *diags, struct box **out)
{
    struct box *b = xcalloc(1, sizeof *b);
    enum err e;

    ASSERT(options->series_count > 0 && options->start_us > 0 && options->speed_milli >= 0);
    b->options = *options;
    (void)copy_text(b->key, sizeof b->key, options->key);
    (void)copy_text(b->secret, sizeof b->secret, options->secret);
    b->start_us = b->wall_us = options->start_us;
    e = add_pairs(b, options, diags);
    if (!e)
        e = move_candles(b, diags);
    if (e) {
        box_free(b);
        return e;
    }
    b->live = xcalloc(LIMIT_BOX_LIVE, sizeof *b->live);
    b->countdown_us = xcalloc(b->pair_count, sizeof *b->countdown_us);
    b->limits = limits_new();
    b->faults = faults_new(options->seed);
    *out = b;
    return ERR_OK;
}

void box_free(struct box *b)
{
    if (!b)
        return;
    free(b->pairs);
    free(b->assets);
    free(b->orders.items);
    free(b->lists.items);
    free(b->trades.items);
    free(b->income.items);
    free(b->fundings.items);
    free(b->live);
    free(b->countdown_us);
    limits_free(b->limits);
    faults_free(b->faults);
    free(b);
}
