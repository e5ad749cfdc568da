/* SPDX-License-Identifier: Apache-2.0 */
/* Sums margins over positions and orders, and liquidates. */
#include "sandbox/margin.h"

#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"
#include "sandbox/trade.h"

/* The brackets Binance publishes for BTCUSDT; every pair has them here. */
const struct margin_bracket margin_brackets[MARGIN_BRACKETS] = {
    {50000, 0, 125, 40},
    {600000, 50, 100, 50},
    {3000000, 950, 75, 65},
    {12000000, 11450, 50, 100},
    {70000000, 131450, 25, 200},
    {100000000, 481450, 20, 250},
    {230000000, 2981450, 10, 500},
    {480000000, 14481450, 5, 1000},
    {600000000, 26481450, 4, 1250},
    {800000000, 41481450, 3, 1500},
    {1200000000, 121481450, 2, 2500},
    {1800000000, 421481450, 1, 5000},
};

int64_t margin_cap(int leverage)
{
    int64_t cap = margin_brackets[0].cap;

    for (size_t i = 0; i < MARGIN_BRACKETS; i++)
        if (margin_brackets[i].leverage >= leverage)
            cap = margin_brackets[i].cap;
    return cap;
}

struct money margin_value(const struct box *b, size_t pair, enum box_leg leg)
{
    const struct size amount = b->pairs[pair].positions[leg].amount;

    return amount.e12 ? box_notional(trade_mark(b, pair), size_abs(amount)) : MONEY_ZERO;
}

struct money margin_profit(const struct box *b, size_t pair, enum box_leg leg)
{
    const struct box_position *pos = &b->pairs[pair].positions[leg];
    const struct money value = margin_value(b, pair, leg);

    return (struct money){pos->amount.e12 < 0 ? pos->cost.e12 - value.e12
                                              : value.e12 - pos->cost.e12};
}

struct money margin_maintenance(struct money value)
{
    size_t i = 0;
    struct money m;

    while (i + 1 < MARGIN_BRACKETS && value.e12 > margin_brackets[i].cap * AMOUNT_ONE)
        i++;
    m = box_share(value, (struct ratio){AMOUNT_ONE / 10000 * margin_brackets[i].rate_e4});
    m.e12 -= margin_brackets[i].cum * AMOUNT_ONE;
    return money_max(m, MONEY_ZERO);
}

struct money margin_initial(struct money value, int leverage)
{
    return money_to_scale((struct money){value.e12 / leverage}, 8, ROUND_UP);
}

struct money margin_of_order(const struct box *b, const struct box_order *o)
{
    const struct box_pair *p = &b->pairs[o->pair];
    const struct price at = o->price.e12 ? o->price : o->stop;

    if (p->market != BOX_USDM || o->is_algo || o->reduce_only || at.e12 == 0)
        return MONEY_ZERO;
    return margin_initial(box_notional(at, trade_rest(o)), p->leverage);
}

static void add_position(const struct box *b, size_t pair, enum box_leg leg, struct margin *m)
{
    const struct box_pair *p = &b->pairs[pair];
    const struct money value = margin_value(b, pair, leg);
    const struct money profit = margin_profit(b, pair, leg);
    const struct money maintenance = margin_maintenance(value);

    if (p->positions[leg].amount.e12 == 0)
        return;
    m->profit.e12 += profit.e12;
    m->of_positions.e12 += margin_initial(value, p->leverage).e12;
    m->maintenance.e12 += maintenance.e12;
    if (p->is_isolated) {
        m->cross_wallet.e12 -= p->positions[leg].margin.e12;
        return;
    }
    m->cross_profit.e12 += profit.e12;
    m->cross_maintenance.e12 += maintenance.e12;
    m->available.e12 -= margin_initial(value, p->leverage).e12;
}

struct margin margin_of(const struct box *b, const char *asset)
{
    const struct box_asset *a = book_asset(b, BOX_USDM, asset);
    struct margin m = {.wallet = a->free, .cross_wallet = a->free};

    for (size_t i = 0; i < b->pair_count; i++) {
        if (b->pairs[i].market != BOX_USDM || strcmp(b->pairs[i].quote, asset) != 0)
            continue;
        for (int leg = 0; leg < BOX_LEG_COUNT_; leg++)
            add_position(b, i, (enum box_leg)leg, &m);
    }
    for (size_t i = 0; i < b->live_count; i++) {
        const struct box_order *o = book_order(b, b->live[i]);

        if (strcmp(b->pairs[o->pair].quote, asset) == 0)
            m.of_orders.e12 += margin_of_order(b, o).e12;
    }
    m.available.e12 += m.cross_wallet.e12 + m.cross_profit.e12 - m.of_orders.e12;
    m.available = money_max(m.available, MONEY_ZERO);
    return m;
}

