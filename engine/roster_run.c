/* SPDX-License-Identifier: Apache-2.0 */
/* Versions at work: told every candle, told the past when they are new, taking over. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/manage.h"
#include "engine/roster_parts.h"

void version_init(struct engine_state *s, struct version *v, const struct strategy *strategy)
{
    *v =
        (struct version){.strategy = strategy_acquire(strategy), .run = strategy_run_new(strategy)};
    for (size_t i = 0; i < strategy_other_count(strategy); i++) {
        bool found = state_instrument(s, strategy_other_symbol(strategy, i), &v->others[i]);

        ASSERT(found);
    }
}

void version_release(struct version *v)
{
    strategy_run_free(v->run);
    strategy_release(v->strategy);
    *v = (struct version){0};
}

size_t roster_ext_place(const struct engine_state *s, const char *name, const char *symbol,
                        bool *found)
{
    size_t low = 0, high = s->ext_value_count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct ext_value *e = &s->ext_values[middle];
        int order = strcmp(e->name, name);

        order = order ? order : strcmp(e->symbol, symbol);
        *found |= order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The newest value of the name for the symbol, or of the name for all; NaN when there is none that
 * is true at `at_us` and not too old. */
static double roster_ext(const struct engine_state *s, const struct version *v, size_t i,
                         const char *symbol, int64_t at_us)
{
    const char *name = strategy_ext_name(v->strategy, i);
    const struct ext_value *found;
    bool is_there;
    size_t at = roster_ext_place(s, name, symbol, &is_there);

    if (!is_there)
        at = roster_ext_place(s, name, "", &is_there);
    found = is_there ? &s->ext_values[at] : NULL;
    if (!found || found->at_us > at_us ||
        at_us - found->at_us > strategy_ext_max_age_us(v->strategy, i))
        return NAN;
    return found->value;
}

/* Others first: their candles of this instant are on the same clock. */
static void version_push(const struct engine_state *s, struct version *v, size_t instrument,
                         int64_t at_us)
{
    if (!v->run)
        return;
    for (size_t i = 0; i < strategy_other_count(v->strategy); i++) {
        const struct tape *other = &s->tapes[v->others[i]];

        if (other->is_fresh)
            strategy_run_push_other(v->run, i, &other->candle);
    }
    if (!s->tapes[instrument].is_fresh)
        return;
    for (size_t i = 0; i < strategy_ext_count(v->strategy); i++)
        strategy_run_set_ext(v->run, i,
                             roster_ext(s, v, i, s->instruments[instrument].symbol, at_us));
    strategy_run_push(v->run, &s->tapes[instrument].candle);
}

void roster_tape(struct engine_state *s, const struct feed_event *e)
{
    struct tape *t = &s->tapes[e->instrument];

    t->candle = e->candle;
    t->has_candle = true;
    t->is_fresh = true;
    t->last = candle_price(&e->candle, e->candle.close);
}

/* next_candle: the first candle that opened after the activation, or the last one of all. */
static bool lane_has_turned(const struct engine_state *s, const struct lane *lane)
{
    const struct tape *t = lane_tape(s, lane);

    return lane->slot->row.effective == EFFECTIVE_NEXT_CANDLE && t->is_fresh &&
           (t->candle.open_us > lane->slot->row.from_us || (t->candle.flags & CANDLE_LAST));
}

void roster_push(struct engine_state *s, int64_t at_us)
{
    size_t i;

    for (i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];

        version_push(s, &lane->now, lane->instrument, at_us);
        version_push(s, &lane->next, lane->instrument, at_us);
        if (lane->next.strategy && lane_has_turned(s, lane))
            roster_take_over(s, lane);
    }
    for (i = 0; i < s->options.instrument_count; i++)
        s->tapes[i].is_fresh = false;
}

void roster_take_over(struct engine_state *s, struct lane *lane)
{
    version_release(&lane->now);
    lane->now = lane->next;
    lane->next = (struct version){0};
    s->roster_changed = true;
}

void roster_flat(struct engine_state *s, struct lane *lane)
{
    if (lane->position || lane->entry_order_id)
        return;
    if (lane->next.strategy && lane->slot->row.effective == EFFECTIVE_WHEN_FLAT)
        roster_take_over(s, lane);
    if (lane->slot->row.state != SLOT_ACTIVE || lane->slot->next ||
        lane->now.strategy != lane->slot->strategy)
        s->roster_changed = true;
}

/* ---- The past ---- */

/* The candles of one instant, held back until all of them are there. */
struct warm {
    struct engine_state *s;
    struct lane *const *lanes;
    size_t count;
    int64_t at_us;
    struct tape *tapes; /* one an instrument, of the history; swapped in while pushing */
};

static void warm_push(struct warm *w)
{
    struct engine_state *s = w->s;
    struct tape *mine = s->tapes;

    s->tapes = w->tapes;
    for (size_t i = 0; i < w->count; i++) {
        struct lane *lane = w->lanes[i];

        version_push(s, &lane->next, lane->instrument, w->at_us);
    }
    for (size_t i = 0; i < s->options.instrument_count; i++)
        w->tapes[i].is_fresh = false;
    s->tapes = mine;
}

static void warm_take(void *context, const struct feed_event *e)
{
    struct warm *w = context;

    if (e->at_us != w->at_us) {
        warm_push(w);
        w->at_us = e->at_us;
    }
    w->tapes[e->instrument].candle = e->candle;
    w->tapes[e->instrument].is_fresh = true;
}

enum err roster_warm(struct engine_state *s, struct lane *const *lanes, size_t count)
{
    const struct feed *f = s->options.feed;
    struct warm w = {.s = s, .lanes = lanes, .count = count, .at_us = s->account.cursor_us};
    enum err e;

    if (s->account.cursor_us == TIME_NONE || count == 0)
        return ERR_OK;
    w.tapes = xcalloc(s->options.instrument_count + 1, sizeof(*w.tapes));
    e = f->history(f->self, s->account.cursor_us, s->account.feed_shift_us, 0, warm_take, &w);
    if (e == ERR_OK)
        warm_push(&w);
    free(w.tapes);
    return e;
}

/* ---- What follows from the row ---- */

bool roster_may_enter(const struct engine_state *s, const struct lane *lane)
{
    const struct slot *slot = lane->slot;
    bool is_turning = slot->row.effective == EFFECTIVE_NEXT_CANDLE && lane->next.strategy != NULL;

    if (slot->row.state != SLOT_ACTIVE)
        return false;
    if (lane->now.strategy != slot_newest(slot) && !is_turning)
        return false;
    /* A new slot has nothing that decides on the candle under way in its stead. */
    return is_turning || slot->row.effective != EFFECTIVE_NEXT_CANDLE ||
           lane_tape(s, lane)->candle.open_us > slot->row.from_us;
}

int64_t roster_cooldown_end(const struct engine_state *s, const struct lane *lane,
                            const struct position *closed)
{
    if (!lane->now.strategy)
        return 0;
    return manage_cooldown_end(lane->now.strategy, closed,
                               s->options.feed->timeframe_us(s->options.feed->self));
}
