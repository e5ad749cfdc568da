/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a backtest's positions, trades and equity as JSON. */
#include <stdio.h>
#include <string.h>

#include "core/jwriter.h"
#include "engine/backtest.h"

/* A list under way. */
struct rows {
    const struct backtest_paper *paper;
    struct backtest_place place; /* of the row under way */
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

static struct rows rows_begin(const struct backtest_paper *paper, enum backtest_list list,
                              const char *key)
{
    jw_key(paper->writer, key);
    jw_array(paper->writer);
    return (struct rows){paper, {.list = list}};
}

/* The writer puts a comma before each row but the first. */
static void row_begin(struct rows *v)
{
    v->place.begin = v->paper->writer->out->length + (v->place.row > 0);
    jw_object(v->paper->writer);
}

static enum err row_end(struct rows *v)
{
    const struct backtest_paper *paper = v->paper;

    jw_object_end(paper->writer);
    v->place.end = paper->writer->out->length;
    if (paper->row && !paper->row(paper->context, &v->place))
        return ERR_CANCELED;
    v->place.row++;
    return ERR_OK;
}

static void write_position(struct jwriter *w, const struct position *p)
{
    struct money fees;

    if (money_add(p->entry_fee, p->exit_fee, &fees))
        fees = p->entry_fee;
    write_id(w, "id", p->id);
    jw_member_text(w, "symbol", p->symbol);
    jw_member_text(w, "strategy", p->strategy);
    jw_member_text(w, "side", p->direction == DIRECTION_LONG ? "long" : "short");
    jw_member_size(w, "entry_size", p->entry_size, -1);
    if (size_sign(p->dust) > 0)
        jw_member_size(w, "dust", p->dust, -1);
    write_price(w, "avg_entry_price", position_entry_price(p));
    write_price(w, "avg_exit_price", position_exit_price(p));
    write_price(w, "stop_loss", p->stop_loss);
    write_price(w, "take_profit", p->take_profit);
    jw_member_money(w, "realized_pnl", p->realized_pnl, -1);
    jw_member_money(w, "fees_paid", fees, -1);
    jw_member_money(w, "funding", p->funding, -1);
    jw_member_integer(w, "candles_held", p->candles_held);
    jw_member_time(w, "opened_at", p->opened_us);
    jw_member_time(w, "closed_at", p->closed_us);
    jw_member_text(w, "exit_reason", exit_reason_name(p->exit_reason));
}

enum err backtest_write_positions(const struct backtest_paper *paper,
                                  const struct backtest_result *r, size_t most)
{
    const size_t count = backtest_closed_count(r), first = count > most ? count - most : 0;
    struct rows v = rows_begin(paper, BACKTEST_LIST_POSITIONS, "positions");
    struct position space;
    enum err e = ERR_OK;

    for (size_t i = first; i < count + r->ended_count && !e; i++) {
        row_begin(&v);
        write_position(paper->writer,
                       i < count ? backtest_closed(r, i, &space) : &r->ended[i - count]);
        e = row_end(&v);
    }
    jw_array_end(paper->writer);
    return e;
}

static void write_trade(struct jwriter *w, const struct fill *f)
{
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
}

static enum err write_trades(const struct backtest_paper *paper, const struct backtest_result *r)
{
    struct rows v = rows_begin(paper, BACKTEST_LIST_TRADES, "trades");
    const size_t count = backtest_fill_count(r);
    struct fill space;
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && !e; i++) {
        row_begin(&v);
        write_trade(paper->writer, backtest_fill(r, i, &space));
        e = row_end(&v);
    }
    jw_array_end(paper->writer);
    return e;
}

static void write_move(struct jwriter *w, const struct cash_move *m)
{
    write_id(w, "id", m->id);
    jw_member_time(w, "timestamp", m->at_us);
    write_id(w, "position_id", m->position_id);
    jw_member_text(w, "symbol", m->symbol);
    jw_member_text(w, "strategy", m->strategy);
    jw_member_size(w, "size", m->size, -1);
    jw_member_price(w, "mark", m->mark, -1);
    jw_member_ratio(w, "rate", m->rate);
    jw_member_money(w, "amount", m->amount, -1);
}

static enum err write_funding(const struct backtest_paper *paper, const struct backtest_result *r)
{
    struct rows v = rows_begin(paper, BACKTEST_LIST_FUNDING, "funding");
    enum err e = ERR_OK;

    for (size_t i = 0; i < r->trial.cash_count && !e; i++) {
        if (r->trial.cash[i].kind != CASH_FUNDING)
            continue;
        row_begin(&v);
        write_move(paper->writer, &r->trial.cash[i]);
        e = row_end(&v);
    }
    jw_array_end(paper->writer);
    return e;
}

static enum err write_days(const struct backtest_paper *paper, const struct backtest_result *r)
{
    const struct daily_equity *daily = &r->trial.daily;
    struct rows v = rows_begin(paper, BACKTEST_LIST_EQUITY, "equity");
    enum err e = ERR_OK;

    for (size_t i = 0; i < daily->count && !e; i++) {
        row_begin(&v);
        jw_member_time(paper->writer, "at", daily->day[i] * US_PER_DAY);
        jw_member_money(paper->writer, "equity", daily->equity[i], -1);
        e = row_end(&v);
    }
    jw_array_end(paper->writer);
    return e;
}

enum err backtest_write_curve(const struct backtest_paper *paper, const struct backtest_result *r)
{
    struct rows v = rows_begin(paper, BACKTEST_LIST_CURVE, "equity_curve");
    enum err e = ERR_OK;

    for (size_t i = 0; i < r->watch.count && !e; i++) {
        row_begin(&v);
        jw_member_time(paper->writer, "at", r->watch.points[i].at_us);
        jw_member_money(paper->writer, "equity", r->watch.points[i].equity, -1);
        jw_member_money(paper->writer, "low", r->watch.points[i].low, -1);
        e = row_end(&v);
    }
    jw_array_end(paper->writer);
    return e;
}

enum err backtest_write(const struct backtest_paper *paper, const struct backtest_options *o,
                        const struct backtest_result *r)
{
    enum err e;

    jw_object(paper->writer);
    backtest_write_report(paper->writer, o, r);
    backtest_write_tables(paper->writer, r);
    e = backtest_write_positions(paper, r, SIZE_MAX);
    if (!e)
        e = write_trades(paper, r);
    if (!e)
        e = write_funding(paper, r);
    if (!e)
        e = write_days(paper, r);
    if (!e)
        e = backtest_write_curve(paper, r);
    jw_object_end(paper->writer);
    return e;
}
