/* SPDX-License-Identifier: Apache-2.0 */
/* Funding that the venue pays and takes of itself at some instants, and how it tells of it: in
 * pictures, soon or late, out of order, and twice where two pages overlap. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/simulation/sim_parts.h"

enum {
    LATE_US = 600 * 1000000, /* at most so late */
    SOON_US = 2 * 1000000
};

void sim_payment_id(size_t payment, char id[24])
{
    (void)snprintf(id, 24, "p%zu", payment);
}

const struct sim_payment *sim_venue_payments(const struct sim_venue *v, size_t *count)
{
    *count = v->payment_count;
    return v->payments;
}

static uint64_t lives(const struct sim_venue *v)
{
    uint64_t sum = 0;

    for (int k = 0; k < SIM_LINKS; k++)
        sum += (uint64_t)v->links[k].life;
    return sum;
}

/* Longs pay a positive rate, up to 0.3 %; by the price of now. */
static void pay(struct sim_venue *v, int symbol)
{
    struct check_random *random = &v->funding_random;
    struct sim_payment *p = &v->payments[v->payment_count];
    i128 rate = ((i128)sim_below(random, 6001) - 3000) * 1000000;
    bool is_late = sim_chance(random, v->o.funding.late);
    int64_t after_us = (int64_t)sim_below(random, is_late ? LATE_US : SOON_US);
    bool is_twice = sim_chance(random, v->o.funding.twice);
    struct money notional, amount;

    if (size_sign(v->held[symbol]) == 0 || v->payment_count == SIM_PAYMENTS_MAX)
        return;
    ASSERT(notional_of(sim_price(v, symbol, sim_now_us()), size_neg(v->held[symbol]),
                       ROUND_HALF_EVEN, &notional) == ERR_OK &&
           money_times(notional, (struct ratio){rate}, ROUND_HALF_EVEN, &amount) == ERR_OK);
    amount = money_to_scale(amount, 8, ROUND_HALF_EVEN);
    if (money_sign(amount) == 0)
        return;
    *p = (struct sim_payment){.symbol = symbol,
                              .amount = amount,
                              .at_us = sim_now_us(),
                              .tell_us = sim_now_us() + after_us,
                              .trade_count = v->trade_count,
                              .is_twice = is_twice,
                              .lives = lives(v)};
    v->payment_count++;
    sim_sometimes(v, "funding");
}

void sim_funding(struct sim_venue *v)
{
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (sim_chance(&v->funding_random, v->o.funding.paid))
            pay(v, i);
}

/* What is told for the first time, and how. */
static void note_told(struct sim_venue *v, struct sim_payment *p, int64_t now_us)
{
    if (p->is_told)
        return;
    p->is_told = true;
    if (p->tell_us - p->at_us > 2 * 60 * US_PER_S)
        sim_sometimes(v, "funding told late");
    if (p->is_twice)
        sim_sometimes(v, "funding told twice");
    if (p->lives != lives(v))
        sim_sometimes(v, "funding told across a crash");
    for (const struct sim_payment *later = p + 1; later < v->payments + v->payment_count; later++)
        if (later->symbol == p->symbol && later->is_told && later->tell_us < now_us)
            sim_sometimes(v, "funding told out of order");
}

void sim_picture_incomes(struct sim_venue *v, struct venue_account *a, int64_t at_us)
{
    struct venue_income *list = xcalloc(2 * v->payment_count + 1, sizeof *list);

    for (size_t i = 0; i < v->payment_count; i++) {
        struct sim_payment *p = &v->payments[i];
        const struct instrument *instrument = &v->o.instruments[p->symbol];
        struct venue_income *to = &list[a->income_count];

        if (p->tell_us > at_us)
            continue;
        note_told(v, p, at_us);
        *to = (struct venue_income){.amount = p->amount, .at_us = p->at_us};
        sim_payment_id(i, to->id);
        (void)copy_text(to->symbol, sizeof to->symbol, instrument->symbol);
        (void)copy_text(to->currency, sizeof to->currency, instrument->quote);
        a->income_count++;
        if (p->is_twice)
            list[a->income_count++] = *to;
    }
    a->incomes = list;
}

void sim_end_funding(struct sim_venue *v)
{
    v->o.funding = (struct sim_funding){0};
    for (size_t i = 0; i < v->payment_count; i++)
        if (v->payments[i].tell_us > sim_now_us())
            v->payments[i].tell_us = sim_now_us();
}
