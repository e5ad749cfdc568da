/* SPDX-License-Identifier: Apache-2.0 */
/* One trading cycle: everything that happens at one instant of the feed. */
#include "engine/cycle.h"

#include <string.h>

#include "core/log.h"
#include "engine/decide.h"
#include "engine/execution.h"

/* One candle of one instrument, its fills already booked. */
static enum err cycle_close_lane(struct engine_state *s, const struct feed_event *event)
{
    struct lane *lane = &s->lanes[event->instrument];
    const struct candle *c = &event->candle;

    lane->candle = *c;
    lane->has_candle = true;
    lane->last = candle_price(c, c->close);
    if (lane->run) {
        if (c->flags & CANDLE_AFTER_GAP)
            strategy_run_reset(lane->run);
        strategy_run_push(lane->run, c);
    }
    return decide_trail(s, event->instrument);
}

/* Every close at this instant; then equity, then decisions, in instrument order. */
static enum err cycle_closes(struct engine_state *s, int64_t at_us)
{
    const struct feed *feed = s->options.feed;
    enum feed_kind kind;
    int64_t due_us;
    enum err e;

    while ((e = feed->peek(feed->self, &due_us, &kind)) == ERR_OK && due_us == at_us &&
           kind == FEED_CLOSE) {
        struct feed_event event;

        e = feed->next(feed->self, &event);
        if (e)
            return e;
        s->options.venue->market(s->options.venue->self, &event);
        execution_drain(s);
        e = cycle_close_lane(s, &event);
        if (e) {
            s->symbol_errors++;
            LOG_ERROR("symbol_failed", "symbol", s->instruments[event.instrument].symbol, "error",
                      err_code(e), NULL);
        }
    }
    if (e && e != ERR_END)
        return e;
    decide_equity(s, at_us);
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
        s->lanes[event.instrument].last = candle_price(&event.candle, event.candle.open);
        s->options.venue->market(s->options.venue->self, &event);
        execution_drain(s);
    }
    return e == ERR_END ? ERR_OK : e;
}

/* Finds the next instant and begins its cycle: closes and decisions, in memory. */
static enum err cycle_begin(struct engine_state *s, int64_t until_us, int64_t *due_us)
{
    const struct feed *feed = s->options.feed;
    enum feed_kind kind;
    enum err e = feed->peek(feed->self, due_us, &kind);

    if (e)
        return e;
    if (*due_us > until_us)
        return ERR_AGAIN;
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
        if (e)
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

    for (i = 0; i < s->lane_count; i++) {
        values[n++] = s->lanes[i].candle.open_us;
        values[n++] = s->lanes[i].candle.close;
        if (n + 2 > COUNT_OF(values) || i + 1 == s->lane_count) {
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
    struct digest inputs;
    struct leaf leaf;
    enum err e = state_equity(s, &equity, &unrealized, &exposure);

    if (e)
        return e;
    cycle_inputs(s, &inputs);
    e = ledger_cycle(&context, s->account.cycle_count, equity, &inputs, &leaf);
    if (e)
        return e;
    state_add_leaf(s, &leaf);
    return execution_flush(s);
}
