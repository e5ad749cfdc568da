/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the fields of one line into a checked candle, and all candles into a series. */
#include "exchange/candle_reader.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "exchange/candle_number.h"

const char *candle_field_name(enum candle_field f)
{
    static const char *const names[FIELD_COUNT_] = {"timestamp", "open",  "high",
                                                    "low",       "close", "volume"};

    return names[f];
}

struct shown candle_reader_show(struct slice s)
{
    struct shown shown;
    const size_t room = sizeof shown.text - sizeof "...";
    size_t n = s.length < room ? s.length : room;

    for (size_t i = 0; i < n; i++)
        shown.text[i] = s.text[i] >= 0x20 && s.text[i] < 0x7f ? s.text[i] : '?';
    (void)copy_text(shown.text + n, sizeof shown.text - n, n < s.length ? "..." : "");
    return shown;
}

struct diag *candle_reader_mistake(const struct candle_reader *r, struct slice where,
                                   const char *code, const char *format, ...)
{
    struct diag *d = diag_add(r->diags, r->name, code, "%s", "");
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(d->message, sizeof d->message, format, arguments);
    va_end(arguments);
    d->line = r->line;
    if (where.text && where.text - r->line_start < INT_MAX) {
        d->column = (int)(where.text - r->line_start) + 1;
        d->length = where.length < INT_MAX ? (int)where.length : 0;
    }
    return d;
}

static enum err refuse_number(const struct candle_reader *r, enum candle_field field,
                              struct slice s, enum candle_number_fault fault)
{
    static const struct {
        const char *code, *what, *hint;
    } words[] = {
        [NUMBER_EMPTY] = {"not_a_number", "is empty", "write a decimal number such as 42150.5"},
        [NUMBER_NEGATIVE] = {"negative", "is negative", "prices and volumes are not below 0"},
        [NUMBER_NOT_FINITE] = {"not_finite", "is not a finite number",
                               "leave the candle out; gaps are filled"},
        [NUMBER_MALFORMED] = {"not_a_number", "is not a number",
                              "write a decimal number such as 42150.5"},
        [NUMBER_TOO_PRECISE] = {"too_many_decimals", "has more than 12 decimals",
                                "round it to 12 decimals"},
        [NUMBER_TOO_LARGE] = {"too_large", "has more than 18 digits", "round it to fewer digits"},
    };
    struct diag *d =
        candle_reader_mistake(r, s, words[fault].code, "%s %s: \"%s\"", candle_field_name(field),
                              words[fault].what, candle_reader_show(s).text);

    diag_hint(d, "%s",
              field == FIELD_TIME ? "timestamps are Unix milliseconds, such as 1630540800000"
                                  : words[fault].hint);
    return ERR_CANDLE;
}

static enum err read_number(const struct candle_reader *r, enum candle_field field, struct slice s,
                            struct candle_number *out)
{
    enum candle_number_fault fault = candle_number_parse(s.text, s.length, out);

    return fault ? refuse_number(r, field, s, fault) : ERR_OK;
}

static enum err check_time(const struct candle_reader *r, struct slice s, struct candle_number n,
                           int64_t *out)
{
    int64_t previous;

    if (n.decimals > 0 || n.value > CANDLE_TIME_MS_MAX) {
        diag_hint(candle_reader_mistake(r, s, "timestamp_unit",
                                        "timestamp is not a time in milliseconds: \"%s\"",
                                        candle_reader_show(s).text),
                  "timestamps are Unix milliseconds, such as 1630540800000");
        return ERR_CANDLE;
    }
    n.value *= US_PER_MS;
    previous = r->count > 0 ? r->candles[r->count - 1].open_us : INT64_MIN;
    if (n.value < previous || (n.value == previous && !r->keeps_duplicates)) {
        const bool same = n.value == previous;

        diag_hint(candle_reader_mistake(r, s, same ? "duplicate" : "unsorted",
                                        same ? "timestamp %s is there twice"
                                             : "timestamp %s is earlier than the one before it",
                                        candle_reader_show(s).text),
                  "sort the candles by time and keep one of each");
        return ERR_CANDLE;
    }
    *out = n.value;
    return ERR_OK;
}

/* Brings the candle's four prices and its volume from their own decimals to the reader's. */
static enum err scale_numbers(struct candle_reader *r, const struct slice fields[FIELD_COUNT_],
                              struct candle_number n[FIELD_COUNT_])
{
    for (int f = FIELD_OPEN; f <= FIELD_CLOSE; f++) {
        if (n[f].decimals > r->price_scale)
            r->price_scale = n[f].decimals;
    }
    if (n[FIELD_VOLUME].decimals > r->size_scale)
        r->size_scale = n[FIELD_VOLUME].decimals;
    for (int f = FIELD_OPEN; f <= FIELD_VOLUME; f++) {
        int scale = f == FIELD_VOLUME ? r->size_scale : r->price_scale;

        if (n[f].decimals != scale &&
            !candle_number_scale(n[f].value, scale - n[f].decimals, &n[f].value))
            return refuse_number(r, (enum candle_field)f, fields[f], NUMBER_TOO_LARGE);
    }
    return ERR_OK;
}

