/* SPDX-License-Identifier: Apache-2.0 */
/* Funding that a venue tells, into cash, positions, leaves and rows. */
#include "engine/income.h"

#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"

/* A stamp may be charged so long after its instant, by a clock that is not ours.  By as much as
 * that one is off by the newest picture, those may have been that the fills were told by. */
static const int64_t least_slack_us = 60 * US_PER_S;

/* When a payment was charged by the engine's clock, and by how much that may be wrong. */
struct stamp {
    int64_t at_us, slack_us;
};

static struct stamp stamp_of(const struct venue_account *a, const struct venue_income *in)
{
    /* Both clocks were read when the picture was asked for. */
    const int64_t ahead_us = a->asked_us - a->venue_us;

    return (struct stamp){in->at_us + ahead_us,
                          least_slack_us + (ahead_us < 0 ? -ahead_us : ahead_us)};
}

/* What executed may have been held from its order's making on: fills are told late. */
static int64_t made_at(struct engine_state *s, int64_t order_id, int64_t told_us)
{
    const struct live_order *live = state_order(s, order_id);
    const struct order *o =
        live ? &live->order : state_ended_of(s, &(struct venue_event){.order_id = order_id});

    return o && o->created_us < told_us ? o->created_us : told_us;
}

static int64_t held_since(struct engine_state *s, const struct position *p)
{
    return made_at(s, p->entry_order_id, p->opened_us);
}

/* The period grows to have both instants in it; that of another position gives way to a new one. */
static void note_held(struct engine_state *s, const char *symbol, const struct held *h)
{
    struct market *m;
    size_t i, k = 0;

    if (!state_instrument(s, symbol, &i))
        return;
    m = &s->markets[i];
    while (k < COUNT_OF(m->held) &&
           (m->held[k].until_us == 0 || m->held[k].position_id != h->position_id))
        k++;
    if (k == COUNT_OF(m->held)) {
        m->held[m->held_next] = *h;
        m->held_next = (m->held_next + 1) % COUNT_OF(m->held);
        return;
    }
    if (h->from_us < m->held[k].from_us)
        m->held[k].from_us = h->from_us;
    if (h->until_us > m->held[k].until_us)
        m->held[k].until_us = h->until_us;
}

void income_note_held(struct engine_state *s, const struct position *p)
{
    note_held(s, p->symbol, &(struct held){p->id, held_since(s, p), p->closed_us});
}

/* A position whose fills do not add up was taken over as the venue had it: an entry of the log and
 * no fill.  It may have been held until the next fill of its symbol, or until now. */
static void lengthen(const struct engine_state *s, const struct recovery *r, struct held *h,
                     const char *symbol)
{
    int64_t next_us = s->account.last_leaf_us;
    i128 sum = 0;

    for (size_t i = 0; i < r->closed_count; i++)
        if (r->closed[i].id == h->position_id)
            return; /* its row says when it ended */
    for (size_t i = 0; i < r->fill_count; i++) {
        const struct fill *f = &r->fills[i];

        if (f->position_id == h->position_id)
            sum += (int)f->side * f->size.e12;
        else if (strcmp(f->symbol, symbol) == 0 && f->at_us >= h->until_us && f->at_us < next_us)
            next_us = f->at_us;
    }
    if (sum != 0 && next_us > h->until_us)
        h->until_us = next_us;
}

/* Round trips before the newest are known by their fills. */
void income_restore(struct engine_state *s, const struct recovery *r)
{
    for (size_t i = 0; i < r->income_count; i++)
        (void)fill_ids_add(&s->incomes, r->incomes[i].symbol, r->incomes[i].venue_id);
    for (size_t i = 0; i < r->fill_count; i++) {
        const struct fill *f = &r->fills[i];

        note_held(s, f->symbol,
                  &(struct held){f->position_id, made_at(s, f->order_id, f->at_us), f->at_us});
    }
    for (size_t i = 0; i < s->options.instrument_count; i++)
        for (size_t k = 0; k < COUNT_OF(s->markets[i].held); k++)
            if (s->markets[i].held[k].until_us > 0)
                lengthen(s, r, &s->markets[i].held[k], s->instruments[i].symbol);
    for (size_t i = 0; i < r->closed_count; i++)
        income_note_held(s, &r->closed[i]);
}

static bool is_held_by(struct engine_state *s, const struct lane *lane, size_t instrument,
                       struct stamp t)
{
    return lane->instrument == instrument && lane->position &&
           t.at_us >= held_since(s, lane->position) - t.slack_us;
}

static bool was_held(const struct market *m, struct stamp t)
{
    for (size_t i = 0; i < COUNT_OF(m->held); i++) {
        if (m->held[i].until_us > 0 && t.at_us >= m->held[i].from_us - t.slack_us &&
            t.at_us <= m->held[i].until_us + t.slack_us)
            return true;
    }
    return false;
}

/* One share, of one position or of none (lane NULL). */
static enum err book_share(struct engine_state *s, struct lane *lane, const struct instrument *i,
                           struct cash_move *m)
{
    struct position *p = lane ? lane->position : NULL;
    const struct leaf_context context = state_leaf_context(s, p ? p->strategy : "");
    struct money cash, sum = MONEY_ZERO;
    struct leaf leaf;
    enum err e;

