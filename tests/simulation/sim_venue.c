/* SPDX-License-Identifier: Apache-2.0 */
/* The venue: what it accepts, matches, cancels, and remembers. */
#include "tests/simulation/sim_venue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/sim_parts.h"

const struct sim_order *sim_venue_orders(const struct sim_venue *v, size_t *count)
{
    *count = v->order_count;
    return v->orders;
}

const struct sim_trade *sim_venue_trades(const struct sim_venue *v, size_t *count)
{
    *count = v->trade_count;
    return v->trades;
}

void sim_trade_id(size_t trade, char id[24])
{
    (void)snprintf(id, 24, "t%zu", trade);
}

struct size sim_venue_foreign(const struct sim_venue *v, int symbol)
{
    return v->foreign[symbol];
}

struct price sim_price(const struct sim_venue *v, int symbol, int64_t at_us)
{
    int64_t step = (at_us - v->o.start_us) / v->o.step_us;
    size_t last = v->o.path_length - 1, i = step < 0              ? 0
                                            : (size_t)step > last ? last
                                                                  : (size_t)step;

    return (struct price){v->o.path[i][symbol] * v->o.instruments[symbol].tick.e12};
}

/* What a resting sell has locked of a spot holding; a pair does once. */
static struct size locked(const struct sim_venue *v, int symbol)
{
    struct size sum = SIZE_ZERO;

    for (size_t i = 0; i < v->order_count; i++) {
        const struct sim_order *o = &v->orders[i];

        if (o->symbol == symbol && o->side == SIDE_SELL && o->ended_us == TIME_NONE &&
            (!o->pair || o->type != ORDER_LIMIT))
            sum.e12 += o->size.e12 - o->executed.e12;
    }
    return sum;
}

static bool is_spot(const struct sim_venue *v, int symbol)
{
    return v->o.instruments[symbol].is_spot;
}

/* The other half of a pair ends. */
static void end_other(struct sim_venue *v, int order, enum venue_order_state state,
                      const char *reason)
{
    int other = v->orders[order].pair - 1;

    if (other < 0)
        return;
    v->orders[order].pair = v->orders[other].pair = 0;
    if (v->orders[other].ended_us == TIME_NONE)
        sim_end(v, other, state, reason);
}

void sim_end(struct sim_venue *v, int order, enum venue_order_state state, const char *reason)
{
    struct sim_order *o = &v->orders[order];
    struct venue_event e = {.kind = state == VENUE_ORDER_EXPIRED ? VENUE_EXPIRED : VENUE_CANCELED,
                            .executed = o->executed,
                            .executed_is_known = !sim_chance(&v->random, v->o.faults.ends_unsaid)};

    ASSERT(o->ended_us == TIME_NONE);
    o->state = state;
    o->ended_us = sim_now_us();
    end_other(v, order, state, reason);
    if (state == VENUE_ORDER_FILLED)
        return; /* its last trade tells */
    (void)copy_text(e.reason, sizeof e.reason, reason);
    sim_stream(v, order, &e);
}

struct size sim_trade_moved(const struct sim_trade *t)
{
    return (struct size){(int)t->side * t->size.e12 - (t->fee_kind == FEE_BASE ? t->fee.e12 : 0)};
}

struct money sim_venue_cash(const struct sim_venue *v)
{
    return v->cash;
}

/* 0.1 % of the notional, of what a buy receives, or of some other asset. */
static void take_fee(struct sim_venue *v, struct sim_trade *t, struct money notional)
{
    struct money of = notional;

    t->fee_kind = v->o.fees;
    if (t->fee_kind == FEE_BASE && (t->side == SIDE_SELL || !is_spot(v, t->symbol)))
        t->fee_kind = FEE_QUOTE;
    if (t->order < 0)
        return;
    if (t->fee_kind == FEE_BASE) {
        of.e12 = t->size.e12;
        sim_sometimes(v, "fee in what is received");
    } else if (t->fee_kind == FEE_OTHER) {
        of.e12 /= 500; /* what it is worth in quote */
        sim_sometimes(v, "fee in a third asset");
    }
    ASSERT(money_times(of, (struct ratio){1000000000}, ROUND_HALF_EVEN, &t->fee) == ERR_OK);
    t->fee = money_to_scale(t->fee, 8, ROUND_HALF_EVEN);
}

