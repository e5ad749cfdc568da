/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the venue holds, as one document for tests. */
#include "sandbox/call.h"
#include "sandbox/faults.h"
#include "sandbox/reply.h"
#include "sandbox/trade.h"

static void put_orders(struct jwriter *w, const struct box *b)
{
    jw_key(w, "orders");
    jw_array(w);
    for (size_t i = 1; i <= b->orders.count; i++) {
        const struct box_order *o = book_order(b, (int64_t)i);
        const struct box_pair *p = &b->pairs[o->pair];

        jw_object(w);
        jw_member_integer(w, "id", o->id);
        jw_member_text(w, "market", p->market == BOX_SPOT ? "spot" : "usdm");
        jw_member_text(w, "symbol", p->id);
        jw_member_text(w, "client_order_id", o->client_id);
        jw_member_text(w, "side", reply_side(o->side));
        jw_member_text(w, "type", reply_type(p->market, o->original));
        jw_member_text(w, "status", reply_status(o->status));
        jw_member_bool(w, "is_algo", o->is_algo);
        jw_member_bool(w, "is_waiting", o->is_waiting);
        jw_member_bool(w, "reduce_only", o->reduce_only);
        jw_member_price(w, "price", o->price, -1);
        jw_member_price(w, "stop_price", o->stop, -1);
        jw_member_size(w, "size", o->size, -1);
        jw_member_size(w, "filled", o->filled, -1);
        jw_member_money(w, "quote", o->spent, -1);
        jw_member_integer(w, "list_id", o->list_id);
        jw_member_integer(w, "actual_id", o->actual_id);
        put_ms(w, "created", o->created_us);
        put_ms(w, "updated", o->updated_us);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void put_trades(struct jwriter *w, const struct box *b)
{
    jw_key(w, "trades");
    jw_array(w);
    for (size_t i = 0; i < b->trades.count; i++) {
        const struct box_trade *t = book_trade(b, i);

        jw_object(w);
        jw_member_integer(w, "id", t->id);
        jw_member_integer(w, "order_id", t->order_id);
        jw_member_text(w, "market", b->pairs[t->pair].market == BOX_SPOT ? "spot" : "usdm");
        jw_member_text(w, "symbol", b->pairs[t->pair].id);
        jw_member_text(w, "side", reply_side(t->side));
        jw_member_price(w, "price", t->price, -1);
        jw_member_size(w, "size", t->size, -1);
        jw_member_money(w, "fee", t->fee, -1);
        jw_member_text(w, "fee_asset", t->fee_asset);
        jw_member_money(w, "pnl", t->pnl, -1);
        jw_member_bool(w, "is_maker", t->is_maker);
        put_ms(w, "time", t->at_us);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void put_balances(struct jwriter *w, const struct box *b)
{
    jw_key(w, "balances");
    jw_array(w);
    for (size_t i = 0; i < b->asset_count; i++) {
        const struct box_asset *a = &b->assets[i];

        jw_object(w);
        jw_member_text(w, "market", a->market == BOX_SPOT ? "spot" : "usdm");
        jw_member_text(w, "asset", a->name);
        jw_member_money(w, "free", a->free, -1);
        jw_member_money(w, "locked", a->locked, -1);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void put_positions(struct jwriter *w, const struct box *b)
{
    jw_key(w, "positions");
    jw_array(w);
    for (size_t i = 0; i < b->pair_count; i++)
        for (int leg = 0; leg < BOX_LEG_COUNT_; leg++) {
            const struct box_position *p = &b->pairs[i].positions[leg];

            if (p->amount.e12 == 0)
                continue;
            jw_object(w);
            jw_member_text(w, "symbol", b->pairs[i].id);
            jw_member_text(w, "side", reply_leg((enum box_leg)leg));
            jw_member_size(w, "size", p->amount, -1);
            jw_member_money(w, "cost", p->cost, -1);
            jw_member_money(w, "margin", p->margin, -1);
            jw_object_end(w);
        }
    jw_array_end(w);
}

static void put_pairs(struct jwriter *w, const struct box *b)
{
    jw_key(w, "pairs");
    jw_array(w);
    for (size_t i = 0; i < b->pair_count; i++) {
        const struct path *path = &b->pairs[i].path;

        jw_object(w);
        jw_member_text(w, "market", b->pairs[i].market == BOX_SPOT ? "spot" : "usdm");
        jw_member_text(w, "symbol", b->pairs[i].id);
        jw_member_price(w, "price", trade_mark(b, i), -1);
        put_ms(w, "first", path_open_us(path, 0));
        put_ms(w, "end", path_open_us(path, path->count - 1) + path->timeframe_us);
        jw_member_integer(w, "moved_ms", ms_of(path->shift_us));
        jw_member_bool(w, "is_halted", b->pairs[i].is_halted);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void put_faults(struct jwriter *w, const struct box *b)
{
    jw_key(w, "faults");
    jw_array(w);
    for (size_t i = 0; i < b->faults->count; i++) {
        const struct fault_rule *r = &b->faults->rules[i];

        jw_object(w);
        jw_member_text(w, "action", r->deed.text);
        jw_member_integer(w, "fired", r->fired);
        jw_member_bool(w, "is_done", r->is_done);
        jw_object_end(w);
    }
    jw_array_end(w);
}

void box_state(struct box *b, int64_t wall_us, struct box_answer *answer)
{
    struct jwriter w;

    box_move(b, wall_us, answer);
    jwriter_init(&w, JSTYLE_COMPACT, &answer->body);
    jw_object(&w);
    put_ms(&w, "market_time", b->now_us);
    put_ms(&w, "wall_time", b->wall_us);
    put_pairs(&w, b);
    put_orders(&w, b);
    put_trades(&w, b);
    put_balances(&w, b);
    put_positions(&w, b);
    put_faults(&w, b);
    jw_object_end(&w);
    answer->status = jwriter_ok(&w) ? 200 : 500;
}
