/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer means for the order it is about, and what is asked next. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "exchange/binance_venue_parts.h"

#define READ_TIMEOUT_US (15 * US_PER_S)
#define GAP_US (30 * US_PER_S) /* so long without a good answer, and things may have been missed */

static bool is_final(enum binance_status s)
{
    return s == BINANCE_FILLED || s == BINANCE_CANCELED || s == BINANCE_EXPIRED ||
           s == BINANCE_REJECTED;
}

/* ---- Fills ---- */

static bool was_told(const struct watched *w, const char *id)
{
    for (size_t i = 0; i < w->fill_count; i++) {
        if (strcmp(w->fills[i], id) == 0)
            return true;
    }
    return false;
}

static void tell_accepted(struct binance_venue *v, struct watched *w)
{
    if (w->accepted_told)
        return;
    w->accepted_told = true;
    (void)venue_push_of(v, VENUE_ACCEPTED, w);
}

static void tell_fill(struct binance_venue *v, struct watched *w, const struct binance_fill *f)
{
    struct venue_event *e;
    struct size sum;

    if (was_told(w, f->id) || w->fill_count == VENUE_FILLS_TOLD ||
        size_add(w->told, f->size, &sum) != ERR_OK)
        return;
    if (w->fill_count == w->fill_room) {
        w->fill_room = w->fill_room > 0 ? w->fill_room * 2 : 4;
        w->fills = xrealloc(w->fills, w->fill_room * sizeof *w->fills);
    }
    (void)copy_text(w->fills[w->fill_count++], BINANCE_ID, f->id);
    w->told = sum;
    e = venue_push_of(v, VENUE_FILL, w);
    e->price = f->price;
    e->size = f->size;
    e->fee = f->fee;
    e->is_maker = f->is_maker;
    if (f->at_us != TIME_NONE)
        e->at_us = venue_engine_time(v, f->at_us);
    (void)copy_text(e->fee_currency, sizeof e->fee_currency, f->fee_asset);
    (void)copy_text(e->venue_fill_id, sizeof e->venue_fill_id, f->id);
}

/* ---- The end of a job ---- */

static enum venue_order_state state_of(const struct sight *s)
{
    if (!s->is_there)
        return VENUE_ORDER_ABSENT;
    switch (s->status) {
    case BINANCE_FILLED:
        return VENUE_ORDER_FILLED;
    case BINANCE_CANCELED:
        return VENUE_ORDER_CANCELED;
    case BINANCE_EXPIRED:
        return VENUE_ORDER_EXPIRED;
    case BINANCE_REJECTED:
        return VENUE_ORDER_REJECTED;
    default:
        return VENUE_ORDER_OPEN;
    }
}

/* Why the venue ended an order of this kind by itself. */
static const char *expiry_of(const struct order *o)
{
    static const char *const reasons[LIFE_COUNT_] = {
        [LIFE_GTC] = "expired at the venue",
        [LIFE_IOC] = "ioc: no more of it could be filled at once",
        [LIFE_FOK] = "fok: it could not be filled at once and whole",
        [LIFE_POST_ONLY] = "post only: it would have taken, or expired at the venue",
    };

    return reasons[o->life];
}

/* Tells the end of an order that has ended without being filled; of a filled one the fills tell. */
static bool tell_end(struct binance_venue *v, struct watched *w, const struct job *j)
{
    const struct sight *s = &j->sight;
    struct venue_event *e;

    if (s->status != BINANCE_CANCELED && s->status != BINANCE_EXPIRED &&
        s->status != BINANCE_REJECTED)
        return false;
    if (w->end_told && j->kind != JOB_CANCEL)
        return true;
    w->end_told = true;
    e = venue_push_of(v,
                      s->status == BINANCE_CANCELED  ? VENUE_CANCELED
                      : s->status == BINANCE_EXPIRED ? VENUE_EXPIRED
                                                     : VENUE_REJECTED,
                      w);
    e->executed = s->executed;
    e->executed_is_known = true;
    e->error = s->status == BINANCE_REJECTED ? VENUE_ERROR_OTHER : VENUE_ERROR_NONE;
    (void)copy_text(e->reason, sizeof e->reason,
                    s->status == BINANCE_CANCELED  ? "canceled at the venue"
                    : s->status == BINANCE_EXPIRED ? expiry_of(&w->order)
                                                   : "rejected by the matching engine");
    return true;
}