/* What a trade of ours did to the cash: on perpetuals only the sum of a round trip counts. */
static struct money cash_moved(const struct sim_trade *t)
{
    struct money moved = {t->fee_kind == FEE_QUOTE ? -t->fee.e12 : 0}, notional;

    ASSERT(notional_of(t->price, t->size, ROUND_HALF_EVEN, &notional) == ERR_OK);
    moved.e12 -= (int)t->side * notional.e12;
    return moved;
}

/* One execution; what is not ours has order -1. */
void sim_trade(struct sim_venue *v, int order, int symbol, enum side side, struct size size)
{
    struct price p = sim_price(v, symbol, sim_now_us());
    struct sim_trade *t = &v->trades[v->trade_count];
    struct money notional;

    ASSERT(v->trade_count < SIM_TRADES_MAX);
    if (order >= 0 && v->orders[order].is_disowned) {
        v->orders[order].executed.e12 += size.e12;
        order = -1;
    }
    if (order >= 0 && v->orders[order].type == ORDER_LIMIT)
        p = v->orders[order].level;
    ASSERT(notional_of(p, size, ROUND_HALF_EVEN, &notional) == ERR_OK);
    *t = (struct sim_trade){.order = order,
                            .symbol = symbol,
                            .side = side,
                            .price = p,
                            .size = size,
                            .at_us = sim_now_us()};
    take_fee(v, t, notional);
    v->trade_count++;
    v->held[symbol].e12 += sim_trade_moved(t).e12;
    if (order < 0) {
        v->foreign[symbol].e12 += (int)side * size.e12;
        return;
    }
    v->cash.e12 += cash_moved(t).e12;
    v->orders[order].executed.e12 += size.e12;
    sim_tell_trade(v, v->trade_count - 1);
}

void sim_venue_disown(struct sim_venue *v, int order)
{
    v->orders[order].is_disowned = true;
    for (size_t i = 0; i < v->trade_count; i++) {
        struct sim_trade *t = &v->trades[i];

        if (t->order != order)
            continue;
        v->cash.e12 -= cash_moved(t).e12;
        v->foreign[t->symbol].e12 += sim_trade_moved(t).e12;
        t->order = -1;
    }
}

/* What a reduce-only order may still execute. */
static struct size reducible(const struct sim_venue *v, const struct sim_order *o)
{
    struct size held = v->held[o->symbol];

    if (o->side == SIDE_BUY)
        held = size_neg(held);
    return size_max(held, SIZE_ZERO);
}

/* What may execute of what is left of an order. */
static struct size executable(const struct sim_venue *v, const struct sim_order *o)
{
    struct size most = {o->size.e12 - o->executed.e12};

    if (o->reduce_only && v->o.traits.has_reduce_only)
        most = size_min(most, reducible(v, o));
    if (is_spot(v, o->symbol) && o->side == SIDE_SELL)
        most = size_min(most, size_max(v->held[o->symbol], SIZE_ZERO));
    most.e12 -= most.e12 % v->o.instruments[o->symbol].lot.e12; /* what fees left of a lot */
    return most;
}

/* Executes what is left of an order, or a part of it; what cannot execute expires. */
static void execute(struct sim_venue *v, int order, bool may_split)
{
    struct sim_order *o = &v->orders[order];
    i128 lot = v->o.instruments[o->symbol].lot.e12;
    struct size most = executable(v, o), part = most;

    if (may_split && most.e12 > 2 * lot && sim_chance(&v->random, v->o.faults.parts))
        part.e12 = most.e12 / lot / 2 * lot;
    if (size_sign(part) > 0) {
        if (o->pair && part.e12 < o->size.e12)
            sim_sometimes(v, "half of a pair filled in part");
        end_other(v, order, VENUE_ORDER_EXPIRED, "the other of its pair executed");
        sim_trade(v, order, o->symbol, o->side, part);
    }
    if (o->executed.e12 == o->size.e12) {
        sim_end(v, order, VENUE_ORDER_FILLED, "");
    } else if (part.e12 == most.e12) {
        sim_end(v, order, VENUE_ORDER_EXPIRED, "nothing left to reduce");
    } else {
        sim_sometimes(v, "partial fill");
        if (o->type == ORDER_MARKET && sim_chance(&v->random, 300)) {
            sim_sometimes(v, "market order expires after a part");
            sim_end(v, order, VENUE_ORDER_EXPIRED, "no liquidity");
        } else {
            sim_later(v, THING_EXECUTE, order, 1 + (int64_t)sim_below(&v->random, 3000000));
        }
    }
}

