/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an answer of Binance, for every parser: the first byte chooses it.  What is accepted
 * must be within its bounds; what is refused must say why, once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"
#include "exchange/binance_error.h"
#include "exchange/binance_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const struct binance_order *o)
{
    ASSERT(strlen(o->symbol) < sizeof o->symbol && strlen(o->id) > 0);
    ASSERT(size_sign(o->size) >= 0 && size_sign(o->executed) >= 0 && price_sign(o->price) >= 0);
    ASSERT(o->status <= BINANCE_STATUS_NONE && o->type <= BINANCE_TYPE_OTHER);
    ASSERT(o->fill_count <= BINANCE_FILLS && (o->has_fills || o->fill_count == 0));
}

static enum err orders(int which, const char *json, size_t n, struct diag_list *diags)
{
    struct binance_replaced r;
    struct binance_orders l;
    struct binance_order o;
    enum err e;

    if (which == 0) {
        e = binance_parse_order(json, n, diags, &o);
        if (!e) {
            check_order(&o);
            binance_order_release(&o);
        }
        return e;
    }
    if (which == 3) {
        e = binance_parse_replaced(json, n, diags, &r);
        if (!e) {
            ASSERT(r.cancel != BINANCE_STEP_DONE || r.canceled.id[0]);
            binance_order_release(&r.canceled);
            binance_order_release(&r.placed);
        }
        return e;
    }
    e = which == 1 ? binance_parse_orders(json, n, diags, &l)
                   : binance_parse_pair(json, n, diags, &l);
    if (!e) {
        for (size_t i = 0; i < l.count; i++)
            check_order(&l.items[i]);
        binance_orders_release(&l);
    }
    return e;
}

static enum err account(int which, const char *json, size_t n, struct diag_list *diags)
{
    struct binance_fills fills = {0};
    struct binance_account a = {0};
    struct binance_positions positions = {0};
    struct binance_incomes incomes = {0};
    enum err e;

    switch (which) {
    case 4:
        e = binance_parse_trades(json, n, diags, &fills);
        for (size_t i = 0; !e && i < fills.count; i++)
            ASSERT(size_sign(fills.items[i].size) > 0 && price_sign(fills.items[i].price) > 0);
        free(e ? NULL : fills.items);
        return e;
    case 5:
    case 6:
        e = binance_parse_account(which == 5 ? BINANCE_SPOT : BINANCE_USDM, json, n, diags, &a);
        free(e ? NULL : a.balances);
        return e;
    case 7:
        e = binance_parse_positions(json, n, diags, &positions);
        free(e ? NULL : positions.items);
        return e;
    default:
        e = binance_parse_incomes(json, n, diags, &incomes);
        free(e ? NULL : incomes.items);
        return e;
    }
}

static enum err exchange(enum binance_market m, const char *json, size_t n, struct diag_list *diags)
{
    struct binance_exchange x;
    enum err e = binance_parse_exchange(m, json, n, diags, &x);

    if (e)
        return e;
    for (size_t i = 0; i < x.count; i++) {
        const struct instrument *k = &x.items[i].instrument;

        ASSERT(price_sign(k->tick) > 0 && size_sign(k->lot) > 0);
        ASSERT(k->is_spot == (m == BINANCE_SPOT));
    }
    binance_exchange_release(&x);
    return ERR_OK;
}

static enum err market(int which, const char *json, size_t n, struct diag_list *diags)
{
    struct binance_candles candles = {0};
    struct binance_depth depth = {0};
    struct binance_ticker ticker;
    struct binance_funding funding;
    struct binance_fundings fundings = {0};
    int64_t us = 0;
    bool is_hedged;
    enum err e;

    switch (which) {
    case 9:
    case 10:
        return exchange(which == 9 ? BINANCE_SPOT : BINANCE_USDM, json, n, diags);
    case 11:
        e = binance_parse_candles(json, n, diags, &candles);
        for (size_t i = 0; !e && i < candles.count; i++) {
            ASSERT(candle_check(&candles.items[i]) == ERR_OK);
            ASSERT(i == 0 || candles.items[i].open_us > candles.items[i - 1].open_us);
        }
        if (!e)
            binance_candles_release(&candles);
        return e;
    case 12:
        e = binance_parse_depth(json, n, diags, &depth);
        if (!e)
            binance_depth_release(&depth);
        return e;
    case 13:
        return binance_parse_ticker(json, n, diags, &ticker);
    case 14:
        return binance_parse_funding(json, n, diags, &funding);
    case 15:
        e = binance_parse_fundings(json, n, diags, &fundings);
        free(e ? NULL : fundings.items);
        return e;
    case 16:
        e = binance_parse_time(json, n, diags, &us);
        ASSERT(e || us >= 0);
        return e;
    case 17:
        return binance_parse_done(json, n, diags);
    default:
        return binance_parse_position_mode(json, n, diags, &is_hedged);
    }
}

/* The judge of errors, with the first bytes as a status and the rest as headers and body. */
static void judge(const uint8_t *data, size_t size)
{
    struct transport_answer a = {.outcome = TRANSPORT_ANSWERED};
    struct binance_verdict v;
    size_t cut;

    if (size < 2)
        return;
    a.status = 200 + data[0] * 2;
    cut = data[1] < size - 2 ? data[1] : size - 2;
    a.headers = xstrndup((const char *)data + 2, cut);
    a.body = xstrndup((const char *)data + 2 + cut, size - 2 - cut);
    a.length = strlen(a.body);
    binance_judge(data[0] & 1 ? BINANCE_SPOT : BINANCE_USDM, &a, US_PER_DAY, &v);
    ASSERT(v.error < VENUE_ERROR_COUNT_ && v.retry_after_us >= 0);
    ASSERT(v.error == VENUE_ERROR_NONE || v.reason[0] != '\0');
    /* Never certain about what the venue itself does not know. */
    ASSERT(a.status < 500 || !v.is_certain);
    transport_answer_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diag_list diags = {0};
    const char *json;
    char *copy;
    int which;
    enum err e;

    if (size == 0)
        return 0;
    which = data[0] % 20;
    if (which == 18) {
        judge(data + 1, size - 1);
        return 0;
    }
    /* A copy of its own, so that a byte read behind the end is seen. */
    copy = xmalloc(size);
    memcpy(copy, data + 1, size - 1);
    json = copy;
    if (which < 4)
        e = orders(which, json, size - 1, &diags);
    else if (which < 9)
        e = account(which, json, size - 1, &diags);
    else
        e = market(which, json, size - 1, &diags);
    ASSERT(e == ERR_OK || e == ERR_SYNTAX || e == ERR_INVALID || e == ERR_OVERFLOW);
    ASSERT(e == ERR_OK || e == ERR_OVERFLOW || diags.count == 1);
    free(copy);
    return 0;
}
