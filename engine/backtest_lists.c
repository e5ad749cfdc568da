/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a backtest's positions, trades and equity as JSON. */
#include <stdio.h>
#include <string.h>

#include "core/jwriter.h"
#include "engine/backtest.h"

enum {
    DRAIN_EVERY = 256 /* rows */
};

static void write_id(struct jwriter *w, const char *key, int64_t id)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    jw_member_text(w, key, id ? text : NULL);
}

static void write_price(struct jwriter *w, const char *key, struct price p)
{
    if (price_sign(p) > 0)
        jw_member_price(w, key, p, -1);
    else
        jw_member_null(w, key);
}

static void drain(const struct backtest_paper *paper, size_t row)
{
    if (paper->drain && row % DRAIN_EVERY == DRAIN_EVERY - 1)
        paper->drain(paper->context);
}

static void write_position(struct jwriter *w, const struct position *p)
{
    struct money fees;

    if (money_add(p->entry_fee, p->exit_fee, &fees))
        fees = p->entry_fee;
    jw_object(w);
    write_id(w, "id", p->id);
    jw_member_text(w, "symbol", p->symbol);
    jw_member_text(w, "strategy", p->strategy);
    jw_member_text(w, "side", p->direction == DIRECTION_LONG ? "long" : "short");
    jw_member_size(w, "entry_size", p->entry_size, -1);
    write_price(w, "avg_entry_price", position_entry_price(p));
    write_price(w, "avg_exit_price", position_exit_price(p));
    write_price(w, "stop_loss", p->stop_loss);
    write_price(w, "take_profit", p->take_profit);
    jw_member_money(w, "realized_pnl", p->realized_pnl, -1);
    jw_member_money(w, "fees_paid", fees, -1);
    jw_member_integer(w, "candles_held", p->candles_held);
    jw_member_time(w, "opened_at", p->opened_us);
    jw_member_time(w, "closed_at", p->closed_us);
    jw_member_text(w, "exit_reason", exit_reason_name(p->exit_reason));
    jw_object_end(w);
}

void backtest_write_positions(const struct backtest_paper *paper, const struct backtest_result *r,
                              size_t most)
{
    const size_t count = r->trial.closed_count;

    jw_key(paper->writer, "positions");
    jw_array(paper->writer);
    for (size_t i = count > most ? count - most : 0; i < count; i++) {
        write_position(paper->writer, &r->trial.closed[i]);
        drain(paper, i);
    }
    for (size_t i = 0; i < r->ended_count; i++)
        write_position(paper->writer, &r->ended[i]);
    jw_array_end(paper->writer);
}

static void write_trade(struct jwriter *w, const struct fill *f)
{
    jw_object(w);
    write_id(w, "id", f->id);
    jw_member_time(w, "timestamp", f->at_us);
    write_id(w, "order_id", f->order_id);
    write_id(w, "position_id", f->position_id);
    jw_member_text(w, "symbol", f->symbol);
    jw_member_text(w, "strategy", f->strategy);
    jw_member_text(w, "side", side_name(f->side));
    jw_member_price(w, "price", f->price, -1);
    jw_member_size(w, "size", f->size, -1);
    jw_member_money(w, "notional", f->notional, -1);
    jw_member_money(w, "fee", f->fee, -1);
    jw_member_text(w, "fee_currency", f->fee_currency);
    jw_member_text(w, "liquidity", f->is_maker ? "maker" : "taker");
    jw_member_text(w, "status",
                   order_status_name(f->order_done ? ORDER_FILLED : ORDER_PARTIALLY_FILLED));
    jw_member_bool(w, "opens", f->opens);
    jw_member_money(w, "pnl", f->pnl, -1);
    jw_member_money(w, "slippage", f->slippage, -1);
    jw_object_end(w);
}

static void write_trades(const struct backtest_paper *paper, const struct backtest_result *r)
{
    jw_key(paper->writer, "trades");
    jw_array(paper->writer);
    for (size_t i = 0; i < r->trial.fill_count; i++) {
        write_trade(paper->writer, &r->trial.fills[i]);
        drain(paper, i);
    }
    jw_array_end(paper->writer);
}

static void write_days(const struct backtest_paper *paper, const struct backtest_result *r)
{
    struct jwriter *w = paper->writer;

    jw_key(w, "equity");
    jw_array(w);
    for (size_t i = 0; i < r->trial.daily.count; i++) {
        jw_object(w);
        jw_member_time(w, "at", r->trial.daily.day[i] * US_PER_DAY);
        jw_member_money(w, "equity", r->trial.daily.equity[i], -1);
        jw_object_end(w);
        drain(paper, i);
    }
    jw_array_end(w);
}

void backtest_write_curve(const struct backtest_paper *paper, const struct backtest_result *r)
{
    struct jwriter *w = paper->writer;

    jw_key(w, "equity_curve");
    jw_array(w);
    for (size_t i = 0; i < r->watch.count; i++) {
        jw_object(w);
        jw_member_time(w, "at", r->watch.points[i].at_us);
        jw_member_money(w, "equity", r->watch.points[i].equity, -1);
        jw_member_money(w, "low", r->watch.points[i].low, -1);
        jw_object_end(w);
        drain(paper, i);
    }
    jw_array_end(w);
}

void backtest_write(const struct backtest_paper *paper, const struct backtest_options *o,
                    const struct backtest_result *r)
{
    jw_object(paper->writer);
    backtest_write_report(paper->writer, o, r);
    backtest_write_tables(paper->writer, r);
    backtest_write_positions(paper, r, SIZE_MAX);
    write_trades(paper, r);
    write_days(paper, r);
    backtest_write_curve(paper, r);
    jw_object_end(paper->writer);
}
