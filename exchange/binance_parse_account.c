/* SPDX-License-Identifier: Apache-2.0 */
/* What the account has: balances, positions, trades, income. */
#include <stdlib.h>
#include <string.h>

#include "exchange/binance_field.h"
#include "exchange/binance_parse.h"

static enum err want_object(const struct jnode *n, const char *name, struct diag_list *diags)
{
    if (jnode_is(n, J_OBJECT))
        return ERR_OK;
    (void)diag_add(diags, name, "venue_answer", "an item of '%s' is not an object", name);
    return ERR_INVALID;
}

static enum err read_trade(const struct jnode *n, struct binance_fill *f, struct diag_list *diags)
{
    bool is_buyer = false;
    const char *buyer, *maker;
    enum err e;

    *f = (struct binance_fill){0};
    e = want_object(n, "trades", diags);
    if (e)
        return e;
    /* Spot writes isBuyer and isMaker, USD-M buyer and maker. */
    buyer = binance_has(n, "isBuyer") ? "isBuyer" : "buyer";
    maker = binance_has(n, "isMaker") ? "isMaker" : "maker";
    e = binance_text(n, "symbol", f->symbol, sizeof f->symbol, diags);
    e = e ? e : binance_id(n, "id", f->id, diags);
    e = e ? e : binance_id(n, "orderId", f->order_id, diags);
    e = e ? e : binance_price(n, "price", &f->price, diags);
    e = e ? e : binance_size(n, "qty", &f->size, diags);
    e = e ? e : binance_money(n, "commission", &f->fee, diags);
    e = e ? e : binance_text(n, "commissionAsset", f->fee_asset, sizeof f->fee_asset, diags);
    e = e ? e : binance_may_bool(n, maker, &f->is_maker, diags);
    e = e ? e : binance_may_bool(n, buyer, &is_buyer, diags);
    e = e ? e : binance_time(n, "time", &f->at_us, diags);
    if (!e && (!binance_has(n, buyer) || !binance_has(n, maker) || size_sign(f->size) <= 0 ||
               price_sign(f->price) <= 0)) {
        (void)diag_add(diags, "trades", "venue_answer",
                       "a trade tells no side, or no price and size above 0");
        e = ERR_INVALID;
    }
    f->side = is_buyer ? SIDE_BUY : SIDE_SELL;
    return e;
}

enum err binance_parse_trades(const char *json, size_t length, struct diag_list *diags,
                              struct binance_fills *out)
{
    struct binance_fills l = {0};
    struct jnode *root;
    enum err e = binance_open(json, length, J_ARRAY, diags, &root);

    if (e)
        return e;
    e = binance_list(root, "trades", BINANCE_FILLS, diags);
    if (!e)
        l.items = xcalloc(jnode_count(root) + 1, sizeof *l.items);
    for (; !e && l.count < jnode_count(root); l.count++)
        e = read_trade(jnode_item(root, l.count), &l.items[l.count], diags);
    jnode_free(root);
    if (e)
        free(l.items);
    else
        *out = l;
    return e;
}

static enum err read_spot_balance(const struct jnode *n, struct binance_balance *b,
                                  struct diag_list *diags)
{
    enum err e = binance_text(n, "asset", b->asset, sizeof b->asset, diags);

    e = e ? e : binance_size(n, "free", &b->free, diags);
    e = e ? e : binance_size(n, "locked", &b->locked, diags);
    return e ? e : size_add(b->free, b->locked, &b->owned);
}

static enum err read_futures_balance(const struct jnode *n, struct binance_balance *b,
                                     struct diag_list *diags)
{
    struct size total = SIZE_ZERO;
    enum err e = binance_text(n, "asset", b->asset, sizeof b->asset, diags);

    e = e ? e : binance_size(n, "availableBalance", &b->free, diags);
    e = e ? e : binance_size(n, "marginBalance", &total, diags);
    e = e ? e : binance_size(n, "walletBalance", &b->owned, diags);
    return e ? e : size_sub(total, b->free, &b->locked);
}

enum err binance_parse_account(enum binance_market m, const char *json, size_t length,
                               struct diag_list *diags, struct binance_account *out)
{
    struct binance_account a = {.can_trade = true};
    const struct jnode *list = NULL;
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    e = binance_may_bool(root, "canTrade", &a.can_trade, diags);
    if (!e)
        e = binance_member_list(root, m == BINANCE_SPOT ? "balances" : "assets", BINANCE_ASSETS,
                                diags, &list);
    if (!e)
        a.balances = xcalloc(jnode_count(list) + 1, sizeof *a.balances);
    for (size_t i = 0; !e && i < jnode_count(list); i++) {
        struct binance_balance *b = &a.balances[a.count];
        const struct jnode *item = jnode_item(list, i);

        *b = (struct binance_balance){0};
        e = want_object(item, "balances", diags);
        if (!e)
            e = m == BINANCE_SPOT ? read_spot_balance(item, b, diags)
                                  : read_futures_balance(item, b, diags);
        a.count += !e && (size_sign(b->free) != 0 || size_sign(b->locked) != 0 ||
                          size_sign(b->owned) != 0);
    }
    jnode_free(root);
    if (e)
        free(a.balances);
    else
        *out = a;
    return e;
}

