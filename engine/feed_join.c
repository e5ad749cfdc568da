/* SPDX-License-Identifier: Apache-2.0 */
/* Merges funding and finer candles into a feed by time and kind. */
#include "engine/feed_join.h"

#include <stdlib.h>

/* What is beside one instrument, and how far it has been told. */
struct lane {
    struct feed_beside beside;
    size_t funding, detail; /* the next ones */
    int64_t detailed_us;    /* open of the newest finer candle told, unshifted */
    struct detail_count count;
};

struct feed_join {
    struct feed base;
    struct lane *lanes;
    size_t count;
    int64_t shift_us, from_us;
    int64_t last_us; /* of the newest event of the base */
    /* The next of ours, looked for anew when one was taken. */
    bool is_known;
    int64_t at_us; /* shifted; INT64_MAX: none */
    enum feed_kind kind;
    size_t lane;
};

bool feed_beside_has_funding(const struct feed_beside *beside, size_t count)
{
    for (size_t i = 0; beside && i < count; i++)
        if (beside[i].funding_count > 0)
            return true;
    return false;
}

bool feed_beside_has_detail(const struct feed_beside *beside, size_t count)
{
    for (size_t i = 0; beside && i < count; i++)
        if (beside[i].detail_us > 0)
            return true;
    return false;
}

/* What comes first by time, then by kind; instruments are asked in their order. */
static void offer(struct feed_join *j, size_t lane, int64_t at_us, enum feed_kind kind)
{
    if (at_us > j->at_us || (at_us == j->at_us && kind >= j->kind))
        return;
    j->at_us = at_us;
    j->kind = kind;
    j->lane = lane;
}

static void look(struct feed_join *j)
{
    if (j->is_known)
        return;
    j->at_us = INT64_MAX;
    j->kind = FEED_OPEN;
    for (size_t i = 0; i < j->count; i++) {
        const struct lane *l = &j->lanes[i];
        const struct feed_beside *b = &l->beside;

        if (l->detail < b->detail_count)
            offer(j, i, b->detail[l->detail].open_us + b->detail_us + j->shift_us, FEED_DETAIL);
        if (l->funding < b->funding_count)
            offer(j, i, b->funding[l->funding].at_us + j->shift_us, FEED_FUNDING);
    }
    j->is_known = true;
}

/* The next event's time and kind; *is_mine: not the base's. */
static enum err find(struct feed_join *j, int64_t *at_us, enum feed_kind *kind, bool *is_mine)
{
    enum err e = j->base.peek(j->base.self, at_us, kind);

    if (e && e != ERR_END)
        return e;
    look(j);
    if (e == ERR_END)
        *is_mine = j->at_us <= j->last_us;
    else
        *is_mine = j->at_us < *at_us || (j->at_us == *at_us && j->kind < *kind);
    if (!*is_mine)
        return e;
    *at_us = j->at_us;
    *kind = j->kind;
    return ERR_OK;
}

static enum err join_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    bool is_mine;

    return find(self, at_us, kind, &is_mine);
}

static void take_mine(struct feed_join *j, struct feed_event *out)
{
    struct lane *l = &j->lanes[j->lane];
    struct feed_event e = {.kind = j->kind, .instrument = j->lane, .at_us = j->at_us};

    if (j->kind == FEED_FUNDING) {
        e.funding = &l->beside.funding[l->funding++];
    } else {
        e.candle = l->beside.detail[l->detail++];
        l->detailed_us = e.candle.open_us;
        e.candle.open_us += j->shift_us;
    }
    j->is_known = false;
    *out = e;
}

static enum err join_next(void *self, struct feed_event *out)
{
    struct feed_join *j = self;
    enum feed_kind kind;
    int64_t at_us;
    bool is_mine;
    enum err e = find(j, &at_us, &kind, &is_mine);

    if (e)
        return e;
    if (is_mine) {
        take_mine(j, out);
        return ERR_OK;
    }
    e = j->base.next(j->base.self, out);
    if (e)
        return e;
    j->last_us = out->at_us;
    if (out->kind == FEED_CLOSE && out->instrument < j->count) {
        struct lane *l = &j->lanes[out->instrument];
        const int64_t open_us = out->candle.open_us - j->shift_us;

        out->has_detail = l->detailed_us >= open_us;
        if (open_us >= j->from_us && !(out->candle.flags & CANDLE_SYNTHETIC))
            *(out->has_detail ? &l->count.with : &l->count.without) += 1;
    }
    return ERR_OK;
}

/* Where what is not before the first candle begins. */
static void begin_lane(struct lane *l, int64_t first_us)
{
    const struct feed_beside *b = &l->beside;

    l->funding = l->detail = 0;
    l->detailed_us = INT64_MIN;
    l->count = (struct detail_count){0, 0};
    while (l->funding < b->funding_count && b->funding[l->funding].at_us < first_us)
        l->funding++;
    while (l->detail < b->detail_count && b->detail[l->detail].open_us < first_us)
        l->detail++;
}

static void begin(struct feed_join *j, int64_t shift_us)
{
    const int64_t first_us = j->base.first_us(j->base.self);

    j->shift_us = shift_us;
    j->last_us = INT64_MIN;
    j->is_known = false;
    for (size_t i = 0; i < j->count; i++)
        begin_lane(&j->lanes[i], first_us);
}

static void join_rewind(void *self, int64_t shift_us)
{
    struct feed_join *j = self;

    j->base.rewind(j->base.self, shift_us);
    begin(j, shift_us);
}

static int64_t join_timeframe_us(void *self)
{
    const struct feed_join *j = self;

    return j->base.timeframe_us(j->base.self);
}

static int64_t join_first_us(void *self)
{
    const struct feed_join *j = self;

    return j->base.first_us(j->base.self);
}

static enum err join_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take, void *context)
{
    const struct feed_join *j = self;

    return j->base.history(j->base.self, until_us, shift_us, most, take, context);
}

static bool join_candles(void *self, size_t instrument, struct candle_span *out)
{
    const struct feed_join *j = self;

    return j->base.candles(j->base.self, instrument, out);
}

struct feed_join *feed_join_new(const struct feed_join_options *o)
{
    struct feed_join *j = xcalloc(1, sizeof *j);

    j->base = *o->feed;
    j->count = o->beside ? o->count : 0;
    j->lanes = xcalloc(j->count + 1, sizeof *j->lanes);
    for (size_t i = 0; i < j->count; i++) {
        j->lanes[i].beside = o->beside[i];
        if (!o->with_detail)
            j->lanes[i].beside.detail_count = 0;
    }
    begin(j, 0);
    return j;
}

void feed_join_free(struct feed_join *j)
{
    if (!j)
        return;
    free(j->lanes);
    free(j);
}

struct feed feed_join_port(struct feed_join *j)
{
    return (struct feed){
        .self = j,
        .peek = join_peek,
        .next = join_next,
        .rewind = join_rewind,
        .timeframe_us = join_timeframe_us,
        .first_us = join_first_us,
        .history = join_history,
        .candles = j->base.candles ? join_candles : NULL,
    };
}

void feed_join_count_from(struct feed_join *j, int64_t from_us)
{
    j->from_us = from_us;
}

struct detail_count feed_join_counted(const struct feed_join *j, size_t instrument)
{
    return instrument < j->count ? j->lanes[instrument].count : (struct detail_count){0, 0};
}
