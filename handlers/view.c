/* SPDX-License-Identifier: Apache-2.0 */
/* Writes positions, orders, fills, signals, trades and tokens; money always from amounts. */
#include "handlers/view.h"

#include <stdio.h>
#include <string.h>

void view_id(struct jwriter *w, const char *key, int64_t id)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)id);
    jw_member_text(w, key, id ? text : NULL);
}

static void price_or_null(struct jwriter *w, const char *key, struct price p)
{
    if (p.e12)
        jw_member_price(w, key, p, -1);
    else
        jw_member_null(w, key);
}

static void text_or_null(struct jwriter *w, const char *key, const char *text)
{
    jw_member_text(w, key, *text ? text : NULL);
}

static struct money value_of(struct price price, struct size size)
{
    struct money m = {0};

    /* Out of range cannot happen for a position the risk check let in; 0 is then as good as any. */
    if (notional_of(price, size, ROUND_HALF_EVEN, &m))
        return (struct money){0};
    return money_to_scale(m, 8, ROUND_HALF_EVEN);
}

static void unrealized(struct jwriter *w, const struct position *p)
{
    struct money profit = {0};
    struct ratio r = {0};

    if (p->status != POSITION_OPEN || position_unrealized(p, &profit)) {
        jw_member_null(w, "unrealized_pnl");
        jw_member_null(w, "unrealized_pnl_ratio");
        return;
    }
    jw_member_money(w, "unrealized_pnl", profit, -1);
    if (p->cost_left.e12 > 0 && !money_ratio(profit, p->cost_left, ROUND_HALF_EVEN, &r))
        jw_member_double(w, "unrealized_pnl_ratio", ratio_to_double(r));
    else
        jw_member_null(w, "unrealized_pnl_ratio");
}

void view_position(struct jwriter *w, const struct position *p, enum trading_mode mode)
{
    bool is_open = p->status == POSITION_OPEN;
    struct money fees = p->entry_fee;

    if (money_add(p->entry_fee, p->exit_fee, &fees))
        fees = p->entry_fee;
    jw_object(w);
    view_id(w, "id", p->id);
    jw_member_text(w, "symbol", p->symbol);
    jw_member_text(w, "side", p->direction == DIRECTION_LONG ? "long" : "short");
    jw_member_text(w, "status", is_open ? "open" : "closed");
    jw_member_size(w, "size", p->size, -1);
    jw_member_size(w, "entry_size", p->entry_size, -1);
    jw_member_size(w, "fee_size", p->fee_size, -1);
    jw_member_size(w, "dust", p->dust, -1);
    price_or_null(w, "avg_entry_price", position_entry_price(p));
    price_or_null(w, "avg_exit_price", position_exit_price(p));
    price_or_null(w, "mark_price", p->mark);
    jw_member_money(w, "market_value", value_of(p->mark, p->size), -1);
    jw_member_money(w, "cost_basis", p->cost_left, -1);
    unrealized(w, p);
    jw_member_money(w, "realized_pnl", p->realized_pnl, -1);
    jw_member_money(w, "fees_paid", fees, -1);
    jw_member_money(w, "funding", p->funding, -1);
    price_or_null(w, "stop_loss", p->stop_loss);
    price_or_null(w, "take_profit", p->take_profit);
    price_or_null(w, "trailing_stop", p->trailing_stop);
    price_or_null(w, "roi_target", p->roi_target);
    text_or_null(w, "strategy", p->strategy);
    text_or_null(w, "strategy_id", p->strategy_id);
    view_id(w, "signal_id", p->signal_id);
    view_id(w, "entry_order_id", p->entry_order_id);
    view_id(w, "stop_order_id", p->stop_order_id);
    view_id(w, "target_order_id", p->target_order_id);
    view_id(w, "exit_order_id", p->exit_order_id);
    jw_member_time(w, "unprotected_since",
                   is_open && p->unprotected_since_us > 0 ? p->unprotected_since_us : TIME_NONE);
    jw_member_integer(w, "candles_held", p->candles_held);
    jw_member_integer(w, "scale_ins", p->scale_ins);
    jw_member_integer(w, "scale_outs", p->scale_outs);
    jw_member_time(w, "opened_at", p->opened_us);
    jw_member_time(w, "closed_at", p->closed_us);
    jw_member_time(w, "updated_at", p->updated_us);
    text_or_null(w, "exit_reason", is_open ? "" : exit_reason_name(p->exit_reason));
    jw_member_text(w, "mode", trading_mode_name(mode));
    jw_object_end(w);
}