enum err binance_parse_position_mode(const char *json, size_t length, struct diag_list *diags,
                                     bool *is_hedged)
{
    struct jnode *root;
    enum err e = binance_open(json, length, J_OBJECT, diags, &root);

    if (e)
        return e;
    if (binance_has(root, "dualSidePosition")) {
        e = binance_may_bool(root, "dualSidePosition", is_hedged, diags);
    } else {
        (void)diag_add(diags, "dualSidePosition", "venue_answer", "the position mode is not told");
        e = ERR_INVALID;
    }
    jnode_free(root);
    return e;
}

static enum err read_position(const struct jnode *n, struct binance_position *p,
                              struct diag_list *diags)
{
    i128 entry = 0, mark = 0, liquidation = 0, unrealized = 0, isolated = 0;
    enum err e;

    *p = (struct binance_position){.updated_us = TIME_NONE};
    e = want_object(n, "positions", diags);
    if (e)
        return e;
    e = binance_text(n, "symbol", p->symbol, sizeof p->symbol, diags);
    e = e ? e : binance_size(n, "positionAmt", &p->size, diags);
    e = e ? e : binance_rough(n, "entryPrice", &entry, diags);
    e = e ? e : binance_rough(n, "markPrice", &mark, diags);
    e = e ? e : binance_rough(n, "liquidationPrice", &liquidation, diags);
    e = e ? e : binance_rough(n, "unRealizedProfit", &unrealized, diags);
    e = e ? e : binance_rough(n, "isolatedWallet", &isolated, diags);
    e = e ? e : binance_may_time(n, "updateTime", &p->updated_us, diags);
    p->entry_price = (struct price){entry};
    p->mark_price = (struct price){mark};
    p->liquidation_price = (struct price){liquidation};
    p->unrealized = (struct money){unrealized};
    p->is_isolated = isolated != 0;
    return e;
}

enum err binance_parse_positions(const char *json, size_t length, struct diag_list *diags,
                                 struct binance_positions *out)
{
    struct binance_positions l = {0};
    struct jnode *root;
    enum err e = binance_open(json, length, J_ARRAY, diags, &root);

    if (e)
        return e;
    e = binance_list(root, "positions", BINANCE_POSITIONS, diags);
    if (!e)
        l.items = xcalloc(jnode_count(root) + 1, sizeof *l.items);
    for (size_t i = 0; !e && i < jnode_count(root); i++) {
        e = read_position(jnode_item(root, i), &l.items[l.count], diags);
        l.count += !e && size_sign(l.items[l.count].size) != 0;
    }
    jnode_free(root);
    if (e)
        free(l.items);
    else
        *out = l;
    return e;
}

static enum err read_income(const struct jnode *n, struct binance_income *i,
                            struct diag_list *diags)
{
    enum err e;

    *i = (struct binance_income){0};
    e = want_object(n, "income", diags);
    if (e)
        return e;
    /* Transfers belong to no symbol: the text is empty then. */
    e = binance_has(n, "symbol") ? binance_text(n, "symbol", i->symbol, sizeof i->symbol, diags)
                                 : ERR_OK;
    e = e ? e : binance_id(n, "tranId", i->id, diags);
    e = e ? e : binance_text(n, "asset", i->asset, sizeof i->asset, diags);
    e = e ? e : binance_money(n, "income", &i->amount, diags);
    return e ? e : binance_time(n, "time", &i->at_us, diags);
}

enum err binance_parse_incomes(const char *json, size_t length, struct diag_list *diags,
                               struct binance_incomes *out)
{
    struct binance_incomes l = {0};
    struct jnode *root;
    enum err e = binance_open(json, length, J_ARRAY, diags, &root);

    if (e)
        return e;
    e = binance_list(root, "income", BINANCE_INCOMES, diags);
    if (!e)
        l.items = xcalloc(jnode_count(root) + 1, sizeof *l.items);
    for (; !e && l.count < jnode_count(root); l.count++)
        e = read_income(jnode_item(root, l.count), &l.items[l.count], diags);
    jnode_free(root);
    if (e)
        free(l.items);
    else
        *out = l;
    return e;
}
