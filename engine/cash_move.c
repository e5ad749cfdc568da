/* SPDX-License-Identifier: Apache-2.0 */
/* What funding moves: one product, rounded once; and what dust costs. */
#include "engine/cash_move.h"

const char *cash_kind_name(enum cash_kind k)
{
    static const char *const names[CASH_KIND_COUNT_] = {
        [CASH_FUNDING] = "funding", [CASH_DUST] = "dust"};

    ASSERT(k < CASH_KIND_COUNT_);
    return names[k];
}

static void name_owner(struct cash_move *m, const struct position *p, const struct instrument *i)
{
    copy_text(m->symbol, sizeof m->symbol, p->symbol);
    copy_text(m->strategy, sizeof m->strategy, p->strategy);
    copy_text(m->strategy_id, sizeof m->strategy_id, p->strategy_id);
    copy_text(m->currency, sizeof m->currency, i->quote);
}

enum err cash_move_of_funding(const struct position *p, const struct instrument *i,
                              const struct funding *f, struct cash_move *out)
{
    const struct ratio gains = {-(int)p->direction * f->rate.e12};
    struct money notional;
    struct cash_move m = {
        .kind = CASH_FUNDING,
        .at_us = f->at_us,
        .position_id = p->id,
        .size = p->size,
        .mark = f->mark,
        .rate = f->rate,
        .venue_us = TIME_NONE,
    };
    enum err e = notional_of(f->mark, p->size, ROUND_HALF_EVEN, &notional);

    if (!e)
        e = money_times_scale(notional, gains, i->money_scale, &m.amount);
    if (e)
        return e;
    name_owner(&m, p, i);
    *out = m;
    return ERR_OK;
}

enum err cash_move_of_dust(struct position *p, const struct instrument *i, int64_t at_us,
                           struct cash_move *out)
{
    struct cash_move m = {.kind = CASH_DUST,
                          .at_us = at_us,
                          .position_id = p->id,
                          .mark = p->mark,
                          .venue_us = TIME_NONE};
    enum err e = position_give_up(p, at_us, &m.size, &m.pnl);

    if (e)
        return e;
    name_owner(&m, p, i);
    *out = m;
    return ERR_OK;
}