/* Says which of the candle's rules a candle breaks. */
static enum err check_range(const struct candle_reader *r, const struct candle *c,
                            const struct slice fields[FIELD_COUNT_])
{
    const int64_t value[] = {[FIELD_OPEN] = c->open,
                             [FIELD_HIGH] = c->high,
                             [FIELD_LOW] = c->low,
                             [FIELD_CLOSE] = c->close};

    for (int f = FIELD_OPEN; f <= FIELD_CLOSE; f++) {
        if (value[f] == 0) {
            diag_hint(candle_reader_mistake(r, fields[f], "zero_price", "%s is 0",
                                            candle_field_name((enum candle_field)f)),
                      "leave the candle out; gaps are filled");
            return ERR_CANDLE;
        }
    }
    if (c->high < c->low) {
        diag_hint(candle_reader_mistake(r, fields[FIELD_HIGH], "high_below_low",
                                        "high %s is below low %s",
                                        candle_reader_show(fields[FIELD_HIGH]).text,
                                        candle_reader_show(fields[FIELD_LOW]).text),
                  "are the columns named rightly?");
        return ERR_CANDLE;
    }
    for (int f = FIELD_OPEN; f <= FIELD_CLOSE; f++) {
        if (value[f] < c->low || value[f] > c->high) {
            diag_hint(candle_reader_mistake(r, fields[f], "outside_range",
                                            "%s %s is not between low %s and high %s",
                                            candle_field_name((enum candle_field)f),
                                            candle_reader_show(fields[f]).text,
                                            candle_reader_show(fields[FIELD_LOW]).text,
                                            candle_reader_show(fields[FIELD_HIGH]).text),
                      "are the columns named rightly?");
            return ERR_CANDLE;
        }
    }
    return ERR_OK;
}

static enum err reserve_candle(struct candle_reader *r)
{
    if (r->count < r->capacity)
        return ERR_OK;
    if (r->count == LIMIT_CANDLES) {
        diag_hint(candle_reader_mistake(r, (struct slice){0}, "too_many_candles",
                                        "more than %d candles", LIMIT_CANDLES),
                  "split the file");
        return ERR_LIMIT;
    }
    r->capacity = r->capacity ? 2 * r->capacity : 1024;
    if (r->capacity > LIMIT_CANDLES)
        r->capacity = LIMIT_CANDLES;
    r->candles = xrealloc(r->candles, r->capacity * sizeof *r->candles);
    return ERR_OK;
}

/* a * 10^places equals b, without overflow: values that were read have at most 18 digits. */
static bool is_same(int64_t a, int places, int64_t b)
{
    return candle_number_scale(a, places, &a) && a == b;
}

/* A candle that is there already: counted and left out. */
static void note_duplicate(struct candle_reader *r, const struct candle *c)
{
    const struct candle *kept = &r->candles[r->count - 1];
    const int prices = c->price_scale - kept->price_scale;
    const bool is_equal =
        is_same(kept->open, prices, c->open) && is_same(kept->high, prices, c->high) &&
        is_same(kept->low, prices, c->low) && is_same(kept->close, prices, c->close) &&
        is_same(kept->volume, c->size_scale - kept->size_scale, c->volume);

    if (r->duplicate_count == r->duplicate_room) {
        r->duplicate_room = r->duplicate_room ? 2 * r->duplicate_room : 16;
        r->duplicates = xrealloc(r->duplicates, r->duplicate_room * sizeof *r->duplicates);
    }
    r->duplicates[r->duplicate_count++] = (struct candle_duplicate){
        .open_us = c->open_us, .line = r->line, .after = r->count - 1, .is_equal = is_equal};
}

enum err candle_reader_add(struct candle_reader *r, const struct slice fields[FIELD_COUNT_])
{
    struct candle_number n[FIELD_COUNT_];
    int64_t open_us;
    enum err e = read_number(r, FIELD_TIME, fields[FIELD_TIME], &n[FIELD_TIME]);

    if (!e)
        e = check_time(r, fields[FIELD_TIME], n[FIELD_TIME], &open_us);
    for (int f = FIELD_OPEN; !e && f <= FIELD_VOLUME; f++)
        e = read_number(r, (enum candle_field)f, fields[f], &n[f]);
    return e ? e : candle_reader_take(r, fields, n);
}

enum err candle_reader_take(struct candle_reader *r, const struct slice fields[FIELD_COUNT_],
                            struct candle_number n[FIELD_COUNT_])
{
    struct candle c = {0};
    enum err e = check_time(r, fields[FIELD_TIME], n[FIELD_TIME], &c.open_us);

