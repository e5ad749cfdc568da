/* SPDX-License-Identifier: Apache-2.0 */
/* Sorts recordings by their beginning, brings them to one scale, and merges each into the last. */
#include "exchange/candle_merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/candle_number.h"

enum {
    VALUE_TEXT = AMOUNT_TEXT_MAX
};

/* Files that begin together are told apart by name, so that messages do not depend on the order
 * either. */
static int by_beginning(const void *a, const void *b)
{
    const struct candle_part *left = a, *right = b;
    int64_t x = left->series.candles[0].open_us, y = right->series.candles[0].open_us;

    return x != y ? (x > y) - (x < y) : strcmp(left->name, right->name);
}

static enum err check_timeframes(const struct candle_part *parts, size_t count,
                                 struct diag_list *diags)
{
    for (size_t i = 1; i < count; i++) {
        if (parts[i].series.timeframe_us == parts[0].series.timeframe_us)
            continue;
        diag_hint(diag_add(diags, parts[i].name, "timeframes_differ",
                           "the file has candles of %s, %s has %s",
                           timeframe_name(parts[i].series.timeframe_us), parts[0].name,
                           timeframe_name(parts[0].series.timeframe_us)),
                  "import one timeframe at a time");
        return ERR_INVALID;
    }
    return ERR_OK;
}

static bool rescale(struct candle *c, int price_scale, int size_scale)
{
    const int prices = price_scale - c->price_scale, sizes = size_scale - c->size_scale;

    c->price_scale = (uint8_t)price_scale;
    c->size_scale = (uint8_t)size_scale;
    return candle_number_scale(c->open, prices, &c->open) &&
           candle_number_scale(c->high, prices, &c->high) &&
           candle_number_scale(c->low, prices, &c->low) &&
           candle_number_scale(c->close, prices, &c->close) &&
           candle_number_scale(c->volume, sizes, &c->volume);
}

/* A candle's line where lines are known; messages name its number otherwise. */
static int line_of(const struct candle_series *s, size_t i)
{
    return s->has_lines ? (int)i + 2 : 0;
}

/* Brings a part to the scale of all. */
static enum err rescale_part(struct candle_part *p, int price_scale, int size_scale,
                             struct diag_list *diags)
{
    struct candle_series *s = &p->series;

    if (s->price_scale == price_scale && s->size_scale == size_scale)
        return ERR_OK;
    for (size_t i = 0; i < s->count; i++) {
        struct diag *d;

        if (rescale(&s->candles[i], price_scale, size_scale))
            continue;
        d = diag_add(diags, p->name, "too_large",
                     "candle %zu has a number of more than 18 digits when written with the %d "
                     "decimals of prices or %d of volumes in the other files",
                     i + 1, price_scale, size_scale);
        d->line = line_of(s, i);
        diag_hint(d, "round to fewer decimals");
        return ERR_LIMIT;
    }
    s->price_scale = price_scale;
    s->size_scale = size_scale;
    return ERR_OK;
}

/* The first value that differs between two candles of one instant: its name, or NULL. */
static const char *difference(const struct candle *a, const struct candle *b, int64_t values[2])
{
    const struct {
        const char *name;
        int64_t a, b;
    } fields[] = {
        {"open", a->open, b->open},    {"high", a->high, b->high},       {"low", a->low, b->low},
        {"close", a->close, b->close}, {"volume", a->volume, b->volume},
    };

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (fields[i].a == fields[i].b)
            continue;
        values[0] = fields[i].a;
        values[1] = fields[i].b;
        return fields[i].name;
    }
    return NULL;
}

/* "FILE:LINE" or "FILE, candle N" of a candle of that time in one of the parts before. */
static void origin(const struct candle_part *parts, size_t count, int64_t open_us, char *text,
                   size_t capacity)
{
    for (size_t i = 0; i < count; i++) {
        const struct candle_series *s = &parts[i].series;
        size_t at = candle_series_before(s, open_us);

        if (at == s->count || s->candles[at].open_us != open_us)
            continue;
        if (s->has_lines)
            (void)snprintf(text, capacity, "%s:%d", parts[i].name, line_of(s, at));
        else
            (void)snprintf(text, capacity, "%s, candle %zu", parts[i].name, at + 1);
        return;
    }
    (void)copy_text(text, capacity, "the others");
}