static void tell_state(struct binance_venue *v, const struct watched *w, const struct sight *s)
{
    struct venue_event *e = venue_push_of(v, VENUE_STATE, w);

    e->state = state_of(s);
    e->executed = s->executed;
    e->executed_is_known = s->is_there;
    (void)copy_text(e->reason, sizeof e->reason, s->reason);
}

/* The job has learned all it can: tells what it was for, and lets go of an order that is over. */
static void finish(struct binance_venue *v, struct job *j)
{
    struct watched *w = venue_watched(v, j->order_id);
    const struct sight s = j->sight;
    const bool has_all = size_cmp(w->told, s.executed) >= 0;
    /* The engine asks again for an order it has not given up; another is nobody's. */
    const bool is_over = s.is_there ? is_final(s.status) && has_all : j->kind == JOB_QUERY;

    if (s.is_there && j->kind != JOB_QUERY)
        tell_accepted(v, w);
    if (j->kind == JOB_QUERY) {
        tell_state(v, w, &s);
    } else if (s.is_there && is_final(s.status) && !tell_end(v, w, j) && j->kind == JOB_CANCEL) {
        struct venue_event *e = venue_push_of(v, VENUE_CANCEL_FAILED, w);

        e->error = VENUE_ERROR_NOT_OPEN;
        (void)copy_text(e->reason, sizeof e->reason, "the order was filled");
    } else if (j->kind == JOB_CANCEL && !is_final(s.status)) {
        struct venue_event *e = venue_push_of(v, VENUE_CANCEL_FAILED, w);

        e->error = VENUE_ERROR_NOT_OPEN;
        (void)copy_text(e->reason, sizeof e->reason, "the venue did not cancel it");
    }
    venue_job_end(v, j);
    if (is_over && w->jobs == 0)
        venue_unwatch(v, w->order.id);
    else
        venue_plan_poll(v, w, clock_monotonic_us());
}

void venue_job_fail(struct binance_venue *v, struct job *j, const struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, j->order_id);

    if (j->kind == JOB_QUERY)
        venue_push_error(venue_push_of(v, VENUE_QUERY_FAILED, w), verdict);
    else if (j->kind == JOB_CANCEL || j->kind == JOB_REPLACE || j->kind == JOB_CANCEL_PAIR)
        venue_push_error(venue_push_of(v, VENUE_CANCEL_FAILED, w), verdict);
    venue_job_end(v, j);
    venue_plan_poll(v, w, clock_monotonic_us());
}

void venue_job_settle(struct binance_venue *v, struct job *j)
{
    struct watched *w = venue_watched(v, j->order_id);
    struct binance_trades_of t = {.symbol = w->symbol,
                                  .order_id = w->actual_id[0] ? w->actual_id : w->venue_id,
                                  .span = {TIME_NONE, TIME_NONE, BINANCE_FILLS}};
    struct binance_request r;

    if (size_cmp(j->sight.executed, w->told) <= 0 || !t.order_id[0]) {
        finish(v, j);
        return;
    }
    j->step = STEP_TRADES;
    binance_ask_trades(v->market, &t, &r);
    if (venue_job_send(v, j, &r, INT64_MAX, READ_TIMEOUT_US) != ERR_OK)
        finish(v, j);
}

/* ---- What an order looks like ---- */

bool venue_job_see(struct binance_venue *v, struct watched *w, const struct binance_order *o,
                   struct sight *s)
{
    s->is_there = true;
    s->status = o->status;
    s->executed = o->executed;
    if (o->is_algo) {
        (void)copy_text(w->venue_id, sizeof w->venue_id, o->id);
        if (o->status == BINANCE_TRIGGERED && o->actual_id[0]) {
            (void)copy_text(w->actual_id, sizeof w->actual_id, o->actual_id);
            return true;
        }
    } else if (!w->is_algo) {
        (void)copy_text(w->venue_id, sizeof w->venue_id, o->id);
    }
    for (size_t i = 0; i < o->fill_count; i++) {
        tell_accepted(v, w);
        tell_fill(v, w, &o->fills[i]);
    }
    return false;
}

static void go_on(struct binance_venue *v, struct job *j, bool triggered)
{
    const struct binance_verdict busy = {.error = VENUE_ERROR_NOT_SENT,
                                         .reason = "too many requests wait already"};

    if (!triggered)
        venue_job_settle(v, j);
    else if (venue_job_look(v, j) != ERR_OK)
        venue_job_fail(v, j, &busy);
}

/* ---- Answers by step ---- */