static void order_end(struct jwriter *w, const char *key, const struct order *o,
                      enum order_status status)
{
    jw_member_time(w, key, o->status == status ? o->ended_us : TIME_NONE);
}

void view_order(struct jwriter *w, const struct order *o, enum trading_mode mode)
{
    struct price average = {0};
    char version[ORDER_VERSION];

    order_version(o, version);
    if (o->filled.e12 > 0 &&
        money_per_size(o->filled_notional, o->filled, ROUND_HALF_EVEN, &average))
        average = (struct price){0};
    jw_object(w);
    view_id(w, "id", o->id);
    text_or_null(w, "client_order_id", o->client_order_id);
    text_or_null(w, "label", o->label);
    text_or_null(w, "venue_order_id", o->venue_order_id);
    view_id(w, "intent_id", o->intent_id);
    jw_member_integer(w, "attempt", o->attempt);
    jw_member_text(w, "symbol", o->symbol);
    jw_member_text(w, "side", side_name(o->side));
    jw_member_text(w, "type", order_type_name(o->type));
    jw_member_text(w, "time_in_force",
                   o->type != ORDER_LIMIT      ? NULL
                   : o->life == LIFE_POST_ONLY ? order_life_name(LIFE_GTC)
                                               : order_life_name(o->life));
    jw_member_bool(w, "post_only", o->life == LIFE_POST_ONLY);
    jw_member_text(w, "purpose", order_purpose_name(o->purpose));
    jw_member_text(w, "status", order_status_name(o->status));
    jw_member_size(w, "size", o->size, -1);
    jw_member_size(w, "filled_size", o->filled, -1);
    jw_member_money(w, "filled_notional", o->filled_notional, -1);
    price_or_null(w, "filled_avg_price", average);
    price_or_null(w, "limit_price", o->limit_price);
    price_or_null(w, "stop_price", o->stop_price);
    price_or_null(w, "decision_price", o->decision_price);
    price_or_null(w, "attached_stop", o->attached_stop);
    price_or_null(w, "attached_target", o->attached_target);
    jw_member_bool(w, "reduce_only", o->reduce_only);
    jw_member_money(w, "fee", o->fee, -1);
    view_id(w, "position_id", o->position_id);
    view_id(w, "signal_id", o->signal_id);
    view_id(w, "replaces", o->replaces_id);
    view_id(w, "replaced_by", o->replaced_by);
    text_or_null(w, "strategy", o->strategy);
    text_or_null(w, "strategy_id", o->strategy_id);
    text_or_null(w, "reason", o->reason);
    text_or_null(w, "error", venue_error_name(o->error));
    jw_member_text(w, "version", version);
    jw_member_digest(w, "leaf_hash", &o->leaf_hash);
    jw_member_time(w, "created_at", o->created_us);
    jw_member_time(w, "submitted_at", o->submitted_us);
    jw_member_time(w, "filled_at", o->filled_us);
    jw_member_time(w, "expires_at", order_has_expiry(o) ? o->expires_us : TIME_NONE);
    order_end(w, "canceled_at", o, ORDER_CANCELED);
    order_end(w, "expired_at", o, ORDER_EXPIRED);
    order_end(w, "rejected_at", o, ORDER_REJECTED);
    jw_member_time(w, "updated_at", o->updated_us);
    jw_member_text(w, "mode", trading_mode_name(mode));
    jw_object_end(w);
}

