/* SPDX-License-Identifier: Apache-2.0 */
/* Funding that the venue paid and took, against what was booked of it. */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/judge.h"

/* So long before and after a stamp nothing of ours was traded: then it was surely not ours. */
static const int64_t surely_us = 15 * 60 * US_PER_S;

/* A row of this payment, or of a share of it: "p7", "p7+1". */
static bool is_of(const struct judge *j, const struct cash_move *m, size_t payment)
{
    size_t count;
    const struct sim_payment *p = &sim_venue_payments(j->venue, &count)[payment];
    size_t n = strcspn(m->venue_id, "+");
    char id[24];

    sim_payment_id(payment, id);
    return strlen(id) == n && strncmp(m->venue_id, id, n) == 0 &&
           judge_symbol(j, m->symbol) == p->symbol;
}

static i128 booked_of(const struct judge *j, size_t payment, size_t *rows)
{
    i128 sum = 0;

    *rows = 0;
    for (size_t i = 0; i < j->journal->cash_count; i++)
        if (is_of(j, &j->journal->cash[i], payment)) {
            sum += j->journal->cash[i].amount.e12;
            ++*rows;
        }
    return sum;
}

/* A row is of a payment that there was, no other row has its id, all its rows are its amount. */
static void check_row(struct judge *j, const struct cash_move *m)
{
    size_t count, rows = 0, payment = 0;
    const struct sim_payment *payments = sim_venue_payments(j->venue, &count);

    if (m->kind != CASH_FUNDING)
        return;
    while (payment < count && !is_of(j, m, payment))
        payment++;
    if (payment == count) {
        judge_violated(j, "C4", "funding %lld has no id of the venue's", (long long)m->id);
        return;
    }
    for (size_t i = 0; i < j->journal->cash_count; i++)
        if (j->journal->cash[i].id != m->id &&
            strcmp(j->journal->cash[i].venue_id, m->venue_id) == 0 &&
            strcmp(j->journal->cash[i].symbol, m->symbol) == 0)
            judge_violated(j, "C4", "payment %s is booked twice", m->venue_id);
    if (booked_of(j, payment, &rows) != payments[payment].amount.e12)
        judge_violated(j, "C4", "payment %s is booked with another amount", m->venue_id);
}

/* What a position got and paid is what its rows say. */
static void check_position(struct judge *j, const struct position *p)
{
    i128 sum = 0;

    for (size_t i = 0; i < j->journal->cash_count; i++)
        if (j->journal->cash[i].position_id == p->id && j->journal->cash[i].kind == CASH_FUNDING)
            sum += j->journal->cash[i].amount.e12;
    if (sum != p->funding.e12)
        judge_violated(j, "C3", "position %lld has other funding than its rows", (long long)p->id);
}

void judge_funding(struct judge *j, const struct journal_batch *b)
{
    for (size_t i = 0; i < b->cash_count; i++)
        check_row(j, &b->cash[i]);
    for (size_t i = 0; i < b->position_count; i++)
        check_position(j, &b->positions[i]);
}

/* What was held at a stamp, by trades alone. */
struct held_then {
    i128 ours;
    bool has_others; /* somebody else had traded the symbol before */
    bool is_near;    /* something of ours was traded around then */
};

/* A closed position whose fills do not add up was taken over: no fill says until when it was held,
 * and its row, which does, is known of the newest alone. */
static bool was_taken_over(const struct judge *j, int symbol)
{
    const struct memory_journal *m = j->journal;

    for (size_t i = 0; i < m->position_count; i++) {
        i128 sum = 0;

        for (size_t k = 0; k < m->fill_count; k++)
            if (m->fills[k].position_id == m->positions[i].id)
                sum += (int)m->fills[k].side * m->fills[k].size.e12;
        if (sum != 0 && m->positions[i].status == POSITION_CLOSED &&
            judge_symbol(j, m->positions[i].symbol) == symbol)
            return true;
    }
    return false;
}

static struct held_then held_then(const struct judge *j, const struct sim_payment *p)
{
    struct held_then h = {0};
    size_t count;
    const struct sim_trade *trades = sim_venue_trades(j->venue, &count);

    for (size_t i = 0; i < count; i++) {
        const struct sim_trade *t = &trades[i];
        bool is_ours = t->order >= 0;

        if (t->symbol != p->symbol)
            continue;
        h.is_near |= is_ours && t->at_us > p->at_us - surely_us && t->at_us < p->at_us + surely_us;
        if (i >= p->trade_count)
            continue;
        h.ours += is_ours ? sim_trade_moved(t).e12 : 0;
        h.has_others |= !is_ours;
    }
    return h;
}

/* Every payment is booked when all that was ever held was ours; none of another's is. */
void judge_funding_rest(struct judge *j)
{
    size_t count, rows;
    const struct sim_payment *payments = sim_venue_payments(j->venue, &count);
    i128 booked = 0;

    for (size_t i = 0; i < count; i++) {
        const struct sim_payment *p = &payments[i];
        const struct held_then h = held_then(j, p);

        booked += booked_of(j, i, &rows);
        if (rows == 0 && h.ours != 0 && !h.has_others)
            judge_violated(j, "C1", "payment p%zu of %s is booked nowhere", i,
                           j->instruments[p->symbol].symbol);
        if (rows > 0 && h.ours == 0 && !h.is_near && !was_taken_over(j, p->symbol))
            judge_violated(j, "C1", "payment p%zu of %s is booked, and was another's", i,
                           j->instruments[p->symbol].symbol);
    }
    if (j->journal->account.cash.e12 - judge_adopted_flow(j) - booked !=
        sim_venue_cash(j->venue).e12)
        judge_violated(j, "C1", "the venue's cash is another");
}
