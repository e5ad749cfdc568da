/* SPDX-License-Identifier: Apache-2.0 */
/* When the account is compared with the venue's, and what follows from what differs. */
#include "engine/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"
#include "engine/booking.h"
#include "engine/execution.h"
#include "engine/income.h"
#include "engine/inquiry.h"
#include "engine/reconcile.h"

/* Trades are asked for from this long before the newest moment that is surely complete. */
static const int64_t overlap_us = 60 * 60 * US_PER_S;
static const int64_t differs_us = 30 * US_PER_S; /* until books that differ are compared anew */
static const int64_t confirm_us = 5 * US_PER_S;  /* until what is to be adopted is seen again */
static const int64_t again_us = 2 * US_PER_S;    /* when something could not be judged */
static const int64_t answer_us = 60 * US_PER_S;  /* a picture takes several requests */
/* Venues charge funding at whole hours, and tell of it soon after. */
static const int64_t stamps_us = 60 * 60 * US_PER_S, after_stamp_us = 30 * US_PER_S;

/* When the next stamp's funding is asked for, if no comparison before does it. */
static int64_t comparison_stamp_us(const struct engine_state *s)
{
    int64_t due_us = s->dealings.compared_us / stamps_us * stamps_us + after_stamp_us;

    if (!s->options.venue->traits.tells_funding)
        return INT64_MAX;
    return due_us > s->dealings.compared_us ? due_us : due_us + stamps_us;
}

int64_t comparison_due_us(const struct engine_state *s)
{
    const struct dealings *d = &s->dealings;
    int64_t stamp_us, regular_us = INT64_MAX;

    if (d->compare_sent)
        return d->compare_after_us + answer_us;
    if (d->compare_wanted)
        return d->compare_after_us;
    if (d->compared_us == TIME_NONE)
        return INT64_MAX;
    if (s->options.reconcile_interval_us > 0)
        regular_us = d->compared_us + s->options.reconcile_interval_us;
    stamp_us = comparison_stamp_us(s);
    return stamp_us < regular_us ? stamp_us : regular_us;
}

void comparison_send(struct engine_state *s)
{
    const struct venue *v = s->options.venue;
    struct dealings *d = &s->dealings;
    int64_t now = state_now(s), since_us = d->compared_us;

    if (comparison_due_us(s) > now)
        return;
    if (since_us == TIME_NONE)
        since_us = s->account.log_size > 0 ? s->account.last_leaf_us : now;
    d->compare_pause_us = d->compare_pause_us ? 2 * d->compare_pause_us : again_us;
    if (d->compare_pause_us > differs_us)
        d->compare_pause_us = differs_us;
    d->compare_after_us = now + d->compare_pause_us;
    d->compare_asked_us = now;
    d->compare_sent = v->reconcile(v->self, since_us - overlap_us, now) == ERR_OK;
    d->compare_wanted = !d->compare_sent;
}

void comparison_failed(struct engine_state *s, int64_t retry_after_us)
{
    struct dealings *d = &s->dealings;
    int64_t pause_us = retry_after_us > again_us ? retry_after_us : again_us;

    d->compare_sent = false;
    d->compare_wanted = true;
    d->compare_after_us = state_now(s) + pause_us;
}

/* Nothing of the order is under way, and nothing has happened to it since the question. */
static bool comparison_is_settled(const struct live_order *live)
{
    return (live->order.status == ORDER_ACCEPTED || live->order.status == ORDER_PARTIALLY_FILLED) &&
           !live->cancel_sent && !live->has_ended && !live->query_wanted;
}

static bool comparison_is_quiet(const struct engine_state *s, size_t instrument, int64_t asked_us)
{
    /* Its answers lag; at the same instant it is not known which of the two was first. */
    if (s->markets[instrument].moved_us + s->options.venue->traits.query_lag_us >= asked_us)
        return false;
    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];

        if (live->lane->instrument == instrument && live->order.status != ORDER_NEW &&
            !comparison_is_settled(live))
            return false;
    }
    return true;
}

static void comparison_holdings(const struct engine_state *s, int64_t asked_us,
                                struct reconcile_holding *holdings)
{
    for (size_t i = 0; i < s->options.instrument_count; i++)
        holdings[i] = (struct reconcile_holding){.instrument = &s->instruments[i],
                                                 .is_quiet = comparison_is_quiet(s, i, asked_us)};
    for (size_t i = 0; i < s->lane_count; i++) {
        const struct position *p = s->lanes[i]->position;
        struct reconcile_holding *h = &holdings[s->lanes[i]->instrument];

        if (!p)
            continue;
        h->size.e12 += (int)p->direction * p->size.e12;
        if (p->direction == DIRECTION_LONG)
            h->sellable.e12 += execution_sellable(s, s->lanes[i]).e12;
    }
}

