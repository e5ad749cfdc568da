/* SPDX-License-Identifier: Apache-2.0 */
/* The futures account: balances, positions, leverage, margin type, income. */
#include "sandbox/endpoints.h"
#include "sandbox/margin.h"
#include "sandbox/reply.h"
#include "sandbox/trade.h"

#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"

enum {
    SCALE = 8
};

static struct money initial_of(const struct box *b, size_t pair, enum box_leg leg)
{
    return margin_initial(margin_value(b, pair, leg), b->pairs[pair].leverage);
}

static struct money orders_of(const struct box *b, size_t pair)
{
    struct money sum = MONEY_ZERO;

    for (size_t i = 0; i < b->live_count; i++) {
        const struct box_order *o = book_order(b, b->live[i]);

        if (o->pair == pair)
            sum.e12 += margin_of_order(b, o).e12;
    }
    return sum;
}

static struct money signed_value(const struct box *b, size_t pair, enum box_leg leg)
{
    const struct money value = margin_value(b, pair, leg);

    return b->pairs[pair].positions[leg].amount.e12 < 0 ? money_neg(value) : value;
}

/* The entry price with both fees in it. */
static struct price break_even(const struct box *b, const struct box_position *pos)
{
    const struct price entry = box_average(pos->cost, size_abs(pos->amount));
    struct price fee = PRICE_ZERO;

    ASSERT(price_times(entry, b->options.taker_fee, ROUND_HALF_EVEN, &fee) == ERR_OK);
    return (struct price){pos->amount.e12 < 0 ? entry.e12 - fee.e12 : entry.e12 + fee.e12};
}

/* What both versions of positionRisk and account tell of a position. */
static void put_common(struct jwriter *w, const struct box *b, size_t pair, enum box_leg leg)
{
    const struct box_pair *p = &b->pairs[pair];
    const struct box_position *pos = &p->positions[leg];

    jw_member_text(w, "symbol", p->id);
    jw_member_text(w, "positionSide", reply_leg(leg));
    jw_member_size(w, "positionAmt", pos->amount, p->rules.size_scale);
    jw_member_price(w, "entryPrice", box_average(pos->cost, size_abs(pos->amount)), SCALE);
    jw_member_price(w, "breakEvenPrice", break_even(b, pos), SCALE);
    put_ms(w, "updateTime", pos->updated_us);
}

static void put_risk(struct jwriter *w, const struct box *b, size_t pair, enum box_leg leg)
{
    const struct box_pair *p = &b->pairs[pair];
    const struct box_position *pos = &p->positions[leg];
    const struct money profit = margin_profit(b, pair, leg);
    const struct money margin = {pos->margin.e12 ? pos->margin.e12 + profit.e12 : 0};

    jw_member_price(w, "markPrice", trade_mark(b, pair), SCALE);
    jw_member_money(w, "unRealizedProfit", profit, SCALE);
    jw_member_price(w, "liquidationPrice", margin_liquidation(b, pair, leg), SCALE);
    jw_member_money(w, "isolatedMargin", margin, SCALE);
    jw_member_money(w, "notional", signed_value(b, pair, leg), SCALE);
    jw_member_money(w, "isolatedWallet", pos->margin, SCALE);
}

static void put_risk_v3(struct jwriter *w, const struct box *b, size_t pair, enum box_leg leg)
{
    const struct money initial = initial_of(b, pair, leg), orders = orders_of(b, pair);

    jw_object(w);
    put_common(w, b, pair, leg);
    put_risk(w, b, pair, leg);
    jw_member_text(w, "marginAsset", b->pairs[pair].quote);
    jw_member_money(w, "initialMargin", (struct money){initial.e12 + orders.e12}, SCALE);
    jw_member_money(w, "maintMargin", margin_maintenance(margin_value(b, pair, leg)), SCALE);
    jw_member_money(w, "positionInitialMargin", initial, SCALE);
    jw_member_money(w, "openOrderInitialMargin", orders, SCALE);
    jw_member_integer(w, "adl", b->pairs[pair].positions[leg].amount.e12 ? 2 : 0);
    jw_member_text(w, "bidNotional", "0");
    jw_member_text(w, "askNotional", "0");
    jw_object_end(w);
}

static void put_risk_v2(struct jwriter *w, const struct box *b, size_t pair, enum box_leg leg)
{
    const struct box_pair *p = &b->pairs[pair];

    jw_object(w);
    put_common(w, b, pair, leg);
    put_risk(w, b, pair, leg);
    jw_member_price(w, "leverage", price_from_scaled(p->leverage, 0), 0);
    jw_member_price(w, "maxNotionalValue", price_from_scaled(margin_cap(p->leverage), 0), 0);
    jw_member_text(w, "marginType", p->is_isolated ? "isolated" : "cross");
    jw_member_text(w, "isAutoAddMargin", "false");
    jw_object_end(w);
}

