/* SPDX-License-Identifier: Apache-2.0 */
/* The spot account and what belongs to it. */
#include "sandbox/endpoints.h"

#include <string.h>

#include "core/amount_text.h"

static void put_balance(struct jwriter *w, const struct box_asset *a)
{
    jw_object(w);
    jw_member_text(w, "asset", a->name);
    jw_member_money(w, "free", a->free, 8);
    jw_member_money(w, "locked", a->locked, 8);
    jw_object_end(w);
}

void spot_account(struct call *c)
{
    const struct ratio fee = c->b->options.spot_fee;
    const int64_t bips = (int64_t)(fee.e12 * 10000 / AMOUNT_ONE);
    bool omit = false;
    struct jwriter *w = &c->w;

    if (!call_bool(c, &c->params, "omitZeroBalances", &omit))
        return;
    jw_object(w);
    jw_member_integer(w, "makerCommission", bips);
    jw_member_integer(w, "takerCommission", bips);
    jw_member_integer(w, "buyerCommission", 0);
    jw_member_integer(w, "sellerCommission", 0);
    jw_key(w, "commissionRates");
    jw_object(w);
    jw_member_price(w, "maker", (struct price){fee.e12}, 8);
    jw_member_price(w, "taker", (struct price){fee.e12}, 8);
    jw_member_text(w, "buyer", "0.00000000");
    jw_member_text(w, "seller", "0.00000000");
    jw_object_end(w);
    jw_member_bool(w, "canTrade", true);
    jw_member_bool(w, "canWithdraw", true);
    jw_member_bool(w, "canDeposit", true);
    jw_member_bool(w, "brokered", false);
    jw_member_bool(w, "requireSelfTradePrevention", false);
    jw_member_bool(w, "preventSor", false);
    put_ms(w, "updateTime", c->b->now_us);
    jw_member_text(w, "accountType", "SPOT");
    jw_key(w, "balances");
    jw_array(w);
    for (size_t i = 0; i < c->b->asset_count; i++) {
        const struct box_asset *a = &c->b->assets[i];

        if (a->market == BOX_SPOT && (!omit || a->free.e12 + a->locked.e12 > 0))
            put_balance(w, a);
    }
    jw_array_end(w);
    jw_key(w, "permissions");
    jw_raw(w, "[\"SPOT\"]", 8);
    jw_member_integer(w, "uid", 1);
    jw_object_end(w);
}

static void put_rates(struct jwriter *w, const char *key, struct ratio rate)
{
    jw_key(w, key);
    jw_object(w);
    jw_member_price(w, "maker", (struct price){rate.e12}, 8);
    jw_member_price(w, "taker", (struct price){rate.e12}, 8);
    jw_member_text(w, "buyer", "0.00000000");
    jw_member_text(w, "seller", "0.00000000");
    jw_object_end(w);
}

void spot_commission(struct call *c)
{
    size_t pair;

    if (!call_pair(c, &c->params, &pair))
        return;
    jw_object(&c->w);
    jw_member_text(&c->w, "symbol", c->b->pairs[pair].id);
    put_rates(&c->w, "standardCommission", c->b->options.spot_fee);
    put_rates(&c->w, "taxCommission", (struct ratio){0});
    jw_key(&c->w, "discount");
    jw_object(&c->w);
    jw_member_bool(&c->w, "enabledForAccount", false);
    jw_member_bool(&c->w, "enabledForSymbol", false);
    jw_member_null(&c->w, "discountAsset");
    jw_member_text(&c->w, "discount", "0.00000000");
    jw_object_end(&c->w);
    jw_object_end(&c->w);
}

/* Maintenance is 503 on every path, so who gets an answer is told that all is well. */
void sapi_status(struct call *c)
{
    jw_object(&c->w);
    jw_member_integer(&c->w, "status", 0);
    jw_member_text(&c->w, "msg", "normal");
    jw_object_end(&c->w);
}

/* sapi: ccxt asks for the fees of all pairs by it. */
void sapi_trade_fee(struct call *c)
{
    const char *symbol = asked_get(&c->params, "symbol");
    const struct price fee = {c->b->options.spot_fee.e12};

    jw_array(&c->w);
    for (size_t i = 0; i < c->b->pair_count; i++) {
        const struct box_pair *p = &c->b->pairs[i];

        if (p->market != BOX_SPOT || (symbol && strcmp(symbol, p->id) != 0))
            continue;
        jw_object(&c->w);
        jw_member_text(&c->w, "symbol", p->id);
        jw_member_price(&c->w, "makerCommission", fee, -1);
        jw_member_price(&c->w, "takerCommission", fee, -1);
        jw_object_end(&c->w);
    }
    jw_array_end(&c->w);
}
