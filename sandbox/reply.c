/* SPDX-License-Identifier: Apache-2.0 */
/* Writes orders and trades in Binance's shapes. */
#include "sandbox/reply.h"

#include <string.h>

enum {
    SPOT_SCALE = 8
};

static const char *const types[2][BOX_TYPE_COUNT_] = {
    [BOX_SPOT] = {"LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "STOP_LOSS",
                  "TAKE_PROFIT_LIMIT", "TAKE_PROFIT", NULL},
    [BOX_USDM] = {"LIMIT", "MARKET", NULL, "STOP", "STOP_MARKET", "TAKE_PROFIT",
                  "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"},
};

const char *reply_type(enum box_market m, enum box_type t)
{
    return types[m][t];
}

const char *reply_tif(enum box_tif t)
{
    static const char *const names[] = {"GTC", "IOC", "FOK", "GTX", "GTD"};

    return names[t];
}

const char *reply_side(enum box_side s)
{
    return s == BOX_BUY ? "BUY" : "SELL";
}

const char *reply_status(enum box_status s)
{
    static const char *const names[] = {"NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"};

    return names[s];
}

const char *reply_leg(enum box_leg l)
{
    static const char *const names[] = {"BOTH", "LONG", "SHORT"};

    return names[l];
}

static int64_t list_of(const struct box_order *o)
{
    return o->list_id ? o->list_id : -1;
}

/* ---- Spot ---- */

static void spot_amounts(struct jwriter *w, const struct box_order *o)
{
    jw_member_price(w, "price", o->price, SPOT_SCALE);
    jw_member_size(w, "origQty", o->size, SPOT_SCALE);
    jw_member_size(w, "executedQty", o->filled, SPOT_SCALE);
    jw_member_money(w, "origQuoteOrderQty", o->quote_size, SPOT_SCALE);
    jw_member_money(w, "cummulativeQuoteQty", o->spent, SPOT_SCALE);
    jw_member_text(w, "status", reply_status(o->status));
    jw_member_text(w, "timeInForce", reply_tif(o->tif));
    jw_member_text(w, "type", reply_type(BOX_SPOT, o->original));
    jw_member_text(w, "side", reply_side(o->side));
}

/* What only some orders have. */
static void spot_extras(struct jwriter *w, const struct box_order *o)
{
    if (o->stop.e12)
        jw_member_price(w, "stopPrice", o->stop, SPOT_SCALE);
    if (o->trail_bips)
        jw_member_integer(w, "trailingDelta", o->trail_bips);
    if (o->iceberg.e12)
        jw_member_size(w, "icebergQty", o->iceberg, SPOT_SCALE);
}

static void put_fills(struct jwriter *w, const struct box *b, const struct box_order *o)
{
    const struct box_trade *t;

    jw_key(w, "fills");
    jw_array(w);
    /* An answer's fills are the newest trades. */
    for (size_t i = b->trades.count; o->filled.e12 && i-- > 0;) {
        t = book_trade(b, i);
        if (t->order_id != o->id)
            break;
        jw_object(w);
        jw_member_price(w, "price", t->price, SPOT_SCALE);
        jw_member_size(w, "qty", t->size, SPOT_SCALE);
        jw_member_money(w, "commission", t->fee, SPOT_SCALE);
        jw_member_text(w, "commissionAsset", t->fee_asset);
        jw_member_integer(w, "tradeId", t->id);
        jw_object_end(w);
    }
    jw_array_end(w);
}

void reply_spot_new(struct jwriter *w, const struct box *b, const struct box_order *o,
                    enum place_answer answer)
{
    jw_object(w);
    jw_member_text(w, "symbol", b->pairs[o->pair].id);
    jw_member_integer(w, "orderId", o->id);
    jw_member_integer(w, "orderListId", list_of(o));
    jw_member_text(w, "clientOrderId", o->client_id);
    put_ms(w, "transactTime", o->created_us);
    if (answer != PLACE_ACK) {
        spot_amounts(w, o);
        spot_extras(w, o);
        put_ms(w, "workingTime", o->working_us ? o->working_us : -US_PER_MS);
        jw_member_text(w, "selfTradePreventionMode", o->trade_prevention);
    }
    if (answer == PLACE_FULL)
        put_fills(w, b, o);
    jw_object_end(w);
}