typedef void put_leg(struct jwriter *w, const struct box *b, size_t pair, enum box_leg leg);

/* One-way mode has one row a pair, hedge mode two. */
static void put_legs(struct call *c, size_t pair, bool held_only, put_leg *put)
{
    const int first = c->b->is_dual ? BOX_LONG : BOX_BOTH;
    const int last = c->b->is_dual ? BOX_SHORT : BOX_BOTH;

    for (int leg = first; leg <= last; leg++)
        if (!held_only || c->b->pairs[pair].positions[leg].amount.e12)
            put(&c->w, c->b, pair, (enum box_leg)leg);
}

static void put_positions(struct call *c, bool held_only, put_leg *put)
{
    size_t only = SIZE_MAX;

    if (asked_get(&c->params, "symbol") && !call_pair(c, &c->params, &only))
        return;
    jw_array(&c->w);
    for (size_t i = 0; i < c->b->pair_count; i++)
        if (c->b->pairs[i].market == BOX_USDM && (only == SIZE_MAX || only == i))
            put_legs(c, i, held_only, put);
    jw_array_end(&c->w);
}

/* The third version leaves out pairs without a position. */
void usdm_risk_v3(struct call *c)
{
    put_positions(c, true, put_risk_v3);
}

void usdm_risk_v2(struct call *c)
{
    put_positions(c, false, put_risk_v2);
}

/* ---- The account ---- */

static void put_asset(struct jwriter *w, const struct box *b, const struct box_asset *a)
{
    const struct margin m = margin_of(b, a->name);

    jw_object(w);
    jw_member_text(w, "asset", a->name);
    jw_member_money(w, "walletBalance", m.wallet, SCALE);
    jw_member_money(w, "unrealizedProfit", m.profit, SCALE);
    jw_member_money(w, "marginBalance", box_add(m.wallet, m.profit), SCALE);
    jw_member_money(w, "maintMargin", m.maintenance, SCALE);
    jw_member_money(w, "initialMargin", box_add(m.of_positions, m.of_orders), SCALE);
    jw_member_money(w, "positionInitialMargin", m.of_positions, SCALE);
    jw_member_money(w, "openOrderInitialMargin", m.of_orders, SCALE);
    jw_member_money(w, "crossWalletBalance", m.cross_wallet, SCALE);
    jw_member_money(w, "crossUnPnl", m.cross_profit, SCALE);
    jw_member_money(w, "availableBalance", m.available, SCALE);
    jw_member_money(w, "maxWithdrawAmount", m.available, SCALE);
    put_ms(w, "updateTime", b->now_us);
    jw_object_end(w);
}

static void put_totals(struct jwriter *w, const struct box *b)
{
    struct margin t = {0};

    for (size_t i = 0; i < b->asset_count; i++) {
        struct margin m;

        if (b->assets[i].market != BOX_USDM)
            continue;
        m = margin_of(b, b->assets[i].name);
        t.wallet.e12 += m.wallet.e12;
        t.cross_wallet.e12 += m.cross_wallet.e12;
        t.profit.e12 += m.profit.e12;
        t.cross_profit.e12 += m.cross_profit.e12;
        t.of_positions.e12 += m.of_positions.e12;
        t.of_orders.e12 += m.of_orders.e12;
        t.maintenance.e12 += m.maintenance.e12;
        t.available.e12 += m.available.e12;
    }
    jw_member_money(w, "totalInitialMargin", box_add(t.of_positions, t.of_orders), SCALE);
    jw_member_money(w, "totalMaintMargin", t.maintenance, SCALE);
    jw_member_money(w, "totalWalletBalance", t.wallet, SCALE);
    jw_member_money(w, "totalUnrealizedProfit", t.profit, SCALE);
    jw_member_money(w, "totalMarginBalance", box_add(t.wallet, t.profit), SCALE);
    jw_member_money(w, "totalPositionInitialMargin", t.of_positions, SCALE);
    jw_member_money(w, "totalOpenOrderInitialMargin", t.of_orders, SCALE);
    jw_member_money(w, "totalCrossWalletBalance", t.cross_wallet, SCALE);
    jw_member_money(w, "totalCrossUnPnl", t.cross_profit, SCALE);
    jw_member_money(w, "availableBalance", t.available, SCALE);
    jw_member_money(w, "maxWithdrawAmount", t.available, SCALE);
}

