/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a backtest's positions, fills and equity: tables, months, windows, the end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backtest_parts.h"
#include "engine/simulate_book.h"

/* ---- Trips ---- */

/* Profit over what was lost at the first stop: NaN without a stop. */
static double risked_of(const struct position *p)
{
    const struct size size = p->entry_size;
    double entry, risk;

    if (price_sign(p->stop_loss) <= 0)
        return NAN;
    entry = price_to_double(position_entry_price(p));
    risk = fabs(entry - price_to_double(p->stop_loss)) * size_to_double(size);
    return risk > 0 ? money_to_double(position_net(p)) / risk : NAN;
}

static struct backtest_trip trip_of(const struct position *p)
{
    struct backtest_trip t = {
        .closed_us = p->closed_us,
        .candles_held = p->candles_held,
        .pnl = position_net(p),
        .funding = p->funding,
        .fees = p->entry_fee,
        .turnover = p->entry_notional,
        .risked = risked_of(p),
        .reason = p->exit_reason,
    };

    /* A sum beyond all amounts stays where it was; what it sums was checked. */
    if (money_add(t.fees, p->exit_fee, &t.fees) ||
        money_add(t.turnover, p->exit_notional, &t.turnover))
        return t;
    return t;
}

void backtest_add_trip(struct backtest_result *r, const struct position *p, size_t symbol,
                       size_t strategy)
{
    if (r->trip_count == r->trip_capacity) {
        r->trip_capacity = r->trip_capacity ? 2 * r->trip_capacity : 256;
        r->trips = xrealloc(r->trips, r->trip_capacity * sizeof *r->trips);
    }
    r->trips[r->trip_count] = trip_of(p);
    r->trips[r->trip_count].symbol = (uint16_t)symbol;
    r->trips[r->trip_count++].strategy = (uint16_t)strategy;
}

/* ---- What is open at the end ---- */

static const struct instrument *instrument_of(const struct backtest_options *o, const char *symbol)
{
    size_t i = 0;

    while (strcmp(o->instruments[i].symbol, symbol) != 0)
        i++;
    return &o->instruments[i];
}

/* Closes a position at its mark; the fee is paid from the final equity. */
static enum err end_position(const struct backtest_options *o, struct backtest_result *r,
                             struct performance *p, struct position *ended)
{
    const struct instrument *i = instrument_of(o, ended->symbol);
    struct fill f = {
        .side = ended->direction == DIRECTION_LONG ? SIDE_SELL : SIDE_BUY,
        .price = ended->mark,
        .size = ended->size,
        .at_us = r->last_us,
    };
    enum err e;

    copy_text(f.symbol, sizeof f.symbol, ended->symbol);
    e = notional_of(f.price, f.size, ROUND_HALF_EVEN, &f.notional);
    if (e)
        return e;
    f.notional = money_to_scale(f.notional, i->money_scale, ROUND_HALF_EVEN);
    e = sim_fee(f.notional, o->terms.fee_rate, i->money_scale, &f.fee);
    if (!e)
        e = position_apply_fill(ended, &f, EXIT_END_OF_DATA, i->money_scale);
    if (!e)
        e = money_sub(r->ended_equity, f.fee, &r->ended_equity);
    if (e)
        return e;
    performance_trip(p, position_net(ended));
    performance_fill(p, f.notional, f.fee, f.pnl);
    return ERR_OK;
}

static enum err end_all(const struct backtest_options *o, struct backtest_result *r)
{
    struct performance p = r->trial.account.performance;
    enum err e = ERR_OK;

    r->ended_equity = r->trial.equity;
    r->ended = xcalloc(r->trial.open_count + 1, sizeof *r->ended);
    for (size_t i = 0; !e && i < r->trial.open_count; i++) {
        r->ended[i] = r->trial.open[i];
        e = end_position(o, r, &p, &r->ended[i]);
        r->ended_count += !e;
    }
    p.equity = r->ended_equity;
    performance_report(&p, &r->trial.daily, &r->ended_report);
    return e;
}

/* ---- Rows ---- */

static void row_add(struct backtest_row *row, const struct backtest_trip *t)
{
    row->trades++;
    row->wins += money_sign(t->pnl) > 0;
    row->losses += money_sign(t->pnl) < 0;
    row->candles_held += t->candles_held;
    /* A sum beyond all amounts stays where it was; what it sums was checked. */
    if (money_add(row->pnl, t->pnl, &row->pnl) || money_add(row->fees, t->fees, &row->fees) ||
        money_sub(row->funding_paid, t->funding, &row->funding_paid))
        return;
}

static struct backtest_row *row_named(struct backtest_row *rows, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    copy_text(rows[*count].name, sizeof rows->name, name);
    return &rows[(*count)++];
}

