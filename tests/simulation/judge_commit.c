/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of the rows after each commit. */
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "tests/simulation/judge.h"

static void check_statuses(struct judge *j)
{
    const struct memory_journal *m = j->journal;

    if (m->order_count > j->status_capacity) {
        j->status_capacity = 2 * m->order_count;
        j->statuses = xrealloc(j->statuses, j->status_capacity * sizeof *j->statuses);
    }
    for (size_t i = 0; i < m->order_count; i++) {
        if (i < j->orders_seen && order_is_final(j->statuses[i]) &&
            m->orders[i].status != j->statuses[i])
            judge_violated(j, "O9", "order %lld was %s and is %s", (long long)m->orders[i].id,
                           order_status_name(j->statuses[i]),
                           order_status_name(m->orders[i].status));
        j->statuses[i] = m->orders[i].status;
    }
    j->orders_seen = m->order_count;
}

/* What the attempts of one intent came to. */
struct intent_sum {
    i128 executed, wanted;
    int alive, filled;
};

static void check_intents(struct judge *j)
{
    const struct memory_journal *m = j->journal;
    size_t count = (size_t)m->account.last_intent_id + 1;
    struct intent_sum *sums = xcalloc(count, sizeof *sums);

    for (size_t i = 0; i < m->order_count; i++) {
        const struct order *o = &m->orders[i];
        struct intent_sum *sum = &sums[o->intent_id];

        if (o->attempt == 1)
            sum->wanted = o->size.e12;
        sum->executed += o->filled.e12;
        sum->alive += !order_is_final(o->status);
        sum->filled += size_sign(o->filled) > 0;
        if (o->attempt > 3)
            judge_violated(j, "O2", "order %lld is attempt %d", (long long)o->id, o->attempt);
    }
    for (size_t i = 0; i < count; i++) {
        if (sums[i].alive > 1 || sums[i].filled > 1)
            judge_violated(j, "O2", "intent %zu: %d attempts alive, %d executed", i, sums[i].alive,
                           sums[i].filled);
        if (sums[i].executed > sums[i].wanted)
            judge_violated(j, "O6", "intent %zu executed more than it was for", i);
    }
    free(sums);
}

/* What a fill made of what is held: a fee in the base asset goes with it. */
static i128 moved_by(const struct fill *f)
{
    return (int)f->side * f->size.e12 - fill_fee_size(f).e12;
}

/* Only what no order could sell is given up. */
static void check_dust(struct judge *j, const struct position *p)
{
    const struct instrument *i = &j->instruments[judge_symbol(j, p->symbol)];
    struct money value;

    if (size_sign(p->dust) != 0 && size_cmp(p->dust, i->lot) >= 0 &&
        (notional_of(p->mark, p->dust, ROUND_DOWN, &value) ||
         money_cmp(value, i->min_notional) >= 0))
        judge_violated(j, "C5", "position %lld gave up what could be sold", (long long)p->id);
}

/* Sums over fills and open positions: three identities of cash, by amounts alone. */
static void check_money(struct judge *j)
{
    const struct memory_journal *m = j->journal;
    i128 flow = 0, fees = 0, pnl = 0, cost = 0, entry_fees = 0, spot_cost = 0, funding = 0;
    i128 held[SIM_SYMBOLS] = {0}, positions[SIM_SYMBOLS] = {0};
    struct adopted a;

    for (size_t at = 0; judge_adopted(j, &at, &a);) {
        flow -= a.side * a.notional;
        pnl += a.pnl;
        held[a.symbol] += a.side * a.size;
    }
    for (size_t i = 0; i < m->fill_count; i++) {
        const struct fill *f = &m->fills[i];

        flow -= (int)f->side * f->notional.e12;
        fees += fill_fee_cash(f).e12;
        pnl += f->pnl.e12;
        held[judge_symbol(j, f->symbol)] += moved_by(f);
        if (f->size.e12 <= 0 || f->price.e12 <= 0)
            judge_violated(j, "F4", "fill %lld of nothing", (long long)f->id);
    }
    for (size_t i = 0; i < m->position_count; i++) {
        const struct position *p = &m->positions[i];
        int symbol = judge_symbol(j, p->symbol);

        positions[symbol] += (int)p->direction * p->dust.e12;
        check_dust(j, p);
        if (p->status != POSITION_OPEN)
            continue;
        positions[symbol] += (int)p->direction * p->size.e12;
        entry_fees += p->entry_fee_left.e12;
        if (j->instruments[symbol].is_spot)
            spot_cost += (int)p->direction * p->cost_left.e12;
        else
            cost += (int)p->direction * p->cost_left.e12;
        if (p->size.e12 < 0)
            judge_violated(j, "C5", "position %lld has less than nothing", (long long)p->id);
    }
    for (size_t i = 0; i < m->cash_count; i++) {
        pnl += m->cash[i].pnl.e12;
        funding += m->cash[i].amount.e12;
    }
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (held[i] != positions[i])
            judge_violated(j, "F2", "%s: positions are not the sum of fills",
                           j->instruments[i].symbol);
    if (m->account.cash.e12 != j->start.e12 + flow + cost - fees + funding)
        judge_violated(j, "C1", "cash is not what the fills make it");
    if (m->account.cash.e12 != j->start.e12 + pnl + funding - entry_fees - spot_cost)
        judge_violated(j, "C3", "cash is not what the profits make it");
}

/* ---- What the commit brought ---- */

/* Each fill is of an order, within its limit, and of a trade that no other fill has: a fee has the
 * id of its trade. */