static void put_account_leg(struct jwriter *w, const struct box *b, size_t pair, enum box_leg leg)
{
    const struct box_position *pos = &b->pairs[pair].positions[leg];
    const struct money initial = initial_of(b, pair, leg), orders = orders_of(b, pair);

    jw_object(w);
    put_common(w, b, pair, leg);
    jw_member_money(w, "unrealizedProfit", margin_profit(b, pair, leg), SCALE);
    jw_member_money(w, "initialMargin", box_add(initial, orders), SCALE);
    jw_member_money(w, "maintMargin", margin_maintenance(margin_value(b, pair, leg)), SCALE);
    jw_member_money(w, "positionInitialMargin", initial, SCALE);
    jw_member_money(w, "openOrderInitialMargin", orders, SCALE);
    jw_member_money(w, "isolatedWallet", pos->margin, SCALE);
    jw_member_money(w, "notional", signed_value(b, pair, leg), SCALE);
    jw_member_bool(w, "isolated", b->pairs[pair].is_isolated);
    jw_member_price(w, "leverage", price_from_scaled(b->pairs[pair].leverage, 0), 0);
    jw_member_price(w, "maxNotional", price_from_scaled(margin_cap(b->pairs[pair].leverage), 0), 0);
    jw_object_end(w);
}

static void put_account(struct call *c, bool held_only)
{
    struct jwriter *w = &c->w;

    jw_object(w);
    if (!held_only) {
        jw_member_integer(w, "feeTier", 0);
        jw_member_bool(w, "canTrade", true);
        jw_member_bool(w, "canDeposit", true);
        jw_member_bool(w, "canWithdraw", true);
        jw_member_bool(w, "multiAssetsMargin", false);
        jw_member_integer(w, "tradeGroupId", -1);
        jw_member_integer(w, "updateTime", 0);
    }
    put_totals(w, c->b);
    jw_key(w, "assets");
    jw_array(w);
    for (size_t i = 0; i < c->b->asset_count; i++)
        if (c->b->assets[i].market == BOX_USDM)
            put_asset(w, c->b, &c->b->assets[i]);
    jw_array_end(w);
    jw_key(w, "positions");
    jw_array(w);
    for (size_t i = 0; i < c->b->pair_count; i++)
        if (c->b->pairs[i].market == BOX_USDM)
            put_legs(c, i, held_only, put_account_leg);
    jw_array_end(w);
    jw_object_end(w);
}

void usdm_account_v3(struct call *c)
{
    put_account(c, true);
}

void usdm_account_v2(struct call *c)
{
    put_account(c, false);
}

void usdm_balance(struct call *c)
{
    struct jwriter *w = &c->w;

    jw_array(w);
    for (size_t i = 0; i < c->b->asset_count; i++) {
        const struct box_asset *a = &c->b->assets[i];
        struct margin m;

        if (a->market != BOX_USDM)
            continue;
        m = margin_of(c->b, a->name);
        jw_object(w);
        jw_member_text(w, "accountAlias", "sandbox");
        jw_member_text(w, "asset", a->name);
        jw_member_money(w, "balance", m.wallet, SCALE);
        jw_member_money(w, "crossWalletBalance", m.cross_wallet, SCALE);
        jw_member_money(w, "crossUnPnl", m.cross_profit, SCALE);
        jw_member_money(w, "availableBalance", m.available, SCALE);
        jw_member_money(w, "maxWithdrawAmount", m.available, SCALE);
        jw_member_bool(w, "marginAvailable", true);
        put_ms(w, "updateTime", c->b->now_us);
        jw_object_end(w);
    }
    jw_array_end(w);
}

/* ---- Settings ---- */

static void put_done(struct call *c)
{
    jw_object(&c->w);
    jw_member_integer(&c->w, "code", 200);
    jw_member_text(&c->w, "msg", "success");
    jw_object_end(&c->w);
}

void usdm_leverage(struct call *c)
{
    const char *text = asked_get(&c->params, "leverage");
    int64_t leverage = 0;
    size_t pair;

    if (!call_pair(c, &c->params, &pair))
        return;
    if (!text) {
        call_missing(c, "leverage");
        return;
    }
    if (asked_integer(&c->params, "leverage", &leverage) != ASKED_OK || leverage < 1 ||
        leverage > margin_brackets[0].leverage) {
        call_fail(c, -4028, "Leverage %.20s is not valid", text);
        return;
    }
    c->b->pairs[pair].leverage = (int)leverage;
    jw_object(&c->w);
    jw_member_integer(&c->w, "leverage", leverage);
    jw_member_price(&c->w, "maxNotionalValue", price_from_scaled(margin_cap((int)leverage), 0), 0);
    jw_member_text(&c->w, "symbol", c->b->pairs[pair].id);
    jw_object_end(&c->w);
}

