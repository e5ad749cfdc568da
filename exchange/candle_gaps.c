/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a recording once and notes its gaps and quiet runs. */
#include "exchange/candle_gaps.h"

#include <stdlib.h>

struct range_list {
    struct candle_range *items;
    size_t count, room;
};

static struct candle_range *append(struct range_list *l, int64_t first_us, int64_t last_us,
                                   size_t count)
{
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 16;
        l->items = xrealloc(l->items, l->room * sizeof *l->items);
    }
    l->items[l->count] =
        (struct candle_range){.first_us = first_us, .last_us = last_us, .count = count};
    return &l->items[l->count++];
}

void candle_gaps_find(const struct candle_series *s, struct candle_gaps *out)
{
    struct candle_gaps g = {.first_us = s->candles[0].open_us,
                            .last_us = s->candles[s->count - 1].open_us,
                            .count = s->count};
    struct range_list gaps = {0}, quiet = {0};
    bool was_quiet = false;

    g.expected = (size_t)((g.last_us - g.first_us) / s->timeframe_us) + 1;
    g.missing = g.expected - g.count;
    for (size_t i = 0; i < s->count; i++) {
        const struct candle *c = &s->candles[i];
        size_t gap = (size_t)candle_series_gap(s, i);

        if (gap > 0) {
            (void)append(&gaps, c[-1].open_us + s->timeframe_us, c->open_us - s->timeframe_us, gap);
            g.filled += gap <= LIMIT_GAP_FILL ? gap : 0;
            g.longest_gap = gap > g.longest_gap ? gap : g.longest_gap;
            was_quiet = false;
        }
        if (c->volume == 0) {
            struct candle_range *run = was_quiet ? &quiet.items[quiet.count - 1]
                                                 : append(&quiet, c->open_us, c->open_us, 0);

            run->last_us = c->open_us;
            run->count++;
            g.quiet_candles++;
            g.longest_quiet = run->count > g.longest_quiet ? run->count : g.longest_quiet;
        }
        was_quiet = c->volume == 0;
    }
    g.gaps = gaps.items;
    g.gap_count = gaps.count;
    g.quiet = quiet.items;
    g.quiet_count = quiet.count;
    *out = g;
}

void candle_gaps_release(struct candle_gaps *g)
{
    free(g->gaps);
    free(g->quiet);
    *g = (struct candle_gaps){0};
}
