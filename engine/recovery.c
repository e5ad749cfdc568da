/* SPDX-License-Identifier: Apache-2.0 */
/* Where an engine begins: a new account's genesis, or the journal's truth brought back to life. */
#include "engine/recovery.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "engine/booking.h"
#include "engine/execution.h"
#include "engine/income.h"
#include "engine/inquiry.h"
#include "engine/roster.h"

/* A recording in realtime begins at the next boundary of its timeframe. */
static int64_t recovery_shift(const struct engine_state *s)
{
    const struct feed *f = s->options.feed;
    int64_t timeframe_us = f->timeframe_us(f->self);
    int64_t now = clock_now(&s->clock);

    if (s->options.pace != PACE_REALTIME)
        return 0;
    return (now + timeframe_us - 1) / timeframe_us * timeframe_us - f->first_us(f->self);
}

/* A simulated venue checks entries by what the account has. */
static void recovery_fund(struct engine_state *s)
{
    const struct venue *v = s->options.venue;

    if (v->fund)
        v->fund(v->self, s->account.cash);
}

struct past {
    struct engine_state *s;
    int64_t at_us;
    bool any;
};

static void past_take(void *context, const struct feed_event *e)
{
    struct past *p = context;

    if (p->any && e->at_us != p->at_us)
        roster_push(p->s, p->at_us);
    roster_tape(p->s, e);
    p->at_us = e->at_us;
    p->any = true;
}

/* What a venue had before the account began warms the rules up; it decides nothing. */
static enum err recovery_past(struct engine_state *s)
{
    const struct feed *f = s->options.feed;
    struct past p = {.s = s};
    enum err e;

    if (!f->is_live)
        return ERR_OK;
    e = f->history(f->self, s->account.feed_shift_us - 1, s->account.feed_shift_us, 0, past_take,
                   &p);
    if (e == ERR_OK && p.any)
        roster_push(s, p.at_us);
    return e;
}

static enum err recovery_new_account(struct engine_state *s, struct diag_list *diags)
{
    const struct engine_options *o = &s->options;
    struct leaf_context context;
    struct leaf leaf;
    enum err e;

    s->account = (struct account){.mode = o->mode,
                                  .cash = o->starting_equity,
                                  .cursor_us = TIME_NONE,
                                  .phase = PHASE_DONE,
                                  .wanted = o->autostart ? WANTED_RUNNING : WANTED_STOPPED};
    copy_text(s->account.id, sizeof(s->account.id), o->account_id);
    copy_text(s->account.quote, sizeof(s->account.quote), o->quote);
    performance_init(&s->account.performance, o->starting_equity);
    if (!o->feed)
        return ERR_OK; /* nothing can happen: the log begins with the first feed */
    recovery_fund(s);
    s->account.feed_shift_us = recovery_shift(s);
    o->feed->rewind(o->feed->self, s->account.feed_shift_us);
    if (o->pace == PACE_REPLAY)
        clock_set(&s->clock, o->feed->first_us(o->feed->self));
    context = state_leaf_context(s, "");
    e = ledger_genesis(&context, &o->genesis, &leaf);
    if (e)
        return e;
    state_add_leaf(s, &leaf);
    e = roster_configure(s, diags);
    if (e == ERR_OK)
        e = recovery_past(s);
    if (e == ERR_OK)
        e = roster_declare(s);
    return e ? e : state_commit(s, false);
}

static enum err recovery_check(const struct engine_state *s, const struct recovery *r,
                               struct diag_list *diags)
{
    const struct engine_options *o = &s->options;
    struct diag *d;

    if (r->account.mode != o->mode) {
        d = diag_add(diags, "mode", "account_mode", "account %s was begun in mode %s",
                     r->account.id, trading_mode_name(r->account.mode));
        diag_hint(d, "give another account_label");
        return ERR_CONFLICT;
    }
    if (o->feed && r->account.feed_id[0] && strcmp(r->account.feed_id, o->config.feed_id) != 0) {
        d = diag_add(diags, "candles", "other_recording",
                     "account %s trades another recording than these candles", r->account.id);
        diag_hint(d, "a recorded replay is an account of its own: give another account_label");
        return ERR_CONFLICT;
    }
    return ERR_OK;
}

/* Tells the feed's past again, up to where the cursor stood. */
static enum err recovery_warm_up(struct engine_state *s)
{
    const struct feed *feed = s->options.feed;
    enum feed_kind kind;
    int64_t at_us, closed_us = TIME_NONE;
    bool waits = false; /* candles of closed_us are still to be pushed */
    enum err e;