/* The trade as the event that was never told. */
static void comparison_book(struct engine_state *s, const struct venue_trade *t, int64_t order_id)
{
    struct venue_event e = {.kind = VENUE_FILL,
                            .order_id = order_id,
                            .at_us = state_now(s),
                            .price = t->price,
                            .size = t->size,
                            .fee = t->fee,
                            .is_maker = t->is_maker};
    enum err error;

    copy_text(e.venue_fill_id, sizeof(e.venue_fill_id), t->venue_fill_id);
    copy_text(e.fee_currency, sizeof(e.fee_currency), t->fee_currency);
    copy_text(e.symbol, sizeof(e.symbol), t->symbol);
    LOG_WARN("fill_found", "order", LOG_NUMBER(order_id), "symbol", t->symbol, "venue_fill_id",
             t->venue_fill_id, NULL);
    error = booking_apply(s, &e);
    if (error)
        LOG_ERROR("fill_refused", "order", LOG_NUMBER(order_id), "error", err_code(error), NULL);
}

/* What was paid for the difference, else the newest price seen. */
static struct price comparison_price(const struct engine_state *s, const struct venue_account *a,
                                     const struct findings *f, const struct reconcile_holding *h,
                                     struct size theirs)
{
    const struct tape *tape = &s->tapes[h->instrument - s->instruments];
    struct size off = {theirs.e12 - h->size.e12};
    struct price price = tape->last;

    (void)reconcile_price(a, f, h->instrument->symbol, size_sign(off) > 0 ? SIDE_BUY : SIDE_SELL,
                          size_abs(off), &price);
    return price;
}

/* A difference that two pictures in a row show: one may be of a moment. */
static bool comparison_is_confirmed(struct market *m, struct size ours, struct size theirs)
{
    bool is_same = m->differed && size_cmp(m->differs_ours, ours) == 0 &&
                   size_cmp(m->differs_theirs, theirs) == 0;

    m->differed = true;
    m->differs_ours = ours;
    m->differs_theirs = theirs;
    return is_same;
}

static void comparison_differs(struct engine_state *s, const struct venue_account *a,
                               const struct findings *f, const struct reconcile_holding *h,
                               struct size theirs)
{
    size_t place = (size_t)(h->instrument - s->instruments);
    struct market *m = &s->markets[place];
    char ours_text[AMOUNT_TEXT_MAX], theirs_text[AMOUNT_TEXT_MAX];
    bool is_confirmed = comparison_is_confirmed(m, h->size, theirs);
    int64_t pause_us = differs_us;
    enum err e;

    size_print(h->size, ours_text);
    size_print(theirs, theirs_text);
    LOG_ERROR("position_differs", "symbol", h->instrument->symbol, "ours", ours_text, "venue",
              theirs_text, NULL);
    s->dealings.mismatches++;
    m->differs = s->options.mismatch != MISMATCH_REPORT;
    copy_text(m->reason, sizeof(m->reason), "the venue's position is not ours");
    if (s->options.mismatch == MISMATCH_ADOPT && !is_confirmed) {
        pause_us = confirm_us;
    } else if (s->options.mismatch == MISMATCH_ADOPT) {
        e = booking_adopt(s, place, theirs, comparison_price(s, a, f, h, theirs));
        if (e == ERR_OK)
            pause_us = confirm_us;
        else if (e != ERR_NOT_FOUND)
            LOG_ERROR("adopt_failed", "symbol", h->instrument->symbol, "error", err_code(e), NULL);
    }
    s->dealings.compare_wanted = true; /* until it is right again */
    s->dealings.compare_after_us = state_now(s) + pause_us;
}

/* An order that has ended here is open there: it is ours, so it may be canceled. */
static void comparison_cancel_back(struct engine_state *s, int64_t order_id)
{
    const struct venue *v = s->options.venue;
    const struct order *o = state_ended_of(s, &(struct venue_event){.order_id = order_id});

    if (!o)
        return;
    LOG_ERROR("order_back", "order", LOG_NUMBER(o->id), "symbol", o->symbol, NULL);
    s->dealings.mismatches++;
    s->dealings.compare_wanted = true; /* to see that it has gone */
    if (v->cancel(v->self, o, state_now(s)))
        LOG_WARN("cancel_refused", "order", LOG_NUMBER(o->id), NULL);
}