void reply_spot_order(struct jwriter *w, const struct box *b, const struct box_order *o)
{
    jw_object(w);
    jw_member_text(w, "symbol", b->pairs[o->pair].id);
    jw_member_integer(w, "orderId", o->id);
    jw_member_integer(w, "orderListId", list_of(o));
    jw_member_text(w, "clientOrderId", o->client_id);
    spot_amounts(w, o);
    jw_member_price(w, "stopPrice", o->stop, SPOT_SCALE);
    if (o->trail_bips)
        jw_member_integer(w, "trailingDelta", o->trail_bips);
    jw_member_size(w, "icebergQty", o->iceberg, SPOT_SCALE);
    put_ms(w, "time", o->created_us);
    put_ms(w, "updateTime", o->updated_us);
    jw_member_bool(w, "isWorking", !o->is_waiting);
    put_ms(w, "workingTime", o->working_us ? o->working_us : -US_PER_MS);
    jw_member_text(w, "selfTradePreventionMode", o->trade_prevention);
    jw_object_end(w);
}

void reply_spot_cancel(struct jwriter *w, const struct box *b, const struct box_order *o,
                       const char *id)
{
    jw_object(w);
    jw_member_text(w, "symbol", b->pairs[o->pair].id);
    jw_member_text(w, "origClientOrderId", o->client_id);
    jw_member_integer(w, "orderId", o->id);
    jw_member_integer(w, "orderListId", list_of(o));
    jw_member_text(w, "clientOrderId", id);
    put_ms(w, "transactTime", o->updated_us);
    spot_amounts(w, o);
    spot_extras(w, o);
    jw_member_text(w, "selfTradePreventionMode", o->trade_prevention);
    jw_object_end(w);
}

void reply_spot_trade(struct jwriter *w, const struct box *b, const struct box_trade *t)
{
    jw_object(w);
    jw_member_text(w, "symbol", b->pairs[t->pair].id);
    jw_member_integer(w, "id", t->id);
    jw_member_integer(w, "orderId", t->order_id);
    jw_member_integer(w, "orderListId", list_of(book_order(b, t->order_id)));
    jw_member_price(w, "price", t->price, SPOT_SCALE);
    jw_member_size(w, "qty", t->size, SPOT_SCALE);
    jw_member_money(w, "quoteQty", t->quote, SPOT_SCALE);
    jw_member_money(w, "commission", t->fee, SPOT_SCALE);
    jw_member_text(w, "commissionAsset", t->fee_asset);
    put_ms(w, "time", t->at_us);
    jw_member_bool(w, "isBuyer", t->side == BOX_BUY);
    jw_member_bool(w, "isMaker", t->is_maker);
    jw_member_bool(w, "isBestMatch", true);
    jw_object_end(w);
}

/* ---- Futures ---- */

static void usdm_flags(struct jwriter *w, const struct box_order *o)
{
    jw_member_text(w, "positionSide", reply_leg(o->leg));
    jw_member_text(w, "workingType", o->is_mark_price ? "MARK_PRICE" : "CONTRACT_PRICE");
    jw_member_bool(w, "priceProtect", false);
    jw_member_text(w, "priceMatch", "NONE");
    jw_member_text(w, "selfTradePreventionMode", o->trade_prevention);
    put_ms(w, "goodTillDate", o->expires_us);
}

void reply_usdm_order(struct jwriter *w, const struct box *b, const struct box_order *o,
                      bool has_time)
{
    const struct box_rules *r = &b->pairs[o->pair].rules;
    const struct price stop = o->is_waiting || o->original != o->type ? o->stop : PRICE_ZERO;

    jw_object(w);
    jw_member_integer(w, "orderId", o->id);
    jw_member_text(w, "symbol", b->pairs[o->pair].id);
    jw_member_text(w, "status", reply_status(o->status));
    jw_member_text(w, "clientOrderId", o->client_id);
    jw_member_price(w, "price", o->price, r->price_scale);
    jw_member_price(w, "avgPrice", box_average(o->spent, o->filled),
                    o->filled.e12 ? 5 : r->price_scale);
    jw_member_size(w, "origQty", o->size, r->size_scale);
    jw_member_size(w, "executedQty", o->filled, r->size_scale);
    jw_member_size(w, "cumQty", o->filled, r->size_scale);
    jw_member_money(w, "cumQuote", o->spent, 5);
    jw_member_text(w, "timeInForce", reply_tif(o->tif));
    jw_member_text(w, "type", reply_type(BOX_USDM, o->type));
    jw_member_bool(w, "reduceOnly", o->reduce_only);
    jw_member_bool(w, "closePosition", o->close_position);
    jw_member_text(w, "side", reply_side(o->side));
    jw_member_price(w, "stopPrice", stop, r->price_scale);
    jw_member_text(w, "origType", reply_type(BOX_USDM, o->original));
    usdm_flags(w, o);
    put_ms(w, "updateTime", o->updated_us);
    if (has_time)
        put_ms(w, "time", o->created_us);
    jw_object_end(w);
}

