/* SPDX-License-Identifier: Apache-2.0 */
/* The orders a venue follows: which, what they are at the venue, and when to look at them next. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "exchange/binance_venue_parts.h"

#define POLL_FIRST_US (200 * US_PER_MS)
#define POLL_LEAST_US (1 * US_PER_S)
#define POLL_EACH_US (250 * US_PER_MS) /* at most four questions a second, however many orders */

struct watched *venue_watched(struct binance_venue *v, int64_t order_id)
{
    for (size_t i = 0; i < v->watched_count; i++) {
        if (v->watched[i]->order.id == order_id)
            return v->watched[i];
    }
    return NULL;
}

const struct binance_instrument *venue_instrument(const struct binance_venue *v, const char *symbol)
{
    for (size_t i = 0; i < v->instrument_count; i++) {
        if (strcmp(v->instruments[i].instrument.symbol, symbol) == 0)
            return &v->instruments[i];
    }
    return NULL;
}

const char *venue_symbol(const struct binance_venue *v, const char *symbol)
{
    for (size_t i = 0; i < v->instrument_count; i++) {
        if (strcmp(v->instruments[i].symbol, symbol) == 0)
            return v->instruments[i].instrument.symbol;
    }
    return NULL;
}

enum err venue_watch(struct binance_venue *v, const struct order *o, struct watched **out)
{
    const struct binance_instrument *i = venue_instrument(v, o->symbol);
    struct watched *w = venue_watched(v, o->id);

    if (w) {
        *out = w;
        return ERR_OK;
    }
    if (!i)
        return ERR_NOT_FOUND;
    if (v->watched_count == LIMIT_OPEN_ORDERS)
        return ERR_LIMIT;
    if (v->watched_count == v->watched_room) {
        v->watched_room = v->watched_room > 0 ? v->watched_room * 2 : 16;
        v->watched = xrealloc(v->watched, v->watched_room * sizeof(*v->watched));
    }
    w = xcalloc(1, sizeof *w);
    w->order = *o;
    memcpy(w->symbol, i->symbol, sizeof w->symbol);
    w->is_algo = v->market == BINANCE_USDM && o->type == ORDER_STOP_MARKET;
    w->poll_at_us = INT64_MAX;
    v->watched[v->watched_count++] = w;
    *out = w;
    return ERR_OK;
}

static void watched_free(struct watched *w)
{
    free(w->fills);
    free(w);
}

void venue_unwatch(struct binance_venue *v, int64_t order_id)
{
    for (size_t i = 0; i < v->watched_count; i++) {
        if (v->watched[i]->order.id != order_id)
            continue;
        watched_free(v->watched[i]);
        v->watched[i] = v->watched[--v->watched_count];
        return;
    }
}

int64_t venue_engine_time(const struct binance_venue *v, int64_t venue_us)
{
    int64_t venue_now_us, error_us;

    if (binance_client_time(v->client, clock_monotonic_us(), &venue_now_us, &error_us) != ERR_OK)
        return venue_us;
    return venue_us - venue_now_us + clock_wall_us();
}

void venue_plan_poll(struct binance_venue *v, struct watched *w, int64_t now_us)
{
    int64_t pause_us = (int64_t)v->watched_count * POLL_EACH_US;

    if (pause_us < POLL_LEAST_US)
        pause_us = POLL_LEAST_US;
    /* What trades at once is looked at sooner, at first. */
    if (w->polls < 2 && (w->order.type == ORDER_MARKET || order_is_immediate(&w->order)))
        pause_us = POLL_FIRST_US;
    w->polls++;
    w->poll_at_us = now_us + pause_us;
}

/* A limit so far beyond the stop that it trades like a market order. */
static struct price limit_beyond(const struct binance_instrument *i, const struct order *o)
{
    const struct ratio part = {o->side == SIDE_SELL ? INT64_C(950000000000)
                                                    : INT64_C(1050000000000)};
    const enum rounding towards = o->side == SIDE_SELL ? ROUND_DOWN : ROUND_UP;
    struct price far, out = o->stop_price;

    if (price_times(o->stop_price, part, towards, &far) == ERR_OK &&
        price_to_step(far, i->instrument.tick, towards, &far) == ERR_OK && price_sign(far) > 0)
        out = far;
    return out;
}

void venue_wish(const struct binance_venue *v, const struct watched *w, struct binance_wish *out)
{
    const struct order *o = &w->order;
    const struct binance_instrument *i = venue_instrument(v, o->symbol);
    static const enum rate_class classes[PURPOSE_COUNT_] = {
        [PURPOSE_ENTRY] = RATE_ENTRY,
        [PURPOSE_EXIT] = RATE_EXIT,
        [PURPOSE_STOP_LOSS] = RATE_SAFE,
        [PURPOSE_TAKE_PROFIT] = RATE_EXIT,
    };

    *out = (struct binance_wish){.symbol = w->symbol,
                                 .client_id = o->client_order_id,
                                 .side = o->side,
                                 .type = BINANCE_MARKET_ORDER,
                                 .life = o->life,
                                 .size = o->size,
                                 .price = o->limit_price,
                                 .stop = o->stop_price,
                                 .reduce_only = o->reduce_only,
                                 .rate_class = classes[o->purpose]};
    if (o->type == ORDER_LIMIT)
        out->type = o->life == LIFE_POST_ONLY ? BINANCE_LIMIT_MAKER : BINANCE_LIMIT;
    if (o->type == ORDER_STOP_MARKET)
        out->type = i->has_stop_market ? BINANCE_STOP_LOSS : BINANCE_STOP_LIMIT;
    if (out->type == BINANCE_STOP_LIMIT)
        out->price = limit_beyond(i, o);
}