static void comparison_act(struct engine_state *s, const struct venue_account *a,
                           const struct reconcile_holding *holdings,
                           const struct findings *findings, const struct finding *f)
{
    struct live_order *live;

    switch (f->kind) {
    case FINDING_FILL:
        comparison_book(s, &a->trades[f->at], f->order_id);
        break;
    case FINDING_ORDER_GONE:
        live = state_order(s, f->order_id);
        if (live)
            inquiry_want(live);
        break;
    case FINDING_ORDER_BACK:
        comparison_cancel_back(s, f->order_id);
        break;
    case FINDING_FOREIGN_ORDER:
        s->dealings.foreign_orders++;
        LOG_WARN("foreign_order", "symbol", a->orders[f->at].symbol, "client_order_id",
                 a->orders[f->at].client_order_id, NULL);
        break;
    case FINDING_FOREIGN_TRADE:
        s->dealings.foreign_trades++;
        break;
    case FINDING_POSITION:
        comparison_differs(s, a, findings, &holdings[f->at], f->theirs);
        break;
    }
}

/* Cash is compared when nothing moved: neither a fill nor a payment was on its way. */
static void comparison_cash(struct engine_state *s, const struct venue_account *a)
{
    struct dealings *d = &s->dealings;
    char ours_text[AMOUNT_TEXT_MAX], theirs_text[AMOUNT_TEXT_MAX];
    struct money theirs = MONEY_ZERO, off = MONEY_ZERO;

    for (size_t i = 0; i < a->balance_count; i++)
        if (strcmp(a->balances[i].asset, s->options.quote) == 0)
            theirs.e12 = a->balances[i].owned.e12;
    if (s->account.cash.e12 > theirs.e12)
        off.e12 = s->account.cash.e12 - theirs.e12;
    if (off.e12 > d->cash_short.e12) {
        money_print(s->account.cash, ours_text);
        money_print(theirs, theirs_text);
        LOG_WARN("cash_short", "quote", s->options.quote, "ours", ours_text, "venue", theirs_text,
                 NULL);
    }
    d->cash_short = off;
}

/* What was quiet and has no finding is the same on both sides; true: all of it was quiet. */
static bool comparison_judge(struct engine_state *s, const struct venue_account *a,
                             const struct reconcile_holding *holdings, const struct findings *f)
{
    bool is_complete = true;

    for (size_t i = 0; i < s->options.instrument_count; i++) {
        struct market *m = &s->markets[i];
        bool is_same = true, is_open = !holdings[i].is_quiet;

        for (size_t k = 0; k < f->count; k++) {
            is_same &= f->list[k].kind != FINDING_POSITION || f->list[k].at != i;
            is_open |= f->list[k].kind == FINDING_FILL &&
                       strcmp(a->trades[f->list[k].at].symbol, s->instruments[i].symbol) == 0;
        }
        if (is_open) {
            s->dealings.compare_wanted = true; /* at a quieter moment */
            is_complete = false;
            continue;
        }
        m->is_judged = true;
        if (is_same)
            m->differs = m->differed = false;
    }
    if (is_complete)
        s->dealings.compare_pause_us = 0;
    return is_complete;
}

void comparison_answer(struct engine_state *s)
{
    const struct venue *v = s->options.venue;
    const struct venue_account *a = v->account(v->self);
    struct dealings *d = &s->dealings;
    struct reconcile_holding *holdings;
    struct reconcile_order *alive;
    const struct money cash = s->account.cash;
    struct findings findings;
    size_t income = 0;
    bool is_quiet;

    if (!d->compare_sent || a->asked_us < d->compare_asked_us)
        return; /* told twice, or of before a gap */
    d->compare_sent = false;
    d->foreign_orders = d->foreign_trades = 0; /* of the newest picture */
    holdings = xcalloc(s->options.instrument_count + 1, sizeof(*holdings));
    alive = xcalloc(s->order_count + 1, sizeof(*alive));
    comparison_holdings(s, a->asked_us, holdings);
    for (size_t i = 0; i < s->order_count; i++)
        alive[i] = (struct reconcile_order){.order = &s->orders[i]->order,
                                            .is_out = comparison_is_settled(s->orders[i]) &&
                                                      s->orders[i]->order.updated_us < a->asked_us};
    reconcile_compare(&(struct reconcile_input){.alive = alive,
                                                .alive_count = s->order_count,
                                                .ended = s->ended,
                                                .ended_count = s->ended_capacity,
                                                .known = &s->fill_ids,
                                                .holdings = holdings,
                                                .holding_count = s->options.instrument_count,
                                                .account = a},
                      &findings);
    is_quiet = comparison_judge(s, a, holdings, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *f = &findings.list[i];

        /* Before the fill that closes what it was paid for. */
        if (f->kind == FINDING_FILL)
            income_book(s, a, a->trades[f->at].at_us, &income);
        comparison_act(s, a, holdings, &findings, f);
    }
    income_book(s, a, INT64_MAX, &income);
    if (is_quiet && s->account.cash.e12 == cash.e12)
        comparison_cash(s, a);
    d->is_compared = true;
    d->compared_us = a->asked_us;
    s->effects = true;
    findings_release(&findings);
    free(alive);
    free(holdings);
}