    feed->rewind(feed->self, s->account.feed_shift_us);
    if (s->options.pace == PACE_REPLAY)
        clock_set(&s->clock, s->account.cursor_us == TIME_NONE ? feed->first_us(feed->self)
                                                               : s->account.cursor_us);
    while ((e = feed->peek(feed->self, &at_us, &kind)) == ERR_OK) {
        struct feed_event event;

        if (at_us > s->account.cursor_us ||
            (at_us == s->account.cursor_us && kind == FEED_OPEN && s->account.phase != PHASE_DONE))
            break;
        /* What closed at one instant is pushed together, as the cycle did. */
        if (waits && (kind == FEED_OPEN || at_us != closed_us)) {
            roster_push(s, closed_us);
            waits = false;
        }
        e = feed->next(feed->self, &event);
        if (e)
            return e;
        if (kind == FEED_FUNDING)
            continue; /* the cash that the journal has is net of it */
        state_tell_market(s, &event);
        if (kind == FEED_CLOSE) {
            roster_tape(s, &event);
            closed_us = at_us;
            waits = true;
        } else {
            s->tapes[event.instrument].last = candle_price(
                &event.candle, kind == FEED_OPEN ? event.candle.open : event.candle.close);
        }
    }
    if (waits)
        roster_push(s, closed_us);
    return e == ERR_END ? ERR_OK : e;
}

/* An entry that filled in part is over when its position is leaving or has left; one that was never
 * sent, when entries were stopped meanwhile. */
static bool recovery_is_entry_over(const struct engine_state *s, const struct order *o,
                                   const struct position *p)
{
    if (o->status == ORDER_NEW && s->account.wanted != WANTED_RUNNING)
        return true;
    return o->position_id && (!p || p->id != o->position_id || p->exit_order_id);
}

/* True when nothing names this order any more (its replacement was durable, its cancel was not), or
 * an operator wanted it canceled. */
static bool recovery_is_stale(const struct engine_state *s, const struct live_order *live)
{
    const struct position *p = live->lane->position;
    int64_t id = live->order.id;

    if (live->order.reason[0])
        return true;
    if (live->order.purpose == PURPOSE_ENTRY)
        return recovery_is_entry_over(s, &live->order, p);
    if (order_is_resting_exit(&live->order))
        return !p || p->id != live->order.position_id || execution_is_leaving(s, live->lane);
    return !p || (p->stop_order_id != id && p->target_order_id != id && p->exit_order_id != id);
}

/* The venue's net holding of a symbol is the sum over strategies. */
static enum err recovery_hold(struct engine_state *s)
{
    const struct venue *v = s->options.venue;
    struct size *holding = xcalloc(s->options.instrument_count + 1, sizeof(*holding));
    enum err e = ERR_OK;
    size_t i;

    for (i = 0; i < s->lane_count && e == ERR_OK; i++) {
        struct lane *lane = s->lanes[i];
        const struct position *p = lane->position;

        if (!p)
            continue;
        e = size_add(holding[lane->instrument],
                     p->direction == DIRECTION_LONG ? p->size : size_neg(p->size),
                     &holding[lane->instrument]);
        if (v->own)
            v->own(v->self, p->id, p->size);
        state_touch(s, lane);
    }
    for (i = 0; i < s->options.instrument_count && e == ERR_OK; i++) {
        if (size_sign(holding[i]) != 0 && v->hold)
            v->hold(v->self, i, holding[i]);
    }
    free(holding);
    return e;
}

/* A venue that outlives us goes on while we do not: every order is asked about, the account is
 * compared before the next entry.  What was new may have been sent before the end. */
static enum err recovery_ask(struct engine_state *s, const struct recovery *r)
{
    const struct venue *v = s->options.venue;
    int64_t now = state_now(s);
    size_t i;

    for (i = 0; i < r->ended_count; i++)
        state_keep_ended(s, &r->ended[i]);
    for (i = 0; i < r->fill_count; i++)
        (void)fill_ids_add(&s->fill_ids, r->fills[i].symbol, r->fills[i].venue_fill_id);
    income_restore(s, r);
    execution_recall_closes(s);
    for (i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->position)
            state_touch(s, s->lanes[i]);
    }
    for (i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];
        struct order *o = &live->order;
        enum err e;

        live->cancel_wanted = recovery_is_stale(s, live);
        s->closes_wait |= o->exit_reason == EXIT_MANUAL;
        /* Even an attempt whose turn has not come: a daemon that was followed while its database
         * was away may still be there, and send it. */
        if (o->status == ORDER_NEW || o->status == ORDER_SUBMITTED)
            order_move(o, ORDER_UNKNOWN, now);
        inquiry_found(s, live);
        inquiry_want(live);
        e = v->restore(v->self, o);
        if (e)
            return e;
    }
    return ERR_OK;
}

/* Balances, then resting orders, then cancels that were on their way, then orders never sent: the
 * order in which an undisturbed run told the venue. */