    if (e)
        return e;
    e = scale_numbers(r, fields, n);
    if (e)
        return e;
    c.open = n[FIELD_OPEN].value;
    c.high = n[FIELD_HIGH].value;
    c.low = n[FIELD_LOW].value;
    c.close = n[FIELD_CLOSE].value;
    c.volume = n[FIELD_VOLUME].value;
    c.price_scale = (uint8_t)r->price_scale;
    c.size_scale = (uint8_t)r->size_scale;
    e = check_range(r, &c, fields);
    if (e)
        return e;
    if (r->count > 0 && c.open_us == r->candles[r->count - 1].open_us) {
        note_duplicate(r, &c);
        return ERR_OK;
    }
    e = reserve_candle(r);
    if (e)
        return e;
    r->candles[r->count++] = c;
    return ERR_OK;
}

/* Moves the reader's place to candle i: a mistake was found after all of them were read. */
static void go_to_candle(struct candle_reader *r, size_t i)
{
    size_t brackets = 0;

    r->line = (int)i + 2; /* CSV: the header, then one line a candle */
    for (size_t k = 0; k < r->duplicate_count && r->duplicates[k].after < i; k++) {
        r->line++;
        i += r->is_json;
    }
    if (!r->is_json)
        return;
    r->line = 1;
    for (const char *at = r->begin; at < r->end && brackets < i + 2; at++) {
        brackets += *at == '[';
        r->line += *at == '\n';
    }
}

/* Rescales the candles that were read before the file's finest number was seen. */
static enum err rescale(struct candle_reader *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct candle *c = &r->candles[i];
        const int prices = r->price_scale - c->price_scale;
        const int sizes = r->size_scale - c->size_scale;

        if (prices == 0 && sizes == 0)
            continue;
        if (!candle_number_scale(c->open, prices, &c->open) ||
            !candle_number_scale(c->high, prices, &c->high) ||
            !candle_number_scale(c->low, prices, &c->low) ||
            !candle_number_scale(c->close, prices, &c->close) ||
            !candle_number_scale(c->volume, sizes, &c->volume)) {
            go_to_candle(r, i);
            diag_hint(
                candle_reader_mistake(r, (struct slice){0}, "too_large",
                                      "a number has more than 18 digits when written with "
                                      "the %d decimals of prices or %d of volumes in the file",
                                      r->price_scale, r->size_scale),
                "round to fewer decimals");
            return ERR_CANDLE;
        }
        c->price_scale = (uint8_t)r->price_scale;
        c->size_scale = (uint8_t)r->size_scale;
    }
    return ERR_OK;
}

/* The smallest step is the timeframe: it has a name, and every candle lies on its grid. */
static enum err find_timeframe(struct candle_reader *r, int64_t *out)
{
    int64_t step = INT64_MAX;

    for (size_t i = 1; i < r->count; i++) {
        int64_t s = r->candles[i].open_us - r->candles[i - 1].open_us;

        if (s < step)
            step = s;
    }
    for (size_t i = 1; i < r->count && !timeframe_name(step); i++) {
        if (r->candles[i].open_us - r->candles[i - 1].open_us == step) {
            go_to_candle(r, i);
            diag_hint(candle_reader_mistake(r, (struct slice){0}, "timeframe",
                                            "the smallest step between candles, %lld ms, is no "
                                            "timeframe",
                                            (long long)(step / US_PER_MS)),
                      "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h or 1d; timestamps in milliseconds");
            return ERR_CANDLE;
        }
    }
    for (size_t i = 0; i < r->count; i++) {
        /* Mostly one step behind one that lies on the grid, which needs no division. */
        if (i > 0 && r->candles[i].open_us - r->candles[i - 1].open_us == step)
            continue;
        if (r->candles[i].open_us % step != 0) {
            go_to_candle(r, i);
            diag_hint(candle_reader_mistake(r, (struct slice){0}, "off_grid",
                                            "timestamp %lld is not a multiple of %s",
                                            (long long)(r->candles[i].open_us / US_PER_MS),
                                            timeframe_name(step)),
                      "candles open at whole multiples of their timeframe (UTC)");
            return ERR_CANDLE;
        }
    }
    *out = step;
    return ERR_OK;
}

enum err candle_reader_finish(struct candle_reader *r, struct candle_series *out)
{
    struct candle_series made = {0};
    enum err e;

    if (r->count < 2) {
        diag_hint(candle_reader_mistake(r, (struct slice){0}, "too_few",
                                        "the file has %zu candles, at least 2 are needed",
                                        r->count),
                  "the timeframe is found from the step between two");
        return ERR_CANDLE;
    }
    e = rescale(r);
    if (e)
        return e;
    e = find_timeframe(r, &made.timeframe_us);
    if (e)
        return e;
    made.candles = r->candles;
    made.count = r->count;
    made.price_scale = r->price_scale;
    made.size_scale = r->size_scale;
    made.has_lines = !r->is_json && r->duplicate_count == 0;
    candle_series_digest(made.candles, made.count, &made.digest);
    r->candles = NULL;
    *out = made;
    return ERR_OK;
}