void reply_usdm_new(struct jwriter *w, const struct box *b, const struct box_order *o,
                    enum place_answer answer)
{
    struct box_order as_sent = *o;

    if (answer == PLACE_ACK) {
        as_sent.status = BOX_NEW;
        as_sent.filled = SIZE_ZERO;
        as_sent.spent = MONEY_ZERO;
    }
    reply_usdm_order(w, b, &as_sent, false);
}

static const char *algo_status(const struct box_order *o, const struct box_order *actual)
{
    if (book_is_live(o))
        return "NEW";
    if (!o->triggered_us)
        return reply_status(o->status);
    if (!actual)
        return "REJECTED";
    return book_is_live(actual) ? "TRIGGERED" : "FINISHED";
}

void reply_algo(struct jwriter *w, const struct box *b, const struct box_order *o)
{
    const struct box_rules *r = &b->pairs[o->pair].rules;
    const struct box_order *actual = book_order(b, o->actual_id);

    jw_object(w);
    jw_member_integer(w, "algoId", o->id);
    jw_member_text(w, "clientAlgoId", o->client_id);
    jw_member_text(w, "algoType", "CONDITIONAL");
    jw_member_text(w, "orderType", reply_type(BOX_USDM, o->original));
    jw_member_text(w, "symbol", b->pairs[o->pair].id);
    jw_member_text(w, "side", reply_side(o->side));
    jw_member_text(w, "timeInForce", reply_tif(o->tif));
    jw_member_size(w, "quantity", o->size, r->size_scale);
    jw_member_text(w, "algoStatus", algo_status(o, actual));
    jw_member_price(w, "triggerPrice", o->stop, r->price_scale);
    jw_member_price(w, "price", o->price, r->price_scale);
    jw_member_null(w, "icebergQuantity");
    jw_member_bool(w, "closePosition", o->close_position);
    jw_member_bool(w, "reduceOnly", o->reduce_only);
    usdm_flags(w, o);
    put_ms(w, "createTime", o->created_us);
    put_ms(w, "updateTime", o->updated_us);
    put_ms(w, "triggerTime", o->triggered_us);
    if (o->trail_callback_e4)
        jw_member_price(w, "callbackRate", price_from_scaled(o->trail_callback_e4, 2), -1);
    if (actual) {
        jw_member_integer(w, "actualOrderId", actual->id);
        jw_member_price(w, "actualPrice", box_average(actual->spent, actual->filled), 5);
    }
    jw_object_end(w);
}

void reply_usdm_trade(struct jwriter *w, const struct box *b, const struct box_trade *t)
{
    const struct box_rules *r = &b->pairs[t->pair].rules;

    jw_object(w);
    jw_member_bool(w, "buyer", t->side == BOX_BUY);
    jw_member_money(w, "commission", t->fee, 8);
    jw_member_text(w, "commissionAsset", t->fee_asset);
    jw_member_integer(w, "id", t->id);
    jw_member_bool(w, "maker", t->is_maker);
    jw_member_integer(w, "orderId", t->order_id);
    jw_member_price(w, "price", t->price, r->price_scale);
    jw_member_size(w, "qty", t->size, r->size_scale);
    jw_member_money(w, "quoteQty", t->quote, 8);
    jw_member_money(w, "realizedPnl", t->pnl, 8);
    jw_member_text(w, "side", reply_side(t->side));
    jw_member_text(w, "positionSide", reply_leg(t->leg));
    jw_member_text(w, "symbol", b->pairs[t->pair].id);
    put_ms(w, "time", t->at_us);
    jw_object_end(w);
}
