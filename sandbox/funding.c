/* SPDX-License-Identifier: Apache-2.0 */
/* When funding is due, and what it moves. */
#include "sandbox/funding.h"

#include "sandbox/chart.h"
#include "sandbox/margin.h"
#include "sandbox/trade.h"

#define EVERY_US (US_PER_DAY / 3)

static int64_t recorded_us(const struct box_pair *p, size_t i)
{
    return p->fundings[i].at_us + p->path.shift_us;
}

/* After the last recorded stamp, and without any, the grid of 8 hours. */
static void find_next(struct box_pair *p, int64_t after_us)
{
    while (p->funding_index < p->funding_count && recorded_us(p, p->funding_index) <= after_us)
        p->funding_index++;
    p->next_funding_us = p->funding_index < p->funding_count
                             ? recorded_us(p, p->funding_index)
                             : chart_floor(after_us, EVERY_US) + EVERY_US;
}

void funding_begin(struct box *b)
{
    for (size_t i = 0; i < b->pair_count; i++) {
        b->pairs[i].next_funding_us = INT64_MAX;
        if (b->pairs[i].market == BOX_USDM)
            find_next(&b->pairs[i], b->now_us);
    }
}

int64_t funding_next_us(const struct box *b)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < b->pair_count; i++)
        if (b->pairs[i].next_funding_us < next)
            next = b->pairs[i].next_funding_us;
    return next;
}

struct ratio funding_rate(const struct box *b, size_t pair)
{
    const struct box_pair *p = &b->pairs[pair];

    return p->funding_index < p->funding_count ? p->fundings[p->funding_index].rate
                                               : b->options.funding_rate;
}

void funding_pay(struct box *b, size_t pair, struct ratio rate, struct price mark)
{
    const struct box_pair *p = &b->pairs[pair];
    const struct price at = mark.e12 ? mark : trade_mark(b, pair);

    book_add_funding(b, &(struct box_funding){pair, rate, at, b->now_us});
    for (int leg = 0; leg < BOX_LEG_COUNT_; leg++) {
        const struct size amount = p->positions[leg].amount;
        struct money paid;

        if (amount.e12 == 0)
            continue;
        paid = box_share(box_notional(at, size_abs(amount)), rate);
        if (amount.e12 > 0)
            paid = money_neg(paid);
        book_asset(b, BOX_USDM, p->quote)->free.e12 += paid.e12;
        book_add_income(b, &(struct box_income){BOX_INCOME_FUNDING, pair, paid, b->now_us, 0});
    }
}

void funding_be_due(struct box *b)
{
    for (size_t i = 0; i < b->pair_count; i++) {
        struct box_pair *p = &b->pairs[i];
        const struct price mark =
            p->funding_index < p->funding_count ? p->fundings[p->funding_index].mark : PRICE_ZERO;

        if (b->now_us < p->next_funding_us)
            continue;
        funding_pay(b, i, funding_rate(b, i), mark);
        find_next(p, b->now_us);
    }
}

/* ---- The past ---- */

static struct box_funding stamp_at(const struct box *b, size_t pair, int64_t at_us,
                                   const struct funding *f)
{
    const struct path *path = &b->pairs[pair].path;
    struct box_funding stamp = {pair, b->options.funding_rate, PRICE_ZERO, at_us};

    if (f) {
        stamp.rate = f->rate;
        stamp.mark = f->mark;
    }
    if (stamp.mark.e12 == 0)
        stamp.mark = price_from_scaled(path_ticks(path, at_us), path->price_scale);
    return stamp;
}

int64_t funding_past(const struct box *b, size_t pair, int64_t from_us, int64_t limit,
                     funding_put *put, void *context)
{
    const struct box_pair *p = &b->pairs[pair];
    const int64_t first_us = path_open_us(&p->path, 0);
    int64_t at_us = from_us > first_us ? from_us : first_us, count = 0;

    for (size_t i = 0; i < p->funding_count && count < limit; i++) {
        const int64_t stamp_us = recorded_us(p, i);
        struct box_funding f;

        if (stamp_us < at_us || stamp_us > b->start_us)
            continue;
        f = stamp_at(b, pair, stamp_us, &p->fundings[i]);
        put(context, &f);
        count++;
    }
    if (p->funding_count > 0)
        return count;
    at_us += EVERY_US - 1;
    for (at_us -= at_us % EVERY_US; at_us <= b->start_us && count < limit; at_us += EVERY_US) {
        const struct box_funding f = stamp_at(b, pair, at_us, NULL);

        put(context, &f);
        count++;
    }
    return count;
}
