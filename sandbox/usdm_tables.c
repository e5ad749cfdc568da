/* SPDX-License-Identifier: Apache-2.0 */
/* Futures' leverage brackets, income, and the key of a user data stream. */
#include "sandbox/endpoints.h"
#include "sandbox/margin.h"

#include <stdio.h>
#include <string.h>

enum {
    LISTEN_KEY_S = 60 * 60,
    INCOME_DEFAULT = 100,
    INCOME_MAX = 1000
};

static void put_brackets(struct jwriter *w, const struct box_pair *p)
{
    int64_t floor = 0;

    jw_object(w);
    jw_member_text(w, "symbol", p->id);
    jw_member_double(w, "notionalCoef", 1.0);
    jw_key(w, "brackets");
    jw_array(w);
    for (int i = 0; i < MARGIN_BRACKETS; i++) {
        const struct margin_bracket *m = &margin_brackets[i];

        jw_object(w);
        jw_member_integer(w, "bracket", i + 1);
        jw_member_integer(w, "initialLeverage", m->leverage);
        jw_member_integer(w, "notionalCap", m->cap);
        jw_member_integer(w, "notionalFloor", floor);
        jw_member_double(w, "maintMarginRatio", m->rate_e4 / 10000.0);
        jw_member_integer(w, "cum", m->cum);
        jw_object_end(w);
        floor = m->cap;
    }
    jw_array_end(w);
    jw_object_end(w);
}

void usdm_brackets(struct call *c)
{
    size_t only = SIZE_MAX;

    if (asked_get(&c->params, "symbol") && !call_pair(c, &c->params, &only))
        return;
    jw_array(&c->w);
    for (size_t i = 0; i < c->b->pair_count; i++)
        if (c->b->pairs[i].market == BOX_USDM && (only == SIZE_MAX || only == i))
            put_brackets(&c->w, &c->b->pairs[i]);
    jw_array_end(&c->w);
}

/* ---- Income ---- */

static const char *const kinds[] = {"REALIZED_PNL", "COMMISSION", "FUNDING_FEE", "INSURANCE_CLEAR"};

static void put_income(struct jwriter *w, const struct box *b, size_t index)
{
    const struct box_income *i = book_income(b, index);
    char trade[24] = "";

    if (i->trade_id)
        (void)snprintf(trade, sizeof trade, "%lld", (long long)i->trade_id);
    jw_object(w);
    jw_member_text(w, "symbol", b->pairs[i->pair].id);
    jw_member_text(w, "incomeType", kinds[i->kind]);
    jw_member_money(w, "income", i->amount, 8);
    jw_member_text(w, "asset", b->pairs[i->pair].quote);
    jw_member_text(w, "info", i->trade_id ? trade : kinds[i->kind]);
    put_ms(w, "time", i->at_us);
    jw_member_integer(w, "tranId", (int64_t)index + 1);
    jw_member_text(w, "tradeId", trade);
    jw_object_end(w);
}

void usdm_income(struct call *c)
{
    const int64_t most_ms = INT64_MAX / US_PER_MS;
    const char *kind = asked_get(&c->params, "incomeType");
    int64_t from_ms = 0, to_ms = most_ms, limit = INCOME_DEFAULT, count = 0, skip = 0;
    size_t only = SIZE_MAX;

    if ((asked_get(&c->params, "symbol") && !call_pair(c, &c->params, &only)) ||
        !call_integer(c, "startTime", 0, most_ms, &from_ms) ||
        !call_integer(c, "endTime", 0, most_ms, &to_ms) ||
        !call_integer(c, "limit", 1, INCOME_MAX, &limit))
        return;
    /* First counted, then told: the newest when no beginning is given. */
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1) {
            skip = asked_get(&c->params, "startTime") || count < limit ? 0 : count - limit;
            jw_array(&c->w);
        }
        for (size_t i = 0; i < c->b->income.count; i++) {
            const struct box_income *in = book_income(c->b, i);

            if ((only != SIZE_MAX && in->pair != only) ||
                (kind && strcmp(kind, kinds[in->kind]) != 0) || ms_of(in->at_us) < from_ms ||
                ms_of(in->at_us) > to_ms)
                continue;
            if (pass == 0)
                count++;
            else if (skip > 0)
                skip--;
            else if (limit-- > 0)
                put_income(&c->w, c->b, i);
        }
    }
    jw_array_end(&c->w);
}

/* ---- The listen key: it opens no stream here, but bots keep one alive ---- */

void usdm_listen_new(struct call *c)
{
    struct box *b = c->b;

    if (b->wall_us >= b->listen_key_until_us)
        (void)snprintf(b->listen_key, sizeof b->listen_key, "sandbox%016llx",
                       (unsigned long long)b->wall_us);
    b->listen_key_until_us = b->wall_us + LISTEN_KEY_S * US_PER_S;
    jw_object(&c->w);
    jw_member_text(&c->w, "listenKey", b->listen_key);
    jw_object_end(&c->w);
}

static bool has_listen_key(struct call *c)
{
    return c->b->wall_us < c->b->listen_key_until_us ||
           call_fail(c, -1125, "This listenKey does not exist.");
}

void usdm_listen_keep(struct call *c)
{
    if (has_listen_key(c))
        usdm_listen_new(c);
}

void usdm_listen_end(struct call *c)
{
    if (!has_listen_key(c))
        return;
    c->b->listen_key_until_us = 0;
    jw_object(&c->w);
    jw_object_end(&c->w);
}