static enum err recovery_restore(struct engine_state *s)
{
    const struct venue *v = s->options.venue;
    int64_t now = state_now(s);
    enum err e;
    size_t i;

    recovery_fund(s);
    e = recovery_hold(s);
    if (e)
        return e;
    for (i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        live->cancel_wanted = recovery_is_stale(s, live);
        s->closes_wait |= live->order.exit_reason == EXIT_MANUAL;
        if (live->order.status != ORDER_NEW)
            e = v->restore(v->self, &live->order);
        if (e)
            return e;
    }
    for (i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (live->cancel_wanted && live->order.status != ORDER_NEW &&
            v->cancel(v->self, &live->order, now) == ERR_OK)
            live->cancel_sent = true;
    }
    for (i = 0; i < s->order_count; i++) {
        struct live_order *live = s->orders[i];

        if (live->order.status != ORDER_NEW)
            continue;
        if (live->cancel_wanted) {
            booking_end_unsent(s, live->order.id, "never sent", false);
            i = (size_t)-1; /* the list changed: look again from the start */
            continue;
        }
        e = v->restore(v->self, &live->order);
        if (e)
            return e;
        order_move(&live->order, ORDER_SUBMITTED, now);
        journal_batch_put_order(&s->pending, &live->order);
    }
    execution_drain(s);
    return ERR_OK;
}

static enum err recovery_resume(struct engine_state *s, struct recovery *r, struct diag_list *diags)
{
    enum err e = recovery_check(s, r, diags);

    if (e)
        return e;
    s->account = r->account;
    s->kept_order_id = s->tried_order_id = r->account.last_order_id;
    s->other_fees = r->other_fees;
    s->daily = r->daily;
    r->daily = (struct daily_equity){0};
    e = roster_restore(s, r, diags);
    if (e || !s->options.feed)
        return e;
    if (s->account.log_size == 0)
        return ERR_INTERNAL; /* an account row without its genesis cannot be */
    e = recovery_past(s);
    if (e == ERR_OK)
        e = recovery_warm_up(s);
    if (e == ERR_OK)
        e = s->options.venue->traits.outlives_us ? recovery_ask(s, r) : recovery_restore(s);
    if (e)
        return e;
    if (s->account.phase == PHASE_DECIDED) {
        s->step = STEP_DECIDED;
        s->step_at_us = s->account.cursor_us;
    } else {
        e = execution_flush(s);
    }
    if (e == ERR_OK)
        e = roster_configure(s, diags);
    if (e == ERR_OK)
        e = roster_declare(s);
    if (e == ERR_OK && s->step == STEP_IDLE)
        e = state_commit(s, false);
    LOG_INFO("account_recovered", "account", s->account.id, "orders", LOG_NUMBER(s->order_count),
             "positions", LOG_NUMBER(s->position_count), "log_size",
             LOG_NUMBER(s->account.log_size), NULL);
    return e;
}

/* What the database has is shown, as far as it can be read; nothing is done with it. */
static void recovery_show(struct engine_state *s, struct diag_list *diags)
{
    struct recovery r = {0};

    s->account = (struct account){
        .mode = s->options.mode, .cash = s->options.starting_equity, .cursor_us = TIME_NONE};
    copy_text(s->account.id, sizeof(s->account.id), s->options.account_id);
    copy_text(s->account.quote, sizeof(s->account.quote), s->options.quote);
    performance_init(&s->account.performance, s->options.starting_equity);
    if (s->options.journal->recover(s->options.journal->self, s->options.account_id, &r) ==
            ERR_OK &&
        r.exists) {
        s->account = r.account;
        s->daily = r.daily;
        r.daily = (struct daily_equity){0};
        if (roster_restore(s, &r, diags))
            LOG_WARN("account_shown_in_part", "account", s->account.id, NULL);
    }
    recovery_release(&r);
}

enum err recovery_begin(struct engine_state *s, struct diag_list *diags)
{
    struct recovery r = {0};
    enum err e;

    if (s->options.refusal) {
        recovery_show(s, diags);
        return ERR_OK;
    }
    e = s->options.journal->recover(s->options.journal->self, s->options.account_id, &r);
    /* Elsewhere no order outlives its daemon, and a replay's log is the same after each crash. */
    if (s->options.venue && s->options.venue->traits.outlives_us)
        s->epoch = r.epoch;
    if (e == ERR_OK)
        e = r.exists ? recovery_resume(s, &r, diags) : recovery_new_account(s, diags);
    if (e && diags && diags->count == 0)
        diag_add(diags, "account", err_code(e), "the account cannot be recovered: %s",
                 err_sentence(e));
    recovery_release(&r);
    return e;
}
