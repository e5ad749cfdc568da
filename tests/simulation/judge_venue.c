/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold at the venue while time passes. */
#include <string.h>

#include "tests/simulation/judge.h"

/* What rests to close a symbol's holding: stops that have not executed, exits under way. */
static i128 covered(const struct judge *j, int symbol, enum side side)
{
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);
    i128 sum = 0;

    for (size_t i = 0; i < count; i++)
        if (orders[i].symbol == symbol && orders[i].side == side &&
            orders[i].ended_us == TIME_NONE && orders[i].type != ORDER_LIMIT)
            sum += orders[i].size.e12 - orders[i].executed.e12;
    return sum;
}

/* What others sold of a spot asset may be what a stop of ours was made for, and what a stop sold
 * before it ended may be told after the exit was sent: what was sold too much, out of another
 * strategy's position in the same asset, is a short of its own, and bought back. */
static bool is_bought_back(const struct judge *j, const struct order *o)
{
    const struct memory_journal *m = j->journal;

    for (size_t i = 0; i < m->position_count; i++)
        if (m->positions[i].id == o->position_id)
            return (j->has_foreign || j->has_late) &&
                   m->positions[i].direction == DIRECTION_SHORT &&
                   j->instruments[judge_symbol(j, o->symbol)].is_spot;
    return false;
}

/* What is to reduce never enlarges what is held, and never turns it, whatever else executes. */
static void check_reduction(struct judge *j, const struct sim_trade *t)
{
    size_t count;
    const struct sim_order *o = t->order < 0 ? NULL : &sim_venue_orders(j->venue, &count)[t->order];
    const struct order *row = o ? judge_row(j, o->client_order_id) : NULL;
    i128 before = j->held[t->symbol], after = before + (int)t->side * t->size.e12;

    if (!row || row->purpose == PURPOSE_ENTRY || is_bought_back(j, row))
        return;
    if ((before > 0 && (after < 0 || after > before)) ||
        (before < 0 && (after > 0 || after < before)) || before == 0)
        judge_violated(j, "E2", "order %lld (%s) turned or enlarged what is held",
                       (long long)row->id, order_purpose_name(row->purpose));
}

static void count_trades(struct judge *j)
{
    size_t count;
    const struct sim_trade *trades = sim_venue_trades(j->venue, &count);

    for (; j->trades_seen < count; j->trades_seen++) {
        const struct sim_trade *t = &trades[j->trades_seen];
        i128 moved = sim_trade_moved(t).e12;

        check_reduction(j, t);
        j->held[t->symbol] += moved;
        if (t->order >= 0)
            j->ours[t->symbol] += moved;
    }
}

void judge_recount(struct judge *j)
{
    j->trades_seen = 0;
    memset(j->ours, 0, sizeof j->ours);
    memset(j->held, 0, sizeof j->held);
}

void judge_watch(struct judge *j, int64_t now_us, bool is_fair)
{
    int64_t passed_us = now_us - j->looked_us;
    i128 held[SIM_SYMBOLS], rests[SIM_SYMBOLS] = {0};

    j->looked_us = now_us;
    judge_switch_watch(j, passed_us, is_fair);
    count_trades(j);
    memcpy(held, j->ours, sizeof held);
    for (const struct position *p = j->journal->positions, *end = p + j->journal->position_count;
         p < end; p++) {
        int symbol = judge_symbol(j, p->symbol);

        held[symbol] -= (int)p->direction * p->dust.e12;
        if (p->status != POSITION_CLOSED) /* each has a rest of less than a lot */
            rests[symbol] += j->instruments[symbol].lot.e12;
    }
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        bool is_other =
            !j->instruments[i].is_spot &&
            (j->adopts ? judge_differs(j, i) != 0 : size_sign(sim_venue_foreign(j->venue, i)) != 0);

        j->foreign_us[i] = is_fair && is_other ? j->foreign_us[i] + passed_us : 0;
        j->untaken_us[i] =
            is_fair && j->adopts && judge_differs(j, i) != 0 ? j->untaken_us[i] + passed_us : 0;
        if (j->untaken_us[i] > j->take_within_us)
            judge_violated(j, "F2", "%s: what the venue holds is not taken over",
                           j->instruments[i].symbol);
    }
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        enum side side = held[i] > 0 ? SIDE_SELL : SIDE_BUY;
        i128 size = held[i] < 0 ? -held[i] : held[i];

        size -= size % j->instruments[i].lot.e12; /* the rest is in no order */
        if (rests[i] > j->instruments[i].lot.e12)
            size -= rests[i] - j->instruments[i].lot.e12;

        if (!is_fair || j->has_foreign || size <= 0 || covered(j, i, side) >= size)
            j->unprotected_us[i] = 0;
        else
            j->unprotected_us[i] += passed_us;
        if (j->unprotected_us[i] > j->protect_within_us)
            judge_violated(j, "E7", "%s is held without a stop of its size for %lld s",
                           j->instruments[i].symbol, (long long)(j->unprotected_us[i] / US_PER_S));
    }
}