static enum err refuse_difference(const struct candle_part *parts, size_t part, size_t at,
                                  const struct candle *other, struct diag_list *diags)
{
    const struct candle *c = &parts[part].series.candles[at];
    const char *field;
    char text[2][VALUE_TEXT], time[TIME_TEXT_MAX], where[160];
    int64_t values[2];
    struct diag *d;

    field = difference(c, other, values);
    for (int i = 0; i < 2; i++) {
        if (strcmp(field, "volume") == 0)
            (void)size_print(size_from_scaled(values[i], c->size_scale), text[i]);
        else
            (void)price_print(price_from_scaled(values[i], c->price_scale), text[i]);
    }
    time_print(c->open_us, time);
    origin(parts, part, c->open_us, where, sizeof where);
    d = diag_add(diags, parts[part].name, "overlap_differs",
                 "candle %zu of %s: %s is %s, but %s in %s", at + 1, time, field, text[0], text[1],
                 where);
    d->line = line_of(&parts[part].series, at);
    diag_hint(d, "where files overlap they must agree; leave one of them out");
    return ERR_CONFLICT;
}

/* Merges part `part` into what the parts before have given. */
static enum err merge_part(const struct candle_part *parts, size_t part, struct candle_series *out,
                           struct diag_list *diags)
{
    const struct candle_series *s = &parts[part].series;
    size_t from = candle_series_before(out, s->candles[0].open_us);
    size_t tail = out->count - from, i = 0, k = 0, n = from;
    struct candle *old;
    enum err e = ERR_OK;

    old = xmalloc((tail + 1) * sizeof *old);
    if (tail > 0)
        memcpy(old, out->candles + from, tail * sizeof *old);
    while (!e && (i < tail || k < s->count)) {
        const bool takes_old =
            k == s->count || (i < tail && old[i].open_us <= s->candles[k].open_us);
        int64_t values[2];

        if (takes_old && k < s->count && old[i].open_us == s->candles[k].open_us) {
            if (difference(&old[i], &s->candles[k], values))
                e = refuse_difference(parts, part, k, &old[i], diags);
            k++;
        }
        out->candles[n++] = takes_old ? old[i++] : s->candles[k++];
    }
    out->count = n;
    free(old);
    return e;
}

static enum err merge_all(struct candle_part *parts, size_t count, struct candle_series *out,
                          struct diag_list *diags)
{
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < count; i++)
        e = rescale_part(&parts[i], out->price_scale, out->size_scale, diags);
    for (size_t i = 0; !e && i < count; i++)
        e = merge_part(parts, i, out, diags);
    if (!e && out->count > LIMIT_CANDLES) {
        diag_hint(diag_add(diags, "candles", "too_many_candles",
                           "together the files have more than %d candles", LIMIT_CANDLES),
                  "import fewer of them");
        e = ERR_LIMIT;
    }
    return e;
}

enum err candle_merge(struct candle_part *parts, size_t count, struct diag_list *diags,
                      struct candle_series *out)
{
    struct candle_series made = {0};
    size_t total = 0;
    enum err e;

    ASSERT(count > 0);
    qsort(parts, count, sizeof *parts, by_beginning);
    e = check_timeframes(parts, count, diags);
    if (e)
        return e;
    if (count == 1) {
        *out = parts[0].series;
        parts[0].series = (struct candle_series){0};
        return ERR_OK;
    }
    made.timeframe_us = parts[0].series.timeframe_us;
    for (size_t i = 0; i < count; i++) {
        const struct candle_series *s = &parts[i].series;

        total += s->count;
        made.price_scale = s->price_scale > made.price_scale ? s->price_scale : made.price_scale;
        made.size_scale = s->size_scale > made.size_scale ? s->size_scale : made.size_scale;
        if (!made.symbol[0])
            (void)copy_text(made.symbol, sizeof made.symbol, s->symbol);
    }
    made.candles = xmalloc(total * sizeof *made.candles);
    e = merge_all(parts, count, &made, diags);
    if (e) {
        free(made.candles);
        return e;
    }
    for (size_t i = 0; i < count; i++)
        candle_series_release(&parts[i].series);
    candle_series_seal(&made);
    *out = made;
    return ERR_OK;
}