static bool is_traded(const struct backtest_options *o, const char *symbol)
{
    for (size_t i = 0; i < o->strategy_count; i++)
        if (strategy_trades(o->strategies[i], symbol))
            return true;
    return false;
}

/* The rows in which trips are counted: symbols that trade, strategies. */
static void name_rows(const struct backtest_options *o, struct backtest_result *r)
{
    r->symbols = xcalloc(o->instrument_count + 1, sizeof *r->symbols);
    r->strategies = xcalloc(o->strategy_count + 1, sizeof *r->strategies);
    for (size_t i = 0; i < o->instrument_count; i++)
        if (is_traded(o, o->instruments[i].symbol))
            (void)row_named(r->symbols, &r->symbol_count, o->instruments[i].symbol);
    for (size_t i = 0; i < o->strategy_count; i++)
        (void)row_named(r->strategies, &r->strategy_count, strategy_name(o->strategies[i]));
}

/* The whole engine tells positions only. */
static void make_trips(struct backtest_result *r)
{
    for (size_t i = 0; i < r->trial.closed_count; i++) {
        const struct position *p = &r->trial.closed[i];
        const struct backtest_row *symbol = row_named(r->symbols, &r->symbol_count, p->symbol);
        const struct backtest_row *strategy =
            row_named(r->strategies, &r->strategy_count, p->strategy);

        backtest_add_trip(r, p, (size_t)(symbol - r->symbols), (size_t)(strategy - r->strategies));
    }
}

static void make_rows(struct backtest_result *r)
{
    struct backtest_row reasons[EXIT_REASON_COUNT_] = {{{0}, 0, 0, 0, {0}, {0}, {0}, 0}};

    for (size_t i = 0; i < r->trip_count; i++) {
        const struct backtest_trip *t = &r->trips[i];

        row_add(&reasons[t->reason], t);
        row_add(&r->symbols[t->symbol], t);
        row_add(&r->strategies[t->strategy], t);
    }
    for (size_t i = 0; i < r->ended_count; i++) {
        const struct backtest_trip t = trip_of(&r->ended[i]);

        row_add(&reasons[EXIT_END_OF_DATA], &t);
    }
    r->reasons = xcalloc(EXIT_REASON_COUNT_, sizeof *r->reasons);
    for (int i = 0; i < EXIT_REASON_COUNT_; i++) {
        if (reasons[i].trades == 0)
            continue;
        copy_text(reasons[i].name, sizeof reasons[i].name, exit_reason_name((enum exit_reason)i));
        r->reasons[r->reason_count++] = reasons[i];
    }
}

/* ---- Months ---- */

static void month_begin(struct backtest_result *r, int64_t at_us, struct money equity)
{
    struct backtest_month *m;
    int day;

    r->months = xrealloc(r->months, (r->month_count + 1) * sizeof *r->months);
    m = &r->months[r->month_count++];
    *m = (struct backtest_month){.begin = equity, .end = equity};
    time_civil(at_us, &m->year, &m->month, &day);
}

/* The month of an instant; what closes in the very last moment belongs to the last one. */
static struct backtest_month *month_of(struct backtest_result *r, int64_t at_us, size_t *hint)
{
    int year, month, day;

    time_civil(at_us, &year, &month, &day);
    while (*hint + 1 < r->month_count &&
           (r->months[*hint].year < year ||
            (r->months[*hint].year == year && r->months[*hint].month < month)))
        *hint += 1;
    return &r->months[*hint];
}

static void make_months(struct backtest_result *r)
{
    const struct performance *p = &r->trial.account.performance;
    const struct daily_equity *d = &r->trial.daily;
    bool is_open = true;
    size_t hint = 0;
    int year, month, day;

    month_begin(r, p->first_us, p->starting_equity);
    for (size_t i = 1; i < d->count; i++) {
        int64_t at_us = d->day[i] * US_PER_DAY;

        time_civil(at_us, &year, &month, &day);
        if (day != 1)
            continue;
        r->months[r->month_count - 1].end = d->equity[i];
        is_open = at_us < p->last_us;
        if (is_open)
            month_begin(r, at_us, d->equity[i]);
    }
    if (is_open)
        r->months[r->month_count - 1].end = p->equity;
    for (size_t i = 0; i < r->trip_count; i++) {
        const struct backtest_trip *t = &r->trips[i];
        struct backtest_month *m = month_of(r, t->closed_us, &hint);

        m->trades++;
        m->wins += money_sign(t->pnl) > 0;
        if (money_add(m->pnl, t->pnl, &m->pnl))
            continue; /* beyond all amounts: it stays where it was */
    }
}

/* ---- Windows ---- */

static bool is_within(const struct backtest_window *v, bool is_first, int64_t at_us)
{
    return at_us <= v->to_us && (at_us > v->from_us || (is_first && at_us == v->from_us));
}