    m->id = s->account.last_cash_id + 1;
    m->at_us = context.at_us;
    copy_text(m->symbol, sizeof(m->symbol), i->symbol);
    copy_text(m->currency, sizeof(m->currency), i->quote);
    if (p) {
        m->position_id = p->id;
        m->size = p->size;
        copy_text(m->strategy, sizeof(m->strategy), p->strategy);
        copy_text(m->strategy_id, sizeof(m->strategy_id), p->strategy_id);
    }
    e = money_add(s->account.cash, m->amount, &cash);
    if (e == ERR_OK && p)
        e = money_add(p->funding, m->amount, &sum);
    if (e == ERR_OK)
        e = ledger_cash(&context, m, i, &leaf);
    if (e)
        return e;
    s->account.cash = cash;
    s->account.last_cash_id = m->id;
    performance_funding(&s->account.performance, m->amount);
    journal_batch_add_cash(&s->pending, m, state_add_leaf(s, &leaf));
    if (p) {
        p->funding = sum;
        p->updated_us = m->at_us;
        journal_batch_put_position(&s->pending, p);
    }
    return ERR_OK;
}

/* Each share has an id of its own: "17", "17+1", "17+2". */
static void name_share(const char *id, size_t number, char out[LIMIT_NAME])
{
    char text[LIMIT_NAME + 24];

    (void)snprintf(text, sizeof(text), "%s+%zu", id, number);
    copy_text(out, LIMIT_NAME, text);
}

/* The payment among the lanes that held the symbol: the last one takes what rounding leaves. */
static enum err book_shares(struct engine_state *s, size_t instrument,
                            const struct cash_move *whole, struct size held, struct stamp t)
{
    const struct instrument *i = &s->instruments[instrument];
    struct money left = whole->amount;
    struct size behind = held;
    size_t count = 0;

    for (size_t k = 0; k < s->lane_count; k++) {
        struct lane *lane = s->lanes[k];
        struct cash_move m = *whole;
        enum err e;

        if (!is_held_by(s, lane, instrument, t))
            continue;
        behind.e12 -= lane->position->size.e12;
        m.amount = left;
        if (size_sign(behind) > 0) {
            e = money_share(whole->amount, lane->position->size, held, ROUND_HALF_EVEN, &m.amount);
            if (e)
                return e;
            m.amount = money_to_scale(m.amount, i->money_scale, ROUND_HALF_EVEN);
        }
        if (count > 0)
            name_share(whole->venue_id, count, m.venue_id);
        count++;
        left.e12 -= m.amount.e12;
        e = book_share(s, lane, i, &m);
        if (e)
            return e;
    }
    return ERR_OK;
}

/* What executed of an entry that is out may not have been told yet. */
static bool may_become_held(const struct engine_state *s, size_t instrument)
{
    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];

        if (live->lane->instrument == instrument && live->order.purpose == PURPOSE_ENTRY &&
            live->order.status != ORDER_NEW)
            return true;
    }
    return false;
}

/* Told once, not booked: a later picture may show that it was ours after all. */
static void report_foreign(struct engine_state *s, const struct venue_income *in, const char *why)
{
    char amount[AMOUNT_TEXT_MAX];

    if (!fill_ids_add(&s->foreign_incomes, in->symbol, in->id))
        return;
    s->dealings.foreign_incomes++;
    money_print(in->amount, amount);
    LOG_WARN("foreign_funding", "symbol", in->symbol, "venue_id", in->id, "amount", amount,
             "currency", in->currency, "reason", why, NULL);
}

static void book_one(struct engine_state *s, const struct venue_account *a,
                     const struct venue_income *in)
{
    const struct stamp t = stamp_of(a, in);
    struct cash_move whole = {.kind = CASH_FUNDING, .venue_us = in->at_us, .amount = in->amount};
    struct size held = SIZE_ZERO;
    size_t instrument;
    enum err e;

    if (fill_ids_has(&s->incomes, in->symbol, in->id))
        return;
    if (!state_instrument(s, in->symbol, &instrument)) {
        report_foreign(s, in, "the symbol is not traded here");
        return;
    }
    if (strcmp(in->currency, s->instruments[instrument].quote) != 0) {
        report_foreign(s, in, "its currency is not the symbol's");
        return;
    }
    for (size_t k = 0; k < s->lane_count; k++) {
        if (is_held_by(s, s->lanes[k], instrument, t))
            held.e12 += s->lanes[k]->position->size.e12;
    }
    if (size_sign(held) == 0 && !was_held(&s->markets[instrument], t)) {
        if (!may_become_held(s, instrument))
            report_foreign(s, in, "nothing of ours was held then");
        return; /* the next picture tells it again */
    }
    whole.amount =
        money_to_scale(in->amount, s->instruments[instrument].money_scale, ROUND_HALF_EVEN);
    copy_text(whole.venue_id, sizeof(whole.venue_id), in->id);
    if (money_sign(whole.amount) == 0)
        e = ERR_OK;
    else if (size_sign(held) > 0)
        e = book_shares(s, instrument, &whole, held, t);
    else
        e = book_share(s, NULL, &s->instruments[instrument], &whole);
    (void)fill_ids_add(&s->incomes, in->symbol, in->id);
    s->effects = true;
    if (!e)
        return;
    s->symbol_errors++;
    LOG_ERROR("funding_failed", "symbol", in->symbol, "venue_id", in->id, "error", err_code(e),
              NULL);
}

void income_book(struct engine_state *s, const struct venue_account *a, int64_t before_us,
                 size_t *next)
{
    for (; *next < a->income_count && a->incomes[*next].at_us < before_us; ++*next)
        book_one(s, a, &a->incomes[*next]);
}