static void check_fill(struct judge *j, const struct fill *f)
{
    const struct memory_journal *m = j->journal;
    const struct order *o = judge_row(j, f->client_order_id);

    if (!o)
        judge_violated(j, "O1", "fill %lld of no order", (long long)f->id);
    else if (o->type == ORDER_LIMIT && (int)o->side * price_cmp(f->price, o->limit_price) > 0)
        judge_violated(j, "F4", "fill %lld beyond its limit", (long long)f->id);
    j->has_late |= o && o->ended_us != TIME_NONE && o->ended_us < f->at_us;
    /* Where reduce-only bounds the sum, one strategy's stop may meet what another holds. */
    if (o && o->purpose != PURPOSE_ENTRY && f->opens && !j->has_late && !j->has_foreign &&
        j->instruments[judge_symbol(j, f->symbol)].is_spot)
        judge_violated(j, "E2", "order %lld closes more than its position has", (long long)o->id);
    if (!f->venue_fill_id[0])
        judge_violated(j, "C4", "fill %lld has no id of the venue", (long long)f->id);
    for (size_t k = 0; k < m->fill_count; k++)
        if (m->fills[k].id != f->id && strcmp(m->fills[k].venue_fill_id, f->venue_fill_id) == 0 &&
            strcmp(m->fills[k].symbol, f->symbol) == 0)
            judge_violated(j, "F3", "trade %s is booked twice", f->venue_fill_id);
}

/* The nearest 12 decimals of notional / size, ties to even: what an average has to be. */
static bool is_average(i128 average, i128 notional, i128 size)
{
    i128 off = notional * AMOUNT_ONE - average * size;

    if (off < 0)
        off = -off;
    return 2 * off < size || (2 * off == size && average % 2 == 0);
}

/* Both averages of a position, from its fills alone. */
static void check_average(struct judge *j, const struct position *p)
{
    const struct memory_journal *m = j->journal;
    i128 notional[2] = {0}, size[2] = {0};
    struct adopted a;

    for (size_t at = 0; judge_adopted(j, &at, &a);) {
        bool closes = a.side != (int)p->direction;

        if (a.position_id != p->id)
            continue;
        notional[closes] += a.notional;
        size[closes] += a.size;
    }
    for (size_t i = 0; i < m->fill_count; i++) {
        const struct fill *f = &m->fills[i];
        bool closes = (int)f->side != (int)p->direction;

        if (f->position_id != p->id)
            continue;
        notional[closes] += f->notional.e12;
        size[closes] += f->size.e12;
    }
    if (size[0] > 0 && !is_average(position_entry_price(p).e12, notional[0], size[0]))
        judge_violated(j, "F5", "position %lld has another entry price", (long long)p->id);
    if (size[1] > 0 && !is_average(position_exit_price(p).e12, notional[1], size[1]))
        judge_violated(j, "F5", "position %lld has another exit price", (long long)p->id);
}

/* Equity from the fills and the marks; what positions do not have of what was filled. */
static i128 sum_equity(const struct judge *j, i128 held[SIM_SYMBOLS], i128 *open)
{
    const struct memory_journal *m = j->journal;
    i128 equity = j->start.e12;
    struct adopted a;

    for (size_t at = 0; judge_adopted(j, &at, &a);) {
        equity -= a.side * a.notional;
        held[a.symbol] += a.side * a.size;
    }
    for (size_t i = 0; i < m->fill_count; i++) {
        const struct fill *f = &m->fills[i];

        equity -= (int)f->side * f->notional.e12 + fill_fee_cash(f).e12;
        held[judge_symbol(j, f->symbol)] += moved_by(f);
    }
    for (size_t i = 0; i < m->cash_count; i++)
        equity += m->cash[i].amount.e12;
    for (size_t i = 0; i < m->position_count; i++) {
        const struct position *p = &m->positions[i];
        struct money value;

        held[judge_symbol(j, p->symbol)] -= (int)p->direction * (p->size.e12 + p->dust.e12);
        if (p->status != POSITION_OPEN)
            continue;
        if (notional_of(p->mark, p->size, ROUND_HALF_EVEN, &value))
            continue;
        equity += (int)p->direction * value.e12;
        ++*open;
    }
    return equity;
}

i128 judge_equity(const struct judge *j)
{
    i128 held[SIM_SYMBOLS] = {0}, open = 0;

    return sum_equity(j, held, &open);
}

/* Against what the engine makes of cash and positions: each position's value is rounded once to 8
 * decimals there. */
static void check_equity(struct judge *j, const struct journal_batch *b)
{
    i128 held[SIM_SYMBOLS] = {0}, open = 0;
    const i128 equity = sum_equity(j, held, &open);

    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (held[i] != 0)
            judge_violated(j, "F2", "%s: more is held than positions have",
                           j->instruments[i].symbol);
    for (size_t i = 0; i < b->equity_count; i++) {
        i128 off = b->equity[i].equity.e12 - equity;

        if (!b->equity[i].is_daily && (off < 0 ? -off : off) > 10000 * (1 + open))
            judge_violated(j, "C2", "equity is not cash and what the positions are worth");
    }
}

void judge_commit(struct judge *j, const struct journal_batch *b)
{
    check_statuses(j);
    check_intents(j);
    check_money(j);
    for (size_t i = 0; i < b->fill_count; i++)
        check_fill(j, &b->fills[i]);
    for (size_t i = 0; i < b->position_count; i++)
        check_average(j, &b->positions[i]);
    judge_funding(j, b);
    judge_drawdown(j, b);
    judge_switch_commit(j, b);
    judge_batch_room(j, b);
    if (b->equity_count > 0)
        check_equity(j, b);
}
