/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of trading: signals, orders, trades, the ends of orders, and what operators did. */
#include "engine/ledger_build.h"

enum err ledger_signal(const struct leaf_context *context, const struct signal *s,
                       const struct instrument *i, struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_SIGNAL, context);

    jw_member_text(w, "action", signal_action_name(s->action));
    jw_member_time(w, "candle", s->candle_us);
    jw_member_ratio(w, "confidence", s->confidence);
    jw_member_text(w, "decision", signal_decision_name(s->decision));
    jw_member_integer(w, "id", s->id);
    jw_member_price(w, "price", s->price, i->price_scale);
    jw_key(w, "reasons");
    jw_array(w);
    for (int bit = 0; bit < DENIED_COUNT_; bit++)
        if (s->denials >> bit & 1)
            jw_text(w, denial_name(bit));
    jw_array_end(w);
    jw_member_text(w, "side", side_name(s->side));
    jw_member_size(w, "size", s->size, i->size_scale);
    jw_member_size(w, "size_asked", s->size_asked, i->size_scale);
    ledger_clean(w, "strategy_id", s->strategy_id);
    jw_member_text(w, "symbol", s->symbol);
    ledger_clean(w, "trigger", s->trigger);
    return ledger_finish(&b, out);
}

enum err ledger_order(const struct leaf_context *context, struct order *o,
                      const struct digest *signal_leaf, const struct instrument *i, int64_t epoch,
                      struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_ORDER, context);
    enum err e;

    jw_member_integer(w, "attempt", o->attempt);
    jw_member_price(w, "decision_price", o->decision_price, i->price_scale);
    if (epoch > 0)
        jw_member_integer(w, "epoch", epoch);
    jw_member_text(w, "exit_reason",
                   o->exit_reason == EXIT_NONE ? NULL : exit_reason_name(o->exit_reason));
    if (order_has_expiry(o))
        jw_member_time(w, "expires", o->expires_us);
    jw_member_integer(w, "id", o->id);
    jw_member_integer(w, "intent_id", o->intent_id);
    if (o->type == ORDER_LIMIT)
        jw_member_price(w, "limit_price", o->limit_price, i->price_scale);
    else
        jw_member_null(w, "limit_price");
    ledger_id_or_null(w, "oco_group", o->oco_group);
    ledger_id_or_null(w, "position_id", o->position_id);
    jw_member_text(w, "purpose", order_purpose_name(o->purpose));
    jw_member_bool(w, "reduce_only", o->reduce_only);
    if (o->replaces_id)
        jw_member_integer(w, "replaces", o->replaces_id);
    jw_member_text(w, "side", side_name(o->side));
    if (signal_leaf)
        jw_member_digest(w, "signal", signal_leaf);
    else
        jw_member_null(w, "signal");
    jw_member_size(w, "size", o->size, i->size_scale);
    jw_member_ratio(w, "slippage_tolerance", o->slippage_tolerance);
    if (o->type == ORDER_STOP_MARKET)
        jw_member_price(w, "stop_price", o->stop_price, i->price_scale);
    else
        jw_member_null(w, "stop_price");
    ledger_clean(w, "strategy_id", o->strategy_id);
    jw_member_text(w, "symbol", o->symbol);
    if (o->life != LIFE_GTC)
        jw_member_text(w, "time_in_force", order_life_name(o->life));
    jw_member_text(w, "type", order_type_name(o->type));
    e = ledger_finish(&b, out);
    if (e)
        return e;
    o->leaf_hash = out->leaf_hash;
    hex_print(o->leaf_hash.bytes, (sizeof o->client_order_id - 1) / 2, o->client_order_id);
    return ERR_OK;
}

enum err ledger_trade(const struct leaf_context *context, const struct fill *f,
                      const struct instrument *i, struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_TRADE, context);

    jw_member_text(w, "client_order_id", f->client_order_id);
    /* Another asset's fee as the venue told it: its decimals are not the quote currency's. */
    jw_member_money(w, "fee", f->fee, f->fee_kind == FEE_QUOTE ? i->money_scale : -1);
    ledger_clean(w, "fee_currency", f->fee_currency);
    ledger_id_text(w, "id", f->id);
    jw_member_text(w, "liquidity", f->is_maker ? "maker" : "taker");
    jw_member_digest(w, "order", &f->order_leaf_hash);
    ledger_id_text(w, "order_id", f->order_id);
    jw_member_money(w, "pnl", f->pnl, i->money_scale);
    ledger_id_text(w, "position_id", f->position_id);
    jw_member_price(w, "price", f->price, i->price_scale);
    jw_member_text(w, "side", side_name(f->side));
    ledger_held(w, "size", f->size, i); /* a part of the venue's trade may have more decimals */
    jw_member_money(w, "slippage", f->slippage, i->money_scale);
    jw_member_text(w, "status",
                   order_status_name(f->order_done ? ORDER_FILLED : ORDER_PARTIALLY_FILLED));
    ledger_clean(w, "strategy_id", f->strategy_id);
    jw_member_text(w, "symbol", f->symbol);
    ledger_clean(w, "venue_fill_id", f->venue_fill_id);
    return ledger_finish(&b, out);
}

enum err ledger_close(const struct leaf_context *context, const struct order *o,
                      const struct instrument *i, struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_CLOSE, context);

    jw_member_text(w, "client_order_id", o->client_order_id);
    jw_member_money(w, "fee", o->fee, i->money_scale);
    ledger_held(w, "filled", o->filled, i);
    jw_member_digest(w, "order", &o->leaf_hash);
    ledger_id_text(w, "order_id", o->id);
    ledger_clean(w, "reason", o->reason);
    jw_member_size(w, "size", o->size, i->size_scale);
    jw_member_text(w, "status", order_status_name(o->status));
    jw_member_text(w, "symbol", o->symbol);
    return ledger_finish(&b, out);
}

enum err ledger_control(const struct leaf_context *context, const struct control *c,
                        struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_CONTROL, context);

    jw_member_text(w, "action", c->action);
    ledger_clean(w, "actor", c->actor);
    ledger_clean(w, "reason", c->reason);
    ledger_id_or_null(w, "target", c->target);
    return ledger_finish(&b, out);
}
