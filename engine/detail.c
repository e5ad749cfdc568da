/* SPDX-License-Identifier: Apache-2.0 */
/* Compares candles with what finer ones make of them. */
#include "engine/detail.h"

#include <stdlib.h>
#include <string.h>

/* The finer candles first .. end - 1 as one candle. */
struct made {
    size_t first, end, highest, lowest;
};

static struct made make(struct detail *d, const struct candle *whole)
{
    const struct candle *c = d->candles;
    struct made m;

    while (d->next < d->count && c[d->next].open_us < whole->open_us)
        d->next++;
    m = (struct made){d->next, d->next, d->next, d->next};
    for (; m.end < d->count && c[m.end].open_us < whole->open_us + d->timeframe_us; m.end++) {
        if (c[m.end].high > c[m.highest].high)
            m.highest = m.end;
        if (c[m.end].low < c[m.lowest].low)
            m.lowest = m.end;
    }
    d->next = m.end;
    return m;
}

/* The first of the four prices that is further off than a tick; false: none is. */
static bool find_fault(const struct detail *d, const struct candle *whole, const struct made *m,
                       struct detail_fault *out)
{
    const struct candle *c = d->candles;
    const struct detail_fault all[] = {
        {m->first, "open", candle_price(c, c[m->first].open), candle_price(whole, whole->open)},
        {m->highest, "high", candle_price(c, c[m->highest].high), candle_price(whole, whole->high)},
        {m->lowest, "low", candle_price(c, c[m->lowest].low), candle_price(whole, whole->low)},
        {m->end - 1, "close", candle_price(c, c[m->end - 1].close),
         candle_price(whole, whole->close)},
    };

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        const i128 off = all[i].made.e12 - all[i].wanted.e12;

        if (off > d->tick.e12 || -off > d->tick.e12) {
            *out = all[i];
            return true;
        }
    }
    return false;
}

static void keep(struct detail *d, const struct made *m)
{
    const size_t n = m->end - m->first;

    while (d->kept_count + n > d->kept_capacity) {
        d->kept_capacity = d->kept_capacity ? 2 * d->kept_capacity : 4096;
        d->kept = xrealloc(d->kept, d->kept_capacity * sizeof *d->kept);
    }
    memcpy(d->kept + d->kept_count, d->candles + m->first, n * sizeof *d->kept);
    d->kept_count += n;
}

bool detail_take(struct detail *d, const struct candle *whole, struct detail_fault *fault)
{
    const struct made m = make(d, whole);
    const int64_t all = d->timeframe_us / d->detail_us;

    if (m.end == m.first)
        return true;
    if (find_fault(d, whole, &m, fault))
        return (int64_t)(m.end - m.first) < all;
    keep(d, &m);
    return true;
}

void detail_release(struct detail *d)
{
    free(d->kept);
    *d = (struct detail){0};
}