void view_fill(struct jwriter *w, const struct fill *f)
{
    jw_object(w);
    view_id(w, "id", f->id);
    view_id(w, "order_id", f->order_id);
    view_id(w, "position_id", f->position_id);
    text_or_null(w, "client_order_id", f->client_order_id);
    text_or_null(w, "venue_fill_id", f->venue_fill_id);
    jw_member_text(w, "symbol", f->symbol);
    jw_member_text(w, "side", side_name(f->side));
    jw_member_price(w, "price", f->price, -1);
    jw_member_size(w, "size", f->size, -1);
    jw_member_money(w, "notional", f->notional, -1);
    jw_member_money(w, "fee", f->fee, -1);
    jw_member_text(w, "fee_currency", f->fee_currency);
    jw_member_text(w, "liquidity", f->is_maker ? "maker" : "taker");
    jw_member_bool(w, "opens", f->opens);
    jw_member_money(w, "pnl", f->pnl, -1);
    jw_member_money(w, "slippage", f->slippage, -1);
    text_or_null(w, "strategy", f->strategy);
    jw_member_time(w, "at", f->at_us);
    jw_object_end(w);
}

void view_signal(struct jwriter *w, const struct signal *s)
{
    jw_object(w);
    view_id(w, "id", s->id);
    jw_member_time(w, "at", s->at_us);
    jw_member_time(w, "candle_at", s->candle_us);
    jw_member_text(w, "symbol", s->symbol);
    jw_member_text(w, "action", signal_action_name(s->action));
    jw_member_text(w, "side", side_name(s->side));
    jw_member_text(w, "decision", signal_decision_name(s->decision));
    jw_key(w, "denials");
    jw_array(w);
    for (int bit = 0; bit < DENIED_COUNT_; bit++)
        if (s->denials & 1U << bit)
            jw_text(w, denial_name(bit));
    jw_array_end(w);
    jw_member_double(w, "confidence", ratio_to_double(s->confidence));
    jw_member_price(w, "price", s->price, -1);
    jw_member_size(w, "size", s->size, -1);
    jw_member_size(w, "size_asked", s->size_asked, -1);
    jw_member_text(w, "trigger", s->trigger);
    text_or_null(w, "strategy", s->strategy);
    text_or_null(w, "strategy_id", s->strategy_id);
    jw_member_digest(w, "leaf_hash", &s->leaf_hash);
    jw_object_end(w);
}

void view_trade(struct jwriter *w, const struct trade_row *t)
{
    struct text row;
    char proof[DIGEST_HEX];

    ASSERT(t->length > 2 && t->record[t->length - 1] == '}');
    hex_print(t->proof.bytes, DIGEST_BYTES, proof);
    text_init(&row, t->length + 256);
    text_append(&row, t->record, t->length - 1);
    text_format(&row, ", \"proof\": \"%s\", \"id\": \"%lld\", \"log_index\": %lld}", proof,
                (long long)t->id, (long long)t->log_index);
    jw_raw(w, row.data, row.length);
    text_release(&row);
}

void view_token(struct jwriter *w, const struct token *t)
{
    jw_member_text(w, "id", t->id);
    jw_member_text(w, "name", t->name);
    jw_member_text(w, "role", role_name(t->role));
    jw_member_time(w, "created_at", t->created_us);
    jw_member_time(w, "expires_at", t->expires_us);
    jw_member_time(w, "last_used_at", t->last_used_us);
    jw_member_time(w, "revoked_at", t->revoked_us);
    text_or_null(w, "created_by", t->created_by);
}

void view_as_of(struct jwriter *w, const struct snapshot *s)
{
    jw_member_time(w, "as_of", s->as_of_us);
    jw_member_integer(w, "seq", (int64_t)s->seq);
}
