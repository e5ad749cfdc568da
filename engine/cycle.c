/* SPDX-License-Identifier: Apache-2.0 */
/* One trading cycle: everything that happens at one instant of the feed. */
#include "engine/cycle.h"

#include <string.h>

#include "core/log.h"
#include "engine/booking.h"
#include "engine/decide.h"
#include "engine/execution.h"
#include "engine/expiry.h"
#include "engine/mark.h"
#include "engine/roster.h"

/* Candles go into the runs when all of this instant are there; then positions are marked, in the
 * order of the lanes. */
static void cycle_mark(struct engine_state *s, int64_t at_us)
{
    int64_t timeframe_us = s->options.feed->timeframe_us(s->options.feed->self);
    size_t i;

    roster_push(s, at_us);
    for (i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        const struct tape *tape = lane_tape(s, lane);
        enum err e;

        if (!lane->position || !tape->has_candle || tape->candle.open_us + timeframe_us != at_us)
            continue;
        e = mark_position(s, lane);
        if (e) {
            s->symbol_errors++;
            LOG_ERROR("symbol_failed", "symbol", lane_instrument(s, lane)->symbol, "error",
                      err_code(e), NULL);
        }
    }
}

/* A finer candle: what it touches is executed, then it moves trailing stops.  The last one of a
 * candle does not: the candle's own mark, at this same instant, knows the rules as of its close. */
static void cycle_detail(struct engine_state *s, const struct feed_event *event)
{
    const int64_t timeframe_us = s->options.feed->timeframe_us(s->options.feed->self);

    s->tapes[event->instrument].last = candle_price(&event->candle, event->candle.close);
    if (event->at_us % timeframe_us == 0)
        return;
    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        enum err e = ERR_OK;

        if (lane->instrument == event->instrument)
            e = mark_detail(s, lane, &event->candle);
        if (!e)
            continue;
        s->symbol_errors++;
        LOG_ERROR("symbol_failed", "symbol", lane_instrument(s, lane)->symbol, "error", err_code(e),
                  NULL);
    }
}

/* One event before the opens. */
static void cycle_take(struct engine_state *s, const struct feed_event *event)
{
    if (event->kind == FEED_FUNDING) {
        booking_funding(s, event);
        return;
    }
    state_tell_market(s, event);
    execution_drain(s);
    if (event->kind == FEED_CLOSE)
        roster_tape(s, event);
    else
        cycle_detail(s, event);
}

/* Every close at this instant, with what comes before the opens; then marks, equity and decisions,
 * unless no candle closes or opens now. */
static enum err cycle_closes(struct engine_state *s, int64_t at_us)
{
    const struct feed *feed = s->options.feed;
    bool has_candles = false;
    enum feed_kind kind;
    int64_t due_us;
    enum err e;

    while ((e = feed->peek(feed->self, &due_us, &kind)) == ERR_OK && due_us == at_us &&
           kind != FEED_OPEN) {
        struct feed_event event;

        e = feed->next(feed->self, &event);
        if (e)
            return e;
        cycle_take(s, &event);
        has_candles |= kind == FEED_CLOSE;
    }
    if (e && e != ERR_END)
        return e;
    if (!has_candles && (e || due_us != at_us))
        return ERR_OK;
    cycle_mark(s, at_us);
    e = roster_sweep(s);
    if (e)
        return e;
    expiry_watch(s);
    mark_equity(s, at_us);
    decide_all(s, at_us);
    return ERR_OK;
}

static enum err cycle_opens(struct engine_state *s, int64_t at_us)
{
    const struct feed *feed = s->options.feed;
    enum feed_kind kind;
    int64_t due_us;
    enum err e;

    while ((e = feed->peek(feed->self, &due_us, &kind)) == ERR_OK && due_us == at_us &&
           kind == FEED_OPEN) {
        struct feed_event event;

        e = feed->next(feed->self, &event);
        if (e)
            return e;
        s->tapes[event.instrument].last = candle_price(&event.candle, event.candle.open);
        state_tell_market(s, &event);
        execution_drain(s);
    }
    return e == ERR_END ? ERR_OK : e;
}

/* An instant that was decided on before this engine began: a venue's feed may hear of it late, when
 * it was opened long before its daemon came to trade. */
static bool cycle_is_past(const struct engine_state *s, int64_t at_us, enum feed_kind kind)
{
    return at_us < s->account.cursor_us ||
           (at_us == s->account.cursor_us && (kind != FEED_OPEN || s->account.phase == PHASE_DONE));
}

/* As recovery tells what came before.  The venue is not told: it has the orders of now. */
static enum err cycle_past(struct engine_state *s, int64_t at_us)
{
    const struct feed *feed = s->options.feed;
    bool has_closed = false;
    enum feed_kind kind;
    int64_t due_us;
    enum err e;