/* What its fills made, without funding. */
static struct money fills_of(const struct backtest_trip *t)
{
    struct money fills;

    return money_sub(t->pnl, t->funding, &fills) ? t->pnl : fills;
}

/* A round trip, with its fees, funding and turnover, belongs to the window in which it closed. */
static void make_windows(struct backtest_result *r)
{
    size_t k = 0;

    for (size_t i = 0; i < r->watch.window_count; i++) {
        struct backtest_window *v = &r->watch.windows[i];

        if (!v->is_begun)
            performance_init(&v->performance, i > 0 ? r->watch.windows[i - 1].performance.equity
                                                    : r->trial.account.performance.starting_equity);
        for (; k < r->trip_count && is_within(v, i == 0, r->trips[k].closed_us); k++) {
            performance_trip(&v->performance, r->trips[k].pnl);
            performance_fill(&v->performance, r->trips[k].turnover, r->trips[k].fees,
                             fills_of(&r->trips[k]));
            performance_funding(&v->performance, r->trips[k].funding);
        }
        performance_report(&v->performance, &v->daily, &v->report);
    }
}

/* ---- Statistics of round trips ---- */

static struct statistic defined(double value)
{
    return isfinite(value) ? (struct statistic){value, NULL}
                           : (struct statistic){0, "out of range"};
}

static struct statistic undefined(const char *why)
{
    return (struct statistic){0, why};
}

static double sample_of(const struct backtest_trip *t, bool of_r)
{
    return of_r ? t->risked : money_to_double(t->pnl);
}

/* sqrt(n) * mean / sample deviation, of R multiples or of profits. */
static void make_sqn(const struct backtest_result *r, struct backtest_extras *x)
{
    const double n = (double)r->trip_count;
    double mean = 0, squares = 0;

    x->sqn = x->sqn100 = undefined("fewer than two trades");
    if (r->trip_count < 2)
        return;
    for (size_t i = 0; i < r->trip_count; i++)
        mean += sample_of(&r->trips[i], x->sqn_of_r);
    mean /= n;
    for (size_t i = 0; i < r->trip_count; i++) {
        double off = sample_of(&r->trips[i], x->sqn_of_r) - mean;

        squares += off * off;
    }
    if (squares <= 0) {
        x->sqn = x->sqn100 = undefined("no variation");
        return;
    }
    x->sqn = defined(sqrt(n) * mean / sqrt(squares / (n - 1)));
    x->sqn100 = defined(sqrt(fmin(n, 100)) * mean / sqrt(squares / (n - 1)));
}

static void make_trip_statistics(const struct backtest_result *r, struct backtest_extras *x)
{
    const double n = (double)r->trip_count;
    double risked = 0, held = 0;

    for (size_t i = 0; i < r->trip_count; i++) {
        risked += r->trips[i].risked; /* one without a stop makes it NaN */
        held += (double)r->trips[i].candles_held;
    }
    x->sqn_of_r = r->trip_count > 0 && isfinite(risked);
    x->expectancy_r = x->sqn_of_r          ? defined(risked / n)
                      : r->trip_count == 0 ? undefined("no closed trades")
                                           : undefined("a trade had no stop loss");
    x->avg_candles_held = r->trip_count > 0 ? defined(held / n) : undefined("no closed trades");
    make_sqn(r, x);
}

static void make_extras(struct backtest_result *r)
{
    const struct performance *p = &r->trial.account.performance;
    const struct backtest_drawdown *d = &r->watch.deepest;
    struct backtest_extras *x = &r->extras;

    make_trip_statistics(r, x);
    x->total_return =
        money_sign(p->starting_equity) > 0
            ? defined(money_to_double(p->equity) / money_to_double(p->starting_equity) - 1)
            : undefined("the start balance is not positive");
    x->recovery_days = d->peak_us == TIME_NONE ? undefined("no drawdown")
                       : d->recovered_us == TIME_NONE
                           ? undefined("not recovered by the end")
                           : defined((double)(d->recovered_us - d->trough_us) / (double)US_PER_DAY);
}

enum err backtest_tables(const struct backtest_options *o, struct backtest_result *r)
{
    struct trial_result *t = &r->trial;
    enum err e = end_all(o, r);

    if (e)
        return e;
    name_rows(o, r);
    if (!r->is_fast)
        make_trips(r);
    make_rows(r);
    make_months(r);
    make_windows(r);
    make_extras(r);
    if (!o->metrics_only)
        return ERR_OK;
    free(t->closed);
    free(t->fills);
    t->closed = NULL;
    t->fills = NULL;
    t->closed_count = t->closed_capacity = t->fill_count = t->fill_capacity = 0;
    return ERR_OK;
}
