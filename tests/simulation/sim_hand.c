/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who places, replaces and cancels orders by hand, at random. */
#include "tests/simulation/sim_hand.h"

#include <string.h>

static struct price price_now(const struct run *r, int symbol)
{
    int64_t step = (sim_now_us() - r->start_us) / (15 * US_PER_S);

    step = step < 0 ? 0 : step >= SIM_STEPS ? SIM_STEPS - 1 : step;
    return (struct price){(i128)r->path[step][symbol] * r->instruments[symbol].tick.e12};
}

/* So many ticks off, up or down. */
static struct price near(struct run *r, int symbol, int64_t most)
{
    struct price p = price_now(r, symbol);

    p.e12 += ((i128)sim_below(&r->random, (uint64_t)(2 * most + 1)) - most) *
             r->instruments[symbol].tick.e12;
    return p;
}

static struct size some(struct run *r)
{
    return (struct size){(i128)(1 + sim_below(&r->random, 12000)) * 1000000000};
}

static int symbol_of(const struct run *r, const char *symbol)
{
    return strcmp(r->instruments[0].symbol, symbol) == 0 ? 0 : 1;
}

/* Any order whose row says that it lives; most are not what can be replaced. */
static const struct order *any_order(struct run *r, bool is_limit)
{
    size_t count = r->judge.journal->order_count, from = count ? sim_below(&r->random, count) : 0;

    for (size_t i = 0; i < count; i++) {
        const struct order *o = &r->judge.journal->orders[(from + i) % count];

        if (!order_is_final(o->status) && (o->type == ORDER_LIMIT || !is_limit))
            return o;
    }
    return NULL;
}

static const struct position *any_position(const struct run *r)
{
    for (size_t i = r->judge.journal->position_count; i-- > 0;)
        if (r->judge.journal->positions[i].status == POSITION_OPEN)
            return &r->judge.journal->positions[i];
    return NULL;
}

/* Of a limit order that does not expire by itself, by its size, so that nothing else is drawn. */
static enum order_life life_of(const struct order_request *o)
{
    static const enum order_life lives[] = {LIFE_IOC, LIFE_FOK, LIFE_POST_ONLY};
    int n = (int)(o->size.e12 / 1000000000 % 8);

    return o->type == ORDER_LIMIT && o->expires_us == TIME_NONE && n < (int)COUNT_OF(lives)
               ? lives[n]
               : LIFE_GTC;
}

static struct command place(struct run *r)
{
    int symbol = (int)sim_below(&r->random, SIM_SYMBOLS);
    struct command c = {.kind = COMMAND_PLACE_ORDER, .order = {.expires_us = TIME_NONE}};
    struct order_request *o = &c.order;
    struct price p;

    (void)copy_text(c.symbol, sizeof c.symbol, r->instruments[symbol].symbol);
    o->side = sim_below(&r->random, 3) ? SIDE_BUY : SIDE_SELL;
    o->type = sim_below(&r->random, 3) ? ORDER_LIMIT : ORDER_MARKET;
    o->reduce_only = sim_below(&r->random, 3) == 0;
    o->size = some(r);
    p = near(r, symbol, 60);
    if (o->type == ORDER_LIMIT)
        o->limit_price = p;
    if (!o->reduce_only) /* 1 to 4 % away */
        o->stop_loss.e12 = p.e12 - (int)o->side * (100 + (i128)sim_below(&r->random, 300)) *
                                       r->instruments[symbol].tick.e12;
    if (o->type == ORDER_LIMIT && sim_below(&r->random, 3) == 0)
        o->expires_us = sim_now_us() + 5 * US_PER_S + (int64_t)sim_below(&r->random, 300 * 1000000);
    o->life = life_of(o);
    return c;
}

static struct command replace(struct run *r, const struct order *old)
{
    struct command c = {.kind = COMMAND_REPLACE_ORDER, .id = old->id};

    if (sim_below(&r->random, 3))
        c.order.size = some(r);
    if (sim_below(&r->random, 3))
        c.order.limit_price = near(r, symbol_of(r, old->symbol), 60);
    return c;
}

static struct command close_at(struct run *r, const struct position *p)
{
    struct command c = {.kind = COMMAND_CLOSE_POSITION,
                        .id = p->id,
                        .order = {.type = ORDER_LIMIT, .expires_us = TIME_NONE}};

    c.order.limit_price = near(r, symbol_of(r, p->symbol), 80);
    if (sim_below(&r->random, 2))
        c.size = some(r);
    return c;
}

static void note(struct run *r, const struct command *c, enum err e, const struct order *o)
{
    if (c->kind == COMMAND_REPLACE_ORDER && e == ERR_OK)
        run_reached(r, o->purpose == PURPOSE_EXIT ? "resting exit replaced" : "entry replaced");
    else if (c->kind == COMMAND_CLOSE_POSITION && e == ERR_OK)
        run_reached(r, "exit rests beside the stop");
    else if (c->kind == COMMAND_PLACE_ORDER && e == ERR_OK)
        run_reached(r, c->order.reduce_only ? "reduced by hand" : "entered by hand");
    else if (e == ERR_RISK_DENIED)
        run_reached(r, "order by hand denied");
}

int64_t sim_hand(struct run *r)
{
    struct instance *active = run_active(r);
    uint64_t what = sim_below(&r->random, 10);
    const struct order *old = any_order(r, what < 6);
    const struct position *p = any_position(r);
    struct command c = {0};

    if (what >= 2 && what < 6 && old)
        c = replace(r, old);
    else if (what == 6 && old)
        c = (struct command){.kind = COMMAND_CANCEL_ORDER, .id = old->id};
    else if (what == 7 && p)
        c = close_at(r, p);
    else
        c = place(r);
    (void)copy_text(c.actor, sizeof c.actor, "hand");
    c.mode = MODE_PAPER;
    if (c.kind == COMMAND_CANCEL_ORDER && old->purpose == PURPOSE_EXIT)
        judge_close_over(&r->judge);
    if (active)
        note(r, &c, instance_say(active, &c), &active->reply->order);
    return sim_now_us() + 2 * US_PER_S + (int64_t)sim_below(&r->random, 120 * 1000000);
}