bool margin_affords(const struct box *b, const struct box_order *o, struct price at)
{
    const struct box_pair *p = &b->pairs[o->pair];
    const struct size amount = p->positions[o->leg].amount;
    const bool closes = amount.e12 != 0 && (amount.e12 > 0) != (o->side == BOX_BUY);
    struct size opens = trade_rest(o);

    if (o->reduce_only || o->close_position)
        return true;
    if (closes)
        opens = size_max((struct size){opens.e12 - size_abs(amount).e12}, SIZE_ZERO);
    return money_cmp(margin_initial(box_notional(at, opens), p->leverage),
                     margin_of(b, p->quote).available) <= 0;
}

/* Where wallet + profit = maintenance, with the prices of all other pairs as they are. */
struct price margin_liquidation(const struct box *b, size_t pair, enum box_leg leg)
{
    const struct box_pair *p = &b->pairs[pair];
    const struct box_position *pos = &p->positions[leg];
    const struct margin m = margin_of(b, p->quote);
    const struct money value = margin_value(b, pair, leg);
    const struct size held = size_abs(pos->amount);
    struct money spare; /* before it is taken over */
    i128 distance;
    struct price at = trade_mark(b, pair);

    if (held.e12 == 0)
        return PRICE_ZERO;
    if (p->is_isolated)
        spare.e12 =
            pos->margin.e12 + margin_profit(b, pair, leg).e12 - margin_maintenance(value).e12;
    else
        spare.e12 = m.cross_wallet.e12 + m.cross_profit.e12 - m.cross_maintenance.e12;
    distance = box_average(money_max(spare, MONEY_ZERO), held).e12;
    at.e12 += pos->amount.e12 > 0 ? -distance : distance;
    return price_max(at, PRICE_ZERO);
}

bool margin_is_short(const struct box *b, size_t *pair)
{
    for (size_t i = 0; i < b->pair_count; i++) {
        const struct box_pair *p = &b->pairs[i];

        if (p->market != BOX_USDM)
            continue;
        for (int leg = 0; leg < BOX_LEG_COUNT_; leg++) {
            const struct money value = margin_value(b, i, (enum box_leg)leg);
            struct money spare;

            if (p->positions[leg].amount.e12 == 0)
                continue;
            *pair = i;
            if (p->is_isolated) {
                spare = box_add(p->positions[leg].margin, margin_profit(b, i, (enum box_leg)leg));
                if (money_cmp(spare, margin_maintenance(value)) < 0)
                    return true;
            } else {
                const struct margin m = margin_of(b, p->quote);

                if (m.cross_wallet.e12 + m.cross_profit.e12 < m.cross_maintenance.e12)
                    return true;
            }
        }
    }
    return false;
}

static void take_over(struct box *b, size_t pair, enum box_leg leg)
{
    const struct box_pair *p = &b->pairs[pair];
    const struct size amount = p->positions[leg].amount;
    struct box_asset *wallet = book_asset(b, BOX_USDM, p->quote);
    struct box_order o = {.pair = pair,
                          .side = amount.e12 > 0 ? BOX_SELL : BOX_BUY,
                          .type = BOX_MARKET,
                          .original = BOX_MARKET,
                          .leg = leg,
                          .size = size_abs(amount),
                          .created_us = b->now_us,
                          .working_us = b->now_us,
                          .reduce_only = true};
    struct box_order *added;

    if (amount.e12 == 0)
        return;
    (void)snprintf(o.client_id, sizeof o.client_id, "autoclose-%lld",
                   (long long)b->orders.count + 1);
    added = book_add(b, &o);
    if (added)
        trade_fill(b, added, trade_taker(b, pair, added->side), added->size, false);
    else /* no room to tell it: the position must go all the same, or it were short for ever */
        b->pairs[pair].positions[leg] = (struct box_position){0};
    if (wallet->free.e12 < 0) {
        book_add_income(b, &(struct box_income){BOX_INCOME_LIQUIDATION, pair,
                                                money_neg(wallet->free), b->now_us, 0});
        wallet->free = MONEY_ZERO;
    }
}

void margin_liquidate(struct box *b, size_t pair)
{
    const bool is_isolated = b->pairs[pair].is_isolated;

    for (size_t i = b->live_count; i-- > 0;) {
        struct box_order *o = book_order(b, b->live[i]);

        if (b->pairs[o->pair].market == BOX_USDM && (!is_isolated || o->pair == pair))
            trade_end(b, o, BOX_CANCELED);
    }
    for (size_t i = 0; i < b->pair_count; i++)
        for (int leg = 0; leg < BOX_LEG_COUNT_; leg++)
            if (b->pairs[i].market == BOX_USDM && (i == pair || !is_isolated) &&
                b->pairs[i].is_isolated == is_isolated)
                take_over(b, i, (enum box_leg)leg);
}