void sim_execute_rest(struct sim_venue *v, int order)
{
    if (v->orders[order].ended_us == TIME_NONE)
        execute(v, order, true);
}

/* A resting order whose level the price has reached. */
static bool is_hit(const struct sim_venue *v, const struct sim_order *o)
{
    struct price p = sim_price(v, o->symbol, sim_now_us());
    bool upward = (o->side == SIDE_BUY) != (o->type == ORDER_LIMIT);

    if (o->type == ORDER_MARKET)
        return false;
    return upward ? price_cmp(p, o->level) >= 0 : price_cmp(p, o->level) <= 0;
}

void sim_match_all(struct sim_venue *v)
{
    size_t count = v->order_count;

    for (size_t i = 0; i < count; i++) {
        if (v->orders[i].ended_us != TIME_NONE)
            continue;
        if (is_hit(v, &v->orders[i]) && size_sign(v->orders[i].executed) == 0)
            execute(v, (int)i, true);
        else if (v->orders[i].type != ORDER_MARKET && size_sign(v->orders[i].executed) == 0 &&
                 sim_chance(&v->random, v->o.faults.own_cancel)) {
            sim_sometimes(v, "the venue cancels on its own");
            sim_end(v, (int)i, VENUE_ORDER_CANCELED, "canceled by the venue");
        }
    }
}

void sim_execute_at_once(struct sim_venue *v, int order)
{
    const struct sim_order *o = &v->orders[order];
    bool is_whole = executable(v, o).e12 == o->size.e12;

    if (is_hit(v, o) && (o->life == LIFE_IOC || is_whole))
        execute(v, order, o->life == LIFE_IOC);
    if (o->ended_us != TIME_NONE)
        return;
    sim_sometimes(v, size_sign(o->executed) > 0 ? "ioc filled in part" : "ioc or fok found nobody");
    sim_end(v, order, VENUE_ORDER_EXPIRED, "not at once");
}

static bool is_taken(const struct sim_venue *v, const char *client_order_id)
{
    for (size_t i = 0; i < v->order_count; i++) {
        bool counts = v->o.traits.ids == VENUE_IDS_EVER || v->orders[i].ended_us == TIME_NONE;

        if (counts && strcmp(v->orders[i].client_order_id, client_order_id) == 0)
            return true;
    }
    return false;
}

/* Why the venue refuses an order by its own rules; VENUE_ERROR_NONE: it does not. */
static enum venue_error objection(struct sim_venue *v, const struct order *o, int symbol)
{
    struct sim_order probe = {.symbol = symbol,
                              .side = o->side,
                              .type = o->type,
                              .level = o->type == ORDER_LIMIT ? o->limit_price : o->stop_price};
    struct price p = sim_price(v, symbol, sim_now_us());
    enum venue_error refusal = sim_refusal(v, o, symbol);
    struct money cost;

    if (is_taken(v, o->client_order_id))
        return VENUE_ERROR_DUPLICATE_ID;
    if (refusal)
        return refusal;
    if ((o->type == ORDER_STOP_MARKET || o->life == LIFE_POST_ONLY) && is_hit(v, &probe))
        return VENUE_ERROR_WOULD_TRIGGER;
    if (o->reduce_only && v->o.traits.has_reduce_only && size_sign(reducible(v, &probe)) == 0)
        return VENUE_ERROR_REDUCE_ONLY;
    if (!is_spot(v, symbol))
        return VENUE_ERROR_NONE;
    if (o->side == SIDE_SELL)
        return locked(v, symbol).e12 + o->size.e12 > v->held[symbol].e12 ? VENUE_ERROR_FUNDS
                                                                         : VENUE_ERROR_NONE;
    if (notional_of(p, o->size, ROUND_UP, &cost))
        return VENUE_ERROR_FILTER;
    return cost.e12 + cost.e12 / 500 > v->cash.e12 ? VENUE_ERROR_FUNDS : VENUE_ERROR_NONE;
}