void venue_job_unreadable(struct binance_verdict *out, const struct diag_list *diags)
{
    *out = (struct binance_verdict){.error = VENUE_ERROR_AMBIGUOUS};
    (void)copy_text(out->reason, sizeof out->reason,
                    diags->count > 0 ? diags->items[0].message
                                     : "the venue's answer cannot be read");
}

static void answer_look(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                        struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, j->order_id);
    struct diag_list diags = {0};
    struct binance_order o;
    bool triggered;

    if (verdict->error == VENUE_ERROR_NOT_OPEN) {
        /* There is no such order, as far as this answer goes. */
        (void)copy_text(j->sight.reason, sizeof j->sight.reason, verdict->reason);
        if (j->kind == JOB_QUERY)
            finish(v, j);
        else
            venue_job_fail(v, j, verdict);
        return;
    }
    if (verdict->error == VENUE_ERROR_NONE &&
        binance_parse_order(a->body, a->length, &diags, &o) != ERR_OK)
        venue_job_unreadable(verdict, &diags);
    if (verdict->error != VENUE_ERROR_NONE) {
        venue_job_fail(v, j, verdict);
        return;
    }
    triggered = venue_job_see(v, w, &o, &j->sight);
    binance_order_release(&o);
    go_on(v, j, triggered);
}

static void answer_trades(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                          const struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, j->order_id);
    struct binance_fills l = {0};

    if (verdict->error == VENUE_ERROR_NONE &&
        binance_parse_trades(a->body, a->length, NULL, &l) == ERR_OK) {
        tell_accepted(v, w);
        for (size_t i = 0; i < l.count; i++)
            tell_fill(v, w, &l.items[i]);
        free(l.items);
    }
    /* What is still missing is looked for at the next poll, or by the engine's next question. */
    finish(v, j);
}

void venue_job_refused(struct binance_venue *v, struct watched *w,
                       const struct binance_verdict *verdict)
{
    struct venue_event *e = venue_push_of(v,
                                          !verdict->is_certain                     ? VENUE_UNKNOWN
                                          : verdict->error == VENUE_ERROR_NOT_SENT ? VENUE_NOT_SENT
                                                                                   : VENUE_REJECTED,
                                          w);

    venue_push_error(e, verdict);
    /* Whoever makes an entry anew needs the filters of now. */
    if (verdict->error == VENUE_ERROR_FILTER && w->order.purpose == PURPOSE_ENTRY &&
        venue_market_hold(v, e))
        v->event_count--;
    /* That its name is taken says that it may be there. */
    if (!verdict->is_certain || verdict->error == VENUE_ERROR_DUPLICATE_ID)
        venue_plan_poll(v, w, clock_monotonic_us());
    else
        venue_unwatch(v, w->order.id);
}

void venue_job_placed(struct binance_venue *v, struct watched *w, const struct binance_order *o)
{
    struct sight s = {0};
    struct job *j;

    (void)venue_job_see(v, w, o, &s);
    tell_accepted(v, w);
    if (venue_job_new(v, JOB_POLL, STEP_LOOK, w->order.id, &j) == ERR_OK) {
        j->sight = s;
        venue_job_settle(v, j);
    } else {
        venue_plan_poll(v, w, clock_monotonic_us());
    }
}

static void answer_submit(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                          struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, j->order_id);
    struct diag_list diags = {0};
    struct binance_order o;
    bool triggered;

    if (verdict->error == VENUE_ERROR_NONE &&
        binance_parse_order(a->body, a->length, &diags, &o) != ERR_OK)
        venue_job_unreadable(verdict, &diags);
    if (verdict->error == VENUE_ERROR_NONE) {
        triggered = venue_job_see(v, w, &o, &j->sight);
        binance_order_release(&o);
        tell_accepted(v, w);
        go_on(v, j, triggered);
        return;
    }
    venue_job_end(v, j);
    venue_job_refused(v, w, verdict);
}

static void answer_cancel(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                          struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, j->order_id);
    struct binance_order o;

    if (verdict->error == VENUE_ERROR_NONE &&
        binance_parse_order(a->body, a->length, NULL, &o) == ERR_OK) {
        (void)venue_job_see(v, w, &o, &j->sight);
        binance_order_release(&o);
        venue_job_settle(v, j);
        return;
    }
    /* It was not open any more, or the answer does not show the order: what became of it? */
    if ((verdict->error == VENUE_ERROR_NONE || verdict->error == VENUE_ERROR_NOT_OPEN) &&
        venue_job_look(v, j) == ERR_OK)
        return;
    if (verdict->error == VENUE_ERROR_NONE)
        verdict->error = VENUE_ERROR_AMBIGUOUS;
    venue_job_fail(v, j, verdict);
}