    while ((e = feed->peek(feed->self, &due_us, &kind)) == ERR_OK && due_us == at_us &&
           cycle_is_past(s, due_us, kind)) {
        struct feed_event event;

        e = feed->next(feed->self, &event);
        if (e)
            return e;
        if (kind == FEED_CLOSE)
            roster_tape(s, &event);
        else if (kind == FEED_OPEN)
            s->tapes[event.instrument].last = candle_price(&event.candle, event.candle.open);
        has_closed |= kind == FEED_CLOSE;
    }
    if (has_closed)
        roster_push(s, at_us);
    return e == ERR_END ? ERR_OK : e;
}

/* Finds the next instant and begins its cycle: closes and decisions, in memory.  What is past is
 * told, and no cycle begins. */
static enum err cycle_begin(struct engine_state *s, int64_t until_us, int64_t *due_us)
{
    const struct feed *feed = s->options.feed;
    enum feed_kind kind;
    enum err e = feed->peek(feed->self, due_us, &kind);

    if (e)
        return e;
    if (*due_us > until_us)
        return ERR_AGAIN;
    if (cycle_is_past(s, *due_us, kind))
        return cycle_past(s, *due_us);
    s->step_at_us = *due_us;
    if (s->options.pace == PACE_REPLAY)
        clock_set(&s->clock, *due_us);
    e = cycle_closes(s, *due_us);
    if (e)
        return e;
    s->account.cycle_count++;
    s->account.cursor_us = s->step_at_us;
    s->account.phase = PHASE_DECIDED;
    s->step = STEP_DECIDED;
    return ERR_OK;
}

enum err cycle_run(struct engine_state *s, int64_t until_us, int64_t *due_us)
{
    enum err e;

    if (s->step == STEP_IDLE) {
        e = cycle_begin(s, until_us, due_us);
        if (e || s->step == STEP_IDLE)
            return e;
    }
    if (s->step == STEP_DECIDED) {
        e = execution_flush(s);
        if (e)
            return e;
        s->step = STEP_OPENS;
    }
    if (s->step == STEP_OPENS) {
        e = cycle_opens(s, s->step_at_us);
        if (e)
            return e;
        s->account.phase = PHASE_DONE;
        s->step = STEP_SETTLING;
    }
    e = execution_flush(s);
    if (e == ERR_OK && ++s->cycles_uncommitted >= CYCLE_CURSOR_EVERY)
        e = state_commit(s, true);
    if (e)
        return e;
    s->step = STEP_IDLE;
    return ERR_OK;
}

/* What the cycle saw, so that a reader can tell whether it had the same candles. */
static void cycle_inputs(const struct engine_state *s, struct digest *out)
{
    int64_t values[1 + 2 * 8] = {s->account.cursor_us};
    size_t i, n = 1;
    struct digest d = {{0}};

    for (i = 0; i < s->options.instrument_count; i++) {
        values[n++] = s->tapes[i].candle.open_us;
        values[n++] = s->tapes[i].candle.close;
        if (n + 2 > COUNT_OF(values) || i + 1 == s->options.instrument_count) {
            unsigned char block[sizeof(d) + sizeof(values)];

            memcpy(block, &d, sizeof(d));
            memcpy(block + sizeof(d), values, n * sizeof(values[0]));
            digest_of(block, sizeof(d) + n * sizeof(values[0]), &d);
            n = 0;
        }
    }
    *out = d;
}

enum err cycle_heartbeat(struct engine_state *s)
{
    struct leaf_context context = state_leaf_context(s, "");
    struct money equity, unrealized, exposure;
    const struct engine_options *o = &s->options;
    struct beacon beacon;
    bool has_beacon = o->beacon && o->beacon(o->beacon_source, s->beacon_round, &beacon);
    struct digest inputs;
    struct leaf leaf;
    enum err e = state_equity(s, &equity, &unrealized, &exposure);

    if (e)
        return e;
    cycle_inputs(s, &inputs);
    e = ledger_cycle(&context, s->account.cycle_count, equity, &inputs, has_beacon ? &beacon : NULL,
                     &leaf);
    if (e)
        return e;
    if (has_beacon)
        s->beacon_round = beacon.round;
    state_add_leaf(s, &leaf);
    return execution_flush(s);
}

enum err cycle_finish(struct engine_state *s)
{
    enum err e;

    for (size_t i = 0; i < s->lane_count; i++)
        state_end_entry(s, s->lanes[i]);
    e = execution_flush(s);
    return e ? e : state_commit(s, true);
}