static int add_order(struct sim_venue *v, const struct order *o)
{
    struct sim_order *made = &v->orders[v->order_count];

    ASSERT(v->order_count < SIM_ORDERS_MAX);
    *made = (struct sim_order){.symbol = sim_symbol(v, o->symbol),
                               .side = o->side,
                               .type = o->type,
                               .life = o->life,
                               .reduce_only = o->reduce_only,
                               .size = o->size,
                               .level = o->type == ORDER_LIMIT ? o->limit_price : o->stop_price,
                               .created_us = sim_now_us(),
                               .ended_us = TIME_NONE,
                               .state = VENUE_ORDER_OPEN};
    (void)copy_text(made->client_order_id, sizeof made->client_order_id, o->client_order_id);
    (void)snprintf(made->venue_order_id, sizeof made->venue_order_id, "v%zu", v->order_count);
    return (int)v->order_count++;
}

enum venue_error sim_accept(struct sim_venue *v, const struct order *o, int *order)
{
    enum venue_error e = objection(v, o, sim_symbol(v, o->symbol));

    if (!e)
        *order = add_order(v, o);
    return e;
}

enum venue_error sim_accept_pair(struct sim_venue *v, const struct order *stop,
                                 const struct order *target, int orders[2])
{
    const struct sim_order probe = {.symbol = sim_symbol(v, target->symbol),
                                    .side = target->side,
                                    .type = ORDER_LIMIT,
                                    .level = target->limit_price};
    enum venue_error e = is_taken(v, target->client_order_id) ? VENUE_ERROR_DUPLICATE_ID
                                                              : objection(v, stop, probe.symbol);

    if (!e && is_hit(v, &probe))
        e = VENUE_ERROR_WOULD_TRIGGER; /* what rests may not take */
    if (e)
        return e;
    orders[0] = add_order(v, stop);
    orders[1] = add_order(v, target);
    v->orders[orders[0]].pair = orders[1] + 1;
    v->orders[orders[1]].pair = orders[0] + 1;
    return VENUE_ERROR_NONE;
}

int sim_find_open(const struct sim_venue *v, const char *client_order_id)
{
    for (size_t i = 0; i < v->order_count; i++)
        if (v->orders[i].ended_us == TIME_NONE &&
            strcmp(v->orders[i].client_order_id, client_order_id) == 0)
            return (int)i;
    return -1;
}

int sim_symbol(const struct sim_venue *v, const char *symbol)
{
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (strcmp(v->o.instruments[i].symbol, symbol) == 0)
            return i;
    ASSERT(false && "symbol");
    return -1;
}

struct sim_venue *sim_venue_new(const struct sim_venue_options *o)
{
    struct sim_venue *v = xcalloc(1, sizeof *v);

    v->o = *o;
    v->random.state = o->seed;
    v->cash = o->cash;
    v->orders = xcalloc(SIM_ORDERS_MAX, sizeof *v->orders);
    v->trades = xcalloc(SIM_TRADES_MAX, sizeof *v->trades);
    v->funding_random.state = o->funding_seed;
    v->payments = xcalloc(SIM_PAYMENTS_MAX, sizeof *v->payments);
    v->timer_random.state = o->timer_seed;
    for (int i = 0; i < SIM_SYMBOLS; i++)
        v->timer_us[i] = TIME_NONE;
    v->next_step_us = o->start_us + o->step_us;
    v->away_us = TIME_NONE;
    for (int k = 0; k < SIM_LINKS; k++)
        v->links[k] = (struct sim_link){.venue = v, .index = k};
    return v;
}

void sim_venue_free(struct sim_venue *v)
{
    for (int k = 0; k < SIM_LINKS; k++) {
        sim_venue_disconnect(v, k);
        free(v->links[k].events);
    }
    free(v->orders);
    free(v->trades);
    free(v->payments);
    free(v->things);
    free(v);
}
