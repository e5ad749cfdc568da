/* SPDX-License-Identifier: Apache-2.0 */
/* What the venue does to an account of its own accord, and what others do who trade on it too. */
#include <stdio.h>

#include "tests/simulation/sim_parts.h"

static int some_symbol(struct sim_venue *v)
{
    return (int)sim_below(&v->random, SIM_SYMBOLS);
}

void sim_tell_market(struct sim_venue *v, const char *symbol, enum venue_market_state state,
                     const char *reason)
{
    struct venue_event e = {.kind = VENUE_MARKET, .market = state};

    (void)copy_text(e.symbol, sizeof e.symbol, symbol);
    (void)copy_text(e.reason, sizeof e.reason, reason);
    sim_push_all(v, &e, US_PER_S);
}

static void end_orders(struct sim_venue *v, int symbol, const char *reason)
{
    for (size_t i = 0; i < v->order_count; i++)
        if (v->orders[i].symbol == symbol && v->orders[i].ended_us == TIME_NONE)
            sim_end(v, (int)i, VENUE_ORDER_EXPIRED, reason);
}

/* ---- Others ---- */

static void trade_by_hand(struct sim_venue *v)
{
    int symbol = some_symbol(v);
    struct size size = {v->o.instruments[0].lot.e12 * 50};
    enum side side = sim_below(&v->random, 2) ? SIDE_BUY : SIDE_SELL;

    sim_sometimes(v, "foreign trade");
    if (side == SIDE_BUY || !v->o.instruments[symbol].is_spot ||
        size_cmp(v->held[symbol], size) >= 0)
        sim_trade(v, -1, symbol, side, size);
}

/* Far from the price: it rests, and is nobody's business. */
static void order_by_hand(struct sim_venue *v)
{
    int symbol = some_symbol(v), order;
    struct order o = {.side = SIDE_BUY, .type = ORDER_LIMIT};

    o.size.e12 = v->o.instruments[symbol].lot.e12 * 100;
    o.limit_price.e12 = sim_price(v, symbol, sim_now_us()).e12 / 2;
    o.limit_price.e12 -= o.limit_price.e12 % v->o.instruments[symbol].tick.e12;
    (void)copy_text(o.symbol, sizeof o.symbol, v->o.instruments[symbol].symbol);
    (void)snprintf(o.client_order_id, sizeof o.client_order_id, "web_%zu", v->order_count);
    if (sim_accept(v, &o, &order) != VENUE_ERROR_NONE)
        return;
    sim_sometimes(v, "foreign order");
    v->orders[order].is_disowned = true;
}

/* ---- The venue ---- */

/* The position is taken, whole with its orders, or in part against somebody's profit. */
static void take_position(struct sim_venue *v)
{
    int symbol = some_symbol(v);
    bool is_part = sim_below(&v->random, 2);
    struct size size = size_abs(v->held[symbol]);
    i128 lot = v->o.instruments[symbol].lot.e12;
    enum side side = size_sign(v->held[symbol]) > 0 ? SIDE_SELL : SIDE_BUY;

    if (v->o.instruments[symbol].is_spot || size.e12 < 2 * lot)
        return;
    sim_sometimes(v, is_part ? "auto-deleveraged" : "liquidated");
    if (is_part)
        size.e12 = size.e12 / lot / 2 * lot;
    else
        end_orders(v, symbol, "liquidation");
    sim_trade(v, -1, symbol, side, size);
}

static void delist(struct sim_venue *v)
{
    int symbol = some_symbol(v);

    if (v->delisted_until_us[symbol])
        return;
    sim_sometimes(v, "delisted");
    v->delisted_until_us[symbol] = sim_now_us() + sim_delay(v, 600 * US_PER_S);
    end_orders(v, symbol, "delisted");
    if (sim_below(&v->random, 2)) /* else only its refusals tell */
        sim_tell_market(v, v->o.instruments[symbol].symbol, VENUE_MARKET_HALTED, "delisted");
}

static void change_filters(struct sim_venue *v)
{
    sim_sometimes(v, "filters changed");
    v->coarse_until_us[some_symbol(v)] = sim_now_us() + sim_delay(v, 300 * US_PER_S);
}

enum venue_error sim_refusal(struct sim_venue *v, const struct order *o, int symbol)
{
    if (v->delisted_until_us[symbol])
        return VENUE_ERROR_MARKET;
    if (sim_now_us() < v->coarse_until_us[symbol] &&
        o->size.e12 % (10 * v->o.instruments[symbol].lot.e12) != 0)
        return VENUE_ERROR_FILTER;
    return VENUE_ERROR_NONE;
}

static void relist(struct sim_venue *v, int symbol)
{
    if (!v->delisted_until_us[symbol] || sim_now_us() < v->delisted_until_us[symbol])
        return;
    v->delisted_until_us[symbol] = 0;
    sim_tell_market(v, v->o.instruments[symbol].symbol, VENUE_MARKET_TRADING, "listed again");
}

void sim_mischief(struct sim_venue *v)
{
    const struct sim_faults *f = &v->o.faults;

    if (sim_chance(&v->random, f->foreign_trade))
        trade_by_hand(v);
    if (sim_chance(&v->random, f->foreign_order))
        order_by_hand(v);
    if (sim_chance(&v->random, f->liquidate))
        take_position(v);
    if (sim_chance(&v->random, f->delist))
        delist(v);
    if (sim_chance(&v->random, f->filter_change))
        change_filters(v);
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        relist(v, i);
        if (v->delisted_until_us[i] || sim_now_us() < v->coarse_until_us[i])
            v->away_us = sim_now_us();
    }
}

void sim_end_mischief(struct sim_venue *v)
{
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        v->coarse_until_us[i] = 0;
        if (v->delisted_until_us[i])
            v->delisted_until_us[i] = sim_now_us();
        relist(v, i);
    }
}
