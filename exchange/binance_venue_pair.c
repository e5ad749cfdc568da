/* SPDX-License-Identifier: Apache-2.0 */
/* Stop and target of a spot position as one order list (OCO): sent as one, canceled as one, each
 * half followed and asked about by its own client order id.
 *
 * Binance (spot REST API, orderList/oco): both halves are accepted or neither; what they sell is
 * locked once; as soon as one executes, even in part, the other expires; canceling one half cancels
 * the list. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "exchange/binance_venue_parts.h"

/* The list's own name, from that of its stop: unique as long as that is. */
static void name_list(const struct order *stop, char name[BINANCE_CLIENT_ID])
{
    (void)snprintf(name, BINANCE_CLIENT_ID, "%s-oco", stop->client_order_id);
}

static void forget_pair(struct binance_venue *v, struct watched *w)
{
    struct watched *other = w->pair_id ? venue_watched(v, w->pair_id) : NULL;

    w->pair_id = 0;
    if (other)
        other->pair_id = 0;
}

enum err venue_pair_submit(struct binance_venue *v, const struct order *stop,
                           const struct order *target, int64_t expires_us, int64_t timeout_us)
{
    struct watched *w[2];
    struct binance_wish wish[2];
    char name[BINANCE_CLIENT_ID];
    struct binance_request r;
    struct job *j = NULL;
    enum err e = venue_watch(v, stop, &w[0]);

    e = e ? e : venue_watch(v, target, &w[1]);
    e = e ? e : venue_job_new(v, JOB_PAIR, STEP_ACT, stop->id, &j);
    if (!e) {
        j->with_id = target->id;
        venue_wish(v, w[0], &wish[0]);
        venue_wish(v, w[1], &wish[1]);
        name_list(stop, name);
        binance_place_pair(&wish[0], &wish[1], name, &r);
        e = venue_job_send(v, j, &r, expires_us, timeout_us);
    }
    if (e) {
        if (j)
            venue_job_end(v, j);
        venue_unwatch(v, stop->id);
        venue_unwatch(v, target->id);
        return e;
    }
    w[0]->pair_id = target->id;
    w[1]->pair_id = stop->id;
    return ERR_OK;
}

enum err venue_pair_cancel(struct binance_venue *v, struct watched *w, int64_t timeout_us)
{
    struct watched *other = w->pair_id ? venue_watched(v, w->pair_id) : NULL;
    const struct watched *stop = w->order.type == ORDER_STOP_MARKET ? w : other;
    char name[BINANCE_CLIENT_ID];
    struct binance_request r;
    struct job *j;
    enum err e;

    /* When one half is over there is no list any more. */
    if (!other || w->end_told || other->end_told || size_sign(w->told) > 0 ||
        size_sign(other->told) > 0)
        return ERR_NOT_FOUND;
    e = venue_job_new(v, JOB_CANCEL_PAIR, STEP_ACT, w->order.id, &j);
    if (e)
        return e;
    j->with_id = other->order.id;
    name_list(&stop->order, name);
    binance_cancel_pair(w->symbol, name, &r);
    e = venue_job_send(v, j, &r, INT64_MAX, timeout_us);
    if (e)
        venue_job_end(v, j);
    return e;
}

/* The report about this half; NULL: the answer has none. */
static const struct binance_order *report_of(const struct binance_orders *l,
                                             const struct watched *w)
{
    for (size_t i = 0; w && i < l->count; i++) {
        if (strcmp(l->items[i].client_id, w->order.client_order_id) == 0)
            return &l->items[i];
    }
    return NULL;
}

static void answer_submitted(struct binance_venue *v, int64_t order_id,
                             const struct binance_orders *l, const struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, order_id);

    if (!w)
        return;
    if (verdict->error == VENUE_ERROR_NONE)
        venue_job_placed(v, w, report_of(l, w));
    else
        venue_job_refused(v, w, verdict);
}

/* The other half of a list that was canceled: what became of it is told as after a look. */
static void answer_other(struct binance_venue *v, int64_t order_id, const struct binance_orders *l)
{
    struct watched *w = venue_watched(v, order_id);
    const struct binance_order *o = report_of(l, w);

    if (w && o)
        venue_job_placed(v, w, o);
    else if (w)
        w->poll_at_us = clock_monotonic_us();
}

static void answer_canceled(struct binance_venue *v, struct job *j, const struct binance_orders *l,
                            struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, j->order_id);
    const struct binance_order *o = report_of(l, w);
    const int64_t with_id = j->with_id;

    j->kind = JOB_CANCEL;
    /* It was not open any more, or is not known by this name: each half is its own from now on. */
    if (!o)
        forget_pair(v, w);
    answer_other(v, with_id, l);
    if (o) {
        (void)venue_job_see(v, w, o, &j->sight);
        venue_job_settle(v, j);
        return;
    }
    if ((verdict->error == VENUE_ERROR_NONE || verdict->error == VENUE_ERROR_NOT_OPEN) &&
        venue_job_look(v, j) == ERR_OK)
        return;
    if (verdict->error == VENUE_ERROR_NONE)
        verdict->error = VENUE_ERROR_AMBIGUOUS;
    venue_job_fail(v, j, verdict);
}

void venue_pair_answer(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                       struct binance_verdict *verdict)
{
    const int64_t stop_id = j->order_id, target_id = j->with_id;
    struct diag_list diags = {0};
    struct binance_orders l = {0};

    if (verdict->error == VENUE_ERROR_NONE &&
        binance_parse_pair(a->body, a->length, &diags, &l) != ERR_OK && j->kind == JOB_PAIR)
        venue_job_unreadable(verdict, &diags);
    if (j->kind == JOB_CANCEL_PAIR) {
        answer_canceled(v, j, &l, verdict);
    } else {
        if (verdict->error == VENUE_ERROR_NONE && (!report_of(&l, venue_watched(v, stop_id)) ||
                                                   !report_of(&l, venue_watched(v, target_id))))
            venue_job_unreadable(verdict, &diags);
        venue_job_end(v, j);
        answer_submitted(v, stop_id, &l, verdict);
        answer_submitted(v, target_id, &l, verdict);
    }
    binance_orders_release(&l);
}