/* The second half of a replace: the new order, as if it had been submitted alone. */
static void answer_placed(struct binance_venue *v, int64_t with_id,
                          const struct binance_replaced *r, const struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, with_id);
    struct binance_verdict own = *verdict;

    if (!w)
        return;
    if (r && r->place == BINANCE_STEP_DONE) {
        venue_job_placed(v, w, &r->placed);
        return;
    }
    if (r && r->place == BINANCE_STEP_FAILED)
        binance_judge_code(v->market, r->place_refusal.code, r->place_refusal.message, &own);
    if (r && r->place == BINANCE_STEP_NOT_TRIED) {
        own = (struct binance_verdict){.error = VENUE_ERROR_NOT_SENT, .is_certain = true};
        (void)copy_text(own.reason, sizeof own.reason,
                        "the order it should replace was not canceled");
    }
    venue_job_refused(v, w, &own);
}

static void answer_replace(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                           struct binance_verdict *verdict)
{
    struct watched *w = venue_watched(v, j->order_id);
    struct binance_replaced r;
    const int64_t with_id = j->with_id;

    if (a->outcome != TRANSPORT_ANSWERED ||
        binance_parse_replaced(a->body, a->length, NULL, &r) != ERR_OK) {
        if (verdict->error == VENUE_ERROR_NONE)
            venue_job_unreadable(verdict, &(struct diag_list){0});
        answer_placed(v, with_id, NULL, verdict);
        venue_job_fail(v, j, verdict);
        return;
    }
    answer_placed(v, with_id, &r, verdict);
    if (r.cancel == BINANCE_STEP_DONE) {
        j->kind = JOB_CANCEL;
        (void)venue_job_see(v, w, &r.canceled, &j->sight);
        venue_job_settle(v, j);
    } else {
        /* What became of it is asked for as after a cancel that failed. */
        binance_judge_code(v->market, r.cancel_refusal.code, r.cancel_refusal.message, verdict);
        j->kind = JOB_CANCEL;
        if (verdict->error != VENUE_ERROR_NOT_OPEN || venue_job_look(v, j) != ERR_OK)
            venue_job_fail(v, j, verdict);
    }
    binance_order_release(&r.canceled);
    binance_order_release(&r.placed);
}

/* After a long silence of the venue something may have happened that nobody told. */
static void note_silence(struct binance_venue *v, const struct transport_answer *a)
{
    const bool good = a->outcome == TRANSPORT_ANSWERED && a->status < 500 && a->status != 418;

    if (!good) {
        v->failing_since_us = v->failing_since_us ? v->failing_since_us : a->end_us;
        return;
    }
    if (v->failing_since_us && a->end_us - v->failing_since_us >= GAP_US)
        (void)copy_text(venue_push(v, VENUE_GAP)->reason, LIMIT_REASON,
                        "the venue answers again after a long silence");
    v->failing_since_us = 0;
}

void venue_job_answer(struct binance_venue *v, struct job *j, const struct transport_answer *a)
{
    struct binance_verdict verdict;

    binance_judge(v->market, a, clock_wall_us(), &verdict);
    note_silence(v, a);
    if (j->kind == JOB_MARKET) {
        venue_market_answer(v, j, a, &verdict);
        return;
    }
    if (verdict.error == VENUE_ERROR_FILTER || verdict.error == VENUE_ERROR_MARKET)
        venue_market_hurry(v);
    if (j->kind == JOB_ACCOUNT) {
        venue_account_answer(v, j, a, &verdict);
        return;
    }
    if (j->kind == JOB_SILENT) {
        if (verdict.error != VENUE_ERROR_NONE)
            LOG_WARN("venue_timer_failed", "reason", verdict.reason, NULL);
        venue_job_end(v, j);
        return;
    }
    if (!venue_watched(v, j->order_id)) {
        venue_job_end(v, j);
        return;
    }
    if (j->step == STEP_TRADES)
        answer_trades(v, j, a, &verdict);
    else if (j->step == STEP_LOOK || j->step == STEP_ACTUAL)
        answer_look(v, j, a, &verdict);
    else if (j->kind == JOB_PAIR || j->kind == JOB_CANCEL_PAIR)
        venue_pair_answer(v, j, a, &verdict);
    else if (j->kind == JOB_SUBMIT)
        answer_submit(v, j, a, &verdict);
    else if (j->kind == JOB_CANCEL)
        answer_cancel(v, j, a, &verdict);
    else
        answer_replace(v, j, a, &verdict);
}