static bool has_orders(const struct box *b, size_t pair)
{
    for (size_t i = 0; i < b->live_count; i++) {
        const size_t of = book_order(b, b->live[i])->pair;

        if (pair == SIZE_MAX ? b->pairs[of].market == BOX_USDM : of == pair)
            return true;
    }
    return false;
}

static bool has_position(const struct box *b, size_t pair)
{
    for (size_t i = 0; i < b->pair_count; i++)
        for (int leg = 0; leg < BOX_LEG_COUNT_; leg++)
            if ((pair == SIZE_MAX || pair == i) && b->pairs[i].positions[leg].amount.e12)
                return true;
    return false;
}

void usdm_margin_type(struct call *c)
{
    const char *name = asked_get(&c->params, "marginType");
    bool isolated;
    size_t pair;

    if (!call_pair(c, &c->params, &pair))
        return;
    isolated = name && strcmp(name, "ISOLATED") == 0;
    if (!name)
        call_missing(c, "marginType");
    else if (!isolated && strcmp(name, "CROSSED") != 0)
        call_fail(c, -1130, "Data sent for parameter 'marginType' is not valid.");
    else if (isolated == c->b->pairs[pair].is_isolated)
        call_fail(c, -4046, "No need to change margin type.");
    else if (has_orders(c->b, pair))
        call_fail(c, -4047, "Margin type cannot be changed if there exists open orders.");
    else if (has_position(c->b, pair))
        call_fail(c, -4048, "Margin type cannot be changed if there exists position.");
    else {
        c->b->pairs[pair].is_isolated = isolated;
        put_done(c);
    }
}

void usdm_dual_set(struct call *c)
{
    bool dual = false;

    if (!asked_get(&c->params, "dualSidePosition"))
        call_missing(c, "dualSidePosition");
    else if (!call_bool(c, &c->params, "dualSidePosition", &dual))
        return;
    else if (dual == c->b->is_dual)
        call_fail(c, -4059, "No need to change position side.");
    else if (has_orders(c->b, SIZE_MAX))
        call_fail(c, -4067, "Position side cannot be changed if there exists open orders.");
    else if (has_position(c->b, SIZE_MAX))
        call_fail(c, -4068, "Position side cannot be changed if there exists position.");
    else {
        c->b->is_dual = dual;
        put_done(c);
    }
}

void usdm_dual_get(struct call *c)
{
    jw_object(&c->w);
    jw_member_bool(&c->w, "dualSidePosition", c->b->is_dual);
    jw_object_end(&c->w);
}

void usdm_multi_assets(struct call *c)
{
    jw_object(&c->w);
    jw_member_bool(&c->w, "multiAssetsMargin", false);
    jw_object_end(&c->w);
}

void usdm_symbol_config(struct call *c)
{
    size_t only = SIZE_MAX;

    if (asked_get(&c->params, "symbol") && !call_pair(c, &c->params, &only))
        return;
    jw_array(&c->w);
    for (size_t i = 0; i < c->b->pair_count; i++) {
        const struct box_pair *p = &c->b->pairs[i];

        if (p->market != BOX_USDM || (only != SIZE_MAX && only != i))
            continue;
        jw_object(&c->w);
        jw_member_text(&c->w, "symbol", p->id);
        jw_member_text(&c->w, "marginType", p->is_isolated ? "ISOLATED" : "CROSSED");
        jw_member_bool(&c->w, "isAutoAddMargin", false);
        jw_member_integer(&c->w, "leverage", p->leverage);
        jw_member_price(&c->w, "maxNotionalValue", price_from_scaled(margin_cap(p->leverage), 0),
                        0);
        jw_object_end(&c->w);
    }
    jw_array_end(&c->w);
}

void usdm_commission(struct call *c)
{
    size_t pair;

    if (!call_pair(c, &c->params, &pair))
        return;
    jw_object(&c->w);
    jw_member_text(&c->w, "symbol", c->b->pairs[pair].id);
    jw_member_price(&c->w, "makerCommissionRate", (struct price){c->b->options.maker_fee.e12}, 6);
    jw_member_price(&c->w, "takerCommissionRate", (struct price){c->b->options.taker_fee.e12}, 6);
    jw_object_end(&c->w);
}
